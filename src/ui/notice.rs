use leptos::prelude::*;

use super::{
    ToCheck,
    follow::follow_on,
    list::{List, RowKey},
    words::{self, labels},
};
use crate::room::{Notice, RoomView};

/// The last sentence that passes, since this came into the page; an open dialog has one of its own, since what lies
/// behind it is neither seen nor heard. A style sheet lets it fade; being rebuilt each time, it is said and shown again
/// even when it is the same.
#[component]
pub fn NoticeRegion(view: RoomView, #[prop(optional)] id: Option<&'static str>) -> impl IntoView {
    let RoomView { notice, names, .. } = view;
    let passing = RwSignal::new(None::<(u32, Notice)>);
    follow_on(move |number: Option<u32>| {
        let now = notice.get();
        if let Some(number) = number {
            passing.set(now.map(|notice| (number, notice)));
        }
        number.unwrap_or(0).wrapping_add(1)
    });
    let sentence = move |notice| names.with_untracked(|names| words::notice(&notice, names));
    view! {
        <div id=id class="notice" role="status">
            <List
                each=move || passing.get().into_iter().collect()
                key=|(number, _)| RowKey::Passing(*number)
                children=move |(_, notice)| {
                    let check = words::notice_check(&notice);
                    view! {
                        <p>
                            {sentence(notice)}
                            {check.map(|page| view! { " " <ToCheck page label=labels::FIND_OUT /> })}
                        </p>
                    }
                }
            />
        </div>
    }
}
