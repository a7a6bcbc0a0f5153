//! Every limit of the product in one table; docs/limits.md says the same to people.

use std::time::Duration;

/// A message's text, in bytes of UTF-8 and in characters.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
pub const TEXT_CHARS_MAX: usize = 8_000;
/// Names and descriptions, in characters.
pub const ROOM_NAME_CHARS_MAX: usize = 80;
pub const TOPIC_CHARS_MAX: usize = 250;
pub const DESCRIPTION_CHARS_MAX: usize = 2_000;
pub const USERNAME_CHARS_MIN: usize = 2;
pub const USERNAME_CHARS_MAX: usize = 32;
pub const PROFILE_FIELD_CHARS_MAX: usize = 100;
pub const PASSWORD_CHARS_MIN: usize = 8;
pub const PASSWORD_CHARS_MAX: usize = 128;
pub const PASSWORD_BYTES_MAX: usize = 512;
pub const AVATAR_BYTES_MAX: usize = 256 * 1024;
/// One emoji, with its modifiers and joiners, in bytes.
pub const EMOJI_BYTES_MAX: usize = 64;
/// Different emoji on one message; earlier texts kept of it; people named in it.
pub const REACTION_KINDS_MAX: u64 = 20;
pub const EDITS_MAX: u64 = 50;
pub const MENTIONS_MAX: usize = 50;
pub const PINS_MAX: u64 = 100;

/// What a guest may be called, in characters; rooms of one name that doors tell apart by numbers.
pub const GUEST_NAME_CHARS_MAX: usize = 92;
pub const ROOM_NAMESAKES_MAX: u32 = 100;
/// The name of what a conversation is about, in characters.
pub const MATTER_CHARS_MAX: usize = 64;

/// People of a room; rooms of a person; people of a group.
pub const MEMBERS_MAX: u64 = 5_000;
pub const ROOMS_PER_USER_MAX: u64 = 1_000;
pub const GROUP_PEOPLE_MAX: usize = 10;
/// People who are in a room from its start.
pub const FIRST_MEMBERS_MAX: usize = 100;
/// Sessions that one person may have signed in.
pub const LOGINS_PER_USER_MAX: usize = 50;

/// Secret addresses by which programs post into a room; they end by themselves after a hundred years.
pub const HOOKS_PER_ROOM_MAX: usize = 20;
pub const HOOK_SECONDS: i64 = 100 * 365 * 24 * 3600;

/// The name of a command that a program outside answers.
pub const COMMAND_CHARS_MAX: usize = 24;

/// Pages. Lists are read with one item more, which says whether there is another page.
pub const PAGE_DEFAULT: usize = 50;
pub const PAGE_MAX: usize = 200;
/// A search query, in characters; its terms; how long it may run.
pub const QUERY_CHARS_MAX: usize = 256;
pub const QUERY_TERMS_MAX: usize = 8;
pub const QUERY_WAIT: Duration = Duration::from_secs(2);

/// One commit: what collects while the one before is in flight.
pub const BATCH_ITEMS_MAX: usize = 256;
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Drafts that may wait for a commit; beyond it sends are refused.
pub const INTAKE_QUEUE_MAX: usize = 10_000;
/// How long a sender waits for its commit before the outcome is called unknown.
pub const COMMIT_WAIT: Duration = Duration::from_secs(10);
/// How soon what came by the door of the database is tried again while the room of everybody is not there yet.
pub const ROOM_WAIT: Duration = Duration::from_secs(1);

/// Sockets.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// The parts that a socket's message may come in, and how long after the first the last may come.
pub const FRAGMENTS_MAX: usize = 64;
pub const MESSAGE_WAIT: Duration = Duration::from_secs(10);
pub const JSON_BODY_BYTES_MAX: usize = 256 * 1024;
pub const JSON_DEPTH_MAX: usize = 32;
pub const URL_BYTES_MAX: usize = 4 * 1024;
pub const HEADERS_BYTES_MAX: usize = 16 * 1024;
pub const HEADERS_MAX: usize = 64;
pub const HEADER_WAIT: Duration = Duration::from_secs(10);
pub const BODY_WAIT: Duration = Duration::from_secs(30);
pub const AUTHENTICATION_WAIT: Duration = Duration::from_secs(10);
pub const HEARTBEAT: Duration = Duration::from_secs(25);
pub const HEARTBEAT_GRACE: Duration = Duration::from_secs(20);
pub const QUEUE_EVENTS_MAX: usize = 512;
pub const QUEUE_BYTES_MAX: usize = 1024 * 1024;
/// A third overflow within the window closes the socket (4008).
pub const RESYNCS_MAX: u32 = 3;
pub const RESYNC_WINDOW: Duration = Duration::from_secs(60);
/// A cursor further behind than this is answered with `reset`.
pub const RESUME_GAP_MAX: u64 = 1_000;
/// Entries of a room that the hub keeps at hand.
pub const RECENT_ENTRIES_MAX: usize = 256;

