//! `rill bench` as people run it who doubt a figure: every scenario in small, judged for sense and never for speed.

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use support::Server;
use support::postgres::Postgres;
use support::redis::Redis;
use support::server::binary;
use support::wait::{until, within};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::broadcast;
use tokio_tungstenite::accept_async;

/// A short run in a build without optimisation, beside all other tests.
const RUN_WAIT: Duration = Duration::from_secs(120);

async fn bench(words: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let run = Command::new(binary())
        .arg("bench")
        .args(words.split(' '))
        .arg("--json")
        .arg("--folder")
        .arg(folder.path())
        .kill_on_drop(true)
        .output();
    let output = within(RUN_WAIT, "the run to end", run).await.expect("rill runs");
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder").collect();
    assert!(left.is_empty(), "{left:?} is left behind");
    output
}

async fn figures(words: &str) -> Value {
    let output = bench(words).await;
    assert!(
        output.status.success(),
        "{words}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The number at a path such as `figures/fastest/server/per_second`.
fn number(report: &Value, path: &str) -> f64 {
    let found = report.pointer(&format!("/{path}")).and_then(Value::as_f64);
    found.unwrap_or_else(|| panic!("no number at {path} in {report:#}"))
}

fn ordered(report: &Value, path: &str) {
    let at = ["p50_ms", "p99_ms", "p999_ms", "max_ms"].map(|name| number(report, &format!("{path}/{name}")));
    assert!(at[0] > 0.0 && at.is_sorted(), "{path}: {at:?}");
}

#[tokio::test]
async fn fanout_counts_what_arrives_beside_its_floor() {
    for transport in ["websocket", "sse", "socketio"] {
        let words =
            format!("fanout --listeners 20 --senders 4 --burst 2 --rounds 1 --seconds 1 --transport {transport}");
        let report = figures(&words).await;
        assert_eq!(report["scenario"], "fanout");
        assert_eq!(number(&report, "settings/listeners"), 20.0);
        // The text has 200 bytes, and the rest of its frame some more.
        assert!(number(&report, "settings/frame_bytes") > 300.0, "{report:#}");
        for side in ["server", "floor"] {
            assert!(
                number(&report, &format!("figures/fastest/{side}/per_second")) > 40.0,
                "{report:#}"
            );
            ordered(&report, &format!("figures/latency/{side}"));
            ordered(&report, &format!("figures/latency_last/{side}"));
        }
        let ratio =
            number(&report, "figures/fastest/server/per_second") / number(&report, "figures/fastest/floor/per_second");
        let said = number(&report, "ratios/per_second");
        assert!((said / ratio - 1.0).abs() < 0.01, "{said} is not {ratio}");
    }
}

#[tokio::test]
async fn ingest_counts_acknowledgements_beside_bare_commits_of_the_same_rows() {
    let report = figures("ingest --connections 20 --messages 200 --rooms 2 --rounds 1 --seconds 1").await;
    assert_eq!(number(&report, "settings/messages"), 200.0);
    for side in ["server", "floor"] {
        assert!(number(&report, &format!("figures/fastest/{side}/per_second")) > 0.0);
    }
    ordered(&report, "figures/latency/server");
    ordered(&report, "figures/latency/commit_of_8");
    assert!(number(&report, "ratios/per_second") > 0.0);
}

#[tokio::test]
async fn two_servers_on_one_database_are_measured_beside_bare_inserts_of_the_same_rows() {
    let postgres = Postgres::shared();
    let place = format!(
        "--database {} --redis {} --nodes 2",
        postgres.address("postgres"),
        Redis::shared().url()
    );
    let words =
        format!("ingest --connections 20 --messages 200 --rooms 2 --listeners 4 --rounds 1 --seconds 1 {place}");
    let report = figures(&words).await;
    assert_eq!(number(&report, "settings/nodes"), 2.0);
    for side in ["server", "floor"] {
        assert!(number(&report, &format!("figures/fastest/{side}/per_second")) > 0.0);
    }
    for line in [
        "latency/server",
        "latency/delivery",
        "latency_half/server",
        "latency_half/delivery",
        "latency/commit_of_8",
    ] {
        ordered(&report, &format!("figures/{line}"));
    }
    let report = figures(&format!(
        "fanout --listeners 20 --senders 4 --rounds 1 --seconds 1 {place}"
    ))
    .await;
    assert!(number(&report, "figures/fastest/server/per_second") > 20.0);
    let left = postgres.sql(
        "postgres",
        "select count(*) from pg_database where datname like 'rill_bench%'",
    );
    assert_eq!(left, "0", "databases are left behind");
}

#[tokio::test]
async fn several_servers_without_what_joins_them_are_refused() {
    for words in [
        "ingest --nodes 2",
        "ingest --redis redis://127.0.0.1:1",
        "fanout --nodes 2 --database postgres://h/d",
    ] {
        let refused = bench(words).await;
        assert!(!refused.status.success(), "{words}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("--database"), "{said}");
    }
}

#[tokio::test]
async fn idle_holds_connections_beside_bare_sockets() {
    let report = figures("idle --connections 40 --seconds 1").await;
    assert_eq!(number(&report, "figures/memory/server/connections"), 40.0);
    assert_eq!(number(&report, "figures/memory/floor/connections"), 40.0);
    assert!(number(&report, "figures/memory/server/opened_per_second") > 0.0);
}

/// More than one process may open: others hold the rest, at several servers, and none is lost.
#[tokio::test]
async fn idle_holds_more_connections_than_a_process_may_open() {
    let place = format!(
        "--database {} --redis {} --nodes 2",
        Postgres::shared().address("postgres"),
        Redis::shared().url()
    );
    let words = format!("idle --connections 400 --accounts 3 --seconds 1 {place}");
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 400 && exec \"$0\" bench \"$@\" --json"])
        .arg(binary())
        .args(words.split(' '))
        .arg("--folder")
        .arg(folder.path())
        .kill_on_drop(true)
        .output();
    let output = within(RUN_WAIT, "the run to end", output).await.expect("rill runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for side in ["server", "floor"] {
        assert_eq!(number(&report, &format!("figures/memory/{side}/connections")), 400.0);
    }
    let output = bench(&format!("idle --connections 1000000 {place}")).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("--nodes"), "{said}");
}

