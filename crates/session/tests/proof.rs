//! Before its proof a peer may say nothing, and a wrong proof is the last thing it says.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{
    Room,
    liar::{LIAR, Script, VICTIM},
    test,
};
use snaproom_protocol::{DeviceKey, Digest, Signature, control::Control, wire};
use snaproom_session::io::{PeerState, RefusedPeer};

/// Two people of whom one says something else on its control channel than it should.
fn room_with(rewrite: fn(String) -> Vec<String>) -> Room {
    let mut room = Room::new(1);
    room.open_all(2);
    room.set_name(VICTIM, "Anna");
    room.tabs[LIAR].is_liar = true;
    room.tabs[LIAR].rewrite = Some(rewrite);
    room
}

#[test]
fn words_instead_of_the_proof() {
    let offer = |proof| vec![wire::to_text(&Control::Offer(Script::honest().offer)), proof];
    let name = |proof| vec![wire::to_text(&Control::Name { name: String::from("Mallory") }), proof];
    let ping = |_| vec![wire::to_text(&Control::Ping)];
    let wrong = |_| {
        let (device, signature) = (DeviceKey([7; 32]), Signature([7; 64]));
        vec![wire::to_text(&Control::Confirm { proof: Digest([7; 32]), device, signature })]
    };
    let noise = |_| vec![String::from("let me in")];
    for (name, reason, rewrite) in [
        ("an offer first", RefusedPeer::Proof, offer as fn(String) -> Vec<String>),
        ("a name first", RefusedPeer::Proof, name),
        ("a ping", RefusedPeer::Proof, ping),
        ("a wrong proof", RefusedPeer::Proof, wrong),
        ("no message", RefusedPeer::Protocol, noise),
    ] {
        let mut room = room_with(rewrite);
        room.run_for(Duration::from_secs(40));
        assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Refused(reason)), "{name}");
        assert!(room.tabs[VICTIM].incoming.is_empty(), "{name}");
        assert_eq!(room.tabs[VICTIM].name_news, [], "{name}");
        // The victim has a name, and does not tell it either.
        assert!(
            room.tabs[VICTIM]
                .said
                .iter()
                .all(|text| matches!(wire::from_text(text), Ok(Control::Confirm { .. }))),
            "{name}"
        );
    }
}

#[test]
fn the_same_words_untouched_connect() {
    let mut room = room_with(|text| vec![text]);
    room.settle();
    room.run_until("the name", |room| room.calls(LIAR, VICTIM) == Some("Anna"));
}

#[test]
fn a_proof_that_never_comes_is_waited_for_ten_seconds() {
    let mut room = room_with(|_| Vec::new());
    room.run_until("asked for", |room| room.tabs[VICTIM].did("SendControl") == 1);
    room.set_name(VICTIM, "Bell");
    room.run_for(Duration::from_secs(9));
    assert_eq!(room.tabs[VICTIM].did("SendControl"), 1, "nothing is told meanwhile");
    assert_eq!(room.tabs[VICTIM].did("Close"), 0);
    room.run_for(Duration::from_secs(2));
    assert_eq!(room.tabs[VICTIM].did("Close"), 1);
    room.run_for(Duration::from_mins(3));
    assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Failed));
}
