//! The answers for a first configuration, and those that the command's options give.

use std::io::Read;

use anyhow::Context;
use tocsin_core::egress::{Policy, check_url};
use tocsin_core::plugin::PluginInfo;

use super::InitArgs;
use super::parts::Settings;
use crate::config::Target;

/// The largest address on standard input, in bytes.
const URL_BYTES_MAX: u64 = 64 * 1024;

/// The role of a plugin.
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

    /// What a plugin without this role cannot do.
    const fn verb(self) -> &'static str {
        match self {
            Self::Source => "receives no alerts",
            Self::Action => "sends no alerts",
        }
    }
}

/// The answers that a first configuration needs.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) source: PluginInfo,
    pub(super) action: PluginInfo,
    pub(super) url: Url,
    pub(super) settings: Settings,
}

/// The destination of alerts.
#[derive(Debug)]
pub(super) struct Url {
    /// As it was given.
    pub(super) text: String,
    /// Whether connections may reach this address only with `allow_private`.
    pub(super) is_private: bool,
}

/// The ids of the plugins in the options; none to choose from all.
///
/// # Errors
/// There is no such plugin, or an option is missing and the command asks nothing.
pub(super) fn wanted(args: &InitArgs, asks: bool) -> anyhow::Result<Option<Vec<String>>> {
    let known: Vec<&str> = tocsin_bundled::plugins().iter().map(|plugin| plugin.id).collect();
    for (option, id) in [("--source", &args.source), ("--action", &args.action)] {
        if let Some(id) = id.as_ref().filter(|id| !known.contains(&id.as_str())) {
            anyhow::bail!("{option}: there is no plugin `{id}`; the plugins are {}", known.join(", "));
        }
    }
    if let (Some(source), Some(action)) = (&args.source, &args.action) {
        return Ok(Some(vec![source.clone(), action.clone()]));
    }
    anyhow::ensure!(
        asks,
        "--source, --action and --url are required without a terminal: give them, or run `tocsin init` in a terminal. \
         The plugins are {}",
        known.join(", ")
    );
    Ok(None)
}

impl Answers {
    /// The answers from the options.
    ///
    /// # Errors
    /// One is missing or wrong.
    pub(super) fn given(args: &InitArgs, plugins: Vec<PluginInfo>) -> anyhow::Result<Self> {
        let source = chosen(Role::Source, args.source.as_deref().unwrap_or_default(), &plugins)?;
        let action = chosen(Role::Action, args.action.as_deref().unwrap_or_default(), &plugins)?;
        let settings = Settings::read(&args.settings, &source, &action)?;
        let url = args.url.as_deref().context("--url is missing: give the address of the destination")?;
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

/// The address in `--url`, or from standard input for `-`.
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
    /// The text is not an address, or the relay may not reach the address.
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
