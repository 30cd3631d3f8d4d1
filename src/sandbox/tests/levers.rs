//! The settings and the controls.

use std::time::Duration;

use chrono::TimeDelta;

use super::*;

/// Goal: a lagging list lacks a fresh gift, and shows it after the lag. Method: a lag of an hour,
/// then none; the gift itself and the balance never lag.
#[tokio::test]
async fn lists_lag() {
    let mut profile = FaultProfile::always(FaultKind::LaggingList);
    profile.list_lag = Duration::from_secs(3_600);
    let sandbox = start_with(profile.clone());
    sandbox.seed_gift(foreign());
    ask(&sandbox, &create("")).await;
    let shown = async || ask(&sandbox, &list_of(WALLET)).await.value().as_array().unwrap().len();
    assert_eq!(shown().await, 1);
    assert_eq!(sandbox.stats().fault(FaultKind::LaggingList), 1);
    profile.list_lag = Duration::ZERO;
    sandbox.set_profile(profile);
    assert_eq!(shown().await, 2);
}

/// Goal: used gifts stay in lists, or not, as chosen. Method: a used gift under both choices.
#[tokio::test]
async fn used_gifts_hide() {
    let sandbox = start(SandboxConfig::default());
    let gift = sandbox.seed_gift(foreign());
    sandbox.mark_used(gift).unwrap();
    let list = ask(&sandbox, &list_of(WALLET)).await.value();
    assert_eq!((&list[0]["IsUsed"], &list[0]["IsFullyUsed"]), (&true.into(), &true.into()));
    let mut hiding = FaultProfile::none();
    hiding.hides_used = true;
    sandbox.set_profile(hiding);
    assert_eq!(ask(&sandbox, &list_of(WALLET)).await.value(), serde_json::json!([]));
    assert_eq!(sandbox.stats().fault(FaultKind::HiddenUsed), 1);
}

/// Goal: keys matter, and can be revoked while running. Method: wrong, right, revoked, restored.
#[tokio::test]
async fn keys_are_checked() {
    let pair = |key: &str, client: &str| ExpectedKeys::Pair {
        api_key: key.to_owned(),
        api_client: client.to_owned(),
    };
    let wrong = start(SandboxConfig { keys: pair("a", "x"), ..SandboxConfig::default() });
    assert_eq!(ask(&wrong, &create("")).await.status(), 401);
    let sandbox = start(SandboxConfig { keys: pair("a", "b"), ..SandboxConfig::default() });
    assert_eq!(ask(&sandbox, &create("")).await.status(), 200);
    sandbox.revoke_keys();
    assert_eq!(ask(&sandbox, &create("")).await.status(), 401);
    sandbox.restore_keys();
    let no_keys = create("").replace("apikeypublic: a\r\n", "");
    assert_eq!(ask(&sandbox, &no_keys).await.status(), 401);
    assert_eq!(sandbox.book().gifts.len(), 1);
    assert_eq!(sandbox.stats().fault(FaultKind::Unauthorized), 2);
}

/// Goal: only registered wallets exist where that is asked for. Method: one registered in the
/// configuration, one described later, one unknown.
#[tokio::test]
async fn wallets_may_be_unknown() {
    let other = Uuid::from_u128(9);
    let wallets = Wallets::Only(vec![WALLET]);
    let sandbox = start(SandboxConfig { wallets, ..SandboxConfig::default() });
    assert_eq!(ask(&sandbox, &create("")).await.status(), 200);
    assert_eq!(ask(&sandbox, &create_for(other, "")).await.status(), 404);
    assert_eq!(ask(&sandbox, &list_of(other)).await.status(), 404);
    let facts =
        WalletFacts { currency_code: "EUR".to_owned(), is_frozen: true, ..WalletFacts::default() };
    sandbox.set_wallet(other, facts);
    assert_eq!(ask(&sandbox, &create_for(other, "")).await.status(), 200);
    let path = format!("/api/v1/wallet/by/id/{other}");
    let record = ask(&sandbox, &request("GET", &path, "")).await.value();
    assert_eq!((&record["CurrencyCode"], &record["IsFrozen"]), (&"EUR".into(), &true.into()));
    assert_eq!(sandbox.stats().fault(FaultKind::UnknownWallet), 2);
}

