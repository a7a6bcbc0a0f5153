//! The time for which a process has had a core: to the nanosecond where its threads allow it, else in ticks.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use super::machine;

/// What a process and its children had used up at one moment.
pub struct Used {
    ticks: u64,
    /// Nanoseconds of each thread that runs.
    threads: BTreeMap<u32, u64>,
}

/// Processes whose time is measured; nothing where nobody knows which they are, or where one is gone.
pub struct Clock {
    /// With what each had used up when it began.
    before: Vec<(u32, Option<Used>)>,
    /// With or without the children of the process.
    read: fn(u32) -> Option<Used>,
}

impl Clock {
    /// Begins to measure servers: all that they started works for them.
    pub fn start(pids: &[u32]) -> Self {
        Self::by(pids, Used::by)
    }

    /// Begins to measure this process without the servers that it started.
    pub fn start_own() -> Self {
        Self::by(&[std::process::id()], Used::by_one)
    }

    fn by(pids: &[u32], read: fn(u32) -> Option<Used>) -> Self {
        let before = pids.iter().map(|pid| (*pid, read(*pid))).collect();
        Self { before, read }
    }

    /// Seconds on a core since the start, of all together.
    pub fn seconds(&self) -> Option<f64> {
        let each = self.before.iter().map(|(pid, before)| {
            let after = (self.read)(*pid)?;
            Some(after.since(before.as_ref()?).as_secs_f64())
        });
        each.sum::<Option<f64>>().filter(|_| !self.before.is_empty())
    }
}

impl Used {
    /// Up to now by this process and its children; nothing if there is none.
    pub fn by(pid: u32) -> Option<Self> {
        let mut used = Self::by_one(pid)?;
        for child in machine::family(pid).into_iter().skip(1).filter_map(Self::by_one) {
            used.ticks += child.ticks;
            used.threads.extend(child.threads);
        }
        Some(used)
    }

    fn by_one(pid: u32) -> Option<Self> {
        let ticks = ticks(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
        let mut threads = BTreeMap::new();
        for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
            let id = thread.file_name().to_string_lossy().parse().ok();
            // A thread may end between the two looks.
            let text = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            if let Some((id, nanoseconds)) = id.zip(text.split_ascii_whitespace().next()) {
                threads.insert(id, nanoseconds.parse().ok()?);
            }
        }
        Some(Self { ticks, threads })
    }

    /// A thread that has ended since took its nanoseconds with it; then the coarser figure counts.
    fn since(&self, before: &Self) -> Duration {
        let all_are_there = before.threads.keys().all(|thread| self.threads.contains_key(thread));
        if all_are_there && !self.threads.is_empty() {
            let had = |thread: &u32| before.threads.get(thread).copied().unwrap_or(0);
            let used = self.threads.iter().map(|(thread, now)| now.saturating_sub(had(thread)));
            return Duration::from_nanos(used.sum());
        }
        let ticks = self.ticks.saturating_sub(before.ticks);
        Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }
}

/// Fields 14 and 15 of proc_pid_stat(5); the second field is a name in brackets and may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let fields = stat.rsplit_once(')')?.1;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(ticks: u64, threads: &[(u32, u64)]) -> Used {
        Used {
            ticks,
            threads: threads.iter().copied().collect(),
        }
    }

    #[test]
    fn ticks_are_read_whatever_the_process_is_called() {
        let stat = "77 (a (b) c) S 1 77 77 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 999 1 2 3";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("77"), None);
    }

    #[test]
    fn threads_count_to_the_nanosecond_until_one_of_them_ends() {
        let before = used(100, &[(1, 5_000), (2, 7_000)]);
        let after = used(200, &[(1, 6_000), (2, 7_500), (3, 250)]);
        assert_eq!(after.since(&before), Duration::from_nanos(1_750));
        let fewer = used(200, &[(1, 6_000)]);
        assert_eq!(fewer.since(&before), used(200, &[]).since(&used(100, &[])));
        assert!(fewer.since(&before) > Duration::from_millis(1));
    }

    #[test]
    fn this_process_has_used_a_core_and_no_process_has_not() {
        assert!(Clock::start_own().seconds().is_some());
        assert!(Clock::start(&[std::process::id()]).seconds().is_some());
        assert!(Clock::start(&[std::process::id(), u32::MAX]).seconds().is_none());
        assert!(Clock::start(&[]).seconds().is_none());
    }
}
