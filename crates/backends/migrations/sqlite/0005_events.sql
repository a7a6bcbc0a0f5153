-- Services beside the people that hear of entries: while a row is here, each entry is noted for it in the outbox.
create table sinks (
    name text primary key not null
) strict, without rowid;

alter table outbox add column sink text not null default 'rabbitmq';
create index outbox_by_sink on outbox (sink, id);

-- Endpoints that are told of entries by HTTP.
create table webhooks (
    id blob primary key not null,
    url text not null,
    rooms text not null,
    secret blob not null,
    -- The key before it, until receivers have changed over.
    old_secret blob,
    old_until integer,
    created_at integer not null,
    failing_since integer,
    disabled_at integer,
    disabled_why text not null
) strict, without rowid;

-- What endpoints are told, and what became of it.
create table deliveries (
    id integer primary key autoincrement not null,
    webhook_id blob not null references webhooks (id) on delete cascade,
    event_id blob not null,
    room_id blob not null,
    seq integer not null,
    state text not null,
    tries integer not null,
    since integer not null,
    -- When it is tried next, or ended.
    at integer not null,
    result text not null
) strict;
create index deliveries_by_webhook on deliveries (webhook_id, id);
create index deliveries_due on deliveries (webhook_id, at) where state = 'waiting';
create index deliveries_over on deliveries (at) where state <> 'waiting';
