//! Whether a gift that an audit found too many still is, and what proves that it is ours. Pure.
//!
//! It stands apart because such a gift is nothing that the ledger counts: it may be a stranger's.
//!
//! **Invariant:** a gift is one too many only where the list that was just read makes the same audit say so again, and
//! shows every gift of ours that it could stand for as it should be.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::decide::{Left, Target};
use crate::domain::{GiftId, GiftKey, GiftState, Money, WalletId};
use crate::ledger::{AuditedGift, Finding, KnownGift, SurplusGift};
use crate::provider::Credit;

/// The audit of one wallet's list: of a campaign, all that the ledger has of the wallet, what the list shows, those of
/// its ids that gifts of ours in other wallets have, and the moment since which gifts can be ours by the server's clock.
pub type Judge =
    fn(i64, &[KnownGift], &[Credit], &HashSet<GiftId>, Option<DateTime<Utc>>) -> Vec<AuditedGift>;

/// Gifts too many that are to be taken back.
#[derive(Clone, Debug)]
pub struct Surplus {
    /// Which.
    pub gifts: Vec<SurplusGift>,
    /// Whether those are taken back too that nothing proves to be ours.
    pub look_alikes: bool,
    /// Says whether they are too many.
    pub judge: Judge,
}

/// What shows that a gift is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The list shows our reference with it.
    Reference,
    /// Its description ends with our tag.
    Tag,
    /// Nothing but its amount, expiry, description and time.
    Looks,
}

impl Proof {
    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Proof::Reference => "reference",
            Proof::Tag => "tag",
            Proof::Looks => "looks",
        }
    }
}

/// A gift too many that may be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What the ledger knows of it.
    pub gift: SurplusGift,
    /// The key of the gift that it doubles.
    pub key: GiftKey,
    /// What it gives.
    pub amount: Money,
    /// What shows that it is ours.
    pub proof: Proof,
}

impl Proposal {
    pub(super) fn of(target: &Target, proof: Proof) -> Proposal {
        let (gift, own) = (target.surplus_gift(), &target.gift);
        Proposal { gift, key: own.key, amount: own.content.amount, proof }
    }
}

/// What a list that was just read says of gifts too many.
pub(super) struct Judged<'j> {
    pub(super) known: &'j [KnownGift],
    pub(super) credits: &'j [Credit],
    /// Its ids that gifts of ours in other wallets have.
    pub(super) elsewhere: &'j HashSet<GiftId>,
    /// What the audit finds in it.
    pub(super) found: Vec<AuditedGift>,
}

impl Judged<'_> {
    /// What shows that this one is ours and too many, or why it is to be left.
    pub(super) fn proof(&self, target: &Target) -> Result<Proof, Left> {
        let is_counted = |gift: &KnownGift| gift.gift_id == Some(target.id);
        if self.elsewhere.contains(&target.id) || self.known.iter().any(is_counted) {
            return Err(Left::Counted);
        }
        let shown = self.credits.iter().find(|credit| credit.id == target.id);
        let credit = shown.ok_or(Left::NotThere)?;
        let is_fine = |found: &AuditedGift| {
            found.row == target.gift.row
                && matches!(found.finding, Finding::Matched | Finding::Duplicated)
        };
        // Of identical gifts any may be the one that an entry stands for: none of them may be short.
        let mut alike = self.known.iter().filter(|gift| stands_for(credit, gift));
        if !self.found.iter().any(is_fine) || !alike.all(|gift| self.is_as_it_should_be(gift)) {
            return Err(Left::OwnNotThere);
        }
        let named = self.found.iter().find(|found| names(found, target.id));
        let named = named.ok_or(Left::NotSurplus)?;
        let doubled = self.known.iter().find(|gift| gift.row == named.row);
        Ok(match (credit.reference, doubled) {
            // The audit names an entry with a reference only where that is the gift's.
            (Some(_), _) => Proof::Reference,
            (None, Some(gift)) if gift.is_tagged() => Proof::Tag,
            (None, _) => Proof::Looks,
        })
    }

    fn is_as_it_should_be(&self, gift: &KnownGift) -> bool {
        let shown = self.credits.iter().find(|credit| Some(credit.id) == gift.gift_id);
        shown.is_some_and(|credit| credit.fits(&gift.content).is_some())
    }
}

