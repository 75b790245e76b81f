use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// A UDP packet over IPv4 whose payload is its number and zeros.
fn udp(number: u32, length: usize) -> Vec<u8> {
    let mut packet = vec![0; length];
    packet[0] = 0x45;
    packet[9] = UDP;
    packet[26..28].fill(0xff);
    packet[28..32].copy_from_slice(&number.to_be_bytes());
    packet
}

fn number(packet: &[u8]) -> u32 {
    u32::from_be_bytes(packet[28..32].try_into().unwrap())
}

/// Sends so many packets of this length, one every `gap`; gives what comes out, with the time since the beginning.
fn run(
    wire: &mut Wire,
    start: Instant,
    packets: u32,
    length: usize,
    gap: Duration,
) -> Vec<(Duration, Vec<u8>)> {
    let mut out = Vec::new();
    for sent in 0..packets {
        let now = start + gap * sent;
        out.extend(everything(wire, start, now));
        wire.send(now, udp(sent, length));
    }
    out.extend(everything(wire, start, start + 3600 * SECOND));
    out
}

/// Asks when it says that it is to be asked, until `end`.
fn everything(wire: &mut Wire, start: Instant, end: Instant) -> Vec<(Duration, Vec<u8>)> {
    let mut out = Vec::new();
    while let Some(time) = wire.next_due().filter(|time| *time <= end) {
        out.extend(std::iter::from_fn(|| wire.due(time)).map(|packet| (time - start, packet)));
    }
    out
}

fn wire(conditions: Conditions) -> (Wire, Instant) {
    let (mut wire, start) = (Wire::new(7, 0), Instant::now());
    wire.set(start, conditions);
    (wire, start)
}

fn numbers(out: &[(Duration, Vec<u8>)]) -> Vec<u32> {
    out.iter().map(|(_, packet)| number(packet)).collect()
}

/// Nothing is ever counted nowhere.
fn balance(wire: &Wire) {
    let counted = wire.counters();
    let on_its_way = (wire.waiting.len() + wire.flying.len()) as u64;
    let ends = counted.delivered + counted.lost + counted.overflowed + counted.cut;
    assert_eq!(counted.sent + counted.duplicated, ends + on_its_way, "{counted:?}");
}

/// Some 1,000 trials of a probability of 0.1.
fn is_a_tenth(count: u64) -> bool {
    (60..140).contains(&count)
}

#[test]
fn a_perfect_wire_gives_everything_at_once() {
    let (mut wire, start) = wire(Conditions::PERFECT);
    for sent in 0..100 {
        wire.send(start, udp(sent, 100));
        assert_eq!(wire.due(start), Some(udp(sent, 100)));
    }
    let expected = Counters { sent: 100, delivered: 100, bytes: 10_000, ..Counters::default() };
    assert_eq!(wire.counters(), expected);
}

#[test]
fn delay_is_kept_to_the_nanosecond_and_jitter_within_its_bounds() {
    let delay = 50 * MILLISECOND;
    let (mut wire_of_delay, start) = wire(Conditions { delay, ..Conditions::PERFECT });
    let out = run(&mut wire_of_delay, start, 100, 100, MILLISECOND);
    assert!(out.iter().zip(0..).all(|((time, _), sent)| *time == MILLISECOND * sent + delay));
    assert_eq!(wire_of_delay.counters().delayed, 100);

    let jitter = 20 * MILLISECOND;
    let (mut wire, start) = wire(Conditions { delay, jitter, ..Conditions::PERFECT });
    let out = run(&mut wire, start, 1000, 100, 30 * MILLISECOND);
    let took: Vec<_> =
        out.iter().zip(0..).map(|((time, _), sent)| time.saturating_sub(30 * MILLISECOND * sent)).collect();
    assert!(took.iter().all(|took| (delay..=delay + jitter).contains(took)));
    assert!(*took.iter().min().unwrap() < delay + jitter / 10);
    assert!(*took.iter().max().unwrap() > delay + jitter * 9 / 10);
}

#[test]
fn jitter_alone_lets_nobody_overtake() {
    let (mut wire, start) = wire(Conditions { jitter: 100 * MILLISECOND, ..Conditions::PERFECT });
    let out = run(&mut wire, start, 1000, 100, MILLISECOND);
    assert_eq!(numbers(&out), (0..1000).collect::<Vec<_>>());
    assert_eq!(wire.counters().reordered, 0);
}

#[test]
fn the_rate_is_kept() {
    for rate in [50_000_u32, 1_000_000, 30_000_000] {
        let (mut wire, start) =
            wire(Conditions { rate: Some(rate.into()), queue: usize::MAX, ..Conditions::PERFECT });
        let out = run(&mut wire, start, 1000, 1250, Duration::ZERO);
        let (took, _) = out.last().unwrap();
        let expected = Duration::from_secs_f64(1000.0 * 10_000.0 / f64::from(rate));
        assert!(took.abs_diff(expected) < expected / 100, "{took:?}, not {expected:?}");
        balance(&wire);
    }
}

