//! A real terminal with `rill` in it: a tmux server of its own, keys typed into it, and its screen read.

use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::people::{PASSWORD, Person};
use crate::server::binary;
use crate::wait::{LIMIT, pause, until, within};

/// Somebody's machine: a home with their session, and a terminal if one is open. Ends its tmux server when dropped.
pub struct Terminal {
    home: TempDir,
    socket: PathBuf,
}

/// What a command left behind.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub error: String,
}

impl Terminal {
    /// A machine on which this person is signed in at the server of this URL.
    pub async fn of(person: &Person, url: &str) -> Self {
        let home = tempfile::tempdir().expect("a home");
        let socket = home.path().join("tmux");
        let terminal = Self { home, socket };
        let ended = terminal
            .rill(&["login", url, "--user", &person.username], &format!("{PASSWORD}\n"))
            .await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        terminal
    }

    /// Writes the settings of the terminal client there.
    pub fn setting(&self, text: &str) {
        let folder = self.home.path().join(".config/rill");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("chat.toml"), text).expect("written");
    }

    /// The folder in which everything is kept there.
    pub fn state(&self) -> PathBuf {
        self.home.path().join(".local/state/rill")
    }

    /// Waits until this text is in an outbox on the disk.
    pub async fn kept(&self, text: &str) {
        until(&format!("{text} is on the disk"), async || {
            let mut folders = vec![self.state()];
            while let Some(folder) = folders.pop() {
                for entry in std::fs::read_dir(folder).ok()?.filter_map(Result::ok) {
                    let path = entry.path();
                    let is_outbox = path.extension().is_some_and(|extension| extension == "jsonl");
                    if path.is_dir() {
                        folders.push(path);
                    } else if is_outbox && std::fs::read_to_string(&path).is_ok_and(|kept| kept.contains(text)) {
                        return Some(());
                    }
                }
            }
            None
        })
        .await;
    }

    /// Kills what runs in the terminal (SIGKILL), and closes it.
    pub async fn kill(&self) {
        let pid = self.tmux(&["display-message", "-p", "-t", "t", "#{pane_pid}"]).await;
        let killed = Command::new("kill")
            .args(["-KILL", pid.trim()])
            .status()
            .await
            .expect("kill exists");
        assert!(killed.success(), "it was gone before");
        self.closed().await;
    }

    /// Waits until the program in the terminal has ended, which closes it.
    pub async fn closed(&self) {
        until("the terminal is closed", async || {
            let mut asked = Command::new("tmux");
            asked
                .arg("-S")
                .arg(&self.socket)
                .args(["has-session", "-t", "t"])
                .stderr(Stdio::null());
            let asked = asked.status().await.expect("tmux runs");
            (!asked.success()).then_some(())
        })
        .await;
    }

    /// Runs a command there to its end.
    pub async fn rill(&self, words: &[&str], typed: &str) -> Ended {
        let mut child = self.command(words).spawn().expect("rill runs");
        let mut input = child.stdin.take().expect("an input");
        // A command that does not read its input may have ended before.
        let _ = input.write_all(typed.as_bytes()).await;
        drop(input);
        let output = within(LIMIT * 2, &format!("rill {words:?} to end"), child.wait_with_output()).await;
        let output = output.expect("it ends");
        Ended {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            error: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The command, to be started by the caller; killed when dropped.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(words)
            .env("HOME", self.home.path())
            .env("TZ", "UTC")
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Opens a terminal of this size with `rill` and these words in it.
    pub async fn open(&self, columns: u16, rows: u16, words: &[&str]) {
        let size = [columns.to_string(), rows.to_string()];
        let program = binary().canonicalize().expect("a path");
        let home = format!("HOME={}", self.home.path().display());
        let mut arguments: Vec<&str> = vec![
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-s",
            "t",
            "-x",
            &size[0],
            "-y",
            &size[1],
        ];
        arguments.extend([
            "env",
            "-u",
            "XDG_STATE_HOME",
            "-u",
            "XDG_CONFIG_HOME",
            "-u",
            "NO_COLOR",
            "TZ=UTC",
            "LC_ALL=C.UTF-8",
            "EDITOR=vi",
            &home,
        ]);
        arguments.push(program.to_str().expect("UTF-8"));
        arguments.extend(words);
        self.tmux(&arguments).await;
    }

    /// Types text as it is.
    pub async fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-t", "t", "-l", text]).await;
    }

    /// Presses keys by tmux's names: `Enter`, `Escape`, `C-k`, `PageUp`.
    pub async fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys", "-t", "t"], keys].concat()).await;
    }

    /// Makes the terminal another size.
    pub async fn resize(&self, columns: u16, rows: u16) {
        self.tmux(&[
            "resize-window",
            "-t",
            "t",
            "-x",
            &columns.to_string(),
            "-y",
            &rows.to_string(),
        ])
        .await;
    }

    /// What is on the screen.
    pub async fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-t", "t"]).await
    }

    /// The title of the terminal, and what is in tmux's clipboard.
    pub async fn title_and_clipboard(&self) -> (String, String) {
        let title = self.tmux(&["display-message", "-p", "-t", "t", "#{pane_title}"]).await;
        (title, self.tmux(&["list-buffers"]).await)
    }

    /// Waits until the screen holds this; tells what it held instead.
    pub async fn shows(&self, wanted: &str) -> String {
        self.shows_when(wanted, |screen| screen.contains(wanted)).await
    }

    /// Waits until the screen is so.
    pub async fn shows_when(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let begun = tokio::time::Instant::now();
        loop {
            let screen = self.screen().await;
            if is_so(&screen) {
                return screen;
            }
            assert!(begun.elapsed() < LIMIT, "the terminal never showed {what:?}:\n{screen}");
            pause().await;
        }
    }

    async fn tmux(&self, arguments: &[&str]) -> String {
        let ran = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .args(arguments)
            .stdin(Stdio::null())
            .output();
        let ran = within(LIMIT, &format!("tmux {arguments:?}"), ran)
            .await
            .expect("tmux is installed: run bin/setup");
        assert!(
            ran.status.success(),
            "tmux {arguments:?}: {}",
            String::from_utf8_lossy(&ran.stderr)
        );
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut end = std::process::Command::new("tmux");
        // There is no server where no terminal was opened.
        let _ = end
            .arg("-S")
            .arg(&self.socket)
            .arg("kill-server")
            .stderr(Stdio::null())
            .status();
    }
}
