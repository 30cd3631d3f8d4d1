//! Every kind of fault: that it shows, that it is counted, and what it credits.

use super::*;

/// What a client sees of a kind: the status (0: none), how the connection ends, and whether the
/// gift was credited.
fn expected(kind: FaultKind) -> (&'static [u16], End, usize) {
    match kind {
        FaultKind::ResetBeforeCommit => (&[0], End::Reset, 0),
        FaultKind::ResetAfterCommit => (&[0], End::Reset, 1),
        FaultKind::FinBeforeCommit => (&[0], End::Fin, 0),
        FaultKind::FinAfterCommit | FaultKind::CutStatusLine => (&[0], End::Fin, 1),
        FaultKind::CutBody
        | FaultKind::GarbledJson
        | FaultKind::EmptyBody
        | FaultKind::NullValue
        | FaultKind::OversizedBody => (&[200], End::Fin, 1),
        FaultKind::HtmlBeforeCommit => (&[502], End::Fin, 0),
        FaultKind::HtmlAfterCommit => (&[502], End::Fin, 1),
        FaultKind::ErrorBeforeCommit => (&[500, 503], End::Fin, 0),
        FaultKind::ErrorAfterCommit => (&[500, 503], End::Fin, 1),
        FaultKind::Redirect => (&[307], End::Fin, 0),
        FaultKind::LimitSeconds | FaultKind::LimitDate | FaultKind::LimitBare => {
            (&[429], End::Fin, 0)
        }
        FaultKind::RefuseIsFailure => (&[200], End::Fin, 0),
        FaultKind::RefuseBadRequest => (&[400], End::Fin, 0),
        FaultKind::RefuseNotFound => (&[404], End::Fin, 0),
        FaultKind::RefuseUnprocessable => (&[422], End::Fin, 0),
        _ => panic!("{} does not end a POST", kind.name()),
    }
}

fn is_silent(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::TimeoutBeforeCommit | FaultKind::TimeoutAfterCommit | FaultKind::LateCommit
    )
}

fn post_kinds() -> impl Iterator<Item = FaultKind> {
    let drawn = |kind: &FaultKind| matches!(kind.place(), Place::Post | Place::Refusal);
    FaultKind::ALL.iter().copied().filter(drawn)
}

/// Goal: every kind that answers or cuts a POST does so as it says. Method: each kind is made
/// certain, one gift is sent, and what came is held against the table above.
#[tokio::test]
async fn each_kind_shows_itself() {
    for kind in post_kinds().filter(|&kind| !is_silent(kind)) {
        let sandbox = start_with(FaultProfile::always(kind));
        let heard = ask(&sandbox, &create("")).await;
        let (statuses, end, credited) = expected(kind);
        let name = kind.name();
        assert!(statuses.contains(&heard.status()), "{name}: {heard:?}");
        assert_eq!(heard.end, end, "{name}");
        assert_eq!(sandbox.book().gifts.len(), credited, "{name}");
        assert_eq!(sandbox.stats().fault(kind), 1, "{name}");
    }
}

/// Goal: silence is silence, and a client's leaving undoes nothing. Method: each silent kind is
/// made certain; the client leaves once the fault is counted, and the book is read when the request
/// is gone and nothing is pending.
#[tokio::test]
async fn silent_kinds_outlive_their_client() {
    for kind in post_kinds().filter(|&kind| is_silent(kind)) {
        let mut profile = FaultProfile::always(kind);
        profile.late_commit_delay = std::time::Duration::from_millis(50);
        let sandbox = start_with(profile);
        let stream = send(&sandbox, &create("")).await;
        sandbox.until(|stats| stats.fault(kind) == 1).await;
        drop(stream);
        sandbox.until(|stats| stats.concurrent == 0).await;
        sandbox.settled().await;
        let credited = usize::from(kind != FaultKind::TimeoutBeforeCommit);
        assert_eq!(sandbox.book().gifts.len(), credited, "{}", kind.name());
    }
}

