//! Everything can be moved to another database and back, backed up beside a server and restored: clients go on after a
//! move, load everything anew after a restore, and whatever is interrupted can be begun again.

use std::collections::BTreeMap;
use std::process::Stdio;

use client::live::{Event, Events, Proof};
use protocol::shapes::{EntryBody, RoomKind};
use support::frames::{flood, resets, seqs};
use support::people::{post, post_as};
use support::postgres::Postgres;
use support::server::binary;
use support::{LIMIT, Options, Person, Server, Socket, within};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use uuid::Uuid;

mod million;

/// Runs `rill`: whether it succeeded, and everything it said.
async fn rill(words: &[&str]) -> (bool, String) {
    let output = Command::new(binary()).args(words).stdin(Stdio::null()).output();
    let output = within(LIMIT * 3, "rill", output).await.expect("rill runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("UTF-8"))
}

async fn done(words: &[&str]) -> String {
    let (done, said) = rill(words).await;
    assert!(done, "{words:?}: {said}");
    said
}

async fn refused(words: &[&str]) -> String {
    let (done, said) = rill(words).await;
    assert!(!done, "{words:?}: {said}");
    said
}

/// The address of the server's database, wherever it is.
fn database(server: &Server) -> String {
    let own = || format!("sqlite:{}", server.data().join("rill.db").display());
    server.database().map_or_else(own, str::to_owned)
}

/// A server on a SQLite file, whatever the others of this run use.
async fn on_sqlite() -> Server {
    let url = "sqlite:data/rill.db";
    Server::with(Options::default().flag("--database", url)).await
}

/// The next entries of the room up to `last`; nothing is told to be loaded anew in between.
async fn heard(events: &mut Events, room: Uuid, last: u64) -> Vec<u64> {
    let mut heard = Vec::new();
    while heard.last() != Some(&last) {
        match within(LIMIT * 3, "the next event", events.next())
            .await
            .expect("it goes on")
        {
            Event::Entry(entry) if entry.room == room => heard.push(entry.seq),
            Event::Reset { room, head } => panic!("{room} shall be loaded anew, up to {head}"),
            Event::Ended { why, .. } => panic!("ended: {why}"),
            _ => {}
        }
    }
    heard
}

#[tokio::test]
async fn who_was_connected_before_a_move_to_the_other_store_and_back_goes_on_without_a_reset_or_a_gap() {
    let mut server = on_sqlite().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "harbour", &[&bob]).await;
    let (_live, mut events) = bob.live(Proof::Bearer);
    while !matches!(
        within(LIMIT, "the beginning", events.next()).await,
        Some(Event::CaughtUp { .. })
    ) {}
    let mut away = bob.socket().await;
    let (_, cursors) = away.resume(&BTreeMap::new()).await;
    let epoch = away.epoch.clone();
    drop(away);
    let mut head = flood(&ada, room.id, 40, "before the crane moves").await;
    let mut heard_so_far = heard(&mut events, room.id, head).await;
    let sent = ada
        .api
        .post(room.id, &post_as("once", "sent before"))
        .await
        .expect("sent");
    let places = [
        Postgres::shared().database(),
        format!("sqlite:{}", server.data().join("back.db").display()),
        Postgres::shared().database(),
    ];
    for to in places {
        let from = database(&server);
        let moving = ["move", &from, &to];
        assert!(refused(&moving).await.contains("stop"), "it is being served");
        server.ask_to_stop().await;
        assert!(server.ended().await.success());
        let said = done(&moving).await;
        assert!(said.contains("verified row by row"), "{said}");
        let words = ["serve", "--listen", "127.0.0.1:0", "--database", &from];
        let closed = refused(&words).await;
        assert!(closed.contains("it was moved to"), "{closed}");
        server.use_database(&to);
        server.start_again().await;

        head = flood(&ada, room.id, 10, "after the crane moved").await;
        heard_so_far.extend(heard(&mut events, room.id, head).await);
        let again = ada
            .api
            .post(room.id, &post_as("once", "sent before"))
            .await
            .expect("repeated");
        assert_eq!((again.seq, again.repeated), (sent.seq, true));
    }
    let first = cursors[&room.id] + 1;
    assert_eq!(heard_so_far, (first..=head).collect::<Vec<_>>());
    // Who was away over all three moves misses nothing either.
    let mut back = bob.socket().await;
    assert_eq!(back.epoch, epoch);
    let (missed, _) = back.resume_from(Some(epoch), &cursors).await;
    assert_eq!(resets(&missed), BTreeMap::new());
    assert_eq!(seqs(&missed, room.id), (first..=head).collect::<Vec<_>>());
    let found = ada.ask(reqwest::Method::GET, "search?q=sent%20before", None).await;
    assert_eq!(found.1["items"].as_array().map(Vec::len), Some(1), "{found:?}");
}

