use leptos::prelude::*;

/// A sign beside words, or in place of words that the button has as its label. `index.html` holds the drawings, so
/// that they cost the app nothing.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    view! { <svg class="icon" aria-hidden="true"><use href=format!("#icon-{name}")></use></svg> }
}
