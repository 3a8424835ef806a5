//! Values stay values: nothing that an alert says becomes a placeholder, and no alert breaks a document.

use proptest::prelude::*;

use super::relay::labels;
use crate::delivery::Change;
use crate::incident::Incident;
use crate::template::{JsonTemplate, Template};
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
