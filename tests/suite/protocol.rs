//! The contract around the talk: descriptions, headers, health, and how a server stops.

use std::path::Path;
use std::time::Duration;

use protocol::live::Frame;
use protocol::shapes::RoomKind;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use support::people::{answer, post};
use support::socket::Heard;
use support::stream::{Events, Piece};
use support::{LIMIT, Options, Server, until, within};

fn browser() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

async fn get(server: &Server, path: &str) -> Response {
    browser()
        .get(format!("{}{path}", server.url()))
        .send()
        .await
        .expect("an answer")
}

fn header(response: &Response, name: &str) -> String {
    response
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .to_owned()
}

#[tokio::test]
async fn the_descriptions_that_a_server_shows_are_those_in_docs() {
    let server = Server::start().await;
    for name in ["openapi.json", "asyncapi.json"] {
        let shown: Value = get(&server, &format!("/{name}")).await.json().await.expect("JSON");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
        let kept = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let kept: Value = serde_json::from_str(&kept).expect("JSON");
        assert_eq!(shown, kept, "{name} is stale: run bin/generate");
    }
    for page in ["/docs", "/redoc"] {
        let response = get(&server, page).await;
        assert_eq!(response.status(), StatusCode::OK, "{page}");
        assert!(header(&response, "content-type").starts_with("text/html"), "{page}");
    }
}

#[tokio::test]
async fn every_path_of_the_page_is_described_and_answers_a_stranger_with_a_problem() {
    let server = Server::start().await;
    let document: Value = get(&server, "/openapi.json").await.json().await.expect("JSON");
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1"))
    );
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() > 25, "{} paths", paths.len());
    let mut asked = 0;
    for (path, item) in paths.iter().filter(|(path, _)| path.starts_with("/api/v1/")) {
        for method in item.as_object().expect("a path").keys() {
            let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else {
                continue;
            };
            let plain = path.split('/').map(|part| {
                if part.starts_with('{') {
                    "00000000-0000-0000-0000-000000000000"
                } else {
                    part
                }
            });
            let url = plain.collect::<Vec<_>>().join("/");
            if matches!(
                url.as_str(),
                "/api/v1/server" | "/api/v1/accounts" | "/api/v1/ws" | "/api/v1/sessions/refresh"
            ) || (url == "/api/v1/sessions" && method == Method::POST)
            {
                continue;
            }
            let request = server.api().open(method.clone(), url.trim_start_matches("/api/v1/"));
            let (status, problem) = answer(request).await;
            assert_eq!(
                (status, &problem["code"]),
                (StatusCode::UNAUTHORIZED, &json!("not_signed_in")),
                "{method} {path}"
            );
            asked += 1;
        }
    }
    assert!(asked > 30, "only {asked} operations were asked");
}

#[tokio::test]
async fn every_answer_has_a_request_id_that_is_in_the_problem_and_in_the_log() {
    let server = Server::start().await;
    let own = get(&server, "/api/v1/rooms").await;
    let id = header(&own, "x-request-id");
    assert!(!id.is_empty());
    assert_eq!(
        header(&own, "content-type").split(';').next(),
        Some("application/problem+json")
    );
    let problem: Value = own.json().await.expect("a problem");
    assert_eq!(
        (&problem["request_id"], &problem["instance"]),
        (&json!(id), &json!("/api/v1/rooms"))
    );
    until("the log has the id", async || server.log().contains(&id).then_some(())).await;

    let request = browser()
        .get(format!("{}/api/v1/server", server.url()))
        .header("X-Request-Id", "from-my-proxy.1");
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let response = request.header("traceparent", trace).send().await.expect("an answer");
    assert_eq!(header(&response, "x-request-id"), "from-my-proxy.1");
    until("the log has the trace", async || {
        server.log().contains("0af7651916cd43dd8448eb211c80319c").then_some(())
    })
    .await;
}

#[tokio::test]
async fn pages_and_answers_carry_headers_that_keep_browsers_careful() {
    let server = Server::start().await;
    for path in ["/", "/docs", "/api/v1/server", "/healthz", "/nothing/here"] {
        let response = get(&server, path).await;
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer", "{path}");
        let policy = header(&response, "content-security-policy");
        for rule in [
            "default-src",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(
                policy.contains(rule) || policy.contains("default-src 'none'"),
                "{path}: {policy}"
            );
        }
        assert!(
            !policy.contains("script-src 'self' 'unsafe-inline'") && !policy.contains("unsafe-eval"),
            "{path}: {policy}"
        );
        for telltale in ["server", "x-powered-by"] {
            assert_eq!(header(&response, telltale), "", "{path}");
        }
    }
}

