use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::{follow::follow, icon::Icon, notice::NoticeRegion, surface::show_as_modal, words::labels};

/// A dialog over the page (HTML, `showModal`): the page behind it rests, Escape closes it, and the focus goes back to
/// where it came from.
#[component]
pub fn Modal(
    /// The dialog's id; its heading has the same with `Title` behind it.
    id: &'static str,
    /// Whether it is open.
    #[prop(into)]
    open: Signal<bool>,
    /// Told when the person closes it.
    #[prop(into)]
    on_close: Callback<()>,
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// Told of the keys that are pressed in it.
    #[prop(optional, into)]
    on_key: Option<Callback<KeyboardEvent>>,
    /// What stands in it.
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    follow(move || {
        if let Some(dialog) = element.get() {
            show_as_modal(dialog, open.get());
        }
    });
    let title_id = format!("{id}Title");
    let labelled_by = title_id.clone();
    view! {
        <dialog
            id=id
            node_ref=element
            aria-labelledby=labelled_by
            closedby="any"
            on:close=move |_| on_close.run(())
            on:keydown=move |event| {
                if let Some(on_key) = on_key {
                    on_key.run(event);
                }
            }
        >
            <div class="dialogHead">
                <h2 id=title_id>{title}</h2>
                <button class="close quiet" type="button" aria-label=labels::CLOSE on:click=move |_| on_close.run(())>
                    <Icon name="close" />
                </button>
            </div>
            {children()}
            {move || open.get().then(|| use_context().map(|view| view! { <NoticeRegion view /> }))}
        </dialog>
    }
}
