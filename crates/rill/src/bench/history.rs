//! `rill bench history`: pages and search at any depth of a long log. The floor is the same server with a short one:
//! what is asked must not cost more because there is more that is not asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use backends::{Direct, MemoryBus, MemoryPresence, Options, SystemRng};
use chat::Ports;
use client::api::Api;
use protocol::rest::{SessionKind, SignIn};

use super::asker::Asker;
use super::progress::Progress;
use super::report::{Form, Line, Report, Table, figure, over};
use super::settings::Settings;
use super::statistics::Latencies;
use super::target::Target;
use crate::demo::archive::words::Dice;
use crate::demo::{self, clock::Past, people};

/// Messages of a page, and of what a search finds.
const PAGE: u64 = 50;
const FOUND: u64 = 20;
/// How often it is told how far the filling of a log is.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// Questions before any of a round counts.
const WARM_UP: usize = 5;

/// What is asked.
#[derive(Clone, Copy)]
struct Question {
    name: &'static str,
    /// Where in the log, as a part of it from its beginning, and how far around that.
    at: f64,
    form: Ask,
}

#[derive(Clone, Copy)]
enum Ask {
    Newest,
    Before,
    Around,
    Search(&'static str),
}

const QUESTIONS: &[Question] = &[
    page("newest page", 1.0, Ask::Newest),
    page("page at nine tenths", 0.9, Ask::Before),
    page("page in the middle", 0.5, Ask::Before),
    page("page at a tenth", 0.1, Ask::Before),
    page("oldest page", 0.0, Ask::Before),
    page("around a message", 0.5, Ask::Around),
    page("search, common word", 0.0, Ask::Search("radio")),
    page("search, two words", 0.0, Ask::Search("marmot%20thermos")),
    page("search, a phrase", 0.0, Ask::Search("%22the%20persimmon%20tart%22")),
    page("search, no such word", 0.0, Ask::Search("zeppelin")),
    page(
        "search, a rare word and a common one",
        0.0,
        Ask::Search("sourdough%20radio"),
    ),
    page("search, a quiet room", 0.0, Ask::Search("the%20in%3Akitchen")),
    page("search, words never together", 0.0, Ask::Search("milestone%20thermos")),
    page(
        "search, one room and person",
        0.0,
        Ask::Search("map%20in%3Aarchive%20from%3Agrace"),
    ),
];

const fn page(name: &'static str, at: f64, form: Ask) -> Question {
    Question { name, at, form }
}

/// A server with a log of this length.
struct Archive {
    target: Target,
    api: Api,
    room: String,
    head: u64,
    dice: Dice,
    /// By question, then by round.
    found: Vec<Vec<Latencies>>,
}

pub async fn run(settings: &Settings) -> Result<Report> {
    ensure!(
        settings.url.is_none(),
        "the logs are made by this command: leave --url out"
    );
    let mut progress = Progress::new(2 + settings.rounds);
    progress.step("making a short log");
    let mut short = Archive::make(settings, settings.number("short"), &progress).await?;
    progress.step("making a long log");
    let mut long = Archive::make(settings, settings.number("messages"), &progress).await?;
    for round in 1..=settings.rounds {
        progress.step(&format!("round {round}"));
        for (place, question) in QUESTIONS.iter().enumerate() {
            progress.say(&format!("round {round}: {}", question.name));
            // Whoever comes second finds a warmer machine: they take turns in that, too.
            let mut sides = [&mut short, &mut long];
            sides.rotate_left(round % 2);
            for side in sides {
                side.ask(*question, place, settings.count("questions")).await?;
            }
        }
    }
    Ok(report(settings, &short, &long))
}

impl Archive {
    async fn make(settings: &Settings, messages: u64, progress: &Progress) -> Result<Self> {
        let mut target = Target::fresh(settings)?;
        let data = target.folder().context("a server of our own")?.join("data");
        match &settings.logs {
            None => fill(&data, messages, progress).await?,
            Some(logs) => std::os::unix::fs::symlink(kept(logs, messages, progress).await?, &data)?,
        }
        progress.say("reading the log through");
        warm(&data)?;
        target.start_again(settings).await?;
        let api = Api::new(&target.url)?;
        let sign_in = SignIn {
            login: people::PEOPLE[0].username.to_owned(),
            password: people::PASSWORD.to_owned(),
            session: SessionKind::Token,
        };
        api.sign_in(&sign_in).await?;
        let rooms = api.rooms().await?;
        let room = rooms
            .iter()
            .find(|room| room.name == "Archive")
            .context("there is no archive")?;
        Ok(Self {
            room: room.id.to_string(),
            head: room.last_seq,
            target,
            api,
            dice: Dice::new(7),
            found: vec![Vec::new(); QUESTIONS.len()],
        })
    }

    /// One after the other, so that none waits for another.
    async fn ask(&mut self, question: Question, place: usize, count: usize) -> Result<()> {
        let mut latencies = Latencies::default();
        // The server closes connections that rest for long, and filling the other log may outlast a token.
        let mut asker = Asker::new(self.target.addresses[0], &self.api.access_token().await?)?;
        for number in 0..WARM_UP + count {
            let path = self.path(question);
            let began = Instant::now();
            asker.get(&path)?;
            if number >= WARM_UP {
                latencies.add(began.elapsed());
            }
        }
        self.found[place].push(latencies);
        Ok(())
    }

