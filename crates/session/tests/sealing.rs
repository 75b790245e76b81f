//! What a server could do to the envelopes that it relays, and that all of it fails.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use common::{Room, seeds, test};
use snaproom_protocol::{
    Envelope, Nonce, PeerId, TabId, VERSION,
    control::Control,
    server::{FromServer, Ice, Seat, Welcome, Welcomed},
    signal::{Candidate, Hello, Signal},
    wire,
};
use snaproom_session::{
    Input, Link,
    io::{PeerState, RefusedPeer},
    keys::RoomKeys,
    seal::{Seal, SealError, is_hello, open_hello, seal_hello},
};

const A: (PeerId, Nonce) = (PeerId([1; 16]), Nonce([11; 32]));
const B: (PeerId, Nonce) = (PeerId([2; 16]), Nonce([22; 32]));
const C: (PeerId, Nonce) = (PeerId([3; 16]), Nonce([33; 32]));

fn keys() -> RoomKeys {
    RoomKeys::derive(&Link::mint([7; 16]))
}

fn hello() -> Hello {
    Hello { version: VERSION, tab: TabId([5; 16]), nonce: A.1, answers: None, keeps: None }
}

fn signals() -> [Signal; 3] {
    let sdp = common::sdp(common::WireId(1), [0xAB; 32]);
    let candidate = String::from("candidate:1 1 udp 2122260223 192.0.2.17 54321 typ host");
    let candidate = Candidate {
        candidate,
        sdp_mid: Some(String::from("0")),
        sdp_m_line_index: None,
        username_fragment: None,
    };
    [Signal::Offer { sdp: sdp.clone() }, Signal::Answer { sdp }, Signal::Candidate(candidate)]
}

/// Every envelope that differs from this one by one bit, by its end, or by one byte more.
fn changed(envelope: &Envelope) -> impl Iterator<Item = Envelope> {
    let bytes = &envelope.0;
    let flips = (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        Envelope(flipped)
    });
    let cuts = (0..bytes.len()).map(|length| Envelope(bytes[..length].to_vec()));
    let longer = Envelope([bytes.as_slice(), &[0]].concat());
    flips.chain(cuts).chain([longer])
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let keys = keys();
    let sealed = seal_hello(&keys, A.0, &hello(), [9; 24]).unwrap();
    for other in changed(&sealed) {
        assert_eq!(open_hello(&keys, A.0, &other), Err(SealError::Foreign));
    }
    assert_eq!(open_hello(&keys, A.0, &sealed), Ok(hello()), "untouched it opens");

    let (mut alice, mut bob) = (Seal::new(&keys, A, B), Seal::new(&keys, B, A));
    for signal in signals() {
        let sealed = alice.seal(&signal).unwrap();
        for other in changed(&sealed) {
            // A lower counter is told apart before anything is decrypted.
            let error = bob.open(&other).unwrap_err();
            assert!(matches!(error, SealError::Foreign | SealError::Repeated), "{error}");
        }
        assert_eq!(bob.open(&sealed), Ok(signal), "untouched it opens, whatever came before");
    }
}

#[test]
fn a_hello_counts_for_its_sender_and_its_room_only() {
    let sealed = seal_hello(&keys(), A.0, &hello(), [9; 24]).unwrap();
    assert_eq!(open_hello(&keys(), B.0, &sealed), Err(SealError::Foreign));
    let other_room = RoomKeys::derive(&Link::mint([8; 16]));
    assert_eq!(open_hello(&other_room, A.0, &sealed), Err(SealError::Foreign));
    assert_eq!(open_hello(&keys(), A.0, &sealed), Ok(hello()));
}

