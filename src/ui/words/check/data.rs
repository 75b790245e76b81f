//! The words of `/check/data`.

use crate::check::data::{
    ChannelOptions, Counted, Effort, End, FILL_AT_MOST, Fate, Filling, Job, LOW_THRESHOLD, Limits, MESSAGES,
    Measured, Message, Oversize, Pace, Phase, Trouble, Unsent,
};

pub const LEAD: &str = "Two connections in this page, and a data channel from one to the other, as in the codelab’s \
    third step: the other side hears of it by ondatachannel. No server takes part, and nothing leaves this device.";
pub const START: &str = "Start";
pub const STOP: &str = "Stop";
pub const CONSOLE: &str = "In the browser’s console they are:";
pub const CONSOLE_NAMES: [&str; 4] = ["localConnection", "remoteConnection", "sendChannel", "receiveChannel"];

pub const OPTIONS: &str = "What the channel is to be";
pub const ORDERED: &str = "Messages come in order";
pub const EFFORT: &str = "A message that is lost is sent again";
pub const UNTIL_IT_ARRIVES: &str = "until it arrives";
pub const RETRANSMITS: &str = "at most so many times";
pub const LIFE_TIME: &str = "for at most so many ms";
pub const ONE_LIMIT: &str = "One limit or the other: where both are set, browsers throw a TypeError.";
pub const LABEL: &str = "Name";
pub const PROTOCOL: &str = "What is spoken on it";
pub const FIXED: &str = "A channel keeps what it was made with. Press Stop to choose anew.";
pub const NO_NUMBER: &str = "Write a whole number from 0 to 65,535 as the limit.";
pub const ANNOUNCED: &str = "What the channel is, read from receiveChannel";
pub const EFFECT: &str = "What that does";

pub const TEXTS: &str = "Texts, both ways";
pub const SIDES: [&str; 2] = ["This side (localConnection)", "The other side (remoteConnection)"];
pub const WRITE: [&str; 2] = ["Text to send", "Text to answer with"];
pub const PLACEHOLDER: &str = "Press Start, enter some text, then press Send.";
pub const SEND: [&str; 2] = ["Send", "Answer"];
pub const RECEIVED: &str = "What came here";
pub const HISTORY: &str = "History";
pub const NO_HISTORY: &str = "Each text stands here with who sent it, when, and how long it took.";

pub const NUMBERED: &str = "What the options do under loss";
pub const NUMBERED_HINT: &str = "Sends a thousand messages, a packet’s worth each, within two seconds. From this page to \
    itself no packet is lost, so all of them come; only a life time near 0 may also drop what has just waited in this \
    page. A network loses some, weak Wi-Fi above all: then a channel that tries until it arrives is late, and one that gives up is in time and has gaps.";
pub const RUN_NUMBERED: &str = "Run 1,000 numbered messages";
pub const NUMBERED_PROGRESS: &str = "How many of the messages have arrived";
pub const NUMBERED_TABLE: &str = "The last runs of numbered messages";
pub const NUMBERED_COLUMNS: [&str; 7] =
    ["Channel", "Arrived", "Out of order", "Typical delay", "Longest delay", "All within", "Packets lost"];

pub const SPEED: &str = "Throughput";
pub const SPEED_HINT: &str = "Sends for 5 seconds as fast as the window lets it. The window is what may be under way: \
    sent, and not yet with the other side. It follows what the receiver has, because bufferedAmount counts only what \
    still waits in this page. Too large a window may make browsers drop packets and pause; over a network, no more than \
    one window goes through in each round trip. A text that you send meanwhile waits behind it: the history says how long.";
pub const CHUNK: &str = "Each message";
pub const WINDOW: &str = "Window";
pub const RUN_SPEED: &str = "Measure 5 seconds";
pub const CURVE: &str = "MB a second, over the last run";
pub const SPEED_TABLE: &str = "The last measurements";
pub const SPEED_COLUMNS: [&str; 4] = ["Each message", "Window", "MB a second", "Longest pause"];
pub const CANCEL: &str = "Cancel";

