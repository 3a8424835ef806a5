//! JSON templates: the document is read first, values are put into its strings.

use super::values::{view_of, with_title};
use crate::template::{JsonTemplate, OUTPUT_BYTES_MAX, TemplateError};
use crate::view::sample;

fn rendered(text: &str, title: &str) -> String {
    let template = JsonTemplate::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let (incident, change) = with_title(title);
    template.render(&view_of(&incident, &change)).expect("it was tried on samples")
}

fn place_and_problem(text: &str) -> (usize, usize, String) {
    match JsonTemplate::parse(text).expect_err(text) {
        TemplateError::Json { line, column, problem } => (line, column, problem),
        other => panic!("{text}: expected invalid JSON, found {other:?}"),
    }
}

#[test]
fn values_are_put_into_strings_and_keys_at_any_depth_and_the_rest_stays() {
    let text =
        r#"{"a": ["{{ title }}", 3, 1.5, false, null, {"$this->title$": "%24this->state%24"}], "b": "$5"}"#;
    let expected = r#"{"a":["Disk",3,1.5,false,null,{"Disk":"acknowledged"}],"b":"$5"}"#;
    assert_eq!(rendered(text, "Disk"), expected);
}

#[test]
fn a_value_that_looks_like_a_number_stays_a_string() {
    assert_eq!(rendered(r#"{"n": "{{ number }}"}"#, "x"), r#"{"n":"1"}"#);
}

#[test]
fn no_quote_or_backslash_or_line_break_in_a_title_breaks_the_document() {
    let text = r#"{"text": "{{ title }}"}"#;
    assert_eq!(rendered(text, "a \"b\" \\ c\nd"), r#"{"text":"a \"b\" \\ c\nd"}"#);
    assert_eq!(rendered(text, r#"", "admin": true, "x": ""#), r#"{"text":"\", \"admin\": true, \"x\": \""}"#);
}

#[test]
fn invalid_json_is_refused_with_line_and_column() {
    for (text, line, column) in
        [("{\n  \"a\": 1,\n}", 3, 1), ("{\n  \"a\": {{ title }}\n}", 2, 9), ("[1, 2", 1, 5), ("{} {}", 1, 4)]
    {
        let (at_line, at_column, problem) = place_and_problem(text);
        assert_eq!((at_line, at_column), (line, column), "{text}: {problem}");
        assert!(!problem.contains(" at line "), "the place is said once: {problem}");
    }
}

/// Its column was once 0, of a count that begins at 1.
#[test]
fn an_empty_text_is_no_document_from_its_first_column_on() {
    let (line, column, _) = place_and_problem("");
    assert_eq!((line, column), (1, 1));
}

#[test]
fn single_quotes_are_named_as_the_cause() {
    for (text, line, column) in
        [("{'a': 1}", 1, 2), ("{\"a\": 'x'}", 1, 7), ("[\n'x'\n]", 2, 1), ("{\"ä\": 1,\n\t'b': 2}", 2, 2)]
    {
        let (at_line, at_column, problem) = place_and_problem(text);
        assert_eq!((at_line, at_column), (line, column), "{text}");
        assert!(problem.contains("double quotes") && problem.contains("single quote"), "{problem}");
    }
    let (.., problem) = place_and_problem("{\"a\": 1,}");
    assert!(!problem.contains("single quote"), "{problem}");
}

#[test]
fn an_unknown_placeholder_is_found_in_keys_and_values() {
    for text in [r#"{"a": ["{{ titel }}"]}"#, r#"{"{{ titel }}": 1}"#] {
        let error = JsonTemplate::parse(text).expect_err("a typing mistake");
        assert!(matches!(&error, TemplateError::Unknown { name, .. } if name == "titel"), "{error:?}");
    }
}

#[test]
fn two_keys_that_become_one_are_refused() {
    let error = JsonTemplate::parse(r#"{"{{ source }}": 1, "sample": 2}"#).expect_err("two keys");
    assert_eq!(error, TemplateError::Render("two keys become `sample`".to_owned()));
}

#[test]
fn two_keys_that_a_title_makes_one_are_an_error_of_that_incident() {
    let template = JsonTemplate::parse(r#"{"{{ title }}": 1, "text": 2}"#).expect("two keys so far");
    let (incident, change) = with_title("text");
    let error = template.render(&view_of(&incident, &change)).expect_err("two keys");
    assert_eq!(error, TemplateError::Render("two keys become `text`".to_owned()));
}

/// The limit once held for each string of the document only.
#[test]
fn a_document_renders_to_a_limited_length() {
    let half = OUTPUT_BYTES_MAX / 2;
    let strings = |count: usize| {
        let string = format!("\"{{{{ 'x' * {half} }}}}\"");
        format!("[{}]", vec![string; count].join(","))
    };
    let (incident, change) = sample();
    let one = JsonTemplate::parse(&strings(1)).expect("it fits");
    assert_eq!(one.render(&view_of(&incident, &change)).map(|text| text.len()), Ok(half + 4));
    let error = JsonTemplate::parse(&strings(2)).expect_err("it does not fit");
    assert_eq!(error, TemplateError::Render("it renders to more than 1048576 bytes".to_owned()));
}
