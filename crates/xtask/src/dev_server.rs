//! Trunk's `pre_build` hook: a server on port 8081 for as long as `trunk serve` runs.
//!
//! Trunk waits for this hook before it builds the app, so both may share the target directory.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::{CommandExt, parent_id};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};

use crate::process::{self, STEP};
use crate::workspace::Workspace;

/// Trunk.toml's proxy leads here.
const PORT: u16 = 8081;
/// Trunk.toml's own port, unless the command line names another.
const TRUNK_PORT: &str = "8080";
/// A server on this machine that has not answered by now does not work.
const ANSWER: Duration = Duration::from_secs(1);
const START: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

/// Starts the server unless one answers; does nothing when trunk only builds.
pub fn run(workspace: &Workspace) -> Result<()> {
    let Some(trunk) = Trunk::of_this_hook() else {
        return Ok(());
    };
    let log = workspace.target.join("dev-server.log");
    if is_up() {
        if changed_since(workspace, &log) {
            println!("The server's code has changed: start `trunk serve` anew to use it.");
        }
        return Ok(());
    }
    let mut cargo = workspace.cargo();
    process::run(cargo.args(["build", "--quiet", "--package", "snaproom-server"]), STEP)?;
    let server = start(workspace, &trunk, &log)?;
    wait_until_up(server, &log)
}

/// The trunk that runs this hook.
struct Trunk {
    pid: u32,
    port: String,
}

impl Trunk {
    /// Looks up the line of parents, since a `cargo run` or a shell may stand in between.
    fn of_this_hook() -> Option<Self> {
        let mut pid = parent_id();
        for _ in 0..6 {
            let (parent, arguments) = look_up(pid)?;
            if is_trunk(&arguments) {
                let port = serving_port(&arguments)?;
                return Some(Self { pid, port });
            }
            pid = parent;
        }
        None
    }
}

/// The parent and the command line of a process.
fn look_up(pid: u32) -> Option<(u32, Vec<String>)> {
    if let Ok(bytes) = fs::read(format!("/proc/{pid}/cmdline")) {
        let arguments = bytes.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned());
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        return Some((parent.trim().parse().ok()?, arguments.collect()));
    }
    // Where there is no /proc, as on macOS.
    let mut ps = Command::new("ps");
    let line = process::probe(ps.args(["-o", "ppid=,command=", "-p", &pid.to_string()]))?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let parent = words.next()?.parse().ok()?;
    Some((parent, words.collect()))
}

fn is_trunk(arguments: &[String]) -> bool {
    let program = arguments.first().map(Path::new);
    program.is_some_and(|path| path.file_name().is_some_and(|name| name == "trunk"))
}

/// The port of a `trunk serve`; `None` for a build, a watch or a clean.
fn serving_port(arguments: &[String]) -> Option<String> {
    let serve = arguments.iter().position(|word| word == "serve")?;
    let rest = &arguments[serve..];
    let named = rest.iter().enumerate().find_map(|(at, word)| match word.as_str() {
        "--port" | "-p" => rest.get(at + 1).cloned(),
        _ => word.strip_prefix("--port=").map(str::to_owned),
    });
    Some(named.unwrap_or_else(|| TRUNK_PORT.to_owned()))
}

fn start(workspace: &Workspace, trunk: &Trunk, log: &Path) -> Result<Child> {
    // A new file, whose age is this server's; there may have been none.
    let _ = fs::remove_file(log);
    let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut server = workspace.command(workspace.target.join("debug/snaproom"));
    server
        .args(["--listen", &format!("127.0.0.1:{PORT}")])
        .args(["--exit-with-pid", &trunk.pid.to_string()])
        .stdin(Stdio::null())
        .stderr(output.try_clone()?)
        .stdout(output)
        // Ctrl-C is for trunk; the server follows when trunk has gone.
        .process_group(0);
    for host in ["localhost", "127.0.0.1"] {
        server.args(["--origin", &format!("http://{host}:{}", trunk.port)]);
    }
    server.spawn().context("cannot start the server")
}

fn wait_until_up(mut server: Child, log: &Path) -> Result<()> {
    let end = Instant::now() + START;
    while !is_up() {
        let ended = server.try_wait()?;
        if ended.is_some() || Instant::now() >= end {
            let said = fs::read_to_string(log).unwrap_or_default();
            bail!("the server on port {PORT} did not start:\n{said}");
        }
        thread::sleep(POLL);
    }
    println!("The server answers on port {PORT}; its log is {}", log.display());
    Ok(())
}

fn is_up() -> bool {
    answers(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))).unwrap_or(false)
}

/// Whether `/healthz` says 200 there.
fn answers(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(&status == b"HTTP/1.1 200")
}

/// Whether a source of the server is newer than the log, which is written from its start on.
fn changed_since(workspace: &Workspace, log: &Path) -> bool {
    let Ok(started) = fs::metadata(log).and_then(|data| data.created()) else {
        return false;
    };
    ["crates/server/src", "crates/protocol/src"]
        .iter()
        .any(|folder| newest(&workspace.root.join(folder)).is_some_and(|time| time > started))
}

/// The last change of any file below `folder`.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    entries
        .filter_map(|entry| {
            let data = entry.metadata().ok()?;
            if data.is_dir() { newest(&entry.path()) } else { data.modified().ok() }
        })
        .max()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn only_serving_wants_a_server() {
        assert_eq!(serving_port(&words("trunk serve")).as_deref(), Some("8080"));
        assert_eq!(serving_port(&words("trunk -v serve --port 9000")).as_deref(), Some("9000"));
        assert_eq!(serving_port(&words("trunk serve -p 9000")).as_deref(), Some("9000"));
        assert_eq!(serving_port(&words("trunk serve --port=9000")).as_deref(), Some("9000"));
        assert_eq!(serving_port(&words("trunk build --release")), None);
        assert!(is_trunk(&words("some/bin/trunk serve")));
        assert!(!is_trunk(&words("cargo run trunk")));
        assert!(!is_trunk(&[]));
    }

    #[test]
    fn this_process_is_found() {
        let (parent, arguments) = look_up(std::process::id()).unwrap();
        assert_eq!(parent, parent_id());
        assert!(arguments[0].contains("xtask"), "{arguments:?}");
    }

    #[test]
    fn health_is_a_200_and_nothing_else() {
        for (reply, healthy) in [("HTTP/1.1 200 OK\r\n\r\n", true), ("HTTP/1.1 404 Not Found\r\n\r\n", false)]
        {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let server = thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 512];
                let length = stream.read(&mut request).unwrap();
                assert!(request[..length].starts_with(b"GET /healthz "));
                stream.write_all(reply.as_bytes()).unwrap();
            });
            assert_eq!(answers(address).unwrap(), healthy);
            server.join().unwrap();
            assert!(answers(address).is_err(), "nobody listens there any more");
        }
    }
}
