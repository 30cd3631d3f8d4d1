//! A ledger in which gifts have been led into the states that a test asks for.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::domain::{Event, Expiry, GiftContent, GiftId, GiftState, Money, Refusal, WalletId};
use crate::ledger::{
    AuditedGift, Campaign, Finding, GiftRecord, Ledger, LoadHeader, NewRow, Outcome, RunLock,
    Writer,
};
use crate::report::Summary;

/// A ledger with one campaign, and the right to write to it.
pub(super) struct Fixture {
    pub(super) ledger: Ledger,
    pub(super) writer: Writer,
    _lock: RunLock,
    _folder: TempDir,
}

pub(super) const NAME: &str = "may-drop";
const RUN: Uuid = Uuid::from_u128(0x7000);

pub(super) fn at(second: i64) -> DateTime<Utc> {
    "2027-03-01T09:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(second)
}

fn refusal() -> Refusal {
    Refusal { class: "not_found".into(), message: "Wallet\u{1b}[31m not found".into() }
}

/// A row as a file would bring it; row `number` gives `number` times 100.25.
pub(super) fn row(number: u64, description: &str, more: &[&str]) -> NewRow {
    let content = GiftContent {
        wallet: WalletId(Uuid::from_u128(0xA000 + u128::from(number))),
        amount: Money::from_minor(10_025 * i64::try_from(number).unwrap()),
        expiry: Expiry::Never,
        description: description.to_owned(),
    };
    let mut cells = vec![content.wallet.to_string(), content.amount.to_string()];
    cells.extend(more.iter().map(|cell| (*cell).to_owned()));
    NewRow {
        line: number + 1,
        reference: Some(format!("R-{number}")),
        gift_key: None,
        cells_json: json!(cells).to_string(),
        content,
    }
}

impl Fixture {
    /// An empty ledger.
    pub(super) async fn empty() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let ledger = Ledger::open(&path).await.unwrap();
        let lock = RunLock::take(&path, "run", at(0)).unwrap();
        let writer = ledger.writer(&lock).await.unwrap();
        Fixture { ledger, writer, _lock: lock, _folder: folder }
    }

    /// A campaign whose gifts are in these states, in the order of its rows.
    pub(super) async fn of(states: &[GiftState]) -> Fixture {
        let mut fixture = Fixture::empty().await;
        let rows =
            (1..=states.len() as u64).map(|number| row(number, "KUPON100", &["=1+1"])).collect();
        fixture.load(&["wallet_id", "amount", "note"], rows, 0).await;
        fixture.begin_run().await;
        fixture.lead(states).await;
        fixture
    }

    /// Loads rows below a header.
    pub(super) async fn load(&mut self, header: &[&str], rows: Vec<NewRow>, second: i64) {
        let header = LoadHeader {
            campaign: NAME.parse().unwrap(),
            header_json: json!(header).to_string(),
            dialect_json: "{}".to_owned(),
            file_sha256: "0".repeat(64),
        };
        let mut load = self.writer.begin().await.unwrap().load(&header, at(second)).await.unwrap();
        load.add(rows).await.unwrap();
        load.finish(at(0)).await.unwrap();
        load.commit().await.unwrap();
    }

    async fn begin_run(&mut self) {
        let campaign = self.campaign().await.id;
        let mut batch = self.writer.begin().await.unwrap();
        batch.begin_run(RUN, campaign, "run", at(1)).await.unwrap();
        batch.commit().await.unwrap();
    }

    pub(super) async fn end_run(&mut self, outcome: &str) {
        let mut batch = self.writer.begin().await.unwrap();
        batch.end_run(RUN, outcome, None, at(60)).await.unwrap();
        batch.commit().await.unwrap();
    }

    /// Leads every gift along the arrows of the state machine: one that was claimed and should be
    /// planned was refused and reopened on the way.
    async fn lead(&mut self, states: &[GiftState]) {
        let campaign = self.campaign().await.id;
        let gifts = self.gifts().await;
        let mut batch = self.writer.begin().await.unwrap();
        let withdrawn: Vec<Outcome> = gifts
            .iter()
            .zip(states)
            .filter(|(_, state)| **state == GiftState::Cancelled)
            .map(|(gift, _)| {
                outcome(gift.row, GiftState::Planned, 0, Event::Withdrawn { by: None }, 1)
            })
            .collect();
        batch.record(None, &withdrawn).await.unwrap();
        let claimed = batch.claim(campaign, RUN, states.len(), at(2)).await.unwrap();
        let wanted: HashMap<i64, GiftState> =
            gifts.iter().map(|gift| gift.row).zip(states.iter().copied()).collect();
        for gift in claimed {
            let mut state = GiftState::InFlight;
            for (step, event) in (3..).zip(way(wanted[&gift.row], gift.row)) {
                let outcome = outcome(gift.row, state, gift.attempt, event.clone(), step);
                batch.record(Some(RUN), &[outcome]).await.unwrap();
                state = state.next(&event).unwrap();
            }
            assert_eq!(state, wanted[&gift.row]);
        }
        batch.commit().await.unwrap();
    }

    /// Records findings of the gifts of these rows, the first being 1, and ends the reconcile.
    pub(super) async fn reconcile(&mut self, findings: &[(i64, Finding, Option<&str>)]) {
        let campaign = self.campaign().await.id;
        let found: Vec<AuditedGift> = findings
            .iter()
            .map(|(row, finding, detail)| AuditedGift {
                row: *row,
                finding: *finding,
                detail: detail.map(str::to_owned),
            })
            .collect();
        let mut batch = self.writer.begin().await.unwrap();
        batch.record_findings(&found);
        batch.reconcile_ended(campaign, at(90)).await.unwrap();
        batch.commit().await.unwrap();
    }

    pub(super) async fn campaign(&self) -> Campaign {
        self.ledger.campaign(NAME).await.unwrap().unwrap()
    }

    pub(super) async fn gifts(&self) -> Vec<GiftRecord> {
        let campaign = self.campaign().await.id;
        self.ledger.gift_page(campaign, None, 0, 10_000).await.unwrap()
    }

    pub(super) async fn summary(&self) -> Summary {
        Summary::read(&self.ledger, &self.campaign().await).await.unwrap()
    }
}

fn outcome(row: i64, state: GiftState, attempt: i64, event: Event, second: i64) -> Outcome {
    let is_answer = matches!(event, Event::Confirmed { .. } | Event::Declined(_));
    Outcome { row, state, attempt, event, at: at(second), took_ms: is_answer.then_some(40 + row) }
}

/// What happens to a gift in flight until it is in this state.
fn way(state: GiftState, row: i64) -> Vec<Event> {
    let gift = GiftId(Uuid::from_u128(0xB000 + row.unsigned_abs() as u128));
    let confirmed = Event::Confirmed { gift };
    let lost = Event::AnswerLost { why: "no answer within 30s".into() };
    match state {
        GiftState::InFlight | GiftState::Cancelled => vec![],
        GiftState::Planned => vec![Event::Declined(refusal()), Event::Reopened],
        GiftState::Deferred => {
            vec![Event::Undelivered { retry_at: at(9), why: "connection refused".into() }]
        }
        GiftState::InDoubt => vec![lost],
        GiftState::Held => {
            vec![lost, Event::StayedUnclear { why: "two entries could be it".into() }]
        }
        GiftState::Issued => vec![confirmed],
        GiftState::Refused => vec![Event::Declined(refusal())],
        GiftState::Revoking => vec![confirmed, Event::RevokeStarted],
        GiftState::Revoked => vec![confirmed, Event::RevokeStarted, Event::Deleted],
    }
}
