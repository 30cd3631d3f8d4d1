//! `ledger rebind`: the provider has another address, and the ledger goes on there.
//!
//! It stands apart because it is the only way to change where the ledger's gifts live: with a ledger of its own the
//! new address would be given everything again.
//!
//! **Invariant:** the address changes only where gifts of this ledger were seen there by their ids, in nearly all wallets
//! that were looked at; otherwise nothing changes.

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
    /// Gifts of ours that are there.
    seen: u64,
    /// Wallets that show some.
    shown: u64,
    /// Of each wallet that should show some and shows none: one of them.
    bare: Vec<(GiftId, WalletId)>,
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
            refuse_bare(&looked, &to)?;
            batch.move_provider(from, &to, looked.seen, context.now()).await?;
        }
        batch.commit().await?;
        context.out.note(&match looked.seen {
            0 => format!("nothing of this ledger was given yet: its provider is {to} from now on"),
            seen => {
                let seen = number_of(seen, "gift");
                format!("seen at {to}, of this ledger: {seen}; it goes on there")
            }
        });
        if !looked.bare.is_empty() {
            context.out.complain(&format!("warning: {}; were they deleted?", bare(&looked, &to)));
        }
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
        let (before, mut missed) = (looked.seen, None);
        for gift in gifts.iter().take(GIFTS) {
            let Some(id) = gift.gift_id else { continue };
            let is_seen = is_it(&listed, gift) || {
                // Lists may leave out used gifts.
                let alone = async || client.gift(wallet, id).await.0;
                is_it(&read(context, &mut pace, alone).await?, gift)
            };
            looked.seen += u64::from(is_seen);
            if !is_seen && is_expected(context, gift) {
                missed = Some((id, wallet));
            }
        }
        // A wallet that shows another of ours contradicts nothing: somebody may have deleted the one.
        match looked.seen > before {
            true => looked.shown += 1,
            false => looked.bare.extend(missed),
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

/// One wallet in five may show nothing: support deletes a gift now and then.
fn refuse_bare(looked: &Looked, to: &str) -> Result<(), Failure> {
    let hint =
        "nothing was changed; correct the wallet URL, or the keys, which may be another merchant's";
    if looked.seen == 0 && looked.bare.is_empty() {
        let message = format!("no gift of this ledger is at {to}");
        return Err(Failure::new(Exit::NotConfirmed, message).hint(hint));
    }
    if looked.bare.len() as u64 * 4 <= looked.shown {
        return Ok(());
    }
    let message = bare(looked, to);
    Err(Failure::new(Exit::NotConfirmed, message).hint(format!(
        "{hint}; of gifts that were deleted there, `giftbatch reconcile --all` through the old address learns it"
    )))
}

/// Which wallets show none of our gifts.
fn bare(looked: &Looked, to: &str) -> String {
    let many = looked.bare.len();
    let named = looked.bare.iter().take(NAMED);
    let named: Vec<String> =
        named.map(|(gift, wallet)| format!("{gift} of wallet {wallet}")).collect();
    let more = if many > NAMED { " and more" } else { "" };
    let all = number_of(looked.wallets, "wallet");
    let named = named.join(", ");
    format!("of {all} with gifts of this ledger, {many} without any of them at {to}: {named}{more}")
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
