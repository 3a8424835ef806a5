//! `tocsin plugin try`: the events that a body decodes to.
//!
//! Needs no configuration: the settings are those of a file, or the plugin's defaults.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use super::{component, given};
use crate::commands::place::{Place, runtime};
use crate::commands::sources::shown;
use crate::commands::sources::tried::{self, Wanted};
use crate::commands::table::json;
use crate::plugins::bindings::{Bindings, SourceBinding};
use crate::receive::decode::dry_run;
use crate::runtime::clock::Clock;

/// The name of the source that there is not.
const SOURCE: &str = "try";

/// A plugin, and a request that did not come.
#[derive(Debug, Args)]
pub(in crate::commands) struct Try {
    /// The component.
    #[arg(value_name = "FILE.wasm")]
    plugin: PathBuf,
    #[command(flatten)]
    request: Wanted,
    /// The settings of the source, in TOML. Default: the plugin's defaults
    #[arg(long, value_name = "FILE.toml")]
    settings: Option<PathBuf>,
}

pub(super) fn run(place: &Place, wanted: &Try) -> anyhow::Result<ExitCode> {
    let sent = tried::received(&wanted.request)?;
    let found = runtime()?.block_on(async {
        let plugin = component::load(&wanted.plugin).await?;
        let info = plugin.info().source.clone().with_context(|| {
            format!(
                "plugin `{}` takes no requests in; `tocsin plugin render` shows what it sends",
                plugin.info().id
            )
        })?;
        let settings = given::of_file(wanted.settings.as_deref(), &info.fields)?.plain();
        let binding = SourceBinding { plugin, info, settings };
        let sources = BTreeMap::from([(SOURCE.to_owned(), Ok(Arc::new(binding)))]);
        let bindings = Bindings { sources, ..Bindings::default() };
        let tried = dry_run(&bindings, &Clock::default(), SOURCE, &sent).await?;
        anyhow::Ok(tried::shown(&tried))
    })?;
    if place.json {
        json(&found)?;
    } else {
        shown::show(&found);
    }
    Ok(if shown::is_good(&found) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
