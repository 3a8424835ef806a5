//! Text templates: what they read, and how a wrong one is found before it is needed.

use super::values::{view_of, with_title};
use crate::delivery::{Change, Reference};
use crate::incident::Incident;
use crate::template::{FILTERS, OUTPUT_BYTES_LARGEST, OUTPUT_BYTES_MAX, TESTS, Template, TemplateError};
use crate::view::sample;

/// What `text` says about the sample incident.
fn rendered(text: &str) -> String {
    let template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let (incident, change) = sample();
    template.render(&view_of(&incident, &change)).expect("it was tried on the sample")
}

fn refused(text: &str) -> TemplateError {
    Template::parse(text).expect_err(text)
}

/// What a template asks for that is not there, and what it is told there is.
fn unknown(text: &str) -> (String, String) {
    match refused(text) {
        TemplateError::Unknown { name, known } => (name, known),
        other => panic!("{text}: expected an unknown placeholder, found {other:?}"),
    }
}

#[test]
fn every_field_can_be_read_at_the_top_and_below_incident() {
    for (text, expected) in [
        ("{{ title }}", "Sample incident"),
        ("{{ incident.title }}", "Sample incident"),
        ("{{ number }} {{ incident.severity }} {{ state }}", "1 high resolved"),
        ("{{ opened_at }}", "2025-11-20T14:46:40Z"),
        ("{{ labels.team }}", "sample"),
        (
            "{{ change.kind }} by {{ change.actor }}: {{ change.text }}",
            "updated by sample.person: Sample text",
        ),
        ("{{ change.changed|join(', ') }}", "title"),
        ("{{ change.before.title }}", "Earlier title"),
        (
            "{% for name in change.changed %}{{ name }} was {{ change.before[name] }}{% endfor %}",
            "title was Earlier title",
        ),
        (
            "{% for link in links %}{{ loop.index }}. {{ link.title }}: {{ link.url }}{% endfor %}",
            "1. Runbook: https://example.org/",
        ),
        ("{% for key, value in labels|items %}{{ key }}={{ value }}{% endfor %}", "team=sample"),
        ("{{ title|upper }}", "SAMPLE INCIDENT"),
        ("{% if severity == 'high' %}now{% else %}later{% endif %}", "now"),
    ] {
        assert_eq!(rendered(text), expected, "{text}");
    }
}

#[test]
fn text_without_placeholders_stays_as_it_is() {
    for text in
        ["", "plain", "a price of $5", "$", "$$", "100 %", "%24", "{ x }", "$title$", "$this.title$", "ö → ü"]
    {
        assert_eq!(rendered(text), text);
    }
}

#[test]
fn an_unknown_placeholder_is_named_with_what_there_is() {
    let (name, known) = unknown("{{ titel }}");
    assert_eq!(name, "titel");
    assert!(known.starts_with("incident, change, urls, references, now, lasted, id, number"), "{known}");
    let (name, known) = unknown("{{ incident.titel }}");
    assert_eq!(name, "incident.titel");
    assert!(known.contains("incident.title, incident.message"), "{known}");
    let (name, known) = unknown("{{ change.who }}");
    assert_eq!((name.as_str(), known.contains("change.actor")), ("change.who", true));
    assert!(known.contains("change.before"), "{known}");
    let (name, known) = unknown("{{ change.before.message }}");
    assert_eq!(name, "change.before.message");
    assert_eq!(known, "change.before.title, change.before.severity, change.before.labels");
    assert_eq!(unknown("{{ title.short }}").0, "title.short");
    assert_eq!(unknown("{{ change.before.title.short }}").0, "change.before.title.short");
}

#[test]
fn an_unknown_placeholder_is_found_on_a_branch_that_no_sample_takes() {
    assert_eq!(unknown("{% if false %}{{ incident.titel }}{% endif %}").0, "incident.titel");
    assert_eq!(unknown("{{ title if true else titel }}").0, "titel");
    assert_eq!(unknown("{% if false %}$this->titel$$this->title$$this->x${% endif %}").0, "$this->titel$");
}

