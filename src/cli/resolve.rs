//! `resolve`: a person settles a gift that software could not.
//!
//! **Invariant:** only a gift that software cannot settle changes, and the provider is asked before one is called
//! issued or may be sent again.

use std::time::Duration;

use super::context::{self, Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::give::{client, delta};
use super::person::{Resolution, ResolveArgs};
use super::retry::RESOLVED;
use super::standing::{self, who};
use super::vouch;
use crate::domain::{Event, GiftId, GiftKey, GiftState, Refusal, WalletId, parse_guid};
use crate::ledger::{GiftRecord, KnownGift, Outcome, Standing};
use crate::provider::{Credit, ListReading, Obstacle, Trouble, WalletClient};
use crate::report::{Summary, money, shell_word};

/// A read that failed is made again so often, after this long, and then twice as long.
const READS: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(300);

/// `giftbatch resolve`.
pub(super) async fn resolve(context: &Context, args: &ResolveArgs) -> Result<Exit, Failure> {
    let mut note = note(&args.note)?;
    let key = guid("KEY", &args.key)?;
    let wanted = wanted_id(args)?;
    let mut session = context.session().await?;
    let gift = find(&session, key).await?;
    let campaign = context::campaign(&session.ledger, &gift.campaign).await?;
    refuse_unless_open(context, &session, &gift, args.outcome).await?;
    let standing = session.ledger.standing(campaign.id).await?;
    if args.outcome == Resolution::Retry && matches!(standing, Standing::Cancelled(_)) {
        return Err(standing::failure(&campaign, &standing));
    }
    if let Some(why) = objection(context, &mut session, &gift, (args.outcome, wanted)).await? {
        if !args.despite_contradiction {
            return Err(contradicted(why));
        }
        note = format!("{note} (although {why})");
    }
    let event = match (args.outcome, wanted) {
        (Resolution::Issued, Some(id)) => Event::ResolvedIssued { gift: id, note },
        (Resolution::Issued, None) => unreachable!("it was asked for"),
        (Resolution::Refused, _) => {
            Event::ResolvedRefused(Refusal { class: RESOLVED.to_owned(), message: note })
        }
        (Resolution::Retry, _) => Event::ResolvedRetry { note },
    };
    let state = gift.state;
    let next = state.next(&event).map_err(crate::ledger::LedgerError::from)?;
    let mut batch = session.writer.begin().await?;
    let (row, attempt, at) = (gift.row, gift.attempts, context.now());
    batch.record(None, &[Outcome::of((row, state, attempt), event, at)]).await?;
    batch.commit().await?;
    let amount = money(gift.content.amount);
    context.out.note(&format!("{}: {state} before, {next} now ({amount})", gift.key));
    let summary = Summary::read_still(&session.ledger, &campaign).await?;
    finish::tell(context, &summary, Exit::Done);
    session.close().await;
    Ok(Exit::Done)
}

/// What the provider shows that speaks against a person's word; to refuse a gift is theirs alone.
async fn objection(
    context: &Context,
    session: &mut Session,
    gift: &GiftRecord,
    word: (Resolution, Option<GiftId>),
) -> Result<Option<String>, Failure> {
    let known = session.ledger.known_gifts(gift.content.wallet).await?;
    let Some(known) = known.iter().find(|known| known.row == gift.row) else {
        return Err(Failure::new(Exit::Unexpected, "the gift is not among those of its wallet"));
    };
    match word {
        (Resolution::Issued, Some(id)) => check(context, session, known, id).await,
        (Resolution::Retry, _) => {
            vouch::objection(context, session, &client(context)?, known).await
        }
        _ => Ok(None),
    }
}

fn contradicted(why: String) -> Failure {
    Failure::new(Exit::NotConfirmed, why).hint(
        "nothing was changed; if you know better, the same command with --despite-contradiction keeps both \
         in its story",
    )
}

/// What is kept: who said it, and why.
fn note(text: &str) -> Result<String, Failure> {
    match text.trim() {
        "" => Err(Failure::usage("--note is empty: say how you know, for whoever reads it later")),
        text => Ok(format!("by {}: {text}", who())),
    }
}

fn guid(what: &str, text: &str) -> Result<uuid::Uuid, Failure> {
    parse_guid(text).map_err(|error| Failure::usage(format!("{what} {text:?} is {error}")))
}

fn wanted_id(args: &ResolveArgs) -> Result<Option<GiftId>, Failure> {
    match (&args.gift_id, args.outcome) {
        (Some(text), Resolution::Issued) => guid("--gift-id", text).map(GiftId).map(Some),
        (Some(_), _) => Err(Failure::usage("--gift-id is for --as issued")),
        (None, Resolution::Issued) => Err(Failure::usage("--as issued needs --gift-id")),
        (None, _) => Ok(None),
    }
}

async fn find(session: &Session, id: uuid::Uuid) -> Result<GiftRecord, Failure> {
    if let Some(gift) = session.ledger.gift(GiftKey(id)).await? {
        return Ok(gift);
    }
    let failure = Failure::usage(format!("the ledger has no gift with the key {id}"));
    let of_wallet = session.ledger.gifts_of_wallet(WalletId(id)).await?;
    let held: Vec<String> = of_wallet
        .iter()
        .filter(|gift| gift.state == GiftState::Held)
        .map(|gift| gift.key.to_string())
        .collect();
    Err(if held.is_empty() {
        failure.hint("held gifts: giftbatch gifts NAME --state held; say the wallet here, and its keys are shown")
    } else {
        failure.hint(format!("that is a wallet; held gifts of it: {}", held.join(", ")))
    })
}

/// A held gift is a person's; one in doubt is theirs once the settle window has passed, where they have seen it or do not
/// want it: its wallet's list may never be readable.
async fn refuse_unless_open(
    context: &Context,
    session: &Session,
    gift: &GiftRecord,
    outcome: Resolution,
) -> Result<(), Failure> {
    if gift.state == GiftState::InDoubt && outcome != Resolution::Retry {
        let let_go = session.ledger.let_go_at(gift.content.wallet).await?;
        let window = delta(context.settings.settle);
        if let_go.is_some_and(|at| at + window <= context.now()) {
            return Ok(());
        }
    }
    let name = shell_word(&gift.campaign);
    let failure = Failure::usage(format!("gift {} is {}, not held", gift.key, gift.state));
    Err(match gift.state {
        GiftState::Held => return Ok(()),
        GiftState::InFlight | GiftState::InDoubt => {
            failure.hint(format!("`giftbatch issue {name}` settles it after the settle window"))
        }
        GiftState::Refused => {
            failure.hint(format!("`giftbatch retry {name}` opens refused gifts again"))
        }
        _ => failure.hint(format!("its story: giftbatch show {}", gift.key)),
    })
}

/// Sees to it that the provider has this gift in this wallet, and that it is no other gift of the ledger; says what of
/// it is not as it was to be given.
async fn check(
    context: &Context,
    session: &mut Session,
    gift: &KnownGift,
    id: GiftId,
) -> Result<Option<String>, Failure> {
    let client = client(context)?;
    let mut batch = session.writer.begin().await?;
    let lists = batch.check_provider(&client.base().to_string()).await?;
    let is_taken = !batch.claimed_ids([id].into_iter()).await?.is_empty();
    batch.rollback().await?;
    if is_taken {
        let of_wallet = session.ledger.gifts_of_wallet(gift.content.wallet).await?;
        let owner = of_wallet.iter().find(|other| other.gift_id == Some(id));
        let whose = owner.map_or_else(String::new, |owner| format!(": {}", owner.key));
        let message = format!("{id} belongs to another gift of this ledger already{whose}");
        return Err(Failure::usage(message).hint("nothing was changed"));
    }
    let (credit, skew_ms) = look(context, &client, gift.content.wallet, id).await?;
    if lists.show_references && credit.echoes(gift.key) == Some(false) {
        let message = format!("{id} was made with another reference: it is not this gift");
        return Err(Failure::usage(message).hint("nothing was changed"));
    }
    Ok(vouch::contradiction(&credit, gift, skew_ms, context.now()))
}

/// Finds a gift in its wallet: in the list, or by its id where the list lacks it or cannot be read; with how far the
/// server's clock is ahead of ours.
async fn look(
    context: &Context,
    client: &WalletClient,
    wallet: WalletId,
    id: GiftId,
) -> Result<(Credit, Option<i64>), Failure> {
    let mut wait = FIRST_WAIT;
    let mut failure = missing(wallet, id);
    for _ in 0..READS {
        let (list, exchange) = client.gifts_of(wallet).await;
        let skew_ms = exchange.skew_ms();
        let is_listed = matches!(list, ListReading::Whole(_) | ListReading::NoList);
        let found = match list {
            ListReading::Whole(credits) | ListReading::Partial { credits, .. }
                if credits.iter().any(|credit| credit.id == id) =>
            {
                ListReading::Whole(credits)
            }
            rejected @ ListReading::Obstructed(Obstacle::CredentialsRejected { .. }) => rejected,
            // Lists may leave out used gifts, or be beyond reading.
            _ => client.gift(wallet, id).await.0,
        };
        let why = match found {
            ListReading::Whole(credits) => {
                let found = credits.into_iter().find(|credit| credit.id == id);
                let found = found.map(|credit| (credit, skew_ms));
                return found.ok_or_else(|| missing(wallet, id));
            }
            ListReading::NoList => return Err(missing(wallet, id)),
            ListReading::Obstructed(Obstacle::CredentialsRejected { why }) => {
                let message = format!("the provider rejects the credentials ({why})");
                return Err(Failure::new(Exit::CredentialsRejected, message));
            }
            ListReading::Obstructed(_) => "it did not answer".to_owned(),
            // Another wallet's gift, most likely, and no outage.
            ListReading::Unreadable { why, trouble: Trouble::Odd } if is_listed => {
                return Err(Failure::usage(format!("{}: {why}", missing(wallet, id).error)));
            }
            ListReading::Partial { unreadable, .. } => unreadable.join("; "),
            ListReading::Unreadable { why, .. } => why,
        };
        failure = Failure::new(
            Exit::Stopped,
            format!("the provider does not show wallet {wallet}: {why}"),
        );
        context.clock.sleep(wait).await;
        wait *= 2;
    }
    Err(failure.hint("nothing was changed; give the same command again later"))
}

fn missing(wallet: WalletId, id: GiftId) -> Failure {
    Failure::usage(format!("the provider has no gift {id} in wallet {wallet}"))
        .hint("nothing was changed; look the id up in the wallet's list")
}
