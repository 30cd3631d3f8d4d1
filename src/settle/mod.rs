//! Settling: did a gift go through whose answer was lost?
//!
//! It stands apart because the answer "it is not there" lets a gift be sent again, and must be
//! proved. The issue loop does the looking; what a look proves is decided here.
//!
//! | the issue loop does | this module decides |
//! | --- | --- |
//! | hands over each doubt | [`DoubtBook`]: which wallet is to be looked at next, and when |
//! | GETs the wallet's list, once for all its doubts | [`settle`]: found, absent, unclear, or look again |
//! | asks for the wallet's balance after a list that may prove absence | [`Look::whole`]: whether the list adds up to it |
//! | keeps the clocks it sees | [`Skew`]: how far the server's clock may be behind ours |
//! | warns where the settle window is short | [`LagWatch`]: how long lists lack a gift that is there |
//! | (a reconcile) reads lists for a restored ledger | [`recall()`]: what that has forgotten |
//!
//! Three times matter: how long after we let go the server may still commit (D), how long until a
//! list shows a commit (V), and the settle window (S). The promise holds while S > D + V.
//!
//! **Invariant:** pure: no IO, no clock, no async.
//! **Invariant:** presence needs the full match; absence is stricter: two lists, asked for after the window and
//! apart from each other, that each add up to the wallet's balance, without anything in them that could be the gift
//! after all.

mod absence;
mod book;
mod decide;
mod lag;
mod look;
mod matching;
mod recall;
mod skew;
mod whole;

pub use absence::{OPEN_LOOKS, look_gap};
pub use book::DoubtBook;
pub use decide::{AbsenceProof, InDoubt, OpenDoubt, Policy, Settled, settle};
pub use lag::LagWatch;
pub use look::Look;
pub use recall::{Recalled, recall};
pub use skew::Skew;
pub use whole::{GiftBalance, Sums};
