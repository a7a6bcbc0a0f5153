//! One connection of a swarm: the dialogue until it is ready, then the frames that come.

use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Result, bail};

use super::super::events;
use super::super::frames::{self, Frame, Kind};
use super::Heard;
use super::greeting::Greeting;

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
    /// Has taken so many of its steps.
    Greeting(usize),
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
        let is_ready = self.greeting.steps.is_empty();
        self.stage = if is_ready { Stage::Ready } else { Stage::Greeting(0) };
        let mut after = self.frames(who, at, &rest, each)?;
        after.became_ready |= is_ready;
        Ok(after)
    }

    fn frames(&mut self, who: usize, at: Instant, bytes: &[u8], each: &mut dyn FnMut(Heard<'_>)) -> Result<After> {
        let (stage, greeting) = (&mut self.stage, &self.greeting);
        let mut after = After::default();
        let mut closed = None;
        let mut on_frame = |frame: Frame<'_>| match frame.kind {
            Kind::Text => {
                if let Stage::Greeting(taken) = stage {
                    *taken += usize::from(greet(greeting, *taken, frame.payload, &mut after));
                    if after.became_ready {
                        *stage = Stage::Ready;
                    }
                } else if let Some(answer) = greeting.ping.as_ref().and_then(|ping| ping.to(frame.payload)) {
                    after.say.extend(answer);
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

/// Whether this frame is the next step; the last one makes the connection ready.
fn greet(greeting: &Greeting, taken: usize, frame: &[u8], after: &mut After) -> bool {
    let Some(answer) = greeting.steps.get(taken).and_then(|step| step.to(frame)) else {
        return false;
    };
    after.say.extend(answer);
    after.became_ready |= taken + 1 == greeting.steps.len();
    true
}

#[cfg(test)]
mod tests {
    use super::super::greeting::{Step, Transport};
    use super::*;

    #[test]
    fn a_connection_is_ready_when_it_has_taken_its_steps_in_order() {
        let greeting = Greeting {
            request: b"GET".to_vec(),
            transport: Transport::WebSocket,
            steps: vec![Step::say(b"welcome", b"resume!".to_vec()), Step::wait(b"resumed")],
            ping: None,
        };
        let mut after = After::default();
        for other in [b"hello".as_slice(), b"resumed"] {
            assert!(!greet(&greeting, 0, other, &mut after));
        }
        assert!(greet(&greeting, 0, b"welcome, you", &mut after) && !after.became_ready);
        assert_eq!(after.say, b"resume!");
        assert!(greet(&greeting, 1, b"resumed", &mut after) && after.became_ready);
    }
}
