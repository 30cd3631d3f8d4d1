//! What earlier days of a series have left open: found, confirmed and given together with today.
//!
//! It stands apart because an open gift holds its key for ever: no other campaign can give it, so it must
//! not be forgotten.
//!
//! **Invariant:** nothing of an earlier day is sent that was not part of what was confirmed.

use super::birthdays::Day;
use super::confirm::{Question, confirm};
use super::context::{Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::give::{self, Wishes};
use crate::domain::Money;
use crate::ledger::{Campaign, Ledger, Standing};
use crate::provider::WalletClient;
use crate::report::{self, States, count};

/// A campaign with what of it may be sent now.
pub(super) struct Open {
    pub(super) campaign: Campaign,
    states: States,
    gifts: u64,
    amount: Money,
}

impl Open {
    pub(super) async fn of(ledger: &Ledger, campaign: Campaign) -> Result<Open, Failure> {
        let states = States::read_still(ledger, &campaign).await?;
        let (gifts, amount) = give::to_send(&states);
        Ok(Open { campaign, states, gifts, amount })
    }

    /// `2 gifts of birthday-2027-03-01, 200.00`
    fn words(&self) -> String {
        let noun = if self.gifts == 1 { "gift" } else { "gifts" };
        let (gifts, amount) = (count(self.gifts), report::money(self.amount));
        format!("{gifts} {noun} of {}, {amount}", self.campaign.name)
    }
}

/// What campaigns of earlier days have left open and this one catches up, the oldest first; of others a
/// person is told.
pub(super) async fn find(
    context: &Context,
    ledger: &Ledger,
    day: &Day,
) -> Result<Vec<Open>, Failure> {
    let mut late = Vec::new();
    for campaign in ledger.open_campaigns().await? {
        let Some(date) = day.of_series(&campaign.name).filter(|date| *date < day.window.on())
        else {
            continue;
        };
        let standing = ledger.standing(campaign.id).await?;
        let open = Open::of(ledger, campaign).await?;
        match standing {
            Standing::Open if day.window.has(date) => late.push((date, open)),
            Standing::Open => tell_left(context, &open, "from before --catch-up"),
            // What was paused is given once somebody resumes it; what was cancelled, never.
            Standing::Paused(_) => tell_left(context, &open, "paused"),
            Standing::Cancelled(_) => {}
        }
    }
    late.sort_by_key(|(date, _)| *date);
    Ok(late.into_iter().map(|(_, open)| open).collect())
}

fn tell_left(context: &Context, open: &Open, why: &str) {
    context.out.complain(&format!(
        "still open, {why}: {}; this gives them: giftbatch issue {}",
        open.words(),
        open.campaign.name
    ));
}

/// Passes where all that will be sent was confirmed; says which earlier days are part of it. A plan's id
/// confirms that plan alone.
pub(super) async fn confirm_all(
    context: &Context,
    ledger: &Ledger,
    wishes: &Wishes<'_>,
    today: Option<&Open>,
    late: Vec<Open>,
) -> Result<Vec<Open>, Failure> {
    let id = wishes.confirm.confirm.as_deref().map(str::trim);
    let is_meant = |open: &Open| id.is_none_or(|id| id == open.campaign.plan_id());
    let (late, left): (Vec<Open>, Vec<Open>) = late.into_iter().partition(is_meant);
    for open in &left {
        tell_left(context, open, "not confirmed");
    }
    if late.is_empty() || id.is_some() {
        // Where today has nothing to give, an earlier day may be meant alone.
        let today = today.filter(|open| open.gifts > 0 || late.is_empty());
        for open in late.iter().chain(today) {
            give::confirm_open(context, ledger, wishes, &open.campaign, &open.states).await?;
        }
        return Ok(late);
    }
    for open in &late {
        context.out.note(&format!("caught up: {}", open.words()));
    }
    let all: Vec<&Open> = late.iter().chain(today).filter(|open| open.gifts > 0).collect();
    let names: Vec<&str> = all.iter().map(|open| open.campaign.name.as_str()).collect();
    let amount: Money = all.iter().map(|open| open.amount).sum();
    let late_amount: Money = late.iter().map(|open| open.amount).sum();
    let plan = all.last().map(|open| open.campaign.plan_id()).unwrap_or_default();
    let question = Question {
        campaign: &names.join(", "),
        plan: &plan,
        what: "will be sent now",
        gifts: all.iter().map(|open| open.gifts).sum(),
        amount,
        is_limited: false,
        exposure: late_amount + today.map_or(Money::ZERO, |open| give::exposure(&open.states)),
        max_total: wishes.max_total,
    };
    confirm(context, wishes.confirm, &question)?;
    Ok(late)
}

/// Gives one campaign after the other, and says how each ended: an interrupt, or keys that are rejected, are
/// the end of all.
pub(super) async fn give_all(
    context: &Context,
    session: Session,
    client: &WalletClient,
    wishes: &Wishes<'_>,
    all: &[&Open],
    reconcile: bool,
) -> Result<Vec<Exit>, Failure> {
    let mut exits = Vec::new();
    let mut first = Some(session);
    for open in all {
        let session = match first.take() {
            Some(session) => session,
            None => context.session().await?,
        };
        let campaign = (&open.campaign, &open.states);
        let exit =
            give::give(context, session, client.clone(), campaign, wishes, reconcile, None).await?;
        exits.push(exit);
        if matches!(exit, Exit::Interrupted | Exit::Terminated | Exit::CredentialsRejected) {
            break;
        }
    }
    if let Some(session) = first {
        session.close().await;
    }
    Ok(exits)
}
