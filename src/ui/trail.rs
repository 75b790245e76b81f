use leptos::prelude::*;

use super::{
    earlier::Earlier,
    follow::follow_on,
    icon::Icon,
    lightbox::Lightbox,
    list::{List, RowKey},
    peers::Who,
    qr::QrPicture,
    states,
    surface::{IncomingSurface, hand_focus_on, time_of_day},
    words::{self, labels},
};
use crate::room::{Entry, PhotoKey, PhotoView, Room, Shows, Status, TransferState};

/// Photos of others, newest first: a gallery, in which one opens large.
#[component]
pub fn Trail(room: Room) -> impl IntoView {
    let view = room.view;
    let (trail, names) = (view.trail, view.names);
    let open = RwSignal::new(None::<PhotoKey>);
    let arrival = RwSignal::new(String::new());
    // Of photos that go there is nothing to say.
    follow_on(move |before: Option<usize>| {
        let (photos, newest) = trail.with(|trail| (trail.len(), trail.first().map(|entry| entry.key.owner)));
        if let Some(owner) = newest.filter(|_| before.is_some_and(|before| before < photos)) {
            arrival.set(names.with_untracked(|names| words::arrived(photos, &owner, names)));
        }
        photos
    });
    let is_empty = Memo::new(move |_| trail.with(Vec::is_empty));
    let is_alone = Memo::new(move |_| view.status.get() == Status::Alone);
    let url = Signal::derive(move || view.link.get().url);
    view! {
        <section id="incoming" class="card" aria-labelledby="incomingTitle">
            <header class="trailHead">
                <h2 id="incomingTitle" tabindex="-1">
                    {move || words::incoming_title(trail.with(Vec::len))}
                </h2>
                <button
                    id="saveAll"
                    type="button"
                    class:off=is_empty
                    disabled=is_empty
                    aria-disabled=move || view.saving.get().is_some().to_string()
                    on:click=move |_| room.save_all()
                >
                    {move || words::save_all(view.saving.get())}
                </button>
            </header>
            <p class="unseen" aria-live="polite">{arrival}</p>
            <div class="nothing" hidden=move || !is_empty.get()>
                {move || if is_alone.get() {
                    view! { <QrPicture url /> }.into_any()
                } else {
                    view! { <p>{labels::NOTHING_YET}</p> }.into_any()
                }}
            </div>
            <div id="trail">
                <List
                    each=move || trail.get()
                    key=|entry| RowKey::Item(entry.key)
                    children=move |entry| view! { <Photo room entry open /> }
                />
            </div>
            <Earlier room />
        </section>
        <Lightbox room open />
    }
}

#[component]
fn Photo(room: Room, entry: Entry<PhotoView>, open: RwSignal<Option<PhotoKey>>) -> impl IntoView {
    let key = entry.key;
    let names = room.view.names;
    let photo = RwSignal::from(entry.view);
    let PhotoView { width, height, taken, on_request, .. } = photo.get_untracked();
    let time = time_of_day(taken);
    let is_here = Memo::new(move |_| photo.with(is_here));
    let label = |words: fn(&_, &_, &_) -> String| {
        let time = time.clone();
        move || names.with(|names| words(&key.owner, &time, names))
    };
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
            data-saved=move || photo.with(|photo| photo.saved).to_string()
        >
            <div class="picture">
                <button
                    id=opener(key)
                    class="open"
                    type="button"
                    aria-haspopup="dialog"
                    aria-label=label(|owner, time, names| words::open_photo_from(owner, time, names))
                    on:click=move |_| open.set(Some(key))
                >
                    <IncomingSurface room key width height />
                </button>
                <button
                    class="save"
                    type="button"
                    disabled=move || !is_here.get()
                    title=labels::SAVE
                    aria-label=label(|owner, time, names| words::save_photo_from(owner, time, names))
                    on:click=move |_| room.save(key)
                >
                    <Icon name="save" />
                </button>
                <progress
                    max=move || photo.with(|photo| photo.total.to_string())
                    value=move || photo.with(|photo| photo.bytes.to_string())
                    aria-label=labels::PROGRESS
                ></progress>
            </div>
            <figcaption>
                <p class="from"><Who peer=key.owner names /><time>{time.clone()}</time></p>
                <p class="size">{words::size(width, height)}</p>
                <p class="how">{move || photo.with(words::incoming)}</p>
                {on_request.then(|| {
                    let label = label(|owner, time, names| words::get_original_from(owner, time, names));
                    view! { <Original room key photo label=Signal::derive(label) /> }
                })}
            </figcaption>
        </figure>
    }
}

/// Asks for the exact photo, which its sender keeps until then. Its place stays when it goes.
#[component]
fn Original(
    room: Room,
    key: PhotoKey,
    photo: RwSignal<PhotoView>,
    /// Which photo's.
    label: Signal<String>,
) -> impl IntoView {
    let id = format!("original-{}", opener(key));
    let is_kept = Memo::new(move |_| photo.with(|photo| photo.state == TransferState::Held));
    let may_come =
        Memo::new(move |_| photo.with(|photo| is_kept.get() || states::is_unfinished(photo.state)));
    view! {
        <p class="original">
            {move || may_come.get().then(|| {
                let own = id.clone();
                on_cleanup(move || hand_focus_on(&own, &opener(key)));
                view! {
                    <button
                        id=id.clone()
                        type="button"
                        aria-label=label
                        aria-disabled=move || (!is_kept.get()).to_string()
                        on:click=move |_| if is_kept.get_untracked() { room.request(key) }
                    >
                        {labels::GET_ORIGINAL}
                    </button>
                }
            })}
        </p>
    }
}

/// Whether there is something of a photo that may be saved.
pub fn is_here(photo: &PhotoView) -> bool {
    photo.can_be_saved() && photo.shows != Shows::Nothing
}

/// The id of the button that opens a photo; the focus goes back to it.
pub fn opener(PhotoKey { owner, item }: PhotoKey) -> String {
    format!("open-{owner}-{item}")
}
