//! What a path of iTop's means: the Jinja expression for it.
//!
//! A path is a field, a verb around a field, or a table with a name in it. An error is the list of what there
//! is; who asked, and for what, is the caller's to say.

use super::split_arrow;
use crate::view::{BEFORE_FIELDS, CHANGE_FIELDS, INCIDENT_FIELDS};

/// What may stand around a field.
const VERBS: [&str; 6] = ["label", "html", "text", "raw", "head", "head_html"];
/// What may stand in the parentheses of `url(…)` and `hyperlink(…)`; both lead to the incident's page.
const PORTALS: [&str; 2] = ["console", "portal"];
/// iTop's logs. What was written last is what the change says, so each of them is that.
const LOGS: [&str; 3] = ["log", "public_log", "private_log"];
/// iTop's names for what an incident has no field for.
const ALIASES: [(&str, &str); 3] = [("friendlyname", NAME), ("ref", NAME), ("finalclass", "\"Incident\"")];
/// What people call the incident.
const NAME: &str = "(\"#\" ~ incident.number)";
/// The incident's page; empty while the relay has no public address.
const PAGE: &str = "urls.incident";
/// What can be asked for of whoever made the change. All of them are the one name that is known.
const ACTOR_FIELDS: [&str; 5] = ["friendlyname", "name", "login", "email", "contactid_friendlyname"];
/// Who made the change.
const ACTOR: &str = "change.actor";

/// A field's expression, and what kind of value it has.
struct Field {
    expression: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// People's text.
    Text,
    /// A code or a time, which has a label.
    Coded,
    /// Several values.
    List,
    /// What was written last.
    Log,
}

impl Field {
    fn new(expression: impl Into<String>, kind: Kind) -> Self {
        Self { expression: expression.into(), kind }
    }

    /// The field as `verb` shows it; without a verb, as it is.
    fn with(&self, verb: Option<&str>) -> Result<String, String> {
        let Self { expression, kind } = self;
        match verb {
            Some("html") => Ok(format!("{expression} | html")),
            Some("text") => Ok(format!("{expression} | text")),
            Some("label") if *kind == Kind::Coded || *kind == Kind::List => {
                Ok(format!("{expression} | label"))
            }
            None | Some("raw") if *kind == Kind::List => Ok(format!("{expression} | raw")),
            None | Some("raw" | "label") => Ok(expression.clone()),
            Some("head") if *kind == Kind::Log => Ok(expression.clone()),
            Some("head_html") if *kind == Kind::Log => Ok(format!("{expression} | html")),
            Some("head" | "head_html") => Err(format!("a head of {} only", LOGS.join(", "))),
            Some(_) => Err(verbs()),
        }
    }
}

/// The expression for `$this->path$`.
pub(super) fn of_incident(path: &str) -> Result<String, String> {
    match call(path) {
        Some(("name", "")) => Ok(NAME.to_owned()),
        Some(("url", portal)) if portal.is_empty() || PORTALS.contains(&portal) => Ok(PAGE.to_owned()),
        Some(("hyperlink", portal)) if portal.is_empty() || PORTALS.contains(&portal) => Ok(hyperlink()),
        Some(("url" | "hyperlink", _)) => Err(format!("the portals {}", PORTALS.join(", "))),
        Some((verb, of)) if VERBS.contains(&verb) => field(of).ok_or_else(fields)?.with(Some(verb)),
        Some(_) => Err(verbs()),
        None => match inner_call(path) {
            Some((field, verb)) => field.with(Some(verb)),
            None => field(path).ok_or_else(fields)?.with(None),
        },
    }
}

/// The expression for `$current_user->path$`.
pub(super) fn of_actor(path: &str) -> Result<String, String> {
    let known = || format!("{}, name()", ACTOR_FIELDS.join(", "));
    let actor = Field::new(ACTOR, Kind::Text);
    match call(path) {
        Some(("name", "")) => actor.with(None),
        Some((verb, of)) if ACTOR_FIELDS.contains(&of) => actor.with(Some(verb)),
        None if ACTOR_FIELDS.contains(&path) => actor.with(None),
        _ => Err(known()),
    }
}

/// `verb(argument)`, when that is the whole of `path`.
fn call(path: &str) -> Option<(&str, &str)> {
    let (verb, argument) = path.strip_suffix(')')?.split_once('(')?;
    let is_name = verb.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && !verb.is_empty()).then_some((verb, argument))
}

