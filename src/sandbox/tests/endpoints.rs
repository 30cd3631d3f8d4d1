//! The endpoints without faults.

use super::*;

/// Goal: a gift that was given is seen everywhere. Method: one create, then every read; amounts are
/// looked for as text, since their digits matter.
#[tokio::test]
async fn a_gift_is_seen_by_every_read() {
    let sandbox = start(SandboxConfig::default());
    let answer = ask(&sandbox, &create("")).await;
    assert_eq!((answer.status(), answer.end), (200, End::Fin));
    assert!(answer.body().contains(r#""Amount":10,"RemainingAmount":10,"#), "{answer:?}");
    assert!(httpdate::parse_http_date(answer.header("date").unwrap()).is_ok());
    let gift = answer.value();
    let id = gift["Id"].as_str().unwrap();

    let list = ask(&sandbox, &list_of(WALLET)).await;
    assert_eq!(list.value()[0]["Id"], id);
    assert!(list.body().contains(r#""Amount":10.00,"#));
    let one = ask(&sandbox, &request("GET", &format!("/api/v1/balance/gift/{id}"), "")).await;
    assert_eq!(one.value()["Id"], id);
    let path = format!("/api/v1/wallet/by/id/{WALLET}");
    let wallet = ask(&sandbox, &request("GET", &path, "")).await;
    assert_eq!(wallet.value()["CurrencyCode"], "TRY");
    assert!(wallet.body().contains(r#""Balance":0.00,"AvailableBalance":10.00,"#));
    let path = format!("/api/v1/wallet/balances?Id={WALLET}");
    let balances = ask(&sandbox, &request("GET", &path, "")).await;
    assert!(balances.body().contains(r#""TotalGiftBalance":10.00,"#));
    assert_eq!(balances.value()["GiftBalances"][0]["Id"], id);

    let book = sandbox.book();
    assert_eq!(book.gifts[0].id.to_string(), id);
    assert_eq!(book.gifts[0].source, Source::Post { request: 1, attempt: 1 });
    assert_eq!(sandbox.requests_of(Endpoint::WalletGifts), 1);
}

/// Goal: an empty wallet has an empty list, and a gift nobody gave is not found. Method: reads of
/// an untouched sandbox, and of ids that are no GUIDs.
#[tokio::test]
async fn reads_of_nothing() {
    let sandbox = start(SandboxConfig::default());
    let list = ask(&sandbox, &list_of(WALLET)).await;
    assert_eq!((list.status(), list.value()), (200, serde_json::json!([])));
    let table = [
        (format!("/api/v1/balance/gift/{WALLET}"), 404),
        ("/api/v1/balance/gift/x".to_owned(), 400),
        ("/api/v1/wallet/by/id/x".to_owned(), 400),
        ("/v1/balance/gift/x".to_owned(), 404),
    ];
    for (path, status) in table {
        assert_eq!(ask(&sandbox, &request("GET", &path, "")).await.status(), status, "{path}");
    }
    assert_eq!(sandbox.requests_of(Endpoint::Other), 1);
}

/// Goal: an invalid body is refused, counted, and credits nothing. Method: four bad bodies.
#[tokio::test]
async fn invalid_bodies_credit_nothing() {
    let sandbox = start(SandboxConfig::default());
    let bodies = [
        "{}",
        r#"{"WalletId":"x","Amount":1}"#,
        r#"{"WalletId":"30bac1c0-ad6b-4c50-a52e-1b34f9b487a7","Amount":1.001}"#,
        r#"{"WalletId":"30bac1c0-ad6b-4c50-a52e-1b34f9b487a7","Amount":1,"ExpirationDate":"2020-01-01"}"#,
    ];
    for body in bodies {
        let answer = ask(&sandbox, &request("POST", "/api/v1/balance/gift", body)).await;
        assert_eq!(answer.status(), 400, "{body}");
        assert!(answer.body().contains(r#""IsFailure":true"#));
    }
    assert_eq!(sandbox.stats().fault(FaultKind::InvalidRequest), 4);
    assert!(sandbox.book().gifts.is_empty());
}

/// Goal: a delete removes an unused gift once, and never a used one. Method: two gifts, one used.
#[tokio::test]
async fn deletes_unused_gifts_only() {
    let sandbox = start(SandboxConfig::default());
    let (unused, used) = (sandbox.seed_gift(foreign()), sandbox.seed_gift(foreign()));
    sandbox.spend(used, 1).unwrap();
    for (gift, status) in [(unused, 200), (unused, 404), (used, 422)] {
        let body = format!(r#"{{"Id":"{gift}"}}"#);
        let answer = ask(&sandbox, &request("DELETE", "/api/v1/balance/gift", &body)).await;
        assert_eq!(answer.status(), status);
    }
    let totals = sandbox.book().totals();
    assert_eq!((totals.gifts, totals.deleted, totals.amount_minor), (1, 1, 2_500));
}

/// Goal: the sandbox's own pages show the book and the counters, without keys and uncounted.
/// Method: one gift, then both pages.
#[tokio::test]
async fn pages_show_book_and_stats() {
    let sandbox = start(SandboxConfig::default());
    ask(&sandbox, &create("")).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n");
    let book = ask(&sandbox, &get("/sandbox/book")).await;
    assert!(book.body().contains(r#""amount":10.00,"spent":0.00,"#), "{book:?}");
    assert!(book.body().contains(r#""totals":{"gifts":1,"deleted":0,"wallets":1,"amount":10.00}"#));
    let stats = ask(&sandbox, &get("/sandbox/stats")).await;
    assert!(stats.body().contains(r#""create":1,"delete":0,"#), "{stats:?}");
    let posts = sandbox.stats();
    assert_eq!(posts.first_post_at, posts.last_post_at);
    assert_eq!((posts.max_per_second, posts.max_concurrent), (1, 1));
}

/// Goal: many requests go over one connection. Method: three creates without `connection: close`
/// in one write; three answers come back.
#[tokio::test]
async fn connections_are_kept_alive() {
    let sandbox = start(SandboxConfig::default());
    let one = create("").replace("connection: close\r\n", "");
    let heard = ask(&sandbox, &format!("{one}{one}{}", create(""))).await;
    assert_eq!(heard.text.matches("HTTP/1.1 200 OK").count(), 3);
    assert_eq!(sandbox.book().gifts.len(), 3);
}
