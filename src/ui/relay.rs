use leptos::prelude::*;

use super::words::{self, labels};
use crate::room::{Room, RoomView, Status};

/// The switch for relays alone: there where it is of use, and where it is on.
#[component]
pub fn HideAddress(room: Room) -> impl IntoView {
    let RoomView { relay_only, relays, .. } = room.view;
    view! {
        <div class="hideAddress" hidden=move || !relays.get() && !relay_only.get()>
            <button
                id="relayOnly"
                class="quiet"
                type="button"
                role="switch"
                aria-checked=move || relay_only.get().to_string()
                aria-describedby="relayHint"
                on:click=move |_| room.set_relay_only(!relay_only.get_untracked())
            >
                {labels::HIDE_ADDRESS}
            </button>
            <p id="relayHint" class="remedy">{move || words::relay_hint(relays.get())}</p>
        </div>
    }
}

/// Whether nobody can be reached, because the person wants relays alone and the server said that it has none.
pub fn is_stranded(RoomView { relay_only, relays, status, peers, .. }: RoomView) -> bool {
    let waits_for_people = match status.get() {
        Status::Alone => true,
        // With nobody there, the server has said nothing yet.
        Status::Connecting => peers.with(|peers| !peers.is_empty()),
        _ => false,
    };
    waits_for_people && relay_only.get() && !relays.get()
}
