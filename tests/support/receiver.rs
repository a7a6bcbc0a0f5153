//! An endpoint of a webhook: takes requests over HTTP/1.1, answers as it is told, and remembers what it was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One request.
#[derive(Clone, Debug)]
pub struct Told {
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// Whether it was answered with success; otherwise the server does not know that it was heard.
    pub accepted: bool,
}

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Status(u16),
    /// The connection just ends.
    Nothing,
}

/// Decides by the number of the request, from 0 on.
type Manner = dyn Fn(usize) -> Answer + Send + Sync;

/// The endpoint; closed when dropped.
pub struct Receiver {
    address: String,
    told: Arc<Mutex<Vec<Told>>>,
    accepting: JoinHandle<()>,
}

impl Receiver {
    /// Listens on a free port.
    pub async fn start(manner: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let (heard, manner): (_, Arc<Manner>) = (told.clone(), Arc::new(manner));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, heard.clone(), manner.clone()));
            }
        });
        Self {
            address,
            told,
            accepting,
        }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Everything so far.
    pub fn told(&self) -> Vec<Told> {
        self.told.lock().expect("nobody panics").clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Told {
    /// The event.
    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Whether one of its signatures is by that key (`whsec_…`), as Standard Webhooks says.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = secret.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key.expect("a key"));
        let mut signed = format!("{}.{}.", self.headers["webhook-id"], self.headers["webhook-timestamp"]).into_bytes();
        signed.extend_from_slice(&self.body);
        let mut signatures = self.headers["webhook-signature"].split(' ');
        signatures.any(|signature| {
            let tag = signature.strip_prefix("v1,").and_then(|tag| STANDARD.decode(tag).ok());
            tag.is_some_and(|tag| hmac::verify(&key, &signed, &tag).is_ok())
        })
    }
}

/// One connection, which may bring several requests.
async fn serve(stream: TcpStream, heard: Arc<Mutex<Vec<Told>>>, manner: Arc<Manner>) {
    let mut stream = BufReader::new(stream);
    while let Some((headers, body)) = request(&mut stream).await {
        let answer = {
            let mut heard = heard.lock().expect("nobody panics");
            let answer = manner(heard.len());
            let accepted = matches!(answer, Answer::Status(200..=299));
            heard.push(Told {
                headers,
                body,
                accepted,
            });
            answer
        };
        let Answer::Status(status) = answer else { return };
        // Whoever follows where it points finds nobody.
        let elsewhere = if matches!(status, 300..=399) {
            "location: http://127.0.0.1:1/hook\r\n"
        } else {
            ""
        };
        let said = format!("HTTP/1.1 {status} Said\r\n{elsewhere}content-length: 2\r\n\r\nok");
        if stream.write_all(said.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Headers and body of the next request; nothing when there is none.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<(BTreeMap<String, String>, Vec<u8>)> {
    let mut headers = BTreeMap::new();
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    assert!(line.starts_with("POST /hook HTTP/1.1"), "{line}");
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((headers, body))
}
