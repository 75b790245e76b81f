use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const LEASE: Duration = Duration::from_secs(30);
const ROOM: RoomId = RoomId([1; 16]);
const ANA: PeerId = PeerId([1; 16]);
const BEN: PeerId = PeerId([2; 16]);
const CAT: PeerId = PeerId([3; 16]);
const DAN: PeerId = PeerId([4; 16]);

fn rooms(capacity: u16, rooms: usize) -> Rooms {
    let capacity = NonZeroU16::new(capacity).unwrap();
    Rooms::new(Limits { capacity, rooms, lease: LEASE })
}

fn hello() -> Envelope {
    Envelope(vec![7])
}

/// The first join of one life of the page.
fn turn(life: u32) -> Turn {
    Turn { life, join: 0 }
}

fn seat(peer: PeerId, away: bool) -> Seat {
    Seat { peer, away }
}

fn sent(to: &[SocketId], message: FromServer) -> Effect {
    Effect::Send { to: to.to_vec(), message }
}

#[test]
fn the_first_creates_and_the_next_ones_join_in_order() {
    let mut rooms = rooms(3, 9);
    let ana = rooms.join(ROOM, ANA, turn(0), hello()).unwrap();
    assert_eq!((ana.how, ana.peers, ana.effects), (Welcomed::Created, vec![], vec![]));
    let ben = rooms.join(ROOM, BEN, turn(0), hello()).unwrap();
    assert_eq!((ben.how, ben.peers), (Welcomed::Joined, vec![seat(ANA, false)]));
    assert_eq!(ben.effects, [sent(&[ana.socket], FromServer::Joined { peer: BEN, hello: hello() })]);
    let cat = rooms.join(ROOM, CAT, turn(0), hello()).unwrap();
    assert_eq!(cat.peers, [seat(ANA, false), seat(BEN, false)]);
    assert_eq!(rooms.join(ROOM, DAN, turn(0), hello()), Err(NoSeat::Full));
}

#[test]
fn the_longest_away_yields_to_a_newcomer() {
    let mut rooms = rooms(3, 9);
    let now = Instant::now();
    let ana = rooms.join(ROOM, ANA, turn(0), hello()).unwrap().socket;
    let ben = rooms.join(ROOM, BEN, turn(0), hello()).unwrap().socket;
    let cat = rooms.join(ROOM, CAT, turn(0), hello()).unwrap().socket;
    rooms.lost(cat, now);
    rooms.lost(ben, now + Duration::from_secs(1));
    let dan = rooms.join(ROOM, DAN, turn(0), hello()).unwrap();
    assert_eq!(dan.peers, [seat(ANA, false), seat(BEN, true)]);
    assert_eq!(
        dan.effects,
        [
            sent(&[ana], FromServer::Left { peer: CAT, for_good: false }),
            sent(&[ana], FromServer::Joined { peer: DAN, hello: hello() }),
        ]
    );
    assert_eq!(rooms.next_deadline(), Some(now + Duration::from_secs(1) + LEASE));
}

#[test]
fn who_comes_back_has_its_place_in_the_order() {
    let mut rooms = rooms(3, 9);
    let now = Instant::now();
    let ana = rooms.join(ROOM, ANA, turn(0), hello()).unwrap().socket;
    let ben = rooms.join(ROOM, BEN, turn(0), hello()).unwrap().socket;
    assert_eq!(rooms.lost(ana, now), Some(sent(&[ben], FromServer::Away { peer: ANA })));
    let back = rooms.join(ROOM, ANA, turn(0), hello()).unwrap();
    assert_eq!((back.how, back.peers), (Welcomed::Joined, vec![seat(BEN, false)]));
    assert_eq!(back.effects, [sent(&[ben], FromServer::Joined { peer: ANA, hello: hello() })]);
    assert_eq!(rooms.next_deadline(), None);
    let cat = rooms.join(ROOM, CAT, turn(0), hello()).unwrap();
    assert_eq!(cat.peers, [seat(ANA, false), seat(BEN, false)]);
}

