//! The external editor: a private file with the text, the user's editor on it, and what it left.

use std::io::Write as _;
use std::path::PathBuf;

use client::api::kept::write_private;

use crate::failure::{Failure, Kind};

/// As much as is read back: far more than a message holds.
const BYTES_MAX: u64 = 1024 * 1024;

/// Lets the user write; none if the editor ended with an error, which gives the text up. `folder` is private.
pub async fn write(folder: PathBuf, editor: Option<String>, text: String) -> Result<Option<String>, Failure> {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = editor
        .or_else(|| named("VISUAL"))
        .or_else(|| named("EDITOR"))
        .unwrap_or_else(|| "vi".into());
    let path = folder.join(format!("message-{}.md", std::process::id()));
    write_private(&path, text.as_bytes())?;
    // The shell splits what the user wrote into a command and its flags; the path is an argument, never a text.
    let status = tokio::process::Command::new("sh")
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(&path)
        .status()
        .await;
    let written = match status {
        Ok(status) if status.success() => read(&path).map(Some),
        Ok(_) => Ok(None),
        Err(error) => Err(Failure::new(Kind::Failed, format!("{editor}: {error}"))),
    };
    std::fs::remove_file(&path)?;
    std::io::stdout().flush()?;
    written
}

fn read(path: &std::path::Path) -> Result<String, Failure> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    Ok(text.trim_end_matches('\n').to_owned())
}
