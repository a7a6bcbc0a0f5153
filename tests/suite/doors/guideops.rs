//! The door `guideops`: accounts and sessions by cookie, people, rooms, messages with places, administrators, streams.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Options, Server};

use super::wire::{Data, ask, json, own_listener, words};

const PASSWORD: &str = "a long enough secret";

/// Somebody registered at the door: their cookie, number and account as they were told.
pub struct Client {
    pub url: String,
    cookie: String,
    pub number: String,
    told: Value,
}

impl Client {
    pub async fn register(url: &str, name: &str, email: &str) -> Self {
        let body = json!({"name": name, "email": email, "password": PASSWORD, "phone": "+1 604 555 0100"});
        let answer = ask(url, Method::POST, "/register")
            .json(&body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 201);
        Self::of(url, answer).await
    }

    async fn of(url: &str, answer: reqwest::Response) -> Self {
        let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let told: Value = answer.json().await.expect("JSON");
        Self {
            url: url.to_owned(),
            cookie: cookie.split(';').next().expect("a pair").to_owned(),
            number: told["id"].as_str().expect("an id").to_owned(),
            told,
        }
    }

    pub fn ask(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        ask(&self.url, method, path).header("Cookie", &self.cookie)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        json(self.ask(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        json(self.ask(Method::POST, path).json(&body)).await
    }
}

/// Two people on a server of their own.
pub async fn two() -> (Server, Client, Client) {
    let server = Server::start().await;
    let ben = Client::register(&server.url(), "Ben Johns Jr", "ben@x.io").await;
    let amy = Client::register(&server.url(), "Amy", "amy@x.io").await;
    (server, ben, amy)
}

#[tokio::test]
async fn people_register_sign_in_and_look_after_their_profile() {
    let server = Server::start().await;
    let (ben, amy) = registered(&server.url()).await;
    let again = signed_in(&ben).await;
    profiled(&ben, &amy, &again).await;
}

/// Two who register, and what is refused.
async fn registered(url: &str) -> (Client, Client) {
    let (_, status) = json(ask(url, Method::GET, "/system/status")).await;
    assert_eq!(
        (&status["needs_initialization"], &status["total_users"]),
        (&json!(true), &json!(0))
    );
    for (body, words) in [
        (json!({}), "name is required"),
        (json!({"name": "Ben"}), "email is required"),
        (json!({"name": "Ben", "email": "ben@x.io"}), "password is required"),
    ] {
        assert_eq!(
            json(ask(url, Method::POST, "/register").json(&body)).await,
            (400, json!({"error": words}))
        );
    }
    let ben = Client::register(url, "Ben Johns Jr", "ben@x.io").await;
    let expected = json!({
        "username": "ben@x.io", "first_name": "Ben", "last_name": "Johns Jr", "email": "ben@x.io",
        "phone": "+1 604 555 0100", "role": "super_admin", "is_account_owner": true,
        "message": "Account created successfully! You are the account owner.",
    });
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&ben.told[key], value, "{key}");
    }
    assert!(
        ben.number.parse::<u64>().is_ok_and(|number| number < 1 << 53),
        "{}",
        ben.number
    );
    let amy = Client::register(url, "Amy", "amy@x.io").await;
    assert_eq!(
        (&amy.told["role"], &amy.told["message"]),
        (&json!("user"), &json!("User created successfully"))
    );
    let body = json!({"name": "Ben", "email": "BEN@x.io", "password": PASSWORD});
    let taken = json(ask(url, Method::POST, "/register").json(&body)).await;
    assert_eq!(taken, (409, json!({"error": "User with this email already exists"})));
    let body = json!({"name": "Cy", "email": "cy@x.io", "password": "short"});
    assert_eq!(json(ask(url, Method::POST, "/register").json(&body)).await.0, 400);
    (ben, amy)
}

