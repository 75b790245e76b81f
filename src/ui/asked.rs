//! Somebody wants to send a file: the question is asked where it is seen, whatever one looks at.

use leptos::prelude::*;

use super::{
    follow::follow,
    surface::hand_focus_on,
    words::files::{self as sentences, ACCEPT, DECLINE, LATER},
};
use crate::room::{Entry, FileView, PhotoKey, Room, RoomView};

/// Of several the one that has waited longest.
#[component]
pub fn FileAsked(room: Room) -> impl IntoView {
    let RoomView { files, names, memory_alone, .. } = room.view;
    let later = RwSignal::new(Vec::<PhotoKey>::new());
    let offered = Memo::new(move |_| {
        let is_offered = |entry: &&Entry<FileView>| entry.view.with(FileView::is_offered);
        files.with(|files| files.iter().rev().filter(is_offered).map(|entry| entry.key).collect::<Vec<_>>())
    });
    let waiting = Memo::new(move |_| {
        let mut waiting = offered.get();
        later.with(|later| waiting.retain(|key| !later.contains(key)));
        waiting
    });
    let is_open = Memo::new(move |_| waiting.with(|waiting| !waiting.is_empty()));
    let asking = move || waiting.with_untracked(|waiting| waiting.first().copied());
    let sentence =
        move || {
            let (key, more) = waiting.with(|waiting| Some((*waiting.first()?, waiting.len() - 1)))?;
            let file = files.with_untracked(|files| files.iter().find(|entry| entry.key == key).cloned())?;
            Some(names.with(|names| {
                file.view.with_untracked(|file| sentences::asks(file, &key.owner, names, more))
            }))
        };
    follow(move || {
        if !is_open.get() {
            hand_focus_on("fileAsked", "filesTitle");
        }
    });
    view! {
        <section id="fileAsked" class="card asking" aria-label=sentences::ASKED hidden=move || !is_open.get()>
            <p role="alert">{move || sentence().unwrap_or_default()}</p>
            {move || memory_alone.get().map(|limit| view! { <p>{sentences::memory_alone(limit)}</p> })}
            <div class="buttons">
                <button class="accept primary" type="button" on:click=move |_| if let Some(key) = asking() { room.accept(key) }>
                    {ACCEPT}
                </button>
                <button class="decline" type="button" on:click=move |_| if let Some(key) = asking() { room.decline(key) }>
                    {DECLINE}
                </button>
                <button class="later" type="button" on:click=move |_| later.set(offered.get_untracked())>
                    {LATER}
                </button>
            </div>
        </section>
    }
}
