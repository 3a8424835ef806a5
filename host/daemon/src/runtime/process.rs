//! Reads processor time, memory and open files of this process, and the free space of a disk.
//!
//! Reads `/proc/self`. Leaves out what it cannot read, because only metrics use it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The resources of this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of all threads since the start.
    pub cpu: Duration,
    /// Bytes of memory that are in use.
    pub resident_bytes: Option<u64>,
    /// Bytes of addresses that are reserved.
    pub virtual_bytes: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Open files, sockets included.
    pub open_files: Option<u64>,
    /// Files that may be open.
    pub open_files_max: Option<u64>,
}

/// The present use of resources.
pub fn usage() -> Usage {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let number = |name: &str| number(&status, name);
    let bytes = |name: &str| number(name).map(|kilobytes| kilobytes.saturating_mul(1024));
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanos) = (u64::try_from(cpu.tv_sec), u32::try_from(cpu.tv_nsec));
    Usage {
        cpu: Duration::new(seconds.unwrap_or(0), nanos.unwrap_or(0)),
        resident_bytes: bytes("VmRSS"),
        virtual_bytes: bytes("VmSize"),
        threads: number("Threads"),
        // One of them is the directory that is being read.
        open_files: fs::read_dir("/proc/self/fd").ok().map(|files| (files.count() as u64).saturating_sub(1)),
        open_files_max: getrlimit(Resource::Nofile).current,
    }
}

/// The number in the line `name` of a status file of `/proc`.
fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The space of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that this user may still write.
    pub free_bytes: u64,
    /// Bytes in all.
    pub size_bytes: u64,
}

/// The space of the file system that contains `path`. May wait for the disk.
///
/// # Errors
/// There is nothing at `path`, or the relay may not look at it.
pub fn room(path: &Path) -> std::io::Result<Room> {
    let about = rustix::fs::statvfs(path)?;
    let bytes = |blocks: u64| blocks.saturating_mul(about.f_frsize);
    Ok(Room { free_bytes: bytes(about.f_bavail), size_bytes: bytes(about.f_blocks) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_what_this_process_uses() {
        let usage = usage();
        assert!(usage.cpu > Duration::ZERO, "{usage:?}");
        let known = [usage.resident_bytes, usage.virtual_bytes, usage.threads, usage.open_files];
        assert!(known.iter().all(|known| known.is_some_and(|known| known > 0)), "{usage:?}");
        assert!(usage.virtual_bytes >= usage.resident_bytes, "{usage:?}");
        let room = room(Path::new("/proc/self/cwd")).expect("it is there");
        assert!(room.free_bytes <= room.size_bytes, "{room:?}");
    }

    #[test]
    fn a_status_line_is_found_by_its_whole_name() {
        let status = "VmRSSX:\t 1 kB\nVmRSS:\t  1234 kB\nThreads:\t7\n";
        assert_eq!(number(status, "VmRSS"), Some(1234));
        assert_eq!(number(status, "Threads"), Some(7));
        assert_eq!(number(status, "Vm"), None);
    }
}
