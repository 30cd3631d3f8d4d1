//! How SQLite carries out each statement in a ledger that is full: what is asked for a group or for a single gift
//! must cost the same however much there is.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr, SqliteConnection};

use super::*;
use crate::ledger::many::{ROWS, with_rows};

/// A ledger as some years leave it: campaigns of 500 and of 20,000 gifts in several states, each with its story.
const FILL: [&str; 11] = [
    "insert into campaign (name, first_loaded_at_ms, last_loaded_at_ms, load_count, header_json, dialect_json,
                           file_sha256, gift_count, total_minor, plan_digest, key_rule)
     with recursive n (i) as (values (1) union all select i + 1 from n where i < 10)
     select 'campaign-' || i, i, i, 2, '[]', '{}', printf('%064d', i), 0, 0, randomblob(16), 2 from n",
    "insert into gift (campaign_id, key, line, first_load, last_load, wallet_id, amount_minor, description,
                       cells_json, twin, state, ready_at_ms, attempt_count, first_sent_at_ms, settle_from_ms,
                       gift_id, issued_at_ms, error_class)
     with recursive n (i) as (values (1) union all select i + 1 from n where i < 20000)
     select c.id, randomblob(16), i, 1, 1 + i % 2, randomblob(16), 500, 'KUPON', '[]', randomblob(16), s.state,
            iif(s.state = 'planned', 0, null), s.state <> 'planned', iif(s.state = 'planned', null, i),
            iif(s.state = 'in_doubt', i, null),
            iif(s.state = 'issued', randomblob(16), null), iif(s.state = 'issued', i, null),
            iif(s.state = 'refused', 'NotFound', null)
     from campaign c cross join n cross join (select 'planned' as state, 0 as place union all
          select 'issued', 1 union all select 'refused', 2 union all select 'in_doubt', 3) s
     where s.place = case when i % 1000 = 0 then 3 when i % 100 = 0 then 2 else (i + c.id) % 2 end
       and (c.id % 2 = 0 or i <= 500)",
    "insert into run (id, campaign_id, command, process_id, started_at_ms)
     select randomblob(16), id, 'run', 1, 1 from campaign",
    "insert into attempt (gift_row, number, run_id, started_at_ms)
     select g.id, 1, r.id, g.first_sent_at_ms from gift g join run r using (campaign_id) where g.attempt_count = 1",
    "insert into event (gift_row, attempt_number, run_id, at_ms, word)
     select gift_row, number, run_id, started_at_ms, 'confirmed' from attempt",
    "insert into preflight (origin, begun_at_ms, reuse_from_ms) values ('https://wallet.example', 1, 1)",
    "insert into wallet_seen (wallet_id, wanted) select wallet_id, 1 from gift",
    "insert into holding_check (account, begun_at_ms, reuse_from_ms) values ('https://minted.example', 1, 1)",
    "insert into holding_seen (customer, metals, wanted) select id, 'gold', 1 from gift",
    "insert into gift_use (campaign_id, gift_row, remaining_minor, is_used, seen_at_ms)
     select campaign_id, id, 0, 1, 1 from gift where state = 'issued'",
    "insert into reconciliation (campaign_id, command, process_id, started_at_ms)
     select id, 'reconcile', 1, 1 from campaign",
];

/// Tables of one row, and what SQLite keeps for a statement or a connection alone.
const SMALL: [&str; 5] = ["ledger", "provider", "_sqlx_migrations", "claimed", "rechecked"];

/// Statements that walk a campaign or a table all the same, and why they may.
const WALKS: [(&str, &[&str]); 7] = [
    (
        "once a command: it adds a campaign, its file or the ledger up, or shows all of it",
        &[
            "campaign_first_sent",
            "campaign_median",
            "campaign_same_content",
            "campaign_tag",
            "caps_given",
            "caps_wallets",
            "chain_walk",
            "gift_found",
            "gift_refused_classes",
            "inspect_states",
            "load_corrected",
            "load_left_out",
            "load_outliers",
            "load_wallet_sums",
            "load_wallets",
            "move_wallets",
            "recheck_sums",
            "reconcile_marked",
            "send_most",
            "send_tagged",
            "statement_findings",
            "statement_stands",
            "surplus_of",
            "tally_wallets",
            "use_sums",
            "verify_audits",
            "verify_gift_ids",
        ],
    ),
    (
        "once a run: it ends at the first row that it finds, which nearly always is near where it begins",
        &["gift_refused_words", "gift_sighting", "given_last_revoked", "provider_insert"],
    ),
    (
        "where nothing can be claimed, once each time: it walks what waits to be sent, not the campaign",
        &["gift_expired", "gift_next_ready", "gift_withdrawn"],
    ),
    (
        "a preflight begins or ends: it looks over what was asked before",
        &[
            "holding_count",
            "holding_forget",
            "holding_prune",
            "wallet_count",
            "wallet_forget",
            "wallet_prune",
        ],
    ),
    (
        "it begins at the end of the table, and takes one row or a few",
        &[
            "chain_head",
            "holding_check_last_account",
            "inspect_run",
            "ledger_age",
            "preflight_last_origin",
            "run_speed",
            "tally_range",
        ],
    ),
    (
        "campaigns, loads, runs, moves and wishes are few, and it is asked once a command or a moment",
        &[
            "campaign_all",
            "campaign_open",
            "figures_attempts",
            "figures_runs",
            "inspect_ledger",
            "ledger_gifts",
            "ledger_total",
            "load_of_file",
            "move_all",
            "run_last",
            "run_newest",
            "run_under_way",
            "verify_campaigns",
        ],
    ),
    (
        "the plan names a look for foreign keys that SQLite leaves out: no key is changed or taken away",
        &[
            "campaign_begin_load",
            "holding_check_insert",
            "preflight_insert",
            "reconciliation_insert",
        ],
    ),
];

