//! The `tocsin` binary: arguments, then one command.

use std::process::ExitCode;

use clap::Parser;
use tocsin::commands::Cli;
use tocsin::commands::out;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
