//! What the configuration is to say, and the answers that come with the command itself.

use std::io::Read;

use anyhow::Context;
use tocsin_core::egress::{Policy, check_url};
use tocsin_core::plugin::PluginInfo;

use super::InitArgs;
use super::parts::Settings;
use crate::config::Target;

/// Bytes of an address that is read from standard input.
const URL_BYTES_MAX: u64 = 64 * 1024;

/// Which of the two roles of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Source,
    Action,
}

impl Role {
    /// Whether a plugin has it.
    pub(super) const fn is_of(self, plugin: &PluginInfo) -> bool {
        match self {
            Self::Source => plugin.source.is_some(),
            Self::Action => plugin.action.is_some(),
        }
    }

    const fn option(self) -> &'static str {
        match self {
            Self::Source => "--source",
            Self::Action => "--action",
        }
    }

    /// What a plugin without it does not do.
    const fn verb(self) -> &'static str {
        match self {
            Self::Source => "takes no alerts in",
            Self::Action => "sends no alerts out",
        }
    }
}

/// All that a first configuration depends on.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) source: PluginInfo,
    pub(super) action: PluginInfo,
    pub(super) url: Url,
    pub(super) settings: Settings,
}

/// Where alerts go.
#[derive(Debug)]
pub(super) struct Url {
    /// As it was given.
    pub(super) text: String,
    /// Whether it is an address that connections may not reach unless they say so.
    pub(super) is_private: bool,
}

/// The ids of the plugins that the command names; none to choose from all.
///
/// # Errors
/// There is no such plugin, or nothing is asked and one is missing.
pub(super) fn wanted(args: &InitArgs, asks: bool) -> anyhow::Result<Option<Vec<String>>> {
    let known: Vec<&str> = tocsin_bundled::plugins().iter().map(|plugin| plugin.id).collect();
    for (option, id) in [("--source", &args.source), ("--action", &args.action)] {
        if let Some(id) = id.as_ref().filter(|id| !known.contains(&id.as_str())) {
            anyhow::bail!("{option}: there is no plugin `{id}`: there is {}", known.join(", "));
        }
    }
    if let (Some(source), Some(action)) = (&args.source, &args.action) {
        return Ok(Some(vec![source.clone(), action.clone()]));
    }
    anyhow::ensure!(
        asks,
        "--source, --action and --url are needed where nothing is asked: give them, or run `tocsin init` in a terminal. \
         The plugins are {}",
        known.join(", ")
    );
    Ok(None)
}

impl Answers {
    /// The answers that the command comes with.
    ///
    /// # Errors
    /// One is missing or wrong.
    pub(super) fn given(args: &InitArgs, plugins: Vec<PluginInfo>) -> anyhow::Result<Self> {
        let source = chosen(Role::Source, args.source.as_deref().unwrap_or_default(), &plugins)?;
        let action = chosen(Role::Action, args.action.as_deref().unwrap_or_default(), &plugins)?;
        let settings = Settings::read(&args.settings, &source, &action)?;
        let url = args.url.as_deref().context("--url is missing: give the address that alerts go to")?;
        let url = Url::parse(&url_of(url)?).context("--url")?;
        Ok(Self { source, action, url, settings })
    }
}

/// The plugin of this id, which must have the role.
pub(super) fn chosen(role: Role, id: &str, plugins: &[PluginInfo]) -> anyhow::Result<PluginInfo> {
    let option = role.option();
    let plugin = plugins.iter().find(|plugin| plugin.id == id);
    let plugin = plugin.with_context(|| format!("{option}: there is no plugin `{id}`"))?;
    anyhow::ensure!(
        role.is_of(plugin),
        "{option}: the plugin `{id}` {}: run `tocsin init` in a terminal, which lists those that do",
        role.verb()
    );
    Ok(plugin.clone())
}

/// What `--url` names: the address, or `-` for what standard input has.
pub(super) fn url_of(given: &str) -> anyhow::Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut text = String::new();
    let read = std::io::stdin().take(URL_BYTES_MAX).read_to_string(&mut text);
    read.context("reading the address from standard input")?;
    Ok(text)
}

impl Url {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none, or may not be reached.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let text = text.trim().to_owned();
        anyhow::ensure!(
            !text.is_empty(),
            "the address is empty: write one such as https://chat.example.org/hook"
        );
        let target = Target::parse(&text)?;
        check_url(target.sample(), Policy { private: true, link_local: false })?;
        let is_private = check_url(target.sample(), Policy::default()).is_err();
        Ok(Self { text, is_private })
    }
}
