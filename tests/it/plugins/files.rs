//! What is opened in the plugins directory: regular files within bounds, and links that stay in it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use super::{is_from, origin, refusal};
use crate::harness::{Relay, Site, guest, source, until};

#[test]
fn only_regular_files_are_read_and_nothing_waits_for_the_others() {
    let site = Site::new(&format!("{}{}", source("polite", "polite"), source("hook", "webhook")));
    let directory = site.path("state/plugins");
    fs::create_dir_all(&directory).expect("the folder can be written");
    fs::create_dir(directory.join("directory.wasm")).expect("made");
    let fifo = Command::new("mkfifo").arg(directory.join("fifo.wasm")).status().expect("mkfifo");
    assert!(fifo.success());
    let _socket = UnixListener::bind(directory.join("socket.wasm")).expect("bound");
    symlink("/dev/zero", directory.join("zero.wasm")).expect("linked");
    symlink("missing.wasm", directory.join("dangling.wasm")).expect("linked");
    symlink("loop.wasm", directory.join("loop.wasm")).expect("linked");
    fs::write(site.path("elsewhere.wasm"), guest("polite")).expect("written");
    symlink(site.path("elsewhere.wasm"), directory.join("elsewhere.wasm")).expect("linked");
    let large = File::create(directory.join("large.wasm")).expect("made");
    large.set_len(64 * 1024 * 1024 + 1).expect("a file with a hole");
    // As a mounted Kubernetes volume has them.
    fs::create_dir(directory.join("..data")).expect("made");
    fs::write(directory.join("..data/polite.wasm"), guest("polite")).expect("written");
    symlink("..data/polite.wasm", directory.join("polite.wasm")).expect("linked");

    let relay = Relay::start_in(site);
    assert_eq!(origin(&relay, "polite").as_deref(), Some("polite.wasm"));
    for (file, words) in [
        ("directory.wasm", "it is a directory, not a regular file"),
        ("fifo.wasm", "it is a FIFO, not a regular file"),
        ("socket.wasm", "it is a socket, not a regular file"),
        ("zero.wasm", "it is a link to /dev/zero, outside of the plugins directory"),
        ("dangling.wasm", "it cannot be read: "),
        ("loop.wasm", "it cannot be read: "),
        ("elsewhere.wasm", "outside of the plugins directory: copy the file instead of linking it"),
        ("large.wasm", "it has 67108865 bytes, more than the 67108864 that a component may have"),
    ] {
        let why = refusal(&relay, file);
        assert!(why.contains(words), "{file}: {why}");
    }
    assert_eq!(relay.post("polite", "body").body, "taken");
    relay.drop_plugin("many-events.wasm", &guest("many-events"));
    is_from(&relay, "many-events", "many-events.wasm");
    // An error that stays is logged once.
    assert_eq!(relay.log().matches("file=\"fifo.wasm\"").count(), 1, "{}", relay.log());
}

#[test]
fn a_directory_that_others_can_write_to_is_a_warning() {
    let site = Site::new(&source("hook", "webhook"));
    let directory = site.path("state/plugins");
    fs::create_dir_all(&directory).expect("the folder can be written");
    site.run(&["check"]).expect(0);
    fs::set_permissions(&directory, Permissions::from_mode(0o777)).expect("it is ours");
    let said = site.run(&["check"]).expect(0).stderr;
    assert!(said.contains("warning: plugins_dir: ") && said.contains("has mode 777"), "{said}");
    assert!(said.contains("chmod go-w "), "{said}");
    let relay = Relay::start_in(site);
    until("that is logged", || relay.log().contains("has mode 777").then_some(()));
}
