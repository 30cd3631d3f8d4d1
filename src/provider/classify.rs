//! What a reply to a POST proves. Pure: the one place where an answer becomes a verdict.
//!
//! **Invariant:** [`Verdict::NotProcessed`] and [`Verdict::Declined`] need proof; whatever is not
//! understood is [`Verdict::Unknown`], never a failure and never a retry. No error text tells "never
//! arrived" from "committed".

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::barrier::Barrier;
use super::envelope::{Envelope, Says, clean};
use super::reply::{Answer, Loss, Reply};
use super::wire::{WireGift, read_made_at};
use crate::domain::{Gift, GiftId, Refusal, parse_guid};

/// What a reply to a create proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The gift exists.
    Accepted {
        /// The provider's id of it.
        gift: GiftId,
        /// When the server says that it was made, by the server's clock.
        made_at: Option<DateTime<Utc>>,
    },
    /// The server said no, for good.
    Declined(Refusal),
    /// Certainly nothing happened.
    NotProcessed(Obstacle),
    /// The server may have acted.
    Unknown {
        /// What came instead of an answer.
        why: String,
        /// What it says about the server.
        trouble: Trouble,
    },
}

/// Why a request was certainly not processed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// 429: too fast.
    Throttled {
        /// How long the server asks us to wait, where it says so.
        wait: Option<Duration>,
    },
    /// 401, or a 403 that is neither the API's own nor a page: the keys are wrong, for every gift.
    CredentialsRejected {
        /// What the server said.
        why: String,
    },
    /// 403 in the API's envelope, or with a firewall's page: the keys are wrong, the machine is not let through, or this
    /// gift is not allowed. One read with the same keys tells.
    Forbidden(Refusal),
    /// The connection was never made.
    NeverSent {
        /// Of which kind the trouble is.
        barrier: Barrier,
        /// What stood in the way.
        why: String,
    },
}

impl Obstacle {
    pub(super) fn never_sent(barrier: Barrier, why: &str) -> Obstacle {
        Obstacle::NeverSent { barrier, why: clean(why) }
    }
}

/// What an unknown outcome says about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No answer within the time-out.
    TimedOut,
    /// The connection ended before the answer was whole.
    Cut,
    /// 503: it has too much to do.
    Overloaded,
    /// Another 5xx.
    ServerError,
    /// 3xx: the base URL is wrong.
    Redirected,
    /// It answered, but not what the API documents.
    Odd,
}

/// Says what the reply to the create of `gift` proves.
pub fn classify(gift: &Gift, reply: &Reply) -> Verdict {
    let answer = match reply {
        Reply::Answered(answer) => answer,
        Reply::NeverSent { barrier, why } => {
            return Verdict::NotProcessed(Obstacle::never_sent(*barrier, why));
        }
        Reply::Lost { loss, why } => return lost(*loss, why),
    };
    let envelope = answer.envelope();
    match (answer.status, envelope.as_ref().map(Envelope::says)) {
        (200..=299, Some(Says::Done)) => accepted(gift, envelope.as_ref()),
        (status @ 200..=299, Some(Says::Failed)) => declined(status, envelope.as_ref()),
        (status @ (400 | 404 | 410 | 413 | 415 | 422), Some(Says::Failed)) => {
            declined(status, envelope.as_ref())
        }
        (429, _) => throttled(answer),
        (status @ 403, Some(Says::Failed)) => {
            Verdict::NotProcessed(Obstacle::Forbidden(refusal(status, envelope.as_ref())))
        }
        (403, _) if answer.is_page() => {
            let refusal = Refusal { class: BLOCKED.to_owned(), message: firewalls(answer.status) };
            Verdict::NotProcessed(Obstacle::Forbidden(refusal))
        }
        (status @ (401 | 403), _) => {
            let why = refusal(status, envelope.as_ref()).message;
            Verdict::NotProcessed(Obstacle::CredentialsRejected { why })
        }
        (status, _) => unknown(status),
    }
}

/// The class of a gift whose request a firewall before the API did not let through.
pub const BLOCKED: &str = "blocked";

/// What a page with 403 says: whoever wrote it has not looked at the keys.
fn firewalls(status: u16) -> String {
    format!(
        "HTTP {status} with a page that is none of the API's: a firewall or a proxy stands before it"
    )
}

/// A 403 that no API gave, as an answer to a question.
pub(super) fn blocked(status: u16) -> Verdict {
    Verdict::Unknown { why: firewalls(status), trouble: Trouble::Odd }
}

