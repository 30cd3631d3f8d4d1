//! Which ledgers this user has given by, and to which provider: two of them do not know of each other.
//!
//! It stands apart because it is only a reminder: where it cannot be read or written, nothing else changes. What it
//! guards against is a new ledger that nobody meant, which gives all that another one has given.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use serde::{Deserialize, Serialize};

use super::confirm::can_ask;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Ledgers that are remembered, the newest ones.
const AT_MOST: usize = 100;

/// A ledger that has given, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    provider: String,
    ledger: PathBuf,
}

/// Remembers a ledger that is about to give.
pub(super) fn remember(provider: &str, ledger: &Path) {
    let known = Known { provider: provider.to_owned(), ledger: ledger.to_owned() };
    if let Err(error) = place().and_then(|place| add(&place, known)) {
        tracing::debug!(%error, "this ledger is not remembered");
    }
}

/// Says that a new ledger is made where there is none, which needs a word where another one has given to the same
/// provider and nobody can be asked.
pub(super) fn announce_new(context: &Context) -> Result<(), Failure> {
    let settings = &context.settings;
    let ledger = std::path::absolute(&settings.ledger).unwrap_or_else(|_| settings.ledger.clone());
    if settings.is_rehearsal() || ledger.metadata().is_ok_and(|found| found.len() > 0) {
        return Ok(());
    }
    let provider = settings.wallet_url().map(|url| url.to_string()).unwrap_or_default();
    let known = place().and_then(|place| read(&place)).unwrap_or_default();
    let other = known.into_iter().rev().find(|known| {
        known.provider == provider && known.ledger != ledger && known.ledger.exists()
    });
    let (new, Some(Known { ledger: other, .. })) = (ledger.display(), other) else {
        context.out.complain(&format!("a new ledger is made: {}", ledger.display()));
        return Ok(());
    };
    let other = other.display();
    let words = format!(
        "a new ledger at {new} would not know what {other} has given through the same provider"
    );
    if !settings.new_ledger && !can_ask(context) {
        return Err(Failure::new(Exit::NotConfirmed, words).hint(format!(
            "nothing was sent; name that one with --ledger {other}, or say --new-ledger if another one is meant"
        )));
    }
    context.out.complain(&format!("a new ledger is made: {new}; {words}"));
    Ok(())
}

fn place() -> io::Result<PathBuf> {
    let strategy = choose_base_strategy().map_err(io::Error::other)?;
    Ok(strategy.data_dir().join("giftbatch").join("ledgers.json"))
}

fn read(place: &Path) -> io::Result<Vec<Known>> {
    match fs::read(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        text => serde_json::from_slice(&text?).map_err(io::Error::other),
    }
}

fn add(place: &Path, new: Known) -> io::Result<()> {
    let mut known = read(place).unwrap_or_default();
    if known.contains(&new) {
        return Ok(());
    }
    known.push(new);
    let known = &known[known.len().saturating_sub(AT_MOST)..];
    let folder = place.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&file, known)?;
    file.persist(place).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_ledgers_are_remembered() {
        // Goal: a list that does not grow for ever, and no ledger twice. Method: more than it takes, the last twice.
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("inner").join("ledgers.json");
        assert_eq!(read(&place).unwrap(), []);
        let known = |number: usize| Known {
            provider: "https://wallet.example".to_owned(),
            ledger: PathBuf::from(format!("/ledgers/{number}.db")),
        };
        for number in (0..=AT_MOST).chain([AT_MOST]) {
            add(&place, known(number)).unwrap();
        }
        let all = read(&place).unwrap();
        assert_eq!(
            (all.len(), all.first(), all.last()),
            (AT_MOST, Some(&known(1)), Some(&known(AT_MOST)))
        );
    }
}
