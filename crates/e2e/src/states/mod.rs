//! Every state of the page, as a table: how the page is opened, and what happens then.
//!
//! The tests of accessibility and of what fits walk all of it, and so do the pictures: a state that is added here is
//! looked at by each of them.

mod alone;
mod call;
mod chat;
mod check;
mod files;
mod together;
mod trouble;

use snaproom_protocol::server::FromServer;

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
    /// At this address below the server's, and otherwise so.
    At(&'static str, &'static Open),
    /// With this script before the page's own, without waiting for the app.
    Script(&'static str),
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The person clicks what the selector points at.
    Click(&'static str),
    /// The person writes that into the field.
    Write(&'static str, &'static str),
    /// The page is waited for, until something is where the selector points.
    See(&'static str),
    /// The person has what was written unfolded.
    OpenChat,
    /// The person has it folded.
    FoldChat,
    /// The person says this to everybody.
    Says(&'static str),
    /// Whoever came first writes this, and it comes.
    OtherWrites(&'static str),
    /// Whoever came first begins to write.
    OtherTypes,
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
    /// Whoever came first presses that.
    OtherClicks(&'static str),
    /// Everybody else presses that, in the order in which they came; the last ones, for whom there is nothing, do not.
    EachClicks(&'static [&'static str]),
    /// The person gives a file of this name, of so many bytes.
    Gives(&'static str, u64),
    /// Whoever came first gives one.
    OtherGives(&'static str, u64),
    /// Whoever came first gives a folder of this name, with so many files in it.
    OtherGivesFolder(&'static str, usize),
    /// The person gives a photo that tells where it was taken.
    GivesPhoto(&'static str),
    /// From now on the page takes so many more bytes, and then no more.
    TakeOnly(u64),
    /// The same of whoever came first.
    OtherTakesOnly(u64),
    /// The person loads the page anew.
    Reload,
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

/// All of them, from the first visit on.
pub fn states() -> impl Iterator<Item = &'static State> {
    [
        alone::STATES,
        call::STATES,
        together::STATES,
        files::STATES,
        chat::STATES,
        trouble::STATES,
        check::STATES,
    ]
    .into_iter()
    .flatten()
}

/// All but the one of a hundred photos: twelve are made of the same parts, and as wide, in a tenth of the time.
pub fn quick_states() -> impl Iterator<Item = &'static State> {
    states().filter(|state| state.name != "trail-100")
}

const ALONE: &str = "#status[data-state=alone]";
/// Nothing lies over the camera's picture.
const PICTURE: &str = ".gate[hidden]";
const NOTICE: &str = "#notice:not(:empty)";
/// The longest that a person can choose, and nowhere to break it.
const LONG_NAME: &str = "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";
/// The person asked for relays alone, in an earlier visit.
const HIDDEN: &str = "localStorage.setItem('snaproom:relay-only', 'yes');";
/// The server is asked for and never answers.
const NO_SOCKET: &str =
    "window.WebSocket = class extends EventTarget { readyState = 0; send() {} close() {} };";
