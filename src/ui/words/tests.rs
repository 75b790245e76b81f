use snaproom_protocol::{ItemId, PeerId};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::room::{Comparison, Path, Quality, Trust};

#[wasm_bindgen_test]
fn sizes_are_rounded_to_what_a_person_compares() {
    assert_eq!(size(1280, 720), "1280 × 720 · 3.7 MB");
    assert_eq!(size(321, 241), "321 × 241 · 309 kB");
    assert_eq!(size(1, 1), "1 × 1 · 4 bytes");
    assert_eq!(amount(999_499), "999 kB");
    assert_eq!(amount(999_500), "1.0 MB");
    assert_eq!(amount(u64::MAX), "18446744073709.5 MB");
}

#[wasm_bindgen_test]
fn everything_is_said_only_when_everything_is_there() {
    assert_eq!(percent(0, 0), 0);
    assert_eq!(percent(999, 1000), 99);
    assert_eq!(percent(1000, 1000), 100);
}

#[wasm_bindgen_test]
fn the_server_of_this_computer_is_explained_and_no_other() {
    let link = |url: &str| LinkView { url: url.into(), typed_name: None };
    assert!(how_to_start(Status::Offline, &link("http://localhost:8080/#abc")).is_some());
    assert!(how_to_start(Status::Offline, &link("http://127.0.0.1:8080/#abc")).is_some());
    assert!(how_to_start(Status::Offline, &link("https://snaproom.example/#http://localhost")).is_none());
    assert!(how_to_start(Status::Alone, &link("http://localhost:8080/#abc")).is_none());
}

#[wasm_bindgen_test]
fn the_hint_names_what_is_missing() {
    let peer = |state| PeerView { peer: PeerId([6; 16]), state, path: None, trust: Trust::Unknown };
    let (nobody, coming, here) = ([], [peer(PeerState::Connecting)], [peer(PeerState::Connected)]);
    let snap = |sent| Some(SnapView { item: ItemId([0; 16]), width: 4, height: 3, sent });
    let (off, on) = (CameraView::Off, CameraView::On);

    let names = Names::new();
    let hint = |status, peers: &[PeerView], camera, snapped| {
        send_hint(status, false, peers, camera, snapped, &[], &names)
    };
    let alone = hint(Status::Alone, &nobody, &on, snap(false));
    assert_eq!(alone, "You can send as soon as somebody joins. Share the link.");
    let connecting = hint(Status::Connecting, &coming, &on, snap(false));
    assert_eq!(connecting, "You can send as soon as the connection stands.");
    let full = hint(Status::Full { capacity: 2 }, &nobody, &on, snap(false));
    assert_eq!(full, "You cannot send, because this page is not in the room.");
    let ready = hint(Status::Connected, &here, &off, snap(false));
    assert_eq!(ready, "Ready to send to Calm Cheetah.");
    let sent = hint(Status::Connected, &here, &on, snap(true));
    assert_eq!(sent, "On its way…");
    let no_server = hint(Status::Reconnecting, &nobody, &on, snap(false));
    assert_eq!(no_server, "You can send when the server is back.");
    let away = hint(Status::Alone, &[peer(PeerState::Away)], &on, snap(false));
    assert_eq!(away, "You can send when somebody is back.");
    let no_camera = hint(Status::Connected, &here, &off, None);
    assert_eq!(no_camera, "Start the camera to take a photo. Without one you still receive.");
}

#[wasm_bindgen_test]
fn the_hint_follows_a_photo_to_the_people_it_goes_to() {
    let recipient =
        |byte, bytes, state| Recipient { peer: PeerId([byte; 16]), bytes, total: 100, state, saved: false };
    let here = [6, 7].map(|byte| PeerView {
        peer: PeerId([byte; 16]),
        state: PeerState::Connected,
        path: None,
        trust: Trust::Unknown,
    });
    let snap = Some(SnapView { item: ItemId([0; 16]), width: 4, height: 3, sent: true });
    let names = Names::from_iter([(PeerId([6; 16]), "Noa".into())]);
    let hint = |recipients: &[Recipient]| {
        send_hint(Status::Connected, false, &here, &CameraView::On, snap, recipients, &names)
    };
    assert_eq!(hint(&[recipient(6, 40, TransferState::Active)]), "\u{2068}Noa\u{2069} has 40 %.");
    assert_eq!(hint(&[recipient(6, 100, TransferState::Verified)]), "\u{2068}Noa\u{2069} has it.");
    let two = [recipient(6, 100, TransferState::Verified), recipient(7, 40, TransferState::Active)];
    assert_eq!(hint(&two), "1 of 2 people have it.");
}

#[wasm_bindgen_test]
fn each_camera_failure_has_its_own_sentence_and_remedy() {
    let failures = [
        CameraFailure::Denied,
        CameraFailure::Missing,
        CameraFailure::Busy,
        CameraFailure::Impossible("width".into()),
        CameraFailure::Insecure,
        CameraFailure::Unplugged,
        CameraFailure::Other("odd".into()),
    ];
    let said: std::collections::BTreeSet<_> =
        failures.iter().map(|failure| camera(&CameraView::Failed(failure.clone())).unwrap()).collect();
    assert_eq!(said.len(), failures.len());
    assert_eq!(camera(&CameraView::On), None);
}

fn peer(byte: u8, state: PeerState) -> PeerView {
    PeerView { peer: PeerId([byte; 16]), state, path: None, trust: Trust::Unknown }
}

