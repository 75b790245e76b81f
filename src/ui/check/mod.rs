//! The pages under `/check`.
//!
//! | file | what |
//! |---|---|
//! | `all` | everything by itself, a verdict, a report |
//! | `camera` | a camera's pictures, constraints and permission; how loud the microphone is |
//! | `call` | a call from this page to itself |
//! | `data` | a data channel: texts, options, speed, limits |
//! | `plot` | a curve of the last measurements |

mod all;
mod call;
mod camera;
mod data;
mod plot;

use leptos::prelude::*;

use super::{
    NotFound,
    surface::set_title,
    words::{check as words, labels},
};

use all::AllChecks;
use call::CallCheck;
use camera::CameraChecks;
use data::DataCheck;
pub use plot::Plot;

/// The pages, in the order in which they are offered: path, name.
const PAGES: [(&str, &str); 4] = [
    ("/check", words::ALL),
    ("/check/camera", words::CAMERA),
    ("/check/call", words::CALL),
    ("/check/data", words::DATA),
];

/// One of them, as the address's path asks for it.
pub fn check_page(path: &str) -> AnyView {
    let path = path.trim_end_matches('/');
    let page = match path {
        "/check" => view! { <AllChecks /> }.into_any(),
        "/check/camera" => view! { <CameraChecks /> }.into_any(),
        "/check/data" => view! { <DataCheck /> }.into_any(),
        "/check/call" => view! { <CallCheck /> }.into_any(),
        _ => return view! { <NotFound /> }.into_any(),
    };
    if let Some((_, name)) = PAGES.iter().find(|(to, _)| *to == path) {
        set_title(&words::title(name));
    }
    let entry = move |(to, name): (&'static str, &'static str)| {
        let current = (to == path).then_some("page");
        view! { <li><a href=to aria-current=current>{name}</a></li> }
    };
    view! {
        <header class="masthead">
            <h1>{labels::PRODUCT}</h1>
            <nav class="checks" aria-label=words::CHECKS>
                <ul>{PAGES.into_iter().map(entry).collect_view()}</ul>
            </nav>
            <a class="toRoom" href="/">{labels::MAKE_ROOM}</a>
        </header>
        <main class="check">{page}</main>
    }
    .into_any()
}
