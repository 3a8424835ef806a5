//! What authors of plugins do with a built component: its cases, a request, an incident, the laws.

mod cases;
mod laws;
mod tried;
mod watched;

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Site, guest};

/// A folder with the component of a guest, and one case.
fn author(name: &str, case: &str) -> Site {
    let site = Site::new("");
    fs::write(site.path("plugin.wasm"), guest(name)).expect("the folder can be written");
    fs::create_dir(site.path("cases")).expect("the folder can be written");
    fs::write(site.path("cases/first.case"), case).expect("the folder can be written");
    site
}

/// Writes a bundled plugin into the folder. Returns the name of the file and the folder of its cases.
fn bundled(site: &Site, id: &str) -> (String, String) {
    let plugin = tocsin_bundled::plugins().iter().find(|plugin| plugin.id == id).expect("it is bundled");
    let file = format!("{id}.wasm");
    fs::write(site.path(&file), plugin.component).expect("the folder can be written");
    let cases: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "plugins", id, "cases"].iter().collect();
    (file, cases.display().to_string())
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("it was written")
}
