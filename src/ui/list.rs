use leptos::prelude::*;
use snaproom_protocol::{ItemId, PeerId};

use crate::room::PhotoKey;

/// What a row is known by while others come and go around it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// A person.
    Person(PeerId),
    /// A photo or a file.
    Item(PhotoKey),
    /// A message, and whether it stands under another one of the same person's.
    Message(ItemId, bool),
    /// A sentence that passes.
    Passing(u32),
}

/// A row that is made once it is new.
struct Row {
    key: RowKey,
    make: Box<dyn FnOnce() -> AnyView + Send>,
}

/// Leptos's `For`, of which there is one for all lists, whatever stands in them.
#[component]
pub fn List<T, V>(
    /// Everything that stands in it, in order.
    each: impl Fn() -> Vec<T> + Send + 'static,
    /// What tells one from the others.
    key: fn(&T) -> RowKey,
    /// The row of one.
    children: impl Fn(T) -> V + Clone + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    V: IntoView + 'static,
{
    let row = move |item: T| {
        let children = children.clone();
        Row { key: key(&item), make: Box::new(move || children(item).into_any()) }
    };
    list(Box::new(move || each().into_iter().map(row.clone()).collect()))
}

fn list(rows: Box<dyn Fn() -> Vec<Row> + Send>) -> AnyView {
    view! { <For each=rows key=|row| row.key children=|row| (row.make)() /> }.into_any()
}
