use leptos::prelude::*;

use super::words;
use crate::room::RoomView;

/// The last sentence that passes. A style sheet lets it fade; being rebuilt each time, it is said and shown again
/// even when it is the same.
#[component]
pub fn NoticeRegion(view: RoomView) -> impl IntoView {
    let notice = view.notice;
    let number = StoredValue::new(0_u32);
    let numbered = move || {
        number.update_value(|number| *number = number.wrapping_add(1));
        notice.get().map(|notice| (number.get_value(), notice))
    };
    view! {
        <div id="notice" role="status" aria-live="polite">
            <For
                each=numbered
                key=|(number, _)| *number
                children=|(_, notice)| view! { <p>{words::notice(&notice)}</p> }
            />
        </div>
    }
}
