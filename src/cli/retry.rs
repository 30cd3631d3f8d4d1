//! `retry`: refused gifts are opened again, by class, and issued.
//!
//! **Invariant:** nothing is reopened before it was shown and confirmed, and no gift but a refused one is.

use super::caps::bound;
use super::commands::RetryArgs;
use super::confirm::{Question, confirm};
use super::context::{self, Context, Session};
use super::dry_run;
use super::ended::{self, PROVIDER};
use super::exit::{Exit, Signal};
use super::failure::Failure;
use super::finish::{self, Besides};
use super::give::{Wishes, client, exposure, give, pace, to_send};
use super::recheck::look_for_refused;
use super::recollect::recollect_to_give;
use super::signals::Signals;
use super::standing;
use crate::crash::{self, Step};
use crate::domain::{Event, GiftState, Money};
use crate::drive::Ended;
use crate::ledger::{Campaign, Outcome, RefusalTally, Sender, Standing};
use crate::provider::REFUSAL_CLASSES;
use crate::report::{self, States, Summary, clean, count};

/// Gifts that are reopened with one commit.
const REOPENED_AT_ONCE: usize = 1_000;

/// The class of what a person resolved as refused: reopened only where it is named.
pub(super) const RESOLVED: &str = "resolved";

/// The class of what expired before it was sent.
const EXPIRED: &str = "expired";

/// `giftbatch retry`.
pub(super) async fn retry(context: &Context, args: &RetryArgs) -> Result<Exit, Failure> {
    if args.issue.limits.levers.dry_run {
        return dry_run::retry(context, args).await;
    }
    let client = client(context)?;
    let session = context.session().await?;
    let campaign = context::campaign(&session.ledger, &args.issue.campaign).await?;
    let standing = session.ledger.standing(campaign.id).await?;
    if standing != Standing::Open {
        return standing::refuse(context, session, &campaign, &standing).await;
    }
    let mut session =
        recollect_to_give(context, session, &client, &campaign, &args.issue.limits).await?;
    let refusals = session.ledger.refusals(campaign.id).await?;
    let selection = Selection::of(&refusals, &args.class)?;
    let states = States::read_still(&session.ledger, &campaign).await?;
    let (open, open_amount) = to_send(&states);
    context.out.note(&selection.text(&refusals, open, open_amount));
    let wishes = Wishes::of(&args.issue);
    let mut reopened = (0, Money::ZERO);
    let limit = wishes.limits.levers.limit;
    // What a limit keeps from being sent now is not reopened: nobody has confirmed it for later.
    let most = limit.map_or(u64::MAX, |limit| limit.saturating_sub(open));
    if let Some(classes) = selection.reopened() {
        let signals = Signals::listen(context.out)?;
        let asked = (classes, selection.gifts);
        let how = (pace(context), &signals);
        let (back, _, ended) =
            look_for_refused(context, session, &client, &campaign, asked, how).await?;
        session = back;
        if let Some(ended) = ended {
            return stopped(context, session, &campaign, &ended, signals.first()).await;
        }
        let mut batch = session.writer.begin().await?;
        reopened = batch.may_be_reopened(campaign.id, classes, most).await?;
        batch.rollback().await?;
    }
    // What was found in its wallet counts as given now.
    let states = States::read_still(&session.ledger, &campaign).await?;
    let all = (open + reopened.0, open_amount + reopened.1);
    // What the limit or the look leaves refused counts for nothing.
    let of_classes = selection.reopened().filter(|_| reopened.0 > 0);
    let sender = Sender { campaigns: &[campaign.id], reopened: of_classes };
    let (gifts, amount) =
        bound(context, &mut session.ledger.glance().await?, sender, limit, all).await?;
    let question = Question {
        campaign: &campaign.name,
        plan: &campaign.plan_id(),
        what: "will be sent now",
        gifts,
        amount,
        is_limited: limit.is_some_and(|limit| limit < open + selection.gifts),
        exposure: exposure(&states, reopened.1),
        max_total: wishes.max_total,
    };
    confirm(context, wishes.confirm, &question)?;
    if !selection.classes.is_empty() {
        reopen(context, &mut session, &campaign, &selection.classes, most).await?;
    }
    let states = States::read_still(&session.ledger, &campaign).await?;
    let reconcile = !args.no_reconcile;
    let given =
        give(context, session, client, (&campaign, &states), &wishes, reconcile, None).await?;
    Ok(given.exit)
}

