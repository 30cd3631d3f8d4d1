//! Recording: what happened to gifts, by compare-and-set, with an event for each.
//!
//! **Invariant:** the next state comes from [`GiftState::next`] and from nowhere else.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, SqliteConnection};
use uuid::Uuid;

use super::chain::Link;
use super::error::Doing;
use super::many::{self, Many, bind, fill};
use super::{Batch, ChainHead, LedgerError, sql};
use crate::domain::{Event, GiftId, GiftState};

/// Something that happened to one gift.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The gift's row in the ledger.
    pub row: i64,
    /// The state in which it must still be.
    pub state: GiftState,
    /// The attempt that it is about; 0 before the first.
    pub attempt: i64,
    /// What happened.
    pub event: Event,
    /// When we learned of it.
    pub at: DateTime<Utc>,
    /// How long the request for it was on its way, in milliseconds; none where there was none.
    pub took_ms: Option<i64>,
}

impl Outcome {
    /// One that no request for the gift itself brought.
    pub fn of(
        (row, state, attempt): (i64, GiftState, i64),
        event: Event,
        at: DateTime<Utc>,
    ) -> Outcome {
        Outcome { row, state, attempt, event, at, took_ms: None }
    }

    /// The event as it is stored, `detail` being what it keeps for people.
    fn link<'o>(&self, run: Option<Uuid>, detail: Option<&'o str>) -> Link<'o> {
        Link {
            gift_row: self.row,
            attempt: self.attempt,
            run,
            at_ms: self.at.timestamp_millis(),
            word: self.event.word(),
            detail,
            took_ms: self.took_ms,
        }
    }
}

impl Batch<'_> {
    /// Records outcomes.
    ///
    /// `run` is the run that learned of them. Fails, and must be dropped, where a gift is no longer
    /// in the state that its outcome expects or is named twice, or where another gift has the provider's id of one
    /// ([`LedgerError::GiftIdTaken`]).
    pub async fn record(
        &mut self,
        run: Option<Uuid>,
        outcomes: &[Outcome],
    ) -> Result<(), LedgerError> {
        self.record_with_next(run, outcomes)?;
        self.transaction.now().await.map(drop)
    }

    /// The same with the next statement that is sent, which then fails where this does.
    pub fn record_with_next(
        &mut self,
        run: Option<Uuid>,
        outcomes: &[Outcome],
    ) -> Result<(), LedgerError> {
        let doing = "recording outcomes";
        // SQLite would take one of them, and say nothing of the other.
        let mut rows: Vec<i64> = outcomes.iter().map(|outcome| outcome.row).collect();
        rows.sort_unstable();
        if rows.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(LedgerError::Raced { doing });
        }
        let is_confirmed = |outcome: &&Outcome| {
            outcome.state == GiftState::InFlight && matches!(outcome.event, Event::Confirmed { .. })
        };
        let (confirmed, others): (Vec<&Outcome>, Vec<&Outcome>) =
            outcomes.iter().partition(is_confirmed);
        for group in others.chunks(many::ROWS) {
            let arguments = self.transaction.add(&RECORD.text(group.len()), &[doing, doing]);
            self.head = bind_outcomes(arguments, self.head, run, group)?;
        }
        for group in confirmed.chunks(many::ROWS) {
            let arguments = self.transaction.add(&CONFIRM.text(group.len()), &[doing, doing]);
            self.head = bind_confirmed(arguments, self.head, run, group)?;
        }
        Ok(())
    }

    /// Which of these provider's ids belong to some gift of the ledger already.
    pub async fn claimed_ids(
        &mut self,
        ids: impl Iterator<Item = GiftId>,
    ) -> Result<HashSet<GiftId>, LedgerError> {
        let ids: Vec<String> = ids.map(|id| id.0.simple().to_string()).collect();
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let owned: Vec<Uuid> = sqlx::query_scalar(sql::GIFT_ID_OWNER)
            .bind(json!(ids).to_string())
            .fetch_all(self.transaction.now().await?)
            .await
            .doing("looking up the provider's ids")?;
        Ok(owned.into_iter().map(GiftId).collect())
    }
}

/// Records one outcome that waits for nothing. Says how far the chain of events then reaches.
pub(super) async fn record_at_once(
    connection: &mut SqliteConnection,
    head: ChainHead,
    outcome: &Outcome,
) -> Result<ChainHead, LedgerError> {
    let mut arguments = SqliteArguments::default();
    let head = bind_outcomes(&mut arguments, head, None, &[outcome])?;
    let done = sqlx::query_with(AssertSqlSafe(RECORD.text(1)), arguments).execute(connection).await;
    done.map(|_| head).doing("recording outcomes")
}

/// Records a group, and adds its events.
static RECORD: Many = Many::new(&[sql::GIFT_RECORD, sql::EVENT_INSERT]);

