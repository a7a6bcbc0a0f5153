//! The operator's commands, beside a server that runs: what they do is true at once, and their words help.

use std::process::{Output, Stdio};

use protocol::rest::{SessionKind, SignIn};
use protocol::shapes::EntryBody;
use serde_json::Value;
use support::server::binary;
use support::{Server, Socket};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Runs `rill` on the server's data; `typed` goes to its standard input.
pub(crate) async fn rill(server: &Server, words: &[&str], typed: &str) -> Output {
    let mut child = Command::new(binary())
        .args(words)
        .args(server.place())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rill runs");
    let mut input = child.stdin.take().expect("standard input");
    input.write_all(typed.as_bytes()).await.expect("typed");
    drop(input);
    child.wait_with_output().await.expect("it ends")
}

fn with(login: &str, password: &str) -> SignIn {
    SignIn {
        login: login.to_owned(),
        password: password.to_owned(),
        session: SessionKind::Token,
    }
}

pub(crate) fn lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

pub(crate) fn refusal(output: &Output) -> String {
    assert!(!output.status.success(), "it must be refused");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn people_are_looked_after_from_the_command_line_while_the_server_runs() {
    let server = Server::start().await;
    server.person("ada").await;
    let made = rill(&server, &["admin", "user", "create", "bob"], "a long enough secret\n").await;
    assert!(made.status.success(), "{made:?}");
    let bob = server.api().sign_in(&with("bob", "a long enough secret")).await;
    let bob = bob.expect("the new account signs in").me.person;

    let given = rill(&server, &["admin", "user", "role", "bob", "admin"], "").await;
    assert!(given.status.success(), "{given:?}");
    let all = lines(&rill(&server, &["admin", "user", "list", "--json"], "").await);
    let roles: Vec<_> = all
        .iter()
        .map(|one| (one["username"].as_str(), one["role"].as_str()))
        .collect();
    assert_eq!(
        roles,
        [(Some("ada"), Some("super_admin")), (Some("bob"), Some("admin"))]
    );
    assert_eq!(all[1]["id"], bob.id.to_string());

    assert!(
        rill(&server, &["admin", "user", "ban", "bob"], "")
            .await
            .status
            .success()
    );
    let banned = server.api().sign_in(&with("bob", "a long enough secret")).await;
    assert_eq!(banned.expect_err("banned").code(), Some("banned"));
    assert!(
        rill(&server, &["admin", "user", "unban", "bob"], "")
            .await
            .status
            .success()
    );
    assert!(
        rill(&server, &["admin", "user", "password", "bob"], "another long secret\n")
            .await
            .status
            .success()
    );
    let old = server.api().sign_in(&with("bob", "a long enough secret")).await;
    assert_eq!(old.expect_err("the old one").code(), Some("wrong_credentials"));
    server
        .api()
        .sign_in(&with("bob", "another long secret"))
        .await
        .expect("the new one");
}

#[tokio::test]
async fn what_a_command_writes_reaches_those_who_listen_to_the_running_server() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(protocol::shapes::RoomKind::Public, "quiet", &[]).await.id;
    let mut socket = Socket::signed_in(&ada).await;
    socket.resume(&Default::default()).await;
    let archived = rill(&server, &["admin", "room", "archive", "quiet"], "").await;
    assert!(archived.status.success(), "{archived:?}");
    let entry = socket
        .expect("the entry of another process", |frame| match frame {
            protocol::live::Frame::Entry { entry } if entry.room == room => Some(entry.clone()),
            _ => None,
        })
        .await;
    assert_eq!(entry.body, EntryBody::RoomArchived);
    let rooms = lines(&rill(&server, &["admin", "room", "list", "--json"], "").await);
    let quiet = rooms.iter().find(|one| one["name"] == "quiet").expect("listed");
    assert_eq!(quiet["archived"], true);
}

#[tokio::test]
async fn a_command_that_cannot_be_done_says_what_to_do() {
    let server = Server::start().await;
    let nobody = refusal(&rill(&server, &["admin", "user", "ban", "nobody"], "").await);
    assert!(nobody.contains("rill admin user list"), "{nobody}");
    let nowhere = refusal(&rill(&server, &["admin", "room", "delete", "nowhere"], "").await);
    assert!(nowhere.contains("rill admin room list"), "{nowhere}");
    server.person("ada").await;
    let weak = refusal(&rill(&server, &["admin", "user", "create", "eve"], "short\n").await);
    assert!(weak.contains("password"), "{weak}");
    let owner = refusal(&rill(&server, &["admin", "user", "role", "ada", "user"], "").await);
    assert!(owner.contains("last owner"), "{owner}");
    if server.database().is_some() {
        // Several may use one database; a folder is one server's own.
        return;
    }
    let second = refusal(&rill(&server, &["serve", "--listen", "127.0.0.1:0"], "").await);
    assert!(second.contains("another server already runs"), "{second}");
}
