//! One group: outcomes, looks and new intents that become durable with one commit.
//!
//! **Invariant:** outcomes are written before the claim, so that a wallet that has just become
//! doubtful gets nothing new.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::claim;
use super::look::{DoneLook, Judged, judge};
use crate::crash::{self, Step};
use crate::domain::{Event, GiftState, Money, Refusal, WalletId};
use crate::ledger::{Batch, Claimed, Doubt, LedgerError, Lists, Outcome, Waiting, Writer};
use crate::settle::{InDoubt, Policy, Skew};

/// What is to be committed.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) facts: Facts,
    pub(super) outcomes: Vec<Pending>,
    pub(super) looks: Vec<DoneLook>,
    /// How many gifts to claim; 0: none.
    pub(super) claim: usize,
    /// The only rows that may be claimed; none: the campaign's.
    pub(super) only: Option<Vec<i64>>,
    /// What was learned of lists beside the looks.
    pub(super) news: Lists,
}

/// What a group is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) run: Uuid,
    pub(super) campaign: i64,
    pub(super) policy: Policy,
    pub(super) skew: Skew,
    pub(super) lists: Lists,
    pub(super) now: DateTime<Utc>,
    /// The later of our clock's time and the provider's: what has expired by then is not sent.
    pub(super) latest: DateTime<Utc>,
}

/// Something that happened to a gift in flight, not yet written.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) claimed: Claimed,
    pub(super) event: Event,
    /// The no that it is in doubt for, where it is for one.
    pub(super) refusal: Option<Refusal>,
    pub(super) at: DateTime<Utc>,
    /// How long the request for it was on its way, in milliseconds; none where there was none.
    pub(super) took_ms: Option<i64>,
}

/// What was committed.
#[derive(Debug, Default)]
pub(super) struct Committed {
    /// Gifts whose state changed.
    pub(super) moves: Vec<Move>,
    /// Wallets whose gift in flight is in flight no more.
    pub(super) landed: Vec<WalletId>,
    /// Gifts that are in doubt since now.
    pub(super) doubts: Vec<Doubt>,
    /// What the looks proved.
    pub(super) looked: Vec<Judged>,
    /// Gifts that may be sent now.
    pub(super) claimed: Vec<Claimed>,
    /// Where fewer were claimed than were asked for: what still waits.
    pub(super) waiting: Option<Waiting>,
    /// Where none was claimed: a person paused or cancelled the campaign.
    pub(super) is_withheld: bool,
}

/// A change of state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub(super) row: i64,
    pub(super) campaign: i64,
    pub(super) from: GiftState,
    pub(super) to: GiftState,
    pub(super) amount: Money,
}

/// Commits a group. The writer comes back whatever happened.
pub(super) async fn commit(
    mut writer: Writer,
    group: Group,
) -> (Writer, Result<Committed, LedgerError>) {
    let result = write(&mut writer, group).await;
    (writer, result)
}

async fn write(writer: &mut Writer, mut group: Group) -> Result<Committed, LedgerError> {
    match write_as_it_is(writer, &mut group).await {
        Err(LedgerError::GiftIdTaken) => {
            let mut batch = writer.begin().await?;
            doubt_repeated_ids(&mut batch, &mut group.outcomes).await?;
            batch.rollback().await?;
            write_as_it_is(writer, &mut group).await
        }
        written => written,
    }
}

async fn write_as_it_is(writer: &mut Writer, group: &mut Group) -> Result<Committed, LedgerError> {
    let Group { facts, outcomes, looks, claim: wanted, only, news } = group;
    let mut batch = writer.begin().await?;
    let mut done = Committed::default();
    if *news != Lists::default() {
        batch.learn(*news, facts.now).await?;
    }
    land(&mut batch, facts, outcomes, &mut done).await?;
    for look in looks {
        judge(&mut batch, facts, look, &mut done).await?;
    }
    let (claims, only) = (*wanted > 0, only.as_deref());
    let mut steps = [
        (Step::Intents, claims),
        (Step::Outcomes, !done.landed.is_empty()),
        (Step::Doubts, done.looked.iter().any(|look| !look.settled.events.is_empty())),
    ];
    crash::before_all(&steps);
    done.claimed = claim::commit_claiming(batch, facts, *wanted, only).await?;
    steps[0].1 = !done.claimed.is_empty();
    crash::after_all(&steps);
    if claims && done.claimed.is_empty() {
        claim::none_claimed(writer, facts, only, &mut done).await?;
    }
    Ok(done)
}

