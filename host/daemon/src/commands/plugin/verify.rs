//! `tocsin plugin verify`: whether a plugin keeps the laws, on the inputs of its cases and on broken variants of them.
//!
//! Never judges whether a case holds: that is for `tocsin plugin test`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use tocsin_cases::Case;
use tocsin_cases::folder::File;
use tocsin_cases::mutate::VARIANTS;
use tocsin_sandbox::Plugin;

use super::broken::{self, Variants};
use super::fault::Fault;
use super::input::{Input, Output};
use super::laws::{self, Breach, Law};
use super::report::{cut, written};
use super::run::{self, Stopped};
use super::{cases_or_usual, component, test};
use crate::commands::out::{say, single};
use crate::commands::place::{Place, runtime};
use crate::commands::progress::Progress;
use crate::commands::table;

/// Breaches of one law that are shown.
const BREACHES_MAX: usize = 10;

/// What to verify.
#[derive(Debug, Args)]
pub(in crate::commands) struct Verify {
    /// The component.
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// A folder of cases, or one case. Default: ./cases
    #[arg(value_name = "CASES")]
    cases: Option<PathBuf>,
    /// Broken variants of each input, and at most as many with a value removed or replaced.
    #[arg(long, value_name = "N", default_value_t = VARIANTS)]
    inputs: u64,
    /// Which variants: the same seed gives the same. Default: another one each time
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// What a law saw.
#[derive(Debug, Default)]
struct Seen {
    inputs: u64,
    breaches: Vec<String>,
}

/// What all laws saw.
#[derive(Debug, Default)]
struct Verified(BTreeMap<Law, Seen>);

pub(super) fn run(place: &Place, wanted: &Verify) -> anyhow::Result<ExitCode> {
    let cases = cases_or_usual(wanted.cases.as_ref());
    let seed = match wanted.seed {
        Some(seed) => seed,
        None => u64::from(getrandom::u32()?),
    };
    let (name, verified) = runtime()?.block_on(all(&wanted.file, &cases, wanted.inputs, seed))?;
    let is_kept = verified.0.values().all(|seen| seen.breaches.is_empty());
    if place.json {
        table::json(&verified.to_json(&name, seed, is_kept))?;
    } else {
        verified.print(&name, seed);
    }
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn all(file: &Path, cases: &Path, inputs: u64, seed: u64) -> anyhow::Result<(String, Verified)> {
    let files = test::read(cases)?;
    let plugin = component::load(file).await?;
    let mut verified = Verified(Law::ALL.into_iter().map(|law| (law, Seen::default())).collect());
    let other = component::load(file).await?;
    let description = (plugin.info() != other.info())
        .then(|| Breach { law: Law::Description, why: "two descriptions differ".to_owned() });
    verified.see(Law::Description, file, description);
    let mut progress = Progress::new("cases");
    for (file, number) in files.iter().zip(1..) {
        let documents = usize::try_from(inputs).unwrap_or(usize::MAX);
        let which = Variants { count: inputs, seed, documents };
        of_case(&plugin, file, which, &mut verified).await?;
        progress.show(number, files.len() as u64);
    }
    drop(progress);
    Ok((format!("{} {}", plugin.info().id, plugin.info().version), verified))
}

async fn of_case(
    plugin: &Plugin,
    file: &File,
    which: Variants,
    verified: &mut Verified,
) -> anyhow::Result<()> {
    let path = &file.path;
    let wrong = |why: String| anyhow::anyhow!("{}: {why}", path.display());
    let case = Case::parse(&file.text).map_err(wrong)?;
    let calls = match run::case(plugin, &case).await {
        Ok(ran) => ran.calls,
        Err(Stopped::Wrong(why)) => return Err(wrong(why)),
        Err(Stopped::Apart(why)) => {
            verified.see(Law::Identity, path, Some(Breach { law: Law::Identity, why }));
            return Ok(());
        }
        Err(Stopped::Refused(why)) => {
            verified.see(Law::Whole, path, Some(Breach { law: Law::Whole, why }));
            return Ok(());
        }
        Err(Stopped::Failed(why)) => {
            verified.see(Law::Answers, path, Some(Breach { law: Law::Answers, why }));
            return Ok(());
        }
    };
    for (input, output) in &calls {
        of_call(plugin, path, input, output, which, verified).await;
    }
    let outputs: Vec<Output> = calls.into_iter().map(|(_, output)| output).collect();
    if let Some(breach) = laws::identity(&outputs) {
        verified.see(Law::Identity, path, breach);
    }
    Ok(())
}

async fn of_call(
    plugin: &Plugin,
    path: &Path,
    input: &Input,
    output: &Output,
    which: Variants,
    verified: &mut Verified,
) {
    verified.see(Law::Deterministic, path, laws::again(plugin, input, output).await);
    if let Some(breach) = laws::reseeded(plugin, input, output).await {
        verified.see(Law::Random, path, breach);
    }
    if let Some(planted) = laws::planted(input) {
        let breach = match planted.give(plugin).await {
            Ok(output) => laws::stays(&output).or_else(|| breach_of(plugin, &planted, &Ok(output))),
            answer => breach_of(plugin, &planted, &answer),
        };
        verified.see(Law::Planted, path, breach);
    }
    let (tried, found) = broken::search(plugin, input, which).await;
    let breach = found.map(|found| {
        let law = law_of(&found.fault);
        Breach { law, why: format!("{} On:\n{}", found.fault.why, written(&found.input.section())) }
    });
    for law in [Law::Answers, Law::Whole] {
        verified.count(law, tried + 1);
    }
    if let Some(breach) = breach {
        verified.breach(path, breach);
    }
}

/// What a plain call breaks of the laws about planted texts.
fn breach_of(
    plugin: &Plugin,
    input: &Input,
    answer: &Result<Output, tocsin_sandbox::CallError>,
) -> Option<Breach> {
    let fault = Fault::of(plugin.info(), input, answer)?;
    Some(Breach {
        law: Law::Planted,
        why: format!("with an alert's text that tries to get out of its place: {}", fault.why),
    })
}

const fn law_of(fault: &Fault) -> Law {
    match fault.kind {
        Some(_) => Law::Answers,
        None => Law::Whole,
    }
}

impl Verified {
    /// Notes that a law saw an input of a case, and what of it is broken.
    fn see(&mut self, law: Law, path: &Path, breach: Option<Breach>) {
        self.count(law, 1);
        if let Some(breach) = breach {
            self.breach(path, breach);
        }
    }

    fn count(&mut self, law: Law, inputs: u64) {
        self.0.entry(law).or_default().inputs += inputs;
    }

    fn breach(&mut self, path: &Path, breach: Breach) {
        self.0.entry(breach.law).or_default().breaches.push(format!("{}: {}", path.display(), breach.why));
    }

    fn to_json(&self, name: &str, seed: u64, is_kept: bool) -> Value {
        let law = |(law, seen): (&Law, &Seen)| json!({"law": law.name(), "inputs": seen.inputs, "breaches": seen.breaches});
        let laws: Vec<Value> = self.0.iter().map(law).collect();
        json!({"plugin": name, "seed": seed, "passed": is_kept, "laws": laws})
    }

    fn print(&self, name: &str, seed: u64) {
        say!("{}, seed {seed}", single(name));
        for (law, seen) in &self.0 {
            let verdict = match seen.breaches.len() {
                0 if seen.inputs == 0 => "not seen".to_owned(),
                0 => "kept".to_owned(),
                count => format!("BROKEN {count} times"),
            };
            say!("  {verdict:<16} {:>8} inputs  {}", seen.inputs, law.words());
            for breach in seen.breaches.iter().take(BREACHES_MAX) {
                say!("    {}", cut(breach.trim_end()).replace('\n', "\n      "));
            }
            if let Some(more @ 1..) = seen.breaches.len().checked_sub(BREACHES_MAX) {
                say!("    and {more} more");
            }
        }
    }
}
