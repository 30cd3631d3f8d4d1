//! The ledger: the only memory of the program, one SQLite file.
//!
//! It stands apart because every promise rests on it: an intent that is committed here is known
//! after any crash, and a gift that was never written here is never sent.
//!
//! | the callers do | the ledger sees to it that |
//! | --- | --- |
//! | take the [`RunLock`], [`Ledger::writer`] | there is one writer, in one process |
//! | [`Writer::begin`], then claim and record, then [`Batch::commit`] | a group is durable as one |
//! | hand over an [`Outcome`] | the state is what was expected, and the event is kept |
//! | read through [`Ledger`] | readers never stand in the writer's way |
//! | look through [`Inspection`] | nothing is made, migrated or written |
//! | [`Ledger::wish`], without the lock | nothing of a paused or cancelled campaign is claimed any more |
//!
//! **Invariant:** this is the only module that names sqlx, and all SQL lies in `sql/*.sql`.
//! **Invariant:** write-ahead log with `synchronous=FULL`: a commit that returned survives a loss of
//! power. A ledger of money that forgets an intent gives twice.
//! **Invariant:** no call here may be cancelled half-way: `select!` and time-outs may wait for one, and
//! never drop it. A commit whose future was dropped has usually happened all the same.

mod add;
mod audits;
mod chain;
mod claim;
mod copy;
mod corrected;
mod countable;
mod difference;
mod error;
mod figures;
mod file_row;
mod finding;
mod glance;
mod here;
mod holding_seen;
mod inspect;
mod kept;
mod keyed_row;
mod load;
mod lock;
mod many;
mod model;
mod moved;
mod note;
mod open;
mod place;
mod read;
mod reading;
mod recheck;
mod reconcile;
mod record;
mod repeated;
mod replace;
mod replay;
mod room;
mod rows;
mod series;
mod side_file;
mod sql;
mod statement;
mod stranger;
mod surplus;
mod tally;
#[cfg(test)]
mod tests;
mod transaction;
mod under_way;
mod used;
mod verify;
mod wallet_seen;
mod watch;
mod wish;
mod writer;

pub use audits::{Audit, AuditCounts, AuditMark, BalanceCounts};
pub use chain::{Chain, ChainHead};
pub use claim::{ClaimFrom, Claimed, Doubt, Unsent};
pub use copy::LedgerCopy;
pub use corrected::Corrected;
pub use error::LedgerError;
pub use figures::{AmountCell, Deed, DeedKind, Happened, Sent};
pub use file_row::{AddedRow, EarlierRow, KeyFault, LoadHeader, LoadTotals, NewRow, RowFate};
pub use finding::{Discrepancy, FindingRecord, FoundOfGift, KeptFinding, UnknownDiscrepancy};
pub use glance::{Forgotten, Glance, SendWalk, Sender};
pub use holding_seen::{HoldingAnswer, SeenHolding, WantedCustomers};
pub use inspect::{Depth, Inspection, LedgerFacts, LedgerForm};
pub use keyed_row::{RowGroup, RowKeys};
pub use load::Load;
pub use lock::{RunLock, holder, say_wait};
pub use model::{
    Campaign, FateTally, Finding, GiftRecord, HistoryLine, KnownGift, Lists, Provider,
    RefusalTally, RunRecord, StateTally,
};
pub use note::RunNote;
pub use open::Ledger;
pub use place::{files_of, is_mounted_alone};
pub use read::Waiting;
pub use reading::EarlierLoads;
pub use reconcile::{AuditedGift, Gone, KnownWallet, Suspect};
pub use record::Outcome;
pub use room::Repeats;
pub use side_file::{Milestone, is_remembered};
pub use statement::Statement;
pub use surplus::{SurplusDeed, SurplusGift, SurplusStep};
pub use tally::Meanwhile;
pub use under_way::{Elsewhere, Speed, UnderWay};
pub use used::{SeenUse, UseTally};
pub use verify::{Fault, Verified};
pub use wallet_seen::{SeenWallet, WalletAnswer, WalletFacts, WantedWallets};
pub use watch::{Side, Watch};
pub use wish::{Standing, Wish, Wished};
pub use writer::{Batch, Writer};