pub const LIMITS: &str = "Limits";
pub const MAX_MESSAGE: &str = "Largest message";
pub const QUEUED: &str = "In the queue now";
pub const LOW: &str = "The queue is low at";
pub const SEND_TOO_MUCH: &str = "Send one byte more than the largest";
pub const FILL: &str = "Fill the queue";
pub const FILL_PROGRESS: &str = "How much of what the queue took has arrived";
const NOTHING: &str = "–";

/// How the connection is, and what to do.
#[must_use]
pub fn phase(phase: &Phase) -> String {
    match phase {
        Phase::Idle => "Not started.".into(),
        Phase::Connecting => "The two sides look for each other…".into(),
        Phase::Open(after) => format!("The channel is open, after {}. Both sides can write.", time(*after)),
        Phase::Stopped => "Closed on both sides. Start makes a new channel.".into(),
        Phase::Failed(Trouble::Slow) => {
            "The two sides did not find each other within 10 seconds. An extension or a \
            rule of the browser may forbid WebRTC: try a private window or another browser."
                .into()
        }
        Phase::Failed(Trouble::Closed) => {
            "The channel was closed from elsewhere, such as the console. Start makes a new one.".into()
        }
        Phase::Failed(Trouble::Browser(error)) => {
            format!("The browser did not make the channel ({error}). Choose other options, then press Start.")
        }
    }
}

/// Why a button of what goes through the channel does nothing.
#[must_use]
pub fn why_not(phase: &Phase, job: Option<Job>) -> Option<&'static str> {
    match (phase, job) {
        (Phase::Open(_), None) => None,
        (Phase::Open(_), Some(Job::Numbered)) => Some("The numbered messages are under way."),
        (Phase::Open(_), Some(Job::Speed(_))) => Some("The throughput is being measured."),
        (Phase::Open(_), Some(Job::Fill)) => Some("The queue runs empty; wait for it, or press Stop."),
        (Phase::Connecting, _) => Some("The channel is not open yet."),
        _ => Some("Press Start first."),
    }
}

/// What options do, where they are known.
#[must_use]
pub fn effect(options: Option<&ChannelOptions>) -> String {
    options.map_or_else(|| NOTHING.to_owned(), effect_of)
}

fn effect_of(options: &ChannelOptions) -> String {
    let order = match (options.ordered, options.effort) {
        (true, Effort::UntilItArrives) => "Those after it wait for it. Right for chat and files.",
        (false, Effort::UntilItArrives) => "Those after it do not wait for it, so they may come before it.",
        (true, Effort::Retransmits(0)) => {
            "Those after it come in order. Right for what the next message replaces."
        }
        (true, _) => "Those after it wait until then, and come in order.",
        (false, _) => "No message waits for another. Right for what is worth nothing when it is late.",
    };
    match options.effort {
        Effort::UntilItArrives => format!("Every message arrives: what is lost is sent again. {order}"),
        Effort::Retransmits(0) => format!("A message that is lost is given up at once. {order}"),
        Effort::Retransmits(1) => format!("A message is sent again once, then given up. {order}"),
        Effort::Retransmits(times) => {
            format!("A message is sent again up to {} times, then given up. {order}", thousands(times.into()))
        }
        Effort::LifeTime(ms) => {
            format!("A message that has not arrived after {} ms is given up. {order}", thousands(ms.into()))
        }
    }
}

