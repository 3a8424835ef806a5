//! What the derive macros make of a struct, as a plugin's author meets them.

use std::time::Duration;

use tocsin_plugin::prelude::*;
use tocsin_plugin::testing::{check_description, example_context, request_to_json};
use tocsin_plugin::{Choice, FieldKind, Setting, Value, check_source};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
enum Mode {
    /// As it comes.
    AsItComes,
    #[choice(value = "DIGEST", label = "Once a day")]
    Digest,
}

#[derive(Debug, Settings)]
struct Fields {
    /// What is
    /// sent.
    ///
    /// A second paragraph.
    #[setting(kind = "template", label = "Text")]
    message: String,
    /// How it is sent.
    #[setting(default = "as-it-comes")]
    mode: Mode,
    /// How long to wait.
    #[setting(default = "15m")]
    wait: Duration,
    /// How many.
    #[setting(default = "3")]
    count: i64,
    /// Names.
    #[setting(default = "a\nb")]
    names: Vec<String>,
    /// How bad it is.
    severity: Option<Severity>,
    /// Whether it is loud.
    loud: bool,
    /// Opens the service.
    token: Secret,
    /// Opens more of it.
    #[setting(optional)]
    other_token: Secret,
}

fn given(settings: &[(&str, Value)]) -> Vec<Setting> {
    settings.iter().map(|(key, value)| Setting { key: (*key).to_owned(), value: value.clone() }).collect()
}

