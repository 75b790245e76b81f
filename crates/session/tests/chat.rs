//! What people write: with everybody who is here, comes back or comes later, once and as it was written; and a liar's words
//! do no harm.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::{cell::Cell, collections::BTreeSet, time::Duration};

use common::{
    Ix, Room, WireId,
    liar::{FRIEND, LIAR, VICTIM, assert_harmless},
    many_seeds, seeds, test,
};
use snaproom_protocol::{
    DeviceSecret, Digest, ItemId, PeerId,
    chat::{Chat, Ids, LAST_MOMENT, MAX_LOG, MAX_TEXT_BYTES, MAX_WANTED, Message},
    control::Control,
    wire,
};
use snaproom_session::{
    Command, Input,
    device::Device,
    io::{PeerState, RefusedPeer, Source, Written},
    keys::RoomKeys,
    message,
};

/// What the liar says, and a text that is too long.
type Lie = fn(&Room, &str) -> Chat;

const SECOND: Duration = Duration::from_secs(1);

/// What `tab` shows of this text.
fn shown<'a>(room: &'a Room, tab: Ix, text: &str) -> Option<&'a Written> {
    room.tabs[tab].written.iter().find(|written| written.text == text)
}

fn source(room: &Room, tab: Ix, text: &str) -> Option<Source> {
    shown(room, tab, text).map(|written| written.source)
}

/// Whether each of these shows the text.
fn all_show(room: &Room, tabs: &[Ix], text: &str) -> bool {
    tabs.iter().all(|&tab| shown(room, tab, text).is_some())
}

/// Who has what `tab` wrote, as its page says.
fn delivered(room: &Room, tab: Ix, text: &str) -> (usize, usize) {
    let to = &shown(room, tab, text).unwrap().to;
    (to.iter().filter(|(_, has)| *has).count(), to.len())
}

/// The page is loaded anew, and has kept what was written.
fn reload(room: &mut Room, tab: Ix) {
    let kept = room.tabs[tab].session.as_ref().unwrap().written();
    room.close(tab);
    room.reopen(tab);
    room.handle(tab, Input::Command(Command::Recall(kept)));
}

/// A message in this room, of anybody and by any device.
fn signed(room: &Room, author: PeerId, device: DeviceSecret, at: u64, text: &str) -> Message {
    let id = RoomKeys::derive(&room.tabs[0].link).room();
    message::write(&Device::of(&device, id), id, author, "Mallory", at, text.to_owned())
}

/// The same of somebody who is here.
fn of(room: &Room, tab: Ix, at: u64, text: &str) -> Message {
    signed(room, room.me(tab), room.tabs[tab].id.device, at, text)
}

fn id_of(room: &Room, message: &Message) -> ItemId {
    message::id(message, RoomKeys::derive(&room.tabs[0].link).room())
}

fn say(room: &mut Room, wire: WireId, chat: Chat) {
    room.say(wire, &Control::Chat(chat));
}

/// How often a tab said such a thing.
fn said(room: &Room, tab: Ix, is_it: impl Fn(&Chat) -> bool) -> usize {
    let texts = room.tabs[tab].said.iter();
    let chats = texts.filter_map(|text| match wire::from_text(text) {
        Ok(Control::Chat(chat)) => Some(chat),
        _ => None,
    });
    chats.filter(is_it).count()
}

fn messages_said(room: &Room, tab: Ix) -> usize {
    said(room, tab, |chat| matches!(chat, Chat::Say(_)))
}

