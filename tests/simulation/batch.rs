//! Many seeds at once, and what they add up to.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::faults::Fault;
use crate::plot::Plot;
use crate::story::{Shelf, Story, tell};

/// What many stories add up to.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    stories: u64,
    runs: u64,
    issued: u64,
    refused: u64,
    cancelled: u64,
    revoked: u64,
    recovered: u64,
    pub(crate) duplicated: u64,
    pub(crate) lost: u64,
    misreported: u64,
    pub(crate) seen: BTreeMap<Fault, u64>,
    held_for_cause: u64,
    open_for_cause: u64,
    held: Reasons,
    unfinished: Reasons,
    false_alarms: Reasons,
    /// Stories that broke the promise, in the auditor's words.
    broken: Vec<String>,
    /// By the worlds' time, microseconds.
    lasted: i64,
    took: Duration,
}

/// How often each reason was given, and the first seeds that did.
type Reasons = BTreeMap<String, (u64, Vec<u64>)>;

/// Seeds that are named for each reason.
const NAMED: usize = 4;

/// A number from the environment.
pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

impl Batch {
    /// Tells so many stories, on as many threads as the machine has.
    pub(crate) fn tell(first: u64, count: u64, plot: Plot) -> Batch {
        let started = Instant::now();
        let next = AtomicU64::new(first);
        let batch = Mutex::new(Batch::default());
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let shelf = Shelf::new();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= first + count {
                            return;
                        }
                        let story = tell(&shelf, seed, plot, false);
                        batch.lock().expect("no story panics here").add(&story);
                    }
                });
            }
        });
        let mut batch = batch.into_inner().expect("no story panics here");
        batch.took = started.elapsed();
        batch
    }

    fn add(&mut self, story: &Story) {
        let judgement = &story.judgement;
        self.stories += 1;
        self.runs += story.runs;
        self.issued += judgement.issued;
        self.refused += judgement.refused;
        self.cancelled += judgement.cancelled;
        self.revoked += judgement.revoked;
        self.recovered += judgement.recovered;
        self.duplicated += judgement.duplicated.len() as u64;
        self.lost += judgement.lost.len() as u64;
        self.misreported += judgement.misreported.len() as u64;
        self.lasted += story.lasted;
        self.held_for_cause += judgement.held_for_cause;
        self.open_for_cause += judgement.open_for_cause;
        for (fault, times) in &story.seen {
            *self.seen.entry(*fault).or_default() += times;
        }
        for (words, counts) in [
            (&judgement.held, &mut self.held),
            (&judgement.unfinished, &mut self.unfinished),
            (&judgement.false_alarms, &mut self.false_alarms),
        ] {
            for word in words {
                let (times, seeds) = counts.entry(plain(word)).or_default();
                *times += 1;
                if seeds.len() < NAMED && !seeds.contains(&story.seed) {
                    seeds.push(story.seed);
                }
            }
        }
        if !judgement.is_kept() {
            self.broken.push(format!(
                "seed {}: lost {:?}, duplicated {:?}, unexpected {:?}, misreported {:?}; {:?}, seen {:?}",
                story.seed,
                judgement.lost,
                judgement.duplicated,
                judgement.unexpected,
                judgement.misreported,
                story.terms.manners.kinds,
                story.seen
            ));
        }
    }

    /// Fails with every story that broke the promise, and how to see it again.
    pub(crate) fn assert_kept(&self) {
        assert!(
            self.broken.is_empty(),
            "the promise was broken; see how with\n  GIFTBATCH_SEED=N cargo test --test simulation -- \
             --ignored replay --nocapture\n{}",
            self.broken.join("\n")
        );
        assert!(self.recovered > 0, "no doubt was ever settled: this proves nothing");
        for (name, counts) in [("unfinished", &self.unfinished), ("wrong", &self.false_alarms)] {
            assert!(counts.is_empty(), "for no cause of the world's, gifts are {name}: {counts:?}");
        }
        assert!(self.cancelled > 0, "nobody cancelled anything: this proves little");
        let held: u64 = self.held.values().map(|(times, _)| times).sum();
        assert!(held * 500 <= self.issued, "too many were left to a person: {:?}", self.held);
    }
}

/// A reason without ids and numbers, so that equal reasons are counted together.
fn plain(words: &str) -> String {
    let is_id = |word: &&str| !word.chars().any(|char| char.is_ascii_digit());
    words.split(' ').filter(is_id).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Batch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = self.took.as_millis().max(1);
        writeln!(
            out,
            "{} stories, {} runs in {took} ms; {} times real time",
            self.stories,
            self.runs,
            u128::from(self.lasted.unsigned_abs()) / 1_000 / took
        )?;
        writeln!(
            out,
            "issued {}, refused {}, cancelled {}, revoked {}, recovered {}; duplicated {}, lost {}, misreported {}, \
             broken stories {}",
            self.issued,
            self.refused,
            self.cancelled,
            self.revoked,
            self.recovered,
            self.duplicated,
            self.lost,
            self.misreported,
            self.broken.len()
        )?;
        writeln!(
            out,
            "for cause: held {}, still open {}",
            self.held_for_cause, self.open_for_cause
        )?;
        for (name, counts) in [
            ("held", &self.held),
            ("unfinished", &self.unfinished),
            ("false alarms", &self.false_alarms),
        ] {
            let total: u64 = counts.values().map(|(times, _)| times).sum();
            writeln!(out, "for no cause: {name} {total}")?;
            for (word, (times, seeds)) in counts {
                writeln!(out, "    {times} {word} (seeds {seeds:?} …)")?;
            }
        }
        writeln!(out, "faults: {:?}", self.seen)
    }
}