/// The members of a channel, and what they are where there is one.
#[must_use]
pub fn facts(options: Option<&ChannelOptions>) -> [(&'static str, String); 5] {
    let limit =
        |limit: Option<u16>| limit.map_or_else(|| "null (no limit)".to_owned(), |limit| limit.to_string());
    let say = |of: fn(&ChannelOptions) -> String| options.map_or_else(|| NOTHING.to_owned(), of);
    let say_limit = |of: fn(Effort) -> Option<u16>| {
        options.map_or_else(|| NOTHING.to_owned(), |options| limit(of(options.effort)))
    };
    [
        ("label", say(|options| format!("“{}”", options.label))),
        ("protocol", say(|options| format!("“{}”", options.protocol))),
        ("ordered", say(|options| options.ordered.to_string())),
        (
            "maxRetransmits",
            say_limit(|effort| if let Effort::Retransmits(times) = effort { Some(times) } else { None }),
        ),
        (
            "maxPacketLifeTime",
            say_limit(|effort| if let Effort::LifeTime(ms) = effort { Some(ms) } else { None }),
        ),
    ]
}

/// A channel in a table's cell.
#[must_use]
pub fn channel(options: &ChannelOptions) -> String {
    let order = if options.ordered { "in order" } else { "any order" };
    match options.effort {
        Effort::UntilItArrives => format!("{order}, until it arrives"),
        Effort::Retransmits(times) => format!("{order}, at most {times} times again"),
        Effort::LifeTime(ms) => format!("{order}, for at most {ms} ms"),
    }
}

/// Why a text was not sent.
#[must_use]
pub fn unsent(unsent: &Unsent) -> String {
    match unsent {
        Unsent::Empty => "Write something first.".into(),
        Unsent::Refused(error) => format!("The browser did not send it ({error}). Try again in a moment."),
    }
}

/// Who sent a text.
#[must_use]
pub fn sender(from: End, fate: Fate) -> &'static str {
    match (from, fate) {
        (End::Near, Fate::FromConsole) => "This side, from the console",
        (End::Far, Fate::FromConsole) => "The other side, from the console",
        (End::Near, _) => "This side",
        (End::Far, _) => "The other side",
    }
}

/// What became of a text.
#[must_use]
pub fn fate(fate: Fate) -> String {
    match fate {
        Fate::OnTheWay => "under way…".into(),
        Fate::Arrived(after) => format!("arrived after {}", time(after)),
        Fate::Missing => "did not arrive".into(),
        Fate::FromConsole => "arrived".into(),
    }
}

/// The newest text, once it is known what became of it.
#[must_use]
pub fn newest(message: &Message) -> Option<String> {
    let Message { from, time, fate: known, .. } = message;
    (*known != Fate::OnTheWay).then(|| format!("{}, {time}: {}", sender(*from, *known), fate(*known)))
}

/// What was sent and came so far.
#[must_use]
pub fn progress((sent, arrived): (u32, u32)) -> String {
    format!("{} sent, {} arrived", thousands(sent.into()), thousands(arrived.into()))
}

/// What a run of numbered messages has shown.
#[must_use]
pub fn counted(run: &Counted) -> String {
    let Counted { sent, arrived, out_of_order, took_ms, .. } = *run;
    let order = match out_of_order {
        0 => "all in order".to_owned(),
        1 => "1 of them out of order".to_owned(),
        many => format!("{} of them out of order", thousands(many.into())),
    };
    let short = if sent < MESSAGES { " The run ended early." } else { "" };
    let missing = match sent - arrived {
        0 => String::new(),
        missing => missing_messages(run, missing),
    };
    let lost = match run.packets_lost {
        Some(0) if arrived == sent => {
            " No packet was lost: from a page to itself none is. Loss comes with a real \
            network."
                .to_owned()
        }
        Some(0) if run.gave_up && matches!(run.options.effort, Effort::LifeTime(_)) => {
            " No packet was lost: what is missing waited in this page for longer than its life time."
                .to_owned()
        }
        Some(1) => " The network lost 1 packet.".to_owned(),
        Some(packets @ 2..) => format!(
            " The network lost {} packets, acknowledgements among them{}.",
            thousands(packets),
            if arrived == sent { "; every message in them was sent again" } else { "" }
        ),
        Some(0) | None => String::new(),
    };
    format!(
        "{} of {} arrived, {order}, within {}.{short}{missing}{lost}",
        thousands(arrived.into()),
        thousands(sent.into()),
        time(took_ms)
    )
}

fn missing_messages(run: &Counted, missing: u32) -> String {
    let (messages, were) = match missing {
        1 => ("1 message".to_owned(), "was"),
        many => (format!("{} messages", thousands(many.into())), "were"),
    };
    match run.options.effort {
        _ if run.gave_up => format!(" The channel gave up {messages}."),
        Effort::UntilItArrives => format!(" {messages} {were} still under way when the run ended."),
        _ => format!(" {messages} {were} still under way, or given up, when the run ended."),
    }
}

