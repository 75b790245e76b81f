//! What a person sees. Plain data comes in through the room's signals, commands go out through its handle.
//!
//! | file | what |
//! |---|---|
//! | `status`, `notice`, `announcer` | how the room is; sentences that pass; what only people who hear the page need |
//! | `link`, `qr` | the link one shares, as text and as a code |
//! | `leave`, `invitation` | to another room, alone or with others |
//! | `peers`, `name`, `relay` | who is here, what they are called, and whether they see one's network address |
//! | `person`, `about` | the signs that two people compare; what is kept from whom |
//! | `camera`, `shutter`, `effects`, `sent` | viewfinder, snapped photo, buttons; the one that can be held; filter, timer, mirror; what became of one's own photos |
//! | `call`, `tile` | calling, being called, what one does in a call; the others beside oneself |
//! | `keys` | what single keys do, and how one learns of it |
//! | `chat`, `prose` | what people write; code and links in it |
//! | `trail`, `lightbox` | photos of others: the gallery, and one of them large |
//! | `files`, `asked` | files and folders, given and got; the question whether one wants one |
//! | `modal`, `icon`, `list`, `surface` | dialogs; signs; lists whose rows come and go; the elements that show pictures |
//! | `check` | the pages under `/check` |
//! | `words`, `states` | what people read, and what style sheets and tests read |

#![expect(clippy::must_use_candidate, reason = "the component macro drops the attribute that this asks for")]

mod about;
mod aloud;
mod announcer;
mod asked;
mod call;
mod camera;
mod chat;
mod check;
mod earlier;
mod effects;
mod files;
mod follow;
mod icon;
mod invitation;
mod keys;
mod leave;
mod lightbox;
mod link;
mod list;
mod modal;
mod name;
mod notice;
mod peers;
mod person;
mod prose;
mod qr;
mod relay;
mod sent;
mod shutter;
mod states;
mod status;
mod still;
mod surface;
mod tile;
mod trail;
mod words;

use leptos::prelude::*;

use crate::room::Room;
use about::About;
use announcer::Announcer;
use asked::FileAsked;
use call::{CallButton, CallPanel, Ringing};
use camera::Capture;
use chat::Chat;
pub use check::check_page;
use files::Files;
use invitation::Invited;
use leave::{NewRoom, needs_new_room};
use link::LinkBar;
use notice::NoticeRegion;
use peers::Peers;
use sent::Sent;
use status::StatusLine;
use still::StillAsked;
use trail::Trail;
use words::labels;

/// A room. In the page's order: what a phone shows from top to bottom.
#[component]
pub fn RoomPage(
    /// The page's end of it.
    room: Room,
) -> impl IntoView {
    let view = room.view;
    provide_context(view);
    view! {
        <header class="masthead">
            <h1>{labels::PRODUCT}</h1>
            <About view />
            {move || (!needs_new_room(view.status.get())).then(|| view! { <NewRoom room /> })}
        </header>
        <div class="askers">
            <Invited room />
            <Ringing room />
            <StillAsked room />
            <FileAsked room />
        </div>
        <main class="room">
            <StatusLine room />
            <div class="company">
                <LinkBar room />
                <div class="gathering">
                    <Peers room />
                    <CallButton room />
                </div>
                <CallPanel room />
            </div>
            <Capture room />
            <Chat room />
            <Trail room />
            <Files room />
            <Sent room />
        </main>
        <footer class="foot"><ToCheck page="/check" label=labels::CHECK /></footer>
        <Announcer view />
        <NoticeRegion view id="notice" />
    }
}

/// To a page that finds out what does not work: beside the room, which goes on.
#[component]
fn ToCheck(page: &'static str, label: &'static str) -> impl IntoView {
    view! { <a class="toCheck" href=page target="_blank">{label}</a> }
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
