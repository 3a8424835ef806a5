//! Recipes over what their tools send: pairs share a key, mistakes are told when the configuration is read.

use proptest::prelude::*;
use tocsin_plugin::{Change, check_source};

use super::*;
use crate::Recipe;

fn recipe(recipe: Recipe) -> In {
    settings(&[("recipe", recipe.name())])
}

/// The recipe that an operator would choose for a sample; none for tools without one.
fn for_sample(name: &str) -> Option<Recipe> {
    let of = |part: &str, recipe| name.contains(part).then_some(recipe);
    of("cloudwatch", Recipe::Cloudwatch)
        .or(of("newrelic", Recipe::Newrelic))
        .or(of("pingdom", Recipe::Pingdom))
        .or(of("stackdriver", Recipe::Stackdriver))
        .or(of("checkmk", Recipe::Checkmk))
        .or(of("wazuh", Recipe::Wazuh))
        .or(of("monitor-", Recipe::Uptimerobot))
        .or(of("generic-json-incident", Recipe::Itop))
        .or(of("itop", Recipe::Itop))
}

/// A sample as it comes: forms as forms, all else as JSON.
fn request(name: &str, bytes: &[u8]) -> Request {
    let mut request = Request { body: bytes.to_vec(), ..Request::post_json("") };
    if name.ends_with(".form") {
        request.headers[0].value = "application/x-www-form-urlencoded".to_owned();
    }
    if name.ends_with(".txt") {
        request.headers[0].value = "text/plain".to_owned();
    }
    request
}

#[test]
fn samples_have_their_reviewed_outcomes() {
    let folders = ["generic", "uptimerobot", "itop-webhook-as-source"];
    testing::run_sample_outcomes(env!("CARGO_MANIFEST_DIR"), &folders, |name, bytes| {
        let settings = for_sample(name).map_or_else(|| settings(&[]), recipe);
        Webhook::decode(&request(name, bytes), &settings)
    });
}

#[test]
fn a_trigger_and_its_resolve_share_an_identity() {
    for (trigger, resolve) in [
        ("cases/uptimerobot/opens-and-resolves.case", "cases/uptimerobot/as-parameters.case"),
        (
            "cases/uptimerobot/opens-and-resolves.case",
            "cases/uptimerobot/opens-and-resolves-with-unquoted-numbers.case",
        ),
        ("cases/uptimekuma/opens-and-resolves.case", "cases/uptimekuma/opens-and-resolves-in-a-query.case"),
        (
            "cases/cloudwatch/opens-and-resolves.case",
            "cases/cloudwatch/opens-and-resolves-by-eventbridge.case",
        ),
        ("cases/cloudwatch/opens-and-resolves.case", "cases/cloudwatch/eventbridge-deletes.case"),
        (
            "cases/cloudwatch/raw-delivery.case",
            "cases/cloudwatch/opens-and-resolves-by-eventbridge-through-sns.case",
        ),
        ("cases/itop/opens-and-resolves.case", "cases/itop/by-event-alone.case"),
        ("cases/itop/opens-and-resolves.case", "cases/itop/deleted.case"),
        ("cases/checkmk/opens-and-resolves-with-own-names.case", "cases/checkmk/flapping-ends-well.case"),
        ("outcomes/alerta-stackdriver-open.json", "outcomes/alerta-stackdriver-closed.json"),
        ("outcomes/generic-json-incident-created.json", "outcomes/generic-json-incident-resolved.json"),
    ] {
        testing::check_pair(env!("CARGO_MANIFEST_DIR"), trigger, resolve);
    }
}

#[test]
fn a_recipe_refuses_what_it_does_not_recognise_and_ignores_nothing() {
    for tool in Recipe::ALL {
        let settings = recipe(*tool);
        for body in ["{}", "[]", "null", "\"x\"", "7", "[{}]", r#"{"event": {}}"#, r#"{"incident": {}}"#] {
            let outcome = Webhook::decode(&Request::post_json(body), &settings);
            let ignored = outcome.as_ref().is_ok_and(|decoded| decoded.events.is_empty());
            assert!(!ignored, "{tool:?} {body}: {outcome:?}");
            if body == "{}" {
                assert!(outcome.is_err(), "{tool:?}: {outcome:?}");
            }
        }
    }
}