/// The cells after the first of its line.
#[must_use]
pub fn counted_cells(run: &Counted) -> [String; 6] {
    let delay = |delay: Option<f64>| delay.map_or_else(|| NOTHING.to_owned(), time);
    [
        format!("{} of {}", thousands(run.arrived.into()), thousands(run.sent.into())),
        thousands(run.out_of_order.into()),
        delay(run.typical_ms),
        delay(run.longest_ms),
        time(run.took_ms),
        run.packets_lost.map_or_else(|| NOTHING.to_owned(), thousands),
    ]
}

/// The last point of the curve.
#[must_use]
pub fn speed_now(curve: &[f64]) -> String {
    curve.last().map_or_else(|| NOTHING.to_owned(), |speed| format!("{speed:.1} MB/s"))
}

/// What a measurement has shown.
#[must_use]
pub fn measured(run: &Measured) -> String {
    format!("{:.1} MB a second. The longest pause was {}.", run.speed(), time(run.pause_ms))
}

/// The cells after the first of its line.
#[must_use]
pub fn measured_cells(run: &Measured) -> [String; 3] {
    let Pace { window, .. } = run.pace;
    [bytes(f64::from(window)), format!("{:.1}", run.speed()), time(run.pause_ms)]
}

/// A run that broke off.
#[must_use]
pub fn broken(error: &impl std::fmt::Display) -> String {
    format!("The browser did not go on ({error}). Press Stop, then Start, and try again.")
}

/// The largest message.
#[must_use]
pub fn max_message(limits: Option<Limits>) -> String {
    match limits {
        None => NOTHING.into(),
        Some(Limits { max_message: None, .. }) => "The browser does not say.".into(),
        Some(Limits { max_message: Some(bytes), .. }) if bytes.is_infinite() => "No limit.".into(),
        Some(Limits { max_message: Some(largest), .. }) => exact_bytes(largest),
    }
}

/// What waits in the queue.
#[must_use]
pub fn queued(limits: Option<Limits>) -> String {
    limits.map_or_else(|| NOTHING.into(), |limits| exact_bytes(f64::from(limits.queued)))
}

/// When the queue is low.
#[must_use]
pub fn low_threshold() -> String {
    format!("{}, once this page has filled it", bytes(f64::from(LOW_THRESHOLD)))
}

/// What became of the message that is too large.
#[must_use]
pub fn oversize(oversize: &Oversize) -> String {
    match oversize {
        Oversize::Refused { bytes, error, is_open } => format!(
            "The browser refused {} bytes ({error}). {}",
            thousands((*bytes).into()),
            if *is_open {
                "Nothing of it was sent, and the channel is still open. What is larger has to go in pieces."
            } else {
                "The channel is closed. Press Stop, then Start."
            }
        ),
        Oversize::Taken(bytes) => {
            format!("The browser took {} bytes, against its own word.", thousands((*bytes).into()))
        }
        Oversize::NotTried => "This browser’s limit is so far away that the page does not try it.".into(),
    }
}

/// What became of the queue.
#[must_use]
pub fn filling(filling: &Filling) -> String {
    let took = bytes(f64::from(filling.taken));
    let full = match &filling.refused {
        Some(error) => format!("The queue took {took}, then the browser refused ({error})."),
        None => format!(
            "The queue took {took} and was not full; the page puts no more than {} into it.",
            bytes(f64::from(FILL_AT_MOST))
        ),
    };
    let channel = if filling.is_open { "The channel is still open" } else { "The channel is closed" };
    let low = filling
        .low_ms
        .map_or_else(String::new, |low| format!("bufferedamountlow came after {}. ", time(low)));
    let came = if filling.arrived < filling.taken {
        format!("{} of it", bytes(f64::from(filling.arrived)))
    } else {
        "everything".to_owned()
    };
    let advice = match filling.refused {
        Some(_) => " A page that sends more only after that event never sees the error.",
        None => "",
    };
    let rest = match filling.empty_ms {
        Some(empty) => format!(". {low}The other side had {came} after {}.{advice}", time(empty)),
        None if filling.is_given_up => ", but the queue did not run empty. Press Stop, then Start.".into(),
        None => ", and the queue runs empty…".into(),
    };
    format!("{full} {channel}{rest}")
}

