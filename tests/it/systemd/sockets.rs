//! Socket activation: systemd holds the socket, and connections wait there while the relay restarts.

use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Relay, Request, Site, at, skipped, source, until};
use crate::storms::Times;

fn socket() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it has one");
    (socket, address)
}

#[test]
fn connections_wait_while_the_relay_restarts_and_none_is_refused() {
    let (socket, address) = socket();
    let mut relay = Relay::start_in(Site::new(&source("hook", "webhook")).with_socket(socket));
    assert_eq!(relay.address(), address);
    let load = thread::spawn(move || Times::at_rate(address, "over restarts", 400, Duration::from_secs(8)));
    let accepted = |relay: &Relay| relay.list(&["sources", "list"])[0]["requests"]["accepted"].as_u64();
    for number in 1..=3 {
        until("requests come in again", || accepted(&relay).filter(|count| *count >= 400 * number).map(drop));
        relay.stop();
        relay.restart();
        let held =
            Request::json(&at("hook"), r#"{"title":"after a restart"}"#).send(relay.address()).expect(200);
        eprintln!("restart {number}: {}", held.status);
    }
    let times = load.join().expect("every request was answered with 200");
    eprintln!("three restarts, 0 refused, 0 lost: {}", times.shown());
    let status = relay.json(&["status"]);
    assert_eq!(status["counts"]["incidents"]["open"], times.count() + 1, "{status:#}");
}

#[test]
fn where_systemd_listens_the_written_address_counts_for_nothing_and_a_reload_leaves_the_socket_alone() {
    let (socket, address) = socket();
    let relay = Relay::start_in(Site::new(&source("hook", "webhook")).with_socket(socket));
    let listed = relay.list(&["sources", "list"]);
    assert_eq!(listed[0]["url"], Value::String(format!("http://{address}/in/hook")));
    relay.configure(&format!("{}{}", source("hook", "webhook"), source("more", "webhook")));
    relay.run(&["reload"]).expect(0);
    assert_eq!(Request::json(&at("more"), r#"{"title":"x"}"#).send(address).status, 200);
}

#[test]
fn a_relay_is_started_by_the_first_connection_to_a_socket_of_systemd() {
    let (socket, address) = socket();
    drop(socket);
    let site = Site::new(&source("hook", "webhook"))
        .started_by("systemd-socket-activate", &["--listen", &address.to_string()]);
    let Ok(mut process) = site.serve().spawn() else {
        return skipped("socket activation by systemd itself: there is no systemd-socket-activate");
    };
    let answer = until("systemd listens, and the relay answers", || {
        Request::json(&at("hook"), r#"{"title":"the first"}"#).try_send(address)
    });
    let ended = process.kill().and_then(|()| process.wait());
    assert_eq!(answer.status, 200);
    assert!(ended.is_ok());
}
