//! The room's call: who is asked, who takes part, and that media goes to those who take part and to nobody else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::{collections::BTreeSet, time::Duration};

use common::{Ix, Room, seeds, test};
use snaproom_protocol::control::{Control, InCall, MAX_CALL};
use snaproom_session::{
    Command, Input,
    io::{CallEnd, Records, Sends},
};

const ALL: Sends = Sends { sound: true, camera: true, screen: false, records: Records::Nothing };
const SOUND: Sends = Sends { sound: true, camera: false, screen: false, records: Records::Nothing };

fn call(room: &mut Room, tab: Ix, sends: Sends) {
    room.handle(tab, Input::Command(Command::Call(sends)));
}

fn hang_up(room: &mut Room, tab: Ix) {
    room.handle(tab, Input::Command(Command::HangUp));
}

fn decline(room: &mut Room, tab: Ix) {
    room.handle(tab, Input::Command(Command::DeclineCall));
}

/// What its session did not say.
fn say(room: &mut Room, from: Ix, to: Ix, message: &Control) {
    room.say(room.wire_between(from, to), message);
}

fn takes_part(room: &Room, tab: Ix) -> bool {
    room.tabs[tab].call.sends.is_some()
}

fn is_asked(room: &Room, tab: Ix) -> bool {
    room.tabs[tab].call.is_asked
}

/// What one tab hears and sees of another.
fn gets(room: &Room, tab: Ix, from: Ix) -> Option<Sends> {
    let me = room.me(from);
    room.tabs[tab].call.others.iter().find(|other| other.peer == me).map(|other| other.sends)
}

/// To whom a tab's media goes.
fn sends_to(room: &Room, tab: Ix) -> BTreeSet<Ix> {
    let tabs = 0..room.tabs.len();
    tabs.filter(|&other| room.tabs[tab].media.values().any(|peer| *peer == room.me(other))).collect()
}

/// Media goes among these, both ways, and between nobody else.
fn flows_among(room: &Room, people: &[Ix]) -> bool {
    (0..room.tabs.len()).all(|tab| {
        let others = people.iter().copied().filter(|&other| other != tab);
        let expected: BTreeSet<Ix> = if people.contains(&tab) { others.collect() } else { BTreeSet::new() };
        sends_to(room, tab) == expected
    })
}

fn assert_flows_among(room: &mut Room, people: &[Ix]) {
    room.run_until(&format!("media among {people:?}"), |room| flows_among(room, people));
}

fn ends(room: &Room, tab: Ix) -> Vec<CallEnd> {
    room.tabs[tab].call_ends.iter().map(|(_, end)| *end).collect()
}

#[test]
fn a_call_is_answered_changed_and_ended_without_an_offer() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 2);
        let offers = |room: &Room| -> u32 {
            room.tabs.iter().map(|tab| tab.did("MakeOffer") + tab.did("RestartIce")).sum()
        };
        let before = offers(&room);
        call(&mut room, 0, ALL);
        room.run_until("asked", |room| is_asked(room, 1) && gets(room, 1, 0) == Some(ALL));
        assert!(flows_among(&room, &[]), "media before anybody has answered");

        call(&mut room, 1, SOUND);
        assert!(!is_asked(&room, 1));
        assert_flows_among(&mut room, &[0, 1]);
        assert_eq!(gets(&room, 0, 1), Some(SOUND));

        let muted = Sends { sound: false, ..ALL };
        call(&mut room, 0, muted);
        room.run_until("muted", |room| gets(room, 1, 0) == Some(muted));
        assert!(flows_among(&room, &[0, 1]));

        hang_up(&mut room, 1);
        assert!(sends_to(&room, 1).is_empty(), "at once");
        room.run_until("over", |room| !takes_part(room, 0));
        assert_eq!((ends(&room, 0), ends(&room, 1)), (vec![CallEnd::Over], vec![]));
        assert!(flows_among(&room, &[]));
        room.run_for(Duration::from_secs(1));
        assert!(!is_asked(&room, 0) && !is_asked(&room, 1));

        // And at once again, the other way round.
        call(&mut room, 0, SOUND);
        room.run_until("asked again", |room| is_asked(room, 1));
        assert_eq!(offers(&room), before);
    });
}

