//! Where one is and how one gets elsewhere: rooms, messages, rows of the log, and the pages that this takes.

use protocol::shapes::RoomKind;
use uuid::Uuid;

use super::event::Effect;
use super::room::Want;
use super::scroll::{Blocks, Scroll};
use super::{Aim, Focus, Link, State};
use crate::layout::Layout;
use crate::log::Log;
use crate::words;

/// Fewer messages than these beyond the edge of the screen, and the next page is asked for.
const NEAR: usize = 40;

impl State {
    /// The rooms as the list shows them: channels by name, then conversations, the newest first.
    pub fn listed(&self) -> Vec<Uuid> {
        let me = self.my_id();
        let is_channel = |kind| matches!(kind, RoomKind::Public | RoomKind::Private);
        let (mut channels, mut talks): (Vec<_>, Vec<_>) = self
            .rooms
            .values()
            .filter(|room| !room.room.archived || room.unread().0 > 0)
            .partition(|room| is_channel(room.room.kind));
        channels.sort_by_key(|room| (room.name(me).to_lowercase(), room.room.id));
        talks.sort_by(|a, b| b.room.last_at.cmp(&a.room.last_at).then(a.room.id.cmp(&b.room.id)));
        channels.iter().chain(&talks).map(|room| room.room.id).collect()
    }

    /// The room to begin with: "General" where there is one.
    pub(super) fn first_room(&self) -> Option<Uuid> {
        let general = self
            .rooms
            .values()
            .find(|room| room.room.protected)
            .map(|room| room.room.id);
        general.or_else(|| self.listed().first().copied())
    }

    /// Opens a room at its end.
    pub(super) fn go(&mut self, id: Uuid) -> Vec<Effect> {
        if !self.rooms.contains_key(&id) {
            return vec![Effect::LoadRoom(id)];
        }
        let before = self.current.replace(id);
        let mut typed = super::Input::default();
        if before != Some(id) {
            typed = std::mem::take(&mut self.input);
            if let Some(old) = before.and_then(|old| self.rooms.get_mut(&old)) {
                old.draft = if self.aim == Aim::New {
                    std::mem::take(&mut typed)
                } else {
                    super::Input::default()
                };
                old.new_from = None;
                old.scroll.follow();
                // Only the end stays loaded, and only if it is one.
                match &mut old.timeline {
                    Some(timeline) if !timeline.has_after => timeline.shorten(),
                    timeline => *timeline = None,
                }
            }
            self.aim = Aim::New;
            self.completion = None;
        }
        self.focus = Focus::Write;
        let room = self.rooms.get_mut(&id).expect("looked up above");
        if before != Some(id) {
            self.input = std::mem::take(&mut room.draft);
            // What was written before any room was open is meant for the first one.
            if before.is_none() && self.input.is_empty() {
                self.input = typed;
            }
            room.new_from = room.room.me.as_ref().filter(|me| me.unread > 0).map(|me| me.read_seq);
        }
        room.scroll.follow();
        if room.timeline.as_ref().is_some_and(|timeline| timeline.has_after) {
            room.timeline = None;
        }
        if room.members.is_none() && matches!(self.link, Link::Up { .. }) {
            return vec![Effect::LoadMembers(id)];
        }
        Vec::new()
    }

    /// Opens a room at a message, and selects it.
    pub(super) fn go_to(&mut self, id: Uuid, seq: u64) -> Vec<Effect> {
        let mut effects = self.go(id);
        self.focus = Focus::Read;
        let is_loaded = self.message(id, seq).is_some();
        let Some(room) = self.rooms.get_mut(&id) else {
            return effects;
        };
        room.scroll.selected = Some(seq);
        if is_loaded {
            self.show_selected();
        } else {
            room.loading = Some(Want::Around(seq));
            effects.push(Effect::LoadPage(id, Want::Around(seq)));
        }
        effects
    }

