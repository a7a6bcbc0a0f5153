//! Carries out the effects that go to the server and to the disk; what comes of them are events.

use client::api::messages::Range;
use client::api::{Api, Error};
use client::live::Live;
use protocol::rest::{ChangeRoom, OpenRoom};
use protocol::shapes::{Message, MessageRef, Person, Room, RoomKind};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::journal::Journal;
use crate::state::event::{Answer, Effect, Event, Refusal};
use crate::state::room::Want;
use crate::state::unsent::Unsent;
use crate::words;

/// Messages of a page.
const PAGE: u64 = 100;
/// Hits of a search, and answers of a thread, that are shown.
const HITS: u64 = 100;
/// Writes that may wait for the disk.
const WRITES_MAX: usize = 1024;

/// What carries out effects.
pub struct Hands {
    api: Api,
    live: Live,
    inbox: mpsc::Sender<Event>,
    writes: mpsc::Sender<(Vec<Unsent>, Vec<String>)>,
    writer: JoinHandle<()>,
}

impl Hands {
    /// Starts what writes the outbox.
    pub fn new(api: Api, live: Live, journal: Journal, inbox: mpsc::Sender<Event>) -> Self {
        let (writes, queue) = mpsc::channel(WRITES_MAX);
        let writer = tokio::spawn(write(journal, queue, inbox.clone()));
        Self {
            api,
            live,
            inbox,
            writes,
            writer,
        }
    }

    /// Begins what the effect wants. False: it belongs to the screen.
    pub fn carry_out(&self, effect: &Effect) -> bool {
        match effect.clone() {
            Effect::Keep { keep, drop } => {
                let ids = ids(&keep);
                if self.writes.try_send((keep, drop)).is_err() {
                    self.tell(Event::Unkept(ids, "it does not keep up".into()));
                }
            }
            Effect::Send(room, client_id, command) => {
                let (live, inbox) = (self.live.clone(), self.inbox.clone());
                tokio::spawn(async move {
                    let sent = live.keep_sending(room, command).await.map_err(refusal);
                    let _ = inbox
                        .send(Event::Answer(Box::new(Answer::Sent(room, client_id, sent))))
                        .await;
                });
            }
            Effect::Say(command) => {
                let live = self.live.clone();
                tokio::spawn(async move { live.say(command).await });
            }
            Effect::Hurry => {
                let live = self.live.clone();
                tokio::spawn(async move { live.hurry().await });
            }
            Effect::Write(_) | Effect::Ring | Effect::Redraw | Effect::Quit => return false,
            asked => {
                let (api, inbox) = (self.api.clone(), self.inbox.clone());
                tokio::spawn(async move {
                    if let Some(answer) = ask(&api, asked).await {
                        let _ = inbox.send(Event::Answer(Box::new(answer))).await;
                    }
                });
            }
        }
        true
    }

    /// Waits until everything is on the disk.
    pub async fn finish(self) {
        drop((self.writes, self.inbox, self.live));
        let _ = self.writer.await;
    }

    fn tell(&self, event: Event) {
        let inbox = self.inbox.clone();
        tokio::spawn(async move { inbox.send(event).await });
    }
}

/// Writes what comes, in order, and tells when it is on the disk.
async fn write(
    mut journal: Journal,
    mut queue: mpsc::Receiver<(Vec<Unsent>, Vec<String>)>,
    inbox: mpsc::Sender<Event>,
) {
    while let Some((keep, drop)) = queue.recv().await {
        let ids = ids(&keep);
        let written = tokio::task::spawn_blocking(move || {
            let result = journal.write(&keep, &drop);
            (journal, result)
        });
        let Ok((back, result)) = written.await else { return };
        journal = back;
        let event = match result {
            Ok(()) if ids.is_empty() => continue,
            Ok(()) => Event::Kept(ids),
            Err(error) => Event::Unkept(ids, error.to_string()),
        };
        // At the end nobody listens any longer; the rest is written all the same.
        let _ = inbox.send(event).await;
    }
}

fn ids(items: &[Unsent]) -> Vec<String> {
    items.iter().map(|item| item.client_id.clone()).collect()
}

