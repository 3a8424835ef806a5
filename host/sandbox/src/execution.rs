//! How plugins run: as machine code or in an interpreter, and whether this process may have machine code at all.
//!
//! Never runs anything.

use memmap2::MmapMut;
use strum::{Display, EnumString, IntoStaticStr};

/// wasmtime's name for the bytecode of its interpreter, for processors with addresses of 64 bits.
const PULLEY: &str = if cfg!(target_endian = "big") { "pulley64be" } else { "pulley64" };
/// The factor of the interpreter. Large bodies took 6 to 42 times as long on a busy machine, see `host/README.md`.
const INTERPRETED_TIMES: u32 = 10;
/// Bytes of memory for the attempt: at least one page on every processor.
const PROBE_BYTES: usize = 64 * 1024;

/// How plugins run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Execution {
    /// As machine code. The process makes the memory with that code executable.
    #[default]
    Compiled,
    /// As bytecode of wasmtime's interpreter, Pulley. No memory becomes executable; calls take longer.
    Interpreted,
}

impl Execution {
    /// As written in configurations, and for the process that compiles.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// By what the usual time limits of calls are multiplied, because the interpreter takes longer than machine code.
    pub fn time_factor(self) -> u32 {
        match self {
            Self::Compiled => 1,
            Self::Interpreted => INTERPRETED_TIMES,
        }
    }

    /// The target of the compiler; none for this machine's processor.
    pub(crate) fn target(self) -> Option<&'static str> {
        match self {
            Self::Compiled => None,
            Self::Interpreted => Some(PULLEY),
        }
    }

    /// The folder inside the cache directory for code of this kind, compiled with the settings of
    /// [`compiling`](crate::engine::compiling): the engine that loads it has no compiler, so it cannot tell such
    /// settings apart itself. A change of those settings raises the numbers.
    pub(crate) fn compiled_as(self) -> &'static str {
        match self {
            Self::Compiled => "1",
            Self::Interpreted => "interpreted-1",
        }
    }

    /// Whether this process may run code of this kind. It does what wasmtime does with machine code: it writes to new
    /// memory and then asks the system to make that memory executable.
    ///
    /// # Errors
    /// What the system answered, such as EPERM (systemd's seccomp filter) or EACCES (PR_SET_MDWE, SELinux).
    pub(crate) fn probe(self) -> std::io::Result<()> {
        match self {
            // Without memory, the engine reports that itself.
            Self::Compiled => match MmapMut::map_anon(PROBE_BYTES) {
                Ok(memory) => memory.make_exec().map(drop),
                Err(_) => Ok(()),
            },
            Self::Interpreted => Ok(()),
        }
    }
}
