//! The model's world: a ledger of two rows, the runs that work on it, and a server.
//!
//! Left out is what cannot give twice: expiry, pace, and people but for those who want a refused gift tried again. A process dies between any
//! two steps, and a step is what becomes durable, or is seen by the server, at once.
//!
//! **Invariant:** a state holds only small numbers that still matter, so that states that mean the
//! same are the same.

use giftbatch::domain::GiftState;

/// What holds the promise. A world lacks at most one, to see that it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// The intent is durable before the POST is sent.
    IntentFirst,
    /// A second run starts only when the first one is dead.
    RunLock,
    /// Nothing new goes to a wallet while one of its gifts is in doubt.
    QuietWallet,
    /// Identical gifts of one wallet go one at a time.
    OneTwinAtATime,
    /// The window of an orphan begins when the next run has the lock, not with the intent.
    SettleFromRecovery,
    /// A look is judged by when its GET was sent, not by when it was answered.
    JudgedBySendTime,
    /// A gift made before the first attempt is not ours.
    Baseline,
    /// A gift id belongs to one row, for ever.
    UniqueClaim,
    /// Of doubts that fit one entry alike, the oldest has it.
    OldestFirst,
    /// Absence is proved by two looks.
    TwoLooks,
    /// Absence is proved by lists that add up to the wallet's balance.
    Balance,
    /// A refused gift is looked for, as a doubt is, before it is tried again.
    LookBeforeReopening,
    /// Its window begins with the last attempt of any gift of its wallet: another's doubt may have found its gift, and
    /// have one of its own that no list shows yet.
    WindowOfTheWallet,
}

/// What the two rows of the model are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Identical: one twin, which goes one at a time.
    Twins,
    /// Not twins, but the list shows too little to tell them apart (expiries as bare dates).
    Lookalikes,
}

/// A world to be checked. Times are in ticks.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) rows: Rows,
    /// D: the server may commit until so long after the client let go.
    pub(crate) late: u8,
    /// V: a list may hide a commit for so long.
    pub(crate) lag: u8,
    /// S: the settle window.
    pub(crate) window: u8,
    /// Lists that may be older than V, as from a replica that hangs.
    pub(crate) stale_lists: u8,
    /// Whether any list may be cut, and show nothing of ours. Balances tell the truth then.
    pub(crate) cuts: bool,
    /// Creates that may be refused, whatever the server has made of them.
    pub(crate) refusals: u8,
    /// Runs that may be started, one after another.
    pub(crate) runs: u8,
    /// The last tick.
    pub(crate) horizon: u8,
    /// What is missing.
    pub(crate) without: Option<Guard>,
}

impl World {
    pub(crate) fn has(&self, guard: Guard) -> bool {
        self.without != Some(guard)
    }
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) now: u8,
    /// The ledger.
    pub(crate) rows: [Row; 2],
    /// Processes that are alive; more than one only where the lock is missing.
    pub(crate) runs: Vec<Run>,
    pub(crate) started: u8,
    /// POSTs that nobody waits for any more and that the server may still commit: until when.
    pub(crate) let_go: Vec<u8>,
    /// The server's book: when each of our gifts was made, in order. The place is the gift's id.
    pub(crate) book: Vec<u8>,
    pub(crate) stale_left: u8,
    pub(crate) refusals_left: u8,
}

/// A row of the ledger. What no longer matters is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) state: GiftState,
    pub(crate) first_sent_at: Option<u8>,
    /// The intent of its last attempt; kept only where it is (wrongly) used.
    pub(crate) intent_at: u8,
    pub(crate) settle_from: u8,
    pub(crate) gift: Option<u8>,
    pub(crate) issued_at: u8,
    /// It was refused, and a person wants it tried again.
    pub(crate) is_wanted: bool,
    /// Some run meant to send it.
    pub(crate) was_meant: bool,
    /// It was found absent, and so sent again.
    pub(crate) was_absent: bool,
    /// It was found in a list.
    pub(crate) was_found: bool,
}

/// A process: what it has in memory, and loses when it dies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// What it is doing about each row.
    pub(crate) posts: [Post; 2],
    pub(crate) look: Option<Look>,
    /// Looks that counted and did not show the row's gift.
    pub(crate) absent_looks: [u8; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Post {
    None,
    /// Claimed, not sent.
    Ready,
    /// Sent; the server has not acted.
    Sent,
    /// Sent; the server has made this gift, and its answer is on the way.
    Made(u8),
}

/// A GET whose answer is on the way. It shows the list of the moment when it was sent: a later one
/// shows more, and would be judged the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Look {
    pub(crate) sent_at: u8,
    /// It shows this many of the book's gifts, the first ones.
    pub(crate) shows: u8,
}

impl State {
    pub(crate) fn first(world: &World) -> State {
        let row = Row {
            state: GiftState::Planned,
            first_sent_at: None,
            intent_at: 0,
            settle_from: 0,
            gift: None,
            issued_at: 0,
            is_wanted: false,
            was_meant: false,
            was_absent: false,
            was_found: false,
        };
        State {
            now: 0,
            rows: [row; 2],
            runs: Vec::new(),
            started: 0,
            let_go: Vec::new(),
            book: Vec::new(),
            stale_left: world.stale_lists,
            refusals_left: world.refusals,
        }
    }

    /// The server makes a gift; its id.
    pub(crate) fn make(&mut self) -> u8 {
        self.book.push(self.now);
        self.book.len() as u8 - 1
    }

    /// Whether it has to be known of a row what became of it.
    pub(crate) fn is_open(&self, row: usize) -> bool {
        self.rows[row].state == GiftState::InDoubt || self.rows[row].is_wanted
    }

    pub(crate) fn is_any(&self, state: GiftState) -> bool {
        self.rows.iter().any(|row| row.state == state)
    }
}
