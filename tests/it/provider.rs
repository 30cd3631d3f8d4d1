//! The client against the sandbox: what each fault looks like from our side of the wire.

use std::time::Duration;

use giftbatch::clock;
use giftbatch::domain::{Expiry, Gift, GiftContent, GiftId, GiftKey, Money, WalletId};
use giftbatch::provider::{
    Credentials, ListReading, Obstacle, Reading, Trouble, Verdict, WalletClient,
};
use giftbatch::sandbox::{FaultKind, FaultProfile, RefusalKind, Sandbox, SandboxConfig};
use uuid::Uuid;

fn client(url: &str) -> WalletClient {
    let credentials = Credentials { api_key: "key".into(), api_client: "client".into() };
    let timeout = Duration::from_millis(300);
    WalletClient::new(url.parse().expect("a loopback URL"), &credentials, timeout, clock::system())
        .expect("plain keys make a client")
}

fn gift() -> Gift {
    Gift {
        key: GiftKey(Uuid::from_u128(0x11)),
        content: GiftContent {
            wallet: WalletId(Uuid::from_u128(0x22)),
            amount: Money::from_minor(100_010),
            expiry: Expiry::at("2036-04-29T02:00:34.426Z".parse().expect("an instant")),
            description: "Doğum günü".into(),
        },
    }
}

fn sandbox(faults: FaultProfile) -> Sandbox {
    Sandbox::start(SandboxConfig { faults, ..SandboxConfig::default() }).expect("it starts")
}

/// What a verdict is, in a word.
fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accepted { .. } => "accepted".into(),
        Verdict::Declined(refusal) => refusal.class.clone(),
        Verdict::NotProcessed(Obstacle::Throttled { wait }) => format!("throttled {wait:?}"),
        Verdict::NotProcessed(obstacle) => format!("{obstacle:?}"),
        Verdict::Unknown { trouble, .. } => format!("{trouble:?}"),
    }
}

#[tokio::test]
async fn what_was_given_is_read_back_by_every_endpoint() {
    // Goal: client and sandbox speak the same five endpoints. Method: create, then each read.
    let sandbox = sandbox(FaultProfile::none());
    let client = client(&sandbox.url());
    let gift = gift();
    let (verdict, exchange) = client.create_gift(&gift).await;
    let Verdict::Accepted { gift: id, made_at } = verdict else { panic!("{verdict:?}") };
    assert!(
        made_at.is_some() && exchange.skew_ms().is_some_and(|skew| (-1_500..=0).contains(&skew))
    );
    let (reading, _) = client.gifts_of(gift.content.wallet).await;
    let ListReading::Whole(credits) = reading else { panic!("{reading:?}") };
    assert_eq!((credits.len(), credits[0].id), (1, id));
    assert!(credits[0].fits(&gift.content).is_some());
    let (reading, _) = client.gift(gift.content.wallet, id).await;
    let ListReading::Whole(one) = reading else { panic!("{reading:?}") };
    assert_eq!(one, credits);
    let (Reading::Found(record), _) = client.wallet(gift.content.wallet).await else { panic!() };
    assert_eq!(record.currency.as_deref(), Some("TRY"));
    let (balances, _) = client.balances(gift.content.wallet).await;
    let Reading::Found(balances) = balances else { panic!("{balances:?}") };
    assert_eq!(balances.gifts, gift.content.amount.to_decimal());
    let (none, _) = client.gift(gift.content.wallet, GiftId(Uuid::from_u128(0x33))).await;
    assert_eq!(none, ListReading::NoList);
}

