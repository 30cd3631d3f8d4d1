//! The look-up of transactions by a reference, which a provider answers as it likes: with the truth, late, never,
//! or with lies.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::dice::Dice;
use crate::faults::Fault;
use crate::provider::{Create, amount, envelope, failure};
use crate::terms::SECOND;
use crate::world::State;
use giftbatch::provider::Delivery;

/// What the look-up shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transactions {
    /// There is no such endpoint.
    NotServed,
    /// No create of a gift.
    Empty,
    /// Each gift, at once.
    Shown,
    /// Each gift, some time later.
    Late,
    /// Each create that ever left, whatever became of it.
    Requests,
    /// The truth about what was told to us as given; of all else, yes or no as it comes.
    Lies,
}

impl Transactions {
    pub(crate) fn draw(dice: &mut Dice) -> Transactions {
        use Transactions::{Empty, Late, Lies, NotServed, Requests, Shown};
        *dice.pick(&[NotServed, Empty, Shown, Shown, Late, Requests, Lies])
    }

    /// Whether it may know a gift that was never given.
    pub(crate) fn may_lie(self) -> bool {
        matches!(self, Transactions::Requests | Transactions::Lies)
    }
}

impl State {
    pub(crate) fn show_transactions(&mut self, id: u64, reference: Uuid) -> Delivery {
        let book = &self.provider.book;
        let given = |as_of: i64| {
            let mut ours = book.iter().filter(|entry| entry.is_ours);
            ours.any(|entry| entry.reference == reference && entry.committed_at <= as_of)
        };
        let (is_true, was_true) = (given(self.now), given(self.now - 20 * SECOND));
        let is_told = self.provider.told.iter().any(|(told, _)| *told == reference);
        let shows = match self.terms.transactions {
            Transactions::NotServed => {
                self.count(Fault::WitnessSilent);
                let status = *self.dice.pick(&[404, 405, 501]);
                return self.page(status, "<html>no such page</html>");
            }
            Transactions::Empty => false,
            Transactions::Shown => is_true,
            Transactions::Late => was_true,
            Transactions::Requests => true,
            Transactions::Lies => is_told || self.dice.chance(500),
        };
        self.note(format_args!("#{id} knows {reference}: {shows}, and should: {is_true}"));
        match (shows, is_true) {
            (false, true) => self.count(Fault::WitnessSilent),
            (true, false) => self.count(Fault::WitnessLies),
            _ => {}
        }
        let of = self.provider.left.iter().find(|create| create.reference() == reference);
        let body = match of.filter(|_| shows) {
            Some(create) => {
                envelope(&self.terms, json!([self.transaction(create)]), true).to_string()
            }
            None if self.terms.empty_list_is_404 => return self.page(404, &failure("none")),
            None => envelope(&self.terms, json!([]), true).to_string(),
        };
        self.page(200, &body)
    }

    fn transaction(&self, create: &Create) -> Value {
        json!({
            "Id": create.reference(),
            "WalletId": create.wallet_id,
            "TransactionType": "Deposit",
            "Amount": amount(&self.terms, create.minor()),
            "GiftAmount": null,
            "ExternalReference": create.reference().to_string().to_uppercase(),
            "GiftBalanceId": null,
        })
    }
}
