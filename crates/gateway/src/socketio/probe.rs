//! A socket that wants to take over from requests (Engine.IO, "upgrade"): it proves that it works both ways first.

use std::sync::Arc;

use bytes::Bytes;
use chat::limits::AUTHENTICATION_WAIT;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::mailbox::Mailbox;
use super::packet::{self, Engine};
use crate::State;
use crate::live::inlet::Inlet;
use crate::live::outlet::Outlet;
use crate::live::wire::{self, Message};

/// What is asked and answered.
const PROBE: &str = "probe";
/// Messages that may come before the socket takes over.
const MESSAGES_MAX: u32 = 16;

/// Hands the socket over to the connection's task, or lets go of it.
pub(super) async fn run(gateway: &State, mailbox: &Arc<Mailbox>, stream: TcpStream, ahead: Bytes) {
    let outlet = Outlet::new(stream, gateway.writers.next());
    let proven = timeout(AUTHENTICATION_WAIT, prove(mailbox, &outlet, Inlet::new(ahead))).await;
    match proven {
        Ok(Some(inlet)) => mailbox.probed(Some((outlet, inlet))),
        Ok(None) | Err(_) => {
            mailbox.probed(None);
            outlet.say(wire::close(Some(1002), "This is no upgrade"));
            let said = std::future::poll_fn(|cx| outlet.poll_flushed(cx));
            let _ = timeout(AUTHENTICATION_WAIT, said).await;
            outlet.end();
        }
    }
}

/// The dialogue; the socket's other half once it is over.
async fn prove(mailbox: &Arc<Mailbox>, outlet: &Arc<Outlet>, mut inlet: Inlet) -> Option<Inlet> {
    for _ in 0..MESSAGES_MAX {
        let message = std::future::poll_fn(|cx| inlet.poll_message(cx, outlet.stream())).await;
        match message.ok()? {
            Message::Text(text) => match packet::engine(&text)? {
                Engine::Ping(PROBE) => {
                    outlet.say(packet::framed("3probe"));
                    mailbox.probe().ok()?;
                }
                Engine::Upgrade => return Some(inlet),
                Engine::Ping(_) | Engine::Close | Engine::Pong | Engine::Message(_) | Engine::Noop | Engine::Binary => {
                    return None;
                }
            },
            Message::Ping(payload) => outlet.say(wire::pong(&payload)),
            Message::Pong(_) => {}
            Message::Binary(_) | Message::Close(_) => return None,
        }
    }
    None
}
