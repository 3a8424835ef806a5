//! Passes the commit, if git knows it, and the version of wasmtime to the daemon's build.
//!
//! It never fails a build: a tarball has no commit. It never causes one either: it runs again only when a source file
//! changes, and then the daemon is compiled anyway. So a commit that changes no source file leaves the binary
//! unchanged, and the binary names the commit of its build.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The sources of the binary, relative to the root of the workspace.
const SOURCES: [&str; 11] = [
    "Cargo.lock",
    "Cargo.toml",
    "host/bundled",
    "host/core/src",
    "host/daemon/build.rs",
    "host/daemon/src",
    "host/sandbox/src",
    "host/store/src",
    "plugins",
    "sdk/rust",
    "wit",
];
/// Sets the commit if git cannot know it, such as in a build from a tarball.
const COMMIT: &str = "TOCSIN_COMMIT";

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    println!("cargo::rerun-if-env-changed={COMMIT}");
    for source in SOURCES.iter().map(|source| root.join(source)).filter(|source| source.exists()) {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let given = env::var(COMMIT).ok().and_then(|commit| Some(commit.lines().next()?.trim().to_owned()));
    let commit = given.filter(|commit| !commit.is_empty()).or_else(|| commit(&root)).unwrap_or_default();
    println!("cargo::rustc-env=TOCSIN_BUILT_FROM={commit}");
    println!("cargo::rustc-env=TOCSIN_WASMTIME={}", locked(&root, "wasmtime").unwrap_or_default());
}

/// The commit that is checked out, followed by `with changes` if the sources differ from it.
fn commit(root: &Path) -> Option<String> {
    // Inside another project's checkout, git would answer for that project.
    git(root, &["ls-files", "--error-unmatch", "host/daemon/build.rs"])?;
    let commit = git(root, &["rev-parse", "HEAD"])?;
    let changes = git(root, &[&["status", "--porcelain", "--"][..], &SOURCES].concat())?;
    Some(if changes.is_empty() { commit } else { format!("{commit} with changes") })
}

/// The output of git, without the last line end.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    // Without the option, `git status` may write to the index.
    let ran =
        Command::new("git").arg("--no-optional-locks").args(arguments).current_dir(root).output().ok()?;
    let said = ran.status.success().then(|| String::from_utf8_lossy(&ran.stdout).trim().to_owned())?;
    // A line end would be an instruction to cargo.
    Some(said.lines().collect::<Vec<_>>().join(" "))
}

/// The version of a package in the lock file.
fn locked(root: &Path, package: &str) -> Option<String> {
    let lock = fs::read_to_string(root.join("Cargo.lock")).ok()?;
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(rest.split('"').next()?.to_owned())
}