/// Records what became of gifts in flight.
async fn land(
    batch: &mut Batch<'_>,
    facts: &Facts,
    outcomes: &[Pending],
    done: &mut Committed,
) -> Result<(), LedgerError> {
    let records: Vec<Outcome> = outcomes.iter().map(Pending::outcome).collect();
    batch.record_with_next(Some(facts.run), &records)?;
    let mut doubts = Vec::new();
    for pending in outcomes {
        done.landed.push(pending.claimed.gift.content.wallet);
        done.saw(Seen::of(&pending.claimed), GiftState::InFlight, &pending.event)?;
        if matches!(pending.event, Event::AnswerLost { .. }) {
            doubts.push(pending.doubt());
        }
    }
    match facts.policy.in_doubt {
        InDoubt::Settle => done.doubts = doubts,
        InDoubt::Hold => hold(batch, facts, &doubts, done).await?,
    }
    Ok(())
}

/// A provider's id belongs to one gift, for ever: an answer that names another gift's id proves
/// nothing about this one. It is so rare that it is looked for only where the ledger refuses one.
async fn doubt_repeated_ids(
    batch: &mut Batch<'_>,
    outcomes: &mut [Pending],
) -> Result<(), LedgerError> {
    let confirmed = |pending: &Pending| match pending.event {
        Event::Confirmed { gift } => Some(gift),
        _ => None,
    };
    let mut taken = batch.claimed_ids(outcomes.iter().filter_map(confirmed)).await?;
    for pending in outcomes {
        let Some(gift) = confirmed(pending) else {
            continue;
        };
        if !taken.insert(gift) {
            let why = format!("the answer names {gift}, which is another gift's");
            pending.event = Event::AnswerLost { why };
        }
    }
    Ok(())
}

/// Hands doubts to a person at once.
pub(super) async fn hold(
    batch: &mut Batch<'_>,
    facts: &Facts,
    doubts: &[Doubt],
    done: &mut Committed,
) -> Result<(), LedgerError> {
    let event =
        Event::StayedUnclear { why: "doubts are held for a person (--in-doubt hold)".to_owned() };
    let outcome = |Doubt { claimed, .. }: &Doubt| {
        let gift = (claimed.row, GiftState::InDoubt, claimed.attempt);
        Outcome::of(gift, event.clone(), facts.now)
    };
    let outcomes: Vec<Outcome> = doubts.iter().map(outcome).collect();
    batch.record(Some(facts.run), &outcomes).await?;
    for doubt in doubts {
        done.saw(Seen::of(&doubt.claimed), GiftState::InDoubt, &event)?;
    }
    Ok(())
}

impl Committed {
    pub(super) fn saw(
        &mut self,
        gift: Seen,
        from: GiftState,
        event: &Event,
    ) -> Result<(), LedgerError> {
        let Seen { row, campaign, amount } = gift;
        self.moves.push(Move { row, campaign, from, to: from.next(event)?, amount });
        Ok(())
    }
}

/// A gift to which something happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) row: i64,
    pub(super) campaign: i64,
    pub(super) amount: Money,
}

impl Seen {
    pub(super) fn of(claimed: &Claimed) -> Seen {
        Seen { row: claimed.row, campaign: claimed.campaign, amount: claimed.gift.content.amount }
    }
}