#[test]
fn what_is_written_is_with_everybody_and_that_is_told() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 3);
        room.set_name(0, "Anna");
        room.write(0, "Hello\r\n`world`  ");
        let mine = &room.tabs[0].written[0];
        assert_eq!((mine.source, mine.text.as_str()), (Source::Own, "Hello\n`world`"), "at once");
        assert_eq!(delivered(&room, 0, "Hello\n`world`"), (0, 2));
        room.run_until("there", |room| all_show(room, &[1, 2], "Hello\n`world`"));
        for tab in [1, 2] {
            let theirs = &room.tabs[tab].written[0];
            assert_eq!((theirs.author, theirs.name.as_deref()), (room.me(0), Some("Anna")));
            assert_eq!((theirs.source, theirs.to.len()), (Source::Author, 0));
        }
        room.run_until("told", |room| delivered(room, 0, "Hello\n`world`") == (2, 2));

        room.write(1, "one");
        room.run_until("there", |room| all_show(room, &[0, 2], "one"));
        room.write(2, "two");
        room.run_until("there", |room| all_show(room, &[0, 1], "two"));
        for tab in 0..3 {
            assert_eq!(room.tabs[tab].texts(), ["Hello\n`world`", "one", "two"]);
        }
    });
}

#[test]
fn what_is_nothing_or_too_much_is_not_written() {
    let mut room = Room::of(1, 2);
    for text in ["", " \n\t", "\u{202E}\u{200B}", &"x".repeat(MAX_TEXT_BYTES + 1)] {
        room.write(0, text);
    }
    assert!(room.tabs[0].written.is_empty());
    let longest = "x".repeat(MAX_TEXT_BYTES);
    room.write(0, &longest);
    room.run_until("there", |room| all_show(room, &[1], &longest));
    // Whatever the clock says, two messages are two.
    for at in [u64::MAX, 0, 0] {
        room.handle(0, Input::Command(Command::Say { text: String::from("again"), at }));
    }
    room.run_for(5 * SECOND);
    assert!(room.tabs[1].texts().len() >= 2 && room.sees(1, 0) == Some(PeerState::Connected));
}

/// Who does not answer gets it over the next connection, also as another life of its page.
#[test]
fn who_is_away_gets_it_when_they_are_back() {
    seeds(50, |seed| {
        for end in [Room::close as fn(&mut Room, usize), Room::crash] {
            let mut room = Room::of(seed, 2);
            room.write(0, "before");
            room.run_until("there", |room| all_show(room, &[1], "before"));
            end(&mut room, 1);
            room.write(0, "while you were away");
            let away = room.below(25_000);
            room.run_for(Duration::from_millis(away));
            room.reopen(1);
            room.settle();
            room.run_until("there", |room| {
                all_show(room, &[1], "while you were away") && all_show(room, &[1], "before")
            });
            assert_eq!(room.tabs[1].texts(), ["before", "while you were away"]);
            room.run_until("told", |room| delivered(room, 0, "while you were away").0 == 1);
        }
        let mut room = Room::of(seed, 3);
        room.cut_from_all(1);
        room.write(0, "a");
        room.write(1, "b");
        room.run_for(20 * SECOND);
        assert!(shown(&room, 1, "a").is_none() && shown(&room, 2, "b").is_none());
        room.heal_all();
        room.run_until("all of it", |room| {
            all_show(room, &[0, 1, 2], "a") && all_show(room, &[0, 1, 2], "b")
        });
        room.run_until("told", |room| delivered(room, 0, "a") == (2, 2) && delivered(room, 1, "b") == (2, 2));
    });
}

#[test]
fn who_comes_later_has_what_was_written_before_in_its_order() {
    seeds(30, |seed| {
        let mut room = Room::of(seed, 3);
        let texts: Vec<String> = (0..30).map(|n| format!("{n}:{}", "x".repeat(n * 100))).collect();
        for (n, text) in texts.iter().enumerate() {
            room.write(n % 3, text);
            room.run_until("there", |room| all_show(room, &[0, 1, 2], text));
        }
        // One of the authors is gone, and its clock was never right.
        room.leave(2);
        room.run_for(5 * SECOND);
        let given = messages_said(&room, 0) + messages_said(&room, 1);
        let late = room.open();
        room.settle();
        room.run_until("all of it", |room| room.tabs[late].written.len() == texts.len());
        assert_eq!(room.tabs[late].texts(), texts);
        for written in &room.tabs[late].written {
            let gone = written.author == room.me(2);
            assert_eq!(matches!(written.source, Source::PassedOn(_)), gone, "{written:?}");
        }
        room.run_for(20 * SECOND);
        let given = messages_said(&room, 0) + messages_said(&room, 1) - given;
        assert_eq!(given, texts.len(), "by one of those who have it, once");
    });
}

