//! A store with people and rooms in it, and short words for what the suites do to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use backends::Options;
use chat::account::{NewAccount, ProfileChanges, Role};
use chat::error::Result;
use chat::event::{Body, Draft, Entry, Outcome};
use chat::ids::{ClientId, EntryId, RoomId, Seq, Timestamp, UserId};
use chat::message::Target;
use chat::message::{Page, Query, Range};
use chat::ports::{Clock, Store};
use chat::room::{History, Mine, NewRoom, RoomKind, direct_key};
use uuid::Uuid;

use crate::postgres::Postgres;

/// A moment of 2026, where the clock of every world starts.
pub(crate) const START: Timestamp = Timestamp(1_780_000_000_000_000);

/// A store on a clock that only moves when it is told to.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<HeldClock>,
    /// Its address, which another store may be opened by, unless it is in memory.
    pub(crate) url: String,
    /// Goes with the world.
    _folder: Option<Arc<tempfile::TempDir>>,
}

/// Stands still.
pub(crate) struct HeldClock(AtomicI64);

impl HeldClock {
    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

impl World {
    pub(crate) async fn in_a_file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("rill.db").display());
        let mut world = Self::open(url).await;
        world._folder = Some(Arc::new(folder));
        world
    }

    pub(crate) async fn in_memory() -> Self {
        Self::open("sqlite::memory:".to_owned()).await
    }

    /// Closes the store; its address, with the folder that goes with it.
    pub(crate) fn closed(self) -> (String, Option<Arc<tempfile::TempDir>>) {
        (self.url, self._folder)
    }

    /// In a database of its own on the server that the tests of this run share.
    pub(crate) async fn in_postgres() -> Self {
        Self::open(Postgres::shared().database()).await
    }

    pub(crate) async fn open(url: String) -> Self {
        let clock = Arc::new(HeldClock(AtomicI64::new(START.0)));
        let options = Options { clock: clock.clone() };
        Self {
            store: backends::open(&url, options).await.unwrap(),
            clock,
            url,
            _folder: None,
        }
    }

    /// A second store beside this one, as another program has it.
    pub(crate) async fn another(&self) -> Self {
        Self {
            store: backends::open(&self.url, Options::new()).await.unwrap(),
            clock: self.clock.clone(),
            url: self.url.clone(),
            _folder: self._folder.clone(),
        }
    }

    /// Closes the store and opens it again.
    pub(crate) async fn reopened(self) -> Self {
        let Self {
            store,
            clock,
            url,
            _folder,
        } = self;
        drop(store);
        let options = Options { clock: clock.clone() };
        Self {
            store: backends::open(&url, options).await.unwrap(),
            clock,
            url,
            _folder,
        }
    }

    /// An ordinary account with that user name.
    pub(crate) async fn person(&self, name: &str) -> UserId {
        self.store.create_account(new_account(name)).await.unwrap().person.id
    }

    /// A room with its owner and other members.
    pub(crate) async fn room(&self, kind: RoomKind, name: &str, owner: UserId, others: &[UserId]) -> RoomId {
        self.room_with(new_room(kind, name), owner, others).await.unwrap()
    }

    pub(crate) async fn room_with(&self, room: NewRoom, owner: UserId, others: &[UserId]) -> Result<RoomId> {
        let members = [&[owner], others].concat();
        let id = RoomId(Uuid::now_v7());
        self.say(id, owner, Body::RoomOpened { room, members })
            .await
            .map(|_| id)
    }

    /// A direct conversation or a group.
    pub(crate) async fn conversation(&self, kind: RoomKind, people: &[UserId]) -> Result<RoomId> {
        let room = NewRoom {
            direct_key: Some(direct_key(people)),
            ..new_room(kind, "")
        };
        self.room_with(room, people[0], &people[1..]).await
    }

    /// Commits one body without a client id.
    pub(crate) async fn say(&self, room: RoomId, actor: UserId, body: Body) -> Result<Outcome> {
        self.commit(draft(room, actor, body)).await
    }

    /// Commits one draft.
    pub(crate) async fn commit(&self, draft: Draft) -> Result<Outcome> {
        self.store
            .commit(vec![draft])
            .await?
            .pop()
            .expect("one answer for one draft")
    }

    /// Commits one body that must become an entry.
    pub(crate) async fn entry(&self, room: RoomId, actor: UserId, body: Body) -> Arc<Entry> {
        match self.say(room, actor, body).await.unwrap() {
            Outcome::Committed(entry) => entry,
            other => panic!("not committed: {other:?}"),
        }
    }

    pub(crate) async fn post(&self, room: RoomId, sender: UserId, text: &str) -> Arc<Entry> {
        self.entry(room, sender, post(text)).await
    }

    pub(crate) async fn page(&self, room: RoomId, viewer: UserId, range: Range, limit: usize) -> Page {
        self.store.messages(room, viewer, range, limit).await.unwrap()
    }

    pub(crate) async fn mine(&self, room: RoomId, user: UserId) -> Mine {
        self.store
            .rooms_of(user, Some(room))
            .await
            .unwrap()
            .pop()
            .expect("the user is in the room")
    }

    /// The texts that a search finds, newest first.
    pub(crate) async fn found(&self, viewer: UserId, query: Query) -> Vec<String> {
        let (hits, _) = self.store.search(viewer, &query, None, 100).await.unwrap();
        hits.into_iter().map(|message| message.text).collect()
    }
}

