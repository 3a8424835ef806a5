//! The settings of an action, read once: JSON as JSON, lists as names, every mistake found.
//!
//! Never reads leniently: what is found here when a configuration is saved would fail a delivery at night.

use serde_json::{Map, Value};
use tocsin_plugin::{Document, SettingProblem, json, text};

use crate::guard::{self, Queries};
use crate::settings::{Fields, Operation, document, entries, given};

/// Stimuli on the way to a resolution: with finding the ticket, its state, a fallback and a log entry that is
/// looked for first, an attempt stays within the eight requests that it may send.
const PATH_MAX: usize = 4;
/// Labels that one answer writes back, and lines of `headers`.
const LINES_MAX: usize = 24;
/// Headers that are the connection's, the host's or the protocol's.
const RESERVED: [&str; 12] = [
    "auth-token",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// Settings that fit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) queries: Queries,
    pub(crate) fields: Object,
    pub(crate) update_fields: Option<Object>,
    pub(crate) acknowledge_fields: Object,
    pub(crate) resolve_fields: Object,
    /// The key of `key` or `criteria`; none for the kept reference.
    pub(crate) key: Option<Value>,
    pub(crate) json_data: Object,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) resolve_path: Vec<String>,
    /// Labels and the fields that fill them.
    pub(crate) write_back: Vec<(String, String)>,
    /// Beside `id` and `friendlyname`.
    pub(crate) output: Vec<String>,
}

/// Mistakes on their way to being all of them.
#[derive(Default)]
struct Found(Vec<SettingProblem>);

impl Found {
    fn keep<T: Default>(&mut self, field: &str, read: Result<T, String>) -> T {
        read.unwrap_or_else(|problem| {
            self.0.push(SettingProblem::new(field, problem));
            T::default()
        })
    }
}

impl Plan {
    /// The settings as they are meant.
    ///
    /// # Errors
    /// Every mistake, in the order of the settings.
    pub(crate) fn read(settings: &Fields) -> Result<Self, Vec<SettingProblem>> {
        let mut found = Found::default();
        let queries = found.keep("queries", Queries::read(&settings.queries));
        let mut object = |field: &str, given: &Option<Document>| {
            let Some(given) = document(given) else { return Object::new() };
            // The key of a whole request, which stands outermost.
            let is_place: fn(&[String]) -> bool = match field {
                "json_data" => |names| names == ["key"],
                _ => |_| false,
            };
            found.keep(field, queries.object(given, is_place))
        };
        let mut plan = Self {
            fields: object("fields", &settings.fields),
            update_fields: document(&settings.update_fields)
                .map(|_| object("update_fields", &settings.update_fields)),
            acknowledge_fields: object("acknowledge_fields", &settings.acknowledge_fields),
            resolve_fields: object("resolve_fields", &settings.resolve_fields),
            json_data: object("json_data", &settings.json_data),
            ..Self::default()
        };
        let criteria = object("criteria", &settings.criteria);
        plan.key = found.keep("key", key(settings, criteria));
        plan.headers = found.keep("headers", headers(settings));
        plan.write_back = found.keep("write_back", write_back(&settings.write_back));
        plan.output = found.keep("output_fields", names(entries(&settings.output_fields), true));
        plan.resolve_path = found.keep("resolve_path", names(entries(&settings.resolve_path), false));
        if plan.resolve_path.len() > PATH_MAX {
            let problem = format!("has more than {PATH_MAX} stimuli");
            found.0.push(SettingProblem::new("resolve_path", problem));
        }
        codes(settings, &mut found);
        plan.queries = queries;
        plan.fits(settings, &mut found);
        if found.0.is_empty() { Ok(plan) } else { Err(found.0) }
    }

    /// What an operation needs and what excludes each other.
    fn fits(&mut self, settings: &Fields, found: &mut Found) {
        let mut wrong = |field: &str, problem: &str| found.0.push(SettingProblem::new(field, problem));
        match settings.operation {
            Operation::Update if self.fields.is_empty() => {
                wrong("fields", "`update` needs fields to update");
            }
            Operation::Create if self.fields.is_empty() && !settings.standard_fields => {
                wrong("fields", "`create` needs fields when `standard_fields` is off");
            }
            Operation::ApplyStimulus if given(&settings.stimulus).is_none() => {
                wrong("stimulus", "`apply_stimulus` needs a stimulus, for example `ev_assign`");
            }
            Operation::Delete if !settings.allow_delete => {
                wrong("allow_delete", "nothing is deleted in iTop unless `allow_delete = true`");
            }
            Operation::Follow if given(&settings.key).is_some() || document(&settings.criteria).is_some() => {
                wrong("key", "`follow` finds its tickets itself: `key` and `criteria` are for the others");
            }
            Operation::Follow if !settings.standard_fields && !self.is_marked(settings) => wrong(
                "mark_field",
                "without the standard fields a ticket is found again by a `description` in `fields` or by \
                 `mark_field`: give one of them",
            ),
            Operation::Raw => self.fits_raw(settings, found),
            _ => {}
        }
    }

    fn is_marked(&self, settings: &Fields) -> bool {
        given(&settings.mark_field).is_some() || self.fields.get("description").is_some_and(Value::is_string)
    }

