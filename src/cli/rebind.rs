//! `ledger rebind`: the provider has another address, and the ledger goes on there.
//!
//! It stands apart because it is the only way to change where the ledger's gifts live: with a ledger of its own the
//! new address would be given everything again.
//!
//! **Invariant:** the address changes only where gifts of this ledger were seen there by their ids, and none that
//! should be there was missed; otherwise nothing changes.

use serde_json::json;

use super::ask::{Subject, ask};
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::give::{client, pace};
use super::settings::KEYS;
use crate::domain::{GiftId, GiftState, WalletId, number_of};
use crate::ledger::{GiftRecord, Ledger, LedgerError};
use crate::pace::Pace;
use crate::provider::{Credit, ListReading, Reading, WalletClient};

/// Wallets that are looked at, and gifts of each.
const WALLETS: u32 = 20;
const GIFTS: usize = 5;

/// Gifts that were not found and are named.
const NAMED: usize = 3;

/// What was looked for at the new address.
#[derive(Default)]
struct Looked {
    wallets: u64,
    seen: u64,
    missed: Vec<(GiftId, WalletId)>,
}

/// `giftbatch ledger rebind`.
pub(super) async fn rebind(context: &Context) -> Result<Exit, Failure> {
    let client = client(context)?;
    let to = client.base().to_string();
    let mut session = context.session().await?;
    let known = session.ledger.provider().await?.map(|provider| provider.origin);
    let mut looked = Looked::default();
    if let Some(from) = known.as_ref().filter(|from| **from != to) {
        looked = look(context, &session.ledger, &client).await?;
        let mut batch = session.writer.begin().await?;
        if looked.wallets == 0 {
            // What was never given to can be bound anew by anybody.
            match batch.bind_provider(&to, context.now()).await {
                Err(LedgerError::OtherProvider { .. }) => return Err(unproven(from, &to)),
                bound => drop(bound?),
            }
        } else {
            refuse_missed(&looked, &to)?;
            batch.move_provider(from, &to, looked.seen, context.now()).await?;
        }
        batch.commit().await?;
        let seen = number_of(looked.seen, "gift");
        context.out.note(&format!("seen at {to}, of this ledger: {seen}; it goes on there"));
    } else {
        context.out.note(&format!("this ledger has no other provider than {to}: nothing to do"));
    }
    if context.out.args.json {
        let document = json!({
            "version": 1,
            "command": "ledger rebind",
            "status": "complete",
            "exit_code": 0,
            "path": session.ledger.path(),
            "from": known,
            "to": to,
            "wallets": looked.wallets,
            "gifts_seen": looked.seen,
        });
        context.out.result(&document.to_string());
    }
    session.close().await;
    Ok(Exit::Done)
}

/// Looks for the gifts that were given last.
async fn look(
    context: &Context,
    ledger: &Ledger,
    client: &WalletClient,
) -> Result<Looked, Failure> {
    let mut pace = pace(context);
    let mut looked = Looked::default();
    for wallet in ledger.wallets_given_last(WALLETS).await? {
        let mut gifts = ledger.gifts_of_wallet(wallet).await?;
        gifts.retain(|gift| gift.state == GiftState::Issued && gift.gift_id.is_some());
        gifts.sort_by_key(|gift| std::cmp::Reverse(gift.issued_at));
        let listed = read(context, &mut pace, async || client.gifts_of(wallet).await.0).await?;
        looked.wallets += 1;
        for gift in gifts.iter().take(GIFTS) {
            let Some(id) = gift.gift_id else { continue };
            let is_seen = is_it(&listed, gift) || {
                // Lists may leave out used gifts.
                let alone = async || client.gift(wallet, id).await.0;
                is_it(&read(context, &mut pace, alone).await?, gift)
            };
            match is_seen {
                true => looked.seen += 1,
                false if is_expected(context, gift) => looked.missed.push((id, wallet)),
                false => {}
            }
        }
    }
    Ok(looked)
}

/// Entries of an answer; where the API says that there is none, there are no entries.
async fn read(
    context: &Context,
    pace: &mut Pace,
    question: impl AsyncFn() -> ListReading,
) -> Result<Vec<Credit>, Failure> {
    let subject = Subject { what: "the gifts of a wallet of this ledger there", keys: KEYS };
    let question = async || match question().await {
        ListReading::Whole(credits) | ListReading::Partial { credits, .. } => {
            Reading::Found(credits)
        }
        ListReading::NoList => Reading::Found(Vec::new()),
        ListReading::Obstructed(obstacle) => Reading::Obstructed(obstacle),
        ListReading::Unreadable { why, trouble } => Reading::Unreadable { why, trouble },
    };
    ask(context, pace, subject, question).await
}

fn is_it(credits: &[Credit], gift: &GiftRecord) -> bool {
    credits.iter().any(|it| Some(it.id) == gift.gift_id && it.gives_as_much(&gift.content))
}

/// Whether a provider that has our gifts has this one: it may have left where it expired, or was missing before.
fn is_expected(context: &Context, gift: &GiftRecord) -> bool {
    !gift.content.expiry.has_passed(context.now()) && gift.reconciled.as_deref() != Some("missing")
}

fn refuse_missed(looked: &Looked, to: &str) -> Result<(), Failure> {
    let hint =
        "nothing was changed; correct the wallet URL, or the keys, which may be another merchant's";
    let many = looked.missed.len();
    if many == 0 && looked.seen == 0 {
        let message = format!("no gift of this ledger is at {to}");
        return Err(Failure::new(Exit::NotConfirmed, message).hint(hint));
    }
    if many == 0 {
        return Ok(());
    }
    let named = looked.missed.iter().take(NAMED);
    let named: Vec<String> =
        named.map(|(gift, wallet)| format!("{gift} of wallet {wallet}")).collect();
    let more = if many > NAMED { " and more" } else { "" };
    let all = number_of(looked.seen + many as u64, "gift");
    let named = named.join(", ");
    let message = format!(
        "of {all} of this ledger that were looked for, {many} cannot be found at {to}: {named}{more}"
    );
    Err(Failure::new(Exit::NotConfirmed, message).hint(hint))
}

fn unproven(from: &str, to: &str) -> Failure {
    let message = format!(
        "nothing shows that {to} is where this ledger's gifts live: none is known to be given, and some may \
         have been given through {from}"
    );
    Failure::new(Exit::NotConfirmed, message).hint(
        "nothing was changed; settle them through the old address first: giftbatch issue NAME",
    )
}