#[test]
fn two_who_call_at_once_are_in_one_call() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 2);
        call(&mut room, 0, ALL);
        call(&mut room, 1, SOUND);
        assert_flows_among(&mut room, &[0, 1]);
        assert!(!is_asked(&room, 0) && !is_asked(&room, 1));
    });
}

#[test]
fn a_no_is_told_and_holds_for_a_while() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 3);
        call(&mut room, 0, ALL);
        room.run_until("asked", |room| is_asked(room, 1) && is_asked(room, 2));
        decline(&mut room, 1);
        assert!(!is_asked(&room, 1));
        room.run_until("told", |room| room.tabs[0].call.declined == [room.me(1)]);
        assert!(takes_part(&room, 0), "somebody may still join");

        // Whoever said no is not asked again by others who join, but may join.
        call(&mut room, 2, ALL);
        assert_flows_among(&mut room, &[0, 2]);
        assert!(!is_asked(&room, 1));
        call(&mut room, 1, SOUND);
        assert_flows_among(&mut room, &[0, 1, 2]);
        room.run_until("not declined any more", |room| room.tabs[0].call.declined.is_empty());

        for tab in 0..3 {
            hang_up(&mut room, tab);
        }
        room.run_for(Duration::from_secs(1));
        call(&mut room, 0, ALL);
        room.run_until("asked", |room| is_asked(room, 1) && is_asked(room, 2));
        decline(&mut room, 1);
        decline(&mut room, 2);
        room.run_until("in vain", |room| !takes_part(room, 0));
        assert_eq!(ends(&room, 0).last(), Some(&CallEnd::Declined));

        // Called anew at once, they are left in peace; later they are asked.
        call(&mut room, 0, ALL);
        room.run_for(Duration::from_secs(10));
        assert!(!is_asked(&room, 1) && gets(&room, 1, 0).is_some());
        hang_up(&mut room, 0);
        room.run_for(Duration::from_secs(30));
        call(&mut room, 0, ALL);
        room.run_until("asked again", |room| is_asked(room, 1));
    });
}

#[test]
fn a_call_that_nobody_answers_ends_and_so_does_its_question() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let begin = room.now;
        call(&mut room, 0, ALL);
        room.run_until("asked", |room| is_asked(room, 1));
        room.run_until("nobody answers", |room| !takes_part(room, 0));
        assert_eq!(ends(&room, 0), [CallEnd::NobodyAnswered]);
        assert_eq!(room.now.0 - begin.0, 45_000);
        room.run_until("nobody is asked", |room| !is_asked(room, 1) && gets(room, 1, 0).is_none());
    });
}

#[test]
fn a_newcomer_is_asked_and_a_fifth_is_told_that_it_is_full() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 4);
        for tab in 0..4 {
            call(&mut room, tab, ALL);
        }
        assert_flows_among(&mut room, &[0, 1, 2, 3]);
        let fifth = room.open();
        room.settle();
        room.run_until("it sees the call", |room| room.tabs[fifth].call.others.len() == MAX_CALL);
        assert!(room.tabs[fifth].call.is_full());
        call(&mut room, fifth, ALL);
        assert_eq!(ends(&room, fifth), [CallEnd::Full]);
        room.run_for(Duration::from_secs(2));
        assert!(flows_among(&room, &[0, 1, 2, 3]));

        hang_up(&mut room, 2);
        room.run_until("there is a place", |room| !room.tabs[fifth].call.is_full());
        call(&mut room, fifth, ALL);
        assert_flows_among(&mut room, &[0, 1, 3, fifth]);
    });
}

