//! A loss of power at each request, acted out: what the disk certainly holds at the moment when a
//! request leaves must hold the request's intent.
//!
//! The real program runs under `strace`. Its writes to the ledger's files are replayed into two images
//! of each file: what was written, and what was written and synced. At each POST the synced image
//! (and the same with a torn part of what was not synced yet) is opened as a ledger of its own.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use giftbatch::domain::{GiftKey, GiftState};
use giftbatch::ledger::Ledger;

use crate::world::{World, csv, draw, output, rows, say};

/// One file of the ledger.
#[derive(Debug, Default)]
struct Image {
    written: Vec<u8>,
    synced: Vec<u8>,
    /// Whether its folder was synced since it was made: before that a loss takes the file with it.
    is_named: bool,
}

/// What a traced program did.
#[derive(Debug, PartialEq, Eq)]
enum Act {
    Wrote {
        file: String,
        at: usize,
        bytes: Vec<u8>,
    },
    Cut {
        file: String,
        length: usize,
    },
    Removed {
        file: String,
    },
    SyncBegan {
        file: String,
    },
    SyncEnded {
        file: String,
    },
    FolderSynced,
    /// The `ExternalReference` of a POST on its way into a socket.
    Posted(GiftKey),
}

/// Reads the trace; an act that was interrupted by another thread's counts from its begin, but for the
/// end of a sync.
fn read_trace(trace: &str, folder: &str) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut syncing: HashMap<&str, String> = HashMap::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').expect("a line names its thread");
        let call = call.trim_start();
        let succeeded = call.ends_with("= 0");
        if call.starts_with("<... fsync resumed>") || call.starts_with("<... fdatasync resumed>") {
            // Of another file than those that are read nothing was noted.
            if let Some(file) = syncing.remove(thread) {
                assert!(succeeded, "a sync failed: {call}");
                let is_folder = file == folder;
                acts.push(if is_folder { Act::FolderSynced } else { Act::SyncEnded { file } });
            }
            continue;
        }
        let Some((name, rest)) = call.split_once('(') else { continue };
        let file = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        let file = text(file.map_or("", |(path, _)| path));
        let is_ours = file.ends_with("/ledger.db") || file.ends_with("/ledger.db-wal");
        match name {
            "pwrite64" if is_ours => {
                let numbers = rest.rsplit_once("\",").expect("bytes, then numbers").1;
                let mut numbers =
                    numbers.split([',', ')', ' ']).filter_map(|word| word.parse().ok());
                let (count, at): (usize, usize) =
                    (numbers.next().expect("a count"), numbers.next().expect("a place"));
                let bytes = bytes_of(rest);
                assert_eq!(bytes.len(), count, "the trace cuts what was written");
                acts.push(Act::Wrote { file, at, bytes });
            }
            "fsync" | "fdatasync" if file == folder && call.contains("<unfinished") => {
                syncing.insert(thread, file);
            }
            "fsync" | "fdatasync" if file == folder => {
                assert!(succeeded, "a sync of the folder that is not read: {call}");
                acts.push(Act::FolderSynced);
            }
            "fsync" | "fdatasync" if is_ours => {
                acts.push(Act::SyncBegan { file: file.clone() });
                if call.contains("<unfinished") {
                    syncing.insert(thread, file);
                } else {
                    assert!(succeeded, "a sync failed: {call}");
                    acts.push(Act::SyncEnded { file });
                }
            }
            "ftruncate" if is_ours => {
                let length = rest.rsplit_once(", ").map(|(_, rest)| rest.split([')', ' ']));
                let length = length.and_then(|mut words| words.next()?.parse().ok());
                acts.push(Act::Cut { file, length: length.expect("a length") });
            }
            "unlink" | "unlinkat" => {
                let file = String::from_utf8(bytes_of(rest)).expect("a plain path");
                if file.ends_with("-wal") {
                    acts.push(Act::Removed { file });
                }
            }
            "write" | "writev" | "sendto" | "sendmsg" => {
                assert!(!is_ours, "a write that is not replayed: {call}");
                if file.starts_with("socket:") || file.starts_with("TCP") {
                    acts.extend(reference(&bytes_of(rest)).map(Act::Posted));
                }
            }
            _ => {}
        }
    }
    assert!(syncing.is_empty(), "a sync that never ended");
    acts
}

/// The text of `\x2f\x74…`.
fn text(hex: &str) -> String {
    String::from_utf8_lossy(&decode(hex)).into_owned()
}

fn decode(hex: &str) -> Vec<u8> {
    let byte = |digits: &str| u8::from_str_radix(&digits[..2], 16).expect("two hexadecimal digits");
    hex.split("\\x").skip(1).map(byte).collect()
}

/// All bytes between quotes.
fn bytes_of(call: &str) -> Vec<u8> {
    call.split('"').skip(1).step_by(2).flat_map(decode).collect()
}

