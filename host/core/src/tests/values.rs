//! Values stay values: nothing that an alert says becomes a placeholder, and no alert breaks a document.

use proptest::prelude::*;

use super::relay::labels;
use crate::delivery::{Change, Reference};
use crate::incident::Incident;
use crate::template::{JsonTemplate, Template, UrlTemplate};
use crate::view::{View, sample};

pub(super) fn view_of<'a>(incident: &'a Incident, change: &'a Change) -> View<'a> {
    View::new(incident, change)
}

/// The sample with this title.
pub(super) fn with_title(title: &str) -> (Incident, Change) {
    let (incident, change) = sample();
    (Incident { title: title.to_owned(), ..incident }, change)
}

/// Anything, and often what a template engine would take for its own.
pub(super) fn titles() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "{{ x }}",
        "{{ key }}",
        "{% raw %}",
        "{% endif %}",
        "{#",
        "#}",
        "}}",
        "$this->title$",
        "$this-&gt;title$",
        "$this→title$",
        "%24this->title%24",
        "$current_user->login$",
        "{{ labels.x }}",
        "/",
        "..",
        "?a=b&",
        "$",
        "%24",
        "\"",
        "'",
        "\\",
        "\\u0041",
        "\n",
        "\u{0}",
        "\u{2028}",
        "🔥",
        "&lt;",
        "</script>",
    ]);
    let text = prop_oneof![pieces.prop_map(str::to_owned), any::<String>()];
    prop::collection::vec(text, 0..6).prop_map(|pieces| pieces.concat())
}

/// The same title, wherever it is put in.
const TEXT: &str = "<$this->title$|{{ title }}|%24this->title%24|{{ incident.title }}|$this→title$>";
const JSON: &str = r#"{"a": "<{{ title }}|$this->title$>", "b": [{"{{ title }}!": "$this-&gt;title$"}]}"#;

#[test]
fn a_value_is_put_in_as_it_is_and_never_read_again() {
    let template = Template::parse(TEXT).expect("it is right");
    let same = |title: &str| {
        let (incident, change) = with_title(title);
        let text = template.render(&view_of(&incident, &change));
        prop_assert_eq!(text, Ok(format!("<{title}|{title}|{title}|{title}|{title}>")));
        Ok(())
    };
    for title in ["{{ x }}", "$this->title$", "%24this->title%24", "{% for %}", "$this->title"] {
        same(title).expect(title);
    }
    proptest!(|(title in titles())| same(&title)?);
}

#[test]
fn a_json_template_is_valid_json_with_any_title() {
    let template = JsonTemplate::parse(JSON).expect("it is right");
    proptest!(|(title in titles())| {
        let (incident, change) = with_title(&title);
        let text = template.render(&view_of(&incident, &change)).expect("any title will do");
        let document: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let mut inner = serde_json::Map::new();
        inner.insert(format!("{title}!"), title.clone().into());
        let expected = serde_json::json!({ "a": format!("<{title}|{title}>"), "b": [inner] });
        prop_assert_eq!(document, expected);
    });
}

#[test]
fn a_label_is_put_in_as_it_is_also_as_a_key_that_looks_like_a_placeholder() {
    let template = Template::parse("{% for key, value in labels|items %}{{ key }}={{ value }}{% endfor %}");
    let template = template.expect("it is right");
    let (mut incident, change) = sample();
    incident.labels = labels(&[("{{ title }}", "$this->title$")]);
    let text = template.render(&view_of(&incident, &change));
    assert_eq!(text.as_deref(), Ok("{{ title }}=$this->title$"));
}

/// Every field that somebody else fills in, read in every way.
const FIELDS: [(&str, &str); 7] = [
    ("{{ title }}", "$this->title$"),
    ("{{ message }}", "$this->message$"),
    ("{{ source ~ key }}", "$this->source$$this->key$"),
    ("{{ labels.x }}", "%24this-&gt;labels-%3Ex%24"),
    ("{{ change.actor }}", "$current_user→login$"),
    ("{{ change.text | raw }}", "$this->head(public_log)$"),
    (
        "{{ references['a-b'].k }}{{ references['a-b'].k_url }}",
        "$this->references->a-b->k$$this->references->a-b->k_url$",
    ),
];

fn filled(values: &[String]) -> (Incident, Change, [(String, Vec<Reference>); 1]) {
    let (incident, change) = sample();
    let incident = Incident {
        title: values[0].clone(),
        message: values[1].clone(),
        source: values[2].clone().into(),
        key: "k".to_owned(),
        labels: labels(&[("x", &values[3])]),
        ..incident
    };
    let change = Change { actor: Some(values[4].clone()), text: values[5].as_str().into(), ..change };
    let reference = Reference { key: "k".to_owned(), value: values[6].clone(), url: Some("u".to_owned()) };
    (incident, change, [("a-b".to_owned(), vec![reference])])
}

/// What is put in for [`FIELDS`].
fn expected(values: &[String]) -> Vec<String> {
    let mut expected = values.to_vec();
    expected[2].push('k');
    expected[6].push('u');
    expected
}

#[test]
fn no_value_of_any_field_changes_anything_but_its_own_place() {
    let texts: Vec<String> = FIELDS.iter().map(|(jinja, itop)| format!("{jinja}|{itop}")).collect();
    let text = Template::parse(&texts.join("\n")).expect("it is right");
    let json =
        JsonTemplate::parse(&serde_json::json!({ "a": texts, "n": 3 }).to_string()).expect("it is right");
    let url =
        format!("https://h.example/?{}", FIELDS.map(|(jinja, itop)| format!("a={jinja}&a={itop}")).join("&"));
    let url = UrlTemplate::parse(&url).expect("it is right");
    proptest!(|(values in prop::collection::vec(titles(), FIELDS.len()))| {
        let (incident, change, references) = filled(&values);
        let view = view_of(&incident, &change).with_references(&references);
        let values = expected(&values);
        let lines: Vec<String> = values.iter().map(|value| format!("{value}|{value}")).collect();
        prop_assert_eq!(text.render(&view), Ok(lines.join("\n")));
        let document = json.render(&view).expect("any value will do");
        let document: serde_json::Value = serde_json::from_str(&document).expect("it is JSON");
        prop_assert_eq!(document, serde_json::json!({ "a": lines, "n": 3 }));
        let url = url.render(&view).expect("any value will do");
        prop_assert_eq!((url.host_str(), url.path(), url.fragment()), (Some("h.example"), "/", None));
        let read: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
        let twice: Vec<String> = values.iter().flat_map(|value| [value.clone(), value.clone()]).collect();
        prop_assert_eq!(read, twice);
    });
}
