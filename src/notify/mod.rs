//! Notify: tells a web hook how a command ended.
//!
//! It stands apart because it is the only way out besides the provider, and must never be mistaken for
//! it: it sends no money, knows no keys of the wallet API, and whether it works changes nothing.
//!
//! **Invariant:** it ends within [`MOST`], whatever the receiver does.
//! **Invariant:** all tries of one message carry the same id, so that a receiver can drop repeats.
//! **Invariant:** it follows no redirect and takes no proxy from the environment; the URL, which may hold a
//! secret of its own, is in no error.

mod url;

use std::time::Duration;

use hmac::{Hmac, Mac};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;

pub use url::{HookUrl, HookUrlError};

use crate::clock::Clock;

/// Time for one try.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait before the second and the third try.
const GAPS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// The longest that all tries take together.
pub const MOST: Duration =
    Duration::from_secs(3 * TIMEOUT.as_secs() + GAPS[0].as_secs() + GAPS[1].as_secs());

/// The header with the id of a message, the same in each of its tries.
pub const ID_HEADER: &str = "x-giftbatch-delivery";

/// The header with `sha256=` and the HMAC of the body, in hex.
///
/// It covers no time: a receiver that drops repeated ids has nothing to fear of a replay, and a body that
/// is signed alone can be checked by what people have at hand.
pub const SIGNATURE_HEADER: &str = "x-giftbatch-signature";

/// Where messages go, and what they are signed with.
#[derive(Clone, Debug)]
pub struct Hook {
    /// The receiver.
    pub url: HookUrl,
    /// What it shares with us; without one messages are not signed.
    pub secret: Option<SecretString>,
}

/// Why a message did not arrive, as far as we know.
#[derive(Debug, thiserror::Error)]
pub enum NotTold {
    /// No client could be made.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
    /// The receiver said no, or nothing that counts as a yes.
    #[error("{host} answered {status}")]
    Answered {
        /// The receiver's host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The receiver could not be asked.
    #[error("{host} was not reached: {why}")]
    Unreached {
        /// The receiver's host.
        host: String,
        /// In the words of the layer that noticed.
        why: String,
    },
}

impl Hook {
    /// Posts a JSON document: up to three times, until the receiver answers 2xx, or something that
    /// another try would not change.
    pub async fn deliver(&self, document: &str, clock: &Clock) -> Result<(), NotTold> {
        let client = self.client().map_err(NotTold::Setup)?;
        let id = Uuid::now_v7().to_string();
        let mut gaps = GAPS.into_iter();
        loop {
            let failed = match self.post(&client, document, &id).await {
                Ok(status) if (200..300).contains(&status) => return Ok(()),
                Ok(status) => {
                    let failed = NotTold::Answered { host: self.url.to_string(), status };
                    if !is_worth_another_try(status) {
                        return Err(failed);
                    }
                    failed
                }
                Err(error) => {
                    NotTold::Unreached { host: self.url.to_string(), why: innermost(&error) }
                }
            };
            let Some(gap) = gaps.next() else {
                return Err(failed);
            };
            clock.sleep(gap).await;
        }
    }

    fn client(&self) -> Result<Client, reqwest::Error> {
        let mut client = Client::builder();
        if !self.url.is_encrypted() {
            client = client.tls_certs_only([]);
        }
        client
            .user_agent(concat!("giftbatch/", env!("CARGO_PKG_VERSION")))
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(TIMEOUT)
            .build()
    }

    async fn post(&self, client: &Client, document: &str, id: &str) -> Result<u16, reqwest::Error> {
        let mut request = client
            .post(self.url.url())
            .header(CONTENT_TYPE, "application/json")
            .header(ID_HEADER, id)
            .body(document.to_owned());
        if let Some(secret) = &self.secret {
            request = request.header(SIGNATURE_HEADER, signature(secret, document.as_bytes()));
        }
        // The answer's body says nothing that we would act on.
        Ok(request.send().await?.status().as_u16())
    }
}

/// A no of these kinds may be another answer a little later; any other stays what it is.
const fn is_worth_another_try(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// `sha256=` and the HMAC-SHA256 of the body, in lower-case hex.
fn signature(secret: &SecretString, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    digest.iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// The innermost cause: the layers above it repeat the URL.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", TIMEOUT.as_secs());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_the_standard_gives() {
        // Goal: any receiver's own HMAC agrees. Method: test case 2 of RFC 4231, and a key that is longer
        // than a block, which stands for its digest.
        let two = signature(&"Jefe".into(), b"what do ya want for nothing?");
        assert_eq!(two, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = signature(&"k".repeat(131).into(), b"body");
        let hashed = <Sha256 as sha2::Digest>::digest("k".repeat(131));
        let mut mac = Hmac::<Sha256>::new_from_slice(&hashed).unwrap();
        mac.update(b"body");
        let text: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(long, format!("sha256={text}"));
    }

    #[test]
    fn only_what_may_change_is_tried_again() {
        // Goal: a receiver that says no is not pestered. Method: statuses of each kind.
        for status in [408, 429, 500, 503, 599] {
            assert!(is_worth_another_try(status), "{status}");
        }
        for status in [301, 307, 400, 401, 403, 404, 410, 422] {
            assert!(!is_worth_another_try(status), "{status}");
        }
    }
}
