//! The ledger against a small model of it: random steps, legal and not, and after each of them both
//! must say the same of every gift.
//!
//! `PROPTEST_CASES=2000 cargo test --lib ledger_does_what_its_model_does` is the long form. A failure is
//! shrunk, and prints its steps and its seed.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::model::{Gift, Model, Pick, outcomes};
use super::*;
use crate::domain::WalletId;

const CAMPAIGNS: [&str; 2] = ["may", "june"];

/// Something that a stage does with the ledger, or that happens to it.
#[derive(Clone, Debug)]
enum Step {
    /// A file goes into a campaign: contents by their places in the palette.
    Load { campaign: usize, file: Vec<usize>, is_committed: bool },
    /// Intents.
    Claim { campaign: usize, limit: usize, is_committed: bool },
    /// Outcomes of one group.
    Record { picks: Vec<Pick>, is_committed: bool },
    /// What is in flight is orphaned, as at the start of a run.
    Orphan,
    /// A reconcile's findings.
    Find { found: Vec<(Index, Finding)> },
    /// A reconcile begins: what the last one found is forgotten.
    Forget { campaign: usize },
    /// A reconcile ends: given gifts of which nothing was ever found are unread.
    Rest { campaign: usize },
    /// Minutes pass.
    Wait { minutes: i64 },
    /// The process ends without a word, with a group half written, and another one opens the file.
    Reopen { campaign: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let campaign = || 0..CAMPAIGNS.len();
    let is_committed = || prop::bool::weighted(0.9);
    let pick = (
        any::<Index>(),
        any::<Index>(),
        prop::bool::weighted(0.9),
        prop::option::weighted(0.1, select(&GiftState::ALL[..])),
        1..12_u128,
    );
    let pick = pick.prop_map(|(gift, event, is_legal, stale, id)| Pick {
        gift,
        event,
        is_legal,
        stale,
        id,
    });
    let found = (any::<Index>(), select(&Finding::ALL[..]));
    let step = prop_oneof![
        2 => (campaign(), prop::collection::vec(0..5_usize, 0..4), is_committed()).prop_map(
            |(campaign, file, is_committed)| Step::Load { campaign, file, is_committed }
        ),
        6 => (campaign(), 1..6_usize, is_committed()).prop_map(
            |(campaign, limit, is_committed)| Step::Claim { campaign, limit, is_committed }
        ),
        16 => (prop::collection::vec(pick, 1..4), is_committed())
            .prop_map(|(picks, is_committed)| Step::Record { picks, is_committed }),
        1 => Just(Step::Orphan),
        2 => prop::collection::vec(found, 1..4).prop_map(|found| Step::Find { found }),
        1 => campaign().prop_map(|campaign| Step::Forget { campaign }),
        1 => campaign().prop_map(|campaign| Step::Rest { campaign }),
        2 => (1..30_i64).prop_map(|minutes| Step::Wait { minutes }),
        1 => campaign().prop_map(|campaign| Step::Reopen { campaign }),
    ];
    prop::collection::vec(step, 1..100)
}

/// As many cases as fit into some seconds, or as many as are asked for.
fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { 24 };
    ProptestConfig { cases, ..asked }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_ledger_does_what_its_model_does(steps in steps()) {
        // Goal: no order of steps, and no wrong step, brings the ledger to a state that the contract
        // does not know. Method: random steps against a map of gifts; after each all that can be read
        // is compared, and every story must lead to its gift's state by the transition table.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut both = Both::new().await;
            for step in steps {
                both.take(&step).await;
                both.compare().await;
            }
            both.compare_stories().await;
        });
    }
}

/// The ledger and its model.
struct Both {
    bench: Bench,
    model: Model,
    run: Uuid,
    campaigns: Vec<i64>,
    now: DateTime<Utc>,
}

/// What can be given. Wallets have one or several contents; some expire soon.
fn palette(place: usize) -> GiftContent {
    let expiry = |minutes| Expiry::at(now() + TimeDelta::minutes(minutes));
    match place {
        0 => content(1, 500),
        1 => content(1, 700),
        2 => content(2, 500),
        3 => GiftContent { expiry: expiry(60), ..content(2, 500) },
        _ => GiftContent { expiry: expiry(20), ..content(3, 500) },
    }
}