    fn path(&mut self, question: Question) -> String {
        let room = &self.room;
        let around = (self.head as f64 * question.at) as u64;
        // A twentieth of the log to both sides, so that no page is asked for twice.
        let spread = (self.head / 20).max(1);
        let seq = (around + self.dice.below(2 * spread))
            .saturating_sub(spread)
            .clamp(PAGE + 1, self.head);
        match question.form {
            Ask::Newest => format!("/api/v1/rooms/{room}/messages?limit={PAGE}"),
            Ask::Before => format!("/api/v1/rooms/{room}/messages?before={seq}&limit={PAGE}"),
            Ask::Around => format!("/api/v1/rooms/{room}/messages?around={seq}&limit={PAGE}"),
            Ask::Search(words) => format!("/api/v1/search?q={words}&limit={FOUND}"),
        }
    }

    fn median(&self, place: usize, quantile: f64) -> Option<f64> {
        over(&self.found[place], |latencies| Some(latencies.quantile(quantile)))
    }
}

/// The folder of a filled log that stays, which is filled if it is not there yet.
async fn kept(logs: &Path, messages: u64, progress: &Progress) -> Result<PathBuf> {
    let (kept, half) = (
        logs.join(messages.to_string()),
        logs.join(format!("{messages}-unfinished")),
    );
    if !kept.exists() {
        let problem = || format!("cannot fill {}", half.display());
        fill(&half, messages, progress).await.with_context(problem)?;
        std::fs::rename(&half, &kept)?;
    }
    Ok(kept)
}

/// Reads the database once, so that the machine has it in memory if it can: the server is measured, not the disk.
fn warm(data: &Path) -> Result<()> {
    let mut file = std::fs::File::open(data.join("rill.db"))?;
    std::io::copy(&mut file, &mut std::io::sink())?;
    Ok(())
}

/// Fills a database as `rill demo --messages` does, and closes it.
async fn fill(data: &Path, messages: u64, progress: &Progress) -> Result<()> {
    std::fs::create_dir(data)?;
    let clock = Arc::new(Past::default());
    let options = Options { clock: clock.clone() };
    let store = backends::open(&format!("sqlite:{}", data.join("rill.db").display()), options).await?;
    let bus = Arc::new(MemoryBus::new());
    let ports = Ports {
        intake: Arc::new(Direct::new(store.clone(), bus.clone())),
        store: store.clone(),
        bus,
        presence: Arc::new(MemoryPresence::new()),
        clock: clock.clone(),
        rng: Arc::new(SystemRng::default()),
    };
    let mut filling = std::pin::pin!(demo::fill(ports, &clock, Some(u32::try_from(messages)?)));
    let mut turns = tokio::time::interval(TOLD_EVERY);
    loop {
        tokio::select! {
            filled = &mut filling => return filled,
            _ = turns.tick() => {
                let made = store.active_rooms(1).await?.first().map_or(0, |(_, seq)| *seq);
                progress.say(&format!("making a log: {made} of {messages} messages"));
            }
        }
    }
}

fn report(settings: &Settings, short: &Archive, long: &Archive) -> Report {
    let ratio = |place: usize, quantile: f64| {
        let pairs: Vec<_> = short.found[place].iter().zip(&long.found[place]).collect();
        over(&pairs, |(short, long)| {
            Some(long.quantile(quantile) / short.quantile(quantile))
        })
    };
    let lines = QUESTIONS.iter().enumerate().map(|(place, question)| Line {
        who: question.name,
        figures: vec![
            figure("p50_ms", "p50", Form::Milliseconds, long.median(place, 0.5)),
            figure("p99_ms", "p99", Form::Milliseconds, long.median(place, 0.99)),
            figure(
                "short_p50_ms",
                "short log p50",
                Form::Milliseconds,
                short.median(place, 0.5),
            ),
            figure(
                "short_p99_ms",
                "short log p99",
                Form::Milliseconds,
                short.median(place, 0.99),
            ),
            figure("ratio_p50", "long to short, p50", Form::Ratio, ratio(place, 0.5)),
            figure("ratio_p99", "long to short, p99", Form::Ratio, ratio(place, 0.99)),
        ],
    });
    let worst = (0..QUESTIONS.len())
        .filter_map(|place| ratio(place, 0.5))
        .reduce(f64::max);
    Report {
        scenario: "history",
        settings: settings.shown(),
        tables: vec![Table {
            key: "questions",
            title: format!(
                "One question after the other over a log of {} messages, beside one of {}",
                settings.number("messages"),
                settings.number("short")
            ),
            lines: lines.collect(),
        }],
        ratios: vec![figure(
            "worst_p50",
            "the question that grows most with the log, p50",
            Form::Ratio,
            worst,
        )],
        distributions: Vec::new(),
        notes: vec![format!(
            "pages of {PAGE} messages, searches for {FOUND}, {} of each in a round",
            settings.number("questions")
        )],
    }
}