#[test]
fn where_two_have_the_same_nothing_is_said_of_it_again() {
    let mut room = Room::of(1, 2);
    for n in 0..5 {
        room.write(n % 2, &n.to_string());
        room.run_for(SECOND);
    }
    let before = (messages_said(&room, 0), messages_said(&room, 1));
    for _ in 0..3 {
        let wire = room.wire_between(0, 1);
        room.close_wire(wire);
        room.run_for(SECOND);
        room.settle();
        room.run_for(5 * SECOND);
    }
    assert_eq!((messages_said(&room, 0), messages_said(&room, 1)), before);
    assert_eq!(said(&room, 0, |chat| matches!(chat, Chat::Has { .. })), 0);
    assert!(said(&room, 0, |chat| matches!(chat, Chat::Log { .. })) >= 1, "a connection was lost");
}

#[test]
fn what_was_written_outlives_a_reload() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 3);
        room.set_name(0, "Anna");
        for n in 0..6 {
            room.write(n % 3, &n.to_string());
            room.run_for(SECOND);
        }
        let before = room.tabs[0].written.clone();
        reload(&mut room, 0);
        assert_eq!(room.tabs[0].written, before, "before anybody is connected");
        room.settle();
        room.write(0, "after");
        room.run_until("there", |room| all_show(room, &[1, 2], "after"));
        room.run_for(20 * SECOND);
        for tab in 0..3 {
            assert_eq!(room.tabs[tab].texts(), ["0", "1", "2", "3", "4", "5", "after"]);
        }
        // Everybody is gone, and who comes last has it from who stayed.
        reload(&mut room, 1);
        room.leave(0);
        room.leave(2);
        let late = room.open();
        room.settle();
        room.run_until("given", |room| room.tabs[late].written.len() == 7);
    });
}

#[test]
fn what_was_kept_and_is_not_what_it_was_is_none() {
    let mut room = Room::of(1, 1);
    room.write(0, "a");
    let kept = room.tabs[0].session.as_ref().unwrap().written();
    for broken in ["", "x", "{}", &kept[1..], &"A".repeat(2_000_000)] {
        room.close(0);
        room.reopen(0);
        room.handle(0, Input::Command(Command::Recall(broken.to_owned())));
        assert!(room.tabs[0].written.is_empty());
    }
    room.handle(0, Input::Command(Command::Recall(kept.clone())));
    room.handle(0, Input::Command(Command::Recall(kept)));
    assert_eq!(room.tabs[0].texts(), ["a"]);
}

/// A room that was written in for a day is not more than a room that was written in for an hour.
#[test]
fn so_much_is_kept_and_no_more() {
    let mut room = Room::of(1, 2);
    for n in 0..MAX_LOG + 50 {
        room.write(0, &n.to_string());
        room.run_for(Duration::from_millis(200));
    }
    room.run_for(5 * SECOND);
    for tab in [0, 1] {
        let texts = room.tabs[tab].texts();
        assert_eq!((texts.len(), texts[0], texts[MAX_LOG - 1]), (MAX_LOG, "50", "249"));
    }
    assert!(room.tabs[1].too_much.is_empty());
    let long = "x".repeat(11_000);
    for n in 0..40 {
        room.write(1, &format!("{n}{long}"));
        room.run_for(SECOND);
    }
    for tab in [0, 1] {
        let bytes: usize = room.tabs[tab].texts().iter().map(|text| text.len()).sum();
        assert!(bytes < 256 * 1024 && bytes > 200 * 1024, "{bytes}");
        // Who writes much pushes out their own first.
        assert!(room.tabs[tab].texts().iter().filter(|text| text.len() < 10).count() > 100);
    }
    let kept = room.tabs[0].session.as_ref().unwrap().written();
    assert!(kept.len() < 512 * 1024, "{}", kept.len());
    // Two pages that do not keep the same do not give it to each other for ever.
    let late = room.open();
    room.settle();
    room.run_for(60 * SECOND);
    let given = messages_said(&room, 0) + messages_said(&room, 1);
    for _ in 0..3 {
        reload(&mut room, late);
        room.settle();
        room.run_for(30 * SECOND);
    }
    assert!(messages_said(&room, 0) + messages_said(&room, 1) < given + MAX_LOG);
}