#[test]
fn an_unknown_filter_or_test_is_found_wherever_it_stands() {
    for text in [
        "{{ title|uper }}",
        "{{ title | uper | trim }}",
        "{{ labels['a|b']|uper }}",
        "{% if false %}{{ title|uper }}{% endif %}",
        "{% if state == 'resolved' %}{{ title|uper }}{% endif %}",
        "{% for link in links if link.title|uper %}{% endfor %}",
        "{% filter uper %}x{% endfilter %}",
        "{%- set x = title|uper -%}",
    ] {
        assert_eq!(refused(text).to_string(), "unknown filter `uper`: did you mean `upper`?", "{text}");
    }
    for text in ["{{ 1 if title is startingwth 'S' }}", "{{ 1 if title is not startingwth 'S' else 2 }}"] {
        assert_eq!(refused(text).to_string(), "unknown test `startingwth`: did you mean `startingwith`?");
    }
}

#[test]
fn a_filter_like_none_is_told_what_there_is() {
    let told = refused("{{ title|markdown }}").to_string();
    assert!(told.starts_with("unknown filter `markdown`: there is abs, ago, attr, "), "{told}");
    assert!(told.contains(" html, ") && told.contains(" label, ") && told.contains(" text, "), "{told}");
}

#[test]
fn what_looks_like_an_unknown_filter_in_a_string_a_comment_or_a_raw_block_is_none() {
    assert_eq!(rendered("{{ 'a|uper' }}{# x|uper #}{% raw %}{{ x|uper }}{% endraw %}"), "a|uper{{ x|uper }}");
    assert_eq!(rendered("{{ \"it's | nothing\" }} | nothing"), "it's | nothing | nothing");
}

#[test]
fn every_filter_and_test_that_is_named_to_people_exists() {
    for filter in FILTERS {
        let words = Template::parse(&format!("{{{{ title|{filter} }}}}")).map_err(|error| error.to_string());
        assert!(!words.err().unwrap_or_default().contains("unknown"), "{filter}");
    }
    for test in TESTS {
        let words = Template::parse(&format!("{{{{ title is {test} }}}}")).map_err(|error| error.to_string());
        assert!(!words.err().unwrap_or_default().contains("unknown"), "{test}");
    }
}

#[test]
fn what_an_incident_may_not_have_must_not_be_counted_on() {
    refused("{{ links[0].url }}");
    assert_eq!(rendered("{% if links %}{{ links[0].url }}{% endif %}"), "https://example.org/");
}

#[test]
fn a_mistake_in_the_syntax_is_found_with_its_line() {
    let TemplateError::Syntax { line, problem } = refused("one\ntwo\n{{ title }") else {
        panic!("expected a syntax error");
    };
    assert_eq!(line, 3);
    assert!(problem.contains("syntax error"), "{problem}");
    assert!(refused("{% if title %}").to_string().starts_with("line 1: "));
}

#[test]
fn a_label_that_is_not_there_reads_as_the_empty_text() {
    assert_eq!(rendered("<{{ labels.nope }}{{ labels['no-pe'] }}$this->labels->nope$>"), "<>");
    assert_eq!(rendered("{{ labels.nope or 'none' }}"), "none");
}

#[test]
fn an_address_of_the_relay_that_is_not_there_reads_as_the_empty_text() {
    assert_eq!(rendered("<{{ urls.incident }}>"), "<>");
}

