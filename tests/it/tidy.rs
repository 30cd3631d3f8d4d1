//! The rules of the code, held by a test in the normal suite.
//!
//! It stands apart because a rule that only people hold is forgotten: who breaks one here is told the
//! file, the line, the rule, and how to mend it.
//!
//! **Invariant:** a rule that could pass because it looks at nothing is proved on a made-up fault.

mod source;

use std::fs;

use giftbatch::domain::{Event, GiftId, GiftState, Refusal};
use source::{Source, code_of, files, find_word, name_of, root, sources, without_tests};

/// Which module may name which. `cli` may name all.
const ARROWS: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("crash", &[]),
    ("domain", &[]),
    ("interrupt", &[]),
    ("sandbox", &[]),
    ("intake", &["domain"]),
    ("plan", &["domain", "intake"]),
    ("ledger", &["crash", "domain", "plan"]),
    ("provider", &["clock", "domain"]),
    ("notify", &["clock", "provider"]),
    ("pace", &[]),
    ("drive", &["clock", "interrupt", "pace", "provider"]),
    ("settle", &["domain", "ledger", "provider"]),
    ("recheck", &["crash", "domain", "drive", "ledger", "pace", "provider", "settle"]),
    ("reconcile", &["crash", "domain", "drive", "ledger", "pace", "provider", "settle"]),
    (
        "issue",
        &["clock", "crash", "domain", "drive", "interrupt", "ledger", "pace", "provider", "settle"],
    ),
    ("preflight", &["crash", "domain", "drive", "ledger", "pace", "provider"]),
    ("report", &["domain", "ledger", "plan"]),
    ("revoke", &["crash", "domain", "drive", "ledger", "pace", "provider", "settle"]),
];

/// Words that only some modules may use, and what to do instead.
const FENCES: &[(&str, &[&str], &str)] = &[
    ("sqlx", &["ledger"], "add a named query to the ledger"),
    ("reqwest", &["notify", "provider"], "add a call to the provider's client"),
    ("axum", &["sandbox"], "only the pretend provider serves HTTP"),
    ("hyper", &["sandbox"], "only the pretend provider serves HTTP"),
    ("maud", &["report"], "only a report makes pages"),
    ("println!", &["cli"], "return the text; cli prints it"),
    ("eprintln!", &["cli"], "return the text, or log it with tracing"),
    ("print!", &["cli"], "return the text; cli prints it"),
    ("eprint!", &["cli"], "return the text, or log it with tracing"),
    ("std::env", &["cli"], "take it as a value; cli reads the environment"),
    ("env::var", &["cli"], "take it as a value; cli reads the environment"),
    ("env::args", &["cli"], "take it as a value; cli reads the environment"),
];

/// Folders and files that only decide.
const PURE: &[&str] = &[
    "src/domain/",
    "src/drive/answers.rs",
    "src/drive/ended.rs",
    "src/drive/queue.rs",
    "src/drive/sign.rs",
    "src/intake/",
    "src/pace/",
    "src/plan/",
    "src/settle/",
    "src/issue/decide.rs",
    "src/issue/quota.rs",
    "src/issue/supply.rs",
    "src/preflight/holding.rs",
    "src/preflight/judge.rs",
    "src/provider/barrier.rs",
    "src/provider/classify.rs",
    "src/provider/credit.rs",
    "src/provider/envelope.rs",
    "src/provider/exact.rs",
    "src/provider/list.rs",
    "src/provider/minted/answer.rs",
    "src/provider/minted/challenge.rs",
    "src/provider/minted/holdings.rs",
    "src/provider/minted/percent.rs",
    "src/provider/removal.rs",
    "src/provider/reply.rs",
    "src/provider/transport.rs",
    "src/provider/wallet.rs",
    "src/provider/wire.rs",
    "src/recheck/judge.rs",
    "src/reconcile/alike.rs",
    "src/reconcile/audit.rs",
    "src/reconcile/balance.rs",
    "src/reconcile/words.rs",
    "src/revoke/decide.rs",
    "src/revoke/surplus.rs",
];

/// What a file that only decides must not name.
const IMPURE: &[&str] = &["async", "await", "tokio", "Utc::now", "Instant::now", "SystemTime::now"];

/// Lines that a file may have before its tests.
const LONGEST: usize = 300;

/// Fails with all faults at once.
fn hold(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}\n\n{}\n", faults.join("\n"));
}

/// The program's files under the rules of the modules: all but the two roots.
fn module_sources() -> Vec<Source> {
    let is_root = |source: &Source| matches!(source.path.as_str(), "src/lib.rs" | "src/main.rs");
    let found: Vec<Source> = sources().into_iter().filter(|source| !is_root(source)).collect();
    assert!(found.len() > 50, "only {} files were found below src/", found.len());
    found
}

