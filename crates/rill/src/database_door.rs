//! The door of the database: takes in what other programs wrote by plain SQL, row by row, in its order.
//!
//! One server at a time does it. A row leaves the inbox after its commit, and whoever takes it in again finds that it
//! was: so nothing is lost and nothing doubled, whenever a server ends.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use backends::DatabaseInbox;
use chat::Chat;
use chat::error::Error;

/// However many notifications get lost, rows are looked for so often; and whether the server that takes them in is gone.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Before the database, or the room, is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps the door open; never returns.
pub async fn keep(chat: Arc<Chat>, database: String) {
    let mut is_known = false;
    loop {
        if let Err(problem) = serve(&chat, &database, &mut is_known).await
            && !std::mem::replace(&mut is_known, true)
        {
            tracing::warn!(problem = format!("{problem:#}"), "the door of the database begins anew");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Returns when the connection is gone.
async fn serve(chat: &Chat, database: &str, is_known: &mut bool) -> Result<()> {
    let inbox = DatabaseInbox::open(database).await?;
    while !inbox.hold().await? {
        inbox.news(LOOK_EVERY).await;
    }
    tracing::info!("the door of the database is open: what is written into chatroom_messages is taken in");
    loop {
        let pause = take_all(chat, &inbox).await?;
        *is_known = false;
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => inbox.news(LOOK_EVERY).await,
        }
    }
}

/// Takes in everything that waits; answers how long to wait if that cannot be done now.
async fn take_all(chat: &Chat, inbox: &DatabaseInbox) -> Result<Option<Duration>> {
    loop {
        let rows = inbox.waiting().await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        let mut pause = None;
        for row in rows {
            let problem = match row.change {
                Ok(change) => match chat.take_in(row.id, change).await {
                    Ok(_) => {
                        taken.push(row.number);
                        continue;
                    }
                    Err(error) if passes(&error) => {
                        pause = Some(PAUSE);
                        break;
                    }
                    Err(error) => error.to_string(),
                },
                Err(problem) => problem.to_owned(),
            };
            tracing::warn!(
                row = row.number,
                reason = problem,
                "a row at the door of the database is refused"
            );
            refused.push((row.number, problem));
        }
        inbox.settle(&taken, &refused).await?;
        if pause.is_some() {
            return Ok(pause);
        }
    }
}

/// Whether the same row may be taken in a moment later.
fn passes(error: &Error) -> bool {
    match error {
        Error::TooMany { .. } | Error::Unavailable { .. } | Error::StorageFull | Error::Draining | Error::Unknown => {
            true
        }
        Error::Invalid { .. }
        | Error::NotSignedIn
        | Error::WrongCredentials
        | Error::SetupCodeNeeded
        | Error::RegistrationClosed
        | Error::Banned
        | Error::PasswordNeeded
        | Error::NotFound { .. }
        | Error::Forbidden { .. }
        | Error::Archived
        | Error::Taken { .. }
        | Error::Conflict { .. }
        | Error::Stale { .. }
        | Error::LimitReached { .. }
        | Error::Internal => false,
    }
}
