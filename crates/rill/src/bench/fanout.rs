//! `rill bench fanout`: one room, many listeners. The floor writes the same bytes to as many sockets, one `write` each.

use anyhow::{Result, ensure};
use uuid::Uuid;

use super::compare::Contest;
use super::load::{Party, Source};
use super::people::{self, People};
use super::progress::Progress;
use super::report::Report;
use super::settings::Settings;
use super::swarm::Swarm;
use super::swarm::greeting::Transport;
use super::target::{Floor, Target, connections_max, open_all};

/// Starts everything and measures.
pub async fn run(settings: &Settings) -> Result<Report> {
    let (listeners, senders) = (settings.count("listeners"), settings.count("senders"));
    ensure!(
        listeners + senders <= connections_max(settings),
        "{} connections are more than the {} files that a process may open here; raise `ulimit -n` or ask for fewer",
        listeners + senders,
        settings.files_max
    );
    let mut progress = Progress::new(3 + settings.rounds * 4);
    progress.step("starting the server");
    let target = Target::start(settings).await?;
    let people = People::register(&target.url, settings.count("accounts")).await?;
    let room = people.room(0).await?;
    let floor = Floor::start(settings).await?;
    let server_party = |progress: &Progress| party(settings, &target, &people, room, listeners, progress);
    let floor_party = |frame: &[u8], progress: &Progress| bare_party(settings, &floor, frame, listeners, progress);
    let contest = Contest {
        scenario: "fanout",
        title: format!(
            "{listeners} listeners over {}, bursts of {}",
            settings.transport.name(),
            settings.number("burst")
        ),
        settings,
        burst: settings.number("burst"),
        hold_both: 2 * listeners + senders < connections_max(settings),
        server: &server_party,
        floor: &floor_party,
    };
    let report = contest.run(&mut progress)?;
    target.end().await?;
    Ok(report)
}

/// So many listeners of a server, and those who post.
pub fn party(
    settings: &Settings,
    target: &Target,
    people: &People,
    room: Uuid,
    listeners: usize,
    progress: &Progress,
) -> Result<Party> {
    let mut swarm = Swarm::new()?;
    let greetings = people.greetings(&target.host, settings.transport, Some(&people::follow(None)?));
    let mut tell = |ready: usize| progress.say(&format!("{ready} of {listeners} listeners"));
    open_all(&mut swarm, &target.addresses, &greetings, listeners, &mut tell)?;
    // Senders hear nothing but their acknowledgements.
    let greetings = people.greetings(&target.host, Transport::WebSocket, None);
    let (first, senders) = (swarm.opened(), settings.count("senders"));
    open_all(&mut swarm, &target.addresses, &greetings, senders, &mut |_| {})?;
    let source = Source::Senders {
        senders: (first..first + senders).collect(),
        posts: people::posts(room, &people.fresh_run(), settings.count("bytes"))?,
    };
    Ok(Party::new(swarm, source, listeners, listeners, target.pids()))
}

/// So many bare sockets, to each of which the floor writes the frame.
pub fn bare_party(
    settings: &Settings,
    floor: &Floor,
    frame: &[u8],
    listeners: usize,
    progress: &Progress,
) -> Result<Party> {
    let mut swarm = Swarm::new()?;
    let mut tell = |ready: usize| progress.say(&format!("{ready} of {listeners} bare sockets"));
    let over = floor.open(&mut swarm, settings.transport, listeners, frame, &mut tell)?;
    let source = Source::Orders { over, width: None };
    Ok(Party::new(swarm, source, listeners, listeners, floor.pids()))
}
