//! What a command's help says besides its options: two examples first, and its exit codes last.
//!
//! It stands apart so that `--help`, the man pages and the tests read the same table. A command without a
//! page here fails a test; each example is parsed by the real parser there, so that none gets stale.

use clap::CommandFactory;

use super::args::Cli;

/// What a command's help says besides its options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    /// The words behind `giftbatch`; none for the program itself.
    pub(super) path: &'static str,
    /// A command line, and what it does.
    pub(super) examples: [(&'static str, &'static str); 2],
    /// The exit codes that it can end with.
    pub(super) codes: &'static [u8],
}

const fn page(
    path: &'static str,
    codes: &'static [u8],
    examples: [(&'static str, &'static str); 2],
) -> Page {
    Page { path, examples, codes }
}

/// What each exit code means, in few words.
const MEANINGS: [(u8, &str); 12] = [
    (0, "done, or nothing to do"),
    (1, "unexpected error"),
    (2, "usage or settings; nothing was sent"),
    (3, "the file is refused; nothing was sent"),
    (4, "finished; some gifts were refused"),
    (5, "stopped early: run it again"),
    (6, "gifts are in doubt, held or half revoked, or reconcile found differences"),
    (7, "not confirmed, beyond a limit, or cancelled; nothing was sent"),
    (8, "credentials rejected: mend them, run it again"),
    (9, "another run holds the ledger"),
    (130, "interrupted by Ctrl-C, cleanly: run it again"),
    (143, "interrupted by SIGTERM, cleanly: run it again"),
];

const READ: &[u8] = &[0, 1, 2];
/// Of commands that only look: 4 is a question that the provider refuses.
const LOOK: &[u8] = &[0, 1, 2, 4, 5, 8];
const RESOLVE: &[u8] = &[0, 1, 2, 5, 7, 8, 9];
const CANCEL: &[u8] = &[0, 1, 2, 6, 7, 9];
const DOCTOR: &[u8] = &[0, 1, 2, 5, 6, 8];
const VERIFY: &[u8] = &[0, 1, 2, 6];
const REBIND: &[u8] = &[0, 1, 2, 5, 7, 8, 9];
/// With a preflight, or where something has to be held, they ask a provider.
const LOAD: &[u8] = &[0, 1, 2, 3, 5, 7, 8, 9, 130, 143];
const RECONCILE: &[u8] = &[0, 1, 2, 5, 6, 8, 9, 130, 143];
const GIVE: &[u8] = &[0, 1, 2, 4, 5, 6, 7, 8, 9, 130, 143];
const ALL: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130, 143];

const KEY: &str = "giftbatch show 6a623f97-c376-44ea-8995-09dfacd0ddcf";

