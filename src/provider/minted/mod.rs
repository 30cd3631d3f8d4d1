//! Minted Connect: what a customer holds in precious metal.
//!
//! It stands apart from the wallet API because it is another service: other keys (HTTP Digest), another
//! envelope, another host. It only reads; nothing of it moves money.
//!
//! | does | decides |
//! | --- | --- |
//! | [`MintedClient`] sends, and remembers the server's nonce | `challenge`: what a 401 asks for |
//! | | `answer`: what proves who we are |
//! | | `holdings`: what an answer says |
//!
//! **Invariant:** the target that is signed is the target that is sent, byte for byte: both are read from
//! one URL, in which nothing is left to be encoded.
//! **Invariant:** amounts are exact decimals from the JSON's own digits to the sum.

mod answer;
mod challenge;
mod client;
mod holdings;
mod percent;

pub use answer::Login;
pub use client::{Manner, MintedClient, Question};
pub use holdings::{Holding, Holdings};