#[test]
fn nobody_is_asked_to_join_what_is_full() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 5);
        call(&mut room, 0, ALL);
        room.run_until("asked", |room| is_asked(room, 4));
        for tab in 1..4 {
            call(&mut room, tab, ALL);
        }
        room.run_until("it is full", |room| room.tabs[4].call.is_full());
        assert!(!is_asked(&room, 4));
        room.run_for(Duration::from_secs(20));
        assert!(!is_asked(&room, 4));
        // There is a place again.
        hang_up(&mut room, 3);
        room.run_until("asked again", |room| is_asked(room, 4));
    });
}

#[test]
fn of_two_who_take_the_last_place_at_once_one_stays() {
    seeds(100, |seed| {
        let mut room = Room::of(seed, 6);
        for tab in 0..3 {
            call(&mut room, tab, ALL);
            room.run_for(Duration::from_secs(1));
        }
        for tab in 3..6 {
            call(&mut room, tab, ALL);
        }
        let in_call = |room: &Room| (0..6).filter(|&tab| takes_part(room, tab)).collect::<Vec<_>>();
        room.run_until("four are left", |room| in_call(room).len() == MAX_CALL);
        let stay = in_call(&room);
        assert_eq!(stay[..3], [0, 1, 2], "who was there first stays");
        assert_flows_among(&mut room, &stay);
        for tab in (3..6).filter(|tab| !stay.contains(tab)) {
            assert_eq!(ends(&room, tab), [CallEnd::Full]);
            assert!(!is_asked(&room, tab));
        }
    });
}

#[test]
fn whoever_is_left_of_a_call_hears_that_it_is_over() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        for tab in [0, 1] {
            call(&mut room, tab, ALL);
        }
        assert_flows_among(&mut room, &[0, 1]);
        room.run_for(Duration::from_mins(1));
        room.crash(1);
        room.run_until_within("it ends", Duration::from_mins(5), |room| !takes_part(room, 0));
        assert_eq!(ends(&room, 0), [CallEnd::Over]);
    });
}

/// How often a tab began to be asked, and how often its call changed, while it was told this.
fn told_of(room: &mut Room, tab: Ix, others: impl Fn(&mut Room)) -> (usize, usize) {
    let before = room.tabs[tab].call_news.len();
    let was_asked = is_asked(room, tab);
    others(room);
    let news: Vec<bool> = room.tabs[tab].call_news[before..].iter().map(|(_, call)| call.is_asked).collect();
    let asked = std::iter::once(&was_asked).chain(&news).zip(&news);
    (asked.filter(|(before, after)| !**before && **after).count(), news.len())
}

#[test]
fn whoever_calls_and_hangs_up_without_end_rings_now_and_then() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 3);
        room.tabs[1].is_liar = true;
        let in_call = InCall { turn: 0, sends: ALL };
        let (rings, news) = told_of(&mut room, 0, |room| {
            for _ in 0..400 {
                say(room, 1, 0, &Control::Call(in_call));
                say(room, 1, 0, &Control::HangUp);
            }
            room.run_for(Duration::from_secs(3));
        });
        assert_eq!(rings, 1);
        assert!(news <= 20, "{news}");
        assert!(!is_asked(&room, 0) && gets(&room, 0, 1).is_none(), "the last word");

        // For a minute: what comes slowly is heard, and rings seldom.
        let (rings, news) = told_of(&mut room, 0, |room| {
            for _ in 0..60 {
                say(room, 1, 0, &Control::Call(in_call));
                room.run_for(Duration::from_millis(500));
                say(room, 1, 0, &Control::HangUp);
                room.run_for(Duration::from_millis(500));
            }
        });
        assert!((2..=6).contains(&rings), "{rings}");
        assert!(news >= 60, "{news}");

        // Nobody else is silenced by it, and its own last call rings in the end.
        room.run_for(Duration::from_secs(1));
        call(&mut room, 2, ALL);
        room.run_until_within("asked", Duration::from_secs(1), |room| is_asked(room, 0));
        hang_up(&mut room, 2);
        room.run_until("not asked", |room| !is_asked(room, 0));
        say(&mut room, 1, 0, &Control::Call(in_call));
        room.run_until_within("rings", Duration::from_secs(11), |room| is_asked(room, 0));
    });
}

