//! Chromium, by chromedriver.

use std::path::Path;

use anyhow::Result;
use serde_json::json;
use thirtyfour::Capabilities;

use super::{DriverProgram, Program};
use crate::{Launch, Tab, launch::Camera};
#[cfg(target_os = "linux")]
use crate::{Server, rig::NEIGHBOURHOOD};

const CHROMIUM: Program = Program { variable: "CHROMIUM", name: "chromium" };

pub(super) const DRIVER: DriverProgram = DriverProgram {
    program: Program { variable: "CHROMEDRIVER", name: "chromedriver" },
    arguments: &["--port=0"],
    // `ChromeDriver was started successfully on port 12345.`
    announcement: "successfully on port ",
    wants_home: false,
};

/// What every browser here is started with.
const FLAGS: [&str; 6] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
];

/// Names of mDNS, which hide addresses from pages without a camera, resolve in few containers.
const BARE_ADDRESSES: &str = "--disable-features=WebRtcHideLocalIpsWithMdns";

pub(super) fn wishes(launch: &Launch, folder: &Path) -> Result<Capabilities> {
    let mut flags = FLAGS.map(str::to_owned).to_vec();
    flags.push(format!("--user-data-dir={}", folder.join("profile").display()));
    if !launch.names_addresses {
        flags.push(BARE_ADDRESSES.to_owned());
    }
    if launch.camera != Camera::Missing {
        flags.push(format!("--use-fake-device-for-media-stream=device-count={}", launch.cameras));
    }
    if launch.camera == Camera::Allowed {
        flags.push("--use-fake-ui-for-media-stream".to_owned());
    }
    if let Some(film) = &launch.film {
        flags.push(format!("--use-file-for-fake-video-capture={}", film.path().display()));
    }
    flags.extend(place_flags(launch));
    let mut wishes = Capabilities::new();
    wishes.set("browserName", "chrome")?;
    wishes.set("goog:chromeOptions", json!({ "binary": CHROMIUM.find()?, "args": flags }))?;
    wishes.set("goog:loggingPrefs", json!({ "browser": "ALL" }))?;
    Ok(wishes)
}

pub(super) async fn prepare(tab: &Tab, launch: &Launch) -> Result<()> {
    if launch.camera == Camera::Denied {
        tab.set_camera_permission("denied").await?;
    }
    Ok(())
}

/// Plain http from another host is no secure context, and would have neither cameras nor cryptography. Names are known
/// to nobody there; the browser's own first page would wait half a minute for one.
#[cfg(target_os = "linux")]
fn place_flags(launch: &Launch) -> Vec<String> {
    let neighbours = launch.place.neighbours();
    if neighbours.is_empty() {
        return Vec::new();
    }
    let origins: Vec<String> =
        neighbours.iter().map(|address| format!("http://{address}:{}", Server::PORT)).collect();
    vec![
        format!("--unsafely-treat-insecure-origin-as-secure={}", origins.join(",")),
        format!("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {NEIGHBOURHOOD}, EXCLUDE 127.0.0.1"),
    ]
}

#[cfg(not(target_os = "linux"))]
fn place_flags(_: &Launch) -> Vec<String> {
    Vec::new()
}
