use leptos::prelude::*;

use super::{
    states,
    surface::{hand_focus_on, time_of_day},
    words::earlier as sentences,
};
use crate::room::{Earlier as Item, EarlierState, Kind, PhotoKey, Room};

/// Photos and files that were shown to everybody before one came, as long as somebody here holds them.
#[component]
pub fn Earlier(room: Room) -> impl IntoView {
    let all = room.view.earlier;
    let is_empty = Memo::new(move |_| all.with(Vec::is_empty));
    let count = Memo::new(move |_| all.with(Vec::len));
    let keys = Memo::new(move |_| all.with(|all| all.iter().map(key_of).collect::<Vec<_>>()));
    let get_all = move |_| room.fetch(all.with_untracked(|all| wanted(all)));
    view! {
        <section id="earlier" aria-labelledby="earlierTitle" hidden=move || is_empty.get()>
            <header class="trailHead">
                <h3 id="earlierTitle" tabindex="-1">{sentences::TITLE}</h3>
                <button
                    id="getEarlier"
                    type="button"
                    hidden=move || { count.get() < 2 }
                    disabled=move || all.with(|all| wanted(all).is_empty())
                    on:click=get_all
                >
                    {sentences::GET_ALL}
                </button>
            </header>
            <p class="unseen" role="status">{move || sentences::there_are(count.get())}</p>
            <ul>
                <For each=move || keys.get() key=|key| *key children=move |key| view! { <One room key /> } />
            </ul>
        </section>
    }
}

#[component]
fn One(room: Room, key: PhotoKey) -> impl IntoView {
    let (all, names) = (room.view.earlier, room.view.names);
    let item = Memo::new(move |_| all.with(|all| all.iter().find(|item| key_of(item) == key).cloned()));
    let state = Memo::new(move |_| item.with(|item| item.as_ref().map(|item| item.state)));
    let told =
        move |words: fn(&Item) -> String| item.with(|item| item.as_ref().map(words).unwrap_or_default());
    let what = item.with_untracked(|item| match item.as_ref()?.kind {
        Kind::Photo { taken, .. } => Some(time_of_day(taken)),
        _ => None,
    });
    let note = move || {
        item.with(|item| item.as_ref().map(|item| names.with(|names| sentences::passed_on(item, names))))
    };
    on_cleanup(move || hand_focus_on(&id_of(key), "earlierTitle"));
    view! {
        <li
            id=id_of(key)
            class="earlier"
            tabindex="-1"
            data-owner=key.owner.to_string()
            data-item=key.item.to_string()
            data-state=move || state.get().map(states::earlier)
        >
            <p class="name">
                {move || told(sentences::what)}
                {what.map(|time| format!(" · {time}"))}
            </p>
            <p class="what"><bdi>{move || told(sentences::whose)}</bdi>{note}</p>
            <p class="how" role="status">{move || state.get().map(sentences::how)}</p>
            <button
                class="get"
                type="button"
                disabled=move || state.get().is_none_or(is_wanted)
                aria-label=move || told(sentences::get)
                on:click=move |_| room.fetch(vec![key])
            >
                {sentences::GET}
            </button>
        </li>
    }
}

fn key_of(item: &Item) -> PhotoKey {
    PhotoKey { owner: item.owner, item: item.item }
}

fn id_of(PhotoKey { owner, item }: PhotoKey) -> String {
    format!("earlier-{owner}-{item}")
}

/// Whether its person has asked for it.
fn is_wanted(state: EarlierState) -> bool {
    matches!(state, EarlierState::Waiting | EarlierState::Coming)
}

/// What is left to be asked for.
fn wanted(all: &[Item]) -> Vec<PhotoKey> {
    all.iter().filter(|item| !is_wanted(item.state)).map(key_of).collect()
}
