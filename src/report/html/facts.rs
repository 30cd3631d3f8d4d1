//! All that a page is made of, read from the ledger.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures_util::future::try_join;
use uuid::Uuid;

use super::super::{ReportError, Summary};
use super::axis::{Axis, column_ms};
use crate::domain::GiftState;
use crate::ledger::{
    AmountCell, Campaign, Deed, DeedKind, GiftRecord, Happened, Ledger, Sent, UseTally,
};

/// Gifts of a list that is shown on the page; the CSV report has all.
pub(super) const LISTED: i64 = 100;

/// What is known of a campaign.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) summary: Summary,
    pub(super) campaign: Campaign,
    pub(super) origin: Option<String>,
    pub(super) deeds: Vec<Deed>,
    pub(super) sent: BTreeMap<Uuid, Sent>,
    pub(super) amounts: Vec<AmountCell>,
    pub(super) axis: Axis,
    pub(super) happened: Vec<Happened>,
    pub(super) uses: UseTally,
    /// What the provider said of one refused gift, by class.
    pub(super) refused_words: Vec<Option<String>>,
    /// Gifts of which reconcile found something else than a match, and gifts that are doubtful.
    pub(super) found: Vec<GiftRecord>,
    pub(super) doubtful: Vec<GiftRecord>,
    /// Something was written while this was read: its parts are of different moments.
    pub(super) is_moving: bool,
}

/// What says that the provider has answered, or that its answer was lost.
pub(super) const ANSWERS: [&str; 2] = ["confirmed", "declined"];

/// What says that a gift was given.
pub(super) const GIVEN: [&str; 4] = ["confirmed", "found_issued", "recalled", "resolved_issued"];

/// What says that it surely will not be.
pub(super) const REFUSED: [&str; 3] = ["declined", "expired", "resolved_refused"];

impl Facts {
    pub(super) async fn read(ledger: &Ledger, named: &Campaign) -> Result<Facts, ReportError> {
        let mut read = Facts::read_once(ledger, named).await?;
        if read.is_moving {
            read = Facts::read_once(ledger, named).await?;
        }
        Ok(read)
    }

    async fn read_once(ledger: &Ledger, named: &Campaign) -> Result<Facts, ReportError> {
        let newest = ledger.campaign(&named.name).await?;
        let campaign = newest.unwrap_or_else(|| named.clone());
        let id = campaign.id;
        let deeds = ledger.deeds(id).await?;
        let sent = ledger.sent_by_run(id).await?;
        let spans = spans(&deeds, &sent);
        let since = spans.iter().map(|span| span.0).min().unwrap_or(campaign.first_loaded_at);
        let width_ms = column_ms(&spans);
        // Half of it walks gifts and half of it events: on two readers they take as long as one.
        let sums = async {
            let summary = Summary::read(ledger, named).await?;
            Ok::<_, ReportError>((summary, ledger.amount_cells(id).await?))
        };
        let story = async { Ok(ledger.happened(id, since, width_ms).await?) };
        let ((summary, amounts), happened) = try_join(sums, story).await?;
        let told = |event: &&Happened| {
            let word = event.word.as_str();
            GIVEN.contains(&word) || REFUSED.contains(&word) || word == "answer_lost"
        };
        let others = happened.iter().filter(told).map(|event| event.place);
        let axis = Axis::of(&spans, since, width_ms, others);
        let mut refused_words = Vec::new();
        for refusals in &summary.refusals {
            refused_words.push(ledger.refused_words(id, &refusals.class).await?);
        }
        let differs = summary.reconciled.is_some_and(|findings| findings.differences() > 0);
        let found = if differs { ledger.found(id, LISTED).await? } else { Vec::new() };
        let mut doubtful = Vec::new();
        for state in [GiftState::Held, GiftState::InDoubt, GiftState::InFlight, GiftState::Revoking]
        {
            if summary.states.gifts(state) > 0 {
                doubtful.extend(ledger.gift_page(id, Some(state), 0, LISTED).await?);
            }
        }
        let is_moving = GiftState::ALL.into_iter().any(|state| {
            let of_it = amounts.iter().filter(|cell| cell.state == state);
            of_it.map(|cell| cell.gifts).sum::<u64>() != summary.states.gifts(state)
        });
        let provider = ledger.provider().await?;
        let uses = ledger.uses(id).await?;
        Ok(Facts {
            summary,
            campaign,
            origin: provider.map(|provider| provider.origin),
            deeds,
            sent,
            amounts,
            axis,
            happened,
            uses,
            refused_words,
            found,
            doubtful,
            is_moving,
        })
    }

    /// How often one of these things happened.
    pub(super) fn events(&self, words: &[&str]) -> u64 {
        let of_them = self.happened.iter().filter(|event| words.contains(&event.word.as_str()));
        of_them.map(|event| event.events).sum()
    }
}

/// From when to when each run was at work. One that was killed was so at least until its last request.
fn spans(deeds: &[Deed], sent: &BTreeMap<Uuid, Sent>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let runs = deeds.iter().filter(|deed| deed.kind == DeedKind::Run);
    let span = |deed: &Deed| {
        let last = deed.run.and_then(|run| sent.get(&run)).map(|sent| sent.last_at);
        (deed.started_at, deed.ended_at.or(last).unwrap_or(deed.started_at))
    };
    runs.map(span).collect()
}
