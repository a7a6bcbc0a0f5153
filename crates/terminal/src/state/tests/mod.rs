//! Tests of the state machine, and the scene that they and the drawn screens begin with.

mod agree;
mod typing;
mod walking;

use client::live;
use jiff::tz::TimeZone;
use protocol::rest::MessagePage;
use protocol::shapes::{Account, Entry, EntryBody, History, Message, MyPart, Person, Role, Room, RoomKind, RoomRole};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use uuid::Uuid;

use super::event::{Answer, Effect, Event};
use super::room::Want;
use super::{Start, State};
use crate::theme::Theme;

/// 2026-11-21T10:00:00Z in milliseconds.
pub const TEN: i64 = 1_795_255_200_000;

pub fn person(number: u128, name: &str) -> Person {
    Person {
        id: Uuid::from_u128(number),
        username: name.to_lowercase(),
        display_name: name.to_owned(),
        role: Role::User,
        avatar: None,
    }
}

pub fn ada() -> Person {
    person(1, "Ada")
}

pub fn grace() -> Person {
    person(2, "Grace")
}

/// Minutes after ten.
pub fn at(minutes: i64) -> String {
    jiff::Timestamp::from_millisecond(TEN + minutes * 60_000)
        .expect("a time")
        .to_string()
}

pub fn room(number: u128, kind: RoomKind, name: &str, messages: u64) -> Room {
    Room {
        id: Uuid::from_u128(number),
        kind,
        name: name.to_owned(),
        topic: String::new(),
        description: String::new(),
        history: History::All,
        protected: number == 100,
        archived: false,
        created_at: at(0),
        last_seq: messages,
        last_ordinal: messages,
        last_at: at(0),
        member_count: 3,
        people: Vec::new(),
        me: Some(MyPart {
            role: RoomRole::Member,
            from_seq: 1,
            joined_at: at(0),
            read_seq: messages,
            read_ordinal: messages,
            unread: 0,
            mentions: 0,
        }),
    }
}

pub fn message(room: Uuid, seq: u64, sender: &Person, text: &str) -> Message {
    Message {
        room,
        seq,
        ordinal: seq,
        id: Uuid::from_u128(room.as_u128() << 32 | u128::from(seq)),
        client_id: None,
        sender: sender.clone(),
        at: at(i64::try_from(seq).expect("small")),
        text: text.to_owned(),
        mentions: Vec::new(),
        mentions_room: false,
        location: None,
        thread: None,
        replies: 0,
        edited_at: None,
        deleted_at: None,
        pinned_at: None,
        reactions: Vec::new(),
        changed_seq: seq,
    }
}

pub fn page(items: Vec<Message>, has_before: bool, has_after: bool, head: u64) -> MessagePage {
    MessagePage {
        items,
        has_before,
        has_after,
        head,
    }
}

pub fn posted(room: Uuid, seq: u64, actor: &Person, text: &str, client_id: Option<&str>) -> Entry {
    Entry {
        room,
        seq,
        ordinal: seq,
        id: Uuid::from_u128(room.as_u128() << 32 | u128::from(seq)),
        at: at(i64::try_from(seq).expect("small")),
        actor: actor.clone(),
        client_id: client_id.map(str::to_owned),
        body: EntryBody::MessagePosted {
            text: text.to_owned(),
            thread: None,
            mentions: Vec::new(),
            mentions_room: false,
            location: None,
        },
    }
}

pub fn general() -> Uuid {
    Uuid::from_u128(100)
}

pub fn design() -> Uuid {
    Uuid::from_u128(102)
}

/// A state before anything happened.
pub fn fresh() -> State {
    State::new(Start {
        server: "localhost:8080".into(),
        zone: TimeZone::UTC,
        now_ms: TEN,
        theme: Theme::Dark,
        me: None,
        seed: "seed".into(),
        epoch: None,
        rooms: Vec::new(),
        current: None,
        unsent: Vec::new(),
        wanted: None,
    })
}

pub fn connected() -> Event {
    let account = Account {
        person: ada(),
        first_name: String::new(),
        last_name: String::new(),
        email: None,
        phone: String::new(),
        time_zone: String::new(),
        language: String::new(),
        created_at: at(0),
        banned_at: None,
    };
    Event::Live(live::Event::Connected {
        connection: 1,
        epoch: "e1".into(),
        me: Box::new(account),
        session: Uuid::nil(),
    })
}

pub fn answer(answer: Answer) -> Event {
    Event::Answer(Box::new(answer))
}

pub fn heard(entry: Entry) -> Event {
    Event::Live(live::Event::Entry(Box::new(entry)))
}

