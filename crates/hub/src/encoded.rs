//! One event, encoded at most once per dialect and shared by all who speak it.
//!
//! Architecture invariant: the hub never looks into the bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chat::event::{Dialect, Entry, Event};
use chat::ids::{RoomId, Seq};

/// The dialects that listeners may speak, in the order in which `Hub::connect` counts them.
pub(crate) type Dialects = Arc<[Arc<dyn Dialect>]>;

/// What a frame does to a listener's cursors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing: a signal.
    Passing,
    /// This entry has been told.
    Entry { room: RoomId, seq: Seq },
    /// The room is followed from `seq` on.
    Added { room: RoomId, seq: Seq },
    /// The room is followed no longer.
    Gone { room: RoomId },
    /// The room starts anew after `head`.
    Reset { room: RoomId, head: Seq },
    /// Everything that was missed has been told; these are the cursors of all rooms.
    Resumed(Arc<BTreeMap<RoomId, Seq>>),
    /// Frames were dropped: resume.
    Resync,
}

/// One thing to write to a listener; all who are told the same in the same dialect share it.
#[derive(Debug)]
pub struct Frame {
    pub bytes: Bytes,
    pub mark: Mark,
}

impl Frame {
    /// Something that is told to one listener beside the events, and moves no cursor.
    pub fn passing(bytes: Bytes) -> Arc<Self> {
        Arc::new(Self {
            bytes,
            mark: Mark::Passing,
        })
    }
}

/// An event that is on its way to many listeners.
pub(crate) struct Encoded {
    event: Event,
    dialects: Dialects,
    words: Box<[OnceLock<Option<Arc<Frame>>>]>,
    /// For those who may not see the message that the entry changes.
    without_words: OnceLock<Arc<Encoded>>,
}

impl Encoded {
    pub(crate) fn new(event: Event, dialects: &Dialects) -> Arc<Self> {
        Arc::new(Self {
            event,
            words: dialects.iter().map(|_| OnceLock::new()).collect(),
            dialects: dialects.clone(),
            without_words: OnceLock::new(),
        })
    }

    /// The event in this dialect, or `None` where it has no word for it.
    pub(crate) fn frame(&self, dialect: usize) -> Option<&Arc<Frame>> {
        let word = self.words.get(dialect)?;
        let encode = || {
            let bytes = self.dialects[dialect].encode(&self.event)?;
            Some(Arc::new(Frame {
                bytes,
                mark: self.mark(),
            }))
        };
        word.get_or_init(encode).as_ref()
    }

    /// As a listener may see it whose part of the log begins at `from_seq`.
    pub(crate) fn seen_from(self: &Arc<Self>, from_seq: Seq) -> &Arc<Self> {
        match self.entry().filter(|entry| entry.speaks_of_before(from_seq)) {
            Some(entry) => self.without_words.get_or_init(|| {
                let seen = Event::Entry(Arc::new(entry.without_words()));
                Self::new(seen, &self.dialects)
            }),
            None => self,
        }
    }

    /// The entry, if the event is one.
    pub(crate) fn entry(&self) -> Option<&Arc<Entry>> {
        match &self.event {
            Event::Entry(entry) => Some(entry),
            Event::Signal(_)
            | Event::RoomAdded { .. }
            | Event::RoomGone { .. }
            | Event::Reset { .. }
            | Event::Resync => None,
        }
    }

    fn mark(&self) -> Mark {
        match &self.event {
            Event::Entry(entry) => Mark::Entry {
                room: entry.room,
                seq: entry.seq,
            },
            Event::Signal(_) => Mark::Passing,
            Event::RoomAdded { room, seq } => Mark::Added { room: *room, seq: *seq },
            Event::RoomGone { room, .. } => Mark::Gone { room: *room },
            Event::Reset { room, head } => Mark::Reset {
                room: *room,
                head: *head,
            },
            Event::Resync => Mark::Resync,
        }
    }

    /// Roughly how many bytes keeping it costs, before any dialect has worded it.
    pub(crate) fn weight(&self) -> usize {
        let text = self.entry().map_or(0, |entry| entry.body.text_bytes());
        2 * text + 1_024
    }
}
