//! What the ledger tells its readers.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{Gift, GiftContent, GiftId, GiftKey, GiftState, Money, RowDigest};
use crate::plan::plan_id;

/// A campaign as it was loaded.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Its row in the ledger.
    pub id: i64,
    /// The name that people use.
    pub name: String,
    /// When it was first loaded; relative expiries count from here.
    pub first_loaded_at: DateTime<Utc>,
    /// When it was last loaded.
    pub last_loaded_at: DateTime<Utc>,
    /// Column names of the newest file.
    pub header: Vec<String>,
    /// How the newest file was written, as JSON.
    pub dialect_json: String,
    /// SHA-256 of the newest file's bytes, in hexadecimal.
    pub file_sha256: String,
    /// How many gifts it has.
    pub gifts: u64,
    /// What they add up to.
    pub total: Money,
    /// Digest of all its rows.
    pub plan_digest: RowDigest,
    /// When a reconcile of it last ended.
    pub reconciled_at: Option<DateTime<Utc>>,
}

impl Campaign {
    /// What `--confirm` takes: it names these very rows.
    pub fn plan_id(&self) -> String {
        plan_id(&self.name, self.plan_digest, self.gifts, self.total)
    }
}

/// The provider of this ledger's gifts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Scheme, host, port and base path of its wallet API.
    pub origin: String,
    /// What was learned of its lists.
    pub lists: Lists,
}

/// What was learned of a provider's gift lists, by looking at them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// One showed a gift that we know of. Until then the absence of a gift proves nothing.
    pub show_gifts: bool,
    /// One showed a gift with its tag. Until then an entry without one may have lost it.
    pub show_tags: bool,
    /// One showed the reference that a gift of ours was sent with: an entry with another reference is
    /// somebody else's. Until then a server may fill in references of its own.
    pub show_references: bool,
    /// One showed a gift of which something was spent.
    pub show_used: bool,
    /// One left out a gift that exists and was used, and none since has shown a spent one: the absence of a gift
    /// proves nothing.
    pub hide_used: bool,
    /// One left out a gift that exists and can be spent, and none since was whole: they are cut, or late.
    pub leave_out: bool,
    /// A balance did not count what expired unspent.
    pub balance_without_expired: bool,
    /// A balance counted what expired unspent.
    pub balance_with_expired: bool,
    /// The longest time until a gift came into view that an earlier list had left out.
    pub longest_lag: Option<TimeDelta>,
    /// Of a look alone: it was whole, which takes `leave_out` back.
    pub whole: bool,
    /// Of a look alone: it was whole and showed a gift of which nothing is left, which takes `hide_used` back.
    pub show_spent: bool,
}

impl Lists {
    /// Takes in what a look showed; says whether it was news.
    pub fn learn(&mut self, seen: Lists) -> bool {
        let known = *self;
        self.show_gifts |= seen.show_gifts;
        self.show_tags |= seen.show_tags;
        self.show_references |= seen.show_references;
        self.show_used |= seen.show_used;
        self.hide_used = seen.hide_used || (self.hide_used && !seen.show_spent);
        self.leave_out = seen.leave_out || (self.leave_out && !seen.whole);
        self.balance_without_expired |= seen.balance_without_expired;
        self.balance_with_expired |= seen.balance_with_expired;
        self.longest_lag = self.longest_lag.max(seen.longest_lag);
        *self != known
    }

    /// Whether balances count what expired unspent; none where that is not known, or was seen both ways.
    pub fn balance_counts_expired(&self) -> Option<bool> {
        (self.balance_with_expired != self.balance_without_expired)
            .then_some(self.balance_with_expired)
    }

    /// The lag, where a settle window of this length is less than twice as long.
    pub fn strained(&self, window: TimeDelta) -> Option<TimeDelta> {
        self.longest_lag.filter(|lag| window < *lag * 2)
    }
}

/// Gifts and money in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateTally {
    /// The state.
    pub state: GiftState,
    /// How many gifts are in it.
    pub gifts: u64,
    /// What they add up to.
    pub amount: Money,
}

/// Gifts and money of one state that met the same fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FateTally {
    /// Their state, how many they are, and their money.
    pub tally: StateTally,
    /// The class of their refusal, where they were refused.
    pub class: Option<String>,
    /// The word of what the last reconcile found, where it found something.
    pub found: Option<String>,
}

/// Refused gifts of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalTally {
    /// The class.
    pub class: String,
    /// How many.
    pub gifts: u64,
    /// What they would have given.
    pub amount: Money,
    /// How many of them a reconcile found in their wallets all the same.
    pub there: u64,
    /// What those gave.
    pub there_amount: Money,
}

