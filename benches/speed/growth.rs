//! What a row costs in a large campaign, over what it costs in a small one.
//!
//! Of load and report whole processes are compared, less the time that the command takes on ten rows: that
//! is its start, which does not grow. Of issue and reconcile it is the cost in the middle of a run, over a
//! provider that answers at once: HTTP would only hide what grows.

use std::collections::HashMap;
use std::path::Path;

use super::echo::Echo;
use super::inside::{self, NOWHERE};
use super::life::Life;
use super::line::{Line, Unit};
use super::process::{self, Done};
use super::rounds::{median, number, rounds};
use super::stored;
use super::world::{Copied, World};

/// Rows of a campaign that costs nothing but its start.
const FEW: u64 = 10;

/// Small campaigns for each large one: they take no time.
const SMALL_ROUNDS: usize = 5;

pub(crate) fn measure(world: &mut World) -> Vec<Line> {
    let mut lines = vec![
        by_process(world, "load", load),
        in_the_middle(world, "issue", issue),
        in_the_middle(world, "reconcile", reconcile),
        by_process(world, "report", report),
    ];
    lines.extend(whole_lives(world));
    lines
}

/// A cost of a row in microseconds, large over small.
fn line(world: &World, what: &str, large: Vec<f64>, small: Vec<f64>) -> Line {
    Line {
        claim: "growth",
        what: format!("{what}, a row of {}", world.scale.large),
        unit: Unit::Microseconds,
        ours: large,
        limit: small,
        over: format!("a row of {}", world.scale.small),
        aim: "at most 1.1",
    }
}

/// Whole processes, less their start.
fn by_process(world: &mut World, what: &str, run: fn(&mut World, u64) -> f64) -> Line {
    let scale = world.scale;
    let mut middle =
        |rows: u64, times: usize| median(&(0..times).map(|_| run(world, rows)).collect::<Vec<_>>());
    let (mut large, mut small) = (Vec::new(), Vec::new());
    for _ in 0..scale.slow_rounds {
        let start = middle(FEW, SMALL_ROUNDS);
        let cost = |took: f64, rows: u64| (took - start) * 1e6 / number(rows - FEW);
        small.push(cost(middle(scale.small, SMALL_ROUNDS), scale.small));
        large.push(cost(middle(scale.large, 1), scale.large));
    }
    line(world, &format!("{what}, less its start"), large, small)
}

fn load(world: &mut World, rows: u64) -> f64 {
    let work = world.empty();
    let command = world.load(rows, &work.ledger());
    process::run(&command, work.folder()).expect(0).wall.as_secs_f64()
}

fn report(world: &mut World, rows: u64) -> f64 {
    let ledger = world.loaded(rows).ledger;
    let work = world.empty();
    world.report(&ledger, work.folder()).wall.as_secs_f64()
}

/// What a request costs from the first to the one after which the run is ended.
fn in_the_middle(world: &mut World, what: &str, run: fn(&Path, &str, u64) -> f64) -> Line {
    let half = world.half();
    let small = issued(world);
    let scale = world.scale;
    // Issue takes a campaign of which nothing is sent, reconcile one that is issued.
    let small = if what == "issue" { world.loaded(scale.small).ledger } else { small.ledger() };
    // Each round goes on where the last one was ended: copies of it would keep the disk busy.
    let kept = world.copy(&half.ledger);
    let large = kept.ledger();
    let world = std::cell::RefCell::new(world);
    let per_row = |seconds: f64| seconds * 1e6 / number(scale.marginal);
    let mut in_small = || {
        let copied = world.borrow_mut().copy(&small);
        per_row(run(&copied.ledger(), NOWHERE, scale.marginal))
    };
    let mut in_large = || per_row(run(&large, &half.url, scale.marginal));
    let [large, small] = rounds(scale.rounds, [&mut in_large, &mut in_small]);
    line(world.into_inner(), &format!("{what}, in the middle, without HTTP"), large, small)
}

/// A small campaign that is issued.
fn issued(world: &mut World) -> Copied {
    let loaded = world.loaded(world.scale.small);
    let copied = world.copy(&loaded.ledger);
    let echo = Echo::new(HashMap::new(), None);
    inside::issue(&copied.ledger(), NOWHERE, &echo);
    assert_eq!(echo.given(), loaded.rows.count);
    copied
}

fn issue(ledger: &Path, origin: &str, gifts: u64) -> f64 {
    let before = stored::in_state(ledger, "issued");
    let echo = Echo::new(HashMap::new(), Some(gifts));
    inside::issue(ledger, origin, &echo);
    let given = stored::in_state(ledger, "issued") - before;
    assert_eq!(given, echo.given(), "a gift was sent and not written down");
    echo.seconds()
}

fn reconcile(ledger: &Path, origin: &str, wallets: u64) -> f64 {
    // More than are read before the end is noticed.
    let lists = stored::lists(ledger, wallets + 100);
    let echo = Echo::new(lists, Some(wallets));
    inside::reconcile(ledger, origin, &echo);
    let matched = "select count(*) from gift where reconciled = 'matched'";
    assert!(stored::count(ledger, matched) >= wallets, "a gift was not found");
    echo.seconds()
}

/// Whole campaigns over HTTP, where they are lived whole.
fn whole_lives(world: &mut World) -> Vec<Line> {
    let scale = world.scale;
    if scale.stop_after.is_some() {
        return Vec::new();
    }
    let (large, small) = (world.life(scale.large, None), world.life(scale.small, None));
    let cost = |done: &Done, rows: u64| vec![done.wall.as_secs_f64() * 1e6 / number(rows)];
    let whole = |what: &str, of: fn(&Life) -> &Done| {
        line(world, what, cost(of(&large), scale.large), cost(of(&small), scale.small))
    };
    vec![
        whole("issue, whole processes", |life| &life.issue),
        whole("reconcile, whole processes", |life| &life.reconcile),
    ]
}
