//! What a connected client says, packet by packet.

use protocol::live::CloseCode;

use super::{Stop, Talk, Tongue};
use crate::dialects::socketio::framed;
use crate::live::socket::ending::End;
use crate::live::socket::work::Work;
use crate::live::wire;
use crate::refusal::Refusal;
use crate::socketio::line::Heard;
use crate::socketio::packet::{self, Engine, Kind, Packet};
use crate::socketio::{event, guideops};

impl Talk {
    pub(super) fn take(&mut self, work: &mut Work, heard: Heard) -> Result<(), Stop> {
        let counted = match heard {
            Heard::Text(text) => return self.take_packet(work, &text),
            Heard::Binary => return self.take_attachment(work),
            Heard::Ping(payload) => {
                self.line.say(wire::pong(&payload));
                work.count_ping()
            }
            Heard::Pong => work.count_ping(),
            Heard::Close(code) => {
                self.line.say(wire::close(code, ""));
                return Err(End::Gone.into());
            }
        };
        count(counted)
    }

    fn take_packet(&mut self, work: &mut Work, text: &str) -> Result<(), Stop> {
        match packet::engine(text) {
            Some(Engine::Message(inside)) => match packet::read(inside) {
                Some(packet) => self.take_message(work, packet, text.len()),
                None => self.misread(work, None, "This is no packet of Socket.IO 5"),
            },
            Some(Engine::Pong) => {
                self.line.rest();
                count(work.count_pong())
            }
            Some(Engine::Noop) => count(work.count_ping()),
            Some(Engine::Close) => Err(End::Gone.into()),
            Some(Engine::Binary) => self.take_attachment(work),
            Some(Engine::Ping(_) | Engine::Upgrade) | None => {
                self.misread(work, None, "This is no packet of Engine.IO 4 that fits here")
            }
        }
    }

    fn take_message(&mut self, work: &mut Work, packet: Packet<'_>, bytes: usize) -> Result<(), Stop> {
        let number = packet.number;
        if packet.namespace != self.tongue.namespace() {
            if packet.kind == Kind::Connect {
                self.refuse_namespace(packet.namespace);
            }
            return count(work.count_ping());
        }
        match packet.kind {
            // Some clients connect twice over; they are connected once.
            Kind::Connect => {
                if let Some(id) = &self.id {
                    self.connected(id);
                }
                count(work.count_ping())
            }
            Kind::Disconnect => Err(Stop::Left),
            Kind::Event if self.tongue == Tongue::Guideops => {
                let run = guideops::run(work.connection.clone(), packet.payload, number);
                let refused = work.admit_run(run, bytes).map_err(End::Because)?;
                if let Some(refusal) = refused {
                    self.line.say(guideops::refused(&refusal));
                }
                Ok(())
            }
            Kind::Event => {
                let answer = work.admit_read(event::command(packet.payload, number), bytes, number);
                if let Some(frame) = answer.map_err(End::Because)? {
                    self.line.say(framed(&frame, number));
                }
                Ok(())
            }
            // Nothing that is said here asks for one.
            Kind::Acknowledgement => count(work.count_ping()),
            Kind::BinaryEvent(count) => {
                self.attachments = count;
                self.misread(work, number, "Bytes are not understood here; events hold JSON")
            }
            Kind::BinaryAcknowledgement(count) => {
                self.attachments = count;
                self.misread(work, None, "Bytes are not understood here; events hold JSON")
            }
        }
    }

    /// Passes over what belongs to an event that was refused.
    fn take_attachment(&mut self, work: &mut Work) -> Result<(), Stop> {
        if self.attachments == 0 {
            return self.misread(work, None, "Bytes without the event that they belong to");
        }
        self.attachments -= 1;
        count(work.count_ping())
    }

    fn misread(&mut self, work: &mut Work, number: Option<u64>, what: &str) -> Result<(), Stop> {
        count(work.count_ping())?;
        let refusal = Refusal::Malformed(what.to_owned());
        if let Some(frame) = work.misread(None, &refusal).map_err(End::Because)? {
            self.line.say(match self.tongue {
                Tongue::Native => framed(&frame, number),
                Tongue::Guideops => guideops::refused(&refusal),
            });
        }
        Ok(())
    }
}

/// What was no command counts as one.
fn count(counted: Result<Option<protocol::live::Frame>, CloseCode>) -> Result<(), Stop> {
    counted.map(|_| ()).map_err(|code| End::Because(code).into())
}