fn names(found: &AuditedGift, id: GiftId) -> bool {
    let ids = found.detail.iter().flat_map(|ids| ids.split(' '));
    found.finding == Finding::Duplicated
        && ids.filter_map(|id| id.parse().ok()).any(|it: GiftId| it == id)
}

/// Whether an entry could be what the provider has of a gift that was given.
fn stands_for(credit: &Credit, gift: &KnownGift) -> bool {
    gift.state == GiftState::Issued
        && credit.echoes(gift.key).unwrap_or_else(|| credit.fits(&gift.content).is_some())
}

/// Gifts by their wallets, each wallet once.
pub(super) fn by_wallet(mut gifts: Vec<SurplusGift>) -> Vec<(WalletId, Vec<SurplusGift>)> {
    gifts.sort_by_key(|gift| (!gift.is_begun, gift.row));
    let mut wallets: Vec<(WalletId, Vec<SurplusGift>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for gift in gifts {
        let place = *places.entry(gift.wallet).or_insert(wallets.len());
        match wallets.get_mut(place) {
            Some((_, of)) => of.push(gift),
            None => wallets.push((gift.wallet, vec![gift])),
        }
    }
    wallets
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::Expiry;
    use crate::provider::SeenExpiry;
    use crate::reconcile::{Since, audit};

    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000 + s, 0).unwrap()
    }

    fn id(number: u128) -> GiftId {
        GiftId(Uuid::from_u128(number))
    }

    /// A gift of campaign 1 whose id is 100 more than its row.
    fn known(row: i64, state: GiftState) -> KnownGift {
        let has_id = matches!(state, GiftState::Issued | GiftState::Revoked);
        KnownGift {
            gift_id: has_id.then(|| id(100 + row as u128)),
            issued_at: has_id.then(|| at(1)),
            first_sent_at: Some(at(0)),
            ..KnownGift::sample(row, state)
        }
    }

    fn credit(number: u128) -> Credit {
        Credit {
            id: id(number),
            amount: Money::from_minor(500).to_decimal(),
            remaining: None,
            expiry: SeenExpiry::Exact(Expiry::Never),
            description: "KUPON".into(),
            created_at: Some(at(1)),
            reference: None,
            is_used: false,
            says_use: true,
        }
    }

    /// What is said of entry 7 as a double of the first gift.
    fn proof(known: &[KnownGift], credits: &[Credit]) -> Result<Proof, Left> {
        proof_beside(known, credits, &HashSet::new())
    }

    /// The same, where gifts of ours in other wallets have some ids.
    fn proof_beside(
        known: &[KnownGift],
        credits: &[Credit],
        elsewhere: &HashSet<GiftId>,
    ) -> Result<Proof, Left> {
        let since = Since { first_attempt: Some(at(0)) };
        let found = audit(1, known, credits, elsewhere, since);
        let judged = Judged { known, credits, elsewhere, found };
        judged.proof(&Target::surplus(known[0].clone(), id(7), false))
    }

    #[test]
    fn what_is_too_many_is_proven_or_only_looks_so() {
        // Goal: a person is told what is known. Method: a double with our reference, though its text differs, with
        // our tag, with neither; beside the gift whole, and beside it used.
        let own = known(1, GiftState::Issued);
        let plain = [credit(101), credit(7)];
        assert_eq!(proof(std::slice::from_ref(&own), &plain), Ok(Proof::Looks));
        let used = [Credit { is_used: true, ..credit(101) }, credit(7)];
        assert_eq!(proof(std::slice::from_ref(&own), &used), Ok(Proof::Looks));
        let reference = Some(own.key.0);
        let echoed = Credit { reference, description: "other".into(), ..credit(7) };
        let list = [Credit { reference, ..credit(101) }, echoed];
        assert_eq!(proof(std::slice::from_ref(&own), &list), Ok(Proof::Reference));
        let description = format!("KUPON {}", own.key.tag());
        let mut tagged = own;
        tagged.content.description = description.clone();
        let list = [101, 7].map(|it| Credit { description: description.clone(), ..credit(it) });
        assert_eq!(proof(&[tagged], &list), Ok(Proof::Tag));
    }

    #[test]
    fn what_is_not_surely_too_many_is_left() {
        // Goal: nobody loses the only gift that they have, nor a stranger's. Method: entries that are no longer there,
        // a stranger's, older than the campaign, another row's by now, or explained by a doubt.
        let own = || known(1, GiftState::Issued);
        let told = |more: &[KnownGift], seven: Credit| {
            let known: Vec<_> = [own()].into_iter().chain(more.iter().cloned()).collect();
            let others = more.iter().filter_map(|gift| gift.gift_id);
            let others = others.map(|id| credit(id.0.as_u128()));
            proof(&known, &[credit(101), seven].into_iter().chain(others).collect::<Vec<_>>())
        };
        assert_eq!(told(&[], credit(7)), Ok(Proof::Looks), "the control");
        assert_eq!(told(&[], credit(8)), Err(Left::NotThere));
        for stranger in [
            Credit { reference: Some(Uuid::from_u128(9)), ..credit(7) },
            Credit { created_at: Some(at(-1)), ..credit(7) },
            Credit { description: "other".into(), ..credit(7) },
        ] {
            assert_eq!(told(&[], stranger), Err(Left::NotSurplus));
        }
        let claimed =
            KnownGift { campaign: 2, gift_id: Some(id(7)), ..known(2, GiftState::Issued) };
        assert_eq!(proof(&[own(), claimed], &[credit(101), credit(7)]), Err(Left::Counted));
        assert_eq!(told(&[known(2, GiftState::InDoubt)], credit(7)), Err(Left::NotSurplus));
        let elsewhere = HashSet::from([id(7)]);
        let merged = [credit(101), credit(7), credit(8)];
        assert_eq!(proof_beside(&[own()], &merged, &elsewhere), Err(Left::Counted));
        // What another wallet has explains no doubt here: the one too many may be that doubt's gift.
        let open = [own(), known(2, GiftState::InDoubt)];
        let elsewhere = HashSet::from([id(8)]);
        let merged = [credit(101), credit(8), credit(7)];
        assert_eq!(proof_beside(&open, &merged, &elsewhere), Err(Left::NotSurplus));
    }

    #[test]
    fn no_gift_of_ours_that_it_could_stand_for_may_be_short() {
        // Goal: who is to have a gift keeps one, also of twins and of two campaigns. Method: the gift itself gone,
        // changed, revoked; its twin gone, of this campaign and of another; a gift gone that is nothing like it.
        let own = known(1, GiftState::Issued);
        let short = Err(Left::OwnNotThere);
        assert_eq!(proof(std::slice::from_ref(&own), &[credit(7)]), short);
        let other = Credit { description: "other".into(), ..credit(101) };
        assert_eq!(proof(std::slice::from_ref(&own), &[other, credit(7)]), short);
        assert_eq!(proof(&[known(1, GiftState::Revoked)], &[credit(7)]), short);
        let list = [credit(101), credit(7)];
        for campaign in [1, 2] {
            let twin = KnownGift { campaign, ..known(2, GiftState::Issued) };
            assert_eq!(proof(&[own.clone(), twin], &list), short);
        }
        let mut unlike = known(2, GiftState::Issued);
        unlike.content.amount = Money::from_minor(700);
        assert_eq!(proof(&[own, unlike], &list), Ok(Proof::Looks));
    }

    #[test]
    fn each_wallet_comes_once_and_what_was_begun_first() {
        // Goal: a wallet has one request on its way at most. Method: gifts of two wallets in a mixed order.
        let wallets = [1, 2].map(|it| WalletId(Uuid::from_u128(it)));
        let gift = |row: i64, wallet: usize, is_begun| SurplusGift {
            row,
            wallet: wallets[wallet],
            id: id(row as u128),
            is_begun,
        };
        let all = vec![gift(1, 0, false), gift(2, 1, false), gift(3, 0, false), gift(4, 1, true)];
        let rows = |of: &[SurplusGift]| of.iter().map(|gift| gift.row).collect::<Vec<_>>();
        let found: Vec<_> =
            by_wallet(all).into_iter().map(|(wallet, of)| (wallet, rows(&of))).collect();
        assert_eq!(found, [(wallets[1], vec![4, 2]), (wallets[0], vec![1, 3])]);
    }
}
