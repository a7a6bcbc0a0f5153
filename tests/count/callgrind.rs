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
    pub fn end(&self) -> Counted {
        let before = newest(&self.folder);
        self.control("--dump=counted");
        self.control("--instr=off");
        let number = newest(&self.folder);
        assert_eq!(number, before + 1, "callgrind wrote one more dump");
        let mut counted = Counted::default();
        for (_, path) in dumps(&self.folder).iter().filter(|(other, _)| *other == number) {
            let text = std::fs::read_to_string(path).expect("the dump can be read");
            let totals = text.lines().find_map(|line| line.strip_prefix("totals: "));
            let instructions: u64 = totals.expect("a line of totals").trim().parse().expect("a number");
            counted.all += instructions;
            if text.contains("sqlite::writer::run") {
                counted.writer += instructions;
            }
        }
        assert!(counted.writer > 0, "no thread writes to the database");
        counted
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

/// Instructions of the whole process, and of them those of the thread that writes to the database.
#[derive(Clone, Copy, Default)]
pub struct Counted {
    pub all: u64,
    pub writer: u64,
}

fn newest(folder: &Path) -> u32 {
    dumps(folder).last().map_or(0, |(number, _)| *number)
}

/// One for each thread and time, oldest first: callgrind numbers them.
fn dumps(folder: &Path) -> Vec<(u32, PathBuf)> {
    let entries = std::fs::read_dir(folder).expect("the folder of dumps");
    let mut numbered: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.strip_prefix("dump.")?;
            let number = name.split('-').next()?.parse().ok()?;
            Some((number, path))
        })
        .collect();
    numbered.sort();
    numbered
}
