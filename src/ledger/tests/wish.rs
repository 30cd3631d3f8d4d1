//! Wishes: what they hold up, who may write them when, and what is withdrawn.

use super::*;

const ANN: &str = "ann@desk";

async fn standing(bench: &Bench, campaign: i64) -> &'static str {
    bench.ledger.standing(campaign).await.unwrap().word()
}

#[tokio::test]
async fn nothing_is_claimed_of_a_campaign_that_is_not_open() {
    // Goal: no intent after a wish, and other campaigns go on. Method: two campaigns; one is paused, paused
    // again, resumed, cancelled, and wished for in vain afterwards; claims of both in between.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500), content(2, 500), content(3, 500)]).await;
    let june = bench.load("june", &[content(4, 500)]).await;
    let run = bench.begin(may).await;
    let ledger = bench.ledger.clone();
    let wish = async |wish| ledger.wish(may, wish, ANN, now()).await.unwrap();
    assert!(!wish(Wish::Resume).await, "it is open already");
    assert!(wish(Wish::Pause).await);
    assert!(!wish(Wish::Pause).await, "it is paused already");
    let paused = Standing::Paused(Wished { at: now(), by: ANN.into() });
    assert_eq!(bench.ledger.standing(may).await.unwrap(), paused);
    assert!(bench.claim(may, run, now()).await.is_empty());
    assert_eq!(bench.claim(june, run, now()).await.len(), 1);
    assert!(wish(Wish::Resume).await);
    let mut batch = bench.writer.begin().await.unwrap();
    assert_eq!(batch.claim(may, run, 1, now()).await.unwrap().len(), 1);
    batch.commit().await.unwrap();
    assert!(wish(Wish::Cancel).await);
    for late in [Wish::Cancel, Wish::Resume, Wish::Pause] {
        assert!(!wish(late).await, "{late:?} after the end");
    }
    assert_eq!(standing(&bench, may).await, "cancelled");
    assert!(bench.claim(may, run, now()).await.is_empty());
}

#[tokio::test]
async fn what_a_limited_run_has_begun_is_not_sent_again_after_a_wish() {
    // Goal: a run that may begin no further gift sends none of its own again either, once its campaign is
    // paused or cancelled. Method: a gift that the server was too busy for, claimed by its row: after the
    // pause, after the resume (it is sent), and after the cancel.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500)]).await;
    let run = bench.begin(may).await;
    let ledger = bench.ledger.clone();
    let row = bench.claim(may, run, now()).await[0].row;
    let steps = [(Wish::Pause, 0), (Wish::Resume, 1), (Wish::Cancel, 0)];
    for (attempt, (wish, sent)) in [1, 1, 2].into_iter().zip(steps) {
        if wish != Wish::Resume {
            let event = Event::Undelivered { retry_at: now(), why: "busy".into() };
            let (state, at) = (GiftState::InFlight, now());
            bench.record(Outcome::of((row, state, attempt), event, at)).await.unwrap();
        }
        ledger.wish(may, wish, ANN, now()).await.unwrap();
        let batch = bench.writer.begin().await.unwrap();
        let claimed =
            batch.commit_claiming(ClaimFrom::Rows(&[row]), run, 9, now(), now()).await.unwrap();
        assert_eq!(claimed.len(), sent, "{wish:?}");
    }
}

#[tokio::test]
async fn what_was_never_sent_of_cancelled_campaigns_is_withdrawn() {
    // Goal: withdrawn is what certainly was not given, and nothing else. Method: of a campaign that is
    // cancelled a gift in flight, one deferred and one planned; one of a campaign that is paused.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500), content(2, 700), content(3, 900)]).await;
    let june = bench.load("june", &[content(4, 500)]).await;
    let run = bench.begin(may).await;
    let mut batch = bench.writer.begin().await.unwrap();
    let claimed = batch.claim(may, run, 2, now()).await.unwrap();
    batch.commit().await.unwrap();
    let again = Event::Undelivered { retry_at: now() + TimeDelta::hours(1), why: "busy".into() };
    bench.record(outcome(&claimed[1], GiftState::InFlight, again)).await.unwrap();
    bench.ledger.wish(june, Wish::Pause, ANN, now()).await.unwrap();
    let mut batch = bench.writer.begin().await.unwrap();
    assert!(batch.to_withdraw(9).await.unwrap().is_empty());
    batch.rollback().await.unwrap();
    bench.ledger.wish(may, Wish::Cancel, ANN, now()).await.unwrap();
    let mut batch = bench.writer.begin().await.unwrap();
    let unsent = batch.to_withdraw(9).await.unwrap();
    let seen: Vec<_> = unsent.iter().map(|gift| (gift.state, gift.amount.minor())).collect();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.contains(&(GiftState::Planned, 900)) && seen.contains(&(GiftState::Deferred, 700))
    );
    assert_eq!(batch.to_withdraw(1).await.unwrap().len(), 1, "in parts");
}

#[tokio::test]
async fn a_wish_and_a_group_wait_for_each_other() {
    // Goal: neither fails because the other writes. Method: a wish while a group holds the right to write,
    // which commits only after the wish has begun to wait; then claims and wishes at the same time.
    let mut bench = Bench::new().await;
    let contents: Vec<GiftContent> = (1..=40).map(|wallet| content(wallet, 500)).collect();
    let may = bench.load("may", &contents).await;
    let run = bench.begin(may).await;
    let mut batch = bench.writer.begin().await.unwrap();
    batch.claim(may, run, 1, now()).await.unwrap();
    let ledger = bench.ledger.clone();
    let wish = tokio::spawn(async move { ledger.wish(may, Wish::Pause, ANN, now()).await });
    // Whichever of the two comes first: the wish is there in the end, and the group is.
    tokio::task::yield_now().await;
    let seen = bench.ledger.standing(may).await.unwrap();
    assert_eq!(seen, Standing::Open, "the group has not ended");
    batch.commit().await.unwrap();
    assert!(wish.await.unwrap().unwrap());
    let ledger = bench.ledger.clone();
    let wishes = tokio::spawn(async move {
        for _ in 0..20 {
            ledger.wish(may, Wish::Resume, ANN, now()).await.unwrap();
            ledger.wish(may, Wish::Pause, ANN, now()).await.unwrap();
        }
    });
    let mut claimed = 1;
    for _ in 0..60 {
        let mut batch = bench.writer.begin().await.unwrap();
        claimed += batch.claim(may, run, 1, now()).await.unwrap().len();
        batch.commit().await.unwrap();
    }
    wishes.await.unwrap();
    assert!(bench.ledger.wish(may, Wish::Resume, ANN, now()).await.unwrap());
    claimed += bench.claim(may, run, now()).await.len();
    assert_eq!(claimed, 40);
}

#[tokio::test]
async fn wishes_are_kept_as_they_were() {
    // Goal: who stopped a campaign can be told for ever, and nobody revives a cancelled one, not even with
    // SQL of their own. Method: statements that would.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500)]).await;
    bench.ledger.wish(may, Wish::Cancel, ANN, now()).await.unwrap();
    let mut connection = bench.ledger.connect_writer().await.unwrap();
    for (broken, said) in [
        ("update wish set word = 'resume'", "append-only"),
        ("delete from wish", "append-only"),
        ("insert into wish values (9, 1, 'resume', 1, 'bob')", "is cancelled"),
        ("insert into wish values (9, 1, 'revive', 1, 'bob')", "is cancelled"),
    ] {
        let refused = sqlx::query(broken).execute(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains(said), "{broken}: {refused}");
    }
}