#[test]
fn modules_name_only_what_their_arrows_allow() {
    // Goal: data flows one way. Method: every `crate::` path in code that is not a test, against the
    // table above.
    let mut faults = Vec::new();
    for source in module_sources().iter().filter(|source| source.module() != "cli") {
        let module = source.module();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == module) else {
            faults.push(format!("{}: the module `{module}` has no arrows yet", source.path));
            continue;
        };
        for (line, name) in source.imports() {
            let is_module = name == "cli" || ARROWS.iter().any(|(known, _)| *known == name);
            if is_module && name != module && !allowed.contains(&name.as_str()) {
                faults.push(format!("{}:{line}: `{module}` names `{name}`", source.path));
            }
        }
    }
    hold(
        "A module names another that its arrows do not allow. Move the code to where both may see \
         it, or hand the thing over as a value; a new arrow goes into ARROWS in tests/it/tidy.rs \
         and into docs/architecture.md, with its reason.",
        &faults,
    );
}

#[test]
fn fenced_words_stay_behind_their_fences() {
    // Goal: one module knows each library and each way out. Method: the words in code, by module.
    let mut faults = Vec::new();
    for source in module_sources() {
        for (word, modules, instead) in FENCES {
            if modules.contains(&source.module()) {
                continue;
            }
            if let Some(line) = source.line_of(word) {
                let at = format!("{}:{line}", source.path);
                faults.push(format!("{at}: `{word}` belongs to {}: {instead}", modules.join(", ")));
            }
        }
    }
    hold("A word stands outside its fence (FENCES in tests/it/tidy.rs).", &faults);
}

#[test]
fn deciders_do_not_wait_and_do_not_ask_the_time() {
    // Goal: what decides about money can be tested without a world. Method: forbidden words in the
    // files that only decide; each of those must be there.
    let sources = module_sources();
    let mut faults = Vec::new();
    for pure in PURE {
        let mut is_there = false;
        for source in sources.iter().filter(|source| source.path.starts_with(pure)) {
            is_there = true;
            for word in IMPURE {
                if let Some(line) = source.line_of(word) {
                    faults.push(format!("{}:{line}: `{word}`", source.path));
                }
            }
        }
        if !is_there {
            faults.push(format!("{pure}: not there; correct PURE in tests/it/tidy.rs"));
        }
    }
    hold(
        "A file that only decides waits or asks the time. Take what it needs as values (`now` too), \
         and leave the waiting to its caller.",
        &faults,
    );
}

#[test]
fn files_are_short() {
    // Goal: a file fits a reader's head. Method: lines before the tests of each file.
    let too_long = |source: &Source| {
        let lines = lines_before_tests(&source.text);
        let rule = format!("{}: {lines} lines before its tests", source.path);
        (lines >= LONGEST).then_some(rule)
    };
    let faults: Vec<String> = sources().iter().filter_map(too_long).collect();
    hold(
        "A file has 300 lines or more before its tests. Give a part of it that has a name of its \
         own a file of its own.",
        &faults,
    );
}

fn lines_before_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let is_start = |pair: &[&str]| {
        pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
    };
    lines.windows(2).position(is_start).unwrap_or(lines.len())
}

#[test]
fn every_file_says_what_it_is_for() {
    // Goal: a reader who opens any file knows why it is there. Method: the first line of each.
    let rust = ["src", "tests", "benches"].into_iter().flat_map(files);
    let faults: Vec<String> = rust
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !fs::read_to_string(path).expect("it is text").starts_with("//! "))
        .map(|path| name_of(&path))
        .collect();
    hold("A file does not open with `//!` and a sentence that says what it is for.", &faults);
}

#[test]
fn every_wait_of_a_test_has_an_end() {
    // Goal: no test waits for what a program that has ended would have done. Method: words that wait without a
    // look at the program, in the tests of the whole program, but for the two files that are there for it.
    let forbidden = [".output()", ".spawn()", ".wait_with_output(", ".recv()", "sandbox.until("];
    let mut faults = Vec::new();
    for path in files("tests/it").iter().filter(|path| path.extension().is_some_and(|e| e == "rs"))
    {
        let name = name_of(path);
        if name.ends_with("/running.rs") || name.ends_with("/world.rs") {
            continue;
        }
        let code = code_of(&fs::read_to_string(path).expect("it is text"));
        for (number, line) in code.lines().enumerate() {
            for word in forbidden.iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{name}:{}: `{word}`", number + 1));
            }
        }
    }
    hold("Wait with what tests/it/running.rs has: it looks at the program meanwhile.", &faults);
}

#[test]
fn nothing_tells_on_the_machine_it_was_written_on() {
    // Goal: a clone works anywhere. Method: telltale texts in every text file; they are put together
    // here so that this file does not hold them. Lock files are cargo's own.
    let telltales = [
        ["/wo", "rk/"],
        ["/ro", "ot/"],
        ["/ho", "me/"],
        ["/Us", "ers/"],
        ["crates", ".io"],
        ["regis", "try+"],
        ["spar", "se+"],
    ]
    .map(|parts| parts.concat());
    let mut faults = Vec::new();
    for path in files("") {
        let name = name_of(&path);
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        if name.ends_with("Cargo.lock") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for telltale in telltales.iter().filter(|telltale| line.contains(telltale.as_str())) {
                faults.push(format!("{name}:{}: {telltale}", number + 1));
            }
        }
    }
    hold(
        "A machine's own path, or a registry's address, is in the repository: remove it.",
        &faults,
    );
}

