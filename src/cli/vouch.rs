//! What the provider shows before a person's word about a gift is believed: whether it is there as it was to be given,
//! or is not there.
//!
//! It stands apart because a person may be wrong: what speaks against their word is told, and needs another one.
//!
//! **Invariant:** a gift is not there only by what settles doubts: two whole lists, asked for after the wallet's last
//! attempt and the settle window.

use chrono::{DateTime, TimeDelta, Utc};

use super::ask::{Subject, ask};
use super::context::{Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::give::{pace, policy};
use super::settings::KEYS;
use crate::domain::{Event, WalletId};
use crate::drive::Times;
use crate::ledger::KnownGift;
use crate::pace::Pace;
use crate::provider::{Credit, ListReading, Reading, WalletClient};
use crate::report::second;
use crate::settle::{GiftBalance, Look, OpenDoubt, Policy, Skew, look_gap, settle};

/// Looks that may prove nothing.
const MOST_LOOKS: u32 = 12;

/// How far clocks may be apart before a gift is too old or too new to be this one.
const SLACK: TimeDelta = TimeDelta::minutes(5);

/// Why the provider's gift may be another one; `skew_ms`: how far its clock is ahead of ours.
pub(super) fn contradiction(
    credit: &Credit,
    gift: &KnownGift,
    skew_ms: Option<i64>,
    now: DateTime<Utc>,
) -> Option<String> {
    let (id, content) = (credit.id, &gift.content);
    if !credit.gives_as_much(content) {
        return Some(format!(
            "{id} gives {} until {}, and this gift is {} until {}",
            credit.amount, credit.expiry, content.amount, content.expiry
        ));
    }
    if credit.description != content.description {
        let (its, ours) = (&credit.description, &content.description);
        return Some(format!("{id} is described as {its:?}, and this gift as {ours:?}"));
    }
    let (made, sent) = (credit.created_at?, gift.first_sent_at?);
    let skew = TimeDelta::milliseconds(skew_ms.unwrap_or(0));
    if made < sent + skew - SLACK {
        let (made, sent) = (second(made), second(sent));
        return Some(format!("{id} was made at {made}, and this gift was first sent at {sent}"));
    }
    (made > now + skew + SLACK)
        .then(|| format!("{id} was made at {}: that is to come", second(made)))
}

/// Why a gift may be there, where a person says that it is not.
pub(super) async fn objection(
    context: &Context,
    session: &mut Session,
    client: &WalletClient,
    gift: &KnownGift,
) -> Result<Option<String>, Failure> {
    let (policy, wallet) = (policy(context, None), gift.content.wallet);
    let let_go = session.ledger.let_go_at(wallet).await?.unwrap_or_else(|| context.now());
    let mut doubts = [OpenDoubt::of(gift, let_go)];
    if gift.first_sent_at.is_none() {
        // A restored ledger does not know when it was sent, if it was.
        let since = session.ledger.forgot_since().await?;
        doubts[0].doubt.claimed.first_sent_at = since.unwrap_or(let_go);
    }
    wait(context, let_go + policy.window).await;
    let mut eyes = Eyes { context, client, wallet, pace: pace(context), skew: Skew::default() };
    let mut why = "its wallet's list proves nothing".to_owned();
    for _ in 0..MOST_LOOKS {
        let mut look = eyes.look(&doubts, &policy).await?;
        let mut batch = session.writer.begin().await?;
        let mut lists = batch.check_provider(&client.base().to_string()).await?;
        let known = batch.known_gifts(wallet).await?;
        look.elsewhere = batch.claimed_ids(look.strangers(&known)).await?;
        let settled = settle(&doubts, &known, &look, eyes.skew, &policy, lists);
        eyes.skew = settled.skew;
        if lists.learn(settled.lists) {
            batch.learn(settled.lists, context.now()).await?;
        }
        batch.commit().await?;
        match settled.events.into_iter().next() {
            Some((_, Event::FoundAbsent)) => return Ok(None),
            Some((_, Event::FoundIssued { gift })) => {
                return Ok(Some(format!(
                    "it is there, as {gift}: giftbatch resolve KEY --as issued --gift-id {gift}"
                )));
            }
            Some((_, Event::StayedUnclear { why })) => return Ok(Some(why)),
            Some((_, event)) => return Ok(Some(event.word().to_owned())),
            None => {}
        }
        if let Some((lacking, _)) = settled.lacking.first() {
            why = format!("its wallet's list lacks {lacking}, which was given");
        }
        let [doubt] = &mut doubts;
        if !settled.absent.is_empty() {
            (doubt.absent_looks, doubt.absent_as_of) =
                (doubt.absent_looks + 1, Some(settled.as_of));
        }
        doubt.open_looks += u32::from(!settled.open.is_empty());
        wait(context, context.now() + look_gap(policy.window)).await;
    }
    Ok(Some(why))
}

async fn wait(context: &Context, until: DateTime<Utc>) {
    let left = (until - context.now()).to_std().unwrap_or_default();
    if left.as_secs() > 5 {
        context.out.note(&format!("its wallet's list counts from {} on: waiting", second(until)));
    }
    context.clock.sleep(left).await;
}

/// Who looks at one wallet.
struct Eyes<'e> {
    context: &'e Context,
    client: &'e WalletClient,
    wallet: WalletId,
    pace: Pace,
    skew: Skew,
}

