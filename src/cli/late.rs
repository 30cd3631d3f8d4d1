//! What earlier days of a series have left open: found, confirmed and given together with today.
//!
//! It stands apart because an open gift holds its key for ever: no other campaign can give it, so it must
//! not be forgotten.
//!
//! **Invariant:** nothing of an earlier day is sent that was not part of what was confirmed.

use super::birthdays::Day;
use super::caps::bound;
use super::confirm::{Question, confirm, refuse_beyond, refuse_other_plan};
use super::context::{Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::give::{self, Wishes};
use crate::domain::Money;
use crate::ledger::{Campaign, Glance, Ledger, Sender, Standing};
use crate::provider::WalletClient;
use crate::report::{self, States, count};

/// A campaign with what of it may be sent now.
pub(super) struct Open {
    pub(super) campaign: Campaign,
    pub(super) states: States,
    gifts: u64,
    amount: Money,
}

impl Open {
    pub(super) async fn of(ledger: &Ledger, campaign: Campaign) -> Result<Open, Failure> {
        let states = States::read_still(ledger, &campaign).await?;
        Ok(Open::with(campaign, states))
    }

    pub(super) fn with(campaign: Campaign, states: States) -> Open {
        let (gifts, amount) = give::to_send(&states);
        Open { campaign, states, gifts, amount }
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
        let Some((_, date)) =
            day.of_series(&campaign.name).filter(|(_, date)| *date < day.window.on())
        else {
            continue;
        };
        let standing = ledger.standing(campaign.id).await?;
        let open = Open::of(ledger, campaign).await?;
        match standing {
            Standing::Open if day.window.has(date) => late.push((date, open)),
            Standing::Open => tell_left(context, &open, "from before --catch-up"),
            // What was paused is given once somebody resumes it; what was cancelled, never.
            Standing::Paused(_) => context.out.complain(&format!(
                "still open, paused: {}; this lets the next run catch them up: giftbatch resume {}",
                open.words(),
                report::shell_word(&open.campaign.name)
            )),
            Standing::Cancelled(_) => {}
        }
    }
    late.sort_by_key(|(date, _)| *date);
    Ok(late.into_iter().map(|(_, open)| open).collect())
}

/// The campaigns that are given now, today's among them, as far as nobody has stopped them.
pub(super) async fn to_give(ledger: &Ledger, day: &Day) -> Result<Vec<Campaign>, Failure> {
    let mut campaigns = Vec::new();
    for campaign in ledger.open_campaigns().await? {
        let date = day.of_series(&campaign.name).map(|(_, date)| date);
        let is_meant = date.is_some_and(|date| day.window.has(date));
        if is_meant && ledger.standing(campaign.id).await? == Standing::Open {
            campaigns.push(campaign);
        }
    }
    Ok(campaigns)
}

fn tell_left(context: &Context, open: &Open, why: &str) {
    context.out.complain(&format!(
        "still open, {why}: {}; this gives them: giftbatch issue {}",
        open.words(),
        report::shell_word(&open.campaign.name)
    ));
}

/// Of earlier days those that are given now: a plan's id confirms that plan alone. The rest is told.
pub(super) fn meant(context: &Context, wishes: &Wishes<'_>, late: Vec<Open>) -> Vec<Open> {
    let id = wishes.confirm.confirm.as_deref().map(str::trim);
    let is_meant = |open: &Open| id.is_none_or(|id| id == open.campaign.plan_id());
    let (late, left): (Vec<Open>, Vec<Open>) = late.into_iter().partition(is_meant);
    for open in &left {
        tell_left(context, open, "not confirmed");
    }
    for open in &late {
        context.out.note(&format!("caught up: {}", open.words()));
    }
    late
}

/// Several days that are given one after the other, and asked for at once.
pub(super) struct Days<'o> {
    /// Today comes last.
    pub(super) all: Vec<&'o Open>,
    /// What may be sent of them at most, under one limit.
    pub(super) gifts: u64,
    amount: Money,
    /// Whether the limit holds some of it back.
    is_limited: bool,
    /// What `--max-total` is held against.
    pub(super) exposure: Money,
}

impl<'o> Days<'o> {
    /// Fails with code 7 where another plan was confirmed, or where a limit or a cap forbids what all of
    /// them may send together.
    pub(super) async fn of(
        context: &Context,
        glance: &mut Glance<'_>,
        wishes: &Wishes<'_>,
        today: Option<&'o Open>,
        late: &'o [Open],
    ) -> Result<Days<'o>, Failure> {
        let late_amount: Money = late.iter().map(|open| open.amount).sum();
        // What earlier days gave was held against their own total.
        let exposure = today.map_or(late_amount, |open| give::exposure(&open.states, late_amount));
        // Where today has nothing to give, an earlier day may be meant alone.
        let today = today.filter(|open| open.gifts > 0 || late.is_empty());
        let all: Vec<&Open> = late.iter().chain(today).collect();
        refuse_beyond(wishes.max_total, exposure)?;
        let open =
            (all.iter().map(|open| open.gifts).sum(), all.iter().map(|open| open.amount).sum());
        let campaigns: Vec<i64> = all.iter().map(|open| open.campaign.id).collect();
        let sender = Sender { campaigns: &campaigns, reopened: None };
        let limit = wishes.limits.levers.limit;
        let (gifts, amount) = bound(context, glance, sender, limit, open).await?;
        for open in all.iter().filter(|open| open.gifts > 0) {
            refuse_other_plan(wishes.confirm, &open.campaign.plan_id())?;
        }
        Ok(Days { all, gifts, amount, is_limited: gifts < open.0, exposure })
    }
}

/// Passes where all that will be sent was confirmed.
pub(super) async fn confirm_all(
    context: &Context,
    ledger: &Ledger,
    wishes: &Wishes<'_>,
    today: Option<&Open>,
    late: &[Open],
) -> Result<(), Failure> {
    let mut glance = ledger.glance().await?;
    let days = Days::of(context, &mut glance, wishes, today, late).await?;
    let names: Vec<&str> = days.all.iter().map(|open| open.campaign.name.as_str()).collect();
    let plan = days.all.last().map(|open| open.campaign.plan_id()).unwrap_or_default();
    let question = Question {
        campaign: &names.join(", "),
        plan: &plan,
        what: "will be sent now",
        gifts: days.gifts,
        amount: days.amount,
        is_limited: days.is_limited,
        exposure: days.exposure,
        max_total: wishes.max_total,
    };
    confirm(context, wishes.confirm, &question)
}

/// Gives one campaign after the other under one limit, and says how each ended: an interrupt, or keys that
/// are rejected, are the end of all.
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
    let mut limits = wishes.limits.clone();
    for open in all {
        if open.gifts > 0 && limits.levers.limit == Some(0) {
            tell_left(context, open, "past --limit");
            exits.push(Exit::Stopped);
            continue;
        }
        let wishes = Wishes { limits: &limits, ..*wishes };
        let session = match first.take() {
            Some(session) => session,
            None => context.session().await?,
        };
        let campaign = (&open.campaign, &open.states);
        let given =
            give::give(context, session, client.clone(), campaign, &wishes, reconcile, None)
                .await?;
        exits.push(given.exit);
        limits.levers.limit = given.left;
        if matches!(given.exit, Exit::Interrupted | Exit::Terminated | Exit::CredentialsRejected) {
            break;
        }
    }
    if let Some(session) = first {
        session.close().await;
    }
    Ok(exits)
}
