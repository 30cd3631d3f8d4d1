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
    // The list.
    ListLags,
    ListHidesUsed,
    // What is odd about a provider, or about what stands before it: see `manners.rs`.
    RefusedAfterCommit,
    RefusedInARow,
    ListCut,
    ListDenied,
    ListCached,
    BalanceCached,
    OddCreatedAt,
    OddDate,
    TwinOfLastYear,
    TwinOfNextYear,
    WalletsMerged,
    IdInTwoWallets,
    EntryUnreadable,
    ListOversized,
    ThrottledForEver,
    Portal,
    Leftover,
    UsedBeforeDelete,
    DeleteDenied,
    // Of the world.
    Outage,
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
    Suspended,
    Expired,
    // Of people.
    Paused,
    Cancelled,
    Retried,
    ReconcileInterrupted,
    ResolvedByBook,
    Revoked,
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
    pub(crate) const OF_THE_REST: [Fault; 20] = [
        Fault::ListLags,
        Fault::ListHidesUsed,
        Fault::Outage,
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
        Fault::Paused,
        Fault::Cancelled,
    ];

    /// Faults that only a create, or a delete, can meet: no list ends this way.
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
