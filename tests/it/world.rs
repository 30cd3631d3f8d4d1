//! A world for stories: a sandbox in this process, a ledger in a temporary folder, and the real
//! program as a process of its own.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use giftbatch::sandbox::{Book, Sandbox, SandboxConfig, Stats};
use uuid::Uuid;

pub(crate) use crate::running::{Done, Running, output, send};

/// The keys that the program is given: if they appear anywhere, something leaked.
pub(crate) const CANARY_KEY: &str = "canary-key-5e1f";
pub(crate) const CANARY_CLIENT: &str = "canary-client-77ab";

/// A world.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    folder: tempfile::TempDir,
    settings: HashMap<&'static str, String>,
}

/// One row of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) wallet: Uuid,
    pub(crate) minor: i64,
    pub(crate) description: String,
}

impl World {
    /// A world whose provider has no faults.
    pub(crate) fn new() -> World {
        World::with(SandboxConfig::default())
    }

    pub(crate) fn with(config: SandboxConfig) -> World {
        let sandbox = Sandbox::start(config).expect("the sandbox starts");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ledger = folder.path().join("ledger.db").to_str().expect("plain characters").to_owned();
        let settings = HashMap::from([
            ("GIFTBATCH_LEDGER", ledger),
            ("GIFTBATCH_WALLET_URL", sandbox.url()),
            ("GIFTBATCH_API_KEY", CANARY_KEY.to_owned()),
            ("GIFTBATCH_API_CLIENT", CANARY_CLIENT.to_owned()),
            ("GIFTBATCH_RATE", "0".to_owned()),
            ("GIFTBATCH_SETTLE", "2s".to_owned()),
            ("GIFTBATCH_TIMEOUT", "1s".to_owned()),
            ("GIFTBATCH_GIVE_UP_AFTER", "20s".to_owned()),
        ]);
        World { sandbox, folder, settings }
    }

    /// Another setting for all commands to come.
    pub(crate) fn set(&mut self, variable: &'static str, value: &str) -> &mut World {
        self.settings.insert(variable, value.to_owned());
        self
    }

    pub(crate) fn unset(&mut self, variable: &'static str) -> &mut World {
        self.settings.remove(variable);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        PathBuf::from(&self.settings["GIFTBATCH_LEDGER"])
    }

    /// Writes a file and gives its path as text.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file can be written");
        path.to_str().expect("a path of plain characters").to_owned()
    }

    /// Runs the program from a folder of its own choice.
    pub(crate) fn run_in(&self, folder: &Path, args: &[&str]) -> Done {
        self.finish(self.command(args).current_dir(folder))
    }

    fn command(&self, args: &[&str]) -> Command {
        self.command_under(&[], args)
    }

    /// The program under another one that runs it: a tracer, or a shell that sets a limit.
    fn command_under(&self, under: &[&str], args: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_giftbatch");
        let mut words = under.iter().copied().chain([program]).chain(args.iter().copied());
        let mut command = Command::new(words.next().expect("the program at least"));
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("GIFTBATCH_") {
                command.env_remove(variable);
            }
        }
        // Nobody's own settings, and no file of theirs.
        command.env("HOME", self.folder.path()).env("XDG_CONFIG_HOME", self.folder.path());
        command.envs(&self.settings);
        command
    }

    /// Runs the program to its end, while the sandbox goes on.
    pub(crate) fn run(&self, args: &[&str]) -> Done {
        self.finish(&mut self.command(args))
    }

    /// The same under another program.
    pub(crate) fn run_under(&self, under: &[&str], args: &[&str]) -> Done {
        self.finish(&mut self.command_under(under, args))
    }

    fn finish(&self, command: &mut Command) -> Done {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Done::wait(start(command))
    }

    /// `run FILE --campaign NAME --json`, confirmed.
    pub(crate) fn issue_file(&self, file: &str, campaign: &str, more: &[&str]) -> Done {
        let mut args = vec!["run", file, "--campaign", campaign, "--json", "--yes"];
        args.extend(["--max-total", "100000000"]);
        args.extend(more);
        self.run(&args)
    }

    /// Starts the program and lets it run.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        let mut command = self.command(args);
        start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// The same, its standard error being `stderr`.
    pub(crate) fn start_into(&self, args: &[&str], stderr: impl Into<Stdio>) -> Running {
        let mut command = self.command(args);
        start(command.stdout(Stdio::piped()).stderr(stderr))
    }

    /// The same on a terminal, as far as results go.
    pub(crate) fn start_on(&self, args: &[&str], stdout: impl Into<Stdio>) -> Running {
        let mut command = self.command(args);
        start(command.stdout(stdout).stderr(Stdio::piped()))
    }

    /// Waits until the provider's counters meet a condition, which a program leads to.
    pub(crate) async fn until(&self, running: &mut Running, condition: impl Fn(&Stats) -> bool) {
        running.until_counted(&self.sandbox, condition).await;
    }

    /// Waits until the provider has answered whatever it was asked.
    pub(crate) async fn quiet(&self) {
        self.sandbox.until(|stats| stats.concurrent == 0).await;
    }

    pub(crate) fn book(&self) -> Book {
        self.sandbox.book()
    }

    /// Asserts that the book holds each row exactly once, and nothing else.
    pub(crate) fn assert_given_exactly_once(&self, rows: &[Row]) {
        let mut expected: HashMap<Row, i64> = HashMap::new();
        for row in rows {
            *expected.entry(row.clone()).or_default() += 1;
        }
        for gift in self.book().gifts.iter().filter(|gift| !gift.deleted) {
            let row = Row {
                wallet: gift.wallet,
                minor: gift.amount_minor,
                description: gift.description.clone(),
            };
            *expected.entry(row).or_default() -= 1;
        }
        let lost: Vec<_> = expected.iter().filter(|(_, left)| **left > 0).collect();
        let extra: Vec<_> = expected.iter().filter(|(_, left)| **left < 0).collect();
        assert!(lost.is_empty() && extra.is_empty(), "lost: {lost:?}\ngiven too often: {extra:?}");
    }
}

