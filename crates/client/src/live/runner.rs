//! The task behind a `Live`: it connects, serves one connection until its end, waits, and connects again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use protocol::error::Problem;
use protocol::live::{Command, Frame};
use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until};
use uuid::Uuid;

use super::backoff::Backoff;
use super::connection::{Connection, End, Incoming};
use super::cursors::{Cursors, Verdict};
use super::outbox::Outbox;
use super::{Answer, Done, Event, Job, Settings};
use crate::api::{Api, Error, Result, retry_after};

/// How long the server may be silent before it has said how often it pings.
const FIRST_SILENCE: Duration = Duration::from_secs(15);
/// What was refused for a moment is not tried again sooner than this.
const RETRY_WAIT_MIN: Duration = Duration::from_millis(100);

pub(super) struct Runner {
    api: Api,
    settings: Settings,
    jobs: mpsc::Receiver<Job>,
    events: mpsc::Sender<Event>,
    cursors: Cursors,
    /// The epoch of the cursors, and the one that this connection's server named.
    epoch: Option<String>,
    greeted: Option<String>,
    outbox: Outbox,
    asked: HashMap<String, Answer>,
    references: u64,
    connection: u64,
    /// `welcome` came: commands may be sent.
    welcomed: bool,
    silence: Duration,
    /// When the server said it would be back.
    drain: Option<Duration>,
    backoff: Backoff,
}

/// Every handle is gone, or a connection ended.
enum Stop {
    Dropped,
    Ended(End),
}

impl From<End> for Stop {
    fn from(end: End) -> Self {
        Self::Ended(end)
    }
}

impl Runner {
    pub(super) fn new(
        api: Api,
        mut settings: Settings,
        jobs: mpsc::Receiver<Job>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let cursors = Cursors::new(std::mem::take(&mut settings.cursors));
        Self {
            backoff: Backoff::new(settings.backoff, settings.backoff_max),
            epoch: settings.epoch.take(),
            api,
            settings,
            jobs,
            events,
            cursors,
            greeted: None,
            outbox: Outbox::default(),
            asked: HashMap::new(),
            references: 0,
            connection: 0,
            welcomed: false,
            silence: FIRST_SILENCE,
            drain: None,
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            let stop = self.live_once().await;
            self.forget_connection();
            let Stop::Ended(end) = stop else { break };
            let (why, code, wait) = match self.after(end).await {
                Ok(lost) => lost,
                Err(ended) => {
                    self.tell(ended).await;
                    break;
                }
            };
            self.tell(Event::Lost { why, code, wait }).await;
            if self.pause(wait).await.is_err() {
                break;
            }
        }
        for answer in self.outbox.take_all() {
            let _ = answer.send(Err(Error::Closed(
                "it was not sent, or its outcome is unknown".to_owned(),
            )));
        }
    }

    async fn live_once(&mut self) -> Stop {
        let mut connection = match Connection::open(&self.api, self.settings.proof).await {
            Ok(connection) => connection,
            Err(end) => return Stop::Ended(end),
        };
        self.connection += 1;
        match self.serve(&mut connection).await {
            Err(stop) => {
                if matches!(stop, Stop::Dropped) {
                    connection.close().await;
                }
                stop
            }
            Ok(never) => match never {},
        }
    }

    async fn serve(&mut self, connection: &mut Connection) -> std::result::Result<std::convert::Infallible, Stop> {
        let mut heard = Instant::now();
        loop {
            if self.welcomed {
                let references = &mut self.references;
                for command in self.outbox.due(Instant::now(), || next(references)) {
                    connection.send(&command).await?;
                }
            }
            let wakes = if self.welcomed { self.outbox.wakes() } else { None };
            let silent_at = heard + self.silence;
            tokio::select! {
                incoming = connection.next() => {
                    heard = Instant::now();
                    self.hear(incoming?, connection).await?;
                }
                job = self.jobs.recv(), if self.welcomed && !self.outbox.is_full() => {
                    self.take(job.ok_or(Stop::Dropped)?, connection).await?;
                }
                () = sleep_until(wakes.unwrap_or(silent_at).into()), if wakes.is_some() => {}
                () = sleep_until(silent_at.into()) => return Err(End::lost("the server has been silent").into()),
            }
        }
    }

    async fn take(&mut self, job: Job, connection: &mut Connection) -> std::result::Result<(), Stop> {
        match job {
            Job::Keep { room, command, answer } => self.outbox.push(room, *command, answer),
            Job::Ask { command, answer } => {
                let reference = next(&mut self.references);
                self.asked.insert(reference.clone(), answer);
                connection.send(&command(reference)).await?;
            }
            Job::Say(command) => connection.send(&command).await?,
            Job::Hurry => {}
        }
        Ok(())
    }

