-- An event that an endpoint was told, and what the log got in some time, are found when they are to be told again. The
-- log grows in the order of time, so that a summary of each range of its pages is enough.

create index deliveries_by_event on deliveries (webhook_id, event_id);
create index log_by_time on log using brin (at) with (autosummarize = on);