/// Lifetimes.
pub const ACCESS_TOKEN_SECONDS: i64 = 15 * 60;
pub const REFRESH_TOKEN_SECONDS: i64 = 30 * 24 * 3600;
pub const COOKIE_SECONDS: i64 = 30 * 24 * 3600;
pub const TICKET_SECONDS: i64 = 30;
pub const TYPING: Duration = Duration::from_secs(6);
/// Changes of presence that come too fast are told together, this long after.
pub const PRESENCE_SETTLES: Duration = Duration::from_secs(5);
pub const PRESENCE_GRACE: Duration = Duration::from_secs(5);
pub const KEPT_ANSWER_SECONDS: i64 = 24 * 3600;
/// Answers kept of one person, for requests that may be repeated.
pub const KEPT_ANSWERS_PER_USER_MAX: usize = 1_000;

/// Events out: entries that are handed to a sink at once, and entries that may wait for one that is away; beyond it the
/// oldest are forgotten, counted and told of.
pub const RELAY_BATCH_MAX: usize = 200;
pub const OUTBOX_ROWS_MAX: usize = 1_000_000;
/// A sink is called degraded when an entry waits for it longer than this.
pub const OUTBOX_WAIT: Duration = Duration::from_secs(60);
/// Webhooks: how many there may be; how long a URL may be, in bytes; how many deliveries to one are under way at once.
pub const WEBHOOKS_MAX: usize = 50;
pub const WEBHOOK_URL_BYTES_MAX: usize = 2048;
pub const WEBHOOK_REQUESTS_MAX: usize = 8;
/// Of a key: between 24 and 64 are asked for by Standard Webhooks 1.0; for how long the key before it signs, too.
pub const WEBHOOK_KEY_BYTES: usize = 32;
pub const WEBHOOK_OLD_KEY_SECONDS: i64 = 24 * 3600;
/// How many events are told again by one request.
pub const REPLAY_MAX: usize = 1_000_000;
/// How long an endpoint may take, and how much of its answer is read.
pub const WEBHOOK_WAIT: Duration = Duration::from_secs(15);
pub const WEBHOOK_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// A delivery that failed is tried again after pauses that grow up to the first, and given up when the second has passed
/// since its first try.
pub const WEBHOOK_RETRY_MAX: Duration = Duration::from_secs(4 * 3600);
pub const WEBHOOK_RETRY_FOR: Duration = Duration::from_secs(24 * 3600);
/// An endpoint that took nothing for so long is disabled.
pub const WEBHOOK_FAILING_MAX: Duration = Duration::from_secs(3 * 24 * 3600);
/// How long what became of a delivery is kept.
pub const WEBHOOK_LOG_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// How often something may be done: `burst` at once, then one every `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub burst: u32,
    pub every: Duration,
}

impl Rate {
    /// `count` per `window`, of which `burst` at once.
    pub const fn new(burst: u32, count: u32, window: Duration) -> Self {
        Self {
            burst,
            every: Duration::from_nanos(window.as_nanos() as u64 / count as u64),
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// The limits that an operator may set (`[limits]` in rill.toml); the rest above is part of the protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub sends_per_user: Rate,
    pub sends_per_room: Rate,
    pub commands_per_connection: Rate,
    pub typing_per_user: Rate,
    pub presence_per_user: Rate,
    pub searches_per_user: Rate,
    pub rooms_opened_per_user: Rate,
    pub hooks_opened_per_user: Rate,
    pub joins_per_user: Rate,
    pub sign_ins_per_account: Rate,
    pub sign_ins_per_address: Rate,
    pub registrations_per_address: Rate,
    pub guests_per_address: Rate,
    pub requests_per_user: Rate,
    pub requests_per_address: Rate,
    pub handshakes_per_address: Rate,
    pub handshakes: Rate,
    pub sockets_per_user: usize,
    pub sockets_per_address: usize,
    pub sockets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sends_per_user: Rate::new(20, 5, SECOND),
            sends_per_room: Rate::new(200, 50, SECOND),
            commands_per_connection: Rate::new(60, 20, SECOND),
            typing_per_user: Rate::new(3, 1, Duration::from_secs(3)),
            presence_per_user: Rate::new(4, 1, Duration::from_secs(3)),
            searches_per_user: Rate::new(6, 2, SECOND),
            rooms_opened_per_user: Rate::new(10, 10, HOUR),
            hooks_opened_per_user: Rate::new(20, 20, HOUR),
            joins_per_user: Rate::new(60, 60, HOUR),
            sign_ins_per_account: Rate::new(5, 5, Duration::from_secs(300)),
            sign_ins_per_address: Rate::new(20, 20, Duration::from_secs(300)),
            registrations_per_address: Rate::new(20, 3, HOUR),
            guests_per_address: Rate::new(60, 60, HOUR),
            requests_per_user: Rate::new(200, 50, SECOND),
            requests_per_address: Rate::new(400, 6_000, MINUTE),
            handshakes_per_address: Rate::new(20, 10, SECOND),
            handshakes: Rate::new(300, 300, SECOND),
            sockets_per_user: 20,
            sockets_per_address: 50,
            sockets: 10_000,
        }
    }
}
