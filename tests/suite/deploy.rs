//! What stands in deploy/ works with the real programs: a chat goes through Debian's nginx and Caddy with the addresses of
//! those who are really there, systemd understands the unit, and nothing is named that the server does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use protocol::live::Frame;
use protocol::shapes::RoomKind;
use reqwest::Method;
use serde_json::{Value, json};
use support::people::{PASSWORD, Person};
use support::postgres::Postgres;
use support::redis::Redis;
use support::server::binary;
use support::stream::Events;
use support::{LIMIT, Options, Server, Socket, until, within};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// Where a client sits that is not the proxy itself, and what it claims to be.
const CLIENT: [u8; 4] = [127, 0, 0, 2];
const CLAIMED: &str = "203.0.113.9";

fn deployed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text with each of these in the place of what stands there, which must be there.
fn with(mut text: String, changes: &[(&str, &str)]) -> String {
    for (old, new) in changes {
        assert!(text.contains(old), "{old} is not in the file any more");
        text = text.replace(old, new);
    }
    text
}

/// A port that is free just now.
async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A proxy in front of a server, ended with this.
struct Proxy {
    child: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl Proxy {
    async fn start(program: &str, arguments: &[&str], config: String, port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config");
        fs::write(&file, config.replace("FOLDER", &folder.path().display().to_string())).expect("written");
        let said = fs::File::create(folder.path().join("said")).expect("a file");
        let child = Command::new(program)
            .args(arguments)
            .arg(&file)
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(said.try_clone().expect("a file"))
            .stderr(said)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}; bin/setup installs it"));
        let mut proxy = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            folder,
        };
        until("the proxy answers", async || {
            let ended = proxy.child.try_wait().expect("it can be waited for");
            assert!(ended.is_none(), "{program} ended: {}", proxy.said());
            let answer = reqwest::get(format!("{}/readyz", proxy.url)).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        proxy
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }
}

/// A server that believes the proxies of this machine.
async fn server() -> Server {
    let server = Server::with(Options::default().flag("--trusted-proxies", "127.0.0.1")).await;
    // Whoever makes the first of these chooses the library of TLS for everybody.
    server.api();
    server
}

#[tokio::test]
async fn a_chat_goes_through_nginx_with_the_addresses_of_those_who_are_there() {
    let (server, port) = (server().await, free_port().await);
    let site = with(
        deployed("nginx.conf"),
        &[
            ("listen 443 ssl;", &format!("listen 127.0.0.1:{port};")),
            ("ssl_certificate ", "# "),
            ("ssl_certificate_key ", "# "),
            ("server 127.0.0.1:8080;", &format!("server {};", server.address())),
        ],
    );
    let bodies = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let bodies: String = bodies.map(|name| format!("{name}_temp_path FOLDER/{name};\n")).concat();
    let config = format!(
        "daemon off; master_process off; pid FOLDER/pid; error_log stderr;
         events {{ worker_connections 256; }}
         http {{ access_log off; {bodies} {site} }}"
    );
    let proxy = Proxy::start("/usr/sbin/nginx", &["-e", "stderr", "-c"], config, port).await;
    a_chat_works(&server, &proxy.url).await;
    let metrics = reqwest::get(format!("{}/metrics", proxy.url)).await.expect("an answer");
    assert_eq!(metrics.status(), 404);
}

#[tokio::test]
async fn a_chat_goes_through_caddy_with_the_addresses_of_those_who_are_there() {
    let (server, port) = (server().await, free_port().await);
    let site = with(
        deployed("Caddyfile"),
        &[
            (
                "chat.example.org {",
                &format!("http://127.0.0.1:{port} {{\nbind 127.0.0.1"),
            ),
            ("127.0.0.1:8080", server.address()),
        ],
    );
    let config = format!("{{\nadmin off\nauto_https off\nstorage file_system FOLDER\n}}\n{site}");
    let proxy = Proxy::start("caddy", &["run", "--adapter", "caddyfile", "--config"], config, port).await;
    a_chat_works(&server, &proxy.url).await;
    let metrics = reqwest::get(format!("{}/metrics", proxy.url)).await.expect("an answer");
    assert_eq!(
        metrics.status(),
        404,
        "a stranger behind a proxy is no program of this machine"
    );
}

/// REST, a socket and a stream through the proxy, and what the server takes for the client's address.
async fn a_chat_works(server: &Server, proxy: &str) {
    let ada = server.person("ada").await;
    let bob = Person::register(&client::api::Api::new(proxy).expect("a URL"), "bob").await;
    let room = ada.room(RoomKind::Private, "harbour", &[&bob]).await;
    let mut socket = bob.socket().await;
    socket.resume(&BTreeMap::new()).await;
    let mut stream = Events::open(&bob, "", None).await;
    // While both are open: what is kept back by a buffer would not come before they end.
    for round in 0..3 {
        let seq = ada.says(room.id, &format!("round {round}")).await;
        let heard = socket.entries_until(room.id, seq).await;
        assert_eq!(heard.last().map(|entry| entry.seq), Some(seq));
        let is_it = |frame: &Frame| matches!(frame, Frame::Entry { entry } if entry.seq == seq).then_some(());
        stream.expect("the same over the stream", is_it).await;
        assert!(bob.says(room.id, "heard").await > seq);
    }
    let client = reqwest::Client::builder()
        .local_address(std::net::IpAddr::from(CLIENT))
        .build();
    let sign_in = json!({"login": "ada", "password": PASSWORD, "session": "token"});
    let request = client.expect("a client").post(format!("{proxy}/api/v1/sessions"));
    let request = request
        .header("X-Forwarded-For", CLAIMED)
        .header("Content-Type", "application/json");
    let signed_in = within(LIMIT, "an answer", request.body(sign_in.to_string()).send())
        .await
        .expect("an answer");
    assert_eq!(signed_in.status(), 201, "{:?}", signed_in.text().await);
    let (_, sessions) = ada.ask(Method::GET, "sessions", None).await;
    let sessions = sessions["items"]
        .as_array()
        .or(sessions.as_array())
        .cloned()
        .expect("a list");
    let addresses: Vec<_> = sessions
        .iter()
        .filter_map(|session| session["address"].as_str())
        .collect();
    let really = std::net::IpAddr::from(CLIENT).to_string();
    assert!(addresses.contains(&really.as_str()), "{addresses:?}");
    assert!(!addresses.contains(&CLAIMED), "{addresses:?}");
}

#[tokio::test]
async fn the_dashboard_asks_for_nothing_that_a_server_among_several_does_not_tell() {
    let redis = Redis::start();
    let options = Options::default()
        .flag("--database", &Postgres::shared().database())
        .flag("--redis", &redis.url());
    let (server, _another) = (Server::with(options.clone()).await, Server::with(options).await);
    // Counters by kind are there once there is something to count: a refusal, a socket that is not let in, and one that goes.
    let ada = server.person("ada").await;
    ada.ask(Method::GET, "rooms/nowhere", None).await;
    let refused = Socket::shake(&server.url(), &[("Authorization", "Bearer nonsense")]).await;
    assert!(refused.is_err(), "anybody is let in");
    drop(ada.socket().await);
    let text = until("the closed socket is counted", async || {
        let answer = reqwest::get(format!("{}/metrics", server.url())).await.ok()?;
        let text = answer.text().await.ok()?;
        text.contains("rill_socket_close_total{").then_some(text)
    })
    .await;
    let mut told = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').expect("a name and a type");
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            "gauge" => &[""],
            other => panic!("an unknown type {other}"),
        };
        told.extend(endings.iter().map(|ending| format!("{name}{ending}")));
    }
    let dashboard: Value = serde_json::from_str(&deployed("grafana.json")).expect("JSON");
    let mut expressions = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        let targets = panel["targets"].as_array().expect("each panel asks for something");
        expressions.extend(
            targets
                .iter()
                .map(|target| target["expr"].as_str().expect("an expression").to_owned()),
        );
    }
    assert!(expressions.len() >= 10, "{expressions:?}");
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        words
            .filter(|word| word.starts_with("rill_"))
            .map(str::to_owned)
            .collect()
    };
    for expression in &expressions {
        let names = words(expression);
        assert!(!names.is_empty(), "{expression}");
        let unknown: Vec<_> = names.iter().filter(|name| !told.contains(*name)).collect();
        assert!(unknown.is_empty(), "{expression}: {unknown:?} are not among {told:?}");
    }
}

