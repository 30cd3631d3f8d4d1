//! The statements, one file each, under the names by which the code knows them.
//!
//! **Invariant:** `ALL` lists every statement, and a test prepares each one on a migrated ledger.

macro_rules! statements {
    ($($name:ident = $file:literal;)*) => {
        $(pub(super) const $name: &str = include_str!(concat!("sql/", $file, ".sql"));)*

        /// Every statement by its file's name.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str)] = &[$(($file, $name)),*];
    };
}

statements! {
    ATTEMPT_INSERT = "attempt_insert";
    AUDIT_ALL = "audit_all";
    AUDIT_BEFORE = "audit_before";
    CAMPAIGN_ALL = "campaign_all";
    CAMPAIGN_BEGIN_LOAD = "campaign_begin_load";
    CAMPAIGN_BY_NAME = "campaign_by_name";
    CAMPAIGN_END_LOAD = "campaign_end_load";
    CAMPAIGN_FIRST_SENT = "campaign_first_sent";
    CAMPAIGN_FORGOT_SINCE = "campaign_forgot_since";
    CAMPAIGN_FORGOTTEN = "campaign_forgotten";
    CAMPAIGN_MEDIAN = "campaign_median";
    CAMPAIGN_OPEN = "campaign_open";
    CAMPAIGN_RECALLED = "campaign_recalled";
    CAMPAIGN_RECONCILED = "campaign_reconciled";
    CAMPAIGN_SAME_CONTENT = "campaign_same_content";
    CAMPAIGN_TAG = "campaign_tag";
    CAPS_GIVEN = "caps_given";
    CAPS_WALLETS = "caps_wallets";
    CHAIN_HEAD = "chain_head";
    CHAIN_WALK = "chain_walk";
    CLAIM_CHOOSE = "claim_choose";
    CLAIM_CHOOSE_OF = "claim_choose_of";
    CLAIM_CLEAR = "claim_clear";
    CLAIM_TABLE = "claim_table";
    CLAIM_TURN = "claim_turn";
    COPY_MARK = "copy_mark";
    COPY_UNMARK = "copy_unmark";
    COPY_WRITE = "copy_write";
    EVENT_CONFIRM = "event_confirm";
    EVENT_INSERT = "event_insert";
    FIGURES_AMOUNTS = "figures_amounts";
    FIGURES_ATTEMPTS = "figures_attempts";
    FIGURES_EVENTS = "figures_events";
    FIGURES_RUNS = "figures_runs";
    FINDING_OF = "finding_of";
    FINDING_PAGE = "finding_page";
    FINDING_RECORD = "finding_record";
    GIFT_ADD = "gift_add";
    GIFT_ADDED = "gift_added";
    GIFT_BEFORE = "gift_before";
    GIFT_BY_KEY = "gift_by_key";
    GIFT_BY_WALLET = "gift_by_wallet";
    GIFT_CONFIRM = "gift_confirm";
    GIFT_ELSEWHERE = "gift_elsewhere";
    GIFT_EXPIRED = "gift_expired";
    GIFT_FOUND = "gift_found";
    GIFT_ID_OWNER = "gift_id_owner";
    GIFT_IN_DOUBT = "gift_in_doubt";
    GIFT_IN_FLIGHT = "gift_in_flight";
    GIFT_IS_TAKEN = "gift_is_taken";
    GIFT_KNOWN = "gift_known";
    GIFT_LINES = "gift_lines";
    GIFT_LOOKED_FOR = "gift_looked_for";
    GIFT_MARK_HERE = "gift_mark_here";
    GIFT_NEXT_READY = "gift_next_ready";
    GIFT_NEXT_READY_OF = "gift_next_ready_of";
    GIFT_NOT_MATCHED = "gift_not_matched";
    GIFT_PAGE = "gift_page";
    GIFT_READY_NOW = "gift_ready_now";
    GIFT_RECORD = "gift_record";
    GIFT_REFUSED = "gift_refused";
    GIFT_REFUSED_CLASSES = "gift_refused_classes";
    GIFT_REFUSED_WORDS = "gift_refused_words";
    GIFT_SEEN = "gift_seen";
    GIFT_SIGHTING = "gift_sighting";
    GIFT_STRANGER = "gift_stranger";
    GIFT_SUCCESSOR = "gift_successor";
    GIFT_VOUCHED = "gift_vouched";
    GIFT_WITHDRAWN = "gift_withdrawn";
    GIVEN_LAST_REVOKED = "given_last_revoked";
    GIVEN_PAGE = "given_page";
    HISTORY = "history";
    HOLDING_CHECK_INSERT = "holding_check_insert";
    HOLDING_CHECK_LAST_ACCOUNT = "holding_check_last_account";
    HOLDING_COUNT = "holding_count";
    HOLDING_FORGET = "holding_forget";
    HOLDING_OF = "holding_of";
    HOLDING_PRUNE = "holding_prune";
    HOLDING_RECORD = "holding_record";
    HOLDING_TO_ASK = "holding_to_ask";
    HOLDING_WANT = "holding_want";
    INSPECT_FIRST_STEP = "inspect_first_step";
    INSPECT_FOREIGN_KEYS = "inspect_foreign_keys";
    INSPECT_HEALTH = "inspect_health";
    INSPECT_HEALTH_QUICK = "inspect_health_quick";
    INSPECT_LEDGER = "inspect_ledger";
    INSPECT_RUN = "inspect_run";
    INSPECT_STATES = "inspect_states";
    INSPECT_STEPS = "inspect_steps";
    INSPECT_TABLES = "inspect_tables";
    KEY_INDEX_CREATE = "key_index_create";
    KEY_INDEX_DROP = "key_index_drop";
    LEDGER_AGE = "ledger_age";
    LEDGER_FOLD = "ledger_fold";
    LEDGER_FORGOT_SINCE = "ledger_forgot_since";
    LEDGER_GIFTS = "ledger_gifts";
    LEDGER_INSERT = "ledger_insert";
    LEDGER_RESTORED = "ledger_restored";
    LEDGER_STEPS = "ledger_steps";
    LEDGER_TOTAL = "ledger_total";
    LOAD_CORRECTED = "load_corrected";
    LOAD_INSERT = "load_insert";
    LOAD_KEEP_READING = "load_keep_reading";
    LOAD_LEFT_OUT = "load_left_out";
    LOAD_NOTE = "load_note";
    LOAD_OF_FILE = "load_of_file";
    LOAD_OUTLIERS = "load_outliers";
    LOAD_READINGS = "load_readings";
    LOAD_WALLET_SUMS = "load_wallet_sums";
    LOAD_WALLETS = "load_wallets";
    MOVE_ALL = "move_all";
    MOVE_INSERT = "move_insert";
    MOVE_PLACE = "move_place";
    MOVE_WALLETS = "move_wallets";
    PREFLIGHT_INSERT = "preflight_insert";
    PREFLIGHT_LAST_ORIGIN = "preflight_last_origin";
    PROVIDER_INSERT = "provider_insert";
    PROVIDER_LEARN = "provider_learn";
    PROVIDER_MOVE = "provider_move";
    PROVIDER_SELECT = "provider_select";
    RECHECK_ADD = "recheck_add";
    RECHECK_CLEAR = "recheck_clear";
    RECHECK_LET_GO = "recheck_let_go";
    RECHECK_MARKED = "recheck_marked";
    RECHECK_SUMS = "recheck_sums";
    RECHECK_TABLE = "recheck_table";
    RECHECK_WALLETS = "recheck_wallets";
    RECONCILE_CLEAR = "reconcile_clear";
    RECONCILE_MARKED = "reconcile_marked";
    RECONCILE_MATCHED = "reconcile_matched";
    RECONCILE_RECORD = "reconcile_record";
    RECONCILE_REST = "reconcile_rest";
    RECONCILIATION_END = "reconciliation_end";
    RECONCILIATION_INSERT = "reconciliation_insert";
    RUN_END = "run_end";
    RUN_INSERT = "run_insert";
    RUN_KNOWN = "run_known";
    RUN_LAST = "run_last";
    RUN_NEWEST = "run_newest";
    RUN_NOTE = "run_note";
    RUN_SPEED = "run_speed";
    RUN_UNDER_WAY = "run_under_way";
    SEND_MOST = "send_most";
    SEND_NEXT = "send_next";
    SEND_REOPENED = "send_reopened";
    SEND_TAGGED = "send_tagged";
    STATEMENT_AUDIT = "statement_audit";
    STATEMENT_CAMPAIGN = "statement_campaign";
    STATEMENT_FINDINGS = "statement_findings";
    STATEMENT_STANDS = "statement_stands";
    SURPLUS_BEGIN = "surplus_begin";
    SURPLUS_END = "surplus_end";
    SURPLUS_GONE = "surplus_gone";
    SURPLUS_OF = "surplus_of";
    TALLY_FATES = "tally_fates";
    TALLY_RANGE = "tally_range";
    TALLY_STATES = "tally_states";
    TALLY_WALLETS = "tally_wallets";
    USE_CLEAR = "use_clear";
    USE_RECORD = "use_record";
    USE_SUMS = "use_sums";
    VERIFY_AUDITS = "verify_audits";
    VERIFY_CAMPAIGNS = "verify_campaigns";
    VERIFY_GIFT_IDS = "verify_gift_ids";
    VERIFY_GIFTS = "verify_gifts";
    VERIFY_STORIES = "verify_stories";
    WALLET_COUNT = "wallet_count";
    WALLET_FORGET = "wallet_forget";
    WALLET_GIFTS = "wallet_gifts";
    WALLET_INDEX_CREATE = "wallet_index_create";
    WALLET_INDEX_DROP = "wallet_index_drop";
    WALLET_OF = "wallet_of";
    WALLET_PAGE = "wallet_page";
    WALLET_PRUNE = "wallet_prune";
    WALLET_RECORD = "wallet_record";
    WALLET_SUSPECT = "wallet_suspect";
    WALLET_TO_ASK = "wallet_to_ask";
    WALLET_WANT = "wallet_want";
    WISH_ADD = "wish_add";
    WISH_LAST = "wish_last";
}

