//! The `tocsin` binary: arguments, then one command.

use std::process::ExitCode;

use clap::Parser;
use tocsin::cli::Cli;

fn main() -> ExitCode {
    match tocsin::cli::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tocsin: {error:#}");
            ExitCode::FAILURE
        }
    }
}
