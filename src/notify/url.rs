//! Where a message goes.
//!
//! It stands apart from the provider's base URL because hooks carry their own secret in their path or
//! query: it may have both, and is never shown whole.

use std::fmt;
use std::str::FromStr;

use crate::provider::{Url, is_safe_way};

/// A URL that messages may be posted to; shown as its host alone.
#[derive(Clone, PartialEq, Eq)]
pub struct HookUrl(Url);

/// Why text is no such URL. The text is not repeated: it may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookUrlError {
    /// Not an absolute URL with a host.
    #[error("the notify URL is not an absolute https URL")]
    NotAbsolute,
    /// Plain http to another machine.
    #[error("the notify URL is plain http: amounts would travel readable; use https")]
    NotEncrypted,
    /// A user or a password, which would be sent as a header.
    #[error("the notify URL carries a user or a password; sign messages with a secret instead")]
    User,
}

impl FromStr for HookUrl {
    type Err = HookUrlError;

    fn from_str(text: &str) -> Result<HookUrl, HookUrlError> {
        let mut url = Url::parse(text.trim()).map_err(|_| HookUrlError::NotAbsolute)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(HookUrlError::User);
        }
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(HookUrlError::NotAbsolute);
        }
        if !is_safe_way(&url) {
            return Err(HookUrlError::NotEncrypted);
        }
        url.set_fragment(None);
        Ok(HookUrl(url))
    }
}

impl HookUrl {
    pub(super) fn url(&self) -> Url {
        self.0.clone()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl fmt::Display for HookUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.host_str().unwrap_or_default())?;
        self.0.port().map_or(Ok(()), |port| write!(out, ":{port}"))
    }
}

impl fmt::Debug for HookUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "HookUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_shown_by_its_host_alone() {
        // Goal: what a path or a query hides stays hidden. Method: show URLs, and errors of bad ones.
        let url: HookUrl = "https://hooks.example/T0/canary?key=canary#x".parse().unwrap();
        assert_eq!((url.to_string().as_str(), url.url().fragment()), ("hooks.example", None));
        assert!(!format!("{url:?}").contains("canary"));
        let local: HookUrl = "http://127.0.0.1:9000/canary".parse().unwrap();
        assert_eq!(local.to_string(), "127.0.0.1:9000");
        for (text, error) in [
            ("http://hooks.example/canary", HookUrlError::NotEncrypted),
            ("hooks.example/canary", HookUrlError::NotAbsolute),
            ("ftp://hooks.example/canary", HookUrlError::NotAbsolute),
            ("https://user:canary@hooks.example", HookUrlError::User),
            ("", HookUrlError::NotAbsolute),
        ] {
            let refused = text.parse::<HookUrl>().unwrap_err();
            assert_eq!(refused, error, "{text}");
            assert!(!refused.to_string().contains("canary"));
        }
    }
}