#[test]
fn the_old_socket_of_a_replaced_peer_has_no_say() {
    let mut rooms = rooms(2, 9);
    let old = rooms.join(ROOM, ANA, turn(0), hello()).unwrap().socket;
    let ben = rooms.join(ROOM, BEN, turn(0), hello()).unwrap().socket;
    let new = rooms.join(ROOM, ANA, turn(0), hello()).unwrap();
    assert_eq!(
        new.effects,
        [
            Effect::Close { socket: old, message: FromServer::Replaced },
            sent(&[ben], FromServer::Joined { peer: ANA, hello: hello() }),
        ]
    );
    assert_eq!(rooms.relay(old, BEN, hello()), None);
    assert_eq!(rooms.lost(old, Instant::now()), None);
    assert_eq!(rooms.leave(old), None);
    let relayed = FromServer::Relay { from: ANA, envelope: hello() };
    assert_eq!(rooms.relay(new.socket, BEN, hello()), Some(sent(&[ben], relayed)));
}

#[test]
fn an_earlier_join_that_comes_late_takes_nothing() {
    let mut rooms = rooms(2, 9);
    let now = Instant::now();
    let ben = rooms.join(ROOM, BEN, turn(0), hello()).unwrap().socket;
    let ana = rooms.join(ROOM, ANA, turn(7), hello()).unwrap().socket;
    let relayed = Some(sent(&[ana], FromServer::Relay { from: BEN, envelope: hello() }));
    assert_eq!(rooms.join(ROOM, ANA, turn(6), hello()), Err(NoSeat::Overtaken));
    assert_eq!(rooms.relay(ben, ANA, hello()), relayed);
    let again = rooms.join(ROOM, ANA, Turn { life: 7, join: 2 }, hello()).unwrap().socket;
    assert_eq!(rooms.join(ROOM, ANA, Turn { life: 7, join: 1 }, hello()), Err(NoSeat::Overtaken));

    // Nor the seat that is kept for the later one.
    rooms.lost(again, now);
    assert_eq!(rooms.join(ROOM, ANA, turn(6), hello()), Err(NoSeat::Overtaken));
    assert_eq!(rooms.next_deadline(), Some(now + LEASE));
    let same = rooms.join(ROOM, ANA, Turn { life: 7, join: 2 }, hello()).unwrap().socket;
    let later = rooms.join(ROOM, ANA, turn(8), hello()).unwrap();
    assert_eq!(later.effects[0], Effect::Close { socket: same, message: FromServer::Replaced });
    assert_eq!(rooms.join(ROOM, ANA, turn(7), hello()), Err(NoSeat::Overtaken));

    // A seat that was given up is nobody's.
    let left = FromServer::Left { peer: ANA, for_good: true };
    assert_eq!(rooms.leave(later.socket), Some(sent(&[ben], left)));
    assert!(rooms.join(ROOM, ANA, turn(0), hello()).is_ok());
}

#[test]
fn a_lease_ends_to_the_instant_and_the_empty_room_with_it() {
    let mut rooms = rooms(2, 9);
    let now = Instant::now();
    let ana = rooms.join(ROOM, ANA, turn(0), hello()).unwrap().socket;
    let ben = rooms.join(ROOM, BEN, turn(0), hello()).unwrap().socket;
    rooms.lost(ana, now);
    assert_eq!(rooms.relay(ben, ANA, hello()), None);
    assert_eq!(rooms.expire(now + LEASE.saturating_sub(Duration::from_nanos(1))), []);
    assert_eq!(rooms.expire(now + LEASE), [sent(&[ben], FromServer::Left { peer: ANA, for_good: false })]);
    assert_eq!(rooms.leave(ben), None);
    assert!(rooms.is_empty());
}

