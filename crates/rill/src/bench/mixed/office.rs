//! People who do something now and then, and what comes of it, at a rate that waits for nobody.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use protocol::live::Command;
use protocol::shapes::Status;
use uuid::Uuid;

use super::super::asker::Asker;
use super::super::cpu::Clock;
use super::super::marks::{Finder, Stamped};
use super::super::people::{self, People};
use super::super::rooms::members_of;
use super::super::settings::Settings;
use super::super::statistics::Latencies;
use super::super::swarm::greeting::Transport;
use super::super::swarm::{Swarm, acknowledged, is_refusal};
use super::super::target::{Target, connections_max, open_all};
use super::super::{frames, pace};
use super::Day;
use crate::demo::archive::words::Dice;

/// One of so many connections does something; the others only listen.
const ACTIVE_ONE_OF: usize = 20;
/// What somebody active does in a minute.
const A_MINUTE: &[(Deed, u64)] = &[
    (Deed::Type, 12),
    (Deed::Post, 6),
    (Deed::Read, 6),
    (Deed::React, 3),
    (Deed::Page, 3),
    (Deed::Presence, 1),
];
const TURN: Duration = Duration::from_millis(50);
/// If what was posted has not arrived so long after the last deed, it is lost.
const LAST_WAIT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Type,
    Post,
    Read,
    React,
    /// By REST.
    Page,
    Presence,
}

/// The people, their connections, and what they do next.
pub struct Office<'a> {
    settings: &'a Settings,
    target: &'a Target,
    swarm: Swarm,
    token: String,
    /// All of them, and how many do something.
    pub connections: usize,
    pub active: usize,
    /// Of the account of each active connection.
    rooms_of: Vec<Vec<usize>>,
    rooms: Vec<Uuid>,
    posts: Vec<Stamped>,
    /// The newest message of each room, for reactions and reading.
    newest: Vec<Option<(Uuid, u64)>>,
    /// Connections that hear what is said in a room.
    pub audience: usize,
    dice: Dice,
    /// By number.
    done: Vec<Done>,
}

/// A deed that is answered.
struct Done {
    due: Instant,
    room: usize,
    is_post: bool,
}

impl<'a> Office<'a> {
    /// Opens the rooms, and the connections of everybody.
    pub async fn open(settings: &'a Settings, target: &'a Target, people: &People) -> Result<Self> {
        let (accounts, rooms) = (settings.count("accounts"), settings.count("rooms"));
        let members = settings.count("members").min(accounts);
        let each = settings.count("connections").div_ceil(accounts);
        let connections = each * accounts;
        ensure!(
            2 * connections < connections_max(settings),
            "{connections} connections to server and floor each are more than the {} files that a process may open here",
            settings.files_max
        );
        let (mut ids, mut rooms_of, mut posts) = (Vec::new(), vec![Vec::new(); accounts], Vec::new());
        for room in 0..rooms {
            let who = members_of(room, members, accounts);
            ids.push(people.room_of(room, &who).await?);
            who.into_iter().for_each(|account| rooms_of[account].push(room));
            let texts = people::posts(ids[room], &people.run, settings.count("bytes"))?;
            posts.extend(texts.into_iter().take(1));
        }
        let mut swarm = Swarm::new()?;
        let greetings = people.greetings(&target.host, Transport::WebSocket, Some(&people::follow(None)?));
        open_all(&mut swarm, &target.addresses, &greetings, connections, &mut |_| {})?;
        Ok(Self {
            settings,
            target,
            swarm,
            token: people.apis[0].access_token().await?,
            connections,
            active: (connections / ACTIVE_ONE_OF).max(1),
            rooms_of,
            newest: vec![None; ids.len()],
            rooms: ids,
            posts,
            audience: members * each,
            dice: Dice::new(3),
            done: Vec::new(),
        })
    }

    /// One round; also the bytes in which a message was heard.
    pub fn work(&mut self) -> Result<(Day, Vec<u8>)> {
        let deeds: Vec<Deed> = A_MINUTE
            .iter()
            .flat_map(|(deed, times)| vec![*deed; *times as usize])
            .collect();
        let rate = match self.settings.number("rate") {
            0 => self.active as f64 * deeds.len() as f64 / 60.0,
            rate => rate as f64,
        };
        let pages = rate * deeds.iter().filter(|deed| **deed == Deed::Page).count() as f64 / deeds.len() as f64;
        let (address, token) = (self.target.addresses[0], self.token.clone());
        let (room, time) = (self.rooms[0], self.settings.time);
        let pager = std::thread::Builder::new()
            .name("pages".into())
            .spawn(move || turn_pages(&mut Asker::new(address, &token)?, room, pages, time))?;
        let done = self.live(rate, &deeds);
        let turned = pager
            .join()
            .unwrap_or_else(|_| bail!("the thread that turns pages broke"));
        let (mut day, sample) = done?;
        day.pages = turned?;
        Ok((day, sample))
    }

