//! `rill chat --plain`: the same client line by line, for pipes, screen readers and bots.
//!
//! It is another view of the same state: what is new in it is printed, and what is entered is read as in the field.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use client::live;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, timeout};
use uuid::Uuid;

use crate::failure::{Failure, Kind};
use crate::home::{Choice, Home};
use crate::lines;
use crate::run::session::{Session, now_ms, runtime};
use crate::run::{END_WAIT, Hands, INBOX_MAX, keep_cache};
use crate::state::event::{Answer, Effect, Event};
use crate::state::{Link, Overlay, State};
use crate::text::clean;
use crate::theme::Theme;
use crate::words;

/// Messages that are printed when a room is opened.
const LAST: usize = 10;
/// How long the end waits for what was written to be confirmed.
const SENT_WAIT: Duration = Duration::from_secs(10);
/// Lines that may wait for the ones before them.
const LINES_MAX: usize = 64;

/// Runs until the input ends or `/quit`.
pub fn plain(home: &Home, choice: &Choice, wanted: Option<String>) -> Result<(), Failure> {
    let session = Session::open(home, choice, Theme::Plain, wanted)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(run(session));
    runtime.shutdown_background();
    match ended {
        // Whoever read the output has gone.
        Err(failure) if failure.says.contains("Broken pipe") => Ok(()),
        ended => ended,
    }
}

async fn run(session: Session) -> Result<(), Failure> {
    let (live, mut events) = session.connect();
    let (inbox, mut answers) = mpsc::channel(INBOX_MAX);
    let hands = Hands::new(session.api.clone(), live, session.journal, inbox);
    let mut printer = Printer::new(session.state, hands);
    printer.state.update(Event::Tick(now_ms()));
    let mut input = read_lines();
    let mut ticks = interval(Duration::from_millis(500));
    let (mut connected, mut deadline) = (true, None);
    loop {
        let listens = deadline.is_none() && printer.is_ready();
        let goes_on = tokio::select! {
            line = input.recv(), if listens => match line {
                Some(line) => printer.enter(line)?,
                None => {
                    deadline = Some(Instant::now() + SENT_WAIT);
                    true
                }
            },
            answer = answers.recv() => match answer {
                Some(event) => printer.take(event)?,
                None => false,
            },
            event = events.next(), if connected => match event {
                Some(event) => printer.take(Event::Live(event))?,
                None => {
                    connected = false;
                    true
                }
            },
            _ = ticks.tick() => printer.take(Event::Tick(now_ms()))?,
        };
        let (waiting, failed) = printer.state.outbox.waiting();
        let over = deadline.is_some_and(|at| Instant::now() >= at || (waiting == failed && !printer.waits));
        if !goes_on || over {
            break;
        }
    }
    let Printer { state, hands, .. } = printer;
    keep_cache(&state, &session.folder)?;
    let _ = timeout(END_WAIT, hands.finish()).await;
    ended(&state, deadline.is_some())
}

/// Scripts learn from the exit code whether everything arrived.
fn ended(state: &State, at_end_of_input: bool) -> Result<(), Failure> {
    let (waiting, failed) = state.outbox.waiting();
    match (&state.link, waiting, failed) {
        (_, _, 0) if !at_end_of_input => Ok(()),
        (Link::Ended { sign_in: true, .. }, ..) => Err(Failure::new(Kind::NotSignedIn, words::SIGNED_OUT)),
        (_, 0, _) => Ok(()),
        (_, _, 0) => Err(Failure::new(
            Kind::Unreachable,
            words::status_unsent(waiting, failed, false).trim_end(),
        )),
        (_, _, _) => Err(Failure::new(
            Kind::Refused,
            words::status_unsent(waiting, failed, false).trim_end(),
        )),
    }
}

struct Printer {
    state: State,
    hands: Hands,
    /// The room whose messages are printed, and up to which.
    shown: Option<(Uuid, u64)>,
    said: Option<String>,
    link: Option<String>,
    /// A line before asked the server for something: the next one waits for it.
    waits: bool,
    /// A channel is open, or it is known that there is none.
    began: bool,
}

impl Printer {
    fn new(state: State, hands: Hands) -> Self {
        Self {
            state,
            hands,
            shown: None,
            said: None,
            link: None,
            waits: false,
            began: false,
        }
    }

    fn is_ready(&self) -> bool {
        self.began && !self.waits
    }

    fn enter(&mut self, line: String) -> Result<bool, Failure> {
        if let Some(Overlay::Confirm(confirm)) = self.state.overlay.take() {
            let yes = matches!(line.trim(), "y" | "Y" | "yes");
            self.state.overlay = yes.then_some(Overlay::Confirm(confirm));
            let code = ratatui::crossterm::event::KeyCode::Char('y');
            return if yes {
                self.take(Event::Key(code.into()))
            } else {
                Ok(true)
            };
        }
        self.take(Event::Line(line))
    }