#[test]
fn the_queue_is_bounded_and_what_is_over_is_counted() {
    let conditions = Conditions { rate: Some(1_000_000), queue: 10_000, ..Conditions::PERFECT };
    let (mut wire, start) = wire(conditions);
    for sent in 0..100 {
        wire.send(start, udp(sent, 1000));
        assert!(wire.waiting_bytes <= 10_000);
        balance(&wire);
    }
    assert_eq!(wire.counters().overflowed, 90);
    assert_eq!(numbers(&everything(&mut wire, start, start + SECOND)), (0..10).collect::<Vec<_>>());

    // A packet that is larger than the queue is not for ever lost.
    wire.set(start + SECOND, Conditions { queue: 0, ..conditions });
    wire.send(start + SECOND, udp(0, 1000));
    assert_eq!(everything(&mut wire, start, start + 2 * SECOND).len(), 1);
}

#[test]
fn loss_takes_its_share_and_no_other_packets_luck() {
    let (mut some, start) = wire(Conditions { loss: 0.1, ..Conditions::PERFECT });
    let out = run(&mut some, start, 1000, 100, MILLISECOND);
    assert!(is_a_tenth(some.counters().lost));
    assert_eq!(out.len() as u64, 1000 - some.counters().lost);
    balance(&some);

    let faults =
        Conditions { loss: 0.1, duplicate: 0.3, jitter: SECOND, corrupt: 0.2, ..Conditions::PERFECT };
    let (mut more, start) = wire(faults);
    run(&mut more, start, 1000, 100, MILLISECOND);
    assert_eq!(more.counters().lost, some.counters().lost, "other conditions change who is lost");
}

#[test]
fn reordered_packets_are_overtaken() {
    let (mut wire, start) = wire(Conditions { reorder: 0.1, ..Conditions::PERFECT });
    let out = run(&mut wire, start, 1000, 100, MILLISECOND);
    assert!(is_a_tenth(wire.counters().reordered));
    let order = numbers(&out);
    let overtaken =
        order.iter().enumerate().filter(|(at, number)| order[..*at].iter().any(|one| one > *number));
    assert_eq!(overtaken.count() as u64, wire.counters().reordered);
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..1000).collect::<Vec<_>>(), "all of them arrive");
}

#[test]
fn nobody_is_counted_as_reordered_who_is_not_overtaken() {
    let (mut wire, start) = wire(Conditions { reorder: 1.0, ..Conditions::PERFECT });
    let out = run(&mut wire, start, 100, 100, 2 * LATE);
    assert_eq!((out.len(), wire.counters().reordered), (100, 0));
}

#[test]
fn duplicates_are_the_same_packet() {
    let (mut wire, start) = wire(Conditions { duplicate: 0.1, ..Conditions::PERFECT });
    let out = run(&mut wire, start, 1000, 100, MILLISECOND);
    assert!(is_a_tenth(wire.counters().duplicated));
    assert_eq!(out.len() as u64, 1000 + wire.counters().duplicated);
    let twice = out.windows(2).filter(|pair| pair[0].1 == pair[1].1).count();
    assert_eq!(twice as u64, wire.counters().duplicated);
    assert_eq!(wire.counters().reordered, 0);
    balance(&wire);
}

#[test]
fn corruption_turns_one_bit_of_the_payload_and_takes_the_checksum_of_udp_away() {
    let (mut wire, start) = wire(Conditions { corrupt: 0.1, ..Conditions::PERFECT });
    let out = run(&mut wire, start, 1000, 100, MILLISECOND);
    let mut turned = 0;
    for ((_, packet), sent) in out.iter().zip(0..) {
        let original = udp(sent, 100);
        let bits: u32 =
            packet[28..].iter().zip(&original[28..]).map(|(is, was)| (is ^ was).count_ones()).sum();
        assert_eq!(packet[..26], original[..26], "the headers stay");
        match bits {
            0 => assert_eq!(packet[26..28], [0xff, 0xff]),
            1 => assert_eq!(packet[26..28], [0, 0]),
            more => panic!("{more} bits are turned"),
        }
        turned += u64::from(bits);
    }
    assert!(is_a_tenth(turned));
    assert_eq!(wire.counters().corrupted, turned);
}