#[tokio::test]
async fn pages_may_show_pictures_from_elsewhere_and_take_nothing_else_from_there() {
    let server = Server::start().await;
    let policy = header(&get(&server, "/").await, "content-security-policy");
    let rules: Vec<Vec<&str>> = policy
        .split(';')
        .map(|rule| rule.split_whitespace().collect())
        .collect();
    for rule in &rules {
        let expected: &[&str] = match rule[0] {
            "img-src" => &["'self'", "data:", "blob:", "https:"],
            "object-src" | "base-uri" | "frame-ancestors" => &["'none'"],
            _ => &["'self'"],
        };
        assert_eq!(&rule[1..], expected, "{policy}");
    }
    let names: Vec<&str> = rules.iter().map(|rule| rule[0]).collect();
    assert!(names.contains(&"default-src") && names.contains(&"img-src"), "{policy}");
    assert!(
        !names.contains(&"worker-src"),
        "a worker is a script of our own: {policy}"
    );
}

#[tokio::test]
async fn what_a_browser_installs_is_of_the_right_type_and_asked_for_anew() {
    let server = Server::start().await;
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icon.svg", "image/svg+xml"),
        ("/service-worker.js", "text/javascript; charset=utf-8"),
    ] {
        let response = get(&server, path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&response, "content-type"), media_type, "{path}");
        assert_eq!(header(&response, "cache-control"), "no-cache", "{path}");
        assert_ne!(header(&response, "etag"), "", "{path}");
    }
    let missing = get(&server, "/no-worker.js").await;
    assert_eq!(
        (missing.status(), header(&missing, "content-type").as_str()),
        (StatusCode::NOT_FOUND, "application/problem+json"),
        "never the page instead of a script"
    );
    let page = get(&server, "/").await.text().await.expect("a page");
    let script = page
        .split('"')
        .find(|part| part.starts_with("/assets/") && part.ends_with(".js"))
        .expect("the page has a script");
    let kept = header(&get(&server, script).await, "cache-control");
    assert_eq!(kept, "public, max-age=31536000, immutable", "{script}");
}

#[tokio::test]
async fn unknown_paths_methods_and_parameters_are_refused_in_the_one_shape() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    for (method, path, status, code) in [
        (Method::GET, "nothing", 404, "not_found"),
        (Method::DELETE, "server", 405, "method_not_allowed"),
        (Method::GET, "rooms?colour=red", 422, "invalid"),
        (Method::GET, "users?limit=1&limit=2", 422, "invalid"),
        (Method::GET, "users?limit=0", 422, "invalid"),
        (Method::GET, "users?limit=many", 422, "invalid"),
        (Method::GET, "rooms/not-a-uuid", 400, "malformed"),
    ] {
        let request = ada.api.request(method.clone(), path).await.expect("signed in");
        let response = request.send().await.expect("an answer");
        let allow = header(&response, "allow");
        assert_eq!(
            header(&response, "content-type").split(';').next(),
            Some("application/problem+json"),
            "{path}"
        );
        let got = response.status().as_u16();
        let problem: Value = response.json().await.expect("a problem");
        assert!(problem["code"] == json!(code), "{method} {path}: {problem}");
        assert!(got == status, "{method} {path}: {problem}");
        assert_eq!(allow.contains("GET"), status == 405, "{method} {path}: {allow}");
    }
    let (status, problem) = ada
        .ask(Method::POST, "directs", Some(json!({"people": [], "seq": 3})))
        .await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("invalid")));
}

#[tokio::test]
async fn etags_guard_rooms_and_messages_against_overwriting_what_was_not_seen() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let room = ada.room(RoomKind::Public, "tags", &[]).await.id;
    let message = ada
        .api
        .post(room, &post("first"))
        .await
        .expect("posted")
        .id
        .expect("an id");
    for (path, body, other) in [
        (
            format!("rooms/{room}"),
            json!({"topic": "one"}),
            json!({"topic": "two"}),
        ),
        (
            format!("rooms/{room}/messages/{message}"),
            json!({"text": "one"}),
            json!({"text": "two"}),
        ),
    ] {
        let read = ada
            .api
            .request(Method::GET, &path)
            .await
            .expect("signed in")
            .send()
            .await
            .expect("an answer");
        let tag = header(&read, "etag");
        assert!(tag.starts_with('"'), "{path}: {tag}");
        let patch = async |body: &Value| {
            let request = ada.api.request(Method::PATCH, &path).await.expect("signed in");
            answer(request.header("If-Match", tag.as_str()).json(body)).await
        };
        // At the same time: one is made, whichever it is.
        let (one, two) = tokio::join!(patch(&body), patch(&other));
        let (done, (status, problem)) = if one.0 == StatusCode::OK {
            (one, two)
        } else {
            (two, one)
        };
        assert_eq!(done.0, StatusCode::OK, "{path}: {}", done.1);
        assert_eq!((status.as_u16(), &problem["code"]), (412, &json!("stale")), "{path}");
        let (status, problem) = patch(&other).await;
        assert_eq!((status.as_u16(), &problem["code"]), (412, &json!("stale")), "{path}");
    }
}

