//! Filters for times, durations, links and mentions, and the time zones behind them.

use super::values::view_of;
use crate::delivery::Change;
use crate::incident::Incident;
use crate::markers::{ALL, plain};
use crate::plugin::Zone;
use crate::template::{JsonTemplate, Template, UrlTemplate};
use crate::time::Timestamp;
use crate::time_zone::TimeZone;
use crate::view::sample;

fn time(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().expect("a time").as_microsecond())
}

fn zone(name: &str) -> TimeZone {
    name.parse().expect("a time zone")
}

/// An incident of a winter's night: opened at 02:58, resolved at 04:28 universal time.
fn night() -> (Incident, Change) {
    let (mut incident, change) = sample();
    incident.opened_at = time("2026-01-02T02:58:00Z");
    incident.open_since = incident.opened_at;
    incident.resolve(time("2026-01-02T04:28:30Z"));
    (incident, change)
}

/// `text` for [`night`] as it is read in Paris at 04:30 universal time.
fn rendered(text: &str) -> String {
    let (incident, change) = night();
    let paris = zone("Europe/Paris");
    let template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let view = view_of(&incident, &change).at(time("2026-01-02T04:30:00Z"), &paris);
    template.render(&view).expect("it was tried on the sample")
}

#[test]
fn times_are_written_in_the_zone_and_as_asked() {
    for (text, expected) in [
        ("{{ opened_at | date }}", "2026-01-02 03:58 CET"),
        ("{{ opened_at | date('%d.%m.%Y %H:%M') }}", "02.01.2026 03:58"),
        ("{{ opened_at | time }}", "03:58 CET"),
        ("{{ '2026-07-02T02:58:00Z' | time }}", "04:58 CEST"),
        ("{{ opened_at | label }}", "2026-01-02 03:58:00 CET"),
        ("{{ opened_at | ago }}", "1h 32m ago"),
        ("{{ '2026-01-02T04:35:00Z' | ago }}", "in 5m"),
        ("{{ now | ago }}, {{ now | time }}", "just now, 05:30 CET"),
        ("{{ opened_at | duration_to(resolved_at) }}", "1h 30m"),
        ("{{ lasted }}, {{ open_since | time }}", "1h 30m, 03:58 CET"),
        ("{{ 5400 | duration }}, {{ '90' | duration }}", "1h 30m, 1m 30s"),
        ("{{ 1767322680 | date }}, {{ '1767322680000' | time }}", "2026-01-02 03:58 CET, 03:58 CET"),
        ("{{ labels.none | date }}{{ labels.none | ago }}{{ labels.none | duration }}", ""),
        ("{% macro at(x) %}{{ x | time }}{% endmacro %}{{ at(opened_at) }}", "03:58 CET"),
        ("$this->opened_at$ $this->label(open_since)$", "2026-01-02T02:58:00Z 2026-01-02 03:58:00 CET"),
    ] {
        assert_eq!(rendered(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_time_is_a_mistake_in_a_template_and_stays_as_it_is_in_a_message() {
    for text in
        ["{{ title | date }}", "{{ severity | ago }}", "{{ number | time }}", "{{ title | duration }}"]
    {
        let error = Template::parse(text).expect_err(text).to_string();
        assert!(error.contains("is not a time") || error.contains("is no number of seconds"), "{error}");
    }
    let error = Template::parse("{{ now | date('%!') }}").expect_err("no such letter").to_string();
    assert!(error.contains("cannot use the format `%!`"), "{error}");
    let template = Template::parse("{{ labels.began | date }}").expect("a label may be a time");
    let (mut incident, change) = night();
    for (label, expected) in
        [("yesterday", "yesterday"), ("2026-01-02T02:58:00+01:00", "2026-01-02 01:58 UTC")]
    {
        incident.labels.insert("began".to_owned(), label.to_owned());
        assert_eq!(template.render(&view_of(&incident, &change)).as_deref(), Ok(expected));
    }
}

#[test]
fn links_and_mentions_are_markers_that_nothing_else_can_hold() {
    let template = Template::parse("{{ labels.url | link('Runbook') }}|{{ labels.team | mention }}")
        .expect("it is right");
    let (mut incident, change) = night();
    for (url, expected) in [
        ("https://a.example/", "\u{e010}https://a.example/\u{e011}Runbook\u{e012}|\u{e013}sample\u{e012}"),
        ("javascript:alert(1)", "Runbook (javascript:alert(1))|\u{e013}sample\u{e012}"),
        ("", "|\u{e013}sample\u{e012}"),
        (
            "https://a.example/\u{e011}x",
            "\u{e010}https://a.example/x\u{e011}Runbook\u{e012}|\u{e013}sample\u{e012}",
        ),
    ] {
        incident.labels.insert("url".to_owned(), url.to_owned());
        assert_eq!(template.render(&view_of(&incident, &change)).as_deref(), Ok(expected), "{url}");
    }
    let error = Template::parse("{{ title | link('x') }}").expect_err("no address").to_string();
    assert!(error.contains("`Sample incident` is no http or https address"), "{error}");
}

#[test]
fn a_value_of_an_incident_never_holds_a_marker() {
    let forged: String = ALL.iter().map(|marker| format!("a{marker}")).collect();
    let (mut incident, mut change) = night();
    incident.title.clone_from(&forged);
    incident.message.clone_from(&forged);
    incident.labels.insert(format!("k{forged}"), forged.clone());
    incident.links[0].title.clone_from(&forged);
    change.text = forged.as_str().into();
    change.actor = Some(forged.clone());
    let all =
        "{{ title }}{{ message }}{{ labels }}{{ links }}{{ change.text }}{{ change.actor }}$this->title$";
    let text = Template::parse(all).expect("it is right").render(&view_of(&incident, &change));
    let text = text.expect("any text will do");
    assert!(text.contains("aaaa") && !text.contains(ALL), "{text:?}");
    crate::markers::clean_incident(&mut incident);
    crate::markers::clean_change(&mut change);
    assert_eq!((incident.title.as_str(), change.text.to_string().as_str()), ("aaaa", "aaaa"));
    assert_eq!(incident.labels["kaaaa"], "aaaa");
}

#[test]
fn an_address_holds_links_and_mentions_as_text() {
    let template =
        UrlTemplate::parse("https://h.example/?q={{ urls.incident | link }}&m={{ labels.team|mention }}");
    let (incident, change) = night();
    let urls = crate::view::sample_urls();
    let url = template.expect("it is right").render(&view_of(&incident, &change).with_urls(&urls));
    let url = url.expect("it was tried");
    assert_eq!(url.query(), Some("q=https%3A%2F%2Ftocsin.example%2Fincidents%2F1&m=sample"));
    let json = JsonTemplate::parse(r#"{"t": "{{ urls.incident | link('a \"b\"') }}"}"#).expect("it is right");
    let json = json.render(&view_of(&incident, &change).with_urls(&urls)).expect("it was tried");
    assert_eq!(plain(&json), r#"{"t":"a \"b\" (https://tocsin.example/incidents/1)"}"#);
}

#[test]
fn a_zone_has_its_name_and_offset_at_each_time() {
    let paris = zone("europe/paris");
    for (at, name, offset_minutes) in
        [("2026-01-02T00:00:00Z", "CET", 60), ("2026-07-02T00:00:00Z", "CEST", 120)]
    {
        assert_eq!(
            Zone::of(&paris, time(at)),
            Zone { id: "Europe/Paris".to_owned(), name: name.to_owned(), offset_minutes }
        );
    }
    assert_eq!(Zone::of(&zone("Asia/Kolkata"), time("2026-01-02T00:00:00Z")).offset_minutes, 330);
    assert_eq!(Zone::of(&paris, Timestamp::from_micros(i64::MAX)), Zone::utc());
}

#[test]
fn an_unknown_zone_gets_suggestions() {
    for (name, words) in [
        ("Europe/Pariss", "did you mean `Europe/Paris`?"),
        ("Paris", "`Europe/Paris`"),
        ("Germany/Berlin", "`Europe/Berlin`"),
        ("America/New York", "`America/New_York`"),
        ("", "write an IANA name such as `Europe/Paris`"),
        ("+02:00", "write an IANA name"),
    ] {
        let error = name.parse::<TimeZone>().expect_err(name).to_string();
        assert!(
            error.starts_with(&format!("`{name}` is not a time zone")) && error.contains(words),
            "{error}"
        );
    }
}
