//! What a file changes about a campaign that was loaded before: shown before it is stored.
//!
//! It stands apart because the ledger never forgets a row: a row that left the file is still given, and
//! a corrected one is given as well. Who thinks otherwise must hear it in time.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::corrected;
use super::failure::Failure;
use super::seen::Seen;
use crate::domain::{GiftContent, GiftState, Money, fold_text};
use crate::ledger::{Corrected, Load, LoadTotals, StateTally};
use crate::plan::Named;
use crate::report::{clean, count, money};

/// What is different.
#[derive(Debug)]
pub(super) struct Difference {
    campaign: String,
    added: Rows,
    /// Refused gifts that mended rows take the place of.
    replaced: Rows,
    left_out: LeftOut,
    changed: Named<Changed>,
    corrected: Named<Corrected>,
}

/// Some rows and their money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rows {
    rows: u64,
    amount: Money,
}

/// Rows that are not in the file any more, by what that means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LeftOut {
    /// They will be sent all the same.
    still_planned: Rows,
    /// Sent, and what came of it is not known.
    undecided: Rows,
    given: Rows,
    /// Refused, cancelled or taken back.
    not_given: Rows,
}

/// A row whose reference the ledger has with another content.
#[derive(Debug)]
struct Changed {
    line: u64,
    reference: String,
    stored: GiftContent,
    state: GiftState,
    file: GiftContent,
}

impl Difference {
    /// Of a file that brings nothing new.
    pub(super) fn none(campaign: &str) -> Difference {
        Difference {
            campaign: campaign.to_owned(),
            added: Rows::default(),
            replaced: Rows::default(),
            left_out: LeftOut::default(),
            changed: Named::default(),
            corrected: Named::default(),
        }
    }

    /// Holds a load against what its campaign had before it.
    pub(super) async fn of(
        load: &mut Load<'_>,
        seen: &Seen,
        totals: &LoadTotals,
    ) -> Result<Difference, Failure> {
        let left_out = match totals.left_out {
            0 => LeftOut::default(),
            _ => LeftOut::of(&load.left_out().await?),
        };
        let corrected = seen.corrected.clone();
        let mut changed = Named { named: Vec::new(), count: seen.changed.count };
        for row in &seen.changed.named {
            let reference = row.reference.clone().unwrap_or_default();
            if let Some(stored) = load.loaded_as(&reference).await? {
                changed.named.push(Changed {
                    line: row.line,
                    reference,
                    stored: stored.content,
                    state: stored.state,
                    file: row.content.clone(),
                });
            }
        }
        let added = Rows { rows: totals.added, amount: totals.added_amount };
        let campaign = load.name().to_owned();
        let replaced = Rows { rows: totals.replaced, amount: totals.replaced_amount };
        Ok(Difference { campaign, added, replaced, left_out, changed, corrected })
    }

    /// A few aligned lines.
    pub(super) fn text(&self) -> String {
        let name = clean(&self.campaign);
        if self.added.rows + self.left_out.all().rows + self.changed.count == 0 {
            return format!("  nothing new: {name} has exactly these rows already\n");
        }
        let mut text = format!("  {name} was loaded before; this file makes a difference:\n");
        let mut line = |name: &str, rows: Rows, words: &str| {
            if rows.rows > 0 {
                let (figure, amount) = (count(rows.rows), money(rows.amount));
                let noun = if rows.rows == 1 { "row " } else { "rows" };
                let line = format!("    {name:<15} {figure:>9} {noun} {amount:>15}  {words}");
                let _ = writeln!(text, "{}", line.trim_end());
            }
        };
        line("added", self.added, "");
        line(
            "  mended",
            self.replaced,
            "was refused, and is withdrawn: the mended rows take its place",
        );
        let left_out = self.left_out;
        line("left out", left_out.all(), "not in this file any more, of these:");
        line("  still planned", left_out.still_planned, "THEY WILL STILL BE SENT");
        line("  undecided", left_out.undecided, "sent, what came of it is not known yet");
        line("  given", left_out.given, "given already");
        line("  not given", left_out.not_given, "refused, cancelled or taken back");
        self.write_changed(&mut text);
        self.write_corrected(&mut text);
        text
    }

    fn write_changed(&self, text: &mut String) {
        let rows = rows(self.changed.count);
        if self.changed.count > 0 {
            let _ = writeln!(text, "    changed         {rows}: what was loaded first stays");
        }
        for row in &self.changed.named {
            let (was, is) = (row.stored.amount, row.file.amount);
            let file = match (was == is, other_parts(&row.stored, &row.file)) {
                (false, parts) if parts.is_empty() => format!("the file says {}", money(is)),
                (false, parts) => format!("the file says {}, and another {parts}", money(is)),
                (true, parts) => format!("the file has another {parts}"),
            };
            let reference = clean(&row.reference);
            let stands = stands(row.state);
            let _ = writeln!(
                text,
                "      line {:<8} {reference}  {} stays ({stands}); {file}",
                row.line,
                money(was)
            );
        }
        others(text, self.changed.others());
    }

    fn write_corrected(&self, text: &mut String) {
        let rows = rows(self.corrected.count);
        if self.corrected.count > 0 {
            let _ = writeln!(
                text,
                "    corrected?      {rows} like one that the wallet has: THE WALLET WILL HAVE BOTH"
            );
        }
        for row in &self.corrected.named {
            let _ = writeln!(text, "      {}", corrected::line(row, "line"));
        }
        others(text, self.corrected.others());
    }

