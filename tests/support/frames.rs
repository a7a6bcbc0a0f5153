//! Picking what a test is about out of frames, and filling rooms.

use std::collections::BTreeMap;

use protocol::error::Problem;
use protocol::live::{Command, Frame};
use protocol::shapes::EntryBody;
use uuid::Uuid;

use crate::people::Person;

/// The text of a message.
pub fn text_of(body: &EntryBody) -> Option<&str> {
    match body {
        EntryBody::MessagePosted { text, .. } => Some(text),
        _ => None,
    }
}

/// The command that posts `text`, for `Socket::ask`.
pub fn say(room: Uuid, client_id: &str, text: &str) -> impl FnOnce(String) -> Command + use<> {
    let (client_id, text) = (client_id.to_owned(), text.to_owned());
    move |reference| Command::Post {
        reference,
        room,
        client_id,
        text,
        reply_to: None,
        location: None,
    }
}

/// The seq in an acknowledgement; panics if it is none.
pub fn seq_of(answer: Result<Frame, Box<Problem>>) -> u64 {
    match answer {
        Ok(Frame::Ok { seq: Some(seq), .. }) => seq,
        other => panic!("not acknowledged: {other:?}"),
    }
}

/// The entries of `room` among the frames, by seq.
pub fn seqs(frames: &[Frame], room: Uuid) -> Vec<u64> {
    let entries = frames.iter().filter_map(|frame| match frame {
        Frame::Entry { entry } if entry.room == room => Some(entry.seq),
        _ => None,
    });
    entries.collect()
}

/// The rooms that are to be loaded anew, with their heads.
pub fn resets(frames: &[Frame]) -> BTreeMap<Uuid, u64> {
    let resets = frames.iter().filter_map(|frame| match frame {
        Frame::Reset { room, head } => Some((*room, *head)),
        _ => None,
    });
    resets.collect()
}

/// The rooms that are not followed any longer, with their last seqs.
pub fn gone(frames: &[Frame]) -> BTreeMap<Uuid, u64> {
    let gone = frames.iter().filter_map(|frame| match frame {
        Frame::RoomGone { room, seq } => Some((*room, *seq)),
        _ => None,
    });
    gone.collect()
}

/// Posts `count` messages over one socket, many at a time; answers the last seq.
pub async fn flood(person: &Person, room: Uuid, count: usize, text: &str) -> u64 {
    let mut socket = person.socket().await;
    let mut last = 0;
    for batch in 0..count.div_ceil(100) {
        let size = 100.min(count - batch * 100);
        let commands: Vec<Command> = (0..size)
            .map(|number| Command::Post {
                reference: number.to_string(),
                room,
                client_id: Uuid::new_v4().to_string(),
                text: text.to_owned(),
                reply_to: None,
                location: None,
            })
            .collect();
        socket.send_all(&commands).await;
        let mut answered = 0;
        socket
            .expect("the posts are acknowledged", |frame| {
                match frame {
                    Frame::Ok { seq: Some(seq), .. } => {
                        answered += 1;
                        last = last.max(*seq);
                    }
                    Frame::Error { problem, .. } => panic!("refused: {problem:?}"),
                    _ => {}
                }
                (answered == size).then_some(())
            })
            .await;
    }
    last
}
