//! `rill chat` on a screen: takes what happens to the state, does what it wants, and draws when there is something new.

mod cache;
mod editor;
mod hands;
mod journal;
mod screen;
pub mod session;

use std::path::{Path, PathBuf};
use std::time::Duration;

use client::live::Events;
use futures_util::StreamExt as _;
use ratatui::crossterm::event::{Event as Input, EventStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::failure::Failure;
use crate::home::{Choice, Home, Settings};
use crate::state::State;
use crate::state::event::{Effect, Event};
use cache::Cache;
pub use hands::Hands;
use screen::Screen;
use session::{Session, now_ms, runtime};

/// Between two drawings that no key asked for.
const FRAME: Duration = Duration::from_millis(33);
/// Answers that may wait for the state.
pub const INBOX_MAX: usize = 1024;
/// How often what is known is written to the disk, if it changed.
const CACHE_WAIT_MS: i64 = 5_000;
/// How long the end waits for the disk.
pub const END_WAIT: Duration = Duration::from_secs(5);

/// Runs until the user ends it.
pub fn chat(home: &Home, choice: &Choice, wanted: Option<String>) -> Result<(), Failure> {
    let settings = home.settings()?;
    let theme = settings
        .theme()
        .map_err(|why| Failure::new(crate::failure::Kind::Usage, why))?;
    let session = Session::open(home, choice, theme, wanted)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(run(session, &settings));
    // What was asked and not answered is not waited for.
    runtime.shutdown_background();
    ended
}

async fn run(session: Session, settings: &Settings) -> Result<(), Failure> {
    let (live, events) = session.connect();
    let (inbox, answers) = mpsc::channel(INBOX_MAX);
    let hands = Hands::new(session.api.clone(), live, session.journal, inbox.clone());
    let screen = Screen::open(settings.mouse.unwrap_or(true))?;
    let mut client = Client {
        state: session.state,
        hands,
        screen,
        keys: Some(EventStream::new()),
        folder: session.folder,
        editor: settings.editor.clone(),
        rings: settings.bell.unwrap_or(true),
        inbox,
        dirty: true,
        eager: true,
        drawn: Instant::now() - FRAME,
        cached_ms: now_ms(),
    };
    let ended = client.serve(events, answers).await;
    let Client {
        state,
        hands,
        folder,
        screen,
        ..
    } = client;
    drop(screen);
    keep_cache(&state, &folder)?;
    let _ = timeout(END_WAIT, hands.finish()).await;
    ended
}

/// Writes what is known, for the next run.
pub fn keep_cache(state: &State, folder: &Path) -> std::io::Result<()> {
    Cache::of(state).write(&folder.join("cache.json"))
}

struct Client {
    state: State,
    hands: Hands,
    screen: Screen,
    /// None while the editor has the terminal.
    keys: Option<EventStream>,
    folder: PathBuf,
    editor: Option<String>,
    rings: bool,
    inbox: mpsc::Sender<Event>,
    /// There is something new to draw.
    dirty: bool,
    /// A key asked for it: it is drawn as soon as no further key waits.
    eager: bool,
    drawn: Instant,
    cached_ms: i64,
}

impl Client {
    async fn serve(&mut self, mut events: Events, mut answers: mpsc::Receiver<Event>) -> Result<(), Failure> {
        let mut ticks = interval(Duration::from_millis(500));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ends = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()]
            .map(signal)
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        let (columns, rows) = self.screen.size()?;
        self.take(Event::Resize(columns, rows))?;
        let mut connected = true;
        loop {
            let due = if self.eager { self.drawn } else { self.drawn + FRAME };
            let [terminate, hangup, interrupt] = &mut ends[..] else {
                unreachable!("three signals")
            };
            let draws = self.dirty && self.keys.is_some();
            let keys = self.keys.as_mut();
            // Keys come first, so that no flood of messages delays them.
            let goes_on = tokio::select! {
                biased;
                key = next_key(keys) => match key {
                    Some(Ok(key)) => self.typed(key)?,
                    Some(Err(error)) => return Err(error.into()),
                    None => false,
                },
                () = sleep_until(due), if draws => {
                    self.draw()?;
                    true
                }
                _ = terminate.recv() => false,
                _ = hangup.recv() => false,
                _ = interrupt.recv() => false,
                answer = answers.recv() => match answer {
                    Some(event) => self.take(event)?,
                    None => false,
                },
                event = events.next(), if connected => match event {
                    Some(event) => self.take(Event::Live(event))?,
                    None => {
                        connected = false;
                        true
                    }
                },
                _ = ticks.tick() => self.tick()?,
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// A key is shown at once, or with those that wait behind it; but never later than a frame.
    fn typed(&mut self, key: Input) -> Result<bool, Failure> {
        let event = match key {
            Input::Key(key) => Event::Key(key),
            Input::Mouse(mouse) => Event::Mouse(mouse),
            Input::Paste(text) => Event::Paste(text),
            Input::Resize(columns, rows) => Event::Resize(columns, rows),
            Input::FocusGained => Event::Focus(true),
            Input::FocusLost => Event::Focus(false),
        };
        let goes_on = self.take(event)?;
        self.eager = true;
        if goes_on && self.keys.is_some() && self.drawn.elapsed() >= FRAME {
            self.draw()?;
        }
        Ok(goes_on)
    }

    fn take(&mut self, event: Event) -> Result<bool, Failure> {
        let written = matches!(event, Event::Written(_));
        if written {
            self.screen.resume()?;
            self.keys = Some(EventStream::new());
            let (columns, rows) = self.screen.size()?;
            self.state.update(Event::Resize(columns, rows));
        }
        self.dirty = true;
        for effect in self.state.update(event) {
            if self.hands.carry_out(&effect) {
                continue;
            }
            match effect {
                Effect::Write(text) => self.begin_writing(text),
                Effect::Ring if self.rings => self.screen.ring()?,
                Effect::Redraw => self.screen.clear()?,
                Effect::Quit => return Ok(false),
                _ => {}
            }
        }
        Ok(true)
    }

    fn tick(&mut self) -> Result<bool, Failure> {
        let now = now_ms();
        if now - self.cached_ms >= CACHE_WAIT_MS {
            self.cached_ms = now;
            let (cache, path) = (Cache::of(&self.state), self.folder.join("cache.json"));
            // A disk that is full costs only the convenience; what is unsent has its own file.
            tokio::task::spawn_blocking(move || drop(cache.write(&path)));
        }
        self.take(Event::Tick(now))
    }

    fn draw(&mut self) -> Result<(), Failure> {
        self.screen.draw(&self.state)?;
        self.dirty = false;
        self.eager = false;
        self.drawn = Instant::now();
        Ok(())
    }

    /// Hands the terminal to the editor; the connection goes on meanwhile.
    fn begin_writing(&mut self, text: String) {
        self.keys = None;
        self.screen.pause();
        let (folder, editor, inbox) = (self.folder.clone(), self.editor.clone(), self.inbox.clone());
        tokio::spawn(async move {
            let written = editor::write(folder, editor, text).await.unwrap_or(None);
            let _ = inbox.send(Event::Written(written)).await;
        });
    }
}

/// The next key; never, while the terminal belongs to somebody else.
async fn next_key(keys: Option<&mut EventStream>) -> Option<std::io::Result<Input>> {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}
