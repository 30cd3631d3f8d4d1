//! How requests travel.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;

/// How requests travel: for how long at most, and through whom.
#[derive(Clone, Debug)]
pub struct Line {
    /// For a whole request.
    pub timeout: Duration,
    /// None: straight to whom they are for.
    pub proxy: Option<ProxyUrl>,
    /// What names a proxy to other programs and is not used here: said where no connection is made.
    pub unused_proxy: Option<&'static str>,
}

/// The URL of a proxy that somebody chose on purpose. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyUrl(Url);

/// Why a text is no URL of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyUrlError {
    /// It is none of the form `http://host:port`.
    #[error("no URL of a proxy, as http://proxy.example:3128")]
    Form,
    /// A URL is shown and kept, and no place for a password.
    #[error(
        "a proxy's URL with a user or a password in it: who may use it has to hang on the machine alone"
    )]
    Secret,
}

impl ProxyUrl {
    pub(super) fn as_url(&self) -> &Url {
        &self.0
    }
}

impl From<Duration> for Line {
    fn from(timeout: Duration) -> Line {
        Line { timeout, proxy: None, unused_proxy: None }
    }
}

impl FromStr for ProxyUrl {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<ProxyUrl, ProxyUrlError> {
        let url: Url = text.trim().parse().map_err(|_| ProxyUrlError::Form)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ProxyUrlError::Secret);
        }
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
        let is_proxys = matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare;
        if is_proxys { Ok(ProxyUrl(url)) } else { Err(ProxyUrlError::Form) }
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_holds_no_secret() {
        // Goal: what is kept and shown holds no password, and a slip is seen before anything is sent. Method: forms.
        let read = |text: &str| text.parse::<ProxyUrl>().map(|url| url.to_string());
        assert_eq!(read("http://proxy.example:3128/").as_deref(), Ok("http://proxy.example:3128"));
        assert_eq!(read("https://proxy.example").as_deref(), Ok("https://proxy.example"));
        for odd in ["proxy.example:3128", "socks5://proxy.example", "http://", "http://p/path", ""]
        {
            assert_eq!(read(odd), Err(ProxyUrlError::Form), "{odd}");
        }
        for secret in ["http://user@proxy.example", "http://user:word@proxy.example:3128"] {
            assert_eq!(read(secret), Err(ProxyUrlError::Secret));
        }
    }
}
