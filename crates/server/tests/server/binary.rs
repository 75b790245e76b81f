//! The binary `snaproom`: its flags, its one line, its signals, its silence about what passes through it.

use std::{net::SocketAddr, process::Stdio};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use snaproom_protocol::server::FromServer;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
};

use crate::harness::{Tab, get, join_message, relay, relayed, room, within};

pub fn snaproom(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snaproom"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.env("NO_COLOR", "1").env_remove("RUST_LOG");
    // Settings of whoever runs the tests are none of theirs.
    let settings = std::env::vars_os().map(|(name, _)| name);
    for setting in settings.filter(|name| name.to_string_lossy().starts_with("SNAPROOM_")) {
        command.env_remove(setting);
    }
    command
}

pub struct Running {
    pub child: Child,
    stdout: BufReader<ChildStdout>,
    pub address: SocketAddr,
}

impl Running {
    pub async fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        within(stdout.read_line(&mut line)).await.unwrap();
        let address = line.strip_prefix("snaproom is listening on http://").expect(&line);
        let address = address.strip_suffix('\n').unwrap().parse().unwrap();
        Self { child, stdout, address }
    }

    /// Where it says that its metrics are; it has to be started with `--log-json`.
    pub async fn metrics_address(&mut self) -> SocketAddr {
        let log = self.child.stderr.as_mut().unwrap();
        let mut line = Vec::new();
        // No further: what comes after it stays for others.
        while !line.ends_with(b"\n") {
            line.push(within(log.read_u8()).await.unwrap());
        }
        let line = String::from_utf8(line).unwrap();
        // A JSON object a line.
        assert!(line.starts_with("{\"timestamp\"") && line.ends_with("}\n"), "{line}");
        line.split("http://").nth(1).unwrap().split("/metrics").next().unwrap().parse().unwrap()
    }

    /// Waits for the end, which has to be a success; what stood in stderr.
    async fn ended(mut self) -> String {
        let status = within(self.child.wait()).await.unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
        assert!(status.success(), "{log}");
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "", "stdout has one line");
        log
    }
}

async fn signal(child: &Child, name: &str) {
    let command = format!("kill -{name} {}", child.id().unwrap());
    assert!(within(Command::new("sh").args(["-c", &command]).status()).await.unwrap().success());
}

#[tokio::test]
async fn it_says_where_it_listens_and_stops_when_asked() {
    for name in ["TERM", "INT"] {
        let running = Running::start(snaproom(&["--listen", "127.0.0.1:0", "--room-capacity", "2"])).await;
        assert_eq!(get(running.address, "/healthz").await.body, "ok");
        let (mut tab, welcome) = Tab::join(running.address, room(1), 1).await;
        assert_eq!(welcome.capacity, 2);
        signal(&running.child, name).await;
        tab.is_told_to_come_back().await;
        assert!(running.ended().await.contains("stopping"));
    }
}

#[tokio::test]
async fn it_ends_with_its_companion() {
    for reap in [true, false] {
        let mut companion = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let id = companion.id().to_string();
        let running = Running::start(snaproom(&["--listen", "127.0.0.1:0", "--exit-with-pid", &id])).await;
        assert_eq!(get(running.address, "/healthz").await.body, "ok");
        companion.kill().unwrap();
        if reap {
            companion.wait().unwrap();
        }
        running.ended().await;
        companion.wait().unwrap();
    }
}

#[tokio::test]
async fn wrong_flags_are_refused_by_name() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (args, name) in [
        (["--listen", &taken], "--listen"),
        (["--listen", "nowhere"], "--listen"),
        (["--app", "/there/is/nothing"], "--app"),
        (["--room-capacity", "0"], "--room-capacity"),
        (["--lease", "3601"], "--lease"),
        (["--origin", "localhost:8080"], "--origin"),
        (["--ice-server", "http://a"], "--ice-server"),
        (["--exit-with-pid", "4294967295"], "--exit-with-pid"),
    ] {
        let output = within(snaproom(&args).output()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(name), "{args:?}: {said}");
        assert_eq!(output.stdout, b"", "{args:?}");
    }
}

#[tokio::test]
async fn what_it_counts_can_be_asked_for_at_an_address_of_its_own() {
    let flags = ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--room-capacity", "2", "--log-json"];
    let mut running = Running::start(snaproom(&flags)).await;
    let address = running.metrics_address().await;

    let (mut ana, _) = Tab::join(running.address, room(1), 1).await;
    let (mut ben, _) = Tab::join(running.address, room(1), 2).await;
    ana.send(&relay(ben.id, b"twelve bytes")).await;
    assert_eq!(ben.next().await, relayed(ana.id, b"twelve bytes"));
    let mut third = Tab::open(running.address).await;
    third.send(&join_message(room(1), 3)).await;
    assert_eq!(third.next().await, FromServer::Full { capacity: 2 });
    third.closed().await;
    let metrics = within(async {
        loop {
            let metrics = get(address, "/metrics").await.body;
            // The third is gone when the server has read its goodbye.
            if metrics.contains("snaproom_sockets 2") {
                return metrics;
            }
        }
    })
    .await;
    for line in [
        "snaproom_rooms 1",
        "snaproom_joins_total 2",
        "snaproom_relayed_total 1",
        "snaproom_relayed_bytes_total 12",
        "snaproom_refusals_total{reason=\"full\"} 1",
    ] {
        assert!(metrics.lines().any(|said| said == line), "{line} is not in\n{metrics}");
    }
    for path in ["/", "/ws", "/healthz"] {
        assert_eq!(get(address, path).await.status, 404, "{path}");
    }
    assert_eq!(get(running.address, "/metrics").await.status, 404);
}

