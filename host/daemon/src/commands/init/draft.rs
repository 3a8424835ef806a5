//! The text of a first configuration.

use std::fmt::Write as _;
use std::net::SocketAddr;

use tocsin_core::plugin::{Example, PluginInfo};
use tocsin_core::settings::{Field, FieldKind};

use super::InitArgs;
use super::answers::Answers;
use super::parts::{Part, toml_text, toml_value};
use crate::commands::out::single;
use crate::commands::sources;
use crate::config::ConfigProblem;

/// The width of comments, in characters.
const WIDTH: usize = 100;

/// A first configuration.
#[derive(Debug)]
pub(super) struct Draft {
    answers: Answers,
    pub(super) token: String,
    listen: SocketAddr,
    public_url: Option<String>,
    needed: Vec<Needed>,
}

/// A required setting that has no value yet.
#[derive(Clone, Debug)]
pub(super) struct Needed {
    part: Part,
    /// Its path, such as `connections.jira.secrets.token`.
    pub(super) path: String,
    /// The name of its plugin.
    pub(super) plugin: String,
    pub(super) field: Field,
    /// The plugin's error without it.
    pub(super) problem: String,
}

impl Draft {
    /// A draft with a new token.
    ///
    /// # Errors
    /// The system provides no random numbers.
    pub(super) fn new(answers: Answers, args: &InitArgs) -> anyhow::Result<Self> {
        let (token, public_url) = (sources::token::random()?, args.public_url.clone());
        Ok(Self { answers, token, listen: args.listen, public_url, needed: Vec::new() })
    }

    /// The name of the source.
    pub(super) fn source(&self) -> &str {
        &self.answers.source.id
    }

    /// The name of the connection.
    pub(super) fn connection(&self) -> &str {
        &self.answers.action.id
    }

    /// The name of the action.
    pub(super) fn action(&self) -> String {
        format!("tell-{}", self.answers.action.id)
    }

    /// The sample request for the source.
    pub(super) fn example(&self) -> Option<&Example> {
        self.answers.source.source.as_ref()?.example.as_ref()
    }

