//! The client: asks, logs in where it is asked to, and goes on with the same nonce.
//!
//! **Invariant:** a nonce's count rises with each request that carries it, from 1: one request at a time.
//! **Invariant:** a question costs three requests at most: the challenge, its answer, and one more where
//! the server calls the nonce stale.

use std::sync::Arc;

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::super::client::{ANSWER_BYTES, reply};
use super::super::http::Http;
use super::super::line::Line;
use super::super::transport::Url;
use super::super::{BaseUrl, ClientError, Obstacle, Reading};
use super::answer::{Login, Purpose, answer};
use super::challenge::{Asked, Challenge, choose};
use super::holdings::{Holdings, read_holdings};
use super::percent::encoded;

/// How the service is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Header `api-version`.
    pub api_version: String,
    /// Header `Accept-Language`.
    pub language: String,
}

/// Whose holdings, and which of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The customer's id at the partner.
    pub customer: String,
    /// Which metals.
    pub metals: Vec<String>,
    /// Those that can be delivered, those that cannot, or both.
    pub deliverable: Option<bool>,
}

/// A client of Minted Connect.
#[derive(Debug)]
pub struct MintedClient {
    http: Http,
    base: BaseUrl,
    login: Login,
    session: Option<Session>,
    requests: u32,
}

/// A nonce of the server's, and how often it was used.
#[derive(Debug)]
struct Session {
    challenge: Challenge,
    cnonce: String,
    count: u32,
}

/// What the last request brought along to prove who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    Nothing,
    /// An answer with the nonce of an earlier question.
    Earlier,
    /// The first answer to a challenge of this question.
    First,
    /// The second, since the server called the nonce of the first one stale.
    Second,
}

impl MintedClient {
    /// A client for the service at `base`; `timeout` is for one request.
    pub fn new(
        base: BaseUrl,
        login: Login,
        manner: &Manner,
        line: impl Into<Line>,
    ) -> Result<MintedClient, ClientError> {
        let mut headers = HeaderMap::new();
        let version = value("api-version", &manner.api_version)?;
        headers.insert(HeaderName::from_static("api-version"), version);
        headers.insert(HeaderName::from_static("x-client-id"), HeaderValue::from_static("web"));
        // Else a refusal may come as a page for people.
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_LANGUAGE, value("Accept-Language", &manner.language)?);
        let http = Http::with(&base, headers, &line.into(), Arc::new([]))?;
        Ok(MintedClient { http, base, login, session: None, requests: 0 })
    }

    /// A name for the service and for who asks it, which tells neither. Another account may be told of other
    /// customers under the same ids.
    pub fn account(&self) -> Uuid {
        let text = format!("{}\n{}", self.base, self.login.username);
        Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes())
    }

    /// Requests that were sent so far, those of logging in included.
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// The same without the password, which a server may repeat in the words of its refusal.
    fn hidden(&self, reading: Reading<Holdings>) -> Reading<Holdings> {
        let password = self.login.password.expose_secret();
        // A shorter one is no secret, but may be a part of any word.
        let hide = |text: String| match password.len() {
            0..4 => text,
            _ => text.replace(password, "[hidden]"),
        };
        match reading {
            Reading::Refused { status, message } => {
                Reading::Refused { status, message: hide(message) }
            }
            Reading::Obstructed(Obstacle::CredentialsRejected { why }) => {
                Reading::Obstructed(Obstacle::CredentialsRejected { why: hide(why) })
            }
            other => other,
        }
    }

    /// Asks what a customer holds.
    pub async fn holdings(&mut self, question: &Question) -> Reading<Holdings> {
        let url = question.url(&self.base);
        let target = target(&url);
        let mut proof = match self.session {
            Some(_) => Proof::Earlier,
            None => Proof::Nothing,
        };
        loop {
            let authorization =
                match self.session.as_mut().map(|one| one.next(&self.login, &target)) {
                    Some(None) => return rejected("its challenge cannot be repeated in a header"),
                    Some(authorization) => authorization,
                    None => None,
                };
            self.requests = self.requests.saturating_add(1);
            let (delivery, asked) = self.http.get(url.clone(), authorization, ANSWER_BYTES).await;
            let reply = reply(delivery);
            if reply.answer().is_none_or(|answer| answer.status != 401) {
                return self.hidden(read_holdings(&reply));
            }
            let last = self.session.take();
            let last = last.as_ref().map(|last| &last.challenge);
            match choose(&asked).and_then(|asked| Ok((after_401(proof, last, &asked)?, asked))) {
                Ok((next, asked)) => {
                    self.session = Some(Session::of(asked.challenge));
                    proof = next;
                }
                Err(why) => return rejected(&why),
            }
        }
    }
}

/// What proof to send after a 401 that asks for this; or why that would be of no use.
fn after_401(proof: Proof, last: Option<&Challenge>, asked: &Asked) -> Result<Proof, String> {
    let is_new = last.is_none_or(|last| last.nonce != asked.challenge.nonce);
    match proof {
        Proof::Nothing => Ok(Proof::First),
        // Some servers forget to say that an old nonce is stale: a new one tells as well.
        Proof::Earlier if asked.is_stale || is_new => Ok(Proof::First),
        Proof::First if asked.is_stale => Ok(Proof::Second),
        Proof::Second if asked.is_stale => Err("it calls every nonce stale".to_owned()),
        _ => Err("the user name or the password is wrong".to_owned()),
    }
}

