//! What people want to be called: told to whoever proved itself, and to nobody else; a liar's names do no harm.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{
    Room,
    liar::{FRIEND, LIAR, VICTIM, assert_harmless},
    seeds, test,
};
use snaproom_protocol::{PeerId, control::Control};
use snaproom_session::{
    Command, Input, Time,
    io::{PeerState, RefusedPeer},
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn names_are_told_on_meeting_on_change_and_to_newcomers() {
    seeds(50, |seed| {
        let mut room = Room::new(seed);
        room.open_all(2);
        room.set_name(0, "Anna");
        room.run_until("told on meeting", |room| room.is_settled() && room.calls(1, 0) == Some("Anna"));
        assert_eq!(room.calls(0, 1), None);

        room.set_name(1, "Zoë");
        room.run_until("told on change", |room| room.calls(0, 1) == Some("Zoë"));
        room.set_name(0, "Anna B.");
        let newcomer = room.open();
        room.set_name(newcomer, "山田 太郎");
        room.run_until("told to a newcomer", Room::knows_names);
        assert_eq!(room.calls(newcomer, 0), Some("Anna B."));

        room.set_name(1, "");
        room.run_until("taken back", |room| room.calls(0, 1).is_none() && room.calls(newcomer, 1).is_none());
    });
}

#[test]
fn a_name_outlives_connections_and_a_new_life_has_its_own() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 2);
        for tab in [0, 1] {
            room.set_name(tab, ["Anna", "Zoë"][tab]);
        }
        room.run_until("told", Room::knows_names);
        let news = room.tabs[0].name_news.len();
        for end in [Room::close as fn(&mut Room, usize), Room::crash] {
            end(&mut room, 1);
            let away = room.below(25_000);
            room.run_for(Duration::from_millis(away));
            assert_eq!(room.calls(0, 1), Some("Zoë"), "while it is away");
            room.reopen(1);
            room.set_name(1, "Zoë");
            room.settle();
            room.run_until("told to the new life", Room::knows_names);
            room.run_for(2 * SECOND);
        }
        assert_eq!(room.tabs[0].name_news.len(), news, "what is known already is no news");

        room.close(1);
        room.reopen(1);
        room.settle();
        room.run_until("the next life has none", |room| room.calls(0, 1).is_none());
    });
}

/// Gone for so long that nothing is known of the peer any more, but a driver may still show the name.
#[test]
fn whoever_comes_back_without_a_name_says_so() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        room.set_name(1, "Zoë");
        room.run_until("told", Room::knows_names);
        room.close(1);
        room.run_until("forgotten", |room| room.sees(0, 1).is_none());
        assert_eq!(room.calls(0, 1), Some("Zoë"), "the caption of a photo");
        room.reopen(1);
        room.run_until("taken back", |room| room.calls(0, 1).is_none());
    });
}

#[test]
fn what_is_no_name_is_mended_before_it_is_told() {
    let mut room = Room::of(1, 2);
    let type_in = |room: &mut Room, typed: &str| {
        room.handle(0, Input::Command(Command::SetName(typed.to_owned())));
    };
    type_in(&mut room, " \u{202E}Anna\n\u{200B}Bell ");
    room.run_until("mended", |room| room.calls(1, 0) == Some("Anna Bell"));
    let said = room.tabs[0].said.len();
    type_in(&mut room, "Anna   Bell");
    assert_eq!(room.tabs[0].said.len(), said, "nothing changed, nothing is said");
    type_in(&mut room, "\u{2066}\u{3164}");
    room.run_until("nothing of it is left", |room| room.calls(1, 0).is_none());
}

#[test]
fn a_name_that_may_not_be_shown_takes_the_one_before_away_and_no_more() {
    for name in [
        " Mallory",
        "a  b",
        "a\nb",
        "\u{202E}yrollaM",
        "Anna\u{200B}",
        "Anna\u{FE0F}",
        "Anna\u{E0041}",
        "\u{301}",
        "a\u{301}\u{301}\u{301}\u{301}\u{301}",
        &"x".repeat(41),
        &"x".repeat(12_000),
    ] {
        let (mut room, wire) = Room::with_liar();
        let say = |room: &mut Room, name: &str| room.say(wire, &Control::Name { name: name.to_owned() });
        say(&mut room, "Mallory");
        room.run_until("an honest name", |room| room.calls(VICTIM, LIAR) == Some("Mallory"));
        say(&mut room, name);
        room.run_for(5 * SECOND);
        assert_eq!(room.calls(VICTIM, LIAR), None, "{name:?}");
        assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Connected), "{name:?}");
        assert_harmless(name, &mut room);
    }
    // Over the bound of a message, like any other.
    let (mut room, wire) = Room::with_liar();
    room.say(wire, &Control::Name { name: "x".repeat(17_000) });
    room.run_for(SECOND);
    assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Refused(RefusedPeer::Protocol)));
}

#[test]
fn of_a_flood_of_names_the_last_one_is_shown() {
    let count = if cfg!(target_arch = "wasm32") { 5_000 } else { 100_000 };
    let (mut room, wire) = Room::with_liar();
    room.latency = 10_000;
    let begin = room.now;
    for n in 0..count {
        room.say(wire, &Control::Name { name: format!("Mallory {n}") });
    }
    let last = format!("Mallory {}", count - 1);
    room.run_until("the last one", |room| room.calls(VICTIM, LIAR) == Some(&last));
    let seconds = (room.now.0 - begin.0) / 1_000;
    let shown = told_of(&room, room.me(LIAR));
    let told: Vec<Time> = shown.into_iter().filter(|at| *at >= begin).collect();
    assert!(told.len() as u64 <= seconds + 2, "{} in {seconds} s", told.len());
    assert!(told.windows(2).all(|pair| pair[0] + SECOND <= pair[1]), "{told:?}");
    assert_eq!(room.calls(FRIEND, LIAR), None, "told to one alone");
    room.latency = 40;
    assert_harmless("a flood", &mut room);
}

/// When the victim's person was told of a name of this peer.
fn told_of(room: &Room, peer: PeerId) -> Vec<Time> {
    let news = room.tabs[VICTIM].name_news.iter();
    news.filter(|(_, named, _)| *named == peer).map(|(at, ..)| *at).collect()
}