#[tokio::test]
async fn resume_waits_until_everybody_has_what_they_missed() {
    let report = figures("resume --clients 30 --missed 20 --rounds 1").await;
    for side in ["server", "floor"] {
        ordered(&report, &format!("figures/complete/{side}"));
        assert!(number(&report, &format!("figures/complete/{side}/all_complete_ms")) > 0.0);
    }
}

#[tokio::test]
async fn rooms_count_what_arrives_in_each_of_many_rooms() {
    let words = "rooms --rooms 6 --members 2 --accounts 3 --connections 12 --window 4 --rounds 1 --seconds 1";
    let report = figures(words).await;
    for side in ["server", "floor"] {
        assert!(
            number(&report, &format!("figures/fastest/{side}/per_second")) > 8.0,
            "{report:#}"
        );
        ordered(&report, &format!("figures/latency/{side}"));
    }
}

#[tokio::test]
async fn history_asks_the_same_of_a_long_log_and_a_short_one() {
    let report = figures("history --messages 400 --short 200 --questions 3 --rounds 1").await;
    let questions = report["figures"]["questions"].as_object().expect("lines");
    assert!(questions.len() > 8, "{report:#}");
    for question in questions.keys() {
        assert!(number(&report, &format!("figures/questions/{question}/ratio_p50")) > 0.0);
    }
}

#[tokio::test]
async fn mixed_is_a_working_day_beside_as_many_bare_writes() {
    let words = "mixed --rooms 6 --members 2 --accounts 3 --connections 12 --rate 60 --rounds 1 --seconds 2";
    let report = figures(words).await;
    for line in [
        "message_delivered",
        "command_answered",
        "page_of_history",
        "bare_frame_delivered",
    ] {
        ordered(&report, &format!("figures/latency/{line}"));
    }
    assert!(number(&report, "figures/day/server/frames_per_second") > 1.0);
}

