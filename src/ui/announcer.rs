use leptos::prelude::*;
use snaproom_protocol::PeerId;

use super::{follow::follow_on, relay::is_stranded, words};
use crate::room::{PeerState, PeerView, RoomView, Status};

/// For people who hear the page: how the room is, when that changes, and who comes and goes while it stays the same. A
/// photo that arrives is said in the trail; progress is not said at all, it is there to be asked for.
#[component]
pub fn Announcer(view: RoomView) -> impl IntoView {
    let RoomView { status, peers, names, camera, .. } = view;
    let said = RwSignal::new(String::new());
    follow_on(move |before: Option<(Status, bool, Vec<PeerId>)>| {
        let here = |peers: &Vec<PeerView>| {
            let here = peers.iter().filter(|peer| peer.state == PeerState::Connected);
            here.map(|peer| peer.peer).collect::<Vec<_>>()
        };
        let now = (status.get(), is_stranded(view), peers.with(here));
        let sentence = names.with_untracked(|names| match &before {
            Some((status, stranded, here)) if (*status, *stranded) == (now.0, now.1) => {
                words::came_and_went(here, &now.2, names)
            }
            _ => peers.with_untracked(|peers| {
                camera.with_untracked(|camera| words::status(now.0, now.1, peers, camera, names))
            }),
        });
        if !sentence.is_empty() {
            said.set(sentence);
        }
        now
    });
    view! { <p id="announcer" class="unseen" role="status">{said}</p> }
}
