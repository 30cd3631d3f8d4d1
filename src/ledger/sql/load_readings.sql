-- How the loads of a campaign read their files, and how many rows they took of the file with this digest.
select reading_json, max(iif(file_sha256 = ?2, row_count, null)), max(number) from load
where campaign_id = ?1 group by reading_json order by min(number)
