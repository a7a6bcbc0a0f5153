-- Times are microseconds since 1970 (UTC), words of closed enums are snake_case text. What is ordered or compared by
-- its letters has the collation C, so that every server and every version of it orders alike.

-- What the store knows of itself: its epoch.
create table meta (
    name text primary key,
    value text not null
);

-- Keys that the server made for itself once.
create table secrets (
    name text primary key,
    value bytea not null
);

create table avatars (
    id text primary key,
    media_type text not null,
    bytes bytea not null
);

create table users (
    id uuid primary key,
    username text collate "C" not null unique,
    display_name text not null,
    -- User name and display name, folded, for finding people.
    folded text collate "C" not null,
    role text not null,
    avatar text references avatars (id),
    first_name text not null,
    last_name text not null,
    email text,
    email_key text collate "C" unique,
    phone text not null,
    time_zone text not null,
    language text not null,
    password text not null,
    created_at bigint not null,
    banned_at bigint,
    revision bigint not null
);
create index users_by_avatar on users (avatar) where avatar is not null;

create table logins (
    id uuid primary key,
    user_id uuid not null references users (id),
    kind text not null,
    secret_hash bytea not null unique,
    label text not null,
    address text not null,
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null
);
create index logins_by_user on logins (user_id, created_at);
create index logins_by_expiry on logins (expires_at);

-- Refresh tokens that were used already: one that turns up again was stolen.
create table used_tokens (
    hash bytea primary key,
    login_id uuid not null references logins (id) on delete cascade,
    used_at bigint not null
);
create index used_tokens_by_login on used_tokens (login_id, used_at);

create table tickets (
    hash bytea primary key,
    login_id uuid not null references logins (id) on delete cascade,
    expires_at bigint not null
);
create index tickets_by_login on tickets (login_id);
create index tickets_by_expiry on tickets (expires_at);

create table kept_answers (
    user_id uuid not null references users (id),
    key text collate "C" not null,
    fingerprint bytea not null,
    status integer not null,
    body bytea not null,
    created_at bigint not null,
    primary key (user_id, key)
);
create index kept_answers_by_age on kept_answers (created_at);
create index kept_answers_by_user on kept_answers (user_id, created_at);

-- A commit locks the rows of its rooms: whoever holds one is the only one who gives numbers in that room.
-- The row changes with every entry and none of its indexes does, so there is room for the new version beside the old.
create table rooms (
    id uuid primary key,
    kind text not null,
    name text not null,
    -- Unique among public rooms that are not deleted; null for every other room.
    name_key text collate "C" unique,
    -- The name, folded, for finding rooms.
    folded text collate "C" not null,
    topic text not null,
    description text not null,
    history text not null,
    protected boolean not null,
    archived boolean not null,
    direct_key text collate "C" unique,
    created_at bigint not null,
    deleted_at bigint,
    last_seq bigint not null,
    -- Of the last entry that changed the settings.
    changed_seq bigint not null,
    last_ordinal bigint not null,
    -- Of the last message (or of the opening), and of the last entry of any kind.
    last_at bigint not null,
    entry_at bigint not null,
    member_count bigint not null,
    owner_count bigint not null,
    pin_count bigint not null
) with (fillfactor = 60);
create index rooms_protected on rooms (created_at) where protected;

create table members (
    room_id uuid not null references rooms (id),
    user_id uuid not null references users (id),
    role text not null,
    from_seq bigint not null,
    -- Null while present.
    to_seq bigint,
    barred boolean not null,
    joined_at bigint not null,
    read_seq bigint not null,
    read_ordinal bigint not null,
    primary key (room_id, user_id)
) with (fillfactor = 70);
create index members_by_user on members (user_id, room_id) where to_seq is null;

-- The truth: what was said, numbered. A row changes in one case only: the words of a deleted message are blanked.
-- What it refers to is never deleted and was read in the same transaction, so that no foreign key checks it again:
-- each check would lock, and so write, the row of the room and of the person with every message.
create table log (
    room_id uuid not null,
    seq bigint not null,
    ordinal bigint not null,
    id uuid not null unique,
    actor_id uuid not null,
    client_id text collate "C",
    -- Of what the client said, to tell a repeat from a reuse of its client id.
    digest bytea,
    at bigint not null,
    body text not null,
    -- Of an entry that brings somebody in: the first seq that they may see.
    visible_from bigint,
    primary key (room_id, seq)
);
create unique index log_by_client_id on log (room_id, actor_id, client_id) where client_id is not null;

-- About the order of arrival over all rooms: the cursor of the search.
create sequence message_numbers;

-- Messages as they stand: what the log adds up to.
create table messages (
    number bigint primary key,
    room_id uuid not null,
    seq bigint not null,
    ordinal bigint not null,
    id uuid not null unique,
    client_id text collate "C",
    sender_id uuid not null,
    at bigint not null,
    text text not null,
    -- The seq of the entry that wrote the text as it stands.
    text_seq bigint not null,
    -- Ids of 16 bytes each, one after another.
    mentions bytea not null,
    mentions_room boolean not null,
    location text,
    thread_id uuid,
    thread_seq bigint,
    replies bigint not null default 0,
    reactions bigint not null default 0,
    edits bigint not null default 0,
    edited_at bigint,
    deleted_at bigint,
    pinned_at bigint,
    changed_seq bigint not null
) with (fillfactor = 90);
create unique index messages_by_seq on messages (room_id, seq);
create index messages_by_thread on messages (room_id, thread_seq, seq) where thread_seq is not null;
create index messages_pinned on messages (room_id, pinned_at) where pinned_at is not null;
create index messages_to_all on messages (room_id, seq, sender_id) where mentions_room;

-- Texts that messages had before, with the seq of the entry that wrote each.
create table message_edits (
    message bigint not null,
    seq bigint not null,
    text text not null,
    at bigint not null,
    primary key (message, seq)
);

create table reactions (
    message bigint not null,
    emoji text collate "C" not null,
    user_id uuid not null,
    seq bigint not null,
    -- When this emoji came to the message: emoji keep that order even if whoever came first takes theirs back.
    kind_seq bigint not null,
    primary key (message, emoji, user_id)
);

-- Who is named by a message, apart from "@room"; rows go when the message goes.
create table mentions (
    user_id uuid not null,
    room_id uuid not null,
    seq bigint not null,
    primary key (user_id, room_id, seq)
);

-- What other services still have to hear.
create table outbox (
    id bigint generated always as identity primary key,
    event_id uuid not null,
    room_id uuid not null,
    seq bigint not null,
    created_at bigint not null
);

-- Tokens only, made by the program (see postgres/index.rs); a table of its own, so that a reaction to a message
-- does not write its tokens anew. What is new collects in a list of at most 4 MiB beside the index, which makes writing
-- it many times cheaper; every look into the index reads that list whole, see postgres/search.rs.
create table search (
    message bigint primary key,
    tokens bigint[] not null
);
create index search_by_token on search using gin (tokens);
