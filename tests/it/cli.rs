//! Stories of the command line: settings, output, secrets, and what people see.

use giftbatch::sandbox::{FaultProfile, SandboxConfig};

use crate::world::{CANARY_CLIENT, CANARY_KEY, World, csv, holds, rows};

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_used_are_named() {
    // Goal: exit 2, nothing sent, and what to do. Method: each wrong setting alone.
    let with = |variable: &'static str, value: Option<&str>, word: &str| {
        let mut world = World::new();
        match value {
            Some(value) => world.set(variable, value),
            None => world.unset(variable),
        };
        let file = world.file("may.csv", csv(&rows(2)));
        let done = world.issue_file(&file, "may", &[]).expect(2);
        assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
        assert!(world.book().gifts.is_empty());
    };
    with("GIFTBATCH_WALLET_URL", None, "GIFTBATCH_WALLET_URL");
    with("GIFTBATCH_WALLET_URL", Some("http://wallet.example"), "https");
    with("GIFTBATCH_WALLET_URL", Some("wallet.example"), "correct GIFTBATCH_WALLET_URL");
    with("GIFTBATCH_API_KEY", None, "GIFTBATCH_API_KEY");
    with("GIFTBATCH_SETTLE", Some("soon"), "--settle");
    with("GIFTBATCH_RATE", Some("-1"), "--rate");
    with("GIFTBATCH_CONFIG", Some("no-such-file.toml"), "no-such-file.toml");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settings_file_is_below_the_environment_and_has_no_unknown_key() {
    // Goal: the layers of settings. Method: a file in the folder, then with a key that is unknown.
    let mut world = World::new();
    let url = world.sandbox.url();
    let key = world.file("key", CANARY_KEY);
    let client = world.file("client", CANARY_CLIENT);
    world.unset("GIFTBATCH_WALLET_URL").unset("GIFTBATCH_API_KEY").unset("GIFTBATCH_API_CLIENT");
    world.file(
        "giftbatch.toml",
        format!(
            "wallet_url = {url:?}\nrate = 1\napi_key_file = {key:?}\napi_client_file = {client:?}\n"
        ),
    );
    let file = world.file("may.csv", csv(&rows(20)));
    let open = world.issue_file(&file, "may", &[]).expect(2);
    assert!(open.stderr.contains("chmod 600"), "{}", open.stderr);
    for path in [&key, &client] {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    world.issue_file(&file, "may", &[]).expect(0);
    world.file("giftbatch.toml", "rte = 1\n");
    let unknown = world.issue_file(&file, "may", &[]).expect(2);
    assert!(unknown.stderr.contains("rte"), "{}", unknown.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_are_nowhere() {
    // Goal: secrets reach no output, no ledger and no report. Method: keys that can be searched for,
    // a run with faults at full verbosity, a report; then look everywhere.
    let faults = FaultProfile::mixed();
    let world = World::with(SandboxConfig { seed: 5, faults, ..SandboxConfig::default() });
    let file = world.file("may.csv", csv(&rows(40)));
    let run = world.issue_file(&file, "may", &["-vv"]);
    let report = world.path("report.csv");
    let report = report.to_str().unwrap();
    world.run(&["report", "may", "--format", "csv", "-o", report]).expect(0);
    for key in [CANARY_KEY, CANARY_CLIENT] {
        assert!(!run.stdout.contains(key) && !run.stderr.contains(key));
        assert!(!holds(world.path("").as_path(), key), "{key} lies in a file");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_what_the_contract_says() {
    // Goal: version 1, field by field. Method: the whole document of a small run.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(3)));
    let done = world.issue_file(&file, "may-drop", &[]).expect(0);
    let mut document = done.json();
    assert!(document["plan"].as_str().is_some_and(|plan| !plan.is_empty()));
    assert!(document["elapsed_ms"].is_u64());
    document["plan"] = "…".into();
    document["elapsed_ms"] = 412.into();
    let object = document.as_object_mut().unwrap();
    object.remove("error");
    assert_eq!(object.remove("standing").unwrap(), "open");
    assert_eq!(object.remove("preview").unwrap()["rows"], 3);
    assert_eq!(object.remove("audit").unwrap()["counts"]["matched"], 3);
    assert_eq!(object.remove("under_way").unwrap(), serde_json::Value::Null);
    assert_eq!(object.remove("faults").unwrap(), serde_json::json!([]));
    assert_eq!(object.remove("fault_counts").unwrap(), serde_json::json!({}));
    let last_run = object.remove("last_run").unwrap();
    assert_eq!((&last_run["command"], &last_run["reason"]), (&"run".into(), &().into()));
    let expected = serde_json::json!({
        "version": 1, "command": "run", "campaign": "may-drop", "plan": "…",
        "status": "complete", "exit_code": 0,
        "gifts": {"total": 3, "planned": 0, "in_flight": 0, "deferred": 0, "in_doubt": 0,
                  "held": 0, "issued": 3, "refused": 0, "cancelled": 0, "revoking": 0, "revoked": 0},
        "amounts": {"total": "33.75", "issued": "33.75", "refused": "0.00", "open": "0.00",
                    "cancelled": "0.00", "revoked": "0.00"},
        "reconciled": {"matched": 3, "missing": 0, "differs": 0, "duplicated": 0,
                       "unexpected": 0, "unread": 0},
        "elapsed_ms": 412
    });
    assert_eq!(document, expected);
    let status = world.run(&["status", "may-drop", "--json"]).expect(0).json();
    assert_eq!((&status["command"], &status["status"]), (&"status".into(), &"complete".into()));
    assert_eq!(status["gifts"], expected["gifts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_one_document_too() {
    // Goal: `--json` is one document whatever happens. Method: a file that is not there.
    let world = World::new();
    let done = world.issue_file("no-such.csv", "may", &[]).expect(3);
    let document = done.json();
    assert_eq!((&document["exit_code"], &document["status"]), (&3.into(), &"refused".into()));
    assert_eq!(document["campaign"], "may");
    assert!(done.stderr.contains("\nerror: "), "{}", done.stderr);
    let misused = world.run(&["run", "--bogus", "--json"]).expect(2);
    assert_eq!(
        (&misused.json()["exit_code"], &misused.json()["status"]),
        (&2.into(), &"failed".into())
    );
    let help = world.run(&["run", "--help"]).expect(0);
    assert!(help.stdout.contains("--confirm") && help.stderr.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_is_silent_on_success_alone() {
    // Goal: cron mails only what matters. Method: a run that works, by a ledger that is there, and one that does not.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(3)));
    world.run(&["load", &file, "--campaign", "may", "-q"]).expect(0);
    let args = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100", "-q"];
    let done = world.run(&args).expect(0);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    let refused = world.run(&["run", &file, "--campaign", "june", "-q"]).expect(7);
    assert!(!refused.stderr.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_stories_show_what_happened() {
    // Goal: a person finds a gift and its story. Method: list, by state, as CSV and JSON; show one
    // by its key and by its wallet.
    let world = World::new();
    let all = rows(4);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &[]).expect(0);
    let table = world.run(&["gifts", "may"]).expect(0);
    assert!(table.stdout.contains(&all[0].wallet.to_string()), "{}", table.stdout);
    let none = world.run(&["gifts", "may", "--state", "refused", "--json"]).expect(0);
    assert_eq!(none.json(), serde_json::json!([]));
    let list = world.run(&["gifts", "may", "--json"]).expect(0).json();
    assert_eq!(list.as_array().unwrap().len(), 4);
    let key = list[0]["key"].as_str().unwrap().to_owned();
    let story = world.run(&["show", &key]).expect(0);
    for word in ["started", "confirmed", &key] {
        assert!(story.stdout.contains(word), "{word}: {}", story.stdout);
    }
    let wallet = world.run(&["show", &all[0].wallet.to_string()]).expect(0);
    assert!(wallet.stdout.contains(&key), "{}", wallet.stdout);
    world.run(&["show", "6a623f97-c376-44ea-8995-09dfacd0ddcf"]).expect(2);
    world.run(&["gifts", "nowhere"]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_report_has_the_files_columns_and_ours() {
    // Goal: finance reads it, and a spreadsheet runs nothing. Method: an extra column with a formula.
    let world = World::new();
    let wallet = rows(1)[0].wallet;
    let file = world.file(
        "may.csv",
        format!(
            "wallet_id,amount,expires_at,description,city\n{wallet},10.00,2036-12-31,KUPON,=1+1\n"
        ),
    );
    world.issue_file(&file, "may", &[]).expect(0);
    let report = world.run(&["report", "may", "--format", "csv"]).expect(0).stdout;
    let header = "wallet_id,amount,expires_at,description,city,gift_key,state,gift_id,attempts,\
                  error_class,error,issued_at,reconciled";
    assert_eq!(report.lines().next(), Some(header));
    assert!(report.contains("'=1+1"), "{report}");
    let raw = world.run(&["report", "may", "--format", "csv", "--raw"]).expect(0).stdout;
    assert!(raw.contains(",=1+1,"), "{raw}");
    let json = world.run(&["report", "may", "--format", "json"]).expect(0).json();
    assert_eq!(json["gifts"]["issued"], 1);
    let text = world.run(&["report", "may"]).expect(0).stdout;
    assert!(text.contains("10.00"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn colour_and_log_forms_are_what_was_asked_for() {
    // Goal: a terminal's colours never reach a pipe unless they are wanted. Method: a run that logs
    // a warning (a stop), plain, with colour, and as JSON.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(3)));
    world.sandbox.revoke_keys();
    let plain = world.issue_file(&file, "may", &[]).expect(8);
    assert!(plain.stderr.contains("the run stops") && !plain.stderr.contains('\u{1b}'));
    let colour = world.issue_file(&file, "may", &["--color", "always"]).expect(8);
    assert!(colour.stderr.contains('\u{1b}'), "{}", colour.stderr);
    let json = world.issue_file(&file, "may", &["--log-format", "json"]).expect(8);
    let line = json.stderr.lines().find(|line| line.starts_with('{')).expect("a JSON line");
    assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settings_files_paths_count_from_the_file() {
    // Goal: the same file run from two folders meets the same ledger. Method: a relative ledger in a
    // settings file; load from the folder and from one below it.
    let mut world = World::new();
    world.unset("GIFTBATCH_LEDGER");
    world.file("giftbatch.toml", "ledger = \"own.db\"\n");
    let file = world.file("may.csv", csv(&rows(3)));
    let below = world.path("below");
    std::fs::create_dir(&below).unwrap();
    let load = ["load", &file, "--campaign", "may", "--json"];
    world.run_in(&world.path(""), &load).expect(0);
    world.run_in(&below, &load).expect(0);
    assert!(world.path("own.db").exists() && !below.join("own.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_beyond_reason_are_usage_errors_and_no_panic() {
    // Goal: no setting makes the program fall over. Method: the largest of each.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    for wrong in [["--rate", "2000000000"], ["--concurrency", "99999999999"], ["--rate", "x"]] {
        world.issue_file(&file, "may", &wrong).expect(2);
    }
    for flag in ["--settle", "--give-up-after", "--deadline"] {
        for long in ["99999999w", "900000d", "99999999999999999999s"] {
            let refused = world.issue_file(&file, "may", &[flag, long]).expect(2);
            assert!(refused.stderr.contains("longer than a hundred years"), "{}", refused.stderr);
        }
    }
    let long = ["--settle", "36525d", "--give-up-after", "36525d"];
    world.issue_file(&file, "may", &long).expect(0);
}