/// An honest person is never too much, however long the way was broken.
#[test]
fn who_writes_as_fast_as_they_can_is_heard_whole() {
    seeds(30, |seed| {
        let mut room = Room::of(seed, 2);
        room.latency = 1_500;
        room.loss = 20;
        for n in 0..60 {
            room.write(0, &n.to_string());
        }
        let begin = room.now;
        room.run_for(2 * SECOND);
        room.cut_path(0, 1);
        for n in 60..100 {
            room.write(0, &n.to_string());
            room.run_for(Duration::from_millis(50));
        }
        room.heal_all();
        room.run_until("all of it", |room| room.tabs[1].written.len() == 100);
        assert!(room.tabs[1].too_much.is_empty(), "{seed}");
        let expected: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!(room.tabs[1].texts(), expected);
        assert!(room.now.0 - begin.0 > 10_000, "not all at once");
    });
}

#[test]
fn that_somebody_writes_is_said_now_and_then_and_ends_by_itself() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 3);
        let is_writing = |room: &Room| room.tabs[1].writing.contains(&room.me(0));
        let writes = |room: &mut Room| room.handle(0, Input::Command(Command::SayWriting));
        let begin = room.now;
        for _ in 0..100 {
            writes(&mut room);
            room.run_for(Duration::from_millis(100));
        }
        assert!(is_writing(&room));
        let often = said(&room, 0, |chat| *chat == Chat::Writes);
        assert!((6..=8).contains(&often), "to two people in 10 s: {often}");
        room.run_until("it ends", |room| !is_writing(room));
        assert!(room.now.0 - begin.0 > 13_000);

        writes(&mut room);
        room.run_until("again", is_writing);
        room.write(0, "this");
        room.run_until("it is written", |room| !is_writing(room));
        assert!(all_show(&room, &[1], "this"));
        // And the next one is told at once.
        writes(&mut room);
        room.run_until("again", is_writing);
        room.close(0);
        room.run_until("gone", |room| !is_writing(room));
    });
}

#[test]
fn what_others_wrote_is_passed_on_as_they_signed_it() {
    let (mut room, wire) = Room::with_liar();
    let stranger = PeerId([0x77; 16]);
    let honest = signed(&room, stranger, DeviceSecret([0x77; 32]), 5, "said before you came");
    let forged = {
        let mut forged = honest.clone();
        forged.text = String::from("said never");
        forged
    };
    // Somebody who is here, by another device, and by their own with another text.
    let posed = signed(&room, room.me(FRIEND), DeviceSecret([0x78; 32]), 6, "I am your friend");
    let of_ours = signed(&room, room.me(VICTIM), DeviceSecret([0x79; 32]), 7, "I am you");
    let ids = [&honest, &posed, &of_ours].map(|message| id_of(&room, message));
    say(&mut room, wire, Chat::Has { ids: Ids(ids.to_vec()) });
    room.run_until("asked for", |room| said(room, VICTIM, |chat| matches!(chat, Chat::Want { .. })) == 1);
    for message in [&posed, &of_ours, &honest] {
        say(&mut room, wire, Chat::Say(message.clone()));
    }
    room.run_until("passed on", |room| shown(room, VICTIM, "said before you came").is_some());
    assert_eq!(source(&room, VICTIM, "said before you came"), Some(Source::PassedOn(room.me(LIAR))));
    assert_eq!(room.tabs[VICTIM].texts(), ["said before you came"]);
    assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Connected));
    // What was not asked for ends the connection, as does what nobody signed.
    say(&mut room, wire, Chat::Say(forged));
    room.run_for(SECOND);
    assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Refused(RefusedPeer::Protocol)));
    assert_eq!(room.tabs[VICTIM].texts(), ["said before you came"]);
    assert_harmless("forged", &mut room);
}

