//! Who may ask Minted Connect: the nonces that were handed out, and what each may still be used for.
//!
//! **Invariant:** a nonce and a count are good for one request: the same answer a second time is stale.
//! **Invariant:** `stale=true` is said only to who has proved that the password is known.

use std::collections::HashMap;

use uuid::Uuid;

use super::config::MintedService;
use super::digest::{DigestHash, Presented};

/// The nonces that were handed out.
#[derive(Debug, Default)]
pub(super) struct Login {
    nonces: HashMap<String, Nonce>,
    issued: u32,
}

#[derive(Debug)]
struct Nonce {
    /// Its number among all, from 1.
    number: u32,
    /// How many requests it has let in.
    uses: u32,
    /// The highest count that was presented with it.
    count: u32,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// Nothing was presented.
    Unasked,
    /// What was presented proves nothing.
    Wrong,
    /// The password is known, but the nonce is used up.
    Stale,
}

impl Login {
    /// Lets a GET in, or says why not; `is_spoiled` says of a nonce's number whether a fault makes it stale.
    pub(super) fn check(
        &mut self,
        service: &MintedService,
        target: &str,
        header: Option<&str>,
        is_spoiled: impl Fn(u32) -> bool,
    ) -> Result<(), Denied> {
        let presented = Presented::read(header.ok_or(Denied::Unasked)?).ok_or(Denied::Wrong)?;
        let hash = presented.hash().filter(|hash| service.hashes.contains(hash));
        let hash = hash.ok_or(Denied::Wrong)?;
        let has_form = presented.get("qop") == if service.has_qop { "auth" } else { "" }
            && presented.get("realm") == service.realm
            && presented.get("opaque") == OPAQUE
            && presented.get("username") == service.username;
        if !has_form || !presented.proves(hash, &service.password, target) {
            return Err(Denied::Wrong);
        }
        let nonce = self.nonces.get_mut(presented.get("nonce")).ok_or(Denied::Stale)?;
        // Without qop there is no count: every use looks like the first.
        let count = presented.count().unwrap_or(nonce.count + 1);
        if count <= nonce.count || nonce.uses >= service.nonce_uses || is_spoiled(nonce.number) {
            return Err(Denied::Stale);
        }
        nonce.count = count;
        nonce.uses += 1;
        Ok(())
    }

    /// The values of the `WWW-Authenticate` headers of a 401, with a new nonce.
    pub(super) fn challenges(&mut self, service: &MintedService, denied: Denied) -> Vec<String> {
        self.issued += 1;
        let text = Uuid::new_v4().simple().to_string();
        let nonce = Nonce { number: self.issued, uses: 0, count: 0 };
        self.nonces.insert(text.clone(), nonce);
        let realm = service.realm.replace('\\', "\\\\").replace('"', "\\\"");
        let qop = if service.has_qop { ", qop=\"auth,auth-int\"" } else { "" };
        let stale = if denied == Denied::Stale { ", stale=true" } else { "" };
        let challenge = |hash: &DigestHash| {
            let word = hash.word();
            format!(
                "Digest realm=\"{realm}\", nonce=\"{text}\", algorithm={word}, opaque=\"{OPAQUE}\"{qop}{stale}"
            )
        };
        service.hashes.iter().map(challenge).collect()
    }
}

const OPAQUE: &str = "sand, and a box";
