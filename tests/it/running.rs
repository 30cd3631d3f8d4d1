//! A program that runs: read while it goes on, watched, and never waited for without an end.
//!
//! **Invariant:** whoever waits for something that a program does fails at once, with all that it said, when the
//! program has gone or the time is up.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Output};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use giftbatch::sandbox::{Sandbox, SandboxConfig, Stats};
use serde_json::Value;

/// No program of a test runs longer, however busy the machine is: then it is killed.
const LONGEST: Duration = Duration::from_secs(180);

/// Nothing that a program is to do is waited for longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often it is looked whether a program lives.
const LOOK: Duration = Duration::from_millis(10);

/// What a program did last may be seen so much later than its end.
const ECHO: Duration = Duration::from_millis(500);

/// A program that runs. It does not outlive this.
pub(crate) struct Running {
    child: Child,
    started: Instant,
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    /// Hears nothing, and that the program's outputs are closed.
    closed: Receiver<()>,
    status: Option<ExitStatus>,
    /// When it was first seen to have ended.
    gone: Option<Instant>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// -1 where a signal ended it.
    pub(crate) code: i32,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end; what it prints is read where it is piped.
pub(crate) fn output(command: &mut Command) -> io::Result<Output> {
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    Running::start(command).map(Running::output)
}

/// Sends a signal to a program; to one that has ended it makes no difference.
pub(crate) fn send(signal: &str, running: &Running) {
    let pid = running.id().to_string();
    let sent = output(Command::new("kill").args([&format!("-{signal}"), &pid]));
    assert!(sent.expect("there is a kill command").status.success() || running.status.is_some());
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> io::Result<Running> {
        let mut child = command.spawn()?;
        let (closing, closed) = channel();
        let stdout = read_all(child.stdout.take(), &closing);
        let stderr = read_all(child.stderr.take(), &closing);
        Ok(Running {
            child,
            started: Instant::now(),
            stdout,
            stderr,
            closed,
            status: None,
            gone: None,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.status = self.child.try_wait().expect("a child can be asked");
        self.status.is_some()
    }

    /// Waits until it has ended by itself.
    fn output(mut self) -> Output {
        tokio::task::block_in_place(|| {
            let left = LONGEST.saturating_sub(self.started.elapsed());
            if self.closed.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
                self.give_up("it does not end");
            }
            // A program that has closed its outputs is about to end.
            while !self.has_ended() {
                if self.started.elapsed() > LONGEST {
                    self.give_up("it does not end");
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            Output {
                status: self.status.expect("it has ended"),
                stdout: std::mem::take(&mut self.stdout.lock().expect("its reader has ended")),
                stderr: std::mem::take(&mut self.stderr.lock().expect("its reader has ended")),
            }
        })
    }

    /// Waits until this gives something, that the program leads to.
    pub(crate) fn until<T>(&mut self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        tokio::task::block_in_place(|| {
            let began = Instant::now();
            loop {
                if let Some(found) = look() {
                    return found;
                }
                self.lose_patience(began, what);
                std::thread::sleep(LOOK);
            }
        })
    }

    /// Waits for what a thread of its own reads, which may have to wait for the program.
    pub(crate) fn until_read<T: Send + 'static>(
        &mut self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let (told, heard) = channel();
        std::thread::spawn(move || told.send(read()));
        self.until("what it writes", || heard.try_recv().ok())
    }

    /// Waits until its standard error holds this.
    pub(crate) fn until_said(&mut self, text: &str) {
        let said = self.stderr.clone();
        self.until(text, || {
            let said = said.lock().expect("its reader does not panic");
            String::from_utf8_lossy(&said).contains(text).then_some(())
        });
    }

    /// Waits until the sandbox's counters meet a condition.
    pub(crate) async fn until_counted(
        &mut self,
        sandbox: &Sandbox,
        condition: impl Fn(&Stats) -> bool,
    ) {
        if !self.counted_or_ended(sandbox, condition).await {
            self.give_up(&format!("it has ended, and the counters are {:?}", sandbox.stats()));
        }
    }

    /// The same for a program that may end before: whether the condition was met.
    pub(crate) async fn counted_or_ended(
        &mut self,
        sandbox: &Sandbox,
        condition: impl Fn(&Stats) -> bool,
    ) -> bool {
        let began = Instant::now();
        let mut met = std::pin::pin!(sandbox.until(&condition));
        while !self.has_ended() {
            if tokio::time::timeout(LOOK, &mut met).await.is_ok() {
                return true;
            }
            self.lose_patience(began, &format!("the counters are {:?}", sandbox.stats()));
        }
        tokio::time::timeout(ECHO, met).await.is_ok()
    }

    /// Fails where the program has gone for a while, or was waited for too long.
    fn lose_patience(&mut self, began: Instant, what: &str) {
        if self.has_ended() && *self.gone.get_or_insert_with(Instant::now) + ECHO < Instant::now() {
            self.give_up(&format!("it has ended without: {what}"));
        }
        if began.elapsed() > PATIENCE {
            self.give_up(&format!("it was waited for too long: {what}"));
        }
    }

    /// Kills it, and fails with all that it said.
    fn give_up(&mut self, why: &str) -> ! {
        let _ = self.child.kill();
        let status = self.child.wait();
        let text = |bytes: &Mutex<Vec<u8>>| {
            String::from_utf8_lossy(&bytes.lock().expect("its reader does not panic")).into_owned()
        };
        // Its readers may still be at work; what they have is what is known.
        let _ = self.closed.recv_timeout(Duration::from_secs(1));
        panic!(
            "{why}\nafter {:?}, {status:?}\nstdout: {}\nstderr: {}",
            self.started.elapsed(),
            text(&self.stdout),
            text(&self.stderr)
        );
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.status.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads an output in a thread of its own, where it is piped, so that the program never waits for its reader.
fn read_all(from: Option<impl Read + Send + 'static>, closing: &Sender<()>) -> Arc<Mutex<Vec<u8>>> {
    let said = Arc::new(Mutex::new(Vec::new()));
    if let Some(mut from) = from {
        let (into, closing) = (said.clone(), closing.clone());
        std::thread::spawn(move || {
            let mut piece = [0; 8192];
            while let Ok(length @ 1..) = from.read(&mut piece) {
                into.lock().expect("nobody panics with it").extend_from_slice(&piece[..length]);
            }
            drop(closing);
        });
    }
    said
}

impl Done {
    /// Waits until the program has ended by itself, while the sandbox goes on.
    pub(crate) fn wait(running: Running) -> Done {
        let output = running.output();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
        Done {
            code: output.status.code().unwrap_or(-1),
            signal: output.status.signal(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// The one JSON document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.stdout.trim())
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    /// Asserts the exit code, and shows everything where it is another.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Done {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// A count of the document's `gifts`.
    pub(crate) fn gifts(&self, state: &str) -> u64 {
        self.json()["gifts"][state].as_u64().expect("a count")
    }

    /// A count of the document's `reconciled`.
    pub(crate) fn reconciled(&self, finding: &str) -> u64 {
        self.json()["reconciled"][finding].as_u64().expect("a count")
    }
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "it has ended, and the counters are")]
async fn a_program_that_has_gone_is_not_waited_for() {
    // Goal: a test whose program ended early fails at once. Method: one that ends, and a request that never comes.
    let sandbox = Sandbox::start(SandboxConfig::default()).expect("the sandbox starts");
    let mut gone = Running::start(&mut Command::new("true")).expect("there is such a command");
    gone.until_counted(&sandbox, |stats| stats.concurrent > 0).await;
}