#[tokio::test]
async fn for_a_phone_it_prints_addresses_a_code_and_a_fingerprint() {
    let mut command = snaproom(&["--listen", "0.0.0.0:0", "--tls-self-signed"]);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut text = String::new();
    let fingerprint = within(async {
        loop {
            let line = lines.next_line().await.unwrap().expect(&text);
            text.push_str(&line);
            text.push('\n');
            let bytes = line.trim().split(':').collect::<Vec<_>>();
            if bytes.len() == 32 && bytes.iter().all(|byte| u8::from_str_radix(byte, 16).is_ok()) {
                break line;
            }
        }
    })
    .await;
    println!("{text}");
    assert_eq!(fingerprint.trim().len(), 95);
    assert!(text.starts_with("snaproom is listening on https://0.0.0.0:"), "{text}");
    let port = text.lines().next().unwrap().rsplit(':').next().unwrap().to_owned();
    let reachable =
        text.lines().any(|line| line.starts_with("  https://") && line.ends_with(&format!(":{port}/")));
    // A computer without a network has no address to offer, and no code.
    assert_eq!(reachable, text.contains('█'), "{text}");
    assert!(!text.contains("https://127."), "{text}");
    signal(&child, "TERM").await;
    within(child.wait()).await.unwrap();
}

#[tokio::test]
async fn no_secret_reaches_the_log_at_any_level() {
    let mut command = snaproom(&["--listen", "127.0.0.1:0"]);
    command.env("RUST_LOG", "trace");
    let running = Running::start(command).await;
    let (mut ana, _) = Tab::join(running.address, room(77), 11).await;
    let (mut ben, _) = Tab::join(running.address, room(77), 12).await;
    let envelope = b"an envelope that nobody may read";
    ana.send(&relay(ben.id, envelope)).await;
    assert_eq!(ben.next().await, relayed(ana.id, envelope));
    assert!(matches!(ana.next().await, FromServer::Joined { .. }));
    signal(&running.child, "TERM").await;
    let log = running.ended().await;
    assert!(log.contains(&room(77).to_string()), "the room's id is the control: {log}");
    for secret in [&[11; 32][..], &[12; 32], envelope, &ana.id.0, &ben.id.0] {
        assert!(!log.contains(&URL_SAFE_NO_PAD.encode(secret)), "{log}");
    }
    assert!(!log.contains("an envelope"), "{log}");
}

#[cfg(unix)]
#[tokio::test]
async fn it_takes_as_many_open_files_as_it_may_have() {
    const TABS: u8 = 150;
    for (hard, is_enough) in [("4096", true), ("400", false)] {
        let flags = "--listen 127.0.0.1:0 --max-connections 1000 --log-json";
        let binary = env!("CARGO_BIN_EXE_snaproom");
        let mut command = Command::new("sh");
        // Fewer than connections to begin with.
        command.args(["-c", &format!("ulimit -Sn 100 && ulimit -Hn {hard} && exec {binary} {flags}")]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).env_remove("RUST_LOG");
        let running = Running::start(command).await;
        let mut tabs = Vec::new();
        for n in 0..TABS {
            tabs.push(Tab::join(running.address, room(n), 1).await.0);
        }
        signal(&running.child, "TERM").await;
        let log = running.ended().await;
        assert_eq!(log.contains("too few for 1000 connections"), !is_enough, "{log}");
    }
}

#[tokio::test]
async fn asked_twice_it_stops_as_if_asked_once() {
    let running = Running::start(snaproom(&["--listen", "127.0.0.1:0"])).await;
    let (mut tab, _) = Tab::join(running.address, room(1), 1).await;
    let id = running.child.id().unwrap();
    let twice = format!("kill -TERM {id} && kill -TERM {id} && kill -INT {id}");
    assert!(within(Command::new("sh").args(["-c", &twice]).status()).await.unwrap().success());
    tab.is_told_to_come_back().await;
    running.ended().await;
}

#[tokio::test]
async fn a_folder_without_an_app_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let running = Running::start(snaproom(&["--listen", "127.0.0.1:0", "--app", path])).await;
    signal(&running.child, "TERM").await;
    let log = running.ended().await;
    assert!(log.contains("has no index.html"), "{log}");
}
