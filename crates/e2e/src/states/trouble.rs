//! When something is wrong with the network, the server or somebody else.

use snaproom_protocol::server::{FromServer, Refusal};

use super::{
    ALONE, Open, State,
    Step::{
        Hear, Join, OtherCloses, OtherLeaves, OtherReloads, Receive, ReceiveHalf, SeatEnds, See, Send,
        SendHalf, ServerEnds, SocketEnds, Vanish,
    },
};

pub const STATES: &[State] = &[
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

const CONNECTED: &str = "#status[data-state=connected]";
const OFFLINE: &str = "#status[data-state=offline]";
const RECONNECTING: &str = "#status[data-state=reconnecting]";
/// Nobody else is shown.
const NOBODY: &str = "#peers:not(:has(.peer))";
const FULL: fn() -> FromServer = || FromServer::Full { capacity: 8 };
const OUTDATED: fn() -> FromServer = || FromServer::Refused { reason: Refusal::Version };
const REFUSED: fn() -> FromServer = || FromServer::Refused { reason: Refusal::Malformed };
const REPLACED: fn() -> FromServer = || FromServer::Replaced;