#[test]
fn a_call_that_was_taken_back_rings_again_later_also_after_a_reload() {
    for reloads in [false, true] {
        let mut room = Room::of(1, 2);
        call(&mut room, 0, ALL);
        room.run_until("asked", |room| is_asked(room, 1));
        let begin = room.now;
        if reloads {
            room.close(0);
            room.reopen(0);
            room.settle();
        } else {
            hang_up(&mut room, 0);
        }
        room.run_until("taken back", |room| !is_asked(room, 1));
        call(&mut room, 0, ALL);
        room.run_until("called", |room| gets(room, 1, 0).is_some());
        assert!(!is_asked(&room, 1));
        room.run_until("asked again", |room| is_asked(room, 1));
        let pause = room.now.0 - begin.0;
        assert!((10_000..14_000).contains(&pause), "{pause}");
        // Once it was answered there is nothing to be left in peace from.
        call(&mut room, 1, ALL);
        assert_flows_among(&mut room, &[0, 1]);
        hang_up(&mut room, 0);
        room.run_until("over", |room| !takes_part(room, 1));
        call(&mut room, 0, ALL);
        room.run_until_within("asked at once", Duration::from_secs(1), |room| is_asked(room, 1));
    }
}

#[test]
fn the_first_changes_are_told_at_once_and_the_last_one_in_any_case() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        for tab in [0, 1] {
            call(&mut room, tab, ALL);
        }
        assert_flows_among(&mut room, &[0, 1]);
        let muted = Sends { sound: false, ..ALL };
        for sends in [muted, ALL, muted, ALL] {
            call(&mut room, 0, sends);
            room.run_until_within("at once", Duration::from_millis(100), |room| {
                gets(room, 1, 0) == Some(sends)
            });
        }
        let (_, news) = told_of(&mut room, 1, |room| {
            for _ in 0..100 {
                call(room, 0, muted);
                call(room, 0, ALL);
            }
            call(room, 0, muted);
            room.run_for(Duration::from_secs(3));
        });
        assert!((1..=4).contains(&news), "{news}");
        assert_eq!(gets(&room, 1, 0), Some(muted), "the last word");
        assert!(flows_among(&room, &[0, 1]));

        // Hanging up is no change that waits, and what waited goes with it.
        call(&mut room, 0, ALL);
        call(&mut room, 0, muted);
        call(&mut room, 0, SOUND);
        hang_up(&mut room, 0);
        room.run_until_within("over", Duration::from_millis(100), |room| !takes_part(room, 1));
        room.run_for(Duration::from_secs(10));
        assert_eq!(gets(&room, 1, 0), None);
        assert!(!is_asked(&room, 1));
    });
}

#[test]
fn a_call_outlives_the_server_and_the_path() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 3);
        for tab in 0..3 {
            call(&mut room, tab, ALL);
        }
        assert_flows_among(&mut room, &[0, 1, 2]);
        room.restart_server();
        room.run_for(Duration::from_secs(20));
        assert!(flows_among(&room, &[0, 1, 2]), "the server has no part in it");

        room.cut_path(0, 1);
        room.run_for(Duration::from_secs(90));
        room.heal_all();
        room.settle();
        assert_flows_among(&mut room, &[0, 1, 2]);
        assert!((0..3).all(|tab| ends(&room, tab).is_empty()));
    });
}

#[test]
fn who_hung_up_while_the_path_was_broken_is_out_of_it() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 3);
        for tab in 0..3 {
            call(&mut room, tab, ALL);
        }
        assert_flows_among(&mut room, &[0, 1, 2]);
        room.cut_path(0, 1);
        hang_up(&mut room, 0);
        room.run_for(Duration::from_secs(90));
        room.heal_all();
        room.settle();
        assert_flows_among(&mut room, &[1, 2]);
        room.run_until("heard", |room| gets(room, 1, 0).is_none());
    });
}

