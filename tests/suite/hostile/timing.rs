//! The time of an answer tells no more than its words.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::Server;
use support::people::PASSWORD;

/// So many attempts of each kind; an odd number has a middle.
const ATTEMPTS: usize = 31;

async fn time_of(server: &Server, body: &Value, expected: StatusCode) -> Duration {
    let request = server.api().open(Method::POST, "sessions").json(body);
    let began = Instant::now();
    let status = request.send().await.expect("an answer").status();
    let time = began.elapsed();
    assert_eq!(status, expected, "{body}");
    time
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

#[tokio::test]
async fn an_unknown_name_takes_as_long_to_refuse_as_a_wrong_password() {
    let server = Server::start().await;
    server.person("ada").await;
    let attempt = |login: &str, password: &str| json!({"login": login, "password": password, "session": "token"});
    let (mut unknown, mut wrong, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..ATTEMPTS {
        // In turns, so that whatever else the machine does slows all kinds alike.
        let nobody = attempt(&format!("nobody{number}"), PASSWORD);
        unknown.push(time_of(&server, &nobody, StatusCode::UNAUTHORIZED).await);
        let guess = attempt("ada", &format!("not her password {number}"));
        wrong.push(time_of(&server, &guess, StatusCode::UNAUTHORIZED).await);
        let no_password = json!({"login": "ada", "session": "token"});
        unread.push(time_of(&server, &no_password, StatusCode::UNPROCESSABLE_ENTITY).await);
    }
    let (unknown, wrong, unread) = (median(unknown), median(wrong), median(unread));
    let ratio = unknown / wrong;
    println!("unknown {unknown:.4} s, wrong {wrong:.4} s, ratio {ratio:.2}; without hashing {unread:.4} s");
    assert!(
        (0.5..=2.0).contains(&ratio),
        "{unknown:.4} s against {wrong:.4} s: a ratio of {ratio:.2}"
    );
    // What an answer without hashing takes: were names told apart by skipping it, the ratio above would show that.
    assert!(
        unread * 2.5 < wrong,
        "hashing does not show in {wrong:.4} s against {unread:.4} s"
    );
}
