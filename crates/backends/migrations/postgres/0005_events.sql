-- Services beside the people that hear of entries: while a row is here, each entry is noted for it in the outbox.
-- Whoever carries entries to one of them holds the lock of its row.
create table sinks (
    name text primary key
);

alter table outbox add column sink text not null default 'rabbitmq';
create index outbox_by_sink on outbox (sink, id);

-- Endpoints that are told of entries by HTTP.
create table webhooks (
    id uuid primary key,
    url text not null,
    rooms text not null,
    secret bytea not null,
    -- The key before it, until receivers have changed over.
    old_secret bytea,
    old_until bigint,
    created_at bigint not null,
    failing_since bigint,
    disabled_at bigint,
    disabled_why text not null
);

-- What endpoints are told, and what became of it.
create table deliveries (
    id bigint generated always as identity primary key,
    webhook_id uuid not null references webhooks (id) on delete cascade,
    event_id uuid not null,
    room_id uuid not null,
    seq bigint not null,
    state text not null,
    tries bigint not null,
    since bigint not null,
    -- When it is tried next, or ended.
    at bigint not null,
    result text not null
);
create index deliveries_by_webhook on deliveries (webhook_id, id);
create index deliveries_due on deliveries (webhook_id, at) where state = 'waiting';
create index deliveries_over on deliveries (at) where state <> 'waiting';
