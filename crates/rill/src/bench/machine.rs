//! What Linux tells about processes, cores and memory, and the few things that are asked of it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Which core works for whom; nothing where there is only one for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cores {
    pub server: Option<usize>,
    pub load: Option<usize>,
}

impl Cores {
    /// The first core that this process may use is the server's, the second the load's.
    pub fn of_this_process() -> Self {
        let allowed = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
        Self::of((0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)))
    }

    fn of(mut allowed: impl Iterator<Item = usize>) -> Self {
        match (allowed.next(), allowed.next()) {
            (Some(server), Some(load)) => Self {
                server: Some(server),
                load: Some(load),
            },
            _ => Self {
                server: None,
                load: None,
            },
        }
    }
}

/// Keeps this thread, and those that it starts, on one core.
pub fn pin(core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).with_context(|| format!("cannot stay on core {core}"))
}

/// Lets this process, and those that it starts, open as many files as the machine allows; answers how many.
pub fn raise_files_max() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum.unwrap_or(u64::MAX),
        Err(_) => limit.current.unwrap_or(u64::MAX),
    }
}

/// The time for which this thread has had a core; zero where Linux does not say.
pub fn cpu_of_this_thread() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_ascii_whitespace().next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// A process and those that it started, and so on.
pub fn family(pid: u32) -> Vec<u32> {
    let mut family = vec![pid];
    let mut at = 0;
    while let Some(pid) = family.get(at) {
        let threads = fs::read_dir(format!("/proc/{pid}/task"));
        for thread in threads.into_iter().flatten().flatten() {
            // It may have ended between the two looks.
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            family.extend(
                children
                    .split_ascii_whitespace()
                    .filter_map(|child| child.parse::<u32>().ok()),
            );
        }
        at += 1;
    }
    family
}

/// Memory of processes and their children that lies in RAM, in bytes; nothing if there is none of them.
pub fn resident(pids: &[u32]) -> Option<u64> {
    pids.iter()
        .map(|pid| resident_of(*pid))
        .sum::<Option<u64>>()
        .filter(|_| !pids.is_empty())
}

fn resident_of(pid: u32) -> Option<u64> {
    let of = |pid: u32| kilobytes(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:");
    let children = family(pid).into_iter().skip(1).filter_map(of).sum::<u64>();
    Some(of(pid)? + children)
}

/// The kernel's own memory for objects such as sockets, of the whole machine, in bytes.
pub fn slab() -> Option<u64> {
    kilobytes(&fs::read_to_string("/proc/meminfo").ok()?, "Slab:")
}

/// What lies in the buffers of all TCP sockets of the machine, in bytes.
pub fn socket_buffers() -> Option<u64> {
    let pages = pages(&fs::read_to_string("/proc/net/sockstat").ok()?)?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Programs that wanted a core at the same time during the last minute, on average.
pub fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg")
        .ok()?
        .split_ascii_whitespace()
        .next()?
        .parse()
        .ok()
}

fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn pages(sockstat: &str) -> Option<u64> {
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    line.split_once(" mem ")?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cores_are_shared_and_one_is_everybody_s() {
        let cores = |server, load| Cores { server, load };
        assert_eq!(Cores::of([2, 5, 7].into_iter()), cores(Some(2), Some(5)));
        assert_eq!(Cores::of([4].into_iter()), cores(None, None));
    }

    #[test]
    fn the_files_of_proc_are_read_as_they_are() {
        assert_eq!(kilobytes("Name: x\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12 * 1024));
        assert_eq!(
            pages("sockets: used 1\nTCP: inuse 18 orphan 0 tw 99 alloc 18 mem 7\n"),
            Some(7)
        );
        assert_eq!(kilobytes("", "Slab:"), None);
    }

    #[test]
    fn children_belong_to_the_family() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .expect("cat exists");
        assert!(family(std::process::id()).contains(&child.id()));
        drop(child.stdin.take());
        child.wait().expect("it ends with its input");
        assert_eq!(family(u32::MAX), [u32::MAX]);
    }

    #[test]
    fn this_process_has_memory_and_the_machine_a_load() {
        let pid = std::process::id();
        assert!(resident(&[pid]).is_some_and(|bytes| bytes > 100_000));
        assert_eq!((resident(&[u32::MAX]), resident(&[])), (None, None));
        assert!(load_average().is_some());
    }
}