#[tokio::test]
async fn deployments_name_only_settings_that_there_are() {
    let shown = Command::new(binary())
        .args(["config", "show"])
        .output()
        .await
        .expect("rill runs");
    let shown = String::from_utf8(shown.stdout).expect("UTF-8");
    let known: BTreeSet<&str> = shown
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(known.contains("trusted_proxies"), "{shown}");
    let mut named = 0;
    for file in ["Dockerfile", "compose.yaml", "kubernetes.yaml", "rill.service"] {
        let text = deployed(file);
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        for name in words.filter_map(|word| word.strip_prefix("RILL_")) {
            named += 1;
            assert!(known.contains(name.to_lowercase().as_str()), "{file} names {name}");
        }
    }
    assert!(named > 10, "{named}");
}

#[tokio::test]
async fn systemd_understands_the_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    let unit: PathBuf = folder.path().join("rill.service");
    let rill = binary().display().to_string();
    fs::write(&unit, with(deployed("rill.service"), &[("/usr/local/bin/rill", &rill)])).expect("written");
    let verified = Command::new("systemd-analyze").arg("verify").arg(&unit).output();
    let verified = within(LIMIT, "systemd-analyze", verified)
        .await
        .expect("bin/setup installs systemd");
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && !said.contains("rill.service"), "{said}");
}
