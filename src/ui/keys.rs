use leptos::prelude::*;

use super::{
    follow::follow,
    icon::Icon,
    modal::Modal,
    surface::{can_enlarge, fill_screen, on_key},
    words::labels,
};
use crate::room::{Larger, Room, RoomView};

/// The keys that do something in a call, and the dialog that says which: single ones, which whoever speaks to the
/// computer, or rests a hand on the keyboard, can turn off (WCAG 2.2, 2.1.4).
#[component]
pub fn Keys(room: Room) -> impl IntoView {
    let RoomView { call, shortcuts, .. } = room.view;
    let open = RwSignal::new(false);
    let is_in = Memo::new(move |_| call.with(|call| call.sends.is_some()));
    on_key(move |key| match key {
        _ if !shortcuts.get_untracked() || !is_in.get_untracked() => {}
        "?" => open.set(true),
        _ => obey(key, room),
    });
    // It stands in what is hidden then, and a dialog that nobody sees would keep the page from everybody.
    follow(move || {
        if !is_in.get() {
            open.set(false);
        }
    });
    view! {
        <button id="keys" class="quiet" type="button" aria-haspopup="dialog" on:click=move |_| open.set(true)>
            <Icon name="keys" />
            {labels::KEYS}
        </button>
        <Modal id="keysDialog" open on_close=move |()| open.set(false) title=labels::KEYS>
            <dl inner_html=labels::KEYS_IN_CALL></dl>
            <label>
                <input
                    id="shortcuts"
                    type="checkbox"
                    prop:checked=move || shortcuts.get()
                    on:change=move |_| room.set_shortcuts(!shortcuts.get_untracked())
                />
                {labels::SHORTCUTS}
            </label>
        </Modal>
    }
}

fn obey(key: &str, room: Room) {
    match key {
        "m" => room.toggle_sound(),
        "c" => room.toggle_camera(),
        "s" if room.view.can_share_screen => room.toggle_screen(),
        "f" if can_enlarge(Larger::FullScreen) => fill_screen(room, ".tile video"),
        "h" => room.hang_up(),
        _ => {}
    }
}
