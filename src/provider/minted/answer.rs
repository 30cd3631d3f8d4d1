//! The answer to a challenge: the value of an `Authorization` header (RFC 7616, 3.4). Pure.
//!
//! **Invariant:** the password leaves this file as part of a hash alone.

use std::fmt::Write as _;

use md5::Md5;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::challenge::{Binding, Challenge, Hash, Qop};

/// Who logs in.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user's name.
    pub username: String,
    /// The password; shown nowhere.
    pub password: SecretString,
}

/// What is answered for: one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose<'r> {
    /// The request's method.
    pub(super) method: &'r str,
    /// The request target as it is sent, byte for byte.
    pub(super) target: &'r str,
    /// How many requests this nonce has served, with this one.
    pub(super) count: u32,
    /// Our nonce, the same for all requests of the server's: `-sess` binds it to the first of them.
    pub(super) cnonce: &'r str,
}

/// The header's value, in bytes: a realm may be in any encoding.
pub(super) fn answer(challenge: &Challenge, login: &Login, purpose: Purpose<'_>) -> Vec<u8> {
    let count = format!("{:08x}", purpose.count);
    let response = response(challenge, login, purpose, &count);
    let mut header = b"Digest ".to_vec();
    push_username(&mut header, &login.username);
    push_quoted(&mut header, b", realm=", &challenge.realm);
    push_quoted(&mut header, b", nonce=", &challenge.nonce);
    push_quoted(&mut header, b", uri=", purpose.target.as_bytes());
    if let Some(algorithm) = &challenge.algorithm {
        header.extend_from_slice(b", algorithm=");
        header.extend_from_slice(algorithm);
    }
    if challenge.qop == Qop::Auth {
        header.extend_from_slice(b", qop=auth, nc=");
        header.extend_from_slice(count.as_bytes());
    }
    if challenge.qop == Qop::Auth || challenge.binding == Binding::Session {
        push_quoted(&mut header, b", cnonce=", purpose.cnonce.as_bytes());
    }
    push_quoted(&mut header, b", response=", response.as_bytes());
    if let Some(opaque) = &challenge.opaque {
        push_quoted(&mut header, b", opaque=", opaque);
    }
    header
}

fn response(challenge: &Challenge, login: &Login, purpose: Purpose<'_>, count: &str) -> String {
    let hash = |parts: &[&[u8]]| hash(challenge.hash, parts);
    let cnonce = purpose.cnonce.as_bytes();
    let password = login.password.expose_secret().as_bytes();
    let mut secret = hash(&[login.username.as_bytes(), &challenge.realm, password]);
    if challenge.binding == Binding::Session {
        secret = hash(&[secret.as_bytes(), &challenge.nonce, cnonce]);
    }
    let request = hash(&[purpose.method.as_bytes(), purpose.target.as_bytes()]);
    let (secret, request) = (secret.as_bytes(), request.as_bytes());
    match challenge.qop {
        Qop::Absent => hash(&[secret, &challenge.nonce, request]),
        Qop::Auth => hash(&[secret, &challenge.nonce, count.as_bytes(), cnonce, b"auth", request]),
    }
}