#[test]
fn a_signal_counts_once_in_its_place_for_its_receiver_and_its_negotiation() {
    let keys = keys();
    let other_room = RoomKeys::derive(&Link::mint([8; 16]));
    let (mut alice, mut bob) = (Seal::new(&keys, A, B), Seal::new(&keys, B, A));
    let [offer, answer, candidate] = signals();
    let sealed: Vec<Envelope> =
        [&offer, &answer, &candidate].into_iter().map(|signal| alice.seal(signal).unwrap()).collect();

    assert_eq!(bob.open(&sealed[1]), Err(SealError::Gap), "reordered");
    assert_eq!(alice.open(&sealed[0]), Err(SealError::Foreign), "reflected");
    for (name, mut other) in [
        ("another pair, same sender", Seal::new(&keys, C, A)),
        ("another pair, same receiver", Seal::new(&keys, B, C)),
        ("another room", Seal::new(&other_room, B, A)),
        ("an older negotiation of the sender", Seal::new(&keys, B, (A.0, Nonce([12; 32])))),
        ("an older negotiation of the receiver", Seal::new(&keys, (B.0, Nonce([23; 32])), A)),
    ] {
        assert_eq!(other.open(&sealed[0]), Err(SealError::Foreign), "{name}");
    }
    assert_eq!(bob.open(&sealed[0]), Ok(offer));
    assert_eq!(bob.open(&sealed[0]), Err(SealError::Repeated), "replayed");
    assert_eq!(bob.open(&sealed[1]), Ok(answer));
    assert_eq!(bob.open(&sealed[2]), Ok(candidate));
}

#[test]
fn lengths_say_little() {
    let keys = keys();
    let mut alice = Seal::new(&keys, A, B);
    let mut sizes = std::collections::BTreeSet::new();
    for length in (0..60_000).step_by(97) {
        sizes.insert(alice.seal(&Signal::Offer { sdp: "x".repeat(length) }).unwrap().0.len() - 26);
    }
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [256, 1024, 4096, 16_384, 32_768, 65_536]);
    assert_eq!(alice.seal(&Signal::Offer { sdp: "x".repeat(70_000) }), Err(SealError::TooLarge));
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn nothing_of_a_description_or_a_candidate_can_be_read_on_the_way() {
    let words = ["a=fingerprint", "sha-256", "AB:AB:AB", "192.0.2.17", "candidate", "typ host"];
    let keys = keys();
    let mut alice = Seal::new(&keys, A, B);
    let signals = signals();
    let plain: Vec<u8> = signals.iter().flat_map(wire::to_bytes).collect();
    let sealed: Vec<u8> = signals.iter().flat_map(|signal| alice.seal(signal).unwrap().0).collect();
    for word in words {
        assert!(contains(&plain, word), "the search finds {word} where it is");
        assert!(!contains(&sealed, word));
    }
    // The same for all that a server sees of a room.
    let room = Room::of(1, 3);
    assert!(room.server.relayed.len() > 20);
    for (_, envelope) in &room.server.relayed {
        assert!(words.iter().all(|word| !contains(&envelope.0, word)));
    }
}

#[test]
fn a_server_that_changes_what_it_relays_keeps_people_apart_and_no_more() {
    seeds(10, |seed| {
        let mut room = Room::new(seed);
        let mut bit = seed as usize * 31;
        room.server.tamper = Some(Box::new(move |_, _, mut envelope| {
            bit += 1009;
            let bits = envelope.0.len() * 8;
            envelope.0[bit % bits / 8] ^= 1 << (bit % 8);
            vec![envelope]
        }));
        room.open();
        room.open();
        room.run_for(Duration::from_mins(2));
        assert!(room.tabs.iter().all(|tab| tab.did("AcceptOffer") + tab.did("AcceptAnswer") == 0));
        room.server.tamper = None;
        room.settle();
    });
}

#[test]
fn repeated_envelopes_change_nothing() {
    seeds(20, |seed| {
        let mut room = Room::new(seed);
        room.server.tamper =
            Some(Box::new(|_, _, envelope| vec![envelope.clone(), envelope.clone(), envelope]));
        room.open();
        room.open();
        room.settle();
        room.run_for(Duration::from_mins(1));
        assert!(room.is_settled());
        assert!(room.tabs.iter().all(|tab| tab.did("Connect") == 1));
    });
}

