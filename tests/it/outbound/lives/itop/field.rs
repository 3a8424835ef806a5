//! Values, texts and times as a running iTop takes them, and mistakes as they are reported.

use serde_json::json;

use super::super::{act, lock, newest, summary};
use super::peer::{Itop, Limits};
use super::{following, start};
use crate::harness::{Receiver, Relay, Site, until};

#[test]
fn an_origin_that_an_itil_itop_refuses_is_left_out_and_the_delivery_says_so() {
    let (relay, itop) = start("");
    lock(&itop).limits = Limits { is_itil: true, ..Limits::default() };
    super::super::super::open(&relay, "disk", "high");
    let delivery = newest(&relay);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &1.into()), "{delivery:#}");
    let why = "without `origin`: Error: Unexpected value for attribute 'Origin'";
    assert_eq!(summary(&delivery), format!("created UserRequest R-000001 ({why})"));
    let itop = lock(&itop);
    assert_eq!(itop.operations(), ["create", "create"]);
    assert!(!itop.ticket().contains_key("origin"));
    assert_eq!(itop.ticket()["urgency"], "2", "the other standard fields are there");
}

#[test]
fn an_origin_that_the_operator_gave_is_not_left_out() {
    let (relay, itop) = start(r#"fields = '{"origin": "monitoring"}'"#);
    lock(&itop).limits = Limits { is_itil: true, ..Limits::default() };
    super::super::super::open(&relay, "disk", "high");
    let delivery = newest(&relay);
    assert_eq!(delivery["state"], "rejected", "{delivery:#}");
    assert!(summary(&delivery).contains("Unexpected value for attribute 'Origin'"), "{delivery:#}");
    assert_eq!(lock(&itop).operations(), ["create"]);
}

#[test]
fn an_empty_criterion_is_left_out_like_an_empty_value() {
    let fields = r#"fields = '''{"service_id": {"name": "{{ labels.service }}"}, "site_id": "{{ labels.site }}",
        "team_id": {"name": "{{ labels.team }}", "org_name": "{{ labels.org }}"}, "room": "{{ labels.room }}"}'''"#;
    let (relay, itop) = start(fields);
    relay.post("hook", r#"{"title": "disk", "id": "disk", "team": "Storage"}"#).expect(200);
    let delivery = newest(&relay);
    assert_eq!(delivery["state"], "delivered", "{delivery:#}");
    let itop = lock(&itop);
    let sent = &itop.asked[0]["fields"];
    for name in ["service_id", "site_id", "team_id"] {
        assert!(sent.get(name).is_none(), "{name} in {sent}");
    }
    assert_eq!(sent["room"], "", "an empty value of a plain field is taken");
}

#[test]
fn html_is_cut_at_a_tag_and_says_how_much_is_missing() {
    let own = "plain_text = [\"solution\"]\nfields = '{\"description\": \"<table>{{ message }}</table>\"}'";
    let (relay, itop) = start(own);
    let message = "<tr><td>disk &amp; more</td></tr>".repeat(1_950);
    relay.post("hook", &json!({"title": "disk", "id": "disk", "message": message}).to_string()).expect(200);
    assert_eq!(newest(&relay)["state"], "delivered");
    let description = lock(&itop).ticket()["description"].as_str().expect("a text").to_owned();
    let (kept, rest) = description.split_once("</table><p>… (").expect("it is closed, and the words follow");
    let (missing, rest) = rest.split_once(" bytes are missing)</p>").expect("how much is missing");
    assert!(missing.parse::<usize>().is_ok_and(|bytes| bytes > 3_000), "{missing}");
    assert!(rest.starts_with("<p>Tocsin incident 01"), "the mark is whole: {rest}");
    for tag in ["tr", "td"] {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        assert_eq!(kept.matches(&open).count(), kept.matches(&close).count(), "{tag}");
    }
    assert_eq!(kept.matches('<').count(), kept.matches('>').count(), "no tag is halved");
    assert_eq!(kept.matches('&').count(), kept.matches("&amp;").count(), "no entity is halved");
}

#[test]
fn a_plain_text_that_is_too_long_as_html_is_cut_between_its_characters() {
    let (relay, itop) = start("");
    let message = "<&".repeat(15_000);
    relay.post("hook", &json!({"title": "disk", "id": "disk", "message": message}).to_string()).expect(200);
    assert_eq!(newest(&relay)["state"], "delivered");
    let description = lock(&itop).ticket()["description"].as_str().expect("a text").to_owned();
    let (kept, rest) = description.split_once("… (").expect("the cut");
    let kept = kept.trim_start_matches("<p>");
    let characters = kept.matches(';').count();
    assert_eq!(kept.replace("&lt;", "").replace("&amp;", ""), "", "no entity is halved");
    assert!(rest.starts_with(&format!("{} characters are missing)</p>", 30_000 - characters)), "{rest:.80}");
}

#[test]
fn times_in_log_entries_are_readable_in_the_readers_zone() {
    let receiver = Receiver::start();
    let itop = Itop::at(&receiver);
    let relay = Relay::start(&format!("time_zone = \"Asia/Kolkata\"\n{}", following(&receiver, "")));
    super::super::super::open(&relay, "disk", "high");
    relay.settled();
    act(&relay, &["note", "1", "swapped", "--as", "jane"]);
    act(&relay, &["resolve", "1", "done"]);
    let itop = lock(&itop);
    let ticket = itop.ticket();
    for (field, before, after) in
        [("private_log", "Note at ", " IST by jane</p>"), ("solution", "Resolved at ", " IST<br>done")]
    {
        let text = ticket[field].to_string();
        let (_, rest) = text.split_once(before).unwrap_or_else(|| unreachable!("{before} in {text}"));
        let (time, _) = rest.split_once(after).unwrap_or_else(|| unreachable!("{after} in {text}"));
        let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00 00:00", "{text}");
    }
}

#[test]
fn a_login_page_is_named_as_one_and_pauses_the_connection() {
    let receiver = Receiver::start();
    let itop = Itop::at(&receiver);
    let relay = Relay::start(&following(&receiver, ""));
    let page = "<html><form method=\"post\"><input name=\"auth_user\"><input type=\"password\" \
                name=\"auth_pwd\"></form></html>";
    lock(&itop).instead = vec![(200, page); 20].into();
    super::super::super::open(&relay, "disk", "high");
    let reason = until("the connection is paused", || {
        relay.list(&["connections", "list"])[0]["paused"]["reason"].as_str().map(str::to_owned)
    });
    assert!(reason.contains("a login page in place of an answer"), "{reason}");
    assert!(reason.contains("/webservices/rest.php") && reason.contains("single sign-on"), "{reason}");
    let tried = relay.run(&["connections", "test", "itop"]).expect(1);
    assert!(tried.all().contains("a login page in place of an answer"), "{tried:?}");
    assert_eq!(lock(&itop).tickets(), 0);
}

#[test]
fn check_examines_the_actions_of_a_broken_connection() {
    let receiver = Receiver::start();
    let good = following(&receiver, "");
    let user = "user = \"tocsin\", web_url = \"https://itop.example\"";
    assert!(good.contains(user) && good.contains("organization = \"Demo\""), "{good}");
    let query = r#"fields = '{"team_id": "SELECT Team WHERE name = {{ labels.team }}"}'"#;
    for (broken, of_connection) in [
        ("web_url = \"https://itop.example\"", "user: is missing"),
        ("user = \"tocsin\", web_url = \"itop.example\"", "web_url: "),
        ("user = \"tocsin\", settle = \"2h\"", "settle: is longer than an hour"),
        ("user = \"tocsin\", setle = \"1m\"", "setle: is not a setting of this plugin"),
    ] {
        for (own, of_action) in [
            ("", "organization: is missing"),
            (query, "fields: `team_id` holds OQL with a placeholder"),
            ("operation = \"delete\"", "allow_delete: nothing is deleted"),
        ] {
            let tables = good.replace(user, broken).replace("organization = \"Demo\"", own);
            let said = Site::new(&tables).run(&["check"]).expect(1).stderr;
            for words in [
                format!("connections.itop.settings.{of_connection}"),
                format!("actions.tickets.settings.{of_action}"),
            ] {
                assert!(said.contains(&words), "{words} in {said}");
            }
        }
    }
}
