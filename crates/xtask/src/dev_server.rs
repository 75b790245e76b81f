//! Trunk's `pre_build` hook: a server on port 8081 for as long as `trunk serve` runs.
//!
//! Trunk waits for this hook before it builds the app, so both may share the target directory.
//! Pages of trunk's port alone may use the server. That port is read from trunk's command line;
//! where that names none it is taken for 8080, so set another one there and not in `TRUNK_SERVE_PORT`.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
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
const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT);
/// Trunk.toml's own port, unless the command line names another.
const TRUNK_PORT: u16 = 8080;
/// A server on this machine that has not answered by now does not work.
const ANSWER: Duration = Duration::from_secs(1);
const START: Duration = Duration::from_secs(20);
/// The server of a trunk that has ended looks once a second whether it has.
const RELEASE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);

/// Starts the server unless this trunk has one; does nothing when trunk only builds.
pub fn run(workspace: &Workspace) -> Result<()> {
    let Some(trunk) = Trunk::of_this_hook() else {
        return Ok(());
    };
    let log = workspace.target.join("dev-server.log");
    let owner = workspace.target.join("dev-server.owner");
    let is_own = fs::read_to_string(&owner).is_ok_and(|noted| noted == trunk.note());
    if answers_or_port_is_free(ADDRESS, is_own, RELEASE)? {
        if changed_since(workspace, &log) {
            println!("The server's code has changed: start `trunk serve` anew to use it.");
        }
        return Ok(());
    }
    let mut cargo = workspace.cargo();
    process::run(cargo.args(["build", "--quiet", "--package", "snaproom-server"]), STEP)?;
    let server = start(workspace, &trunk, &log)?;
    wait_until_up(server, &log)?;
    fs::write(&owner, trunk.note()).with_context(|| format!("cannot write {}", owner.display()))
}

/// Whether our own server answers. If not, the port is free: another's server is waited for, not used,
/// since it ends with another trunk and may admit the pages of another port.
fn answers_or_port_is_free(address: SocketAddr, is_own: bool, limit: Duration) -> Result<bool> {
    let end = Instant::now() + limit;
    loop {
        if is_own && answers(address).unwrap_or(false) {
            return Ok(true);
        }
        match TcpListener::bind(address) {
            Ok(_) => return Ok(false),
            Err(error) if error.kind() != ErrorKind::AddrInUse => {
                return Err(error).with_context(|| format!("the server cannot listen on {address}"));
            }
            Err(_) if Instant::now() >= end => bail!(
                "{address} is in use, but not by a server of this `trunk serve`: end the other `trunk serve`, \
                 or whatever listens there, then start this one anew"
            ),
            Err(_) => thread::sleep(POLL),
        }
    }
}

/// The trunk that runs this hook.
struct Trunk {
    pid: u32,
    port: u16,
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

    /// Which trunk a server belongs to. An id may return, but no server outlives its trunk for so long.
    fn note(&self) -> String {
        format!("the server on port {PORT} is for the trunk on port {}, process {}\n", self.port, self.pid)
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
fn serving_port(arguments: &[String]) -> Option<u16> {
    let serve = arguments.iter().position(|word| word == "serve")?;
    let rest = &arguments[serve..];
    let named = rest.iter().enumerate().find_map(|(at, word)| {
        let value = word.strip_prefix("--port").or_else(|| word.strip_prefix("-p"))?;
        let value = if value.is_empty() { rest.get(at + 1)? } else { value.trim_start_matches('=') };
        value.parse().ok()
    });
    Some(named.unwrap_or(TRUNK_PORT))
}

fn start(workspace: &Workspace, trunk: &Trunk, log: &Path) -> Result<Child> {
    // A new file, whose age is this server's; there may have been none.
    let _ = fs::remove_file(log);
    let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut server = workspace.command(workspace.target.join("debug/snaproom"));
    server
        .args(["--listen", &ADDRESS.to_string()])
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
    while !answers(ADDRESS).unwrap_or(false) {
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

/// Whether `/healthz` says 200 there.
fn answers(address: SocketAddr) -> io::Result<bool> {
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
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn only_serving_wants_a_server() {
        assert_eq!(serving_port(&words("trunk serve")), Some(8080));
        for port in ["--port 9000", "--port=9000", "-p 9000", "-p9000", "-p=9000"] {
            assert_eq!(serving_port(&words(&format!("trunk -v serve --open {port}"))), Some(9000), "{port}");
        }
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

    /// Answers one request with `reply`, then stops to listen.
    fn server(reply: &'static str) -> (SocketAddr, thread::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /healthz "));
            stream.write_all(reply.as_bytes()).unwrap();
        });
        (address, server)
    }

    #[test]
    fn health_is_a_200_and_nothing_else() {
        for (reply, healthy) in [("HTTP/1.1 200 OK\r\n\r\n", true), ("HTTP/1.1 404 Not Found\r\n\r\n", false)]
        {
            let (address, server) = server(reply);
            assert_eq!(answers(address).unwrap(), healthy);
            server.join().unwrap();
            assert!(answers(address).is_err(), "nobody listens there any more");
        }
    }

    #[test]
    fn only_our_own_server_is_used_again() {
        let (address, server) = server("HTTP/1.1 200 OK\r\n\r\n");
        let error = answers_or_port_is_free(address, false, Duration::ZERO).unwrap_err().to_string();
        assert!(error.contains("is in use") && error.contains("start this one anew"), "{error}");
        assert!(answers_or_port_is_free(address, true, Duration::ZERO).unwrap());
        server.join().unwrap();
        assert!(!answers_or_port_is_free(address, true, Duration::ZERO).unwrap(), "it has ended");
    }

    #[test]
    fn a_server_about_to_end_is_waited_for() {
        let (address, server) = server("");
        let ending = thread::spawn(move || {
            thread::sleep(4 * POLL);
            let _ = answers(address);
        });
        assert!(!answers_or_port_is_free(address, false, Duration::from_mins(1)).unwrap());
        ending.join().unwrap();
        server.join().unwrap();
    }

    #[test]
    fn a_server_belongs_to_one_trunk() {
        let [one, other, elsewhere] =
            [(7, 8080), (8, 8080), (7, 9000)].map(|(pid, port)| Trunk { pid, port });
        assert_ne!(one.note(), other.note());
        assert_ne!(one.note(), elsewhere.note());
    }
}
