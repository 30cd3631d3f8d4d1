//! The kinds of faults, and what each does.
//!
//! A kind is two decisions: whether and when the gift is credited, and what the client gets to see.
//! They stand here as one table, so that no handler decides anything.
//!
//! **Invariant:** every kind that the sandbox can show is in [`FaultKind::ALL`], and so has a
//! counter that proves that it happened.

use super::config::{Outage, RefusalKind, RetryAfter};

macro_rules! fault_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal in $place:ident,)+) => {
        /// One kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FaultKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl FaultKind {
            /// Every kind, in the order of their counters.
            pub const ALL: &'static [FaultKind] = &[$(FaultKind::$kind,)+];

            /// The kind's word in statistics.
            pub fn name(self) -> &'static str {
                match self { $(FaultKind::$kind => $name,)+ }
            }

            /// Where the kind strikes.
            pub fn place(self) -> Place {
                match self { $(FaultKind::$kind => Place::$place,)+ }
            }
        }
    };
}

fault_kinds! {
    /// The POST is never answered, and nothing is credited.
    TimeoutBeforeCommit = "timeout_before_commit" in Post,
    /// The gift is credited, and the POST is never answered.
    TimeoutAfterCommit = "timeout_after_commit" in Post,
    /// The POST is never answered; the gift is credited later, even if the client has gone away.
    LateCommit = "late_commit" in Post,
    /// The connection is reset (RST), and nothing is credited.
    ResetBeforeCommit = "reset_before_commit" in Post,
    /// The gift is credited, and the connection is reset (RST).
    ResetAfterCommit = "reset_after_commit" in Post,
    /// The connection is closed (FIN) after the request was read; nothing is credited.
    FinBeforeCommit = "fin_before_commit" in Post,
    /// The gift is credited, and the connection is closed (FIN) without an answer.
    FinAfterCommit = "fin_after_commit" in Post,
    /// The gift is credited, and the answer ends within its status line.
    CutStatusLine = "cut_status_line" in Post,
    /// The gift is credited, and the 200's body is shorter than its `Content-Length`.
    CutBody = "cut_body" in Post,
    /// The gift is credited, and the 200's body is not JSON.
    GarbledJson = "garbled_json" in Post,
    /// The gift is credited, and the 200's body is empty.
    EmptyBody = "empty_body" in Post,
    /// The gift is credited, and the envelope says success with `Value: null`.
    NullValue = "null_value" in Post,
    /// The gift is credited, and the 200's body is two mebibytes long.
    OversizedBody = "oversized_body" in Post,
    /// A proxy's HTML page with 502; nothing is credited.
    HtmlBeforeCommit = "html_before_commit" in Post,
    /// The gift is credited, and a proxy answers with an HTML page and 502.
    HtmlAfterCommit = "html_after_commit" in Post,
    /// 500 or 503, and nothing is credited.
    ErrorBeforeCommit = "error_before_commit" in Post,
    /// The gift is credited, and the answer is 500 or 503.
    ErrorAfterCommit = "error_after_commit" in Post,
    /// 307 to the same path; nothing is credited.
    Redirect = "redirect" in Post,
    /// 429 with `Retry-After` in seconds.
    LimitSeconds = "limit_seconds" in Post,
    /// 429 with `Retry-After` as an HTTP date.
    LimitDate = "limit_date" in Post,
    /// 429 without `Retry-After`.
    LimitBare = "limit_bare" in Post,
    /// 200 with `IsFailure: true`, for every attempt at this gift.
    RefuseIsFailure = "refuse_is_failure" in Refusal,
    /// 400 in the envelope, for every attempt at this gift.
    RefuseBadRequest = "refuse_bad_request" in Refusal,
    /// 404 in the envelope, for every attempt at this gift.
    RefuseNotFound = "refuse_not_found" in Refusal,
    /// 422 in the envelope, for every attempt at this gift.
    RefuseUnprocessable = "refuse_unprocessable" in Refusal,
    /// A read that is never answered.
    ReadTimeout = "read_timeout" in Read,
    /// A read answered with 500 or 503.
    ReadError = "read_error" in Read,
    /// A read answered with 200 and a body that is not JSON.
    ReadGarbled = "read_garbled" in Read,
    /// A read answered with 200 and a body shorter than its `Content-Length`.
    ReadCut = "read_cut" in Read,
    /// A read answered with 429 and `Retry-After` in seconds.
    ReadLimit = "read_limit" in Read,
    /// A delete is never answered, and the gift stays.
    DeleteTimeoutBeforeCommit = "delete_timeout_before_commit" in Delete,
    /// The gift is deleted, and the delete is never answered.
    DeleteTimeoutAfterCommit = "delete_timeout_after_commit" in Delete,
    /// The connection of a delete is reset (RST), and the gift stays.
    DeleteResetBeforeCommit = "delete_reset_before_commit" in Delete,
    /// The gift is deleted, and the connection is reset (RST).
    DeleteResetAfterCommit = "delete_reset_after_commit" in Delete,
    /// A delete is answered with 500 or 503, and the gift stays.
    DeleteErrorBeforeCommit = "delete_error_before_commit" in Delete,
    /// The gift is deleted, and the answer is 500 or 503.
    DeleteErrorAfterCommit = "delete_error_after_commit" in Delete,
    /// A delete is answered with 429 and `Retry-After` in seconds; the gift stays.
    DeleteLimit = "delete_limit" in Delete,
    /// Minted Connect calls a nonce stale that it has just handed out.
    StaleNonce = "stale_nonce" in Nonce,
    /// A wallet's list leaves out a gift that was credited a short while ago.
    LaggingList = "lagging_list" in List,
    /// A wallet's list leaves out a used gift.
    HiddenUsed = "hidden_used" in List,
    /// A wallet's list ends before its newest gifts.
    CappedList = "capped_list" in Control,
    /// A request to an endpoint that is blocked.
    Blocked = "blocked" in Control,
    /// A request met by [`Outage::Reset`].
    OutageReset = "outage_reset" in Control,
    /// A request met by [`Outage::Unavailable`].
    OutageUnavailable = "outage_unavailable" in Control,
    /// 429 because the request limit was passed.
    OverLimit = "over_limit" in Control,
    /// 401 because the keys were missing, wrong or revoked, or an answer to a challenge was wrong.
    Unauthorized = "unauthorized" in Control,
    /// A request answered while the server's clock was off.
    SkewedClock = "skewed_clock" in Control,
    /// A POST that was refused because its wallet is.
    RefusedWallet = "refused_wallet" in Control,
    /// A POST whose gift was credited, and that was refused all the same.
    RefusedAfterCommit = "refused_after_commit" in Control,
    /// A POST that was refused because its reference had been credited before.
    DuplicateReference = "duplicate_reference" in Control,
    /// A POST, or a question to Minted Connect, that was refused because its content is not valid.
    InvalidRequest = "invalid_request" in Control,
    /// A request about a wallet that is not registered.
    UnknownWallet = "unknown_wallet" in Control,
}

