//! What a server does to what it relays, and what it makes up: all of it by chance, the same for the same seed.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use snaproom_protocol::{
    Envelope, Nonce, PeerId, RoomId, TabId, VERSION,
    server::{FromServer, Ice, Seat, Welcome, Welcomed},
    signal::{Hello, Signal},
};

use crate::plain;

/// One kind of lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trick {
    Drop,
    /// For up to [`LONGEST_DELAY`], so that others overtake it.
    Delay,
    Duplicate,
    /// To whoever sent it, as the receiver's.
    Reflect,
    Truncate,
    Flip,
    FalseSender,
    OtherRoom,
    /// Of seats in a welcome.
    FalseSeats,
    /// Any earlier envelope, to anybody, as anybody's.
    Replay,
    /// Of somebody who is here or nowhere, with an earlier hello or with none.
    FalseJoin,
    /// As a page would say it that seals nothing.
    PlainHello,
    /// With a fingerprint of the attacker's, for pages that seal nothing.
    PlainOffer,
    FalseAway,
    FalseLeft,
    SecondWelcome,
}

impl Trick {
    /// What happens to a message of the server.
    const TO_MESSAGES: [Self; 9] = [
        Self::Drop,
        Self::Delay,
        Self::Duplicate,
        Self::Reflect,
        Self::Truncate,
        Self::Flip,
        Self::FalseSender,
        Self::OtherRoom,
        Self::FalseSeats,
    ];
    /// What comes of itself.
    const OF_ITSELF: [Self; 7] = [
        Self::Replay,
        Self::FalseJoin,
        Self::PlainHello,
        Self::PlainOffer,
        Self::FalseAway,
        Self::FalseLeft,
        Self::SecondWelcome,
    ];

    pub fn all() -> impl Iterator<Item = Self> {
        Self::TO_MESSAGES.into_iter().chain(Self::OF_ITSELF)
    }
}

/// A page's socket that has a seat.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub socket: u64,
    pub room: RoomId,
    pub peer: PeerId,
}

/// What pages have said so far, and to whom lies can be told.
pub struct Scene<'a> {
    pub targets: &'a [Target],
    pub heard: &'a [Envelope],
}

/// What a page is told.
#[derive(Debug)]
pub struct Told {
    pub after: Duration,
    pub socket: u64,
    pub message: FromServer,
}

/// A server's character and its luck.
pub struct Policy {
    luck: ChaCha8Rng,
    /// Of each kind, in a hundred messages; or against the others, where it comes of itself.
    odds: BTreeMap<Trick, u64>,
    /// People who are not there.
    nobodies: [PeerId; 3],
    /// The longest time between two lies that come of themselves.
    pause: Duration,
    played: BTreeMap<Trick, u64>,
}

const LONGEST_DELAY: Duration = Duration::from_millis(400);

/// Between two lies that come of themselves at most, for each policy one of these. With the longest, too, some come
/// while a policy is played.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(500)];

/// One of these for each trick: some policies let people through while they last.
const ODDS: [u64; 7] = [0, 0, 0, 0, 5, 10, 40];

/// Of the one trick that each policy likes best: as many policies in a row as there are tricks have all of them.
const FAVOURITE: u64 = 90;

impl Policy {
    pub fn of(seed: u64) -> Self {
        let mut luck = ChaCha8Rng::seed_from_u64(seed);
        let mut odds: BTreeMap<_, _> =
            Trick::all().map(|trick| (trick, ODDS[(luck.next_u64() % 7) as usize])).collect();
        let favourite = (seed % odds.len() as u64) as usize;
        odds.extend(Trick::all().nth(favourite).map(|trick| (trick, FAVOURITE)));
        let nobodies = [(); 3].map(|()| PeerId(bytes(&mut luck)));
        let pause = PAUSES[(luck.next_u64() % 3) as usize];
        Self { luck, odds, nobodies, pause, played: BTreeMap::new() }
    }

    /// How often each trick was played.
    pub fn played(&self) -> &BTreeMap<Trick, u64> {
        &self.played
    }

    /// What is told instead of `message`, to its receiver and to others.
    pub fn meddle(&mut self, scene: &Scene, to: &Target, mut message: FromServer) -> Vec<Told> {
        if let FromServer::Welcome(welcome) = &mut message {
            if self.plays(Trick::FalseSeats) {
                self.falsify_seats(welcome);
            }
            // Without one there is no room, and nothing to be seen.
            return vec![Told { after: Duration::ZERO, socket: to.socket, message }];
        }
        let mut told = Vec::new();
        if let (Some(sender), Some(envelope)) = (sender(&message), envelope(&message)) {
            let envelope = envelope.clone();
            let back = scene.targets.iter().find(|target| target.peer == sender);
            if let Some(back) = back.filter(|_| self.plays(Trick::Reflect)) {
                told.push(relayed(back.socket, to.peer, envelope.clone()));
            }
            let elsewhere = scene.targets.iter().find(|target| target.room != to.room);
            if let Some(elsewhere) = elsewhere.filter(|_| self.plays(Trick::OtherRoom)) {
                told.push(relayed(elsewhere.socket, sender, envelope));
            }
        }
        let times = 1 + u32::from(self.plays(Trick::Duplicate));
        for _ in 0..times {
            if self.plays(Trick::Drop) {
                continue;
            }
            let mut message = message.clone();
            self.damage(scene, &mut message);
            let is_late = self.plays(Trick::Delay);
            let after = if is_late { LONGEST_DELAY.mul_f64(self.fraction()) } else { Duration::ZERO };
            told.push(Told { after, socket: to.socket, message });
        }
        told
    }

