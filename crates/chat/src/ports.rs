//! The outside world on one page: everything the product needs and does not do itself.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use crate::account::{Account, Avatar, Login, NewAccount, Person, ProfileChanges, Role};
use crate::error::Result;
use crate::event::{Draft, Entry, Outcome, Signal, Status};
use crate::ids::{EntryId, RoomId, Seq, SessionId, Timestamp, UserId};
use crate::message::{Edit, Message, Page, Query, Range, Target};
use crate::relay::{Backlog, Delivery, DeliveryState, Due, Redelivery, Sink, Tried, Webhook};
use crate::room::{Membership, Mine, Room};

/// Keeps everything. `commit` is the only routine that makes an entry durable; the rest reads, or keeps accounts.
#[async_trait]
pub trait Store: Outbox + Webhooks {
    /// Numbers, deduplicates and writes log, read tables, search index and outbox, in one durable transaction.
    /// Answers item by item, in order; `rules::admit` is asked inside the transaction.
    async fn commit(&self, batch: Vec<Draft>) -> Result<Vec<Result<Outcome>>>;

    /// The incarnation of this log; a changed epoch makes every cursor void.
    async fn epoch(&self) -> Result<String>;
    /// A secret that the server made for itself once, by name (32 bytes from `fresh` if there is none yet).
    async fn secret(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32]>;
    /// One cheap round trip, for readiness.
    async fn ping(&self) -> Result<()>;

