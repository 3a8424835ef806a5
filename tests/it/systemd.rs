//! What systemd is told and shown: readiness, watchdog, the unit file.

mod confined;
mod interpreted;
mod kept;
mod sockets;

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::harness::{Relay, Site, skipped, source, until};

/// Where systemd would listen.
pub(crate) struct Notified {
    socket: UnixDatagram,
    said: String,
}

impl Notified {
    pub(crate) fn bind(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a socket");
        Self { socket, said: String::new() }
    }

    /// Waits until `line` is said from now on.
    pub(crate) fn wait_anew(&mut self, line: &str) {
        self.said.clear();
        self.wait(line);
    }

    /// Waits until `line` was said.
    pub(crate) fn wait(&mut self, line: &str) {
        until(&format!("{line} was said"), || {
            let mut bytes = [0; 4096];
            if let Ok(read) = self.socket.recv(&mut bytes) {
                self.said.push_str(&String::from_utf8_lossy(&bytes[..read]));
                self.said.push('\n');
            }
            self.said.lines().any(|said| said == line).then_some(())
        });
    }
}

#[test]
fn systemd_is_told_that_the_relay_is_ready_alive_and_stopping() {
    let site = Site::new(&source("hook", "webhook"));
    let path = site.path("notify");
    let mut notified = Notified::bind(&path);
    let socket = path.display().to_string();
    let mut relay =
        Relay::start_in(site.with_environment(&[("NOTIFY_SOCKET", &socket), ("WATCHDOG_USEC", "300000")]));
    notified.wait("READY=1");
    assert!(!notified.said.contains("STOPPING"), "{}", notified.said);
    // A large store may take longer to open than systemd would wait.
    let (before, _) = notified.said.split_once("READY=1").expect("it was said");
    assert!(before.contains("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=opening the store\n"), "{before}");
    for _ in 0..3 {
        notified.wait_anew("WATCHDOG=1");
    }
    relay.tell_to_stop();
    notified.wait("STOPPING=1");
    assert!(relay.ended().success());
}

#[test]
fn that_systemd_cannot_be_told_is_logged_once_and_once_that_it_can_again() {
    const LINE: &str = "systemd could not be told";
    let site = Site::new(&source("hook", "webhook"));
    let path = site.path("notify");
    let socket = path.display().to_string();
    let relay =
        Relay::start_in(site.with_environment(&[("NOTIFY_SOCKET", &socket), ("WATCHDOG_USEC", "150000")]));
    let started = Instant::now();
    // It says every 50 ms that it is alive.
    until("several messages were lost", || (started.elapsed() > Duration::from_millis(500)).then_some(()));
    assert_eq!(relay.log().matches(LINE).count(), 1, "{}", relay.log());
    let mut notified = Notified::bind(&path);
    notified.wait("WATCHDOG=1");
    until("it is over", || relay.log().contains("no longer: systemd could not be told").then_some(()));
    notified.wait_anew("WATCHDOG=1");
    assert_eq!(relay.log().matches(LINE).count(), 2, "{}", relay.log());
}

#[test]
fn without_a_watchdog_systemd_is_told_that_the_relay_is_ready() {
    let site = Site::new(&source("hook", "webhook"));
    let path = site.path("notify");
    let mut notified = Notified::bind(&path);
    let mut relay = Relay::start_in(site.with_environment(&[("NOTIFY_SOCKET", &path.display().to_string())]));
    notified.wait("READY=1");
    relay.stop();
    notified.wait("STOPPING=1");
    assert!(!notified.said.contains("WATCHDOG"), "{}", notified.said);
}

#[test]
fn systemds_directories_are_used_when_the_configuration_names_none() {
    let site = Site::new("");
    let text = fs::read_to_string(site.path("tocsin.toml")).expect("it was written");
    site.configure_whole(&format!("{text}{}", source("hook", "webhook")));
    let state = site.path("given").display().to_string();
    let relay = Relay::start_in(site.with_environment(&[("STATE_DIRECTORY", &state)]));
    assert!(relay.path("given/tocsin.redb").exists() && !relay.path("state").exists());
}

/// The most that `systemd-analyze security` may find exposed, in tenths. What is left: the network, its sockets and
/// the control socket, memory that is made executable, the host's own root directory, and that it may reach any
/// public address.
const EXPOSED_TENTHS_MAX: u32 = 11;

/// The unit file.
fn unit() -> String {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/daemon/systemd/tocsin.service");
    fs::read_to_string(unit).expect("the unit is there")
}

/// What `systemd-analyze` says, or nothing where there is none.
fn analyze(arguments: &[&str]) -> Option<Output> {
    let output = Command::new("systemd-analyze").arg("--no-pager").args(arguments).output().ok();
    if output.is_none() {
        skipped("the check of the unit file: there is no systemd-analyze");
    }
    output
}

/// What `systemd-analyze` says of the exposure of the unit in this folder, or nothing where there is none.
fn exposure(site: &Site) -> Option<String> {
    let path = site.path("tocsin.service").display().to_string();
    let output = analyze(&["security", "--offline=true", &path])?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The exposure in tenths: `→ Overall exposure level for tocsin.service: 1.1 OK 🙂`.
fn tenths(said: &str) -> u32 {
    let level = said.split_once("Overall exposure level for tocsin.service: ").expect("a level").1;
    let (whole, rest) = level.split_once('.').expect("with one decimal");
    format!("{whole}{}", &rest[..1]).parse().expect("a number")
}

#[test]
fn the_unit_exposes_no_more_than_a_relay_needs() {
    let site = Site::new("");
    fs::write(site.path("tocsin.service"), unit()).expect("written");
    let Some(said) = exposure(&site) else { return };
    assert!(tenths(&said) <= EXPOSED_TENTHS_MAX, "{said}");
}

#[test]
fn the_unit_file_has_no_mistake() {
    let unit = unit();
    // It is checked that the program is there, which it is not before it was installed.
    assert!(unit.contains("ExecStart=/usr/bin/tocsin "), "{unit}");
    let site = Site::new("");
    fs::write(site.path("tocsin.service"), unit.replace("/usr/bin/tocsin ", "/bin/sh ")).expect("written");
    let Some(output) = analyze(&["verify", &site.path("tocsin.service").display().to_string()]) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("tocsin.service"), "{said}");
}