#[test]
fn the_states_page_is_what_the_code_says() {
    // Goal: what people read about states is true. Method: the page's tables between their markers
    // against every state, and against `GiftState::next` over all states and events.
    let page = fs::read_to_string(root().join("docs/states.md")).expect("docs/states.md is there");
    let words: Vec<String> = table(&page, "states").iter().map(|row| row[0].clone()).collect();
    let expected: Vec<&str> = GiftState::ALL.into_iter().map(GiftState::word).collect();
    assert_eq!(words, expected, "docs/states.md: the states table lists the stored words in order");
    let mut arrows = Vec::new();
    for state in GiftState::ALL {
        for event in std::iter::successors(Some(Event::Started), following) {
            if let Ok(next) = state.next(&event) {
                arrows.push(format!("| {state} | {} | {next} |", event.word()));
            }
        }
    }
    let written: Vec<String> =
        table(&page, "transitions").iter().map(|row| format!("| {} |", row.join(" | "))).collect();
    assert_eq!(
        written,
        arrows,
        "docs/states.md: between the markers of `transitions` there must stand\n{}\n",
        arrows.join("\n")
    );
}

/// The rows of the table between two markers, without its head.
fn table(page: &str, name: &str) -> Vec<Vec<String>> {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let inside = page.split_once(&open).and_then(|(_, rest)| rest.split_once(&close));
    let (inside, _) = inside.unwrap_or_else(|| panic!("docs/states.md lacks {open} … {close}"));
    let rows = inside.lines().map(str::trim).filter(|line| line.starts_with('|'));
    let cells =
        |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.skip(2).map(cells).collect()
}

/// The event after another, so that no event can be forgotten: a new one does not compile here.
fn following(event: &Event) -> Option<Event> {
    let gift: GiftId = "6a623f97-c376-44ea-8995-09dfacd0ddcf".parse().expect("it is a GUID");
    let refusal = Refusal { class: "gone".to_owned(), message: String::new() };
    let why = String::new();
    Some(match event {
        Event::Started => Event::Withdrawn { by: None },
        Event::Withdrawn { .. } => Event::Expired,
        Event::Expired => Event::Confirmed { gift },
        Event::Confirmed { .. } => Event::Declined(refusal),
        Event::Declined(_) => Event::Undelivered { retry_at: std::time::UNIX_EPOCH.into(), why },
        Event::Undelivered { .. } => Event::AnswerLost { why },
        Event::AnswerLost { .. } => Event::Orphaned,
        Event::Orphaned => Event::FoundIssued { gift },
        Event::FoundIssued { .. } => Event::Recalled { gift },
        Event::Recalled { .. } => Event::FoundAbsent,
        Event::FoundAbsent => Event::StayedUnclear { why },
        Event::StayedUnclear { .. } => Event::ResolvedIssued { gift, note: why },
        Event::ResolvedIssued { .. } => Event::ResolvedRefused(refusal),
        Event::ResolvedRefused(_) => Event::ResolvedRetry { note: why },
        Event::ResolvedRetry { .. } => Event::Reopened,
        Event::Reopened => Event::RevokeStarted,
        Event::RevokeStarted => Event::Deleted,
        Event::Deleted => Event::StillThere { why: String::new() },
        Event::StillThere { .. } => return None,
    })
}

#[test]
fn the_rules_see_what_they_forbid() {
    // Goal: no rule passes because it looks at nothing. Method: made-up code with one of each kind
    // of thing that is to be seen, and of each that is not.
    let text = "\
//! crate::cli
use crate::{domain::{Money, sandbox}, plan, issue::run};
fn f<'a>(c: char) -> &'a str {
    let _ = (c == '\"', r#\"crate::report\"#, \"// \\\" crate::report\"); /* sqlx /* */ sqlx */
    super::super::pace::go(); my_sqlx(); sqlx::query!(\"reqwest\")
}
#[cfg(test)]
mod tests {
    use crate::intake::read;
}
fn g() { crate::settle::settle() }
";
    let code = without_tests(&code_of(text));
    assert_eq!(code.lines().count(), text.lines().count());
    let source = Source { path: "src/issue/made_up.rs".into(), text: text.into(), code };
    let at = |line, name: &str| (line, name.to_owned());
    let expected =
        [at(2, "domain"), at(2, "plan"), at(2, "issue"), at(11, "settle"), at(5, "pace")];
    assert_eq!(source.imports(), expected);
    assert_eq!((source.module(), source.line_of("sqlx")), ("issue", Some(5)));
    assert_eq!(source.line_of("reqwest"), None);
    assert_eq!(find_word("eprintln!()", "println!", 0), None);
    assert_eq!(lines_before_tests(text), 6);
}
