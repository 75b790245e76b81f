//! Every state of the page, as a table: how the page is opened, and what happens then.
//!
//! The tests of accessibility and of what fits walk all of it, and so do the pictures: a state that is added here is
//! looked at by each of them.

use snaproom_protocol::server::{FromServer, Ice, IceServer, Refusal};

/// A state that a person can meet.
#[derive(Debug)]
pub struct State {
    /// For files and failures.
    pub name: &'static str,
    /// How it begins.
    pub open: Open,
    /// What leads to it from there, in order.
    pub then: &'static [Step],
}

/// How the page is opened.
#[derive(Debug, Clone, Copy)]
pub enum Open {
    /// With a camera that the page may use.
    Camera,
    /// With a camera that the person has not been asked for.
    Unasked,
    /// With a camera that the person refuses.
    Denied,
    /// Without a camera.
    NoCamera,
    /// With a camera, at this address below the server's.
    Address(&'static str),
    /// With this script before the page's own, without waiting for the app.
    Script(&'static str),
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The person clicks what the selector points at.
    Click(&'static str),
    /// The page is waited for, until something is where the selector points.
    See(&'static str),
    /// Somebody else joins, and is connected.
    Join,
    /// Somebody else joins, whose browser answers no offer.
    JoinDeaf,
    /// Whoever else came first is called this from now on.
    Name(&'static str),
    /// Somebody else's browser ends.
    Vanish,
    /// Somebody else closes the window.
    OtherCloses,
    /// The server says that the seat of whoever came first was not kept any longer.
    SeatEnds,
    /// Whoever came first loads the page anew.
    OtherReloads,
    /// Whoever came first goes to a room of their own.
    OtherLeaves,
    /// Whoever came first goes to a new room and asks everybody to come along.
    OtherMoves,
    /// Whoever else is here asks to compare signs.
    OtherAsks,
    /// The device of whoever else is here is another one.
    OtherForgets,
    /// The person compares signs with whoever else is here.
    Compare,
    /// Whoever came first calls everybody.
    OtherCalls,
    /// Everybody else who is asked answers a call, and pictures come.
    OthersAnswer,
    /// The person has what was written unfolded.
    OpenChat,
    /// The person has it folded.
    FoldChat,
    /// The person writes this.
    Write(&'static str),
    /// Whoever came first writes this, and it comes.
    OtherWrites(&'static str),
    /// Whoever came first begins to write.
    OtherTypes,
    /// Whoever came first presses that.
    OtherClicks(&'static str),
    /// From now on the page's browser finds no way to anybody who joins.
    Block,
    /// So many photos of somebody else arrive.
    Receive(usize),
    /// Somebody else holds the button: so many previews arrive, and the originals stay there.
    ReceivePreviews(usize),
    /// Half of a photo of somebody else arrives: its preview shows.
    ReceiveHalf,
    /// The sender of half a photo takes it back.
    TakeBack,
    /// A photo of somebody else arrives that is not the one that was announced.
    ReceiveFalse,
    /// The person snaps a photo.
    Snap,
    /// The person sends a photo, and everybody gets it.
    Send,
    /// The person holds the button, and goes on holding it.
    Hold,
    /// The person sends a photo, and nobody gets all of it.
    SendHalf,
    /// The person takes the camera away from the page.
    RevokeCamera,
    /// The camera's cable is pulled.
    UnplugCamera,
    /// The server is gone.
    ServerEnds,
    /// The socket is gone, and no new one opens, though the page asks for one.
    SocketEnds,
    /// The server says this.
    Hear(fn() -> FromServer),
}

use Step::{
    Block, Click, Compare, FoldChat, Hear, Hold, Join, JoinDeaf, Name, OpenChat, OtherAsks, OtherCalls,
    OtherClicks, OtherCloses, OtherForgets, OtherLeaves, OtherMoves, OtherReloads, OtherTypes, OtherWrites,
    OthersAnswer, Receive, ReceiveFalse, ReceiveHalf, ReceivePreviews, RevokeCamera, SeatEnds, See, Send,
    SendHalf, ServerEnds, Snap, SocketEnds, TakeBack, UnplugCamera, Vanish, Write,
};

/// All of them, from the first visit to the last photo.
pub const STATES: &[State] = &[
    // Before there is a room.
    State { name: "loading", open: Open::Script(NO_APP), then: &[See("#startProgress")] },
    State { name: "cannot-start", open: Open::Script(BROKEN_APP), then: &[See("[role=alert]")] },
    State { name: "opening", open: Open::Script(NO_SOCKET), then: &[See(CONNECTING)] },
    State { name: "nowhere", open: Open::Address("nowhere"), then: &[See(".lost a")] },
    // Alone.
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
    // Calls.
    State {
        name: "calling",
        open: Open::Camera,
        then: &[Join, See(PICTURE), Click("#callButton"), See(IN_CALL)],
    },
    State { name: "ringing", open: Open::Camera, then: &[Join, See(PICTURE), Name(LONG_NAME), OtherCalls] },
    State {
        name: "call-to-join",
        open: Open::Camera,
        then: &[
            Join,
            Join,
            See(PICTURE),
            OtherCalls,
            OthersAnswer,
            Click("#declineCall"),
            See("#ringing[hidden]"),
        ],
    },
    State {
        name: "call",
        open: Open::Camera,
        then: &[Join, See(PICTURE), Name(LONG_NAME), Click("#callButton"), OthersAnswer],
    },
    State {
        name: "call-muted",
        open: Open::Camera,
        then: &[
            Join,
            See(PICTURE),
            Click("#callButton"),
            OthersAnswer,
            Click("#muteButton"),
            Click("#cameraButton"),
            See("#cameraButton[aria-pressed=false]"),
        ],
    },
    State {
        name: "call-still-asked",
        open: Open::Camera,
        then: &[
            Join,
            See(PICTURE),
            Name(LONG_NAME),
            Click("#callButton"),
            OthersAnswer,
            OtherClicks(".askStill"),
            See("#stillAsked:not([hidden])"),
        ],
    },
    State {
        name: "call-recorded",
        open: Open::Camera,
        then: &[
            Join,
            Join,
            See(PICTURE),
            Click("#callButton"),
            OthersAnswer,
            OtherClicks("#recordCall"),
            See(".tile:not(.self) .records:not([hidden])"),
            Click("#recordOwn"),
            See("#recordOwn[aria-pressed=true]"),
        ],
    },
    State {
        name: "call-keys",
        open: Open::Camera,
        then: &[
            Join,
            See(PICTURE),
            Click("#callButton"),
            OthersAnswer,
            Click("#keys"),
            See("#keysDialog[open]"),
        ],
    },
    State {
        name: "call-of-four",
        open: Open::Camera,
        then: &[Join, Join, Join, See(PICTURE), Click("#callButton"), OthersAnswer],
    },
    // What people write.
    State { name: "chat-empty", open: Open::Camera, then: &[See(ALONE), See(PICTURE), OpenChat] },
    State {
        name: "chat",
        open: Open::Camera,
        then: &[
            Join,
            See(PICTURE),
            OpenChat,
            Name("Anna"),
            OtherWrites(
                "Hi! Here is what I meant: https://example.org/a/rather/long/address/that/does/not/fit?into=one&line",
            ),
            OtherWrites(
                "And in code: `cargo test`\n```\nfn main() {\n    println!(\"a line that is longer than anybody's phone is wide\");\n}\n```",
            ),
            Write("Thank you. I will look at it."),
            Write("And there is a second line\nin this one."),
            OtherWrites("שלום"),
            OtherTypes,
        ],
    },
    State {
        name: "chat-unread",
        open: Open::Camera,
        then: &[
            Join,
            See(PICTURE),
            FoldChat,
            OtherWrites("One"),
            OtherWrites("Two"),
            See("#unread:not(:empty)"),
        ],
    },
    State {
        name: "chat-long",
        open: Open::Camera,
        then: &[
            Join,
            Join,
            OpenChat,
            Name(LONG_NAME),
            OtherWrites("WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"),
            Receive(2),
        ],
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
    State {
        name: "address-hidden-together",
        open: Open::Script(HIDDEN),
        then: &[JoinDeaf, See(".peer[data-state=connecting]"), See("#showAddress")],
    },
    // Together.
    State { name: "connecting", open: Open::Camera, then: &[JoinDeaf, See(".peer[data-state=connecting]")] },
    State {
        name: "unreachable",
        open: Open::Camera,
        then: &[See(ALONE), Block, JoinDeaf, See(".peer[data-state=failed]")],
    },
    State {
        name: "one-unreachable",
        open: Open::Camera,
        then: &[Join, Block, JoinDeaf, See(".peer[data-state=failed]")],
    },
    State { name: "connected", open: Open::Camera, then: &[Join] },
    State { name: "together-without-camera", open: Open::NoCamera, then: &[Join] },
    State { name: "three-people", open: Open::Camera, then: &[Join, Join] },
    State { name: "four-people", open: Open::Camera, then: &[Join, Join, Join, Name(LONG_NAME)] },
    State { name: "long-name", open: Open::Camera, then: &[Join, Name(LONG_NAME), Receive(1), Send] },
    State {
        name: "filter",
        open: Open::Camera,
        then: &[Join, See(PICTURE), Click("#filterSelect [value=poster]"), Click("#mirrorSwitch")],
    },
    State { name: "no-filters", open: Open::Script(NO_FILTERS), then: &[See(ALONE), Join, See(PICTURE)] },
    State {
        name: "countdown",
        open: Open::Script(SLOW_CLOCK),
        then: &[
            See(ALONE),
            Join,
            See(PICTURE),
            Click("#timerSelect [value='10']"),
            Click("#snapAndSend"),
            See("#countdown:not(:empty)"),
        ],
    },
    State {
        name: "countdown-stopped",
        open: Open::Camera,
        then: &[
            Join,
            See(PICTURE),
            Click("#timerSelect [value='10']"),
            Click("#snap"),
            See("#countdown:not(:empty)"),
            Click("#snap"),
            See(NOTICE),
        ],
    },
    State { name: "snapped", open: Open::Camera, then: &[Join, Snap] },
    State { name: "sending", open: Open::Camera, then: &[Join, SendHalf] },
    State {
        name: "cancelled",
        open: Open::Camera,
        then: &[Join, SendHalf, Click(".transfer .cancel"), See(".recipient[data-state=cancelled]")],
    },
    State { name: "sent", open: Open::Camera, then: &[Join, Send] },
    State { name: "receiving", open: Open::Camera, then: &[Join, Receive(2), ReceiveHalf] },
    State { name: "previews", open: Open::Camera, then: &[Join, Receive(1), ReceivePreviews(3)] },
    State {
        name: "original-gone",
        open: Open::Camera,
        then: &[Join, ReceivePreviews(2), OtherReloads, See("#trail .transfer[data-state=failed]")],
    },
    State { name: "burst", open: Open::Camera, then: &[Join, See(PICTURE), Hold, See("#burst:not(:empty)")] },
    State { name: "taken-back", open: Open::Camera, then: &[Join, Receive(1), ReceiveHalf, TakeBack] },
    State { name: "refused-photo", open: Open::Camera, then: &[Join, Receive(1), ReceiveFalse] },
    State { name: "trail-1", open: Open::Camera, then: &[Join, Receive(1)] },
    State { name: "trail-12", open: Open::Camera, then: &[Join, Send, Receive(12)] },
    State { name: "trail-100", open: Open::Camera, then: &[Join, Receive(100)] },
    State {
        name: "lightbox",
        open: Open::Camera,
        then: &[Join, Receive(3), Click("#trail .transfer:nth-child(2) .open"), See("#lightbox[open]")],
    },
    State {
        name: "lightbox-preview",
        open: Open::Camera,
        then: &[Join, Receive(1), ReceiveHalf, Click("#trail .open"), See("#lightbox[open]")],
    },
    State {
        name: "lightbox-remove",
        open: Open::Camera,
        then: &[Join, Receive(2), Click("#trail .open"), See("#lightbox[open]"), Click("#lightbox .remove")],
    },
    State {
        name: "leave",
        open: Open::Camera,
        then: &[Join, Receive(1), Click("#newRoom"), See("#leaveDialog[open]")],
    },
    State {
        name: "person",
        open: Open::Camera,
        then: &[Join, Click("#peers .peer button"), See("#personDialog[open] #compare")],
    },
    State {
        name: "signs-awaited",
        open: Open::Camera,
        then: &[
            Join,
            Click("#peers .peer button"),
            Click("#compare"),
            See("#personDialog[open] .buttons:empty, #personDialog[open] .buttons:not(:has(button))"),
        ],
    },
    State {
        name: "signs-wanted",
        open: Open::Camera,
        then: &[Join, OtherAsks, Click("#peers .peer button"), See("#personDialog[open] #compare")],
    },
    State { name: "signs", open: Open::Camera, then: &[Join, Compare] },
    State {
        name: "signs-beside-the-name",
        open: Open::Camera,
        then: &[Join, Compare, Click("#personDialog .close")],
    },
    State {
        name: "verified",
        open: Open::Camera,
        then: &[Join, Compare, Click("#sameSigns"), See(".peer[data-verified=true]")],
    },
    State {
        name: "verified-signs",
        open: Open::Camera,
        then: &[
            Join,
            Compare,
            Click("#sameSigns"),
            Click("#peers .peer button"),
            See("#personDialog[open] #otherSigns"),
        ],
    },
    State {
        name: "another-device",
        open: Open::Camera,
        then: &[
            Join,
            Compare,
            Click("#sameSigns"),
            OtherForgets,
            Click("#peers .peer button"),
            See("#personDialog[open] #compare"),
        ],
    },
    State {
        name: "signs-differ",
        open: Open::Camera,
        then: &[Join, Compare, Click("#otherSigns"), See(".peer[data-state=refused]")],
    },
    State {
        name: "about",
        open: Open::Camera,
        then: &[See(ALONE), Click("#about"), See("#aboutDialog[open]")],
    },
    State {
        name: "take-along",
        open: Open::Camera,
        then: &[Join, Join, Join, Click("#newRoom"), See("#leaveDialog[open] #takeAlong")],
    },
    State {
        name: "take-some-along",
        open: Open::Camera,
        then: &[
            Join,
            Join,
            Receive(1),
            Click("#newRoom"),
            Click("#companions input"),
            See("#leaveDialog[open] #takeAlong"),
        ],
    },
    State { name: "invited", open: Open::Camera, then: &[Join, Receive(1), OtherMoves, See("#invitation")] },
    // When something is wrong.
    State {
        name: "away",
        open: Open::Camera,
        then: &[Join, Receive(1), Vanish, See(".peer[data-state=away]")],
    },
    State {
        name: "photo-waits",
        open: Open::Camera,
        then: &[
            Join,
            SendHalf,
            OtherCloses,
            See(".peer[data-state=away]"),
            See(".recipient[data-state=waiting]"),
        ],
    },
    State {
        name: "photo-waits-for-return",
        open: Open::Camera,
        then: &[Join, SendHalf, OtherCloses, SeatEnds, See(NOBODY), See(".recipient[data-state=waiting]")],
    },
    State {
        name: "half-photo-waits",
        open: Open::Camera,
        then: &[Join, Receive(1), ReceiveHalf, OtherCloses, See("#trail .transfer[data-state=waiting]")],
    },
    State {
        name: "sender-reloaded",
        open: Open::Camera,
        then: &[Join, Receive(1), ReceiveHalf, OtherReloads, See("#trail .transfer[data-state=failed]")],
    },
    State {
        name: "recipient-left",
        open: Open::Camera,
        then: &[Join, SendHalf, OtherLeaves, See(NOBODY), See(".recipient[data-state=failed]")],
    },
    State {
        name: "cut-off",
        open: Open::Camera,
        then: &[Join, Receive(1), Vanish, See(".peer[data-state=away]"), See(RECONNECTING)],
    },
    State {
        name: "connected-without-server",
        open: Open::Camera,
        then: &[Join, Send, SocketEnds, See(".peer[data-state=connected]"), See(CONNECTED)],
    },
    State { name: "reconnecting", open: Open::Camera, then: &[See(ALONE), SocketEnds, See(RECONNECTING)] },
    State { name: "offline", open: Open::Camera, then: &[See(ALONE), ServerEnds, See(OFFLINE)] },
    State {
        name: "full",
        open: Open::Camera,
        then: &[See(ALONE), Hear(FULL), See("#status[data-state=full]")],
    },
    State { name: "outdated", open: Open::Camera, then: &[See(ALONE), Hear(OUTDATED), See("#reload")] },
    State {
        name: "replaced",
        open: Open::Camera,
        then: &[See(ALONE), Hear(REPLACED), See("#status[data-state=replaced]")],
    },
    State { name: "turned-away", open: Open::Camera, then: &[See(ALONE), Hear(REFUSED), See("#retry")] },
];

const ALONE: &str = "#status[data-state=alone]";
const CONNECTED: &str = "#status[data-state=connected]";
const CONNECTING: &str = "#status[data-state=connecting]";
const OFFLINE: &str = "#status[data-state=offline]";
const RECONNECTING: &str = "#status[data-state=reconnecting]";
/// Nothing lies over the camera's picture.
const IN_CALL: &str = "#call:not([hidden])";
const PICTURE: &str = ".gate[hidden]";
const PROBLEM: &str = ".gate:not([hidden]) .problem:not(:empty)";
/// Nobody else is shown.
const NOBODY: &str = "#peers:not(:has(.peer))";
const HIDES_ADDRESS: &str = "#nameDialog[open] #relayOnly[aria-checked=true]";
const NOTICE: &str = "#notice:not(:empty)";

const FULL: fn() -> FromServer = || FromServer::Full { capacity: 8 };
const OUTDATED: fn() -> FromServer = || FromServer::Refused { reason: Refusal::Version };
const REFUSED: fn() -> FromServer = || FromServer::Refused { reason: Refusal::Malformed };
const REPLACED: fn() -> FromServer = || FromServer::Replaced;
const RELAY: fn() -> FromServer = || {
    let (urls, username, credential) =
        (vec!["turn:relay.invalid".into()], Some("u".into()), Some("c".into()));
    FromServer::Ice(Ice { servers: vec![IceServer { urls, username, credential }], expires_in: None })
};

/// The longest that a person can choose, and nowhere to break it.
const LONG_NAME: &str = "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";

/// The camera was allowed before, and takes its time.
const SLOW_CAMERA: &str = "MediaDevices.prototype.getUserMedia = () => new Promise(() => {});";
/// As in Safari, where a canvas draws without filters.
const NO_FILTERS: &str = "delete CanvasRenderingContext2D.prototype.filter;";
/// A second of a countdown takes longer than a look at it.
const SLOW_CLOCK: &str = "{
    const { setTimeout } = window;
    window.setTimeout = (callback, ms, ...rest) =>
        setTimeout.call(window, callback, ms === 1000 ? 60_000 : ms, ...rest);
}";
/// The person asked for relays alone, in an earlier visit.
const HIDDEN: &str = "localStorage.setItem('snaproom:relay-only', 'yes');";
/// The system has a share sheet, as on phones.
const SHARE_SHEET: &str = "Navigator.prototype.share = async () => {};";
/// The app is asked for and never comes.
const NO_APP: &str = "window.fetch = () => new Promise(() => {});";
/// The app is asked for, and the network is gone.
const BROKEN_APP: &str = "window.fetch = () => Promise.reject(new TypeError('Failed to fetch'));";
/// The server is asked for and never answers.
const NO_SOCKET: &str =
    "window.WebSocket = class extends EventTarget { readyState = 0; send() {} close() {} };";

/// All but the one of a hundred photos: twelve are made of the same parts, and as wide, in a tenth of the time.
pub fn quick_states() -> impl Iterator<Item = &'static State> {
    STATES.iter().filter(|state| state.name != "trail-100")
}