/// Ends a retry whose look for refused gifts has ended early: nothing is reopened.
async fn stopped(
    context: &Context,
    session: Session,
    campaign: &Campaign,
    ended: &Ended,
    signal: Option<Signal>,
) -> Result<Exit, Failure> {
    let summary = Summary::read_still(&session.ledger, campaign).await?;
    let (exit, why) = (ended::exit(ended, signal), ended::why(ended, PROVIDER));
    why.tell(context.out);
    let besides = Besides { why: Some(why), ..Besides::default() };
    finish::tell_with(context, &summary, exit, besides);
    session.close().await;
    Ok(exit)
}

/// What is to be reopened.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection {
    classes: Vec<String>,
    pub(super) gifts: u64,
    pub(super) amount: Money,
}

impl Selection {
    /// Of these refusals, those of the classes that were asked for; all but a person's own where none was.
    pub(super) fn of(refusals: &[RefusalTally], asked: &[String]) -> Result<Selection, Failure> {
        let is_there = |class: &str| refusals.iter().any(|each| each.class == class);
        let is_known =
            |class: &str| REFUSAL_CLASSES.contains(&class) || [EXPIRED, RESOLVED].contains(&class);
        if let Some(odd) = asked.iter().find(|class| !is_known(class) && !is_there(class)) {
            let there: Vec<&str> = refusals.iter().map(|each| each.class.as_str()).collect();
            let failure = Failure::usage(format!("no refusal is of a class {odd:?}"));
            return Err(failure.hint(if there.is_empty() {
                "no gift of this campaign is refused".to_owned()
            } else {
                format!("this campaign's refusals are of: {}", there.join(", "))
            }));
        }
        let is_asked = |class: &String| match asked {
            [] => class != RESOLVED,
            asked => asked.contains(class),
        };
        let mut selection =
            Selection { classes: Vec::new(), gifts: 0, amount: Money::from_minor(0) };
        for each in refusals.iter().filter(|each| is_asked(&each.class)) {
            selection.classes.push(each.class.clone());
            selection.gifts += each.gifts - each.there;
            selection.amount += each.amount - each.there_amount;
        }
        Ok(selection)
    }

    /// The classes, where there are any to reopen.
    pub(super) fn reopened(&self) -> Option<&[String]> {
        (!self.classes.is_empty()).then_some(&self.classes)
    }

    /// All refusals by class, and what becomes of each; and what is open beside them, which is sent too.
    fn text(&self, refusals: &[RefusalTally], open: u64, open_amount: Money) -> String {
        let beside = match open {
            0 => String::new(),
            open => {
                let (gifts, amount) = (count(open), report::money(open_amount));
                format!("\n  {:<14} {gifts:>9} {amount:>16}  sent too", "not given yet")
            }
        };
        if refusals.is_empty() {
            return format!("no gift of this campaign is refused: nothing to retry{beside}");
        }
        let mut text =
            format!("  {:<14} {:>9} {:>16}  {}\n", "refused", "gifts", "amount", "again?");
        for each in refusals {
            let (class, gifts) = (clean(&each.class), count(each.gifts));
            let amount = report::money(each.amount);
            let fate = self.fate(each);
            text += &format!("  {class:<14} {gifts:>9} {amount:>16}  {fate}\n");
        }
        let (gifts, amount) = (count(self.gifts), report::money(self.amount));
        text + &format!("  {:<14} {gifts:>9} {amount:>16}{beside}", "to retry")
    }

    fn fate(&self, refusal: &RefusalTally) -> String {
        if !self.classes.contains(&refusal.class) {
            return match refusal.class.as_str() {
                RESOLVED => "no: a person decided so (--class resolved would)".to_owned(),
                _ => "no".to_owned(),
            };
        }
        let mut fate = "yes".to_owned();
        if refusal.there > 0 {
            fate += &format!(
                ", but for {} that a reconcile found in their wallets: not sent again",
                count(refusal.there)
            );
        }
        if let Some(warning) = warning(&refusal.class) {
            fate += &format!("; warning: {warning}");
        }
        fate
    }
}