/// With a second welcome a server could have the nonce of one join used for two negotiations, and so one key for
/// two messages.
#[test]
fn a_repeated_welcome_changes_nothing() {
    seeds(20, |seed| {
        let mut room = Room::new(seed);
        room.open();
        room.run_for(Duration::from_secs(1));
        let newcomer = room.open();
        room.run_until("under way", |room| room.tabs[newcomer].did("Connect") == 1);
        let peers = vec![Seat { peer: room.me(0), away: false }];
        let welcome = Welcome {
            how: Welcomed::Joined,
            peer: room.me(newcomer),
            peers,
            capacity: 8,
            lease: 30,
            ice: Ice::default(),
        };
        let text = wire::to_text(&FromServer::Welcome(welcome));
        room.handle(newcomer, Input::Server(text));
        room.settle();
        assert_eq!(room.tabs[newcomer].did("Connect"), 1, "nothing began anew");
        assert_eq!(room.tabs[newcomer].did("Close"), 0);
    });
}

#[test]
fn lost_envelopes_cost_a_new_start_and_no_more() {
    seeds(30, |seed| {
        let mut room = Room::new(seed);
        // One in eight is lost, and a quiet negotiation takes about ten.
        let mut luck = seed;
        room.server.tamper = Some(Box::new(move |_, to, envelope| {
            luck = luck.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            if to.is_some() && luck >> 61 == 0 { Vec::new() } else { vec![envelope] }
        }));
        room.open();
        room.open();
        room.run_until_within("connected", Duration::from_mins(10), Room::is_settled);
    });
}

/// A server that was given the link reads along and puts its own certificates into the descriptions.
struct Middle {
    keys: RoomKeys,
    nonces: BTreeMap<PeerId, Nonce>,
    seals: BTreeMap<(PeerId, PeerId), (Seal, Seal)>,
    fingerprint: Option<[u8; 32]>,
}

impl Middle {
    fn pass(&mut self, from: PeerId, to: Option<PeerId>, envelope: Envelope) -> Envelope {
        if is_hello(&envelope) {
            let hello = open_hello(&self.keys, from, &envelope).unwrap();
            self.nonces.insert(from, hello.nonce);
            return envelope;
        }
        let to = to.unwrap();
        let (from_end, to_end) = ((from, self.nonces[&from]), (to, self.nonces[&to]));
        let new = || (Seal::new(&self.keys, to_end, from_end), Seal::new(&self.keys, from_end, to_end));
        let (opening, sealing) = self.seals.entry((from, to)).or_insert_with(new);
        let mut signal = opening.open(&envelope).unwrap();
        if let (Signal::Offer { sdp } | Signal::Answer { sdp }, Some(own)) = (&mut signal, self.fingerprint) {
            let ours = common::sdp(common::WireId(0), own);
            let line =
                |sdp: &str| sdp.lines().find(|line| line.starts_with("a=fingerprint")).unwrap().to_owned();
            *sdp = sdp.replace(&line(sdp), &line(&ours));
        }
        sealing.seal(&signal).unwrap()
    }
}

#[test]
fn a_man_in_the_middle_who_has_the_link_is_found_out_by_the_proof() {
    for fingerprint in [Some([0xEE; 32]), None] {
        let mut room = Room::new(1);
        let (nonces, seals) = (BTreeMap::new(), BTreeMap::new());
        let middle = RefCell::new(Middle { keys: keys(), nonces, seals, fingerprint });
        room.server.tamper =
            Some(Box::new(move |from, to, envelope| vec![middle.borrow_mut().pass(from, to, envelope)]));
        room.open();
        room.open();
        if fingerprint.is_none() {
            room.settle();
            continue;
        }
        room.run_for(Duration::from_mins(1));
        // Whoever gets the other's proof first hangs up.
        let refused = Some(PeerState::Refused(RefusedPeer::Proof));
        assert!(room.sees(0, 1) == refused || room.sees(1, 0) == refused);
        for tab in &room.tabs {
            assert!(tab.peer_news.iter().all(|(_, view)| view.state != PeerState::Connected));
            assert_eq!(tab.said.len(), 1, "not a word but the proof");
            assert!(matches!(wire::from_text(&tab.said[0]), Ok(Control::Confirm { .. })));
        }
    }
}