#[tokio::test]
async fn a_backup_beside_a_server_holds_all_that_was_answered_and_a_restored_server_has_its_clients_load_anew() {
    for server in [on_sqlite().await, Server::with(Options::default().on_postgres()).await] {
        let folder = tempfile::tempdir().expect("a folder");
        let backup = folder.path().join("backup").display().to_string();
        let ada = server.person("ada").await;
        let room = ada.room(RoomKind::Private, "harbour", &[]).await;
        let answered = flood(&ada, room.id, 300, "kept").await;
        let writing = {
            let ada = ada.clone();
            tokio::spawn(async move { flood(&ada, room.id, 2_000, "meanwhile").await })
        };
        let said = done(&["backup", &backup, "--database", &database(&server)]).await;
        assert!(said.contains("read back and verified"), "{said}");
        let written = writing.await.expect("written");
        let mut socket = ada.socket().await;
        let (_, cursors) = socket.resume(&BTreeMap::new()).await;
        let epoch = socket.epoch.clone();
        assert_eq!(cursors[&room.id], written);

        for to in [
            format!("sqlite:{}", folder.path().join("restored.db").display()),
            Postgres::shared().database(),
        ] {
            done(&["restore", &backup, &to]).await;
            let restored = Server::with(Options::default().flag("--database", &to)).await;
            let api = client::api::Api::new(&restored.url()).expect("a URL");
            let again = Person { api, ..ada.clone() }.again().await;
            let log: Vec<u64> = again.log(room.id).await.iter().map(|entry| entry.seq).collect();
            let head = *log.last().expect("it is not empty");
            assert!(
                (answered..=written).contains(&head),
                "{answered} <= {head} <= {written}"
            );
            assert_eq!(log, (1..=head).collect::<Vec<_>>());
            let mut socket = Socket::signed_in(&again).await;
            assert_ne!(socket.epoch, epoch);
            // Even a cursor that would fit is of another time.
            let told = socket
                .resume_from(Some(epoch.clone()), &BTreeMap::from([(room.id, head)]))
                .await
                .0;
            assert_eq!(resets(&told).get(&room.id), Some(&head));
            let next = again
                .api
                .post(room.id, &post("after the restore"))
                .await
                .expect("posted");
            assert_eq!(next.seq, Some(head + 1));
        }
    }
}

#[tokio::test]
async fn a_move_that_is_killed_leaves_the_source_as_it_was_and_can_be_begun_anew() {
    let mut server = on_sqlite().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Private, "harbour", &[]).await;
    let head = flood(&ada, room.id, 1_500, "heavy load").await;
    for to in [
        Postgres::shared().database(),
        format!("sqlite:{}", server.data().join("moved.db").display()),
    ] {
        let from = database(&server);
        server.ask_to_stop().await;
        server.ended().await;
        let mut moving = Command::new(binary())
            .args(["move", &from, &to])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("rill runs");
        let mut lines = BufReader::new(moving.stdout.take().expect("it is piped")).lines();
        while let Some(line) = within(LIMIT, "a line", lines.next_line()).await.expect("text") {
            if line.starts_with("log ") {
                break;
            }
        }
        moving.kill().await.expect("it can be killed");
        let status = moving.wait().await.expect("it has ended");
        assert!(!status.success(), "it was faster than the kill");
        // The source may be served again, and written to.
        server.start_again().await;
        assert!(ada.says(room.id, "after the kill").await > head);
        server.ask_to_stop().await;
        server.ended().await;
        done(&["move", &from, &to]).await;
        server.use_database(&to);
        server.start_again().await;
        let log = ada.log(room.id).await;
        let newest = log.last().map(|entry| entry.body.clone());
        assert!(matches!(newest, Some(EntryBody::MessagePosted { text, .. }) if text == "after the kill"));
        assert_eq!(log.last().map(|entry| entry.seq), Some(log.len() as u64));
    }
}