/// Who was invented before they came is not who comes.
#[test]
fn who_comes_is_who_signed_or_it_was_never_said() {
    let mut room = Room::of(1, 3);
    room.tabs[LIAR].is_liar = true;
    room.cut_path(FRIEND, VICTIM);
    // The victim's page is new, and has never met the friend, who cannot reach it.
    room.close(VICTIM);
    room.run_for(SECOND);
    assert!(room.tabs[VICTIM].written.is_empty());
    room.reopen(VICTIM);
    room.run_until("the liar", |room| room.sees(VICTIM, LIAR) == Some(PeerState::Connected));
    let wire = room.wire_between(LIAR, VICTIM);
    let honest = of(&room, FRIEND, 1, "really");
    let posed = signed(&room, room.me(FRIEND), DeviceSecret([9; 32]), 2, "never");
    let ids = [&honest, &posed].map(|message| id_of(&room, message));
    say(&mut room, wire, Chat::Has { ids: Ids(ids.to_vec()) });
    room.run_for(SECOND);
    for message in [honest, posed] {
        say(&mut room, wire, Chat::Say(message));
    }
    room.run_until("both", |room| all_show(room, &[VICTIM], "really") && all_show(room, &[VICTIM], "never"));
    let by = Some(Source::PassedOn(room.me(LIAR)));
    assert_eq!((source(&room, VICTIM, "really"), source(&room, VICTIM, "never")), (by, by));
    room.heal_all();
    room.run_until("the friend", |room| room.sees(VICTIM, FRIEND) == Some(PeerState::Connected));
    assert_eq!(source(&room, VICTIM, "really"), Some(Source::Author));
    assert_eq!(source(&room, VICTIM, "never"), None);
}

#[test]
fn what_may_not_be_said_ends_the_connection() {
    let long = "x".repeat(MAX_TEXT_BYTES + 1);
    let lies: [(&str, Lie); 14] = [
        ("nothing", |room, _| Chat::Say(of(room, LIAR, 1, ""))),
        ("too long", |room, long| Chat::Say(of(room, LIAR, 1, long))),
        ("a control character", |room, _| Chat::Say(of(room, LIAR, 1, "a\0"))),
        ("a carriage return", |room, _| Chat::Say(of(room, LIAR, 1, "a\r\nb"))),
        ("another direction", |room, _| Chat::Say(of(room, LIAR, 1, "\u{202E}a"))),
        ("blank at its end", |room, _| Chat::Say(of(room, LIAR, 1, "a "))),
        ("no moment", |room, _| Chat::Say(of(room, LIAR, LAST_MOMENT + 1, "a"))),
        ("a name too long", |room, long| {
            Chat::Say(Message { name: long[..200].to_owned(), ..of(room, LIAR, 1, "a") })
        }),
        ("not signed", |room, _| Chat::Say(Message { text: String::from("b"), ..of(room, LIAR, 1, "a") })),
        ("another device", |room, _| Chat::Say(signed(room, room.me(LIAR), DeviceSecret([5; 32]), 1, "a"))),
        ("another room", |room, _| {
            let other = snaproom_protocol::RoomId([8; 16]);
            let device = Device::of(&room.tabs[LIAR].id.device, RoomKeys::derive(&room.tabs[0].link).room());
            Chat::Say(message::write(&device, other, room.me(LIAR), "", 1, String::from("a")))
        }),
        ("somebody else's", |room, _| Chat::Say(of(room, FRIEND, 1, "a"))),
        ("our own", |room, _| Chat::Say(of(room, VICTIM, 1, "a"))),
        ("too many wanted", |_, _| Chat::Want { ids: Ids(vec![ItemId([1; 16]); MAX_WANTED + 1]) }),
    ];
    for (name, lie) in lies {
        let (mut room, wire) = Room::with_liar();
        let chat = lie(&room, &long);
        say(&mut room, wire, chat);
        room.run_for(SECOND);
        assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Refused(RefusedPeer::Protocol)), "{name}");
        assert!(room.tabs[VICTIM].written.is_empty(), "{name}");
        assert_harmless(name, &mut room);
    }
    // A name that may not be shown is none.
    let (mut room, wire) = Room::with_liar();
    let room_id = RoomKeys::derive(&room.tabs[0].link).room();
    let device = Device::of(&room.tabs[LIAR].id.device, room_id);
    let named = message::write(&device, room_id, room.me(LIAR), "a\u{202E}b", 1, String::from("a"));
    say(&mut room, wire, Chat::Say(named));
    room.run_until("shown", |room| shown(room, VICTIM, "a").is_some());
    assert_eq!(shown(&room, VICTIM, "a").unwrap().name, None);
}

