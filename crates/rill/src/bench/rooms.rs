//! `rill bench rooms`: many rooms of ordinary size, of which a message concerns few connections. The floor writes the
//! same bytes to as many sockets for each message.

use anyhow::{Result, ensure};

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
    let (accounts, rooms) = (settings.count("accounts"), settings.count("rooms"));
    let members = settings.count("members").min(accounts);
    let each = settings.count("connections").div_ceil(accounts);
    let connections = each * accounts;
    ensure!(
        2 * connections + accounts < connections_max(settings),
        "{connections} connections to server and floor each are more than the {} files that a process may open here",
        settings.files_max
    );
    let mut progress = Progress::new(4 + settings.rounds * 4);
    progress.step("starting the server");
    let target = Target::start(settings).await?;
    let people = People::register(&target.url, accounts).await?;
    progress.step("opening rooms");
    let mut ids = Vec::new();
    for room in 0..rooms {
        ids.push(people.room_of(room, &members_of(room, members, accounts)).await?);
        progress.say(&format!("{} of {rooms} rooms", ids.len()));
    }
    let floor = Floor::start(settings).await?;
    let server_party = |progress: &Progress| {
        let mut swarm = Swarm::new()?;
        let greetings = people.greetings(&target.host, settings.transport, Some(&people::follow(None)?));
        let mut tell = |ready: usize| progress.say(&format!("{ready} of {connections} connections"));
        open_all(&mut swarm, &target.addresses, &greetings, connections, &mut tell)?;
        let greetings = people.greetings(&target.host, Transport::WebSocket, None);
        let first = swarm.opened();
        open_all(&mut swarm, &target.addresses, &greetings, accounts, &mut |_| {})?;
        let (run, mut posts) = (people.fresh_run(), Vec::new());
        for room in &ids {
            posts.extend(people::posts(*room, &run, settings.count("bytes"))?.into_iter().take(1));
        }
        let source = Source::Senders {
            senders: (0..rooms)
                .map(|room| first + members_of(room, members, accounts)[0])
                .collect(),
            posts,
        };
        Ok(Party::new(swarm, source, connections, members * each, target.pids()))
    };
    let floor_party = |frame: &[u8], progress: &Progress| {
        let mut swarm = Swarm::new()?;
        let mut tell = |ready: usize| progress.say(&format!("{ready} of {connections} bare sockets"));
        let over = floor.open(&mut swarm, settings.transport, connections, frame, &mut tell)?;
        let width = Some((members * each) as u64);
        Ok(Party::new(
            swarm,
            Source::Orders { over, width },
            connections,
            members * each,
            floor.pids(),
        ))
    };
    let contest = Contest {
        scenario: "rooms",
        title: format!(
            "{rooms} rooms with {members} of {accounts} people, each with {each} connections over {}",
            settings.transport.name()
        ),
        settings,
        burst: 1,
        hold_both: true,
        server: &server_party,
        floor: &floor_party,
    };
    let report = contest.run(&mut progress)?;
    target.end().await?;
    Ok(report)
}

/// Who is in a room: people a few places apart, so that no two are always together.
pub fn members_of(room: usize, members: usize, accounts: usize) -> Vec<usize> {
    (0..members)
        .map(|member| (room + member * (1 + room / accounts % (accounts / members).max(1))) % accounts)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_in_a_room_is_somebody_else() {
        for (members, accounts) in [(4, 100), (1, 1), (3, 3), (4, 10)] {
            for room in 0..500 {
                let mut all = members_of(room, members, accounts);
                all.sort_unstable();
                all.dedup();
                assert_eq!(all.len(), members, "room {room} of {members} among {accounts}");
            }
        }
    }
}
