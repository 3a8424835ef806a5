//! What became of a compilation, told from how its process ended.
//!
//! Never passes on what the process said without cutting it to one line: it may repeat a part of the file.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use tocsin_core::event::single_line;

use super::Job;
use crate::error::LoadProblem;
use crate::survey::Refused;

/// Characters of what the process said that are kept.
const SAID_CHARS_MAX: usize = 1200;
const MIB: usize = 1 << 20;

/// `SIGABRT`: what Rust does when memory is refused or a stack is exhausted.
const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGSEGV: i32 = 11;
/// The processor time is used up.
const SIGXCPU: i32 = 24;

/// How a process ended and what it said.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// Standard output: the code.
    pub(super) code: Vec<u8>,
    /// Standard error: why there is none.
    pub(super) said: String,
}

/// The code, or why there is none.
pub(super) fn of(ended: Ended, job: &Job) -> Result<Vec<u8>, LoadProblem> {
    if ended.status.success() {
        return Ok(ended.code);
    }
    let said = single_line(ended.said.trim(), SAID_CHARS_MAX);
    if let Some(refused) = ended.status.code().and_then(|code| Refused::from_code(code, said.clone())) {
        return Err(refused.into());
    }
    let refused_memory = said.contains("memory allocation of") || said.contains("Cannot allocate memory");
    let signal = ended.status.signal();
    Err(match signal {
        _ if refused_memory => too_large(job),
        Some(SIGXCPU) => too_slow(Duration::from_secs(job.seconds), " of processor time"),
        Some(SIGABRT | SIGSEGV) if signal == Some(SIGSEGV) || said.contains("overflowed its stack") => {
            LoadProblem::Compile(
                "the compiler's stack was exhausted: something in the file is nested too deep; no known \
                 toolchain writes that"
                    .to_owned(),
            )
        }
        Some(SIGKILL) => LoadProblem::Compile(
            "the compiler was killed, probably since the machine has no memory left; try again when it has"
                .to_owned(),
        ),
        _ => LoadProblem::Compile(format!("the compiler crashed on it ({}): {said}", ended.status)),
    })
}

/// It took too long.
pub(super) fn too_slow(limit: Duration, of: &str) -> LoadProblem {
    LoadProblem::Compile(format!(
        "compiling it took more than {} s{of}, the limit for a file of its size; a plugin in Rust takes less than \
         one, one with a JavaScript or Python engine about ten: make its functions smaller",
        limit.as_secs()
    ))
}

fn too_large(job: &Job) -> LoadProblem {
    LoadProblem::Compile(format!(
        "compiling it took more than {} MiB of memory, the limit; a plugin with a JavaScript or Python engine \
         takes less: make its functions smaller and fewer",
        job.memory_bytes / MIB
    ))
}
