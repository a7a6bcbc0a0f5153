//! A history as a file: JSON, a line for each event, so that a run can be looked at and judged again.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::history::{Attempt, Fault, Heard, History, Leftovers, Line, Listener, Memory, Read, Recents};

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Event {
    /// Of the whole run.
    Run {
        must_settle: bool,
        leftovers: Option<Leftovers>,
    },
    Room {
        room: Uuid,
        joined_only: bool,
    },
    Listen {
        listener: usize,
        name: String,
        user: Uuid,
        cursors: std::collections::BTreeMap<Uuid, u64>,
    },
    Send(Attempt),
    Heard {
        listener: usize,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        t: Option<u64>,
        heard: Heard,
    },
    /// What the client of the listener handed out.
    Given {
        listener: usize,
        line: Line,
    },
    Read(Read),
    Fault(Fault),
    Recents(Recents),
    Memory(Memory),
    /// A line of the final log, or of a copy of it.
    Line {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        copy: Option<String>,
        line: Line,
    },
}

/// Writes the history.
pub fn write(history: &History, to: &mut impl Write) -> io::Result<()> {
    let mut put = |event: &Event| {
        serde_json::to_writer(&mut *to, event)?;
        to.write_all(b"\n")
    };
    put(&Event::Run {
        must_settle: history.must_settle,
        leftovers: history.leftovers,
    })?;
    for room in history.log.keys() {
        let joined_only = history.joined_only.contains(room);
        put(&Event::Room {
            room: *room,
            joined_only,
        })?;
    }
    for (number, listener) in history.listeners.iter().enumerate() {
        put(&Event::Listen {
            listener: number,
            name: listener.name.clone(),
            user: listener.user,
            cursors: listener.cursors.clone(),
        })?;
        for (index, heard) in listener.wire.iter().enumerate() {
            put(&Event::Heard {
                listener: number,
                t: listener.times.get(index).copied(),
                heard: heard.clone(),
            })?;
        }
        for line in &listener.view {
            put(&Event::Given {
                listener: number,
                line: line.clone(),
            })?;
        }
    }
    let sends = history.attempts.iter().cloned().map(Event::Send);
    let reads = history.reads.iter().cloned().map(Event::Read);
    let faults = history.faults.iter().cloned().map(Event::Fault);
    let recents = history.recents.iter().cloned().map(Event::Recents);
    let memory = history.memory.iter().cloned().map(Event::Memory);
    let log = history.log.values().flatten().map(|line| (None, line));
    let copies = history.copies.iter().flat_map(|(name, log)| {
        let lines = log.values().flatten();
        lines.map(move |line| (Some(name.clone()), line))
    });
    let lines = log.chain(copies).map(|(copy, line)| Event::Line {
        copy,
        line: line.clone(),
    });
    let all = sends.chain(reads).chain(faults).chain(recents).chain(memory);
    for event in all.chain(lines) {
        put(&event)?;
    }
    to.flush()
}

/// Reads what `write` wrote.
pub fn read(from: impl BufRead) -> io::Result<History> {
    let mut history = History::default();
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    for text in from.lines() {
        match serde_json::from_str(&text?)? {
            Event::Run { must_settle, leftovers } => {
                history.must_settle = must_settle;
                history.leftovers = leftovers;
            }
            Event::Room { room, joined_only } => {
                history.log.entry(room).or_default();
                if joined_only {
                    history.joined_only.insert(room);
                }
            }
            Event::Listen {
                listener,
                name,
                user,
                cursors,
            } => {
                numbers.insert(listener, history.listeners.len());
                history.listeners.push(Listener {
                    name,
                    user,
                    cursors,
                    ..Listener::default()
                });
            }
            Event::Send(attempt) => history.attempts.push(attempt),
            Event::Heard { listener, t, heard } => {
                let listener = listener_of(&mut history, &numbers, listener)?;
                listener.wire.push(heard);
                listener.times.extend(t);
            }
            Event::Given { listener, line } => {
                listener_of(&mut history, &numbers, listener)?.view.push(line);
            }
            Event::Read(read) => history.reads.push(read),
            Event::Fault(fault) => history.faults.push(fault),
            Event::Recents(recents) => history.recents.push(recents),
            Event::Memory(memory) => history.memory.push(memory),
            Event::Line { copy, line } => {
                let log = match copy {
                    Some(name) => history.copies.entry(name).or_default(),
                    None => &mut history.log,
                };
                log.entry(line.room).or_default().push(line);
            }
        }
    }
    Ok(history)
}

fn listener_of<'a>(
    history: &'a mut History,
    numbers: &HashMap<usize, usize>,
    number: usize,
) -> io::Result<&'a mut Listener> {
    let found = numbers.get(&number).and_then(|at| history.listeners.get_mut(*at));
    found.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a listener that was not named"))
}
