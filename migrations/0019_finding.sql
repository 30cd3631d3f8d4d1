-- What audits found, kept: so that a later reader sees what each of them found, and what became of it.

-- A gift whose time has passed and that no list shows any more is `expired`: nobody can tell whether it was taken
-- away or only left out. No stored row changes its meaning, so the text of the table is what changes, in the way
-- of the migration of the checks.
pragma writable_schema = on;

update sqlite_schema set sql = replace(sql,
'or reconciled = ''unexpected'' or reconciled = ''unread''',
'or reconciled = ''unexpected'' or reconciled = ''unread'' or reconciled = ''expired''')
where type = 'table' and name = 'gift';

pragma writable_schema = reset;

-- Whether it held the wallets' balances against their lists too.
alter table reconciliation add column has_balances integer not null default 0 check (has_balances in (0, 1));

-- How many of what it found; null while it is under way, or where it was killed.
alter table reconciliation add column counts_json text check (counts_json is null or json_valid(counts_json));

-- Something that is not as it should be, from the first audit in a row that found it until the last. An audit that
-- finds it again only moves the end: so a ledger grows by what is new, not by how often it is audited.
create table finding (
    campaign_id         integer not null references campaign (id),
    gift_row            integer not null references gift (id),  -- of a balance: the wallet's first gift in the campaign
    word                text    not null check (word = 'missing' or word = 'differs' or word = 'duplicated'
                                    or word = 'unexpected' or word = 'balance'),
    first_audit         integer not null references reconciliation (id),
    last_audit          integer not null references reconciliation (id),
    detail              text,              -- what differs, or the provider's ids
    primary key (campaign_id, gift_row, word, first_audit),
    constraint in_order check (first_audit <= last_audit)
) strict, without rowid;
