//! The door of the database: rows that a program writes by plain SQL are messages like any other, once and in order,
//! whichever servers run and end meanwhile, and nobody's name can be used for them.

use protocol::live::Frame;
use protocol::shapes::{Entry, EntryBody, RoomKind};
use serde_json::json;
use support::frames::text_of;
use support::postgres::{Postgres, name_of};
use support::redis::Redis;
use support::{Options, Person, Server, Socket, until};
use uuid::Uuid;

use super::wire::{Data, ask, bearer};

const ALICE: &str = "5e787c3f-8dde-4a6b-b092-2e12f115b6d9";

/// Options for a server with the door, and the name of its database.
fn with_door() -> (Options, String) {
    let url = Postgres::shared().database();
    let options = Options::default()
        .flag("--database", &url)
        .flag("--database-door", "true");
    (options, name_of(&url).to_owned())
}

fn sql(database: &str, statement: &str) -> String {
    Postgres::shared().sql(database, statement)
}

async fn emptied(database: &str) {
    let is_empty = async || (sql(database, "select count(*) from chatroom_inbox") == "0").then_some(());
    until("the inbox is empty", is_empty).await;
}

async fn general(person: &Person) -> Uuid {
    person.api.rooms().await.expect("rooms").remove(0).id
}

/// The next entry of the room that is about messages.
async fn heard(socket: &mut Socket, room: Uuid) -> Entry {
    let about_messages = |frame: &Frame| match frame {
        Frame::Entry { entry } if entry.room == room && !matches!(entry.body, EntryBody::MemberJoined) => {
            Some(entry.clone())
        }
        _ => None,
    };
    *socket.expect("an entry", about_messages).await
}

#[tokio::test]
async fn rows_written_by_sql_reach_every_listener_and_so_do_their_changes() {
    let (options, database) = with_door();
    let server = Server::with(options).await;
    let ada = server.person("ada").await;
    let room = general(&ada).await;
    let mut socket = Socket::signed_in(&ada).await;
    socket.resume(&Default::default()).await;
    let stream = ask(&server.url(), reqwest::Method::GET, "/stream").header("Authorization", bearer(&ada).await);
    let mut stream = Data::open(stream).await;
    assert_eq!(stream.next().await["type"], "connected");

    let insert = format!(
        "insert into chatroom_messages (content, file, sender_id) values ('It''s wet 你好', 'a.txt', '{ALICE}') returning id"
    );
    assert_eq!(
        sql(&database, &insert),
        "-1",
        "a place in the inbox, and no number of a message"
    );
    let posted = heard(&mut socket, room).await;
    assert_eq!(text_of(&posted.body), Some("It's wet 你好\n📎 a.txt"));
    assert_eq!(posted.actor.display_name, format!("{ALICE} (guest)"));
    let event = stream.next().await;
    assert_eq!(event["type"], "new_message");
    let data = &event["data"];
    assert_eq!(
        (
            &data["operation"],
            &data["id"],
            &data["content"],
            &data["file"],
            &data["sender_id"]
        ),
        (
            &json!("INSERT"),
            &json!(posted.seq),
            &json!("It's wet 你好"),
            &json!("a.txt"),
            &json!(ALICE)
        )
    );
    let row = format!(
        "select content, file, sender_id from chatroom_messages where id = {}",
        posted.seq
    );
    assert_eq!(sql(&database, &row), format!("It's wet 你好|a.txt|{ALICE}"));

    sql(
        &database,
        &format!(
            "update chatroom_messages set content = 'It is dry' where id = {}",
            posted.seq
        ),
    );
    let edited = heard(&mut socket, room).await;
    assert!(
        matches!(&edited.body, EntryBody::MessageEdited { message, text, .. }
            if message.seq == posted.seq && text == "It is dry\n📎 a.txt"),
        "{edited:?}"
    );
    sql(
        &database,
        &format!("delete from chatroom_messages where id = {}", posted.seq),
    );
    let deleted = heard(&mut socket, room).await;
    assert!(
        matches!(&deleted.body, EntryBody::MessageDeleted { message } if message.seq == posted.seq),
        "{deleted:?}"
    );
    assert_eq!(sql(&database, &row), "", "it is gone from the view");
    emptied(&database).await;
}

