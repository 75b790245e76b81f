use leptos::{html, prelude::*};

use super::{
    follow::follow,
    modal::Modal,
    relay::HideAddress,
    words::{self, labels},
};
use crate::room::{Room, RoomView};

/// Where one types what the others read.
#[component]
pub fn NameDialog(room: Room, open: RwSignal<bool>) -> impl IntoView {
    let RoomView { me, my_name, .. } = room.view;
    let field = NodeRef::<html::Input>::new();
    let friendly = move || me.get().as_ref().map(words::friendly_name).unwrap_or_default();
    // What was typed and given up is not there the next time.
    follow(move || {
        if open.get()
            && let Some(field) = field.get_untracked()
        {
            field.set_value(&my_name.get_untracked());
        }
    });
    let keep = move || {
        if let Some(field) = field.get_untracked() {
            room.set_name(field.value());
        }
        open.set(false);
    };
    view! {
        <Modal
            id="nameDialog"
            open
            on_close=move |()| open.set(false)
            title=labels::YOUR_NAME
        >
            <form
                method="dialog"
                on:submit=move |event| {
                    event.prevent_default();
                    keep();
                }
            >
                <input
                    id="nameInput"
                    type="text"
                    node_ref=field
                    autocomplete="nickname"
                    autofocus
                    dir="auto"
                    placeholder=friendly
                    aria-labelledby="nameDialogTitle"
                    aria-describedby="nameHint"
                />
                <p id="nameHint" class="remedy">{move || words::name_hint(&friendly())}</p>
                <div class="buttons">
                    <button class="primary" type="submit">{labels::KEEP_NAME}</button>
                </div>
            </form>
            <HideAddress room />
        </Modal>
    }
}
