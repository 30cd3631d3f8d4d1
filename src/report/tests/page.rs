//! The page: what it says of a campaign in either language, and that nothing in it runs.

use super::fixture::{Fixture, at};
use crate::domain::{Event, GiftState as S, Refusal};
use crate::ledger::{Finding, Outcome};
use crate::report::html::{self, Lang, Look, Wallets};

async fn page(fixture: &Fixture, lang: Lang) -> String {
    let look =
        Look { lang, tz: chrono_tz::Europe::Istanbul, wallets: Wallets::Short, now: at(86_400) };
    let mut bytes = Vec::new();
    html::write(&fixture.ledger, &fixture.campaign().await, &look, &mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// What a reader sees of it, a piece a line; the drawings' own words too.
fn text(page: &str) -> String {
    let (_, body) = page.split_once("<body>").unwrap();
    let pieces =
        body.split('<').filter_map(|piece| piece.split_once('>').map(|(_, text)| text.trim()));
    pieces.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_page_says_what_became_of_every_gift() {
    // Goal: both languages tell the same, in words for people. Method: a gift in each state, findings of a
    // reconcile, and the whole text of the page.
    let mut fixture = Fixture::of(&S::ALL).await;
    fixture.end_run("finished").await;
    fixture.reconcile(&[(6, Finding::Missing, None), (7, Finding::Unexpected, Some("B7"))]).await;
    insta::assert_snapshot!("page_en", text(&page(&fixture, Lang::En).await));
    insta::assert_snapshot!("page_tr", text(&page(&fixture, Lang::Tr).await));
}

#[tokio::test]
async fn first_sentences_never_claim_too_much() {
    // Goal: `All` is said only where all was given and no wallet says otherwise. Method: the first sentence and
    // what follows it, of campaigns of every kind.
    let mut told = String::new();
    type Case<'c> = (&'c [S], &'c [(i64, Finding)]);
    let cases: [Case<'_>; 9] = [
        (&[], &[]),
        (&[S::Issued], &[]),
        (&[S::Issued, S::Issued], &[(1, Finding::Matched), (2, Finding::Matched)]),
        (&[S::Issued, S::Issued], &[(1, Finding::Matched)]),
        (&[S::Issued, S::Issued], &[(1, Finding::Matched), (2, Finding::Unread)]),
        (&[S::Issued, S::Issued], &[(1, Finding::Matched), (2, Finding::Duplicated)]),
        (&[S::Issued, S::Held], &[(1, Finding::Matched)]),
        (&[S::InDoubt, S::Refused], &[]),
        (&[S::Planned, S::Planned], &[]),
    ];
    for (states, findings) in cases {
        let mut fixture = Fixture::of(states).await;
        if !findings.is_empty() {
            let found: Vec<_> = findings.iter().map(|(row, found)| (*row, *found, None)).collect();
            fixture.reconcile(&found).await;
        }
        for lang in [Lang::En, Lang::Tr] {
            let page = page(&fixture, lang).await;
            let (head, _) = page.split_once("<div class=\"tiles\">").unwrap();
            let words = text(head);
            let lines: Vec<&str> = words.lines().skip(2).collect();
            told += &format!("{}\n", lines.join("\n    "));
        }
    }
    insta::assert_snapshot!("page_headlines", told);
}

#[tokio::test]
async fn a_refusal_that_is_a_program_is_text() {
    // Goal: the provider's words cannot run either. Method: a refusal whose class and words are marks.
    let mut fixture = Fixture::of(&[S::InFlight, S::Issued]).await;
    let gift = fixture.gifts().await.remove(0);
    let message = "<script>alert('x')</script>\" onload=\"x\u{202e}".to_owned();
    let event = Event::Declined(Refusal { class: "<b>".to_owned(), message });
    let outcome = Outcome::of((gift.row, S::InFlight, 1), event, at(9));
    let mut batch = fixture.writer.begin().await.unwrap();
    batch.record(None, &[outcome]).await.unwrap();
    batch.commit().await.unwrap();
    let page = page(&fixture, Lang::En).await;
    assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains('\u{202e}'));
    assert!(page.contains("&lt;script&gt;alert('x')&lt;/script&gt;&quot; onload=&quot;x\u{fffd}"));
    assert!(page.contains("&lt;b&gt;: 1"));
}