#[tokio::test]
async fn lists_are_followed_by_cursor_and_link() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    for name in ["bob", "cleo", "dora"] {
        server.person(name).await;
    }
    let (mut path, mut names) = ("users?limit=2".to_owned(), Vec::new());
    loop {
        let response = ada
            .api
            .request(Method::GET, &path)
            .await
            .expect("signed in")
            .send()
            .await
            .expect("an answer");
        let link = header(&response, "link");
        let page: Value = response.json().await.expect("a list");
        names.extend(
            page["items"]
                .as_array()
                .expect("items")
                .iter()
                .filter_map(|p| p["username"].as_str().map(str::to_owned)),
        );
        if page["has_more"] != json!(true) {
            assert!(!link.contains("next"), "{link}");
            break;
        }
        let target = link
            .split(['<', '>'])
            .nth(1)
            .unwrap_or_else(|| panic!("no link: {link}"));
        path = target.split("/api/v1/").nth(1).expect("a path of the API").to_owned();
        assert!(link.contains("rel=\"next\""), "{link}");
        assert!(path.contains(page["next_cursor"].as_str().expect("a cursor")), "{link}");
    }
    assert_eq!(names, ["ada", "bob", "cleo", "dora"]);
}

#[tokio::test]
async fn health_readiness_and_metrics_answer_machines() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let _socket = ada.socket().await;
    for path in ["/healthz", "/livez", "/readyz", "/health"] {
        assert_eq!(get(&server, path).await.status(), StatusCode::OK, "{path}");
    }
    let metrics = get(&server, "/metrics").await.text().await.expect("text");
    let sockets = metrics
        .lines()
        .find(|line| line.contains("sockets") && line.ends_with(" 1"));
    assert!(sockets.is_some(), "one socket is open:\n{metrics}");
    assert!(!metrics.contains("ada"), "names have no place in metrics");
    let forwarded = browser()
        .get(format!("{}/metrics", server.url()))
        .header("X-Forwarded-For", "203.0.113.7");
    assert_eq!(
        forwarded.send().await.expect("an answer").status(),
        StatusCode::NOT_FOUND,
        "a proxy's visitors see none"
    );
}

#[tokio::test]
async fn metrics_with_a_token_ask_for_it() {
    let server = Server::with(Options::default().flag("--metrics-token", "a-token-for-metrics-of-32-letters")).await;
    assert_eq!(get(&server, "/metrics").await.status(), StatusCode::NOT_FOUND);
    let request = browser()
        .get(format!("{}/metrics", server.url()))
        .bearer_auth("a-token-for-metrics-of-32-letters");
    assert_eq!(request.send().await.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_says_so_lets_everybody_go_and_exits_with_nothing_lost() {
    let mut server = Server::with(Options::default().flag("--drain-seconds", "3")).await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let room = ada.room(RoomKind::Private, "drain", &[&bob]).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(bob.socket().await);
    }
    let mut events = Events::open(&bob, "", None).await;
    let before = ada.says(room.id, "before the end").await;
    server.ask_to_stop().await;
    until("readyz says no", async || {
        let answer = browser().get(format!("{}/readyz", server.url())).send().await;
        // The listener may already be gone, which says the same to a balancer.
        answer
            .map_or(true, |answer| answer.status() == StatusCode::SERVICE_UNAVAILABLE)
            .then_some(())
    })
    .await;
    for socket in &mut sockets {
        let mut wait = None;
        let code = loop {
            match socket.next().await {
                Heard::Frame(frame) => {
                    if let Frame::Drain { retry_after_ms } = *frame {
                        wait = Some(retry_after_ms);
                    }
                }
                Heard::Closed(code) => break code,
            }
        };
        assert_eq!(code, 1012);
        assert!(wait.is_some_and(|wait| wait <= 20_000), "it says when to come back");
    }
    within(LIMIT, "the stream to end", async {
        while !matches!(events.next().await, Piece::Closed) {}
    })
    .await;
    let status = server.ended().await;
    assert!(status.success(), "{status}\n{}", server.log());
    server.start_again().await;
    assert_eq!(bob.api.room(room.id).await.expect("the room").last_seq, before);
    assert!(
        bob.socket()
            .await
            .next_within(Duration::from_millis(50))
            .await
            .is_none_or(|heard| !matches!(heard, Heard::Closed(_)))
    );
}
