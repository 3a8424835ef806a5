//! The process that compiles one file: it takes the file from standard input and gives machine code to standard
//! output, or a sentence to standard error.
//!
//! Confines itself before it reads the first byte. Opens no file and no socket.

use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::Job;
use crate::background;
use crate::engine;
use crate::survey::{self, Refused};

/// The arguments are wrong, or the process could not confine itself: the relay's fault, not the file's.
const FAILED: u8 = 70;

/// Compiles the plugin that comes on standard input, as `args` from a [`Compiler`](super::Compiler) say. For the
/// `main` of the program that the sandbox starts; nothing else of the process may have begun.
pub fn compile_plugin(args: &[OsString]) -> ExitCode {
    let done =
        Job::from_args(args).ok_or_else(|| "it is for the relay's own use".to_owned()).and_then(|job| {
            confine(&job).map_err(|error| format!("its limits cannot be set: {error}"))?;
            let file = read(job.length).map_err(|error| format!("the file cannot be read: {error}"))?;
            Ok((job, file))
        });
    let code = match done {
        Ok((job, file)) => compile(&job, &file),
        Err(words) => {
            complain(&words);
            return ExitCode::from(FAILED);
        }
    };
    match code {
        Ok(code) => match std::io::stdout().lock().write_all(&code) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain(&format!("the code cannot be written: {error}"));
                ExitCode::from(FAILED)
            }
        },
        Err(refused) => {
            complain(refused.sentence());
            ExitCode::from(refused.code())
        }
    }
}

fn compile(job: &Job, file: &[u8]) -> Result<Vec<u8>, Refused> {
    survey::check(file)?;
    let words = |error: wasmtime::Error| Refused::Invalid(format!("{error:#}"));
    engine::compiling(job.layout).map_err(words)?.precompile_component(file).map_err(words)
}

/// Sets the limits that end this process and not the relay.
fn confine(job: &Job) -> std::io::Result<()> {
    let limit = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    // One second more until the system ends it without a signal that could be named.
    let time = Rlimit { current: Some(job.seconds), maximum: Some(job.seconds.saturating_add(1)) };
    setrlimit(Resource::Cpu, time)?;
    limit(Resource::As, job.memory_bytes as u64)?;
    // Both are a courtesy, which a service's own confinement may deny.
    background::idle();
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Reads the file, and from then on ends this process when the relay is gone.
fn read(length: usize) -> std::io::Result<Vec<u8>> {
    let mut file = Vec::with_capacity(length);
    std::io::stdin().lock().take(length as u64).read_to_end(&mut file)?;
    if file.len() < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    std::thread::Builder::new().name("relay-is-gone".to_owned()).spawn(|| {
        // The relay sends nothing more, so this returns when the other end is closed.
        let _ = std::io::stdin().lock().read(&mut [0]);
        std::process::exit(i32::from(FAILED));
    })?;
    Ok(file)
}

fn complain(words: &str) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{words}");
}
