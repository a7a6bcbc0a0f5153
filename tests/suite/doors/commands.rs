//! Commands: a message such as `/deploy now` is answered by a program outside, aloud or to whoever asked alone.

use protocol::shapes::{Entry, RoomKind};
use ring::hmac;
use serde_json::{Value, json};
use support::frames::text_of;
use support::{LIMIT, Options, Person, Server, until, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use uuid::Uuid;

const SECRET: &str = "thirty-two characters of a secret";

/// A program that is asked, and answers each question with what it was given for that command's words.
struct Program {
    url: String,
    asked: mpsc::Receiver<String>,
}

impl Program {
    /// `answer` says what to answer to a whole request; nothing leaves it unanswered.
    async fn that(answer: fn(&str) -> Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/slash", listener.local_addr().expect("an address"));
        let (told, asked) = mpsc::channel(16);
        tokio::spawn(async move {
            let mut unanswered = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = String::new();
                while !is_whole(&request) {
                    let mut part = [0; 4_096];
                    let count = stream.read(&mut part).await.expect("readable");
                    request.push_str(std::str::from_utf8(&part[..count]).expect("UTF-8"));
                }
                let answered = answer(&request);
                told.send(request).await.expect("somebody listens");
                match answered {
                    Some(answer) => stream.write_all(answer.as_bytes()).await.expect("written"),
                    None => unanswered.push(stream),
                }
            }
        });
        Self { url, asked }
    }

    async fn asked(&mut self) -> String {
        within(LIMIT, "a request", self.asked.recv()).await.expect("it goes on")
    }
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = header(head, "content-length").and_then(|length| length.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

async fn with(program: &Program) -> Server {
    Server::with(options(program)).await
}

fn options(program: &Program) -> Options {
    let commands = format!("deploy={}", program.url);
    let options = Options::default().flag("--commands", &commands);
    options.flag("--commands-secret", SECRET)
}

/// The first message of the bot in the room.
async fn answered(person: &Person, room: Uuid) -> Entry {
    until("the bot has answered", async || {
        let log = person.log(room).await;
        log.into_iter()
            .find(|entry| entry.actor.username == "command-deploy" && text_of(&entry.body).is_some())
    })
    .await
}

/// The conversation with the bot, once it is there.
async fn alone_with_the_bot(person: &Person) -> Uuid {
    until("the bot speaks to whoever asked", async || {
        let rooms = person.api.rooms().await.expect("rooms");
        rooms
            .into_iter()
            .find(|room| room.kind == RoomKind::Direct)
            .map(|room| room.id)
    })
    .await
}

#[tokio::test]
async fn a_program_is_asked_in_slack_s_words_and_answers_aloud() {
    let mut program = Program::that(|_| {
        let said = json!({"response_type": "in_channel", "text": "deploying *main*"});
        Some(answer("200 OK", &said.to_string()))
    })
    .await;
    let server = with(&program).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "builds", &[&bob]).await.id;
    ada.says(room, "/deployments are fine").await;
    ada.says(room, "/unknown one").await;
    ada.says(room, "/deploy main now & here").await;
    let request = program.asked().await;
    let (head, body) = request.split_once("\r\n\r\n").expect("a body");
    let wanted = format!(
        "command=%2Fdeploy&text=main+now+%26+here&user_id={}&user_name=ada&channel_id={room}",
        ada.id()
    );
    assert!(body.starts_with(&wanted), "{body}");
    let at = header(head, "x-slack-request-timestamp").expect("a time");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, format!("v0:{at}:{body}").as_bytes());
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(header(head, "x-slack-signature"), Some(&*format!("v0={digits}")));
    let said = answered(&bob, room).await;
    assert_eq!(text_of(&said.body), Some("deploying *main*"));
    assert_eq!(
        (said.actor.display_name.as_str(), json!(said.actor.role)),
        ("/deploy", json!("bot"))
    );
    assert!(program.asked.try_recv().is_err(), "it was asked once");
}

