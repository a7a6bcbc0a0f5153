//! Who may bring a cookie, and how.

use super::*;

const OWN: (&str, &str) = ("origin", "https://chat.example");
const FOREIGN: (&str, &str) = ("origin", "https://evil.test");
const GUARDED: (&str, &str) = ("x-rill", "1");
const FROM_HERE: (&str, &str) = ("sec-fetch-site", "same-origin");
const TYPED: (&str, &str) = ("sec-fetch-site", "none");
const FROM_ELSEWHERE: (&str, &str) = ("sec-fetch-site", "cross-site");
const FROM_BESIDE: (&str, &str) = ("sec-fetch-site", "same-site");

type Headers = &'static [(&'static str, &'static str)];

fn settings() -> GatewaySettings {
    GatewaySettings {
        secure: true,
        hosts: None,
        ..GatewaySettings::default()
    }
}

fn parts(method: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("host", "chat.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

/// The status that the rules about origins give: 0 lets the request in.
fn status(method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    match guard_cookie(&settings(), &parts(method, path, headers)) {
        Ok(()) => 0,
        Err(refusal) => refusal.problem(None).status,
    }
}

#[test]
fn a_cookie_only_works_from_a_permitted_page() {
    let (read, ws, events) = ("/api/v1/rooms", "/api/v1/ws", "/api/v1/events");
    let cases: [(&str, &str, Headers, u16); 23] = [
        ("GET", read, &[], 0),
        ("GET", read, &[FROM_HERE], 0),
        ("GET", read, &[TYPED], 0),
        ("GET", read, &[OWN], 0),
        ("GET", read, &[FROM_ELSEWHERE], 403),
        ("GET", read, &[FROM_BESIDE], 403),
        ("GET", read, &[FOREIGN], 403),
        ("GET", read, &[("origin", "null")], 403),
        ("POST", read, &[OWN, GUARDED], 0),
        ("POST", read, &[OWN], 403),
        ("POST", read, &[OWN, ("x-rill", "0")], 403),
        ("POST", read, &[GUARDED], 401),
        ("POST", read, &[GUARDED, FROM_HERE], 401),
        ("DELETE", read, &[FOREIGN, GUARDED], 403),
        ("PATCH", read, &[("origin", "null"), GUARDED], 403),
        ("GET", ws, &[OWN], 0),
        ("GET", ws, &[], 401),
        ("GET", ws, &[FROM_HERE], 401),
        ("GET", ws, &[FOREIGN], 403),
        ("GET", events, &[FROM_HERE], 0),
        ("GET", events, &[OWN], 0),
        ("GET", events, &[], 401),
        ("GET", events, &[FOREIGN], 403),
    ];
    for (method, path, headers, expected) in cases {
        assert_eq!(status(method, path, headers), expected, "{method} {path} {headers:?}");
    }
    assert_eq!(
        status("GET", read, &[("upgrade", "websocket")]),
        401,
        "an upgrade is a socket on any path"
    );
}

#[test]
fn a_session_of_kind_cookie_is_only_opened_by_a_permitted_page() {
    let guard = |headers: &[(&str, &str)]| guard_page(&settings(), &parts("POST", "/api/v1/sessions", headers)).is_ok();
    assert!(guard(&[OWN, GUARDED]));
    for refused in [
        &[] as &[(&str, &str)],
        &[OWN],
        &[GUARDED],
        &[FOREIGN, GUARDED],
        &[FROM_HERE, GUARDED],
    ] {
        assert!(!guard(refused), "{refused:?}");
    }
}

#[test]
fn there_is_one_cookie_or_none() {
    let secret = |lines: &[&str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, line.parse().expect("a header"));
        }
        cookie(&settings(), &headers).map(str::to_owned)
    };
    assert_eq!(secret(&["__Host-rill=abc"]).as_deref(), Some("abc"));
    assert_eq!(secret(&["a=b; __Host-rill=abc; c=d"]).as_deref(), Some("abc"));
    for none in [
        &[] as &[&str],
        &["rill=abc"],
        &["__Host-rill="],
        &["__Host-rill=a; __Host-rill=b"],
        &["__Host-rill=a", "__Host-rill=b"],
    ] {
        assert_eq!(secret(none), None, "{none:?}");
    }
}

#[test]
fn the_cookie_cannot_be_read_by_scripts_or_sent_by_others() {
    let text = |settings: &GatewaySettings| set_cookie(settings, "abc", 60).to_str().expect("text").to_owned();
    assert_eq!(
        text(&settings()),
        "__Host-rill=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
    );
    let plain = GatewaySettings::default();
    assert_eq!(text(&plain), "rill=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
}

#[test]
fn a_bearer_token_is_the_only_authorization() {
    let read = |lines: &[&str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::AUTHORIZATION, line.parse().expect("a header"));
        }
        bearer(&headers)
            .map(|token| token.map(str::to_owned))
            .map_err(|refusal| refusal.problem(None).status)
    };
    assert_eq!(read(&[]), Ok(None));
    assert_eq!(read(&["Bearer abc"]), Ok(Some("abc".to_owned())));
    assert_eq!(read(&["bearer  abc "]), Ok(Some("abc".to_owned())));
    assert_eq!(read(&["Basic YWRhOng="]), Err(401));
    assert_eq!(read(&["Bearer"]), Err(401));
    assert_eq!(read(&["Bearer a", "Bearer b"]), Err(400));
}
