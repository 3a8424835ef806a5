//! How much memory the relay may use when the configuration does not say: what its control group or the machine has.
//!
//! Reads a few small files; a file that is missing or that says nothing bounds nothing.

use std::fs;
use std::path::Path;

/// Where control groups are mounted.
const GROUPS: &str = "/sys/fs/cgroup";
/// The limit of the older kind of control groups, as a process in a container sees it.
const OLDER: &str = "/sys/fs/cgroup/memory/memory.limit_in_bytes";

/// The smallest of the machine's memory and the limits of the control groups that this process is in (`MemoryMax=` of
/// its unit, or its container's), in bytes.
pub(super) fn of_this_process() -> usize {
    let group = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = group.lines().find_map(|line| line.strip_prefix("0::")).map(|path| of_groups(path.trim()));
    let older = fs::read_to_string(OLDER).ok().and_then(|text| parse(&text));
    let bytes = [Some(of_machine()), limits.flatten(), older].into_iter().flatten().min();
    bytes.map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

fn of_machine() -> u64 {
    let about = rustix::system::sysinfo();
    about.totalram.saturating_mul(u64::from(about.mem_unit))
}

/// The smallest limit of a group and of all above it.
fn of_groups(path: &str) -> Option<u64> {
    let own = Path::new(GROUPS).join(path.trim_start_matches('/'));
    let groups = own.ancestors().take_while(|group| group.starts_with(GROUPS));
    groups.filter_map(|group| parse(&fs::read_to_string(group.join("memory.max")).ok()?)).min()
}

/// A limit in bytes; `max` is none.
fn parse(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_or_none() {
        assert_eq!(parse("2147483648\n"), Some(2_147_483_648));
        assert_eq!(parse("max\n"), None);
        assert!(of_this_process() > 1 << 20);
    }
}