/// Every page, in the order of a campaign's life.
#[rustfmt::skip]
pub(super) const PAGES: &[Page] = &[
    page("", ALL, [
        ("giftbatch run may.csv --campaign may-drop", "load, issue, reconcile and report in one"),
        ("giftbatch demo", "the whole job on a pretend provider"),
    ]),
    page("check", LOAD, [
        ("giftbatch check may.csv", "every fault of every row, and what the file adds up to"),
        ("giftbatch check may.csv --expect-rows 300 --expect-total 12500", "refuses another file"),
    ]),
    page("load", LOAD, [
        ("giftbatch load may.csv --campaign may-drop", "shows the totals and the plan id"),
        ("giftbatch load may.csv --campaign may-drop --on-invalid skip --rejects bad.csv",
         "bad rows go to a file of their own, to be mended"),
    ]),
    page("issue", GIVE, [
        ("giftbatch issue may-drop", "asks for the total, then gives; the same again goes on"),
        ("giftbatch issue may-drop --confirm PLAN-ID", "gives the plan that was looked at"),
    ]),
    page("reconcile", RECONCILE, [
        ("giftbatch reconcile may-drop --balances",
         "reads every wallet, and holds its gift balance against its list"),
        ("giftbatch reconcile may-drop --history",
         "asks nothing: the audits so far; --history=12: what audit 12 found"),
    ]),
    page("run", ALL, [
        ("giftbatch run may.csv --campaign may-drop", "asks for the total, gives, reads back"),
        ("giftbatch run may.csv --campaign may-drop --yes --max-total 250000 -q",
         "for cron: gives no more than that, and is silent when all went well"),
    ]),
    page("birthdays", ALL, [
        ("giftbatch birthdays crm.csv --amount 100 --valid-for 30d --dry-run",
         "the requests of today; without --dry-run it asks, and gives"),
        ("giftbatch birthdays crm.csv --amount 100 --valid-for 30d --catch-up 3d --yes --max-total 5000 -q",
         "for cron, once a day; days that were missed are caught up"),
    ]),
    page("retry", GIVE, [
        ("giftbatch retry may-drop", "opens every refused gift again, and issues them"),
        ("giftbatch retry may-drop --class not_found", "only those of one class"),
    ]),
    page("resolve", RESOLVE, [
        ("giftbatch resolve KEY --as issued --gift-id ID --note 'in the list, made at 14:02'",
         "a held gift was given: the id is looked up in its wallet first"),
        ("giftbatch resolve KEY --as refused --note 'support: never arrived; given by hand'",
         "it was not given, and is not to be; --as retry sends it with the next run"),
    ]),
    page("pause", READ, [
        ("giftbatch pause may-drop", "its run sends nothing more, and ends with code 5"),
        ("giftbatch pause birthday-2027-03-01", "a day of birthdays: no later day catches it up"),
    ]),
    page("resume", &[0, 1, 2, 7], [
        ("giftbatch resume may-drop", "lets it be sent again; the same run as before goes on"),
        ("giftbatch resume birthday-2027-03-01", "a later day may catch it up again"),
    ]),
    page("cancel", CANCEL, [
        ("giftbatch cancel may-drop", "withdraws what was not sent, after a question"),
        ("giftbatch cancel may-drop --yes", "the same without a terminal"),
    ]),
    page("revoke", GIVE, [
        ("giftbatch revoke may-drop", "deletes unspent gifts at the provider, after a question"),
        ("giftbatch revoke may-drop --duplicates", "only gifts too many that the last reconcile named"),
    ]),
    page("status", READ, [
        ("giftbatch status", "all campaigns, a line each"),
        ("giftbatch status may-drop --json", "one campaign, as a document"),
    ]),
    page("gifts", READ, [
        ("giftbatch gifts may-drop --state refused", "which gifts were refused, and why"),
        ("giftbatch gifts may-drop --json", "every gift, an object a line"),
    ]),
    page("show", READ, [
        (KEY, "a gift by its key: its whole history"),
        ("giftbatch show 30bac1c0-ad6b-4c50-a52e-1b34f9b487a7 --json", "all gifts of a wallet"),
    ]),
    page("report", READ, [
        ("giftbatch report may-drop", "the figures of a campaign"),
        ("giftbatch report may-drop --format csv -o may-report.csv", "row by row, for a spreadsheet"),
    ]),
    page("export", READ, [
        ("giftbatch export may-drop --state refused -o again.csv",
         "the rows as they came: mend them, load them into the same campaign"),
        ("giftbatch export may-drop --found missing -o missing.csv",
         "what was found missing, to be given again under another name"),
    ]),
    page("wallet", LOOK, [
        ("giftbatch wallet 30bac1c0-ad6b-4c50-a52e-1b34f9b487a7", "what the provider says of it"),
        ("giftbatch wallet 30bac1c0-ad6b-4c50-a52e-1b34f9b487a7 --json", "for a program"),
    ]),
    page("holdings", LOOK, [
        ("giftbatch holdings 4711", "what a customer holds"),
        ("giftbatch holdings 4711 --metal gold", "only their gold"),
    ]),
    page("init", READ, [
        ("giftbatch init", "writes a commented giftbatch.toml here; never over another"),
        ("giftbatch init --config /etc/giftbatch/giftbatch.toml", "there, for the jobs of a machine"),
    ]),
    page("doctor", DOCTOR, [
        ("giftbatch doctor", "is everything set up? Sends nothing that changes anything"),
        ("giftbatch doctor --json", "each check as an object, for what watches the machine"),
    ]),
    page("ledger", VERIFY, [
        ("giftbatch ledger backup ledger-copy.db", "a whole copy, also while a run goes on"),
        ("giftbatch ledger verify --ledger ledger-copy.db", "is that copy whole?"),
    ]),
    page("ledger info", READ, [
        ("giftbatch ledger info", "which ledger it is, and what is in it"),
        ("giftbatch ledger info --ledger ledger-copy.db", "the same of a copy"),
    ]),
    page("ledger backup", READ, [
        ("giftbatch ledger backup ledger-copy.db", "a whole copy, also while a run goes on"),
        ("giftbatch ledger backup ledger-copy.db -q", "the same, for cron"),
    ]),
    page("ledger verify", VERIFY, [
        ("giftbatch ledger verify --ledger ledger-copy.db -q", "is it whole? For cron: code 6 means look"),
        ("giftbatch ledger verify --statement may.txt", "does it still say what that statement says?"),
    ]),
    page("ledger rebind", REBIND, [
        ("giftbatch ledger rebind --wallet-url https://new.example/base", "are our gifts there? Then go on there"),
        ("giftbatch ledger rebind --json", "the same with the address of the settings, for machines"),
    ]),
    page("sandbox", READ, [
        ("giftbatch sandbox", "a pretend provider on port 8787, without faults"),
        ("giftbatch sandbox --port 0 --seed 7 --faults mixed", "any free port, and faults"),
    ]),
    page("demo", READ, [
        ("giftbatch demo", "gives 300 pretend gifts, and compares with the provider's book"),
        ("giftbatch demo --seed 7", "other faults"),
    ]),
    page("completions", READ, [
        ("giftbatch completions bash", "prints what bash is to source"),
        ("giftbatch completions zsh", "the same for zsh; also fish, elvish and powershell"),
    ]),
    page("man", READ, [
        ("giftbatch man", "prints the program's man page"),
        ("giftbatch man --out man1", "writes the pages of all commands into a folder"),
    ]),
];

