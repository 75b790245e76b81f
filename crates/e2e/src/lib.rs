//! Real browsers against the real server: what a person does and sees, from the outside alone.
//!
//! ```no_run
//! # async fn sample() -> anyhow::Result<()> {
//! use snaproom_e2e::{Server, Tab};
//!
//! let server = Server::start().await?;
//! let alice = Tab::with_camera().open(&server.url()).await?;
//! let bob = Tab::with_camera().open(&alice.link().await?).await?;
//! alice.wait_status("connected").await?;
//! let photo = alice.snap_and_send().await?;
//! assert_eq!(bob.wait_photo(&photo.item).await?, photo);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`Server`] | the binary `snaproom` with the built app, on a port of its own |
//! | [`Browser`] | Chromium or Firefox, and what differs between them |
//! | `driver` | a chromedriver or geckodriver that cannot outlive the test |
//! | [`Tab`] | a window of a browser of its own |
//! | [`Launch`] | which browser, with which camera, and what is injected before the page's first script |
//! | `bidi` | what Firefox has instead of the Chrome `DevTools` Protocol |
//! | `page` | the page in a person's words: status, peers, snap, send, trail |
//! | `files` | files: given, accepted, stopped, saved |
//! | `call` | calls, and what really comes over the connections |
//! | `chat` | what people write |
//! | `keyboard` | the same without a mouse |
//! | `faults` | what happens to tabs: frozen, throttled, out of storage, without their camera, crashed |
//! | [`Proxy`] | a line to the server that can be cut, silent, slow, and lose single messages |
//! | [`Blank`] | a page with nothing in it, to see a fault without the app |
//! | [`Gauge`] | what a tab takes of the machine |
//! | [`Taken`] | what a page holds of its browser: connections, channels, sockets, listeners, locks |
//! | [`History`] | what a page has said and done since it was loaded, what was there for a moment included |
//! | [`Coturn`] | a relay that is not ours, on a host of the bad network |
//! | [`Apart`] | two people and their server, each on a host of its own |
//! | [`State`], [`Stage`] | every state of the page, and the way to it |
//! | `axe` | what keeps people out |
//! | [`Screen`], [`Theme`], [`Film`] | how the page looks, and what its camera sees |
//! | `place` | where a program runs: on this machine, or on a host of the bad network |
//! | `rig` | the bad network |
//!
//! Each tab is a browser of its own, so that several are visible at once and none is throttled. `cargo xtask
//! test e2e` names the programs in `SNAPROOM_SERVER`, `SNAPROOM_APP`, `SNAPROOM_INSECURE_APP`, `SNAPROOM_AXE`,
//! `CHROMEDRIVER`, `CHROMIUM`, `GECKODRIVER` and `FIREFOX`; without them the workspace's own build and the programs on
//! PATH are taken. What is missing fails the test.
//!
//! With `SNAPROOM_LONG` set, the tests that can be longer are: 500 cycles of joining and leaving, 150 s without a path,
//! 200 policies of a malicious server.
//!
//! # The bad network
//!
//! On Linux browsers and the server can be on hosts of their own, in network namespaces, with paths between them that
//! are as bad as a test wants. It needs the rights of root, `ip` and `nft`, and leaves no namespace, device or process
//! behind, also when the test is killed.
//!
#![cfg_attr(target_os = "linux", doc = "```no_run")]
#![cfg_attr(not(target_os = "linux"), doc = "```ignore")]
//! # async fn sample() -> anyhow::Result<()> {
//! use std::time::Duration;
//! use snaproom_e2e::{Conditions, Nat, Network, Server, Tab};
//!
//! let network = Network::new()?; // its luck comes from SNAPROOM_SEED, or is printed
//! let (home, office, cloud) = (network.host_behind(Nat::PortRestricted)?, network.host()?, network.host()?);
//! let server = Server::start_on(&cloud).await?;
//! let alice = Tab::with_camera().on(&home).open(&server.url()).await?;
//! let bob = Tab::without_camera().on(&office).open(&alice.link().await?).await?;
//!
//! let path = network.between(&home, &office);
//! path.set(Conditions { loss: 0.05, delay: Duration::from_millis(50), ..Conditions::PERFECT });
//! let photo = alice.snap_and_send().await?;
//! assert_eq!(bob.wait_photo(&photo.item).await?, photo);
//! assert!(path.counters().lost > 0); // the fault was applied
//! path.to(&office).set(Conditions::DOWN); // one direction alone
//! office.block_udp()?;
//! # Ok(())
//! # }
//! ```

#[cfg(target_os = "linux")]
mod apart;
mod axe;
mod bidi;
mod blank;
mod browser;
mod call;
mod chat;
#[cfg(target_os = "linux")]
mod coturn;
mod driver;
mod faults;
mod files;
mod film;
mod history;
mod keyboard;
mod launch;
mod memory;
mod page;
mod place;
pub mod proxy;
#[cfg(target_os = "linux")]
pub mod rig;
mod screen;
mod server;
mod stage;
mod states;
mod tab;
mod taken;

pub use apart::Apart;
pub use blank::Blank;
pub use browser::Browser;
pub use call::{Played, call_camera, in_call};
pub use chat::Message;
#[cfg(target_os = "linux")]
pub use coturn::Coturn;
pub use files::{Listed, ensure_same, make_file, photo_with_position};
pub use film::Film;
pub use history::{Connection, History, Said, now};
pub use launch::Launch;
pub use memory::Gauge;
pub use page::{Peer, Photo, Transfer, two_tabs};
pub use proxy::Proxy;
#[cfg(target_os = "linux")]
pub use rig::{Conditions, Host, Nat, Network};
pub use screen::{Screen, Theme};
pub use server::{Options, Relay, Server, Serves, server_binary};
pub use stage::Stage;
pub use states::{State, quick_states, states};
pub use tab::Tab;
pub use taken::Taken;

use std::{
    env,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Context;

/// What anything on one machine takes at most; a failure is then told with the page's state.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Whether there is time for the long runs: `SNAPROOM_LONG` is set.
#[must_use]
pub fn is_long_run() -> bool {
    env::var_os("SNAPROOM_LONG").is_some()
}

/// Between two looks.
const POLL: Duration = Duration::from_millis(50);

/// What stands in the workspace's target folder: a test is target/debug/deps/NAME.
fn built(path: &str) -> anyhow::Result<PathBuf> {
    let test = env::current_exe()?;
    Ok(test.ancestors().nth(3).context("no target directory")?.join(path))
}

/// Looks every 50 ms until `look` has an answer; none when that takes longer than `limit`.
pub async fn poll<T>(
    limit: Duration,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<Option<T>> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        if Instant::now() >= end {
            return Ok(None);
        }
        tokio::time::sleep(POLL).await;
    }
}
