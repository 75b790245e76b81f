//! What a tab costs that sits in a room and says nothing.
//!
//! `SNAPROOM_SOCKETS=9900 cargo test --release -p snaproom-server --test server idle` opens that many; the system has to
//! allow twice as many open files. Without `--release` it takes longer than the server waits for an answer to its pings.

use std::{env, fs};

use crate::{
    binary::{Running, snaproom},
    harness::{Tab, get, relay, relayed, room, take_files},
};

/// In CI. With fewer, what the process takes anyway weighs more than they do.
const SOCKETS: u32 = 400;

/// Bytes for each, resident.
const LIMIT: u64 = 10_000;

/// Bytes of the process with this id.
fn resident(process: u32) -> u64 {
    memory(process, "VmRSS:")
}

/// The most that they ever were.
pub fn peak(process: u32) -> u64 {
    memory(process, "VmHWM:")
}

fn memory(process: u32, what: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn an_idle_tab_takes_ten_kilobytes_at_most() {
    let sockets = env::var("SNAPROOM_SOCKETS").ok().and_then(|text| text.parse().ok()).unwrap_or(SOCKETS);
    take_files();
    let bounds = [
        "--connections-per-address",
        "--joins-per-second",
        "--messages-per-second",
        "--max-connections",
        "--max-rooms",
    ];
    let mut flags = vec!["--listen", "127.0.0.1:0"];
    flags.extend(bounds.into_iter().flat_map(|bound| [bound, "100000"]));
    let running = Running::start(snaproom(&flags)).await;
    let process = running.child.id().unwrap();
    // What it takes once for everybody: as many at once as are at work at a time below.
    let mut first = Vec::new();
    for token in 0..8 {
        first.push(Tab::join(running.address, room(255), token).await.0);
    }
    get(running.address, "/healthz").await;
    let before = resident(process);
    let mut tabs = Vec::new();
    for n in 0..sockets {
        // Rooms of eight, who greet each other.
        let (tab, _) = Tab::join(running.address, room_number(n / 8), (n % 8) as u8).await;
        tabs.push(tab);
    }
    // Each has negotiated with the next of its room, as pages do: what that took is gone afterwards.
    let description = vec![7; 12_000];
    for n in 0..tabs.len() {
        let next = if n % 8 == 7 || n + 1 == tabs.len() { n / 8 * 8 } else { n + 1 };
        let (from, to) = (tabs[n].id, tabs[next].id);
        tabs[n].send(&relay(to, &description)).await;
        tabs[next].until(&relayed(from, &description)).await;
    }
    let each = resident(process).saturating_sub(before) / u64::from(sockets);
    println!("{sockets} idle tabs take {each} bytes each, besides {before}");
    assert!(each <= LIMIT, "{each} bytes each");
    drop((tabs, first));
}

fn room_number(n: u32) -> snaproom_protocol::RoomId {
    let mut id = [9; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    snaproom_protocol::RoomId(id)
}