#[test]
fn what_is_said_again_counts_once() {
    let (mut room, wire) = Room::with_liar();
    let message = of(&room, LIAR, 1, "a");
    for _ in 0..20 {
        say(&mut room, wire, Chat::Say(message.clone()));
    }
    room.run_for(5 * SECOND);
    assert_eq!(room.tabs[VICTIM].texts(), ["a"]);
    assert_eq!(room.tabs[VICTIM].written_news.len(), 1);
    // Also after it made way for others.
    room.run_for(60 * SECOND);
    for n in 0..MAX_LOG as u64 {
        let message = of(&room, LIAR, 2 + n, &n.to_string());
        say(&mut room, wire, Chat::Say(message));
        room.run_for(Duration::from_millis(200));
    }
    assert!(shown(&room, VICTIM, "a").is_none());
    say(&mut room, wire, Chat::Say(message));
    room.run_for(5 * SECOND);
    assert!(shown(&room, VICTIM, "a").is_none());
    assert_harmless("again", &mut room);
}

#[test]
fn a_flood_shows_a_few_is_told_once_and_holds_nobody_up() {
    let count: u64 = if cfg!(target_arch = "wasm32") { 5_000 } else { 100_000 };
    let (mut room, wire) = Room::with_liar();
    room.write(FRIEND, "mine");
    room.run_until("there", |room| all_show(room, &[VICTIM], "mine"));
    let begin = room.now;
    // One signature is enough: whether another one holds is not looked at where there are too many.
    for n in 0..count {
        let message = Message { at: n, ..of(&room, LIAR, 0, "flood") };
        let message = if n < 60 { of(&room, LIAR, n, "flood") } else { message };
        say(&mut room, wire, Chat::Say(message));
    }
    room.run_for(2 * SECOND);
    let floods = room.tabs[VICTIM].texts().iter().filter(|text| **text == "flood").count();
    assert!(floods <= 40 + 8 * 3, "{floods}");
    let told = room.tabs[VICTIM].too_much.iter().filter(|(at, peer)| *at >= begin && *peer == room.me(LIAR));
    assert!(told.count() <= 1);
    assert!(shown(&room, VICTIM, "mine").is_some());
    room.write(FRIEND, "still here");
    room.run_until_within("heard", SECOND, |room| all_show(room, &[VICTIM], "still here"));
    assert_harmless("a flood", &mut room);
}

/// What costs nothing to ask must cost little to answer.
#[test]
fn nobody_is_made_to_say_much() {
    let (mut room, wire) = Room::with_liar();
    let long = "x".repeat(10_000);
    for n in 0..20 {
        room.write(VICTIM, &format!("{n} {long}"));
        room.run_for(SECOND);
    }
    let ids: Vec<ItemId> = room.tabs[VICTIM].written.iter().map(|written| written.id).collect();
    let before = room.tabs[VICTIM].said.len();
    for n in 0..5_000 {
        let place = n % (ids.len() - MAX_WANTED);
        say(&mut room, wire, Chat::Want { ids: Ids(ids[place..][..MAX_WANTED].to_vec()) });
        say(&mut room, wire, Chat::Has { ids: Ids(vec![ItemId([n as u8; 16]); 100]) });
        say(&mut room, wire, Chat::Log { digest: Digest([n as u8; 32]) });
        say(&mut room, wire, Chat::Heard { id: ids[place] });
        say(&mut room, wire, Chat::Writes);
    }
    room.run_for(2 * SECOND);
    let said = room.tabs[VICTIM].said.len() - before;
    assert!(said < 350, "{said}");
    assert_harmless("asked for much", &mut room);
}

