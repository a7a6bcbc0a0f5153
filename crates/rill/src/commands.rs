//! Commands that programs outside answer: a message `/NAME words` is posted as any other, and once it is kept, the
//! program that the operator named for it is asked, in the words of Slack's slash commands.
//! Source: docs.slack.dev, "Implementing slash commands" and "Verifying requests from Slack".
//!
//! Whoever writes a message waits for none of this.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use anyhow::{Result, ensure};
use async_trait::async_trait;
use chat::Chat;
use chat::error::Result as Answer;
use chat::event::{Draft, Entry, Outcome};
use chat::message::command::command;
use chat::ports::Intake;
use reqwest::{Client, Url, redirect};
use ring::hmac;
use serde::Deserialize;

mod turns;

use turns::Turns;

/// How long a program may take, waiting for its turn included; how much it may say.
const ANSWER_WAIT: Duration = Duration::from_secs(3);
const BYTES_MAX: usize = 64 * 1024;

/// What the operator named: the programs by the names of their commands, and the secret that signs requests to them.
#[derive(Clone, Debug, Default)]
pub struct Named {
    pub programs: HashMap<String, Url>,
    pub secret: String,
}

/// The way of drafts, with an eye on commands.
pub struct Commands {
    way: Arc<dyn Intake>,
    asking: Arc<Asking>,
}

struct Asking {
    named: Named,
    client: Client,
    turns: Turns,
    chat: OnceLock<Weak<Chat>>,
}

/// An answer, as Slack knows it.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    response_type: String,
    #[serde(default)]
    text: String,
}

impl Commands {
    /// Looks at what goes this way.
    pub fn on(way: Arc<dyn Intake>, named: Named) -> Result<Self> {
        // Another part of the process may have installed one before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()?;
        let asking = Asking {
            named,
            client,
            turns: Turns::default(),
            chat: OnceLock::new(),
        };
        let asking = Arc::new(asking);
        Ok(Self { way, asking })
    }

    /// Who posts the answers.
    pub fn answer_by(&self, chat: &Arc<Chat>) {
        let _ = self.asking.chat.set(Arc::downgrade(chat));
    }
}

#[async_trait]
impl Intake for Commands {
    async fn submit(&self, draft: Draft) -> Answer<Outcome> {
        let outcome = self.way.submit(draft).await;
        if let Ok(Outcome::Committed(entry)) = &outcome
            && let Some((name, _)) = command(entry)
            && self.asking.named.programs.contains_key(name)
        {
            tokio::spawn(answer(Arc::clone(&self.asking), Arc::clone(entry)));
        }
        outcome
    }
}

async fn answer(asking: Arc<Asking>, entry: Arc<Entry>) {
    let Some((name, words)) = command(&entry) else { return };
    let (text, aloud) = match tokio::time::timeout(ANSWER_WAIT, ask(&asking, name, words, &entry)).await {
        Ok(Ok(said)) if said.text.trim().is_empty() => return,
        Ok(Ok(said)) => (said.text, said.response_type == "in_channel"),
        // Nothing of why: it would tell of what is behind this server.
        Ok(Err(problem)) => {
            tracing::warn!(
                command = name,
                problem = format!("{problem:#}"),
                "a command was not answered"
            );
            (format!("`/{name}` could not be answered; try again later"), false)
        }
        Err(_) => {
            tracing::warn!(command = name, "a command was not answered in time");
            (format!("`/{name}` was not answered in time; try again later"), false)
        }
    };
    let Some(chat) = asking.chat.get().and_then(Weak::upgrade) else {
        return;
    };
    if let Err(refusal) = chat.answer_command(name, &entry, text, aloud).await {
        tracing::warn!(command = name, %refusal, "the answer to a command cannot be posted");
    }
}

async fn ask(asking: &Asking, name: &str, words: &str, entry: &Entry) -> Result<Said> {
    let _turn = asking.turns.take(entry.actor.id).await?;
    let pairs = [
        ("command", format!("/{name}")),
        ("text", words.to_owned()),
        ("user_id", entry.actor.id.to_string()),
        ("user_name", entry.actor.username.clone()),
        ("channel_id", entry.room.to_string()),
        ("message_id", entry.id.to_string()),
    ];
    // A form is written as a query is.
    let form = Url::parse_with_params("http://form", pairs)?;
    let body = form.query().unwrap_or_default().to_owned();
    let at = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)?
        .as_secs();
    let request = asking
        .client
        .post(asking.named.programs[name].clone())
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("X-Slack-Request-Timestamp", at)
        .header("X-Slack-Signature", signature(&asking.named.secret, at, &body))
        .body(body);
    // Its address may hold a secret.
    let without = reqwest::Error::without_url;
    let response = request.send().await.map_err(without)?;
    let mut response = response.error_for_status().map_err(without)?;
    ensure!(response.status().is_success(), "it answers {}", response.status());
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(without)? {
        ensure!(bytes.len() + chunk.len() <= BYTES_MAX, "the answer is too long");
        bytes.extend_from_slice(&chunk);
    }
    Ok(serde_json::from_slice(&bytes).unwrap_or_else(|_| Said {
        response_type: String::new(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }))
}

fn signature(secret: &str, at: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("v0:{at}:{body}").as_bytes());
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_as_slack_s_documents_say() {
        // The example of "Verifying requests from Slack".
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                    channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                    response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                    trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let signed = signature("8f742231b10e8888abcd99yyyzzz85a5", 1_531_420_618, body);
        assert_eq!(
            signed,
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        );
    }
}
