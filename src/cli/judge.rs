//! Whether a file may be stored: its rows first, then what a person said about it, then what it is
//! measured by without being asked.
//!
//! It stands apart because each refusal here is cheap, and what it holds back is not.
//!
//! **Invariant:** what a person said (control totals and limits) holds for the whole file, whatever of it
//! the ledger has already; but the total of a command that gives is for all that its campaign gives. What was not said is held against new rows alone: a load that adds nothing was
//! allowed once, and the same command again is always right.

use super::commands::{FileArgs, OnInvalid};
use super::context::Context;
use super::corrected;
use super::earlier::{Earlier, Effect};
use super::exit::Exit;
use super::failure::Failure;
use super::preview::Before;
use super::reading::{Reading, Validity};
use super::seen::Seen;
use crate::domain::{GiftContent, Money, number_of};
use crate::intake::{ReadOptions, Survey};
use crate::ledger::{AddedRow, EarlierRow, Load, LoadTotals};
use crate::plan::{Breach, Limits, Standing, Totals};
use crate::report::shell_word;

/// The same content under another name is suspicious for this long.
pub(super) const SAME_CONTENT_DAYS: i64 = 30;

/// What a file is held against.
#[derive(Debug)]
pub(super) struct Measure<'a> {
    pub(super) args: &'a FileArgs,
    pub(super) max_total: Option<Money>,
    /// What the campaign has given at most before the load, where the limit is for all that it gives; else it is for the
    /// file.
    pub(super) exposed: Option<Money>,
    pub(super) before: Before,
    /// The largest campaign of the series.
    pub(super) largest_of_series: Option<(&'a str, Money)>,
    pub(super) options: &'a ReadOptions,
    pub(super) validity: Validity,
    pub(super) earlier: Earlier,
    /// A person will be asked about rows that look like corrected ones.
    pub(super) asks: bool,
}

/// Passes where the file may be stored.
pub(super) async fn judge(
    context: &Context,
    measure: &Measure<'_>,
    survey: &Survey,
    seen: &Seen,
    totals: &LoadTotals,
    load: &mut Load<'_>,
) -> Result<Reading, Failure> {
    judge_rows(context, measure.args, survey, seen, load).await?;
    let reading = judge_reading(measure, survey, seen, totals, load)?;
    let of_file = measure.max_total.filter(|_| measure.exposed.is_none());
    let mut refusal = Refusal::of_limits(measure.args, of_file, &seen.totals);
    if let Some(exposed) = measure.exposed {
        let limits = Limits { max_total: measure.max_total, ..Limits::default() };
        refusal.add_all(limits.check_total(exposed + totals.added_amount), "correct the limit");
    }
    // Sums that went beyond counting would fail as sums of the ledger too.
    if let Some(limit) = measure.args.max_per_wallet.filter(|_| !seen.totals.is_beyond_counting) {
        let wallets = load.wallets_beyond(limit).await?;
        let breach = (wallets.count > 0).then_some(Breach::Wallets { limit, wallets });
        refusal.add_all(breach, "correct the limit");
    }
    if totals.added > 0 {
        judge_news(measure, survey, seen, totals, load, &mut refusal).await?;
    }
    refusal.into_result().map(|()| reading)
}

/// Passes where rows that add up to this are what a person said of them.
pub(super) fn limits(
    args: &FileArgs,
    max_total: Option<Money>,
    totals: &Totals,
) -> Result<(), Failure> {
    Refusal::of_limits(args, max_total, totals).into_result()
}

/// Faults and repeated rows are the file's own.
async fn judge_rows(
    context: &Context,
    args: &FileArgs,
    survey: &Survey,
    seen: &Seen,
    load: &mut Load<'_>,
) -> Result<(), Failure> {
    let (faults, counts) = seen.faults_json(args.allow_duplicates);
    context.told.of_file(faults, counts);
    if !seen.faults.is_empty() {
        context.out.complain(&seen.faults.to_string());
    }
    if seen.kept > 0 {
        let rows = number_of(seen.kept, "row");
        context.out.complain(&format!(
            "warning: not left out: {rows} of faulty wallets or customers, whose gifts the ledger has already"
        ));
    }
    // Of customers, mostly none has a birthday; but some row must be good.
    let has_good = match &seen.customers {
        Some(_) => seen.rejected < survey.rows,
        None => seen.totals.rows > 0,
    };
    if args.on_invalid == OnInvalid::Skip && !has_good {
        let message = "no row of the file is good; nothing was stored or sent";
        return Err(Failure::new(Exit::FileRefused, message).hint("mend the file itself"));
    }
    if !seen.faults.is_empty() && args.on_invalid == OnInvalid::Stop {
        if seen.unlooked > 0 && seen.unlooked == seen.rejected {
            return Err(unlooked(seen.unlooked, load));
        }
        let faults = number_of(seen.faults.count(), "fault");
        let message = format!("the file has {faults}; nothing was stored or sent");
        let failure = Failure::new(Exit::FileRefused, message);
        let again = match (args.preflight.preflight, args.holding.require_holding.is_some()) {
            (true, false) => "once a wallet is mended, --preflight-max-age 0s asks again",
            (false, true) => "--holding-max-age 0s asks again",
            (true, true) => "--preflight-max-age 0s and --holding-max-age 0s ask again",
            (false, false) => return Err(failure),
        };
        let hint = format!("{again}; --on-invalid skip --rejects FILE leaves these rows out");
        return Err(failure.hint(hint));
    }
    if seen.identical.count > 0 && !args.allow_duplicates {
        let word = survey.dialect.line_word();
        for row in &seen.identical.named {
            context.out.complain(&same_row(row, load.earlier_row(row).await?, word));
        }
        let rows = if seen.identical.count == 1 { "row repeats" } else { "rows repeat" };
        let message = format!("{} {rows} an earlier one; nothing was stored", seen.identical.count);
        return Err(Failure::new(Exit::FileRefused, message)
            .hint("if each is meant as a gift of its own, say --allow-duplicates"));
    }
    Ok(())
}

