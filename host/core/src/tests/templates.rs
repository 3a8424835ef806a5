//! Text templates: what they read, and how a wrong one is found before it is needed.

use super::values::{view_of, with_title};
use crate::template::{OUTPUT_BYTES_MAX, Template, TemplateError};
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
        ("{{ number }} {{ incident.severity }} {{ state }}", "1 high acknowledged"),
        ("{{ opened_at }}", "2025-11-20T14:46:40Z"),
        ("{{ labels.team }}", "sample"),
        (
            "{{ change.kind }} by {{ change.actor }}: {{ change.text }}",
            "updated by Sample Person: Sample text",
        ),
        ("{{ change.changed|join(', ') }}", "title"),
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
fn a_dollar_beside_a_placeholder_stays() {
    assert_eq!(rendered("$5 for $this->title$ and $7"), "$5 for Sample incident and $7");
    assert_eq!(rendered("$$this->title$$"), "$Sample incident$");
}

#[test]
fn itops_grammar_is_read_in_every_spelling() {
    for text in [
        "$this->title$",
        "$this-&gt;title$",
        "$this→title$",
        "%24this->title%24",
        "%24this-&gt;title%24",
        "%24this→title%24",
    ] {
        assert_eq!(rendered(text), "Sample incident", "{text}");
    }
    assert_eq!(rendered("$this->labels->team$, $this-&gt;labels-&gt;team$"), "sample, sample");
    assert_eq!(rendered("%24this->labels->team%24/{{ title }}"), "sample/Sample incident");
}

#[test]
fn a_placeholder_of_itops_that_is_not_closed_stays_as_it_is() {
    assert_eq!(rendered("see $this->title for more"), "see $this->title for more");
}

#[test]
fn an_unknown_placeholder_is_named_with_what_there_is() {
    let (name, known) = unknown("{{ titel }}");
    assert_eq!(name, "titel");
    assert!(known.starts_with("incident, change, urls, id, number"), "{known}");
    let (name, known) = unknown("{{ incident.titel }}");
    assert_eq!(name, "incident.titel");
    assert!(known.contains("incident.title, incident.message"), "{known}");
    let (name, known) = unknown("{{ change.who }}");
    assert_eq!((name.as_str(), known.contains("change.actor")), ("change.who", true));
    assert_eq!(unknown("$this->titel$").0, "incident.titel");
    assert_eq!(unknown("{{ title.short }}").0, "title.short");
}

#[test]
fn an_unknown_placeholder_is_found_on_a_branch_that_no_sample_takes() {
    assert_eq!(unknown("{% if false %}{{ incident.titel }}{% endif %}").0, "incident.titel");
    assert_eq!(unknown("{{ title if true else titel }}").0, "titel");
    assert_eq!(unknown("{% if false %}$this->titel$$this->title$$this->x${% endif %}").0, "incident.titel");
}

#[test]
fn a_call_or_an_empty_path_in_itops_grammar_is_refused_in_its_own_words() {
    for text in ["$this->name()$", "$this->label(status)$", "$this-> title$", "$this->$", "$this->a->$"] {
        let (name, known) = unknown(text);
        assert_eq!((name.as_str(), known.contains("$this->field$")), (text, true));
    }
}

/// What only one state, severity or change shows was once not tried before an incident was in it.
#[test]
fn an_unknown_filter_is_found_on_every_branch_that_incidents_take() {
    for text in [
        "{{ title|uper }}",
        "{% if state == 'resolved' %}{{ title|uper }}{% endif %}",
        "{% if severity == 'critical' %}{{ title|uper }}{% endif %}",
        "{% if change.kind == 'flapping' %}{{ title|uper }}{% endif %}",
        "{% if not change.actor %}{{ title|uper }}{% endif %}",
        "{% for link in links %}{% else %}{{ title|uper }}{% endfor %}",
    ] {
        assert_eq!(refused(text), TemplateError::Render("unknown filter: filter uper is unknown".to_owned()));
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
    let expected = TemplateError::Render("it renders to more than 1048576 bytes".to_owned());
    assert_eq!(refused(&text(1025)), expected);
}
