//! Child processes and folders of a run, which are gone at its end however it ends.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ArgMatches;
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;

use super::machine;

/// How long a child may take until it listens, and between two looks.
const READY_WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The end of a log that is shown when a child does not start.
const LOG_BYTES_SHOWN: usize = 2_000;
/// What a shell answers for a process that was interrupted.
const INTERRUPTED: i32 = 130;

/// What has to go when this process is interrupted.
static LEFT_BEHIND: Mutex<LeftBehind> = Mutex::new(LeftBehind {
    children: Vec::new(),
    folders: Vec::new(),
});

struct LeftBehind {
    children: Vec<Pid>,
    folders: Vec<PathBuf>,
}

impl LeftBehind {
    fn change(change: impl FnOnce(&mut Self)) {
        change(&mut LEFT_BEHIND.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Ends this process at SIGINT or SIGTERM, its children and folders first.
pub fn tidy_up_when_interrupted() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) =
        runtime.block_on(async { anyhow::Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)) })?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        LeftBehind::change(|left| {
            for child in &left.children {
                // It may have ended by itself.
                let _ = kill_process(*child, Signal::KILL);
            }
            for folder in &left.folders {
                let _ = fs::remove_dir_all(folder);
            }
            std::process::exit(INTERRUPTED);
        });
    })?;
    Ok(())
}

/// A fresh folder that goes when it is dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes one inside of `parent`.
    pub fn new(parent: &Path) -> Result<Self> {
        let path = parent.join(format!("rill-bench-{}", Uuid::now_v7().simple()));
        fs::create_dir(&path).with_context(|| format!("cannot make a folder in {}", parent.display()))?;
        LeftBehind::change(|left| left.folders.push(path.clone()));
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed was removed by somebody else.
        let _ = fs::remove_dir_all(&self.0);
        LeftBehind::change(|left| left.folders.retain(|folder| folder != &self.0));
    }
}

/// A process of this program on its own core, killed when it is dropped.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `rill ARGUMENTS` in `folder`, which takes its log. `core` is where it stays.
    pub fn start(binary: &Path, core: Option<usize>, folder: &Path, arguments: &[String]) -> Result<Self> {
        let log = File::options().create(true).append(true).open(folder.join("log"))?;
        let own = std::env::current_exe().context("this program does not find itself")?;
        let mut command = Command::new(own);
        command.args(["bench", "pinned"]);
        command.args(core.map(|core| format!("--core={core}")));
        command.arg("--").arg(binary).args(arguments);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RILL_")) {
            command.env_remove(name);
        }
        command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("{} does not start", binary.display()))?;
        LeftBehind::change(|left| left.children.push(Pid::from_child(&child)));
        Ok(Self { child })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the child writes into `ready` once it listens; its log as an error if it ends instead.
    pub async fn ready(&mut self, folder: &Path, ready: &Path) -> Result<String> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}:\n{}", log_end(folder));
            }
            if let Some(text) = fs::read_to_string(ready).ok().filter(|text| !text.trim().is_empty()) {
                return Ok(text.trim().to_owned());
            }
            if began.elapsed() > READY_WAIT {
                bail!("the server does not get ready:\n{}", log_end(folder));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Ends it as a crash would, and returns when it is gone.
    pub fn kill(&mut self) {
        // A child that has ended already needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let pid = Pid::from_child(&self.child);
        LeftBehind::change(|left| left.children.retain(|child| *child != pid));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn log_end(folder: &Path) -> String {
    let log = fs::read(folder.join("log")).unwrap_or_default();
    String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_BYTES_SHOWN)..]).into_owned()
}

/// `rill bench pinned`: goes to its core, dies with who started it, and becomes the program that is asked for.
pub fn pinned(matches: &ArgMatches) -> Result<()> {
    use std::os::unix::process::CommandExt;
    if let Some(core) = matches.get_one::<usize>("core") {
        machine::pin(*core)?;
    }
    machine::raise_files_max();
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let mut words = matches.get_many::<std::ffi::OsString>("command").into_iter().flatten();
    let program = words.next().context("there is no program to start")?;
    let failure = Command::new(program).args(words).exec();
    Err(failure).with_context(|| format!("{} does not start", program.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_everything_in_it() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(parent.path()).expect("a folder");
        let path = folder.path().to_owned();
        fs::write(path.join("file"), "x").expect("written");
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn the_parent_of_a_folder_must_be_there() {
        let problem = Folder::new(Path::new("/nowhere/at/all"))
            .err()
            .expect("refused")
            .to_string();
        assert!(problem.contains("/nowhere/at/all"), "{problem}");
    }
}
