//! Turns the counting of a process under callgrind on and off, by `callgrind_control` (Valgrind's manual, chapter 6).

use std::path::{Path, PathBuf};
use std::process::Command;

/// A process that `bin/count` has put under callgrind, with its dumps in the folder `COUNT_FOLDER`.
pub struct Callgrind {
    pid: String,
    folder: PathBuf,
}

impl Callgrind {
    pub fn around(pid: u32) -> Self {
        let folder = std::env::var_os("COUNT_FOLDER").expect("COUNT_FOLDER: run this by bin/count");
        Self {
            pid: pid.to_string(),
            folder: folder.into(),
        }
    }

    /// Counts from here.
    pub fn begin(&self) {
        self.control("--instr=on");
        self.control("--zero");
    }

    /// Counts no longer: how many instructions it were.
    pub fn end(&self) -> u64 {
        let before = dumps(&self.folder).len();
        self.control("--dump=counted");
        self.control("--instr=off");
        let dumps = dumps(&self.folder);
        assert_eq!(dumps.len(), before + 1, "callgrind wrote one more dump: {dumps:?}");
        let newest = dumps.last().expect("a dump");
        let text = std::fs::read_to_string(newest).expect("the dump can be read");
        let totals = text.lines().find_map(|line| line.strip_prefix("totals: "));
        totals.expect("a line of totals").trim().parse().expect("a number")
    }

    fn control(&self, what: &str) {
        let done = Command::new("callgrind_control").args([what, &self.pid]).output();
        let done = done.expect("callgrind_control: install valgrind");
        assert!(
            done.status.success(),
            "{what}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
}

/// Oldest first: callgrind numbers them.
fn dumps(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder of dumps");
    let mut numbered: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let number = path.file_name()?.to_str()?.strip_prefix("dump.")?.parse().ok()?;
            Some((number, path))
        })
        .collect();
    numbered.sort();
    numbered.into_iter().map(|(_, path)| path).collect()
}