/// Goal: references are ignored, echoed or enforced as configured. Method: the same gift twice
/// under both configurations.
#[tokio::test]
async fn references_are_treated_as_configured() {
    let reference = format!(r#","ExternalReference":"{WALLET}""#);
    let ignoring = start(SandboxConfig::default());
    for _ in 0..2 {
        let answer = ask(&ignoring, &create(&reference)).await;
        assert!(answer.status() == 200 && !answer.body().contains("ExternalReference"));
    }
    assert_eq!(ignoring.book().gifts[1].reference, Some(WALLET));
    let enforcing = start(SandboxConfig {
        echo_references: true,
        unique_references: true,
        ..SandboxConfig::default()
    });
    let answer = ask(&enforcing, &create(&reference)).await;
    assert_eq!(answer.value()["ExternalReference"], WALLET.to_string());
    let again = ask(&enforcing, &create(&reference)).await;
    assert!(again.status() == 422 && again.body().contains("Duplicate reference"), "{again:?}");
    assert_eq!(enforcing.book().gifts.len(), 1);
    assert_eq!(enforcing.stats().fault(FaultKind::DuplicateReference), 1);
}

/// Goal: over the limit is 429, credits nothing, and is counted. Method: a limit of nothing, then
/// none, so that no clock matters.
#[tokio::test]
async fn the_limit_turns_requests_away() {
    let sandbox = start(SandboxConfig { limit_per_second: Some(0), ..SandboxConfig::default() });
    let answer = ask(&sandbox, &create("")).await;
    assert_eq!((answer.status(), answer.header("retry-after")), (429, Some("1")));
    sandbox.set_limit(None);
    assert_eq!(ask(&sandbox, &create("")).await.status(), 200);
    assert_eq!(sandbox.stats().fault(FaultKind::OverLimit), 1);
    assert_eq!(sandbox.book().gifts.len(), 1);
}

/// Goal: an outage meets every request, in the chosen way, and ends. Method: both ways in turn.
#[tokio::test]
async fn outages_begin_and_end() {
    let sandbox = start(SandboxConfig::default());
    sandbox.set_outage(Outage::Reset);
    assert_eq!(ask(&sandbox, &create("")).await.end, End::Reset);
    sandbox.set_outage(Outage::Unavailable);
    assert_eq!(ask(&sandbox, &list_of(WALLET)).await.status(), 503);
    sandbox.set_outage(Outage::None);
    assert_eq!(ask(&sandbox, &create("")).await.status(), 200);
    let stats = sandbox.stats();
    assert_eq!(stats.fault(FaultKind::OutageReset), 1);
    assert_eq!(stats.fault(FaultKind::OutageUnavailable), 1);
    assert_eq!(sandbox.book().gifts.len(), 1);
}

/// Goal: a wallet is refused in each way until it is mended. Method: each kind in turn.
#[tokio::test]
async fn wallets_are_refused_and_mended() {
    let sandbox = start(SandboxConfig::default());
    let table = [
        (RefusalKind::IsFailure200, 200),
        (RefusalKind::BadRequest400, 400),
        (RefusalKind::NotFound404, 404),
        (RefusalKind::Unprocessable422, 422),
    ];
    for (kind, status) in table {
        sandbox.refuse_wallet(WALLET, kind);
        let answer = ask(&sandbox, &create("")).await;
        assert_eq!(answer.status(), status);
        assert!(answer.body().contains(r#""IsFailure":true"#));
    }
    assert!(sandbox.book().gifts.is_empty());
    sandbox.mend_wallet(WALLET);
    ask(&sandbox, &create("")).await;
    assert_eq!(sandbox.book().gifts.len(), 1);
    assert_eq!(sandbox.stats().fault(FaultKind::RefusedWallet), 4);
}

/// Goal: a skewed clock shows in `Date` and in `CreatedAt`. Method: a skew of minus a day.
#[tokio::test]
async fn the_clock_can_be_off() {
    let sandbox = start(SandboxConfig::default());
    sandbox.set_clock_skew(TimeDelta::days(-1));
    let answer = ask(&sandbox, &create("")).await;
    let an_hour_ago = Utc::now() - TimeDelta::hours(1);
    let date = httpdate::parse_http_date(answer.header("date").unwrap()).unwrap();
    assert!(DateTime::<Utc>::from(date) < an_hour_ago);
    assert!(instant(answer.value()["CreatedAt"].as_str().unwrap()) < an_hour_ago);
    assert_eq!(sandbox.stats().fault(FaultKind::SkewedClock), 1);
}

/// Goal: tests can change the book behind the client's back. Method: a foreign gift is doubled and
/// deleted, and a gift that does not exist is an error.
#[tokio::test]
async fn the_book_can_be_tampered_with() {
    let sandbox = start(SandboxConfig::default());
    let gift = sandbox.seed_gift(foreign());
    let double = sandbox.double_gift(gift).unwrap();
    sandbox.delete_gift(gift).unwrap();
    let list = ask(&sandbox, &list_of(WALLET)).await.value();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["Id"], double.to_string());
    let book = sandbox.book();
    assert_eq!((book.gifts[0].source, book.gifts[0].deleted), (Source::Seeded, true));
    assert_eq!(book.gifts[0].created_at, foreign().created_at);
    assert_eq!(book.gifts[1].source, Source::Doubled { of: gift });
    assert_eq!(sandbox.mark_used(WALLET), Err(NoSuchGift(WALLET)));
}

/// Goal: a server may drop the fractions of an expiry. Method: one gift with a fraction.
#[tokio::test]
async fn expiry_fractions_can_be_dropped() {
    let sandbox = start(SandboxConfig { whole_second_expiry: true, ..SandboxConfig::default() });
    let text = create("").replace("null", r#""2999-01-01T00:00:00.250Z""#);
    let length = format!("content-length: {}", text.split_once("\r\n\r\n").unwrap().1.len());
    let old = format!("content-length: {}", create("").split_once("\r\n\r\n").unwrap().1.len());
    let answer = ask(&sandbox, &text.replace(&old, &length)).await;
    assert_eq!(answer.value()["ExpirationDate"], "2999-01-01T00:00:00Z");
}

/// Goal: a stopped sandbox is gone, and its book is not. Method: connect after the stop, and start
/// another on the same port.
#[tokio::test]
async fn stopping_frees_the_port() {
    let sandbox = start(SandboxConfig::default());
    ask(&sandbox, &create("")).await;
    sandbox.stop().await;
    let refused = TcpStream::connect(sandbox.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(sandbox.book().gifts.len(), 1);
    let port = sandbox.address().port();
    let next = start(SandboxConfig { port, ..SandboxConfig::default() });
    assert_eq!(next.url(), sandbox.url());
}

/// Goal: one endpoint alone is blocked, as chosen. Method: balances blocked, a list beside them, and balances again.
#[tokio::test]
async fn an_endpoint_is_blocked_as_chosen() {
    let sandbox = start(SandboxConfig::default());
    sandbox.seed_gift(foreign());
    let balances = || request("GET", &format!("/api/v1/wallet/balances?Id={WALLET}"), "");
    sandbox.block(Endpoint::Balances, Some(404));
    let page = ask(&sandbox, &balances()).await;
    assert_eq!(page.status(), 404);
    assert_eq!(ask(&sandbox, &list_of(WALLET)).await.status(), 200);
    sandbox.block(Endpoint::Balances, None);
    assert_eq!(ask(&sandbox, &balances()).await.status(), 200);
    assert_eq!(sandbox.stats().fault(FaultKind::Blocked), 1);
}

/// Goal: a list ends early, and a no comes after the gift was made, as chosen. Method: three gifts under a cap of two; a
/// refusal whose gift is in the book.
#[tokio::test]
async fn lists_are_cut_and_refusals_come_late_as_chosen() {
    let sandbox = start(SandboxConfig::default());
    let first = sandbox.seed_gift(foreign());
    sandbox.seed_gift(foreign());
    let wallet = foreign().wallet;
    sandbox.refuse_after_commit(wallet, RefusalKind::IsFailure200);
    let answer = ask(&sandbox, &create("")).await;
    assert_eq!((answer.status(), sandbox.book().gifts.len()), (200, 3));
    sandbox.cap_lists(Some(2));
    let list = ask(&sandbox, &list_of(WALLET)).await.value();
    let list = list.as_array().unwrap();
    assert_eq!((list.len(), &list[0]["Id"]), (2, &first.to_string().into()));
    assert_eq!(sandbox.stats().fault(FaultKind::CappedList), 1);
    assert_eq!(sandbox.stats().fault(FaultKind::RefusedAfterCommit), 1);
}
