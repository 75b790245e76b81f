//! What is said to people who hear the page when something in a list changes.

use std::time::Duration;

use leptos::prelude::*;

/// At most once in this time: many small files end at the same moment, and somebody may stop and go on with one all the
/// time.
const SAID_AFTER: Duration = Duration::from_millis(500);

/// Of so many changes at once, the last.
const MAX_SAID: usize = 4;

/// What changed. Figures are there to be asked for.
#[derive(Clone, Copy, Default)]
pub struct Aloud {
    said: RwSignal<Vec<String>>,
    next: StoredValue<Vec<String>>,
}

impl Aloud {
    /// Says it in a moment.
    pub fn say(self, what: &str) {
        let is_first = self.next.with_value(Vec::is_empty);
        self.next.update_value(|next| {
            next.retain(|other| other != what);
            next.push(what.to_owned());
            if next.len() > MAX_SAID {
                next.remove(0);
            }
        });
        if is_first {
            // Whoever asked may be gone by then.
            set_timeout(
                move || {
                    if let Some(next) = self.next.try_update_value(std::mem::take) {
                        self.said.try_set(next);
                    }
                },
                SAID_AFTER,
            );
        }
    }

    /// For a live region that is in the page all the time.
    pub fn paragraphs(self) -> impl IntoView {
        move || self.said.get().into_iter().map(|what| view! { <p>{what}</p> }).collect_view()
    }
}
