//! What happened in each stretch of a campaign, where nobody answered, and the table of it.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::axis::Piece;
use super::facts::{ANSWERS, Facts, GIVEN, REFUSED};
use super::form::Form;

/// What happened in one column, or in a stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) given: u64,
    pub(super) refused: u64,
    pub(super) lost: u64,
    /// The provider said something that could be used.
    answers: u64,
    /// A request came to nothing.
    failed: u64,
}

impl Sums {
    pub(super) fn most(self) -> u64 {
        self.given + self.refused + self.lost
    }

    fn add(&mut self, other: Sums) {
        self.given += other.given;
        self.refused += other.refused;
        self.lost += other.lost;
        self.answers += other.answers;
        self.failed += other.failed;
    }
}

/// Sums by column.
pub(super) fn columns(facts: &Facts) -> BTreeMap<i64, Sums> {
    let mut columns: BTreeMap<i64, Sums> = BTreeMap::new();
    for event in &facts.happened {
        let sums = columns.entry(event.place).or_default();
        let word = event.word.as_str();
        if GIVEN.contains(&word) {
            sums.given += event.events;
        }
        if REFUSED.contains(&word) {
            sums.refused += event.events;
        }
        if word == "answer_lost" {
            sums.lost += event.events;
        }
        if ANSWERS.contains(&word) {
            sums.answers += event.events;
        }
        if matches!(word, "answer_lost" | "undelivered") {
            sums.failed += event.events;
        }
    }
    columns
}

/// Stretches of at least two columns in which requests failed and none was answered: first and last column.
pub(super) fn outages(piece: &Piece, columns: &BTreeMap<i64, Sums>) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    let answered = columns.range(piece.first..=piece.last).filter(|(_, sums)| sums.answers > 0);
    let mut ends: Vec<i64> = answered.map(|(place, _)| *place).collect();
    ends.push(piece.last + 1);
    let mut from = piece.first;
    for end in ends {
        let silent = from..end;
        let failed: u64 = columns.range(silent.clone()).map(|(_, sums)| sums.failed).sum();
        // Silence after the last answer is only the wait until doubts can be settled, unless requests failed
        // in it more than once.
        let first = columns.range(silent.clone()).find(|(_, sums)| sums.failed > 0);
        let last = columns.range(silent).rfind(|(_, sums)| sums.failed > 0);
        if let (Some((first, _)), Some((last, _))) = (first, last)
            && failed > 1
        {
            let until = if end <= piece.last { end - 1 } else { *last };
            if until > *first {
                found.push((*first, until));
            }
        }
        from = end + 1;
    }
    found
}

/// The sums of an active piece.
fn sums_of(piece: &Piece, columns: &BTreeMap<i64, Sums>) -> Sums {
    let mut all = Sums::default();
    for sums in columns.range(piece.first..=piece.last).map(|(_, sums)| *sums) {
        all.add(sums);
    }
    all
}

/// How long a pause lasted: from the last thing that was done to the next.
pub(super) fn span_of(form: &Form, facts: &Facts, piece: &Piece) -> String {
    let ms = (piece.last - piece.first + 1).saturating_mul(facts.axis.width_ms);
    format!("≈ {}", form.span(ms.unsigned_abs()))
}

/// The stretches in numbers.
pub(super) fn table(form: &Form, facts: &Facts) -> Markup {
    let columns = columns(facts);
    html! {
        table {
            caption class="quiet" { (form.say("The same in numbers", "Aynı bilgi, sayılarla")) }
            thead { tr {
                th scope="col" { (form.say("stretch", "dilim")) }
                th scope="col" class="r" { (form.say("given", "verilen")) }
                th scope="col" class="r" { (form.say("refused", "reddedilen")) }
                th scope="col" class="r" { (form.say("answers lost", "kayıp yanıt")) }
                th scope="col" class="r" { (form.say("given a minute", "dakikada verilen")) }
            } }
            tbody {
                @for piece in &facts.axis.pieces {
                    @if piece.is_pause {
                        tr class="pause-row" {
                            td colspan="5" { (form.say("pause", "ara")) " " (span_of(form, facts, piece)) }
                        }
                    } @else {
                        (stretch(form, facts, piece, &columns))
                    }
                }
            }
        }
    }
}

fn stretch(form: &Form, facts: &Facts, piece: &Piece, columns: &BTreeMap<i64, Sums>) -> Markup {
    let sums = sums_of(piece, columns);
    let (from, to) = (facts.axis.at(piece.first), facts.axis.at(piece.last + 1));
    let ms = (to - from).num_milliseconds().unsigned_abs().max(1);
    html! {
        tr {
            th scope="row" { (form.stretch(from, to)) }
            td class="r" { (form.count(sums.given)) }
            td class="r" { (form.count(sums.refused)) }
            td class="r" { (form.count(sums.lost)) }
            td class="r" { (form.count(sums.given * 60_000 / ms)) }
        }
        @for (first, last) in outages(piece, columns) {
            tr class="outage-row" {
                td colspan="5" {
                    (form.say("no answers", "yanıt alınamadı")) ": "
                    (form.stretch(facts.axis.at(first), facts.axis.at(last + 1)))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silences(columns: &[(i64, u64, u64)], last: i64) -> Vec<(i64, i64)> {
        let sums = |answers, failed| Sums { answers, failed, ..Sums::default() };
        let columns = columns
            .iter()
            .map(|&(place, answers, failed)| (place, sums(answers, failed)))
            .collect();
        let piece = Piece { first: 0, last, is_pause: false, x: 0, width: 1 };
        outages(&piece, &columns)
    }

    #[test]
    fn an_outage_is_where_requests_fail_and_none_is_answered() {
        // Goal: neither a lost answer among others nor the wait for doubts looks like an outage. Method: answers
        // and failures by column.
        assert_eq!(silences(&[(0, 5, 0), (1, 0, 3), (3, 0, 1), (6, 4, 0)], 8), [(1, 5)]);
        assert_eq!(silences(&[(0, 5, 1), (1, 4, 1), (2, 3, 0)], 2), []);
        assert_eq!(silences(&[(0, 5, 0), (1, 0, 1), (2, 3, 0)], 2), []);
        assert_eq!(silences(&[(0, 5, 2), (9, 0, 0)], 9), []);
        assert_eq!(silences(&[(0, 5, 0), (2, 0, 2), (4, 0, 1)], 9), [(2, 4)]);
        assert_eq!(silences(&[(0, 0, 2), (1, 0, 2)], 1), [(0, 1)]);
    }
}