    // The log.
    /// Entries after `after` and up to `limit` of them, in seq order.
    async fn entries(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<Arc<Entry>>>;
    /// The newest seq of each room, in the order asked; 0 where there is no such room.
    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Seq>>;

    // Rooms.
    async fn room(&self, room: RoomId) -> Result<Option<Room>>;
    async fn room_by_name(&self, name: &str) -> Result<Option<Room>>;
    /// The protected room that everybody is in, whatever it is called by now.
    async fn general_room(&self) -> Result<Option<Room>>;
    /// The direct conversation with exactly these people, by `room::direct_key`.
    async fn room_by_direct_key(&self, key: &str) -> Result<Option<Room>>;
    /// Those whose key begins with `prefix`, by key.
    async fn rooms_by_direct_key(&self, prefix: &str, limit: usize) -> Result<Vec<Room>>;
    /// Public rooms whose name contains `text` (folded), by name, after the room named `after`.
    async fn public_rooms(&self, text: &str, after: Option<&str>, limit: usize) -> Result<Vec<Room>>;
    /// The user's rooms with read state; `only` narrows it to one room.
    async fn rooms_of(&self, user: UserId, only: Option<RoomId>) -> Result<Vec<Mine>>;
    /// Rooms that the user was in and is no longer, the one joined last first; no more than somebody can be in.
    async fn rooms_left_by(&self, user: UserId) -> Result<Vec<RoomId>>;
    /// Also memberships that have ended (`to_seq` is set).
    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>>;
    /// Present members by user name, after the one named `after`.
    async fn members(&self, room: RoomId, after: Option<&str>, limit: usize) -> Result<Vec<(Person, Membership)>>;
    /// Moves the marker forward (never back, never past the head) and answers where it stands.
    async fn mark_read(&self, room: RoomId, user: UserId, seq: Seq) -> Result<Mine>;

    // Messages. `viewer` limits every answer to what that membership may see.
    async fn messages(&self, room: RoomId, viewer: UserId, range: Range, limit: usize) -> Result<Page>;
    async fn thread(&self, room: RoomId, viewer: UserId, root: Seq, range: Range, limit: usize) -> Result<Page>;
    async fn pins(&self, room: RoomId, viewer: UserId) -> Result<Vec<Message>>;
    async fn message(&self, room: RoomId, viewer: UserId, id: EntryId) -> Result<Option<Message>>;
    /// The message as an entry names it, whoever may see it: for those who administer the room.
    async fn target(&self, room: RoomId, id: EntryId) -> Result<Option<Target>>;
    /// The texts that the message had before, oldest first.
    async fn edits(&self, room: RoomId, viewer: UserId, id: EntryId) -> Result<Vec<Edit>>;
    /// Newest first; `before` is the cursor of the last hit of the page before. Answers hits and the next cursor.
    async fn search(
        &self,
        viewer: UserId,
        query: &Query,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<Message>, Option<u64>)>;

    // Accounts.
    /// Creates the account; the very first of the store becomes `super_admin`, in the same transaction.
    async fn create_account(&self, account: NewAccount) -> Result<Account>;
    /// Guests and bots apart: they do not make a server somebody's.
    async fn has_accounts(&self) -> Result<bool>;
    async fn account(&self, user: UserId) -> Result<Option<Account>>;
    /// By user name or by e-mail address, folded; with the password's PHC string.
    async fn account_for_sign_in(&self, login: &str) -> Result<Option<(Account, String)>>;
    async fn password_of(&self, user: UserId) -> Result<Option<String>>;
    async fn set_password(&self, user: UserId, phc: &str) -> Result<()>;
    /// Sets the password's PHC string if it still is `old`; false if it changed meanwhile.
    async fn replace_password(&self, user: UserId, old: &str, new: &str) -> Result<bool>;
    /// Fails with `Stale` if the account's revision is not `revision` (where one is given).
    async fn change_profile(&self, user: UserId, changes: ProfileChanges, revision: Option<u64>) -> Result<Account>;
    async fn set_role(&self, user: UserId, role: Role) -> Result<Account>;
    async fn set_banned(&self, user: UserId, banned: Option<Timestamp>) -> Result<Account>;
    async fn people_by_username(&self, names: &[String]) -> Result<Vec<Person>>;
    /// Whoever has the smallest id that is not below this one.
    async fn person_from(&self, first: UserId) -> Result<Option<Person>>;
    /// Accounts whose user name or display name contains `text`, by user name, after `after`.
    async fn find_people(&self, text: &str, after: Option<&str>, limit: usize) -> Result<Vec<Person>>;
    async fn set_avatar(&self, user: UserId, avatar: Option<Avatar>) -> Result<Account>;
    async fn avatar(&self, id: &str) -> Result<Option<Avatar>>;

    // Logins (signed-in sessions) and tickets. Secrets arrive hashed.
    /// Where the user has too many then, those seen longest ago end, and are answered.
    async fn add_login(&self, login: Login) -> Result<Vec<SessionId>>;
    async fn login(&self, session: SessionId) -> Result<Option<Login>>;
    async fn login_by_secret(&self, hash: &[u8]) -> Result<Option<Login>>;
    /// By the current refresh token, or by one that `rotate_login` replaced in the last 30 days.
    async fn login_by_refresh(&self, hash: &[u8]) -> Result<Option<Login>>;
    /// Replaces the refresh token if `old` is still the current one; false if somebody was faster.
    async fn rotate_login(&self, session: SessionId, old: &[u8], new: &[u8], expires: Timestamp) -> Result<bool>;
    async fn touch_login(&self, session: SessionId, seen: Timestamp) -> Result<()>;
    async fn logins_of(&self, user: UserId) -> Result<Vec<Login>>;
    async fn end_login(&self, session: SessionId) -> Result<bool>;
    async fn end_logins_of(&self, user: UserId, except: Option<SessionId>) -> Result<Vec<SessionId>>;
    async fn add_ticket(&self, hash: &[u8], session: SessionId, expires: Timestamp) -> Result<()>;
    /// Atomic: of many who try, one gets it.
    async fn take_ticket(&self, hash: &[u8], now: Timestamp) -> Result<Option<SessionId>>;

    // Idempotency-Key of REST: the stored answer to a request that was made before.
    /// The fingerprint of the request and its answer (status, body), if the key is known.
    async fn kept_answer(&self, user: UserId, key: &str) -> Result<Option<KeptAnswer>>;
    async fn keep_answer(&self, user: UserId, key: &str, answer: KeptAnswer, now: Timestamp) -> Result<()>;

    // What could not be committed, put aside for the operator.
    /// Keeps the letter under a new id, with the time of now.
    async fn bury(&self, letter: DeadLetter) -> Result<()>;
    /// Oldest first, after the one with the id `after`.
    async fn dead_letters(&self, after: i64, limit: usize) -> Result<Vec<DeadLetter>>;
    /// Removes the letter, and answers it.
    async fn exhume(&self, id: i64) -> Result<Option<DeadLetter>>;

    /// Rooms in which something happened most recently, the newest first, each with its head.
    async fn active_rooms(&self, limit: usize) -> Result<Vec<(RoomId, Seq)>>;
}

/// What other services still have to hear: `Store::commit` notes each entry for every sink that is kept.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// From now on every entry is noted for the sink, by every server on the database.
    async fn keep(&self, sink: Sink) -> Result<()>;
    /// From now on nothing is noted for the sink; what is noted already is forgotten.
    async fn drop_sink(&self, sink: Sink) -> Result<()>;
    /// The sinks that are kept.
    async fn sinks(&self) -> Result<Vec<Sink>>;
    /// Hands up to `limit` of the oldest entries noted for the sink to `to`, each room's in order, and forgets those
    /// that were taken. One server does so at a time: `None` where another one is at it.
    async fn relay(&self, sink: Sink, limit: usize, to: &dyn EventSink) -> Result<Option<Relayed>>;
    /// What waits for the sink; counted up to `count_max`.
    async fn backlog(&self, sink: Sink, count_max: usize) -> Result<Backlog>;
    /// Forgets the oldest so that no more than `keep_max` wait; answers how many were forgotten.
    async fn forget_oldest(&self, sink: Sink, keep_max: usize) -> Result<u64>;
    /// Notes once more what the log got in that time; answers how many entries that are.
    async fn note_again(&self, sink: Sink, from: Timestamp, until: Timestamp) -> Result<u64>;
    /// The first seq of each room, none skipped, that the log got at that time or later.
    async fn firsts_since(&self, from: Timestamp) -> Result<Vec<(RoomId, Seq)>>;
}

