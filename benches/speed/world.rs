//! Where the benches work: a folder, campaigns and ledgers in it, and the program to run.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::campaign::{NAME, Rows};
use super::life::Life;
use super::options::{Options, Scale};
use super::process::{self, Done};

/// What claims share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) scale: Scale,
    seed: u64,
    folder: TempDir,
    loaded: HashMap<u64, Loaded>,
    pub(crate) lives: HashMap<u64, Life>,
    pub(crate) half: Option<Half>,
    next: u32,
}

/// A campaign in a ledger, with nothing sent.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) rows: Rows,
    pub(crate) ledger: PathBuf,
    /// The process that loaded it.
    pub(crate) done: Done,
}

/// A large campaign of which half was issued when its run was killed.
#[derive(Clone, Debug)]
pub(crate) struct Half {
    pub(crate) ledger: PathBuf,
    /// The base URL of the server that it was issued to, which is gone.
    pub(crate) url: String,
}

/// A folder for a ledger, which is removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Copied {
    folder: PathBuf,
    is_kept: bool,
}

impl World {
    pub(crate) fn new(options: &Options) -> World {
        // On the disk of the build, since temporary folders are often memory.
        let folder =
            tempfile::Builder::new().prefix("speed-").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        World {
            scale: options.scale(),
            seed: options.seed,
            folder: folder.expect("a temporary folder"),
            loaded: HashMap::new(),
            lives: HashMap::new(),
            half: None,
            next: 0,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A campaign of so many rows.
    pub(crate) fn rows(&self, count: u64) -> Rows {
        Rows { seed: self.seed, count }
    }

    /// The file of a campaign.
    pub(crate) fn file(&self, count: u64) -> PathBuf {
        let path = self.folder().join(format!("campaign-{count}.csv"));
        if !path.exists() {
            self.rows(count).write(&path);
        }
        path
    }

    /// A folder of its own for a ledger and for what processes say.
    pub(crate) fn empty(&mut self) -> Copied {
        self.next += 1;
        let folder = self.folder().join(format!("work-{}", self.next));
        fs::create_dir(&folder).expect("a folder can be made");
        Copied { folder, is_kept: false }
    }

    /// A campaign of so many rows in a ledger; loaded once. To be copied, not to be written to.
    pub(crate) fn loaded(&mut self, count: u64) -> Loaded {
        if let Some(loaded) = self.loaded.get(&count) {
            return loaded.clone();
        }
        let folder = self.folder().join(format!("loaded-{count}"));
        fs::create_dir(&folder).expect("a folder can be made");
        let ledger = folder.join("ledger.db");
        let done = process::run(&self.load(count, &ledger), &folder).expect(0);
        assert_eq!(done.json()["gifts"]["total"], count, "the rows that were loaded");
        let loaded = Loaded { rows: self.rows(count), ledger, done };
        self.loaded.insert(count, loaded.clone());
        loaded
    }

    /// A copy of a ledger, its log and the file that names its last run; all of it on the disk.
    pub(crate) fn copy(&mut self, ledger: &Path) -> Copied {
        let copied = self.empty();
        for ending in ["", "-wal", ".run"] {
            let beside = |path: &Path| {
                let name = path.file_name().expect("it has a name").to_string_lossy();
                path.with_file_name(format!("{name}{ending}"))
            };
            let from = beside(ledger);
            if from.exists() {
                let to = beside(&copied.ledger());
                fs::copy(from, &to).expect("the disk has room for a copy");
                // Else the system writes it during what is measured.
                File::open(to).and_then(|file| file.sync_all()).expect("a file can be synced");
            }
        }
        copied
    }

    /// The command that loads a campaign.
    pub(crate) fn load(&self, count: u64, ledger: &Path) -> Command {
        let mut command = self.program(ledger, "");
        command.arg("load").arg(self.file(count)).args(["--campaign", NAME, "--json"]);
        command
    }

    /// The command that issues the campaign.
    pub(crate) fn issue(&self, ledger: &Path, url: &str) -> Command {
        let mut command = self.program(ledger, url);
        command.args(["issue", NAME, "--json", "--yes", "--max-total", "90000000000"]);
        command
    }

    /// The program, with nobody's settings but the bench's.
    pub(crate) fn program(&self, ledger: &Path, url: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_giftbatch"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIFTBATCH_") {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.folder()).env("XDG_CONFIG_HOME", self.folder());
        command.env("GIFTBATCH_LEDGER", ledger).env("GIFTBATCH_RATE", "0");
        command.env("GIFTBATCH_API_KEY", "any").env("GIFTBATCH_API_CLIENT", "any");
        if !url.is_empty() {
            command.env("GIFTBATCH_WALLET_URL", url);
        }
        command
    }
}

impl Copied {
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.folder.join("ledger.db")
    }

    /// The ledger, which stays until all benches are done.
    pub(crate) fn keep(mut self) -> PathBuf {
        self.is_kept = true;
        self.ledger()
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        if !self.is_kept {
            // The folder around it goes at the end, in any case.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
