//! Which screen: the room, one of the pages under `/check`, or a page that is not there.

use std::{any::Any, cell::RefCell};

use leptos::{mount::mount_to, prelude::*};

use crate::{
    browser::{page, task::Task},
    room::{self, RoomView},
    ui::{NotFound, RoomPage, check_page},
};

thread_local! {
    /// What unmounts the page when it is dropped: the page lives as long as its thread.
    static PAGE: RefCell<Option<Box<dyn Any>>> = RefCell::default();
}

/// Puts the room into the page.
pub fn mount() {
    put(App);
}

/// Puts the page into it that the address asks for, of those under `/check`.
pub fn mount_check() {
    put(CheckApp);
}

fn put<V: IntoView + 'static>(app: fn() -> V)
where
    V::State: 'static,
{
    if let Some(place) = page::place() {
        let mounted: Box<dyn Any> = Box::new(mount_to(place, app));
        PAGE.set(Some(mounted));
    }
}

/// The whole page. While it is mounted it holds the room; unmounting it leaves the room.
#[component]
pub fn App() -> impl IntoView {
    match page::path().as_str() {
        "/" | "/index.html" => {
            let (room, driver) = room::open(RoomView::new());
            keep(driver);
            view! { <RoomPage room /> }.into_any()
        }
        _ => view! { <NotFound /> }.into_any(),
    }
}

/// The whole page, of those under `/check`.
#[component]
pub fn CheckApp() -> impl IntoView {
    check_page(&page::path())
}

/// Ends the task when the page is unmounted.
fn keep(task: Task) {
    let task = StoredValue::new_local(Some(task));
    on_cleanup(move || drop(task.try_update_value(Option::take)));
}