async fn ask(api: &Api, effect: Effect) -> Option<Answer> {
    Some(match effect {
        Effect::LoadRooms => Answer::Rooms(api.rooms().await.map_err(refusal)),
        Effect::LoadRoom(room) => Answer::Room(room, api.room(room).await.map_err(refusal)),
        Effect::LoadPage(room, want) => {
            let range = match want {
                Want::Latest => Range::Latest,
                Want::Older(seq) => Range::Before(seq),
                Want::Newer(seq) => Range::After(seq),
                Want::Around(seq) => Range::Around(seq),
                Want::Oldest => Range::After(0),
            };
            Answer::Page(room, want, api.messages(room, range, PAGE).await.map_err(refusal))
        }
        Effect::LoadMembers(room) => Answer::Members(room, api.members(room).await.map_err(refusal)),
        Effect::LoadThread(room, root) => Answer::Thread(room, thread(api, room, root).await.map_err(refusal)),
        Effect::LoadPeople => Answer::People(api.people("").await.map(|page| page.items).map_err(refusal)),
        Effect::Browse => Answer::Browsed(api.browse_all().await.map_err(refusal)),
        Effect::Search(query) => {
            let found = api.search(&query, None, HITS).await;
            Answer::Found(query, found.map(|page| page.items).map_err(refusal))
        }
        Effect::Join(name) => Answer::Opened(join(api, &name).await.map_err(refusal)),
        Effect::Leave(room) => Answer::Left(room, api.leave(room).await.map(drop).map_err(refusal)),
        Effect::Direct(names) => Answer::Opened(direct(api, &names).await),
        Effect::Topic(room, topic) => {
            let change = ChangeRoom {
                topic: Some(topic),
                ..ChangeRoom::default()
            };
            let changed = api.change_room(room, &change).await;
            Answer::Done(changed.map(|_| words::topic_set()).map_err(refusal))
        }
        Effect::Invite(room, name) => Answer::Done(invite(api, room, &name).await),
        Effect::Keep { .. }
        | Effect::Send(..)
        | Effect::Say(_)
        | Effect::Hurry
        | Effect::Write(_)
        | Effect::Ring
        | Effect::Redraw
        | Effect::Quit => return None,
    })
}

/// The public room of this name, joined; or a new one.
async fn join(api: &Api, name: &str) -> Result<Room, Error> {
    let listed = api.browse(name).await?.items;
    let found = listed
        .into_iter()
        .find(|room| room.name.to_lowercase() == name.to_lowercase());
    let Some(room) = found else {
        let open = OpenRoom {
            kind: RoomKind::Public,
            name: name.to_owned(),
            topic: String::new(),
            description: String::new(),
            history: None,
            members: Vec::new(),
        };
        return api.open_room(&open).await;
    };
    api.join(room.id).await?;
    api.room(room.id).await
}

async fn direct(api: &Api, names: &[String]) -> Result<Room, Refusal> {
    let mut people = Vec::with_capacity(names.len());
    for name in names {
        people.push(person(api, name).await?.id);
    }
    api.direct(&people).await.map_err(refusal)
}

async fn invite(api: &Api, room: Uuid, name: &str) -> Result<String, Refusal> {
    let person = person(api, name).await?;
    api.invite(room, person.id).await.map_err(refusal)?;
    Ok(words::invited(name))
}

/// Somebody by user name, or by a displayed name that only one has.
async fn person(api: &Api, name: &str) -> Result<Person, Refusal> {
    let name = name.trim_start_matches('@');
    let found = api.people(name).await.map_err(refusal)?.items;
    let exact = found.iter().find(|person| person.username.eq_ignore_ascii_case(name));
    let shown = || {
        let mut shown = found
            .iter()
            .filter(|person| person.display_name.to_lowercase() == name.to_lowercase());
        shown.next().filter(|_| shown.next().is_none())
    };
    exact.or_else(shown).cloned().ok_or_else(|| Refusal {
        code: Some("not_found".into()),
        says: words::nobody(name),
        passing: false,
    })
}

/// The root of a thread and its newest answers.
async fn thread(api: &Api, room: Uuid, root: MessageRef) -> Result<Vec<Message>, Error> {
    let answers = api.thread(room, root.id, Range::Latest, HITS).await?.items;
    if answers.is_empty() {
        return Ok(Vec::new());
    }
    let mut all = vec![api.message(room, root.id).await?];
    all.extend(answers);
    Ok(all)
}

/// An error as the state knows it.
pub fn refusal(error: Error) -> Refusal {
    let passing = error.retry_after().is_some() || matches!(error, Error::Closed(_));
    let code = error.code().map(str::to_owned);
    let says = match error {
        Error::Refused(problem) => problem.detail,
        Error::NotSignedIn => words::SIGNED_OUT.to_owned(),
        other => other.to_string(),
    };
    Refusal { code, says, passing }
}