#[tokio::test]
async fn nothing_that_is_asked_for_a_group_walks_a_campaign() {
    // Goal: what a group costs does not grow with the ledger, whether or not somebody let SQLite count its tables.
    // Method: the plan of every statement, for one row and for a group, in a ledger of a hundred thousand gifts, before
    // and after `analyze`; those that walk against the list of those that may.
    let bench = Bench::new().await;
    let mut writer = bench.ledger.connect_writer().await.unwrap();
    for text in [sql::CLAIM_TABLE, sql::RECHECK_TABLE].into_iter().chain(FILL) {
        (&mut writer).execute(text.into_sql_str()).await.unwrap();
    }
    let gifts: i64 =
        sqlx::query_scalar("select count(*) from gift").fetch_one(&mut writer).await.unwrap();
    assert!(gifts > 100_000, "{gifts}");
    let tables = "select name from sqlite_schema where type = 'table'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut writer).await.unwrap();
    let may: BTreeSet<&str> = WALKS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let mut walking: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for _ in 0..2 {
        for (name, statement) in sql::ALL {
            // An index that is made is made of the whole table.
            if statement.contains("\ncreate ") || statement.contains("\nvacuum ") {
                continue;
            }
            let is_of_rows = |line: &str| line == "values (?)" || line.starts_with("values (?, ");
            let group = statement.lines().any(is_of_rows).then(|| with_rows(statement, ROWS));
            for statement in [Some((*statement).to_owned()), group].into_iter().flatten() {
                let walks = walks(&mut writer, &tables, &statement).await;
                if !walks.is_empty() {
                    walking.insert(name, walks);
                }
            }
        }
        (&mut writer).execute("analyze".into_sql_str()).await.unwrap();
    }
    let unlisted: Vec<_> = walking.iter().filter(|(name, _)| !may.contains(*name)).collect();
    assert!(unlisted.is_empty(), "they walk, and no reason is listed: {unlisted:#?}");
    let idle: Vec<_> = may.iter().filter(|name| !walking.contains_key(*name)).collect();
    assert!(idle.is_empty(), "listed, and they walk no more: {idle:?}");
}

/// Where a statement walks a table of the ledger, or all that is one campaign's.
async fn walks(
    connection: &mut SqliteConnection,
    tables: &[String],
    statement: &str,
) -> Vec<String> {
    let text = AssertSqlSafe(format!("explain query plan {statement}"));
    let lines = sqlx::query(text).fetch_all(connection).await.unwrap();
    let tables = named(tables, statement);
    let has_limit = statement.contains("limit ");
    let is_walk = |line: &String| {
        let mut words = line.split_whitespace();
        let (how, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let Some(table) = tables.get(name).filter(|table| !SMALL.contains(&table.as_str())) else {
            return false;
        };
        let by = line.rsplit_once('(').map(|(_, by)| by.split(')').next().unwrap_or_default());
        let of_gifts = ["gift", "finding", "gift_use"].contains(&table.as_str());
        match (how, by) {
            ("SCAN", _) => !line.contains("VIRTUAL TABLE"),
            ("SEARCH", Some("campaign_id=?")) => of_gifts,
            ("SEARCH", Some("campaign_id=? AND id>?")) => of_gifts && !has_limit,
            _ => false,
        }
    };
    let lines = lines.iter().map(|line| line.get::<String, _>("detail"));
    lines.filter(is_walk).collect()
}

/// The tables of a statement, by the names that its plan may have for them: their own, and the word behind them.
fn named(tables: &[String], statement: &str) -> BTreeMap<String, String> {
    let text: String =
        statement.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = text
        .split(|char: char| !(char.is_alphanumeric() || char == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let is_table = |word: &str| tables.iter().any(|table| table == word);
    let aliases = words.windows(2).filter(|pair| is_table(pair[0]));
    let aliases = aliases.map(|pair| (pair[1].to_owned(), pair[0].to_owned()));
    let mut named: BTreeMap<String, String> = aliases.collect();
    named.extend(tables.iter().map(|table| (table.clone(), table.clone())));
    named
}
