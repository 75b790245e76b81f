//! Running other programs: each with a limit, each failure a sentence that names the command.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// For what only asks.
pub const QUICK: Duration = Duration::from_mins(1);
/// For one build or one suite of tests.
pub const STEP: Duration = Duration::from_mins(30);

const POLL: Duration = Duration::from_millis(50);
/// A browser left behind may hold the pipe open; nobody waits longer than this for it.
const DRAIN: Duration = Duration::from_secs(2);

/// Runs `command` with its output going to the terminal.
pub fn run(command: &mut Command, limit: Duration) -> Result<()> {
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
    let mut child = spawn(command.stdout(Stdio::piped()))?;
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
            ended = child.try_wait()?.map(|status| (status, Instant::now()));
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
    // It may have ended this moment; either way it is gone.
    let _ = child.kill();
    let _ = child.wait();
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

    #[test]
    fn what_never_ends_is_ended() {
        for result in [
            run(&mut shell("exec sleep 600"), Duration::from_millis(200)),
            output(&mut shell("exec sleep 600"), Duration::from_millis(200)).map(drop),
        ] {
            assert!(result.unwrap_err().to_string().contains("no end within"));
        }
    }

    #[test]
    fn a_child_left_behind_with_the_pipe_holds_nobody() {
        let started = Instant::now();
        assert_eq!(output(&mut shell("sleep 60 & echo done"), QUICK).unwrap(), "done\n");
        assert!(started.elapsed() < Duration::from_secs(50));
    }
}
