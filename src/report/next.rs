//! What to do next: the commands that deal with what is open.
//!
//! **Invariant:** a command can be pasted into a shell as it stands, whatever the campaign is called.

use super::Summary;
use crate::domain::GiftState;
use crate::ledger::{Finding, Standing};

/// The commands, the most urgent first; none where nothing is left to do.
pub(super) fn next(summary: &Summary) -> Vec<String> {
    let gifts = |state| summary.states.gifts(state);
    let name = shell_word(&summary.campaign);
    let any = |states: [GiftState; 2]| states.into_iter().any(|state| gifts(state) > 0);
    let unsent = any(GiftState::SENDABLE);
    let unsettled = any([GiftState::InFlight, GiftState::InDoubt]);
    let is_cancelled = matches!(summary.standing, Standing::Cancelled(_));
    let is_paused = matches!(summary.standing, Standing::Paused(_));
    let to_retry = gifts(GiftState::Refused) > 0 && !is_cancelled;
    let differences = summary.reconciled.map_or(0, |findings| findings.differences());
    let is_unread = summary.reconciled.is_none_or(|findings| {
        let fine = findings.gifts(Finding::Matched) + findings.gifts(Finding::Expired);
        let seen = fine + findings.differences();
        seen < gifts(GiftState::Issued) || findings.gifts(Finding::Unread) > 0
    });
    if summary.under_way.is_some() {
        // The run lock is taken: anything that sends would be refused.
        let stop = (!is_cancelled && !is_paused).then(|| format!("giftbatch pause {name}"));
        let watch = format!("giftbatch status {name} --watch");
        return [watch].into_iter().chain(stop).collect();
    }
    let commands = [
        (gifts(GiftState::Held) > 0, format!("giftbatch gifts {name} --state held")),
        (differences > 0, format!("giftbatch report {name} --format csv")),
        (is_paused, format!("giftbatch resume {name}")),
        (unsettled || unsent && !is_cancelled, format!("giftbatch issue {name}")),
        (unsent && is_cancelled, format!("giftbatch cancel {name}")),
        (to_retry, format!("giftbatch retry {name}")),
        (gifts(GiftState::Revoking) > 0, format!("giftbatch revoke {name}")),
        (is_unread && gifts(GiftState::Issued) > 0, format!("giftbatch reconcile {name}")),
    ];
    commands.into_iter().filter(|(is_due, _)| *is_due).map(|(_, command)| command).collect()
}

/// The text as one word of a POSIX shell.
pub fn shell_word(text: &str) -> String {
    let text = super::clean(text);
    if text.chars().all(|char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.')) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_of_a_shell() {
        // Goal: pasting a line never runs anything else. Method: plain names, and hostile ones.
        assert_eq!(shell_word("mayıs-2027_1.a"), "mayıs-2027_1.a");
        assert_eq!(shell_word("may drop"), "'may drop'");
        assert_eq!(shell_word("a'; rm -rf ~"), r"'a'\''; rm -rf ~'");
        assert_eq!(shell_word("$(id)"), "'$(id)'");
    }
}