fn rejected<T>(why: &str) -> Reading<T> {
    let why = super::super::envelope::clean(why);
    Reading::Obstructed(Obstacle::CredentialsRejected { why })
}

impl Session {
    fn of(challenge: Challenge) -> Session {
        // 122 random bits: nobody foresees it.
        Session { challenge, cnonce: Uuid::new_v4().simple().to_string(), count: 0 }
    }

    /// The proof of the next request; none where it fits no header.
    fn next(&mut self, login: &Login, target: &str) -> Option<HeaderValue> {
        self.count = self.count.saturating_add(1);
        let purpose = Purpose { method: "GET", target, count: self.count, cnonce: &self.cnonce };
        HeaderValue::from_bytes(&answer(&self.challenge, login, purpose)).ok()
    }
}

impl Question {
    fn url(&self, base: &BaseUrl) -> Url {
        // The comma between metals stays a comma, as the API's page writes it.
        let metals: Vec<String> = self.metals.iter().map(|metal| encoded(metal)).collect();
        let mut query = format!(
            "metal_type={}&external_customer_id={}",
            metals.join(","),
            encoded(&self.customer)
        );
        if let Some(deliverable) = self.deliverable {
            query.push_str(&format!("&is_deliverable={deliverable}"));
        }
        let mut url = base.join("/partner/walletable/balance");
        url.set_query(Some(&query));
        url
    }
}

/// The request target of a URL: what stands in the request line behind the method.
fn target(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn value(header: &'static str, text: &str) -> Result<HeaderValue, ClientError> {
    HeaderValue::from_str(text).map_err(|_| ClientError::Key(header))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn question(customer: &str) -> Question {
        let metals = vec!["gold".to_owned(), "silver".to_owned()];
        Question { customer: customer.to_owned(), metals, deliverable: Some(false) }
    }

    fn asked(nonce: &str, stale: bool) -> Asked {
        let header = format!(r#"Digest realm="r", nonce="{nonce}", stale={stale}"#);
        choose(&[header.into_bytes()]).unwrap()
    }

    #[test]
    fn the_documented_target_is_sent_to_the_byte() {
        // Goal: the request line of the API page, with its comma. Method: the page's example, and a customer
        // that would add a parameter.
        let base: BaseUrl = "https://minted.example/base".parse().unwrap();
        let of = |customer: &str| target(&question(customer).url(&base));
        assert_eq!(
            of("test0101010"),
            "/base/partner/walletable/balance?metal_type=gold,silver\
             &external_customer_id=test0101010&is_deliverable=false"
        );
        assert!(of("ş a&b=c,d").contains("_id=%C5%9F%20a%26b%3Dc%2Cd&is_"), "{}", of("ş a&b=c,d"));
        let open = Question { deliverable: None, ..question("a") };
        assert!(target(&open.url(&base)).ends_with("_id=a"));
    }

    #[test]
    fn a_401_is_answered_where_that_can_help() {
        // Goal: every cell of the table. Method: each proof with a stale nonce, a new one, and the same one.
        let old = asked("old", false).challenge;
        let answers = |proof| {
            let last = (proof != Proof::Nothing).then_some(&old);
            [asked("new", true), asked("old", true), asked("new", false), asked("old", false)]
                .map(|asked| after_401(proof, last, &asked).ok())
        };
        assert_eq!(answers(Proof::Nothing), [Some(Proof::First); 4]);
        let first = Some(Proof::First);
        assert_eq!(answers(Proof::Earlier), [first, first, first, None]);
        let second = Some(Proof::Second);
        assert_eq!(answers(Proof::First), [second, second, None, None]);
        assert_eq!(answers(Proof::Second), [None; 4]);
    }

    #[test]
    fn the_count_of_a_nonce_rises_from_one() {
        // Goal: RFC 7616, 3.4.5. Method: three proofs of one session, and the first of another.
        let login = Login { username: "user".into(), password: "canary".into() };
        let challenge = choose(&[br#"Digest realm="r", nonce="n", qop="auth""#.to_vec()]).unwrap();
        let mut session = Session::of(challenge.challenge.clone());
        let mut next = |_| session.next(&login, "/").unwrap().to_str().unwrap().to_owned();
        let proofs = [1, 2, 3].map(&mut next);
        for (proof, count) in proofs.iter().zip(["00000001", "00000002", "00000003"]) {
            assert!(proof.contains(&format!("nc={count}, ")), "{proof}");
        }
        let cnonce = |proof: &str| proof.split_once("cnonce=").unwrap().1[..34].to_owned();
        assert_eq!(cnonce(&proofs[0]), cnonce(&proofs[2]), "`-sess` is bound to the first");
        let mut other = Session::of(challenge.challenge);
        let proof = other.next(&login, "/").unwrap().to_str().unwrap().to_owned();
        assert!(proof.contains("nc=00000001") && cnonce(&proof) != cnonce(&proofs[0]));
    }

    #[test]
    fn nothing_that_fits_no_header_is_sent_or_shown() {
        // Goal: no setting breaks a request. Method: a version with a line break; the debug output.
        let base: BaseUrl = "https://minted.example".parse().unwrap();
        let login = Login { username: "user".into(), password: "canary".into() };
        let manner = |version: &str| Manner { api_version: version.into(), language: "tr".into() };
        let new = |version| {
            MintedClient::new(base.clone(), login.clone(), &manner(version), Duration::from_secs(1))
        };
        assert!(matches!(new("3\n"), Err(ClientError::Key("api-version"))));
        assert!(!format!("{:?}", new("3").unwrap()).contains("canary"));
    }
}
