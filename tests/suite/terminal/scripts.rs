//! The commands for scripts: what they print, and the exit codes that docs/terminal.md promises.

use protocol::shapes::RoomKind;
use serde_json::Value;
use support::{Server, Terminal};

fn json(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

#[tokio::test]
async fn a_script_sends_follows_reads_and_exports() {
    let server = Server::start().await;
    let [ada, grace] = server.people(["ada", "grace"]).await;
    let room = ada.room(RoomKind::Private, "Bots", &[&grace]).await.id;
    let machine = Terminal::of(&ada, &server.url()).await;
    let sent = machine
        .rill(&["send", "bots", "build passed", "--client-id", "b-1", "--json"], "")
        .await;
    assert_eq!(sent.code, Some(0), "{sent:?}");
    let first = json(&sent.out).remove(0);
    assert_eq!(
        (&first["client_id"], &first["repeated"]),
        (&Value::from("b-1"), &Value::from(false))
    );
    let again = machine
        .rill(&["send", "Bots", "build passed", "--client-id", "b-1", "--json"], "")
        .await;
    assert_eq!(
        (&json(&again.out)[0]["seq"], &json(&again.out)[0]["repeated"]),
        (&first["seq"], &Value::from(true))
    );
    let piped = machine.rill(&["send", "bots", "-"], "two\nlines\n").await;
    assert_eq!(piped.code, Some(0), "{piped:?}");

    let messages = grace
        .api
        .messages(room, client::api::messages::Range::Latest, 10)
        .await
        .expect("a page")
        .items;
    assert_eq!(
        messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(),
        ["build passed", "two\nlines"]
    );
    let edited = ada.api.edit(room, messages[0].id, "build passed twice").await;
    edited.expect("edited");
    grace.says(room, "\u{1b}]0;x\u{7}\u{9b}31m").await;
    what_is_read(&machine).await;
}

async fn what_is_read(machine: &Terminal) {
    let tail = machine
        .rill(&["tail", "bots", "--after", "0", "--count", "5", "--json"], "")
        .await;
    assert_eq!(tail.code, Some(0), "{tail:?}");
    let seqs: Vec<_> = json(&tail.out).iter().map(|entry| entry["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=5).map(Some).collect::<Vec<_>>());
    let history = machine.rill(&["history", "bots"], "").await;
    let lines: Vec<&str> = history
        .out
        .lines()
        .map(|line| line.split("] ").last().unwrap_or(line))
        .collect();
    assert_eq!(
        lines,
        [
            "ada: build passed twice",
            "ada: two",
            "        lines",
            "grace: ␛]0;x␇\u{fffd}31m"
        ]
    );
    let newest = machine.rill(&["history", "bots", "--limit", "1", "--json"], "").await;
    assert!(
        newest.out.contains("\\u001b]0;x\\u0007\\u009b31m") && !newest.out.contains('\u{9b}'),
        "{newest:?}"
    );

    let exported = machine.rill(&["export", "bots"], "").await;
    let lines = json(&exported.out);
    let kinds: Vec<_> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        kinds,
        ["version", "user", "user", "room", "message", "message", "message"]
    );
    assert!(lines[3]["room"]["me"].is_null(), "how far one has read is not exported");
}

#[tokio::test]
async fn a_tail_goes_on_over_a_restart_of_the_server_without_a_gap() {
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    let mut server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "Long run", &[]).await.id;
    let machine = Terminal::of(&ada, &server.url()).await;
    ada.says(room, "one").await;
    let mut child = machine
        .command(&["tail", "long run", "--after", "1", "--json"])
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
    let mut texts = Vec::new();
    for text in ["one", "two", "three", "four"] {
        if text == "three" {
            server.kill().await;
            server.start_again().await;
        }
        if text != "one" {
            ada.says(room, text).await;
        }
        let line = support::within(support::LIMIT * 2, text, lines.next_line())
            .await
            .expect("readable")
            .expect("a line");
        let entry: Value = serde_json::from_str(&line).expect("JSON");
        texts.push(entry["body"]["text"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(texts, ["one", "two", "three", "four"]);
}

#[tokio::test]
async fn exit_codes_tell_a_script_what_to_do() {
    let mut server = Server::start().await;
    let ada = server.person("ada").await;
    let machine = Terminal::of(&ada, &server.url()).await;
    let code = async |words: &[&str]| machine.rill(words, "").await.code;
    assert_eq!(code(&["send", "general", "hello"]).await, Some(0));
    assert_eq!(code(&["send", "general"]).await, Some(2), "no text");
    assert_eq!(code(&["send", "general", " "]).await, Some(2), "an empty text");
    assert_eq!(code(&["send", "nowhere", "hello"]).await, Some(4), "no such channel");
    assert_eq!(
        code(&["history", "general", "--server", "http://127.0.0.1:1"]).await,
        Some(3),
        "nobody is signed in there"
    );
    assert_eq!(
        code(&["export", "general", "--output", "/nowhere/x"]).await,
        Some(1),
        "no such folder"
    );
    let wrong = machine
        .rill(&["login", &server.url(), "--user", "ada"], "a wrong password\n")
        .await;
    assert_eq!(wrong.code, Some(4), "{wrong:?}");
    server.kill().await;
    let unknown = machine
        .rill(&["send", "general", "hello", "--wait", "0", "--client-id", "once"], "")
        .await;
    assert_eq!(unknown.code, Some(5), "{unknown:?}");
    assert!(unknown.error.contains("--client-id once"), "{unknown:?}");
    server.start_again().await;
    for session in ada
        .api
        .sessions()
        .await
        .expect("sessions")
        .into_iter()
        .filter(|session| !session.current)
    {
        ada.api.end_session(session.id).await.expect("ended");
    }
    assert_eq!(code(&["history", "general"]).await, Some(3), "the session has ended");
}

#[tokio::test]
async fn sessions_are_kept_for_several_servers_readable_by_their_owner_alone_and_forgotten_at_the_end() {
    use std::os::unix::fs::PermissionsExt as _;
    let (one, other) = (Server::start().await, Server::start().await);
    let ada = one.person("ada").await;
    other.person("ada").await;
    let machine = Terminal::of(&ada, &one.url()).await;
    let second = machine
        .rill(&["login", &other.url(), "--user", "ada"], "a long enough secret\n")
        .await;
    assert_eq!(second.code, Some(0), "{second:?}");
    let listed = machine.rill(&["login", "--list"], "").await.out;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert_eq!(
        machine
            .rill(&["send", "general", "to the first", "--server", &one.url()], "")
            .await
            .code,
        Some(0)
    );
    assert_eq!(
        machine.rill(&["send", "general", "to the last"], "").await.code,
        Some(0)
    );
    let first = machine
        .rill(&["history", "general", "--server", &one.url()], "")
        .await
        .out;
    assert!(
        first.contains("to the first") && !first.contains("to the last"),
        "{first}"
    );
    let mut files = 0;
    let mut folders = vec![machine.state()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)
            .expect("readable")
            .map(|entry| entry.expect("an entry"))
        {
            let metadata = entry.metadata().expect("metadata");
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                files += 1;
                assert_eq!(metadata.permissions().mode() & 0o077, 0, "{}", entry.path().display());
                let text = std::fs::read_to_string(entry.path()).expect("text");
                assert!(!text.contains("a long enough secret"), "{}", entry.path().display());
            }
        }
    }
    assert!(files >= 4);
    assert_eq!(machine.rill(&["logout"], "").await.code, Some(0));
    assert_eq!(machine.rill(&["login", "--list"], "").await.out.lines().count(), 1);
}

#[tokio::test]
async fn the_line_mode_talks_through_a_pipe_and_tells_whether_all_was_sent() {
    let server = Server::start().await;
    let [ada, grace] = server.people(["ada", "grace"]).await;
    let machine = Terminal::of(&ada, &server.url()).await;
    let typed = "/join Pipes\nfirst\n/send /second\n/topic all about pipes\n/who\n/search first\nthird\n";
    let ended = machine.rill(&["chat", "--plain"], typed).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let rooms = grace.api.browse("Pipes").await.expect("listed").items;
    let room = rooms.first().expect("made");
    assert_eq!(room.topic, "all about pipes");
    grace.api.join(room.id).await.expect("joined");
    let messages = grace
        .api
        .messages(room.id, client::api::messages::Range::Latest, 10)
        .await
        .expect("a page")
        .items;
    assert_eq!(
        messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(),
        ["first", "/second", "third"]
    );
    for line in [
        "-- Current Channel: Pipes",
        "ada: first",
        "-- Who is here",
        "-- Search",
        "-- Connected",
    ] {
        assert!(ended.out.contains(line), "{line} is missing in:\n{}", ended.out);
    }
}
