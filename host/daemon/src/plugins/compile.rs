//! The hidden command by which the relay compiles plugins: this program again, in a process of its own.
//!
//! Reads no configuration and no environment; what it may take is in its arguments.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tocsin_sandbox::Compiler;

/// The command's name on the command line.
const COMMAND: &str = "compile-plugin";
/// The program that runs, also when its file was replaced by another version meanwhile.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// What the sandbox wants of the compiler.
#[derive(Debug, Args)]
pub struct CompileArgs {
    /// The sandbox's own words.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    job: Vec<OsString>,
}

/// How the sandbox starts this program as its compiler.
pub fn this_program() -> Compiler {
    let program = if Path::new(THIS_PROGRAM).exists() {
        PathBuf::from(THIS_PROGRAM)
    } else {
        std::env::current_exe().unwrap_or_else(|_| PathBuf::from("tocsin"))
    };
    Compiler { program, args: vec![OsString::from(COMMAND)] }
}

/// Compiles what the sandbox asks for; confines this process first.
pub fn run(args: &CompileArgs) -> ExitCode {
    tocsin_sandbox::compile_plugin(&args.job)
}
