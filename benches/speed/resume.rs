//! From the start of a process to its first request, after a run of a large campaign was killed.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::line::{Line, Unit};
use super::load::has_sqlite;
use super::rounds::rounds;
use super::world::{Half, World};

/// A first request is waited for no longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What has to open the ledger, and to read its log, just the same.
const QUESTION: &str = "select count(*) from campaign";

pub(crate) fn measure(world: &mut World) -> Vec<Line> {
    let half = world.half();
    let scale = world.scale;
    let world = std::cell::RefCell::new(world);
    let mut resume = || first_request(&mut world.borrow_mut(), &half);
    let mut open = || {
        let copied = world.borrow_mut().copy(&half.ledger);
        let mut command = Command::new("sqlite3");
        milliseconds(command.arg(copied.ledger()).arg(QUESTION))
    };
    let mut start = || milliseconds(world.borrow().program(&half.ledger, "").arg("--version"));
    let line = |ours: &[f64], limit: Vec<f64>, over: &str| Line {
        claim: "resume",
        what: "from the start to the first request, half of the rows issued".to_owned(),
        unit: Unit::Milliseconds,
        ours: ours.to_vec(),
        limit,
        over: over.to_owned(),
        aim: "1",
    };
    let (ours, open, start) = if has_sqlite() {
        let [ours, open, start] = rounds(scale.slow_rounds, [&mut resume, &mut open, &mut start]);
        (ours, open, start)
    } else {
        let [ours, start] = rounds(scale.slow_rounds, [&mut resume, &mut start]);
        (ours, Vec::new(), start)
    };
    let opened = match open.is_empty() {
        true => "sqlite3: absent".to_owned(),
        false => format!("`sqlite3 LEDGER \"{QUESTION}\"`, the log folded in"),
    };
    vec![line(&ours, open, &opened), line(&ours, start, "`giftbatch --version`")]
}

/// Milliseconds until the program has sent the first bytes of its first request. It gets no answer.
fn first_request(world: &mut World, half: &Half) -> f64 {
    let copied = world.copy(&half.ledger);
    let address = half.url.strip_prefix("http://").expect("a plain URL");
    // The ledger knows its provider by this very address, where nobody listens any more.
    let listener = TcpListener::bind(address).expect("the port is free again");
    let mut command = world.issue(&copied.ledger(), &half.url);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut run = command.spawn().expect("the program starts");
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the program asks");
        let read = stream.read(&mut [0; 1]).expect("it asks for something");
        let took = began.elapsed().as_secs_f64() * 1e3;
        told.send((read, took, (stream, listener)))
    });
    let heard = heard.recv_timeout(PATIENCE);
    // It gets no answer: what it asks stays open until it was killed.
    let (read, took, _open) = heard.unwrap_or_else(|_| panic!("no request: {:?}", run.try_wait()));
    assert_eq!(read, 1, "the program hung up");
    run.kill().expect("a child can be killed");
    run.wait().expect("a child can be waited for");
    took
}

fn milliseconds(command: &mut Command) -> f64 {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let began = Instant::now();
    let status = command.status().expect("it was there just now");
    let took = began.elapsed().as_secs_f64() * 1e3;
    assert!(status.success(), "{command:?}: {status}");
    took
}
