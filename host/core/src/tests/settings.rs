//! Settings of an action: rendered for an incident, rendered for a check, bounded together.

use std::collections::BTreeMap;

use super::values::{view_of, with_title};
use crate::plugin::{Document, Setting, Value};
use crate::settings::{Field, FieldKind, Given, Settings, duration_ms};
use crate::template::OUTPUT_BYTES_MAX;

fn field(key: &str, kind: FieldKind) -> Field {
    let (label, help) = (key.to_owned(), String::new());
    Field { key: key.to_owned(), label, help, kind, required: false, default: None }
}

fn settings(given: &[(&str, FieldKind, &str)]) -> Settings {
    let fields: Vec<Field> = given.iter().map(|(key, kind, _)| field(key, kind.clone())).collect();
    let values: BTreeMap<String, Given> =
        given.iter().map(|(key, _, text)| ((*key).to_owned(), Given::Text((*text).to_owned()))).collect();
    Settings::check(&fields, &values).expect("they are right")
}

fn text(key: &str, value: &str) -> Setting {
    Setting { key: key.to_owned(), value: Value::Text(value.to_owned()) }
}

fn document(key: &str, text: &str, fixed: &[&str]) -> Setting {
    let fixed = fixed.iter().map(|at| (*at).to_owned()).collect();
    Setting { key: key.to_owned(), value: Value::Document(Document { text: text.to_owned(), fixed }) }
}

