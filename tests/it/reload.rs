//! Another configuration is put in force while the relay runs: all of it or nothing, and nobody is refused meanwhile.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{
    Receiver, Relay, Reply, Request, Site, action, at, connection, guest, settings, source, until,
};
use crate::storms::Times;

/// A source, a connection and an action.
fn tables(receiver: &Receiver) -> String {
    [source("hook", "webhook"), connection("out", "webhook", &receiver.url("/out")), action("tell", "out")]
        .concat()
}

fn problems(relay: &Relay) -> Vec<String> {
    let status = relay.json_of_any_code(&["status"]);
    let problem = |problem: &Value| format!("{}: {}", problem["path"], problem["problem"]).replace('"', "");
    status["problems"].as_array().expect("a list").iter().map(problem).collect()
}

fn title(text: &str) -> String {
    serde_json::json!({ "title": text }).to_string()
}

#[test]
fn what_is_added_works_at_once_and_what_is_removed_is_gone() {
    let receiver = Receiver::start();
    let relay = Relay::start(&tables(&receiver));
    relay.post("hook", &title("first")).expect(200);
    receiver.wait(1);
    let other = connection("other", "webhook", &receiver.url("/other"));
    let more = [source("more", "webhook"), other, action("also", "other")].concat();
    relay.configure(&format!("{}{more}", tables(&receiver)));
    let said = relay.run(&["reload"]).expect(0).stdout;
    assert_eq!(
        said,
        "+ sources.more added\n+ connections.other added\n+ actions.also added\nthe configuration is in force\n"
    );
    relay.post("more", &title("second")).expect(200);
    let paths: Vec<String> = receiver.wait(3).into_iter().map(|request| request.path).collect();
    assert_eq!(paths.iter().filter(|path| *path == "/other").count(), 1, "{paths:?}");
    relay.configure(
        &[source("more", "webhook"), connection("out", "webhook", &receiver.url("/out"))].concat(),
    );
    let reloaded = relay.json(&["reload"]);
    let removed: Vec<&str> =
        reloaded["changes"].as_array().expect("a list").iter().filter_map(|c| c["path"].as_str()).collect();
    assert_eq!(removed, ["sources.hook", "connections.other", "actions.also", "actions.tell"]);
    let problem = relay.post("hook", &title("third")).problem(404);
    assert!(problem.contains("There is no source `hook`"), "{problem}");
    relay.post("more", &title("fourth")).expect(200);
    assert_eq!(relay.run(&["reload"]).expect(0).stdout, "nothing differs from the configuration in force\n");
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn a_mistake_keeps_the_configuration_in_force_and_everybody_is_told_why() {
    let receiver = Receiver::start();
    let relay = Relay::start(&tables(&receiver));
    let right = tables(&receiver);
    let mistakes = [
        (right.replace("webhook", "webhuk"), "connections.out.plugin: there is no plugin `webhuk`"),
        (format!("{right}[sources.more]\nplugin = \"webhook\"\n"), "sources.more.token: is missing"),
        (format!("{right}{}", settings("actions.tell", "boddy = \"x\"")), "actions.tell.settings.boddy: "),
        (format!("{right}[sources.hook]\n"), "it is not TOML: "),
        (right.replace("\nurl", "\nurll"), "connections.out.urll: is unknown"),
    ];
    for (text, words) in mistakes {
        relay.configure(&text);
        let refused = relay.run(&["reload"]).expect(1);
        assert!(refused.stderr.contains("the configuration in force stays: "), "{}", refused.stderr);
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
        let problems = problems(&relay);
        assert!(
            problems
                .iter()
                .any(|problem| problem.starts_with("the configuration: ") && problem.contains(words)),
            "{problems:?}"
        );
        relay.run(&["status"]).expect(1);
        relay.post("hook", &title(words)).expect(200);
    }
    assert!(relay.log().contains("the configuration in force stays"), "{}", relay.log());
    receiver.wait(5);
    relay.configure(&right);
    relay.run(&["reload"]).expect(0);
    assert_eq!(problems(&relay), Vec::<String>::new());
}

#[test]
fn what_stood_still_before_keeps_no_other_change_from_being_made() {
    let relay = Relay::start(&format!("{}{}", source("hook", "webhook"), source("broken", "nowhere")));
    relay.configure(
        &[source("hook", "webhook"), source("broken", "nowhere"), source("more", "webhook")].concat(),
    );
    relay.run(&["reload"]).expect(0);
    relay.post("more", &title("it works")).expect(200);
    relay.configure(&[source("hook", "webhook"), source("broken", "elsewhere")].concat());
    let refused = relay.run(&["reload"]).expect(1);
    assert!(refused.stderr.contains("there is no plugin `elsewhere`"), "{}", refused.stderr);
}

#[test]
fn nothing_is_lost_or_refused_while_the_configuration_is_read_again_and_again() {
    let receiver = Receiver::start();
    let relay = Arc::new(Relay::start(&tables(&receiver)));
    let texts: Vec<String> = (0..50)
        .map(|number| {
            let changed = tables(&receiver)
                .replace("allow_private", &format!("concurrency = {}\nallow_private", 1 + number % 7));
            format!(
                "{changed}{}{}",
                source(&format!("more-{number}"), "webhook"),
                settings("actions.tell", &format!("method = \"{}\"", ["POST", "PUT"][number % 2]))
            )
        })
        .collect();
    let reloads = Arc::new(AtomicUsize::new(0));
    let (reloading, counted) = (Arc::clone(&relay), Arc::clone(&reloads));
    let reloader = thread::spawn(move || {
        for text in texts {
            reloading.configure(&text);
            reloading.run(&["reload"]).expect(0);
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let mut sent = 0;
    let address = relay.address();
    for round in 0.. {
        // All of them have to be answered with 200.
        let times = Times::at_rate(address, &format!("round {round}"), 400, Duration::from_secs(2));
        eprintln!("{} reloads so far: {}", reloads.load(Ordering::Relaxed), times.shown());
        sent += times.count();
        if reloader.is_finished() {
            break;
        }
    }
    reloader.join().expect("every reload is right");
    assert_eq!(reloads.load(Ordering::Relaxed), 50);
    let status = relay.json(&["status"]);
    assert_eq!(status["counts"]["incidents"]["open"], sent, "{status:#}");
    receiver.wait(sent);
    let deliveries = relay.settled();
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
    eprintln!("{sent} requests, 50 reloads, 0 lost, 0 refused, {} delivered", receiver.requests().len());
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn a_paused_connection_is_tried_again_when_it_is_changed_and_stays_paused_when_another_part_is() {
    let receiver = Receiver::scripted(|request, _| match request.path.starts_with("/right") {
        true => Reply::ok(),
        false => Reply::body(403, "who are you?"),
    });
    let with = |path: &str, more: &str| {
        let connection = connection("out", "webhook", &receiver.url(path));
        let probed = settings("connections.out", "test_method = \"GET\"\ntest_path = \"/health\"");
        let pause = settings("actions.tell", "pause = \"401, 403\"");
        let action = action("tell", "out");
        [source("hook", "webhook"), connection, probed, action, pause, more.to_owned()].concat()
    };
    let relay = Relay::start(&with("/wrong", ""));
    relay.post("hook", &title("Disk full")).expect(200);
    let is_paused = || relay.list(&["connections", "list"])[0]["paused"]["reason"].is_string();
    until("it is paused", || is_paused().then_some(()));
    relay.configure(&with("/wrong", &source("more", "webhook")));
    relay.run(&["reload"]).expect(0);
    assert!(is_paused());
    relay.configure(&with("/right", &source("more", "webhook")));
    let reloaded = relay.json(&["reload"]);
    assert_eq!(reloaded["changes"][0]["path"], "connections.out");
    let deliveries = relay.settled();
    assert!(deliveries[0]["state"] == "delivered" && !is_paused(), "{deliveries:#?}");
}

#[test]
fn senders_reach_the_relay_at_another_address_and_the_old_one_is_given_up() {
    let free = || TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr()).expect("a free port");
    let (first, second) = (free(), free());
    let listen = |address: &str| format!("listen = \"{address}\"\n{}", source("hook", "webhook"));
    let site = Site::new("");
    site.configure_whole(&listen(&first.to_string()));
    let relay = Relay::start_in(site);
    relay.post("hook", &title("at the first")).expect(200);
    let post = |address: SocketAddr| Request::json(&at("hook"), &title("moved")).try_send(address);
    relay.configure_whole(&listen(&second.to_string()));
    assert!(relay.run(&["reload"]).expect(0).stdout.contains("~ listen changed"));
    assert_eq!(post(second).map(|answer| answer.status), Some(200));
    until("the old address is given up", || post(first).is_none().then_some(()));
    // The same port for every address.
    relay.configure_whole(&listen(&format!("0.0.0.0:{}", second.port())));
    relay.run(&["reload"]).expect(0);
    assert_eq!(post(second).map(|answer| answer.status), Some(200));
    // One that cannot be had leaves everything as it was.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it has one");
    relay.configure_whole(&format!("{}{}", listen(&address.to_string()), source("more", "webhook")));
    let refused = relay.run(&["reload"]).expect(1);
    assert!(
        refused.stderr.contains(&format!("listening on {address} (`listen` in the configuration)")),
        "{}",
        refused.stderr
    );
    assert_eq!(post(second).map(|answer| answer.status), Some(200));
    assert_eq!(relay.list(&["sources", "list"]).len(), 1);
}

#[test]
fn a_plugin_that_is_dropped_just_before_is_loaded_for_the_configuration_that_names_it() {
    let relay = Relay::start(&source("hook", "webhook"));
    relay.drop_plugin("endless-loop.wasm", &guest("endless-loop"));
    relay.configure(&format!("{}{}", source("hook", "webhook"), source("loop", "endless-loop")));
    relay.run(&["reload"]).expect(0);
    assert_eq!(relay.list(&["sources", "list"]).len(), 2);
    assert_eq!(problems(&relay), Vec::<String>::new());
}

#[test]
fn what_takes_effect_with_the_next_start_is_named_until_then() {
    let mut relay = Relay::start(&source("hook", "webhook"));
    relay.configure(&format!("[limits]\nqueue = 99\nbody_time = \"7s\"\n{}", source("hook", "webhook")));
    for _ in 0..2 {
        let reloaded = relay.json(&["reload"]);
        assert_eq!(reloaded["with_the_next_start"], serde_json::json!(["limits.queue"]));
    }
    let said = relay.run(&["reload"]).expect(0).stderr;
    assert!(said.contains("limits.queue: takes effect at the next start"), "{said}");
    relay.stop();
    relay.restart();
    assert_eq!(relay.json(&["reload"])["with_the_next_start"], serde_json::json!([]));
}

#[test]
fn the_journal_says_who_put_what_in_force() {
    let relay = Relay::start(&source("hook", "webhook"));
    relay.configure(&format!("{}{}", source("hook", "webhook"), source("more", "webhook")));
    relay.run(&["reload"]).expect(0);
    let shown = relay.run(&["journal", "show"]).expect(0).stdout;
    assert!(shown.contains("another configuration was put in force by "), "{shown}");
    assert!(shown.contains("sources.more added"), "{shown}");
}

#[test]
fn a_hangup_reads_the_configuration_again() {
    let relay = Relay::start(&source("hook", "webhook"));
    relay.configure(&source("more", "webhook"));
    relay.signal("HUP");
    until("it is in force", || (relay.post("more", &title("now")).status == 200).then_some(()));
    relay.configure("[sources.more]\n");
    relay.signal("HUP");
    until("the mistake is said", || {
        problems(&relay).iter().any(|problem| problem.contains("sources.more")).then_some(())
    });
    relay.post("more", &title("still")).expect(200);
}

#[test]
fn a_comparison_changes_nothing_and_names_incidents_that_other_actions_would_take() {
    let receiver = Receiver::start();
    let relay = Relay::start(&tables(&receiver));
    for severity in ["critical", "info", "warning"] {
        let alert = serde_json::json!({ "title": severity, "severity": severity });
        relay.post("hook", &alert.to_string()).expect(200);
        relay.settled();
    }
    relay.configure(&format!("{}filter = \"severity == 'critical'\"\n", tables(&receiver)));
    let compared = relay.json(&["diff"]);
    assert_eq!(compared["changes"][0]["path"], "actions.tell");
    assert_eq!(compared["filters"][0]["action"], "tell");
    assert_eq!(compared["filters"][0]["fewer"].as_array().map(Vec::len), Some(2), "{compared:#}");
    let said = relay.run(&["diff"]).expect(0).stdout;
    assert!(
        said.contains("actions.tell: incidents of the last day: 2 no longer for this action: #"),
        "{said}"
    );
    relay.post("hook", &title("still told")).expect(200);
    receiver.wait(4);
    relay.configure("[sources.hook]\n");
    relay.run(&["diff"]).expect(1);
    assert_eq!(
        problems(&relay),
        Vec::<String>::new(),
        "a comparison that fails is no trouble of the relay's"
    );
}