#[cfg(test)]
mod tests {
    use sqlx::{Executor, SqlSafeStr};

    use super::ALL;
    use crate::ledger::Ledger;

    #[tokio::test]
    async fn every_statement_prepares_on_a_migrated_ledger() {
        // Goal: no statement names a column or an index that is not there. Method: prepare all, with the
        // table for claims that a run makes.
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let mut writer = ledger.connect_writer().await.unwrap();
        (&mut writer).execute(super::CLAIM_TABLE.into_sql_str()).await.unwrap();
        (&mut writer).execute(super::RECHECK_TABLE.into_sql_str()).await.unwrap();
        for (file, statement) in ALL {
            let prepared = (&mut writer).prepare(statement.into_sql_str()).await;
            assert!(prepared.is_ok(), "{file}: {:?}", prepared.err());
        }
    }

    #[test]
    fn every_file_is_a_known_statement_with_a_comment() {
        // Goal: no dead file, and each says why it is there. Method: the folder against the list.
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ledger/sql");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.trim_end_matches(".sql").to_owned())
            .collect();
        files.sort();
        assert_eq!(files, ALL.iter().map(|(file, _)| *file).collect::<Vec<_>>());
        for (file, statement) in ALL {
            assert!(statement.starts_with("-- "), "{file} begins with a comment");
        }
    }
}
