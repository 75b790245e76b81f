//! Two people compare signs; a device that was found to be the right one is known again; everybody goes to another
//! room.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{Ix, Room, seeds, test};
use sha2::{Digest as _, Sha256};
use snaproom_protocol::{Digest, Nonce, PeerId, control::Control, server::FromServer, wire};
use snaproom_session::{
    Command, Input, Link,
    io::{Comparison, PeerState, RefusedPeer, Signs, Trust},
};

const ANNA: Ix = 0;
const MALLORY: Ix = 1;
const BOB: Ix = 2;

fn compare(room: &mut Room, tab: Ix, with: Ix) {
    let peer = room.me(with);
    room.handle(tab, Input::Command(Command::Compare(peer)));
}

fn comparison(room: &Room, tab: Ix, with: Ix) -> Option<Comparison> {
    room.tabs[tab].comparisons.get(&room.me(with)).copied()
}

fn signs(room: &Room, tab: Ix, with: Ix) -> Option<Signs> {
    match comparison(room, tab, with)? {
        Comparison::Signs(signs) => Some(signs),
        Comparison::Waiting | Comparison::Wanted => None,
    }
}

fn both_see_signs(room: &Room) -> bool {
    (0..2).all(|tab| signs(room, tab, 1 - tab).is_some())
}

/// The first asks, and the second agrees.
fn both_compare(room: &mut Room) {
    compare(room, 0, 1);
    room.run_until("asked", |room| comparison(room, 1, 0) == Some(Comparison::Wanted));
    compare(room, 1, 0);
    room.run_until("signs", both_see_signs);
}

/// Presses the button below the signs that this tab shows.
fn compared(room: &mut Room, tab: Ix, with: Ix, same: bool) {
    let signs = signs(room, tab, with).expect("signs are shown");
    let peer = room.me(with);
    room.handle(tab, Input::Command(Command::Compared { peer, signs, same }));
}

fn trust(room: &Room, tab: Ix, other: Ix) -> Trust {
    room.tabs[tab].peers[&room.me(other)].trust
}

fn is_verified(room: &Room, tab: Ix, other: Ix) -> bool {
    trust(room, tab, other) == Trust::Verified
}

fn move_with(room: &mut Room, tab: Ix, with: &[Ix], link: &Link) {
    let with = with.iter().map(|&tab| room.me(tab)).collect();
    room.handle(tab, Input::Command(Command::Move { link: link.clone(), with }));
}

fn say(room: &mut Room, tab: Ix, to: Ix, message: &Control) {
    room.say(room.wire_between(tab, to), message);
}

#[test]
fn both_see_the_same_signs_whoever_asks() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 2);
        let asking: &[Ix] = [&[0][..], &[1], &[0, 1]][seed as usize % 3];
        for &tab in asking {
            compare(&mut room, tab, 1 - tab);
            assert_eq!(comparison(&room, tab, 1 - tab), Some(Comparison::Waiting));
        }
        if let &[asker] = asking {
            let other = 1 - asker;
            room.run_until("asked", |room| comparison(room, other, asker) == Some(Comparison::Wanted));
            compare(&mut room, other, asker);
        }
        room.run_until("signs", both_see_signs);
        assert_eq!(signs(&room, 0, 1), signs(&room, 1, 0));
        assert!(signs(&room, 0, 1).unwrap().iter().all(|sign| *sign < 64));
        assert!(!is_verified(&room, 0, 1), "not before the person says so");
    });
}

/// Else somebody in between could try as often as it likes, with nobody looking.
#[test]
fn who_is_asked_says_nothing_before_the_person_agrees() {
    let mut room = Room::of(1, 2);
    let said = |room: &Room| room.tabs[1].said.iter().filter(|text| is_of_comparison(text)).count();
    compare(&mut room, 0, 1);
    room.run_for(Duration::from_mins(1));
    assert_eq!(comparison(&room, 1, 0), Some(Comparison::Wanted));
    assert_eq!(said(&room), 0);
    assert_eq!(comparison(&room, 0, 1), Some(Comparison::Waiting));
    assert_eq!(room.sees(0, 1), Some(PeerState::Connected), "nobody is hurried");
    compare(&mut room, 1, 0);
    room.run_until("signs", both_see_signs);
    assert_eq!(said(&room), 1);
}

