use std::time::Duration;

use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    prelude::*,
};

use super::{
    follow::follow,
    icon::Icon,
    modal::Modal,
    states,
    surface::{LargeSurface, focus_on, time_of_day},
    trail::{is_here, opener},
    words::{self, labels},
};
use crate::room::{Entry, PhotoKey, PhotoView, Room};

/// Pixels of the page that a finger moves before it is a swipe and no tap.
const SWIPE: i32 = 40;

/// A second press is meant for what the first one asked, and no double tap, after this time.
const SECOND_THOUGHT: Duration = Duration::from_millis(600);

/// The photos of others, as they stand in the trail.
type Photos = RwSignal<Vec<Entry<PhotoView>>>;

/// One photo of the trail, large. Arrow keys, swipes and buttons step through the others.
#[component]
pub fn Lightbox(room: Room, open: RwSignal<Option<PhotoKey>>) -> impl IntoView {
    let (trail, names) = (room.view.trail, room.view.names);
    let close = move || {
        if let Some(key) = open.get_untracked() {
            open.set(None);
            focus_on(&opener(key));
        }
    };
    // The room was left, or the photo made way for a newer one.
    follow(move || {
        if open.get().is_some() && find(trail, open).is_none() {
            open.set(None);
        }
    });
    let title = Signal::derive(move || {
        find(trail, open).map_or_else(String::new, |(_, entry)| {
            let time = time_of_day(entry.view.with(|photo| photo.taken));
            names.with(|names| words::photo_from(&entry.key.owner, &time, names))
        })
    });
    let on_key = move |event: KeyboardEvent| match event.key().as_str() {
        // Alt and an arrow is the browser's way back.
        _ if event.alt_key() || event.ctrl_key() || event.meta_key() => {}
        "ArrowLeft" => step(trail, open, -1),
        "ArrowRight" => step(trail, open, 1),
        _ => {}
    };
    view! {
        <Modal
            id="lightbox"
            open=Signal::derive(move || open.get().is_some())
            on_close=move |()| close()
            title
            on_key=Callback::new(on_key)
        >
            <Stage room open />
            <p class="facts">{move || find(trail, open).map(|place| facts(trail, &place))}</p>
            <p class="unseen" role="status">{move || open.get().map(|_| title.get())}</p>
            <Deeds room open />
        </Modal>
    }
}

/// Where the photo shows. A swipe to the left is the next one, as pages are turned.
#[component]
fn Stage(room: Room, open: RwSignal<Option<PhotoKey>>) -> impl IntoView {
    let trail = room.view.trail;
    let pressed = StoredValue::new(None::<(i32, i32)>);
    let release = move |event: PointerEvent| {
        let Some((x, y)) = pressed.try_update_value(Option::take).flatten() else { return };
        let (dx, dy) = (event.client_x() - x, event.client_y() - y);
        if dx.abs() >= SWIPE && dx.abs() > 2 * dy.abs() {
            step(trail, open, if dx < 0 { 1 } else { -1 });
        }
    };
    view! {
        <div
            class="stage"
            on:pointerdown=move |event| {
                // Two fingers are the browser's.
                pressed.set_value(event.is_primary().then(|| (event.client_x(), event.client_y())));
            }
            on:pointerup=release
            on:pointercancel=move |_| pressed.set_value(None)
        >
            <LargeSurface room photo=open />
        </div>
    }
}

/// Newer, older, save, remove.
#[component]
fn Deeds(room: Room, open: RwSignal<Option<PhotoKey>>) -> impl IntoView {
    let trail = room.view.trail;
    // Whether the person was asked to press once more, and whether they had the time to read it.
    let (asked, read) = (RwSignal::new(false), RwSignal::new(false));
    follow(move || {
        open.track();
        asked.set(false);
        read.set(false);
    });
    let of_photo = move |what: fn(&PhotoView) -> bool| {
        Memo::new(move |_| find(trail, open).is_some_and(|(_, entry)| entry.view.with(what)))
    };
    let is_complete = of_photo(is_here);
    let is_unsaved = of_photo(|photo| is_here(photo) && !photo.saved);
    let is_ended = of_photo(|photo| !states::is_unfinished(photo.state));
    let is_first = Memo::new(move |_| find(trail, open).is_none_or(|(place, _)| place == 0));
    let is_last =
        Memo::new(move |_| find(trail, open).is_none_or(|(place, _)| place + 1 == trail.with(Vec::len)));
    let remove = move || {
        let Some((place, entry)) = untrack(|| find(trail, open)) else { return };
        if is_unsaved.get_untracked() && !read.get_untracked() {
            if !asked.get_untracked() {
                asked.set(true);
                set_timeout(move || read.set(asked.try_get_untracked().unwrap_or(false)), SECOND_THOUGHT);
            }
            return;
        }
        // The older one takes its place, as it does in the trail.
        let next = trail.with_untracked(|trail| {
            let next = trail.get(place + 1).or_else(|| trail.get(place.checked_sub(1)?));
            next.map(|entry| entry.key)
        });
        open.set(next);
        if next.is_none() {
            focus_on("incomingTitle");
        }
        room.remove(entry.key);
    };
    view! {
        <div class="buttons deeds">
            <button
                class="newer"
                type="button"
                aria-label=labels::PREVIOUS
                aria-disabled=move || is_first.get().to_string()
                on:click=move |_| step(trail, open, -1)
            >
                <Icon name="left" />
            </button>
            <button
                class="saveLarge primary"
                type="button"
                disabled=move || !is_complete.get()
                on:click=move |_| {
                    if let Some(key) = open.get_untracked() {
                        room.save(key);
                    }
                }
            >
                <Icon name="save" />
                {labels::SAVE}
            </button>
            <button
                class="remove"
                type="button"
                disabled=move || !is_ended.get()
                on:click=move |_| remove()
            >
                <Icon name="remove" />
                <span aria-live="polite">
                    {move || if asked.get() { labels::REMOVE_UNSAVED } else { labels::REMOVE }}
                </span>
            </button>
            <button
                class="older"
                type="button"
                aria-label=labels::NEXT
                aria-disabled=move || is_last.get().to_string()
                on:click=move |_| step(trail, open, 1)
            >
                <Icon name="right" />
            </button>
        </div>
    }
}

/// The open photo and its place among all, from 0; none once it is gone.
fn find(trail: Photos, open: RwSignal<Option<PhotoKey>>) -> Option<(usize, Entry<PhotoView>)> {
    let key = open.get()?;
    trail.with(|trail| {
        let place = trail.iter().position(|entry| entry.key == key)?;
        Some((place, trail[place].clone()))
    })
}

/// Opens the photo so many places further; nothing happens at the ends.
fn step(trail: Photos, open: RwSignal<Option<PhotoKey>>, by: isize) {
    let Some((place, _)) = untrack(|| find(trail, open)) else { return };
    let to = place.checked_add_signed(by);
    if let Some(key) = to.and_then(|to| trail.with_untracked(|trail| trail.get(to).map(|entry| entry.key))) {
        open.set(Some(key));
    }
}

/// Its place, size and state.
fn facts(trail: Photos, (place, entry): &(usize, Entry<PhotoView>)) -> String {
    entry.view.with(|photo| {
        let place = words::place(place + 1, trail.with(Vec::len));
        [place, words::size(photo.width, photo.height), words::incoming(photo)].join(" · ")
    })
}
