//! `api_listen`: metrics and checks at an address of their own.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use super::free;
use crate::harness::{Answer, Authority, Relay, Request, Secure, Site, at, source, until};

/// Metrics and a source, with these lines at the top.
fn tables(lines: &str) -> String {
    format!("{lines}[metrics]\nenabled = true\n{}", source("hook", "webhook"))
}

fn api_at(address: SocketAddr) -> String {
    format!("api_listen = \"{address}\"\n")
}

fn get(address: SocketAddr, path: &str) -> Option<Answer> {
    Request::new("GET", path).try_send(address)
}

fn status(address: SocketAddr, path: &str) -> Option<u16> {
    get(address, path).map(|answer| answer.status)
}

#[test]
fn monitoring_has_a_listener_of_its_own_and_senders_reach_no_metrics() {
    let api = free();
    let relay = Relay::start(&tables(&api_at(api)));
    let main = relay.address();
    let metrics = get(api, "/metrics").expect("it listens").expect(200);
    assert!(metrics.body.contains("\ntocsin_build_info{"), "{}", metrics.body);
    assert!(relay.send(&Request::new("GET", "/metrics")).problem(404).contains("Sources are at /in/"));
    for path in ["/healthz", "/readyz"] {
        assert_eq!((status(api, path), status(main, path)), (Some(200), Some(200)), "{path}");
    }
    for path in [&at("hook"), "/interactions", "/incidents/1", "/"] {
        get(api, path).expect("it listens").problem(404);
    }
    Request::json(&at("hook"), r#"{"title":"Disk full"}"#).send(api).problem(404);
}

#[test]
fn a_reload_opens_moves_and_closes_the_listener() {
    let (first, second) = (free(), free());
    let relay = Relay::start(&tables(""));
    let main = relay.address();
    assert_eq!(status(main, "/metrics"), Some(200));
    let reload = |lines: &str| {
        relay.configure(&tables(lines));
        relay.run(&["reload"]).expect(0).stdout
    };
    assert!(reload(&api_at(first)).contains("+ api_listen added"));
    assert_eq!((status(first, "/metrics"), status(main, "/metrics")), (Some(200), Some(404)));
    assert!(reload(&api_at(second)).contains("~ api_listen changed"));
    assert_eq!(status(second, "/metrics"), Some(200));
    until("the first is given up", || get(first, "/metrics").is_none().then_some(()));
    // One that cannot be had leaves everything as it was.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it has one");
    relay.configure(&tables(&api_at(address)));
    let refused = relay.run(&["reload"]).expect(1).stderr;
    assert!(
        refused.contains(&format!("listening on {address} (`api_listen` in the configuration)")),
        "{refused}"
    );
    assert_eq!((status(second, "/metrics"), status(main, "/metrics")), (Some(200), Some(404)));
    assert!(reload("").contains("- api_listen removed"));
    assert_eq!(status(main, "/metrics"), Some(200));
    until("the second is given up", || get(second, "/metrics").is_none().then_some(()));
}

/// The text of a configuration with the listeners at these addresses.
fn listening_at(site: &Site, main: SocketAddr, api: Option<SocketAddr>) {
    site.configure(&tables(&api.map(api_at).unwrap_or_default()));
    let text = std::fs::read_to_string(site.path("tocsin.toml")).expect("it was written");
    site.configure_whole(&text.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"{main}\"")));
}

#[test]
fn one_reload_exchanges_the_addresses_of_the_listeners_or_gives_one_that_of_the_other() {
    let (first, second, third) = (free(), free(), free());
    let site = Site::new("");
    listening_at(&site, first, Some(second));
    let relay = Relay::start_in(site);
    let is_main =
        |address| Request::json(&at("hook"), r#"{"title":"x"}"#).try_send(address).map(|a| a.status);
    assert_eq!((is_main(first), status(second, "/metrics")), (Some(200), Some(200)));
    let steps = [
        (second, Some(first)),
        (first, Some(third)),
        // The main listener gets the address that the other one gives up.
        (third, None),
        (first, Some(third)),
        (third, Some(second)),
    ];
    for (main, api) in steps {
        listening_at(&relay, main, api);
        relay.run(&["reload"]).expect(0);
        assert_eq!(is_main(main), Some(200), "{main} {api:?}");
        if let Some(api) = api {
            assert_eq!((status(api, "/metrics"), is_main(api)), (Some(200), Some(404)), "{main} {api:?}");
        }
    }
    // An exchange that fails in part changes nothing.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listening_at(&relay, second, Some(taken.local_addr().expect("it has one")));
    relay.run(&["reload"]).expect(1);
    assert_eq!((is_main(third), status(second, "/metrics")), (Some(200), Some(200)));
}

#[test]
fn it_speaks_tls_as_the_main_one_does() {
    let (authority, api) = (Authority::new(), free());
    let site = Site::new("");
    let certificate = authority.certificate("127.0.0.1", 2100);
    std::fs::write(site.path("tls.pem"), &certificate.pem).expect("the folder can be written");
    std::fs::write(site.path("tls.key"), &certificate.key).expect("the folder can be written");
    let tls = "[tls]\ncertificate = \"tls.pem\"\nkey = { file = \"tls.key\" }\n";
    site.configure(&tables(&format!("{}{tls}", api_at(api))));
    let client = authority.trusted_by_client(None);
    let _relay = Relay::start_secure(site, Arc::clone(&client));
    let mut connected = Secure::connect(api, &client).expect("it is trusted");
    connected.ask(&Request::new("GET", "/metrics")).expect("an answer").expect(200);
    assert_eq!(status(api, "/metrics"), Some(400));
}

#[test]
fn check_warns_of_tokens_that_cross_the_network_in_clear() {
    let site = Site::new(&tables("api_listen = \"0.0.0.0:8687\"\n"));
    let said = site.run(&["check"]).expect(0).stderr;
    assert!(
        said.contains("warning: api_listen: 0.0.0.0:8687 is not an address of this machine alone"),
        "{said}"
    );
    for address in ["127.0.0.1:8687", "127.0.0.2:8687"] {
        site.configure(&tables(&format!("api_listen = \"{address}\"\n")));
        assert_eq!(site.run(&["check"]).expect(0).stderr, "", "{address}");
    }
    site.configure_whole("listen = \"127.0.0.1:8686\"\napi_listen = \"127.0.0.1:8686\"\n");
    assert!(site.run(&["check"]).expect(1).stderr.contains("is the address of `listen`"));
    site.configure_whole("api_listen = \"8687\"\n");
    assert!(site.run(&["check"]).expect(1).stderr.contains("such as `127.0.0.1:8687`"));
}