impl Both {
    async fn new() -> Both {
        let mut bench = Bench::new().await;
        let mut campaigns = Vec::new();
        for name in CAMPAIGNS {
            campaigns.push(bench.load(name, &[]).await);
        }
        let run = bench.begin(campaigns[0]).await;
        Both { bench, model: Model::default(), run, campaigns, now: now() }
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Load { campaign, file, is_committed } => {
                self.load(*campaign, file, *is_committed).await;
            }
            Step::Claim { campaign, limit, is_committed } => {
                self.claim(self.campaigns[*campaign], *limit, *is_committed).await;
            }
            Step::Record { picks, is_committed } => self.record(picks, *is_committed).await,
            Step::Orphan => self.orphan().await,
            Step::Find { found } => self.find(found).await,
            Step::Forget { campaign } => {
                let campaign = self.campaigns[*campaign];
                let mut batch = self.bench.writer.begin().await.unwrap();
                let rows: Vec<i64> =
                    self.model.of_campaign(campaign).map(|gift| gift.row).collect();
                batch.clear_findings(&rows, Gone::Perhaps);
                batch.commit().await.unwrap();
                self.model
                    .of_campaign(campaign)
                    .filter(|gift| gift.finding != Some(Finding::Unexpected))
                    .for_each(|gift| gift.finding = None);
            }
            Step::Rest { campaign } => {
                let campaign = self.campaigns[*campaign];
                let mut batch = self.bench.writer.begin().await.unwrap();
                batch.rest_is_unread(campaign).await.unwrap();
                batch.commit().await.unwrap();
                let gifts = self.model.of_campaign(campaign);
                gifts
                    .filter(|gift| gift.state == GiftState::Issued && gift.finding.is_none())
                    .for_each(|gift| gift.finding = Some(Finding::Unread));
            }
            Step::Wait { minutes } => self.now += TimeDelta::minutes(*minutes),
            Step::Reopen { campaign } => self.reopen(self.campaigns[*campaign]).await,
        }
    }

    async fn load(&mut self, campaign: usize, file: &[usize], is_committed: bool) {
        let header = LoadHeader {
            campaign: CAMPAIGNS[campaign].parse().unwrap(),
            header_json: "[]".into(),
            dialect_json: "{}".into(),
            file_sha256: "0".repeat(64),
        };
        let batch = self.bench.writer.begin().await.unwrap();
        let mut load = batch.load(&header, self.now).await.unwrap();
        let rows = file.iter().enumerate().map(|(line, place)| NewRow {
            line: line as u64,
            content: palette(*place),
            reference: None,
            gift_key: None,
            cells_json: "[]".into(),
        });
        let added = load.add(rows.collect()).await.unwrap();
        load.finish(self.now).await.unwrap();
        let mut occurrences: BTreeMap<usize, u32> = BTreeMap::new();
        let mut fresh = Vec::new();
        for place in file {
            let occurrence = occurrences.entry(*place).or_default();
            *occurrence += 1;
            let content = palette(*place);
            let key =
                GiftKey::from_content(KeyRule::AsSeen, &header.campaign, &content, *occurrence);
            if !self.model.gifts.contains_key(&key) {
                fresh.push((key, content));
            }
        }
        let told = added.iter().filter(|row| row.fate == RowFate::Added).count();
        assert_eq!(told, fresh.len(), "rows that are told to be new");
        if !is_committed {
            return;
        }
        load.commit().await.unwrap();
        for (key, content) in fresh {
            let row = self.bench.ledger.gift(key).await.unwrap().expect("it was loaded").row;
            self.model.gifts.insert(key, Gift::new(row, self.campaigns[campaign], content));
        }
    }

    async fn claim(&mut self, campaign: i64, limit: usize, is_committed: bool) {
        let expected = self.model.claimable(campaign, limit, self.now);
        let mut batch = self.bench.writer.begin().await.unwrap();
        let claimed = batch.claim(campaign, self.run, limit, self.now).await.unwrap();
        let rows: Vec<i64> = claimed.iter().map(|claimed| claimed.row).collect();
        assert_eq!(rows, expected, "the gifts that may be sent");
        if !is_committed {
            return;
        }
        batch.commit().await.unwrap();
        for claimed in claimed {
            let gift = self.model.gift(claimed.row);
            gift.start(self.now);
            let is = (claimed.attempt, claimed.doubts, Some(claimed.first_sent_at));
            assert_eq!(is, (gift.attempts, gift.doubts, gift.first_sent_at));
            assert_eq!(claimed.gift.content, gift.content);
        }
    }

    async fn record(&mut self, picks: &[Pick], is_committed: bool) {
        let outcomes = outcomes(&mut self.model, picks, self.now);
        let refusals = self.model.refusals(&outcomes);
        let mut batch = self.bench.writer.begin().await.unwrap();
        match (batch.record(Some(self.run), &outcomes).await, refusals.is_empty()) {
            (Ok(()), true) if is_committed => {
                batch.commit().await.unwrap();
                outcomes.iter().for_each(|outcome| self.model.gift(outcome.row).apply(outcome));
            }
            (Ok(()), true) => {}
            (Err(error), false) => {
                let found = name_of(&error);
                assert!(refusals.contains(&found), "{found} of {refusals:?} for {outcomes:?}");
            }
            (done, _) => panic!("{done:?} instead of {refusals:?} for {outcomes:?}"),
        }
    }

    async fn orphan(&mut self) {
        let mut batch = self.bench.writer.begin().await.unwrap();
        let orphans = batch.orphan(Some(self.run), self.now).await.unwrap();
        batch.commit().await.unwrap();
        let orphaned = self.model.orphan(self.now);
        assert_eq!(orphans, orphaned, "what was in flight");
    }

    async fn find(&mut self, found: &[(Index, Finding)]) {
        let rows = self.model.rows();
        if rows.is_empty() {
            return;
        }
        let found: BTreeMap<i64, Finding> =
            found.iter().map(|(index, finding)| (*index.get(&rows), *finding)).collect();
        let audited: Vec<AuditedGift> = found
            .iter()
            .map(|(row, finding)| AuditedGift { row: *row, finding: *finding, detail: None })
            .collect();
        let mut batch = self.bench.writer.begin().await.unwrap();
        batch.record_findings(&audited);
        batch.commit().await.unwrap();
        for (row, finding) in found {
            let before = &mut self.model.gift(row).finding;
            // That a wallet could not be read replaces nothing that was found wrong there.
            let is_wrong = before.is_some_and(|before| {
                !matches!(before, Finding::Matched | Finding::Expired | Finding::Unread)
            });
            if finding != Finding::Unread || !is_wrong {
                *before = Some(finding);
            }
        }
    }

    async fn reopen(&mut self, campaign: i64) {
        let path = self.bench.ledger.path().to_owned();
        let mut batch = self.bench.writer.begin().await.unwrap();
        batch.claim(campaign, self.run, 3, self.now).await.unwrap();
        // What a kill leaves is what lies in the files now.
        let left = tempfile::tempdir().unwrap();
        for name in ["ledger.db", "ledger.db-wal"] {
            std::fs::copy(path.with_file_name(name), left.path().join(name)).unwrap();
        }
        drop(batch);
        self.bench = Bench::open(left).await;
        self.run = self.bench.begin(campaign).await;
    }

    /// Holds everything that stages read against the model, but for the stories.
    async fn compare(&mut self) {
        let Both { bench, model, campaigns, .. } = self;
        for campaign in campaigns.iter() {
            let page = bench.ledger.gift_page(*campaign, None, 0, 1_000).await.unwrap();
            let told: Vec<_> = page
                .into_iter()
                .map(|gift| {
                    let is = (gift.row, gift.key, gift.content, gift.state, gift.attempts);
                    (is, gift.gift_id, gift.issued_at, gift.error_class, gift.reconciled)
                })
                .collect();
            assert_eq!(told, model.page(*campaign));
            for meanwhile in [Meanwhile::Still, Meanwhile::Written] {
                let mut tally = bench.ledger.tally(*campaign, meanwhile).await.unwrap();
                tally.sort_by_key(|tally| tally.state);
                let tally: Vec<_> =
                    tally.iter().map(|tally| (tally.state, tally.gifts, tally.amount)).collect();
                assert_eq!(tally, model.tally(*campaign));
                let fates = bench.ledger.tally_fates(*campaign, meanwhile).await.unwrap();
                let fates: HashMap<_, _> = fates
                    .into_iter()
                    .map(|fate| {
                        let sum = (fate.tally.gifts, fate.tally.amount);
                        ((fate.tally.state, fate.class, fate.found), sum)
                    })
                    .collect();
                let mut counted: HashMap<_, (u64, Money)> = HashMap::new();
                for ((_, _, content, state, _), _, _, class, found) in &told {
                    let fate = (*state, class.clone(), found.clone());
                    let sum = counted.entry(fate).or_default();
                    *sum = (sum.0 + 1, sum.1 + content.amount);
                }
                assert_eq!(fates, counted);
            }
        }
        let mut batch = bench.writer.begin().await.unwrap();
        let doubts = batch.doubts().await.unwrap().into_iter();
        let doubts: Vec<_> = doubts
            .map(|Doubt { claimed, settle_from, .. }| {
                (claimed.first_sent_at, claimed.row, claimed.attempt, claimed.doubts, settle_from)
            })
            .collect();
        assert_eq!(doubts, model.doubts());
        for campaign in campaigns.iter() {
            let waiting = batch.waiting(*campaign, self.now).await.unwrap();
            let is = (waiting.gifts, waiting.next_ready_at);
            assert_eq!(is, model.waiting(*campaign, self.now));
            let expired = batch.expired(*campaign, 1_000, self.now).await.unwrap();
            let mut rows: Vec<i64> = expired.iter().map(|unsent| unsent.row).collect();
            rows.sort_unstable();
            assert_eq!(rows, model.expired(*campaign, self.now));
            let page = batch.wallet_page(*campaign, 0, 1_000).await.unwrap();
            let known = page.into_iter().map(|known| {
                let gifts = known.gifts.into_iter().map(|gift| (gift.row, gift.state));
                (known.row, known.wallet, gifts.collect())
            });
            assert_eq!(known.collect::<Vec<_>>(), model.wallets(*campaign));
        }
        let ids = (1..12).map(gift_id);
        let mut owned: Vec<GiftId> = batch.claimed_ids(ids).await.unwrap().into_iter().collect();
        owned.sort_unstable();
        assert_eq!(owned, model.claimed_ids());
    }

    /// Nothing that happened is missing, and nothing that did not is there.
    async fn compare_stories(&mut self) {
        for gift in self.model.gifts.values() {
            let story = self.bench.ledger.history(gift.row).await.unwrap();
            let told: Vec<(i64, String)> =
                story.into_iter().map(|line| (line.attempt, line.word)).collect();
            let expected: Vec<(i64, String)> = gift
                .story
                .iter()
                .map(|(attempt, event)| (*attempt, event.word().to_owned()))
                .collect();
            assert_eq!(told, expected, "the story of row {}", gift.row);
            let state = gift
                .story
                .iter()
                .try_fold(GiftState::Planned, |state, (_, event)| state.next(event));
            assert_eq!(state, Ok(gift.state), "where the story of row {} leads", gift.row);
        }
        let wallets: Vec<WalletId> = (1..=3).map(|wallet| content(wallet, 1).wallet).collect();
        let mut batch = self.bench.writer.begin().await.unwrap();
        for wallet in wallets {
            let known = batch.known_gifts(wallet).await.unwrap();
            let told: Vec<(i64, GiftState)> =
                known.into_iter().map(|gift| (gift.row, gift.state)).collect();
            assert_eq!(told, self.model.of_wallet(wallet));
        }
    }
}

/// The kind of an error, as the model names it.
fn name_of(error: &LedgerError) -> &'static str {
    match error {
        LedgerError::Illegal(_) => "illegal",
        LedgerError::Raced { .. } => "raced",
        LedgerError::GiftIdTaken => "an id of another gift",
        _ => "another error",
    }
}
