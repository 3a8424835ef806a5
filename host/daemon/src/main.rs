//! The `tocsin` binary: arguments, then one command.

use std::process::ExitCode;

use clap::Parser;
use tocsin::commands::Cli;
use tocsin::commands::out;

/// Gives memory back ten seconds after a storm, by a thread of its own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    out::heard(|| match tocsin::commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            out::error_line(&format!("tocsin: {error:#}"));
            ExitCode::FAILURE
        }
    })
}