pub(super) fn lost(loss: Loss, why: &str) -> Verdict {
    let trouble = match loss {
        Loss::TimedOut => Trouble::TimedOut,
        Loss::Cut => Trouble::Cut,
        Loss::TooLarge => Trouble::Odd,
    };
    Verdict::Unknown { why: clean(why), trouble }
}

pub(super) fn throttled(answer: &Answer) -> Verdict {
    Verdict::NotProcessed(Obstacle::Throttled { wait: answer.retry_after })
}

pub(super) fn unknown(status: u16) -> Verdict {
    let trouble = match status {
        300..=399 => Trouble::Redirected,
        503 => Trouble::Overloaded,
        500..=599 => Trouble::ServerError,
        _ => Trouble::Odd,
    };
    let why = match trouble {
        Trouble::Redirected => format!("a redirect (HTTP {status}): is the base URL right?"),
        Trouble::Odd => format!("an answer that the API does not document (HTTP {status})"),
        _ => format!("a server error (HTTP {status})"),
    };
    Verdict::Unknown { why, trouble }
}

fn accepted(gift: &Gift, envelope: Option<&Envelope<'_>>) -> Verdict {
    let odd = |why: &str| Verdict::Unknown { why: why.to_owned(), trouble: Trouble::Odd };
    let Some(value) = envelope.and_then(|envelope| envelope.value::<WireGift>()) else {
        return odd("a success without a readable gift");
    };
    let Ok(id) = parse_guid(&value.id) else {
        return odd("a success whose gift has no readable id");
    };
    let wallet = value.wallet_id.as_deref().and_then(|text| text.parse().ok());
    if wallet != Some(gift.content.wallet) {
        return odd("a success about another wallet");
    }
    if value.amount.map(|amount| amount.0) != Some(gift.content.amount.to_decimal()) {
        return odd("a success about another amount");
    }
    let echoed = value.external_reference.as_deref().and_then(|text| parse_guid(text).ok());
    if echoed.is_some_and(|echoed| echoed != gift.key.0) {
        return odd("a success about another reference");
    }
    let made_at = value.created_at.as_deref().and_then(read_made_at);
    Verdict::Accepted { gift: GiftId(id), made_at }
}

fn declined(status: u16, envelope: Option<&Envelope<'_>>) -> Verdict {
    let refusal = refusal(status, envelope);
    let words = refusal.message.to_lowercase();
    // References are ours alone and unique: the server has this very gift already.
    if words.contains("reference") && (words.contains("duplicate") || words.contains("already")) {
        let why = format!("the server has this reference already: {}", refusal.message);
        return Verdict::Unknown { why, trouble: Trouble::Odd };
    }
    Verdict::Declined(refusal)
}

/// Every class of a refusal by the provider.
pub const REFUSAL_CLASSES: [&str; 9] = [
    "invalid",
    "forbidden",
    "not_found",
    "gone",
    "too_large",
    "unsupported",
    "unprocessable",
    "declined",
    BLOCKED,
];

