//! Refused gifts are looked for in their wallets, and what came of it is told, before anybody is asked to send them
//! again.

use tokio::sync::watch;

use super::context::{Context, Session};
use super::failure::Failure;
use super::give::policy;
use super::live::Live;
use super::progress::{Display, Shown};
use super::signals::Signals;
use super::task::in_own_task;
use crate::drive::{Ended, Pulse};
use crate::ledger::Campaign;
use crate::pace::Pace;
use crate::provider::WalletClient;
use crate::recheck::{RecheckOptions, RecheckProgress, Rechecked, Share, recheck};
use crate::report::{count, money};

/// Looks for the refused gifts of some classes, `gifts` at most, that were sent.
pub(super) async fn look_for_refused(
    context: &Context,
    mut session: Session,
    client: &WalletClient,
    campaign: &Campaign,
    (classes, gifts): (&[String], u64),
    (mut pace, signals): (Pace, &Signals),
) -> Result<(Session, Rechecked, Option<Ended>), Failure> {
    let (progress, source) = watch::channel(RecheckProgress::default());
    let live = Live::start(context, source.clone());
    let display = Display::start(context.out, source);
    let options = RecheckOptions {
        client: client.clone(),
        rules: context.rules(signals.interrupt.clone()),
        progress,
        policy: policy(context, None),
        classes: classes.to_vec(),
    };
    let (ledger, mut writer, campaign) = (session.ledger.clone(), session.writer, campaign.clone());
    let (done, writer) = in_own_task(async move {
        let done = recheck(&ledger, &mut writer, &mut pace, &campaign, gifts, &options).await;
        (done, writer)
    })
    .await;
    drop(live);
    display.finish().await;
    session.writer = writer;
    let (done, ended) = done?;
    tell(context, &done);
    Ok((session, done, ended))
}

fn tell(context: &Context, done: &Rechecked) {
    let Rechecked { found, absent, marked, unclear, unread, named } = done;
    let lines = [
        (found, "in their wallets all the same: recorded as issued"),
        (absent, "not there: may be sent"),
        (marked, "not shown now, but a reconcile found them: not sent again"),
        (unclear, "nobody can tell: held for a person"),
        (unread, "could not be looked for: refused still"),
    ];
    for (Share { gifts, amount }, what) in lines.into_iter().filter(|(share, _)| share.gifts > 0) {
        context.out.note(&format!(
            "  {:<14} {:>9} {:>16}  {what}",
            "looked for",
            count(*gifts),
            money(*amount)
        ));
    }
    for gift in named {
        context.out.complain(&format!("  {}  wallet {}  {}", gift.key, gift.wallet, gift.why));
    }
}

impl Shown for RecheckProgress {
    const WHAT: &'static str = "refused gifts looked for";

    fn of(&self) -> (u64, u64) {
        (self.gifts, self.done)
    }

    fn words(&self) -> String {
        String::new()
    }

    fn pulse(&self) -> Pulse {
        self.pulse
    }
}
