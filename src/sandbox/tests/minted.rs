//! Minted Connect: its challenge, its answers, and what spoils both.

use md5::Md5;
use sha2::{Digest, Sha256};

use super::*;

const TARGET: &str =
    "/partner/walletable/balance?metal_type=gold,silver&external_customer_id=test0101010";

fn hex(hash: DigestHash, text: &str) -> String {
    let bytes = match hash {
        DigestHash::Md5 => Md5::digest(text).to_vec(),
        DigestHash::Sha256 => Sha256::digest(text).to_vec(),
    };
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn get(target: &str, proof: Option<&str>) -> String {
    let proof = proof.map(|proof| format!("authorization: {proof}\r\n")).unwrap_or_default();
    format!("GET {target} HTTP/1.1\r\nhost: s\r\n{proof}connection: close\r\n\r\n")
}

/// The nonce of a 401's first challenge.
fn nonce(heard: &Heard) -> String {
    assert_eq!(heard.status(), 401, "{heard:?}");
    let challenge = heard.header("www-authenticate").unwrap();
    let (_, rest) = challenge.split_once("nonce=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// An answer to a challenge of the default service, written out by the RFC's formula.
fn proof(hash: DigestHash, nonce: &str, count: u32, password: &str, target: &str) -> String {
    let realm = MintedService::default().realm;
    let secret = hex(hash, &format!("sandbox:{realm}:{password}"));
    let request = hex(hash, &format!("GET:{target}"));
    let response = hex(hash, &format!("{secret}:{nonce}:{count:08x}:ours:auth:{request}"));
    let (word, realm) = (hash.word(), realm.replace('"', "\\\""));
    format!(
        "Digest username=\"sandbox\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{target}\", \
         algorithm={word}, qop=auth, nc={count:08x}, cnonce=\"ours\", response=\"{response}\", \
         opaque=\"sand, and a box\""
    )
}

/// Goal: nobody gets in without the password, and each proof is good once. Method: nothing, a wrong password, both
/// hashes, a proof again, the next count, another target, a nonce that nobody gave.
#[tokio::test]
async fn the_challenge_is_a_real_one() {
    let sandbox = start(SandboxConfig::default());
    let hear = async |target: &str, proof: Option<&str>| ask(&sandbox, &get(target, proof)).await;
    let unasked = hear(TARGET, None).await;
    let (first, challenges) = (nonce(&unasked), unasked.text.matches("www-authenticate: Digest "));
    assert_eq!(challenges.count(), 2, "{unasked:?}");
    assert!(unasked.text.contains(r#"realm="Minted, the \"sandbox\"""#), "{unasked:?}");
    for hash in [DigestHash::Md5, DigestHash::Sha256] {
        let wrong = hear(TARGET, Some(&proof(hash, &first, 1, "guess", TARGET))).await;
        assert!(wrong.status() == 401 && !wrong.text.contains("stale"), "{wrong:?}");
    }
    for (hash, count) in [(DigestHash::Md5, 1), (DigestHash::Sha256, 2)] {
        let right = proof(hash, &first, count, "sandbox", TARGET);
        let heard = hear(TARGET, Some(&right)).await;
        assert_eq!(heard.status(), 200, "{heard:?}");
        assert!(heard.body().contains(r#""price":1406349.5,"total":7031747.5,"#), "{heard:?}");
        let again = hear(TARGET, Some(&right)).await;
        assert!(again.status() == 401 && again.text.contains("stale=true"), "{again:?}");
    }
    let other = TARGET.replace("gold,silver", "gold");
    let moved = proof(DigestHash::Md5, &first, 3, "sandbox", TARGET);
    assert_eq!(hear(&other, Some(&moved)).await.status(), 401);
    let unknown = proof(DigestHash::Md5, "mine", 1, "sandbox", TARGET);
    assert!(hear(TARGET, Some(&unknown)).await.text.contains("stale=true"));
    let stats = sandbox.stats();
    assert_eq!((stats.fault(FaultKind::Unauthorized), stats.fault(FaultKind::StaleNonce)), (3, 3));
    assert_eq!(sandbox.requests_of(Endpoint::Holdings), 9);
}

/// Goal: questions are held to what the page shows. Method: metals, deliverability and customers, each with the
/// rows that come, and each wrong question.
#[tokio::test]
async fn questions_choose_rows_or_are_refused() {
    let sandbox = start(SandboxConfig::default());
    sandbox.set_holdings("nobody", Vec::new());
    let nonce = nonce(&ask(&sandbox, &get(TARGET, None)).await);
    let mut count = 0;
    let mut hear = async |query: &str| {
        count += 1;
        let target = format!("/partner/walletable/balance?{query}");
        let proof = proof(DigestHash::Sha256, &nonce, count, "sandbox", &target);
        ask(&sandbox, &get(&target, Some(&proof))).await
    };
    for (query, rows) in [
        ("metal_type=gold,silver&external_customer_id=a", 3),
        ("metal_type=gold&external_customer_id=a", 2),
        ("metal_type=gold&external_customer_id=a&is_deliverable=true", 1),
        ("metal_type=silver&external_customer_id=a&is_deliverable=true", 0),
        ("metal_type=gold,silver&external_customer_id=nobody", 0),
    ] {
        let heard = hear(query).await;
        assert_eq!(heard.status(), 200, "{query}: {heard:?}");
        assert_eq!(heard.body().matches("productName").count(), rows, "{query}");
    }
    for query in [
        "metal_type=gold,silver",
        "external_customer_id=a",
        "metal_type=tin&external_customer_id=a",
        "metal_type=gold&external_customer_id=a&is_deliverable=maybe",
    ] {
        let heard = hear(query).await;
        assert!(heard.status() == 422 && heard.body().contains("\"message\":\""), "{heard:?}");
    }
    assert_eq!(sandbox.stats().fault(FaultKind::InvalidRequest), 4);
}

/// Goal: its answers are spoiled like other reads, and its nonces too. Method: a garbled read and a stale nonce,
/// each made certain; and a service without qop.
#[tokio::test]
async fn answers_and_nonces_are_spoiled() {
    let heard_with = async |kind: FaultKind| {
        let sandbox = start_with(FaultProfile::always(kind));
        let nonce = nonce(&ask(&sandbox, &get(TARGET, None)).await);
        let right = proof(DigestHash::Md5, &nonce, 1, "sandbox", TARGET);
        let heard = ask(&sandbox, &get(TARGET, Some(&right))).await;
        assert_eq!(sandbox.stats().fault(kind), 1, "{}", kind.name());
        heard
    };
    assert!(heard_with(FaultKind::StaleNonce).await.text.contains("stale=true"));
    let garbled = heard_with(FaultKind::ReadGarbled).await;
    assert!(garbled.status() == 200 && garbled.body().contains("##"), "{garbled:?}");
}