    /// The same for programs.
    pub(super) fn json(&self) -> Value {
        let LeftOut { still_planned, undecided, given, not_given } = self.left_out;
        let all = self.left_out.all();
        let changed: Vec<Value> = self.changed.named.iter().map(Changed::json).collect();
        json!({
            "added": self.added.json(),
            "mended": self.replaced.json(),
            "left_out": {
                "rows": all.rows,
                "amount": all.amount.to_string(),
                "still_planned": still_planned.json(),
                "undecided": undecided.json(),
                "given": given.json(),
                "not_given": not_given.json(),
            },
            "changed": { "rows": self.changed.count, "named": changed },
            "corrected": {
                "rows": self.corrected.count,
                "named": self.corrected.named.iter().map(corrected::to_json).collect::<Vec<_>>(),
            },
        })
    }
}

impl Changed {
    fn json(&self) -> Value {
        json!({
            "line": self.line,
            "reference": self.reference,
            "state": self.state.word(),
            "stored": content(&self.stored),
            "file": content(&self.file),
        })
    }
}

impl LeftOut {
    fn of(tallies: &[StateTally]) -> LeftOut {
        let mut left_out = LeftOut::default();
        for tally in tallies {
            let rows = match tally.state {
                GiftState::Planned | GiftState::Deferred => &mut left_out.still_planned,
                GiftState::InFlight | GiftState::InDoubt | GiftState::Held => {
                    &mut left_out.undecided
                }
                GiftState::Issued | GiftState::Revoking => &mut left_out.given,
                GiftState::Refused | GiftState::Cancelled | GiftState::Revoked => {
                    &mut left_out.not_given
                }
            };
            *rows = rows.and(Rows { rows: tally.gifts, amount: tally.amount });
        }
        left_out
    }

    fn all(self) -> Rows {
        self.still_planned.and(self.undecided).and(self.given).and(self.not_given)
    }
}

impl Rows {
    fn and(self, more: Rows) -> Rows {
        Rows { rows: self.rows + more.rows, amount: self.amount + more.amount }
    }

    fn json(self) -> Value {
        json!({ "rows": self.rows, "amount": self.amount.to_string() })
    }
}

/// What a person sees to be different besides the amount.
pub(super) fn other_parts(was: &GiftContent, is: &GiftContent) -> String {
    let parts = [
        (was.wallet != is.wallet, "wallet"),
        (was.expiry != is.expiry, "expiry"),
        (fold_text(&was.description) != fold_text(&is.description), "description"),
    ];
    let words: Vec<&str> = parts.into_iter().filter(|part| part.0).map(|part| part.1).collect();
    words.join(" and ")
}

fn content(content: &GiftContent) -> Value {
    json!({
        "wallet": content.wallet.to_string(),
        "amount": content.amount.to_string(),
        "expires_at": content.expiry.to_string(),
        "description": content.description,
    })
}

/// Where a row stands, in words of this page.
pub(super) fn stands(state: GiftState) -> &'static str {
    match state {
        GiftState::Planned | GiftState::Deferred => "still planned",
        GiftState::InFlight | GiftState::InDoubt | GiftState::Held => "undecided",
        GiftState::Issued | GiftState::Revoking => "given already",
        GiftState::Refused | GiftState::Cancelled | GiftState::Revoked => "not given",
    }
}

fn rows(number: u64) -> String {
    format!("{:>9} {}", count(number), if number == 1 { "row" } else { "rows" })
}

fn others(text: &mut String, others: u64) {
    if others > 0 {
        let _ = writeln!(text, "      and {} more", count(others));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_left_is_told_by_what_will_become_of_it() {
        // Goal: each state is told once, and only what is sent for sure is called planned. Method: one
        // row in each state, with an amount that tells them apart.
        let tally = |(place, state): (usize, GiftState)| StateTally {
            state,
            gifts: 1,
            amount: Money::from_minor(1 << place),
        };
        let tallies: Vec<StateTally> = GiftState::ALL.into_iter().enumerate().map(tally).collect();
        let left_out = LeftOut::of(&tallies);
        assert_eq!(left_out.all(), Rows { rows: 10, amount: Money::from_minor(1_023) });
        let groups = [
            (left_out.still_planned, "still planned"),
            (left_out.undecided, "undecided"),
            (left_out.given, "given already"),
            (left_out.not_given, "not given"),
        ];
        for (rows, words) in groups {
            let of_words = tallies.iter().filter(|tally| stands(tally.state) == words);
            let amount: Money = of_words.map(|tally| tally.amount).sum();
            assert_eq!(rows.amount, amount, "{words}");
            assert!(rows.rows >= 2, "{words}");
        }
        let difference = Difference {
            campaign: "may".to_owned(),
            added: Rows::default(),
            replaced: Rows::default(),
            left_out,
            changed: Named::default(),
            corrected: Named::default(),
        };
        let text = difference.text();
        for line in [
            "    left out               10 rows           10.23  not in this file any more, of these:\n",
            "      undecided             3 rows            0.26  sent, what came of it is not known yet\n",
            "      not given             3 rows            7.04  refused, cancelled or taken back\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert!(!text.contains("added") && !text.contains("changed"), "{text}");
    }
}