impl Page {
    /// The page of a command.
    pub(super) fn of(path: &str) -> Option<&'static Page> {
        PAGES.iter().find(|page| page.path == path)
    }

    fn examples(&self) -> String {
        let lines = self.examples.map(|(line, does)| format!("  {line}\n      {does}"));
        format!("Examples:\n{}", lines.join("\n"))
    }

    /// The codes with what they mean.
    pub(super) fn codes(&self) -> impl Iterator<Item = (u8, &'static str)> {
        MEANINGS.into_iter().filter(|(code, _)| self.codes.contains(code))
    }

    fn exit_codes(&self) -> String {
        let lines: Vec<String> =
            self.codes().map(|(code, means)| format!("  {code:>3} {means}")).collect();
        format!("Exit codes:\n{}", lines.join("\n"))
    }
}

/// Examples stand behind what it is for, and before how it is used.
const TEMPLATE: &str =
    "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// The whole grammar, each command with its page.
pub(super) fn grammar() -> clap::Command {
    dressed(Cli::command(), "")
}

fn dressed(command: clap::Command, path: &str) -> clap::Command {
    let command = match Page::of(path) {
        Some(page) => command
            .help_template(TEMPLATE)
            .before_help(page.examples())
            .after_help(page.exit_codes()),
        None => command,
    };
    let below = |name: &str| format!("{path} {name}").trim_start().to_owned();
    command.mut_subcommands(|sub| {
        let path = below(sub.get_name());
        dressed(sub, &path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command by its words, those too that only hold others.
    fn commands_of(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
        for sub in command.get_subcommands() {
            let path = format!("{path} {}", sub.get_name()).trim_start().to_owned();
            commands_of(sub, &path, found);
            found.push((path, sub.clone()));
        }
    }

    #[test]
    fn every_command_has_its_page() {
        // Goal: nobody adds a command and forgets its examples. Method: each command of the grammar has a
        // page, and its help shows two examples before its options and the codes behind them.
        let mut commands = Vec::new();
        // Built, so that commands know the options that they share.
        let mut whole = grammar().disable_help_subcommand(true);
        whole.build();
        commands_of(&whole, "", &mut commands);
        assert!(commands.len() > 10);
        for (path, mut command) in commands {
            let page = Page::of(&path);
            let page = page.unwrap_or_else(|| panic!("{path}: add its page to PAGES in help.rs"));
            let help = command.render_long_help().to_string();
            let place = |text: &str| help.find(text).unwrap_or_else(|| panic!("{path}: {text}"));
            assert!(place("Examples:") < place("Usage:"), "{help}");
            assert!(place("Usage:") < place("Options"), "{help}");
            assert!(place("Options") < place("Exit codes:"), "{help}");
            let start = format!("  giftbatch {path}");
            let shown = help.lines().filter(|line| line.starts_with(&start)).count();
            assert_eq!(shown, 2, "{help}");
            assert!(page.codes.starts_with(&[0]) && page.codes.is_sorted(), "{path}");
            assert_eq!(page.codes().count(), page.codes.len(), "{path}: a code has no meaning");
        }
    }

    #[test]
    fn every_example_is_understood() {
        // Goal: no example rots. Method: the real parser on each example of each command that is there.
        let is_there = |path: &str| {
            let words = path.split_whitespace();
            words.clone().count() == 0 || find(&grammar(), words).is_some()
        };
        let mut parsed = 0;
        for page in PAGES.iter().filter(|page| is_there(page.path)) {
            for (example, _) in page.examples {
                let words = shell_words(example);
                let understood = grammar().try_get_matches_from(&words);
                assert!(understood.is_ok(), "{example}: {}", understood.unwrap_err());
                parsed += 1;
            }
        }
        assert!(parsed >= 26, "only {parsed} examples were looked at");
    }

    fn find<'c, 'w>(
        command: &'c clap::Command,
        mut words: impl Iterator<Item = &'w str>,
    ) -> Option<&'c clap::Command> {
        match words.next() {
            Some(word) => find(command.find_subcommand(word)?, words),
            None => Some(command),
        }
    }

    /// Words as a shell parts them: single quotes hold one together.
    fn shell_words(line: &str) -> Vec<String> {
        let odd_is_quoted = line.split('\'').enumerate();
        odd_is_quoted
            .flat_map(|(place, part)| match place % 2 {
                0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
                _ => vec![part.to_owned()],
            })
            .collect()
    }

    #[test]
    fn lines_fit_a_screen() {
        // Goal: no line of ours wraps on 80 columns, but for a command line that is longer. Method: measure.
        for page in PAGES {
            for (code, means) in page.codes() {
                assert!(format!("  {code:>3} {means}").chars().count() <= 80);
            }
            for (example, does) in page.examples {
                assert!(does.chars().count() + 6 <= 80, "{does}");
                assert!(example.chars().count() <= 98, "{example}");
            }
        }
    }
}
