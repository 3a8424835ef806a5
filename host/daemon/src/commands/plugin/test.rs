//! `tocsin plugin test`: the cases of a plugin against the built component.
//!
//! Never stops at the first case that fails.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tocsin_cases::folder::{self, File};
use tocsin_cases::mutate::VARIANTS;
use tocsin_cases::{Case, verdict};
use tocsin_sandbox::Plugin;

use super::broken::{self, Variants};
use super::project::Project;
use super::report::{Failure, Report, What};
use super::run::{self, Ran, Stopped};
use super::{cases_or_usual, component, watch};
use crate::commands::place::{Place, runtime};
use crate::commands::progress::Progress;

/// What to run.
#[derive(Debug, Args)]
pub(in crate::commands) struct Test {
    /// The component. Default: the `file` of plugin.toml
    #[arg(value_name = "FILE.wasm")]
    file: Option<PathBuf>,
    /// A folder of cases, or one case. Default: ./cases
    #[arg(value_name = "CASES")]
    cases: Option<PathBuf>,
    /// Write what the plugin answers into the expected sections instead of comparing them.
    #[arg(long)]
    bless: bool,
    /// Broken variants of each request and answer, beside those with each value removed or replaced. 0 for none of both.
    #[arg(long, value_name = "N", default_value_t = VARIANTS)]
    mutations: u64,
    /// Test again whenever a case or the component changes; with `build` in plugin.toml, build when a source changes.
    #[arg(long, short)]
    watch: bool,
}

pub(super) fn run(place: &Place, wanted: &Test) -> anyhow::Result<ExitCode> {
    let cases = cases_or_usual(wanted.cases.as_ref());
    let project = Project::beside(&cases)?;
    let file = project.component(wanted.file.as_ref())?;
    let once = || -> anyhow::Result<bool> {
        let report = runtime()?.block_on(all(&file, &cases, wanted))?;
        report.print(place.json)?;
        Ok(report.passed)
    };
    if wanted.watch {
        watch::again(&project, &file, &cases, || once().map(|_| ()))?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(if once()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The cases of a folder, or one.
///
/// # Errors
/// There is none, or a file is no case.
pub(super) fn read(cases: &Path) -> anyhow::Result<Vec<File>> {
    let files = if cases.is_file() {
        let text = std::fs::read_to_string(cases).with_context(|| format!("reading {}", cases.display()))?;
        vec![File { path: cases.to_owned(), text }]
    } else {
        folder::read(cases).map_err(anyhow::Error::msg)?
    };
    anyhow::ensure!(
        !files.is_empty(),
        "there is no case below {}: write one, such as {}/first.case; `tocsin plugin test --bless` writes what it expects",
        cases.display(),
        cases.display()
    );
    Ok(files)
}

async fn all(file: &Path, cases: &Path, wanted: &Test) -> anyhow::Result<Report> {
    let files = read(cases)?;
    let plugin = component::load(file).await?;
    let mut report = Report::new(plugin.info(), plugin.digest());
    let mut progress = Progress::new("cases");
    let total = files.len() as u64;
    for (file, number) in files.iter().zip(1..) {
        one(&plugin, file, wanted, &mut report).await?;
        progress.show(number, total);
    }
    drop(progress);
    Ok(report)
}

async fn one(plugin: &Plugin, file: &File, wanted: &Test, report: &mut Report) -> anyhow::Result<()> {
    report.cases += 1;
    let File { path, text } = file;
    let case = match Case::parse(text) {
        Ok(case) => case,
        Err(why) => {
            report.fail(Failure::new(path, What::Mistyped, why));
            return Ok(());
        }
    };
    let ran = match run::case(plugin, &case).await {
        Ok(ran) => ran,
        Err(Stopped::Wrong(why) | Stopped::Apart(why)) => {
            report.fail(Failure::new(path, What::Mistyped, why));
            return Ok(());
        }
        Err(Stopped::Failed(why) | Stopped::Refused(why)) => {
            report.fail(Failure::new(path, What::Failed, why));
            return Ok(());
        }
    };
    if let Some(difference) = verdict::compare(&case, text, &ran.sections) {
        if wanted.bless {
            let written = std::fs::write(path, &difference.written);
            written.with_context(|| format!("writing {}", path.display()))?;
            report.written.push(path.display().to_string());
        } else {
            let what = if difference.expects { What::Different } else { What::Unwritten };
            let message = difference.in_words("run with --bless");
            report.fail(Failure { places: difference.places, ..Failure::new(path, what, message) });
        }
    }
    break_it(plugin, path, &ran, wanted.mutations, report).await;
    Ok(())
}

/// Gives the plugin broken variants of what came from outside in this case.
async fn break_it(plugin: &Plugin, path: &Path, ran: &Ran, mutations: u64, report: &mut Report) {
    if mutations == 0 {
        return;
    }
    let which = Variants { count: mutations, seed: 0, documents: usize::MAX };
    let from_outside = ran.calls.iter().filter(|(input, _)| input.is_from_outside());
    for (input, _) in from_outside {
        let (tried, found) = broken::search(plugin, input, which).await;
        report.variants += tried;
        if let Some(found) = found {
            report.fail(Failure::broken(path, &found));
            return;
        }
    }
}
