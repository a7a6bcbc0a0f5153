//! `rill send ROOM TEXT`: sends one message and does not end before the server has it, or says why not.

use std::io::{self, Read as _};
use std::time::Duration;

use protocol::rest::PostMessage;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{api, finish, print_json, room};
use crate::failure::{Failure, Kind};
use crate::home::{Choice, Home};

/// Between two tries, if the server does not say how long to wait.
const RETRY_WAIT: Duration = Duration::from_millis(500);
/// As much of the input as is read: more than any message.
const INPUT_MAX: u64 = 1024 * 1024;

/// What to send, and how.
#[derive(Clone, Debug)]
pub struct Send {
    pub room: String,
    /// `-`: the standard input.
    pub text: String,
    /// Makes repeating the command safe; one is made if none is given.
    pub client_id: Option<String>,
    /// How long to try.
    pub wait: Duration,
    pub json: bool,
}

/// Sends it.
pub fn send(home: &Home, choice: &Choice, what: Send) -> Result<(), Failure> {
    let mut text = what.text;
    if text == "-" {
        text.clear();
        io::stdin().lock().take(INPUT_MAX).read_to_string(&mut text)?;
    }
    let text = text.trim_end_matches('\n').to_owned();
    if text.trim().is_empty() {
        return Err(Failure::new(Kind::Usage, "there is nothing to send"));
    }
    let api = api(home, choice)?;
    let client_id = what.client_id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let post = PostMessage {
        text,
        client_id: Some(client_id.clone()),
        reply_to: None,
        location: None,
    };
    finish(async {
        let until = Instant::now() + what.wait;
        let recorded = loop {
            let tried = match room(&api, &what.room).await {
                Ok(room) => api
                    .post(room.id, &post)
                    .await
                    .map(|recorded| (room.id, recorded))
                    .map_err(|error| {
                        let wait = error.retry_after();
                        (Failure::from(error), wait)
                    }),
                Err(failure) => {
                    let wait = (failure.kind == Kind::Unreachable).then_some(RETRY_WAIT);
                    Err((failure, wait))
                }
            };
            match tried {
                Ok(recorded) => break recorded,
                Err((_, Some(wait))) if Instant::now() + wait < until => sleep(wait.max(RETRY_WAIT)).await,
                Err((failure, Some(_))) => {
                    let says = format!("{failure}; repeat with --client-id {client_id}, it arrives once");
                    return Err(Failure::new(Kind::Unreachable, says));
                }
                Err((failure, None)) => return Err(failure),
            }
        };
        if what.json {
            let (room, recorded) = recorded;
            let said = serde_json::json!({
                "room": room, "client_id": client_id, "seq": recorded.seq, "id": recorded.id, "repeated": recorded.repeated,
            });
            print_json(&mut io::stdout().lock(), &said)?;
        }
        Ok(())
    })
}