#[test]
fn a_plugin_learns_which_strings_of_a_document_are_the_operators_own() {
    let template = r#"{"key": "SELECT A", "x/y": ["{{ title }}", "own", 3, {"~": "own too"}],
                       "{{ title }}": {"org_id": "SELECT B"}, "b": "SELECT {{ title }}", "c": "$this->title$"}"#;
    let settings = settings(&[("payload", FieldKind::JsonTemplate, template)]);
    let (incident, change) = with_title("SELECT C");
    let rendered = settings.render(&view_of(&incident, &change)).expect("rendered");
    let Value::Document(Document { text, mut fixed }) = rendered[0].value.clone() else {
        panic!("{rendered:?}")
    };
    fixed.sort();
    assert_eq!(fixed, ["/key", "/x~1y/1", "/x~1y/3/~0"]);
    assert!(text.contains(r#""SELECT C":{"org_id":"SELECT B"}"#), "{text}");
}

#[test]
fn what_stands_in_a_path_is_encoded_and_makes_no_segment() {
    let settings = settings(&[("path", FieldKind::Path, "/tickets/{{ title }}/notes?x")]);
    let (incident, change) = with_title("a/b ?#%41");
    let rendered = settings.render(&view_of(&incident, &change)).expect("rendered");
    assert_eq!(rendered, [text("path", "/tickets/a%2Fb%20%3F%23%2541/notes?x")]);
    for (title, words) in [
        ("..", "a segment `.` or `..`"),
        ("a/../b", "a segment `.` or `..`"),
        ("..;x", "a segment `.` or `..`"),
        ("%2e%2E", "a segment `.` or `..`"),
        ("%25252e%2e", "a segment `.` or `..`"),
        ("a;b", "a `;`"),
        ("a%3Bb", "a `;`"),
        ("a%2fb", "a slash behind several encodings"),
    ] {
        let (incident, change) = with_title(title);
        let refused = settings.render(&view_of(&incident, &change)).expect_err(title).to_string();
        assert!(refused.starts_with("path: ") && refused.contains(words), "{title}: {refused}");
    }
}

#[test]
fn a_check_sees_every_setting_as_it_is_for_the_sample() {
    let settings = settings(&[
        ("plain", FieldKind::Text, "{{ nothing }}"),
        ("message", FieldKind::Template, "{{ title }} $this->label(severity)$ {{ urls.incident }}"),
        ("payload", FieldKind::JsonTemplate, r#"{"a": "$this->title$", "n": 3}"#),
        ("count", FieldKind::Integer, "7"),
    ]);
    let expected = [
        text("plain", "{{ nothing }}"),
        text("message", "Sample incident High https://tocsin.example/incidents/1"),
        document("payload", r#"{"a":"Sample incident","n":3}"#, &[]),
        Setting { key: "count".to_owned(), value: Value::Integer(7) },
    ];
    assert_eq!(settings.sample("sample"), expected);
}

#[test]
fn the_lines_of_a_list_of_templates_have_placeholders_and_those_of_other_lists_are_as_they_are() {
    let texts = |given: &[&str]| given.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let fields = [field("mention", FieldKind::Template), field("queries", FieldKind::Texts)];
    let checked = |mention: &[&str]| {
        let lines = |key: &str, given: &[&str]| (key.to_owned(), Given::Texts(texts(given)));
        Settings::check(
            &fields,
            &BTreeMap::from([lines("mention", mention), lines("queries", &["{{ title }}", "$this->title$"])]),
        )
    };
    let settings = checked(&["here", "{{ labels.oncall }}", "{{ title }}"]).expect("they are right");
    let value = |settings: &[Setting], key: &str| {
        settings.iter().find(|setting| setting.key == key).map(|setting| setting.value.clone())
    };
    let (incident, change) = with_title("t");
    let rendered = settings.render(&view_of(&incident, &change)).expect("rendered");
    assert_eq!(value(&rendered, "mention"), Some(Value::Texts(texts(&["here", "", "t"]))));
    let sample = settings.sample("sample");
    assert_eq!(value(&sample, "mention"), Some(Value::Texts(texts(&["here", "sample", "Sample incident"]))));
    let plain = settings.plain();
    let given = texts(&["here", "{{ labels.oncall }}", "{{ title }}"]);
    assert_eq!(value(&plain, "mention"), Some(Value::Texts(given)));
    for settings in [rendered, sample, plain] {
        let as_it_is = texts(&["{{ title }}", "$this->title$"]);
        assert_eq!(value(&settings, "queries"), Some(Value::Texts(as_it_is)));
    }
    let wrong = checked(&["here", "geheim {{ nothing }}"]).expect_err("unknown");
    let told = &wrong[0].problem;
    assert!(told.starts_with("line 2: ") && told.contains("`nothing`") && !told.contains("geheim"), "{told}");
}

#[test]
fn what_is_rendered_obeys_one_limit_in_all() {
    let settings = settings(&[
        ("a", FieldKind::Template, "{{ title }}"),
        ("plain", FieldKind::Text, "not counted"),
        ("b", FieldKind::JsonTemplate, r#"["{{ title }}"]"#),
    ]);
    let (incident, change) = with_title(&"x".repeat(1000));
    let view = view_of(&incident, &change);
    assert_eq!(settings.render_within(&view, 2004).map(|settings| settings.len()), Ok(3));
    let error = settings.render_within(&view, 2003).expect_err("one byte too much");
    assert_eq!(error.to_string(), "b: with the settings before it, it renders to more than 2003 bytes");
    let error = settings.render_within(&view, 999).expect_err("too much by itself");
    assert_eq!(error.key, "a");
}

#[test]
fn without_a_limit_of_its_own_a_connection_has_the_usual_one() {
    let settings = settings(&[("a", FieldKind::Template, "{{ title }}{{ title }}")]);
    let (incident, change) = with_title(&"x".repeat(OUTPUT_BYTES_MAX / 2));
    assert!(settings.render(&view_of(&incident, &change)).is_ok());
    let (incident, change) = with_title(&"x".repeat(OUTPUT_BYTES_MAX));
    let view = view_of(&incident, &change);
    assert_eq!(settings.render(&view).map_err(|error| error.key), Err("a".to_owned()));
    let sixty = settings.render_within(&view, 60 * 1024 * 1024);
    assert_eq!(sixty.map(|settings| settings.len()), Ok(1));
}

#[test]
fn a_mistake_in_a_template_is_told_under_its_key() {
    let fields = [field("message", FieldKind::Template), field("payload", FieldKind::JsonTemplate)];
    let given = [("message", "$trigger->name$"), ("payload", "{'a': 1}")];
    let given = given.map(|(key, text)| (key.to_owned(), Given::Text(text.to_owned()))).into();
    let errors: Vec<String> = match Settings::check(&fields, &given) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(errors.len(), 2);
    assert!(
        errors[0].starts_with("message: unknown placeholder `$trigger->name$`: there is "),
        "{}",
        errors[0]
    );
    assert_eq!(
        errors[1],
        "payload: line 1, column 2: JSON wants double quotes (\") where a single quote (') stands"
    );
}

#[test]
fn what_the_sample_lacks_reads_as_a_word_in_a_check_and_as_nothing_for_an_incident() {
    let settings = settings(&[
        ("channel", FieldKind::Template, "#{{ labels.squad }}"),
        ("avatar", FieldKind::Template, "https://$this->labels->host$/x.png"),
        ("there", FieldKind::Template, "{{ labels.team }} {{ 'host' in labels }} {{ references.a.b }}"),
        ("who", FieldKind::Template, "@{{ change.actor }}"),
    ]);
    let expected = [
        text("channel", "#sample"),
        text("avatar", "https://sample/x.png"),
        text("there", "sample False sample"),
        text("who", "@sample.person"),
    ];
    assert_eq!(settings.sample("sample"), expected);
    assert_eq!(settings.sample("")[0], text("channel", "#"));
    let (incident, change) = with_title("x");
    let rendered = settings.render(&view_of(&incident, &change)).expect("it renders");
    assert_eq!(rendered[0], text("channel", "#"));
}

#[test]
fn a_colour_may_have_its_sign_and_an_empty_text_is_none() {
    let settings = settings(&[
        ("sign", FieldKind::Color, "#FF8800"),
        ("plain", FieldKind::Color, "d93025"),
        ("none", FieldKind::Color, ""),
        ("wait", FieldKind::Duration, " "),
    ]);
    assert_eq!(settings.sample(""), [text("sign", "FF8800"), text("plain", "d93025")]);
}

#[test]
fn a_duration_is_read_in_every_usual_spelling_and_never_in_part() {
    for (text, ms) in [
        ("0s", 0),
        ("250ms", 250),
        ("90s", 90_000),
        ("15m", 900_000),
        ("2h", 7_200_000),
        ("1d", 86_400_000),
        ("1h 30m", 5_400_000),
        ("1h30m", 5_400_000),
        ("1.5h", 5_400_000),
        ("2 hours, 5 minutes", 7_500_000),
        ("1w", 604_800_000),
        ("3650d", 315_360_000_000),
    ] {
        assert_eq!(duration_ms(text), Ok(ms), "{text}");
    }
    let long = "9".repeat(100);
    for text in [
        "", " ", "90", "s", "-5s", "5s ago", "1mo", "1y", "1us", "0.5ms", "soon", "1h -30m", "P1D", "1h 30",
        &long,
    ] {
        let error = duration_ms(text).expect_err(text).to_string();
        assert!(error.contains("is not a duration: write a number and ms, s, m, h or d"), "{error}");
        assert!(error.len() < 200, "{error}");
    }
}

#[test]
fn a_plugins_duration_has_whole_seconds() {
    let field = field("wait", FieldKind::Duration);
    let given = |text: &str| BTreeMap::from([("wait".to_owned(), Given::Text(text.to_owned()))]);
    let checked =
        Settings::check(std::slice::from_ref(&field), &given("1m 30s")).expect("it is right").plain();
    assert_eq!(checked[0].value, Value::Integer(90));
    let errors = Settings::check(&[field], &given("1500ms")).expect_err("it has half a second");
    assert_eq!(errors[0].problem, "`1500ms` has a part of a second: write whole seconds, such as `1s`");
}
