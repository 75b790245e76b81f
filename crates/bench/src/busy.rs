//! Whether others took the machine while we measured: what all processes used, less what ours did.

use std::{fs, time::Instant};

use anyhow::{Context, Result};

/// Runs from its start until it is read.
pub struct Meter {
    groups: Vec<u32>,
    started: Instant,
    at_start: Used,
}

/// Time of processors in the kernel's ticks, since the start of the machine.
#[derive(Debug, Clone, Copy)]
struct Used {
    /// By everybody: user, nice, system and stolen. Interrupts belong to nobody and are left out.
    all: u64,
    /// By the groups that are ours.
    ours: u64,
    /// That the kernel knows of at all, idle time and interrupts included.
    known: u64,
}

/// `USER_HZ`, in which Linux tells programs of time, on every machine that Chromium runs on.
const TICKS_PER_SECOND: f64 = 100.0;

impl Meter {
    /// Counts as ours the processes in our own process group and in `groups`. One that ends is counted by its parent.
    pub fn start(groups: impl IntoIterator<Item = u32>) -> Result<Self> {
        let mut groups: Vec<u32> = groups.into_iter().collect();
        groups.push(own_group()?);
        let at_start = Used::now(&groups)?;
        Ok(Self { groups, started: Instant::now(), at_start })
    }

    /// The share of the machine's processors, from 0 to 1, that others have used since the start.
    pub fn elsewhere(&self) -> Result<f64> {
        let now = Used::now(&self.groups)?;
        let all = now.all.saturating_sub(self.at_start.all);
        let others = all.saturating_sub(now.ours.saturating_sub(self.at_start.ours));
        let processors = u32::try_from(std::thread::available_parallelism()?.get())?;
        let ticks = self.started.elapsed().as_secs_f64() * TICKS_PER_SECOND * f64::from(processors);
        // A virtual machine may lose its processors for a while and never learn of it: then ticks are missing.
        let lost = ticks - f64::from(u32::try_from(now.known.saturating_sub(self.at_start.known))?);
        Ok((f64::from(u32::try_from(others)?) + lost.max(0.0)) / ticks.max(1.0))
    }
}

impl Used {
    fn now(groups: &[u32]) -> Result<Self> {
        let all = fs::read_to_string("/proc/stat").context("/proc/stat cannot be read")?;
        let (all, known) = all_used(&all).context("/proc/stat has no line for all processors")?;
        let mut ours = 0;
        for pid in pids()? {
            // A process may end while we look at it.
            let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
            let process = stat.ok().as_deref().and_then(Process::read);
            ours +=
                process.filter(|process| groups.contains(&process.group)).map_or(0, |process| process.used);
        }
        Ok(Self { all, ours, known })
    }
}

/// Used by somebody, and known at all: from the line `cpu user nice system idle iowait irq softirq steal …`.
fn all_used(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<u64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
    let fields = fields.get(..8)?;
    Some((fields[0] + fields[1] + fields[2] + fields[7], fields.iter().sum()))
}

/// What `/proc/PID/stat` tells of a process.
#[derive(Debug, PartialEq, Eq)]
struct Process {
    group: u32,
    /// Its own and that of children it has waited for, for itself and in the kernel.
    used: u64,
}

impl Process {
    /// The second field is a name in brackets, with whatever it contains.
    fn read(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let used = fields.get(11..15)?.iter().map(|field| field.parse::<u64>().ok()).sum::<Option<u64>>()?;
        Some(Self { group: fields.get(2)?.parse().ok()?, used })
    }
}

/// Every process once: `/proc/self` and `/proc/thread-self` are no others.
fn pids() -> Result<Vec<u32>> {
    let mut pids = Vec::new();
    for entry in fs::read_dir("/proc")? {
        pids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    Ok(pids)
}

fn own_group() -> Result<u32> {
    let stat = fs::read_to_string("/proc/self/stat").context("/proc/self/stat cannot be read")?;
    Process::read(&stat).map(|process| process.group).context("/proc/self/stat names no process group")
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::process::CommandExt,
        process::{Child, Command},
        thread,
        time::Duration,
    };

    use super::*;

    #[test]
    fn both_files_are_read() {
        assert_eq!(all_used("cpu  100 20 3 5000 7 8 9 4 1 0\ncpu0 1 1 1"), Some((127, 5151)));
        assert_eq!(all_used("cpu  100 20"), None);
        let stat = "12 (a) b (c) S 1 42 12 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 99 1 1";
        assert_eq!(Process::read(stat), Some(Process { group: 42, used: 127 }));
        assert_eq!(Process::read("12 (a"), None);
    }

    #[test]
    fn a_process_is_there_once() {
        let own = std::process::id();
        assert_eq!(pids().unwrap().iter().filter(|pid| **pid == own).count(), 1);
        let pids: Vec<u32> = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| fs::read_to_string(entry.unwrap().path().join("stat")).ok())
            .filter_map(|stat| stat.split_once(' ')?.0.parse().ok())
            .collect();
        assert!(pids.iter().filter(|pid| **pid == own).count() > 1, "the reason for this test is gone");
    }

    /// Takes a processor until it is dropped.
    struct Loop(Child);

    impl Loop {
        fn in_group(group: i32) -> Self {
            let mut shell = Command::new("sh");
            Self(shell.args(["-c", "while :; do :; done"]).process_group(group).spawn().unwrap())
        }

        fn used(&self) -> u64 {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
            Process::read(&stat).unwrap().used
        }

        /// However busy the machine is.
        fn wait_for(&self, ticks: u64) {
            let until = self.used() + ticks;
            while self.used() < until {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }

    impl Drop for Loop {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    #[test]
    fn a_loop_of_somebody_else_is_seen_and_ours_is_not() {
        // The same loop is somebody else's to one meter and ours to the other, in the same time.
        let busy = Loop::in_group(0);
        let (outer, inner) = (Meter::start([]).unwrap(), Meter::start([busy.0.id()]).unwrap());
        busy.wait_for(100);
        let (with, without) = (outer.elsewhere().unwrap(), inner.elsewhere().unwrap());
        let processors = u32::try_from(thread::available_parallelism().unwrap().get()).unwrap();
        let seconds = outer.started.elapsed().as_secs_f64();
        // The loop took at least a second of one processor.
        let least = 0.7 / (seconds * f64::from(processors));
        assert!(
            with - without > least,
            "{with} with the loop and {without} without it, at least {least} apart"
        );
    }
}
