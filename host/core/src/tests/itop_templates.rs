//! iTop's placeholders: every form of the grammar, and what is refused.

use proptest::prelude::*;

use super::relay::labels;
use crate::delivery::{Change, Reference};
use crate::event::Link;
use crate::incident::Incident;
use crate::template::{Template, TemplateError};
use crate::view::{View, sample};

/// A view with something for every form.
fn rendered(text: &str) -> String {
    let template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let (incident, change) = sample();
    let incident = Incident {
        number: 42,
        title: "A <b> & c\nd".to_owned(),
        labels: labels(&[
            ("team", "db"),
            ("tag", "<b>&lt;"),
            ("a.b-c d/e", "odd"),
            ("size(GB)", "7"),
            ("q\"\\}}", "quoted"),
        ]),
        ..incident
    };
    let change = Change { text: "<p>Done &amp; dusted</p>".into(), ..change };
    let link = |title: &str, url: &str| Link { title: title.to_owned(), url: url.to_owned() };
    let urls = [
        link("incident", "https://relay.example/incidents/42?a=1&b"),
        link("acknowledge", "https://relay.example/ack"),
    ];
    let issue = Reference {
        key: "issue".to_owned(),
        value: "OPS-<7>".to_owned(),
        url: Some("https://j.example/7".to_owned()),
    };
    let references = [("jira-1".to_owned(), vec![issue])];
    let view = View::new(&incident, &change).with_urls(&urls).with_references(&references);
    template.render(&view).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What is asked for that is not there, and what it is told there is.
fn refused(text: &str) -> (String, String) {
    match Template::parse(text).expect_err(text) {
        TemplateError::Unknown { name, known } => (name, known),
        other => panic!("{text}: expected an unknown placeholder, found {other:?}"),
    }
}

const TITLE: &str = "A <b> & c\nd";

#[test]
fn every_arrow_goes_with_both_delimiters() {
    for arrow in ["->", "-&gt;", "→", "-%3E", "-%3e"] {
        for delimiter in ["$", "%24"] {
            let text = format!("<{delimiter}this{arrow}title{delimiter}>");
            assert_eq!(rendered(&text), format!("<{TITLE}>"), "{text}");
            let text = format!("{delimiter}this{arrow}labels{arrow}team{delimiter}");
            assert_eq!(rendered(&text), "db", "{text}");
            let text = format!("{delimiter}this{arrow}html(labels{arrow}team){delimiter}");
            assert_eq!(rendered(&text), "db", "{text}");
        }
    }
    assert_eq!(rendered("$this→references-&gt;jira-1->issue$"), "OPS-<7>");
}

#[test]
fn every_form_of_the_grammar_is_read() {
    for (path, expected) in [
        ("id", &sample().0.id.to_string()[..]),
        ("number", "42"),
        ("title", TITLE),
        ("severity", "high"),
        ("state", "resolved"),
        ("opened_at", "2025-11-20T14:46:40Z"),
        ("raw(severity)", "high"),
        ("raw(title)", TITLE),
        ("label(severity)", "High"),
        ("label(state)", "Resolved"),
        ("label(opened_at)", "2025-11-20 14:46:40 UTC"),
        ("label(title)", TITLE),
        ("html(title)", "A &lt;b&gt; &amp; c<br>d"),
        ("text(title)", "A  & c\nd"),
        ("text(change->text)", "Done & dusted"),
        ("labels->team", "db"),
        ("labels->a.b-c d/e", "odd"),
        ("labels->size(GB)", "7"),
        ("labels->q\"\\}}", "quoted"),
        ("labels->nope", ""),
        ("labels->html(nope)", ""),
        ("labels->label(team)", "db"),
        ("html(labels->a.b-c d/e)", "odd"),
        ("labels", "a.b-c d/e: odd\nq\"\\}}: quoted\nsize(GB): 7\ntag: <b>&lt;\nteam: db"),
        ("raw(labels)", "a.b-c d/e: odd\nq\"\\}}: quoted\nsize(GB): 7\ntag: <b>&lt;\nteam: db"),
        ("label(labels)", "a.b-c d/e: odd\nq\"\\}}: quoted\nsize(GB): 7\ntag: <b>&lt;\nteam: db"),
        ("text(labels)", "a.b-c d/e: odd\nq\"\\}}: quoted\nsize(GB): 7\ntag: <\nteam: db"),
        ("html(labels->tag)", "&lt;b&gt;&amp;lt;"),
        ("text(labels->tag)", "<"),
        ("links", "Runbook: https://example.org/"),
        ("html(links)", "<a href=\"https://example.org/\">Runbook</a>"),
        ("urls->acknowledge", "https://relay.example/ack"),
        ("urls->nope", ""),
        ("url()", "https://relay.example/incidents/42?a=1&b"),
        ("url(portal)", "https://relay.example/incidents/42?a=1&b"),
        ("url(console)", "https://relay.example/incidents/42?a=1&b"),
        ("hyperlink()", "<a href=\"https://relay.example/incidents/42?a=1&amp;b\">#42</a>"),
        ("hyperlink(portal)", "<a href=\"https://relay.example/incidents/42?a=1&amp;b\">#42</a>"),
        ("hyperlink(console)", "<a href=\"https://relay.example/incidents/42?a=1&amp;b\">#42</a>"),
        ("name()", "#42"),
        ("friendlyname", "#42"),
        ("ref", "#42"),
        ("html(ref)", "#42"),
        ("finalclass", "Incident"),
        ("references->jira-1->issue", "OPS-<7>"),
        ("references->jira-1->issue_url", "https://j.example/7"),
        ("references->jira-1->html(issue)", "OPS-&lt;7&gt;"),
        ("html(references->jira-1->issue)", "OPS-&lt;7&gt;"),
        ("references->nope->issue", ""),
        ("log", "<p>Done &amp; dusted</p>"),
        ("public_log", "<p>Done &amp; dusted</p>"),
        ("head(private_log)", "<p>Done &amp; dusted</p>"),
        ("text(log)", "Done & dusted"),
        ("head_html(public_log)", "&lt;p&gt;Done &amp;amp; dusted&lt;/p&gt;"),
        ("change->text", "<p>Done &amp; dusted</p>"),
        ("change->kind", "updated"),
        ("change->label(kind)", "Updated"),
        ("change->actor", "sample.person"),
        ("change->changed", "title"),
        ("label(change->changed)", "Title"),
    ] {
        let text = format!("<$this->{path}$>");
        assert_eq!(rendered(&text), format!("<{expected}>"), "{text}");
        if !path.contains("%24") {
            let text = format!("<%24this->{path}%24>");
            assert_eq!(rendered(&text), format!("<{expected}>"), "{text}");
        }
    }
}

#[test]
fn whoever_made_the_change_is_the_current_contact_and_the_current_user() {
    for object in ["current_contact", "current_user"] {
        for path in
            ["login", "friendlyname", "name", "name()", "email", "contactid_friendlyname", "html(login)"]
        {
            assert_eq!(rendered(&format!("${object}->{path}$")), "sample.person", "{path}");
        }
        let (name, known) = refused(&format!("${object}->phone$"));
        assert_eq!(name, format!("${object}->phone$"));
        assert_eq!(known, "friendlyname, name, login, email, contactid_friendlyname, name()");
    }
}

#[test]
fn without_a_page_a_hyperlink_is_the_name_alone() {
    let template = Template::parse("$this->hyperlink()$<$this->url()$>").expect("it is right");
    let (incident, change) = sample();
    assert_eq!(template.render(&View::new(&incident, &change)).as_deref(), Ok("#1<>"));
}

#[test]
fn an_unknown_attribute_verb_portal_or_object_is_named_with_what_there_is() {
    for (text, known_has) in [
        ("$this->titel$", "title, message, severity"),
        ("%24this->titel%24", "title, message, severity"),
        ("$this->incident->title$", "labels->…, urls->…, references->connection->key"),
        ("$this->label(status)$", "severity, state, labels"),
        ("$this->team_id->name$", "change->kind, change->at"),
        ("$this->change->who$", "change->actor"),
        ("$this->labels->$", "labels->…"),
        ("$this->references->jira-1$", "references->connection->key"),
        ("$this->references->jira-1->$", "references->connection->key"),
        ("$this->references->->x$", "references->connection->key"),
        ("$this->upper(title)$", "label(field), html(field), text(field)"),
        ("$this->name(x)$", "name(), url(), hyperlink()"),
        ("$this->head(title)$", "a head of log, public_log, private_log only"),
        ("$this->url(admin)$", "the portals console, portal"),
        ("$this->hyperlink(admin)$", "the portals console, portal"),
        ("$this-> title$", "title, message"),
        ("$this->title $", "title, message"),
        ("$this->Title$", "title, message"),
        ("$this->$", "title, message"),
        ("$this->a->$", "title, message"),
        ("$this->title costs $", "title, message"),
        ("$this->{{ title }}$", "title, message"),
        ("$trigger->description$", "`$this->…$`, `$current_contact->…$` and `$current_user->…$`"),
        ("$mentioned->email$", "`$this->…$`, `$current_contact->…$` and `$current_user->…$`"),
        ("%24trigger-%3Edescription%24", "`$this->…$`"),
        ("$APP_URL$", "`$this->url()$` for the incident's page"),
        ("%24MODULES_URL%24", "`$this->url()$` for the incident's page"),
        ("$current_contact_id$", "`$this->url()$` for the incident's page"),
    ] {
        for text in [text.to_owned(), format!("x {{% if false %}}{text}{{% endif %}} $5")] {
            let (name, known) = refused(&text);
            assert!(text.contains(&name), "{name} stands in {text}");
            assert!(known.contains(known_has), "{text}: {known}");
        }
    }
}

#[test]
fn a_dollar_that_begins_nothing_is_text() {
    for text in [
        "$",
        "$$",
        "$5 and $6",
        "$5->$6",
        "%24",
        "%2424->x%24",
        "$title$",
        "$this$",
        "$this.title$",
        "$ this->title$",
        "see $this->title for more",
        "$this->title%24",
        "%24this->title",
        "$this->title\n$",
        "a -> b → c",
        "?%24filter=a&%24top=5",
        "$é->x$",
        "$-",
        "{$",
        "$}}",
    ] {
        assert_eq!(rendered(text), text.trim_end_matches('\n'), "{text}");
    }
}

#[test]
fn a_placeholder_stands_beside_anything() {
    for (text, expected) in [
        ("$5 for $this->ref$ and $7", "$5 for #42 and $7"),
        ("$$this->ref$$", "$#42$"),
        ("$this->ref$$this->number$", "#4242"),
        ("{$this->ref$}", "{#42}"),
        ("{{ '{' }}{$this->ref$}%}", "{{#42}%}"),
        ("{ {$this->ref$}} }", "{ {#42}} }"),
        ("%$this->ref$%", "%#42%"),
        ("%24$this->ref$%24", "%24#42%24"),
        ("%24this->ref%24/{{ number }}", "#42/42"),
        ("{% if $5 %}", ""),
    ] {
        if expected.is_empty() {
            assert!(matches!(Template::parse(text), Err(TemplateError::Syntax { line: 1, .. })), "{text}");
        } else {
            assert_eq!(rendered(text), expected, "{text}");
        }
    }
}

#[test]
fn neither_grammar_is_looked_for_inside_the_other() {
    for (text, expected) in [
        ("{{ '$this->number$' }}", "$this->number$"),
        ("{# $this->nope$ #}x", "x"),
        ("{#} $this->nope$ #}x", "x"),
        ("{% raw %}$this->nope$ {{ nope }}{% endraw %}$this->number$", "$this->nope$ {{ nope }}42"),
        ("{%- raw -%} $this->nope$ {%- endraw -%} $this->number$", "$this->nope$42"),
        ("{{ '}}$this->nope$' }}$this->number$", "}}$this->nope$42"),
        ("{{ {'a': {'b': '$this->nope$'}}.a.b }}$this->number$", "$this->nope$42"),
        ("$this->labels->{{ x$", ""),
    ] {
        assert_eq!(rendered(text), expected, "{text}");
    }
}

/// Whether `key` is a verb around another name, which it then means.
fn is_call(key: &str) -> bool {
    let verbs = ["label", "html", "text", "raw", "head", "head_html"];
    key.ends_with(')') && verbs.iter().any(|verb| key.starts_with(&format!("{verb}(")))
}

proptest! {
    // A template is tried on every sample when it is parsed.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_label_is_read_by_any_key_without_delimiter_or_line_break(
        key in "[^$\n]{1,20}|[a-z\\\\\"'{}%#. >-]{1,12}",
    ) {
        prop_assume!(!key.contains("%24") && !is_call(&key));
        let (incident, change) = sample();
        let incident = Incident { labels: labels(&[(&key, "$this->title$"), ("other", "{{ title }}")]), ..incident };
        for text in [format!("<$this->labels->{key}$>"), format!("<%24this-%3Elabels→{key}%24>")] {
            let template = Template::parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
            let rendered = template.render(&View::new(&incident, &change));
            prop_assert_eq!(rendered.as_deref(), Ok("<$this->title$>"), "{}", text);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_refused_and_never_anything_else(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "$", "%24", "this", "->", "-&gt;", "→", "title", "labels", "html(", ")", "{{", "}}", "{%", "%}", "{#", "#}",
            "raw", "endraw", " ", "\"", "'", "\\", "|", "is", "upper", "ü", "\n", "[", "]", "{", "}", "-", "=",
        ]), 0..12),
    ) {
        let text = pieces.concat();
        let (incident, change) = sample();
        if let Ok(template) = Template::parse(&text) {
            prop_assert!(template.render(&View::new(&incident, &change)).is_ok(), "{}", text);
        }
        for url in [format!("https://h.example/{text}"), format!("https://{text}"), text] {
            if let Ok(template) = crate::template::UrlTemplate::parse(&url)
                && template.has_placeholders()
            {
                let rendered = template.render(&View::new(&incident, &change));
                let host = rendered.map(|url| url.host_str().map(str::to_owned));
                prop_assert_eq!(host, Ok(template.fixed().host_str().map(str::to_owned)), "{}", url);
            }
        }
    }
}
