//! What people write to each other.

use super::{
    ALONE, LONG_NAME, Open, PICTURE, State,
    Step::{FoldChat, Join, Name, OpenChat, OtherTypes, OtherWrites, Receive, Says, See},
};

pub const STATES: &[State] = &[
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
            Says("Thank you. I will look at it."),
            Says("And there is a second line\nin this one."),
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
];
