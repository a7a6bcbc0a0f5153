//! One connection of a swarm: the dialogue until it is ready, then the frames that come.

use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Result, bail};

use super::super::events;
use super::super::frames::{self, Frame, Kind};
use super::{Greeting, Heard, Transport};

/// The longest head of an HTTP answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

pub(super) struct Connection {
    pub(super) socket: OwnedFd,
    pub(super) stage: Stage,
    pub(super) walker: Walker,
    pub(super) greeting: Rc<Greeting>,
    pub(super) unsent: Vec<u8>,
}

pub(super) enum Stage {
    Connecting,
    /// Reads the head of the HTTP answer, of which so much has come.
    Answering(Vec<u8>),
    Greeting,
    Ready,
}

pub(super) enum Walker {
    WebSocket(frames::Walker),
    Stream(events::Walker),
}

/// What has to be done after bytes were taken.
#[derive(Default)]
pub(super) struct After {
    pub(super) say: Vec<u8>,
    pub(super) became_ready: bool,
}

impl Connection {
    pub(super) fn take(
        &mut self,
        who: usize,
        at: Instant,
        bytes: &[u8],
        each: &mut dyn FnMut(Heard<'_>),
    ) -> Result<After> {
        let Stage::Answering(head) = &mut self.stage else {
            return self.frames(who, at, bytes, each);
        };
        head.extend_from_slice(bytes);
        let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") else {
            if head.len() > HEAD_BYTES_MAX {
                bail!("the answer has no end");
            }
            return Ok(After::default());
        };
        let status = head.get(9..12).unwrap_or_default();
        if !matches!(status, b"101" | b"200") {
            bail!(
                "the server refuses: {}",
                String::from_utf8_lossy(&head[..head.len().min(600)])
            );
        }
        let rest = head.split_off(end + 4);
        self.stage = Stage::Greeting;
        self.frames(who, at, &rest, each)
    }

    fn frames(&mut self, who: usize, at: Instant, bytes: &[u8], each: &mut dyn FnMut(Heard<'_>)) -> Result<After> {
        let (stage, greeting) = (&mut self.stage, &self.greeting);
        let mut after = After::default();
        let mut closed = None;
        let mut on_frame = |frame: Frame<'_>| match frame.kind {
            Kind::Text => {
                if !matches!(stage, Stage::Ready) && greet(greeting, frame.payload, &mut after) {
                    *stage = Stage::Ready;
                }
                each(Heard {
                    who,
                    at,
                    payload: frame.payload,
                    raw: frame.raw,
                });
            }
            Kind::Ping => after.say.extend(frames::of_client(frames::PONG, frame.payload)),
            Kind::Close => {
                closed = Some(String::from_utf8_lossy(frame.payload.get(2..).unwrap_or_default()).into_owned())
            }
            Kind::Other => {}
        };
        match &mut self.walker {
            Walker::WebSocket(walker) => walker.walk(bytes, &mut on_frame)?,
            Walker::Stream(walker) => walker.walk(bytes, &mut on_frame),
        }
        match closed {
            Some(reason) => bail!("the server closed the socket: {reason}"),
            None => Ok(after),
        }
    }
}

/// The dialogue up to `resumed` (docs/protocol.md); whether the connection is ready by this frame.
fn greet(greeting: &Greeting, frame: &[u8], after: &mut After) -> bool {
    let ready = if frame.starts_with(b"{\"type\":\"welcome\"") {
        match (greeting.transport, &greeting.resume) {
            (Transport::WebSocket, Some(resume)) => {
                after.say.extend_from_slice(resume);
                false
            }
            (Transport::WebSocket, None) => true,
            (Transport::Stream, _) => false,
        }
    } else {
        frame.starts_with(b"{\"type\":\"resumed\"")
    };
    after.became_ready |= ready;
    ready
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(transport: Transport, resume: Option<&[u8]>) -> Greeting {
        Greeting {
            request: b"GET".to_vec(),
            transport,
            resume: resume.map(<[u8]>::to_vec),
        }
    }

    #[test]
    fn a_connection_is_ready_when_it_follows() {
        let mut after = After::default();
        let follows = greeting(Transport::WebSocket, Some(b"resume!"));
        assert!(!greet(&follows, b"{\"type\":\"hello\"}", &mut after));
        assert!(!greet(&follows, b"{\"type\":\"welcome\",\"me\":{}}", &mut after));
        assert_eq!(after.say, b"resume!");
        assert!(greet(&follows, b"{\"type\":\"resumed\",\"rooms\":{}}", &mut after));
        let stream = greeting(Transport::Stream, None);
        assert!(!greet(&stream, b"{\"type\":\"welcome\"}", &mut after));
        assert!(greet(&stream, b"{\"type\":\"resumed\"}", &mut after));
        assert!(greet(
            &greeting(Transport::WebSocket, None),
            b"{\"type\":\"welcome\"}",
            &mut after
        ));
    }
}