/// The last run of a campaign.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The command that started it.
    pub command: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended by itself; none while it runs, or where it was killed.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Option<String>,
    /// What the provider said last, where it ended early for that.
    pub reason: Option<String>,
}

/// What reconciling can find of a gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// Issued, and in the list as it was sent.
    Matched,
    /// Issued, and not in the list.
    Missing,
    /// Issued, and in the list with another amount, expiry or description.
    Differs,
    /// Issued, and there is one more like it that nobody of ours asked for.
    Duplicated,
    /// Refused or cancelled, and there all the same.
    Unexpected,
    /// The wallet's list could not be read.
    Unread,
    /// Issued, its time has passed, and the provider does not show it any more: it may have been left out for that,
    /// or taken away before.
    Expired,
}

impl Finding {
    /// Every finding, in the order in which reports list them.
    pub const ALL: [Finding; 7] = [
        Finding::Matched,
        Finding::Missing,
        Finding::Differs,
        Finding::Duplicated,
        Finding::Unexpected,
        Finding::Unread,
        Finding::Expired,
    ];

    /// The word under which it is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Finding::Matched => "matched",
            Finding::Missing => "missing",
            Finding::Differs => "differs",
            Finding::Duplicated => "duplicated",
            Finding::Unexpected => "unexpected",
            Finding::Unread => "unread",
            Finding::Expired => "expired",
        }
    }

    /// Whether it says that a gift is as it should be, as far as anybody can tell.
    pub const fn is_fine(self) -> bool {
        matches!(self, Finding::Matched | Finding::Expired)
    }
}

/// All that the ledger keeps of one gift, for lists and reports.
#[derive(Clone, Debug)]
pub struct GiftRecord {
    /// Its row in the ledger.
    pub row: i64,
    /// The campaign's name.
    pub campaign: String,
    /// Its key.
    pub key: GiftKey,
    /// Where it stood in the file that brought it.
    pub line: i64,
    /// The row's own reference.
    pub reference: Option<String>,
    /// What is given.
    pub content: GiftContent,
    /// The row's cells as they were in the file.
    pub cells: Vec<String>,
    /// Where it stands.
    pub state: GiftState,
    /// How many times it was sent.
    pub attempts: i64,
    /// The provider's id.
    pub gift_id: Option<GiftId>,
    /// When we learned that it was given.
    pub issued_at: Option<DateTime<Utc>>,
    /// Groups refusals.
    pub error_class: Option<String>,
    /// The last thing that stood in the way.
    pub error: Option<String>,
    /// What the last reconcile found.
    pub reconciled: Option<String>,
    /// More about that.
    pub reconciled_detail: Option<String>,
}

/// What the ledger knows of a gift in a wallet, to hold against the provider's list.
#[derive(Clone, Debug)]
pub struct KnownGift {
    /// Its row in the ledger.
    pub row: i64,
    /// Its campaign's row.
    pub campaign: i64,
    /// Its key.
    pub key: GiftKey,
    /// What was to be given, as it is sent: with its tag, where its campaign is tagged.
    pub content: GiftContent,
    /// Where it stands.
    pub state: GiftState,
    /// How many times it was sent.
    pub attempts: i64,
    /// The provider's id.
    pub gift_id: Option<GiftId>,
    /// When we learned that it was given.
    pub issued_at: Option<DateTime<Utc>>,
    /// When the first attempt was written down.
    pub first_sent_at: Option<DateTime<Utc>>,
}

impl KnownGift {
    /// The gift as it is sent.
    pub fn as_gift(&self) -> Gift {
        Gift { key: self.key, content: self.content.clone() }
    }

    /// Whether it was sent, and refused: a provider may have made it all the same.
    pub fn was_refused(&self) -> bool {
        self.state == GiftState::Refused && self.first_sent_at.is_some()
    }

    /// Whether its description carries its tag.
    pub fn is_tagged(&self) -> bool {
        self.key.is_tag_of(&self.content.description)
    }
}

/// One line of a gift's story.
#[derive(Clone, Debug)]
pub struct HistoryLine {
    /// When.
    pub at: DateTime<Utc>,
    /// Which attempt it is about; 0 before the first.
    pub attempt: i64,
    /// What happened.
    pub word: String,
    /// The provider's id, a refusal's words, or why.
    pub detail: Option<String>,
    /// How long the answer took, in milliseconds; none where it is none, or was not measured.
    pub took_ms: Option<i64>,
}
