//! The door `guideops`: accounts and sessions by cookie, people, rooms, messages with places, administrators, streams.

use reqwest::Method;
use serde_json::{Value, json};
use support::Server;

use super::setting::{BOTH, Setting};
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

    pub async fn sign_in(url: &str, name: &str, password: &str) -> Self {
        let body = json!({"username": name, "password": password});
        let answer = ask(url, Method::POST, "/login").json(&body).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
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

/// Two people on a server of their own, of which the first is the owner unless it is the demo's.
pub async fn two(setting: Setting) -> (Server, Client, Client) {
    println!("in the setting {setting:?}");
    let server = Server::with(setting.options()).await;
    let ben = Client::register(&server.url(), "Ben Johns Jr", "ben@x.io").await;
    let amy = Client::register(&server.url(), "Amy", "amy@x.io").await;
    (server, ben, amy)
}

#[tokio::test]
async fn people_register_sign_in_and_look_after_their_profile() {
    for setting in BOTH {
        let server = Server::with(setting.options()).await;
        let (ben, amy) = registered(&server.url(), setting == Setting::Demo).await;
        let again = signed_in(&ben).await;
        profiled(&ben, &amy, &again).await;
    }
}

/// Two who register, and what is refused.
async fn registered(url: &str, has_an_owner: bool) -> (Client, Client) {
    let (_, status) = json(ask(url, Method::GET, "/system/status")).await;
    let expected = if has_an_owner {
        json!({"needs_initialization": false, "total_users": 1, "message": "System initialized", "redis_connected": true})
    } else {
        json!({"needs_initialization": true, "total_users": 0,
            "message": "System ready for account owner setup", "redis_connected": true})
    };
    assert_eq!(status, expected);
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
        "phone": "+1 604 555 0100", "role": if has_an_owner { "user" } else { "super_admin" },
        "is_account_owner": !has_an_owner,
        "message": if has_an_owner { "User created successfully" }
            else { "Account created successfully! You are the account owner." },
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
    let again = Client::sign_in(url, "ben@x.io", PASSWORD).await;
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
        (200, &json!("ben@x.io"), &ben.told["role"])
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
    for setting in BOTH {
        let (server, ben, _amy) = two(setting).await;
        from_a_foreign_page(&server, &ben).await;
    }
}

async fn from_a_foreign_page(server: &Server, ben: &Client) {
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
    for setting in BOTH {
        let server = Server::with(setting.options().flag("--door", "guideops=127.0.0.1:0")).await;
        let own = own_listener(&server, "guideops").await;
        who_is_here(&server, &own).await;
    }
}

async fn who_is_here(server: &Server, own: &str) {
    let ben = Client::register(&server.url(), "Ben", "ben@x.io").await;
    let amy = Client::register(own, "Amy", "amy@x.io").await;
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
    for setting in BOTH {
        let (server, ben, amy) = two(setting).await;
        let (owner, password) = match setting {
            Setting::Demo => (
                Client::sign_in(&server.url(), "ada", "correct horse").await,
                "correct horse",
            ),
            Setting::Guests | Setting::Proof => (ben, PASSWORD),
        };
        numbers_are_seen(&owner, &amy, setting == Setting::Demo).await;
        roles_are_given(&owner, password, &amy).await;
    }
}

async fn numbers_are_seen(owner: &Client, amy: &Client, is_demo: bool) {
    for path in ["/admin/stats", "/admin/users"] {
        assert_eq!(
            amy.get(path).await,
            (403, json!({"error": "Admin access required"})),
            "{path}"
        );
        assert_eq!(json(ask(&owner.url, Method::GET, path)).await.0, 403, "{path}");
    }
    let (_, before) = owner.get("/admin/stats").await;
    owner.post("/v2/rooms/0/messages", json!({"text": "one"})).await;
    let (_, stats) = owner.get("/admin/stats").await;
    if is_demo {
        let messages = before["total_messages"].as_u64().expect("a number");
        assert_eq!(stats["total_messages"], json!(messages + 1));
        assert!(stats["total_users"].as_u64() > Some(8), "{stats}");
    } else {
        let expected = json!({"total_users": 2, "online_users": 0, "total_rooms": 1, "total_messages": 1});
        assert_eq!(stats, expected);
    }
    let (_, users) = owner.get("/admin/users").await;
    let users = users.as_array().expect("users");
    assert_eq!(json!(users.len()), stats["total_users"]);
    let amys = users.iter().find(|user| user["email"] == "amy@x.io").expect("amy");
    for key in [
        "id",
        "username",
        "first_name",
        "last_name",
        "role",
        "created_at",
        "last_seen",
    ] {
        assert!(amys[key].is_string(), "{key} of {amys}");
    }
}

async fn roles_are_given(owner: &Client, password: &str, amy: &Client) {
    let path = format!("/admin/users/{}/role", amy.number);
    let give = async |client: &Client, path: &str, body: Value| json(client.ask(Method::PUT, path).json(&body)).await;
    assert_eq!(
        give(amy, &path, json!({"role": "admin"})).await,
        (403, json!({"error": "Super admin access required"}))
    );
    assert_eq!(
        give(owner, &path, json!({"role": "king"})).await,
        (400, json!({"error": "Invalid role"}))
    );
    assert_eq!(
        give(owner, "/admin/users/7/role", json!({"role": "admin"})).await,
        (404, json!({"error": "User not found"}))
    );
    assert_eq!(
        give(owner, &path, json!({"role": "admin"})).await.0,
        403,
        "the password is needed"
    );
    let given = give(owner, &path, json!({"role": "admin", "password": password})).await;
    assert_eq!(given, (200, json!({"message": "User role updated to admin"})));
}

#[tokio::test]
async fn what_is_not_there_is_answered_so() {
    for setting in BOTH {
        let server = Server::with(setting.options().flag("--door", "guideops=127.0.0.1:0")).await;
        let own = own_listener(&server, "guideops").await;
        let ben = Client::register(&own, "Ben", "ben@x.io").await;
        for (method, path) in [
            (Method::GET, "/randomname"),
            (Method::GET, "/v2/system/status"),
            (Method::POST, "/v2/system/migrate"),
            (Method::POST, "/api/init/general-room"),
            (Method::POST, "/api/force-create-general"),
            (Method::DELETE, "/v2/rooms/0/clear"),
            (Method::POST, "/v2/bot/setup"),
            (Method::POST, "/v2/bot/webhook"),
            (Method::POST, "/api/upload"),
            (Method::GET, "/v2/debug/session"),
            (Method::GET, "/api/debug/redis"),
            (Method::GET, "/admin"),
            (Method::GET, "/register-page"),
        ] {
            let request = ben.ask(method.clone(), path).json(&json!({"text": "x"}));
            let (status, told) = words(request).await;
            assert!(matches!(status, 404 | 405), "{method} {path}: {status} {told}");
        }
        // Whoever looks at a page finds the web client there.
        for path in ["/admin", "/register-page"] {
            let page = ask(&own, Method::GET, path).header("Accept", "text/html");
            let (status, page) = words(page).await;
            assert!(status == 200 && page.contains("<html"), "{path}: {page}");
        }
    }
}
