//! What a 401 asks for: its `WWW-Authenticate` headers (RFC 9110, 11.6.1; RFC 7616, 3.3). Pure.
//!
//! Headers are bytes: what is hashed and sent back must be what the server wrote, in whatever encoding.
//!
//! **Invariant:** a challenge that is not understood is left aside, and never half answered.

/// A hash that a server may ask for. SHA-512/256 is not among them: the RFC's own example of it was made
/// with another function, and servers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    Md5,
    Sha256,
}

/// Whether the hash of the password is bound to the first nonces, as `-sess` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    Plain,
    Session,
}

/// What the answer protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qop {
    /// The form of RFC 2069, without a count and a nonce of ours.
    Absent,
    /// `qop=auth`.
    Auth,
}

/// One Digest challenge that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) realm: Vec<u8>,
    pub(super) nonce: Vec<u8>,
    pub(super) opaque: Option<Vec<u8>>,
    /// The algorithm as the server spells it, where it names one.
    pub(super) algorithm: Option<Vec<u8>>,
    pub(super) hash: Hash,
    pub(super) binding: Binding,
    pub(super) qop: Qop,
}

/// What the headers of a 401 ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The strongest challenge that can be answered.
    pub(super) challenge: Challenge,
    /// `stale=true`: the nonce was too old, and the password was not wrong.
    pub(super) is_stale: bool,
}