#[test]
fn whoever_comes_back_hears_that_the_others_hung_up() {
    seeds(30, |seed| {
        let people = 2 + (seed % 2) as Ix;
        let mut room = Room::of(seed, people);
        for tab in 0..people {
            call(&mut room, tab, ALL);
        }
        assert_flows_among(&mut room, &(0..people).collect::<Vec<_>>());
        room.cut_from_all(1);
        // With its seat, and longer than that.
        let away = [20, 60, 90, 240][(seed / 2 % 4) as usize];
        room.run_for(Duration::from_secs(away));
        for tab in (0..people).filter(|&tab| tab != 1) {
            hang_up(&mut room, tab);
        }
        assert!(takes_part(&room, 1));
        room.heal_all();
        room.settle();
        room.run_until_within("over", Duration::from_secs(5), |room| !takes_part(room, 1));
        assert_eq!(ends(&room, 1), [CallEnd::Over]);
        room.run_for(Duration::from_secs(1));
        assert!(flows_among(&room, &[]));
        assert!((0..people).all(|tab| !is_asked(&room, tab)));
    });
}

#[test]
fn a_page_that_is_loaded_anew_is_asked_and_one_that_leaves_ends_it() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 2);
        for tab in [0, 1] {
            call(&mut room, tab, ALL);
        }
        assert_flows_among(&mut room, &[0, 1]);
        room.close(1);
        let away = room.below(10_000);
        room.run_for(Duration::from_millis(away));
        assert!(takes_part(&room, 0), "it may come back");
        room.reopen(1);
        room.settle();
        room.run_until("asked", |room| is_asked(room, 1));
        assert!(flows_among(&room, &[]));
        call(&mut room, 1, ALL);
        assert_flows_among(&mut room, &[0, 1]);

        room.leave(1);
        room.run_until("over", |room| !takes_part(room, 0));
        assert_eq!(ends(&room, 0), [CallEnd::Over]);
    });
}

fn ask_still(room: &mut Room, tab: Ix, of: Ix) {
    let peer = room.me(of);
    room.handle(tab, Input::Command(Command::AskStill(peer)));
}

/// Two people in a call, of whom the first wants a photo of the other's camera, and the others in the room.
fn asked_for_a_still(seed: u64, people: usize) -> Room {
    let mut room = Room::of(seed, people);
    call(&mut room, 0, SOUND);
    call(&mut room, 1, ALL);
    assert_flows_among(&mut room, &[0, 1]);
    ask_still(&mut room, 0, 1);
    assert!(awaits_still(&room, 0));
    room.run_until("asked", |room| room.tabs[1].call.want_still == [room.me(0)]);
    room
}

fn awaits_still(room: &Room, tab: Ix) -> bool {
    room.tabs[tab].call.others.iter().any(|other| other.is_asked)
}

#[test]
fn a_still_that_was_agreed_to_goes_to_who_asked_and_to_nobody_else() {
    seeds(20, |seed| {
        let mut room = asked_for_a_still(seed, 3);
        // Asked again meanwhile, they are asked once.
        ask_still(&mut room, 0, 1);
        room.run_for(Duration::from_secs(2));
        let asking = room.me(0);
        let item = room.send_still(1, asking, 1920, 1080);
        assert!(room.tabs[1].call.want_still.is_empty());
        room.run_until("it came", |room| room.has(0, item) && !awaits_still(room, 0));
        room.run_for(Duration::from_secs(30));
        assert!(!room.has(2, item), "the third did not ask");
        assert!(room.tabs[0].stills_refused.is_empty());

        // Nobody asked for a second one, and the driver need not keep it.
        let unasked = room.send_still(1, asking, 640, 480);
        room.run_for(Duration::from_secs(30));
        assert!(!room.has(0, unasked));
        room.leave(1);
    });
}

