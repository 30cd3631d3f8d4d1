//! What people read, as they read it, and the document for programs.

use chrono::TimeDelta;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::fixture::{Fixture, NAME, at};
use crate::domain::{GiftState as S, Money};
use crate::ledger::{Finding, Lists, StateTally};
use crate::report::layout::width;
use crate::report::summary::add_up;
use crate::report::{
    Document, Failure, ReportError, Status, StoryLook, Subject, Summary, overview, story,
    story_json, text,
};

#[tokio::test]
async fn a_finished_campaign_says_so_and_no_other_does() {
    // Goal: success is claimed only where all is issued. Method: all issued, before and after a
    // reconcile; then the headline of a campaign with one other gift, for every other state.
    let mut done = Fixture::of(&[S::Issued; 3]).await;
    assert_snapshot!("all_issued", text::summary(&done.summary().await));
    assert_eq!(done.summary().await.status(), Status::Complete);
    done.end_run("complete").await;
    done.reconcile(&[1, 2, 3].map(|row| (row, Finding::Matched, None))).await;
    assert_snapshot!("all_reconciled", text::summary(&done.summary().await));
    let mut headlines = String::new();
    for state in S::ALL.into_iter().filter(|state| *state != S::Issued) {
        let summary = Fixture::of(&[S::Issued, S::Issued, state]).await.summary().await;
        let screen = text::summary(&summary);
        assert!(!screen.contains("all "), "{screen}");
        headlines += &format!("{:9} {}\n", summary.status(), screen.lines().next().unwrap());
    }
    assert_snapshot!("headlines", headlines);
}

#[tokio::test]
async fn a_mixed_campaign_shows_every_state_and_what_to_do() {
    // Goal: nothing that is open is hidden. Method: one gift in each state, and some findings.
    let mut mixed = Fixture::of(&S::ALL).await;
    mixed.reconcile(&[(6, Finding::Differs, Some("amount 1.00 instead of 601.50"))]).await;
    let summary = mixed.summary().await;
    assert_eq!(summary.status(), Status::Attention);
    assert_snapshot!("mixed", text::summary(&summary));
    assert_eq!((summary.gifts(), summary.wallets), (10, 10));
    let done = Fixture::of(&[S::Issued]).await.summary().await;
    let half = Fixture::of(&[S::Issued, S::Planned]).await.summary().await;
    let all = [summary, done, half];
    assert_snapshot!("overview", overview(&all, None));
    let narrow = overview(&all, Some(80));
    assert!(narrow.lines().all(|line| width(line) <= 80), "{narrow}");
    assert_snapshot!("overview_narrow", narrow);
    assert_eq!(overview(&[], None), "no campaign was loaded yet\n");
}