/// What `Outbox::relay` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relayed {
    /// Entries that were handed over.
    pub offered: usize,
    /// How many of them were taken; fewer mean that the sink is in trouble.
    pub taken: usize,
}

/// Where entries go that other services have to hear of.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Takes entries, each room's in order; answers how many of the first ones it certainly has.
    async fn publish(&self, entries: &[Arc<Entry>]) -> usize;
}

/// Words entries for other services.
#[async_trait]
pub trait Wording: Send + Sync {
    /// The entry as an event of CloudEvents 1.0, in JSON.
    fn event(&self, entry: &Entry) -> Bytes;
    /// The entry as the queue `message.events` knows it, if it has a word for it.
    async fn message_event(&self, entry: &Entry) -> Result<Option<Bytes>>;
}

/// The endpoints of other services that are told of entries by HTTP, and the log of what they were told.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Adds one; from now on entries are noted for `Sink::Webhooks`.
    async fn add_webhook(&self, webhook: Webhook) -> Result<()>;
    /// All, oldest first.
    async fn webhooks(&self) -> Result<Vec<Webhook>>;
    /// Notes since when every try fails, unless that is known already; `None`: one was taken.
    async fn set_webhook_failing(&self, id: Uuid, since: Option<Timestamp>) -> Result<()>;
    /// Sends nothing any more, for that reason, and gives up what waits; `None` begins anew. False where it is gone.
    async fn disable_webhook(&self, id: Uuid, why: Option<&str>) -> Result<bool>;
    /// Signs with another key from now on, and with the one before, too, until that time. False where it is gone.
    async fn rotate_webhook(&self, id: Uuid, secret: Vec<u8>, old_until: Timestamp) -> Result<bool>;
    /// Removes it with its log; false where it is gone.
    async fn remove_webhook(&self, id: Uuid) -> Result<bool>;
    /// Makes deliveries of up to `limit` entries that are noted for `Sink::Webhooks`; answers how many there were.
    async fn hand_out(&self, limit: usize) -> Result<usize>;
    /// Takes deliveries that are due, oldest first, and counts the try; nobody else gets them before `until`.
    async fn take_due(&self, webhook: Uuid, until: Timestamp, limit: usize) -> Result<Vec<Due>>;
    /// Notes how tries ended.
    async fn note_tries(&self, tries: Vec<Tried>) -> Result<()>;
    /// The log of one webhook, newest first, before the delivery with the id `before`; in one state if that is given.
    async fn deliveries(
        &self,
        webhook: Uuid,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Delivery>>;
    /// Has deliveries made once more, with the same event ids; answers how many.
    async fn deliver_again(&self, webhook: Uuid, what: Redelivery) -> Result<u64>;
    /// Removes deliveries that ended before that time from the log, at most `limit`; answers how many.
    async fn forget_deliveries(&self, before: Timestamp, limit: usize) -> Result<u64>;
    /// When the next delivery of the webhook is due.
    async fn next_due(&self, webhook: Uuid) -> Result<Option<Timestamp>>;
}