/// Goal: a late commit comes after the answer could have, not before. Method: a delay of an hour;
/// the gift is pending and the book is empty.
#[tokio::test]
async fn a_late_commit_is_late() {
    let mut profile = FaultProfile::always(FaultKind::LateCommit);
    profile.late_commit_delay = std::time::Duration::from_secs(3_600);
    let sandbox = start_with(profile);
    let _stream = send(&sandbox, &create("")).await;
    sandbox.until(|stats| stats.late_commits_pending == 1).await;
    assert!(sandbox.book().gifts.is_empty());
    sandbox.stop().await;
    assert!(sandbox.book().gifts.is_empty());
}

/// Goal: the spoiled bodies are spoiled in the way that they say. Method: one POST of each kind.
#[tokio::test]
async fn bodies_are_spoiled_as_named() {
    let hear = async |kind| {
        let sandbox = start_with(FaultProfile::always(kind));
        ask(&sandbox, &create("")).await
    };
    let length = |heard: &Heard| heard.header("content-length").unwrap().parse::<usize>().unwrap();
    let cut = hear(FaultKind::CutBody).await;
    assert!(cut.body().starts_with(r#"{"Value":{"#) && cut.body().len() < length(&cut));
    let garbled = hear(FaultKind::GarbledJson).await;
    assert_eq!(garbled.body().len(), length(&garbled));
    assert!(serde_json::from_str::<serde_json::Value>(garbled.body()).is_err());
    assert_eq!(hear(FaultKind::EmptyBody).await.body(), "");
    let null = hear(FaultKind::NullValue).await;
    assert_eq!(null.body(), r#"{"Value":null,"Errors":[],"IsSuccess":true,"IsFailure":false}"#);
    assert_eq!(hear(FaultKind::CutStatusLine).await.text, "HTTP/1.1 20");
    assert_eq!(hear(FaultKind::OversizedBody).await.body().len(), 2 * 1024 * 1024);
    assert!(hear(FaultKind::HtmlAfterCommit).await.body().starts_with("<html>"));
    let redirect = hear(FaultKind::Redirect).await;
    assert_eq!(redirect.header("location"), Some("/api/v1/balance/gift"));
}

/// Goal: the three forms of a 429. Method: one POST of each kind.
#[tokio::test]
async fn limits_say_when_to_come_back() {
    let hear = async |kind| {
        let sandbox = start_with(FaultProfile::always(kind));
        let heard = ask(&sandbox, &create("")).await;
        heard.header("retry-after").map(str::to_owned)
    };
    assert_eq!(hear(FaultKind::LimitSeconds).await.as_deref(), Some("1"));
    assert_eq!(hear(FaultKind::LimitBare).await, None);
    let date = hear(FaultKind::LimitDate).await.unwrap();
    assert!(httpdate::parse_http_date(&date).is_ok(), "{date}");
}

/// Goal: reads are spoiled too, and leave the book alone. Method: each kind of read is made certain
/// for a wallet with one gift; the silent one is given up once it is counted.
#[tokio::test]
async fn reads_are_spoiled() {
    for &kind in FaultKind::ALL.iter().filter(|kind| kind.place() == Place::Read) {
        let sandbox = start_with(FaultProfile::always(kind));
        sandbox.seed_gift(foreign());
        let statuses: &[u16] = match kind {
            FaultKind::ReadError => &[500, 503],
            FaultKind::ReadLimit => &[429],
            _ => &[200],
        };
        if kind == FaultKind::ReadTimeout {
            drop(send(&sandbox, &list_of(WALLET)).await);
            sandbox.until(|stats| stats.fault(kind) == 1 && stats.concurrent == 0).await;
            continue;
        }
        let heard = ask(&sandbox, &list_of(WALLET)).await;
        assert!(statuses.contains(&heard.status()), "{}: {heard:?}", kind.name());
        assert!(serde_json::from_str::<serde_json::Value>(heard.body()).is_err());
        assert_eq!(sandbox.stats().fault(kind), 1);
    }
}

/// Goal: a delete that goes wrong deletes its gift or not, as its kind says. Method: each kind is made certain for
/// one gift; the silent ones are given up once they are counted.
#[tokio::test]
async fn deletes_are_spoiled() {
    for &kind in FaultKind::ALL.iter().filter(|kind| kind.place() == Place::Delete) {
        let sandbox = start_with(FaultProfile::always(kind));
        let gift = sandbox.seed_gift(foreign());
        let delete = request("DELETE", "/api/v1/balance/gift", &format!(r#"{{"Id":"{gift}"}}"#));
        let (name, struck) = (kind.name(), |stats: &Stats| stats.fault(kind) == 1);
        if name.contains("timeout") {
            drop(send(&sandbox, &delete).await);
        } else {
            let status = ask(&sandbox, &delete).await.status();
            assert!([0, 429, 500, 503].contains(&status), "{name}: {status}");
        }
        sandbox.until(struck).await;
        assert_eq!(sandbox.book().gifts[0].deleted, name.ends_with("after_commit"), "{name}");
    }
}

/// Goal: a refusal is permanent, and a passing fault passes. Method: a gift is sent again under a
/// certain refusal; then a sandbox with half of all POSTs reset is asked until the gift is given,
/// which seed 0 makes the second time.
#[tokio::test]
async fn refusals_last_and_resets_pass() {
    let sandbox = start_with(FaultProfile::always(FaultKind::RefuseUnprocessable));
    for _ in 0..3 {
        assert_eq!(ask(&sandbox, &create("")).await.status(), 422);
    }
    let half = FaultProfile::none().with(FaultKind::ResetBeforeCommit, 5_000);
    let sandbox = start_with(half);
    let mut attempt = 1;
    while ask(&sandbox, &create("")).await.status() != 200 {
        attempt += 1;
        assert!(attempt < 9, "half of all are reset");
    }
    assert_eq!(
        sandbox.book().gifts[0].source,
        Source::Post { request: u64::from(attempt), attempt }
    );
    assert_eq!(attempt, 2);
}

/// Goal: faults do not depend on the order of arrival. Method: a hundred gifts are sent to two
/// sandboxes with the same seed, forwards and backwards; each wallet gets the same answer.
#[tokio::test]
async fn the_order_of_arrival_changes_nothing() {
    let profile = FaultProfile::none()
        .with(FaultKind::ResetAfterCommit, 2_000)
        .with(FaultKind::HtmlBeforeCommit, 2_000)
        .with(FaultKind::RefuseNotFound, 2_000);
    let config = SandboxConfig { seed: 11, faults: profile, ..SandboxConfig::default() };
    let wallets: Vec<Uuid> = (1..=100).map(Uuid::from_u128).collect();
    let (forwards, backwards) = (start(config.clone()), start(config));
    let mut statuses = [Vec::new(), Vec::new()];
    for &wallet in &wallets {
        statuses[0].push(ask(&forwards, &create_for(wallet, "")).await.status());
    }
    for &wallet in wallets.iter().rev() {
        statuses[1].insert(0, ask(&backwards, &create_for(wallet, "")).await.status());
    }
    assert_eq!(statuses[0], statuses[1]);
    for status in [0, 200, 404, 502] {
        assert!(statuses[0].contains(&status), "{status} never happened");
    }
}

/// Goal: what a client sent in full is credited, even if it left at once. Method: two hundred
/// clients send a create and close before the server could have answered.
#[tokio::test]
async fn abandoned_posts_are_credited() {
    let sandbox = start(SandboxConfig::default());
    for _ in 0..200 {
        drop(send(&sandbox, &create("")).await);
    }
    sandbox
        .until(|stats| stats.requests_of(Endpoint::Create) == 200 && stats.concurrent == 0)
        .await;
    assert_eq!(sandbox.book().gifts.len(), 200);
}
