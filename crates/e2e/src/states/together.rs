//! With others: photos, signs, and the way to another room.

use super::{
    ALONE, HIDDEN, LONG_NAME, NOTICE, Open, PICTURE, State,
    Step::{
        Block, Click, Compare, Hold, Join, JoinDeaf, Name, OtherAsks, OtherForgets, OtherMoves, OtherReloads,
        Receive, ReceiveFalse, ReceiveHalf, ReceivePreviews, See, Send, SendHalf, Snap, TakeBack,
    },
};

pub const STATES: &[State] = &[
    State {
        name: "address-hidden-together",
        open: Open::Script(HIDDEN),
        then: &[JoinDeaf, See(".peer[data-state=connecting]"), See("#showAddress")],
    },
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
];

/// As in Safari, where a canvas draws without filters.
const NO_FILTERS: &str = "delete CanvasRenderingContext2D.prototype.filter;";
/// A second of a countdown takes longer than a look at it.
const SLOW_CLOCK: &str = "{
    const { setTimeout } = window;
    window.setTimeout = (callback, ms, ...rest) =>
        setTimeout.call(window, callback, ms === 1000 ? 60_000 : ms, ...rest);
}";
