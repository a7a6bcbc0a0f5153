//! A pair of tokens in a file that several processes share: read, written as a whole, and locked while one renews it.
//!
//! The file is readable by its owner alone (0600), and a new one is in place before the old one is gone.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use protocol::rest::Tokens;

/// Where a pair is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    path: PathBuf,
}

/// The same while nobody else may renew; let go of by dropping it.
pub(super) struct Locked {
    kept: Kept,
    _lock: File,
}

impl Kept {
    /// The pair of this file; the file need not exist yet, its folder must.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The pair; an error if there is none or it is unreadable.
    pub fn read(&self) -> io::Result<Tokens> {
        Ok(serde_json::from_slice(&std::fs::read(&self.path)?)?)
    }

    /// Writes the pair in place of the one before.
    pub fn write(&self, tokens: &Tokens) -> io::Result<()> {
        write_private(&self.path, &serde_json::to_vec(tokens)?)
    }

    /// Waits for whoever renews now.
    pub(super) async fn lock(self) -> io::Result<Locked> {
        let path = self.path.with_extension("lock");
        let lock = tokio::task::spawn_blocking(move || {
            let lock = private().create(true).truncate(false).open(path)?;
            lock.lock().map(|()| lock)
        });
        let lock = lock.await.map_err(io::Error::other)??;
        Ok(Locked {
            kept: self,
            _lock: lock,
        })
    }
}

impl Locked {
    pub(super) fn read(&self) -> io::Result<Tokens> {
        self.kept.read()
    }

    pub(super) fn write(&self, tokens: &Tokens) -> io::Result<()> {
        self.kept.write(tokens)
    }
}

/// Replaces a file by one that only its owner may read, all of it or nothing.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = private().create(true).truncate(true).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
