//! What can go wrong: one name for each kind, so that each can be counted.

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    // The connection is never made.
    ConnectRefused,
    Dns,
    Tls,
    // Nothing comes within the time-out.
    TimeoutBeforeCommit,
    TimeoutAfterCommit,
    LateCommit,
    // The connection ends; each with or without a commit, before or after it.
    Fin,
    Reset,
    CutStatusLine,
    CutBody,
    // An answer that is none of the API's.
    ServerErrorBeforeCommit,
    ServerErrorAfterCommit,
    ThrottledWithWait,
    Throttled,
    Redirect,
    ProxyPage,
    Garbled,
    Oversized,
    Empty,
    OtherWallet,
    OddStatus,
    // The API says no.
    IsFailure,
    Forbidden,
    // The API says no, and has given.
    RefusedAfterCommit,
    // The list.
    ListLags,
    ListHidesUsed,
    ListCut,
    ListDenied,
    ListUnreadable,
    ListCached,
    // Times that no clock can show.
    OddTime,
    OddProxyClock,
    ForeignTwinOfNextYear,
    // Wallets.
    Leftovers,
    WalletsMerged,
    // Of the world.
    Outage,
    ThrottledOnAndOn,
    Portal,
    KeysRevoked,
    ServerClockJump,
    LocalClockJump,
    ForeignTwinOfOld,
    ForeignTwinOfNow,
    DuplicateReference,
    // Of the process.
    Crash,
    CrashBeforeCommit,
    CrashAfterCommit,
    CrashBeforeSend,
    CrashAtAnswer,
    Drained,
    Abandoned,
    SecondRun,
    OldLedgerRestored,
    /// The machine sleeps, and its clocks with it.
    Slept,
    // Of a person at another terminal.
    Paused,
    Cancelled,
    Retried,
}

impl Fault {
    /// Faults that one request may meet.
    pub(crate) const OF_REQUESTS: [Fault; 23] = [
        Fault::ConnectRefused,
        Fault::Dns,
        Fault::Tls,
        Fault::TimeoutBeforeCommit,
        Fault::TimeoutAfterCommit,
        Fault::LateCommit,
        Fault::Fin,
        Fault::Reset,
        Fault::CutStatusLine,
        Fault::CutBody,
        Fault::ServerErrorBeforeCommit,
        Fault::ServerErrorAfterCommit,
        Fault::ThrottledWithWait,
        Fault::Throttled,
        Fault::Redirect,
        Fault::ProxyPage,
        Fault::Garbled,
        Fault::Oversized,
        Fault::Empty,
        Fault::OtherWallet,
        Fault::OddStatus,
        Fault::IsFailure,
        Fault::Forbidden,
    ];

    /// Faults of the list, of the world, of the process and of people.
    pub(crate) const OF_THE_REST: [Fault; 33] = [
        Fault::RefusedAfterCommit,
        Fault::ListLags,
        Fault::ListHidesUsed,
        Fault::ListCut,
        Fault::ListDenied,
        Fault::Leftovers,
        Fault::Outage,
        Fault::ThrottledOnAndOn,
        Fault::Portal,
        Fault::KeysRevoked,
        Fault::ServerClockJump,
        Fault::LocalClockJump,
        Fault::ForeignTwinOfOld,
        Fault::ForeignTwinOfNow,
        Fault::DuplicateReference,
        Fault::Crash,
        Fault::CrashBeforeCommit,
        Fault::CrashAfterCommit,
        Fault::CrashBeforeSend,
        Fault::CrashAtAnswer,
        Fault::Drained,
        Fault::Abandoned,
        Fault::SecondRun,
        Fault::OldLedgerRestored,
        Fault::ListUnreadable,
        Fault::OddTime,
        Fault::OddProxyClock,
        Fault::ForeignTwinOfNextYear,
        Fault::ListCached,
        Fault::Slept,
        Fault::Paused,
        Fault::Cancelled,
        Fault::Retried,
    ];

    /// Faults that only a create can meet: no list ends this way.
    pub(crate) const fn is_of_creates(self) -> bool {
        matches!(
            self,
            Fault::TimeoutAfterCommit
                | Fault::LateCommit
                | Fault::ServerErrorAfterCommit
                | Fault::IsFailure
                | Fault::Forbidden
        )
    }
}