#[tokio::test]
async fn more_than_a_notification_holds_is_taken_in_whole() {
    let (options, database) = with_door();
    let server = Server::with(options).await;
    let ada = server.person("ada").await;
    let room = general(&ada).await;
    let mut socket = Socket::signed_in(&ada).await;
    socket.resume(&Default::default()).await;
    let insert = format!("insert into chatroom_messages (content, sender_id) values (repeat('你', 5000), '{ALICE}')");
    sql(&database, &insert);
    let posted = heard(&mut socket, room).await;
    assert_eq!(text_of(&posted.body), Some(&*"你".repeat(5_000)));
}

/// A new role that may use the view and nothing else; the statement as that role.
fn as_program(database: &str) -> impl Fn(&str) -> String {
    let role = format!("app_{database}");
    let grants = format!("create role {role}; grant select, insert, update, delete on chatroom_messages to {role}");
    sql(database, &grants);
    move |statement| format!("set role {role}; {statement}")
}

fn insert(content: &str, sender: &str) -> String {
    format!("insert into chatroom_messages (content, sender_id) values ({content}, '{sender}')")
}

#[tokio::test]
async fn what_a_row_may_not_do_is_refused_with_a_reason_and_holds_up_nobody() {
    let (options, database) = with_door();
    let server = Server::with(options).await;
    let ada = server.person("ada").await;
    let room = general(&ada).await;
    let seq = ada.says(room, "mine").await;
    let mut socket = Socket::signed_in(&ada).await;
    socket.resume(&Default::default()).await;
    let as_program = as_program(&database);
    let hers = format!("update chatroom_messages set content = 'hers' where id = {seq}");
    for statement in [
        insert("'as if by ada'", &ada.id().to_string()),
        insert("repeat('x', 8001)", ALICE),
        hers,
        insert("'still here'", ALICE),
    ] {
        sql(&database, &as_program(&statement));
    }
    let posted = heard(&mut socket, room).await;
    assert_eq!(
        text_of(&posted.body),
        Some("still here"),
        "nothing of the others was heard"
    );
    let refused = until("the reasons are kept", async || {
        let question = "select number, refused from chatroom_inbox where refused is not null order by number";
        let refused = sql(&database, question);
        (refused.lines().count() == 3).then_some(refused)
    })
    .await;
    let wanted = [
        "has an account here",
        "8000 characters",
        "somebody with an account wrote",
    ];
    for (number, (line, why)) in (1..).zip(refused.lines().zip(wanted)) {
        assert!(line.starts_with(&format!("{number}|")) && line.contains(why), "{line}");
    }
    // What could fill a server's memory is not even written down.
    let statement = as_program(&insert("repeat('x', 70000)", ALICE));
    let complaint = Postgres::shared()
        .try_sql(&database, &statement)
        .expect_err("it is too long");
    assert!(complaint.contains("longer than any message"), "{complaint}");
    // What was in its way is gone: it is tried again.
    sql(
        &database,
        "update chatroom_inbox set text = 'short', refused = null where number = 2",
    );
    assert_eq!(text_of(&heard(&mut socket, room).await.body), Some("short"));
}

/// A fault that was: such a row closed the door for good.
#[tokio::test]
async fn a_row_that_nobody_could_have_written_by_the_view_is_refused_and_the_rest_go_on() {
    let (options, database) = with_door();
    let server = Server::with(options).await;
    let ada = server.person("ada").await;
    let room = general(&ada).await;
    let mut socket = Socket::signed_in(&ada).await;
    socket.resume(&Default::default()).await;
    // By whoever owns the table.
    let by_hand = format!(
        "insert into chatroom_inbox (operation, sender, text) values
             ('shout', '{ALICE}', 'loud'), ('insert', null, 'by nobody'), ('insert', '{ALICE}', null),
             ('update', '{ALICE}', null), ('delete', null, null);"
    );
    sql(&database, &format!("{by_hand} {}", insert("'still here'", ALICE)));
    assert_eq!(text_of(&heard(&mut socket, room).await.body), Some("still here"));
    let refused = until("the reasons are kept", async || {
        let question = "select refused from chatroom_inbox where refused is not null order by number";
        let refused = sql(&database, question);
        (refused.lines().count() == 5).then_some(refused)
    })
    .await;
    let lacks = "the row lacks what its operation needs";
    let wanted = [
        "the row's operation is none of insert, update and delete",
        lacks,
        lacks,
        lacks,
        "message not found",
    ];
    assert_eq!(refused.lines().collect::<Vec<_>>(), wanted);
}

