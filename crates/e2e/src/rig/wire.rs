//! One direction of a path, without IO and without a clock: packets go in with the time, and come out when they are due.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// How bad one direction is. Probabilities are from 0 to 1 and apply to each packet for itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// Bits a second, counted with the IP headers; none is unlimited.
    pub rate: Option<u64>,
    /// Bytes that may wait for the rate; what comes then is thrown away. One packet may always wait.
    pub queue: usize,
    /// From the end of the queue to the other side.
    pub delay: Duration,
    /// Added to the delay, evenly from none to all of it. Nobody is overtaken by that.
    pub jitter: Duration,
    /// Never arrives, after it took its share of the rate.
    pub loss: f64,
    /// Is held back by [`LATE`], so that the next ones overtake it.
    pub reorder: f64,
    /// Arrives twice.
    pub duplicate: f64,
    /// One bit of it is turned. What UDP carries reaches the application so; the kernel throws broken TCP away.
    pub corrupt: f64,
    /// Nothing passes, and what waits is lost. What is on its way already arrives.
    pub down: bool,
}

/// How long a packet is held back that others are to overtake.
pub const LATE: Duration = Duration::from_millis(20);

impl Conditions {
    /// No fault at all.
    pub const PERFECT: Self = Self {
        rate: None,
        queue: 64 * 1024,
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        loss: 0.0,
        reorder: 0.0,
        duplicate: 0.0,
        corrupt: 0.0,
        down: false,
    };

    /// A partition.
    pub const DOWN: Self = Self { down: true, ..Self::PERFECT };
}

impl Default for Conditions {
    fn default() -> Self {
        Self::PERFECT
    }
}

/// What became of the packets. Those sent and those duplicated are delivered, lost, overflowed, cut or on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that came in.
    pub sent: u64,
    /// Packets that came out.
    pub delivered: u64,
    /// The bytes of those, with their IP headers.
    pub bytes: u64,
    /// Thrown away by [`Conditions::loss`].
    pub lost: u64,
    /// Thrown away because the queue was full.
    pub overflowed: u64,
    /// Were not due at once: by the rate, the delay, the jitter, or because others are to overtake them.
    pub delayed: u64,
    /// Came out after one that had come in later.
    pub reordered: u64,
    /// Copies that were made.
    pub duplicated: u64,
    /// Packets with a turned bit.
    pub corrupted: u64,
    /// Thrown away while the wire was down.
    pub cut: u64,
}

impl Counters {
    /// Both directions of a path.
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            delivered: self.delivered + other.delivered,
            bytes: self.bytes + other.bytes,
            lost: self.lost + other.lost,
            overflowed: self.overflowed + other.overflowed,
            delayed: self.delayed + other.delayed,
            reordered: self.reordered + other.reordered,
            duplicated: self.duplicated + other.duplicated,
            corrupted: self.corrupted + other.corrupted,
            cut: self.cut + other.cut,
        }
    }
}

/// One direction: a queue that empties at the rate, then the air.
pub(super) struct Wire {
    conditions: Conditions,
    counters: Counters,
    random: ChaCha8Rng,
    waiting: VecDeque<Packet>,
    waiting_bytes: usize,
    /// When the last one left the queue.
    left: Option<Instant>,
    /// By the time of arrival, then in the order of departure.
    flying: BTreeMap<(Instant, u64), Packet>,
    departures: u64,
    /// Nobody arrives before, unless reordered.
    last_arrival: Option<Instant>,
    /// The highest number that came out.
    newest: u64,
}

#[derive(Clone)]
struct Packet {
    bytes: Vec<u8>,
    sent: Instant,
    /// Among those sent, from 1.
    number: u64,
    draws: Draws,
}

/// From 0 up to 1. All are drawn for every packet, so that a change of one condition leaves the others' luck alone.
#[derive(Clone)]
struct Draws {
    loss: f64,
    reorder: f64,
    duplicate: f64,
    corrupt: f64,
    jitter: f64,
    bit: u32,
}

impl Draws {
    fn new(random: &mut ChaCha8Rng) -> Self {
        let mut draw = || f64::from(random.next_u32()) / (f64::from(u32::MAX) + 1.0);
        let (loss, reorder, duplicate, corrupt, jitter) = (draw(), draw(), draw(), draw(), draw());
        Self { loss, reorder, duplicate, corrupt, jitter, bit: random.next_u32() }
    }
}

