use leptos::prelude::*;

use super::{
    peers::Who,
    states,
    surface::{IncomingSurface, time_of_day},
    words::{self, labels},
};
use crate::room::{Entry, PhotoView, Room, Shows, TransferState};

/// Photos of others, newest first.
#[component]
pub fn Trail(room: Room) -> impl IntoView {
    let trail = room.view.trail;
    let arrival = move || {
        trail.with(|trail| trail.first().map(|newest| words::arrived(trail.len(), &newest.key.owner)))
    };
    view! {
        <section id="incoming" class="card" aria-labelledby="incomingTitle">
            <h2 id="incomingTitle">{labels::INCOMING}</h2>
            <p class="unseen" aria-live="polite">{arrival}</p>
            <p class="nothing" hidden=move || trail.with(|trail| !trail.is_empty())>
                {labels::NOTHING_YET}
            </p>
            <div id="trail">
                <For
                    each=move || trail.get()
                    key=|entry| entry.key
                    children=move |entry| view! { <Photo room=room.clone() entry /> }
                />
            </div>
        </section>
    }
}

#[component]
fn Photo(room: Room, entry: Entry<PhotoView>) -> impl IntoView {
    let key = entry.key;
    let photo = RwSignal::from(entry.view);
    let PhotoView { width, height, taken, .. } = photo.get_untracked();
    let time = time_of_day(taken);
    let is_here = Memo::new(move |_| {
        photo.with(|photo| photo.state == TransferState::Verified && photo.shows != Shows::Nothing)
    });
    let saving = room.clone();
    view! {
        <figure
            class="transfer"
            data-id=key.item.to_string()
            data-direction="in"
            data-from=key.owner.to_string()
            data-state=move || states::transfer(photo.with(|photo| photo.state))
            data-bytes=move || photo.with(|photo| photo.bytes.to_string())
            data-total=move || photo.with(|photo| photo.total.to_string())
            data-shows=move || states::shows(photo.with(|photo| photo.shows))
        >
            <IncomingSurface room key width height label=words::photo_from(&key.owner, &time) />
            <progress
                max=move || photo.with(|photo| photo.total.to_string())
                value=move || photo.with(|photo| photo.bytes.to_string())
                aria-label=labels::PROGRESS
            ></progress>
            <figcaption>
                <p class="from"><Who peer=key.owner /><time>{time.clone()}</time></p>
                <p class="size">{words::size(width, height)}</p>
                <p class="how">{move || photo.with(words::incoming)}</p>
                <button
                    class="save"
                    type="button"
                    disabled=move || !is_here.get()
                    aria-label=words::save_photo_from(&key.owner, &time)
                    on:click=move |_| saving.save(key)
                >
                    {labels::SAVE}
                </button>
            </figcaption>
        </figure>
    }
}