#[test]
fn asked_again_the_signs_stay_and_another_connection_has_others() {
    let mut room = Room::of(1, 2);
    let mut seen = Vec::new();
    for again in [false, true] {
        both_compare(&mut room);
        let said = room.tabs[0].said.len();
        let other = room.me(1);
        let shown = room.tabs[0].comparisons.remove(&other).unwrap();
        compare(&mut room, 0, 1);
        assert_eq!(comparison(&room, 0, 1), Some(shown));
        assert_eq!(room.tabs[0].said.len(), said, "nothing is said for that");
        seen.push(shown);
        if !again {
            room.fail_connection();
            room.run_for(Duration::from_secs(5));
            room.settle();
            room.tabs.iter_mut().for_each(|tab| tab.comparisons.clear());
        }
    }
    assert_ne!(seen[0], seen[1]);
}

#[test]
fn who_was_verified_is_known_again_after_reloads_of_both_and_on_new_tabs_of_the_device() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        both_compare(&mut room);
        compared(&mut room, 0, 1, true);
        assert!(is_verified(&room, 0, 1));
        assert!(!is_verified(&room, 1, 0), "each says it for itself");
        compared(&mut room, 1, 0, true);
        for tab in [0, 1] {
            room.close(tab);
            room.reopen(tab);
        }
        room.settle();
        assert!(is_verified(&room, 0, 1) && is_verified(&room, 1, 0));

        // Another tab on Bob's device, and somebody else.
        let device = room.tabs[1].id.device;
        let bobs = room.open();
        let stranger = room.open();
        room.settle();
        assert!(!is_verified(&room, 0, bobs) && !is_verified(&room, 0, stranger));
        room.close(bobs);
        room.tabs[bobs].id.device = device;
        room.reopen(bobs);
        room.settle();
        assert!(is_verified(&room, 0, bobs) && !is_verified(&room, 0, stranger));
    });
}

#[test]
fn who_sees_other_signs_is_refused() {
    let mut room = Room::of(1, 2);
    let peer = room.me(1);
    let say_of = |room: &mut Room, signs| {
        for same in [true, false] {
            room.handle(0, Input::Command(Command::Compared { peer, signs, same }));
        }
        assert_eq!(room.sees(0, 1), Some(PeerState::Connected));
        assert_eq!(trust(room, 0, 1), Trust::Unknown);
    };
    // Of nothing, and of what is not shown any more.
    say_of(&mut room, [0; 7]);
    both_compare(&mut room);
    let mut others = signs(&room, 0, 1).unwrap();
    others[6] ^= 1;
    say_of(&mut room, others);

    compared(&mut room, 0, 1, false);
    assert_eq!(room.sees(0, 1), Some(PeerState::Refused(RefusedPeer::Compared)));
    assert!(room.tabs[0].id.verified.is_empty());
}

/// Mallory, whom Anna knows as such, in Bob's place: the check mark would say nothing then.
#[test]
fn a_verified_device_in_the_place_of_another_one_is_told_too() {
    let mut room = Room::of(1, 2);
    let (bobs, mallorys) = (room.tabs[1].id.device, room.tabs[0].id.device);
    let returns_with = |room: &mut Room, device| {
        room.close(1);
        room.tabs[1].id.device = device;
        room.reopen(1);
        room.settle();
    };
    let other = room.open();
    room.close(other);
    room.tabs[other].id.device = mallorys;
    room.reopen(other);
    room.settle();
    for tab in [1, other] {
        compare(&mut room, 0, tab);
        room.run_until("asked", |room| comparison(room, tab, 0) == Some(Comparison::Wanted));
        compare(&mut room, tab, 0);
        room.run_until("signs", |room| signs(room, 0, tab).is_some());
        compared(&mut room, 0, tab, true);
        assert!(is_verified(&room, 0, tab));
    }
    returns_with(&mut room, mallorys);
    assert_eq!(trust(&room, 0, 1), Trust::Replaced);
    returns_with(&mut room, bobs);
    assert_eq!(trust(&room, 0, 1), Trust::Verified);
    // Found to be the same person's, both are.
    returns_with(&mut room, mallorys);
    both_compare(&mut room);
    compared(&mut room, 0, 1, true);
    for device in [bobs, mallorys] {
        returns_with(&mut room, device);
        assert_eq!(trust(&room, 0, 1), Trust::Verified);
    }
}