/// As 16 KiB: the sizes that the page offers, and that browsers' limits are.
#[must_use]
pub fn bytes(bytes: f64) -> String {
    const KIB: f64 = 1024.0;
    let (number, unit) = match bytes {
        _ if bytes >= KIB * KIB * KIB => (bytes / KIB / KIB / KIB, "GiB"),
        _ if bytes >= KIB * KIB => (bytes / KIB / KIB, "MiB"),
        _ if bytes >= KIB => (bytes / KIB, "KiB"),
        _ => (bytes, "bytes"),
    };
    let number = format!("{number:.1}");
    format!("{} {unit}", number.trim_end_matches(".0"))
}

#[expect(clippy::cast_sign_loss, reason = "a size; float casts saturate")]
fn exact_bytes(number: f64) -> String {
    let exact = format!("{} bytes", thousands(number as u64));
    if number < 1024.0 { exact } else { format!("{} ({exact})", bytes(number)) }
}

fn time(ms: f64) -> String {
    match ms {
        _ if ms < 0.1 => "less than 0.1 ms".into(),
        _ if ms < 10.0 => format!("{ms:.1} ms"),
        _ if ms < 1_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1_000.0),
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut grouped = digits[..first].to_owned();
    for (place, digit) in digits[first..].chars().enumerate() {
        if place % 3 == 0 && !grouped.is_empty() {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, 16_777_216].map(thousands), ["0", "999", "1,000", "16,777,216"]);
        assert_eq!([900.0, 65_536.0, 16_777_216.0].map(bytes), ["900 bytes", "64 KiB", "16 MiB"]);
        assert_eq!(exact_bytes(262_144.0), "256 KiB (262,144 bytes)");
        assert_eq!([0.0, 1.24, 14.4, 2_660.0].map(time), ["less than 0.1 ms", "1.2 ms", "14 ms", "2.7 s"]);
    }

    fn run(effort: Effort, arrived: u32, packets_lost: Option<u64>) -> Counted {
        Counted {
            number: 1,
            options: ChannelOptions { label: String::new(), protocol: String::new(), ordered: true, effort },
            sent: MESSAGES,
            arrived,
            out_of_order: 0,
            typical_ms: Some(0.5),
            longest_ms: Some(9.0),
            took_ms: 2_000.0,
            gave_up: effort != Effort::UntilItArrives,
            packets_lost,
        }
    }

    #[wasm_bindgen_test]
    fn a_run_says_where_loss_comes_from_and_what_became_of_it() {
        let says = |arrived, lost| counted(&run(Effort::Retransmits(0), arrived, lost));
        assert!(
            says(1_000, Some(0)).starts_with("1,000 of 1,000 arrived, all in order, within 2.0 s. No packet")
        );
        assert!(says(1_000, Some(0)).ends_with("Loss comes with a real network."));
        assert!(says(1_000, Some(80)).ends_with("every message in them was sent again."));
        assert!(
            says(920, Some(80))
                .ends_with("gave up 80 messages. The network lost 80 packets, acknowledgements among them.")
        );
        assert!(says(999, None).ends_with("The channel gave up 1 message."));
        assert!(says(1_000, None).ends_with("within 2.0 s."));
        assert!(
            counted(&run(Effort::LifeTime(0), 955, Some(0))).ends_with(
                "gave up 45 messages. No packet was lost: what is missing waited in this page for longer than its life time."
            )
        );
    }

    #[wasm_bindgen_test]
    fn only_a_channel_that_gives_up_is_said_to_have_given_up() {
        let reliable = run(Effort::UntilItArrives, 999, None);
        assert!(counted(&reliable).ends_with("2.0 s. 1 message was still under way when the run ended."));
        let cancelled =
            Counted { sent: 500, arrived: 420, gave_up: false, ..run(Effort::Retransmits(0), 0, None) };
        assert!(
            counted(&cancelled)
                .ends_with("ended early. 80 messages were still under way, or given up, when the run ended.")
        );
    }
}
