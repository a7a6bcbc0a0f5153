//! Beyond this machine nothing is served in the clear, unless it is asked for in so many words.

use std::process::{Output, Stdio};
use std::time::Duration;

use protocol::rest::Register;
use protocol::shapes::Role;
use support::people::registration;
use support::server::binary;
use support::{Options, Server, until, within};
use tokio::process::Command;

/// A start that is refused must be refused at once.
const SOON: Duration = Duration::from_secs(10);
/// What is wrong, and the two ways to mend it.
const WORDS: [&str; 3] = [
    "without TLS",
    "set public_url to its https:// address",
    "set insecure = true",
];

/// Runs `rill` with these words on a folder of its own; it must end by itself.
async fn rill(words: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = Command::new(binary())
        .args(words)
        .arg("--data")
        .arg(folder.path().join("data"))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    within(SOON, "rill to end", output).await.expect("rill runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn beyond_loopback_the_server_starts_only_behind_tls_or_when_it_is_told_to() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        for more in [
            [].as_slice(),
            &["--public-url", "http://chat.example.org"],
            &["--insecure", "false"],
        ] {
            let words = [["--listen", address].as_slice(), more].concat();
            let refused = rill(&[["serve"].as_slice(), &words].concat()).await;
            let complaint = text(&refused.stderr);
            assert_eq!(refused.status.code(), Some(1), "{words:?}: {complaint}");
            for part in WORDS {
                assert!(complaint.contains(part), "{words:?}: {complaint}");
            }
            let checked = rill(&[["check"].as_slice(), &words].concat()).await;
            let told = text(&checked.stdout);
            assert_eq!(checked.status.code(), Some(1), "{words:?}: {told}");
            let line = told.lines().find(|line| line.starts_with("FAIL transport"));
            let line = line.unwrap_or_else(|| panic!("{words:?}: {told}"));
            assert!(WORDS.iter().all(|part| line.contains(part)), "{words:?}: {line}");
        }
    }
    for words in [
        [
            "check",
            "--listen",
            "0.0.0.0:0",
            "--public-url",
            "https://chat.example.org",
        ],
        ["check", "--listen", "0.0.0.0:0", "--insecure", "true"],
        ["check", "--listen", "127.0.0.1:0", "--insecure", "false"],
    ] {
        let checked = rill(&words).await;
        assert!(checked.status.success(), "{words:?}: {}", text(&checked.stdout));
    }
}

#[tokio::test]
async fn a_server_that_others_can_reach_prints_a_code_that_its_first_account_needs() {
    let options = Options::default().everywhere().flag("--insecure", "true");
    let server = Server::with(options).await;
    let code = until("the code is printed", async || {
        let log = server.log();
        let code = log.split("its setup code is ").nth(1)?.lines().next()?;
        Some(code.trim().to_owned())
    })
    .await;
    assert!(code.len() >= 10, "{code}");
    let info = server.api().server_info().await.expect("server info");
    assert!(info.first_account && info.setup_code_needed);
    for wrong in [None, Some("aaaaa-aaaaa".to_owned())] {
        let register = Register {
            setup_code: wrong,
            ..registration("thief")
        };
        let refused = server.api().register(&register).await.expect_err("refused");
        assert_eq!(refused.code(), Some("setup_code_needed"));
    }
    let register = Register {
        setup_code: Some(code.clone()),
        ..registration("owner")
    };
    let owner = server.api().register(&register).await.expect("registered");
    assert_eq!(owner.me.person.role, Role::SuperAdmin);
    let register = Register {
        setup_code: Some(code),
        ..registration("second")
    };
    let second = server.api().register(&register).await.expect("registered");
    assert_eq!(second.me.person.role, Role::User, "the code is good for one owner");
}