#[tokio::test]
async fn a_program_needs_no_right_but_those_of_the_view() {
    let (options, database) = with_door();
    let server = Server::with(options).await;
    let ada = server.person("ada").await;
    let room = general(&ada).await;
    let seq = ada.says(room, "mine").await;
    let secret = ada.room(RoomKind::Private, "harbour", &[]).await.id;
    ada.says(secret, "nobody else's business").await;
    let mut socket = Socket::signed_in(&ada).await;
    socket.resume(&Default::default()).await;
    let as_program = as_program(&database);
    let another_id = format!("update chatroom_messages set id = 1 where id = {seq}");
    for (statement, why) in [
        (insert("null", ALICE), "content and sender_id are needed"),
        (another_id, "only content and file"),
        ("select * from messages".to_owned(), "permission denied"),
        ("select * from chatroom_inbox".to_owned(), "permission denied"),
    ] {
        let statement = as_program(&statement);
        let complaint = Postgres::shared().try_sql(&database, &statement).expect_err(&statement);
        assert!(complaint.contains(why), "{complaint}");
    }
    // A table of its own with the inbox's name is not taken for it.
    let shadow = "create temp table chatroom_inbox (x int)";
    sql(
        &database,
        &as_program(&format!("{shadow}; {}", insert("'aloud'", ALICE))),
    );
    assert_eq!(text_of(&heard(&mut socket, room).await.body), Some("aloud"));
    let all = as_program("select content from chatroom_messages order by id");
    assert_eq!(sql(&database, &all), "mine\naloud", "nothing but the room of everybody");
    // Who may delete there looks after the room.
    sql(
        &database,
        &as_program(&format!("delete from chatroom_messages where id = {seq}")),
    );
    let deleted = heard(&mut socket, room).await;
    assert!(
        matches!(&deleted.body, EntryBody::MessageDeleted { message } if message.seq == seq),
        "{deleted:?}"
    );
    assert_eq!(deleted.actor.username, "rill");
}

#[tokio::test]
async fn a_thousand_rows_written_while_no_server_ran_are_there_once_and_in_order() {
    let (options, database) = with_door();
    let options = options.flag("--redis", &Redis::shared().url());
    let mut here = Server::with(options.clone()).await;
    let mut there = Server::with(options).await;
    let ada = here.person("ada").await;
    let room = general(&ada).await;
    here.kill().await;
    there.kill().await;
    // By a program that knows the tables of the original and nothing else.
    sql(
        &database,
        "create schema chatroom; create view chatroom.messages as select * from chatroom_messages",
    );
    for part in 0..4 {
        let insert = format!(
            "set search_path = chatroom; insert into messages (content, sender_id)
            select 'row ' || number, case number % 2 when 0 then '{ALICE}' else '{}' end::uuid
            from generate_series({}, {}) number",
            Uuid::from_u128(7),
            part * 250,
            part * 250 + 249
        );
        sql(&database, &insert);
    }
    here.start_again().await;
    there.start_again().await;
    let ada_there = ada.at(&there.api()).await;
    let seen = async || {
        let log = ada_there.log(room).await;
        let texts = log.iter().filter_map(|entry| text_of(&entry.body));
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    let some = until("some are there", async || {
        Some(seen().await.len()).filter(|count| *count > 0)
    })
    .await;
    // Whichever of the two takes them in: one of them ends in the middle, and comes back.
    here.kill().await;
    here.start_again().await;
    let expected: Vec<String> = (0..1_000).map(|number| format!("row {number}")).collect();
    let mut before = some;
    let all = loop {
        let texts = until("there are more", async || {
            let texts = seen().await;
            (texts.len() > before || texts.len() >= expected.len()).then_some(texts)
        })
        .await;
        before = texts.len();
        if before >= expected.len() {
            break texts;
        }
    };
    assert_eq!(all, expected);
    emptied(&database).await;
    assert_eq!(seen().await.len(), 1_000);
}