/// Something on its way to the log that cannot be committed: it was refused by the database or breaks the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Given by the store, rising.
    pub id: i64,
    /// Where it was found.
    pub source: String,
    /// Why it cannot be committed, in words for the operator.
    pub reason: String,
    /// As it was found.
    pub payload: String,
    pub at: Timestamp,
}

/// An answer kept for an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07), for 24 h.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAnswer {
    /// Of method, path and body.
    pub fingerprint: Vec<u8>,
    pub status: u16,
    pub body: Vec<u8>,
}

/// The way of a draft to `Store::commit`.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Answers after the commit; announces the entry on the bus before it answers.
    async fn submit(&self, draft: Draft) -> Result<Outcome>;
}

/// Joins the nodes: what is published here reaches every node's `Inbox`, at most once.
#[async_trait]
pub trait Bus: Send + Sync {
    async fn publish_entry(&self, entry: Arc<Entry>);
    /// The entries of one commit, in its order.
    async fn publish_entries(&self, entries: Vec<Arc<Entry>>) {
        for entry in entries {
            self.publish_entry(entry).await;
        }
    }
    async fn publish_signal(&self, signal: Signal);
}

/// What a bus delivers to; the hub is one. Must not block.
pub trait Inbox: Send + Sync {
    fn entry(&self, entry: Arc<Entry>);
    /// Several at once, in order.
    fn entries(&self, entries: &[Arc<Entry>]) {
        for entry in entries {
            self.entry(entry.clone());
        }
    }
    fn signal(&self, signal: Signal);
}

/// Who is here, counted per connection, across nodes, with expiry.
#[async_trait]
pub trait Presence: Send + Sync {
    /// Another connection of the user, which is online; answers the user's status if that changed it.
    async fn arrive(&self, user: UserId, connection: u64) -> Result<Option<Status>>;
    /// The connection is gone; answers the user's status if that changed it.
    async fn leave(&self, user: UserId, connection: u64) -> Result<Option<Status>>;
    /// Sets what the user's connection says; answers the user's status if that changed it.
    async fn set(&self, user: UserId, connection: u64, status: Status) -> Result<Option<Status>>;
    async fn of(&self, users: &[UserId]) -> Result<Vec<Status>>;
    /// Users whose status changed because a node that they were connected to is gone; each is answered to one node.
    async fn lapsed(&self) -> Vec<UserId> {
        Vec::new()
    }
}

/// The newest entries of rooms, shared by all nodes: a cache, never the truth.
#[async_trait]
pub trait Recents: Send + Sync {
    /// Up to `limit` entries after `after`, if everything up to `head` at least is there without a gap.
    async fn since(&self, room: RoomId, after: Seq, head: Seq, limit: usize) -> Option<Vec<Arc<Entry>>>;
    /// Keeps a contiguous end of the room's log, if nothing of the room is there yet.
    async fn keep(&self, room: RoomId, entries: &[Arc<Entry>]);
}

/// The time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Randomness fit for secrets.
pub trait Rng: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}
