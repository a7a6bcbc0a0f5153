//! People in terminals talk to each other and to somebody elsewhere.

use client::api::messages::Range;
use protocol::shapes::RoomKind;
use support::{Server, Terminal};

#[tokio::test]
async fn two_terminals_and_a_stranger_talk_join_answer_react_search_and_leave() {
    let server = Server::start().await;
    let [ada, grace, nour] = server.people(["ada", "grace", "nour"]).await;
    let (one, other) = (
        Terminal::of(&ada, &server.url()).await,
        Terminal::of(&grace, &server.url()).await,
    );
    one.open(80, 24, &["chat"]).await;
    other.open(100, 30, &["chat"]).await;
    one.shows("Current Channel: General  Subscribed: Yes  Connected").await;
    other.shows("Connected").await;

    one.types("/join Field notes").await;
    one.press(&["Enter"]).await;
    one.shows("Current Channel: Field notes").await;
    other.types("/join field notes").await;
    other.press(&["Enter"]).await;
    other.shows("Current Channel: Field notes").await;
    one.types("Who has the widths?").await;
    one.press(&["Enter"]).await;
    other.shows("ada: Who has the widths?").await;

    let rooms = ada.api.rooms().await.expect("rooms");
    let notes = rooms.iter().find(|room| room.name == "Field notes").expect("made").id;
    nour.api.join(notes).await.expect("public");
    nour.says(notes, "I have **them**").await;
    one.shows("nour: I have them").await;
    other.shows("nour: I have them").await;

    other.types("/react :tada:").await;
    other.press(&["Enter"]).await;
    one.shows("🎉 1").await;
    other.types("/reply Thank you").await;
    other.press(&["Enter"]).await;
    one.shows("grace ↳ nour: Thank you").await;

    one.types("/search widths").await;
    one.press(&["Enter"]).await;
    one.shows("Field notes ·").await;
    one.press(&["Enter"]).await;
    one.shows("j k move").await;
    one.press(&["i"]).await;
    one.press(&["C-k"]).await;
    one.shows("Go to").await;
    one.types("gener").await;
    one.press(&["Enter"]).await;
    one.shows("Current Channel: General").await;
    other.types("/leave").await;
    other.press(&["Enter"]).await;
    other.shows("Current Channel: none  Subscribed: No").await;
    let members = ada.api.members(notes).await.expect("members");
    assert!(!members.iter().any(|member| member.person.username == "grace"));
    one.types("/quit").await;
    one.press(&["Enter"]).await;
}

#[tokio::test]
async fn a_terminal_shows_the_escape_sequences_of_others_and_obeys_none() {
    let server = Server::start().await;
    let [ada, eve] = server.people(["ada", "eve"]).await;
    let room = eve.room(RoomKind::Public, "Trap", &[&ada]).await.id;
    let terminal = Terminal::of(&ada, &server.url()).await;
    terminal.open(80, 24, &["chat", "Trap"]).await;
    terminal.shows("Current Channel: Trap").await;
    let before = terminal.title_and_clipboard().await;
    eve.says(room, "\u{1b}]52;c;ZXZpbA==\u{7} clipboard").await;
    eve.says(room, "\u{1b}]2;owned\u{1b}\\ title").await;
    eve.says(room, "\u{1b}[2J\u{1b}[3J\u{9b}2J gone").await;
    let screen = terminal.shows("gone").await;
    assert!(screen.contains("␛]52;c;ZXZpbA==␇ clipboard"), "{screen}");
    assert!(
        screen.contains("␛]2;owned␛\\ title") && screen.contains("Current Channel: Trap"),
        "{screen}"
    );
    assert_eq!(terminal.title_and_clipboard().await, before);
}

#[tokio::test]
async fn one_scrolls_back_to_the_beginning_of_a_long_room_and_out_again_in_any_size() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "Long", &[]).await.id;
    for number in 1..=400 {
        ada.says(room, &format!("message {number}.")).await;
    }
    let terminal = Terminal::of(&ada, &server.url()).await;
    terminal.open(80, 24, &["chat", "Long"]).await;
    terminal.shows("message 400.").await;
    terminal.press(&["Escape"]).await;
    terminal.shows("j k move").await;
    terminal.press(&["g", "g"]).await;
    terminal.shows("message 1.").await;
    terminal.resize(40, 15).await;
    terminal
        .shows_when("a narrow screen", |screen| {
            screen.lines().all(|line| line.chars().count() <= 40)
        })
        .await;
    terminal.press(&["G"]).await;
    terminal.shows("message 400.").await;
    terminal.resize(200, 60).await;
    terminal.shows("message 360.").await;
    let newest = ada.api.messages(room, Range::Latest, 1).await.expect("a page").items;
    assert_eq!(newest[0].text, "message 400.");
}

#[tokio::test]
async fn what_one_writes_in_the_editor_comes_back_into_the_field() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let terminal = Terminal::of(&ada, &server.url()).await;
    terminal.setting("editor = \"sed -i s/draft/finished/\"");
    terminal.open(80, 24, &["chat"]).await;
    terminal.shows("Connected").await;
    terminal.types("a draft of a text").await;
    terminal.press(&["C-o"]).await;
    terminal.shows("> a finished of a text").await;
    terminal.press(&["Enter"]).await;
    terminal.shows("ada: a finished of a text").await;
}
