//! Somebody in the call: their picture, what is said of it, and how it is made larger.

use leptos::{html, prelude::*};
use snaproom_protocol::PeerId;

use super::{
    follow::follow,
    icon::Icon,
    peers::Who,
    still::still_tools,
    surface::{OwnSurface, RemoteSurface, can_enlarge, enlarge, shrink},
    words::{self, labels},
};
use crate::room::{CallView, CameraView, Larger, PeerState, Records, Room, RoomView, Sends, Shown};

/// Somebody else: the screen that they show, if they do, and themselves.
#[component]
pub fn Other(room: Room, peer: PeerId) -> impl IntoView {
    let RoomView { call, names, peers, quality, .. } = room.view;
    let sends = move || call.with(|call| sends_of(call, peer));
    let is_here = move || {
        peers.with(|peers| peers.iter().any(|view| view.peer == peer && view.state == PeerState::Connected))
    };
    let quality = move || quality.with(|known| known.get(&peer).copied()).unwrap_or_default();
    let path =
        move || peers.with(|peers| peers.iter().find(|view| view.peer == peer).and_then(|view| view.path));
    let [screen, camera] = [NodeRef::new(), NodeRef::new()];
    let shows_screen = Memo::new(move |_| sends().screen);
    shrink_without(screen, shows_screen);
    view! {
        <figure class="tile screen" hidden=move || !shows_screen.get()>
            <RemoteSurface room peer shown=Shown::Screen element=screen label=labels::SCREEN />
            {tools(room, screen, None)}
            <figcaption><Who peer names /><span>{labels::SHARES_SCREEN}</span></figcaption>
        </figure>
        <figure
            class="tile"
            data-camera=move || sends().camera.to_string()
            data-speaks=move || (sends().sound && quality().speaks).to_string()
        >
            <RemoteSurface room peer shown=Shown::Camera element=camera label=labels::CAMERA />
            {tools(room, camera, Some(peer))}
            <figcaption>
                <Who peer names />
                <span class="how">{move || words::sends(sends(), is_here())}</span>
                <span class="records" hidden=move || sends().records == Records::Nothing>
                    {move || words::records(sends().records)}
                </span>
                <details>
                    <summary>{move || words::quality(path(), quality())}</summary>
                    {move || words::figures(quality())}
                </details>
            </figcaption>
        </figure>
    }
}

/// What comes from somebody.
pub fn sends_of(call: &CallView, peer: PeerId) -> Sends {
    call.other(peer).map(|other| other.sends).unwrap_or_default()
}

/// What the others get of oneself.
pub fn own_sends(call: &CallView) -> Sends {
    call.sends.unwrap_or_default()
}

/// What the others see of oneself.
#[component]
pub fn SelfView(room: Room) -> impl IntoView {
    let RoomView { call, camera, .. } = room.view;
    let shows = move || call.with(own_sends).camera && camera.with(|camera| *camera == CameraView::On);
    let video = NodeRef::new();
    shrink_without(video, Memo::new(move |_| call.with(|call| call.sends.is_some())));
    view! {
        <figure class="tile self" data-camera=move || shows().to_string()>
            <OwnSurface
                room
                id="localVideo"
                attach=Room::attach_self_view
                element=video
                label=labels::OWN_PICTURE
            />
            {tools(room, video, None)}
            <figcaption>
                <b>{labels::YOU}</b>
                <span class="how">{move || words::sends(call.with(own_sends), true)}</span>
                <span class="records" hidden=move || call.with(own_sends).records == Records::Nothing>
                    {labels::RECORDING}
                </span>
            </figcaption>
        </figure>
    }
}

/// Over a picture: photos of whoever is on it, and what makes it larger, where the browser can.
fn tools(room: Room, video: NodeRef<html::Video>, of: Option<PeerId>) -> impl IntoView {
    let tool = move |how: Larger, class: &'static str, label: &'static str| {
        view! {
            <button
                class=class
                type="button"
                aria-label=label
                title=label
                hidden=!can_enlarge(how)
                on:click=move |_| enlarge(room, video, how)
            >
                <Icon name=class />
            </button>
        }
    };
    view! {
        <div class="tools">
            {of.map(|peer| still_tools(room, peer))}
            {tool(Larger::FullScreen, "fullScreen", labels::FULL_SCREEN)}
            {tool(Larger::Window, "ownWindow", labels::OWN_WINDOW)}
        </div>
    }
}

/// What is not in the call any more covers nothing.
fn shrink_without(video: NodeRef<html::Video>, is_there: Memo<bool>) {
    follow(move || {
        if !is_there.get() {
            shrink(video);
        }
    });
}
