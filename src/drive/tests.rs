//! Drives as a whole, by a clock of their own: time passes only where no task is ready, and who waits for what cannot
//! come is found out at once.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::Builder;

use super::*;
use crate::clock::{Sleep, Time};
use crate::pace::Pace;
use crate::provider::{Barrier, Obstacle, Reading, Trouble};

/// The time, and who waits for it.
#[derive(Debug, Default)]
struct Watch(Mutex<Moment>);

#[derive(Debug, Default)]
struct Moment {
    now: TimeDelta,
    sleepers: BTreeMap<(TimeDelta, u64), Waker>,
    count: u64,
}

impl Watch {
    /// No task is ready: the next sleeper's time comes.
    fn pass(&self) {
        let mut moment = self.0.lock().unwrap();
        let ((at, _), waker) = moment.sleepers.pop_first().expect("it waits for what cannot come");
        moment.now = moment.now.max(at);
        drop(moment);
        waker.wake();
    }
}

#[derive(Debug)]
struct TestClock(Arc<Watch>);

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).unwrap()
}

impl Time for TestClock {
    fn now(&self) -> DateTime<Utc> {
        start() + self.0.0.lock().unwrap().now
    }

    fn sleep(&self, wait: Duration) -> Sleep {
        let (watch, mut until) = (Arc::clone(&self.0), None);
        Box::pin(std::future::poll_fn(move |context| {
            let mut moment = watch.0.lock().unwrap();
            let until = *until.get_or_insert(moment.now + TimeDelta::from_std(wait).unwrap());
            if until <= moment.now {
                return Poll::Ready(());
            }
            moment.count += 1;
            let number = moment.count;
            moment.sleepers.insert((until, number), context.waker().clone());
            Poll::Pending
        }))
    }
}

/// What a provider answers to the question with that number, so long after the start; nothing: the asking panics.
type Answer = fn(u32, TimeDelta) -> Option<Reading<()>>;

/// Asks so many questions.
struct Asker {
    clock: Clock,
    answer: Answer,
    queue: Queue<u32>,
    reads: bool,
    asked: u32,
    heard: Vec<(u32, Reading<()>)>,
    unread: Vec<u32>,
    pulse: Pulse,
}

impl Worker for Asker {
    type Job = u32;
    type Reply = Reading<()>;
    type Error = Infallible;

    fn queue(&mut self) -> &mut Queue<u32> {
        &mut self.queue
    }

    fn has_more(&self) -> bool {
        false
    }

    async fn turn(
        &mut self,
        _: DateTime<Utc>,
        _: bool,
    ) -> Result<Option<DateTime<Utc>>, Infallible> {
        Ok(None)
    }

    fn ask(&mut self, _: &mut u32) -> Asking<Reading<()>> {
        self.asked += 1;
        let (answer, clock, number) = (self.answer, Arc::clone(&self.clock), self.asked);
        Box::pin(async move {
            let sent_at = clock.now();
            clock.sleep(Duration::from_millis(20)).await;
            let reading = answer(number, sent_at - start()).expect("this asking panics");
            (reading, Times::between(sent_at, clock.now()))
        })
    }

    fn lost(&self, _: &u32, why: String) -> Reading<()> {
        Reading::lost(why)
    }

    fn is_read(&self, _: &u32) -> bool {
        self.reads
    }

    fn heard(&mut self, job: u32, reply: Reading<()>, _: Times) {
        self.heard.push((job, reply));
    }

    fn unread(&mut self, job: u32) {
        self.unread.push(job);
    }

    fn tell(&mut self, pulse: Pulse) {
        if pulse.waits_until.is_some() {
            self.pulse = pulse;
        }
    }
}

/// How a drive went.
struct Went {
    ended: Option<Ended>,
    asker: Asker,
    took: TimeDelta,
}

impl Went {
    fn word(&self) -> &str {
        self.ended.as_ref().map_or("finished", Ended::word)
    }
}

/// Asks so many questions of a provider, with a patience of two seconds.
fn go(questions: u32, reads: bool, answer: Answer, change: impl FnOnce(&mut Rules)) -> Went {
    let watch = Arc::<Watch>::default();
    let passing = Arc::clone(&watch);
    let runtime = Builder::new_current_thread().on_thread_park(move || passing.pass()).build();
    let clock: Clock = Arc::new(TestClock(watch));
    let mut rules = Rules {
        clock: Arc::clone(&clock),
        interrupt: Interrupt::default(),
        patience: TimeDelta::seconds(2),
        deadline: None,
    };
    change(&mut rules);
    let mut queue = Queue::default();
    (0..questions).for_each(|job| queue.push(job));
    let mut asker = Asker {
        clock: Arc::clone(&clock),
        answer,
        queue,
        reads,
        asked: 0,
        heard: Vec::new(),
        unread: Vec::new(),
        pulse: Pulse::default(),
    };
    let mut pace = Pace::new(10, 32);
    let Ok(ended) = runtime.unwrap().block_on(drive(&mut asker, &mut pace, &rules));
    Went { ended, asker, took: clock.now() - start() }
}

fn page() -> Option<Reading<()>> {
    Some(Reading::Unreadable { why: "a page".to_owned(), trouble: Trouble::Odd })
}

fn throttled(wait: Option<u64>) -> Option<Reading<()>> {
    let wait = wait.map(Duration::from_secs);
    Some(Reading::Obstructed(Obstacle::Throttled { wait }))
}

fn never(barrier: Barrier) -> Option<Reading<()>> {
    Some(Reading::Obstructed(Obstacle::NeverSent { barrier, why: "no way".to_owned() }))
}