fn reference(sent: &[u8]) -> Option<GiftKey> {
    let sent = String::from_utf8_lossy(sent);
    let (_, rest) = sent.split_once("\"ExternalReference\":\"")?;
    Some(GiftKey(rest[..36].parse().expect("a reference is a GUID")))
}

/// The ledger's two files, on a disk that may lose its power.
struct Disk {
    file: Image,
    wal: Image,
}

impl Disk {
    /// What a finished program left.
    fn of(ledger: &Path) -> Disk {
        let image = |path: &Path| {
            let bytes = fs::read(path).unwrap_or_default();
            Image { written: bytes.clone(), synced: bytes, is_named: true }
        };
        Disk { file: image(ledger), wal: image(&ledger.with_file_name("ledger.db-wal")) }
    }

    fn image(&mut self, file: &str) -> &mut Image {
        if file.ends_with("-wal") { &mut self.wal } else { &mut self.file }
    }

    /// What is left after the loss: all that was synced, and of the rest of the log what lies before
    /// `torn_at`.
    fn leave(&self, at: &Path, torn_at: usize) {
        let _ = fs::remove_file(at.with_file_name("left.db-wal"));
        let _ = fs::remove_file(at.with_file_name("left.db-shm"));
        fs::write(at, &self.file.synced).expect("a file can be written");
        if !self.wal.is_named {
            return;
        }
        let mut wal = self.wal.synced.clone();
        let kept = torn_at.min(self.wal.written.len());
        if kept > 0 {
            wal.resize(wal.len().max(kept), 0);
            wal[..kept].copy_from_slice(&self.wal.written[..kept]);
        }
        fs::write(at.with_file_name("left.db-wal"), wal).expect("the same");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_each_request_the_disk_holds_its_intent() {
    // Goal: intent, sync, request, in this order for every single one. Method: trace the real program;
    // at each POST lose the power, in four ways; the ledger that is left must know that gift as in
    // flight, and each gift that was sent before as sent.
    let world = World::new();
    let all = rows(40);
    let file = world.file("may.csv", csv(&all));
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    let (trace, left) = (world.path("trace"), world.path("left.db"));
    let calls = "trace=?write,?writev,?pwrite64,?sendto,?sendmsg,?fsync,?fdatasync,?ftruncate,\
                 ?unlink,?unlinkat";
    let out = trace.to_str().expect("plain characters");
    let strace = ["strace", "-f", "-y", "-xx", "-s", "65536", "-o", out, "-e", calls];
    let probe = output(Command::new("strace").args(["-o", out, "true"]));
    if !probe.is_ok_and(|probe| probe.status.success()) {
        return say("skipped: there is no strace here, or it may not trace");
    }
    let mut disk = Disk::of(&world.ledger());
    world.run_under(&strace, &["issue", "may", "--yes", "--max-total", "1000000"]).expect(0);
    world.assert_given_exactly_once(&all);
    let mut sent = Vec::new();
    let mut synced = HashMap::new();
    let mut state = 1;
    let folder = fs::canonicalize(world.path("")).expect("it is there");
    let trace = fs::read_to_string(&trace).expect("the trace is text");
    for act in read_trace(&trace, folder.to_str().expect("plain characters")) {
        match act {
            Act::Wrote { file, at, bytes } => {
                let image = disk.image(&file);
                let end = at + bytes.len();
                image.written.resize(image.written.len().max(end), 0);
                image.written[at..end].copy_from_slice(&bytes);
            }
            Act::Cut { file, length } => disk.image(&file).written.resize(length, 0),
            Act::Removed { file } => *disk.image(&file) = Image::default(),
            Act::SyncBegan { file } => {
                let written = disk.image(&file).written.clone();
                synced.insert(file, written);
            }
            Act::SyncEnded { file } => {
                disk.image(&file).synced = synced.remove(&file).expect("it began");
            }
            Act::FolderSynced => disk.wal.is_named = true,
            Act::Posted(key) => {
                let length = disk.wal.written.len() as u64 + 1;
                for torn_at in [0, draw(&mut state, length), draw(&mut state, length), length] {
                    disk.leave(&left, usize::try_from(torn_at).expect("it fits"));
                    knows(&left, key, &sent).await;
                }
                sent.push(key);
            }
        }
    }
    assert_eq!(sent.len(), all.len(), "the trace lacks requests");
}

/// Asserts that the ledger that was left knows of the request that is leaving, and of those that left.
async fn knows(left: &Path, leaving: GiftKey, sent: &[GiftKey]) {
    let ledger = Ledger::open(left).await.expect("what is left of the ledger opens");
    let gift = async |key| ledger.gift(key).await.expect("it can be read").expect("it was loaded");
    let now = gift(leaving).await;
    assert_eq!((now.state, now.attempts), (GiftState::InFlight, 1), "{leaving}");
    for key in sent {
        let before = gift(*key).await;
        assert!(before.attempts == 1, "{key}, sent before, is {} by this ledger", before.state);
    }
    ledger.close().await;
}