/// Another session of the same person.
async fn signed_in(ben: &Client) -> Client {
    let url = &ben.url;
    let body = json!({"username": "ben@x.io", "password": PASSWORD});
    let answer = ask(url, Method::POST, "/login")
        .json(&body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    let again = Client::of(url, answer).await;
    assert_eq!(
        (&again.told["username"], &again.number),
        (&json!("Ben Johns Jr"), &ben.number)
    );
    let wrong = json(ask(url, Method::POST, "/login").json(&json!({"username": "ben@x.io", "password": "x"}))).await;
    assert_eq!(
        wrong,
        (
            401,
            json!({"error": "Invalid credentials", "message": "Invalid username or password"})
        )
    );
    assert_eq!(
        json(ask(url, Method::GET, "/me")).await,
        (401, json!({"error": "Not logged in"}))
    );
    let old = ask(url, Method::GET, "/me").header("Cookie", "session=6728747c-b084-4ff4-b5fd-3784c65841fe");
    assert_eq!(json(old).await.0, 401, "an old cookie is nobody's");
    let (status, me) = again.get("/me").await;
    assert_eq!(
        (status, &me["email"], &me["role"]),
        (200, &json!("ben@x.io"), &json!("super_admin"))
    );
    again
}

async fn profiled(ben: &Client, amy: &Client, again: &Client) {
    let changed = amy
        .ask(Method::PUT, "/profile")
        .json(&json!({"first_name": "Amelia", "role": "super_admin"}));
    let (status, changed) = json(changed).await;
    assert_eq!((status, &changed["updates"]["first_name"]), (200, &json!("Amelia")));
    let (_, profile) = amy.get("/profile").await;
    assert_eq!(
        (&profile["first_name"], &profile["username"], &profile["role"]),
        (&json!("Amelia"), &json!("amy@x.io"), &json!("user"))
    );
    assert!(
        profile["created_at"]
            .as_str()
            .is_some_and(|at| at.parse::<f64>().is_ok()),
        "{profile}"
    );
    assert_eq!(
        again.post("/logout", json!({})).await,
        (200, json!({"message": "Logged out"}))
    );
    assert_eq!(again.get("/me").await.0, 401);
    assert_eq!(ben.get("/me").await.0, 200, "the other session stands");
}

#[tokio::test]
async fn a_foreign_page_gets_no_session_and_brings_none() {
    let (server, ben, _amy) = two().await;
    let evil = |request: reqwest::RequestBuilder| request.header("Origin", "http://evil.example");
    assert_eq!(words(evil(ben.ask(Method::GET, "/me"))).await.0, 403);
    let login = json!({"username": "ben@x.io", "password": PASSWORD});
    assert_eq!(
        words(evil(ask(&server.url(), Method::POST, "/login").json(&login)))
            .await
            .0,
        403
    );
    let text = json!({"text": "x"});
    assert_eq!(
        words(evil(ben.ask(Method::POST, "/v2/rooms/0/messages").json(&text)))
            .await
            .0,
        403
    );
    let sneaky = ben
        .ask(Method::POST, "/v2/rooms/0/messages")
        .json(&text)
        .header("Sec-Fetch-Site", "cross-site");
    assert_eq!(words(sneaky).await.0, 403);
    let own = ben
        .ask(Method::POST, "/v2/rooms/0/messages")
        .json(&text)
        .header("Origin", server.url());
    assert_eq!(words(own).await.0, 201);
}

#[tokio::test]
async fn who_is_here_is_told_by_id_and_at_the_own_listener_as_a_list() {
    let server = Server::with(Options::default().flag("--door", "guideops=127.0.0.1:0")).await;
    let own = own_listener(&server, "guideops").await;
    let ben = Client::register(&server.url(), "Ben", "ben@x.io").await;
    let amy = Client::register(&own, "Amy", "amy@x.io").await;
    assert_eq!(ben.get("/users/online").await, (200, json!({})));
    let mut stream = Data::open(ben.ask(Method::GET, "/stream")).await;
    stream.next().await;
    let (_, online) = ben.get("/users/online").await;
    assert_eq!(
        (&online[&ben.number]["username"], &online[&ben.number]["online"]),
        (&json!("ben"), &json!(true))
    );
    assert_eq!(
        online[&ben.number]["email"], "",
        "addresses are for their owners and for administrators"
    );
    let (_, list) = amy.get("/users/online").await;
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    for brackets in ["[]", "%5B%5D"] {
        let path = format!(
            "/users?ids{brackets}={}&ids{brackets}=7&ids{brackets}={}",
            ben.number, amy.number
        );
        let (status, some) = ben.get(&path).await;
        assert_eq!(
            (status, some.as_object().map(serde_json::Map::len)),
            (200, Some(2)),
            "unknown ones are skipped"
        );
        assert_eq!(some[&amy.number]["online"], json!(false));
    }
    assert_eq!(ben.get("/users").await, (404, Value::Null));
    assert_eq!(amy.get("/users").await, (200, json!([])));
    assert_eq!(words(ask(&server.url(), Method::GET, "/users/online")).await.0, 401);
    assert_eq!(json(ask(&server.url(), Method::GET, "/links")).await.0, 200);
}

#[tokio::test]
async fn administrators_see_numbers_and_give_roles_with_their_password() {
    let (_server, ben, amy) = two().await;
    for path in ["/admin/stats", "/admin/users"] {
        assert_eq!(
            amy.get(path).await,
            (403, json!({"error": "Admin access required"})),
            "{path}"
        );
        assert_eq!(json(ask(&ben.url, Method::GET, path)).await.0, 403, "{path}");
    }
    ben.post("/v2/rooms/0/messages", json!({"text": "one"})).await;
    let (_, stats) = ben.get("/admin/stats").await;
    let expected = json!({"total_users": 2, "online_users": 0, "total_rooms": 1, "total_messages": 1});
    assert_eq!(stats, expected);
    let (_, users) = ben.get("/admin/users").await;
    let emails: Vec<_> = users
        .as_array()
        .expect("users")
        .iter()
        .map(|user| user["email"].as_str())
        .collect();
    assert_eq!(emails.len(), 2);
    assert!(emails.contains(&Some("amy@x.io")), "{users}");
    let path = format!("/admin/users/{}/role", amy.number);
    let give = async |client: &Client, path: &str, body: Value| json(client.ask(Method::PUT, path).json(&body)).await;
    assert_eq!(
        give(&amy, &path, json!({"role": "admin"})).await,
        (403, json!({"error": "Super admin access required"}))
    );
    assert_eq!(
        give(&ben, &path, json!({"role": "king"})).await,
        (400, json!({"error": "Invalid role"}))
    );
    assert_eq!(
        give(&ben, "/admin/users/7/role", json!({"role": "admin"})).await,
        (404, json!({"error": "User not found"}))
    );
    assert_eq!(
        give(&ben, &path, json!({"role": "admin"})).await.0,
        403,
        "the password is needed"
    );
    let given = give(&ben, &path, json!({"role": "admin", "password": PASSWORD})).await;
    assert_eq!(given, (200, json!({"message": "User role updated to admin"})));
}
