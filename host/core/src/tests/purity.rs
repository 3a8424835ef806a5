//! The core does no I/O: it is built where there is none. (That it reads no clock is in `clippy.toml`.)

use std::path::Path;
use std::process::{Command, Output};

const TARGET: &str = "wasm32-unknown-unknown";

/// `program` in the workspace, without what the surrounding build wants of its own compiler.
fn run(program: &str, arguments: &[&str], workspace: &Path) -> Result<Output, String> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace);
    for inherited in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER"] {
        command.env_remove(inherited);
    }
    // Its own directory: cargo holds a lock on the one that this test was built in.
    command.env("CARGO_TARGET_DIR", workspace.join("target/purity"));
    command.output().map_err(|error| format!("{program}: {error}"))
}

/// Whether the compiler has what it needs to build for [`TARGET`]; why not, otherwise.
fn installed(workspace: &Path) -> Result<(), String> {
    let libraries = run("rustc", &["--print", "target-libdir", "--target", TARGET], workspace)?;
    if Path::new(String::from_utf8_lossy(&libraries.stdout).trim()).is_dir() {
        return Ok(());
    }
    let added = run("rustup", &["target", "add", TARGET], workspace)?;
    if added.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&added.stderr).into_owned()) }
}

#[test]
fn the_core_builds_for_a_machine_without_an_operating_system() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if let Err(why) = installed(&workspace) {
        println!("skipped: {TARGET} is not installed and could not be added: {why}");
        return;
    }
    let arguments = ["build", "--locked", "--lib", "-p", "tocsin-core", "--target", TARGET];
    let built = run(env!("CARGO"), &arguments, &workspace).expect("cargo runs");
    let words = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{words}");
}