#[test]
fn another_device_in_the_place_of_one_that_was_verified_is_told() {
    let mut room = Room::of(1, 2);
    both_compare(&mut room);
    compared(&mut room, 0, 1, true);
    let device = room.tabs[1].id.device;
    // Whoever else has the tab's token, or the tab itself after its device forgot its secret.
    for (secret, expected) in [(room.tabs[0].id.device, Trust::Replaced), (device, Trust::Verified)] {
        room.close(1);
        room.tabs[1].id.device = secret;
        room.reopen(1);
        room.settle();
        assert_eq!(trust(&room, 0, 1), expected);
        assert_eq!(comparison(&room, 0, 1), None, "the signs were another device's");
    }
    // Found to be the same person's, both are.
    room.close(1);
    room.tabs[1].id.device = room.tabs[0].id.device;
    room.reopen(1);
    room.settle();
    both_compare(&mut room);
    compared(&mut room, 0, 1, true);
    assert!(is_verified(&room, 0, 1));
    assert_eq!(room.tabs[0].id.verified.len(), 2);
}

fn is_of_comparison(text: &str) -> bool {
    matches!(
        wire::from_text(text),
        Ok(Control::Compare { .. } | Control::CompareNonce { .. } | Control::CompareReveal { .. })
    )
}

#[test]
fn nothing_brings_back_who_saw_other_signs() {
    type Return = fn(&mut Room);
    let rejoin: Return = |room| room.cut_socket(1);
    let leave: Return = |room| {
        let peer = room.me(1);
        room.handle(0, Input::Server(wire::to_text(&FromServer::Left { peer, for_good: true })));
        room.cut_socket(1);
    };
    let reload: Return = |room| {
        room.close(1);
        room.reopen(1);
    };
    let new_tab_of_the_device: Return = |room| {
        let (device, tab) = (room.tabs[1].id.device, room.open());
        room.close(tab);
        room.tabs[tab].id.device = device;
        room.reopen(tab);
        room.leave(1);
    };
    // Somebody whom the page does not know any more has to prove who it is first.
    for (name, comes_back, is_tried) in [
        ("rejoins", rejoin, false),
        ("left, the server says", leave, true),
        ("reloads", reload, false),
        ("another tab", new_tab_of_the_device, true),
    ] {
        let mut room = Room::of(1, 2);
        both_compare(&mut room);
        // Even if the wrong button was pressed first.
        compared(&mut room, 0, 1, true);
        compared(&mut room, 0, 1, false);
        assert!(room.tabs[0].id.verified.is_empty(), "{name}");
        let connects = room.tabs[0].did("Connect");
        comes_back(&mut room);
        let news = room.tabs[0].peer_news.len();
        room.run_for(Duration::from_mins(2));
        let since = &room.tabs[0].peer_news[news..];
        assert!(since.iter().all(|(_, view)| view.state != PeerState::Connected), "{name}: {since:?}");
        let tried = room.tabs[0].did("Connect") - connects;
        assert_eq!(tried > 0, is_tried, "{name}: {tried} connections were tried");
    }
}

#[test]
fn whose_signs_differed_is_not_verified_by_the_next_press() {
    let mut room = Room::of(1, 2);
    both_compare(&mut room);
    let (peer, signs) = (room.me(1), signs(&room, 0, 1).unwrap());
    compared(&mut room, 0, 1, false);
    assert_eq!(comparison(&room, 0, 1), None, "there is nothing more to say of them");
    room.handle(0, Input::Command(Command::Compared { peer, signs, same: true }));
    assert!(room.tabs[0].id.verified.is_empty());
}

#[test]
fn every_tab_of_a_device_whose_signs_differed_is_refused() {
    let mut room = Room::of(1, 2);
    let other = room.open();
    let stranger = room.open();
    room.close(other);
    room.tabs[other].id.device = room.tabs[1].id.device;
    room.reopen(other);
    room.settle();
    both_compare(&mut room);
    compared(&mut room, 0, 1, false);
    for tab in [1, other] {
        assert_eq!(room.sees(0, tab), Some(PeerState::Refused(RefusedPeer::Compared)));
    }
    assert_eq!(room.sees(0, stranger), Some(PeerState::Connected));
}

#[test]
fn signs_that_were_the_same_go_with_their_connection_and_others_stay_to_be_answered() {
    for answered in [true, false] {
        let mut room = Room::of(1, 2);
        both_compare(&mut room);
        if answered {
            compared(&mut room, 0, 1, true);
            assert!(signs(&room, 0, 1).is_some(), "the answer can be taken back");
        }
        room.close(1);
        room.run_until("away", |room| room.sees(0, 1) == Some(PeerState::Away));
        assert_eq!(signs(&room, 0, 1).is_none(), answered);
        if !answered {
            compared(&mut room, 0, 1, true);
            assert_eq!(signs(&room, 0, 1), None);
        }
        room.reopen(1);
        room.settle();
        assert!(is_verified(&room, 0, 1));
    }
}

