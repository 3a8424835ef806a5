//! `tocsin secrets`: a stored secret reaches its peer, is replaced, and shows nowhere.

mod keys;
mod life;
mod sight;
mod terminal;

use std::fs::{self, File};

use crate::harness::{Ran, Site, TOKEN, action};

/// The files in the state directory.
const STORE: &str = "state/secrets.json";
const KEY: &str = "state/secrets.key";

/// A source and a connection whose secrets are all managed.
fn tables() -> String {
    format!(
        "[sources.hook]\nplugin = \"webhook\"\ntoken = {{ managed = \"hook-token\" }}\n\
         [connections.out]\nplugin = \"webhook\"\nurl = {{ managed = \"out-url\" }}\nallow_private = true\n{}",
        action("tell", "out")
    )
}

/// Runs a command with this standard input.
pub(crate) fn given(site: &Site, arguments: &[&str], input: &str) -> Ran {
    // Each call has a file of its own: commands may run at the same time.
    let name = format!("input-{}", arguments.join("-").replace('/', "_"));
    fs::write(site.path(&name), input).expect("the folder can be written");
    let mut command = site.command(arguments);
    command.stdin(File::open(site.path(&name)).expect("it was written"));
    let ran = Ran::of(command);
    fs::remove_file(site.path(&name)).expect("it was written");
    ran
}

fn set(site: &Site, name: &str, value: &str) -> Ran {
    given(site, &["secrets", "set", name], value)
}

/// A folder whose secrets are stored: deliveries go to `url`.
fn stored(url: &str) -> Site {
    let site = Site::new(&tables());
    set(&site, "hook-token", TOKEN).expect(0);
    // Editors end files with a line end, which is no part of the secret.
    set(&site, "out-url", &format!("{url}\n")).expect(0);
    site
}
