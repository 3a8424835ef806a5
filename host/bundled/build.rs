//! Compiles every folder of `plugins/` to a component and embeds them.
//!
//! Must never reach for another compiler, profile or lock file than the outer build's, and never end in a
//! panic: whoever builds this for the first time reads one message that says what to do.

#[path = "build/component.rs"]
mod component;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use component::{Error, Guests};

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // `cargo::error` shows even when the build is quiet; the lines after the first would be lost in it.
            let message = error.to_string();
            println!("cargo::error={}", message.lines().next().unwrap_or("the plugins could not be built"));
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Error> {
    let workspace = Path::new(&component::variable("CARGO_MANIFEST_DIR")?).join("../..");
    let workspace =
        workspace.canonicalize().map_err(|error| Error::new(format!("{}: {error}", workspace.display())))?;
    for watched in ["plugins", "sdk/rust", "wit", "Cargo.lock", "Cargo.toml", "host/bundled/build"] {
        println!("cargo::rerun-if-changed={}", workspace.join(watched).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    let out = component::variable("OUT_DIR")?;
    let out = Path::new(&out);

    let ids = component::folders(&workspace.join("plugins"))?;
    let packages: Vec<String> = ids.iter().map(|id| format!("plugin-{id}")).collect();
    let guests = Guests {
        workspace: &workspace,
        target_dir: &component::target_dir(out)?.join("plugins"),
        packages: &packages,
    };
    let components = component::build(&guests)?;

    let mut source = String::from("static PLUGINS: &[Bundled] = &[\n");
    for (id, component) in ids.iter().zip(components) {
        let file = format!("{id}.wasm");
        fs::write(out.join(&file), component).map_err(|error| Error::new(format!("{file}: {error}")))?;
        // Written relative to OUT_DIR, so that the generated file is the same on every machine.
        let _ = writeln!(
            source,
            "    Bundled {{ id: {id:?}, component: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\")) }},"
        );
    }
    source.push_str("];\n");
    fs::write(out.join("plugins.rs"), source).map_err(|error| Error::new(format!("plugins.rs: {error}")))
}
