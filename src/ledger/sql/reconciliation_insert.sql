-- A reconcile begins; its row tells its end where to go.
insert into reconciliation (campaign_id, command, process_id, started_at_ms, os_user, settings_json, has_balances)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7) returning id
