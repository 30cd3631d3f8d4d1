//! The pace against servers that limit: how much of the limit is used, and at how many 429s.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Health, Pace, Permit};

/// How a server counts.
#[derive(Clone, Copy, Debug)]
enum Limit {
    /// So many in each second of the calendar.
    Calendar,
    /// So many in any second.
    Sliding,
    /// A bucket that holds a tenth of a second's worth.
    Bucket,
}

/// What its 429 says about when to come back.
#[derive(Clone, Copy, Debug)]
enum Hint {
    /// A second and a half.
    Wait,
    /// Nothing.
    Absent,
}

/// A server of 100 requests a second that answers after 20 ms.
struct Server {
    limit: Limit,
    taken: VecDeque<i64>,
    level_ms: i64,
    filled_ms: i64,
}

const PER_SECOND: usize = 100;
const LATENCY_MS: i64 = 20;
const SECONDS: i64 = 60;

impl Server {
    fn takes(&mut self, ms: i64) -> bool {
        match self.limit {
            Limit::Calendar => self.taken.retain(|at| at / 1_000 == ms / 1_000),
            Limit::Sliding => self.taken.retain(|at| ms - at < 1_000),
            Limit::Bucket => {
                // In thousandths of a request: a tenth of one a millisecond.
                self.level_ms = (self.level_ms + (ms - self.filled_ms) * 100).min(10_000);
                self.filled_ms = ms;
                let takes = self.level_ms >= 1_000;
                self.level_ms -= if takes { 1_000 } else { 0 };
                return takes;
            }
        }
        let takes = self.taken.len() < PER_SECOND;
        if takes {
            self.taken.push_back(ms);
        }
        takes
    }
}

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_900_000_000_000 + ms).unwrap()
}

/// Useful requests and 429s in a minute.
fn run(per_second: u32, limit: Limit, hint: Hint) -> (usize, usize) {
    let mut server = Server { limit, taken: VecDeque::new(), level_ms: 10_000, filled_ms: 0 };
    let mut pace = Pace::new(per_second, 32);
    let mut on_the_way: BTreeMap<(i64, u64), (i64, bool)> = BTreeMap::new();
    let (mut number, mut useful, mut refused) = (0, 0, 0);
    for ms in 0..SECONDS * 1_000 {
        while let Some(entry) = on_the_way.first_entry().filter(|entry| entry.key().0 <= ms) {
            let (sent_ms, took) = entry.remove();
            let health = if took {
                Health::Well
            } else {
                let wait = matches!(hint, Hint::Wait).then_some(Duration::from_millis(1_500));
                Health::Throttled(wait)
            };
            pace.ended(health, at(sent_ms), at(ms));
        }
        while pace.permit(at(ms)) == Permit::Now {
            let took = server.takes(ms + LATENCY_MS / 2);
            if took {
                useful += 1
            } else {
                refused += 1
            }
            number += 1;
            on_the_way.insert((ms + LATENCY_MS, number), (ms, took));
        }
    }
    (useful, refused)
}

#[test]
fn a_servers_limit_is_found_and_used() {
    // Goal: at least 70 % of a limit that nobody told us, with few 429s. Method: a minute against each
    // way to count and to answer, with rates above the limit and with none.
    let goal = PER_SECOND * SECONDS as usize * 7 / 10;
    for limit in [Limit::Calendar, Limit::Sliding, Limit::Bucket] {
        for hint in [Hint::Wait, Hint::Absent] {
            for per_second in [0, 110, 200, 1_000] {
                let (useful, refused) = run(per_second, limit, hint);
                let what =
                    format!("{limit:?} {hint:?} at {per_second}: {useful} and {refused} 429s");
                assert!(useful >= goal, "{what}");
                assert!(refused * 100 <= useful, "{what}");
            }
        }
    }
}

