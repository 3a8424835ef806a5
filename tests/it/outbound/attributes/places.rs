//! Where a message goes: the connection with its credentials, and addresses with placeholders.

use serde_json::{Value, json};

use super::{Stage, Told, alert, form, json_data, refused};
use crate::harness::{Reply, Site, action, connection, source};

#[test]
fn a_connection_is_where_a_message_goes_and_as_whom() {
    let basic = "user = \"tocsin\"\nauthentication = \"basic\"";
    let stage = Stage::told(&[
        Told::new("itop", "class = \"Incident\"").identified("user = \"a&b\"", "password = \"c+d=ä\""),
        Told::new("itop-basic", "").identified(basic, "password = \"its-password\""),
        Told::new("itop-token", "")
            .identified("authentication = \"token\"\nversion = \"1.4\"", "token = \"its-token\""),
        Told::new("webhook", "").identified("authentication = \"bearer\"", "token = \"the-token\""),
        Told::new("webhook-plain", ""),
    ]);
    let credentials = |action: &str| {
        let request = stage.request(action);
        let form = form(&request.body);
        let header = |name| json!(request.header(name));
        json!([
            form["auth_user"],
            form["auth_pwd"],
            header("authorization"),
            header("auth-token"),
            form["version"]
        ])
    };
    assert_eq!(credentials("itop"), json!(["a&b", "c+d=ä", null, null, "1.3"]));
    assert_eq!(
        credentials("itop-basic"),
        json!([null, null, "Basic dG9jc2luOml0cy1wYXNzd29yZA==", null, "1.3"])
    );
    assert_eq!(credentials("itop-token"), json!([null, null, null, "its-token", "1.4"]));
    assert_eq!(json_data(&stage.request("itop"))["class"], "Incident");
    assert_eq!(stage.request("webhook").header("authorization"), Some("Bearer the-token"));
    assert_eq!(stage.request("webhook-plain").header("authorization"), None);
    let said = Site::new(&format!(
        "{}{}",
        connection("there", "slack", "https://a.example"),
        action("tell", "here")
    ));
    let said = said.run(&["check"]).expect(1).all();
    assert!(
        said.contains("actions.tell.connection: `here` is not among the connections: there is there"),
        "{said}"
    );
}

#[test]
fn an_address_has_placeholders_in_its_path_and_query_that_are_encoded() {
    let peers = ["slack", "teams", "connector", "rocketchat", "googlechat", "itop", "webhook"];
    let told = |peer: &str| {
        Told::new(peer, "")
            .at(&format!("/{peer}/$this->labels->team$/hook?n={{{{ number }}}}&t=%24this->title%24"))
    };
    let stage = Stage::start(&peers.map(told));
    let mut alert = alert();
    alert["title"] = json!("a & b=\"c\"");
    alert["team"] = json!("db/é ?#%");
    stage.report(&alert);
    let got = stage.receiver.requests();
    for peer in peers {
        let path = format!("/{peer}/db%2F%C3%A9%20%3F%23%25/hook?n=1&t=a%20%26%20b%3D%22c%22");
        let found = got.iter().filter(|request| request.path.starts_with(&path)).count();
        assert_eq!(found, 1, "{peer}: {got:#?}");
    }
    assert_eq!(got.len(), peers.len());
    let listed = stage.relay.run(&["connections", "list"]).expect(0).stdout;
    assert!(!listed.contains("/hook") && listed.contains("127.0.0.1"), "{listed}");
}

#[test]
fn a_value_that_would_lead_to_another_path_is_not_sent_and_the_delivery_says_why() {
    let stage = Stage::start(&[Told::new("slack", "").at("/slack/{{ labels.team }}/hook")]);
    let mut alert = alert();
    alert["team"] = json!("..");
    stage.relay.post("monitoring", &alert.to_string()).expect(200);
    let delivery = &stage.relay.settled()[0];
    assert_eq!(delivery["state"], "rejected");
    let said = delivery["last"]["summary"].as_str().expect("an attempt");
    assert!(said.contains("connections.slack.url: the path of the URL has a segment `.` or `..`"), "{said}");
    assert!(stage.receiver.requests().is_empty());
}

/// One label once stopped everybody's messages, for as long as its delivery was tried again.
#[test]
fn an_address_that_is_wrong_for_one_incident_keeps_no_other_waiting() {
    let stage = Stage::start(&[Told::new("slack", "").at("/slack/{{ labels.team }}/hook")]);
    stage.receiver.script(|request, _| match request.path.as_str() {
        "/slack/ops/hook" => Reply::ok(),
        _ => Reply::body(404, "no_service"),
    });
    let send = |id: &str, team: Option<&str>| {
        let alert = json!({ "title": id, "id": id, "team": team });
        stage.relay.post("monitoring", &alert.to_string()).expect(200);
    };
    send("poison", Some("bad"));
    send("nobody", None);
    send("fine", Some("ops"));
    let settled = stage.relay.settled();
    let word =
        |delivery: &Value, at: &str| delivery.pointer(at).and_then(Value::as_str).unwrap_or("").to_owned();
    let say = |delivery: &Value| format!("{}: {}", word(delivery, "/state"), word(delivery, "/last/summary"));
    let said: Vec<String> = settled.iter().rev().map(say).collect();
    assert!(said[0].starts_with("rejected: ") && said[0].contains("this incident's values"), "{said:?}");
    assert!(said[1].contains("connections.slack.url: a placeholder in the path"), "{said:?}");
    assert!(said[2].starts_with("delivered: "), "{said:?}");
    assert!(stage.relay.list(&["connections", "list"])[0]["paused"].is_null());
}

#[test]
fn a_placeholder_in_what_says_where_requests_go_is_told_when_the_configuration_is_read() {
    for url in [
        "https://$this->labels->team$.example/hook",
        "https://{{ labels.team }}/hook",
        "https://hooks.example:{{ number }}/secret-path",
        "{{ labels.url }}",
        "https://hooks.example$this->labels->path$",
    ] {
        let site = Site::new(&format!(
            "{}{}{}",
            source("monitoring", "webhook"),
            connection("out", "slack", url),
            action("tell", "out")
        ));
        let said = site.run(&["check"]).expect(1).all();
        let words = "connections.out.url: a placeholder stands in the scheme, user, host or port of the URL: what an \
                     alert says must not choose where requests go; make a connection for each host, and actions with \
                     filters";
        assert!(said.contains(words), "{url}: {said}");
        assert!(!said.contains("secret-path"), "{said}");
    }
    let said = refused(Told::new("teams", "").at("/teams/$this->team$"));
    assert!(said.contains("connections.teams.url: unknown placeholder `$this->team$`"), "{said}");
}

#[test]
fn a_connection_is_told_apart_from_one_that_its_peer_does_not_have() {
    for (plugin, url, setting, words) in [
        ("slack", "https://hooks.slack.com/services/x", "mode = \"bot\"", "takes incoming webhooks only"),
        ("teams", "https://a.webhook.office.com/x", "target = \"workflow\"", "this host is a connector's"),
        ("teams", "https://a.logic.azure.com/x", "target = \"connector\"", "this host is a flow's"),
        ("itop", "https://itop.example/webservices/rest.php", "", "user: is missing"),
    ] {
        let tables = format!("{}[connections.out.settings]\n{setting}\n", connection("out", plugin, url));
        let said = Site::new(&format!("{tables}{}", action("tell", "out"))).run(&["check"]).expect(1).all();
        assert!(said.contains("connections.out.settings.") && said.contains(words), "{plugin}: {said}");
    }
}
