//! One program at a time that lives on a database file: what one numbers, the listeners of another would hear of late.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context, bail};

/// Held until it is dropped, or the process ends in whatever way.
pub struct Hold(#[expect(dead_code, reason = "it is held, not used")] File);

/// Takes the lock that stands beside the file.
pub(crate) fn hold(path: &Path) -> anyhow::Result<Hold> {
    let lock = path.with_extension("lock");
    let file = File::create(&lock).with_context(|| format!("cannot write {}", lock.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Hold(file)),
        Err(TryLockError::WouldBlock) => bail!(
            "another server already runs on {}, or it is just being moved; stop that, or use another folder with --data",
            path.display()
        ),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
