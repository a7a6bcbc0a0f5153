//! What comes into the state machine and what comes out of it: events, answers, effects; data only.

use client::live;
use protocol::live::Command;
use protocol::rest::MessagePage;
use protocol::shapes::{Member, Message, MessageRef, Person, Room};
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use uuid::Uuid;

use super::room::Want;
use super::unsent::Unsent;

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    /// A whole line was entered, as in the line mode.
    Line(String),
    Resize(u16, u16),
    /// The terminal has the user's eyes, or not.
    Focus(bool),
    /// A second or less has passed; milliseconds since 1970.
    Tick(i64),
    Live(live::Event),
    Answer(Box<Answer>),
    /// These are on the disk.
    Kept(Vec<String>),
    /// These cannot be written, and why: what is not on the disk is not sent.
    Unkept(Vec<String>, String),
    /// What came back from the external editor; none if it was given up.
    Written(Option<String>),
}

/// Why the server did not do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Option<String>,
    pub says: String,
    /// Trying again may help.
    pub passing: bool,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Rooms(Result<Vec<Room>, Refusal>),
    Room(Uuid, Result<Room, Refusal>),
    Page(Uuid, Want, Result<MessagePage, Refusal>),
    /// The members as they were at this entry.
    Members(Uuid, Result<Vec<Member>, Refusal>),
    Sent(Uuid, String, Result<live::Done, Refusal>),
    /// A room to go to: joined, made, or a conversation.
    Opened(Result<Room, Refusal>),
    Left(Uuid, Result<(), Refusal>),
    Browsed(Result<Vec<Room>, Refusal>),
    Found(String, Result<Vec<Message>, Refusal>),
    Thread(Uuid, Result<Vec<Message>, Refusal>),
    People(Result<Vec<Person>, Refusal>),
    /// Done, with what is to be said about it.
    Done(Result<String, Refusal>),
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Write these to the disk and strike those; answered with `Kept`.
    Keep {
        keep: Vec<Unsent>,
        drop: Vec<String>,
    },
    /// Send, for as long as it takes; answered with `Sent`.
    Send(Uuid, String, Command),
    /// Send if there is a connection; not answered.
    Say(Command),
    /// Try to connect now.
    Hurry,
    LoadRooms,
    LoadRoom(Uuid),
    LoadPage(Uuid, Want),
    LoadMembers(Uuid),
    LoadThread(Uuid, MessageRef),
    LoadPeople,
    Browse,
    Search(String),
    Join(String),
    Leave(Uuid),
    Direct(Vec<String>),
    Topic(Uuid, String),
    Invite(Uuid, String),
    /// Open the external editor with this text.
    Write(String),
    /// Ring once: somebody named the user.
    Ring,
    Redraw,
    Quit,
}
