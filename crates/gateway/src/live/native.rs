//! The native dialect's commands: each becomes one of chat's verbs, and the outcome its answer.

use chat::account::Actor;
use chat::error::{Error, Result};
use chat::event::Outcome;
use chat::ids::{ClientId, EntryId, RoomId};
use chat::message::post::Post;
use protocol::live::{Command, Frame};
use serde::Deserialize;

use super::connection::Connection;
use super::resume;
use crate::refusal::Refusal;
use crate::{State, said, strict, words};

/// The client's own mark of a command, in characters.
const REFERENCE_CHARS_MAX: usize = 64;

/// Reads a command. The refusal comes with the `ref` that it answers to, where that can be read.
pub(crate) fn read(text: &[u8]) -> std::result::Result<Command, (Option<String>, Refusal)> {
    let command = strict::object_from_slice::<Command>(text).map_err(|refusal| (reference_in(text), refusal))?;
    match reference(&command) {
        Some(given) if given.is_empty() || given.chars().count() > REFERENCE_CHARS_MAX => {
            let problem = format!("must be 1 to {REFERENCE_CHARS_MAX} characters");
            Err((None, Refusal::invalid("/ref", problem)))
        }
        Some(_) | None => Ok(command),
    }
}

/// Does one command; the answer, if it has one. `mark` is for what the hub says to it in order with the entries.
pub(crate) async fn run(connection: &Connection, command: Command, mark: Option<u64>) -> Option<Frame> {
    let reference = reference(&command).map(str::to_owned);
    match done(connection, command, mark).await {
        Ok(Done::Recorded(outcome)) => reference.map(|reference| ok(reference, Some(&outcome))),
        Ok(Done::Quietly) => reference.map(|reference| ok(reference, None)),
        Ok(Done::Pong) => Some(Frame::Pong { reference }),
        Ok(Done::Resumed) => None,
        Err(error) => Some(refused(reference, &error.into())),
    }
}

/// Finds out who an `auth` frame stands for.
pub(crate) async fn authenticate(gateway: &State, command: Command) -> std::result::Result<Actor, Refusal> {
    let Command::Auth { ticket, token } = command else {
        return Err(Error::NotSignedIn.into());
    };
    match (ticket, token) {
        (Some(ticket), None) => Ok(gateway.chat.actor_by_ticket(&ticket).await?),
        (None, Some(token)) => Ok(gateway.chat.actor_by_access_token(&token).await?),
        (Some(_), Some(_)) | (None, None) => {
            Err(Refusal::invalid("/ticket", "or token is needed: exactly one of them"))
        }
    }
}

/// The client's mark of the command.
pub(crate) fn reference(command: &Command) -> Option<&str> {
    match command {
        Command::Post { reference, .. }
        | Command::Edit { reference, .. }
        | Command::Delete { reference, .. }
        | Command::React { reference, .. }
        | Command::Pin { reference, .. } => Some(reference),
        Command::Resume { reference, .. } | Command::Read { reference, .. } | Command::Ping { reference } => {
            reference.as_deref()
        }
        Command::Auth { .. } | Command::Typing { .. } | Command::Presence { .. } => None,
    }
}

/// The frame that says no.
pub(crate) fn refused(reference: Option<String>, refusal: &Refusal) -> Frame {
    Frame::Error {
        reference,
        problem: Box::new(refusal.problem(None)),
    }
}

enum Done {
    /// It is in the log, or was there already.
    Recorded(Outcome),
    /// There is nothing to tell but that it is done.
    Quietly,
    Pong,
    /// `resumed` was said, in order with the entries.
    Resumed,
}

#[expect(clippy::too_many_lines, reason = "one arm for each command")]
async fn done(connection: &Connection, command: Command, mark: Option<u64>) -> Result<Done> {
    let (chat, actor) = (&connection.gateway.chat, &connection.actor);
    let outcome = match command {
        Command::Post {
            room,
            client_id,
            text,
            reply_to,
            location,
            ..
        } => {
            let post = Post {
                room: RoomId(room),
                client_id: Some(ClientId::parse(&client_id)?),
                text,
                reply_to: reply_to.map(EntryId),
                location: location.map(said::location),
            };
            chat.post_message(actor, post).await?
        }
        Command::Edit {
            room,
            message,
            text,
            client_id,
            ..
        } => {
            let (room, message) = (RoomId(room), EntryId(message));
            chat.edit_message(actor, room, message, text, parsed(client_id)?, None)
                .await?
        }
        Command::Delete {
            room,
            message,
            client_id,
            ..
        } => {
            let (room, message) = (RoomId(room), EntryId(message));
            chat.delete_message(actor, room, message, parsed(client_id)?, None)
                .await?
        }
        Command::React {
            room,
            message,
            emoji,
            on,
            client_id,
            ..
        } => {
            let (room, message) = (RoomId(room), EntryId(message));
            chat.react(actor, room, message, &emoji, on, parsed(client_id)?).await?
        }
        Command::Pin {
            room,
            message,
            on,
            client_id,
            ..
        } => {
            let (room, message) = (RoomId(room), EntryId(message));
            chat.pin(actor, room, message, on, parsed(client_id)?).await?
        }
        Command::Auth { .. }
        | Command::Resume { .. }
        | Command::Read { .. }
        | Command::Typing { .. }
        | Command::Presence { .. }
        | Command::Ping { .. } => return passing(connection, command, mark).await,
    };
    Ok(Done::Recorded(outcome))
}

/// Commands that make no entry.
async fn passing(connection: &Connection, command: Command, mark: Option<u64>) -> Result<Done> {
    let (chat, actor) = (&connection.gateway.chat, &connection.actor);
    match command {
        Command::Resume {
            reference,
            epoch,
            rooms,
        } => {
            resume::by_command(connection, reference, epoch, rooms, mark).await?;
            Ok(Done::Resumed)
        }
        Command::Read { room, seq, .. } => {
            chat.mark_read(actor, RoomId(room), seq).await?;
            Ok(Done::Quietly)
        }
        Command::Typing { room, on } => {
            chat.typing(actor, RoomId(room), on).await?;
            Ok(Done::Quietly)
        }
        Command::Presence { status } => {
            let number = connection.session.number();
            chat.set_status(actor, &[number], said::status(status)).await?;
            Ok(Done::Quietly)
        }
        Command::Ping { .. } => Ok(Done::Pong),
        Command::Auth { .. } => Err(Error::invalid("type", "auth comes once, before welcome; connect anew")),
        Command::Post { .. }
        | Command::Edit { .. }
        | Command::Delete { .. }
        | Command::React { .. }
        | Command::Pin { .. } => Err(Error::Internal),
    }
}

fn ok(reference: String, outcome: Option<&Outcome>) -> Frame {
    let recorded = outcome.map(words::recorded);
    let entry = recorded.as_ref();
    Frame::Ok {
        reference,
        seq: entry.and_then(|entry| entry.seq),
        id: entry.and_then(|entry| entry.id),
        at: entry.and_then(|entry| entry.at.clone()),
        repeated: entry.is_some_and(|entry| entry.repeated),
    }
}

fn parsed(client_id: Option<String>) -> Result<Option<ClientId>> {
    client_id.as_deref().map(ClientId::parse).transpose()
}

/// The `ref` of a frame that is no command.
fn reference_in(text: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Marked {
        #[serde(rename = "ref")]
        reference: String,
    }
    let marked: Marked = serde_json::from_slice(text).ok()?;
    (marked.reference.chars().count() <= REFERENCE_CHARS_MAX).then_some(marked.reference)
}
