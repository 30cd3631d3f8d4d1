//! `giftbatch wallet`: one wallet as the provider shows it, and which of its gifts this ledger gave.
//!
//! A wallet's name and alias are a person's: they are shown, since they were asked for, and logged nowhere.
//!
//! **Invariant:** it changes nothing, and needs no ledger.
//! **Invariant:** what could not be read is said, and what could is shown.

mod document;

use std::collections::HashMap;

use clap::Args;
use rust_decimal::Decimal;

use super::ask::{Subject, ask};
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::give::{pace, reader};
use super::settings::KEYS;
use super::view::screen;
use crate::domain::{GiftId, GiftState, WalletId};
use crate::ledger::{GiftRecord, Inspection};
use crate::provider::{Balances, Credit, ListReading, Reading, WalletRecord};
use crate::report::Side::{Left, Right};
use crate::report::{clean, instant, records, table};

#[derive(Debug, Args)]
pub(super) struct WalletArgs {
    /// The wallet's id.
    #[arg(value_name = "ID")]
    pub(super) id: WalletId,
}

/// What was found out about a wallet; what could not be read is none.
#[derive(Debug)]
struct Seen {
    id: WalletId,
    record: WalletRecord,
    balances: Option<Balances>,
    gifts: Option<Vec<Credit>>,
    ours: Option<Vec<GiftRecord>>,
    /// Why something is none.
    errors: Vec<String>,
}

/// `giftbatch wallet`.
pub(super) async fn wallet(context: &Context, args: &WalletArgs) -> Result<Exit, Failure> {
    let id = args.id;
    let client = reader(context)?;
    let mut pace = pace(context);
    let subject = |what| Subject { what, keys: KEYS };
    let record = async || client.wallet(id).await.0;
    let record = ask(context, &mut pace, subject("the wallet"), record).await?;
    let (mut exit, mut errors) = (Exit::Done, Vec::new());
    let balances = async || client.balances(id).await.0;
    let balances = ask(context, &mut pace, subject("the wallet's balances"), balances).await;
    let balances = or_keep(balances, &mut exit, &mut errors)?;
    let gifts = async || list(client.gifts_of(id).await.0);
    let gifts = ask(context, &mut pace, subject("the wallet's gifts"), gifts).await;
    let gifts = or_keep(gifts, &mut exit, &mut errors)?;
    for error in &errors {
        context.out.complain(&format!("error: {error}"));
    }
    let seen = Seen { id, record, balances, gifts, ours: ours(context, id).await, errors };
    for told in seen.balances.iter().flat_map(Balances::breaks) {
        context.out.complain(&format!("warning: the balances do not add up: {told}"));
    }
    let missing = seen.unlisted().len();
    if missing > 0 {
        context.out.complain(&format!(
            "warning: {missing} of the gifts that this ledger gave are not in the wallet's list: \
             giftbatch show {id}"
        ));
    }
    context.out.result(&if context.out.args.json { seen.json() } else { seen.text() });
    Ok(exit)
}

/// A part that could not be read is left out, and why is kept. Rejected keys open nothing: they end the command.
fn or_keep<T>(
    asked: Result<T, Failure>,
    exit: &mut Exit,
    errors: &mut Vec<String>,
) -> Result<Option<T>, Failure> {
    match asked {
        Ok(thing) => Ok(Some(thing)),
        Err(failure) if failure.exit == Exit::CredentialsRejected => Err(failure),
        Err(failure) => {
            errors.push(failure.error.to_string());
            *exit = exit.worse(failure.exit);
            Ok(None)
        }
    }
}

/// The list as an answer; where the API says that it has none, there are no gifts.
pub(super) fn list(reading: ListReading) -> Reading<Vec<Credit>> {
    match reading {
        ListReading::Whole(credits) => Reading::Found(credits),
        ListReading::NoList => Reading::Found(Vec::new()),
        ListReading::Obstructed(obstacle) => Reading::Obstructed(obstacle),
        ListReading::Partial { unreadable, .. } => {
            let why = unreadable.join("; ");
            Reading::Unreadable { why, trouble: crate::provider::Trouble::Odd }
        }
        ListReading::Unreadable { why, trouble } => Reading::Unreadable { why, trouble },
    }
}

