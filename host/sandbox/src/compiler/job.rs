//! What the relay tells the process that compiles: for which engine, and within which limits.
//!
//! Never carries anything of the file itself, which comes on standard input.

use std::ffi::OsString;

use crate::engine::Layout;

/// One file to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// The engine that will run it.
    pub(crate) layout: Layout,
    /// Bytes of addresses that the process may have.
    pub(crate) memory_bytes: usize,
    /// Seconds of processor time that it may take.
    pub(crate) seconds: u64,
    /// Bytes of the file.
    pub(crate) length: usize,
}

impl Job {
    /// As arguments.
    pub(crate) fn to_args(self) -> [OsString; 6] {
        let Self { layout, memory_bytes, seconds, length } = self;
        let pooled = if layout.pooled { "pooled" } else { "unpooled" };
        [
            layout.execution.as_str().into(),
            layout.memory_bytes.to_string().into(),
            pooled.into(),
            memory_bytes.to_string().into(),
            seconds.to_string().into(),
            length.to_string().into(),
        ]
    }

    /// From arguments; none when they are not from [`Job::to_args`].
    pub(crate) fn from_args(args: &[OsString]) -> Option<Self> {
        let [execution, reserved, pooled, memory_bytes, seconds, length] = args else { return None };
        let pooled = match pooled.to_str()? {
            "pooled" => true,
            "unpooled" => false,
            _ => return None,
        };
        Some(Self {
            layout: Layout {
                execution: execution.to_str()?.parse().ok()?,
                memory_bytes: reserved.to_str()?.parse().ok()?,
                pooled,
            },
            memory_bytes: memory_bytes.to_str()?.parse().ok()?,
            seconds: seconds.to_str()?.parse().ok()?,
            length: length.to_str()?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::Execution;

    #[test]
    fn a_job_is_read_as_it_was_written() {
        for (pooled, execution) in [(true, Execution::Compiled), (false, Execution::Interpreted)] {
            let layout = Layout { execution, memory_bytes: 1 << 28, pooled };
            let job = Job { layout, memory_bytes: 3, seconds: 4, length: 5 };
            assert_eq!(Job::from_args(&job.to_args()), Some(job));
        }
        assert_eq!(Job::from_args(&[]), None);
        let args = |first, third| [first, "1", third, "2", "3", "4"].map(OsString::from);
        assert!(Job::from_args(&args("compiled", "pooled")).is_some());
        assert_eq!(Job::from_args(&args("compiled", "maybe")), None);
        assert_eq!(Job::from_args(&args("native", "pooled")), None);
    }
}