/// A scheme with its parameters, as a header names them.
#[derive(Debug)]
struct Scheme {
    name: Vec<u8>,
    /// Names in lower case, values without quotes and escapes.
    parameters: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Chooses among all challenges of all headers: the strongest hash, and the first of equals; or says why
/// none can be answered.
pub(super) fn choose(headers: &[Vec<u8>]) -> Result<Asked, String> {
    let schemes: Vec<Scheme> = headers.iter().flat_map(|header| read(header)).collect();
    let digests: Vec<&Scheme> =
        schemes.iter().filter(|scheme| scheme.name.eq_ignore_ascii_case(b"digest")).collect();
    let is_stale = digests.iter().any(|digest| digest.says(b"stale", b"true"));
    let mut best: Option<Challenge> = None;
    let mut why = match schemes.first() {
        None => "it asks for no way to log in".to_owned(),
        Some(other) => {
            format!("it asks for {}, and not for Digest", String::from_utf8_lossy(&other.name))
        }
    };
    for digest in digests {
        match digest.challenge() {
            Ok(other) if best.as_ref().is_none_or(|best| other.hash > best.hash) => {
                best = Some(other);
            }
            Ok(_) => {}
            Err(reason) => why = reason,
        }
    }
    best.map(|challenge| Asked { challenge, is_stale }).ok_or(why)
}

impl Scheme {
    fn value(&self, name: &[u8]) -> Option<&[u8]> {
        let (_, value) = self.parameters.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    fn says(&self, name: &[u8], word: &[u8]) -> bool {
        self.value(name).is_some_and(|value| value.eq_ignore_ascii_case(word))
    }

    /// The challenge, where it is a Digest one that can be answered.
    fn challenge(&self) -> Result<Challenge, String> {
        let (Some(realm), Some(nonce)) = (self.value(b"realm"), self.value(b"nonce")) else {
            return Err("its Digest challenge lacks a realm or a nonce".to_owned());
        };
        let algorithm = self.value(b"algorithm");
        let (hash, binding) = match algorithm.map(<[u8]>::to_ascii_lowercase).as_deref() {
            None | Some(b"md5") => (Hash::Md5, Binding::Plain),
            Some(b"md5-sess") => (Hash::Md5, Binding::Session),
            Some(b"sha-256") => (Hash::Sha256, Binding::Plain),
            Some(b"sha-256-sess") => (Hash::Sha256, Binding::Session),
            Some(other) => {
                let word = String::from_utf8_lossy(other).into_owned();
                return Err(format!("its Digest algorithm {word} is not known here"));
            }
        };
        let qop = match self.value(b"qop") {
            None => Qop::Absent,
            Some(list) => {
                let mut words = list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                if words.any(|word| word.eq_ignore_ascii_case(b"auth")) {
                    Qop::Auth
                } else if list.trim_ascii().is_empty() {
                    Qop::Absent
                } else {
                    let words = String::from_utf8_lossy(list);
                    return Err(format!("its Digest challenge wants qop {words}, and not auth"));
                }
            }
        };
        Ok(Challenge {
            realm: realm.to_vec(),
            nonce: nonce.to_vec(),
            opaque: self.value(b"opaque").map(<[u8]>::to_vec),
            algorithm: algorithm.map(<[u8]>::to_vec),
            hash,
            binding,
            qop,
        })
    }
}

/// All schemes of one header; what cannot be read ends it, and takes the scheme along in which it stands.
fn read(header: &[u8]) -> Vec<Scheme> {
    let mut schemes: Vec<Scheme> = Vec::new();
    let mut rest = Rest(header);
    loop {
        rest.skip(|byte| byte == b',' || is_space(byte));
        if rest.0.is_empty() {
            return schemes;
        }
        let word = rest.take(is_token);
        let before_spaces = rest.0;
        rest.skip(is_space);
        if word.is_empty() {
            schemes.pop();
            return schemes;
        }
        if rest.0.first() != Some(&b'=') {
            schemes.push(Scheme { name: word.to_vec(), parameters: Vec::new() });
            // `Negotiate YWJj==`: one value without a name.
            if before_spaces.len() > rest.0.len() {
                rest.skip_token68();
            }
            continue;
        }
        rest.0 = &rest.0[1..];
        rest.skip(is_space);
        match (schemes.last_mut(), rest.value()) {
            (Some(scheme), Some(value)) => {
                scheme.parameters.push((word.to_ascii_lowercase(), value));
            }
            _ => {
                schemes.pop();
                return schemes;
            }
        }
    }
}

/// What is still to be read of a header.
struct Rest<'h>(&'h [u8]);

impl<'h> Rest<'h> {
    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> &'h [u8] {
        let end = self.0.iter().position(|byte| !wanted(*byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip(&mut self, unwanted: impl Fn(u8) -> bool) {
        self.take(unwanted);
    }

    /// A value in quotes, or up to the next comma or space: some servers forget the quotes.
    fn value(&mut self) -> Option<Vec<u8>> {
        if self.0.first() == Some(&b'"') {
            return self.quoted();
        }
        let value = self.take(|byte| byte != b',' && byte != b'"' && !is_space(byte));
        (!value.is_empty()).then(|| value.to_vec())
    }

    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        let mut at = 1;
        loop {
            match *self.0.get(at)? {
                b'"' => break,
                b'\\' => {
                    value.push(*self.0.get(at + 1)?);
                    at += 2;
                }
                byte => {
                    value.push(byte);
                    at += 1;
                }
            }
        }
        self.0 = &self.0[at + 1..];
        Some(value)
    }

    fn skip_token68(&mut self) {
        let mut ahead = Rest(self.0);
        ahead.skip(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        ahead.skip(|byte| byte == b'=');
        ahead.skip(is_space);
        if matches!(ahead.0.first(), None | Some(b',')) {
            self.0 = ahead.0;
        }
    }
}

fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(headers: &[&str]) -> Result<Asked, String> {
        let headers: Vec<Vec<u8>> = headers.iter().map(|text| text.as_bytes().to_vec()).collect();
        choose(&headers)
    }

    #[test]
    fn the_rfcs_example_asks_for_the_stronger_hash() {
        // Goal: several challenges are understood, and the stronger is taken. Method: RFC 7616, 3.9.1, in two
        // headers in both orders, and in one.
        let sha = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256,
            nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
        let sha = sha.replace('\n', "");
        let md5 = sha.replace("SHA-256", "MD5");
        let one = format!("{md5}, {sha}");
        for headers in [&[&sha[..], &md5][..], &[&md5, &sha], &[&one]] {
            let asked = asked(headers).unwrap();
            assert_eq!(asked.challenge.hash, Hash::Sha256);
            assert_eq!(asked.challenge.realm, b"http-auth@example.org");
            assert_eq!(asked.challenge.nonce, b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v");
            let opaque = asked.challenge.opaque.as_deref();
            assert_eq!(opaque, Some(&b"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"[..]));
            assert_eq!((asked.challenge.qop, asked.is_stale), (Qop::Auth, false));
        }
    }

    #[test]
    fn commas_quotes_and_other_schemes_are_told_apart() {
        // Goal: a header is split where its grammar says so. Method: a realm with commas, an escape and what
        // looks like a challenge, between schemes of other kinds, in odd capitals and spaces.
        let header = concat!(
            r#"Negotiate YWJj==, NTLM , basic realm="x", dIGEST  Realm = "a, \"b\" \\ Digest nonce=\"no\"","#,
            r#"NONCE=plain/nonce== ,, stale=TRUE,qop=auth, opaque="" , Bearer"#,
        );
        let asked = asked(&[header]).unwrap();
        let challenge = asked.challenge;
        assert_eq!(challenge.realm, br#"a, "b" \ Digest nonce="no""#);
        assert_eq!(challenge.nonce, b"plain/nonce==");
        assert_eq!((challenge.hash, challenge.algorithm), (Hash::Md5, None));
        assert_eq!((challenge.qop, challenge.opaque), (Qop::Auth, Some(Vec::new())));
        assert!(asked.is_stale);
    }

    #[test]
    fn what_is_not_understood_is_left_aside() {
        // Goal: nothing is half answered, and people hear why. Method: each kind alone, then beside one that
        // can be answered.
        let good = r#"Digest realm="r", nonce="n""#;
        for (header, word) in [
            ("", "no way"),
            ("Bearer", "Bearer"),
            (r#"Digest nonce="n""#, "realm"),
            (r#"Digest realm="r""#, "nonce"),
            (r#"Digest realm="r", nonce="n", algorithm=SHA-512-256"#, "sha-512-256"),
            (r#"Digest realm="r", nonce="n", qop="auth-int""#, "auth-int"),
            (r#"Digest realm="r", nonce="never closed"#, "no way"),
        ] {
            let why = asked(&[header]).unwrap_err();
            assert!(why.contains(word), "{header}: {why}");
            assert_eq!(asked(&[header, good]).unwrap().challenge.nonce, b"n", "{header}");
        }
        assert_eq!(asked(&[]).unwrap_err(), "it asks for no way to log in");
        let empty = asked(&[r#"Digest realm="r", nonce="n", qop="""#]).unwrap();
        assert_eq!(empty.challenge.qop, Qop::Absent);
    }

    #[test]
    fn every_algorithm_has_its_hash_and_binding() {
        // Goal: the finite table. Method: each word, in both cases, with and without quotes.
        for (word, hash, binding) in [
            ("MD5", Hash::Md5, Binding::Plain),
            ("MD5-sess", Hash::Md5, Binding::Session),
            ("SHA-256", Hash::Sha256, Binding::Plain),
            ("SHA-256-sess", Hash::Sha256, Binding::Session),
        ] {
            for word in [word.to_owned(), word.to_lowercase(), format!("\"{word}\"")] {
                let header = format!(r#"Digest realm="r", algorithm={word}, nonce="n""#);
                let challenge = asked(&[&header]).unwrap().challenge;
                assert_eq!((challenge.hash, challenge.binding), (hash, binding), "{word}");
                let spelled = challenge.algorithm.unwrap();
                assert_eq!(spelled, word.trim_matches('"').as_bytes(), "spelled as it came");
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_quoted_comes_back(realm in any::<Vec<u8>>(), nonce in any::<Vec<u8>>()) {
            // Goal: no byte of a realm or a nonce is lost or misread. Method: random bytes, quoted, between
            // other parameters, and a second challenge behind it.
            let mut header = b"Basic realm=\"b\", Digest opaque=o, realm=".to_vec();
            header.extend(quoted(&realm));
            header.extend(b",nonce=");
            header.extend(quoted(&nonce));
            header.extend(b", Digest realm=\"z\", nonce=\"z\"");
            let challenge = choose(&[header]).unwrap().challenge;
            prop_assert_eq!(challenge.realm, realm);
            prop_assert_eq!(challenge.nonce, nonce);
        }

        #[test]
        fn no_header_makes_it_fall_over(header in any::<Vec<u8>>(), text in "[Dd\"igest=, \\\\nonce]{0,60}") {
            // Goal: a server's bytes end no run. Method: random bytes, and random pieces of a challenge.
            let _ = choose(&[header, text.into_bytes()]);
        }
    }

    fn quoted(bytes: &[u8]) -> Vec<u8> {
        let escaped = bytes.iter().flat_map(|byte| match byte {
            b'"' | b'\\' => vec![b'\\', *byte],
            byte => vec![*byte],
        });
        [b'"'].into_iter().chain(escaped).chain([b'"']).collect()
    }
}