/// Where a kind of fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// One attempt at one gift.
    Post,
    /// Every attempt at one gift.
    Refusal,
    /// One read.
    Read,
    /// One delete.
    Delete,
    /// One nonce of Minted Connect.
    Nonce,
    /// What a wallet's list shows.
    List,
    /// Whatever a control or a setting asks for; never drawn.
    Control,
}

/// When a POST credits its gift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Commit {
    /// Not at all.
    Never,
    /// Before the answer.
    Now,
    /// Some time after the request was read, whatever the client does.
    Late,
}

/// What the client gets to see in place of the right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Silence,
    Reset,
    Fin,
    CutStatusLine,
    CutBody,
    Garbled,
    Empty,
    NullValue,
    Oversized,
    Html,
    ServerError,
    Redirect,
    Limited(RetryAfter),
    Refused(RefusalKind),
}

impl FaultKind {
    /// What the kind does: when the gift is credited, and what the client sees. `None` for the
    /// kinds that are not drawn for one request.
    pub(super) fn plan(self) -> Option<(Commit, Reply)> {
        use Commit::{Late, Never, Now};
        let plan = match self {
            FaultKind::TimeoutBeforeCommit => (Never, Reply::Silence),
            FaultKind::TimeoutAfterCommit => (Now, Reply::Silence),
            FaultKind::LateCommit => (Late, Reply::Silence),
            FaultKind::ResetBeforeCommit => (Never, Reply::Reset),
            FaultKind::ResetAfterCommit => (Now, Reply::Reset),
            FaultKind::FinBeforeCommit => (Never, Reply::Fin),
            FaultKind::FinAfterCommit => (Now, Reply::Fin),
            FaultKind::CutStatusLine => (Now, Reply::CutStatusLine),
            FaultKind::CutBody => (Now, Reply::CutBody),
            FaultKind::GarbledJson => (Now, Reply::Garbled),
            FaultKind::EmptyBody => (Now, Reply::Empty),
            FaultKind::NullValue => (Now, Reply::NullValue),
            FaultKind::OversizedBody => (Now, Reply::Oversized),
            FaultKind::HtmlBeforeCommit => (Never, Reply::Html),
            FaultKind::HtmlAfterCommit => (Now, Reply::Html),
            FaultKind::ErrorBeforeCommit => (Never, Reply::ServerError),
            FaultKind::ErrorAfterCommit => (Now, Reply::ServerError),
            FaultKind::Redirect => (Never, Reply::Redirect),
            FaultKind::LimitSeconds => (Never, Reply::Limited(RetryAfter::Seconds)),
            FaultKind::LimitDate => (Never, Reply::Limited(RetryAfter::Date)),
            FaultKind::LimitBare => (Never, Reply::Limited(RetryAfter::Absent)),
            FaultKind::RefuseIsFailure => (Never, Reply::Refused(RefusalKind::IsFailure200)),
            FaultKind::RefuseBadRequest => (Never, Reply::Refused(RefusalKind::BadRequest400)),
            FaultKind::RefuseNotFound => (Never, Reply::Refused(RefusalKind::NotFound404)),
            FaultKind::RefuseUnprocessable => {
                (Never, Reply::Refused(RefusalKind::Unprocessable422))
            }
            FaultKind::ReadTimeout => (Never, Reply::Silence),
            FaultKind::ReadError => (Never, Reply::ServerError),
            FaultKind::ReadGarbled => (Never, Reply::Garbled),
            FaultKind::ReadCut => (Never, Reply::CutBody),
            FaultKind::ReadLimit => (Never, Reply::Limited(RetryAfter::Seconds)),
            FaultKind::DeleteTimeoutBeforeCommit => (Never, Reply::Silence),
            FaultKind::DeleteTimeoutAfterCommit => (Now, Reply::Silence),
            FaultKind::DeleteResetBeforeCommit => (Never, Reply::Reset),
            FaultKind::DeleteResetAfterCommit => (Now, Reply::Reset),
            FaultKind::DeleteErrorBeforeCommit => (Never, Reply::ServerError),
            FaultKind::DeleteErrorAfterCommit => (Now, Reply::ServerError),
            FaultKind::DeleteLimit => (Never, Reply::Limited(RetryAfter::Seconds)),
            _ => return None,
        };
        Some(plan)
    }