#[tokio::test]
async fn each_fault_of_a_post_is_what_it_proves() {
    // Goal: only proof is called proof. Method: each fault of the sandbox, and what was credited.
    for (kind, expected, credited) in [
        (FaultKind::TimeoutBeforeCommit, "TimedOut", 0),
        (FaultKind::TimeoutAfterCommit, "TimedOut", 1),
        (FaultKind::ResetBeforeCommit, "Cut", 0),
        (FaultKind::ResetAfterCommit, "Cut", 1),
        (FaultKind::FinBeforeCommit, "Cut", 0),
        (FaultKind::FinAfterCommit, "Cut", 1),
        (FaultKind::CutStatusLine, "Cut", 1),
        (FaultKind::CutBody, "Cut", 1),
        (FaultKind::GarbledJson, "Odd", 1),
        (FaultKind::EmptyBody, "Odd", 1),
        (FaultKind::NullValue, "Odd", 1),
        (FaultKind::OversizedBody, "Odd", 1),
        (FaultKind::HtmlBeforeCommit, "ServerError", 0),
        (FaultKind::HtmlAfterCommit, "ServerError", 1),
        (FaultKind::Redirect, "Redirected", 0),
        (FaultKind::LimitSeconds, "throttled Some(1s)", 0),
        (FaultKind::LimitBare, "throttled None", 0),
    ] {
        let sandbox = sandbox(FaultProfile::always(kind));
        let (verdict, _) = client(&sandbox.url()).create_gift(&gift()).await;
        assert_eq!(word(&verdict), expected, "{kind:?}: {verdict:?}");
        assert_eq!(sandbox.book().gifts.len(), credited, "{kind:?}");
        assert_eq!(sandbox.stats().fault(kind), 1, "{kind:?} happened, and once");
    }
}

#[tokio::test]
async fn refusals_have_their_class() {
    // Goal: a no is understood under 200 and under 4xx. Method: each kind of refusal.
    for (kind, expected) in [
        (RefusalKind::IsFailure200, "declined"),
        (RefusalKind::BadRequest400, "invalid"),
        (RefusalKind::NotFound404, "not_found"),
        (RefusalKind::Unprocessable422, "unprocessable"),
    ] {
        let sandbox = sandbox(FaultProfile::none());
        sandbox.refuse_wallet(gift().content.wallet.0, kind);
        let (verdict, _) = client(&sandbox.url()).create_gift(&gift()).await;
        assert_eq!(word(&verdict), expected);
    }
}

#[tokio::test]
async fn a_reference_that_the_server_knows_is_a_doubt() {
    // Goal: "duplicate reference" is looked up, not believed to be a no. Method: send twice where
    // references are enforced.
    let config = SandboxConfig {
        unique_references: true,
        echo_references: true,
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).unwrap();
    let client = client(&sandbox.url());
    assert_eq!(word(&client.create_gift(&gift()).await.0), "accepted");
    assert_eq!(word(&client.create_gift(&gift()).await.0), "Odd");
    let (ListReading::Whole(credits), _) = client.gifts_of(gift().content.wallet).await else {
        panic!("a list");
    };
    assert_eq!(credits[0].echoes(gift().key), Some(true));
}

#[tokio::test]
async fn lists_that_fail_are_no_lists() {
    // Goal: absence is never read out of a failure. Method: each fault of a read.
    for (kind, expected) in [
        (FaultKind::ReadTimeout, Trouble::TimedOut),
        (FaultKind::ReadError, Trouble::ServerError),
        (FaultKind::ReadGarbled, Trouble::Odd),
        (FaultKind::ReadCut, Trouble::Cut),
    ] {
        let sandbox = sandbox(FaultProfile::always(kind));
        let (reading, _) = client(&sandbox.url()).gifts_of(gift().content.wallet).await;
        match reading {
            ListReading::Unreadable { trouble, .. } => match kind {
                // Either of the two says "no usable answer".
                FaultKind::ReadError => {
                    assert!(matches!(trouble, Trouble::ServerError | Trouble::Overloaded));
                }
                _ => assert_eq!(trouble, expected, "{kind:?}"),
            },
            other => panic!("{kind:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_closed_port_proves_that_nothing_was_sent() {
    // Goal: the one transport error that is proof. Method: a sandbox that has stopped.
    let sandbox = sandbox(FaultProfile::none());
    let url = sandbox.url();
    sandbox.stop().await;
    let (verdict, _) = client(&url).create_gift(&gift()).await;
    assert!(matches!(verdict, Verdict::NotProcessed(Obstacle::NeverSent { .. })), "{verdict:?}");
}
