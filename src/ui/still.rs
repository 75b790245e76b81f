//! Photos of somebody else's camera: of what is seen of them, and, if they agree, in its full size.

use leptos::prelude::*;
use snaproom_protocol::PeerId;

use super::{
    follow::follow,
    icon::Icon,
    surface::{hand_focus_on, show_page},
    tile::sends_of,
    words::{self, labels},
};
use crate::room::{Room, RoomView, Shown};

/// Somebody asks for a photo of one's camera: where a call is announced, and never at the same time.
#[component]
pub fn StillAsked(room: Room) -> impl IntoView {
    let RoomView { call, names, .. } = room.view;
    // Who said yes waits for the camera, and need not say it twice.
    let gave = RwSignal::new(Vec::<PeerId>::new());
    let asking = Memo::new(move |_| {
        let gave = gave.get();
        call.with(|call| call.want_still.iter().copied().find(|asking| !gave.contains(asking)))
    });
    let is_open = Memo::new(move |_| asking.get().is_some());
    let sentence = move || {
        asking.get().map(|asking| names.with(|names| words::wants_still(&asking, names))).unwrap_or_default()
    };
    let answer = move |gives: bool| {
        if let Some(asking) = asking.get_untracked() {
            if gives {
                gave.update(|gave| gave.push(asking));
            }
            room.answer_still(asking, gives);
        }
    };
    follow(move || {
        let waiting = call.with(|call| call.want_still.clone());
        let is_over = |asking: &PeerId| !waiting.contains(asking);
        if gave.with_untracked(|gave| gave.iter().any(is_over)) {
            gave.update(|gave| gave.retain(|asking| !is_over(asking)));
        }
    });
    follow(move || {
        if is_open.get() {
            // What fills the screen covers everything else.
            show_page();
        } else {
            hand_focus_on("stillAsked", "status");
        }
    });
    view! {
        <section id="stillAsked" class="card asking" aria-label=labels::STILL hidden=move || !is_open.get()>
            <p role="alert">{sentence}</p>
            <div class="buttons">
                <button id="giveStill" class="primary" type="button" on:click=move |_| answer(true)>
                    {labels::GIVE_STILL}
                </button>
                <button id="refuseStill" type="button" on:click=move |_| answer(false)>
                    {labels::DECLINE_CALL}
                </button>
            </div>
        </section>
    }
}

/// Over somebody's picture: take a photo of it, or ask for one of their camera.
pub fn still_tools(room: Room, peer: PeerId) -> impl IntoView {
    let call = room.view.call;
    let shows = Memo::new(move |_| call.with(|call| sends_of(call, peer).camera));
    let is_asked = Memo::new(move |_| call.with(|call| call.other(peer).is_some_and(|other| other.is_asked)));
    let label = move || if is_asked.get() { labels::STILL_ASKED } else { labels::ASK_STILL };
    view! {
        <button
            class="snapOther"
            type="button"
            aria-label=labels::SNAP_OTHER
            title=labels::SNAP_OTHER
            hidden=move || !shows.get()
            on:click=move |_| room.snap_other(peer, Shown::Camera)
        >
            <Icon name="snap" />
        </button>
        <button
            class="askStill"
            type="button"
            aria-label=label
            title=label
            aria-disabled=move || is_asked.get().to_string()
            hidden=move || !shows.get()
            on:click=move |_| room.ask_still(peer)
        >
            <Icon name="ask" />
        </button>
    }
}
