-- SQLite makes the list of an `in` of three words and more anew for each row that it checks, and spent a
-- third of a load on that. The same conditions as chains of `or` cost a comparison a word.

-- No stored row changes its meaning, so the text of the table is what changes, in the way that SQLite's
-- page on `alter table` gives for checks.
pragma writable_schema = on;

update sqlite_schema set sql = replace(replace(replace(sql,
'state in (
        ''planned'', ''in_flight'', ''deferred'', ''in_doubt'', ''held'',
        ''issued'', ''refused'', ''cancelled'', ''revoking'', ''revoked'')',
'state = ''planned'' or state = ''issued'' or state = ''in_flight'' or state = ''deferred''
        or state = ''in_doubt'' or state = ''held'' or state = ''refused'' or state = ''cancelled''
        or state = ''revoking'' or state = ''revoked'''),
'reconciled in (
        ''matched'', ''missing'', ''differs'', ''duplicated'', ''unexpected'', ''unread'')',
'reconciled is null or reconciled = ''matched'' or reconciled = ''missing'' or reconciled = ''differs''
        or reconciled = ''duplicated'' or reconciled = ''unexpected'' or reconciled = ''unread'''),
'state in (''issued'', ''revoking'', ''revoked'')',
'state = ''issued'' or state = ''revoking'' or state = ''revoked''')
where type = 'table' and name = 'gift';

pragma writable_schema = reset;

-- Serves the start of a run, and keeps wallets with a doubt out of the claim.
drop index gift_open;
create index gift_open on gift (state, wallet_id)
    where state = 'in_flight' or state = 'in_doubt' or state = 'revoking';

-- Identical gifts of one wallet go one at a time, so that no doubt can claim a twin's answer.
drop index gift_one_open_twin;
create unique index gift_one_open_twin on gift (twin)
    where state = 'in_flight' or state = 'in_doubt' or state = 'held';

-- Serves settling and reconciling: all that we know of one wallet. The campaign is in it so that its
-- wallets are counted from the index alone, in order. A ledger's first load may make it at its end, from
-- src/ledger/sql/wallet_index_create.sql.
drop index gift_of_wallet;
create index gift_of_wallet on gift (wallet_id, campaign_id);
