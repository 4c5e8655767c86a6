//! How much memory this process may use: that of the machine, or less if the process is limited.

use std::path::Path;

/// Default if the machine's memory is unknown, in bytes.
const UNKNOWN: u64 = 4 << 30;

/// In bytes.
pub(crate) fn usable_memory() -> u64 {
    let installed = sysinfo::System::new().ok().map(|mut system| {
        system.refresh_memory();
        system.total_memory()
    });
    let limits = [installed.filter(|&total| total > 0), control_group_limit(), address_space_limit()];
    limits.into_iter().flatten().min().unwrap_or(UNKNOWN)
}

/// From `ulimit -v`.
#[cfg(unix)]
fn address_space_limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::As).current
}

#[cfg(not(unix))]
fn address_space_limit() -> Option<u64> {
    None
}

/// Remaining address space under `ulimit -v`, in bytes. Threads reserve much of it without using it.
pub(crate) fn address_space_left() -> Option<u64> {
    let limit = address_space_limit()?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let taken = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let taken: u64 = taken.trim().trim_end_matches(" kB").parse().ok()?;
    Some(limit.saturating_sub(taken.saturating_mul(1024)))
}

/// The limit of containers and services, on Linux only.
fn control_group_limit() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    limit_of_groups(&groups, Path::new("/sys/fs/cgroup"))
}

/// The smallest limit of a process's control groups and their parents. `groups` has a line each: `0::/service` (version
/// 2) or `5:memory:/service` (version 1).
fn limit_of_groups(groups: &str, mounted_at: &Path) -> Option<u64> {
    let limits = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (base, file) = if controllers.is_empty() {
            (mounted_at.to_owned(), "memory.max")
        } else {
            (mounted_at.join("memory"), "memory.limit_in_bytes")
        };
        let counts = controllers.is_empty() || controllers.split(',').any(|controller| controller == "memory");
        let group = base.join(group.trim_start_matches('/'));
        // In a container the group may have its outside name and be mounted as the root.
        let around = group.ancestors().take_while(|path| path.starts_with(&base)).map(|path| path.join(file));
        around.filter(move |_| counts).collect::<Vec<_>>()
    });
    limits.filter_map(|file| std::fs::read_to_string(file).ok()?.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_strictest_control_group_counts() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let set = |path: &str, limit: &str| {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), limit).unwrap();
        };
        set("user/session/memory.max", "max\n");
        set("user/memory.max", "2000000000\n");
        assert_eq!(limit_of_groups("0::/user/session\n", root), Some(2_000_000_000));
        assert_eq!(limit_of_groups("0::/\n", root), None);
        set("memory.max", "900000000\n");
        assert_eq!(limit_of_groups("0::/host/name/of/it\n", root), Some(900_000_000));
        set("memory/docker/memory.limit_in_bytes", "700000000\n");
        let both = "12:cpuset:/docker\n5:cpu,memory:/docker\n0::/\n";
        assert_eq!(limit_of_groups(both, root), Some(700_000_000));
    }

    #[test]
    fn every_machine_has_memory() {
        assert!((1 << 20..1 << 50).contains(&usable_memory()));
    }
}
