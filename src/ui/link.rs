use leptos::prelude::*;

use super::{chat::ChatJump, icon::Icon, modal::Modal, qr::QrPicture, words::labels};
use crate::room::{Room, RoomView, Status};

/// The room's name, with a warning where a person chose it.
#[component]
pub fn RoomName(view: RoomView) -> impl IntoView {
    let link = view.link;
    view! {
        <span id="roomName">
            {move || match link.get().typed_name {
                None => labels::PRIVATE_ROOM.into_any(),
                Some(name) => view! {
                    <bdi class="typedName">{name}</bdi>
                    " "
                    <span class="notPrivate">{labels::NOT_PRIVATE}</span>
                }
                .into_any(),
            }}
        </span>
    }
}

/// The link that one shares: Copy, the system's share sheet, and a code in a dialog.
#[component]
pub fn LinkBar(room: Room) -> impl IntoView {
    let RoomView { link, status, can_share, .. } = room.view;
    let url = Signal::derive(move || link.get().url);
    // The part that tells it from others is the last one; a narrow page shows more of it without the scheme.
    let short =
        move || url.with(|url| url.split_once("://").map_or(url.as_str(), |(_, rest)| rest).to_owned());
    let is_alone = Memo::new(move |_| status.get() == Status::Alone);
    let inviting = RwSignal::new(false);
    view! {
        <section class="link" aria-label=labels::LINK>
            // A new tab is a second person in the room, which is how one tries it alone.
            <a id="url" href=url target="_blank" rel="noopener noreferrer">{short}</a>
            <div class="buttons">
                <button
                    id="copyLink"
                    type="button"
                    class:primary=is_alone
                    aria-label=labels::COPY_LINK
                    on:click=move |_| room.copy_link()
                >
                    <Icon name="copy" />
                    <span>{labels::COPY}</span>
                </button>
                {can_share.then(|| view! {
                    <button
                        id="shareLink"
                        type="button"
                        aria-label=labels::SHARE_LINK
                        on:click=move |_| room.share_link()
                    >
                        <Icon name="share" />
                        <span>{labels::SHARE}</span>
                    </button>
                })}
                <button
                    id="invite"
                    type="button"
                    aria-label=labels::SHOW_QR
                    aria-haspopup="dialog"
                    on:click=move |_| inviting.set(true)
                >
                    <Icon name="qr" />
                    <span>{labels::QR}</span>
                </button>
                <ChatJump room />
            </div>
        </section>
        <Modal
            id="inviteDialog"
            open=inviting
            on_close=move |()| inviting.set(false)
            title=labels::INVITE
        >
            // Drawn when it is looked at.
            {move || inviting.get().then(|| view! { <QrPicture url /> })}
            <p class="whole">{url}</p>
            <div class="buttons">
                <button type="button" class="primary" on:click=move |_| room.copy_link()>
                    <Icon name="copy" />
                    {labels::COPY_LINK}
                </button>
            </div>
        </Modal>
    }
}
