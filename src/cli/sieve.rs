//! What is asked about a file before it is loaded, and the rows that the answers take out of it: those of
//! faulty wallets (`--preflight`), and of customers who do not hold what they should (`--require-holding`).
//!
//! **Invariant:** nothing of the file is loaded before each question has its answer.
//! **Invariant:** what was sent is no fault of the file any more: the same command again is always right.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::commands::{FileArgs, OnInvalid};
use super::context::{Context, Session};
use super::eligibility::{Holders, eligibility, minted_client};
use super::failure::Failure;
use super::lapsed::Lapsed;
use super::preflight::{Wallets, preflight};
use crate::domain::GiftKey;
use crate::intake::{BadRow, Dialect, Fault, ReadOptions, Survey};
use crate::ledger::{Ledger, NewRow, RowGroup, RowKeys};

/// What is known of the rows of a file before they are loaded.
pub(super) struct Sieve {
    ledger: Ledger,
    dialect: Dialect,
    on_invalid: OnInvalid,
    wallets: Option<Wallets>,
    holders: Option<Holders>,
    lapsed: Option<Lapsed>,
}

/// How many faulty rows asked for the same so far, by the key of the first, where the ledger has that.
#[derive(Debug, Default)]
pub(super) struct Copies(HashMap<GiftKey, u32>);

/// A group of rows without those that are faulty.
pub(super) struct Sorted {
    pub(super) group: RowGroup,
    pub(super) bad: Vec<BadRow>,
    /// Faulty rows that stay in the group.
    pub(super) kept: u64,
}

impl Sieve {
    /// Asks what a person wants to know of a surveyed file. Answers are kept in the ledger of the session.
    pub(super) async fn ask(
        context: &Context,
        session: &mut Session,
        args: &FileArgs,
        survey: &Survey,
        options: &ReadOptions,
    ) -> Result<Sieve, Failure> {
        // Nobody wants to hear after an hour of wallets that a setting is missing.
        let minted = minted_client(context, args)?;
        let wallets = preflight(context, session, args, survey, options).await?;
        let holders = match minted {
            Some(client) => eligibility(context, session, client, args, survey, options).await?,
            None => None,
        };
        Ok(Sieve {
            ledger: session.ledger.clone(),
            dialect: survey.dialect.clone(),
            on_invalid: args.on_invalid,
            wallets,
            holders,
            lapsed: None,
        })
    }

    /// A campaign's days count from its first load; whether the expiry of a new row has passed, today says.
    pub(super) fn on(self, today: DateTime<Utc>, survey: &Survey, options: &ReadOptions) -> Sieve {
        let lapsed = (today > options.now).then(|| Lapsed::new(today, survey));
        Sieve { lapsed, ..self }
    }

    /// Takes the faulty rows out of a group.
    ///
    /// Those whose gifts were sent stay. And where bad rows are left out of the load, all those stay whose
    /// gifts the ledger has: among the rejects they could be given twice. Of rows that ask for the same, as many
    /// stay as the ledger has.
    pub(super) async fn sort_out(
        &self,
        keys: &RowKeys,
        group: RowGroup,
        copies: &mut Copies,
    ) -> Result<Sorted, Failure> {
        let mut faults: HashMap<u64, Vec<Fault>> = HashMap::new();
        if let Some(wallets) = &self.wallets {
            note(&mut faults, wallets.faults(&group).await?);
        }
        if let Some(holders) = &self.holders {
            note(&mut faults, holders.faults(&group).await?);
        }
        let asked: HashSet<u64> = faults.keys().copied().collect();
        if let Some(lapsed) = &self.lapsed {
            note(&mut faults, lapsed.faults(&self.ledger, &group).await?);
        }
        if faults.is_empty() {
            return Ok(Sorted { group, bad: Vec::new(), kept: 0 });
        }
        // What the ledger has not has no copies there either.
        let rows = group.rows().filter(|(row, _)| asked.contains(&row.line));
        let numbered = self.number(keys, rows.collect(), copies).await?;
        let tried: Vec<GiftKey> = numbered.values().copied().collect();
        let known = self.ledger.known_keys(&tried).await?;
        let stays =
            |line| match (self.on_invalid, numbered.get(&line).and_then(|key| known.get(key))) {
                (_, None) => false,
                (OnInvalid::Stop, Some(is_open)) => !is_open,
                (OnInvalid::Skip, Some(_)) => true,
            };
        let is_out = |row: &NewRow, _| faults.contains_key(&row.line) && !stays(row.line);
        let (group, out) = keys.take_out(group, is_out);
        let kept = (faults.len() - out.len()) as u64;
        let bad = out.into_iter().map(|row| {
            let faults = faults.remove(&row.line).unwrap_or_default();
            let cells = serde_json::from_str(&row.cells_json)?;
            Ok(BadRow { place: self.dialect.place(row.line), cells, numbers: Vec::new(), faults })
        });
        Ok(Sorted { bad: bad.collect::<Result<_, Failure>>()?, group, kept })
    }

    /// The keys, by line, of rows of which the ledger has the first of their kind: each as the copy that it is.
    async fn number(
        &self,
        keys: &RowKeys,
        rows: Vec<(&NewRow, GiftKey)>,
        copies: &mut Copies,
    ) -> Result<HashMap<u64, GiftKey>, Failure> {
        let first: Vec<GiftKey> = rows.iter().map(|(_, key)| *key).collect();
        let known = self.ledger.known_keys(&first).await?;
        let mut numbered = HashMap::new();
        for (row, first) in rows.into_iter().filter(|(_, key)| known.contains_key(key)) {
            let nth = copies.0.entry(first).or_default();
            *nth += 1;
            numbered.insert(row.line, keys.of_copy(row, first, *nth));
        }
        Ok(numbered)
    }
}

fn note(faults: &mut HashMap<u64, Vec<Fault>>, found: Vec<(u64, Fault)>) {
    for (line, fault) in found {
        faults.entry(line).or_default().push(fault);
    }
}
