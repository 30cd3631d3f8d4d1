//! Words that everyone shares: money, wallets, gifts and their keys, and the states of a gift.
//!
//! It stands apart so that each stage means the same by the same word. It only decides:
//!
//! | a stage reads or is told | this module decides |
//! | --- | --- |
//! | when somebody was born, and which days are celebrated | the birthday that is due, or none |
//! | digits in a cell or in an answer | which [`Money`] they are, or that they are none |
//! | what a row asks for | what a person sees of it, the [`GiftKey`] by which it is known for ever, and its [`Twin`] |
//! | what happened to a gift | the [`GiftState`] that follows, or that it cannot happen |
//!
//! **Invariant:** no IO, no clock and no async: the time always comes in as a value.
//! **Invariant:** [`GiftState::next`] is the only transition table of the program.

mod birthday;
mod duration;
mod expiry;
mod fold;
mod gift;
mod ids;
mod key;
mod money;
mod plural;
mod state;

pub use birthday::{BirthDate, BirthdayWindow, LeapDay};
pub use duration::{DurationError, duration_text, parse_duration};
pub use expiry::Expiry;
pub use fold::{fold_reference, fold_text, is_invisible};
pub use gift::{Gift, GiftContent, Twin, normalise_description};
pub use ids::{CampaignName, GiftId, IdError, NameError, WalletId, parse_guid};
pub use key::{GiftKey, KeyRule, RowDigest};
pub use money::{Money, MoneyError};
pub use plural::{grouped, number_of};
pub use state::{Event, GiftState, IllegalEvent, Refusal, UnknownState};
