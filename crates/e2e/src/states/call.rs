//! In a call, or asked to one.

use super::{
    LONG_NAME, Open, PICTURE, State,
    Step::{Click, Join, Name, OtherCalls, OtherClicks, OthersAnswer, See},
};

pub const STATES: &[State] = &[
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
];

const IN_CALL: &str = "#call:not([hidden])";