/// Ada in General with three messages, and three other rooms.
pub fn begun() -> State {
    let mut state = fresh();
    state.update(connected());
    state.update(Event::Live(live::Event::CaughtUp {
        rooms: Default::default(),
    }));
    let mut design = room(102, RoomKind::Public, "Design", 9);
    if let Some(me) = &mut design.me {
        (me.read_seq, me.read_ordinal, me.unread, me.mentions) = (5, 5, 4, 1);
    }
    let mut talk = room(103, RoomKind::Direct, "", 2);
    talk.people = vec![ada(), grace()];
    let rooms = vec![
        Room {
            topic: "Everything that concerns everybody".into(),
            ..room(100, RoomKind::Public, "General", 3)
        },
        room(101, RoomKind::Private, "Development", 1),
        design,
        talk,
    ];
    state.update(answer(Answer::Rooms(Ok(rooms))));
    let items = vec![
        message(general(), 1, &grace(), "Hello"),
        message(general(), 2, &ada(), "Good morning, **Grace**!"),
        message(
            general(),
            3,
            &person(3, "Nour"),
            "Did you see @ada's list?\n\n- one\n- two",
        ),
    ];
    let page = page(items, false, false, 3);
    state.update(answer(Answer::Page(general(), Want::Latest, Ok(page))));
    state
}

/// Types keys one by one.
pub fn types(state: &mut State, text: &str) -> Vec<Effect> {
    let keys = text.chars().map(|letter| match letter {
        '\n' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        '\u{1b}' => KeyCode::Esc,
        letter => KeyCode::Char(letter),
    });
    keys.flat_map(|code| state.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE))))
        .collect()
}

pub fn with_control(state: &mut State, letter: char) -> Vec<Effect> {
    state.update(Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)))
}

/// Does what the disk would: everything is kept at once.
pub fn kept(state: &mut State, effects: &[Effect]) -> Vec<Effect> {
    let ids = effects.iter().flat_map(|effect| match effect {
        Effect::Keep { keep, .. } => keep.iter().map(|item| item.client_id.clone()).collect(),
        _ => Vec::new(),
    });
    let ids = ids.collect();
    state.update(Event::Kept(ids))
}

#[test]
fn it_asks_for_the_rooms_opens_the_first_and_asks_for_its_end() {
    let mut state = fresh();
    assert!(state.update(connected()).is_empty());
    let effects = state.update(Event::Live(live::Event::CaughtUp {
        rooms: Default::default(),
    }));
    assert_eq!(effects, [Effect::LoadRooms]);
    let rooms = vec![
        room(101, RoomKind::Public, "Art", 1),
        room(100, RoomKind::Public, "General", 3),
    ];
    let effects = state.update(answer(Answer::Rooms(Ok(rooms))));
    assert_eq!(state.current, Some(general()));
    assert!(
        effects.contains(&Effect::LoadPage(general(), Want::Latest)),
        "{effects:?}"
    );
}

#[test]
fn what_is_said_elsewhere_is_counted_and_a_mention_rings() {
    let mut state = begun();
    state.update(heard(posted(design(), 10, &grace(), "one", None)));
    assert_eq!(state.unread(), (5, 1));
    let mut named = posted(design(), 11, &grace(), "@ada", None);
    if let EntryBody::MessagePosted { mentions, .. } = &mut named.body {
        mentions.push(ada().id);
    }
    assert_eq!(state.update(heard(named)), [Effect::Ring]);
    assert_eq!(state.unread(), (6, 2));
    let mine = posted(design(), 12, &ada(), "from another device", None);
    state.update(heard(mine));
    assert_eq!(state.unread(), (0, 0));
}

#[test]
fn whoever_looks_at_the_end_has_read_it_and_the_server_is_told_once() {
    let mut state = begun();
    state.update(heard(posted(general(), 4, &grace(), "new", None)));
    state.update(heard(posted(general(), 5, &grace(), "newer", None)));
    assert_eq!(state.room().expect("General").unread(), (0, 0));
    let told = state.update(Event::Tick(TEN + 1000));
    let is_read = |effect: &Effect| matches!(effect, Effect::Say(protocol::live::Command::Read { seq: 5, .. }));
    assert_eq!(told.iter().filter(|effect| is_read(effect)).count(), 1, "{told:?}");
    assert!(!state.update(Event::Tick(TEN + 2000)).iter().any(is_read));
    state.update(Event::Focus(false));
    state.update(heard(posted(general(), 6, &grace(), "unseen", None)));
    assert_eq!(state.room().expect("General").unread(), (1, 0));
}

#[test]
fn after_a_reset_the_room_is_loaded_anew_and_nothing_old_stays() {
    let mut state = begun();
    let effects = state.update(Event::Live(live::Event::Reset {
        room: general(),
        head: 2000,
    }));
    assert!(effects.contains(&Effect::LoadRoom(general())));
    assert!(effects.contains(&Effect::LoadPage(general(), Want::Latest)));
    let items = vec![message(general(), 2000, &grace(), "much later")];
    state.update(answer(Answer::Page(
        general(),
        Want::Latest,
        Ok(page(items, true, false, 2000)),
    )));
    let timeline = state.room().and_then(|room| room.timeline.as_ref()).expect("loaded");
    assert_eq!(timeline.messages.len(), 1);
}

#[test]
fn another_incarnation_of_the_logs_makes_everything_void() {
    let mut state = begun();
    let Event::Live(live::Event::Connected {
        connection,
        me,
        session,
        ..
    }) = connected()
    else {
        unreachable!()
    };
    let other = live::Event::Connected {
        connection,
        epoch: "e2".into(),
        me,
        session,
    };
    state.update(Event::Live(other));
    assert!(state.rooms.is_empty());
    assert_eq!(state.current, None);
}
