//! The page of a report, opened by a browser: what it complains of, what it asks the network for, what it shows.

use std::path::{Path, PathBuf};
use std::process::Command;

use giftbatch::sandbox::{FaultProfile, SandboxConfig};
use serde_json::Value;

use crate::report::{assert_closed_and_named, plotted, text};
use crate::world::{World, csv, output, rows, say};

/// A browser without a window, where there is one.
fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    folders
        .iter()
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file())
}

/// A page as a browser sees it.
struct Opened {
    /// The page, as it is after it was drawn.
    seen: String,
    /// Errors and warnings of the page.
    complaints: Vec<String>,
    /// What the page asked the network for, whether or not it was answered.
    requests: Vec<String>,
}

/// Opens a page, and does what else is asked for.
fn opened(browser: &Path, folder: &Path, page: &Path, more: &str) -> Opened {
    let log = folder.join("network.json");
    // Names lead nowhere: what the browser itself would like to know stays unasked.
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--enable-logging=stderr"])
        .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
        .arg(format!("--user-data-dir={}", folder.join("browser").display()))
        .arg(format!("--log-net-log={}", log.display()))
        .args(["--net-log-capture-mode=Everything", more])
        .arg(format!("file://{}", page.display()));
    let output = output(&mut command).expect("the browser starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let logged = std::fs::read_to_string(&log).expect("the browser keeps a log of its network");
    Opened {
        seen: String::from_utf8_lossy(&output.stdout).into_owned(),
        complaints: said
            .lines()
            .filter(|line| line.contains("CONSOLE"))
            .map(str::to_owned)
            .collect(),
        requests: requests(&logged),
    }
}

/// The addresses that a page asked for, by the browser's log of its network. What the browser asks for itself is
/// marked there as of no origin.
fn requests(log: &str) -> Vec<String> {
    let log: Value = serde_json::from_str(log)
        .or_else(|_| serde_json::from_str(&format!("{}]}}", log.trim_end().trim_end_matches(','))))
        .expect("the log is JSON");
    let starts = &log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"];
    assert!(starts.is_number(), "the log names its events");
    let events = log["events"].as_array().expect("the log has events");
    let asked =
        events.iter().filter(|event| event["type"] == *starts).map(|event| &event["params"]);
    let of_page = asked.filter(|asked| {
        let origin = asked["initiator"].as_str();
        asked["url"].is_string() && origin.is_some_and(|origin| origin != "not an origin")
    });
    of_page.map(|asked| asked["url"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_the_page_and_has_nothing_to_say() {
    // Goal: no error, no request, the same numbers as read by a browser, and a page on paper; the page asks for
    // nothing even where nothing forbids it. Method: headless Chromium on a page with faults, with and without
    // its own policy; first on pages that reach out, to see that the browser would tell.
    let Some(browser) = browser() else {
        say("skipped: there is no Chromium here");
        return;
    };
    let world = World::with(SandboxConfig {
        seed: 3,
        faults: FaultProfile::mixed(),
        ..SandboxConfig::default()
    });
    let file = world.file("may.csv", csv(&rows(60)));
    world.issue_file(&file, "may", &["--stop-after-refusals", "0"]);
    let path = world.path("may.html");
    let name = path.to_str().expect("plain characters");
    world.run(&["report", "may", "--format", "html", "-o", name]).expect(0);
    let page = std::fs::read_to_string(&path).expect("the page");
    let folder = world.path("");

    let image = format!("{}/x.png", world.sandbox.url());
    let reaching =
        page.replace("<main>", &format!("<main><img src=\"{image}\"><script>1</script>"));
    let free = |page: &str| page.replace("default-src 'none'", "default-src *");
    let control = PathBuf::from(world.file("free.html", free(&reaching)));
    let reached = opened(&browser, &folder, &control, "--dump-dom");
    assert_eq!(reached.requests, [image], "the log would tell");
    let control = PathBuf::from(world.file("held.html", reaching));
    let held = opened(&browser, &folder, &control, "--dump-dom");
    assert!(held.complaints.len() >= 2, "the browser would tell: {:?}", held.complaints);
    assert_eq!(held.requests, Vec::<String>::new(), "the page's policy holds it back");

    let allowed = PathBuf::from(world.file("allowed.html", free(&page)));
    for path in [&path, &allowed] {
        let Opened { seen, complaints, requests } = opened(&browser, &folder, path, "--dump-dom");
        assert_eq!(
            (complaints, requests),
            (Vec::<String>::new(), Vec::new()),
            "{}",
            path.display()
        );
        assert_eq!(plotted(&seen), plotted(&page));
        assert_eq!(text(&seen), text(&page));
        if seen.contains("default-src 'none'") {
            assert_closed_and_named(&seen);
        }
    }
    let paper = folder.join("may.pdf");
    opened(&browser, &folder, &path, &format!("--print-to-pdf={}", paper.display()));
    let bytes = std::fs::read(&paper).expect("the page on paper");
    assert!(bytes.starts_with(b"%PDF"));
}