fn failing(trouble: Trouble) -> Option<Reading<()>> {
    Some(Reading::Unreadable { why: "trouble".to_owned(), trouble })
}

#[test]
fn each_job_comes_back_though_its_task_dies() {
    // Goal: nothing waits for ever for a task that has died, and a read of its kind is tried again while another
    // question is nobody's to repeat. Method: questions of which the first askings panic, or all.
    let dies_twice: Answer = |number, _| (number > 2).then_some(Reading::Found(()));
    let went = go(3, true, dies_twice, |_| {});
    assert_eq!((went.word(), went.asker.heard.len(), went.asker.asked), ("finished", 3, 5));
    let went = go(1, true, |_, _| None, |rules| rules.patience = TimeDelta::minutes(1));
    assert_eq!((went.word(), &went.asker.unread[..]), ("finished", &[0][..]));
    let went = go(1, false, |_, _| None, |_| {});
    let [(0, Reading::Unreadable { why, .. })] = &went.asker.heard[..] else {
        panic!("{:?}", went.asker.heard)
    };
    assert!(why.contains("this program failed"), "{why}");
}

#[test]
fn nobody_is_asked_for_ever_who_says_nothing() {
    // Goal: the patience ends each kind of silence, soon after its time. Method: each kind for ever, one question and
    // many; how it ended, when, and by what.
    let all: [(Answer, &str, &str); 7] = [
        (|_, _| throttled(None), "silence", "HTTP 429"),
        (|_, _| throttled(Some(1)), "silence", "HTTP 429"),
        (|_, _| failing(Trouble::ServerError), "silence", "trouble"),
        (|_, _| failing(Trouble::Overloaded), "silence", "trouble"),
        (|_, _| never(Barrier::Refused), "silence", "no way"),
        (|_, _| never(Barrier::Name), "silence", "no way"),
        (|_, _| page(), "silence", "a page"),
    ];
    for (answer, word, why) in all {
        for questions in [1, 3, 200] {
            let went = go(questions, true, answer, |_| {});
            let is_odd = why == "a page" && questions > 3;
            let expected = if is_odd { "odd answers" } else { word };
            assert_eq!(went.word(), expected, "{why}, {questions}");
            let reason = went.ended.as_ref().and_then(Ended::reason).unwrap_or_default();
            assert!(reason.contains(why), "{reason}");
            assert!(went.took <= TimeDelta::seconds(5), "{why}, {questions}: {}", went.took);
            assert!(went.asker.asked <= 30, "{why}, {questions}: {}", went.asker.asked);
        }
    }
}

#[test]
fn what_waiting_does_not_mend_ends_at_once() {
    // Goal: a wrong URL, bad keys and a bad certificate cost a few requests. Method: each, with many questions.
    let keys: Answer =
        |_, _| Some(Reading::Obstructed(Obstacle::CredentialsRejected { why: "no".into() }));
    let all: [(Answer, &str, u32); 5] = [
        (|_, _| page(), "odd answers", 30),
        (|_, _| failing(Trouble::Redirected), "redirected", 8),
        (|_, _| never(Barrier::Certificate), "certificate", 10),
        (keys, "credentials rejected", 8),
        (|_, _| throttled(Some(3_600)), "silence", 8),
    ];
    for (answer, word, most) in all {
        let went = go(500, true, answer, |rules| rules.patience = TimeDelta::minutes(15));
        assert_eq!(went.word(), word);
        assert!(went.asker.asked <= most, "{word}: {}", went.asker.asked);
        assert!(went.took <= TimeDelta::seconds(10), "{word}: {}", went.took);
    }
}

#[test]
fn who_recovers_is_served_soon() {
    // Goal: after a throttle of all for a while the rate is the configured one again. Method: three seconds of 429,
    // with and without a word about when to come back; then ten questions at ten a second.
    let all: [Answer; 2] = [
        |_, at| {
            if at < TimeDelta::seconds(3) { throttled(None) } else { Some(Reading::Found(())) }
        },
        |_, at| {
            if at < TimeDelta::seconds(3) { throttled(Some(1)) } else { Some(Reading::Found(())) }
        },
    ];
    for answer in all {
        let went = go(10, true, answer, |rules| rules.patience = TimeDelta::minutes(1));
        assert_eq!((went.word(), went.asker.heard.len()), ("finished", 10));
        assert!(went.took <= TimeDelta::seconds(6), "{}", went.took);
        assert!(went.asker.pulse.waits_until.is_some(), "it says until when it waits");
    }
}

#[test]
fn a_wish_or_a_deadline_ends_it() {
    // Goal: nothing new is asked, and what is on its way is waited for unless that is unwanted. Method: a deadline in
    // the middle, a wish from the beginning.
    let fine: Answer = |_, _| Some(Reading::Found(()));
    let went = go(100, true, fine, |rules| rules.deadline = Some(start() + TimeDelta::seconds(2)));
    assert_eq!(went.word(), "deadline");
    assert!(went.asker.heard.len() < 30 && !went.asker.queue.is_empty());
    assert_eq!(went.asker.asked as usize, went.asker.heard.len());
    let went = go(100, true, fine, |rules| rules.interrupt.drain.cancel());
    assert_eq!(went.word(), "interrupted");
    assert_eq!(went.asker.asked as usize, went.asker.heard.len());
    let went = go(100, true, fine, |rules| rules.interrupt.abandon.cancel());
    assert_eq!(went.word(), "interrupted");
}
