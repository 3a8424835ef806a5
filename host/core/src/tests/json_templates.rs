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
    let expected = r#"{"a":["Disk",3,1.5,false,null,{"Disk":"resolved"}],"b":"$5"}"#;
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
fn a_column_counts_characters() {
    let (line, column, problem) = place_and_problem("{\"äöü\": \"→\" 5}");
    assert_eq!((line, column), (1, 13), "{problem}");
    let (line, column, problem) = place_and_problem("{\"a\": →}");
    assert_eq!((line, column), (1, 7), "{problem}");
}

#[test]
fn single_quotes_are_named_as_the_cause() {
    for (text, line, column) in [
        ("{'a': 1}", 1, 2),
        ("{\"a\": 'x'}", 1, 7),
        ("[\n'x'\n]", 2, 1),
        ("{\"ä\": 1,\n\t'b': 2}", 2, 2),
        ("'a'", 1, 1),
        ("'{\"a\": 1}'", 1, 1),
        ("  '", 1, 3),
        ("{\"a\" 'b'}", 1, 6),
        ("{\"a\": 1 'b': 2}", 1, 9),
        ("[1, 'b']", 1, 5),
        ("{} 'b'", 1, 4),
    ] {
        let (at_line, at_column, problem) = place_and_problem(text);
        assert_eq!((at_line, at_column), (line, column), "{text}");
        assert!(problem.contains("double quotes") && problem.contains("single quote"), "{problem}");
    }
}

#[test]
fn single_quotes_that_are_not_the_cause_are_not_named() {
    for text in [
        "{\"a\": 1,}",
        "{\"a\": \"it's",
        "[\"it's\", \"x'",
        "[\"a\n'b'\"]",
        "[\"a\t'b'\"]",
        "[1 2]'",
        "{\"a\": “b”}",
    ] {
        let (.., problem) = place_and_problem(text);
        assert!(!problem.contains("single quote"), "{text}: {problem}");
    }
}

#[test]
fn what_people_often_write_wrong_is_named() {
    for (text, words) in [
        ("{\"a\": \"{{ references[\"itop\"].ticket }}\"}", "a double quote inside of a placeholder"),
        ("{\"a\": {{ title }}}", "a placeholder stands outside of a string"),
        ("{\"a\": $this->title$}", "a placeholder stands outside of a string"),
        ("{% if title %}{}{% endif %}", "a placeholder stands outside of a string"),
        ("[\"a\nb\"]", "write \\n for a line break"),
        ("[\"it\\'s\"]", "JSON has no escape `\\'`"),
        ("{\"a\": “b”}", "straight double quotes"),
    ] {
        let (.., problem) = place_and_problem(text);
        assert!(problem.contains(words), "{text}: {problem}");
    }
}

#[test]
fn a_key_that_stands_twice_in_one_object_is_refused_at_its_place() {
    for (text, line, column) in [
        (r#"{"a": 1, "a": 2}"#, 1, 10),
        ("{\"x\": [{\"ä\": 1,\n \"b\": {\"ä\": 1}, \"ä\": 2}]}", 2, 17),
        (r#"{"a": 1, "\u0061": 2}"#, 1, 10),
        (r#"{"{{ title }}": 1, "{{ title }}": 1}"#, 1, 20),
    ] {
        let (at_line, at_column, problem) = place_and_problem(text);
        assert_eq!((at_line, at_column), (line, column), "{text}");
        assert!(problem.ends_with("stands twice in one object"), "{problem}");
    }
}

#[test]
fn a_string_that_stands_twice_elsewhere_is_no_key() {
    for text in [
        r#"{"a":"a","b":["a","a"],"c":{"a":"a"},"d":{"a":{"a":1}}}"#,
        r#"{"a":"b, c","b":"{\"a\": 1, \"a\": 2}"}"#,
        r#"["a","a",{"a":1},{"a":1}]"#,
    ] {
        assert_eq!(rendered(text, "x"), text);
    }
}

#[test]
fn a_line_break_at_a_strings_end_stays() {
    assert_eq!(rendered(r#"["{{ title }}\n", "$this->title$\n\n", "x\n"]"#, "t"), r#"["t\n","t\n\n","x\n"]"#);
}

#[test]
fn an_unknown_placeholder_is_found_in_keys_and_values() {
    for text in [r#"{"a": ["{{ titel }}"]}"#, r#"{"{{ titel }}": 1}"#] {
        let error = JsonTemplate::parse(text).expect_err("a typing mistake");
        assert!(matches!(&error, TemplateError::Unknown { name, .. } if name == "titel"), "{error:?}");
    }
    let error = JsonTemplate::parse(r#"{"a": "$current_user->nope$"}"#).expect_err("a typing mistake");
    assert!(error.to_string().starts_with("unknown placeholder `$current_user->nope$`: "), "{error}");
}

#[test]
fn an_unknown_filter_is_named_in_keys_and_values() {
    for text in [r#"{"a": ["{{ title|lable }}"]}"#, r#"{"{{ title|lable }}": 1}"#] {
        let error = JsonTemplate::parse(text).expect_err("a typing mistake");
        assert_eq!(error.to_string(), "unknown filter `lable`: did you mean `label`?");
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
    assert_eq!(error, TemplateError::TooLong(OUTPUT_BYTES_MAX));
    let within = JsonTemplate::parse(r#"["{{ title }}", "{{ title }}"]"#).expect("two titles");
    let (incident, change) = with_title(&"\"".repeat(OUTPUT_BYTES_MAX));
    let view = view_of(&incident, &change);
    let bytes = 4 * OUTPUT_BYTES_MAX + 7;
    assert_eq!(within.render_within(&view, bytes).map(|text| text.len()), Ok(bytes));
    assert_eq!(within.render_within(&view, bytes - 1), Err(TemplateError::TooLong(bytes - 1)));
    assert_eq!(within.render(&view), Err(TemplateError::TooLong(OUTPUT_BYTES_MAX)));
}