impl Pending {
    /// It was certainly not given, and may be at once.
    pub(super) fn unsent(claimed: Claimed, why: String, at: DateTime<Utc>) -> Pending {
        let event = Event::Undelivered { retry_at: at, why };
        Pending { claimed, event, refusal: None, at, took_ms: None }
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            row: self.claimed.row,
            state: GiftState::InFlight,
            attempt: self.claimed.attempt,
            event: self.event.clone(),
            at: self.at,
            took_ms: self.took_ms,
        }
    }

    fn doubt(&self) -> Doubt {
        let mut claimed = self.claimed.clone();
        claimed.doubts += 1;
        Doubt { claimed, settle_from: self.at, refusal: self.refusal.clone() }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{Expiry, GiftContent, GiftId};
    use crate::ledger::{Ledger, LoadHeader, NewRow, RunLock};
    use crate::settle::AbsenceProof;

    #[tokio::test]
    async fn an_answer_with_another_gifts_id_is_a_doubt_and_holds_up_no_other() {
        // Goal: a provider's id is one gift's, whoever repeats it, and the rest of the group is written.
        // Method: a group with an id of its own and one twice; then a group that names the first one's again.
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let lock = RunLock::take(ledger.path(), "test", now()).unwrap();
        let mut writer = ledger.writer(&lock).await.unwrap();
        load(&mut writer, 4).await;
        let facts = begin(&mut writer).await;
        let mut batch = writer.begin().await.unwrap();
        let claimed = batch.claim(1, facts.run, 4, now()).await.unwrap();
        batch.commit().await.unwrap();
        let ids = [7, 8, 8, 7].map(|id| GiftId(Uuid::from_u128(id)));
        let pending: Vec<Pending> = claimed
            .into_iter()
            .zip(ids)
            .map(|(claimed, gift)| {
                let event = Event::Confirmed { gift };
                Pending { claimed, event, refusal: None, at: now(), took_ms: Some(5) }
            })
            .collect();
        let (last, first) = (pending[3..].to_vec(), pending[..3].to_vec());
        for (outcomes, doubts) in [(first, 1), (last, 1)] {
            let group = Group {
                facts,
                outcomes,
                looks: Vec::new(),
                claim: 0,
                only: None,
                news: Lists::default(),
            };
            let (back, committed) = commit(writer, group).await;
            assert_eq!(committed.unwrap().doubts.len(), doubts);
            writer = back;
        }
        let gifts = ledger.gift_page(1, None, 0, 9).await.unwrap();
        let stand: Vec<_> = gifts.iter().map(|gift| (gift.state, gift.gift_id)).collect();
        let issued = |id| (GiftState::Issued, Some(GiftId(Uuid::from_u128(id))));
        let doubt = (GiftState::InDoubt, None);
        assert_eq!(stand, [issued(7), issued(8), doubt, doubt]);
        assert!(gifts[3].error.as_ref().is_some_and(|why| why.contains("another gift's")));
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000, 0).unwrap()
    }

    /// A campaign of so many wallets.
    async fn load(writer: &mut Writer, wallets: u64) {
        let header = LoadHeader {
            campaign: "may".parse().unwrap(),
            header_json: "[]".into(),
            dialect_json: "{}".into(),
            file_sha256: "0".repeat(64),
        };
        let row = |line| NewRow {
            line,
            content: GiftContent {
                wallet: WalletId(Uuid::from_u128(line.into())),
                amount: Money::from_minor(500),
                expiry: Expiry::Never,
                description: "KUPON".into(),
            },
            reference: None,
            gift_key: None,
            cells_json: "[]".into(),
        };
        let mut load = writer.begin().await.unwrap().load(&header, now()).await.unwrap();
        load.add((0..wallets).map(row).collect()).await.unwrap();
        load.finish(now()).await.unwrap();
        load.commit().await.unwrap();
    }

    async fn begin(writer: &mut Writer) -> Facts {
        let run = Uuid::now_v7();
        let mut batch = writer.begin().await.unwrap();
        batch.begin_run(run, 1, "test", now()).await.unwrap();
        batch.commit().await.unwrap();
        let policy = Policy {
            window: TimeDelta::minutes(5),
            max_attempts: 5,
            in_doubt: InDoubt::Settle,
            proof: AbsenceProof::default(),
        };
        let (skew, lists) = (Skew::default(), Lists::default());
        Facts { run, campaign: 1, policy, skew, lists, now: now(), latest: now() }
    }
}