#[test]
fn a_full_table_makes_no_room_but_serves_its_own() {
    let mut rooms = rooms(2, 1);
    let ana = rooms.join(ROOM, ANA, turn(0), hello()).unwrap().socket;
    let other = RoomId([2; 16]);
    assert_eq!(rooms.join(other, BEN, turn(0), hello()), Err(NoSeat::Busy));
    assert!(rooms.join(ROOM, BEN, turn(0), hello()).is_ok());
    rooms.leave(ana);
    assert_eq!(rooms.join(other, ANA, turn(0), hello()), Err(NoSeat::Busy));
}

#[test]
fn one_token_in_two_rooms_is_two_seats() {
    let mut rooms = rooms(2, 9);
    let other = RoomId([2; 16]);
    let here = rooms.join(ROOM, ANA, turn(0), hello()).unwrap();
    let there = rooms.join(other, ANA, turn(0), hello()).unwrap();
    assert_eq!((there.how, there.effects), (Welcomed::Created, vec![]));
    assert_eq!(rooms.leave(here.socket), None);
    let ben = rooms.join(other, BEN, turn(0), hello()).unwrap();
    assert_eq!(ben.peers, [seat(ANA, false)]);
}

#[derive(Debug, Clone)]
enum Step {
    Join { room: u8, peer: u8, life: u32, join: u32 },
    Relay { socket: prop::sample::Index, room: u8, to: u8 },
    Leave(prop::sample::Index),
    Lose(prop::sample::Index),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (0..3_u8, 0..5_u8, 0..3_u32, 0..3_u32).prop_map(|(room, peer, life, join)| Step::Join { room, peer, life, join }),
        2 => (index(), 0..3_u8, 0..5_u8).prop_map(|(socket, room, to)| Step::Relay { socket, room, to }),
        1 => index().prop_map(Step::Leave),
        2 => index().prop_map(Step::Lose),
        1 => (0..40_u64).prop_map(Step::Wait),
    ]
}

/// What a tab knows from the server's messages alone. Its room is the first byte of every id in it.
struct View {
    room: u8,
    peer: PeerId,
    others: Vec<Seat>,
}

/// Peers of different rooms have different ids, so that a name that strays can be told.
fn peer_of(room: u8, peer: u8) -> PeerId {
    let mut id = [peer; 16];
    id[0] = room;
    PeerId(id)
}

