//! A campaign's whole life, command by command, each measured; and campaigns that are killed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::campaign::NAME;
use super::process::{self, Done, Running};
use super::server::{Server, Share};
use super::stored;
use super::world::{Half, World};

/// Between two looks at the server's counters.
const LOOK: Duration = Duration::from_millis(10);

/// The codes of a run that ended by itself, and of one that a person has ended.
const CODES: [i32; 2] = [0, 130];

/// The commands of a life.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) load: Done,
    pub(crate) issue: Done,
    pub(crate) reconcile: Done,
    pub(crate) report: Done,
}

impl Life {
    /// The commands, each with its name.
    pub(crate) fn commands(&self) -> [(&'static str, &Done); 4] {
        [
            ("load", &self.load),
            ("issue", &self.issue),
            ("reconcile", &self.reconcile),
            ("report", &self.report),
        ]
    }
}

impl World {
    /// Lives a campaign of so many rows; once. Where it is to be stopped, issuing and reconciling end
    /// early, as by Ctrl-C.
    pub(crate) fn life(&mut self, count: u64, stop_after: Option<u64>) -> Life {
        if let Some(life) = self.lives.get(&count) {
            return life.clone();
        }
        let loaded = self.loaded(count);
        let (copied, server) = (self.copy(&loaded.ledger), Server::start());
        let issue = self.issue(&copied.ledger(), server.url());
        let issue = process::start(&issue, copied.folder());
        let issue = until(issue, || server.creates(), stop_after);
        let issued = stored::in_state(&copied.ledger(), "issued");
        let share = stop_after.map_or(Share::All, |_| Share::Some(issued, issued));
        server.check(loaded.rows, share);
        let mut command = self.program(&copied.ledger(), server.url());
        command.args(["reconcile", NAME, "--json"]);
        let reconcile = process::start(&command, copied.folder());
        let reconcile = until(reconcile, || server.lists(), stop_after.map(|gifts| gifts / 2));
        let found = reconcile.json()["reconciled"]["matched"].as_u64();
        let enough = stop_after.map_or(issued, |gifts| issued.min(gifts / 3));
        assert!(found.is_some_and(|found| found >= enough), "{found:?} of {issued} were found");
        let report = self.report(&copied.ledger(), copied.folder());
        let life = Life { load: loaded.done, issue, reconcile, report };
        self.lives.insert(count, life.clone());
        life
    }

    /// Reports the campaign row by row, into a file in `folder`.
    pub(crate) fn report(&self, ledger: &Path, folder: &Path) -> Done {
        let file = folder.join("report.csv");
        let mut command = self.program(ledger, "");
        command.args(["report", NAME, "--format", "csv", "--output"]).arg(&file);
        let done = process::run(&command, folder);
        let report = BufReader::new(File::open(file).expect("there is a report"));
        let gifts = stored::count(ledger, "select count(*) from gift");
        assert_eq!(report.split(b'\n').count() as u64, 1 + gifts, "lines of the report");
        done
    }

    /// A large campaign whose run was killed when half of it was issued; made once.
    pub(crate) fn half(&mut self) -> Half {
        if self.half.is_none() {
            // A kill that comes too late is made again.
            self.half = (0..5).find_map(|_| self.killed());
        }
        self.half.clone().expect("one run of five is killed before it ends")
    }

    fn killed(&mut self) -> Option<Half> {
        let loaded = self.loaded(self.scale.large);
        let (copied, server) = (self.copy(&loaded.ledger), Server::start());
        let command = self.issue(&copied.ledger(), server.url());
        let mut run = process::start(&command, copied.folder());
        while server.creates() < loaded.rows.count / 2 && !run.has_ended() {
            std::thread::sleep(LOOK);
        }
        run.signal(Signal::SIGKILL);
        if run.wait().code != -1 {
            return None;
        }
        let kept = self.copy(&copied.ledger());
        // Asking opens the ledger, and folds the log into it: of the copy that is thrown away.
        let issued = stored::in_state(&copied.ledger(), "issued");
        let in_flight = stored::in_state(&copied.ledger(), "in_flight");
        server.check(loaded.rows, Share::Some(issued, issued + in_flight));
        let url = server.url().to_owned();
        Some(Half { ledger: kept.keep(), url })
    }
}

/// Waits until it ends, or ends it after so many requests.
fn until(mut run: Running, requests: impl Fn() -> u64, stop_after: Option<u64>) -> Done {
    let Some(enough) = stop_after else {
        return run.wait().expect(0);
    };
    while requests() < enough && !run.has_ended() {
        std::thread::sleep(LOOK);
    }
    run.signal(Signal::SIGINT);
    let done = run.wait();
    assert!(CODES.contains(&done.code), "{done:?}");
    done
}
