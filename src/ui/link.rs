use leptos::prelude::*;

use super::{
    status::{NewRoom, needs_new_room},
    words::labels,
};
use crate::room::{Room, RoomView};

/// The room's name, with a warning where a person chose it.
#[component]
pub fn RoomName(view: RoomView) -> impl IntoView {
    let link = view.link;
    view! {
        <p id="roomName">
            {move || match link.get().typed_name {
                None => labels::PRIVATE_ROOM.into_any(),
                Some(name) => view! {
                    <bdi class="typedName">{name}</bdi>
                    " "
                    <span class="notPrivate">{labels::NOT_PRIVATE}</span>
                }
                .into_any(),
            }}
        </p>
    }
}

/// The link that one shares.
#[component]
pub fn LinkBar(room: Room) -> impl IntoView {
    let RoomView { link, status, .. } = room.view;
    let url = move || link.get().url;
    let copying = room.clone();
    view! {
        <section class="card link" aria-labelledby="linkTitle">
            <h2 id="linkTitle">{labels::LINK}</h2>
            // A new tab is a second person in the room, which is how one tries it alone.
            <a id="url" href=url target="_blank" rel="noopener noreferrer">{url}</a>
            <div class="buttons">
                <button id="copyLink" type="button" on:click=move |_| copying.copy_link()>{labels::COPY_LINK}</button>
                {move || {
                    let room = room.clone();
                    (!needs_new_room(status.get())).then(|| view! { <NewRoom room /> })
                }}
            </div>
        </section>
    }
}
