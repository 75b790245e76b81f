//! Files and folders, given and got.

use super::{
    LONG_NAME, Open, PICTURE, State,
    Step::{
        Click, EachClicks, Gives, GivesPhoto, Join, Name, OtherClicks, OtherGives, OtherGivesFolder,
        OtherTakesOnly, Reload, See, TakeOnly,
    },
};

pub const STATES: &[State] = &[
    State {
        name: "file-offered",
        open: Open::Camera,
        then: &[Join, See(PICTURE), OtherGives("Summer in the mountains.mp4", 734_003_200), OFFERED],
    },
    State {
        name: "file-long-name",
        open: Open::Camera,
        then: &[Join, See(PICTURE), Name(LONG_NAME), OtherGives(LONG_FILE, 12_345), OFFERED],
    },
    State {
        name: "file-coming",
        open: Open::Camera,
        then: &[Join, See(PICTURE), OtherGives("film.mp4", 60_000_000), TakeOnly(9_000_000), ACCEPT, COMES],
    },
    State {
        name: "file-paused",
        open: Open::Camera,
        then: &[
            Join,
            See(PICTURE),
            OtherGives("film.mp4", 60_000_000),
            TakeOnly(9_000_000),
            ACCEPT,
            COMES,
            Click("#fileList .pause"),
            See("#fileList .file[data-state=paused]"),
        ],
    },
    State {
        name: "files-here",
        open: Open::Camera,
        then: &[
            Join,
            See(PICTURE),
            Name("Anna"),
            OtherGives("notes.txt", 812),
            ACCEPT,
            See(WHOLE),
            OtherGivesFolder("Holiday", 3),
            See("#fileList > :nth-child(2)"),
            Click("#fileList > :first-child .accept"),
            See("#fileList > :first-child[data-state=verified]"),
            See("#saveFiles:not([hidden])"),
        ],
    },
    State {
        name: "files-out",
        open: Open::Camera,
        then: &[
            Join,
            Join,
            Join,
            See(PICTURE),
            Name(LONG_NAME),
            OtherTakesOnly(9_000_000),
            Gives("film.mp4", 60_000_000),
            EachClicks(&["#fileList .accept", "#fileList .decline"]),
            See("#fileList .recipient[data-state=active]:not([data-bytes='0'])"),
            See("#fileList .recipient[data-state=declined]"),
        ],
    },
    State {
        name: "file-to-choose-again",
        open: Open::Camera,
        then: &[
            Join,
            See(PICTURE),
            OtherTakesOnly(9_000_000),
            Gives("film.mp4", 60_000_000),
            OtherClicks("#fileList .accept"),
            See("#fileList .recipient[data-state=active]:not([data-bytes='0'])"),
            Reload,
            See("#fileList .supply:not([hidden])"),
            See(PICTURE),
        ],
    },
    State {
        name: "photo-without-place",
        open: Open::Camera,
        then: &[Join, See(PICTURE), GivesPhoto("beach.jpg"), See("#fileList .removed")],
    },
];

const OFFERED: super::Step = See("#fileList .file[data-state=offered]");
const ACCEPT: super::Step = Click("#fileList .accept");
const COMES: super::Step = See("#fileList .file[data-state=active]:not([data-bytes='0'])");
const WHOLE: &str = "#fileList .file[data-state=verified]";
/// Long, and nowhere to break it.
const LONG_FILE: &str = "Wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww.pdf";
