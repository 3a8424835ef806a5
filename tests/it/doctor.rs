//! `tocsin doctor`: each trouble of a machine has its line, with what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::harness::{Receiver, Relay, Reply, Site, action, connection, source, until};

/// The findings about `about` that are `state`, in words.
fn found(site: &Site, arguments: &[&str], state: &str, about: &str) -> Vec<String> {
    let diagnosis = site.json_of_any_code(&[&["doctor"], arguments].concat());
    let findings = diagnosis["findings"].as_array().expect("a list").iter();
    let text = |finding: &Value| {
        let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        format!("{}: {}", part("found"), part("fix"))
    };
    findings.filter(|finding| finding["state"] == state && finding["about"] == about).map(text).collect()
}

fn mode(site: &Site, path: &str, mode: u32) {
    fs::set_permissions(site.path(path), fs::Permissions::from_mode(mode)).expect("it is ours");
}

/// A source, and an action to this address.
fn tables(url: &str) -> String {
    [source("hook", "webhook"), connection("out", "webhook", url), action("tell", "out")].concat()
}

#[test]
fn nothing_is_wrong_with_a_relay_that_is_well() {
    let receiver = Receiver::start();
    let relay = Relay::start(&tables(&receiver.url("/hook")));
    let said = relay.run(&["doctor"]).expect(0).stdout;
    for words in [
        "ok       version        tocsin ",
        "ok       configuration  ",
        "ok       directories    the state directory ",
        "ok       relay          it answers",
        "ok       relay          everything works",
        "nothing is wrong",
    ] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    for about in ["space", "clock", "unit"] {
        assert!(said.contains(about), "{about} is not in {said}");
    }
    assert_eq!(receiver.requests().len(), 0, "http has no certificate to look at");
}

#[test]
fn each_trouble_has_its_line_and_says_what_to_do() {
    let receiver = Receiver::start();
    receiver.script(|_, _| Reply::status(400));
    let relay = Relay::start(&tables(&receiver.url("/hook")));
    mode(&relay, "state", 0o755);
    mode(&relay, "tocsin.toml", 0o644);
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
    until("the delivery is a dead letter", || {
        relay.settled().iter().any(|delivery| delivery["state"] == "rejected").then_some(())
    });
    for (state, about, says) in [
        ("warning", "directories", "chmod 700"),
        ("warning", "configuration", "chmod o-rwx"),
        ("wrong", "relay", "tocsin deliveries list --dead-letters"),
    ] {
        let found = found(&relay, &[], state, about);
        assert!(found.iter().any(|text| text.contains(says)), "{state} {about} {says:?}: {found:?}");
    }
    relay.run(&["doctor"]).expect(1);
}

#[test]
fn a_relay_that_does_not_run_and_a_configuration_that_is_wrong_are_told() {
    let site = Site::new(&source("hook", "webhook"));
    let said = found(&site, &[], "warning", "relay");
    assert!(
        said.len() == 1 && said[0].contains("no relay runs") && said[0].contains("tocsin serve"),
        "{said:?}"
    );
    site.run(&["doctor"]).expect(0);
    site.configure("colour = \"red\"\n");
    let said = found(&site, &[], "wrong", "configuration");
    assert!(said.len() == 1 && said[0].contains("colour") && said[0].contains("tocsin check"), "{said:?}");
    let elsewhere = found(&site, &["--config", "elsewhere.toml"], "wrong", "configuration");
    assert!(elsewhere.len() == 1 && elsewhere[0].contains("elsewhere.toml"), "{elsewhere:?}");
}

#[test]
fn a_destination_is_looked_at_unless_no_connection_is_wanted() {
    let receiver = Receiver::start();
    let no_tls = receiver.url("/hook").replace("http://", "https://");
    let named =
        connection("named", "webhook", "https://localhost/hook").replace("allow_private = true\n", "");
    let site = Site::new(&[tables(&no_tls), named].concat());
    let certificates = found(&site, &[], "wrong", "certificate");
    assert!(certificates.len() == 1 && certificates[0].contains("(out)"), "{certificates:?}");
    assert!(certificates[0].contains("could not connect"), "{certificates:?}");
    assert!(!certificates[0].contains("/hook"), "an address may be a secret: {certificates:?}");
    let names = found(&site, &[], "wrong", "name");
    assert!(names.len() == 1 && names[0].contains("localhost (named)"), "{names:?}");
    assert!(names[0].contains("allow_private"), "{names:?}");
    for about in ["certificate", "name"] {
        assert!(found(&site, &["--offline"], "wrong", about).is_empty());
        assert!(found(&site, &["--offline"], "ok", about).is_empty());
    }
    site.run(&["doctor", "--offline"]).expect(0);
}
