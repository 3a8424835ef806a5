//! `tocsin version` and `tocsin --version`: the versions of this binary, its plugin APIs and its store.

use std::process::ExitCode;
use std::sync::LazyLock;

use super::place::Place;
use super::table::json;
use crate::commands::out::say;
use crate::operate::api::version::Version;

/// Tocsin's own version.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn run(place: &Place) -> anyhow::Result<ExitCode> {
    if place.json {
        json(&version())?;
    } else {
        say!("tocsin {}", text());
    }
    Ok(ExitCode::SUCCESS)
}

/// The text after the name in `tocsin --version`.
pub(super) fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let Version { version, commit, wasmtime, plugin_apis, store_format } = version();
        let known = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
        format!(
            "{version}\ncommit      {}\nwasmtime    {}\nplugin API  {}\nstore       format {store_format}",
            known(commit),
            known(wasmtime),
            plugin_apis.join(", "),
        )
    });
    &TEXT
}

pub(super) fn version() -> Version {
    let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Version {
        version: VERSION.to_owned(),
        commit: known(env!("TOCSIN_BUILT_FROM")),
        wasmtime: known(env!("TOCSIN_WASMTIME")),
        plugin_apis: tocsin_sandbox::API_VERSIONS.map(str::to_owned).to_vec(),
        store_format: tocsin_store::FORMAT,
    }
}
