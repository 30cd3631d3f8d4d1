//! Confirmation: nothing is sent before a person, or a limit that a person set, has said so.

use std::io::{self, BufRead, IsTerminal, Write};

use super::commands::ConfirmArgs;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::logs;
use crate::domain::{Money, number_of};
use crate::plan::Limits;
use crate::report;

/// What is to be confirmed.
#[derive(Clone, Debug)]
pub(super) struct Question<'q> {
    pub(super) campaign: &'q str,
    /// The plan's id.
    pub(super) plan: &'q str,
    /// What will be done with the gifts, after `…` gifts.
    pub(super) what: &'static str,
    /// Gifts with which that may be done now.
    pub(super) gifts: u64,
    /// Their money: what a person types.
    pub(super) amount: Money,
    /// Whether `--limit` holds some of the campaign back: then both are what may be sent at most.
    pub(super) is_limited: bool,
    /// What `--max-total` is held against: all that the campaign gives at most, whenever it gave it, or all that
    /// is taken back.
    pub(super) exposure: Money,
    pub(super) max_total: Option<Money>,
}

/// Passes where it was confirmed; fails with code 7 otherwise, and nothing was sent.
pub(super) fn confirm(
    context: &Context,
    args: &ConfirmArgs,
    question: &Question<'_>,
) -> Result<(), Failure> {
    refuse_beyond(question.max_total, question.exposure)?;
    if question.gifts == 0 {
        return Ok(());
    }
    refuse_other_plan(args, question.plan)?;
    match (&args.confirm, args.yes) {
        (Some(_), _) => Ok(()),
        (None, true) if question.max_total.is_some() => Ok(()),
        (None, true) => Err(Failure::new(Exit::NotConfirmed, "--yes needs --max-total")
            .hint("say how much it may be at most, as --max-total 12500")),
        (None, false) if can_ask(context) => ask(question),
        (None, false) => {
            Err(Failure::new(Exit::NotConfirmed, "nobody confirmed the plan").hint(format!(
                "look at the totals, then say --confirm {}, or --yes with --max-total",
                question.plan
            )))
        }
    }
}

/// Passes where no more than `max_total` will have been given at most.
pub(super) fn refuse_beyond(max_total: Option<Money>, exposure: Money) -> Result<(), Failure> {
    let limits = Limits { max_total, ..Limits::default() };
    limits.check_total(exposure).map_or(Ok(()), |breach| {
        Err(Failure::new(Exit::NotConfirmed, breach.to_string())
            .hint("nothing was sent; check the campaign, or raise --max-total"))
    })
}

/// Passes where no other plan is confirmed than this one.
pub(super) fn refuse_other_plan(args: &ConfirmArgs, plan: &str) -> Result<(), Failure> {
    match &args.confirm {
        Some(id) if id.trim() != plan => {
            Err(Failure::new(Exit::NotConfirmed, format!("{id:?} is not this plan: it is {plan}"))
                .hint("look at the totals again: the rows are not those that were confirmed"))
        }
        _ => Ok(()),
    }
}

/// Whether somebody is there who can be asked.
pub(super) fn can_ask(context: &Context) -> bool {
    !context.out.args.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn ask(question: &Question<'_>) -> Result<(), Failure> {
    let Question { campaign, gifts, amount, what, .. } = question;
    let most = if question.is_limited { "at most " } else { "" };
    logs::flush();
    let mut screen = anstream::stderr().lock();
    let amount_shown = report::money(*amount);
    let begin = if question.is_limited { "At most " } else { "" };
    writeln!(
        screen,
        "\n{begin}{} of {campaign:?} {what}, {most}{amount_shown} in all.",
        number_of(*gifts, "gift")
    )?;
    if question.exposure != *amount {
        let exposure = report::money(question.exposure);
        writeln!(
            screen,
            "With what it gave before, the campaign gives {exposure} in all, at most."
        )?;
    }
    write!(screen, "Type the total to confirm: ")?;
    screen.flush()?;
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed)?;
    // As it was shown, or as people write it.
    if typed.trim() == report::money(*amount) || read_total(&typed) == Some(*amount) {
        return Ok(());
    }
    Err(Failure::new(Exit::NotConfirmed, format!("{:?} is not the total", typed.trim()))
        .hint("nothing was sent"))
}

/// The total as people type it: `1250.50` or `1250,50`.
fn read_total(typed: &str) -> Option<Money> {
    let plain: String = typed.trim().chars().filter(|char| !char.is_whitespace()).collect();
    plain.parse().ok().or_else(|| match plain.split_once(',') {
        Some((whole, cents)) if !cents.contains(',') && cents.len() <= 2 => {
            format!("{whole}.{cents}").parse().ok()
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_read_as_people_type_it_and_never_guessed() {
        // Goal: the right total passes, a near miss does not. Method: spellings with their value.
        let money = |minor| Some(Money::from_minor(minor));
        assert_eq!(read_total("1250.50\n"), money(125_050));
        assert_eq!(read_total(" 1250,50 "), money(125_050));
        assert_eq!(read_total("1250"), money(125_000));
        assert_eq!(read_total("1,250.50"), None);
        assert_eq!(read_total("1,250"), None);
        assert_eq!(read_total("1.250,50"), None);
        assert_eq!(read_total("yes"), None);
        assert_eq!(read_total(""), None);
    }
}