/// The file is right, and the ledger has to look first.
fn unlooked(rows: u64, load: &Load<'_>) -> Failure {
    let come = if rows == 1 { "1 row comes" } else { &format!("{rows} rows come") };
    let message = format!(
        "{come} from refused gifts, and nobody has looked yet whether those are in their wallets all the same; \
         nothing was stored or sent"
    );
    let looks: Vec<String> =
        load.unlooked().map(|name| format!("giftbatch reconcile {}", shell_word(name))).collect();
    Failure::new(Exit::NotConfirmed, message)
        .hint(format!("{}, then the same command again", looks.join(" && ")))
}

/// What a campaign's rows mean is told by its first load. Comes back with what is kept of how this one reads.
fn judge_reading(
    measure: &Measure<'_>,
    survey: &Survey,
    seen: &Seen,
    totals: &LoadTotals,
    load: &Load<'_>,
) -> Result<Reading, Failure> {
    let reading = Reading::of(survey, measure.options, seen.used, &measure.validity);
    let effect = Effect { rows: survey.rows, added: totals.added, changed: seen.changed.count };
    measure.earlier.check(load.name(), &reading, effect)?;
    Ok(measure.earlier.to_keep(&reading, effect))
}

/// `line 4 is the same as line 2: …`
fn same_row(row: &AddedRow, earlier: Option<EarlierRow>, word: &str) -> String {
    let AddedRow { line, content, .. } = row;
    let GiftContent { wallet, amount, expiry, description } = content;
    let (earlier, but) = match earlier {
        None => ("an earlier row".to_owned(), ""),
        Some(earlier) if earlier.description == *description => {
            (format!("{word} {}", earlier.line), "")
        }
        Some(earlier) => {
            (format!("{word} {}", earlier.line), ", but for what nobody sees in its text")
        }
    };
    format!(
        "{word} {line} is the same as {earlier}{but}: {wallet}, {amount}, {expiry}, {description:?}"
    )
}

/// What nobody has to ask for.
async fn judge_news(
    measure: &Measure<'_>,
    survey: &Survey,
    seen: &Seen,
    totals: &LoadTotals,
    load: &mut Load<'_>,
    refusal: &mut Refusal,
) -> Result<(), Failure> {
    if !measure.args.allow_outliers {
        let advice = "mend the unit or the decimal mark, or, if it is meant, say --allow-outliers";
        let standing = match measure.before {
            Before::Unknown => Standing::of_file(&seen.totals),
            Before::Loaded => load.standing().await?,
        };
        if let (Some(limit), Some(median), Some(column)) =
            (standing.outlier_limit(&seen.totals), standing.median, survey.columns.amount)
        {
            let rows = load.outliers(limit, column).await?;
            let breach = (rows.count > 0).then_some(Breach::Outliers { median, rows });
            refusal.add_all(breach, advice);
        }
        refusal.add_all(standing.check_series(measure.largest_of_series), advice);
    }
    if seen.corrected.count > 0 && !measure.args.allow_corrected && !measure.asks {
        let word = survey.dialect.line_word();
        refusal.add(corrected::refusal(&seen.corrected, word), corrected::ADVICE);
    }
    if measure.args.allow_same_content {
        return Ok(());
    }
    if totals.again > 0 {
        let come =
            if totals.again == 1 { "1 row comes" } else { &format!("{} rows come", totals.again) };
        let names = load.again_as().collect::<Vec<_>>().join(", ");
        refusal.add(
            format!("{come} from gifts that were given, or will be, as: {names}"),
            "if they are to be given once more, say --allow-same-content",
        );
    } else if !totals.same_content_as.is_empty() {
        let names = totals.same_content_as.join(", ");
        refusal.add(
            format!("the very same gifts were sent within {SAME_CONTENT_DAYS} days as: {names}"),
            "if they are to be given once more, say --allow-same-content",
        );
    }
    Ok(())
}

/// Everything that stands in the way, and what helps.
#[derive(Debug, Default)]
struct Refusal {
    messages: Vec<String>,
    advice: Vec<&'static str>,
}

impl Refusal {
    fn of_limits(args: &FileArgs, max_total: Option<Money>, totals: &Totals) -> Refusal {
        let limits = Limits {
            expect_rows: args.expect_rows,
            expect_total: args.expect_total,
            max_gift: args.max_gift,
            max_total,
        };
        let mut refusal = Refusal::default();
        refusal.add_all(limits.check(totals), "correct the limit");
        refusal
    }

    fn add_all(&mut self, breaches: impl IntoIterator<Item = Breach>, advice: &'static str) {
        for breach in breaches {
            self.add(breach.to_string(), advice);
        }
    }

    fn add(&mut self, message: String, advice: &'static str) {
        self.messages.push(message);
        if !self.advice.contains(&advice) {
            self.advice.push(advice);
        }
    }

    fn into_result(mut self) -> Result<(), Failure> {
        let message = match self.messages.len() {
            0 => return Ok(()),
            1 => self.messages.remove(0),
            several => {
                format!(
                    "the file is refused for {several} reasons:\n  {}",
                    self.messages.join("\n  ")
                )
            }
        };
        let hint = format!("{}; nothing was stored or sent", self.advice.join("; "));
        Err(Failure::new(Exit::NotConfirmed, message).hint(format!("check the file: {hint}")))
    }
}
