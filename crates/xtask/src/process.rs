//! Running other programs: each with a limit, each failure a sentence that names the command.
//!
//! A step's programs, down to the browser that a test's driver started, end with the step and with us.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// For what only asks.
pub const QUICK: Duration = Duration::from_mins(1);
/// For one build or one suite of tests; the browsers' take half of that on two processors.
pub const STEP: Duration = Duration::from_hours(1);

const POLL: Duration = Duration::from_millis(50);
/// A daemon that left its process group may hold the pipe open; nobody waits longer than this for it.
const DRAIN: Duration = Duration::from_secs(2);

/// Runs `command` with its output going to the terminal.
pub fn run(command: &mut Command, limit: Duration) -> Result<()> {
    let group = Group::new()?;
    run_in_foreground(command.process_group(group.id()), limit)
}

/// The same in the terminal's own process group: only there may sudo ask for a password.
pub fn run_in_foreground(command: &mut Command, limit: Duration) -> Result<()> {
    let mut child = spawn(command)?;
    let end = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait().context("cannot wait for the command")? {
            break status;
        }
        if Instant::now() >= end {
            return overdue(&mut child, command, limit);
        }
        thread::sleep(POLL);
    };
    judge(command, status)
}

/// Runs `command`, printing each line of its stdout and showing it to `seen`.
pub fn run_lines(
    command: &mut Command,
    limit: Duration,
    mut seen: impl FnMut(&str) -> Result<()>,
) -> Result<()> {
    stream(command, limit, |line| {
        // A closed terminal is no reason to lose the step's result.
        let _ = writeln!(std::io::stdout(), "{line}");
        seen(line)
    })
}

/// What `command` writes to its stdout.
pub fn output(command: &mut Command, limit: Duration) -> Result<String> {
    let mut text = String::new();
    stream(command, limit, |line| {
        text.push_str(line);
        text.push('\n');
        Ok(())
    })?;
    Ok(text)
}

/// The same, for asking whether a program is there at all: any failure is "no".
pub fn probe(command: &mut Command) -> Option<String> {
    output(command.stderr(Stdio::null()), QUICK).ok()
}

