//! URLs with placeholders: values fill in names, they never choose where a request goes.

use proptest::prelude::*;

use super::values::{titles, view_of, with_title};
use crate::template::{TemplateError, URL_BYTES_MAX, UrlTemplate};

fn parsed(text: &str) -> UrlTemplate {
    UrlTemplate::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn with(text: &str, title: &str) -> Result<String, TemplateError> {
    let (incident, change) = with_title(title);
    parsed(text).render(&view_of(&incident, &change)).map(String::from)
}

fn refused(text: &str) -> String {
    UrlTemplate::parse(text).expect_err(text).to_string()
}

#[test]
fn a_url_without_placeholders_is_what_it_says() {
    for text in [
        "https://example.org/",
        "https://example.org/a%2Fb?sig=x%3D%3D&q=$5#f",
        "http://example.org:8080/%24x",
    ] {
        let template = parsed(text);
        assert!(!template.has_placeholders());
        assert_eq!(template.fixed().as_str(), text);
        assert_eq!(with(text, "x").as_deref(), Ok(text));
    }
    assert_eq!(parsed("  https://example.org/a\n").fixed().as_str(), "https://example.org/a");
}

#[test]
fn values_of_both_grammars_stand_in_path_query_and_fragment() {
    for (text, expected) in [
        ("https://h.example/{{ title }}/x", "https://h.example/T/x"),
        ("https://h.example/$this->title$/x", "https://h.example/T/x"),
        ("https://h.example/%24this-%3Etitle%24/x", "https://h.example/T/x"),
        ("https://h.example?q={{ title }}", "https://h.example/?q=T"),
        ("https://h.example#{{ title }}", "https://h.example/#T"),
        (
            "https://h.example:8443/a?q=$this->labels->team$#{{ title }}",
            "https://h.example:8443/a?q=sample#T",
        ),
        ("https://h.example/{% if title == 'T' %}t{% else %}u{% endif %}", "https://h.example/t"),
        (
            "https://h.example/{% for k, v in labels|items %}{{ k }}={{ v }}&{% endfor %}",
            "https://h.example/team=sample&",
        ),
        ("https://h.example/{% set x = title ~ '/' %}{{ x }}", "https://h.example/T%2F"),
        ("https://h.example/{# who #}x", "https://h.example/x"),
    ] {
        assert!(parsed(text).has_placeholders(), "{text}");
        assert_eq!(with(text, "T").as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn every_value_is_percent_encoded_and_literal_text_is_not_touched() {
    let text = "https://h.example/a%2Fb/{{ title }}?sig=x%3D&q=$this->title$&l={{ 'a/b' }}#{{ title }}";
    for (title, encoded) in [
        ("a b", "a%20b"),
        ("a/b?c#d&e=f", "a%2Fb%3Fc%23d%26e%3Df"),
        ("%3D%", "%253D%25"),
        ("ü→😀", "%C3%BC%E2%86%92%F0%9F%98%80"),
        ("a+b,d:e@f!$'()*[]", "a%2Bb%2Cd%3Ae%40f%21%24%27%28%29%2A%5B%5D"),
        ("A-z_0.9~", "A-z_0.9~"),
        ("\r\n\t\u{0}", "%0D%0A%09%00"),
        ("\\", "%5C"),
        ("{{ key }}$this->key$", "%7B%7B%20key%20%7D%7D%24this-%3Ekey%24"),
        ("", ""),
    ] {
        let expected = format!("https://h.example/a%2Fb/{encoded}?sig=x%3D&q={encoded}&l=a%2Fb#{encoded}");
        assert_eq!(with(text, title), Ok(expected), "{title}");
    }
}

#[test]
fn a_value_cannot_be_called_safe() {
    for text in [
        "https://h.example/{{ title|safe }}",
        "https://h.example/{{ title|raw|safe }}",
        "https://h.example/{% autoescape false %}",
    ] {
        match UrlTemplate::parse(text) {
            Ok(_) => assert_eq!(with(text, "/a?").as_deref(), Ok("https://h.example/%2Fa%3F"), "{text}"),
            Err(error) => {
                assert!(text.contains("autoescape") && !error.to_string().is_empty(), "{text}: {error}")
            }
        }
    }
    assert_eq!(
        with("https://h.example/?q={{ title|html }}", "/<").as_deref(),
        Ok("https://h.example/?q=%2F%26lt%3B")
    );
}

#[test]
fn a_placeholder_before_the_path_is_refused_with_the_reason() {
    for text in [
        "{{ labels.url }}",
        "$this->labels->url$",
        "{{ labels.scheme }}://h.example/",
        "https{% if title %}{% endif %}://h.example/",
        "https:{{ title }}",
        "https:/{{ title }}/x",
        "https://{{ labels.host }}/",
        "https://$this->labels->host$/",
        "https://%24this-%3Elabels-%3Ehost%24/",
        "https://h.example{{ title }}/x",
        "https://h.example{{ title }}",
        "https://{{ title }}.h.example/",
        "https://{{ title }}@h.example/",
        "https://a:{{ title }}@h.example/",
        "https://h.example:{{ number }}/",
        "https://h.example:8{{ number }}",
        "https://h.example{{ '/' }}x",
        "https://{# x #}h.example/{{ title }}",
        "https://{% raw %}h{% endraw %}.example/",
        // A parser of URLs takes more slashes, backslashes, tabs and line breaks out before it looks for a host.
        "https:///{{ title }}/",
        "https:////{{ labels.team }}/x",
        "https://\\{{ title }}/",
        "https://\\/{{ labels.team }}/",
        "https://\t/{{ labels.team }}/",
        "https://\n/{{ labels.team }}/",
        "https://?{{ title }}",
        "https://:80/{{ title }}",
        "mailto:{{ title }}",
        "x{{ title }}",
    ] {
        let told = refused(text);
        assert!(told.starts_with("a placeholder stands in the scheme, user, host or port"), "{text}: {told}");
        assert!(told.contains("must not choose where requests go"), "{told}");
    }
}

#[test]
fn a_value_that_would_lead_up_or_nowhere_in_the_path_is_refused() {
    for (text, title) in [
        ("https://h.example/a/{{ title }}/b", ".."),
        ("https://h.example/a/{{ title }}/b", "."),
        ("https://h.example/a/{{ title }}", ".."),
        ("https://h.example/a/{{ title }}?x", ".."),
        ("https://h.example/a/x{{ title }}/b", "/.."),
        ("https://h.example/a/x{{ title }}/b", "/../y"),
        ("https://h.example/a/x{{ title }}/b", "\\..\\y"),
        ("https://h.example/a/.{{ labels.team[:0] ~ title }}x/../b", "x"),
        ("https://h.example/a/%2e{{ title }}/b", "."),
        ("https://h.example/a/%2E{{ title }}/b", "."),
        ("https://h.example/a/{{ title[:1] }}.{{ title[1:] }}/b", "."),
    ] {
        let told = match UrlTemplate::parse(text) {
            Ok(_) => with(text, title).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        assert!(
            told.clone().is_err_and(|told| told.contains("a segment `.` or `..`")),
            "{text}, {title}: {told:?}"
        );
    }
    for (title, words) in [
        ("%2e%2e", "a segment `.` or `..`"),
        ("%252e%252E", "a segment `.` or `..`"),
        ("..;x", "a segment `.` or `..`"),
        ("a;b", "has a `;`"),
        ("a%2Fb", "a slash behind several encodings"),
    ] {
        let told = with("https://h.example/a;v=1/{{ title }}/b", title).expect_err(title).to_string();
        assert!(told.contains(words), "{title}: {told}");
    }
    for title in ["...", "a.b", "..a", "a..", ". .", "a/b"] {
        with("https://h.example/a/{{ title }}/b", title).unwrap_or_else(|error| panic!("{title}: {error}"));
    }
    let query = with("https://h.example/a?q={{ title }}#{{ title }}", "../..");
    assert_eq!(query.as_deref(), Ok("https://h.example/a?q=..%2F..#..%2F.."));
}

#[test]
fn what_would_encode_a_value_twice_is_refused() {
    for (text, keyword) in [
        ("https://h.example/{% set x %}{{ title }}{% endset %}{{ x }}", "set"),
        ("https://h.example/{% macro m() %}{{ title }}{% endmacro %}{{ m() }}", "macro"),
        ("https://h.example/{%- filter upper %}{{ title }}{% endfilter %}", "filter"),
        ("https://h.example/{% include 'template' %}", "include"),
    ] {
        assert!(refused(text).starts_with(&format!("`{{% {keyword} %}}` cannot be used in a URL")), "{text}");
    }
}

#[test]
fn a_wrong_placeholder_or_url_is_found_when_it_is_parsed() {
    assert!(refused("https://h.example/{{ titel }}").starts_with("unknown placeholder `titel`"));
    assert!(refused("https://h.example/$this->titel$").starts_with("unknown placeholder `$this->titel$`"));
    assert!(refused("https://h.example/{{ title|uper }}").starts_with("unknown filter `uper`"));
    assert!(refused("https://h.example/{{ title }").starts_with("line 1: "));
    assert!(refused("not a url").starts_with("this is no absolute URL: "));
    assert!(refused("").starts_with("this is no absolute URL: "));
}

#[test]
fn no_error_and_no_debug_output_quotes_the_url() {
    for text in [
        "https://h.example/SECRET/{{ titel }}",
        "https://SECRET.example{{ title }}/",
        "https://h.example/SECRET/../{{ title }}",
        "https://h.example/SECRET/{% macro m() %}{% endmacro %}",
        "https://h.example/SECRET/{{ title }",
        "https://[SECRET/{{ title }}",
        "SECRET",
    ] {
        let error = UrlTemplate::parse(text).expect_err(text);
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error:?}");
    }
    let debug = format!("{:?}", parsed("https://h.example/SECRET/{{ title }}?SECRET"));
    assert!(debug.contains("h.example") && !debug.contains("SECRET"), "{debug}");
}

#[test]
fn the_fixed_url_has_the_scheme_host_and_port_of_every_other() {
    let fixed = parsed("http://h.example:8080/{{ title }}?x={{ urls.incident }}").fixed();
    assert_eq!(
        fixed.as_str(),
        "http://h.example:8080/Sample%20incident?x=https%3A%2F%2Ftocsin.example%2Fincidents%2F1"
    );
}

#[test]
fn a_url_has_a_limited_length() {
    let text = "https://h.example/{{ title }}";
    let fits = "x".repeat(URL_BYTES_MAX - "https://h.example/".len());
    assert_eq!(with(text, &fits).map(|url| url.len()), Ok(URL_BYTES_MAX));
    assert_eq!(with(text, &format!("{fits}x")), Err(TemplateError::TooLong(URL_BYTES_MAX)));
}

#[test]
fn no_value_changes_anything_but_its_own_place() {
    let template = parsed("https://h.example:81/a/{{ title }}-/x?p=$this->title$&q=1#f{{ title }}");
    proptest!(|(title in titles())| {
        let (incident, change) = with_title(&title);
        match template.render(&view_of(&incident, &change)) {
            Ok(url) => {
                prop_assert_eq!((url.scheme(), url.host_str(), url.port()), ("https", Some("h.example"), Some(81)));
                prop_assert_eq!(url.username(), "");
                let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
                prop_assert_eq!(segments.len(), 3);
                prop_assert_eq!((segments[0], segments[2]), ("a", "x"));
                let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                prop_assert_eq!(pairs, vec![("p".to_owned(), title.clone()), ("q".to_owned(), "1".to_owned())]);
                let decoded = |text: &str| url::form_urlencoded::parse(text.as_bytes()).into_owned().next();
                prop_assert_eq!(decoded(&format!("x={}", segments[1])), Some(("x".to_owned(), format!("{title}-"))));
                let fragment = url.fragment().unwrap_or_default();
                prop_assert_eq!(decoded(&format!("x={fragment}")), Some(("x".to_owned(), format!("f{title}"))));
            }
            Err(error) => {
                let is_hostile = title.split(['/', '\\']).any(|part| matches!(part.trim(), "." | ".."));
                prop_assert!(is_hostile || title.contains([';', '；', '%', '／', '．', '＼']), "{title}: {error}");
            }
        }
    });
}