/// Delivers effects to the views, and refuses each that is about another room than `room`. Who leaves does so for
/// good or not, as `for_good` has it.
fn deliver(
    views: &mut HashMap<SocketId, View>,
    room: Option<u8>,
    for_good: bool,
    effects: impl IntoIterator<Item = Effect>,
) -> Result<(), TestCaseError> {
    for effect in effects {
        let (to, message) = match effect {
            Effect::Send { to, message } => (to, message),
            Effect::Close { socket, message } => {
                prop_assert_eq!(message, FromServer::Replaced);
                let closed = views.remove(&socket);
                prop_assert_eq!(closed.map(|view| view.room), room);
                continue;
            }
        };
        prop_assert!(!to.is_empty());
        for socket in to {
            let view = views.get_mut(&socket);
            prop_assert!(view.is_some(), "{socket:?} is gone and is sent {message:?}");
            let view = view.unwrap();
            prop_assert!(room.is_none_or(|room| room == view.room), "{message:?} strayed");
            let known = |peer: PeerId| view.others.iter().position(|seat| seat.peer == peer);
            match &message {
                FromServer::Joined { peer, .. } => {
                    prop_assert_eq!(peer.0[0], view.room);
                    match known(*peer) {
                        Some(at) => view.others[at].away = false,
                        None => view.others.push(seat(*peer, false)),
                    }
                }
                FromServer::Away { peer } => {
                    let at = known(*peer);
                    prop_assert!(at.is_some());
                    view.others[at.unwrap()].away = true;
                }
                FromServer::Left { peer, for_good: said } => {
                    prop_assert_eq!(*said, for_good);
                    let at = known(*peer);
                    prop_assert!(at.is_some());
                    view.others.remove(at.unwrap());
                }
                FromServer::Relay { from, .. } => {
                    prop_assert!(*from == view.peer || known(*from).is_some());
                }
                other => prop_assert!(false, "nobody is sent {other:?}"),
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn rooms_keep_to_themselves_and_everyone_knows_who_is_there(
        steps in prop::collection::vec(step(), 1..120),
        capacity in 1..5_u16,
    ) {
        let mut rooms = rooms(capacity, 2);
        let mut views: HashMap<SocketId, View> = HashMap::new();
        // Of the last join that was taken.
        let mut last: HashMap<PeerId, Turn> = HashMap::new();
        let mut now = Instant::now();
        for step in steps {
            let mut sockets: Vec<_> = views.keys().copied().collect();
            sockets.sort_unstable();
            match step {
                Step::Join { room, peer, life, join } => {
                    let peer = peer_of(room, peer);
                    let members = rooms.by_id.get(&RoomId([room; 16])).map(|room| room.members.as_slice());
                    let has_seat = members.unwrap_or_default().iter().any(|member| member.peer == peer);
                    let turn = Turn { life, join };
                    let is_overtaken = has_seat && turn < last[&peer];
                    match rooms.join(RoomId([room; 16]), peer, turn, hello()) {
                        Ok(admission) => {
                            prop_assert!(!is_overtaken);
                            deliver(&mut views, Some(room), false, admission.effects)?;
                            prop_assert!(admission.peers.iter().all(|seat| seat.peer.0[0] == room));
                            let view = View { room, peer, others: admission.peers };
                            views.insert(admission.socket, view);
                            last.insert(peer, turn);
                        }
                        Err(no_seat) => prop_assert_eq!(no_seat == NoSeat::Overtaken, is_overtaken),
                    }
                }
                Step::Relay { socket, room, to } if !sockets.is_empty() => {
                    let socket = *socket.get(&sockets);
                    let relayed = rooms.relay(socket, peer_of(room, to), hello());
                    let own = views[&socket].room;
                    prop_assert!(relayed.is_none() || room == own);
                    deliver(&mut views, Some(own), false, relayed)?;
                }
                Step::Leave(socket) if !sockets.is_empty() => {
                    let socket = *socket.get(&sockets);
                    let view = views.remove(&socket).unwrap();
                    deliver(&mut views, Some(view.room), true, rooms.leave(socket))?;
                }
                Step::Lose(socket) if !sockets.is_empty() => {
                    let socket = *socket.get(&sockets);
                    let view = views.remove(&socket).unwrap();
                    deliver(&mut views, Some(view.room), false, rooms.lost(socket, now))?;
                }
                Step::Wait(seconds) => {
                    now += Duration::from_secs(seconds);
                    deliver(&mut views, None, false, rooms.expire(now))?;
                    prop_assert!(rooms.next_deadline().is_none_or(|next| next > now));
                }
                Step::Relay { .. } | Step::Leave(_) | Step::Lose(_) => {}
            }

            prop_assert!(rooms.by_id.len() <= 2);
            prop_assert_eq!(rooms.places.len(), views.len());
            for room in rooms.by_id.values() {
                prop_assert!(!room.members.is_empty());
                prop_assert!(room.members.len() <= usize::from(capacity));
            }
            for (socket, view) in &views {
                let place = Place { room: RoomId([view.room; 16]), peer: view.peer };
                prop_assert_eq!(rooms.places.get(socket), Some(&place));
                prop_assert_eq!(&view.others, &rooms.by_id[&place.room].others(view.peer));
            }
        }

        let sockets: Vec<_> = views.keys().copied().collect();
        for socket in sockets {
            let view = views.remove(&socket).unwrap();
            deliver(&mut views, Some(view.room), false, rooms.lost(socket, now))?;
        }
        rooms.expire(now + LEASE);
        prop_assert!(rooms.is_empty());
    }
}