/// Why refusals of a class will hardly become gifts by being sent again.
fn warning(class: &str) -> Option<&'static str> {
    Some(match class {
        "not_found" => "usually permanent: the provider knows no such wallet",
        "gone" => "usually permanent: the wallet is no more",
        "invalid" | "too_large" | "unsupported" => {
            "usually permanent: the provider does not take such a request"
        }
        EXPIRED => "their expiry has passed: they are refused again, unsent",
        RESOLVED => "a person decided that these are not to be given",
        _ => return None,
    })
}

async fn reopen(
    context: &Context,
    session: &mut Session,
    campaign: &Campaign,
    classes: &[String],
    most: u64,
) -> Result<(), Failure> {
    let (mut after, mut left) = (0, most);
    loop {
        let mut batch = session.writer.begin().await?;
        let at_once = usize::try_from(left).map_or(REOPENED_AT_ONCE, |it| it.min(REOPENED_AT_ONCE));
        let refused = batch.refused(campaign.id, after, classes, at_once).await?;
        let Some((last, _)) = refused.last().copied() else {
            batch.rollback().await?;
            return Ok(());
        };
        after = last;
        left -= refused.len() as u64;
        let outcome = |(row, attempt)| {
            Outcome::of((row, GiftState::Refused, attempt), Event::Reopened, context.now())
        };
        let outcomes: Vec<Outcome> = refused.into_iter().map(outcome).collect();
        batch.record(None, &outcomes).await?;
        crash::before(Step::Reopening);
        batch.commit().await?;
        crash::after(Step::Reopening);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(class: &str, gifts: u64, there: u64) -> RefusalTally {
        let amount = |gifts: u64| Money::from_minor(gifts as i64 * 1_000);
        RefusalTally {
            class: class.into(),
            gifts,
            amount: amount(gifts),
            there,
            there_amount: amount(there),
        }
    }

    #[test]
    fn what_is_reopened_is_what_was_asked_for() {
        // Goal: no gift is reopened that nobody meant. Method: three classes, one of them a person's own
        // decision and one with a gift that is there; none, some, an absent and an unknown class asked for.
        let all = [refusal("declined", 3, 1), refusal("not_found", 2, 0), refusal(RESOLVED, 4, 0)];
        let of = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|class| (*class).to_owned()).collect();
            Selection::of(&all, &asked).map(|it| (it.classes.join(","), it.gifts, it.amount))
        };
        let money = |lira: i64| Money::from_minor(lira * 100);
        assert_eq!(of(&[]).unwrap(), ("declined,not_found".to_owned(), 4, money(40)));
        assert_eq!(of(&["not_found"]).unwrap(), ("not_found".to_owned(), 2, money(20)));
        assert_eq!(of(&[RESOLVED]).unwrap(), (RESOLVED.to_owned(), 4, money(40)));
        assert_eq!(of(&["gone"]).unwrap(), (String::new(), 0, money(0)));
        let failure = of(&["not_fuond"]).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.hint.unwrap().contains("declined, not_found, resolved"));
    }

    #[test]
    fn a_person_sees_rows_money_and_warnings_first() {
        // Goal: what is retried in vain is known before. Method: the table of four classes.
        let all = [
            refusal("declined", 3, 1),
            refusal(EXPIRED, 1, 0),
            refusal("not_found", 2_000, 0),
            refusal(RESOLVED, 4, 0),
        ];
        let selection = Selection::of(&all, &[]).unwrap();
        let text = selection.text(&all, 4, Money::from_minor(5_050));
        assert!(text.ends_with("50.50  sent too"), "{text}");
        let line = |class: &str| text.lines().find(|line| line.contains(class)).unwrap();
        assert!(line("declined").ends_with(
            "30.00  yes, but for 1 that a reconcile found in their wallets: not sent again"
        ));
        assert!(line("not_found").contains("warning: usually permanent"), "{text}");
        assert!(line("expired").contains("refused again"), "{text}");
        assert!(line("resolved").contains("no: a person decided so"), "{text}");
        assert!(line("to retry").contains(&report::money(Money::from_minor(2_003_000))), "{text}");
        assert!(
            Selection::of(&[], &[]).unwrap().text(&[], 0, Money::ZERO).contains("nothing to retry")
        );
    }
}
