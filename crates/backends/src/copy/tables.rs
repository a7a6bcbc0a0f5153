//! What a server keeps, table by table: what is copied, in which order, and how its rows are ordered.
//!
//! The search index is not here, as each store makes its own of the messages. A test holds this list against the tables
//! of both stores, so that a new one cannot be forgotten.

/// What a column holds, whatever the database calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A UUID.
    Id,
    Int,
    Bool,
    Text,
    Bytes,
}

use Kind::{Bool, Bytes, Id, Int, Text};

/// A table; those that it refers to stand before it.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// What its rows are ordered by, which no two of them share.
    pub(crate) key: &'static [&'static str],
    /// The rows that are meant; all if it is empty.
    pub(crate) only: &'static str,
}

impl Table {
    /// The names of its columns, as a statement lists them.
    pub(crate) fn column_list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The statement that reads it in order; `by` words a column to order by.
    pub(crate) fn select(&self, by: impl Fn(&str, Kind) -> String) -> String {
        let kind = |key: &str| {
            self.columns
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, kind)| *kind)
        };
        let order: Vec<String> = self.key.iter().map(|key| by(key, kind(key).unwrap_or(Int))).collect();
        let filter = if self.only.is_empty() {
            String::new()
        } else {
            format!(" where {}", self.only)
        };
        format!(
            "select {} from {}{filter} order by {}",
            self.column_list(),
            self.name,
            order.join(", ")
        )
    }
}

const fn table(name: &'static str, key: &'static [&'static str], columns: &'static [(&'static str, Kind)]) -> Table {
    Table {
        name,
        columns,
        key,
        only: "",
    }
}

/// All of them.
pub(crate) static TABLES: &[Table] = &[
    Table {
        // Whatever else a store notes of itself is its own.
        only: "name = 'epoch'",
        ..table("meta", &["name"], &[("name", Text), ("value", Text)])
    },
    table("secrets", &["name"], &[("name", Text), ("value", Bytes)]),
    table(
        "avatars",
        &["id"],
        &[("id", Text), ("media_type", Text), ("bytes", Bytes)],
    ),
    table(
        "users",
        &["id"],
        &[
            ("id", Id),
            ("username", Text),
            ("display_name", Text),
            ("folded", Text),
            ("role", Text),
            ("avatar", Text),
            ("first_name", Text),
            ("last_name", Text),
            ("email", Text),
            ("email_key", Text),
            ("phone", Text),
            ("time_zone", Text),
            ("language", Text),
            ("password", Text),
            ("created_at", Int),
            ("banned_at", Int),
            ("revision", Int),
        ],
    ),
    table(
        "logins",
        &["id"],
        &[
            ("id", Id),
            ("user_id", Id),
            ("kind", Text),
            ("secret_hash", Bytes),
            ("label", Text),
            ("address", Text),
            ("created_at", Int),
            ("seen_at", Int),
            ("expires_at", Int),
        ],
    ),
    table(
        "used_tokens",
        &["hash"],
        &[("hash", Bytes), ("login_id", Id), ("used_at", Int)],
    ),
    table(
        "tickets",
        &["hash"],
        &[("hash", Bytes), ("login_id", Id), ("expires_at", Int)],
    ),
    table(
        "kept_answers",
        &["user_id", "key"],
        &[
            ("user_id", Id),
            ("key", Text),
            ("fingerprint", Bytes),
            ("status", Int),
            ("body", Bytes),
            ("created_at", Int),
        ],
    ),
    table(
        "rooms",
        &["id"],
        &[
            ("id", Id),
            ("kind", Text),
            ("name", Text),
            ("name_key", Text),
            ("folded", Text),
            ("topic", Text),
            ("description", Text),
            ("history", Text),
            ("protected", Bool),
            ("archived", Bool),
            ("direct_key", Text),
            ("created_at", Int),
            ("deleted_at", Int),
            ("last_seq", Int),
            ("changed_seq", Int),
            ("last_ordinal", Int),
            ("last_at", Int),
            ("entry_at", Int),
            ("member_count", Int),
            ("owner_count", Int),
            ("pin_count", Int),
        ],
    ),
    table(
        "members",
        &["room_id", "user_id"],
        &[
            ("room_id", Id),
            ("user_id", Id),
            ("role", Text),
            ("from_seq", Int),
            ("to_seq", Int),
            ("barred", Bool),
            ("joined_at", Int),
            ("read_seq", Int),
            ("read_ordinal", Int),
        ],
    ),
    table(
        "log",
        // Ids are ordered by time: rows are read about as they lie, and lie afterwards as they came.
        &["id"],
        &[
            ("room_id", Id),
            ("seq", Int),
            ("ordinal", Int),
            ("id", Id),
            ("actor_id", Id),
            ("client_id", Text),
            ("digest", Bytes),
            ("at", Int),
            ("body", Text),
            ("visible_from", Int),
        ],
    ),
    table(
        "messages",
        &["number"],
        &[
            ("number", Int),
            ("room_id", Id),
            ("seq", Int),
            ("ordinal", Int),
            ("id", Id),
            ("client_id", Text),
            ("sender_id", Id),
            ("at", Int),
            ("text", Text),
            ("text_seq", Int),
            ("mentions", Bytes),
            ("mentions_room", Bool),
            ("location", Text),
            ("thread_id", Id),
            ("thread_seq", Int),
            ("replies", Int),
            ("reactions", Int),
            ("edits", Int),
            ("edited_at", Int),
            ("deleted_at", Int),
            ("pinned_at", Int),
            ("changed_seq", Int),
        ],
    ),
    table(
        "message_edits",
        &["message", "seq"],
        &[("message", Int), ("seq", Int), ("text", Text), ("at", Int)],
    ),
    table(
        "reactions",
        &["message", "emoji", "user_id"],
        &[
            ("message", Int),
            ("emoji", Text),
            ("user_id", Id),
            ("seq", Int),
            ("kind_seq", Int),
        ],
    ),
    table(
        "mentions",
        &["user_id", "room_id", "seq"],
        &[("user_id", Id), ("room_id", Id), ("seq", Int)],
    ),
    table(
        "outbox",
        &["id"],
        &[
            ("id", Int),
            ("event_id", Id),
            ("room_id", Id),
            ("seq", Int),
            ("created_at", Int),
            ("sink", Text),
        ],
    ),
    table("sinks", &["name"], &[("name", Text)]),
    table(
        "webhooks",
        &["id"],
        &[
            ("id", Id),
            ("url", Text),
            ("rooms", Text),
            ("secret", Bytes),
            ("old_secret", Bytes),
            ("old_until", Int),
            ("created_at", Int),
            ("failing_since", Int),
            ("disabled_at", Int),
            ("disabled_why", Text),
        ],
    ),
    table(
        "deliveries",
        &["id"],
        &[
            ("id", Int),
            ("webhook_id", Id),
            ("event_id", Id),
            ("room_id", Id),
            ("seq", Int),
            ("state", Text),
            ("tries", Int),
            ("since", Int),
            ("at", Int),
            ("result", Text),
        ],
    ),
    table(
        "dead_letters",
        &["id"],
        &[
            ("id", Int),
            ("source", Text),
            ("reason", Text),
            ("payload", Text),
            ("at", Int),
        ],
    ),
];
