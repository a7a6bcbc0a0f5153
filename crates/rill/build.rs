//! Builds the web client with Node where there is one, so that it can be embedded; without Node the server builds too.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    let web = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../web");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("web");
    for name in [
        "src",
        "public",
        "index.html",
        "package.json",
        "package-lock.json",
        "vite.config.ts",
        "compress.ts",
        "viewers.ts",
        "viewers.js",
        "worker.ts",
        "svelte.config.js",
    ] {
        println!("cargo:rerun-if-changed={}", web.join(name).display());
    }
    fs::create_dir_all(&out).expect("the output folder can be made");
    if let Err(why) = build(&web, &out) {
        // What an earlier build left would be another version's page.
        fs::remove_dir_all(&out)
            .and_then(|()| fs::create_dir_all(&out))
            .expect("the output folder can be emptied");
        println!("cargo:warning=the server is built without its web page: {why}");
    }
}

fn build(web: &Path, out: &Path) -> Result<(), String> {
    if !web.join("package.json").exists() {
        return Err("web/package.json is missing".into());
    }
    if !Command::new("npm")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        return Err("npm was not found; install Node.js 20 or newer and build again".into());
    }
    if !is_installed(web) {
        run(web, &["ci", "--no-audit", "--no-fund"])?;
    }
    let out = out.to_str().ok_or("the output path is not UTF-8")?;
    run(web, &["run", "build", "--", "--outDir", out, "--emptyOutDir"])
}

/// Whether `npm ci` ran since the lock file changed.
fn is_installed(web: &Path) -> bool {
    let changed = |path: &str| fs::metadata(web.join(path)).and_then(|meta| meta.modified()).ok();
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Some(installed), Some(locked)) => installed >= locked,
        (None, _) | (_, None) => false,
    }
}

fn run(web: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("npm")
        .args(arguments)
        .current_dir(web)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "`npm {}` failed: {}",
        arguments.join(" "),
        said.lines().take(5).collect::<Vec<_>>().join(" | ")
    ))
}