#[test]
fn fields_are_described_by_their_types_attributes_and_doc_comments() {
    let fields = Fields::fields();
    check_description(&fields);
    let kinds: Vec<_> = fields.iter().map(|field| (field.key.as_str(), field.required)).collect();
    let expected = [
        ("message", true),
        ("mode", false),
        ("wait", false),
        ("count", false),
        ("names", false),
        ("severity", false),
        ("loud", false),
        ("token", true),
        ("other_token", false),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(fields[0].kind, FieldKind::Template);
    assert_eq!((fields[0].label.as_str(), fields[8].label.as_str()), ("Text", "Other token"));
    assert_eq!(fields[0].help, "What is sent.\nA second paragraph.");
    let FieldKind::Choice(choices) = &fields[1].kind else { panic!("{:?}", fields[1].kind) };
    let choices: Vec<_> = choices.iter().map(|c| (c.value.as_str(), c.label.as_str())).collect();
    assert_eq!(choices, [("as-it-comes", "As it comes"), ("DIGEST", "Once a day")]);
}

#[test]
fn defaults_stand_in_for_what_is_left_out() {
    let fields = Fields::from_settings(&given(&[("message", Value::Text("x".to_owned()))])).unwrap();
    assert_eq!(fields.message, "x");
    assert_eq!((fields.mode, fields.wait, fields.count), (Mode::AsItComes, Duration::from_secs(900), 3));
    assert_eq!(fields.names, ["a", "b"]);
    assert_eq!((fields.severity, fields.loud), (None, false));
    assert_eq!((fields.token.key(), fields.other_token.key()), ("token", "other_token"));
}

#[test]
fn a_setting_that_does_not_fit_is_an_error_with_its_name() {
    let missing = Fields::from_settings(&[]).unwrap_err();
    assert_eq!(missing.key, "message");
    for (key, value) in [
        ("mode", Value::Text("never".to_owned())),
        ("wait", Value::Integer(-1)),
        ("count", Value::Text("3".to_owned())),
        ("severity", Value::Text("bad".to_owned())),
        ("token", Value::Text("the host never sends one".to_owned())),
    ] {
        let settings = given(&[("message", Value::Text("x".to_owned())), (key, value)]);
        assert_eq!(Fields::from_settings(&settings).unwrap_err().key, key);
    }
}

#[derive(Settings)]
struct Inner {
    /// A name.
    name: String,
    /// How many.
    #[setting(default = "3")]
    count: i64,
}

#[derive(Settings)]
struct Outer {
    /// Stands before.
    before: bool,
    #[setting(flatten)]
    inner: Inner,
    /// Stands behind.
    #[setting(default = "b")]
    behind: String,
}

#[test]
fn the_settings_of_a_flattened_struct_stand_in_its_place() {
    let fields = Outer::fields();
    check_description(&fields);
    let keys: Vec<&str> = fields.iter().map(|field| field.key.as_str()).collect();
    assert_eq!(keys, ["before", "name", "count", "behind"]);
    assert_eq!((fields[1].help.as_str(), fields[1].required), ("A name.", true));

    let outer = Outer::from_settings(&given(&[
        ("name", Value::Text("x".to_owned())),
        ("before", Value::Boolean(true)),
    ]))
    .unwrap();
    assert_eq!((outer.inner.name.as_str(), outer.inner.count), ("x", 3));
    assert_eq!((outer.before, outer.behind.as_str()), (true, "b"));
    let missing = Outer::from_settings(&[]).err().unwrap();
    assert_eq!(missing.key, "name");
}

/// The action of the README.
struct Pager;

#[derive(Settings)]
struct Account {
    /// The account's token.
    token: Secret,
}

impl Action for Pager {
    type Connection = Account;
    type Settings = ();

    fn encode(context: &Context, account: &Account, (): &()) -> Result<Step, Failure> {
        if context.change.kind == ChangeKind::Noted {
            return Ok(Step::Skipped("the pager shows no notes".to_owned()));
        }
        let body = serde_json::json!({"text": context.marked(&context.incident.title)});
        Ok(HttpRequest::post().path("/page").bearer(&account.token).json(&body).into())
    }
}

#[test]
fn an_action_of_twenty_lines_has_a_verdict_and_never_sees_the_secret() {
    let account = Account::from_settings(&[]).unwrap();
    let context = example_context();
    let Ok(Step::Send(request, _)) = Pager::encode(&context, &account, &()) else { panic!("not sent") };
    assert!(request_to_json(&request).to_string().contains("authorization: Bearer {{secret:token}}"));
    let answered = |status| {
        let response = Response { status, headers: Vec::new(), body: Vec::new() };
        Pager::resume(&context, &account, &(), &[], &response)
    };
    assert!(matches!(answered(202), Ok(Step::Delivered(_))));
    assert!(matches!(answered(503), Err(Failure::Retry { .. })));
    assert!(matches!(answered(404), Err(Failure::Rejected(_))));
}

/// A source whose two settings may exclude each other.
struct Limits;

#[derive(Settings)]
struct Bounds {
    /// The least that counts.
    least: i64,
    /// The most that counts.
    most: i64,
}

impl Source for Limits {
    type Settings = Bounds;

    fn decode(_: &Request, _: &Bounds) -> Result<Decoded, Refusal> {
        Ok(Decoded::ignored("a test"))
    }

    fn check(settings: &Bounds) -> Result<(), Vec<SettingProblem>> {
        if settings.least <= settings.most {
            return Ok(());
        }
        Err(vec![SettingProblem::new("most", "must not be less than `least`")])
    }
}

#[test]
fn a_sources_own_check_and_a_setting_of_another_kind_are_both_problems_with_a_field() {
    let problems = |least: Value, most: i64| {
        let setting = |key: &str, value| Setting { key: key.to_owned(), value };
        check_source::<Limits>(&[setting("least", least), setting("most", Value::Integer(most))])
    };
    assert_eq!(problems(Value::Integer(1), 2), []);
    assert_eq!(
        problems(Value::Integer(3), 2),
        [SettingProblem::new("most", "must not be less than `least`")]
    );
    assert_eq!(problems(Value::Text("x".to_owned()), 2)[0].field, "least");
}

#[derive(Settings)]
struct Patient {
    /// How long to wait.
    #[setting(default = "1h 30m")]
    wait: Duration,
}

#[test]
fn a_default_duration_may_have_several_units() {
    assert_eq!(Patient::from_settings(&[]).expect("its default").wait, Duration::from_secs(5_400));
}
