-- A campaign that was given a file with this digest; any, where there are several.
select c.name from load l cross join campaign c on c.id = l.campaign_id where l.file_sha256 = ?1 limit 1