    /// One lie that nothing led to.
    pub fn strike(&mut self, scene: &Scene) -> Result<Option<Told>> {
        let Some(to) = self.pick(scene.targets) else { return Ok(None) };
        let Some(trick) = self.any_of_itself() else { return Ok(None) };
        let message = match trick {
            Trick::FalseAway => FromServer::Away { peer: self.anybody(scene) },
            Trick::FalseLeft => FromServer::Left { peer: self.anybody(scene), for_good: self.below(2) == 0 },
            Trick::SecondWelcome => {
                let how = Welcomed::Created;
                let (peer, capacity, lease, ice) = (to.peer, 8, 0, Ice::default());
                let mut welcome = Welcome { how, peer, peers: Vec::new(), capacity, lease, ice };
                self.falsify_seats(&mut welcome);
                FromServer::Welcome(welcome)
            }
            Trick::FalseJoin => FromServer::Joined { peer: self.anybody(scene), hello: self.earlier(scene) },
            Trick::PlainHello => {
                let hello = Hello {
                    version: VERSION,
                    tab: TabId(bytes(&mut self.luck)),
                    nonce: Nonce(bytes(&mut self.luck)),
                    answers: None,
                    keeps: None,
                };
                FromServer::Joined { peer: self.anybody(scene), hello: plain::write_hello(&hello)? }
            }
            Trick::PlainOffer => {
                let counter = self.below(3) as u64;
                let envelope = plain::write_signal(counter, &Signal::Offer { sdp: OFFER.to_owned() })?;
                FromServer::Relay { from: self.anybody(scene), envelope }
            }
            _ => FromServer::Relay { from: self.anybody(scene), envelope: self.earlier(scene) },
        };
        Ok(Some(Told { after: Duration::ZERO, socket: to.socket, message }))
    }

    /// Until the next lie of itself.
    pub fn pause(&mut self) -> Duration {
        self.pause.mul_f64(self.fraction())
    }

    fn any_of_itself(&mut self) -> Option<Trick> {
        let odds = Trick::OF_ITSELF.map(|trick| (trick, self.odds[&trick]));
        let all: u64 = odds.iter().map(|(_, odds)| odds).sum();
        let mut at = if all == 0 { return None } else { self.luck.next_u64() % all };
        let trick = odds.into_iter().find_map(|(trick, odds)| {
            let is_it = at < odds;
            at = at.saturating_sub(odds);
            is_it.then_some(trick)
        })?;
        *self.played.entry(trick).or_default() += 1;
        Some(trick)
    }

    fn damage(&mut self, scene: &Scene, message: &mut FromServer) {
        if sender(message).is_some() && self.plays(Trick::FalseSender) {
            let claimed = self.anybody(scene);
            if let FromServer::Relay { from, .. } | FromServer::Joined { peer: from, .. } = message {
                *from = claimed;
            }
        }
        let (FromServer::Relay { envelope, .. } | FromServer::Joined { hello: envelope, .. }) = message
        else {
            return;
        };
        if !envelope.0.is_empty() && self.plays(Trick::Flip) {
            let at = self.below(envelope.0.len());
            envelope.0[at] ^= 1 << self.below(8);
        }
        if !envelope.0.is_empty() && self.plays(Trick::Truncate) {
            envelope.0.truncate(self.below(envelope.0.len()));
        }
    }

    /// Somebody more, somebody less, somebody away.
    fn falsify_seats(&mut self, welcome: &mut Welcome) {
        for seat in &mut welcome.peers {
            seat.away ^= self.below(3) == 0;
        }
        if self.below(3) == 0 {
            welcome.peers.clear();
        }
        let peer = self.nobodies[self.below(3)];
        welcome.peers.push(Seat { peer, away: self.below(2) == 0 });
    }

    fn plays(&mut self, trick: Trick) -> bool {
        let plays = self.luck.next_u64() % 100 < self.odds[&trick];
        if plays {
            *self.played.entry(trick).or_default() += 1;
        }
        plays
    }

    fn anybody(&mut self, scene: &Scene) -> PeerId {
        let at = self.below(scene.targets.len() + self.nobodies.len());
        scene.targets.get(at).map_or_else(|| self.nobodies[at % 3], |target| target.peer)
    }

    /// Something that a page said, or noise where none has spoken.
    fn earlier(&mut self, scene: &Scene) -> Envelope {
        self.pick(scene.heard).unwrap_or_else(|| Envelope(bytes::<300>(&mut self.luck).to_vec()))
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        if all.is_empty() { None } else { Some(all[self.below(all.len())].clone()) }
    }

    /// From 0 to 1.
    fn fraction(&mut self) -> f64 {
        f64::from(self.luck.next_u32()) / f64::from(u32::MAX)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.luck.next_u64() % end as u64) as usize
    }
}

fn relayed(socket: u64, from: PeerId, envelope: Envelope) -> Told {
    Told { after: Duration::ZERO, socket, message: FromServer::Relay { from, envelope } }
}

fn sender(message: &FromServer) -> Option<PeerId> {
    match message {
        FromServer::Relay { from: sender, .. } | FromServer::Joined { peer: sender, .. } => Some(*sender),
        _ => None,
    }
}

fn envelope(message: &FromServer) -> Option<&Envelope> {
    match message {
        FromServer::Relay { envelope, .. } | FromServer::Joined { hello: envelope, .. } => Some(envelope),
        _ => None,
    }
}

fn bytes<const N: usize>(luck: &mut ChaCha8Rng) -> [u8; N] {
    let mut bytes = [0; N];
    luck.fill_bytes(&mut bytes);
    bytes
}

/// As good as any: a page that takes it has lost.
const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
    m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:evil\r\n\
    a=ice-pwd:evilevilevilevilevilevil\r\na=setup:actpass\r\na=sctp-port:5000\r\na=fingerprint:sha-256 \
    66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66:66\r\n";
