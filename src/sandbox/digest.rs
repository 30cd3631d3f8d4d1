//! HTTP Digest (RFC 7616) as a server sees it: what an `Authorization` presents, and whether it is right.
//! Pure.
//!
//! It is the sandbox's own, written from the RFC's server side: a client that shared it would be held against
//! itself.

use md5::Md5;
use sha2::{Digest, Sha256};

/// A hash that the sandbox asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestHash {
    /// MD5.
    Md5,
    /// SHA-256.
    Sha256,
}

impl DigestHash {
    /// Its word in headers.
    pub(super) fn word(self) -> &'static str {
        match self {
            DigestHash::Md5 => "MD5",
            DigestHash::Sha256 => "SHA-256",
        }
    }

    fn hex(self, text: &str) -> String {
        let bytes = match self {
            DigestHash::Md5 => Md5::digest(text).to_vec(),
            DigestHash::Sha256 => Sha256::digest(text).to_vec(),
        };
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What a client presents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Presented(Vec<(String, String)>);

impl Presented {
    /// Reads the value of an `Authorization` header; none where it is no Digest.
    pub(super) fn read(header: &str) -> Option<Self> {
        let (scheme, rest) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let mut fields = Vec::new();
        let mut chars = rest.chars().peekable();
        loop {
            while chars.next_if(|&char| char == ',' || char.is_whitespace()).is_some() {}
            if chars.peek().is_none() {
                return Some(Self(fields));
            }
            let mut name = String::new();
            while let Some(char) = chars.next_if(|&char| char != '=') {
                name.push(char);
            }
            chars.next()?;
            let mut value = String::new();
            if chars.next_if_eq(&'"').is_some() {
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => value.push(chars.next()?),
                        char => value.push(char),
                    }
                }
            } else {
                while let Some(char) = chars.next_if(|&char| char != ',') {
                    value.push(char);
                }
            }
            fields.push((name.trim().to_ascii_lowercase(), value.trim_end().to_owned()));
        }
    }

    /// A field, or nothing.
    pub(super) fn get(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(known, _)| known == name);
        field.map_or("", |(_, value)| value)
    }

    /// Which hash it is made with.
    pub(super) fn hash(&self) -> Option<DigestHash> {
        match self.get("algorithm").to_ascii_lowercase().as_str() {
            "" | "md5" => Some(DigestHash::Md5),
            "sha-256" => Some(DigestHash::Sha256),
            _ => None,
        }
    }

    /// Which use of its nonce this is, from 1; none where it does not say.
    pub(super) fn count(&self) -> Option<u32> {
        let digits = self.get("nc");
        (digits.len() == 8).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    }

    /// Whether it proves that the password is known, for a GET of this target.
    pub(super) fn proves(&self, hash: DigestHash, password: &str, target: &str) -> bool {
        let (user, realm, nonce) = (self.get("username"), self.get("realm"), self.get("nonce"));
        let secret = hash.hex(&format!("{user}:{realm}:{password}"));
        let request = hash.hex(&format!("GET:{target}"));
        let middle = match self.get("qop") {
            "" => nonce.to_owned(),
            qop => format!("{nonce}:{}:{}:{qop}", self.get("nc"), self.get("cnonce")),
        };
        self.get("uri") == target
            && self.get("response") == hash.hex(&format!("{secret}:{middle}:{request}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a right answer is known from a wrong one. Method: the RFC's own, 3.9.1, under both hashes; then
    /// with another password, another target and one digit changed.
    #[test]
    fn the_rfcs_answers_are_right() {
        for (hash, response) in [
            (DigestHash::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (
                DigestHash::Sha256,
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let header = format!(
                "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
                 algorithm={}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
                 cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
                 response=\"{response}\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
                hash.word()
            );
            let presented = Presented::read(&header).unwrap();
            assert_eq!((presented.hash(), presented.count()), (Some(hash), Some(1)));
            assert!(presented.proves(hash, "Circle of Life", "/dir/index.html"));
            assert!(!presented.proves(hash, "Circle of Lies", "/dir/index.html"));
            assert!(!presented.proves(hash, "Circle of Life", "/dir/index.htm"));
            let changed = header.replace("nc=00000001", "nc=00000002");
            let changed = Presented::read(&changed).unwrap();
            assert!(!changed.proves(hash, "Circle of Life", "/dir/index.html"));
        }
    }

    /// Goal: commas and escapes in quotes are text. Method: a name with both; headers that are none.
    #[test]
    fn quoted_fields_are_read() {
        let presented = Presented::read(r#"digest username="a, \"b\"" , nc=0000000A,qop=auth"#);
        let presented = presented.unwrap();
        assert_eq!(presented.get("username"), "a, \"b\"");
        assert_eq!((presented.count(), presented.get("qop")), (Some(10), "auth"));
        for header in ["Basic YWJj", "Digest", "Digest realm=\"open", "Digest realm"] {
            assert_eq!(Presented::read(header), None, "{header}");
        }
    }
}
