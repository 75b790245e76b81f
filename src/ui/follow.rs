//! What follows signals. There is one `Effect` for all that does: each of its own type would bring its own copy of what
//! Leptos does for it.

use leptos::prelude::*;

/// Runs `act` once the page is drawn, and again whenever what it read has changed: an `Effect`.
pub fn follow(act: impl FnMut() + 'static) {
    follow_boxed(Box::new(act));
}

/// The same for what is told what it gave the last time.
pub fn follow_on<T: 'static>(mut act: impl FnMut(Option<T>) -> T + 'static) {
    let mut before = None;
    follow(move || before = Some(act(before.take())));
}

fn follow_boxed(act: Box<dyn FnMut()>) {
    Effect::new(act);
}