    /// The address of the source on this machine.
    pub(super) fn local_url(&self) -> String {
        let mut listen = self.listen;
        if listen.ip().is_unspecified() {
            listen.set_ip(if listen.is_ipv4() {
                [127, 0, 0, 1].into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        format!("http://{listen}/in/{}", self.source())
    }

    /// The address of the source for senders.
    pub(super) fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => format!("{}/in/{}", url.trim_end_matches('/'), self.source()),
            None => self.local_url(),
        }
    }

    /// The ids of its plugins.
    pub(super) fn plugins(&self) -> [&str; 2] {
        [&self.answers.source.id, &self.answers.action.id]
    }

    /// Marks the settings that the problems of the text name as required.
    pub(super) fn learn(&mut self, problems: &[ConfigProblem]) {
        let Answers { source, action, settings, .. } = &self.answers;
        let tables = [
            (Part::Source, format!("sources.{}", source.id)),
            (Part::Connection, format!("connections.{}", action.id)),
            (Part::Action, format!("actions.{}", self.action())),
        ];
        let needed = |problem: &ConfigProblem| {
            let (part, key) = Part::setting(&problem.path, &tables)?;
            let plugin = if part == Part::Source { source } else { action };
            let field = part.fields(plugin).iter().find(|field| field.key == key)?;
            settings.get(part, key).is_none().then(|| Needed {
                part,
                path: problem.path.clone(),
                plugin: plugin.name.clone(),
                field: field.clone(),
                problem: problem.problem.clone(),
            })
        };
        self.needed = problems.iter().filter_map(needed).collect();
    }

    /// The required settings without a value.
    pub(super) fn needed(&self) -> &[Needed] {
        &self.needed
    }

    /// Sets a required setting.
    pub(super) fn give(&mut self, needed: &Needed, value: &str) {
        self.answers.settings.set(needed.part, &needed.field.key, value);
    }

    /// The paths of the settings to fill in.
    pub(super) fn to_fill_in(&self) -> Vec<String> {
        self.needed.iter().map(|needed| needed.path.clone()).collect()
    }

    /// The text.
    pub(super) fn text(&self) -> String {
        [self.top(), self.source_table(), self.connection_table(), self.action_table()].join("\n")
    }

    fn top(&self) -> String {
        let mut text = comment(
            "Tocsin's configuration, written by `tocsin init`. `tocsin check` checks it; `tocsin reload` puts \
             changes in force in the running relay.",
        );
        text.push('\n');
        text += &comment(
            "The address to listen at. Add a table [tls], or put a reverse proxy with TLS in front. 0.0.0.0 instead of 127.0.0.1 listens on all \
             addresses of this machine.",
        );
        line(&mut text, &format!("listen = {}", toml_text(&self.listen.to_string())));
        text += &comment("The address at which senders reach Tocsin. Without it, messages have no links.");
        match &self.public_url {
            Some(url) => line(&mut text, &format!("public_url = {}", toml_text(url))),
            None => line(&mut text, "# public_url = \"https://tocsin.example.org\""),
        }
        text += &comment(
            "With this table, the relay backs up its store every day and keeps the last seven backups.",
        );
        line(&mut text, "# [backup]");
        text
    }

    fn source_table(&self) -> String {
        let plugin = &self.answers.source;
        let mut text = about(plugin);
        line(&mut text, &format!("[sources.{}]", plugin.id));
        line(&mut text, &format!("plugin = {}", toml_text(&plugin.id)));
        text += &comment(
            "Senders must give this token as ?token=, as `Authorization: Bearer`, or in the header X-Tocsin-Token. Or: \
             token = { file = \"/path\" }",
        );
        line(&mut text, &format!("token = {}", toml_text(&self.token)));
        text + &self.fields(Part::Source, plugin)
    }

    fn connection_table(&self) -> String {
        let Answers { action: plugin, url, .. } = &self.answers;
        let mut text = about(plugin);
        line(&mut text, &format!("[connections.{}]", plugin.id));
        line(&mut text, &format!("plugin = {}", toml_text(&plugin.id)));
        text += &comment("Often a secret. Or: url = { file = \"/path\" }");
        line(&mut text, &format!("url = {}", toml_text(&url.text)));
        if url.is_private {
            text += &comment("The address is not public.");
            line(&mut text, "allow_private = true");
        } else {
            text += &comment("If the host's name resolves to an address that is not public:");
            line(&mut text, "# allow_private = true");
        }
        text + &self.fields(Part::Connection, plugin)
    }

    fn action_table(&self) -> String {
        let plugin = &self.answers.action;
        let mut text = comment("The messages that go over the connection, and when.");
        line(&mut text, &format!("[actions.{}]", self.action()));
        line(&mut text, &format!("connection = {}", toml_text(self.connection())));
        text += &comment("Also updated, unacknowledged, noted, steady.");
        line(&mut text, "# on = [\"opened\", \"acknowledged\", \"resolved\", \"reopened\", \"flapping\"]");
        line(&mut text, "# filter = 'severity in [\"critical\", \"high\"]'");
        text + &self.fields(Part::Action, plugin)
    }

    /// The settings of a part: those with a value, and the others as comments.
    fn fields(&self, part: Part, plugin: &PluginInfo) -> String {
        let mut text = String::new();
        for field in part.fields(plugin) {
            let is_needed = |needed: &Needed| needed.part == part && needed.field.key == field.key;
            let required = if self.needed.iter().any(is_needed) { "REQUIRED. " } else { "" };
            text += "\n";
            text += &comment(&format!("{required}{}", field.help));
            // With a dotted key, a line is valid anywhere below the table's header.
            let name = format!("{}.{}", table(field), field.key);
            match self.answers.settings.get(part, &field.key) {
                Some(value) => line(&mut text, &format!("{name} = {}", toml_value(&field.kind, value))),
                None => line(&mut text, &format!("# {name} = {}", sample(plugin, field))),
            }
        }
        text
    }
}

/// The name and summary of a plugin, as a comment.
fn about(plugin: &PluginInfo) -> String {
    let mut text = comment(&format!("{}: {}", plugin.name, plugin.summary));
    if !plugin.documentation.is_empty() {
        text += &comment(&plugin.documentation);
    }
    text
}

/// The table of a setting, below its part's.
fn table(field: &Field) -> &'static str {
    if field.kind == FieldKind::Secret { "secrets" } else { "settings" }
}

/// A sample value.
fn sample(plugin: &PluginInfo, field: &Field) -> String {
    let default = field.default.as_deref();
    match &field.kind {
        FieldKind::Secret => {
            let file = format!("/etc/tocsin/{}-{}", plugin.id, field.key);
            format!("{{ file = {} }}", toml_text(&file))
        }
        FieldKind::Choice(choices) => {
            let first = choices.first().map(|choice| choice.value.as_str());
            toml_text(default.or(first).unwrap_or_default())
        }
        FieldKind::Boolean => default.unwrap_or("false").to_owned(),
        FieldKind::Integer => default.unwrap_or("0").to_owned(),
        kind => toml_value(kind, default.unwrap_or_default()),
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "{line}");
}

/// `text` as comments of at most [`WIDTH`] characters, unless a word is longer.
fn comment(text: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in single(text).split_whitespace() {
        let is_full = |line: &String| line.chars().count() + 1 + word.chars().count() > WIDTH && line != "#";
        if lines.last().is_some_and(is_full) {
            lines.push("#".to_owned());
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}
