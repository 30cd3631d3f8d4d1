//! Crash points: named places around every durable write and every request, at which a test ends the
//! program as abruptly as `kill -9` does.
//!
//! It stands apart because what lies between two writes is where a promise breaks, and a random kill
//! seldom meets the one place that matters. In a release build none of it is left.
//!
//! **Invariant:** nothing happens here unless [`arm`] was called, and then exactly one thing: the end
//! of the process, without destructors and without flushing.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! steps {
    ($($(#[doc = $doc:literal])+ $step:ident = $name:literal,)+) => {
        /// Something after which a crash must find the world in another, known state.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Step {
            $($(#[doc = $doc])+ $step,)+
        }

        impl Step {
            /// Every step, in the order in which a run comes to them.
            pub const ALL: &'static [Step] = &[$(Step::$step,)+];

            /// The step's name.
            pub const fn name(self) -> &'static str {
                match self { $(Step::$step => $name,)+ }
            }
        }
    };
}

steps! {
    /// A new ledger gets its tables.
    Tables = "tables",
    /// A new ledger gets its identity.
    Identity = "identity",
    /// The commit of a file's rows.
    Load = "load",
    /// The commit of what a preflight heard of wallets.
    Answers = "answers",
    /// The commit that opens refused gifts again.
    Reopening = "reopening",
    /// The commit with which a run begins: its record, and the provider that the ledger is bound to.
    Beginning = "beginning",
    /// The same commit, where it calls what a dead run left in flight orphaned.
    Orphans = "orphans",
    /// The file beside the ledger names the run.
    Naming = "naming",
    /// The commit of intents.
    Intents = "intents",
    /// One POST: before it, and after its answer was read.
    Gift = "gift",
    /// The commit of what came of requests.
    Outcomes = "outcomes",
    /// One read of a list or a gift while gifts are issued: before it, and after its answer was read.
    Look = "look",
    /// The commit of what a look has proved of doubts.
    Doubts = "doubts",
    /// The commit of how a run ended.
    Ending = "ending",
    /// The commit that withdraws gifts of a cancelled campaign.
    Withdrawing = "withdrawing",
    /// The commit with which a reconcile begins.
    ReconcileBeginning = "reconcile_beginning",
    /// One read by a reconcile: before it, and after its answer was read.
    Read = "read",
    /// The commit of what a reconcile has found.
    Findings = "findings",
    /// The commit with which a reconcile ends.
    ReconcileEnding = "reconcile_ending",
    /// The commit of intents to delete gifts, and of what came of others.
    Revoking = "revoking",
    /// One DELETE: before it, and after its answer was read.
    Delete = "delete",
}

/// One side of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Just before it.
    Before(Step),
    /// Just after it.
    After(Step),
}

/// Where to end the process: at which hit of which point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashAt {
    /// The point.
    pub point: Point,
    /// The hit, from 1.
    pub hit: u64,
}

/// What was given names no crash point.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no crash point: STEP.before:HIT or STEP.after:HIT, the first hit being 1")]
pub struct NoSuchPoint(String);

static ARMED: OnceLock<CrashAt> = OnceLock::new();
static HITS: AtomicU64 = AtomicU64::new(0);

/// Ends this process at that hit. Only the first call counts.
pub fn arm(at: CrashAt) {
    let _ = ARMED.set(at);
}

/// The step is about to happen.
pub fn before(step: Step) {
    pass(Point::Before(step));
}

/// The step has happened.
pub fn after(step: Step) {
    pass(Point::After(step));
}

/// Of these steps those are about to happen, as one, that are true.
pub fn before_all(steps: &[(Step, bool)]) {
    for (step, _) in steps.iter().filter(|(_, happens)| *happens) {
        before(*step);
    }
}

/// Of these steps those have happened, as one, that are true.
pub fn after_all(steps: &[(Step, bool)]) {
    for (step, _) in steps.iter().filter(|(_, happened)| *happened) {
        after(*step);
    }
}

fn pass(point: Point) {
    if !cfg!(debug_assertions) {
        return;
    }
    if let Some(armed) = ARMED.get().filter(|armed| armed.point == point)
        && HITS.fetch_add(1, Ordering::Relaxed) + 1 == armed.hit
    {
        std::process::abort();
    }
}

impl Point {
    /// Every point, in the order in which a run comes to them.
    pub fn all() -> impl Iterator<Item = Point> {
        Step::ALL.iter().flat_map(|step| [Point::Before(*step), Point::After(*step)])
    }

    /// The step that it is a side of.
    pub const fn step(self) -> Step {
        match self {
            Point::Before(step) | Point::After(step) => step,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self {
            Point::Before(_) => "before",
            Point::After(_) => "after",
        };
        write!(out, "{}.{side}", self.step().name())
    }
}

impl fmt::Display for CrashAt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.point, self.hit)
    }
}

impl FromStr for CrashAt {
    type Err = NoSuchPoint;

    fn from_str(text: &str) -> Result<CrashAt, NoSuchPoint> {
        let unknown = || NoSuchPoint(text.to_owned());
        let (name, hit) = text.split_once(':').ok_or_else(unknown)?;
        let point = Point::all().find(|point| point.to_string() == name).ok_or_else(unknown)?;
        let hit = hit.parse().ok().filter(|hit| *hit > 0).ok_or_else(unknown)?;
        Ok(CrashAt { point, hit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_read_as_it_is_written() {
        // Goal: what a test asks for is what happens. Method: there and back for each point, and
        // names that are none.
        for point in Point::all() {
            let at = CrashAt { point, hit: 3 };
            assert_eq!(at.to_string().parse(), Ok(at));
        }
        assert_eq!(Point::all().count(), 2 * Step::ALL.len());
        for wrong in ["", "gift", "gift.before", "gift.before:0", "gift.during:1", "gift.after:x"] {
            assert_eq!(wrong.parse::<CrashAt>(), Err(NoSuchPoint(wrong.to_owned())));
        }
    }
}
