//! The outbox on disk: lines that add and strike, synced before anything is sent, read again by the next run.
//!
//! Each running client has a file of its own, held by a lock; a file that nobody holds is taken over by the next one.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::state::unsent::Unsent;

/// After so many lines the file is written anew with what is left of them.
const LINES_MAX: usize = 4096;

/// A file of lines, locked by this process.
pub struct Journal {
    path: PathBuf,
    file: File,
    lines: usize,
    items: Vec<Unsent>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Keep(Unsent),
    Drop(String),
}

impl Journal {
    /// Opens the folder's outbox with everything that others left in it.
    pub fn open(folder: &Path, name: &str) -> io::Result<(Self, Vec<Unsent>)> {
        let mut own: Option<Self> = None;
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "jsonl") {
                continue;
            }
            let Some(found) = Self::take_over(path)? else { continue };
            match &mut own {
                None => own = Some(found),
                Some(own) => {
                    own.write(&found.items, &[])?;
                    found.file.set_len(0)?;
                }
            }
        }
        let journal = match own {
            Some(journal) => journal,
            None => Self::take_over(folder.join(format!("{name}.jsonl")))?
                .ok_or_else(|| io::Error::other("a new outbox is locked by somebody else"))?,
        };
        let items = journal.items.clone();
        Ok((journal, items))
    }

    /// Adds and strikes; when it returns, all of it is on the disk.
    pub fn write(&mut self, keep: &[Unsent], drop: &[String]) -> io::Result<()> {
        let kept = keep.iter().cloned().map(Line::Keep);
        let lines: Vec<Line> = kept.chain(drop.iter().cloned().map(Line::Drop)).collect();
        let mut text = Vec::new();
        for line in &lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        let end = self.file.seek(SeekFrom::End(0))?;
        if let Err(error) = self.file.write_all(&text).and_then(|()| self.file.sync_data()) {
            // What was written of it must not tear the next line.
            self.file.set_len(end)?;
            return Err(error);
        }
        self.lines += lines.len();
        lines.into_iter().for_each(|line| apply(&mut self.items, line));
        if self.items.is_empty() {
            self.file.set_len(0)?;
            self.lines = 0;
        } else if self.lines > LINES_MAX {
            self.compact()?;
        }
        Ok(())
    }

    /// The file if nobody else holds it.
    fn take_over(path: PathBuf) -> io::Result<Option<Self>> {
        let file = open(&path)?;
        if file.try_lock().is_err() {
            return Ok(None);
        }
        let (mut items, mut lines) = (Vec::new(), 0);
        for line in BufReader::new(&file).split(b'\n') {
            // The last line may be torn: what it would have added was never called kept.
            if let Ok(line) = serde_json::from_slice(&line?) {
                apply(&mut items, line);
            }
            lines += 1;
        }
        let mut journal = Self {
            path,
            file,
            lines,
            items,
        };
        if journal.lines > 0 {
            // Without a torn line at its end.
            journal.compact()?;
        }
        Ok(Some(journal))
    }

    /// Writes what is left into a new file, which takes the place of the old one.
    fn compact(&mut self) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let file = open(&new)?;
        file.set_len(0)?;
        file.lock()?;
        let items = std::mem::take(&mut self.items);
        let mut fresh = Self {
            path: self.path.clone(),
            file,
            lines: 0,
            items: Vec::new(),
        };
        if !items.is_empty() {
            fresh.write(&items, &[])?;
        }
        std::fs::rename(&new, &self.path)?;
        *self = fresh;
        Ok(())
    }
}

fn apply(items: &mut Vec<Unsent>, line: Line) {
    match line {
        Line::Keep(item) => match items.iter_mut().find(|other| other.client_id == item.client_id) {
            Some(other) => *other = item,
            None => items.push(item),
        },
        Line::Drop(client_id) => items.retain(|other| other.client_id != client_id),
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::state::unsent::{Stage, What};

    fn item(number: usize) -> Unsent {
        Unsent {
            client_id: format!("c-{number}"),
            room: Uuid::nil(),
            at: "2026-11-21T10:00:00Z".into(),
            what: What::Post {
                text: format!("text {number}"),
                reply_to: None,
            },
            failed: None,
            stage: Stage::New,
        }
    }

    fn ids(items: &[Unsent]) -> Vec<&str> {
        items.iter().map(|item| item.client_id.as_str()).collect()
    }

    #[test]
    fn what_was_written_is_there_for_the_next_run_and_what_was_struck_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut journal, left) = Journal::open(folder.path(), "one").expect("opened");
        assert!(left.is_empty());
        journal.write(&[item(1), item(2), item(3)], &[]).expect("written");
        let changed = Unsent {
            failed: Some("no".into()),
            ..item(3)
        };
        journal
            .write(std::slice::from_ref(&changed), &["c-1".into()])
            .expect("written");
        drop(journal);
        let (_, left) = Journal::open(folder.path(), "two").expect("opened");
        assert_eq!(ids(&left), ["c-2", "c-3"]);
        assert_eq!(left[1].failed, changed.failed);
    }

    #[test]
    fn a_torn_line_is_left_out_and_what_follows_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut journal, _) = Journal::open(folder.path(), "one").expect("opened");
        journal.write(&[item(1)], &[]).expect("written");
        journal
            .file
            .write_all(b"{\"keep\":{\"client_id\":\"c-2\",\"ro")
            .expect("torn");
        drop(journal);
        let (mut journal, left) = Journal::open(folder.path(), "one").expect("opened");
        assert_eq!(ids(&left), ["c-1"]);
        journal.write(&[item(3)], &[]).expect("written");
        drop(journal);
        assert_eq!(
            ids(&Journal::open(folder.path(), "one").expect("opened").1),
            ["c-1", "c-3"]
        );
    }

    #[test]
    fn two_that_run_have_a_file_each_and_the_next_one_takes_over_both() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut one, _) = Journal::open(folder.path(), "one").expect("opened");
        one.write(&[item(1)], &[]).expect("written");
        let (mut two, left) = Journal::open(folder.path(), "two").expect("opened");
        assert!(left.is_empty(), "the first one runs");
        two.write(&[item(2)], &[]).expect("written");
        drop((one, two));
        let (_three, left) = Journal::open(folder.path(), "three").expect("opened");
        let mut found = ids(&left);
        found.sort_unstable();
        assert_eq!(found, ["c-1", "c-2"]);
        assert!(Journal::open(folder.path(), "four").expect("opened").1.is_empty());
    }

    #[test]
    fn the_file_stays_short_however_much_goes_through_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut journal, _) = Journal::open(folder.path(), "one").expect("opened");
        journal.write(&[item(0)], &[]).expect("written");
        for round in 1..30 {
            let many: Vec<Unsent> = (0..100).map(|number| item(round * 100 + number)).collect();
            let gone: Vec<String> = many.iter().map(|item| item.client_id.clone()).collect();
            journal.write(&many, &gone).expect("written");
        }
        assert!(journal.lines <= LINES_MAX + 200);
        assert_eq!(ids(&journal.items), ["c-0"]);
    }
}