    fn fits_raw(&mut self, settings: &Fields, found: &mut Found) {
        // What is wrong with the document was said already.
        if found.0.iter().any(|problem| problem.field == "json_data") {
            return;
        }
        let operation = self.operation();
        let mut wrong = |field: &str, problem: String| found.0.push(SettingProblem::new(field, problem));
        if operation.is_empty() {
            wrong(
                "json_data",
                "`raw` needs JSON data with an `operation`, for example `core/create`".to_owned(),
            );
        }
        if operation == "core/delete" && !settings.allow_delete {
            wrong("allow_delete", "nothing is deleted in iTop unless `allow_delete = true`".to_owned());
        }
    }

    /// The operation of the raw JSON data; empty when there is none.
    pub(crate) fn operation(&self) -> String {
        self.json_data.get("operation").and_then(Value::as_str).unwrap_or("").trim().to_owned()
    }
}

/// The codes of iTop's that are one name each.
fn codes(settings: &Fields, found: &mut Found) {
    let optional = [
        ("mark_field", given(&settings.mark_field).unwrap_or("")),
        ("stimulus", given(&settings.stimulus).unwrap_or("")),
        ("acknowledge_stimulus", settings.acknowledge_stimulus.trim()),
        ("reopen_stimulus", settings.reopen_stimulus.trim()),
    ];
    for (field, code) in optional.into_iter().filter(|(_, code)| !code.is_empty()) {
        found.keep(field, names([code].into_iter(), false));
    }
    found.keep("log_field", names([settings.log_field.trim()].into_iter(), false));
    found.keep("plain_text", names(entries(&settings.plain_text), false));
    found.keep("closed_states", names(entries(&settings.closed_states), false));
    found.keep("overwrite", names(entries(&settings.overwrite), false));
    found.keep("resolved_states", names(entries(&settings.resolved_states), false));
    if entries(&settings.resolved_states).next().is_none() {
        found.0.push(SettingProblem::new("resolved_states", "names no state"));
    }
}

fn key(settings: &Fields, criteria: Object) -> Result<Option<Value>, String> {
    match (given(&settings.key), document(&settings.criteria)) {
        (Some(_), Some(_)) => Err("`key` and `criteria` exclude each other".to_owned()),
        (None, None) => Ok(None),
        (None, Some(_)) if criteria.is_empty() => Ok(None),
        (None, Some(_)) => Ok(Some(Value::Object(criteria))),
        (Some(key), None) if guard::is_id(key) => Ok(Some(Value::from(key))),
        (Some(key), None) if guard::is_oql(key) => {
            guard::fixed(key)?;
            Ok(Some(Value::from(key)))
        }
        (Some(key), None) => Err(format!(
            "`{}` is neither an id nor a query that begins with SELECT; for anything else write `criteria`",
            text::truncate(key, 60)
        )),
    }
}

fn names<'a>(given: impl Iterator<Item = &'a str>, stars: bool) -> Result<Vec<String>, String> {
    let check = |name: &str| {
        if guard::is_name(name) || (stars && matches!(name, "*" | "*+")) {
            return Ok(name.to_owned());
        }
        Err(format!("`{}` is not a name of iTop's: letters, digits and `_`", text::truncate(name, 60)))
    };
    given.map(check).collect()
}

fn write_back(lines: &[String]) -> Result<Vec<(String, String)>, String> {
    let mut labels = Vec::new();
    for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
        let parts = line.split_once('=').map(|(label, field)| (label.trim(), field.trim()));
        let (label, field) = parts
            .filter(|(label, field)| !label.is_empty() && guard::is_name(field))
            .ok_or_else(|| format!("`{}` is not `label = field`", text::truncate(line, 60)))?;
        labels.push((label.to_owned(), field.to_owned()));
    }
    if labels.len() > LINES_MAX { Err(format!("has more than {LINES_MAX} lines")) } else { Ok(labels) }
}

fn headers(settings: &Fields) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::new();
    for (index, line) in settings.headers.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        // The line itself is not shown: somebody may have put a token there.
        let (name, value) =
            line.split_once(':').ok_or_else(|| format!("line {} is not `Name: value`", index + 1))?;
        if text::has_placeholder(line) {
            return Err(format!(
                "line {} is sent as it is; a line with placeholders belongs into `header_template`",
                index + 1
            ));
        }
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let template = match given(&settings.header_template).map(serde_json::from_str) {
        None => Object::new(),
        Some(Ok(Value::Object(template))) => template,
        Some(_) => return Err("is not a JSON object of names and values".to_owned()),
    };
    // A placeholder that this incident has nothing for makes no header.
    let filled = template.iter().filter_map(|(name, value)| {
        let value = json::scalar(value).filter(|value| !value.trim().is_empty())?;
        Some((name.clone(), value))
    });
    headers.extend(filled);
    // What iTop's own action has there by default is what is sent anyway.
    headers.retain(|(name, value)| {
        !(name.eq_ignore_ascii_case("content-type")
            && value.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"))
    });
    for (name, _) in &headers {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(is_token) {
            return Err(format!("`{}` is not a header's name", text::truncate(name, 60)));
        }
        if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!(
                "the header `{name}` is set by Tocsin; who is calling belongs into the connection"
            ));
        }
    }
    if headers.len() > LINES_MAX { Err(format!("has more than {LINES_MAX} lines")) } else { Ok(headers) }
}