/// Else who asks could look for a nonce that makes the signs it wants, once it has heard the other's.
#[test]
fn who_asks_is_bound_to_the_nonce_that_it_began_with() {
    for bound in [true, false] {
        let mut room = Room::of(1, 2);
        room.tabs[1].is_liar = true;
        let nonce = Nonce([1; 32]);
        let commitment =
            Digest(Sha256::new_with_prefix(b"snaproom/1/compare").chain_update(nonce.0).finalize().into());
        say(&mut room, 1, 0, &Control::Compare { commitment });
        room.run_until("asked", |room| comparison(room, 0, 1) == Some(Comparison::Wanted));
        // Its own session asked for nothing, and would end the connection at the answer.
        room.freeze(1);
        compare(&mut room, 0, 1);
        let reveal = if bound { nonce } else { Nonce([2; 32]) };
        say(&mut room, 1, 0, &Control::CompareReveal { nonce: reveal });
        room.run_for(Duration::from_secs(1));
        assert_eq!(signs(&room, 0, 1).is_some(), bound);
        let refused = Some(PeerState::Refused(RefusedPeer::Protocol));
        assert_eq!(room.sees(0, 1) == refused, !bound);
    }
}

#[test]
fn a_question_ends_with_its_connection() {
    let mut room = Room::of(1, 2);
    compare(&mut room, 0, 1);
    room.run_until("asked", |room| comparison(room, 1, 0) == Some(Comparison::Wanted));
    room.fail_connection();
    room.run_for(Duration::from_secs(5));
    room.settle();
    assert_eq!([comparison(&room, 0, 1), comparison(&room, 1, 0)], [None, None]);
    both_compare(&mut room);
}

#[test]
fn what_the_person_saw_counts_also_when_the_connection_has_ended_since() {
    for same in [true, false] {
        let mut room = Room::of(1, 2);
        both_compare(&mut room);
        room.close(1);
        room.run_until("away", |room| room.sees(0, 1) == Some(PeerState::Away));
        compared(&mut room, 0, 1, same);
        room.reopen(1);
        room.run_for(Duration::from_secs(30));
        let expected = if same { PeerState::Connected } else { PeerState::Refused(RefusedPeer::Compared) };
        assert_eq!(room.sees(0, 1), Some(expected));
        assert_eq!(is_verified(&room, 0, 1), same);
    }
}

#[test]
fn asked_twice_everybody_goes_to_one_room() {
    let mut room = Room::of(1, 3);
    room.freeze(2);
    let links = [Link::mint([8; 16]), Link::mint([9; 16])];
    for link in &links {
        move_with(&mut room, 0, &[1, 2], link);
    }
    room.run_until("gone", |room| room.tabs[0].moved.is_some());
    assert_eq!(room.tabs[0].moved.as_ref().unwrap().1, links[0]);
    assert_eq!(room.tabs[1].invited, [(room.me(0), links[0].clone())]);
}

/// Mallory has the link, stands between Anna and Bob with a connection to each, and passes on what they say to compare.
#[test]
fn somebody_in_between_who_passes_everything_on_is_seen() {
    let mut room = Room::of(1, 3);
    // Its own session says nothing of this.
    room.tabs[MALLORY].is_liar = true;
    room.tabs[MALLORY].rewrite = Some(|text| if is_of_comparison(&text) { Vec::new() } else { vec![text] });
    let passes = |room: &mut Room, from: Ix, to: Ix| {
        room.run_until("said", |room| room.tabs[from].said.iter().any(|text| is_of_comparison(text)));
        let said = &mut room.tabs[from].said;
        let text = said.remove(said.iter().position(|text| is_of_comparison(text)).unwrap());
        say(room, MALLORY, to, &wire::from_text(&text).unwrap());
    };
    // It takes Bob's answer for one to itself.
    compare(&mut room, MALLORY, BOB);
    compare(&mut room, ANNA, MALLORY);
    passes(&mut room, ANNA, BOB);
    room.run_until("asked", |room| comparison(room, BOB, MALLORY) == Some(Comparison::Wanted));
    compare(&mut room, BOB, MALLORY);
    passes(&mut room, BOB, ANNA);
    passes(&mut room, ANNA, BOB);
    room.run_until("signs", |room| [ANNA, BOB].iter().all(|&tab| signs(room, tab, MALLORY).is_some()));
    assert_ne!(signs(&room, ANNA, MALLORY), signs(&room, BOB, MALLORY));
}