/// What is preloaded into the program to let a part of its machine fail, compiled with the system's compiler; none
/// where there is no such.
#[cfg(target_os = "linux")]
pub(crate) fn compiled(folder: &Path, source: &str) -> Option<String> {
    let shim = folder.join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&shim).arg(source).arg("-ldl");
    let output = output(&mut compiler).ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(shim.to_str().expect("plain characters").to_owned())
}

fn start(command: &mut Command) -> Running {
    Running::start(command).expect("the program starts")
}

/// A number below `end`, by Weyl's sequence through SplitMix64's last steps.
pub(crate) fn draw(state: &mut u64, end: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % end
}

/// Says what a test measured, or why it could not: shown with `--nocapture`, and where it fails.
#[expect(clippy::print_stdout, reason = "the test harness captures it")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// Rows over wallets: `count` rows over three quarters as many wallets, no two identical.
pub(crate) fn rows(count: u32) -> Vec<Row> {
    (0..count)
        .map(|number| Row {
            wallet: wallet(number % (count * 3 / 4).max(1)),
            minor: 1_000 + i64::from(number % 7) * 125,
            description: format!("KUPON {}", number / (count * 3 / 4).max(1)),
        })
        .collect()
}

pub(crate) fn wallet(number: u32) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes())
}

/// The rows as a plain CSV file.
pub(crate) fn csv(rows: &[Row]) -> String {
    let mut text = "wallet_id,amount,expires_at,description\n".to_owned();
    for row in rows {
        let (whole, cents) = (row.minor / 100, row.minor % 100);
        let _ = writeln!(text, "{},{whole}.{cents:02},2036-12-31,{}", row.wallet, row.description);
    }
    text
}

/// The rows as Excel in Turkish writes them, in another order.
pub(crate) fn excel_tr(rows: &[Row]) -> String {
    let mut text = "\u{feff}Açıklama;Son Kullanma;Tutar;Cüzdan No\r\n".to_owned();
    for row in rows.iter().rev() {
        let (whole, cents) = (row.minor / 100, row.minor % 100);
        let wallet = row.wallet.to_string().to_uppercase();
        let _ = write!(text, "{};31.12.2036;{whole},{cents:02};{wallet}\r\n", row.description);
    }
    text
}

/// Whether any file below the folder, the ledger included, holds the text.
pub(crate) fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}
