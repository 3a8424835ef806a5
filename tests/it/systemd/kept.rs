//! Sockets that the relay opened and that systemd keeps: connections wait there while the relay restarts. The test
//! stands for systemd.

use std::collections::HashMap;
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use crate::harness::{Relay, Request, Site, at, source, until};
use crate::listeners::free;
use crate::storms::Times;

/// A service manager's store of sockets.
struct Manager {
    notifications: UnixDatagram,
    kept: HashMap<String, OwnedFd>,
}

impl Manager {
    /// The manager of this folder's relay.
    fn of(site: Site) -> (Self, Site) {
        let path = site.path("notify");
        let notifications = UnixDatagram::bind(&path).expect("a socket");
        notifications.set_read_timeout(Some(Duration::from_millis(50))).expect("a socket");
        let site = site
            .started_by("env", &[])
            .with_environment(&[("NOTIFY_SOCKET", path.to_str().expect("an ordinary path"))]);
        (Self { notifications, kept: HashMap::new() }, site)
    }

    /// Reads notifications until the sockets at exactly these addresses are kept.
    fn keeps(&mut self, addresses: &[SocketAddr]) {
        let mut names: Vec<String> = addresses.iter().copied().map(name).collect();
        names.sort();
        until("the sockets are kept", || {
            self.read();
            let mut kept: Vec<&String> = self.kept.keys().collect();
            kept.sort();
            kept.into_iter().eq(&names).then_some(())
        });
    }

    /// Has the relay reload. Reads notifications meanwhile: the relay waits until a socket in its way is closed here.
    fn reloads(&mut self, relay: &Relay) {
        let mut reload = relay.command(&["reload"]).stdout(Stdio::null()).spawn().expect("the binary starts");
        until("the reload has ended", || {
            self.read();
            reload.try_wait().expect("a process").map(drop)
        });
        assert!(reload.wait().expect("a process").success(), "{}", relay.log());
    }

    fn read(&mut self) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut bytes = [0; 4096];
        let parts = &mut [IoSliceMut::new(&mut bytes)];
        // A process that the test starts would keep a socket open that systemd has closed.
        let flags = RecvFlags::CMSG_CLOEXEC;
        let Ok(message) = recvmsg(&self.notifications, parts, &mut ancillary, flags) else { return };
        let text = String::from_utf8_lossy(&bytes[..message.bytes]).into_owned();
        let named = |line: &str| line.strip_prefix("FDNAME=").map(str::to_owned);
        let Some(name) = text.lines().find_map(named) else { return };
        if text.contains("FDSTOREREMOVE=1") {
            self.kept.remove(&name);
            return;
        }
        let sockets = ancillary.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(sockets) => Some(sockets),
            _ => None,
        });
        let socket = sockets.and_then(|mut sockets| sockets.next()).expect("a socket comes with its name");
        self.kept.insert(name, socket);
    }

    /// The socket that is kept for this address.
    fn socket(&self, address: SocketAddr) -> TcpListener {
        TcpListener::from(self.kept[&name(address)].try_clone().expect("a descriptor"))
    }

    /// Hands the socket at this address over at the next start of `site`.
    fn hand_over(&self, site: &mut Site, address: SocketAddr) {
        site.hand_over(&name(address), self.socket(address));
    }
}

/// What the relay calls its socket.
fn name(address: SocketAddr) -> String {
    format!("kept-{address}").replace(':', "_")
}

/// A folder whose relay listens at `address`.
fn site(address: SocketAddr) -> Site {
    let site = Site::new(&source("hook", "webhook"));
    listen_at(&site, address);
    site
}

fn listen_at(site: &Site, address: SocketAddr) {
    site.configure(&source("hook", "webhook"));
    let text = std::fs::read_to_string(site.path("tocsin.toml")).expect("it was written");
    site.configure_whole(&text.replace("127.0.0.1:0", &address.to_string()));
}

fn listen_at_both(site: &Site, listen: SocketAddr, api_listen: SocketAddr) {
    listen_at(site, listen);
    let text = std::fs::read_to_string(site.path("tocsin.toml")).expect("it was written");
    site.configure_whole(&format!("api_listen = \"{api_listen}\"\n{text}"));
}