    /// The kind that counts the requests met by an outage.
    pub(super) fn of_outage(outage: Outage) -> Option<Self> {
        match outage {
            Outage::None => None,
            Outage::Reset => Some(FaultKind::OutageReset),
            Outage::Unavailable => Some(FaultKind::OutageUnavailable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: each kind is drawn where its place says, and nowhere else. Method: every kind of the
    /// table is asked for its plan.
    #[test]
    fn every_drawn_kind_has_a_plan_and_no_other_has() {
        for &kind in FaultKind::ALL {
            let drawn =
                matches!(kind.place(), Place::Post | Place::Refusal | Place::Read | Place::Delete);
            assert_eq!(kind.plan().is_some(), drawn, "{}", kind.name());
        }
    }

    /// Goal: a name says truly whether the gift is credited. Method: names are held against plans.
    #[test]
    fn names_agree_with_the_commit() {
        for &kind in FaultKind::ALL {
            let Some((commit, _)) = kind.plan() else {
                continue;
            };
            let may_commit = matches!(kind.place(), Place::Post | Place::Delete);
            if kind.name().ends_with("before_commit") || !may_commit {
                assert_eq!(commit, Commit::Never, "{}", kind.name());
            }
            if kind.name().ends_with("after_commit") {
                assert_eq!(commit, Commit::Now, "{}", kind.name());
            }
        }
    }
}