/// `table->verb(name)`, as iTop writes it: the field inside, and the verb. A name that only looks like a call,
/// such as `size(GB)`, is a name.
fn inner_call(path: &str) -> Option<(Field, &str)> {
    let (table, name) = split_arrow(path)?;
    let (connection, name) = match split_arrow(name) {
        Some((connection, key)) if table == "references" => (Some(connection), key),
        _ => (None, name),
    };
    let (verb, name) = call(name).filter(|(verb, _)| VERBS.contains(verb))?;
    let field = match connection {
        Some(connection) => reference(connection, name),
        None => entry(table, name),
    };
    Some((field?, verb))
}

fn field(path: &str) -> Option<Field> {
    if let Some((table, name)) = split_arrow(path) {
        return match split_arrow(name) {
            Some((connection, key)) if table == "references" => reference(connection, key),
            Some(("before", name)) if table == "change" => before(name),
            _ => entry(table, name),
        };
    }
    if let Some((_, expression)) = ALIASES.iter().find(|(alias, _)| *alias == path) {
        return Some(Field::new(*expression, Kind::Text));
    }
    if LOGS.contains(&path) {
        return Some(Field::new("change.text", Kind::Log));
    }
    let kind = match path {
        "labels" | "links" => Kind::List,
        "severity" | "state" | "opened_at" | "open_since" | "updated_at" | "acknowledged_at"
        | "resolved_at" => Kind::Coded,
        _ => Kind::Text,
    };
    INCIDENT_FIELDS.contains(&path).then(|| Field::new(format!("incident.{path}"), kind))
}

/// `name` in the table `labels`, `urls` or `change`.
fn entry(table: &str, name: &str) -> Option<Field> {
    match table {
        "labels" if !name.is_empty() => {
            Some(Field::new(format!("incident.labels[{}]", quoted(name)), Kind::Text))
        }
        "urls" if !name.is_empty() => Some(Field::new(format!("urls[{}]", quoted(name)), Kind::Text)),
        "change" if CHANGE_FIELDS.contains(&name) => {
            let kind = match name {
                "kind" | "at" => Kind::Coded,
                "changed" => Kind::List,
                "text" => Kind::Log,
                _ => Kind::Text,
            };
            Some(Field::new(format!("change.{name}"), kind))
        }
        _ => None,
    }
}

/// What a field, or a label as `labels->name`, was before the change.
fn before(name: &str) -> Option<Field> {
    if let Some(("labels", label)) = split_arrow(name) {
        let expression = format!("change.before.labels[{}]", quoted(label));
        return (!label.is_empty()).then(|| Field::new(expression, Kind::Text));
    }
    let kind = if name == "severity" { Kind::Coded } else { Kind::Text };
    let is_known = BEFORE_FIELDS.contains(&name) && name != "labels";
    is_known.then(|| Field::new(format!("change.before.{name}"), kind))
}

fn reference(connection: &str, key: &str) -> Option<Field> {
    let expression = format!("references[{}][{}]", quoted(connection), quoted(key));
    (!connection.is_empty() && !key.is_empty()).then(|| Field::new(expression, Kind::Text))
}

/// `text` as a string in Jinja.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The incident's name, leading to its page where there is one: HTML, as iTop's is.
fn hyperlink() -> String {
    format!("\"<a href=\\\"\" ~ ({PAGE} | html) ~ \"\\\">\" ~ {NAME} ~ \"</a>\" if {PAGE} else {NAME}")
}

fn verbs() -> String {
    let verbs: Vec<String> = VERBS.iter().map(|verb| format!("{verb}(field)")).collect();
    format!("{}, name(), url(), hyperlink(), url(portal), hyperlink(portal)", verbs.join(", "))
}

fn fields() -> String {
    let aliases = ALIASES.iter().map(|(alias, _)| *alias);
    let fields: Vec<&str> = INCIDENT_FIELDS.into_iter().chain(aliases).chain(LOGS).collect();
    let change: Vec<String> = CHANGE_FIELDS.iter().map(|field| format!("change->{field}")).collect();
    format!(
        "{}, labels->…, urls->…, references->connection->key, {}, change->before->…, {}",
        fields.join(", "),
        change.join(", "),
        verbs()
    )
}
