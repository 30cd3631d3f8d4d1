//! What is asked of a story beside its seed: that it be about some kind of trouble, or that its world break a
//! condition of the promise.

use crate::manners::Kind;

/// What a story is to be about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plot {
    pub(crate) breach: Breach,
    /// A kind of trouble that the story has in any case.
    pub(crate) about: Option<Kind>,
}

/// A condition of the promise that a world breaks on purpose, to see that it is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    /// None: whatever goes wrong then is a fault of the program.
    None,
    /// The server commits later than S.
    CommitsTooLate,
    /// Lists and balances show a gift later than S.
    ListsTooLate,
    /// Lists show a gift later than S; balances are true.
    ListsTooLateBalancesTrue,
    /// Lists hide gifts that a customer used before we could see them.
    HidesDoubts,
    /// Lists are cut, and two of them are proof to the program: its balances are not asked for.
    CutListsBelieved,
    /// The provider commits and then refuses, and what it refused is sent again without a look.
    RefusalsBelieved,
    /// A stranger gives the same at the same time, and no reference tells the two apart.
    StrangersTwins,
}

impl Plot {
    /// A story like any other.
    pub(crate) const USUAL: Plot = Plot { breach: Breach::None, about: None };

    pub(crate) const fn breaking(breach: Breach) -> Plot {
        Plot { breach, about: None }
    }

    pub(crate) const fn about(kind: Kind) -> Plot {
        Plot { breach: Breach::None, about: Some(kind) }
    }

    /// A story like any other, or about the kind that `GIFTBATCH_KIND` names.
    pub(crate) fn wished() -> Plot {
        let Ok(name) = std::env::var("GIFTBATCH_KIND") else {
            return Plot::USUAL;
        };
        let kind = Kind::ALL.into_iter().find(|kind| format!("{kind:?}") == name);
        Plot::about(kind.unwrap_or_else(|| panic!("{name} is none of {:?}", Kind::ALL)))
    }
}
