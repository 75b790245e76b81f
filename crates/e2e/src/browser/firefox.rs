//! Firefox, by geckodriver.

use anyhow::{Result, ensure};
use serde_json::{Map, Value, json};
use thirtyfour::Capabilities;

use super::{DriverProgram, Program};
use crate::{Launch, launch::Camera};

/// As Debian calls the one with long support.
const FIREFOX: Program = Program { variable: "FIREFOX", name: "firefox-esr" };

pub(super) const DRIVER: DriverProgram = DriverProgram {
    program: Program { variable: "GECKODRIVER", name: "geckodriver" },
    // Without the second one every Firefox of this machine would want the same port for BiDi.
    arguments: &["--port=0", "--websocket-port=0"],
    // `1796021678396	geckodriver	INFO	Listening on 127.0.0.1:12345`
    announcement: "Listening on 127.0.0.1:",
    wants_home: true,
};

/// The driver makes a new profile in its temporary folder.
pub(super) fn wishes(launch: &Launch) -> Result<Capabilities> {
    ensure!(launch.cameras == 1, "Firefox has one fake camera, not {}", launch.cameras);
    ensure!(launch.film.is_none(), "Firefox's fake camera shows no film");
    let options = json!({ "binary": FIREFOX.find()?, "args": ["-headless"], "prefs": preferences(launch) });
    let mut wishes = Capabilities::new();
    wishes.set("browserName", "firefox")?;
    wishes.set("webSocketUrl", true)?;
    wishes.set("moz:firefoxOptions", options)?;
    Ok(wishes)
}

fn preferences(launch: &Launch) -> Map<String, Value> {
    let mut preferences = Map::new();
    let mut set = |name: &str, value: Value| preferences.insert(name.to_owned(), value);
    set("media.navigator.streams.fake", (launch.camera != Camera::Missing).into());
    set("media.navigator.permission.disabled", (launch.camera == Camera::Allowed).into());
    if launch.camera == Camera::Denied {
        // 2 is `nsIPermissionManager::DENY_ACTION`.
        set("permissions.default.camera", 2.into());
    }
    // Names of mDNS, which hide addresses from pages without a camera, resolve in few containers.
    set("media.peerconnection.ice.obfuscate_host_addresses", launch.names_addresses.into());
    let neighbours = launch.place.neighbours();
    if neighbours.is_empty() {
        // Two browsers of a machine without a network have nothing else in common.
        set("media.peerconnection.ice.loopback", true.into());
    } else {
        // Plain http from another host is no secure context, and would have neither cameras nor cryptography.
        let hosts: Vec<String> = neighbours.iter().map(ToString::to_string).collect();
        set("dom.securecontext.allowlist", hosts.join(",").into());
    }
    preferences
}