    async fn hear(&mut self, incoming: Incoming, connection: &mut Connection) -> std::result::Result<(), Stop> {
        let frame = match incoming {
            Incoming::Frame(frame) => frame,
            Incoming::UnknownEntry { room, seq } => return self.place(room, seq, connection).await.map(drop),
            Incoming::Other => return Ok(()),
        };
        if let Some(watch) = &self.settings.watch {
            let _ = watch.send((self.connection, frame.clone())).await;
        }
        match frame {
            Frame::Hello {
                epoch, heartbeat_ms, ..
            } => {
                self.greeted = Some(epoch);
                self.silence = Duration::from_millis(heartbeat_ms.clamp(1_000, 600_000)) * 2;
            }
            Frame::Welcome { me, session } => {
                self.welcomed = true;
                self.backoff.connected(Instant::now());
                let epoch = self.greeted.clone().unwrap_or_default();
                self.tell(Event::Connected {
                    connection: self.connection,
                    epoch,
                    me,
                    session,
                })
                .await;
                self.resume(connection).await?;
            }
            Frame::Entry { entry } => {
                if self.place(entry.room, entry.seq, connection).await? {
                    self.tell(Event::Entry(entry)).await;
                }
            }
            Frame::Resumed { rooms, .. } => {
                self.cursors.resumed(&rooms);
                self.epoch = self.greeted.clone();
                self.tell(Event::CaughtUp { rooms }).await;
            }
            Frame::Reset { room, head } => {
                self.cursors.reset(room, head);
                self.tell(Event::Reset { room, head }).await;
            }
            Frame::Resync => self.resume(connection).await?,
            Frame::RoomAdded { room, seq } => {
                self.cursors.added(room, seq);
                self.tell(Event::Added { room, seq }).await;
            }
            Frame::RoomGone { room, seq } => {
                self.cursors.gone(room);
                self.tell(Event::Gone { room, seq }).await;
            }
            Frame::Ok {
                reference,
                seq,
                id,
                repeated,
                ..
            } => self.answer(&reference, Ok(Done { seq, id, repeated })),
            Frame::Error { reference, problem } => self.refused(reference, problem).await?,
            Frame::Drain { retry_after_ms } => self.drain = Some(Duration::from_millis(retry_after_ms.min(60_000))),
            Frame::Pong { .. } => {}
            passing @ (Frame::Typing { .. } | Frame::Presence { .. } | Frame::Profile { .. } | Frame::Read { .. }) => {
                self.tell(Event::Passing(passing)).await;
            }
        }
        Ok(())
    }

    /// Whether the entry is the next one; asks for what was missed if it is not.
    async fn place(&mut self, room: Uuid, seq: u64, connection: &mut Connection) -> std::result::Result<bool, Stop> {
        match self.cursors.judge(room, seq) {
            Verdict::Next => Ok(true),
            Verdict::Repeat => Ok(false),
            Verdict::Missed => {
                if !self.cursors.is_resuming() {
                    self.resume(connection).await?;
                }
                Ok(false)
            }
        }
    }

    async fn resume(&mut self, connection: &mut Connection) -> std::result::Result<(), Stop> {
        let rooms = self.cursors.resuming();
        let reference = Some(next(&mut self.references));
        let epoch = self.epoch.clone().or_else(|| self.greeted.clone());
        Ok(connection
            .send(&Command::Resume {
                reference,
                epoch,
                rooms,
            })
            .await?)
    }

    fn answer(&mut self, reference: &str, answer: Result<Done>) {
        if let Some(waiting) = self.asked.remove(reference).or_else(|| self.outbox.settle(reference)) {
            let _ = waiting.send(answer);
        }
    }

    async fn refused(&mut self, reference: Option<String>, problem: Box<Problem>) -> std::result::Result<(), Stop> {
        let Some(reference) = reference else {
            self.tell(Event::Refused(problem)).await;
            return Ok(());
        };
        if let Some(waiting) = self.asked.remove(&reference) {
            let _ = waiting.send(Err(Error::Refused(problem)));
            return Ok(());
        }
        let wait = retry_after(&problem).map(|wait| wait.max(RETRY_WAIT_MIN));
        if let Some(wait) = wait
            && self.outbox.put_off(&reference, Instant::now(), wait)
        {
            return Ok(());
        }
        match self.outbox.settle(&reference) {
            Some(waiting) => {
                let _ = waiting.send(Err(Error::Refused(problem)));
                Ok(())
            }
            // Neither asked nor posted: the resume was refused, and without it nothing is followed.
            None => Err(End::Lost {
                why: problem.detail.clone(),
                code: None,
                wait,
            }
            .into()),
        }
    }

    /// What follows from the end: how long to wait, or the last event.
    async fn after(&mut self, end: End) -> std::result::Result<(String, Option<u16>, Duration), Event> {
        match end {
            End::Lost { why, code, wait } => {
                let usual = self.backoff.wait(Instant::now());
                let told = self.drain.take().or(wait);
                Ok((why, code, told.unwrap_or(usual)))
            }
            End::SignIn { why, code, token } => match self.api.renew(&token).await {
                Ok(_) => Ok((why, code, self.backoff.wait(Instant::now()))),
                Err(error) if error.retry_after().is_some() => Ok((why, code, self.backoff.wait(Instant::now()))),
                Err(_) => Err(Event::Ended {
                    why,
                    code,
                    sign_in: true,
                }),
            },
            End::Never { why, code } => Err(Event::Ended {
                why,
                code,
                sign_in: false,
            }),
        }
    }

    /// Waits, and collects what is to be sent meanwhile.
    async fn pause(&mut self, wait: Duration) -> std::result::Result<(), Stop> {
        let over = sleep(wait);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                job = self.jobs.recv(), if !self.outbox.is_full() => match job.ok_or(Stop::Dropped)? {
                    Job::Keep { room, command, answer } => self.outbox.push(room, *command, answer),
                    Job::Ask { answer, .. } => {
                        let _ = answer.send(Err(lost()));
                    }
                    Job::Say(_) => {}
                    Job::Hurry => return Ok(()),
                },
            }
        }
    }

    fn forget_connection(&mut self) {
        self.welcomed = false;
        self.greeted = None;
        self.silence = FIRST_SILENCE;
        self.cursors.disconnected();
        self.outbox.disconnected();
        for (_, answer) in self.asked.drain() {
            let _ = answer.send(Err(lost()));
        }
    }

    async fn tell(&mut self, event: Event) {
        let _ = self.events.send(event).await;
    }
}

fn next(references: &mut u64) -> String {
    *references += 1;
    references.to_string()
}

fn lost() -> Error {
    Error::Unanswered("the connection was lost".to_owned())
}
