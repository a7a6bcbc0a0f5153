-- Ids are 16 bytes of UUID, times are microseconds since 1970 (UTC), words of closed enums are snake_case text.

-- What the store knows of itself: its epoch.
create table meta (
    name text primary key not null,
    value text not null
) strict, without rowid;

-- Keys that the server made for itself once.
create table secrets (
    name text primary key not null,
    value blob not null
) strict, without rowid;

create table avatars (
    id text primary key not null,
    media_type text not null,
    bytes blob not null
) strict;

create table users (
    id blob primary key not null,
    username text not null unique,
    display_name text not null,
    -- User name and display name, folded, for finding people.
    folded text not null,
    role text not null,
    avatar text references avatars (id),
    first_name text not null,
    last_name text not null,
    email text,
    email_key text unique,
    phone text not null,
    time_zone text not null,
    language text not null,
    password text not null,
    created_at integer not null,
    banned_at integer,
    revision integer not null
) strict, without rowid;
create index users_by_avatar on users (avatar) where avatar is not null;

create table logins (
    id blob primary key not null,
    user_id blob not null references users (id),
    kind text not null,
    secret_hash blob not null unique,
    label text not null,
    address text not null,
    created_at integer not null,
    seen_at integer not null,
    expires_at integer not null
) strict, without rowid;
create index logins_by_user on logins (user_id, created_at);
create index logins_by_expiry on logins (expires_at);

-- Refresh tokens that were used already: one that turns up again was stolen.
create table used_tokens (
    hash blob primary key not null,
    login_id blob not null references logins (id) on delete cascade,
    used_at integer not null
) strict, without rowid;
create index used_tokens_by_login on used_tokens (login_id, used_at);

create table tickets (
    hash blob primary key not null,
    login_id blob not null references logins (id) on delete cascade,
    expires_at integer not null
) strict, without rowid;
create index tickets_by_login on tickets (login_id);
create index tickets_by_expiry on tickets (expires_at);

create table kept_answers (
    user_id blob not null references users (id),
    key text not null,
    fingerprint blob not null,
    status integer not null,
    body blob not null,
    created_at integer not null,
    primary key (user_id, key)
) strict;
create index kept_answers_by_age on kept_answers (created_at);
create index kept_answers_by_user on kept_answers (user_id, created_at);

create table rooms (
    id blob primary key not null,
    kind text not null,
    name text not null,
    -- Unique among public rooms that are not deleted; null for every other room.
    name_key text unique,
    -- The name, folded, for finding rooms.
    folded text not null,
    topic text not null,
    description text not null,
    history text not null,
    protected integer not null,
    archived integer not null,
    direct_key text unique,
    created_at integer not null,
    deleted_at integer,
    last_seq integer not null,
    -- Of the last entry that changed the settings.
    changed_seq integer not null,
    last_ordinal integer not null,
    -- Of the last message (or of the opening), and of the last entry of any kind.
    last_at integer not null,
    entry_at integer not null,
    member_count integer not null,
    owner_count integer not null,
    pin_count integer not null
) strict;

create table members (
    room_id blob not null references rooms (id),
    user_id blob not null references users (id),
    role text not null,
    from_seq integer not null,
    -- Null while present.
    to_seq integer,
    barred integer not null,
    joined_at integer not null,
    read_seq integer not null,
    read_ordinal integer not null,
    primary key (room_id, user_id)
) strict, without rowid;
create index members_by_user on members (user_id, room_id) where to_seq is null;

-- The truth: what was said, numbered. A row changes in one case only: the words of a deleted message are blanked.
-- These are rowid tables, as rows are long: their pages fill in order of arrival and their trees stay flat.
create table log (
    room_id blob not null references rooms (id),
    seq integer not null,
    ordinal integer not null,
    id blob not null unique,
    actor_id blob not null references users (id),
    client_id text,
    -- Of what the client said, to tell a repeat from a reuse of its client id.
    digest blob,
    at integer not null,
    body text not null,
    -- Of an entry that brings somebody in: the first seq that they may see.
    visible_from integer
) strict;
create unique index log_by_seq on log (room_id, seq);
create unique index log_by_client_id on log (room_id, actor_id, client_id) where client_id is not null;

-- Messages as they stand: what the log adds up to.
create table messages (
    -- Order of arrival over all rooms: the row of the search index, and its cursor.
    number integer primary key not null,
    room_id blob not null references rooms (id),
    seq integer not null,
    ordinal integer not null,
    id blob not null unique,
    client_id text,
    sender_id blob not null references users (id),
    at integer not null,
    text text not null,
    -- The seq of the entry that wrote the text as it stands.
    text_seq integer not null,
    -- Ids of 16 bytes each, one after another.
    mentions blob not null,
    mentions_room integer not null,
    location text,
    thread_id blob,
    thread_seq integer,
    replies integer not null default 0,
    reactions integer not null default 0,
    edits integer not null default 0,
    edited_at integer,
    deleted_at integer,
    pinned_at integer,
    changed_seq integer not null
) strict;
create unique index messages_by_seq on messages (room_id, seq);
create index messages_by_thread on messages (room_id, thread_seq, seq) where thread_seq is not null;
create index messages_pinned on messages (room_id, pinned_at) where pinned_at is not null;
create index messages_to_all on messages (room_id, seq, sender_id) where mentions_room = 1;

-- Texts that messages had before, with the seq of the entry that wrote each.
create table message_edits (
    message integer not null references messages (number),
    seq integer not null,
    text text not null,
    at integer not null,
    primary key (message, seq)
) strict;

create table reactions (
    message integer not null references messages (number),
    emoji text not null,
    user_id blob not null references users (id),
    seq integer not null,
    -- When this emoji came to the message: emoji keep that order even if whoever came first takes theirs back.
    kind_seq integer not null,
    primary key (message, emoji, user_id)
) strict, without rowid;

-- Who is named by a message, apart from "@room"; rows go when the message goes.
create table mentions (
    user_id blob not null references users (id),
    room_id blob not null references rooms (id),
    seq integer not null,
    primary key (user_id, room_id, seq)
) strict, without rowid;

-- What other services still have to hear.
create table outbox (
    id integer primary key autoincrement not null,
    event_id blob not null,
    room_id blob not null,
    seq integer not null,
    created_at integer not null
) strict;

-- Tokens only, made by the program (see sqlite/index.rs); no text is kept here.
create virtual table search using fts5 (
    tokens,
    content = '',
    contentless_delete = 1,
    detail = none,
    tokenize = 'ascii'
);
