//! What a connection says and hears until it is ready, and what keeps it open afterwards.

/// How frames come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    WebSocket,
    Stream,
    /// Over WebSocket, as events of Socket.IO.
    SocketIo,
}

impl Transport {
    /// As it is asked for.
    pub fn flag(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Stream => "sse",
            Self::SocketIo => "socketio",
        }
    }

    /// What `flag` says.
    pub fn of(flag: &str) -> Self {
        match flag {
            "sse" => Self::Stream,
            "socketio" => Self::SocketIo,
            _ => Self::WebSocket,
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "WebSocket",
            Self::Stream => "server-sent events",
            Self::SocketIo => "Socket.IO",
        }
    }
}

/// How a new connection begins.
pub struct Greeting {
    /// The HTTP request; nothing for a bare socket.
    pub request: Vec<u8>,
    pub transport: Transport,
    /// What has to be heard, in this order, before the connection is ready. What comes between is passed over.
    pub steps: Vec<Step>,
    /// What keeps the connection open later on, where that is more than the pings of WebSocket.
    pub ping: Option<Step>,
}

/// A frame of the server and what is said to it.
pub struct Step {
    begins: &'static [u8],
    answer: Answer,
}

/// From a payload to the frame that answers it, which may be nothing.
type Answer = Box<dyn Fn(&[u8]) -> Vec<u8>>;

impl Step {
    /// Waits for a frame that begins so, and says nothing.
    pub fn wait(begins: &'static [u8]) -> Self {
        Self::say(begins, Vec::new())
    }

    /// Always says the same.
    pub fn say(begins: &'static [u8], answer: Vec<u8>) -> Self {
        Self::reply(begins, move |_| answer.clone())
    }

    /// Says what depends on the frame.
    pub fn reply(begins: &'static [u8], answer: impl Fn(&[u8]) -> Vec<u8> + 'static) -> Self {
        let answer = Box::new(answer);
        Self { begins, answer }
    }

    /// The answer, if this is the frame.
    pub fn to(&self, frame: &[u8]) -> Option<Vec<u8>> {
        frame.starts_with(self.begins).then(|| (self.answer)(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_answers_its_own_frame_only() {
        let echo = Step::reply(b"ping", |frame| frame[4..].to_vec());
        assert_eq!(echo.to(b"ping 7").as_deref(), Some(b" 7".as_slice()));
        assert_eq!(echo.to(b"pin"), None);
        assert_eq!(Step::wait(b"").to(b"anything").as_deref(), Some(b"".as_slice()));
    }
}
