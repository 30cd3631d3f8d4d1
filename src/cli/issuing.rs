//! One issue or two: with a canary, the first few gifts are sent and read back before the rest may go.
//!
//! It stands apart because of what it holds back: while anything about the first gifts is not as it should
//! be, nothing further is sent.

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::context::{Context, Session};
use super::failure::Failure;
use super::live::Live;
use super::progress::Display;
use super::reconcile::{Bounds, reconcile_one};
use super::signals::Signals;
use super::task::in_own_task;
use crate::domain::GiftState;
use crate::issue::{IssueOptions, Issued, Progress, Stop, Tools, run_issue};
use crate::ledger::{Campaign, GiftRecord};
use crate::pace::Pace;
use crate::plan::Named;
use crate::provider::WalletClient;
use crate::reconcile::Reconciled;

/// What a run is made with, from its beginning to its end.
pub(super) struct Errand<'e> {
    pub(super) context: &'e Context,
    pub(super) client: &'e WalletClient,
    pub(super) campaign: &'e Campaign,
    pub(super) signals: &'e Signals,
}

/// What a run hands on from one stage to the next.
pub(super) struct Baton {
    pub(super) session: Session,
    pub(super) pace: Pace,
    pub(super) progress: Progress,
    /// Gifts that its limit leaves to be begun; none: it has no limit.
    pub(super) left: Option<u64>,
}

impl Errand<'_> {
    /// Issues what is open; `canary`: so many first, and the rest only if those are as they should be.
    pub(super) async fn issue(
        &self,
        baton: Baton,
        options: IssueOptions,
        canary: Option<u64>,
    ) -> Result<(Baton, Option<Stop>), Failure> {
        let Some(canary) = canary else {
            let (baton, issued, _) = self.issue_some(baton, options).await?;
            return Ok((baton, issued));
        };
        let first = canary.min(options.limit.unwrap_or(u64::MAX));
        let some = IssueOptions { limit: Some(first), names_gifts: true, ..options.clone() };
        let (baton, stop, begun) = self.issue_some(baton, some).await?;
        let sent = begun.len() as u64;
        let is_limit = matches!(stop, Some(Stop::Limit { .. }));
        if sent == 0 || (stop.is_some() && !is_limit) {
            return Ok((baton, stop));
        }
        let (baton, bad) = self.look(baton, begun, options.deadline).await?;
        if bad.is_some() {
            return Ok((baton, bad));
        }
        let context = self.context;
        let gifts = if sent == 1 { "gift is" } else { "gifts are" };
        context.out.note(&format!("canary: {sent} {gifts} in their wallets as they were sent"));
        if !is_limit {
            return Ok((baton, None));
        }
        let Some(limit) = options.limit else {
            let (baton, stop, _) = self.issue_some(baton, options).await?;
            return Ok((baton, stop));
        };
        if sent >= limit {
            return Ok((baton, Some(Stop::Limit { gifts: limit })));
        }
        let rest = IssueOptions { limit: Some(limit - sent), ..options };
        let (baton, stop, _) = self.issue_some(baton, rest).await?;
        let is_limit = matches!(stop, Some(Stop::Limit { .. }));
        Ok((baton, if is_limit { Some(Stop::Limit { gifts: limit }) } else { stop }))
    }

    /// Issues, and says which gifts were begun where that is asked for.
    async fn issue_some(
        &self,
        baton: Baton,
        options: IssueOptions,
    ) -> Result<(Baton, Option<Stop>, Vec<i64>), Failure> {
        let Baton { mut session, mut pace, progress, left } = baton;
        let (progress, source) = watch::channel(progress);
        let shown = source.clone();
        let live = Live::start(self.context, source.clone());
        let display = Display::start(self.context.out, source);
        let tools = Tools {
            client: self.client.clone(),
            clock: self.context.clock.clone(),
            interrupt: self.signals.interrupt.clone(),
            progress,
        };
        let (ledger, writer) = (session.ledger.clone(), session.writer);
        let limit = options.limit;
        let campaign = self.campaign.clone();
        let (issued, pace) = in_own_task(async move {
            let issued = run_issue(&ledger, writer, &mut pace, &tools, &campaign, &options).await;
            (issued, pace)
        })
        .await;
        drop(live);
        display.finish().await;
        let Issued { writer, stop, left: unused, begun } = issued?;
        session.writer = writer;
        let progress = *shown.borrow();
        let used = limit.zip(unused).map_or(0, |(limit, unused)| limit.saturating_sub(unused));
        let left = left.map(|left| left.saturating_sub(used));
        Ok((Baton { session, pace, progress, left }, stop, begun))
    }

    /// Reads the wallets of the first gifts; a stop where one of those is not as it was sent.
    async fn look(
        &self,
        baton: Baton,
        begun: Vec<i64>,
        deadline: Option<DateTime<Utc>>,
    ) -> Result<(Baton, Option<Stop>), Failure> {
        let Baton { session, pace, progress, left } = baton;
        let Errand { context, client, campaign, signals } = *self;
        let bounds = Bounds { deadline, only: Some(begun.clone()), ..Bounds::default() };
        let (session, pace, end) =
            reconcile_one(context, session, client, campaign, (pace, bounds), signals).await?;
        let stop = match end {
            Reconciled::Early(ended) => Some(ended.into()),
            Reconciled::Finished | Reconciled::Forgetful => {
                let wrong = session.ledger.not_matched(&begun).await?;
                let gifts = begun.len() as u64;
                (!wrong.is_empty()).then(|| Stop::Canary { gifts, wrong: lines(&wrong) })
            }
        };
        Ok((Baton { session, pace, progress, left }, stop))
    }
}

/// A line for each gift that is not in its wallet as it was sent.
fn lines(wrong: &[GiftRecord]) -> Vec<String> {
    wrong.iter().map(line).collect()
}

fn line(gift: &GiftRecord) -> String {
    let what = match (gift.state, gift.reconciled.as_deref()) {
        (GiftState::Issued, Some("missing")) => "missing from its wallet's list".to_owned(),
        (GiftState::Issued, Some("unread") | None) => "its wallet could not be read".to_owned(),
        (GiftState::Issued, Some(word)) => word.to_owned(),
        (GiftState::Refused, _) => {
            format!("refused as {}", gift.error_class.as_deref().unwrap_or_default())
        }
        (GiftState::InDoubt, _) => "in doubt".to_owned(),
        (GiftState::Planned | GiftState::Deferred, _) => "not sent".to_owned(),
        (state, _) => state.word().to_owned(),
    };
    let detail = match gift.state {
        GiftState::Issued => gift.reconciled_detail.as_deref(),
        _ => gift.error.as_deref(),
    };
    let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{} (line {}, wallet {}): {what}{detail}", gift.key, gift.line, gift.content.wallet)
}

/// The first few lines, and how many there are beside them.
pub(super) fn named(lines: &[String]) -> String {
    let mut named = Named::default();
    lines.iter().for_each(|line| named.add(line.clone()));
    named.to_string()
}
