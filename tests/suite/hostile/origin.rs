//! Pages of other origins cannot act for whoever looks at them.

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use support::people::{PASSWORD, answer};
use support::{Options, Server, Socket};

fn browser() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

fn ask(server: &Server, method: Method, path: &str) -> RequestBuilder {
    browser().request(method, format!("{}/api/v1/{path}", server.url()))
}

/// Signs in as a page of the server's own would: the whole `Set-Cookie`, and the pair to send back.
async fn cookie(server: &Server, login: &str) -> (String, String) {
    let body = json!({"login": login, "password": PASSWORD, "session": "cookie"});
    let request = ask(server, Method::POST, "sessions")
        .header("Origin", server.url())
        .header("X-Rill", "1")
        .json(&body);
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::CREATED);
    let whole = response.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    let signed_in: Value = response.json().await.expect("JSON");
    assert!(
        signed_in.get("tokens").is_none_or(Value::is_null),
        "a page gets no tokens to lose"
    );
    let pair = whole.split(';').next().expect("a pair").to_owned();
    (whole, pair)
}

/// Origins that look a bit like the server's own.
fn foreign(server: &Server) -> Vec<String> {
    let own = server.url();
    let port = server.address().rsplit(':').next().expect("a port").to_owned();
    vec![
        "http://evil.example".to_owned(),
        "null".to_owned(),
        String::new(),
        own.replace("http://", "https://"),
        own.replace(&port, "1"),
        own.to_uppercase(),
        format!("{own}.evil.example"),
        format!("{own}/"),
        format!("http://evil.example#{own}"),
        format!("http://{}@evil.example", server.address()),
        "http://127.0.0.1".to_owned(),
        format!("http://localhost:{port}.evil.example"),
    ]
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_new_with_every_sign_in() {
    let server = Server::start().await;
    server.person("ada").await;
    let (first, pair) = cookie(&server, "ada").await;
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(first.contains(attribute), "{first}");
    }
    assert!(!first.contains("Domain"), "{first}");
    let body = json!({"login": "ada", "password": PASSWORD, "session": "cookie"});
    let request = ask(&server, Method::POST, "sessions")
        .header("Origin", server.url())
        .header("X-Rill", "1");
    let again = request
        .header("Cookie", &pair)
        .json(&body)
        .send()
        .await
        .expect("an answer");
    let second = again.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    assert_ne!(
        second.split(';').next(),
        Some(pair.as_str()),
        "a cookie from before is not kept"
    );
    let value = pair.split('=').nth(1).expect("a value");
    assert!(value.len() >= 32, "{value} is too short to be unguessable");
    assert_eq!(
        answer(ask(&server, Method::GET, "me").header("Cookie", &pair)).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_foreign_page_opens_no_socket_with_a_visitors_cookie() {
    let server = Server::start().await;
    server.person("ada").await;
    let (_, pair) = cookie(&server, "ada").await;
    for origin in foreign(&server) {
        let refused = Socket::shake(&server.url(), &[("Cookie", &pair), ("Origin", &origin)]).await;
        let (status, body) = refused.err().unwrap_or_else(|| panic!("{origin} opened a socket"));
        assert_eq!(status, 403, "{origin}: {}", String::from_utf8_lossy(&body));
    }
    let silent = Socket::shake(&server.url(), &[("Cookie", &pair)]).await;
    assert_eq!(
        silent.err().map(|(status, _)| status),
        Some(401),
        "a cookie without an origin proves nothing"
    );
    let own = Socket::shake(&server.url(), &[("Cookie", &pair), ("Origin", &server.url())]).await;
    let mut own = own.unwrap_or_else(|(status, _)| panic!("the own page was refused with {status}"));
    own.greeted().await;
    own.expect("welcome", |frame| {
        matches!(frame, protocol::live::Frame::Welcome { .. }).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_foreign_page_reads_and_changes_nothing_with_a_visitors_cookie() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let (_, pair) = cookie(&server, "ada").await;
    let change = json!({"display_name": "Mallory"});
    for origin in foreign(&server) {
        let carried = |request: RequestBuilder| request.header("Cookie", &pair).header("Origin", &origin);
        for request in [
            carried(ask(&server, Method::GET, "me")),
            carried(ask(&server, Method::GET, "events")),
            carried(ask(&server, Method::PATCH, "me"))
                .header("X-Rill", "1")
                .json(&change),
            carried(ask(&server, Method::DELETE, "sessions/current")).header("X-Rill", "1"),
        ] {
            let response = request.send().await.expect("an answer");
            assert!(
                response.headers().get("access-control-allow-origin").is_none(),
                "{origin} may read it"
            );
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{origin}");
        }
        let body = json!({"login": "ada", "password": PASSWORD, "session": "cookie"});
        let login = ask(&server, Method::POST, "sessions")
            .header("Origin", &origin)
            .header("X-Rill", "1")
            .json(&body);
        assert_eq!(
            login.send().await.expect("an answer").status(),
            StatusCode::FORBIDDEN,
            "{origin} signs nobody in"
        );
    }
    assert_eq!(ada.api.me().await.expect("me").person.display_name, "ada");
}

#[tokio::test]
async fn a_form_or_a_plain_request_of_a_page_changes_nothing_without_the_header_that_forms_cannot_send() {
    let server = Server::start().await;
    let ada = server.person("ada").await;
    let (_, pair) = cookie(&server, "ada").await;
    let carried = |method: Method, path: &str| ask(&server, method, path).header("Cookie", &pair);
    for (what, request) in [
        (
            "no X-Rill",
            carried(Method::PATCH, "me")
                .header("Origin", server.url())
                .json(&json!({"display_name": "x"})),
        ),
        (
            "no Origin",
            carried(Method::PATCH, "me")
                .header("X-Rill", "1")
                .json(&json!({"display_name": "x"})),
        ),
        (
            "a form",
            carried(Method::POST, "rooms")
                .header("Origin", server.url())
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body("kind=public&name=x"),
        ),
        (
            "JSON as plain text",
            carried(Method::POST, "rooms")
                .header("Origin", server.url())
                .header("Content-Type", "text/plain")
                .body(r#"{"kind":"public","name":"x"}"#),
        ),
        (
            "a sign-out",
            carried(Method::DELETE, "sessions/current").header("Origin", server.url()),
        ),
        (
            "a form of another site",
            carried(Method::POST, "ws-ticket").header("Sec-Fetch-Site", "cross-site"),
        ),
    ] {
        let (status, problem) = answer(request).await;
        assert!(matches!(status.as_u16(), 401 | 403), "{what}: {status} {problem}");
    }
    assert_eq!(ada.api.me().await.expect("me").person.display_name, "ada");
    assert_eq!(
        answer(carried(Method::GET, "me")).await.0,
        StatusCode::OK,
        "and the session still stands"
    );
    let own = carried(Method::PATCH, "me")
        .header("Origin", server.url())
        .header("X-Rill", "1");
    assert_eq!(
        answer(own.json(&json!({"display_name": "Ada"}))).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_preflight_of_a_foreign_page_is_not_answered_with_permission_and_a_configured_one_is() {
    let server = Server::with(Options::default().flag("--origins", "https://chat.example.org")).await;
    let preflight = |origin: &str| {
        ask(&server, Method::OPTIONS, "me")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "PATCH")
            .header("Access-Control-Request-Headers", "authorization,x-rill")
    };
    for origin in foreign(&server)
        .iter()
        .map(String::as_str)
        .chain(["https://chat.example.org.evil.example", "http://chat.example.org"])
    {
        let response = preflight(origin).send().await.expect("an answer");
        assert!(
            response.headers().get("access-control-allow-origin").is_none(),
            "{origin}"
        );
        let plain = ask(&server, Method::GET, "server")
            .header("Origin", origin)
            .send()
            .await
            .expect("an answer");
        assert!(plain.headers().get("access-control-allow-origin").is_none(), "{origin}");
    }
    let response = preflight("https://chat.example.org").send().await.expect("an answer");
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
            .to_lowercase()
    };
    assert_eq!(header("access-control-allow-origin"), "https://chat.example.org");
    assert!(header("access-control-allow-methods").contains("patch"));
    assert!(header("access-control-allow-headers").contains("x-rill"));
    assert!(header("vary").contains("origin"));
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_not_answered() {
    let server = Server::start().await;
    server.person("ada").await;
    let (_, pair) = cookie(&server, "ada").await;
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"] {
        let request = ask(&server, Method::GET, "me")
            .header("Host", host)
            .header("Cookie", &pair);
        let request = request.header("Origin", format!("http://{host}"));
        assert_eq!(
            request.send().await.expect("an answer").status(),
            StatusCode::FORBIDDEN,
            "{host}"
        );
    }
}