#[test]
fn stray_429s_do_not_slow_a_run_down_for_good() {
    // Goal: a server without a limit that answers one request in seventy with a 429 is not given up on.
    // Method: three minutes of it at several rates, every 429 a second and a half long; what was taken in
    // the last minute against what those waits alone would leave.
    for per_second in [0, 20, 200] {
        let mut pace = Pace::new(per_second, 32);
        let mut on_the_way: BTreeMap<(i64, u64), (i64, bool)> = BTreeMap::new();
        let (mut number, mut useful) = (0, 0);
        for ms in 0..180_000 {
            let is_counted = ms >= 120_000;
            while let Some(entry) = on_the_way.first_entry().filter(|entry| entry.key().0 <= ms) {
                let (sent_ms, took) = entry.remove();
                let wait = Some(Duration::from_millis(1_500));
                let health = if took { Health::Well } else { Health::Throttled(wait) };
                pace.ended(health, at(sent_ms), at(ms));
            }
            while pace.permit(at(ms)) == Permit::Now {
                number += 1;
                let took = number % 70 != 0;
                useful += i64::from(took && is_counted);
                on_the_way.insert((ms + LATENCY_MS, number), (ms, took));
            }
        }
        let per_second_at_most = if per_second == 0 { 1_600 } else { i64::from(per_second) };
        let goal = 60_000 * 70 / (70_000 / per_second_at_most + 1_500) / 3;
        assert!(useful >= goal, "at {per_second}: {useful}, the goal is {goal}");
    }
}

/// What a run of half a minute did after its first five seconds, at most 32 requests at once.
#[derive(Debug)]
struct Course {
    per_second: usize,
    most_in_flight: usize,
}

/// A run against a server that works at so many requests at once, each for as long as `takes_ms` says, and lets
/// the others wait.
fn course(per_second: u32, workers: usize, mut takes_ms: impl FnMut() -> i64) -> Course {
    let mut free_at = vec![0; workers];
    let mut pace = Pace::new(per_second, 32);
    let mut on_the_way: BTreeMap<(i64, u64), i64> = BTreeMap::new();
    let (mut number, mut done, mut most) = (0, 0, 0);
    for ms in 0..30_000 {
        while let Some(entry) = on_the_way.first_entry().filter(|entry| entry.key().0 <= ms) {
            pace.ended(Health::Well, at(entry.remove()), at(ms));
            done += usize::from(ms >= 5_000);
        }
        while pace.permit(at(ms)) == Permit::Now {
            let free = free_at.iter_mut().min().expect("there are some");
            *free = (*free).max(ms) + takes_ms();
            number += 1;
            on_the_way.insert((*free, number), ms);
        }
        if ms >= 5_000 {
            most = most.max(pace.in_flight());
        }
    }
    Course { per_second: done / 25, most_in_flight: most }
}

#[test]
fn as_many_are_in_flight_as_a_server_needs() {
    // Goal: the level is found without being told: enough for a rate at a latency, few where few do, and no
    // queue at a server that has its own limit. Method: half a minute against servers with many workers and
    // with few.
    let slow = course(50, 100, || 200);
    assert!(slow.per_second >= 49 && slow.most_in_flight >= 10, "{slow:?}");
    let near = course(200, 100, || 1);
    assert!(near.per_second >= 195 && near.most_in_flight <= 4, "{near:?}");
    let far = course(0, 100, || 200);
    assert!(far.per_second >= 150 && far.most_in_flight == 32, "{far:?}");
    for workers in [2, 4] {
        let few = course(0, workers, || 50);
        assert!(few.per_second >= workers * 19, "{workers}: {few:?}");
        assert!(few.most_in_flight <= 12, "{workers}: {few:?}");
    }
}

#[test]
fn answers_that_differ_are_no_queue() {
    // Goal: a server that answers now soon and now late, or refuses some at once, is used in full. Method: half
    // a minute against servers with workers for all, from a seed; what 32 at once would reach.
    let seed = 11_u64;
    let mut state = seed;
    let mut draw = |end: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % end) as i64
    };
    for (name, mean_ms, kind) in [
        ("even", 125, 0),
        ("long tail", 125, 1),
        ("some refused at once", 97, 2),
        ("few reads", 100, 3),
    ] {
        let went = course(0, 100, || match kind {
            0 => 50 + draw(151),
            1 => [50, 60, 75, 85, 100, 125, 175, 330][draw(8) as usize],
            2 if draw(20) == 0 => 5,
            2 => 102,
            _ if draw(200) == 0 => 10,
            _ => 100,
        });
        let goal = 32_000 / mean_ms * 85 / 100;
        assert!(went.per_second >= goal, "{name}, seed {seed}: {went:?}, the goal is {goal}");
    }
}
