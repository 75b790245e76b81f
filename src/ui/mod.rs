//! What a person sees. Plain data comes in through the room's signals, commands go out through its handle.
//!
//! | file | what |
//! |---|---|
//! | `status`, `notice` | how the room is, and sentences that pass |
//! | `link`, `peers` | the link one shares, and who is here |
//! | `camera` | viewfinder, snapped photo, buttons |
//! | `sent`, `trail` | photos of ours and of others |
//! | `surface` | the elements that show pictures |
//! | `words`, `states` | what people read, and what style sheets and tests read |

#![expect(clippy::must_use_candidate, reason = "the component macro drops the attribute that this asks for")]

mod camera;
mod link;
mod notice;
mod peers;
mod sent;
mod states;
mod status;
mod surface;
mod trail;
mod words;

use leptos::prelude::*;

use crate::room::Room;
use camera::Capture;
use link::{LinkBar, RoomName};
use notice::NoticeRegion;
use peers::Peers;
use sent::Sent;
use status::StatusLine;
use trail::Trail;
use words::labels;

/// A room. In the page's order: what a phone shows from top to bottom.
#[component]
pub fn RoomPage(
    /// The page's end of it.
    room: Room,
) -> impl IntoView {
    let view = room.view;
    view! {
        <header class="masthead">
            <h1>{labels::PRODUCT}</h1>
            <RoomName view />
        </header>
        <main class="room">
            <StatusLine room=room.clone() />
            <LinkBar room=room.clone() />
            <div class="own">
                <Capture room=room.clone() />
                <Sent room=room.clone() />
            </div>
            <Peers view />
            <Trail room />
        </main>
        <NoticeRegion view />
    }
}

/// An address of this site at which there is nothing.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <header class="masthead">
            <h1>{labels::PRODUCT}</h1>
        </header>
        <main class="lost">
            <p>{labels::NOT_FOUND}</p>
            <a href="/">{labels::MAKE_ROOM}</a>
        </main>
    }
}
