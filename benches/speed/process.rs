//! Whole processes, and what each has used up.
//!
//! Only the parent of a process can ask what it has used, and the answer is about all its children. So
//! this program starts itself once more, which starts the process, waits for it, and tells.
//!
//! **Invariant:** a process does not outlive the bench that started it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike;
use nix::unistd::Pid;

/// The word by which this program knows that it is to stand by a process.
pub(crate) const MEASURED: &str = "--measured";

/// Nothing that is measured takes longer: then it is killed.
const LONGEST: Duration = Duration::from_secs(3_600);

/// The kernel counts what was written in these.
const BLOCK: u64 = 512;

/// A process that runs.
#[derive(Debug)]
pub(crate) struct Running {
    stander: Child,
    said: BufReader<ChildStdout>,
    pid: Pid,
    out: PathBuf,
    has_ended: bool,
}

/// What it has used, and what it said.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// -1 where a signal ended it.
    pub(crate) code: i32,
    pub(crate) wall: Duration,
    /// On all cores, the kernel's work for it included.
    pub(crate) cpu: Duration,
    /// The most memory that it held at once, bytes.
    pub(crate) peak: u64,
    /// What it gave the kernel to write to disks, bytes.
    pub(crate) written: u64,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Starts a command. Its output goes to files in `folder`.
pub(crate) fn start(command: &Command, folder: &Path) -> Running {
    let out = folder.join("stdout.txt");
    let errors = File::create(folder.join("stderr.txt")).expect("a file can be made");
    let itself = std::env::current_exe().expect("a program knows where it lies");
    let mut stander = Command::new(itself);
    stander.arg(MEASURED).arg(&out).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => stander.env(name, value),
            None => stander.env_remove(name),
        };
    }
    stander.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
    let mut stander = stander.spawn().expect("this program can be started again");
    let mut said = BufReader::new(stander.stdout.take().expect("it is piped"));
    let pid = Pid::from_raw(line(&mut said).parse().expect("it says the process's id first"));
    Running { stander, said, pid, out, has_ended: false }
}

/// Runs a command to its end.
pub(crate) fn run(command: &Command, folder: &Path) -> Done {
    start(command, folder).wait()
}

impl Running {
    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        // It may have ended by itself.
        let _ = kill(self.pid, signal);
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.stander.try_wait().expect("a child can be asked").is_some()
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> Done {
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).expect("it says numbers");
        self.stander.wait().expect("a child can be waited for");
        self.has_ended = true;
        let numbers: Vec<i64> =
            rest.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        let [code, wall, cpu, peak, written] = numbers[..] else { panic!("five numbers: {rest}") };
        let count = |number: i64| u64::try_from(number).expect("it is not negative");
        let read = |path: &Path| fs::read_to_string(path).expect("its output is text");
        Done {
            code: i32::try_from(code).expect("codes are small"),
            wall: Duration::from_nanos(count(wall)),
            cpu: Duration::from_micros(count(cpu)),
            peak: count(peak),
            written: count(written),
            stdout: read(&self.out),
            stderr: read(&self.out.with_file_name("stderr.txt")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            self.signal(Signal::SIGKILL);
            let _ = self.stander.wait();
        }
    }
}

impl Done {
    /// Itself, where it ended with this code.
    pub(crate) fn expect(self, code: i32) -> Done {
        let Done { code: was, stdout, stderr, .. } = &self;
        assert_eq!(*was, code, "\nstdout: {stdout}\nstderr: {stderr}");
        self
    }

    /// The one JSON document that it printed.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).expect("it printed a document")
    }
}

/// Starts a process, waits for it, and prints its id and what it has used.
pub(crate) fn stand_by(words: &[String]) -> ExitCode {
    let [out, program, args @ ..] = words else { panic!("a file for the output, and a command") };
    let out = File::create(out).expect("a file can be made");
    let began = Instant::now();
    let child = Command::new(program).args(args).stdin(Stdio::null()).stdout(out).spawn();
    let mut child = child.expect("the program starts");
    println!("{}", child.id());
    let pid = Pid::from_raw(child.id().cast_signed());
    std::thread::spawn(move || {
        // It ends with this process, which ends with the other one.
        std::thread::sleep(LONGEST);
        kill(pid, Signal::SIGKILL)
    });
    let status = child.wait().expect("a child can be waited for");
    let wall = began.elapsed().as_nanos();
    let code = status.code().unwrap_or(-1);
    assert_eq!(status.code().is_none(), status.signal().is_some());
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel keeps accounts");
    let written = usage.block_writes().cast_unsigned() * BLOCK;
    println!("{code} {wall} {} {} {written}", cpu(&usage).as_micros(), peak(&usage));
    ExitCode::SUCCESS
}

/// What this process itself has used of the processors so far.
pub(crate) fn own_cpu() -> Duration {
    cpu(&getrusage(UsageWho::RUSAGE_SELF).expect("the kernel keeps accounts"))
}

fn cpu(usage: &Usage) -> Duration {
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(micros.unsigned_abs())
}

/// Linux counts in 1024 bytes, macOS in bytes.
fn peak(usage: &Usage) -> u64 {
    usage.max_rss().unsigned_abs() * if cfg!(target_os = "macos") { 1 } else { 1024 }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).expect("it says something");
    line.trim().to_owned()
}
