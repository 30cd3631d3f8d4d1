//! Stories of programs that read what ours prints, writes and posts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use giftbatch::ledger::RunLock;
use giftbatch::sandbox::{Endpoint, FaultKind, FaultProfile, RefusalKind, SandboxConfig};
use serde_json::Value;

use crate::world::{CANARY_CLIENT, CANARY_KEY, Done, World, csv, holds, rows, send, wallet};

/// Asserts that standard output is one document: no number with a point, and times in UTC.
#[track_caller]
fn assert_document(done: &Done) -> Value {
    let document = done.json();
    assert_plain(&document);
    document
}

#[track_caller]
fn assert_plain(value: &Value) {
    match value {
        Value::Number(number) => assert!(!number.is_f64(), "{number}"),
        Value::Array(values) => values.iter().for_each(assert_plain),
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (true, Some(text)) = (name == "at" || name.ends_with("_at"), value.as_str())
                {
                    let is_time = text.ends_with('Z')
                        && text.parse::<chrono::DateTime<chrono::Utc>>().is_ok();
                    assert!(is_time || (name == "expires_at" && text == "never"), "{name}: {text}");
                }
                let is_money = name == "amounts" || name == "amount";
                assert!(!is_money || !value.is_number(), "{name}: {value}");
                assert_plain(value);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Runs a command with `--json`, and gives its document.
#[track_caller]
fn json(world: &World, args: &[&str], code: i32) -> Value {
    let done = world.run(&[args, &["--json"]].concat()).expect(code);
    let document = assert_document(&done);
    if let Some(told) = document.get("exit_code") {
        assert_eq!(told, code, "{args:?}");
        assert_eq!(document["version"], 1, "{args:?}");
        assert_eq!(document["command"], args[0], "{args:?}");
    }
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_prints_one_document() {
    // Goal: `--json` is one document from every command, and its code is the exit code. Method: each
    // command in a campaign's life.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(4)));
    let wallet = rows(1)[0].wallet.to_string();
    let json = |args: &[&str], code| json(&world, args, code);
    assert_eq!(json(&["status"], 0), serde_json::json!([]));
    assert_eq!(json(&["check", &file], 0)["rows"], 4);
    let plan = json(&["load", &file, "--campaign", "may"], 0)["plan"].as_str().unwrap().to_owned();
    assert_eq!(json(&["issue", "may"], 7)["status"], "refused");
    assert_eq!(json(&["issue", "may", "--confirm", &plan], 0)["gifts"]["issued"], 4);
    assert_eq!(json(&["reconcile", "may"], 0)["reconciled"]["matched"], 4);
    assert_eq!(json(&["reconcile", "--all"], 0).as_array().map(Vec::len), Some(1));
    json(&["retry", "may", "--yes", "--max-total", "1000"], 0);
    json(&["run", &file, "--campaign", "may", "--yes", "--max-total", "1000"], 0);
    assert_eq!(json(&["status"], 0).as_array().map(Vec::len), Some(1));
    json(&["status", "may"], 0);
    let gifts = json(&["gifts", "may"], 0);
    let key = gifts[0]["key"].as_str().unwrap();
    assert!(json(&["show", key], 0)["history"].is_array());
    assert_eq!(json(&["show", &wallet], 0).as_array().map(Vec::len), Some(2));
    assert_eq!(json(&["report", "may"], 0)["gifts"]["issued"], 4);
    json(&["report", "may", "--format", "json"], 0);
    let report = world.path("report.csv");
    let report = report.to_str().unwrap();
    assert_eq!(json(&["report", "may", "--format", "csv", "-o", report], 0)["status"], "complete");
    assert!(std::fs::read_to_string(report).unwrap().starts_with("wallet_id,"));
    let revoke = ["revoke", "may", "--yes", "--max-total", "1000"];
    assert_eq!(json(&revoke, 0)["gifts"]["revoked"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_is_one_document() {
    // Goal: `--json` is one document however a command fails. Method: each code, from several commands.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(4)));
    world.issue_file(&file, "may", &[]).expect(0);
    let json = |args: &[&str], code| json(&world, args, code);
    for args in [
        ["report", "may", "--format", "csv"].as_slice(),
        &["status", "none"],
        &["gifts", "none"],
        &["gifts", "may", "--state", "lost"],
        &["show", "none"],
        &["show", "6a623f97-c376-44ea-8995-09dfacd0ddcf"],
        &["report", "none"],
        &["reconcile", "none"],
        &["reconcile"],
        &["issue", "none"],
        &["retry", "none"],
        &["retry", "may", "--bogus"],
    ] {
        let document = json(args, 2);
        let words = document["error"]["message"].as_str().unwrap();
        assert!(words.len() > 10 && document["status"] == "failed", "{args:?}: {words}");
    }
    let bad = world.file("bad.csv", "wallet_id,amount,expires_at,description\nx,1,2036-12-31,a\n");
    assert_eq!(json(&["check", &bad], 3)["status"], "refused");
    json(&["load", &bad, "--campaign", "june"], 3);
    json(&["check", &file, "--expect-rows", "5"], 7);
    let gift = world.book().gifts[0].id;
    world.sandbox.double_gift(gift).unwrap();
    assert_eq!(json(&["reconcile", "may"], 6)["status"], "attention");
    let june = world.file("june.csv", csv(&rows(4)).replace("KUPON", "JUNE"));
    world.sandbox.revoke_keys();
    let june = ["run", &june, "--campaign", "june", "--yes", "--max-total", "1000"];
    assert_eq!(json(&june, 8)["status"], "rejected");
    let lock = RunLock::take(&world.ledger(), "another", chrono::Utc::now()).unwrap();
    assert_eq!(json(&june, 9)["status"], "busy");
    json(&["reconcile", "may"], 9);
    json(&["gifts", "june"], 0);
    drop(lock);
    std::fs::write(world.ledger(), "no ledger").unwrap();
    for reading in [["status", "may"], ["gifts", "may"], ["report", "may"]] {
        assert_eq!(json(&reading, 1)["status"], "failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_one_document_and_a_cut_one_is_none() {
    // Goal: lists leave as they are read, and what broke off is never taken for the whole. Method: a list
    // of several pages, whole; and again into a pipe whose reader goes away.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(3_000)));
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    let list = world.run(&["gifts", "may", "--json"]).expect(0);
    assert_eq!(list.json().as_array().map(Vec::len), Some(3_000));
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut child = world.start_on(&["gifts", "may", "--json"], writer);
    let mut first = [0; 64];
    let first = child.until_read(move || reader.read_exact(&mut first).map(|()| first)).unwrap();
    assert_eq!(Done::wait(child).code, 0);
    assert!(serde_json::from_slice::<Value>(&first).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_json_log_is_json() {
    // Goal: a shipper of logs reads all of standard error. Method: `--log-format json` in runs with faults,
    // with progress, with notes, refused files, misuse, rejected keys.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(40)));
    let bad = world.file("bad.csv", "wallet_id,amount,expires_at,description\nx,1,2036-12-31,a\n");
    let run = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000", "-v"];
    let lines = |args: &[&str], code: i32, word: &str| {
        let done = world.run(&[args, &["--log-format", "json"]].concat()).expect(code);
        let mut messages = String::new();
        for line in done.stderr.lines() {
            let line: Value = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{error}: {line}\nin {}", done.stderr));
            assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
            messages.push_str(line["fields"]["message"].as_str().unwrap());
            messages.push('\n');
        }
        assert!(messages.contains(word), "{args:?}: {word}: {messages}");
    };
    lines(&["load", &file, "--campaign", "may"], 0, "rows");
    world.sandbox.set_profile(FaultProfile::none().with(FaultKind::TimeoutBeforeCommit, 1_000));
    lines(&run, 0, "/40 gifts, ");
    world.sandbox.set_profile(FaultProfile::none());
    lines(&[run.as_slice(), &["--progress", "bar"]].concat(), 0, "nothing new");
    lines(&["check", &bad], 3, "error: ");
    lines(&["check", &bad, "--bogus"], 2, "--bogus");
    lines(&["issue", "none"], 2, "hint: ");
    world.sandbox.revoke_keys();
    lines(&["reconcile", "may"], 8, "rejects the credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_says_nothing_on_success_and_all_on_failure() {
    // Goal: cron mails only what matters. Method: each command that works with `-q`, then each one where
    // it fails.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(4)));
    let odd = wallet(0);
    world.sandbox.refuse_wallet(odd, RefusalKind::NotFound404);
    let confirmed = ["--yes", "--max-total", "1000"];
    let run = [["run", &file, "--campaign", "may"].as_slice(), &confirmed].concat();
    let retry = [["retry", "may"].as_slice(), &confirmed].concat();
    let issue = [["issue", "may"].as_slice(), &confirmed].concat();
    let load = ["load", &file, "--campaign", "may"];
    let report = world.path("report.csv");
    let report = ["report", "may", "--format", "csv", "-o", report.to_str().unwrap()];
    // That a ledger is made is always said.
    let other = world.file("other.csv", csv(&rows(8)[7..]));
    world.run(&["load", &other, "--campaign", "other", "-q"]).expect(0);
    let quiet = |args: &[&str]| {
        let done = world.run(&[args, &["-q"]].concat()).expect(0);
        assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""), "{args:?}");
    };
    let loud = |args: &[&str], code: i32| {
        let done = world.run(&[args, &["-q"]].concat()).expect(code);
        assert!(!done.stdout.is_empty() || !done.stderr.is_empty(), "{args:?}");
    };
    quiet(&["check", &file]);
    quiet(&load);
    loud(&["issue", "may"], 7);
    loud(&issue, 4);
    loud(&run, 4);
    loud(&retry, 4);
    world.sandbox.mend_wallet(odd);
    for args in [&retry, &issue, &run, &retry] {
        quiet(args);
    }
    quiet(&["reconcile", "may"]);
    quiet(&["reconcile", "--all"]);
    quiet(&report);
    loud(&["check", "none.csv"], 3);
    loud(&["load", "none.csv", "--campaign", "may"], 3);
    world.sandbox.revoke_keys();
    loud(&["reconcile", "may"], 8);
}

/// Reads Prometheus' text form as its specification says it, and nothing more.
///
/// It shares no code with the program.
fn read_metrics(text: &str) -> Vec<(String, String)> {
    let mut samples: Vec<(String, String)> = Vec::new();
    let (mut helped, mut typed) = (Vec::new(), Vec::<String>::new());
    assert!(text.ends_with('\n'), "the last line ends too");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a name and a text");
            assert!(!help.is_empty() && !helped.contains(&name.to_owned()), "{line}");
            helped.push(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a type");
            assert_eq!(kind, "gauge");
            assert!(helped.last().is_some_and(|last| last == name), "{line}");
            typed.push(name.to_owned());
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a series and a value");
            assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
            let name = series.split('{').next().expect("there is a first part");
            assert!(
                typed.last().is_some_and(|last| last == name),
                "{line}: families stand together"
            );
            assert!(name.starts_with("giftbatch_"), "{line}");
            if let Some(labels) = series.strip_prefix(name).filter(|labels| !labels.is_empty()) {
                let inner = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix("\"}"));
                for label in inner.expect("labels in braces").split("\",") {
                    let (label, value) = label.split_once("=\"").expect("a label has a value");
                    assert!(label.chars().all(|char| char.is_ascii_lowercase() || char == '_'));
                    assert!(!value.contains(['"', '\\']), "no value of this test is escaped");
                }
            }
            assert!(samples.iter().all(|(known, _)| known != series), "{line} stands twice");
            samples.push((series.to_owned(), value.to_owned()));
        }
    }
    samples
}

fn metric(folder: &Path, series: &str) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("giftbatch.prom")).expect("the file is there");
    read_metrics(&text).into_iter().find(|(known, _)| known == series).map(|(_, value)| value)
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_of_successes_and_of_failures() {
    // Goal: alerting rules can rest on the file. Method: a run with a refusal, a retry that heals it, runs
    // that fail early; after each, read the file as Prometheus would.
    let mut world = World::new();
    let folder = world.path("textfile");
    std::fs::create_dir(&folder).unwrap();
    world.set("GIFTBATCH_METRICS_FILE", folder.join("giftbatch.prom").to_str().unwrap());
    let file = world.file("may.csv", csv(&rows(4)));
    let value = |series: &str| metric(&folder, series);
    let text = |text: &str| Some(text.to_owned());
    world.sandbox.refuse_wallet(wallet(1), RefusalKind::NotFound404);
    world.run(&["status"]).expect(0);
    assert!(!folder.join("giftbatch.prom").exists(), "reading commands write none");
    world.issue_file(&file, "may", &[]).expect(4);
    assert_eq!(value("giftbatch_last_run_exit_code{command=\"run\"}"), text("4"));
    assert_eq!(value("giftbatch_gifts{campaign=\"may\",state=\"issued\"}"), text("3"));
    assert_eq!(value("giftbatch_amount{campaign=\"may\",state=\"refused\"}"), text("11.25"));
    assert_eq!(value("giftbatch_refused_gifts{campaign=\"may\",class=\"not_found\"}"), text("1"));
    assert_eq!(
        value("giftbatch_reconciled_gifts{campaign=\"may\",finding=\"matched\"}"),
        text("3")
    );
    assert_eq!(value("giftbatch_last_success_timestamp_seconds{command=\"run\"}"), None);
    assert!(value("giftbatch_last_finished_timestamp_seconds{command=\"run\"}").is_some());
    world.sandbox.mend_wallet(wallet(1));
    let retry = ["retry", "may", "--yes", "--max-total", "1000"];
    world.run(&retry).expect(0);
    let success = value("giftbatch_last_success_timestamp_seconds{command=\"retry\"}");
    assert!(success.is_some());
    assert_eq!(value("giftbatch_refused_gifts{campaign=\"may\",class=\"not_found\"}"), None);
    assert_eq!(value("giftbatch_last_run_exit_code{command=\"run\"}"), text("4"));
    let lock = RunLock::take(&world.ledger(), "another", chrono::Utc::now()).unwrap();
    world.run(&retry).expect(9);
    drop(lock);
    assert_eq!(value("giftbatch_last_run_exit_code{command=\"retry\"}"), text("9"));
    assert_eq!(value("giftbatch_last_success_timestamp_seconds{command=\"retry\"}"), success);
    assert_eq!(value("giftbatch_gifts{campaign=\"may\",state=\"issued\"}"), text("4"));
    world.set("GIFTBATCH_CONFIG", "no-such-settings.toml");
    world.run(&retry).expect(2);
    assert_eq!(metric(&folder, "giftbatch_last_run_exit_code{command=\"retry\"}"), text("2"));
    let path = folder.join("giftbatch.prom");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
    for secret in [CANARY_KEY, CANARY_CLIENT, &wallet(0).to_string()] {
        assert!(!holds(&folder, secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metrics_file_that_cannot_be_written_changes_no_exit_code() {
    // Goal: what watches never stops what gives. Method: a folder that is not there.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    let path = world.path("no-such-folder/giftbatch.prom");
    let done = world.issue_file(&file, "may", &["-q", "--metrics-file", path.to_str().unwrap()]);
    let done = done.expect(0);
    assert!(done.stderr.contains("warning: cannot write the metrics to"), "{}", done.stderr);
    assert_eq!(done.gifts("issued"), 2);
}

/// A message as a receiver got it.
#[derive(Debug)]
struct Message {
    head: String,
    body: Vec<u8>,
}

impl Message {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// A receiver that answers with one status after the other, the last one for ever; with none it stays
/// silent. Gives its URL, and the messages as they come.
fn receiver(statuses: &'static [u16]) -> (String, Receiver<Message>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/hooks/canary-path", listener.local_addr().expect("it is bound"));
    let (told, messages) = channel();
    thread::spawn(move || {
        let mut silent = Vec::new();
        for (place, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).expect("text") > 0 {}
            let message = Message { head, body: Vec::new() };
            let length =
                message.header("content-length").expect("a length").parse().expect("digits");
            let mut body = vec![0; length];
            stream.read_exact(&mut body).expect("the whole body");
            match statuses.get(place).or(statuses.last()) {
                Some(status) => {
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\
                         connection: close\r\n\r\n"
                    );
                    stream.get_mut().write_all(answer.as_bytes()).expect("it is read");
                }
                None => silent.push(stream),
            }
            if told.send(Message { body, ..message }).is_err() {
                return;
            }
        }
    });
    (url, messages)
}

/// HMAC-SHA256 from its definition (RFC 2104).
fn hmac_hex(key: &[u8], text: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::digest([pad(0x36).as_slice(), text].concat());
    let outer = Sha256::digest([pad(0x5c).as_slice(), &inner].concat());
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_gets_the_document_signed_and_once() {
    // Goal: what is posted is what was printed, and proves who sent it. Method: a run with a secret from a
    // file, a receiver that takes it; the signature by an HMAC of our own.
    let (url, messages) = receiver(&[204]);
    let mut world = World::new();
    let secret = world.file("secret", "canary-secret\n");
    world.set("GIFTBATCH_NOTIFY", &url).set("GIFTBATCH_NOTIFY_SECRET_FILE", &secret);
    let file = world.file("may.csv", csv(&rows(3)));
    let open = world.issue_file(&file, "may", &[]).expect(2);
    assert!(open.stderr.contains("chmod 600") && world.book().gifts.is_empty(), "{}", open.stderr);
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
    let done = world.issue_file(&file, "may", &["-vv"]).expect(0);
    let message = messages.try_recv().expect("one message");
    assert!(message.head.starts_with("POST /hooks/canary-path "), "{}", message.head);
    assert_eq!(message.header("content-type"), Some("application/json"));
    let signature = format!("sha256={}", hmac_hex(b"canary-secret", &message.body));
    assert_eq!(message.header("x-giftbatch-signature"), Some(signature.as_str()));
    let (mut body, mut printed): (Value, Value) =
        (serde_json::from_slice(&message.body).unwrap(), done.json());
    printed["preview"] = Value::Null;
    printed["faults"] = Value::Null;
    assert_eq!(body.take(), printed);
    for word in ["canary", &wallet(0).to_string()] {
        let text = String::from_utf8_lossy(&message.body);
        assert!(!text.contains(word), "{text}");
        assert!(!done.stderr.contains(word) || word != "canary", "{}", done.stderr);
    }
    // Reading tells nobody; a reconcile of all is a list; a failure is told too.
    world.run(&["status", "may"]).expect(0);
    world.run(&["reconcile", "--all"]).expect(0);
    let all: Value = serde_json::from_slice(&messages.try_recv().unwrap().body).unwrap();
    assert_eq!(all[0]["command"], "reconcile");
    let june = world.file("june.csv", csv(&rows(2)).replace("KUPON", "JUNE"));
    world.sandbox.revoke_keys();
    let failed = world.issue_file(&june, "june", &[]).expect(8);
    assert!(failed.stderr.contains("rejects the credentials"), "{}", failed.stderr);
    world.run(&["issue", "none"]).expect(2);
    for code in [8, 2] {
        let told: Value = serde_json::from_slice(&messages.try_recv().unwrap().body).unwrap();
        assert_eq!(told["exit_code"], code);
    }
    assert!(messages.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_strains_is_tried_three_times_with_one_id() {
    // Goal: a receiver can drop repeats, and one that is down changes no exit code. Method: 503 for ever;
    // then a redirect, which is a no.
    let (url, messages) = receiver(&[503]);
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    let done = world.issue_file(&file, "may", &["-q", "--notify", &url]).expect(0);
    let ids: Vec<Message> = messages.try_iter().collect();
    let ids: Vec<_> = ids.iter().map(|message| message.header("x-giftbatch-delivery")).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids[0].is_some_and(|id| id.len() == 36) && ids.iter().all(|id| *id == ids[0]));
    assert!(done.stderr.contains("warning: nobody was notified: 127.0.0.1"), "{}", done.stderr);
    assert!(done.stderr.contains("answered 503") && !done.stderr.contains("canary-path"));
    let (url, messages) = receiver(&[307]);
    let done = world.run(&["reconcile", "may", "--notify", &url]).expect(0);
    assert!(done.stderr.contains("answered 307"), "{}", done.stderr);
    let unsigned = messages.try_recv().unwrap();
    assert_eq!(unsigned.header("x-giftbatch-signature"), None);
    assert!(messages.try_recv().is_err(), "no redirect is followed");
    world.run(&["reconcile", "may", "--notify", "http://hooks.example/x"]).expect(2);
    world.run(&["reconcile", "may", "--notify", ""]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wants_to_go_at_once_notifies_nobody() {
    // Goal: stop now means now. Method: a provider that takes gifts and stays silent, a receiver that would
    // be silent too; two signals.
    let (url, messages) = receiver(&[]);
    let silent = FaultProfile::always(FaultKind::TimeoutAfterCommit);
    let mut world = World::with(SandboxConfig { faults: silent, ..SandboxConfig::default() });
    world.set("GIFTBATCH_TIMEOUT", "60s").set("GIFTBATCH_NOTIFY", &url);
    let file = world.file("may.csv", csv(&rows(9)));
    let args = ["run", &file, "--campaign", "may", "--yes", "--max-total", "1000"];
    let mut child = world.start(&args);
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= 3).await;
    send("INT", &child);
    child.until_said("stopping: ");
    send("INT", &child);
    let done = Done::wait(child).expect(130);
    let why = "nobody was notified: told to stop at once";
    assert!(done.stderr.contains(why), "{}", done.stderr);
    assert!(messages.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_to_wait_for_a_silent_hook() {
    // Goal: Ctrl-C ends the waiting, not the result. Method: a receiver that never answers; interrupt as
    // soon as it has the message.
    let (url, messages) = receiver(&[]);
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    let args = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100", "--notify", &url];
    let mut child = world.start(&[args.as_slice(), &["--json"]].concat());
    let told = child.until("a message", || messages.try_recv().ok());
    send("INT", &child);
    let done = Done::wait(child).expect(0);
    assert!(done.stderr.contains("nobody was notified: interrupted"), "{}", done.stderr);
    assert_eq!((done.gifts("issued"), told.body.is_empty()), (2, false));
}