#[wasm_bindgen_test]
fn networks_that_allow_no_connection_are_named_with_a_way_round_them() {
    let names = Names::from_iter([(PeerId([6; 16]), "Noa".into())]);
    let said = |peers: &[PeerView]| status(Status::Connecting, false, peers, &CameraView::On, &names);
    let failed = |byte| peer(byte, PeerState::Failed);
    let rest = "here, but your network or theirs blocks the connection. Try another one, such as a hotspot. This \
                page keeps trying.";
    assert_eq!(said(&[failed(6)]), format!("\u{2068}Noa\u{2069} is {rest}"));
    assert_eq!(said(&[failed(6), failed(7)]), format!("2 people are {rest}"));
    // Nor does a connection that stood come back by itself there.
    let reconnecting = status(Status::Reconnecting, false, &[failed(6)], &CameraView::On, &names);
    assert_eq!(reconnecting, said(&[failed(6)]));
    // While a way to somebody is looked for, that may take its few seconds.
    let connecting = "Somebody is here. Connecting, which takes a few seconds…";
    assert_eq!(said(&[failed(6), peer(7, PeerState::Connecting)]), connecting);
    assert_eq!(said(&[]), "Opening the room…");
    let hint = send_hint(Status::Connecting, false, &[failed(6)], &CameraView::On, None, &[], &names);
    assert_eq!(hint, "You can send when a network lets the connection through.");
    let some = [peer(7, PeerState::Connected), failed(6)];
    let some = status(Status::Connected, false, &some, &CameraView::On, &names);
    assert_eq!(some, "Connected with Cheery Cicada. \u{2068}Noa\u{2069} cannot be reached yet.");
}

#[wasm_bindgen_test]
fn who_hides_without_a_relay_is_told_how_to_be_reached() {
    let names = Names::new();
    let said = |state, peers: &[PeerView]| status(state, true, peers, &CameraView::On, &names);
    let failed = [peer(6, PeerState::Failed)];
    for sentence in [said(Status::Alone, &[]), said(Status::Connecting, &failed)] {
        assert!(sentence.contains("nobody can be reached. Show it to connect."), "{sentence}");
    }
    for peers in [&[][..], &failed] {
        let hint = send_hint(Status::Connecting, true, peers, &CameraView::On, None, &[], &names);
        assert_eq!(hint, "You can send once you show your network address.");
    }
    // Before the server has said what it offers, and when something else is wrong, too.
    for state in [Status::Connecting, Status::Offline, Status::Replaced] {
        assert_eq!(said(state, &[]), status(state, false, &[], &CameraView::On, &names));
    }
    assert_ne!(relay_hint(true), relay_hint(false));
    assert!(relay_hint(false).contains("Switch it off"));
}

#[wasm_bindgen_test]
fn what_waits_says_what_for() {
    let photo = |bytes, state| PhotoView {
        width: 4,
        height: 3,
        taken: 0,
        on_request: false,
        bytes,
        total: 100,
        state,
        shows: Shows::Nothing,
        saved: false,
    };
    let recipient =
        |bytes, state| Recipient { peer: PeerId([6; 16]), bytes, total: 100, state, saved: false };
    let (waiting, lost) = (TransferState::Waiting, TransferState::Failed(Failure::Lost));
    assert_eq!(incoming(&photo(0, waiting)), "Waiting for its turn");
    assert_eq!(incoming(&photo(40, waiting)), "40 % is here; the rest waits for the connection");
    assert_eq!(
        incoming(&photo(40, lost)),
        "The sender’s page was closed before all of it came; ask for it again"
    );
    assert_eq!(outgoing(&recipient(0, waiting)), "waits for its turn");
    assert_eq!(outgoing(&recipient(40, waiting)), "has 40 %; the rest waits for the connection");
    assert_eq!(outgoing(&recipient(40, lost)), "left before all of it came");
    // What its sender keeps until it is asked for.
    let kept = |state| incoming(&PhotoView { on_request: true, ..photo(2, state) });
    assert_eq!(kept(TransferState::Held), "Preview; its sender has the original");
    assert_eq!(kept(lost), "Preview only: the original went with its sender’s page");
    assert!(kept(TransferState::Cancelled).starts_with("Preview only"));
    assert_eq!(outgoing(&recipient(2, TransferState::Held)), "has the preview, and can ask for the original");
}

#[wasm_bindgen_test]
fn another_device_than_the_verified_one_is_told_whatever_it_asks() {
    let replaced = PeerView { trust: Trust::Replaced, ..peer(6, PeerState::Connected) };
    for asks in [None, Some(Comparison::Waiting), Some(Comparison::Wanted), Some(Comparison::Signs([0; 7]))] {
        assert!(how(&replaced, asks).contains("another device"), "{asks:?}");
    }
    for asks in [None, Some(Comparison::Wanted)] {
        assert!(person(&replaced, asks).contains("not the device"), "{asks:?}");
    }
}

#[wasm_bindgen_test]
fn how_somebody_comes_is_said_in_words_and_in_figures() {
    let none = Quality::default();
    assert_eq!(quality(Some(Path::Direct), none), "Connection");
    assert_eq!(figures(none), "no picture, 0 kbit/s");
    let some = Quality {
        speaks: true,
        round_trip: Some(80),
        lost_percent: 2,
        size: (1280, 720),
        frames: 24,
        kbits: 1_800,
    };
    assert_eq!(quality(Some(Path::Relay), some), "relayed, 80 ms, 2 % lost");
    assert_eq!(figures(some), "1280 × 720, 24 pictures a second, 1800 kbit/s");
}

#[wasm_bindgen_test]
fn what_went_wrong_in_a_call_says_what_is_done_about_it() {
    let said = |what: Notice| notice(&what, &Names::new());
    assert_eq!(
        said(Notice::SpeakerEnded),
        "The speaker went away. You hear the others from the system’s now."
    );
    let larger = said(Notice::NotEnlarged("TypeError: not now".into()));
    assert_eq!(larger, "The picture could not be shown larger (TypeError: not now). Try again.");
}
