//! `tocsin metrics`: prints the metrics of the running relay in Prometheus's text format.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::client::{self, Relay};
use super::place::Place;
use crate::commands::out::say;
use crate::runtime::held::{Held, Owner};

/// The prefix of metrics that node_exporter has for its own process. It refuses a file with such metrics.
const OF_PROCESS: &str = "process_";

#[derive(Debug, clap::Args)]
pub(super) struct MetricsArgs {
    /// Write FILE for node_exporter's textfile collector: atomically, readable for all users, and without `process_*`,
    /// which node_exporter has for its own process. The name must end with `.prom`.
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
}

pub(super) fn run(place: &Place, args: &MetricsArgs) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(!place.json, "metrics have only Prometheus's text format: leave out --json");
    let mut text = String::new();
    let mut answer = client::stream(&Relay::Socket(place.socket()?), "/metrics")?;
    answer.read_to_string(&mut text).context("reading the relay's answer")?;
    match &args.textfile {
        Some(path) => {
            write(path, &without_process(&text)).with_context(|| format!("writing {}", path.display()))?;
        }
        None => say!("{}", text.trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes `text` to `path` atomically.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let is_read = path.extension().is_some_and(|extension| extension == "prom");
    anyhow::ensure!(is_read, "node_exporter reads only files with a name that ends with `.prom`");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new(""));
    // The folder may belong to another user, who must not redirect root with a link.
    let held = Held::open(folder, true)?
        .with_context(|| format!("the folder {} does not exist", folder.display()))?;
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