#[test]
fn what_peers_call_the_incident_is_read_by_connection_and_key() {
    let reference = |key: &str, value: &str, url: Option<&str>| Reference {
        key: key.to_owned(),
        value: value.to_owned(),
        url: url.map(str::to_owned),
    };
    let references = [
        ("jira".to_owned(), vec![reference("issue", "OPS-7", Some("https://jira.example/OPS-7"))]),
        ("chat-ops".to_owned(), vec![reference("a.b c", "17", None), reference("ts_url", "own", None)]),
        (
            "odd".to_owned(),
            vec![reference("x", "1", Some("https://x.example/")), reference("x_url", "2", None)],
        ),
    ];
    let (incident, change) = sample();
    let view = view_of(&incident, &change).with_references(&references);
    for (text, expected) in [
        ("{{ references.jira.issue }} {{ references.jira.issue_url }}", "OPS-7 https://jira.example/OPS-7"),
        ("{{ references['chat-ops']['a.b c'] }}", "17"),
        ("{{ references['chat-ops'].ts_url }}", "own"),
        ("{{ references.odd.x_url }}", "2"),
        ("<{{ references.jira.nope }}{{ references.nope.nope }}{{ references.nope }}>", "<>"),
        ("{% if references.nope %}yes{% else %}no{% endif %}", "no"),
        (
            "{{ 'jira' in references }} {{ 'nope' in references }} {{ 'issue' in references.jira }}",
            "True False True",
        ),
        (
            "$this->references->jira->issue$ $this->references->jira->issue_url$",
            "OPS-7 https://jira.example/OPS-7",
        ),
        ("<$this->references->chat-ops->a.b c$$this->references->nope->x$>", "<17>"),
    ] {
        let template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(template.render(&view).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn a_map_of_labels_is_looped_over_sorted_counted_and_shown_like_any_other() {
    for (text, expected) in [
        ("{{ labels|length }} {{ labels is mapping }} {{ labels is iterable }}", "1 True True"),
        ("{% for key in labels %}{{ key }}={{ labels[key] }}{% endfor %}", "team=sample"),
        ("{% for key, value in labels|dictsort %}{{ key }}={{ value }}{% endfor %}", "team=sample"),
        (
            "{% for key, value in labels|dictsort(by='value') %}{{ key }}={{ value }}{% endfor %}",
            "team=sample",
        ),
        ("{{ labels }}{{ urls }}", "{'team': 'sample'}"),
        ("{% if labels %}some{% endif %}{% if urls %}some{% else %}none{% endif %}", "somenone"),
        ("{{ 'team' in labels }} {{ 'teams' in labels }} {{ 'teams' not in labels }}", "True False True"),
    ] {
        assert_eq!(rendered(text), expected, "{text}");
    }
}

#[test]
fn a_template_may_count() {
    assert_eq!(rendered("{% for i in range(3) %}{{ i }}{% endfor %}"), "012");
    let counted =
        "{% set n = namespace(x=0) %}{% for i in range(4) %}{% set n.x = n.x + i %}{% endfor %}{{ n.x }}";
    assert_eq!(rendered(counted), "6");
}

#[test]
fn a_template_that_would_not_end_is_stopped() {
    let long = "{% for a in ('x' * 50000)|list %}{% for b in ('x' * 50000)|list %}{% endfor %}{% endfor %}";
    assert_eq!(refused(long), TemplateError::Render("engine ran out of fuel".to_owned()));
    for deep in ["{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% include 'template' %}"] {
        let expected = "invalid operation: recursion limit exceeded".to_owned();
        assert_eq!(refused(deep), TemplateError::Render(expected), "{deep}");
    }
}

#[test]
fn a_template_is_stopped_when_a_long_title_makes_it_endless() {
    let template =
        Template::parse("{% for a in title|list %}{% for b in title|list %}{% endfor %}{% endfor %}");
    let template = template.expect("it is short enough for the samples");
    let (incident, change) = with_title(&"x".repeat(1000));
    let stopped = template.render(&view_of(&incident, &change));
    assert_eq!(stopped, Err(TemplateError::Render("engine ran out of fuel".to_owned())));
}

/// The reason was once swallowed: all that was left of it was `I/O error during rendering`.
#[test]
fn a_template_renders_to_a_limited_length_and_says_so() {
    let text =
        |times: usize| format!("{{% for x in ('x' * {times})|list %}}{{{{ 'y' * 1024 }}}}{{% endfor %}}");
    assert_eq!(rendered(&text(1024)).len(), OUTPUT_BYTES_MAX);
    assert_eq!(refused(&text(1025)), TemplateError::TooLong(OUTPUT_BYTES_MAX));
    assert_eq!(refused(&text(1025)).to_string(), "it renders to more than 1048576 bytes");
}

#[test]
fn a_template_may_be_given_more_room_and_more_work_but_not_without_end() {
    let many = "{% for a in title|list %}{% for b in title|list %}{{ message }}{% endfor %}{% endfor %}";
    let template = Template::parse(many).expect("it is short enough for the samples");
    let (mut incident, change) = with_title(&"x".repeat(100));
    incident.message = "y".repeat(1024);
    let view = view_of(&incident, &change);
    assert_eq!(template.render(&view), Err(TemplateError::TooLong(OUTPUT_BYTES_MAX)));
    let bytes = 10_000 * 1024;
    assert_eq!(template.render_within(&view, bytes).map(|text| text.len()), Ok(bytes));
    assert_eq!(template.render_within(&view, bytes - 1), Err(TemplateError::TooLong(bytes - 1)));
    let (incident, change) = with_title(&"x".repeat(1000));
    let long = Incident { message: "y".repeat(100), ..incident };
    let stopped = template.render_within(&view_of(&long, &change), usize::MAX);
    assert_eq!(stopped, Err(TemplateError::TooLong(OUTPUT_BYTES_LARGEST)));
}

#[test]
fn work_that_puts_nothing_out_is_bounded_by_the_room_that_was_asked_for() {
    let template =
        Template::parse("{% for a in title|list %}{% for b in title|list %}{% endfor %}{% endfor %}");
    let template = template.expect("it is short enough for the samples");
    let (incident, change) = with_title(&"x".repeat(600));
    let view = view_of(&incident, &change);
    let out_of_fuel = Err(TemplateError::Render("engine ran out of fuel".to_owned()));
    assert_eq!(template.render(&view), out_of_fuel);
    assert_eq!(template.render_within(&view, 10 * OUTPUT_BYTES_MAX).as_deref(), Ok(""));
    let (incident, change) = with_title(&"x".repeat(2000));
    assert_eq!(template.render_within(&view_of(&incident, &change), 10 * OUTPUT_BYTES_MAX), out_of_fuel);
}

#[test]
fn what_a_field_was_before_the_change_can_be_read() {
    let (incident, change) = sample();
    let before = [("severity", "low"), ("labels.status", "new\u{e010}"), ("labels.a-b", "x")];
    let before = before.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let changed = before.iter().map(|(name, _)| name.clone()).chain(["labels.none".to_owned()]).collect();
    let change = Change { changed, before, ..change };
    for (text, expected) in [
        ("{{ change.before.severity }}, {{ severity }}", "low, high"),
        ("{{ change.before.severity | label }} $this->label(change->before->severity)$", "Low Low"),
        ("{{ change.before.labels.status }}", "new"),
        ("{{ change.before['labels.status'] }} {{ change.before.labels['a-b'] }}", "new x"),
        ("$this->change->before->severity$ $this->change->before->labels->a-b$", "low x"),
        (
            "[{{ change.before.title }}{{ change.before.labels.none }}{{ change.before['labels.none'] }}]",
            "[]",
        ),
        ("{{ 'severity' in change.before }} {{ 'title' in change.before }}", "True False"),
        ("{% if change.before.labels.status == 'new' and state != 'open' %}now{% endif %}", "now"),
    ] {
        let template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(template.render(&view_of(&incident, &change)).expect("it was tried"), expected, "{text}");
    }
    assert_eq!(unknown("$this->change->before->message$").0, "$this->change->before->message$");
}
