//! The clients that exist, of two versions and two languages: each talks with somebody on a native socket, loses its
//! connection, and comes back to all that it missed, once.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use protocol::live::{Command, Frame};
use protocol::shapes::EntryBody;
use support::people::PASSWORD;
use support::proxy::{Mode, Proxy};
use support::{LIMIT, Server, Socket, within};
use tokio::io::AsyncWriteExt;
use tokio::process;
use uuid::Uuid;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/documented")
}

/// Whoever hears somebody else say something on a native socket, and says that they did; and cuts those off who ask
/// for it, until that was said.
async fn answers(mut bob: Socket, me: Uuid, proxy: Arc<Proxy>) {
    let mut count = 0;
    loop {
        let heard = bob.next().await;
        let support::socket::Heard::Frame(frame) = heard else {
            return;
        };
        let Frame::Entry { entry } = *frame else { continue };
        let EntryBody::MessagePosted { text, .. } = entry.body else {
            continue;
        };
        if entry.actor.id == me {
            continue;
        }
        count += 1;
        if text == "cut" {
            proxy.set(Mode::Cut);
        }
        bob.ask(|reference| Command::Post {
            reference,
            room: entry.room,
            client_id: format!("answer-{count}"),
            text: format!("heard: {text}"),
            reply_to: None,
            location: None,
        })
        .await
        .expect("posted");
        proxy.set(Mode::Open);
    }
}

/// Runs a client beside somebody who answers: what it heard, in order.
async fn run(mut command: process::Command, input: Option<&str>, what: &str) -> Vec<String> {
    let server = Server::start().await;
    let [_ada, bob] = server.people(["ada", "bob"]).await;
    let mut socket = Socket::signed_in(&bob).await;
    socket.resume(&std::collections::BTreeMap::new()).await;
    let proxy = Arc::new(Proxy::to(server.address()).await);
    let answering = tokio::spawn(answers(socket, bob.id(), proxy.clone()));
    let mut child = command
        .current_dir(folder())
        .env("RILL_URL", server.url())
        .env("RILL_LIVE", proxy.url())
        .env("RILL_LOGIN", "ada")
        .env("RILL_PASSWORD", PASSWORD)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{what} does not start ({error}): run bin/setup"));
    if let Some(input) = input {
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(input.as_bytes()).await.expect("it reads");
    }
    let output = within(LIMIT * 3, what, child.wait_with_output())
        .await
        .expect("it ends");
    answering.abort();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {told}{complaints}");
    assert!(!server.log().contains("panicked"), "{}", server.log());
    told.lines().map(str::to_owned).collect()
}

const HEARD: [&str; 4] = ["one", "heard: one", "cut", "heard: cut"];

async fn javascript(package: &str, transports: &str) {
    let path = folder().join("node_modules").join(package);
    assert!(path.exists(), "{} is missing: run bin/setup", path.display());
    let mut command = process::Command::new("node");
    command.arg("socketio.mjs").args([package, transports]);
    let heard = run(command, None, &format!("{package} by {transports}")).await;
    assert_eq!(heard, HEARD, "{package} by {transports}");
}

async fn python(transports: &str) {
    let mut command = process::Command::new(folder().join(".venv/bin/python"));
    command.arg("talk_socketio.py").arg(transports);
    let heard = run(command, None, &format!("Python by {transports}")).await;
    assert_eq!(heard, HEARD, "Python by {transports}");
}

#[tokio::test]
async fn socket_io_client_4_talks_over_sockets_by_polling_and_from_one_to_the_other() {
    for transports in ["polling,websocket", "websocket", "polling"] {
        javascript("socket.io-client", transports).await;
    }
}

#[tokio::test]
async fn socket_io_client_3_talks_over_sockets_by_polling_and_from_one_to_the_other() {
    for transports in ["polling,websocket", "websocket", "polling"] {
        javascript("socket.io-client-3", transports).await;
    }
}

#[tokio::test]
async fn python_socketio_talks_over_sockets_by_polling_and_from_one_to_the_other() {
    for transports in ["polling,websocket", "websocket", "polling"] {
        python(transports).await;
    }
}

#[tokio::test]
async fn a_client_of_the_tutorial_chat_signs_in_by_its_routes_and_connects_twice() {
    for package in ["socket.io-client-3", "socket.io-client"] {
        let mut command = process::Command::new("node");
        command.args(["guideops.mjs", package]);
        let heard = run(command, None, &format!("a client of guideops with {package}")).await;
        assert_eq!(heard, HEARD[..2], "{package}");
    }
}

/// What docs/socketio.md shows is what runs here.
#[tokio::test]
async fn the_examples_of_the_document_work_as_they_stand_there() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/socketio.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let example = |language: &str| {
        let fence = format!("```{language}\n");
        let (_, rest) = page.split_once(&fence).expect("an example");
        rest.split("```").next().expect("its end").to_owned()
    };
    let mut node = process::Command::new("node");
    node.args(["--input-type=module", "-"]);
    let heard = run(node, Some(&example("js")), "the example in JavaScript").await;
    assert_eq!(heard, HEARD[..2]);
    let mut python = process::Command::new(folder().join(".venv/bin/python"));
    python.arg("-");
    let heard = run(python, Some(&example("python")), "the example in Python").await;
    assert_eq!(heard, HEARD[..2]);
}