pub(crate) fn new_account(name: &str) -> NewAccount {
    NewAccount {
        id: UserId(Uuid::now_v7()),
        username: name.to_owned(),
        display_name: name.to_uppercase(),
        password: format!("phc of {name}"),
        role: Role::User,
        may_own: false,
        profile: ProfileChanges::default(),
        created_at: START,
    }
}

pub(crate) fn new_room(kind: RoomKind, name: &str) -> NewRoom {
    NewRoom {
        kind,
        name: name.to_owned(),
        topic: String::new(),
        description: String::new(),
        history: History::All,
        protected: false,
        direct_key: None,
    }
}

pub(crate) fn draft(room: RoomId, actor: UserId, body: Body) -> Draft {
    Draft {
        room,
        id: EntryId(Uuid::now_v7()),
        actor,
        role: Role::User,
        client_id: None,
        if_seq: None,
        body,
    }
}

/// The draft as a client sends it that wants to be able to repeat it.
pub(crate) fn repeatable(room: RoomId, actor: UserId, client_id: &str, body: Body) -> Draft {
    Draft {
        client_id: Some(ClientId::parse(client_id).unwrap()),
        ..draft(room, actor, body)
    }
}

pub(crate) fn post(text: &str) -> Body {
    mentioning(text, &[], false)
}

pub(crate) fn mentioning(text: &str, mentions: &[UserId], mentions_room: bool) -> Body {
    Body::MessagePosted {
        text: text.to_owned(),
        thread: None,
        mentions: mentions.to_vec(),
        mentions_room,
        location: None,
    }
}

pub(crate) fn reply(root: &Entry, text: &str) -> Body {
    Body::MessagePosted {
        text: text.to_owned(),
        thread: Some(target(root)),
        mentions: Vec::new(),
        mentions_room: false,
        location: None,
    }
}

pub(crate) fn edit(message: &Entry, text: &str) -> Body {
    Body::MessageEdited {
        message: target(message),
        text: text.to_owned(),
        mentions: Vec::new(),
        mentions_room: false,
    }
}

pub(crate) fn target(entry: &Entry) -> Target {
    Target {
        id: entry.id,
        seq: entry.seq,
    }
}

pub(crate) fn terms(terms: &[&str]) -> Query {
    Query {
        terms: terms.iter().map(|term| (*term).to_owned()).collect(),
        ..Query::default()
    }
}

pub(crate) fn texts(page: &Page) -> Vec<&str> {
    page.messages.iter().map(|message| message.text.as_str()).collect()
}

pub(crate) fn seqs(page: &Page) -> Vec<Seq> {
    page.messages.iter().map(|message| message.seq).collect()
}
