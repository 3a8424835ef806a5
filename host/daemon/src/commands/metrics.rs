//! `tocsin metrics`: what the running relay counts, in Prometheus's text format.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::client;
use super::place::Place;
use crate::commands::out::say;
use crate::runtime::held::{Held, Owner};

/// What the names of metrics begin with that node_exporter has of its own process. It refuses a file with these.
const OF_PROCESS: &str = "process_";

#[derive(Debug, clap::Args)]
pub(super) struct MetricsArgs {
    /// Write FILE for node_exporter's textfile collector instead of printing: whole or not at all, readable by
    /// everybody, and without `process_*`, which node_exporter has for itself. The name must end with `.prom`.
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
}

pub(super) fn run(place: &Place, args: &MetricsArgs) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(!place.json, "metrics have one format, Prometheus's text: leave out --json");
    let mut text = String::new();
    let mut answer = client::stream(&place.socket()?, "/metrics")?;
    answer.read_to_string(&mut text).context("reading the relay's answer")?;
    match &args.textfile {
        Some(path) => {
            write(path, &without_process(&text)).with_context(|| format!("writing {}", path.display()))?;
        }
        None => say!("{}", text.trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes `text` beside `path`, then in its place.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let is_read = path.extension().is_some_and(|extension| extension == "prom");
    anyhow::ensure!(is_read, "node_exporter reads files whose name ends with `.prom`: name the file so");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new(""));
    // The folder may be another user's, who must not lead root elsewhere.
    let held =
        Held::open(folder, true)?.with_context(|| format!("there is no folder {}", folder.display()))?;
    held.write(&name, text.as_bytes(), Owner::of_this_process())?;
    Ok(())
}

/// `text` without the metrics of the process.
fn without_process(text: &str) -> String {
    let is_of_process = |line: &&str| {
        let name = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE ")).unwrap_or(line);
        name.starts_with(OF_PROCESS)
    };
    text.lines().filter(|line| !is_of_process(line)).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_file_lacks_what_node_exporter_has_for_itself() {
        let text = "# HELP process_threads Threads.\n# TYPE process_threads gauge\nprocess_threads 7\n\
                    # HELP tocsin_ready As process_threads.\ntocsin_ready 1\n";
        assert_eq!(without_process(text), "# HELP tocsin_ready As process_threads.\ntocsin_ready 1\n");
    }
}