/// The hash of the parts with colons between them, in small hexadecimal digits.
fn hash(hash: Hash, parts: &[&[u8]]) -> String {
    let joined = parts.join(&b':');
    let bytes = match hash {
        Hash::Md5 => Md5::digest(&joined).to_vec(),
        Hash::Sha256 => Sha256::digest(&joined).to_vec(),
    };
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A name beyond ASCII cannot stand in quotes (RFC 7616, 3.4): it goes as RFC 8187 writes it.
fn push_username(header: &mut Vec<u8>, username: &str) {
    if username.is_ascii() {
        push_quoted(header, b"username=", username.as_bytes());
    } else {
        header.extend_from_slice(b"username*=UTF-8''");
        header.extend_from_slice(super::percent::encoded(username).as_bytes());
    }
}

fn push_quoted(header: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    header.extend_from_slice(name);
    header.push(b'"');
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            header.push(b'\\');
        }
        header.push(*byte);
    }
    header.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::challenge::choose;
    use super::*;

    fn login(username: &str, password: &str) -> Login {
        Login { username: username.to_owned(), password: password.into() }
    }

    fn answered(challenge: &str, login: &Login, purpose: Purpose<'_>) -> String {
        let asked = choose(&[challenge.as_bytes().to_vec()]).unwrap();
        String::from_utf8(answer(&asked.challenge, login, purpose)).unwrap()
    }

    const TARGET: &str = "/dir/index.html";

    fn first<'r>(cnonce: &'r str) -> Purpose<'r> {
        Purpose { method: "GET", target: TARGET, count: 1, cnonce }
    }

    #[test]
    fn the_rfcs_answers_are_ours() {
        // Goal: the hashes are right. Method: RFC 7616, 3.9.1, whole answers under both hashes.
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let challenge = format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
                 algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            );
            let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            let answer = answered(&challenge, &login("Mufasa", "Circle of Life"), first(cnonce));
            assert_eq!(
                answer,
                format!(
                    "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
                     nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                     uri=\"/dir/index.html\", algorithm={algorithm}, qop=auth, nc=00000001, \
                     cnonce=\"{cnonce}\", response=\"{response}\", \
                     opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
                )
            );
        }
    }

    #[test]
    fn the_old_form_has_no_count_and_no_nonce_of_ours() {
        // Goal: servers of RFC 2069 are answered in their form. Method: the values of RFC 2617, 3.5, with and
        // without its qop; the second response was computed by another program.
        let login = login("Mufasa", "Circle Of Life");
        let challenge =
            r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#;
        let with = answered(&format!("{challenge}, qop=auth"), &login, first("0a4f113b"));
        assert!(with.contains(r#"response="6629fae49393a05397450978507c4ef1""#), "{with}");
        let without = answered(challenge, &login, first("0a4f113b"));
        assert!(without.contains(r#"response="670fd8c2df070c60b045671b8b24ff02""#), "{without}");
        for absent in ["qop", "nc=", "cnonce", "algorithm", "opaque"] {
            assert!(!without.contains(absent), "{absent}: {without}");
        }
    }

    #[test]
    fn quotes_are_escaped_and_other_alphabets_go_as_rfc_8187() {
        // Goal: no name breaks the header. Method: a name and a realm with quotes, a name beyond ASCII.
        let challenge = r#"Digest realm="a \"b\", c", nonce="n""#;
        let answer = answered(challenge, &login(r#"o"k\"#, "p"), first("c"));
        let begin = r#"Digest username="o\"k\\", realm="a \"b\", c", "#;
        assert!(answer.starts_with(begin), "{answer}");
        let answer = answered(challenge, &login("Ayşe O", "p"), first("c"));
        assert!(answer.starts_with("Digest username*=UTF-8''Ay%C5%9Fe%20O, "), "{answer}");
    }

    proptest! {
        #[test]
        fn a_session_binds_the_password_to_both_nonces(
            nonce in "[a-z0-9]{1,20}", cnonce in "[a-z0-9]{1,20}", count in 1_u32..,
        ) {
            // Goal: the `-sess` forms. Method: against the formula of RFC 7616, 3.4.2, written out.
            let login = login("user", "pass word");
            for (word, kind) in [("MD5-sess", Hash::Md5), ("SHA-256-sess", Hash::Sha256)] {
                let h = |text: String| hash(kind, &[text.as_bytes()]);
                let challenge =
                    format!(r#"Digest realm="r", nonce="{nonce}", algorithm={word}, qop="auth""#);
                let purpose = Purpose { method: "GET", target: "/a?b=c,d", count, cnonce: &cnonce };
                let answer = answered(&challenge, &login, purpose);
                let a1 = format!("{}:{nonce}:{cnonce}", h("user:r:pass word".into()));
                let a2 = h("GET:/a?b=c,d".into());
                let expected = h(format!("{}:{nonce}:{count:08x}:{cnonce}:auth:{a2}", h(a1)));
                let field = format!("response=\"{expected}\"");
                prop_assert!(answer.contains(&field), "{}", answer);
            }
        }
    }

    #[test]
    fn the_password_is_nowhere() {
        // Goal: no answer and no debug output shows it. Method: one that can be searched for.
        let login = login("user", "canary");
        let answer = answered(r#"Digest realm="r", nonce="n""#, &login, first("c"));
        assert!(!answer.contains("canary") && !format!("{login:?}").contains("canary"));
    }
}
