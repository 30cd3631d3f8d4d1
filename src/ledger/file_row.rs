//! What a load is told of a file and its rows, and what it tells of them.

use crate::domain::{CampaignName, GiftContent, GiftKey, GiftState, Money};

/// What a load says about its file.
#[derive(Clone, Debug)]
pub struct LoadHeader {
    /// The campaign that it goes to.
    pub campaign: CampaignName,
    /// The names of the file's columns, as a JSON array.
    pub header_json: String,
    /// How the file was written, as JSON, so that rows can be written back the same way.
    pub dialect_json: String,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub file_sha256: String,
}

/// A row of the file.
#[derive(Clone, Debug)]
pub struct NewRow {
    /// Where it stands in the file, as an editor counts.
    pub line: u64,
    /// What it asks for.
    pub content: GiftContent,
    /// Its own reference, where it has one; in a series, the day that it celebrates, as `2027-03-01`.
    pub reference: Option<String>,
    /// The key of the gift that it was exported from, where it says so.
    pub gift_key: Option<GiftKey>,
    /// Its cells as they were, as a JSON array.
    pub cells_json: String,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFate {
    /// A new gift.
    Added,
    /// The ledger had it already.
    Known,
    /// The ledger has its reference with another content, which stays as it was.
    ChangedContent,
    /// This file has its reference twice; nothing was added. In a series: its wallet, with another day.
    ReferenceRepeated,
    /// In a series: this file has its wallet twice, with the same day. Nothing was added.
    Repeated,
    /// In a series: another campaign has it already. Nothing was added.
    GivenElsewhere,
    /// It names a gift whose place it cannot take. Nothing was added.
    NotReplaced(KeyFault),
}

/// Why a row cannot take the place of the gift that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// No gift has this key.
    Unknown,
    /// An earlier row of the file has it.
    Repeated,
    /// The gift is not refused: what was sent, or will be, stays.
    NotRefused(GiftState),
    /// A reconcile found the gift all the same.
    Unexpected,
    /// Another row took the gift's place, in another campaign.
    Replaced,
    /// Nobody has looked whether the gift is there all the same.
    NotLookedFor,
    /// The row's new reference is that of another gift.
    ReferenceTaken,
}

/// A row with what became of it.
#[derive(Clone, Debug)]
pub struct AddedRow {
    /// Where it stands in the file.
    pub line: u64,
    /// What became of it.
    pub fate: RowFate,
    /// 1, or 2 and more where the file has had an identical row before.
    pub occurrence: u32,
    /// Its own reference, where it has one.
    pub reference: Option<String>,
    /// The key of the gift that it was exported from, where it says so.
    pub gift_key: Option<GiftKey>,
    /// Of a reference that is repeated: the row of this file that has it.
    pub earlier: Option<EarlierRow>,
    /// What the file says that it asks for, whatever the ledger has.
    pub content: GiftContent,
    /// Its cells as they were, as a JSON array.
    pub cells_json: String,
}

/// An earlier row of the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierRow {
    /// Where it stands in the file.
    pub line: u64,
    /// Its reference as it was written, where it has one.
    pub reference: Option<String>,
    /// Its description as it was written.
    pub description: String,
}

/// What a load added up to.
#[derive(Clone, Debug, Default)]
pub struct LoadTotals {
    /// Gifts that are new.
    pub added: u64,
    /// Their money.
    pub added_amount: Money,
    /// Refused gifts that were withdrawn, since the mended rows of them are among the new ones.
    pub replaced: u64,
    /// What they would have given.
    pub replaced_amount: Money,
    /// Rows among those that come from gifts which other campaigns gave, or will give.
    pub again: u64,
    /// Rows that earlier files of the campaign had and this one has not.
    pub left_out: u64,
    /// Other campaigns that gave the very same, some of it since the moment that was asked for.
    pub same_content_as: Vec<String>,
}
