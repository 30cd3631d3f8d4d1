//! The protocol, tried in every order of events that its bounds allow: see `docs/exactly-once.md`.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `world.rs` | the guards, and what the world is made of |
//! | `steps.rs` | what can happen next, what it does, and what must never or sometimes hold |
//! | `judge.rs` | what a look proves, by the program's own `settle` |
//! | `tell.rs` | the steps in words |
//!
//! Transitions are the program's own `GiftState::next`. `cargo test --test model -- --nocapture` shows
//! states, depth and time of each world, and the steps by which a missing guard is found out; with
//! `--ignored` it tries a larger world.

mod judge;
mod steps;
mod tell;
mod world;

use std::time::Instant;

use stateright::{Checker, Expectation, HasDiscoveries, Model};
use world::{Guard, Rows, World};

/// Small bounds, within which each guard that is missing shows. S is the least that is more than D + V.
const SMALL: World = World {
    rows: Rows::Twins,
    late: 1,
    lag: 1,
    window: 3,
    stale_lists: 1,
    cuts: false,
    refusals: 0,
    runs: 2,
    horizon: 4,
    without: None,
};

/// Tries everything that can happen in a world, until a promise breaks. Gives the steps to that.
#[expect(clippy::print_stdout, reason = "what was tried, for those who ask with --nocapture")]
fn find_fault(world: &World) -> Option<Vec<String>> {
    let began = Instant::now();
    let checker = world.clone().checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs();
    let checker = checker.join();
    let properties = world.properties().into_iter();
    let (must, may): (Vec<_>, Vec<_>) =
        properties.partition(|property| property.expectation == Expectation::Always);
    let fault = must.iter().find_map(|property| {
        let path = checker.discovery(property.name)?;
        let mut told: Vec<String> = path
            .into_vec()
            .into_iter()
            .filter_map(|(state, step)| Some(world.tell(&state, step?)))
            .collect();
        told.push(format!("     and so it is broken that {}", property.name));
        Some(told)
    });
    let without = world.without.map_or("no guard".to_owned(), |guard| format!("{guard:?}"));
    println!(
        "{:<10}  S {}  without {without:<18}  {:>8} states, depth {:>2}, {:>5.1} s: {}",
        format!("{:?}", world.rows),
        world.window,
        checker.unique_state_count(),
        checker.max_depth(),
        began.elapsed().as_secs_f32(),
        if fault.is_some() { "found out by" } else { "safe" },
    );
    match &fault {
        Some(steps) => println!("{}\n", steps.join("\n")),
        None => {
            assert!(checker.is_done(), "states are left that were not tried");
            for property in may {
                let name = property.name;
                assert!(checker.discovery(name).is_some(), "it never happens that {name}");
            }
        }
    }
    fault
}

#[test]
fn with_all_guards_no_gift_is_given_twice_or_said_to_be_given_in_vain() {
    // Goal: the contract holds in every order of events, and good ends are reached by every way.
    // Method: all states of a small world, for rows that are twins and for rows that only look alike.
    for rows in [Rows::Twins, Rows::Lookalikes] {
        assert_eq!(find_fault(&World { rows, ..SMALL }), None);
    }
}

#[test]
fn each_guard_that_is_missing_is_found_out() {
    // Goal: the model can see what the guards are for, so that its silence means something. Method:
    // take away one at a time; a promise must break.
    for guard in [
        Guard::IntentFirst,
        Guard::RunLock,
        Guard::SettleFromRecovery,
        Guard::JudgedBySendTime,
        Guard::Baseline,
        Guard::UniqueClaim,
        Guard::TwoLooks,
    ] {
        let world = World { without: Some(guard), ..SMALL };
        assert!(find_fault(&world).is_some(), "nothing breaks without {guard:?}");
    }
    let ageless = World { rows: Rows::Lookalikes, without: Some(Guard::OldestFirst), ..SMALL };
    assert!(find_fault(&ageless).is_some(), "nothing breaks where age does not decide");
}

#[test]
fn what_is_refused_is_looked_for_before_it_is_tried_again() {
    // Goal: a no is no proof. Method: a server that makes a gift and refuses it, and a person who wants it tried
    // again; with the look before, and without.
    for rows in [Rows::Twins, Rows::Lookalikes] {
        let world = World { rows, stale_lists: 0, refusals: 1, ..SMALL };
        assert_eq!(find_fault(&world), None);
        let blind = World { without: Some(Guard::LookBeforeReopening), ..world };
        assert!(find_fault(&blind).is_some(), "nothing breaks where nobody looks");
    }
    let hasty = Some(Guard::WindowOfTheWallet);
    let world = World { stale_lists: 0, refusals: 1, without: hasty, ..SMALL };
    assert!(find_fault(&world).is_some(), "nothing breaks where only its own attempt counts");
}

#[test]
fn a_list_that_is_cut_proves_nothing_beside_a_true_balance() {
    // Goal: what a list leaves out for good is not given again. Method: any list may lack all of ours, beside true
    // balances; with a look at them, and without.
    let world = World { stale_lists: 0, cuts: true, ..SMALL };
    assert_eq!(find_fault(&world), None);
    let blind = World { without: Some(Guard::Balance), ..world };
    assert!(find_fault(&blind).is_some(), "nothing breaks where nobody looks at balances");
}

#[test]
fn a_window_of_no_more_than_d_and_v_is_too_short() {
    // Goal: S > D + V is sharp. Method: S = D + V; what is safe with one tick more breaks.
    let world = World { window: SMALL.late + SMALL.lag, ..SMALL };
    assert!(find_fault(&world).is_some());
}

#[test]
fn second_lines_are_not_what_the_promise_rests_on() {
    // Goal: say honestly which guards the model does not need: they help where its assumptions do not
    // hold, and keep doubts easy to read for people. Method: take each away where it acts; all stays
    // safe. Twins that go one at a time need no rule of age, either.
    for (guard, rows) in [
        (Guard::QuietWallet, Rows::Lookalikes),
        (Guard::OneTwinAtATime, Rows::Twins),
        (Guard::OldestFirst, Rows::Twins),
    ] {
        assert_eq!(find_fault(&World { rows, without: Some(guard), ..SMALL }), None);
    }
}

#[test]
fn two_looks_and_send_times_are_for_lists_that_err_once() {
    // Goal: say honestly what these two are for. Method: lists that never hide a gift for longer than V;
    // either guard is missing, and all stays safe: a second look that is late enough makes up for a
    // first one that was too early, and one look is proof where no list errs.
    for guard in [Guard::TwoLooks, Guard::JudgedBySendTime] {
        let world = World { stale_lists: 0, without: Some(guard), ..SMALL };
        assert_eq!(find_fault(&world), None);
    }
}

#[test]
#[ignore = "takes minutes"]
fn a_larger_world_is_safe_as_well() {
    // Goal: the small bounds hide nothing. Method: a later server, one more death, more time.
    let larger = World { late: 2, window: 4, runs: 3, horizon: 9, ..SMALL };
    assert_eq!(find_fault(&larger), None);
    let larger = World { rows: Rows::Lookalikes, horizon: 7, ..SMALL };
    assert_eq!(find_fault(&larger), None);
}