impl Wire {
    /// A perfect one. Wires of the same seed differ by their `stream`.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Self {
            conditions: Conditions::PERFECT,
            counters: Counters::default(),
            random,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            left: None,
            flying: BTreeMap::new(),
            departures: 0,
            last_arrival: None,
            newest: 0,
        }
    }

    /// Holds at once, for those who wait as well; who is on the way already keeps the time of arrival.
    pub(super) fn set(&mut self, now: Instant, conditions: Conditions) {
        self.advance(now);
        self.conditions = conditions;
        if conditions.down {
            self.counters.cut += self.waiting.len() as u64;
            self.waiting.clear();
            self.waiting_bytes = 0;
        }
    }

    pub(super) fn counters(&self) -> Counters {
        self.counters
    }

    /// An IPv4 packet goes in.
    pub(super) fn send(&mut self, now: Instant, bytes: Vec<u8>) {
        self.advance(now);
        self.counters.sent += 1;
        let draws = Draws::new(&mut self.random);
        if self.conditions.down {
            self.counters.cut += 1;
        } else if !self.waiting.is_empty() && self.waiting_bytes + bytes.len() > self.conditions.queue {
            self.counters.overflowed += 1;
        } else {
            self.waiting_bytes += bytes.len();
            self.waiting.push_back(Packet { bytes, sent: now, number: self.counters.sent, draws });
            self.advance(now);
        }
    }

    /// The next packet that comes out by now, if there is one.
    pub(super) fn due(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.advance(now);
        let first = self.flying.first_entry().filter(|first| first.key().0 <= now)?;
        let packet = first.remove();
        self.counters.delivered += 1;
        self.counters.bytes += packet.bytes.len() as u64;
        if packet.number < self.newest {
            self.counters.reordered += 1;
        }
        self.newest = self.newest.max(packet.number);
        Some(packet.bytes)
    }

    /// When to ask again.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let leaves = self.waiting.front().map(|head| self.leaves(head));
        let arrives = self.flying.first_key_value().map(|((time, _), _)| *time);
        leaves.into_iter().chain(arrives).min()
    }

    fn advance(&mut self, now: Instant) {
        while let Some(leaves) =
            self.waiting.front().map(|head| self.leaves(head)).filter(|time| *time <= now)
        {
            let Some(packet) = self.waiting.pop_front() else { return };
            self.waiting_bytes -= packet.bytes.len();
            self.left = Some(leaves);
            self.fly(packet, leaves);
        }
    }

    /// When the first one that waits is through.
    fn leaves(&self, head: &Packet) -> Instant {
        let begins = self.left.map_or(head.sent, |left| left.max(head.sent));
        match self.conditions.rate {
            None => begins,
            Some(rate) => {
                begins + Duration::from_nanos(head.bytes.len() as u64 * 8 * 1_000_000_000 / rate.max(1))
            }
        }
    }

    fn fly(&mut self, mut packet: Packet, leaves: Instant) {
        let Conditions { delay, jitter, loss, reorder, duplicate, corrupt, .. } = self.conditions;
        let Draws { bit, .. } = packet.draws;
        if packet.draws.loss < loss {
            self.counters.lost += 1;
            return;
        }
        let time = leaves + delay + jitter.mul_f64(packet.draws.jitter);
        let mut arrives = self.last_arrival.map_or(time, |last| last.max(time));
        if packet.draws.reorder < reorder {
            arrives += LATE;
        } else {
            self.last_arrival = Some(arrives);
        }
        if arrives > packet.sent {
            self.counters.delayed += 1;
        }
        if packet.draws.corrupt < corrupt && turn(&mut packet.bytes, bit) {
            self.counters.corrupted += 1;
        }
        if packet.draws.duplicate < duplicate {
            self.counters.duplicated += 1;
            self.depart(arrives, packet.clone());
        }
        self.depart(arrives, packet);
    }

    fn depart(&mut self, arrives: Instant, packet: Packet) {
        self.departures += 1;
        self.flying.insert((arrives, self.departures), packet);
    }
}

/// The IP protocol's number of UDP.
const UDP: u8 = 17;

/// Turns a bit of what an IPv4 packet carries, behind the header of UDP as well; that one's checksum becomes 0, which
/// means none (RFC 768). Whether there was a bit to turn.
fn turn(packet: &mut [u8], draw: u32) -> bool {
    let [first, _, _, _, _, _, fragment_high, fragment_low, _, protocol, ..] = *packet else { return false };
    let header = usize::from(first & 0x0f) * 4;
    let is_later_fragment = u16::from_be_bytes([fragment_high & 0x1f, fragment_low]) > 0;
    let is_udp = protocol == UDP && !is_later_fragment;
    let payload = packet.get_mut(if is_udp { header + 8 } else { header }..).unwrap_or_default();
    if payload.is_empty() {
        return false;
    }
    let bit = draw as usize % (payload.len() * 8);
    payload[bit / 8] ^= 1 << (bit % 8);
    if is_udp && let Some(checksum) = packet.get_mut(header + 6..header + 8) {
        checksum.fill(0);
    }
    true
}

#[cfg(test)]
mod tests;
