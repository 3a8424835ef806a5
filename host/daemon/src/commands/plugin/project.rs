//! `plugin.toml`: how the component of a plugin is built, and where it is then.
//!
//! Only `--watch` runs the command in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde::Deserialize;

/// The file's name. It stands beside the folder of the cases.
const NAME: &str = "plugin.toml";
/// What is watched unless the file says otherwise.
const SOURCES: &str = "src";

/// What the file says. Paths begin at its folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The command that builds the component, for `sh -c`.
    build: Option<String>,
    /// The component.
    file: Option<PathBuf>,
    /// Files and folders that the component is built from.
    #[serde(default = "usual_sources")]
    sources: Vec<PathBuf>,
}

fn usual_sources() -> Vec<PathBuf> {
    vec![PathBuf::from(SOURCES)]
}

/// A plugin that is being written.
#[derive(Debug)]
pub(super) struct Project {
    folder: PathBuf,
    /// `plugin.toml`, if it is there.
    file: Option<PathBuf>,
    written: Written,
}

impl Project {
    /// Reads the file beside the folder of `cases`. Without one, there is nothing to build.
    ///
    /// # Errors
    /// The file cannot be read, or has a key that there is not.
    pub(super) fn beside(cases: &Path) -> anyhow::Result<Self> {
        let of_cases = if cases.is_file() { cases.parent().unwrap_or(cases) } else { cases };
        let parent = of_cases.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new(".")).to_owned();
        let path = folder.join(NAME);
        if !path.exists() {
            let written = Written { build: None, file: None, sources: Vec::new() };
            return Ok(Self { folder, file: None, written });
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let written = toml::from_str(&text).with_context(|| format!("{} is not right", path.display()))?;
        Ok(Self { folder, file: Some(path), written })
    }

    /// The component: the one that is named, or that of the file.
    ///
    /// # Errors
    /// Neither names one.
    pub(super) fn component(&self, named: Option<&PathBuf>) -> anyhow::Result<PathBuf> {
        let written = || self.written.file.as_ref().map(|file| self.folder.join(file));
        named.cloned().or_else(written).with_context(|| {
            format!(
                "which plugin? Name FILE.wasm, or write `file = \"…\"` into {}",
                self.folder.join(NAME).display()
            )
        })
    }

    /// What the component is built from, with `plugin.toml`.
    pub(super) fn sources(&self) -> Vec<PathBuf> {
        let sources = self.written.build.iter().flat_map(|_| &self.written.sources);
        sources.map(|source| self.folder.join(source)).chain(self.file.clone()).collect()
    }

    /// Builds the component, if the file says how. The command prints what it prints.
    ///
    /// # Errors
    /// The command fails.
    pub(super) fn build(&self) -> anyhow::Result<()> {
        let Some(build) = &self.written.build else { return Ok(()) };
        let status = Command::new("sh").args(["-c", build]).current_dir(&self.folder).status();
        let status = status.with_context(|| format!("starting `{build}`"))?;
        anyhow::ensure!(status.success(), "`{build}` failed ({status})");
        Ok(())
    }
}