    /// The room beside the open one in the list; `unread`: of those with something unread.
    pub(super) fn go_beside(&mut self, step: isize, unread: bool) -> Vec<Effect> {
        let listed = self.listed();
        let from = listed.iter().position(|room| Some(*room) == self.current);
        let count = listed.len();
        let candidates = (1..=count).map(|distance| {
            let offset = step * distance.cast_signed();
            let from = from.map_or(if step > 0 { -1 } else { 0 }, usize::cast_signed);
            listed[(from + offset).rem_euclid(count.cast_signed()).unsigned_abs()]
        });
        let is_wanted = |room: &Uuid| !unread || self.rooms.get(room).is_some_and(|room| room.unread().0 > 0);
        let found = candidates.into_iter().find(is_wanted);
        match found {
            Some(room) if Some(room) != self.current => self.go(room),
            Some(_) | None => {
                if unread {
                    self.say(words::NOTHING_UNREAD);
                }
                Vec::new()
            }
        }
    }

    /// Goes to the end of the room.
    pub(super) fn go_to_end(&mut self) -> Vec<Effect> {
        let Some(id) = self.current else { return Vec::new() };
        let Some(room) = self.rooms.get_mut(&id) else {
            return Vec::new();
        };
        let selected = self.focus == Focus::Read;
        if room.timeline.as_ref().is_some_and(|timeline| timeline.has_after) {
            room.loading = Some(Want::Latest);
            return vec![Effect::LoadPage(id, Want::Latest)];
        }
        room.scroll.follow();
        if selected {
            room.scroll.selected = room
                .timeline
                .as_ref()
                .and_then(|timeline| Some(timeline.messages.back()?.seq));
        }
        Vec::new()
    }

    /// Goes to the beginning of the room.
    pub(super) fn go_to_beginning(&mut self) -> Vec<Effect> {
        let Some(id) = self.current else { return Vec::new() };
        let Some(room) = self.rooms.get_mut(&id) else {
            return Vec::new();
        };
        if room.timeline.as_ref().is_some_and(|timeline| !timeline.has_before) {
            self.arrive_at(id, Want::Oldest);
            return Vec::new();
        }
        room.loading = Some(Want::Oldest);
        vec![Effect::LoadPage(id, Want::Oldest)]
    }

