//! The source: its settings, and which of its ways a request goes: a handshake, a program or recipe, or the fields.
//!
//! Never refuses for a severity that it does not know: the source's default counts, and the word is kept.

use serde_json::Value;
use tocsin_plugin::notes::Notes;
use tocsin_plugin::prelude::*;

use crate::jq::Program;
use crate::{Recipe, handshake, mapped, paths, simple};

/// Where things are in what comes in.
#[derive(Settings)]
pub struct In {
    /// Where the title is. A path of names with dots between reaches into nested JSON, a number into a list:
    /// `alert.name`, `alerts.0.title`.
    #[setting(default = "title")]
    pub(crate) title_field: String,
    /// Where the status is. Where it is missing, `state`, `event_type`, `alert_status`, `alert_state`,
    /// `current_state`, `alert_action` and `action` are looked at, then the beginning of the title (`[OK]`,
    /// `RESOLVED:`). A request without any opens an incident.
    #[setting(default = "status")]
    pub(crate) status_field: String,
    /// Where the message is.
    #[setting(default = "message")]
    pub(crate) message_field: String,
    /// Where the id is that ties an alert to its end. Without one the title is used.
    #[setting(default = "id")]
    pub(crate) id_field: String,
    /// Where the severity is. Usual words such as `critical`, `P1` or `Sev 2` are known.
    #[setting(default = "severity")]
    pub(crate) severity_field: String,
    /// Where the time of the event is: RFC 3339, or seconds or milliseconds since 1970. It may be left out.
    pub(crate) time_field: Option<String>,
    /// Further words of the sender for "there is a problem", one on each line, in any case. Usual ones such as
    /// `firing`, `down` or `open` are known.
    trigger_words: Vec<String>,
    /// Further words of the sender for "it is over", one on each line, in any case. Usual ones such as `ok`,
    /// `up` or `closed` are known.
    pub(crate) resolve_words: Vec<String>,
    /// Severities for the sender's own words, one `word = severity` on each line, for example `page = critical`.
    /// They come before the usual words.
    severities: Vec<String>,
    /// Where the sender's id of the delivery is, if it has one. When it comes again within 24 hours, nothing
    /// happens. `webhook-id` and `idempotency-key` headers are used by themselves.
    pub(crate) delivery_id_field: Option<String>,
    /// A ready program for a tool. With it, or with `jq`, the fields above are not used; `trigger_words`,
    /// `resolve_words` and `severities` are.
    recipe: Option<Recipe>,
    /// A jq program that makes events of a request. Its input is the body: the JSON document, or an object of a
    /// form's fields, or of the query when there is no body; `$request` has `method`, `path`, `query`, `headers`
    /// and `received_at`. It gives objects with `status`, `key`, `title`, `message`, `severity`, `labels`,
    /// `links`, `aliases`, `actor` and `occurred_at`, or `{ignored: "why"}`, `{refused: "why"}` or `{reply: …}`; giving
    /// nothing refuses the request.
    #[setting(label = "jq program", kind = "expression")]
    jq: Option<String>,
}

/// Headers that mean one delivery, however often it is sent.
const DELIVERY_HEADERS: [&str; 2] = ["webhook-id", "idempotency-key"];

pub(crate) fn decode(request: &Request, settings: &In) -> Result<Decoded, Refusal> {
    let document = document(request)?;
    if let Some(answer) = handshake::answer(request, &document) {
        return Ok(answer);
    }
    let decoded = match settings.program() {
        Some((name, code)) => mapped::decode(request, &document, name, code, settings)?,
        None => simple::decode(document, settings)?,
    };
    let from_header = || DELIVERY_HEADERS.iter().find_map(|name| request.header(name)).map(str::to_owned);
    let delivery_id = decoded.delivery_id.clone().or_else(from_header);
    Ok(decoded.delivery_id(delivery_id))
}