#[tokio::test]
async fn the_document_is_the_contract() {
    // Goal: programs find each field where it was promised, also after a failure. Method: the text
    // of a complete one, of a failed one, and of one without a campaign.
    let mut done = Fixture::of(&[S::Issued; 3]).await;
    let summary = done.summary().await;
    let plan = summary.plan.clone();
    let document = Document::of("run", Subject::Campaign(&summary), Status::Complete, 0, 412);
    let expected = format!(
        r#"{{"version":1,"command":"run","campaign":"may-drop","plan":"{plan}","status":"complete","exit_code":0,"gifts":{{"total":3,"planned":0,"in_flight":0,"deferred":0,"in_doubt":0,"held":0,"issued":3,"refused":0,"cancelled":0,"revoking":0,"revoked":0}},"amounts":{{"total":"601.50","issued":"601.50","refused":"0.00","open":"0.00","cancelled":"0.00","revoked":"0.00"}},"reconciled":null,"elapsed_ms":412,"error":null,"preview":null,"standing":"open","audit":null,"under_way":null,"last_run":{{"command":"run","ended_at":null,"outcome":null,"reason":null,"started_at":"2027-03-01T09:00:01Z"}},"faults":null,"fault_counts":null}}"#
    );
    assert_eq!(document.to_json(), expected);
    done.reconcile(&[(1, Finding::Matched, None), (2, Finding::Missing, None)]).await;
    let json = Document::of(
        "reconcile",
        Subject::Campaign(&done.summary().await),
        Status::Attention,
        6,
        1,
    )
    .to_json();
    let reconciled = r#""reconciled":{"matched":1,"missing":1,"differs":0,"duplicated":0,"unexpected":0,"unread":0},"#;
    assert!(json.contains(reconciled), "{json}");
    let failure = Failure { message: "no".into(), hint: Some("so".into()) };
    let failed = Document::of("load", Subject::Named(NAME), Status::Failed, 1, 0);
    assert_eq!(
        failed.with_error(failure).to_json(),
        r#"{"version":1,"command":"load","campaign":"may-drop","plan":null,"status":"failed","exit_code":1,"gifts":null,"amounts":null,"reconciled":null,"elapsed_ms":0,"error":{"message":"no","hint":"so"},"preview":null,"standing":null,"audit":null,"under_way":null,"last_run":null,"faults":null,"fault_counts":null}"#
    );
    let nothing = Document::of("check", Subject::Nothing, Status::Refused, 3, 0).to_json();
    assert!(nothing.contains(r#""campaign":null,"#), "{nothing}");
}

#[tokio::test]
async fn what_was_learned_of_lists_is_said() {
    // Goal: a reader knows what a list's silence is worth. Method: nothing learned, used gifts shown,
    // then a lag and used gifts left out, each remembered by the ledger.
    let mut fixture = Fixture::of(&[S::Issued]).await;
    let mut batch = fixture.writer.begin().await.unwrap();
    batch.bind_provider("https://wallet.example", at(1)).await.unwrap();
    batch.commit().await.unwrap();
    let said = |summary: &Summary| {
        let text = text::summary(summary);
        text.lines().find_map(|line| line.strip_prefix("the provider's lists: ")).map(str::to_owned)
    };
    assert_eq!(said(&fixture.summary().await), None);
    let seen = [
        (Lists { show_used: true, ..Lists::default() }, "they show used gifts"),
        (
            Lists { longest_lag: Some(TimeDelta::milliseconds(1_250)), ..Lists::default() },
            "they show used gifts; gifts came into view up to 1.3 s late",
        ),
        (
            Lists { hide_used: true, ..Lists::default() },
            "they leave out used gifts, so doubts are held; gifts came into view up to 1.3 s late",
        ),
    ];
    for (seen, words) in seen {
        let mut batch = fixture.writer.begin().await.unwrap();
        batch.learn(seen, at(2)).await.unwrap();
        batch.commit().await.unwrap();
        assert_eq!(said(&fixture.summary().await).as_deref(), Some(words));
    }
}

#[tokio::test]
async fn a_story_tells_all_in_order() {
    // Goal: a person can settle a gift by it. Method: a held gift and a refused one, whose words
    // would colour the terminal; and a gift to which nothing has happened.
    let fixture = Fixture::of(&[S::Held, S::Refused]).await;
    let look = StoryLook { tz: chrono_tz::Europe::Istanbul, screen: None };
    let mut told = String::new();
    for gift in fixture.gifts().await {
        let history = fixture.ledger.history(gift.row).await.unwrap();
        told += &format!(
            "{}\n{}\n\n",
            story(&gift, &history, &[], look),
            story_json(&gift, &history, &[])
        );
    }
    told += &story(&fixture.gifts().await[0], &[], &[], look);
    assert!(!told.chars().any(|char| char.is_control() && char != '\n'), "{told:?}");
    assert_snapshot!("stories", told);
    let gift = &fixture.gifts().await[0];
    let history = fixture.ledger.history(gift.row).await.unwrap();
    let narrow = story(gift, &history, &[], StoryLook { screen: Some(80), ..look });
    assert!(narrow.lines().all(|line| width(line) <= 80), "{narrow}");
    assert_snapshot!("story_narrow", narrow);
}

#[tokio::test]
async fn figures_that_disagree_are_an_error() {
    // Goal: no sum is shown that does not add up. Method: a campaign that recorded other figures.
    let campaign = Fixture::of(&[S::Issued]).await.campaign().await;
    let tally =
        |gifts, minor| [StateTally { state: S::Issued, gifts, amount: Money::from_minor(minor) }];
    assert!(add_up(&campaign, &tally(1, 10_025)).is_ok());
    let said = |tallies: &[StateTally]| match add_up(&campaign, tallies) {
        Err(error @ ReportError::Disagree { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        said(&tally(2, 10_025)),
        r#"the gifts of campaign "may-drop" disagree: 1 recorded, 2 counted"#
    );
    assert_eq!(
        said(&tally(1, 10_024)),
        r#"the amounts of campaign "may-drop" disagree: 100.25 recorded, 100.24 counted"#
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn whatever_the_states_a_ledger_adds_up(states in prop::collection::vec(0usize..10, 1..12)) {
        // Goal: counts and amounts are whole for any mixture of states. Method: lead the gifts of a
        // real ledger into any states, and add the parts of its summary and of its screen.
        let states: Vec<S> = states.into_iter().map(|place| S::ALL[place]).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let summary = runtime.block_on(async { Fixture::of(&states).await.summary().await });
        for state in S::ALL {
            let wanted = states.iter().filter(|each| **each == state).count() as u64;
            prop_assert_eq!(summary.states.gifts(state), wanted, "{}", state);
        }
        let amounts = summary.amounts;
        let parts = [
            amounts.issued, amounts.refused, amounts.open, amounts.cancelled, amounts.revoked,
        ];
        let count = states.len() as i64;
        prop_assert_eq!(amounts.total, Money::from_minor(10_025 * count * (count + 1) / 2));
        prop_assert_eq!(parts.into_iter().sum::<Money>(), amounts.total);
        let is_all_issued = states.iter().all(|state| *state == S::Issued);
        prop_assert_eq!(text::summary(&summary).contains(": all "), is_all_issued && count > 1);
    }
}