    fn live(&mut self, rate: f64, deeds: &[Deed]) -> Result<(Day, Vec<u8>)> {
        let mut day = Day::default();
        let (first, count) = (self.done.len(), pace::count(rate, self.settings.time));
        let clock = Clock::start(&self.target.pids());
        let began = Instant::now();
        let (mut next, mut expected, mut delivered, mut answers) = (0, 0, 0, 0_i64);
        let (mut finder, mut sample) = (Finder::default(), Vec::new());
        let due = |number: u64| pace::due(began, rate, number);
        while next < count || delivered < expected || answers > 0 {
            while next < count && due(next) <= Instant::now() {
                let deed = deeds[self.dice.below(deeds.len() as u64) as usize];
                let answered = self.act(deed, due(next))?;
                answers += i64::from(answered);
                expected += if answered && deed == Deed::Post {
                    self.audience as u64
                } else {
                    0
                };

                next += 1;
            }
            let wait = if next < count {
                pace::wait_for(due(next), TURN)
            } else {
                TURN
            };
            let (done, newest, mut refusal) = (&self.done, &mut self.newest, None);
            let of_this_round = |number: u64| done.get(number as usize).filter(|_| number as usize >= first);
            self.swarm.turn(wait, &mut |heard| {
                day.frames += 1;
                if let Some(number) = acknowledged(heard.payload) {
                    if let Some(done) = of_this_round(number) {
                        day.acknowledged.add(heard.at.saturating_duration_since(done.due));
                        answers -= 1;
                        if done.is_post {
                            newest[done.room] = recorded(heard.payload);
                        }
                    }
                } else if let Some(number) = finder.number(heard.payload) {
                    if let Some(done) = of_this_round(number) {
                        day.delivered.add(heard.at.saturating_duration_since(done.due));
                        delivered += 1;
                        if sample.is_empty() {
                            sample = heard.raw.to_vec();
                        }
                    }
                } else if is_refusal(heard.payload) {
                    refusal.get_or_insert_with(|| String::from_utf8_lossy(heard.payload).into_owned());
                }
            })?;
            if let Some(refusal) = refusal {
                bail!("the server refuses: {refusal}");
            }
            let why = self.swarm.why.as_deref().unwrap_or_default();
            ensure!(self.swarm.lost == 0, "{} connections were lost: {why}", self.swarm.lost);
            ensure!(
                began.elapsed() < self.settings.time + LAST_WAIT,
                "{delivered} of {expected} messages arrived, and {answers} commands were not answered"
            );
        }
        day.seconds = began.elapsed().as_secs_f64();
        day.server_cpu = clock.seconds();
        ensure!(
            !sample.is_empty(),
            "nothing was posted; take more --seconds or a higher --rate"
        );
        Ok((day, sample))
    }

    /// Somebody does something; whether it will be answered.
    fn act(&mut self, deed: Deed, due: Instant) -> Result<bool> {
        let who = self.dice.below(self.active as u64) as usize;
        let rooms = &self.rooms_of[who % self.rooms_of.len()];
        let Some(place) = rooms.get(self.dice.below(rooms.len().max(1) as u64) as usize).copied() else {
            return Ok(false);
        };
        let (room, newest) = (self.rooms[place], self.newest[place]);
        let number = self.done.len() as u64;
        let reference = format!("{number:012}");
        let command = match (deed, newest) {
            (Deed::Post, _) => {
                self.done.push(Done {
                    due,
                    room: place,
                    is_post: true,
                });
                self.swarm.send(who, self.posts[place].with(number))?;
                return Ok(true);
            }
            (Deed::Type, _) => Command::Typing { room, on: true },
            (Deed::Presence, _) => Command::Presence {
                status: if self.dice.below(2) == 0 {
                    Status::Away
                } else {
                    Status::Online
                },
            },
            (Deed::Read, Some((_, seq))) => Command::Read {
                reference: Some(reference),
                room,
                seq,
            },
            (Deed::React, Some((message, _))) => Command::React {
                reference,
                room,
                message,
                emoji: "👍".into(),
                on: self.dice.below(3) > 0,
                client_id: None,
            },
            // Nothing to read or to react to yet; pages are turned by somebody else.
            (Deed::Read | Deed::React, None) | (Deed::Page, _) => return Ok(false),
        };
        let answered = matches!(command, Command::Read { .. } | Command::React { .. });
        if answered {
            self.done.push(Done {
                due,
                room: place,
                is_post: false,
            });
        }
        self.swarm
            .send(who, &frames::of_client(frames::TEXT, &serde_json::to_vec(&command)?))?;
        Ok(answered)
    }
}

/// The message that an `ok` speaks of, if it made one.
fn recorded(ok: &[u8]) -> Option<(Uuid, u64)> {
    let ok: serde_json::Value = serde_json::from_slice(ok).ok()?;
    Some((ok["id"].as_str()?.parse().ok()?, ok["seq"].as_u64()?))
}

/// Asks for pages of a room at a rate, one after the other.
fn turn_pages(asker: &mut Asker, room: Uuid, rate: f64, time: Duration) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    let (wake, sleeper) = std::sync::mpsc::sync_channel::<()>(1);
    let began = Instant::now();
    for number in 0..pace::count(rate, time) {
        let due = pace::due(began, rate, number);
        // Nobody wakes it: it only waits.
        let _ = sleeper.recv_timeout(due.saturating_duration_since(Instant::now()));
        asker
            .get(&format!("/api/v1/rooms/{room}/messages?limit=50"))
            .context("a page")?;
        latencies.add(due.elapsed());
    }
    drop(wake);
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ok_that_recorded_something_names_it() {
        let id = Uuid::from_u128(7);
        let ok = format!("{{\"type\":\"ok\",\"ref\":\"000000000001\",\"seq\":9,\"id\":\"{id}\"}}");
        assert_eq!(recorded(ok.as_bytes()), Some((id, 9)));
        assert_eq!(recorded(b"{\"type\":\"ok\",\"ref\":\"000000000001\"}"), None);
    }
}
