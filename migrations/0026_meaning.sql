-- What a row means besides what its file says, kept with the campaign.

-- How the texts of rows enter their keys. 1: as they were written, in campaigns from before this step. 2: as a
-- person sees them, without what is invisible. It never changes: each key would be another one.
alter table campaign add column key_rule integer not null default 1 check (key_rule = 1 or key_rule = 2);

-- What around the file decided what its rows are: zone, defaults, decimal mark, currency, and where in the file
-- they were found. Of what no row depended on nothing is said. Of loads from before this step only the currency
-- is known.
alter table load add column reading_json text check (reading_json is null or json_valid(reading_json));

update load set reading_json = (
    select json_object('currency', coalesce(json_extract(c.dialect_json, '$.currency'), 'TRY'))
    from campaign c where c.id = load.campaign_id);