/// The ledger's gifts of this wallet; none where there is no ledger, or none that can be read.
async fn ours(context: &Context, id: WalletId) -> Option<Vec<GiftRecord>> {
    if !context.settings.ledger.exists() {
        return None;
    }
    let ledger = &context.settings.ledger;
    match Inspection::look(ledger, async |ledger| ledger.gifts_of_wallet(id).await).await {
        Ok(gifts) => Some(gifts),
        Err(error) => {
            context
                .out
                .complain(&format!("warning: which gifts are this ledger's is not known: {error}"));
            None
        }
    }
}

impl Seen {
    /// The ledger's gifts by the provider's id.
    fn by_id(&self) -> HashMap<GiftId, &GiftRecord> {
        let ours = self.ours.iter().flatten();
        ours.filter_map(|gift| Some((gift.gift_id?, gift))).collect()
    }

    /// Gifts that the ledger gave and the list does not show; none where there is no list.
    fn unlisted(&self) -> Vec<&GiftRecord> {
        let Some(gifts) = &self.gifts else {
            return Vec::new();
        };
        let is_listed = |id| gifts.iter().any(|gift| Some(gift.id) == id);
        let ours = self.ours.iter().flatten();
        ours.filter(|gift| gift.state == GiftState::Issued && !is_listed(gift.gift_id)).collect()
    }

    fn text(&self) -> String {
        let WalletRecord { name, alias, currency, is_frozen, frozen_until, is_deleted } =
            &self.record;
        let word = |yes: &bool| if *yes { "yes" } else { "no" }.to_owned();
        let text = |text: &Option<String>| clean(text.as_deref().unwrap_or("-")).into_owned();
        let mut facts = vec![
            ("wallet", self.id.to_string()),
            ("name", text(name)),
            ("alias", text(alias)),
            ("currency", text(currency)),
            ("frozen", word(is_frozen)),
            ("deleted", word(is_deleted)),
        ];
        if let Some(until) = frozen_until {
            facts.insert(5, ("frozen until", instant(*until)));
        }
        let facts =
            facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect::<Vec<_>>();
        let mut blocks = vec![table(&[Left, Left], facts, screen(), 1)];
        if let Some(balances) = &self.balances {
            let rows = figures(balances).map(|(name, figure)| vec![name.to_owned(), money(figure)]);
            let title = vec!["balance".to_owned(), "amount".to_owned()];
            let rows = [title].into_iter().chain(rows).collect();
            blocks.push(table(&[Left, Right], rows, screen(), 0));
        }
        match self.gifts.as_deref() {
            None => {}
            Some([]) => blocks.push("no gifts\n".to_owned()),
            Some(gifts) => blocks.push(self.gift_table(gifts)),
        }
        blocks.join("\n")
    }

    fn gift_table(&self, gifts: &[Credit]) -> String {
        let ours = self.by_id();
        let head = ["gift", "amount", "remaining", "expires", "description", "given by", "key"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for gift in gifts {
            let (by, key) = match (ours.get(&gift.id), &self.ours) {
                (Some(ours), _) => (clean(&ours.campaign).into_owned(), ours.key.to_string()),
                (None, Some(_)) => ("elsewhere".to_owned(), String::new()),
                (None, None) => ("no ledger".to_owned(), String::new()),
            };
            rows.push(vec![
                gift.id.to_string(),
                money(gift.amount),
                gift.remaining.map(money).unwrap_or_default(),
                gift.expiry.to_string(),
                clean(&gift.description).into_owned(),
                by,
                key,
            ]);
        }
        records(&[Left, Right, Right, Left, Left, Left, Left], rows, screen(), 4, 4)
    }
}

/// The balances in the order in which the formulas read them.
fn figures(balances: &Balances) -> [(&'static str, Decimal); 5] {
    [
        ("wallet", balances.wallet),
        ("gift", balances.gifts),
        ("total", balances.total),
        ("blocked", balances.blocked),
        ("available", balances.available),
    ]
}

/// All digits that there are, and two decimals at least.
fn money(amount: Decimal) -> String {
    let amount = amount.normalize();
    let decimals = amount.scale().max(2) as usize;
    format!("{amount:.decimals$}")
}
