//! Compiling a plugin's file: by a process of its own, within limits, one at a time, small files first.
//!
//! The relay itself never compiles and never parses a file that was not compiled before: the engine that it runs
//! plugins with has no compiler. A file that makes the compiler loop, crash or take too much memory ends that
//! process and becomes a sentence.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;

use tocsin_core::histogram::Histogram;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::error::LoadProblem;
use crate::limits::{COMPILE_PROCESSORS_MAX, COMPILED_BYTES_MAX, compile_time, compile_wall};

mod child;
mod job;
mod kept;
mod outcome;
mod queue;

pub use child::compile_plugin;
pub(crate) use job::Job;
pub(crate) use kept::Kept;
pub(crate) use queue::Queue;

use outcome::Ended;

/// Bytes of what the compiler says that are read; a sentence has a few hundred.
const SAID_BYTES_MAX: u64 = 8 * 1024;

/// The program that compiles a plugin's file for the sandbox: one whose `main` calls [`compile_plugin`] with what
/// follows these arguments. It is started anew for each file.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// The program.
    pub program: PathBuf,
    /// What stands before the sandbox's own arguments, such as a subcommand.
    pub args: Vec<OsString>,
}

impl Compiler {
    /// Compiles `bytes` and returns the machine code, serialised.
    ///
    /// # Errors
    /// What is wrong with the file, or which limit compiling it met.
    pub(crate) async fn compile(&self, job: &Job, bytes: &[u8]) -> Result<Vec<u8>, LoadProblem> {
        let wall = compile_wall(bytes.len());
        let mut child = self.start(job).map_err(|error| {
            let program = self.program.display();
            LoadProblem::Host(format!("the compiler {program} cannot be started: {error}"))
        })?;
        match tokio::time::timeout(wall, talk(&mut child, bytes)).await {
            Ok(Ok(ended)) => outcome::of(ended, job),
            Ok(Err(error)) => Err(LoadProblem::Host(format!("the compiler cannot be spoken to: {error}"))),
            Err(_elapsed) => {
                // Dropping it would end it as well, but not wait until its memory is free.
                let _ = child.kill().await;
                Err(outcome::too_slow(wall, " while the machine was busy"))
            }
        }
    }

    fn start(&self, job: &Job) -> std::io::Result<Child> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Command::new(&self.program)
            .args(&self.args)
            .args(job.to_args())
            // The environment may hold secrets, and nothing of it is needed.
            .env_clear()
            // Each thread of the compiler holds memory; on a machine with many processors that would meet the limit.
            // One processor is left to those that answer requests, if there are two.
            .env("RAYON_NUM_THREADS", (processors - 1).clamp(1, COMPILE_PROCESSORS_MAX).to_string())
            .env("MALLOC_ARENA_MAX", "2")
            // The relay's allocator keeps addresses for later, and there is a limit on those.
            .env("_RJEM_MALLOC_CONF", "background_thread:false,narenas:2,retain:false")
            .current_dir("/")
            // Ctrl-C in a terminal is for the relay, which then ends the compiler itself.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Gives the compiler its file and takes what it makes of it. Its standard input stays open until it has ended: its
/// end tells the compiler that the relay is gone.
async fn talk(child: &mut Child, bytes: &[u8]) -> std::io::Result<Ended> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async {
        let mut stdin = stdin?;
        // A compiler that refuses a file early reads no further.
        let _ = stdin.write_all(bytes).await;
        let _ = stdin.flush().await;
        Some(stdin)
    };
    let (stdin, code, said) =
        tokio::join!(give, read(stdout, COMPILED_BYTES_MAX as u64), read(stderr, SAID_BYTES_MAX));
    let status = child.wait().await?;
    drop(stdin);
    Ok(Ended { status, code: code?, said: String::from_utf8_lossy(&said?).into_owned() })
}

/// Reads up to `limit` bytes. Of a stream with more, the rest is left in it: its writer gets an error.
async fn read(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut read = Vec::new();
    if let Some(stream) = stream {
        stream.take(limit).read_to_end(&mut read).await?;
    }
    Ok(read)
}

/// A file, shared with the threads that work on it.
pub(crate) type Bytes = Arc<Cow<'static, [u8]>>;

/// What the sandbox keeps for compiling.
pub(crate) struct Compiling {
    pub(crate) compiler: Compiler,
    pub(crate) job: Job,
    pub(crate) kept: Kept,
    pub(crate) queue: Arc<Queue>,
    /// Microseconds of each file's compiling, successful or not, without the wait for its turn.
    pub(crate) took_us: Histogram,
}

impl Compiling {
    /// Compiles `bytes` when it is their turn and keeps the result where the engine finds it.
    ///
    /// # Errors
    /// As [`Compiler::compile`], or the result could not be kept.
    pub(crate) async fn run(&self, bytes: &Bytes) -> Result<(), LoadProblem> {
        let _turn = self.queue.turn(bytes.len()).await;
        let seconds = compile_time(bytes.len()).as_secs();
        let job = Job { length: bytes.len(), seconds, ..self.job };
        let began = Instant::now();
        let compiled = self.compiler.compile(&job, bytes).await;
        self.took_us.observe_time(began.elapsed());
        self.kept.keep(Arc::clone(bytes), compiled?).await
    }
}
