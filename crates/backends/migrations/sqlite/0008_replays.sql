-- An event that an endpoint was told is found when it is to be told again.

create index deliveries_by_event on deliveries (webhook_id, event_id);
