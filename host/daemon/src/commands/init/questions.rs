//! Asks a person at a terminal for the answers.

use anyhow::Context;
use tocsin_core::plugin::PluginInfo;
use tocsin_core::settings::FieldKind;

use super::super::table::short;
use super::super::terminal::Hidden;
use super::InitArgs;
use super::answers::{Answers, Role, Url, chosen, url_of};
use super::draft::{Draft, Needed};
use super::parts::Settings;
use crate::commands::out::{self, say, single};

/// How many invalid answers are allowed.
const TRIES: usize = 5;

/// A person who answers.
pub(super) trait Person {
    /// The answer to a question, without its line end. The terminal does not show a secret while it is typed.
    ///
    /// # Errors
    /// The input has ended.
    fn answer(&mut self, question: &str, is_secret: bool) -> anyhow::Result<String>;
}

/// The person at the terminal.
pub(super) struct Terminal;

impl Person for Terminal {
    fn answer(&mut self, question: &str, is_secret: bool) -> anyhow::Result<String> {
        out::prompt(&format!("{question}: "));
        let hidden = if is_secret { Hidden::begin() } else { None };
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).context("reading the answer")?;
        if hidden.is_some() {
            say!("");
        }
        anyhow::ensure!(read > 0, "the input ended before all questions were answered: nothing was written");
        Ok(line.trim().to_owned())
    }
}

/// Asks for the answers that the options do not give.
///
/// # Errors
/// The input has ended, or an option is wrong.
pub(super) fn ask(
    person: &mut impl Person,
    args: &InitArgs,
    plugins: Vec<PluginInfo>,
) -> anyhow::Result<Answers> {
    let source = match &args.source {
        Some(id) => chosen(Role::Source, id, &plugins)?,
        None => choose(person, Role::Source, "Which tool sends the alerts?", &plugins)?,
    };
    let action = match &args.action {
        Some(id) => chosen(Role::Action, id, &plugins)?,
        None => choose(person, Role::Action, "Which tool receives them?", &plugins)?,
    };
    let settings = Settings::read(&args.settings, &source, &action)?;
    let url = match &args.url {
        Some(url) => Url::parse(&url_of(url)?).context("--url")?,
        None => destination(person, &action)?,
    };
    Ok(Answers { source, action, url, settings })
}

/// Lets the person choose among the plugins with this role.
fn choose(
    person: &mut impl Person,
    role: Role,
    question: &str,
    plugins: &[PluginInfo],
) -> anyhow::Result<PluginInfo> {
    let there: Vec<&PluginInfo> = plugins.iter().filter(|plugin| role.is_of(plugin)).collect();
    say!("\n{question}");
    for (index, plugin) in there.iter().enumerate() {
        say!("  {:>2}  {:<14} {}", index + 1, plugin.id, short(&single(&plugin.summary), 80));
    }
    for _ in 0..TRIES {
        let answer = person.answer("Number or name", false)?;
        let by_number = answer.parse::<usize>().ok().and_then(|number| there.get(number.checked_sub(1)?));
        let found = by_number.or_else(|| there.iter().find(|plugin| plugin.id == answer));
        if let Some(plugin) = found {
            return Ok((*plugin).clone());
        }
        say!("`{}` is not in the list: type a number from 1 to {}, or a name.", single(&answer), there.len());
    }
    anyhow::bail!("no answer named a plugin: nothing was written")
}

fn destination(person: &mut impl Person, action: &PluginInfo) -> anyhow::Result<Url> {
    let hosts = action.action.as_ref().map(|action| action.hosts.join(", ")).unwrap_or_default();
    let usual = if hosts.is_empty() { String::new() } else { format!(" It is usually at {hosts}.") };
    say!("\nAt which address?{usual}");
    for _ in 0..TRIES {
        match Url::parse(&person.answer("URL", false)?) {
            Ok(url) => return Ok(url),
            Err(error) => say!("{error:#}"),
        }
    }
    anyhow::bail!("no answer was an address: nothing was written")
}

/// Asks for the required settings that were not `asked` for yet. Returns whether the person gave any.
///
/// # Errors
/// There is no more answer.
pub(super) fn fill_in(
    person: &mut impl Person,
    draft: &mut Draft,
    asked: &mut Vec<String>,
) -> anyhow::Result<bool> {
    let mut is_given = false;
    let is_new = |needed: &&Needed| !asked.contains(&needed.path);
    let wanted: Vec<Needed> = draft.needed().iter().filter(is_new).cloned().collect();
    for needed in wanted {
        asked.push(needed.path.clone());
        let value = setting(person, &needed)?;
        if !value.is_empty() {
            draft.give(&needed, &value);
            is_given = true;
        }
    }
    Ok(is_given)
}

/// The person's value of a setting; empty to fill it in later.
fn setting(person: &mut impl Person, needed: &Needed) -> anyhow::Result<String> {
    let Needed { plugin, field, problem, .. } = needed;
    say!("\n{} needs `{}`: {}", single(plugin), field.key, single(&field.help));
    if !problem.starts_with("is missing") {
        say!("It {}.", single(problem));
    }
    if let FieldKind::Choice(choices) = &field.kind {
        let words: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
        say!("Possible values: {}.", words.join(", "));
    }
    let is_secret = field.kind == FieldKind::Secret;
    let later = if is_secret { "not shown; empty to fill it in later" } else { "empty to fill it in later" };
    person.answer(&format!("{} ({later})", field.key), is_secret)
}
