//! Servers die, networks are cut and terminals are killed: what was written arrives once, and the log has no gap.

use std::time::Duration;

use protocol::shapes::{EntryBody, RoomKind};
use support::proxy::{Mode, Proxy};
use support::{Person, Server, Terminal};
use uuid::Uuid;

/// The texts of a room, in order.
async fn texts(person: &Person, room: Uuid) -> Vec<String> {
    let log = person.log(room).await;
    let posted = log.into_iter().filter_map(|entry| match entry.body {
        EntryBody::MessagePosted { text, .. } => Some(text),
        _ => None,
    });
    posted.collect()
}

async fn enter(terminal: &Terminal, text: &str) {
    terminal.types(text).await;
    terminal.press(&["Enter"]).await;
}

#[tokio::test]
async fn a_server_killed_while_one_types_gets_everything_once_and_in_order_when_it_is_back() {
    let mut server = Server::start().await;
    let [ada, grace] = server.people(["ada", "grace"]).await;
    let room = ada.room(RoomKind::Public, "Storm", &[&grace]).await.id;
    let terminal = Terminal::of(&ada, &server.url()).await;
    terminal.open(80, 24, &["chat", "Storm"]).await;
    terminal.shows("Subscribed: Yes  Connected").await;
    let mut expected = Vec::new();
    for number in 0..20 {
        if number == 7 {
            terminal.types("message 7").await;
            server.kill().await;
            terminal.press(&["Enter"]).await;
        } else {
            enter(&terminal, &format!("message {number}")).await;
        }
        expected.push(format!("message {number}"));
    }
    let is_told = |screen: &str| {
        ["message 19 …", "to send", "Offline"]
            .iter()
            .all(|told| screen.contains(told))
    };
    terminal.shows_when("that it is offline and what waits", is_told).await;
    server.start_again().await;
    terminal
        .shows_when("that all is sent", |screen| {
            screen.contains("Connected") && !screen.contains("to send")
        })
        .await;
    assert_eq!(texts(&grace, room).await, expected);
    grace.says(room, "did I miss anything?").await;
    let screen = terminal.shows("did I miss anything?").await;
    let shown: Vec<usize> = screen
        .lines()
        .filter_map(|line| {
            line.split("ada: message ")
                .nth(1)?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .collect();
    let last = *shown.last().expect("messages");
    assert_eq!(
        shown,
        (last + 1 - shown.len()..=last).collect::<Vec<_>>(),
        "each once, none missing:\n{screen}"
    );
    assert_eq!(last, 19);
}

#[tokio::test]
async fn a_cut_network_is_told_and_afterwards_nothing_is_missing_on_either_side() {
    let server = Server::start().await;
    let [ada, grace] = server.people(["ada", "grace"]).await;
    let room = ada.room(RoomKind::Public, "Tunnel", &[&grace]).await.id;
    let proxy = Proxy::to(server.address()).await;
    let terminal = Terminal::of(&ada, &proxy.url()).await;
    terminal.open(80, 24, &["chat", "Tunnel"]).await;
    terminal.shows("Subscribed: Yes  Connected").await;
    proxy.set(Mode::Cut);
    terminal.shows("Offline").await;
    for number in 1..=3 {
        enter(&terminal, &format!("from the tunnel {number}")).await;
        grace.says(room, &format!("from outside {number}")).await;
    }
    terminal.shows("3 to send").await;
    proxy.set(Mode::Open);
    terminal
        .shows_when("that all is sent", |screen| {
            screen.contains("Connected") && !screen.contains("to send")
        })
        .await;
    let screen = terminal.shows("from outside 3").await;
    for number in 1..=3 {
        assert_eq!(screen.matches(&format!("from outside {number}")).count(), 1, "{screen}");
        assert_eq!(
            screen.matches(&format!("from the tunnel {number}")).count(),
            1,
            "{screen}"
        );
    }
    assert_eq!(texts(&grace, room).await.len(), 6);
}

#[tokio::test]
async fn a_terminal_killed_with_unsent_messages_sends_them_the_next_time_and_opens_without_a_connection() {
    let mut server = Server::start().await;
    let [ada, grace] = server.people(["ada", "grace"]).await;
    let room = ada.room(RoomKind::Public, "Cellar", &[&grace]).await.id;
    grace.says(room, "known before").await;
    let terminal = Terminal::of(&ada, &server.url()).await;
    terminal.open(80, 24, &["chat", "Cellar"]).await;
    terminal.shows("known before").await;
    enter(&terminal, "/quit").await;
    server.kill().await;
    terminal.closed().await;
    terminal.open(80, 24, &["chat"]).await;
    terminal.shows("known before").await;
    enter(&terminal, "written in the dark").await;
    terminal.shows("1 to send").await;
    terminal.kept("written in the dark").await;
    terminal.kill().await;
    server.start_again().await;
    terminal.open(80, 24, &["chat"]).await;
    terminal.shows("ada: written in the dark").await;
    terminal
        .shows_when("that it is sent", |screen| {
            screen.contains("Connected") && !screen.contains("to send")
        })
        .await;
    assert_eq!(texts(&grace, room).await, ["known before", "written in the dark"]);
}

#[tokio::test]
async fn five_hundred_messages_a_second_do_not_delay_a_key() {
    let server = Server::start().await;
    let [ada, grace] = server.people(["ada", "grace"]).await;
    let room = ada.room(RoomKind::Public, "Flood", &[&grace]).await.id;
    let terminal = Terminal::of(&ada, &server.url()).await;
    terminal.open(80, 24, &["chat", "Flood"]).await;
    terminal.shows("Subscribed: Yes  Connected").await;
    let flood = tokio::spawn(async move {
        let (live, events) = grace.live(client::live::Proof::Bearer);
        // Nobody would read them, and they are thrown away.
        drop(events);
        for number in 0..1_500 {
            let post = support::people::post(&format!("flood {number}"));
            live.post(room, post).await.expect("posted");
        }
    });
    terminal.shows("flood 5").await;
    for word in ["typed", "while", "it", "floods"] {
        terminal.types(&format!("{word} ")).await;
        terminal.shows(word).await;
    }
    terminal.press(&["Enter"]).await;
    support::within(Duration::from_secs(60), "the flood to end", flood)
        .await
        .expect("it ended");
    terminal.shows("flood 1499").await;
    let posted = texts(&ada, room).await;
    assert_eq!(posted.iter().filter(|text| *text == "typed while it floods").count(), 1);
}