#[tokio::test]
async fn an_answer_that_is_not_aloud_is_for_whoever_asked_alone() {
    let program = Program::that(|request| {
        let is_aloud = request.contains("text=aloud");
        let kind = if is_aloud { "in_channel" } else { "ephemeral" };
        let said: Value = json!({"response_type": kind, "text": "between us"});
        Some(answer("200 OK", &said.to_string()))
    })
    .await;
    let server = with(&program).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "builds", &[&bob]).await.id;
    ada.says(room, "/deploy").await;
    let conversation = alone_with_the_bot(&ada).await;
    assert_eq!(text_of(&answered(&ada, conversation).await.body), Some("between us"));
    let said: Vec<Entry> = bob.log(room).await;
    assert!(
        said.iter().all(|entry| entry.actor.username != "command-deploy"),
        "{said:?}"
    );
    assert!(
        bob.api
            .rooms()
            .await
            .expect("rooms")
            .iter()
            .all(|room| room.kind != RoomKind::Direct)
    );
    // A bot comes into no private room by itself.
    let secret = bob.room(RoomKind::Private, "harbour", &[]).await.id;
    bob.says(secret, "/deploy aloud").await;
    let conversation = alone_with_the_bot(&bob).await;
    assert_eq!(text_of(&answered(&bob, conversation).await.body), Some("between us"));
    assert!(
        bob.log(secret)
            .await
            .iter()
            .all(|entry| entry.actor.username != "command-deploy")
    );
}

#[tokio::test]
async fn a_program_that_is_late_or_broken_is_said_to_whoever_asked_and_holds_up_nobody() {
    let program = Program::that(|request| {
        let goes_elsewhere = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        request.contains("text=away").then(|| goes_elsewhere.to_owned())
    })
    .await;
    let server = with(&program).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "builds", &[&bob]).await.id;
    ada.says(room, "/deploy").await;
    bob.says(room, "/deploy away").await;
    let said = answered(&ada, alone_with_the_bot(&ada).await).await;
    assert_eq!(
        text_of(&said.body),
        Some("`/deploy` was not answered in time; try again later")
    );
    let said = answered(&bob, alone_with_the_bot(&bob).await).await;
    assert_eq!(
        text_of(&said.body),
        Some("`/deploy` could not be answered; try again later")
    );
}

/// A fault that was: answers counted for the bot, which one person could silence for all others.
#[tokio::test]
async fn what_a_bot_answers_counts_for_whoever_asked_and_silences_it_for_nobody() {
    let program = Program::that(|request| {
        let is_aloud = request.contains("text=aloud");
        let kind = if is_aloud { "in_channel" } else { "ephemeral" };
        let said: Value = json!({"response_type": kind, "text": "an answer"});
        Some(answer("200 OK", &said.to_string()))
    })
    .await;
    let limits = options(&program)
        .limit("sends_per_user", "1/3600s:3")
        .limit("joins_per_user", "1/3600s:1");
    let server = Server::with(limits).await;
    let people = server.people(["ada", "bob", "cleo"]).await;
    for (number, person) in people.iter().enumerate() {
        let room = person.room(RoomKind::Public, &format!("builds {number}"), &[]).await.id;
        person.says(room, "/deploy aloud").await;
        answered(person, room).await;
        person.says(room, "/deploy").await;
        let conversation = alone_with_the_bot(person).await;
        assert_eq!(text_of(&answered(person, conversation).await.body), Some("an answer"));
    }
}

/// A fault that was: one person's commands could take all turns at asking.
#[tokio::test]
async fn one_person_s_commands_keep_nobody_else_s_waiting() {
    let mut program = Program::that(|_| None).await;
    let server = with(&program).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Public, "builds", &[&bob]).await.id;
    for number in 0..12 {
        ada.says(room, &format!("/deploy {number}")).await;
    }
    bob.says(room, "/deploy").await;
    let mut before = 0;
    while !program.asked().await.contains("user_name=bob") {
        before += 1;
    }
    assert!(before <= 4, "{before} were asked first");
}