#[test]
fn whoever_breaks_the_order_of_a_comparison_is_refused() {
    let nonce = Nonce([1; 32]);
    let commitment = Digest([2; 32]);
    let again = [Control::Compare { commitment }, Control::Compare { commitment }];
    let unasked = [Control::CompareNonce { nonce }];
    let unbound = [Control::Compare { commitment }, Control::CompareReveal { nonce }];
    let early = [Control::CompareReveal { nonce }];
    for messages in [&again[..], &unasked, &unbound, &early] {
        let mut room = Room::of(1, 2);
        room.tabs[1].is_liar = true;
        for message in messages {
            say(&mut room, 1, 0, message);
        }
        room.run_for(Duration::from_secs(1));
        let expected = Some(PeerState::Refused(RefusedPeer::Protocol));
        assert_eq!(room.sees(0, 1), expected, "{messages:?}");
        assert_eq!(signs(&room, 0, 1), None);
    }
}

#[test]
fn everybody_who_is_here_is_asked_to_come_along_before_we_go() {
    seeds(30, |seed| {
        let mut room = Room::of(seed, 4);
        room.freeze(3);
        let asked_at = room.now;
        let link = Link::mint([9; 16]);
        move_with(&mut room, 0, &[1, 2, 3], &link);
        room.run_until("gone", |room| room.tabs[0].moved.is_some());
        let (at, to) = room.tabs[0].moved.clone().unwrap();
        assert_eq!(to, link);
        assert!(at <= asked_at + Duration::from_secs(3), "who sleeps is not waited for");
        let me = room.me(0);
        for tab in [1, 2] {
            assert_eq!(room.tabs[tab].invited, [(me, link.clone())]);
            assert!(room.tabs[tab].moved.is_none(), "each goes by itself");
        }
        assert!(room.tabs[0].invited.is_empty());
    });
}

#[test]
fn who_is_left_out_hears_nothing_of_the_new_room() {
    let mut room = Room::of(1, 3);
    let link = Link::mint([9; 16]);
    move_with(&mut room, 0, &[1], &link);
    room.run_until("gone", |room| room.tabs[0].moved.is_some());
    room.run_for(Duration::from_secs(5));
    assert_eq!(room.tabs[1].invited.len(), 1);
    assert!(room.tabs[2].invited.is_empty());
    let moves = |text: &&String| matches!(wire::from_text(text), Ok(Control::Move { .. }));
    assert_eq!(room.tabs[0].said.iter().filter(moves).count(), 1);
}

#[test]
fn nobody_waits_for_somebody_who_left_meanwhile() {
    let mut room = Room::of(1, 2);
    let link = Link::mint([9; 16]);
    room.cut_path(0, 1);
    move_with(&mut room, 0, &[1], &link);
    room.leave(1);
    room.run_until("gone", |room| room.tabs[0].moved.is_some());
    assert_eq!(room.tabs[0].moved.as_ref().unwrap().1, link);
    // And alone one goes at once.
    let mut room = Room::of(1, 1);
    move_with(&mut room, 0, &[], &link);
    assert!(room.tabs[0].moved.is_some());
}

#[test]
fn nobody_is_led_to_a_room_that_can_be_guessed_nor_to_this_one() {
    let here = Room::of(1, 2).tabs[0].link.fragment();
    for link in ["", "kitchen", "%23", &"A".repeat(23), &"A".repeat(10_000), &here] {
        let mut room = Room::of(1, 2);
        room.tabs[1].is_liar = true;
        say(&mut room, 1, 0, &Control::Move { link: link.to_owned() });
        room.run_for(Duration::from_secs(1));
        assert_eq!(room.sees(0, 1), Some(PeerState::Refused(RefusedPeer::Protocol)), "{link}");
        assert!(room.tabs[0].invited.is_empty());
    }
}

#[test]
fn who_is_not_connected_has_nothing_to_compare() {
    let mut room = Room::of(1, 2);
    room.handle(0, Input::Command(Command::Compare(PeerId([1; 16]))));
    room.leave(1);
    room.run_for(Duration::from_secs(1));
    compare(&mut room, 0, 1);
    assert!(room.tabs[0].comparisons.is_empty());
}
