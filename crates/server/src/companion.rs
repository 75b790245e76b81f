//! A process whose end is ours, too.

use std::{fs, process::Command, time::Duration};

use tokio::time;

/// Resolves when the process is gone.
pub async fn gone(companion: Option<Process>) {
    let Some(process) = companion else { return std::future::pending().await };
    while process.is_running() {
        time::sleep(Duration::from_secs(1)).await;
    }
}

/// A process of somebody else. An id alone is not enough: the system gives it to a new process some day.
pub struct Process {
    id: u32,
    start: String,
}

impl Process {
    pub fn find(id: u32) -> Result<Self, String> {
        let start =
            Self::start(id).ok_or_else(|| format!("--exit-with-pid: there is no process {id} to be seen"))?;
        Ok(Self { id, start })
    }

    fn is_running(&self) -> bool {
        Self::start(self.id).as_ref() == Some(&self.start)
    }

    /// When the process started, in the system's own words; none if it ended, waited for (zombie) or not.
    fn start(id: u32) -> Option<String> {
        let (state, start) = if cfg!(target_os = "linux") {
            // proc_pid_stat(5): the name in parentheses may hold anything; after it come the state as field 3 and
            // the start as field 22.
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
            (fields.next()?.to_owned(), fields.nth(18)?.to_owned())
        } else {
            let ps = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &id.to_string()]).output().ok()?;
            let line = String::from_utf8(ps.stdout).ok()?;
            let (state, start) = line.trim().split_once(' ')?;
            (state.to_owned(), start.trim().to_owned())
        };
        (!state.starts_with(['Z', 'X'])).then_some(start)
    }
}
