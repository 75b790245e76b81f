//! The pages under `/check`.

use super::{
    NO_SOCKET, Open, State,
    Step::{Click, See, ServerEnds, Write},
};

pub const STATES: &[State] = &[
    // Everything by itself.
    State {
        name: "check-running",
        open: Open::At(ALL, &Open::Script(NO_SOCKET)),
        then: &[See("[data-check=server][data-state=running]")],
    },
    State { name: "check-good", open: Open::At(ALL, &Open::Camera), then: &[See(GOOD)] },
    State { name: "check-unasked", open: Open::At(ALL, &Open::Unasked), then: &[See(GOOD)] },
    State { name: "check-denied", open: Open::At(ALL, &Open::Denied), then: &[See(BAD)] },
    State {
        name: "check-without-server",
        open: Open::At(ALL, &Open::NoCamera),
        then: &[See(OVER), ServerEnds, Click("#checkAgain"), See("#verdict[data-state=running]"), See(BAD)],
    },
    State {
        name: "check-report",
        open: Open::At(ALL, &Open::Camera),
        then: &[See(GOOD), Click("#copyReport"), See(".report [role=status]:not(:empty)"), Click("summary")],
    },
    // The camera.
    State {
        name: "check-camera-off",
        open: Open::At(CAMERA, &Open::Unasked),
        then: &[See("#cameraPermission[data-state=prompt]")],
    },
    State { name: "check-camera-on", open: Open::At(CAMERA, &Open::Camera), then: &[See(SEEN)] },
    State {
        name: "check-camera-heard",
        open: Open::At(CAMERA, &Open::Camera),
        then: &[See(SEEN), Click("#listenButton"), See("#soundStatus[data-state=on]")],
    },
    State {
        name: "check-camera-done",
        open: Open::At(CAMERA, &Open::Camera),
        then: &[
            See(SEEN),
            Write("#widthValue", "320"),
            Click("#widthLimit [value=exact]"),
            Click("#applyConstraints"),
            See("#widthRefusal:empty"),
            See(SEEN),
        ],
    },
    State {
        name: "check-camera-impossible",
        open: Open::At(CAMERA, &Open::Camera),
        then: &[
            See(SEEN),
            Write("#widthValue", "99999"),
            Click("#widthLimit [value=exact]"),
            Click("#applyConstraints"),
            See("#widthRefusal:not(:empty)"),
        ],
    },
    State {
        name: "check-camera-denied",
        open: Open::At(CAMERA, &Open::Denied),
        then: &[Click("#startButton"), See("#cameraStatus[data-state=failed]"), Click("#listenButton")],
    },
    State {
        name: "check-camera-missing",
        open: Open::At(CAMERA, &Open::NoCamera),
        then: &[Click("#startButton"), See("#cameraStatus[data-state=failed]")],
    },
    // A call.
    State { name: "check-call-before", open: Open::At(CALL, &Open::Camera), then: &[See("#startButton")] },
    State {
        name: "check-call-started",
        open: Open::At(CALL, &Open::Camera),
        then: &[Click("#startButton"), See("#callButton[aria-disabled=false]")],
    },
    State {
        name: "check-call-on",
        open: Open::At(CALL, &Open::Camera),
        then: &[Click("#startButton"), CALLS, ON],
    },
    State {
        name: "check-call-over",
        open: Open::At(CALL, &Open::NoCamera),
        then: &[
            Click("#drawButton"),
            CALLS,
            ON,
            Click("#hangupButton"),
            See("#hangupButton[aria-disabled=true]"),
        ],
    },
    State {
        name: "check-call-denied",
        open: Open::At(CALL, &Open::Denied),
        then: &[Click("#startButton"), See("#callStatus .remedy:not(:empty)")],
    },
    State {
        name: "check-call-refused",
        open: Open::At(CALL, &Open::Script(NO_OFFER)),
        then: &[Click("#drawButton"), CALLS, See("#callStatus .remedy:not(:empty)")],
    },
    // A data channel.
    State { name: "check-data-before", open: Open::At(DATA, &Open::NoCamera), then: &[See("#startButton")] },
    State {
        name: "check-data-open",
        open: Open::At(DATA, &Open::NoCamera),
        then: &[
            STARTS,
            OPEN,
            Write("#dataChannelSend", "Hello! Do you hear me?"),
            Click("#sendButton"),
            See("#history [data-from=near][data-state=arrived]"),
            Write("#dataChannelAnswer", "Every word."),
            Click("#answerButton"),
            See("#history [data-from=far][data-state=arrived]"),
        ],
    },
    State {
        name: "check-data-no-number",
        open: Open::At(DATA, &Open::NoCamera),
        then: &[Click("#byRetransmits"), Write("#maxRetransmits", "99999"), See("#whyNotStart:not(:empty)")],
    },
    State {
        name: "check-data-runs",
        open: Open::At(DATA, &Open::NoCamera),
        then: &[
            STARTS,
            OPEN,
            Click("#runNumbered"),
            See("#counted:not(:empty)"),
            Click("#runSpeed"),
            See("#measured:not(:empty)"),
            Click("#sendTooMuch"),
            See("#oversize:not(:empty)"),
        ],
    },
    State {
        name: "check-data-busy",
        open: Open::At(DATA, &Open::NoCamera),
        then: &[STARTS, OPEN, Click("#fillQueue"), See("#filling:not(:empty)")],
    },
    State {
        name: "check-data-closed",
        open: Open::At(DATA, &Open::NoCamera),
        then: &[STARTS, OPEN, Click("#closeButton"), See("#dataStatus[data-state=closed]")],
    },
    State {
        name: "check-data-failed",
        open: Open::At(DATA, &Open::Script(NO_OFFER)),
        then: &[STARTS, See("#dataStatus[data-state=failed]")],
    },
];

const ALL: &str = "check";
const CAMERA: &str = "check/camera";
const CALL: &str = "check/call";
const DATA: &str = "check/data";

const OVER: &str = "#verdict:not([data-state=running])";
const GOOD: &str = "#verdict[data-state=good]";
const BAD: &str = "#verdict[data-state=bad]";
const SEEN: &str = "#pictureVerdict[data-state=good]";
const CALLS: super::Step = Click("#callButton");
const ON: super::Step = See("#trace [data-step=firstPicture]");
const STARTS: super::Step = Click("#startButton");
const OPEN: super::Step = See("#dataStatus[data-state=open]");

/// The browser makes no offer.
const NO_OFFER: &str = "RTCPeerConnection.prototype.createOffer = () =>
    Promise.reject(new DOMException('WebRTC is switched off', 'NotSupportedError'));";