#[test]
fn what_has_nothing_to_turn_is_not_counted_as_corrupted() {
    let (mut wire, start) = wire(Conditions { corrupt: 1.0, ..Conditions::PERFECT });
    let empty = &udp(0, 100)[..28];
    for bad in [empty, &empty[..20], &empty[..5], &[]] {
        wire.send(start, bad.to_vec());
        assert_eq!(wire.due(start).unwrap(), bad);
    }
    assert_eq!(wire.counters().corrupted, 0);

    // TCP keeps its checksum, so that the kernel throws the segment away.
    let mut tcp = udp(1, 60);
    tcp[9] = 6;
    wire.send(start, tcp.clone());
    let turned = wire.due(start).unwrap();
    let bits: u32 = turned[20..].iter().zip(&tcp[20..]).map(|(is, was)| (is ^ was).count_ones()).sum();
    assert_eq!((bits, wire.counters().corrupted), (1, 1));
    // A later fragment has no header of UDP.
    let mut fragment = udp(1, 60)[..24].to_vec();
    fragment[7] = 1;
    wire.send(start, fragment.clone());
    assert_ne!(wire.due(start).unwrap(), fragment);
}

#[test]
fn a_partition_cuts_what_is_sent_and_what_waits_but_not_what_is_on_its_way() {
    let slow = Conditions { rate: Some(80_000), delay: SECOND, ..Conditions::PERFECT };
    let (mut wire, start) = wire(slow);
    for sent in 0..10 {
        wire.send(start, udp(sent, 1000));
    }
    // Each takes 100 ms to leave: three have.
    let cut = start + 350 * MILLISECOND;
    wire.set(cut, Conditions::DOWN);
    assert_eq!(wire.counters().cut, 7);
    wire.send(cut, udp(10, 1000));
    assert_eq!(wire.counters().cut, 8);
    assert_eq!(numbers(&everything(&mut wire, start, cut + SECOND)), [0, 1, 2]);
    balance(&wire);

    wire.set(cut + SECOND, Conditions::PERFECT);
    wire.send(cut + SECOND, udp(11, 1000));
    assert_eq!(number(&wire.due(cut + SECOND).unwrap()), 11);
    balance(&wire);
}

#[test]
fn a_change_of_the_rate_holds_for_those_who_wait_and_a_change_of_the_delay_not_for_those_on_their_way() {
    let (mut wire, start) = wire(Conditions { rate: Some(80_000), ..Conditions::PERFECT });
    for sent in 0..10 {
        wire.send(start, udp(sent, 1000));
    }
    wire.set(start + MILLISECOND, Conditions { rate: Some(8_000_000), ..Conditions::PERFECT });
    let out = everything(&mut wire, start, start + 10 * MILLISECOND);
    assert_eq!(numbers(&out), (0..10).collect::<Vec<_>>());

    let later = start + SECOND;
    wire.set(later, Conditions { delay: SECOND, ..Conditions::PERFECT });
    wire.send(later, udp(10, 100));
    wire.set(later, Conditions::PERFECT);
    wire.send(later, udp(11, 100));
    let out = everything(&mut wire, later, later + 2 * SECOND);
    assert_eq!(
        out.iter().map(|(time, packet)| (*time, number(packet))).collect::<Vec<_>>(),
        [(SECOND, 10), (SECOND, 11)]
    );
}

#[test]
fn the_same_seed_has_the_same_luck_and_other_seeds_and_streams_have_others() {
    let faults = Conditions {
        loss: 0.1,
        reorder: 0.1,
        duplicate: 0.1,
        corrupt: 0.1,
        jitter: 5 * MILLISECOND,
        ..Conditions::PERFECT
    };
    let start = Instant::now();
    let out = |seed, stream| {
        let mut wire = Wire::new(seed, stream);
        wire.set(start, faults);
        run(&mut wire, start, 200, 100, MILLISECOND)
    };
    assert_eq!(out(1, 2), out(1, 2));
    assert_ne!(out(1, 2), out(2, 2));
    assert_ne!(out(1, 2), out(1, 3));
}

#[test]
fn nothing_gets_out_of_balance_whatever_the_order_of_changes() {
    for seed in 0..50 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut wire = Wire::new(seed, 0);
        let mut now = Instant::now();
        for sent in 0..500 {
            now += Duration::from_micros(u64::from(random.next_u32() % 5000));
            let mut chance = || f64::from(random.next_u32() % 100) / 100.0;
            let conditions = Conditions {
                rate: (chance() < 0.5).then_some(200_000),
                queue: 3000,
                delay: SECOND.mul_f64(chance() / 10.0),
                jitter: SECOND.mul_f64(chance() / 10.0),
                loss: chance(),
                reorder: chance(),
                duplicate: chance(),
                corrupt: chance(),
                down: chance() < 0.1,
            };
            if chance() < 0.1 {
                wire.set(now, conditions);
            }
            wire.send(now, udp(sent, 500));
            if chance() < 0.5 {
                while wire.due(now).is_some() {}
            }
            balance(&wire);
        }
        while wire.due(now + 3600 * SECOND).is_some() {}
        balance(&wire);
        assert_eq!((wire.next_due(), wire.waiting_bytes), (None, 0), "seed {seed}");
    }
}
