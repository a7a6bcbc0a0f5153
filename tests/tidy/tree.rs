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
    let mut ignored = vec![Pattern::Name(String::new(), ".git".into())];
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        if let Ok(text) = fs::read_to_string(folder.join(".gitignore")) {
            ignored.extend(patterns(&relative(&root, &folder), &text));
        }
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

/// One line of a .gitignore, of the few forms that we use; the first part is the folder that it speaks for.
enum Pattern {
    /// `/target`: this path and what is below it.
    Path(String, String),
    /// `*.db`: names that end so, anywhere in the folder.
    Ending(String, String),
    /// `node_modules`: this name, anywhere in the folder.
    Name(String, String),
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        let (Self::Path(folder, ignored) | Self::Ending(folder, ignored) | Self::Name(folder, ignored)) = self;
        let Some(inside) = path.strip_prefix(folder.as_str()) else {
            return false;
        };
        let name = inside.rsplit('/').next().unwrap_or(inside);
        match self {
            Self::Path(..) => inside.trim_start_matches('/') == ignored,
            Self::Ending(..) => name.ends_with(ignored.as_str()),
            Self::Name(..) => name == ignored,
        }
    }
}

fn patterns(folder: &str, text: &str) -> Vec<Pattern> {
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pattern = |line: &str| {
        let known = !line.starts_with('!') && (!line.starts_with('*') || !line.contains('/'));
        assert!(
            known,
            "{folder}/.gitignore: `{line}` is a form that tidy does not know; teach it in tree.rs"
        );
        let (folder, line) = (folder.to_owned(), line.trim_end_matches('/'));
        match line.strip_prefix('*') {
            Some(ending) => Pattern::Ending(folder, ending.to_owned()),
            None if line.contains('/') => Pattern::Path(folder, line.trim_start_matches('/').to_owned()),
            None => Pattern::Name(folder, line.to_owned()),
        }
    };
    lines.map(pattern).collect()
}

#[test]
fn what_git_ignores_is_left_out() {
    let mut ignored = patterns("", "/web/dist\n*.db\n# a remark\n");
    ignored.extend(patterns("tests/x", ".venv/\n"));
    for path in ["web/dist", "a/b.db", "tests/x/.venv", "tests/x/y/.venv"] {
        assert!(ignored.iter().any(|pattern| pattern.matches(path)), "{path}");
    }
    for path in ["dist", "web/dist.ts", "a/b.dba", "tests/.venv", "web/tests/x/.venv"] {
        assert!(!ignored.iter().any(|pattern| pattern.matches(path)), "{path}");
    }
}
