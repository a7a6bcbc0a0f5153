//! Accounts: who may come in, what they may become, and how they are kept out.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::live::Frame;
use protocol::rest::{Register, SessionKind, SignIn};
use protocol::shapes::{Role, RoomKind};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::people::{PASSWORD, answer, fresh, registration};
use support::{Options, Person, Server, within};

/// How soon a live socket must be closed once its session has ended.
const SOON: Duration = Duration::from_secs(2);

fn sign_in(login: &str, password: &str) -> SignIn {
    SignIn {
        login: login.to_owned(),
        password: password.to_owned(),
        session: SessionKind::Token,
    }
}

async fn refused(server: &Server, method: Method, path: &str, body: Value) -> (u16, String) {
    let (status, problem) = answer(server.api().open(method, path).json(&body)).await;
    (status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
}

async fn works(person: &Person) -> bool {
    person.ask(Method::GET, "me", None).await.0 == StatusCode::OK
}

#[tokio::test]
async fn one_registers_signs_in_by_name_or_address_and_is_known_as_oneself() {
    let server = Server::start().await;
    let register = Register {
        email: Some("Ada@Example.org".to_owned()),
        display_name: Some("Ada Lovelace".to_owned()),
        ..registration("Ada")
    };
    let api = server.api();
    let registered = api.register(&register).await.expect("registered");
    assert_eq!(
        (
            registered.me.person.username.as_str(),
            registered.me.person.display_name.as_str()
        ),
        ("ada", "Ada Lovelace")
    );
    for login in ["ada", "ADA", "ada@example.org"] {
        let api = server.api();
        let signed_in = api
            .sign_in(&sign_in(login, PASSWORD))
            .await
            .unwrap_or_else(|error| panic!("{login}: {error}"));
        assert_eq!(signed_in.me, registered.me);
        assert_ne!(
            signed_in.session, registered.session,
            "every sign-in is a session of its own"
        );
        assert_eq!(api.me().await.expect("me"), registered.me);
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer() {
    let server = Server::start().await;
    server.person("ada").await;
    let mut answers = Vec::new();
    for (login, password) in [("ada", "not her password"), ("nobody", PASSWORD)] {
        let body = json!({"login": login, "password": password, "session": "token"});
        let (status, mut problem) = answer(server.api().open(Method::POST, "sessions").json(&body)).await;
        problem.as_object_mut().expect("a problem").remove("request_id");
        answers.push((status, problem));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(
        (answers[0].0, &answers[0].1["code"]),
        (StatusCode::UNAUTHORIZED, &json!("wrong_credentials"))
    );
}

#[tokio::test]
async fn names_and_passwords_that_are_not_acceptable_are_refused_with_the_field() {
    let server = Server::start().await;
    server.person("taken").await;
    for (field, value) in [
        ("username", "a"),
        ("username", "has space"),
        ("username", "ünïcode"),
        ("username", "everyone"),
        ("password", "short"),
        ("password", "password123"),
        ("email", "not an address"),
    ] {
        let mut body = json!({"username": "fine", "password": PASSWORD, "session": "token"});
        body[field] = json!(value);
        let (status, problem) = answer(server.api().open(Method::POST, "accounts").json(&body)).await;
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (422, &json!("invalid")),
            "{field} = {value}"
        );
        assert_eq!(
            problem["errors"][0]["pointer"],
            json!(format!("/{field}")),
            "{field} = {value}"
        );
    }
    let body = json!({"username": "TAKEN", "password": PASSWORD, "session": "token"});
    assert_eq!(
        refused(&server, Method::POST, "accounts", body).await,
        (409, "taken".to_owned())
    );
}

#[tokio::test]
async fn of_fifty_first_registrations_at_once_one_becomes_the_owner() {
    let server = Server::start().await;
    let tries = (0..50).map(|number| {
        let api = server.api();
        tokio::spawn(async move { Person::register(&api, &format!("person{number}")).await.me.person.role })
    });
    let mut roles = Vec::new();
    for attempt in tries.collect::<Vec<_>>() {
        roles.push(attempt.await.expect("registered"));
    }
    assert_eq!(
        roles.iter().filter(|role| **role == Role::SuperAdmin).count(),
        1,
        "{roles:?}"
    );
    assert_eq!(
        roles.iter().filter(|role| **role == Role::User).count(),
        49,
        "{roles:?}"
    );
    let late = server.person("late").await;
    let rooms = late.api.rooms().await.expect("rooms");
    assert_eq!(
        rooms.iter().filter(|room| room.name == "General").count(),
        1,
        "there is one General"
    );
    assert_eq!(rooms[0].member_count, 51, "and everybody is in it");
}

#[tokio::test]
async fn with_a_setup_code_only_who_has_it_becomes_the_first() {
    let server = Server::with(Options::default().flag("--setup-code", "open-sesame")).await;
    let info = server.api().server_info().await.expect("server info");
    assert!(info.first_account && info.setup_code_needed);
    for code in [None, Some("open-sesam"), Some("")] {
        let register = Register {
            setup_code: code.map(str::to_owned),
            ..registration("thief")
        };
        assert_eq!(
            server.api().register(&register).await.expect_err("refused").code(),
            Some("setup_code_needed"),
            "{code:?}"
        );
    }
    let register = Register {
        setup_code: Some("open-sesame".to_owned()),
        ..registration("owner")
    };
    assert_eq!(
        server
            .api()
            .register(&register)
            .await
            .expect("registered")
            .me
            .person
            .role,
        Role::SuperAdmin
    );
    let info = server.api().server_info().await.expect("server info");
    assert!(!info.first_account && !info.setup_code_needed);
    assert_eq!(
        server.person("second").await.me.person.role,
        Role::User,
        "later accounts need no code"
    );
}

#[tokio::test]
async fn where_registration_is_closed_nobody_registers_after_the_owner() {
    let server = Server::with(Options::default().flag("--registration", "closed")).await;
    let owner = server.person("owner").await;
    assert_eq!(owner.me.person.role, Role::SuperAdmin);
    assert!(!server.api().server_info().await.expect("server info").registration_open);
    let error = server.api().register(&registration("ada")).await.expect_err("refused");
    assert_eq!(error.code(), Some("registration_closed"));
}

#[tokio::test]
async fn only_the_owner_gives_roles_and_only_with_the_password() {
    let server = Server::start().await;
    let [owner, bob, cleo] = server.people(["owner", "bob", "cleo"]).await;
    let change = |person: &Person| (person.api.clone(), cleo.id());
    let (api, user) = change(&bob);
    assert_eq!(
        api.change_role(user, Role::Admin, PASSWORD)
            .await
            .expect_err("no owner")
            .code(),
        Some("forbidden")
    );
    let (api, user) = change(&owner);
    assert_eq!(
        api.change_role(user, Role::Admin, "guess")
            .await
            .expect_err("no password")
            .code(),
        Some("password_needed")
    );
    let last = api
        .change_role(owner.id(), Role::User, PASSWORD)
        .await
        .expect_err("the last owner");
    assert_eq!(last.code(), Some("forbidden"));
    let mut socket = cleo.socket().await;
    assert_eq!(
        api.change_role(user, Role::Admin, PASSWORD)
            .await
            .expect("changed")
            .person
            .role,
        Role::Admin
    );
    assert_eq!(
        within(SOON, "the socket with the old role to close", socket.closed()).await,
        4003
    );
    assert_eq!(cleo.again().await.me.person.role, Role::Admin);
    let up = cleo
        .again()
        .await
        .api
        .change_role(bob.id(), Role::Admin, PASSWORD)
        .await;
    assert_eq!(up.expect_err("an administrator is no owner").code(), Some("forbidden"));
}

#[tokio::test]
async fn a_ban_ends_everything_and_keeps_out_until_it_is_lifted() {
    let server = Server::start().await;
    let [owner, bob, cleo] = server.people(["owner", "bob", "cleo"]).await;
    assert_eq!(
        bob.api.ban(cleo.id()).await.expect_err("no administrator").code(),
        Some("forbidden")
    );
    assert_eq!(
        bob.api.ban(owner.id()).await.expect_err("no administrator").code(),
        Some("forbidden")
    );
    let mut socket = bob.socket().await;
    let banned = owner.api.ban(bob.id()).await.expect("banned");
    assert!(banned.banned_at.is_some());
    let code = within(SOON, "the socket to close", socket.closed()).await;
    assert_eq!(code, 4103);
    let (status, problem) = bob.ask(Method::GET, "me", None).await;
    assert_eq!((status.as_u16(), &problem["code"]), (401, &json!("not_signed_in")));
    let refused = fresh(&bob.api)
        .sign_in(&sign_in("bob", PASSWORD))
        .await
        .expect_err("banned");
    assert_eq!(refused.code(), Some("banned"));
    let guess = fresh(&bob.api)
        .sign_in(&sign_in("bob", "not the password"))
        .await
        .expect_err("wrong");
    assert_eq!(
        guess.code(),
        Some("wrong_credentials"),
        "only who knows the password learns of the ban"
    );
    assert!(owner.api.unban(bob.id()).await.expect("unbanned").banned_at.is_none());
    assert!(works(&bob.again().await).await);
}

#[tokio::test]
async fn a_profile_is_changed_only_as_one_has_read_it_and_told_to_those_who_share_a_room() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    ada.room(RoomKind::Private, "pair", &[&bob]).await;
    let mut socket = bob.socket().await;
    socket.resume(&BTreeMap::new()).await;
    let read = ada
        .api
        .request(Method::GET, "me")
        .await
        .expect("signed in")
        .send()
        .await
        .expect("an answer");
    let tag = read.headers()["etag"].to_str().expect("a tag").to_owned();
    let change = |name: &str| json!({"display_name": name});
    let patch = async |name: &str, tag: &str| {
        let request = ada.api.request(Method::PATCH, "me").await.expect("signed in");
        answer(request.header("If-Match", tag).json(&change(name))).await
    };
    let (status, changed) = patch("Countess", &tag).await;
    assert_eq!((status, &changed["display_name"]), (StatusCode::OK, &json!("Countess")));
    let name = socket
        .expect("the new name", |frame| match frame {
            Frame::Profile { person } if person.id == ada.id() => Some(person.display_name.clone()),
            _ => None,
        })
        .await;
    assert_eq!(name, "Countess");
    let (status, problem) = patch("Overwritten", &tag).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::PRECONDITION_FAILED, &json!("stale"))
    );
    assert_eq!(ada.api.me().await.expect("me").person.display_name, "Countess");
}

