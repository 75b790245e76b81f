use leptos::prelude::*;

use super::{
    states,
    words::{self, labels},
};
use crate::room::{Room, RoomView, Status};

/// How the room is, in words, with the ways on where it does not go on by itself.
#[component]
pub fn StatusLine(room: Room) -> impl IntoView {
    let RoomView { status, peers, camera, link, .. } = room.view;
    let (retry, reload, new_room) = (room.clone(), room.clone(), room);
    view! {
        <section class="statusLine" aria-label=labels::STATUS>
            <p id="status" role="status" data-state=move || states::status(status.get())>
                {move || peers.with(|peers| camera.with(|camera| words::status(status.get(), peers, camera)))}
            </p>
            {move || {
                let [sentence, command, or, other] = link.with(|link| words::how_to_start(status.get(), link))?;
                Some(view! { <p class="howToStart">{sentence}<code>{command}</code>{or}<code>{other}</code>"."</p> })
            }}
            <div class="waysOn">
                {move || {
                    let room = new_room.clone();
                    needs_new_room(status.get()).then(|| view! { <NewRoom room /> })
                }}
                {move || {
                    let room = retry.clone();
                    needs_retry(status.get()).then(|| view! {
                        <button id="retry" type="button" on:click=move |_| room.retry()>{labels::RETRY}</button>
                    })
                }}
                {move || {
                    let room = reload.clone();
                    (status.get() == Status::Outdated).then(|| view! {
                        <button id="reload" type="button" on:click=move |_| room.reload()>{labels::RELOAD}</button>
                    })
                }}
            </div>
        </section>
    }
}

/// A room of one's own. It stands once in the page: here when it is the way on, else beside the link.
#[component]
pub fn NewRoom(room: Room) -> impl IntoView {
    view! { <button id="newRoom" type="button" on:click=move |_| room.new_room()>{labels::NEW_ROOM}</button> }
}

/// Whether nothing but another room helps, or helps as well as waiting.
#[must_use]
pub fn needs_new_room(status: Status) -> bool {
    matches!(status, Status::Full { .. } | Status::Replaced)
}

fn needs_retry(status: Status) -> bool {
    matches!(status, Status::Full { .. } | Status::Offline | Status::Refused)
}
