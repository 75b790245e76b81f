//! Before there is a room, and alone in it.

use snaproom_protocol::server::{FromServer, Ice, IceServer};

use super::{
    ALONE, HIDDEN, NO_SOCKET, NOTICE, Open, PICTURE, State,
    Step::{Click, Hear, RevokeCamera, See, UnplugCamera},
};

pub const STATES: &[State] = &[
    State { name: "loading", open: Open::Script(NO_APP), then: &[See("#startProgress")] },
    State { name: "cannot-start", open: Open::Script(BROKEN_APP), then: &[See("[role=alert]")] },
    State { name: "opening", open: Open::Script(NO_SOCKET), then: &[See(CONNECTING)] },
    State { name: "nowhere", open: Open::Address("nowhere"), then: &[See(".lost a")] },
    State { name: "alone", open: Open::Camera, then: &[See(ALONE), See(PICTURE)] },
    State { name: "typed-room", open: Open::Address("#kitchen"), then: &[See(ALONE), See(PICTURE)] },
    State { name: "camera-unasked", open: Open::Unasked, then: &[See(ALONE), See("#startCamera")] },
    State { name: "camera-starting", open: Open::Script(SLOW_CAMERA), then: &[See(ALONE), See(PROBLEM)] },
    State { name: "camera-denied", open: Open::Denied, then: &[Click("#startCamera"), See(PROBLEM)] },
    State { name: "camera-missing", open: Open::NoCamera, then: &[Click("#startCamera"), See(PROBLEM)] },
    State {
        name: "camera-revoked",
        open: Open::Camera,
        then: &[See(ALONE), See(PICTURE), RevokeCamera, See(PROBLEM)],
    },
    State {
        name: "camera-unplugged",
        open: Open::Camera,
        then: &[See(ALONE), See(PICTURE), UnplugCamera, See(PROBLEM)],
    },
    State {
        name: "share-sheet",
        open: Open::Script(SHARE_SHEET),
        then: &[See(ALONE), See(PICTURE), See("#shareLink")],
    },
    State { name: "link-copied", open: Open::Camera, then: &[See(ALONE), Click("#copyLink"), See(NOTICE)] },
    State {
        name: "invite",
        open: Open::Camera,
        then: &[See(ALONE), Click("#invite"), See("#inviteDialog[open]")],
    },
    State {
        name: "name",
        open: Open::Camera,
        then: &[See(ALONE), Click("#editName"), See("#nameDialog[open]")],
    },
    State {
        name: "relay-offered",
        open: Open::Camera,
        then: &[See(ALONE), See(PICTURE), Hear(RELAY), Click("#editName"), See("#nameDialog[open]")],
    },
    State {
        name: "relay-taken",
        open: Open::Camera,
        then: &[
            See(ALONE),
            See(PICTURE),
            Hear(RELAY),
            Click("#editName"),
            Click("#relayOnly"),
            See(HIDES_ADDRESS),
        ],
    },
    State {
        name: "address-hidden",
        open: Open::Script(HIDDEN),
        then: &[See(ALONE), See(PICTURE), See("#showAddress")],
    },
    State {
        name: "address-hidden-switch",
        open: Open::Script(HIDDEN),
        then: &[See(PICTURE), See("#showAddress"), Click("#editName"), See(HIDES_ADDRESS)],
    },
];

const CONNECTING: &str = "#status[data-state=connecting]";
const PROBLEM: &str = ".gate:not([hidden]) .problem:not(:empty)";
const HIDES_ADDRESS: &str = "#nameDialog[open] #relayOnly[aria-checked=true]";
const RELAY: fn() -> FromServer = || {
    let (urls, username, credential) =
        (vec!["turn:relay.invalid".into()], Some("u".into()), Some("c".into()));
    FromServer::Ice(Ice { servers: vec![IceServer { urls, username, credential }], expires_in: None })
};
/// The camera was allowed before, and takes its time.
const SLOW_CAMERA: &str = "MediaDevices.prototype.getUserMedia = () => new Promise(() => {});";
/// The system has a share sheet, as on phones.
const SHARE_SHEET: &str = "Navigator.prototype.share = async () => {};";
/// The app is asked for and never comes.
const NO_APP: &str = "window.fetch = () => new Promise(() => {});";
/// The app is asked for, and the network is gone.
const BROKEN_APP: &str = "window.fetch = () => Promise.reject(new TypeError('Failed to fetch'));";
