//! Builds every folder of `tests/guests/` for wasm32-wasip2 and hands the paths to the tests as constants.
//!
//! Must never build into the outer target directory, whose lock the outer cargo holds, and never leave a
//! guest out: one that no test uses fails the build of the tests.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

/// What ordinary programs are built for: components that import WASI.
const COMPONENTS: &str = "wasm32-wasip2";
/// What gives core modules.
const MODULES: &str = "wasm32-unknown-unknown";
/// The guests that are to be core modules.
const CORE_MODULES: [&str; 1] = ["core-module"];

/// What is set for the outer build and would break or needlessly rebuild the inner one: flags of another
/// target, and clippy's wrapper.
const NOT_INHERITED: [&str; 9] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_TARGET_DIR",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOCFLAGS",
];

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={}", message.lines().next().unwrap_or("the guests could not be built"));
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let tests = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    for watched in ["guests", "guest.rs", "build.rs", "../wit", "../Cargo.lock", "../Cargo.toml"] {
        println!("cargo::rerun-if-changed={}", tests.join(watched).display());
    }
    let out = PathBuf::from(variable("OUT_DIR")?);
    // The directory that the bundled plugins are built in as well: they share the tools that run while
    // compiling.
    let target_dir = target_dir(&out)?.join("plugins");
    let guests = folders(&tests.join("guests"))?;
    let is_module = |guest: &&String| CORE_MODULES.contains(&guest.as_str());
    let components: Vec<&String> = guests.iter().filter(|guest| !is_module(guest)).collect();
    let modules: Vec<&String> = guests.iter().filter(is_module).collect();
    compile(&tests, &target_dir, COMPONENTS, &components)?;
    compile(&tests, &target_dir, MODULES, &modules)?;
    let mut constants = String::new();
    for guest in &guests {
        let target = if is_module(&guest) { MODULES } else { COMPONENTS };
        let file = format!("guest_{}.wasm", guest.replace('-', "_"));
        let path = target_dir.join(target).join("plugin").join(file);
        if !path.is_file() {
            return Err(format!("{} was not built", path.display()));
        }
        let name = guest.replace('-', "_").to_uppercase();
        let _ = writeln!(constants, "pub(crate) const {name}: &str = {:?};", path.display().to_string());
    }
    let generated = out.join("guests.rs");
    fs::write(&generated, constants).map_err(|error| format!("{}: {error}", generated.display()))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}; run this through cargo"))
}

/// The outer build's target directory: the folder above `OUT_DIR` that cargo marks with `CACHEDIR.TAG`.
fn target_dir(out: &Path) -> Result<PathBuf, String> {
    out.ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .map(Path::to_path_buf)
        .ok_or_else(|| format!("{} is not below a target directory", out.display()))
}

/// The names of the folders that hold a crate, in order.
fn folders(parent: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    if names.is_empty() { Err(format!("{} holds no guest", parent.display())) } else { Ok(names) }
}

fn compile(tests: &Path, target_dir: &Path, target: &str, guests: &[&String]) -> Result<(), String> {
    ensure_target(target)?;
    let mut command = Command::new(variable("CARGO")?);
    command
        .current_dir(tests.join(".."))
        // The outer cargo has brought the lock file up to date before it ran this script.
        .args(["build", "--locked", "--profile", "plugin", "--target", target])
        .arg("--target-dir")
        .arg(target_dir);
    for guest in guests {
        command.args(["--package", &format!("guest-{guest}")]);
    }
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    let status = command.status().map_err(|error| format!("cargo could not be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the guests could not be built for {target}")) }
}

/// Installs the standard library of the target when it is not there.
fn ensure_target(target: &str) -> Result<(), String> {
    if has_target(target) {
        return Ok(());
    }
    let added = Command::new("rustup").args(["target", "add", target]).status();
    if added.is_ok_and(|status| status.success()) && has_target(target) {
        return Ok(());
    }
    Err(format!(
        "the standard library for {target} is not installed; the hostile guests of the tests are compiled \
         for it. Run:\n\n    rustup target add {target}\n\n(without rustup, install your distribution's \
         package of it)"
    ))
}

fn has_target(target: &str) -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let Ok(output) = Command::new(rustc).args(["--print", "sysroot"]).output() else { return false };
    let sysroot = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Path::new(&sysroot).join("lib/rustlib").join(target).join("lib").is_dir()
}
