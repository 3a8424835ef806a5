//! The relay's own filters in templates: labels, HTML, plain text.

use proptest::prelude::*;

use super::values::view_of;
use crate::template::Template;
use crate::view::sample;

/// What `filter` makes of `message`.
fn filtered(filter: &str, message: &str) -> String {
    let template = Template::parse(&format!("{{{{ message | {filter} }}}}")).expect("it is right");
    let (mut incident, change) = sample();
    message.clone_into(&mut incident.message);
    template.render(&view_of(&incident, &change)).expect("any text will do")
}

fn rendered(text: &str) -> String {
    let template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let (incident, change) = sample();
    template.render(&view_of(&incident, &change)).expect("it was tried on the sample")
}

#[test]
fn a_label_is_how_people_write_a_code_or_a_time() {
    for (code, label) in [
        ("high", "High"),
        ("acknowledged", "Acknowledged"),
        ("unacknowledged", "Unacknowledged"),
        ("opened_at", "Opened at"),
        ("2026-01-02T03:04:05Z", "2026-01-02 03:04:05 UTC"),
        ("2026-01-02T03:04:05.678901Z", "2026-01-02 03:04:05 UTC"),
        ("High", "High"),
        ("disk full", "disk full"),
        ("db-01", "db-01"),
        ("2026-01-02", "2026-01-02"),
        ("", ""),
    ] {
        assert_eq!(filtered("label", code), label, "{code}");
    }
    assert_eq!(rendered("{{ severity | label }}, {{ opened_at | label }}"), "High, 2025-11-20 14:46:40 UTC");
    assert_eq!(rendered("{{ ['title', 'opened_at'] | label }}"), "Title, Opened at");
    assert_eq!(rendered("{{ 5 | label }}{{ none | label }}"), "5");
}

#[test]
fn html_shows_text_as_it_is() {
    for (text, html) in [
        ("plain", "plain"),
        ("a < b & \"c\" > 'd'", "a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;"),
        ("one\ntwo\r\nthree\rfour", "one<br>two<br>three<br>four"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("&amp;", "&amp;amp;"),
    ] {
        assert_eq!(filtered("html", text), html, "{text}");
    }
    assert_eq!(rendered("{{ labels | html }}"), "team: sample");
    assert_eq!(rendered("{{ links | html }}"), "<a href=\"https://example.org/\">Runbook</a>");
}

#[test]
fn text_is_without_tags_and_entities_and_otherwise_as_it_was() {
    for (html, text) in [
        ("  plain\n\n text ", "  plain\n\n text "),
        ("<p>Disk usage <b>97&nbsp;%</b></p>", "Disk usage 97 %"),
        ("<p>a</p>\r\n<p>b<br/>c &amp; d</p>", "a\nb\nc & d"),
        ("a<br>b<BR />c", "a\nb\nc"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2 \n3"),
        ("x<script>alert('<p>')</script>y<STYLE>z</style>", "xy"),
        ("<script>never closed", ""),
        ("<a href=\"https://x.example/?a>b\">here</a>", "here"),
        ("<!-- hidden -->seen", "seen"),
        ("&#252;&#x1F600;&unknown;&#0;&#27;&", "ü😀&unknown;\u{fffd}\u{fffd}&"),
        ("&Auml;&euro;&rarr;&laquo;", "Ä€→«"),
        ("https://example.com/?a=1&region=2&copy=3", "https://example.com/?a=1&region=2&copy=3"),
        ("1 < 2 && 3 > 2", "1 < 2 && 3 > 2"),
        ("if a<b && c", "if a<b && c"),
        ("set <host> and </path>", "set <host> and </path>"),
        ("<b", "<b"),
        ("<", "<"),
        ("</", "</"),
        ("&lt;b&gt;bold&lt;/b&gt;", "<b>bold</b>"),
        ("&amp;lt;", "&lt;"),
    ] {
        assert_eq!(filtered("text", html), text, "{html}");
    }
    assert_eq!(
        rendered("{{ links | text }}|{{ labels | text }}"),
        "Runbook: https://example.org/|team: sample"
    );
}

#[test]
fn a_filter_of_what_is_not_there_fails_instead_of_showing_nothing() {
    for filter in ["label", "html", "text"] {
        Template::parse(&format!("{{{{ links[0].url | {filter} }}}}"))
            .expect_err("no sample link in the bare one");
    }
}

#[test]
fn html_and_back_is_the_same_text() {
    let template = Template::parse("{{ message | html | text }}").expect("it is right");
    proptest!(|(lines in prop::collection::vec("[^\r\n\u{a0}]*", 0..4))| {
        let (mut incident, change) = sample();
        let lines: Vec<&str> = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
        incident.message = lines.join("\n");
        prop_assert_eq!(template.render(&view_of(&incident, &change)), Ok(lines.join("\n")));
    });
}
