//! Reads the files of the source tree, leaving out what .gitignore leaves out.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the tree.
pub(crate) struct SourceFile {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    /// The part of the name after its last dot; empty without one.
    pub(crate) fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// The name without its folders.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(self.path.as_str(), |(_, name)| name)
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests package lies in the root").to_owned()
}

/// Every text file that belongs to the repository, by path.
pub(crate) fn files() -> Vec<SourceFile> {
    let root = root();
    let ignored = ignored(&root);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder is readable") {
            let entry = entry.expect("an entry of a folder is readable");
            let path = relative(&root, &entry.path());
            if ignored.iter().any(|pattern| pattern.matches(&path)) {
                continue;
            }
            let kind = entry.file_type().expect("an entry has a type");
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file()
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                found.push(SourceFile { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Fails with everything that was found wrong, one a line.
pub(crate) fn report(rule: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{rule}:\n  {}\n", wrong.join("\n  "));
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).expect("a path below the root");
    path.to_str().expect("a path is UTF-8").replace('\\', "/")
}

/// One line of .gitignore, of the few forms that we use.
enum Pattern {
    /// `/target`: this path and what is below it.
    Path(String),
    /// `*.db`: names that end so, anywhere.
    Ending(String),
    /// `node_modules`: this name, anywhere.
    Name(String),
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        match self {
            Self::Path(ignored) => path == ignored,
            Self::Ending(ending) => name.ends_with(ending.as_str()),
            Self::Name(ignored) => name == ignored,
        }
    }
}

fn ignored(root: &Path) -> Vec<Pattern> {
    let text = fs::read_to_string(root.join(".gitignore")).expect(".gitignore is there");
    let mut patterns = vec![Pattern::Name(".git".into())];
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        assert!(
            !line.starts_with('!'),
            ".gitignore: `{line}` is a form that tidy does not know; teach it in tree.rs"
        );
        let line = line.trim_end_matches('/');
        patterns.push(match (line.strip_prefix('*'), line.contains('/')) {
            (Some(ending), false) => Pattern::Ending(ending.to_owned()),
            (None, true) => Pattern::Path(line.trim_start_matches('/').to_owned()),
            (None, false) => Pattern::Name(line.to_owned()),
            (Some(_), true) => panic!(".gitignore: `{line}` is a form that tidy does not know; teach it in tree.rs"),
        });
    }
    patterns
}
