//! Every attribute of iTop's connections and actions, as each peer that has it gets it over the wire.
//!
//! One test for each attribute, over all peers that have it. What is compared is the document that a peer
//! receives, never what a plugin returns.

mod buttons;
mod details;
mod documents;
mod faces;
mod headers;
mod listed;
mod own_text;
mod places;
mod status;

use serde_json::{Value, json};

use crate::harness::{Receiver, Recorded, Relay, Reply, Site, action, connection, settings, source};

/// Where the relay can be reached from outside.
const PUBLIC: &str = "https://tocsin.example";
/// The peers that people read, by the names that [`Peer::of`] knows.
const CHATS: [&str; 6] = ["slack", "teams", "connector", "rocketchat", "googlechat", "text"];

/// What speaks to a peer, and what its connections and actions cannot be without.
struct Peer {
    plugin: &'static str,
    connection: &'static str,
    secrets: &'static str,
    action: &'static str,
}

impl Peer {
    /// The peer of an action, whose name is the peer's, or begins with it and a dash.
    fn of(action: &str) -> Self {
        let plain = |plugin| Self { plugin, connection: "", secrets: "", action: "" };
        let itop = |action| Self {
            plugin: "itop",
            connection: "user = \"tocsin\"",
            secrets: "password = \"its-password\"",
            action,
        };
        match action.split('-').next().unwrap_or_default() {
            "slack" => plain("slack"),
            "teams" => plain("teams"),
            "connector" => Self { connection: "target = \"connector\"", ..plain("teams") },
            "rocketchat" => plain("rocketchat"),
            "googlechat" => plain("googlechat"),
            "text" => Self { action: "format = \"text\"", ..plain("googlechat") },
            "itop" => itop("organization = \"Demo\""),
            "raw" => itop("operation = \"raw\""),
            "webhook" => plain("webhook"),
            other => unreachable!("{other} is no peer"),
        }
    }
}

