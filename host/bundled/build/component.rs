//! Builds workspace members for `wasm32-unknown-unknown` with a nested cargo and encodes them as components.
//! Build scripts include it as a module: `#[path = "…/host/bundled/build/component.rs"] mod component;`.
//!
//! Must never build into the outer target directory, whose lock the outer cargo holds.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt, fs};

use wit_component::ComponentEncoder;

/// The target whose modules import nothing: a component of it needs no WASI at all.
const TARGET: &str = "wasm32-unknown-unknown";

/// Bytes of stack of a plugin. Rust's default is 1 MiB, which each fresh instance would have to map; the
/// deepest plugin (JSON, 128 levels) uses a fraction of this.
const STACK_BYTES: u32 = 128 * 1024;

/// What is set for the outer build and would break or needlessly rebuild the inner one: flags of another
/// target, and clippy's wrapper.
const NOT_INHERITED: [&str; 10] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_TARGET_DIR",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOCFLAGS",
    "__CARGO_DEFAULT_LIB_METADATA",
];

/// What went wrong, for the person who runs the build.
#[derive(Debug)]
pub(crate) struct Error(String);

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is to be built.
pub(crate) struct Guests<'a> {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) workspace: &'a Path,
    /// The nested cargo's own target directory.
    pub(crate) target_dir: &'a Path,
    /// Names of packages whose library is a `cdylib` of the same name.
    pub(crate) packages: &'a [String],
}

/// The components of the packages, in their order, validated.
///
/// # Errors
/// A missing target, a failed build, a module that is no component.
pub(crate) fn build(guests: &Guests<'_>) -> Result<Vec<Vec<u8>>, Error> {
    ensure_target()?;
    compile(guests)?;
    guests.packages.iter().map(|package| encode(guests, package)).collect()
}

/// An environment variable that cargo sets for build scripts.
///
/// # Errors
/// When it is not set or not text.
pub(crate) fn variable(name: &str) -> Result<String, Error> {
    env::var(name).map_err(|error| Error::new(format!("{name}: {error}; run this through cargo")))
}

/// The names of the folders that hold a `Cargo.toml`, in order.
///
/// # Errors
/// When there is none, or the parent cannot be read.
pub(crate) fn folders(parent: &Path) -> Result<Vec<String>, Error> {
    let entries =
        fs::read_dir(parent).map_err(|error| Error::new(format!("{}: {error}", parent.display())))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    if names.is_empty() {
        return Err(Error::new(format!("{} holds no crate", parent.display())));
    }
    Ok(names)
}

/// The outer build's target directory: the folder above `OUT_DIR` that cargo marks with `CACHEDIR.TAG`.
///
/// # Errors
/// When there is no such folder.
pub(crate) fn target_dir(out_dir: &Path) -> Result<PathBuf, Error> {
    out_dir
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        // `<target>/<profile>/build/<package>/out`, should somebody have deleted the mark.
        .or_else(|| out_dir.ancestors().nth(4))
        .map(Path::to_path_buf)
        .ok_or_else(|| Error::new(format!("{} is not below a target directory", out_dir.display())))
}

fn compile(guests: &Guests<'_>) -> Result<(), Error> {
    let mut command = Command::new(variable("CARGO")?);
    // The outer cargo has brought the lock file up to date before it ran this script.
    let fixed = ["build", "--locked", "--profile", "plugin", "--target", TARGET, "--target-dir"];
    command.current_dir(guests.workspace).args(fixed).arg(guests.target_dir);
    for package in guests.packages {
        command.args(["--package", package]);
    }
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", rustflags(guests.workspace));
    let status =
        command.status().map_err(|error| Error::new(format!("cargo could not be started: {error}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!("the plugins could not be built for {TARGET}; the reason stands above")))
}

/// The flags, separated as cargo wants them where a path may hold spaces. Paths of the building machine are
/// taken out of the components, so that the same source gives the same bytes, and the same digest, everywhere.
fn rustflags(workspace: &Path) -> OsString {
    let home = env::var_os("CARGO_HOME")
        .or_else(|| env::home_dir().map(|home| home.join(".cargo").into_os_string()))
        .unwrap_or_default();
    let mut flags = OsString::from(format!("-Clink-arg=-zstack-size={STACK_BYTES}"));
    for (path, name) in [(workspace.as_os_str(), "tocsin"), (home.as_os_str(), "cargo")] {
        if !path.is_empty() {
            flags.push("\u{1f}--remap-path-prefix=");
            flags.push(path);
            flags.push(format!("={name}"));
        }
    }
    flags
}

fn encode(guests: &Guests<'_>, package: &str) -> Result<Vec<u8>, Error> {
    let file = format!("{}.wasm", package.replace('-', "_"));
    let path = guests.target_dir.join(TARGET).join("plugin").join(file);
    let module = fs::read(&path).map_err(|error| Error::new(format!("{}: {error}", path.display())))?;
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| Error::new(format!("{package} is no component: {error:#}")))
}

/// Installs the standard library of the target when it is not there: distributions leave it out, and rustup
/// adds what `rust-toolchain.toml` names only when it installs the toolchain.
fn ensure_target() -> Result<(), Error> {
    if has_target() {
        return Ok(());
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).status();
    if added.is_ok_and(|status| status.success()) && has_target() {
        return Ok(());
    }
    Err(Error::new(format!(
        "the standard library for {TARGET} is not installed; the plugins are compiled for it. Run:\n\n    \
         rustup target add {TARGET}\n\n(without rustup, install your distribution's package of it, for example \
         `libstd-rust-dev-wasm32` or `rust-std-static-{TARGET}`)"
    )))
}

fn has_target() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let Ok(output) = Command::new(rustc).args(["--print", "sysroot"]).output() else { return false };
    let sysroot = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib").is_dir()
}