pub(super) fn refusal(status: u16, envelope: Option<&Envelope<'_>>) -> Refusal {
    let class = match status {
        400 => "invalid",
        403 => "forbidden",
        404 => "not_found",
        410 => "gone",
        413 => "too_large",
        415 => "unsupported",
        422 => "unprocessable",
        _ => "declined",
    };
    let words = envelope.map(Envelope::message).filter(|words| !words.is_empty());
    let message = words.unwrap_or_else(|| format!("HTTP {status} without a reason"));
    Refusal { class: class.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::{Expiry, GiftContent, GiftKey, Money};

    const WALLET: &str = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";
    const GIFT: &str = "6a623f97-c376-44ea-8995-09dfacd0ddcf";
    const KEY: &str = "11111111-2222-5333-8444-555555555555";

    fn gift() -> Gift {
        Gift {
            key: GiftKey(KEY.parse().unwrap()),
            content: GiftContent {
                wallet: WALLET.parse().unwrap(),
                amount: Money::from_minor(100_000),
                expiry: Expiry::at("2026-04-29T02:00:34.426Z".parse().unwrap()),
                description: "KUPON100".to_owned(),
            },
        }
    }

    fn answer(status: u16, body: &str) -> Reply {
        Reply::Answered(Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() })
    }

    fn success(value: &str) -> String {
        format!(r#"{{"Value":{value},"Errors":[],"IsSuccess":true,"IsFailure":false}}"#)
    }

    fn failure(errors: &str) -> String {
        format!(r#"{{"Value":null,"Errors":{errors},"IsSuccess":false,"IsFailure":true}}"#)
    }

    /// What a verdict is, in a word, for tables.
    fn word(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Accepted { .. } => "accepted",
            Verdict::Declined(_) => "declined",
            Verdict::NotProcessed(Obstacle::Throttled { .. }) => "throttled",
            Verdict::NotProcessed(Obstacle::CredentialsRejected { .. }) => "credentials",
            Verdict::NotProcessed(Obstacle::Forbidden(_)) => "forbidden",
            Verdict::NotProcessed(Obstacle::NeverSent { .. }) => "never sent",
            Verdict::Unknown { trouble, .. } => match trouble {
                Trouble::Redirected => "redirected",
                Trouble::Overloaded => "overloaded",
                Trouble::ServerError => "server error",
                Trouble::TimedOut => "timed out",
                Trouble::Cut => "cut",
                Trouble::Odd => "odd",
            },
        }
    }

    #[test]
    fn the_documented_answer_is_accepted() {
        // Goal: the sample of the API page is understood. Method: the file, byte for byte.
        let body = include_str!("../../samples/wire/create.json");
        let id = GiftId(GIFT.parse().unwrap());
        let made_at = Some("2025-04-30T11:11:07.516534Z".parse().unwrap());
        assert_eq!(classify(&gift(), &answer(200, body)), Verdict::Accepted { gift: id, made_at });
    }

    #[rstest]
    #[case::created(201, r#"{"Id":"G","WalletId":"W","Amount":"1000.00"}"#, "accepted")]
    #[case::upper_case(200, r#"{"Id":"G","WalletId":"W!","Amount":1000}"#, "accepted")]
    #[case::echoed(
        200,
        r#"{"Id":"G","WalletId":"W","Amount":1000,"ExternalReference":"K"}"#,
        "accepted"
    )]
    #[case::null_echo(
        200,
        r#"{"Id":"G","WalletId":"W","Amount":1000,"ExternalReference":null}"#,
        "accepted"
    )]
    #[case::no_echo(
        200,
        r#"{"Id":"G","WalletId":"W","Amount":1000,"ExternalReference":""}"#,
        "accepted"
    )]
    #[case::other_reference(
        200,
        r#"{"Id":"G","WalletId":"W","Amount":1000,"ExternalReference":"G"}"#,
        "odd"
    )]
    #[case::no_value(200, "null", "odd")]
    #[case::no_id(200, r#"{"WalletId":"W","Amount":1000}"#, "odd")]
    #[case::id_is_no_guid(200, r#"{"Id":"7","WalletId":"W","Amount":1000}"#, "odd")]
    #[case::other_wallet(200, r#"{"Id":"G","WalletId":"G","Amount":1000}"#, "odd")]
    #[case::no_wallet(200, r#"{"Id":"G","Amount":1000}"#, "odd")]
    #[case::other_amount(200, r#"{"Id":"G","WalletId":"W","Amount":1000.01}"#, "odd")]
    #[case::no_amount(200, r#"{"Id":"G","WalletId":"W"}"#, "odd")]
    fn a_success_must_be_about_this_gift(
        #[case] status: u16,
        #[case] value: &str,
        #[case] expected: &str,
    ) {
        // Goal: only a success that names this very gift counts. Method: vary one field at a time.
        let value = value
            .replace("\"W!\"", &format!("\"{}\"", WALLET.to_uppercase()))
            .replace("\"W\"", &format!("\"{WALLET}\""))
            .replace("\"G\"", &format!("\"{GIFT}\""))
            .replace("\"K\"", &format!("\"{KEY}\""));
        assert_eq!(word(&classify(&gift(), &answer(status, &success(&value)))), expected);
    }

    #[rstest]
    #[case(200, "declined", "declined")]
    #[case(400, "declined", "invalid")]
    #[case(404, "declined", "not_found")]
    #[case(410, "declined", "gone")]
    #[case(413, "declined", "too_large")]
    #[case(415, "declined", "unsupported")]
    #[case(422, "declined", "unprocessable")]
    #[case(401, "credentials", "")]
    #[case(403, "forbidden", "forbidden")]
    #[case(402, "odd", "")]
    #[case(405, "odd", "")]
    #[case(408, "odd", "")]
    #[case(409, "odd", "")]
    #[case(429, "throttled", "")]
    #[case(301, "redirected", "")]
    #[case(307, "redirected", "")]
    #[case(500, "server error", "")]
    #[case(502, "server error", "")]
    #[case(503, "overloaded", "")]
    #[case(504, "server error", "")]
    #[case(101, "odd", "")]
    fn each_status_in_the_envelope(
        #[case] status: u16,
        #[case] expected: &str,
        #[case] class: &str,
    ) {
        // Goal: each row of the contract's table. Method: a failure of the API under each status.
        let verdict = classify(&gift(), &answer(status, &failure(r#"["no"]"#)));
        assert_eq!(word(&verdict), expected);
        if let Verdict::Declined(refusal) | Verdict::NotProcessed(Obstacle::Forbidden(refusal)) =
            verdict
        {
            assert_eq!((refusal.class.as_str(), refusal.message.as_str()), (class, "no"));
            assert!(REFUSAL_CLASSES.contains(&class));
        }
    }

    #[rstest]
    #[case(302, "a redirect (HTTP 302): is the base URL right?", Trouble::Redirected)]
    #[case(409, "an answer that the API does not document (HTTP 409)", Trouble::Odd)]
    #[case(500, "a server error (HTTP 500)", Trouble::ServerError)]
    #[case(503, "a server error (HTTP 503)", Trouble::Overloaded)]
    fn a_doubt_says_what_came_and_how_the_server_is(
        #[case] status: u16,
        #[case] told: &str,
        #[case] expected: Trouble,
    ) {
        // Goal: people know where to look, and the pace what to do. Method: a status of each kind.
        let Verdict::Unknown { why, trouble } = classify(&gift(), &answer(status, "")) else {
            panic!("{status} is a doubt");
        };
        assert_eq!((why.as_str(), trouble), (told, expected));
    }

    #[rstest]
    #[case(200, "odd")]
    #[case(204, "odd")]
    #[case(400, "odd")]
    #[case(401, "credentials")]
    #[case(403, "credentials")]
    #[case(404, "odd")]
    #[case(422, "odd")]
    #[case(429, "throttled")]
    #[case(502, "server error")]
    fn each_status_with_a_proxys_page(#[case] status: u16, #[case] expected: &str) {
        // Goal: a page that is not the API's declines nothing. Method: HTML, nothing, half a JSON
        // and JSON without the envelope's marks under each status.
        for body in ["<html>no</html>", "", r#"{"Value":{"Id":"#, r#"{"error":"no"}"#] {
            // Before the keys are looked at, a firewall may turn the gift, or the machine, away.
            let is_firewalls = status == 403 && body.starts_with('<');
            let expected = if is_firewalls { "forbidden" } else { expected };
            assert_eq!(word(&classify(&gift(), &answer(status, body))), expected, "{body}");
        }
    }

    #[test]
    fn a_success_under_an_error_status_is_no_answer() {
        // Goal: a contradiction is a doubt. Method: a success under 404, and both marks under 200.
        let value = format!(r#"{{"Id":"{GIFT}","WalletId":"{WALLET}","Amount":1000}}"#);
        assert_eq!(word(&classify(&gift(), &answer(404, &success(&value)))), "odd");
        let both = success(&value).replace("\"IsFailure\":false", "\"IsFailure\":true");
        assert_eq!(word(&classify(&gift(), &answer(200, &both))), "odd");
    }

    #[rstest]
    #[case(r#"["Duplicate reference"]"#)]
    #[case(r#"[{"Code":"DuplicateExternalReference","Message":"x"}]"#)]
    #[case(r#"["ExternalReference already exists"]"#)]
    fn a_known_reference_is_a_doubt_and_no_refusal(#[case] errors: &str) {
        // Goal: "we have it already" is looked up, never reported as not given. Method: its forms.
        for status in [200, 400, 422] {
            assert_eq!(word(&classify(&gift(), &answer(status, &failure(errors)))), "odd");
        }
        let other = failure(r#"["the reference is malformed"]"#);
        assert_eq!(word(&classify(&gift(), &answer(422, &other))), "declined");
    }

    #[test]
    fn losses_are_doubts_and_a_connection_never_made_is_not() {
        // Goal: only a connection that was never made proves anything. Method: each kind.
        let never =
            Reply::NeverSent { barrier: Barrier::Refused, why: "connection refused".into() };
        assert_eq!(word(&classify(&gift(), &never)), "never sent");
        for (loss, expected) in
            [(Loss::TimedOut, "timed out"), (Loss::Cut, "cut"), (Loss::TooLarge, "odd")]
        {
            let lost = Reply::Lost { loss, why: "connection refused".into() };
            assert_eq!(word(&classify(&gift(), &lost)), expected);
        }
    }

    #[test]
    fn a_429_keeps_how_long_to_wait() {
        // Goal: `Retry-After` reaches the pace. Method: with and without it.
        let wait = Some(Duration::from_secs(7));
        let reply = Reply::Answered(Answer { status: 429, retry_after: wait, ..Answer::default() });
        let verdict = classify(&gift(), &reply);
        assert_eq!(verdict, Verdict::NotProcessed(Obstacle::Throttled { wait }));
    }
}