#[tokio::test]
async fn an_avatar_is_a_picture_by_its_content_and_shown_to_people() {
    let server = Server::start().await;
    let [ada, bob] = server.people(["ada", "bob"]).await;
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 64]].concat();
    let put = async |bytes: Vec<u8>, kind: &str| {
        let request = ada.api.request(Method::PUT, "me/avatar").await.expect("signed in");
        answer(request.header("Content-Type", kind).body(bytes)).await
    };
    let (status, me) = put(png.clone(), "image/png").await;
    assert_eq!(status, StatusCode::OK, "{me}");
    let path = bob
        .api
        .person(ada.id())
        .await
        .expect("a person")
        .avatar
        .expect("a picture");
    let shown = bob
        .api
        .request(Method::GET, path.trim_start_matches("/api/v1/"))
        .await
        .expect("signed in")
        .send()
        .await;
    let shown = shown.expect("an answer");
    assert_eq!(
        (
            shown.headers()["content-type"].to_str().ok(),
            shown.headers()["x-content-type-options"].to_str().ok()
        ),
        (Some("image/png"), Some("nosniff"))
    );
    assert_eq!(shown.bytes().await.expect("bytes").as_ref(), png);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    assert_eq!(
        put(svg.clone(), "image/svg+xml").await.0,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    assert_eq!(
        put(svg, "image/png").await.0,
        StatusCode::UNPROCESSABLE_ENTITY,
        "the content decides"
    );
    let large = [png, vec![0; 256 * 1024]].concat();
    assert_eq!(put(large, "image/png").await.0, StatusCode::PAYLOAD_TOO_LARGE);
}
