//! What a look proves: the program's own [`settle`], told what the model knows.
//!
//! A guard of `settle` is taken away by telling it what a program without that guard would believe.

use chrono::{DateTime, TimeDelta, Utc};
use giftbatch::domain::{Event, Expiry, Gift, GiftContent, GiftId, GiftKey, Money, WalletId};
use giftbatch::ledger::{Claimed, Doubt, KnownGift, Lists};
use giftbatch::provider::{Credit, SeenExpiry};
use giftbatch::settle::{
    AbsenceProof, GiftBalance, InDoubt, Look, OpenDoubt, Policy, Skew, settle,
};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::world::{self, Guard, Rows, Run, State, World};

/// The id of a gift that was there before: identical to ours, and somebody else's.
const OLD_TWIN: u8 = u8::MAX;

/// What a look proved, by row.
pub(crate) struct Judged {
    /// What happened.
    pub(crate) events: Vec<(usize, Event)>,
    /// Rows that are absent once more.
    pub(crate) absent: Vec<usize>,
}

/// Judges a look of `run` that has been answered.
pub(crate) fn judge(world: &World, state: &State, run: &Run, look: world::Look) -> Judged {
    let rows: Vec<usize> = (0..2).filter(|row| state.is_open(*row)).collect();
    let doubts: Vec<OpenDoubt> = rows.iter().map(|row| doubt(world, state, run, *row)).collect();
    let known: Vec<KnownGift> = if world.has(Guard::UniqueClaim) {
        (0..2).map(|row| known_gift(world, state, row)).collect()
    } else {
        Vec::new()
    };
    let shown = (0..look.shows).map(|id| credit(world, id, at(state.book[usize::from(id)])));
    let old_twin = credit(world, OLD_TWIN, long_ago());
    let sent_at = if world.has(Guard::JudgedBySendTime) { look.sent_at } else { state.now };
    let shown: Vec<Credit> = shown.chain([old_twin]).collect();
    // Where lists are not cut the balance is what they add up to: it errs as they do.
    let is_true = world.cuts && world.has(Guard::Balance);
    let entries = if is_true { state.book.len() + 1 } else { shown.len() };
    let balance = shown[0].amount * Decimal::from(entries);
    let gift_balance = GiftBalance::Told(balance);
    let look = Look { gift_balance, ..Look::new(at(sent_at), at(sent_at), shown) };
    let window = TimeDelta::minutes(i64::from(world.window));
    let policy =
        Policy { window, max_attempts: 5, in_doubt: InDoubt::Settle, proof: AbsenceProof::Balance };
    let lists = Lists { show_gifts: true, ..Lists::default() };
    let mut clocks_agree = Skew::default();
    clocks_agree.saw_ms(Some(0));
    clocks_agree.saw_made(at(0), at(0));
    let settled = settle(&doubts, &known, &look, clocks_agree, &policy, lists);
    Judged {
        events: settled.events.into_iter().map(|(place, event)| (rows[place], event)).collect(),
        absent: settled.absent.into_iter().map(|place| rows[place]).collect(),
    }
}

fn doubt(world: &World, state: &State, run: &Run, place: usize) -> OpenDoubt {
    let row = &state.rows[place];
    let claimed = Claimed {
        row: place as i64,
        campaign: 1,
        gift: Gift { key: key(place), content: content(world, place) },
        attempt: 1,
        doubts: 1,
        first_sent_at: match row.first_sent_at {
            Some(tick) if world.has(Guard::Baseline) => at(tick),
            _ => long_ago(),
        },
    };
    let other = &state.rows[1 - place];
    let settle_from = if row.is_wanted && world.has(Guard::WindowOfTheWallet) {
        row.settle_from.max(other.settle_from).max(other.issued_at)
    } else {
        row.settle_from
    };
    let absent_looks = if world.has(Guard::TwoLooks) { run.absent_looks[place] } else { 1 };
    OpenDoubt {
        absent_looks: u32::from(absent_looks),
        open_looks: 0,
        ..OpenDoubt::new(Doubt { claimed, settle_from: at(settle_from), refusal: None })
    }
}

fn known_gift(world: &World, state: &State, place: usize) -> KnownGift {
    let row = &state.rows[place];
    KnownGift {
        row: place as i64,
        campaign: 1,
        key: key(place),
        content: content(world, place),
        state: row.state,
        attempts: 1,
        gift_id: row.gift.map(gift_id),
        issued_at: row.gift.map(|_| at(row.issued_at)),
        first_sent_at: row.first_sent_at.map(at),
    }
}

fn key(place: usize) -> GiftKey {
    GiftKey(Uuid::from_u128(1_000 + place as u128))
}

/// Lookalikes differ by an hour, which a list of bare dates does not show: only age decides between
/// them. Without that rule something else does: here row 1 seems closer to whatever the list shows.
fn content(world: &World, place: usize) -> GiftContent {
    let apart = match (world.rows, place) {
        (Rows::Twins, _) | (Rows::Lookalikes, 1) => TimeDelta::zero(),
        _ if world.has(Guard::OldestFirst) => TimeDelta::hours(1),
        _ => TimeDelta::milliseconds(500),
    };
    GiftContent {
        wallet: WalletId(Uuid::from_u128(1)),
        amount: Money::from_minor(500),
        expiry: Expiry::at(expiry_day() + apart),
        description: "KUPON".to_owned(),
    }
}

fn credit(world: &World, id: u8, created_at: DateTime<Utc>) -> Credit {
    let expiry = match world.rows {
        Rows::Lookalikes if world.has(Guard::OldestFirst) => {
            SeenExpiry::Day(expiry_day().date_naive())
        }
        _ => SeenExpiry::Exact(Expiry::at(expiry_day())),
    };
    Credit {
        id: gift_id(id),
        amount: Money::from_minor(500).to_decimal(),
        remaining: None,
        expiry,
        description: "KUPON".to_owned(),
        created_at: Some(created_at),
        reference: None,
        is_used: false,
        says_use: true,
    }
}

/// The provider's id of the gift at that place of the book.
pub(crate) fn gift_id(place: u8) -> GiftId {
    GiftId(Uuid::from_u128(u128::from(place)))
}

/// The place in the book; beyond its end for the old twin.
pub(crate) fn place_of(gift: GiftId) -> u8 {
    u8::try_from(gift.0.as_u128()).expect("the model makes no other ids")
}

/// A tick is a minute: long against the two seconds that clocks are forgiven, short against the day in
/// which an entry that almost fits is held for a person.
fn at(tick: u8) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(400) + TimeDelta::minutes(i64::from(tick))
}

/// When the old twin was made.
fn long_ago() -> DateTime<Utc> {
    at(0) - TimeDelta::days(100)
}

fn expiry_day() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(800)
}