/// What the peer says when all is well.
fn answer(request: &Recorded) -> Reply {
    match request.path.split(['/', '-', '?']).nth(1).unwrap_or_default() {
        "teams" => Reply::status(202),
        "connector" => Reply::body(200, "1"),
        "rocketchat" => Reply::body(200, r#"{"success":true}"#),
        "googlechat" | "text" => Reply::body(200, r#"{"name":"spaces/S/messages/M"}"#),
        "itop" | "raw" => {
            let fields = json!({ "id": "12", "friendlyname": "R-000012" });
            let object = json!({ "code": 0, "class": "UserRequest", "key": "12", "fields": fields });
            let objects = json!({ "UserRequest::12": object });
            Reply::body(200, &json!({ "code": 0, "message": null, "objects": objects }).to_string())
        }
        _ => Reply::ok(),
    }
}

/// An action and its own connection, both of this name.
struct Told {
    name: String,
    /// Behind the receiver's address.
    path: String,
    /// In the connection's table, its settings, its secrets.
    connection: [String; 3],
    /// In the action's table, its settings.
    action: [String; 2],
}

impl Told {
    fn new(name: &str, settings: &str) -> Self {
        let peer = Peer::of(name);
        Self {
            name: name.to_owned(),
            path: format!("/{name}"),
            connection: [String::new(), peer.connection.to_owned(), peer.secrets.to_owned()],
            action: [String::new(), format!("{}\n{settings}", peer.action)],
        }
    }

    /// With these lines in the action's own table.
    fn with(mut self, lines: &str) -> Self {
        self.action[0].push_str(&format!("{lines}\n"));
        self
    }

    /// With these lines in the connection's own table.
    fn through(mut self, lines: &str) -> Self {
        self.connection[0].push_str(&format!("{lines}\n"));
        self
    }

    /// With these settings and secrets of the connection instead of those that are usual.
    fn identified(mut self, settings: &str, secrets: &str) -> Self {
        self.connection[1..].clone_from_slice(&[settings.to_owned(), secrets.to_owned()]);
        self
    }

    /// To this path instead of the one of its name.
    fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    fn tables(&self, receiver: &Receiver) -> String {
        let (name, peer) = (&self.name, Peer::of(&self.name));
        let ([connection_lines, connection_settings, secrets], [lines, own]) =
            (&self.connection, &self.action);
        format!(
            "{}{connection_lines}{}[connections.{name}.secrets]\n{secrets}\n{}{lines}{}",
            connection(name, peer.plugin, &receiver.url(&self.path)),
            settings(&format!("connections.{name}"), connection_settings),
            action(name, name),
            settings(&format!("actions.{name}"), own),
        )
    }
}

/// An action for each of these peers, all with these settings.
fn each(peers: &[&str], settings: &str) -> Vec<Told> {
    peers.iter().map(|peer| Told::new(peer, settings)).collect()
}

/// The same, each called `peer-as_what`.
fn each_as(peers: &[&str], as_what: &str, settings: &str) -> Vec<Told> {
    peers.iter().map(|peer| Told::new(&format!("{peer}-{as_what}"), settings)).collect()
}

fn tables(receiver: &Receiver, actions: &[Told]) -> String {
    let told: String = actions.iter().map(|told| told.tables(receiver)).collect();
    format!("public_url = \"{PUBLIC}\"\n{}{told}", source("monitoring", "webhook"))
}

/// What `tocsin check` says of an action that is wrong.
fn refused(action: Told) -> String {
    Site::new(&tables(&Receiver::start(), &[action])).run(&["check"]).expect(1).all()
}

/// A relay, and a receiver that answers as each of the peers.
struct Stage {
    receiver: Receiver,
    relay: Relay,
}

impl Stage {
    fn start(actions: &[Told]) -> Self {
        let receiver = Receiver::scripted(|request, _| answer(request));
        let relay = Relay::start(&tables(&receiver, actions));
        Self { receiver, relay }
    }

    /// Starts one, reports the usual problem, and waits until everybody was told.
    fn told(actions: &[Told]) -> Self {
        let stage = Self::start(actions);
        stage.report(&alert());
        stage
    }

    /// Reports this, and waits until everybody was told.
    fn report(&self, alert: &Value) {
        self.relay.post("monitoring", &alert.to_string()).expect(200);
        self.arrived();
    }

    /// Waits until nothing is under way. Everything has to have arrived.
    fn arrived(&self) {
        let deliveries = self.relay.settled();
        let arrived =
            |delivery: &Value| ["delivered", "accepted"].iter().any(|state| delivery["state"] == *state);
        assert!(deliveries.iter().all(arrived), "{deliveries:#?}");
    }

    /// The one request that an action has made.
    fn request(&self, action: &str) -> Recorded {
        let path = format!("/{action}");
        let is_its = |request: &Recorded| request.path.split('?').next() == Some(path.as_str());
        let mut requests: Vec<Recorded> = self.receiver.requests().into_iter().filter(is_its).collect();
        assert_eq!(requests.len(), 1, "{action}: {requests:#?}");
        requests.remove(0)
    }

    /// Its document. A link to the incident's page is `page:` and its purpose.
    fn message(&self, action: &str) -> Value {
        let body = self.with_pages(action, &self.request(action).body);
        serde_json::from_str(&body).unwrap_or_else(|error| unreachable!("{error}: {body}"))
    }

    /// `text` with `page:modify` for each link to the page of the only incident that is signed for this action.
    fn with_pages(&self, action: &str, text: &str) -> String {
        let id = self.incident_id();
        let begin = format!("{PUBLIC}/incidents/{id}?via={action}&until=");
        let mut parts = text.split(&begin).map(str::to_owned);
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |out, part| {
            let (link, rest) = part.split_at(part.find(['"', '|', '<', '\\']).unwrap_or(part.len()));
            assert!(link.contains("&sig="), "{link}");
            let purpose = link.split_once("&do=").map_or("incident", |(_, purpose)| purpose);
            format!("{out}page:{purpose}{rest}")
        })
    }

    /// When the only incident was opened or acknowledged, as a message writes it on the same day: `03:04 UTC`.
    fn clock(&self, field: &str) -> String {
        let at = self.relay.incident()[field].as_str().expect("a time").to_owned();
        format!("{} UTC", &at["2026-01-02T".len().."2026-01-02T03:04".len()])
    }

    /// The line of essentials of the usual problem while it is open.
    fn essentials(&self) -> String {
        format!("#1 · since {} · storage · db-1 · from monitoring", self.clock("opened_at"))
    }

    /// The id of the only incident.
    fn incident_id(&self) -> String {
        self.relay.incident()["id"].as_str().expect("an id").to_owned()
    }
}

/// The fields of a form.
fn form(body: &str) -> Value {
    let decoded = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits =
                        [rest.next(), rest.next()].map(|digit| char::from(digit.unwrap_or_default()));
                    u8::from_str_radix(&String::from_iter(digits), 16).expect("two digits")
                }
                byte => byte,
            });
        }
        String::from_utf8(bytes).expect("UTF-8")
    };
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decoded(name), json!(decoded(value))));
    body.split('&').filter_map(pair).collect()
}

/// The JSON data of a request to iTop.
fn json_data(request: &Recorded) -> Value {
    let form = form(&request.body);
    let data = form["json_data"].as_str().unwrap_or_default();
    serde_json::from_str(data).unwrap_or_else(|error| unreachable!("{error}: {form}"))
}

/// A usual problem.
fn alert() -> Value {
    json!({
        "title": "Disk full on db-1",
        "id": "disk",
        "message": "/var is at 97 %.",
        "severity": "critical",
        "host": "db-1",
        "team": "storage",
    })
}

/// The same from somebody who wants more than to report it.
fn hostile() -> Value {
    let mut alert = alert();
    alert["title"] = json!("Disk \"full\" <!channel> <users/all> @all $this->message$ {{ message }}");
    alert
}