/// The status of an alert that is sent to this address.
fn posted(address: SocketAddr) -> u16 {
    Request::json(&at("hook"), r#"{"title":"Disk full"}"#).send(address).status
}

#[test]
fn an_upgrade_under_load_refuses_nothing_and_loses_nothing() {
    let address = free();
    let (mut manager, site) = Manager::of(site(address));
    let mut relay = Relay::start_in(site);
    manager.keeps(&[address]);
    let load = thread::spawn(move || Times::at_rate(address, "over upgrades", 400, Duration::from_secs(8)));
    let accepted = |relay: &Relay| relay.list(&["sources", "list"])[0]["requests"]["accepted"].as_u64();
    for number in 1..=3 {
        until("requests come in again", || accepted(&relay).filter(|count| *count >= 400 * number).map(drop));
        // A package manager replaces the file of the running relay, and then has it restarted.
        relay.replace_binary();
        relay.stop();
        manager.keeps(&[address]);
        manager.hand_over(relay.site_mut(), address);
        relay.restart();
        assert_eq!(relay.address(), address);
    }
    let times = load.join().expect("every request was answered with 200");
    eprintln!("three upgrades, 0 refused, 0 lost: {}", times.shown());
    let status = relay.json(&["status"]);
    assert_eq!(status["counts"]["incidents"]["open"], times.count(), "{status:#}");
}

#[test]
fn systemd_keeps_the_sockets_at_the_addresses_in_force_and_no_others() {
    let [first, second, third, api] = [free(), free(), free(), free()];
    let (mut manager, site) = Manager::of(site(first));
    let mut relay = Relay::start_in(site);
    manager.keeps(&[first]);
    relay.stop();
    // The socket that systemd kept is at the old address.
    manager.hand_over(relay.site_mut(), first);
    listen_at(&relay, second);
    relay.restart();
    assert_eq!(relay.address(), second);
    manager.keeps(&[second]);
    // A reload that changes the address, and one more listener.
    listen_at_both(&relay, third, api);
    relay.run(&["reload"]).expect(0);
    manager.keeps(&[third, api]);
    listen_at(&relay, third);
    relay.run(&["reload"]).expect(0);
    manager.keeps(&[third]);
}

#[test]
fn a_reload_to_all_addresses_of_the_same_port_replaces_the_socket_that_systemd_keeps() {
    let one = free();
    let all = SocketAddr::from(([0, 0, 0, 0], one.port()));
    let (mut manager, site) = Manager::of(site(one));
    let relay = Relay::start_in(site);
    manager.keeps(&[one]);
    for address in [all, one] {
        listen_at(&relay, address);
        manager.reloads(&relay);
        manager.keeps(&[address]);
        assert_eq!(manager.socket(address).local_addr().expect("it has one"), address);
        assert_eq!(posted(one), 200);
    }
}

#[test]
fn a_reload_that_swaps_both_listeners_swaps_the_sockets_that_systemd_keeps() {
    let [first, second] = [free(), free()];
    let (mut manager, site) = Manager::of(site(first));
    listen_at_both(&site, first, second);
    let mut relay = Relay::start_in(site);
    manager.keeps(&[first, second]);
    assert_eq!((posted(first), posted(second)), (200, 404));
    listen_at_both(&relay, second, first);
    manager.reloads(&relay);
    manager.keeps(&[first, second]);
    assert_eq!((posted(second), posted(first)), (200, 404));
    for address in [first, second] {
        assert_eq!(manager.socket(address).local_addr().expect("it has one"), address);
    }
    // The socket of the main listener is the right one at the next start.
    relay.stop();
    listen_at(&relay, second);
    manager.hand_over(relay.site_mut(), second);
    relay.restart();
    assert_eq!(relay.address(), second);
    assert_eq!(posted(second), 200);
}

#[test]
fn a_relay_that_cannot_take_its_sockets_over_leaves_no_connection_waiting() {
    let address = free();
    let (mut manager, site) = Manager::of(site(address));
    let mut relay = Relay::start_in(site);
    manager.keeps(&[address]);
    relay.stop();
    // It does not listen.
    let datagrams = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    relay.site_mut().hand_over(&name(address), TcpListener::from(OwnedFd::from(datagrams)));
    let ended = relay.serve().status().expect("it was started");
    assert_eq!(ended.code(), Some(1));
    manager.keeps(&[]);
}

#[test]
fn a_relay_that_cannot_start_leaves_no_connection_waiting() {
    let address = free();
    let (mut manager, site) = Manager::of(site(address));
    let mut relay = Relay::start_in(site);
    manager.keeps(&[address]);
    relay.stop();
    manager.hand_over(relay.site_mut(), address);
    relay.configure_whole("no = \"configuration\"\n");
    let ended = relay.serve().status().expect("it was started");
    assert_eq!(ended.code(), Some(1));
    manager.keeps(&[]);
}
