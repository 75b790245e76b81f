use std::time::Duration;

use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    leptos_dom::helpers::TimeoutHandle,
    prelude::*,
};

use super::{camera::timer, words::labels};
use crate::room::Room;

/// Who presses longer than this holds the button.
const HOLD: Duration = Duration::from_millis(400);

/// How the button is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Press {
    /// Not, or the finger or the mouse left it.
    Not,
    /// A moment ago.
    Short,
    /// Since long enough for one photo after another. So it stays until the next press, since a click follows.
    Held,
}

/// The button that takes a photo and sends it. Held, by a finger, the mouse or a key, it takes one after another until it
/// is let go.
#[component]
pub fn Shutter(
    room: Room,
    /// Whether there is a camera, and somebody to send to.
    can: Memo<bool>,
) -> impl IntoView {
    let counting = room.view.counting;
    let (press, hold) = (StoredValue::new(Press::Not), StoredValue::new(None::<TimeoutHandle>));
    let act = move || {
        if can.get_untracked() {
            room.snap_and_send(timer());
        }
    };
    let down = move || {
        press.set_value(Press::Short);
        // Whoever waits for a photo, or does not want it at once, wants one.
        if can.get_untracked() && timer() == 0 && counting.with_untracked(String::is_empty) {
            let begin = move || {
                press.set_value(Press::Held);
                room.burst();
            };
            hold.set_value(set_timeout_with_handle(begin, HOLD).ok());
        }
    };
    // However it ends. Whether that was a short press.
    let up = move || {
        if let Some(hold) = hold.try_update_value(Option::take).flatten() {
            hold.clear();
        }
        let was = press.try_get_value();
        match was {
            Some(Press::Held) => room.end_burst(),
            Some(Press::Short) => press.set_value(Press::Not),
            _ => {}
        }
        was == Some(Press::Short)
    };
    let let_go = move || {
        up();
    };
    on_cleanup(let_go);
    // A key that is held repeats its click, in some browsers: the button looks after both ends of a press itself.
    let is_press = |event: &KeyboardEvent| {
        let presses = matches!(event.key().as_str(), "Enter" | " ");
        if presses {
            event.prevent_default();
        }
        presses
    };
    view! {
        <button
            id="snapAndSend"
            class="primary"
            type="button"
            title=labels::HOLD
            aria-disabled=move || (!can.get()).to_string()
            aria-describedby="sendHint"
            on:pointerdown=move |event: PointerEvent| {
                if event.is_primary() && event.button() == 0 {
                    down();
                }
            }
            on:pointerup=move |_| let_go()
            on:pointerleave=move |_| let_go()
            on:pointercancel=move |_| let_go()
            on:contextmenu=move |event| {
                // What a finger gets that stays on something.
                if press.get_value() != Press::Not {
                    event.prevent_default();
                }
            }
            on:blur=move |_| let_go()
            on:keydown=move |event| {
                if is_press(&event) && !event.repeat() {
                    down();
                }
            }
            on:keyup=move |event| {
                if is_press(&event) && up() {
                    act();
                }
            }
            on:click=move |event| {
                // A click that nobody pressed for is another program's, for somebody who cannot.
                if press.get_value() != Press::Held || event.detail() == 0 {
                    act();
                }
            }
        >
            {move || if counting.with(String::is_empty) { labels::SNAP_AND_SEND } else { labels::STOP }}
        </button>
    }
}
