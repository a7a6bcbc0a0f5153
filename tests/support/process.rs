//! Processes from outside: signals, children and memory, as Linux tells them in /proc.

use std::process::Command;

/// Sends the signal to all of them; who is gone already does not hear it.
pub fn signal(pids: &[u32], name: &str) {
    let pids = pids.iter().map(u32::to_string);
    let status = Command::new("kill").arg(format!("-{name}")).args(pids).output();
    status.expect("kill exists");
}

/// The processes that this one has started.
pub fn children(parent: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").expect("it is Linux").flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// The memory that a process has in use (resident), in KiB; 0 if it is gone.
pub fn memory_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

/// The fourth field of /proc/PID/stat (proc(5)); the second, the name, may hold spaces and ends with a bracket.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}