/// Mistakes in the settings, for the operator who made them.
pub(crate) fn check(settings: &In) -> Result<(), Vec<SettingProblem>> {
    let mut problems: Vec<SettingProblem> = settings.program_problem().into_iter().collect();
    for (field, path) in settings.paths() {
        problems.extend(paths::problem(path).map(|problem| SettingProblem::new(field, problem)));
    }
    for word in &settings.resolve_words {
        if settings.trigger_words.iter().any(|known| vocabulary::same(known, word)) {
            let word = text::truncate(&text::one_line(word), 60);
            let problem =
                format!("`{word}` stands in `trigger_words` as well; a word has one meaning, take one out");
            problems.push(SettingProblem::new("resolve_words", problem));
        }
    }
    problems.extend(vocabulary::severity_problems("severities", &settings.severities));
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

impl In {
    /// The program that is in force, with the name that a sender is told.
    fn program(&self) -> Option<(&str, &str)> {
        let own =
            self.jq.as_deref().filter(|code| !code.trim().is_empty()).map(|code| ("the jq program", code));
        own.or_else(|| self.recipe.map(|recipe| ("the recipe", recipe.program())))
    }

    /// What is wrong with the program, or with a program beside a recipe.
    fn program_problem(&self) -> Option<SettingProblem> {
        let code = self.jq.as_deref().filter(|code| !code.trim().is_empty())?;
        if self.recipe.is_some() {
            let problem =
                "is given beside a recipe; take one of them out, or copy the recipe's program and change it";
            return Some(SettingProblem::new("jq", problem));
        }
        let why = Program::of_events(code, mapped::VARIABLES).err()?;
        Some(SettingProblem::new("jq", format!("is not a program that jq can run: {why}")))
    }

    /// The events that a word for the status stands for: by the source's own words, then as everywhere.
    pub(crate) fn known(&self, word: &str) -> Option<&'static [Change]> {
        let is_in = |words: &[String]| words.iter().any(|known| vocabulary::same(known, word));
        if is_in(&self.trigger_words) {
            return Some(&[Change::Trigger]);
        }
        if is_in(&self.resolve_words) {
            return Some(&[Change::Resolve]);
        }
        vocabulary::changes(word)
    }

    /// As [`In::known`]; `field` is where the word stands.
    ///
    /// # Errors
    /// The word is not known.
    pub(crate) fn changes(&self, word: &str, field: &str) -> Result<&'static [Change], Refusal> {
        self.known(word).ok_or_else(|| {
            let word = text::truncate(&text::one_line(word), 60);
            let problem = format!(
                "`{word}` is not known; send `trigger` or `resolve`, or add the word to the source's trigger_words \
                 or resolve_words"
            );
            Refusal::invalid(field, problem)
        })
    }

    /// How the source reads severities.
    pub(crate) fn severities(&self) -> vocabulary::Severities<'_> {
        vocabulary::Severities { own: &self.severities, ..vocabulary::Severities::default() }
    }

    /// Notes for what a program gives. A recipe takes links wherever a tool may have them, and an operator could do
    /// nothing about one that is none.
    pub(crate) fn notes(&self) -> Notes {
        if self.recipe.is_some() { Notes::without_links() } else { Notes::default() }
    }

    /// The fields that are paths, by the names of their settings.
    fn paths(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let required = [
            ("title_field", &self.title_field),
            ("status_field", &self.status_field),
            ("message_field", &self.message_field),
            ("id_field", &self.id_field),
            ("severity_field", &self.severity_field),
        ];
        let optional = [("time_field", &self.time_field), ("delivery_id_field", &self.delivery_id_field)];
        let optional = optional.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?)));
        required.into_iter().chain(optional).map(|(name, path)| (name, path.as_str()))
    }

    /// Whether a flattened name is one of the fields, so that it is no label as well.
    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.paths().any(|(_, path)| path.eq_ignore_ascii_case(name))
    }
}

/// The body as one JSON value, or the query where there is none. A text that holds a document is that document.
fn document(request: &Request) -> Result<Value, Refusal> {
    Ok(match request.payload()? {
        Payload::Json(Value::String(inner)) => match json::parse(inner.as_bytes()) {
            Ok(document @ (Value::Object(_) | Value::Array(_))) => document,
            _ => Value::String(inner),
        },
        Payload::Json(value) => value,
        form @ Payload::Form(_) => Value::Object(form.into_object().unwrap_or_default()),
        Payload::Empty => {
            let fields = request.query.iter().map(|field| (field.name.clone(), field.value.clone()));
            match Payload::Form(fields.collect()).unwrapped() {
                Payload::Json(document) => document,
                form => Value::Object(form.into_object().unwrap_or_default()),
            }
        }
    })
}
