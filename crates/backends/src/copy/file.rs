//! A backup: one file of JSON lines, the same from every database and for every database (docs/operations.md).
//!
//! First a line that says what it is; then each table with its columns, its rows, and how many they were with their
//! hash; last a line with the hash of all that. Whoever reads it notices whatever is missing or changed.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use ring::digest::{self, SHA256};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use super::row::{Batch, Pour, Sum, hex, read};
use super::tables::{Kind, TABLES, Table};

/// The number of this format.
const FORMAT: u64 = 1;
/// Twice what the longest row has: a picture, in hexadecimal.
const LINE_MAX: usize = 4 * 1024 * 1024;

/// A file that is being written, under another name until it is whole.
pub(crate) struct Writer {
    out: BufWriter<File>,
    context: digest::Context,
    path: PathBuf,
}

/// The name of a file that is not whole yet.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

/// A new file that only its owner may read; what an interrupted attempt left is written over.
pub(crate) fn create_private(path: &Path) -> anyhow::Result<File> {
    let removed = std::fs::remove_file(path);
    if let Err(problem) = removed
        && problem.kind() != std::io::ErrorKind::NotFound
    {
        return Err(problem).with_context(|| format!("cannot write over {}", path.display()));
    }
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Gives a whole file its name, on the disk as well.
pub(crate) fn rename_whole(from: &Path, to: &Path) -> anyhow::Result<()> {
    File::open(from)?.sync_all().context("the disk does not take it")?;
    if to.exists() {
        bail!("{} has come to be meanwhile; it is left as it is", to.display());
    }
    std::fs::rename(from, to).with_context(|| format!("cannot name it {}", to.display()))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?
        .sync_all()
        .context("the disk does not take its name")
}

impl Writer {
    /// Begins a file; refuses to write over one.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        if path.exists() {
            bail!("{} exists already; a backup is never written over", path.display());
        }
        let mut writer = Self {
            out: BufWriter::new(create_private(&unfinished(path))?),
            context: digest::Context::new(&SHA256),
            path: path.to_owned(),
        };
        // No time and no version: of the same state every backup is the same.
        writer.line(&json!({"rill_backup": FORMAT}))?;
        Ok(writer)
    }

    /// Writes a table; `rows` ends with it. The sum is known only then, and written by `close_table`.
    pub(crate) fn table(&mut self, table: &Table, rows: &mut mpsc::Receiver<Batch>) -> anyhow::Result<()> {
        self.line(&head(table))?;
        while let Some(batch) = rows.blocking_recv() {
            self.context.update(&batch.lines);
            self.out.write_all(&batch.lines)?;
        }
        Ok(())
    }

    pub(crate) fn close_table(&mut self, sum: &Sum) -> anyhow::Result<()> {
        self.line(&foot(sum))
    }

    /// Ends the file, reads it all again, and only then gives it its name.
    pub(crate) fn finish(mut self) -> anyhow::Result<String> {
        let sha256 = hex(self.context.finish().as_ref());
        self.out
            .write_all(format!("{}\n", json!({"end": true, "sha256": sha256})).as_bytes())?;
        self.out.flush()?;
        drop(self.out);
        let unfinished = unfinished(&self.path);
        let mut check = Reader::open(&unfinished)?;
        for table in TABLES {
            check.table(table, None)?;
        }
        check.finish()?;
        rename_whole(&unfinished, &self.path)?;
        Ok(sha256)
    }

    fn line(&mut self, line: &Json) -> anyhow::Result<()> {
        let line = format!("{line}\n");
        self.context.update(line.as_bytes());
        Ok(self.out.write_all(line.as_bytes())?)
    }
}

/// A backup that is being read.
pub(crate) struct Reader {
    lines: BufReader<File>,
    context: digest::Context,
    line: Vec<u8>,
    path: PathBuf,
}

impl Reader {
    /// Opens it; refuses what is no backup, or one of a newer version.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut reader = Self {
            lines: BufReader::with_capacity(1 << 16, file),
            context: digest::Context::new(&SHA256),
            line: Vec::new(),
            path: path.to_owned(),
        };
        let said = reader
            .next_counted()
            .and_then(|()| Ok(serde_json::from_slice::<Json>(&reader.line)?));
        let format = said.ok().and_then(|head| head["rill_backup"].as_u64());
        match format {
            Some(FORMAT) => Ok(reader),
            Some(other) => bail!(
                "{} has the format {other}, which a newer version of the program made; use that one",
                path.display()
            ),
            None => bail!("{} is no backup of Rill", path.display()),
        }
    }

    /// Reads a table into `out`, if anybody wants it; refuses one that is not whole.
    pub(crate) fn table(&mut self, table: &Table, out: Option<&mpsc::Sender<Batch>>) -> anyhow::Result<Sum> {
        let damaged = |what: &str| {
            anyhow!(
                "the backup {} is damaged: {what} of {}",
                self.path.display(),
                table.name
            )
        };
        let (no_head, no_foot) = (damaged("the beginning"), damaged("the count or the hash"));
        self.next_counted()?;
        if serde_json::from_slice::<Json>(&self.line).ok().as_ref() != Some(&head(table)) {
            return Err(no_head.context("this table is not the one that this version of the program knows"));
        }
        let mut pour = Pour::new();
        loop {
            self.next_counted()?;
            if self.line.first() != Some(&b'[') {
                break;
            }
            let row = read(&self.line, table).with_context(|| format!("the backup {}", self.path.display()))?;
            if let Some(batch) = pour.push(row)? {
                super::send_blocking(out, batch)?;
            }
        }
        let (rest, sum) = pour.finish();
        if serde_json::from_slice::<Json>(&self.line).ok() != Some(foot(&sum)) {
            return Err(no_foot);
        }
        super::send_blocking(out, rest)?;
        Ok(sum)
    }

    /// Reads the last line: the hash of everything.
    pub(crate) fn finish(mut self) -> anyhow::Result<String> {
        let sha256 = hex(self.context.clone().finish().as_ref());
        self.next()?;
        let said = serde_json::from_slice::<Json>(&self.line).ok();
        let more = !self.lines.fill_buf()?.is_empty();
        if said != Some(json!({"end": true, "sha256": sha256})) || more {
            bail!("the backup {} is damaged: its end does not fit", self.path.display());
        }
        Ok(sha256)
    }

    fn next_counted(&mut self) -> anyhow::Result<()> {
        self.next()?;
        self.context.update(&self.line);
        Ok(())
    }

    /// The next line, with its end.
    fn next(&mut self) -> anyhow::Result<()> {
        self.line.clear();
        let mut limited = std::io::Read::take(&mut self.lines, LINE_MAX as u64);
        limited.read_until(b'\n', &mut self.line)?;
        if self.line.last() != Some(&b'\n') {
            bail!("the backup {} is damaged: it ends too early", self.path.display());
        }
        Ok(())
    }
}

/// The line before a table.
fn head(table: &Table) -> Json {
    let kind = |kind: Kind| match kind {
        Kind::Id => "id",
        Kind::Int => "int",
        Kind::Bool => "bool",
        Kind::Text => "text",
        Kind::Bytes => "bytes",
    };
    let columns: Vec<Json> = table
        .columns
        .iter()
        .map(|(name, what)| json!([name, kind(*what)]))
        .collect();
    json!({"table": table.name, "columns": columns})
}

/// The line after it.
fn foot(sum: &Sum) -> Json {
    json!({"rows": sum.rows, "sha256": sum.sha256})
}
