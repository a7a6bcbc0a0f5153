//! One server on PostgreSQL is the whole product: REST, sockets, search and the operator's commands, and after a kill,
//! of the server or of the database, everything is there.

use std::path::Path;
use std::process::Stdio;

use protocol::live::Frame;
use protocol::shapes::{EntryBody, RoomKind};
use reqwest::{Method, StatusCode};
use support::people::{post, post_as};
use support::postgres::{Postgres, name_of};
use support::server::binary;
use support::{Options, Server, Socket, until};
use tokio::process::Command;

/// Runs `rill` on the server's database: whether it succeeded, and everything it said.
async fn rill(place: &[String], words: &[&str]) -> (bool, String) {
    let output = Command::new(binary())
        .args(words)
        .args(place)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("rill runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("UTF-8"))
}

#[tokio::test]
async fn on_postgresql_people_talk_and_a_kill_of_server_or_database_loses_nothing() {
    let database = Postgres::start();
    let url = database.database();
    let options = Options::default().flag("--database", &url);
    let mut server = Server::with(options).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "harbour", &[&bob]).await.id;
    let mut socket = Socket::signed_in(&bob).await;
    socket.resume(&Default::default()).await;
    let seq = ada.says(room, "the crane is broken").await;
    let heard = socket
        .expect("ada's message", |frame| match frame {
            Frame::Entry { entry } if entry.room == room => Some(entry.clone()),
            _ => None,
        })
        .await;
    assert!(matches!(&heard.body, EntryBody::MessagePosted { text, .. } if text == "the crane is broken"));
    assert_eq!(heard.seq, seq);
    let sent = bob.api.post(room, &post_as("once", "which one?")).await.expect("sent");

    server.kill().await;
    server.start_again().await;
    let again = bob
        .api
        .post(room, &post_as("once", "which one?"))
        .await
        .expect("repeated");
    assert_eq!((again.seq, again.repeated), (sent.seq, true));

    database.crash();
    // The server outlives its database, and says so as soon as it serves again.
    let third = until("a message is taken again", async || {
        bob.api.post(room, &post_as("after", "the crash")).await.ok()
    })
    .await;
    assert_eq!(third.seq, sent.seq.map(|seq| seq + 1));
    // The last of the old connections may go only now, and who reads over one is told to ask again.
    let log = until("the log is read", async || ada.api.entries(room, 0, 200).await.ok()).await;
    let seqs: Vec<u64> = log.items.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=4).collect::<Vec<_>>());
    let found = until("the search is answered", async || {
        let (status, found) = ada.ask(Method::GET, "search?q=crane", None).await;
        (status == StatusCode::OK).then_some(found)
    });
    assert_eq!(found.await["items"].as_array().map(Vec::len), Some(1));
    until("what is no room is refused as such", async || {
        let refused = ada.api.post(uuid::Uuid::now_v7(), &post("to nobody")).await;
        (refused.err()?.code() == Some("not_found")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn on_postgresql_the_operators_commands_do_what_they_do_elsewhere() {
    let server = Server::with(Options::default().on_postgres()).await;
    let [ada, _] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "quiet", &[]).await.id;
    let mut socket = Socket::signed_in(&ada).await;
    socket.resume(&Default::default()).await;
    let (done, said) = rill(&server.place(), &["check"]).await;
    assert!(
        done && said.contains("PostgreSQL") && said.contains("survives a loss of power"),
        "{said}"
    );
    let (done, said) = rill(&server.place(), &["admin", "room", "archive", "quiet"]).await;
    assert!(done, "{said}");
    let archived = socket.expect("what another process wrote", |frame| match frame {
        Frame::Entry { entry } if entry.room == room => Some(entry.body.clone()),
        _ => None,
    });
    assert_eq!(archived.await, EntryBody::RoomArchived);
    let (done, said) = rill(&server.place(), &["admin", "user", "list"]).await;
    assert!(done && said.contains("bob"), "{said}");

    let unsafe_one = Postgres::shared().database();
    let unsafe_name = name_of(&unsafe_one);
    let statement = format!("alter database {unsafe_name} set synchronous_commit = off");
    Postgres::shared().sql("postgres", &statement);
    let place = [
        "--database".to_owned(),
        unsafe_one.replace("user=rill", "user=rill&password=s3cret"),
    ];
    let (done, said) = rill(&place, &["check"]).await;
    assert!(
        !done && said.contains("alter system set synchronous_commit = on;"),
        "{said}"
    );
    let (done, said) = rill(&place, &["serve", "--listen", "127.0.0.1:0"]).await;
    assert!(
        !done && said.contains("synchronous_commit is off") && !said.contains("s3cret"),
        "{said}"
    );
    let (_, shown) = rill(&place, &["config", "show"]).await;
    assert!(shown.contains("postgres:///") && !shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn where_another_database_server_took_over_clients_load_anew_and_the_old_one_is_refused() {
    let database = Postgres::start();
    let url = database.database();
    let mut server = Server::with(Options::default().flag("--database", &url)).await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Private, "harbour", &[]).await.id;
    let seq = ada.says(room, "before").await;
    let mut socket = Socket::signed_in(&ada).await;
    let (_, cursors) = socket.resume(&Default::default()).await;
    let epoch = socket.epoch.clone();

    // The same server again is nothing new.
    database.crash();
    until("a message is taken again", async || {
        ada.api.post(room, &post("after a crash")).await.ok()
    })
    .await;
    database.be_replaced();
    // It ends by itself as soon as it is asked for anything, and its service manager starts it again.
    until("the server has ended", async || {
        ada.api.post(room, &post("to whom?")).await.err()
    })
    .await;
    assert_eq!(server.ended().await.code(), Some(75));
    server.start_again().await;
    let mut socket = Socket::signed_in(&ada).await;
    assert_ne!(socket.epoch, epoch);
    let (told, _) = socket.resume_from(Some(epoch), &cursors).await;
    assert!(support::frames::resets(&told).contains_key(&room), "{told:?}");
    assert!(ada.says(room, "afterwards").await > seq + 1);

    server.ask_to_stop().await;
    server.ended().await;
    let later = "update meta set value = split_part(value, '/', 1) || '/99' where name = 'lineage'";
    database.sql(name_of(&url), later);
    let place = ["--database".to_owned(), url];
    let (done, said) = rill(&place, &["serve", "--listen", "127.0.0.1:0"]).await;
    assert!(!done && said.contains("another one took its place"), "{said}");
}

#[tokio::test]
async fn over_tls_only_the_server_that_was_asked_for_is_talked_to() {
    let database = Postgres::start();
    let name = name_of(&database.database()).to_owned();
    let (address, authority) = database.with_tls();
    let check = async |mode: &str, authority: &Path| {
        let url = format!("postgres://rill@{address}/{name}?sslmode={mode}");
        let output = Command::new(binary())
            .args(["check", "--database", &url])
            .env("SSL_CERT_FILE", authority)
            .stdin(Stdio::null())
            .output()
            .await
            .expect("rill runs");
        (
            output.status.success(),
            String::from_utf8(output.stdout).expect("UTF-8"),
        )
    };
    // The server takes no connection without it, so that an answer came over TLS.
    let (done, said) = check("disable", &authority).await;
    assert!(!done && said.contains("no encryption"), "{said}");
    for mode in ["require", "verify-full"] {
        let (done, said) = check(mode, &authority).await;
        assert!(done && said.contains("survives a loss of power"), "{said}");
    }
    let other = Path::new("/etc/ssl/certs/ca-certificates.crt");
    let (done, said) = check("require", other).await;
    assert!(!done && said.contains("certificate"), "{said}");
}