/// Somebody who says that they have everything, and gives nothing, keeps nobody from getting it.
#[test]
fn who_gives_nothing_holds_nothing_back() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        for n in 0..20 {
            room.write(0, &n.to_string());
            room.run_for(SECOND);
        }
        // What the second tab would give never goes out.
        room.tabs[1].rewrite = Some(|text| match wire::from_text(&text) {
            Ok(Control::Chat(Chat::Say(_))) => Vec::new(),
            _ => vec![text],
        });
        let late = room.open();
        room.settle();
        room.run_until_within("all of it", 60 * SECOND, |room| room.tabs[late].written.len() == 20);
        let expected: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(room.tabs[late].texts(), expected);
    });
}

/// Anything may happen to anybody: what somebody wrote who is still here is with everybody who is still here, once.
#[test]
fn once_the_network_is_whole_again_everybody_has_everything() {
    let rooms = if cfg!(debug_assertions) { 200 } else { 2_000 };
    many_seeds(rooms, |seed| {
        let mut room = Room::new(seed);
        room.latency = [5, 40, 300][room.below(3) as usize];
        room.loss = [0, 5, 20][room.below(3) as usize];
        let people = 2 + room.below(3) as usize;
        for _ in 0..people {
            room.open();
        }
        let mut texts = BTreeSet::new();
        for n in 0..30 {
            let tab = room.below(people as u64) as usize;
            let other = room.below(people as u64) as usize;
            match room.below(12) {
                0 if room.tabs[tab].is_alive() => reload(&mut room, tab),
                1 if room.tabs[tab].is_alive() => {
                    let kept = room.tabs[tab].session.as_ref().unwrap().written();
                    room.crash(tab);
                    room.reopen(tab);
                    room.handle(tab, Input::Command(Command::Recall(kept)));
                }
                2 if tab != other => room.cut_path(tab, other),
                3 => room.cut_from_all(tab),
                4 => room.heal_all(),
                5 => room.cut_socket(tab),
                6 => room.restart_server(),
                7 => room.freeze(tab),
                8 => room.thaw(tab),
                _ if !room.tabs[tab].is_frozen => {
                    let text = n.to_string();
                    room.write(tab, &text);
                    texts.insert(text);
                }
                _ => {}
            }
            let pause = [20, 200, 4_000, 20_000][room.below(4) as usize];
            let pause = room.below(pause);
            room.run_for(Duration::from_millis(pause));
        }
        (0..people).for_each(|tab| room.thaw(tab));
        room.heal_all();
        room.run_until("all are connected", Room::is_settled);
        let looked = Cell::new(None);
        room.run_until("all have everything", |room| {
            looked.replace(Some(room.now)) != Some(room.now)
                && room.tabs.iter().all(|tab| tab.written.len() >= texts.len())
        });
        room.run_for(20 * SECOND);
        for tab in &room.tabs {
            let all: BTreeSet<String> = tab.texts().into_iter().map(str::to_owned).collect();
            assert_eq!((tab.written.len(), &all), (texts.len(), &texts), "once");
            assert!(tab.too_much.is_empty());
            // Everybody was connected with everybody in the end, so nobody's words are hearsay.
            assert!(tab.written.iter().all(|written| !matches!(written.source, Source::PassedOn(_))));
        }
        for tab in 0..people {
            for written in room.tabs[tab].written.iter().filter(|written| written.source == Source::Own) {
                let has = |(peer, has): &(PeerId, bool)| !room.tabs.iter().any(|tab| tab.me == *peer) || *has;
                assert!(written.to.iter().all(has), "delivered: {written:?}");
            }
            room.leave(tab);
        }
    });
}