impl Eyes<'_> {
    /// Reads the list, and the balance where the list may prove something.
    async fn look(&mut self, doubts: &[OpenDoubt], policy: &Policy) -> Result<Look, Failure> {
        let (client, wallet) = (self.client, self.wallet);
        let mut times = None;
        let list = async || {
            let (reading, exchange) = client.gifts_of(wallet).await;
            times = Some(Times::of(&exchange));
            match reading {
                ListReading::Whole(credits) => Reading::Found((credits, Vec::new())),
                ListReading::Partial { credits, unreadable } => {
                    Reading::Found((credits, unreadable))
                }
                ListReading::NoList => Reading::Found((Vec::new(), Vec::new())),
                ListReading::Obstructed(obstacle) => Reading::Obstructed(obstacle),
                ListReading::Unreadable { why, trouble } => Reading::Unreadable { why, trouble },
            }
        };
        let subject = |what| Subject { what, keys: KEYS };
        let asked = ask(self.context, &mut self.pace, subject("the wallet's gifts"), list).await;
        let (credits, unreadable) = asked?;
        let now = self.context.now();
        let times = times.unwrap_or_else(|| Times::between(now, now));
        self.skew.saw_ms(times.skew_ms);
        let look = Look { unreadable, ..Look::new(times.sent_at, times.as_of, credits) };
        if !look.wants_balance(doubts, policy) {
            return Ok(look);
        }
        let balances = async || client.balances(wallet).await.0;
        let subject = subject("the wallet's balances");
        let gift_balance = match ask(self.context, &mut self.pace, subject, balances).await {
            Ok(balances) => GiftBalance::Told(balances.gifts),
            Err(failure) if failure.exit == Exit::SomeRefused => GiftBalance::Untold,
            Err(failure) => return Err(failure),
        };
        Ok(Look { gift_balance, ..look })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{GiftId, GiftState};
    use crate::provider::SeenExpiry;

    #[test]
    fn a_gift_is_ours_only_as_it_was_sent_and_since_it_was_sent() {
        // Goal: what a person found is not last year's gift. Method: an entry that is the gift, and each thing by which
        // it is not.
        let sent = DateTime::from_timestamp(1_900_000_000, 0).unwrap();
        let gift = KnownGift { first_sent_at: Some(sent), ..KnownGift::sample(1, GiftState::Held) };
        let ours = Credit {
            id: GiftId(uuid::Uuid::from_u128(7)),
            amount: gift.content.amount.to_decimal(),
            remaining: None,
            expiry: SeenExpiry::Exact(gift.content.expiry),
            description: gift.content.description.clone(),
            created_at: Some(sent),
            reference: None,
            is_used: true,
            says_use: true,
        };
        let said = |credit: &Credit, skew_ms| {
            contradiction(credit, &gift, skew_ms, sent + TimeDelta::hours(1))
        };
        let made = |minutes| Credit {
            created_at: Some(sent + TimeDelta::minutes(minutes)),
            ..ours.clone()
        };
        assert_eq!(said(&ours, None), None);
        assert_eq!(said(&Credit { created_at: None, ..ours.clone() }, None), None);
        assert_eq!(said(&made(-5), None), None);
        assert_eq!(said(&made(-65), Some(-3_600_000)), None);
        assert!(said(&made(-6), None).unwrap().contains("was first sent at"));
        assert!(said(&made(66), None).unwrap().contains("is to come"));
        let other = Credit { description: "HEDIYE".into(), ..ours.clone() };
        assert!(said(&other, None).unwrap().contains("described as"));
        let more = Credit { amount: ours.amount + ours.amount, ..ours.clone() };
        assert!(said(&more, None).unwrap().contains("and this gift is"));
    }
}