#[tokio::test]
async fn a_server_that_runs_already_is_measured_where_it_is() {
    let server = Server::start().await;
    let url = server.url();
    let words = format!("fanout --url {url} --listeners 10 --senders 2 --accounts 2 --rounds 1 --seconds 1");
    let report = figures(&words).await;
    assert_eq!(report["settings"]["url"], url);
    assert!(number(&report, "figures/fastest/server/per_second") > 10.0);
    // Whose time it would be, nobody said.
    assert!(report["figures"]["fastest"]["server"]["per_core_second"].is_null());
}

#[tokio::test]
async fn the_same_load_measures_our_server_bare_sockets_and_a_server_of_somebody_else() {
    let url = format!("http://{}", broadcasts().await);
    for (dialect, frame_bytes) in [
        // The text has 200 bytes, and the header of a frame four; ours says more than the text.
        (format!("plain --url {url}"), 204..205),
        ("floor".into(), 204..205),
        ("rill".into(), 400..1000),
    ] {
        let words = format!("peer --dialect {dialect} --listeners 20 --senders 4 --burst 4 --messages 10 --seconds 1");
        let report = figures(&words).await;
        let found = number(&report, "settings/frame_bytes") as u64;
        assert!(frame_bytes.contains(&found), "{dialect}: {found}");
        ordered(&report, "figures/latency_last/server");
        let mut expected = vec!["fastest/one_at_a_time/per_second", "fastest/in_bursts/per_second"];
        // Whose time and memory it would be, nobody said of a server that runs already.
        if !dialect.contains("--url") {
            expected.extend(["fastest/in_bursts/per_core_second", "memory/server/resident_bytes"]);
        }
        for figure in expected {
            assert!(
                number(&report, &format!("figures/{figure}")) > 20.0,
                "{figure}: {report:#}"
            );
        }
    }
}

/// A server of a few lines that sends what one says to all.
async fn broadcasts() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let (room, _) = broadcast::channel(1024);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (room, mut hears) = (room.clone(), room.subscribe());
            tokio::spawn(async move {
                let (mut write, mut read) = accept_async(stream).await.expect("a handshake").split();
                let hear = async {
                    while let Ok(message) = hears.recv().await {
                        if write.send(message).await.is_err() {
                            return;
                        }
                    }
                };
                let speak = async {
                    while let Some(Ok(message)) = read.next().await {
                        room.send(message).expect("at least this connection hears it");
                    }
                };
                tokio::join!(hear, speak);
            });
        }
    });
    address
}

#[tokio::test]
async fn a_wrong_flag_is_refused_with_what_would_be_right() {
    for (words, hint) in [
        ("fanout --url https://chat.example.org", "plain HTTP"),
        ("fanout --transport pigeon", "websocket"),
        ("fanout --pid 1", "--url"),
        ("fanout --listeners none", "--listeners"),
        ("peer --dialect plain", "--url"),
        ("peer --dialect latin", "nats"),
    ] {
        let output = bench(words).await;
        assert!(!output.status.success(), "{words}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(hint), "{words}: {said}");
    }
}

#[tokio::test]
async fn an_interrupted_run_leaves_no_server_and_no_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut run = Command::new(binary())
        .args(["bench", "idle", "--connections", "8", "--seconds", "600", "--folder"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("rill runs");
    let pid = run.id().expect("it runs").to_string();
    let children = format!("/proc/{pid}/task/{pid}/children");
    let server = until("the server of the run listens", async || {
        let made = std::fs::read_dir(folder.path()).ok()?.next()?.ok()?;
        std::fs::read_to_string(made.path().join("ready")).ok()?;
        std::fs::read_to_string(&children)
            .ok()?
            .split_whitespace()
            .next()
            .map(str::to_owned)
    })
    .await;
    let told = Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .await
        .expect("kill exists");
    assert!(told.success());
    let ended = within(RUN_WAIT, "the run to end", run.wait())
        .await
        .expect("it can be waited for");
    assert_eq!(ended.code(), Some(130));
    until("the server is gone", async || {
        // Whoever starts next may get its number, but not soon.
        let command = std::fs::read_to_string(format!("/proc/{server}/cmdline")).unwrap_or_default();
        (!command.contains("--ready-file")).then_some(())
    })
    .await;
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
}