/// What the two statements' rows hold, in their order. Says how far the chain of events then reaches.
fn bind_outcomes(
    all: &mut SqliteArguments,
    mut head: ChainHead,
    run: Option<Uuid>,
    outcomes: &[&Outcome],
) -> Result<ChainHead, LedgerError> {
    for outcome in outcomes {
        let next = outcome.state.next(&outcome.event)?;
        let at = outcome.at.timestamp_millis();
        let columns = Columns::of(&outcome.event, at);
        bind(all, outcome.row);
        bind(all, outcome.state.word());
        bind(all, next.word());
        bind(all, columns.ready_at);
        bind(all, columns.settle_from);
        // That a run died is not the provider's fault: it uses up none of a gift's attempts.
        bind(all, i64::from(matches!(outcome.event, Event::AnswerLost { .. })));
        bind(all, columns.gift_id.map(|id| id.0));
        bind(all, columns.gift_id.map(|_| at));
        bind(all, columns.error_class);
        bind(all, columns.error_text);
    }
    fill(all, outcomes.len(), 10);
    for (number, outcome) in outcomes.iter().enumerate() {
        let detail = detail(&outcome.event);
        let link = outcome.link(run, detail.as_deref());
        head = head.then(&link);
        let is_last = number + 1 == outcomes.len();
        bind(all, link.gift_row);
        bind(all, link.attempt);
        bind(all, link.run);
        bind(all, link.at_ms);
        bind(all, link.word);
        bind(all, detail);
        bind(all, outcome.took_ms);
        bind(all, is_last.then(|| head.0.to_vec()));
    }
    fill(all, outcomes.len(), 8);
    Ok(head)
}

/// Records gifts that were confirmed, and adds their events.
static CONFIRM: Many = Many::new(&[sql::GIFT_CONFIRM, sql::EVENT_CONFIRM]);

/// The same for gifts that were all in flight and are confirmed: what they share is bound once.
fn bind_confirmed(
    all: &mut SqliteArguments,
    mut head: ChainHead,
    run: Option<Uuid>,
    outcomes: &[&Outcome],
) -> Result<ChainHead, LedgerError> {
    let Outcome { state, event, .. } = outcomes[0];
    let next = state.next(event)?;
    for outcome in outcomes {
        let at = outcome.at.timestamp_millis();
        bind(all, outcome.row);
        bind(all, Columns::of(&outcome.event, at).gift_id.map(|id| id.0));
        bind(all, at);
    }
    fill(all, outcomes.len(), 3);
    bind(all, state.word());
    bind(all, next.word());
    for outcome in outcomes {
        let detail = detail(&outcome.event);
        let link = outcome.link(run, detail.as_deref());
        head = head.then(&link);
        bind(all, link.gift_row);
        bind(all, link.attempt);
        bind(all, link.at_ms);
        bind(all, detail);
        bind(all, outcome.took_ms);
    }
    fill(all, outcomes.len(), 5);
    bind(all, run);
    bind(all, event.word());
    bind(all, outcomes[outcomes.len() - 1].row);
    bind(all, head.0.to_vec());
    Ok(head)
}

/// What an event writes into the columns of `gift` beside the state.
#[derive(Default)]
struct Columns<'e> {
    ready_at: Option<i64>,
    settle_from: Option<i64>,
    gift_id: Option<GiftId>,
    error_class: Option<&'e str>,
    error_text: Option<&'e str>,
}

impl<'e> Columns<'e> {
    fn of(event: &'e Event, at: i64) -> Columns<'e> {
        let none = Columns::default();
        match event {
            Event::Confirmed { gift }
            | Event::FoundIssued { gift }
            | Event::Recalled { gift }
            | Event::ResolvedIssued { gift, .. } => Columns { gift_id: Some(*gift), ..none },
            Event::Declined(refusal) | Event::ResolvedRefused(refusal) => Columns {
                error_class: Some(&refusal.class),
                error_text: Some(&refusal.message),
                ..none
            },
            Event::Expired => Columns {
                error_class: Some("expired"),
                error_text: Some("its expiry passed before it was sent"),
                ..none
            },
            Event::Undelivered { retry_at, why } => Columns {
                ready_at: Some(retry_at.timestamp_millis()),
                error_text: Some(why),
                ..none
            },
            // The sender lets go of a request at the moment of the error, and a dead one at the
            // latest when the next run has the lock: both are the moment of the event.
            Event::AnswerLost { why } => {
                Columns { settle_from: Some(at), error_text: Some(why), ..none }
            }
            Event::Orphaned => Columns {
                settle_from: Some(at),
                error_text: Some("the run that sent it ended before the answer came"),
                ..none
            },
            Event::StayedUnclear { why } | Event::StillThere { why } => {
                Columns { error_text: Some(why), ..none }
            }
            Event::FoundAbsent | Event::ResolvedRetry { .. } => {
                Columns { ready_at: Some(at), ..none }
            }
            Event::Reopened => Columns { ready_at: Some(0), ..none },
            Event::Started | Event::Withdrawn { .. } | Event::RevokeStarted | Event::Deleted => {
                none
            }
        }
    }
}

/// What `event.detail` keeps for people.
fn detail(event: &Event) -> Option<String> {
    match event {
        Event::Confirmed { gift } | Event::FoundIssued { gift } | Event::Recalled { gift } => {
            Some(gift.to_string())
        }
        Event::Withdrawn { by } => by.map(|key| key.to_string()),
        Event::ResolvedIssued { gift, note } => Some(format!("{gift}, {note}")),
        Event::ResolvedRetry { note } => Some(note.clone()),
        Event::Declined(refusal) | Event::ResolvedRefused(refusal) => {
            Some(format!("{}: {}", refusal.class, refusal.message))
        }
        Event::Undelivered { why, .. }
        | Event::AnswerLost { why }
        | Event::StayedUnclear { why }
        | Event::StillThere { why } => Some(why.clone()),
        _ => None,
    }
}
