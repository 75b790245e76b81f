use leptos::prelude::*;

use super::{
    aloud::Aloud,
    follow::follow_on,
    list::{List, RowKey},
    states,
    surface::{Rows, hand_focus_on, time_of_day},
    words::{earlier as sentences, labels},
};
use crate::room::{Earlier as Item, EarlierState, Kind, PhotoKey, Room};

/// Photos and files that were shown to everybody before one came, as long as somebody here holds them.
#[component]
pub fn Earlier(room: Room) -> impl IntoView {
    let all = room.view.earlier;
    let count = Memo::new(move |_| {
        let count = all.with(Vec::len);
        // What hides then has no focus any more that could be handed on.
        match count {
            0 => hand_focus_on("earlier", title_for(true)),
            1 => hand_focus_on("getEarlier", title_for(false)),
            _ => {}
        }
        count
    });
    let keys = Memo::new(move |_| all.with(|all| all.iter().map(key_of).collect::<Vec<_>>()));
    let rows = Rows::new("earlier", id_of);
    let shown = move || {
        let keys = keys.get();
        rows.are(keys.clone(), title_for(keys.is_empty()));
        keys
    };
    let nothing_left = Memo::new(move |_| all.with(|all| wanted(all).is_empty()));
    let get_all = move |_| {
        if !nothing_left.get_untracked() {
            room.fetch(all.with_untracked(|all| wanted(all)));
        }
    };
    let (aloud, more) = (Aloud::default(), RwSignal::new(String::new()));
    follow_on(move |before: Option<usize>| {
        let count = count.get();
        // Of what comes, and is in the list no more, something else tells.
        let is_more = count > before.unwrap_or(0);
        more.set(if is_more { sentences::there_are(count) } else { String::new() });
        count
    });
    view! {
        <section id="earlier" aria-labelledby="earlierTitle" hidden=move || count.get() == 0>
            <header class="trailHead">
                <h3 id="earlierTitle" tabindex="-1">{sentences::TITLE}</h3>
                <button
                    id="getEarlier"
                    type="button"
                    hidden=move || { count.get() < 2 }
                    aria-disabled=move || nothing_left.get().to_string()
                    on:click=get_all
                >
                    {sentences::GET_ALL}
                </button>
            </header>
            <ul>
                <List each=shown key=|key| RowKey::Item(*key) children=move |key| view! { <One room key aloud /> } />
            </ul>
        </section>
        <div id="earlierAloud" class="unseen" aria-live="polite">
            <p>{more}</p>
            {aloud.paragraphs()}
        </div>
    }
}

#[component]
fn One(room: Room, key: PhotoKey, aloud: Aloud) -> impl IntoView {
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
    follow_on(move |before: Option<()>| {
        state.track();
        let said = item.with_untracked(|item| item.as_ref().and_then(sentences::told));
        if let Some(said) = said.filter(|_| before.is_some()) {
            aloud.say(&said);
        }
    });
    // One button, which keeps the focus.
    let wanted = Memo::new(move |_| state.get().is_some_and(is_wanted));
    let get_or_stop = move |_| {
        if wanted.get_untracked() {
            room.stop_fetch(key);
        } else {
            room.fetch(vec![key]);
        }
    };
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
            <p class="how">{move || state.get().map(sentences::how)}</p>
            <button
                class=move || if wanted.get() { "stop" } else { "get" }
                type="button"
                aria-label=move || told(if wanted.get() { sentences::stop } else { sentences::get })
                on:click=get_or_stop
            >
                {move || if wanted.get() { labels::CANCEL } else { sentences::GET }}
            </button>
        </li>
    }
}

/// Where the keyboard goes on when what it was on is gone, perhaps with all the rest.
fn title_for(all_gone: bool) -> &'static str {
    if all_gone { "incomingTitle" } else { "earlierTitle" }
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
