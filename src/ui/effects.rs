use leptos::prelude::*;

use super::{surface::can_filter, words::labels};
use crate::room::Room;

/// Filter, timer and mirror. What a filter is, and that the viewfinder has it, stands in `style/effects.css`; from there
/// the photo takes it over.
#[component]
pub fn Effects(room: Room) -> impl IntoView {
    let mirrors = room.view.mirrors;
    view! {
        <div class="effects">
            <div class="pickers" inner_html=if can_filter() { labels::FILTER_AND_TIMER } else { labels::TIMER }></div>
            <button
                id="mirrorSwitch"
                class="quiet"
                type="button"
                role="switch"
                aria-checked=move || mirrors.get().to_string()
                on:click=move |_| room.set_mirror(!mirrors.get_untracked())
            >
                {labels::MIRROR}
            </button>
        </div>
    }
}
