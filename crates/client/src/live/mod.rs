//! A live connection that looks after itself: it reconnects, resumes from its cursors, and keeps sending what has
//! not been answered. What it hands out are each room's entries, in order, once.
//!
//! It holds no history: where it says `Reset` or `Added`, the room is to be loaded by REST.

mod backoff;
mod connection;
mod cursors;
mod outbox;
mod runner;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use protocol::error::Problem;
use protocol::live::{Command, Frame};
use protocol::rest::PostMessage;
use protocol::shapes::{Account, Entry};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::api::{Api, Error, Result};

/// Events that wait for a slow reader; beyond it the connection itself is read more slowly.
const EVENTS_MAX: usize = 1024;
/// Calls that wait for the connection's attention.
const JOBS_MAX: usize = 256;

/// How a connection behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the socket proves who is asking.
    pub proof: Proof,
    /// The first wait before reconnecting is between nothing and this; it doubles with each try.
    pub backoff: Duration,
    /// The longest such wait.
    pub backoff_max: Duration,
    /// Where to start: cursors from an earlier run, or `last_seq` of `GET /rooms`. Other rooms start at their head.
    pub cursors: BTreeMap<Uuid, u64>,
    /// The epoch that those cursors belong to.
    pub epoch: Option<String>,
    /// Gets every frame as it came, with the number of its connection; for checkers. The connection waits for it.
    pub watch: Option<mpsc::Sender<(u64, Frame)>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            proof: Proof::Bearer,
            backoff: Duration::from_millis(500),
            backoff_max: Duration::from_secs(30),
            cursors: BTreeMap::new(),
            epoch: None,
            watch: None,
        }
    }
}

/// How a socket proves who is asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The access token in the handshake's `Authorization`.
    Bearer,
    /// A single-use ticket in the first frame.
    Ticket,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Signed in; what was missed follows, then `CaughtUp`.
    Connected {
        /// The number of this connection, from 1.
        connection: u64,
        epoch: String,
        me: Box<Account>,
        session: Uuid,
    },
    /// The next entry of a room.
    Entry(Box<Entry>),
    /// Nothing is missing any longer; the heads of all rooms that are followed.
    CaughtUp { rooms: BTreeMap<Uuid, u64> },
    /// The room must be loaded anew; entries go on after `head`.
    Reset { room: Uuid, head: u64 },
    /// The room is followed from `seq` on.
    Added { room: Uuid, seq: u64 },
    /// The room is not followed any longer.
    Gone { room: Uuid, seq: u64 },
    /// Typing, presence, profile or read: it passes by and is not kept.
    Passing(Frame),
    /// The server refused something that nobody waits for.
    Refused(Box<Problem>),
    /// The connection is gone; another follows after the wait.
    Lost {
        why: String,
        code: Option<u16>,
        wait: Duration,
    },
    /// The connection is gone for good, always the last event. `sign_in`: with a new session it would work.
    Ended {
        why: String,
        code: Option<u16>,
        sign_in: bool,
    },
}

/// What the server answered to a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The entry's, if the command made or repeated one.
    pub seq: Option<u64>,
    pub id: Option<Uuid>,
    /// It had been done before under the same client id.
    pub repeated: bool,
}

/// A handle on the connection; dropping the last one closes it.
#[derive(Clone)]
pub struct Live {
    jobs: mpsc::Sender<Job>,
}

/// The stream of what happens. If it is dropped, events are thrown away and the connection goes on.
pub struct Events {
    receiver: mpsc::Receiver<Event>,
}

impl Events {
    /// The next event; `None` after `Ended`, or once every handle is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        self.receiver.recv().await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.receiver.poll_recv(context)
    }
}

impl Live {
    /// Starts to connect as `api`'s session. Must be called inside a tokio runtime.
    pub fn start(api: Api, settings: Settings) -> (Self, Events) {
        let (jobs, queue) = mpsc::channel(JOBS_MAX);
        let (events, receiver) = mpsc::channel(EVENTS_MAX);
        tokio::spawn(runner::Runner::new(api, settings, queue, events).run());
        (Self { jobs }, Events { receiver })
    }

    /// Posts a message and does not give up until the server says yes or no, over any number of connections.
    /// Without a client id one is made. Posts to one room arrive in the order of these calls.
    /// Read the events in another task meanwhile: while many of them wait, no answer is read either.
    pub async fn post(&self, room: Uuid, post: PostMessage) -> Result<Done> {
        let command = Command::Post {
            reference: String::new(),
            room,
            client_id: post.client_id.unwrap_or_else(|| Uuid::new_v4().to_string()),
            text: post.text,
            reply_to: post.reply_to,
            location: post.location,
        };
        self.keep_sending(room, command).await
    }

    /// The same for any command of a room that carries a client id, which makes it repeatable; its `ref` is made here.
    pub async fn keep_sending(&self, room: Uuid, command: Command) -> Result<Done> {
        let (answer, answered) = oneshot::channel();
        let command = Box::new(command);
        self.put(Job::Keep { room, command, answer }).await?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Sends one command, made with the `ref` it is given, and waits for the answer. If the connection breaks
    /// meanwhile, the outcome is unknown and nothing is repeated.
    pub async fn ask(&self, command: impl FnOnce(String) -> Command + Send + 'static) -> Result<Done> {
        let (answer, answered) = oneshot::channel();
        self.put(Job::Ask {
            command: Box::new(command),
            answer,
        })
        .await?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Sends a command that has no answer (typing, presence); it is lost if there is no connection.
    pub async fn say(&self, command: Command) -> Result<()> {
        self.put(Job::Say(command)).await
    }

    /// Ends the wait for the next try to connect, if there is one: the user is here and wants to go on.
    pub async fn hurry(&self) -> Result<()> {
        self.put(Job::Hurry).await
    }

    async fn put(&self, job: Job) -> Result<()> {
        self.jobs.send(job).await.map_err(|_| closed())
    }
}

fn closed() -> Error {
    Error::Closed("nothing more can be sent".to_owned())
}

type Answer = oneshot::Sender<Result<Done>>;

enum Job {
    Keep {
        room: Uuid,
        command: Box<Command>,
        answer: Answer,
    },
    Ask {
        command: Box<dyn FnOnce(String) -> Command + Send>,
        answer: Answer,
    },
    Say(Command),
    Hurry,
}