#[test]
fn a_mistake_in_a_program_is_a_problem_of_the_configuration_with_its_place() {
    let problems = |given: &[(&str, &str)]| {
        let setting = |(key, value): &(&str, &str)| Setting {
            key: (*key).to_owned(),
            value: Value::Text((*value).to_owned()),
        };
        check_source::<Webhook>(&given.iter().map(setting).collect::<Vec<_>>())
    };
    assert_eq!(problems(&[]), []);
    assert_eq!(problems(&[("jq", "{title: .name}")]), []);
    let wrong = problems(&[("jq", "{title: .name,\n status: statos}")]);
    assert!(wrong[0].field == "jq" && wrong[0].problem.contains("line 2, column 10"), "{wrong:?}");
    assert_eq!(problems(&[("jq", "."), ("recipe", "pingdom")])[0].field, "jq");
}

#[test]
fn what_a_program_gives_wrong_is_told_by_its_name() {
    let refused = |code: &str| match Webhook::decode(&Request::post_json("{}"), &settings(&[("jq", code)])) {
        Err(Refusal::Invalid { field, problem }) => format!("{field} {problem}"),
        other => panic!("{code}: {other:?}"),
    };
    assert!(refused("{titel: \"x\"}").contains("`titel`"));
    assert!(refused("\"x\"").contains("an event, a list of events or null"));
    assert!(refused("[[{title: \"x\"}]]").contains("a list within a list"));
    assert!(refused("{message: \"x\"}").contains("neither a title nor a key"));
    assert!(refused("{title: \"x\", status: \"hm\"}").contains("`hm`"));
    assert!(refused(".a | error(\"no host\")").contains("no host"));
}

#[test]
fn a_program_sees_scalars_lists_and_nothing_at_all() {
    let decoded = |body: &str, code: &str| {
        let mut decoded =
            Webhook::decode(&Request::post_json(body), &settings(&[("jq", code)])).expect("decoded");
        decoded.events.pop().map_or_else(|| decoded.ignored.unwrap_or_default(), |event| event.title)
    };
    assert_eq!(decoded("7", "{title: \"seven: \\(.)\"}"), "seven: 7");
    assert_eq!(decoded("[1, 2]", "{title: (add | tostring)}"), "3");
    assert_eq!(decoded("\"{\\\"a\\\": 1}\"", "{title: (.a | tostring)}"), "1");
    assert_eq!(decoded("\"plain\"", "{title: .}"), "plain");
    assert_eq!(decoded("", "{title: (. | tostring)}"), "{}");
    assert_eq!(decoded("{}", "{ignored: \"a test\"}"), "a test");
}

#[test]
fn an_event_of_a_program_has_all_that_events_have() {
    let code = r#"{change: "acknowledge", key: .k, title: "t", severity: "who knows", labels: {a: 1, b: {c: "d"}},
        links: [{title: "x", url: "https://a.example"}, "https://b.example", "no address"], aliases: "other",
        actor: "Jane", occurred_at: "2026-01-02T03:04:05Z", delivery_id: 7}"#;
    let decoded =
        Webhook::decode(&Request::post_json(r#"{"k": 5}"#), &settings(&[("jq", code)])).expect("decoded");
    let event = &decoded.events[0];
    assert_eq!(
        (event.change, event.key.as_str(), event.aliases.as_slice()),
        (Change::Acknowledge, "5", &["other".to_owned()][..])
    );
    assert_eq!(event.links.len(), 2);
    assert_eq!(event.labels.len(), 3);
    assert_eq!(decoded.delivery_id.as_deref(), Some("7"));
    assert!(event.occurred_at.is_some() && event.actor.as_deref() == Some("Jane"));
}

proptest! {
    #[test]
    fn no_program_makes_it_panic(code in "[\\[\\]{}().|,:;\"\\\\$@a-z0-9 \\n?/=<>+*-]{0,80}") {
        let _ = Webhook::check(&settings(&[("jq", &code)]));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096), tool in 0..Recipe::ALL.len()) {
        let request = Request { body: bytes, ..Request::post_json("") };
        let _ = Webhook::decode(&request, &recipe(Recipe::ALL[tool]));
        let _ = Webhook::decode(&request, &settings(&[]));
    }
}