#[test]
fn a_still_is_refused_and_so_are_its_next_questions_for_a_while() {
    seeds(20, |seed| {
        let mut room = asked_for_a_still(seed, 2);
        let (asking, asked) = (room.me(0), room.me(1));
        room.handle(1, Input::Command(Command::AnswerStill(asking, None)));
        room.run_until("told", |room| room.tabs[0].stills_refused == [asked] && !awaits_still(room, 0));
        ask_still(&mut room, 0, 1);
        room.run_until("told again", |room| room.tabs[0].stills_refused == [asked, asked]);
        assert!(room.tabs[1].call.want_still.is_empty(), "left in peace");
        room.run_for(Duration::from_secs(30));
        ask_still(&mut room, 0, 1);
        room.run_until("asked", |room| room.tabs[1].call.want_still == [asking]);
        // This time they do not look.
        room.run_until("nobody answers", |room| !awaits_still(room, 0));
        room.run_until("nor is asked", |room| room.tabs[1].call.want_still.is_empty());
        assert_eq!(room.tabs[0].stills_refused.len(), 3);
    });
}

#[test]
fn a_no_to_a_still_outlives_the_page_of_who_asked() {
    seeds(20, |seed| {
        let mut room = asked_for_a_still(seed, 2);
        let asking = room.me(0);
        room.handle(1, Input::Command(Command::AnswerStill(asking, None)));
        room.run_until("told", |room| room.tabs[0].stills_refused.len() == 1);
        room.close(0);
        room.reopen(0);
        room.settle();
        call(&mut room, 0, SOUND);
        assert_flows_among(&mut room, &[0, 1]);
        room.run_until("it shows", |room| gets(room, 0, 1).is_some());
        ask_still(&mut room, 0, 1);
        room.run_until("told again", |room| room.tabs[0].stills_refused.len() == 1);
        assert!(room.tabs[1].call.want_still.is_empty(), "left in peace");
    });
}

#[test]
fn nobody_is_asked_for_what_they_do_not_show() {
    seeds(20, |seed| {
        // The camera goes off while they are asked, and then one of them goes.
        let mut room = asked_for_a_still(seed, 2);
        call(&mut room, 1, SOUND);
        assert!(room.tabs[1].call.want_still.is_empty());
        room.run_until("told", |room| room.tabs[0].stills_refused.len() == 1 && !awaits_still(room, 0));
        ask_still(&mut room, 0, 1);
        assert!(!awaits_still(&room, 0), "there is no camera to ask for");
        call(&mut room, 1, ALL);
        room.run_until("it shows", |room| gets(room, 0, 1) == Some(ALL));
        ask_still(&mut room, 0, 1);
        room.run_until("asked", |room| !room.tabs[1].call.want_still.is_empty());
        hang_up(&mut room, 0);
        room.run_until("it is over", |room| room.tabs[1].call.want_still.is_empty());

        // A page that asks without taking part, and one that answers what nobody asked.
        room.tabs[0].is_liar = true;
        call(&mut room, 1, ALL);
        room.run_for(Duration::from_secs(1));
        for message in
            [Control::AskStill, Control::AnswerStill { comes: true }, Control::AnswerStill { comes: false }]
        {
            say(&mut room, 0, 1, &message);
        }
        room.run_for(Duration::from_secs(1));
        assert!(room.tabs[1].call.want_still.is_empty() && room.tabs[1].stills_refused.is_empty());
    });
}

#[test]
fn nobody_who_is_not_asked_for_it_gets_media() {
    // A member that says it takes part, while we do not; and one that says so without end.
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        room.tabs[1].is_liar = true;
        for turn in [0, 1, u32::MAX] {
            let in_call = InCall { turn, sends: ALL };
            say(&mut room, 1, 0, &Control::Call(in_call));
        }
        room.run_until("heard", |room| gets(room, 0, 1).is_some());
        room.run_for(Duration::from_mins(2));
        assert!(sends_to(&room, 0).is_empty());
        assert!(!is_asked(&room, 0), "the question has ended");
        for message in [Control::Decline, Control::HangUp, Control::HangUp] {
            say(&mut room, 1, 0, &message);
        }
        room.run_until("it is over", |room| gets(room, 0, 1).is_none());
        assert_eq!(ends(&room, 0), []);
    });
}
