//! A look ahead: what a day's caps count, and in which order gifts would be sent.

use std::collections::HashSet;

use super::*;
use crate::plan::WalletDay;

const ALL: Option<&[String]> = Some(&[]);

fn money(minor: i64) -> Money {
    Money::from_minor(minor)
}

#[tokio::test]
async fn a_gift_counts_on_the_day_it_was_sent_last() {
    // Goal: what was given or may have been counts once, whichever campaign asks. Method: gifts that were
    // issued, refused, held and left in flight, around the moment from which on it is counted; for their
    // own campaign, which may still send the last, and for another.
    let mut bench = Bench::new().await;
    let contents: Vec<GiftContent> = (1..=4).map(|wallet| content(wallet, 100)).collect();
    let may = bench.load("may", &contents).await;
    let june = bench.load("june", &[content(1, 70), content(9, 50)]).await;
    let run = bench.begin(may).await;
    let claimed = bench.claim(may, run, now()).await;
    let in_flight = GiftState::InFlight;
    let confirmed = Event::Confirmed { gift: gift_id(1) };
    bench.record(outcome(&claimed[0], in_flight, confirmed)).await.unwrap();
    let no = Refusal { class: "gone".into(), message: String::new() };
    bench.record(outcome(&claimed[1], in_flight, Event::Declined(no))).await.unwrap();
    bench.record(outcome(&claimed[2], in_flight, lost())).await.unwrap();
    let unclear = Event::StayedUnclear { why: String::new() };
    bench.record(outcome(&claimed[2], GiftState::InDoubt, unclear)).await.unwrap();
    let mut glance = bench.ledger.glance().await.unwrap();
    fn of<'s>(campaign: &'s i64, reopened: Option<&'s [String]>) -> Sender<'s> {
        Sender { campaigns: std::slice::from_ref(campaign), reopened }
    }
    let later = now() + TimeDelta::milliseconds(1);
    for (campaign, since, given) in [(may, now(), 200), (june, now(), 300), (june, later, 0)] {
        let counted = glance.given_since(since, of(&campaign, None)).await.unwrap();
        assert_eq!(counted, money(given), "campaign {campaign} since {since}");
    }
    let over = glance.wallets_over(money(169), now(), of(&june, None)).await.unwrap();
    let wallet = content(1, 1).wallet;
    let day = WalletDay { wallet, given: money(100), open: money(70) };
    assert_eq!((&over.named[..], over.count), (&[day][..], 1));
    let over = glance.wallets_over(money(170), now(), of(&june, None)).await.unwrap();
    assert_eq!(over.count, 0);
    // What is open of may: the one in flight, and with a retry the one that was refused.
    assert_eq!(glance.send_most(of(&may, None), 9).await.unwrap(), (1, money(100)));
    assert_eq!(glance.send_most(of(&may, ALL), 9).await.unwrap(), (2, money(200)));
    let other = ["other".to_owned()];
    assert_eq!(glance.send_most(of(&may, Some(&other)), 9).await.unwrap(), (1, money(100)));
    assert_eq!(glance.send_most(of(&june, None), 1).await.unwrap(), (1, money(70)));
    // Both together: nothing counts twice.
    let both = Sender { campaigns: &[may, june], reopened: None };
    assert_eq!(glance.given_since(now(), both).await.unwrap(), money(200));
    assert_eq!(glance.send_most(both, 2).await.unwrap(), (2, money(170)));
    assert_eq!(glance.wallets_over(money(169), now(), both).await.unwrap().count, 1);
}

#[tokio::test]
async fn gifts_are_listed_in_the_order_in_which_they_are_claimed() {
    // Goal: a look ahead shows what the claim would take, page by page. Method: some were tried before, one
    // was refused, one has expired; the walk in pages of two, beside the claim, without and with a retry.
    let mut bench = Bench::new().await;
    let mut contents: Vec<GiftContent> = (1..=8).map(|wallet| content(wallet, 100)).collect();
    contents[6].expiry = Expiry::at(now());
    let may = bench.load("may", &contents).await;
    let run = bench.begin(may).await;
    let mut batch = bench.writer.begin().await.unwrap();
    let early = batch.claim(may, run, 3, now()).await.unwrap();
    batch.commit().await.unwrap();
    let again = |seconds| Event::Undelivered {
        retry_at: now() + TimeDelta::seconds(seconds),
        why: String::new(),
    };
    let no = Refusal { class: "gone".into(), message: String::new() };
    for (gift, event) in early.iter().zip([again(5), Event::Declined(no), again(2)]) {
        bench.record(outcome(gift, GiftState::InFlight, event)).await.unwrap();
    }
    let at = now() + TimeDelta::seconds(9);
    for (reopened, expected) in [(None, vec![4, 5, 6, 8, 3, 1]), (ALL, vec![2, 4, 5, 6, 8, 3, 1])] {
        let mut glance = bench.ledger.glance().await.unwrap();
        let mut walk = glance.walk(may, reopened, true, at).await.unwrap();
        let mut wallets = Vec::new();
        loop {
            let page = glance.next_to_send(&mut walk, 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            // Something was sent without a tag already.
            assert!(page.iter().all(|gift| !gift.is_tagged()));
            wallets.extend(page.iter().map(|gift| gift.content.wallet.0.as_u128()));
        }
        assert_eq!(wallets, expected);
    }
    let claimed: HashSet<u128> = bench
        .claim(may, run, at)
        .await
        .iter()
        .map(|gift| gift.gift.content.wallet.0.as_u128())
        .collect();
    assert_eq!(claimed, HashSet::from([1, 3, 4, 5, 6, 8]));
}