    fn take(&mut self, event: Event) -> Result<bool, Failure> {
        if let Event::Answer(answer) = &event {
            self.waits &= !matches!(
                **answer,
                Answer::Opened(_)
                    | Answer::Left(..)
                    | Answer::Browsed(_)
                    | Answer::Found(..)
                    | Answer::Done(_)
                    | Answer::Members(..)
            );
            self.began |= matches!(**answer, Answer::Opened(_));
        }
        // What changes older messages is printed as it happens; new messages are printed from the timeline.
        let happened = match &event {
            Event::Live(live::Event::Entry(entry)) if self.shown.is_some_and(|(room, _)| room == entry.room) => {
                let is_post = matches!(entry.body, protocol::shapes::EntryBody::MessagePosted { .. });
                lines::entry(entry, &self.state.zone, false).filter(|_| !is_post)
            }
            _ => None,
        };
        let mut goes_on = true;
        for effect in self.state.update(event) {
            self.waits |= matches!(
                effect,
                Effect::Join(_)
                    | Effect::Leave(_)
                    | Effect::Direct(_)
                    | Effect::Browse
                    | Effect::Search(_)
                    | Effect::Topic(..)
                    | Effect::Invite(..)
                    | Effect::LoadMembers(_)
            );
            if !self.hands.carry_out(&effect) && effect == Effect::Quit {
                goes_on = false;
            }
        }
        self.began |= self.state.room().is_some_and(|room| room.timeline.is_some());
        self.print(happened)?;
        Ok(goes_on)
    }

    fn print(&mut self, happened: Option<String>) -> io::Result<()> {
        let mut out = String::new();
        let link = words::link(&self.state.link, self.state.now_ms, true);
        let link = link.split(',').next().unwrap_or_default().to_owned();
        if self.link.as_ref() != Some(&link) {
            out.push_str(&format!("-- {}\n", clean::line(&link)));
            self.link = Some(link);
        }
        self.messages(&mut out);
        if let Some(line) = happened {
            out.push_str(&format!("{line}\n"));
        }
        let said = self.state.note.as_ref().map(|note| note.text.clone());
        if said != self.said {
            if let Some(text) = &said {
                out.push_str(&format!("-- {}\n", clean::line(text)));
            }
            self.said = said;
        }
        self.list(&mut out);
        let mut stdout = io::stdout().lock();
        stdout.write_all(out.as_bytes())?;
        stdout.flush()
    }

    fn messages(&mut self, out: &mut String) {
        let Some(room) = self.state.room() else {
            self.shown = None;
            return;
        };
        let Some(timeline) = &room.timeline else { return };
        let id = room.room.id;
        let after = match self.shown {
            Some((shown, seq)) if shown == id => seq,
            Some(_) | None => {
                let name = clean::line(&room.name(self.state.my_id()));
                out.push_str(&format!("-- Current Channel: {name}\n"));
                let first = timeline.messages.len().saturating_sub(LAST);
                timeline
                    .messages
                    .get(first)
                    .map_or(0, |message| message.seq.saturating_sub(1))
            }
        };
        let mut last = after;
        for message in timeline.messages.iter().filter(|message| message.seq > after) {
            out.push_str(&lines::message(message, &self.state.zone, false));
            out.push('\n');
            last = message.seq;
        }
        self.shown = Some((id, last));
    }

    /// Prints a list and closes it; a question stays until it is answered.
    fn list(&mut self, out: &mut String) {
        match &self.state.overlay {
            Some(Overlay::Picker(picker)) if picker.is_waiting() => return,
            Some(Overlay::Picker(picker)) => {
                let (title, _) = words::picker(picker.kind);
                out.push_str(&format!("-- {title}\n"));
                for line in &picker.lines {
                    let detail = if line.detail.is_empty() {
                        String::new()
                    } else {
                        format!("  ({})", line.detail)
                    };
                    out.push_str(&format!("   {}\n", clean::line(&format!("{}{detail}", line.label))));
                }
                if picker.lines.is_empty() {
                    out.push_str(&format!("   {}\n", words::NOTHING_FOUND));
                }
            }
            Some(Overlay::Help { .. }) => {
                for (what, does) in words::help() {
                    out.push_str(format!("   {what:<30} {does}").trim_end());
                    out.push('\n');
                }
            }
            Some(Overlay::Confirm(confirm)) => {
                let question = clean::line(&confirm.question);
                if self.said.as_ref() != Some(&question) {
                    out.push_str(&format!("-- {question}\n"));
                    self.said = Some(question);
                }
                return;
            }
            None => return,
        }
        self.state.overlay = None;
    }
}

/// The lines of the standard input, read by a thread of their own: nothing else can wait for them.
fn read_lines() -> mpsc::Receiver<String> {
    let (lines, queue) = mpsc::channel(LINES_MAX);
    std::thread::spawn(move || {
        if io::stdin().is_terminal() {
            eprintln!("{}", words::PLAIN_BEGINS);
        }
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    queue
}
