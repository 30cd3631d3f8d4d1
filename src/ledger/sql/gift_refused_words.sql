-- What the provider said of one refused gift of a class.
select error_text from gift indexed by gift_of_campaign
where campaign_id = ?1 and state = 'refused' and error_class = ?2 and error_text is not null and error_text <> ''
order by id limit 1
