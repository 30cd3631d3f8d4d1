//! A wallet whose gifts are to be deleted, and how far that has come.

use std::collections::{HashMap, VecDeque};

use super::decide::Target;
use super::request::Request;
use crate::domain::{GiftId, WalletId};
use crate::ledger::KnownGift;
use crate::provider::Credit;
use crate::settle::Look;

/// A wallet with gifts that are to be deleted.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) wallet: WalletId,
    /// What is not settled yet.
    pub(super) targets: Vec<Target>,
    /// All that the ledger has of the wallet, where that tells what is too many.
    pub(super) known: Vec<KnownGift>,
    /// What is to be deleted next; then the list is read again.
    pub(super) deletes: VecDeque<GiftId>,
    /// The list that was read last, for as long as something has to be asked beside it.
    pub(super) look: Option<Look>,
    /// Gifts that it lacks, to be asked for by their ids; then the wallet's balance is.
    pub(super) asks: VecDeque<GiftId>,
    /// What came of that.
    pub(super) told: HashMap<GiftId, Option<Credit>>,
    /// Gifts whose intents this run wrote.
    pub(super) begun: Vec<GiftId>,
    /// What was asked last.
    pub(super) request: Request,
    pub(super) looks: u32,
}

impl Job {
    pub(super) fn of(wallet: WalletId, targets: Vec<Target>) -> Job {
        Job {
            wallet,
            targets,
            known: Vec::new(),
            deletes: VecDeque::new(),
            look: None,
            asks: VecDeque::new(),
            told: HashMap::new(),
            begun: Vec::new(),
            request: Request::List,
            looks: 0,
        }
    }

    pub(super) fn target(&mut self, id: GiftId) -> &mut Target {
        let found = self.targets.iter_mut().find(|target| target.id == id);
        found.expect("what is deleted is one of its gifts")
    }
}
