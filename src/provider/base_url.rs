//! Where the wallet API is: checked once, before any secret is sent there.
//!
//! **Invariant:** secrets travel over https, or over plain http to this machine alone.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// A base URL that secrets may be sent to; without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why text is no base URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not an absolute URL with a host.
    #[error("{0:?} is not an absolute https URL")]
    NotAbsolute(String),
    /// Plain http to another machine.
    #[error("{0:?} is plain http: keys and amounts would travel readable; use https")]
    NotEncrypted(String),
    /// A user, a password, a query or a fragment.
    #[error("a base URL carries no user, password, query or fragment")]
    TooMuch,
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<BaseUrl, BaseUrlError> {
        let text = text.trim();
        let not_absolute = || BaseUrlError::NotAbsolute(shown(text));
        let mut url = Url::parse(text).map_err(|_| not_absolute())?;
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(BaseUrlError::TooMuch);
        }
        match (url.scheme(), url.host()) {
            ("http" | "https", Some(_)) if is_safe_way(&url) => {}
            ("http", Some(_)) => return Err(BaseUrlError::NotEncrypted(shown(text))),
            _ => return Err(not_absolute()),
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(BaseUrl(url))
    }
}

/// Whether nobody can read on the way what is sent there: https, or a way that stays on this machine.
pub fn is_safe_way(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
}

/// What an error repeats of a text that is no base URL: a password may stand before an `@`, a key behind
/// a `?` or a `#`, whether or not the rest can be understood.
fn shown(text: &str) -> String {
    let open = text.split(['?', '#']).next().unwrap_or_default();
    match open.rsplit_once('@') {
        Some((before, after)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            let joint = if scheme.is_empty() { "" } else { "://" };
            format!("{scheme}{joint}…@{after}")
        }
        None => open.to_owned(),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl BaseUrl {
    /// The URL of a path below it; `path` begins with a slash and has no query.
    pub(super) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        // A URL without a path has a slash for one.
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// Whether it is on this machine: a sandbox, or a tunnel of the operator's own.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether what is sent there is encrypted; what is not stays on this machine.
    pub(super) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_str().trim_end_matches('/').fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_to_this_machine() {
        // Goal: what may be used, in one spelling. Method: texts with what becomes of them.
        for (text, url) in [
            ("https://wallet.example/base/", "https://wallet.example/base"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:8080/", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().to_string(), url);
        }
    }

    #[test]
    fn a_path_is_joined_as_if_the_whole_were_parsed() {
        // Goal: what saves time changes no address. Method: bases with and without a path, beside the text
        // of base and path parsed as one.
        for base in [
            "https://wallet.example",
            "https://wallet.example:8443/",
            "https://wallet.example/base//",
            "https://wallet.example/a%20b/ü",
            "http://[::1]:8080/base",
        ] {
            let base: BaseUrl = base.parse().unwrap();
            for path in ["/api/v1/balance/gift", "/api/v1/balance/gift/by/wallet/30bac1c0-ad6b"] {
                let whole = Url::parse(&format!("{base}{path}")).unwrap();
                assert_eq!(base.join(path), whole);
            }
        }
    }

    #[test]
    fn secrets_do_not_travel_readable() {
        // Goal: no key on an open wire, none in an error. Method: each refusal.
        let refused = |text: &str| text.parse::<BaseUrl>().unwrap_err();
        assert!(matches!(refused("http://wallet.example"), BaseUrlError::NotEncrypted(_)));
        assert!(matches!(refused("http://127.0.0.1.example"), BaseUrlError::NotEncrypted(_)));
        assert!(matches!(refused("wallet.example"), BaseUrlError::NotAbsolute(_)));
        assert!(matches!(refused("ftp://wallet.example"), BaseUrlError::NotAbsolute(_)));
        assert_eq!(refused("https://user:secret@wallet.example"), BaseUrlError::TooMuch);
        assert_eq!(refused("https://wallet.example/?key=secret"), BaseUrlError::TooMuch);
        for text in [
            "user:secret@wallet.example",
            "https//user:secret@wallet.example/base",
            "https://us er:sec@secret@wal let.example",
            "ftp://wallet.example/?key=secret",
            "wallet.example/base#secret",
            "http://user:secret@wallet.example",
            "secret://secret@wallet.example:no-port",
        ] {
            let words = refused(text).to_string();
            let shown = words.replace("secret://", "");
            assert!(!shown.contains("secret"), "{words}");
        }
        assert_eq!(refused("wallet.example"), BaseUrlError::NotAbsolute("wallet.example".into()));
    }
}