    /// A page is there: go where it was wanted for.
    pub(super) fn arrive_at(&mut self, id: Uuid, want: Want) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Some(timeline) = &room.timeline else { return };
        let ends = (
            timeline.messages.front().map(|first| first.seq),
            timeline.messages.back().map(|last| last.seq),
        );
        match want {
            Want::Latest => {
                room.scroll.follow();
                if self.focus == Focus::Read {
                    room.scroll.selected = ends.1;
                }
            }
            Want::Oldest => {
                room.scroll.selected = ends.0;
                self.focus = Focus::Read;
                self.scrolled(|scroll, blocks| scroll.hold_top(0, blocks));
            }
            Want::Around(seq) => {
                room.scroll.selected = Some(seq);
                let at = timeline.messages.partition_point(|message| message.seq < seq);
                let above = at.saturating_sub(3);
                self.scrolled(|scroll, blocks| scroll.hold_top(above, blocks));
                self.show_selected();
            }
            Want::Older(_) | Want::Newer(_) => {}
        }
    }

    /// Moves the log by rows; where one reads, the selection stays on the screen.
    pub(super) fn scroll_rows(&mut self, rows: isize) {
        let by = rows.unsigned_abs();
        self.scrolled(|scroll, blocks| {
            if rows < 0 {
                scroll.up(by, blocks)
            } else {
                scroll.down(by, blocks)
            }
        });
        self.hold_at_loaded_end();
        if self.focus == Focus::Read {
            let layout = Layout::of(self);
            let seq = Log::of(self, layout.log).and_then(|log| {
                let seqs = log.seqs();
                let height = |at| log.rows(at).len();
                let blocks = Blocks {
                    seqs: &seqs,
                    height: &height,
                    rows: usize::from(layout.log.height),
                };
                let scroll = self.room()?.scroll;
                let at = scroll.bottom(&blocks)?.0;
                seqs[..=at].iter().rev().find_map(|seq| *seq)
            });
            if let Some(room) = self.room_mut() {
                room.scroll.selected = seq;
            }
        }
    }

    /// Moves the selection by messages.
    pub(super) fn select(&mut self, by: isize) {
        let Some(room) = self.room_mut() else { return };
        let Some(timeline) = &room.timeline else { return };
        let count = timeline.messages.len();
        if count == 0 {
            return;
        }
        let at = room.scroll.selected.and_then(|seq| timeline.find(seq));
        let next = match at {
            Some(at) => at.saturating_add_signed(by).min(count - 1),
            None => count - 1,
        };
        room.scroll.selected = Some(timeline.messages[next].seq);
        self.show_selected();
        self.hold_at_loaded_end();
    }

    /// Asks for the page beyond the edge before one gets there.
    pub(super) fn load_what_is_near(&mut self) -> Vec<Effect> {
        if !matches!(self.link, Link::Up { .. }) || self.now_ms < self.patience_ms {
            return Vec::new();
        }
        let Some(id) = self.current else { return Vec::new() };
        let layout = Layout::of(self);
        let want = {
            let Some(room) = self.rooms.get(&id).filter(|room| room.loading.is_none()) else {
                return Vec::new();
            };
            match &room.timeline {
                None => Some(Want::Latest),
                Some(timeline) => {
                    let first = timeline.messages.front().map_or(0, |message| message.seq);
                    let last = timeline.messages.back().map_or(0, |message| message.seq);
                    let bottom = match room.scroll.is_following() {
                        true => timeline.messages.len(),
                        false => room.scroll.held_at(timeline),
                    };
                    // No block is lower than a row, so that this is at most what the screen shows.
                    let top = bottom.saturating_sub(usize::from(layout.log.height));
                    if timeline.has_before && top < NEAR {
                        Some(Want::Older(first))
                    } else if timeline.has_after && bottom + NEAR > timeline.messages.len() {
                        Some(Want::Newer(last))
                    } else {
                        None
                    }
                }
            }
        };
        let Some(want) = want else { return Vec::new() };
        if let Some(room) = self.rooms.get_mut(&id) {
            room.loading = Some(want);
        }
        vec![Effect::LoadPage(id, want)]
    }

    fn show_selected(&mut self) {
        let Some(room) = self.room() else { return };
        let at = room
            .timeline
            .as_ref()
            .and_then(|timeline| timeline.find(room.scroll.selected?));
        if let Some(at) = at {
            self.scrolled(|scroll, blocks| scroll.show(at, blocks));
        }
    }

    /// Where the end of what is loaded is not the end of the room, nobody follows.
    fn hold_at_loaded_end(&mut self) {
        let Some(room) = self.room_mut() else { return };
        let Some(timeline) = &room.timeline else { return };
        if timeline.has_after
            && room.scroll.is_following()
            && let Some(last) = timeline.messages.back()
        {
            room.scroll.hold_at(last.seq);
        }
    }

    fn scrolled(&mut self, with: impl FnOnce(&mut Scroll, &Blocks<'_>)) {
        let layout = Layout::of(self);
        let Some(mut scroll) = self.room().map(|room| room.scroll) else {
            return;
        };
        if let Some(log) = Log::of(self, layout.log) {
            let seqs = log.seqs();
            if seqs.is_empty() {
                return;
            }
            let height = |at| log.rows(at).len();
            let rows = usize::from(layout.log.height);
            with(
                &mut scroll,
                &Blocks {
                    seqs: &seqs,
                    height: &height,
                    rows,
                },
            );
        }
        if let Some(room) = self.room_mut() {
            room.scroll = scroll;
        }
    }
}
