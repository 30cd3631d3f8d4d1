-- When the sender of a wallet's last attempt had surely let go, whichever of its gifts that was for: the moment of the
-- last event of any of them. A twin's attempt counts too: what it made may be taken for another's.
select max(e.at_ms) from gift g indexed by gift_of_wallet cross join event e indexed by event_of_gift
    on e.gift_row = g.id
where g.wallet_id = ?1