fn stream(command: &mut Command, limit: Duration, mut line: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let group = Group::new()?;
    let mut child = spawn(command.process_group(group.id()).stdout(Stdio::piped()))?;
    let mut group = Some(group);
    let stdout = child.stdout.take().context("the command has no stdout")?;
    let (sender, lines) = sync_channel(256);
    // Not joined: it ends with the pipe, or with us.
    thread::spawn(move || forward(BufReader::new(stdout), &sender));

    let end = Instant::now() + limit;
    let mut ended: Option<(ExitStatus, Instant)> = None;
    loop {
        match lines.recv_timeout(POLL) {
            Ok(text) => {
                if let Err(error) = line(&text) {
                    end_now(&mut child);
                    return Err(error);
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                if ended.is_some_and(|(_, at)| at.elapsed() > DRAIN) {
                    break;
                }
            }
        }
        if ended.is_none() {
            ended = child.try_wait()?.map(|status| {
                // Nobody but a daemon writes into the pipe from here on.
                drop(group.take());
                (status, Instant::now())
            });
        }
        if ended.is_none() && Instant::now() >= end {
            return overdue(&mut child, command, limit);
        }
    }
    match ended {
        Some((status, _)) => judge(command, status),
        None => judge(command, child.wait()?),
    }
}

fn forward(mut stdout: impl BufRead, lines: &SyncSender<String>) {
    let mut bytes = Vec::new();
    while matches!(stdout.read_until(b'\n', &mut bytes), Ok(read) if read > 0) {
        let text = String::from_utf8_lossy(&bytes);
        if lines.send(text.trim_end().to_owned()).is_err() {
            return;
        }
        bytes.clear();
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    // No step may wait for a person: CI has none.
    command.stdin(Stdio::null());
    command.spawn().with_context(|| format!("cannot start {}", describe(command)))
}

fn overdue(child: &mut Child, command: &Command, limit: Duration) -> Result<()> {
    end_now(child);
    bail!("no end within {} s: {}", limit.as_secs(), describe(command))
}

fn end_now(child: &mut Child) {
    // Root's processes are not ours to kill, and waiting for one could take for ever.
    if child.kill().is_ok() {
        let _ = child.wait();
    }
}

/// A process group that is killed when this is dropped, and also when Ctrl-C or anything else ends us.
struct Group {
    /// The group's leader, blocked on a pipe that closes with its other end, which only we hold.
    leash: Child,
}

impl Group {
    fn new() -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", "read -r _; kill -KILL 0"]).process_group(0).stdin(Stdio::piped());
        Ok(Self { leash: shell.spawn().context("cannot start sh")? })
    }

    /// The leader is waited for only on drop, so until then no other group can get this id.
    fn id(&self) -> i32 {
        self.leash.id().cast_signed()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // `wait` closes the pipe first; the shell ends with its group.
        let _ = self.leash.wait();
    }
}

fn judge(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("{status}: {}", describe(command))
}

/// The command as a person would type it.
pub fn describe(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_output_and_the_failure_are_both_told() {
        assert_eq!(output(&mut shell("echo a; echo b"), QUICK).unwrap(), "a\nb\n");
        let error = run(&mut shell("exit 3"), QUICK).unwrap_err().to_string();
        assert!(error.contains('3') && error.contains("sh -c exit 3"), "{error}");
        assert!(probe(&mut Command::new("no-such-program-here")).is_none());
    }

    /// How long `work` and every process holding `pipe` take to end; each test's processes want a minute.
    fn time_until_closed(mut pipe: impl Read, work: impl FnOnce()) -> Duration {
        let started = Instant::now();
        work();
        pipe.read_to_end(&mut Vec::new()).unwrap();
        started.elapsed()
    }

    #[test]
    fn what_never_ends_is_ended_with_all_that_it_started() {
        let limit = Duration::from_millis(200);
        let (held, writer) = std::io::pipe().unwrap();
        let took = time_until_closed(held, || {
            let error = run(shell("sleep 60 & sleep 60").stdout(writer), limit).unwrap_err();
            assert!(error.to_string().contains("no end within"), "{error}");
        });
        assert!(took < Duration::from_secs(50), "{took:?}");
        let (held, writer) = std::io::pipe().unwrap();
        let took = time_until_closed(held, || {
            let error = output(shell("sleep 60 & sleep 60").stderr(writer), limit).unwrap_err();
            assert!(error.to_string().contains("no end within"), "{error}");
        });
        assert!(took < Duration::from_secs(50), "{took:?}");
    }

    #[test]
    fn what_a_command_leaves_behind_ends_with_it() {
        let (held, writer) = std::io::pipe().unwrap();
        let took = time_until_closed(held, || {
            assert_eq!(output(shell("sleep 60 & echo done").stderr(writer), QUICK).unwrap(), "done\n");
        });
        assert!(took < Duration::from_secs(50), "{took:?}");
    }

    #[test]
    fn an_interrupted_xtask_takes_its_step_along() {
        const INSIDE: &str = "SNAPROOM_TEST_INTERRUPTED";
        if std::env::var_os(INSIDE).is_some() {
            return run(&mut shell("echo started; sleep 60 & sleep 60"), QUICK).unwrap();
        }
        // This very test once more, in a process that may be interrupted.
        let mut xtask = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "process::tests::an_interrupted_xtask_takes_its_step_along"])
            .env(INSIDE, "yes")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut held = BufReader::new(xtask.stdout.take().unwrap());
        let started = held.by_ref().lines().any(|line| line.unwrap().ends_with("started"));
        assert!(started, "the step did not start");
        let took = time_until_closed(held, || {
            run(Command::new("kill").args(["-INT", &xtask.id().to_string()]), QUICK).unwrap();
            assert!(!xtask.wait().unwrap().success());
        });
        assert!(took < Duration::from_secs(50), "{took:?}");
    }
}
