//! What the counters say, one moment after the other.

use crate::browser::Moment;

/// Values that are kept of each: a minute of them.
pub const ROOM_FOR: usize = 120;

/// What is drawn, the oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curves {
    /// Bits a second that the caller sends.
    pub sent: Vec<f64>,
    /// Bits a second that come to the answerer.
    pub received: Vec<f64>,
    /// Pictures a second that the answerer decodes.
    pub frames: Vec<f64>,
    /// Milliseconds to the other side and back.
    pub round_trip: Vec<f64>,
    /// Packets that were lost since the moment before.
    pub lost: Vec<f64>,
    /// The counters as they were looked at last.
    pub last: Option<Moment>,
}

impl Curves {
    /// One moment more. The first is only what the next is compared with.
    pub fn add(&mut self, moment: Moment) {
        if let Some(last) = &self.last {
            let seconds = (moment.at - last.at) / 1_000.0;
            if seconds <= 0.0 {
                return;
            }
            // A counter that begins anew is no negative rate.
            let more = |counter: fn(&Moment) -> f64| (counter(&moment) - counter(last)).max(0.0);
            push(&mut self.sent, more(|moment| moment.sent) * 8.0 / seconds);
            push(&mut self.received, more(|moment| moment.received) * 8.0 / seconds);
            push(&mut self.frames, more(|moment| moment.frames) / seconds);
            push(&mut self.lost, more(|moment| moment.lost));
            if let Some(round_trip) = moment.round_trip {
                push(&mut self.round_trip, round_trip);
            }
        }
        self.last = Some(moment);
    }
}

fn push(values: &mut Vec<f64>, value: f64) {
    if values.len() == ROOM_FOR {
        values.remove(0);
    }
    values.push(value);
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn moment(at: f64, bytes: f64, lost: f64) -> Moment {
        Moment { at, sent: bytes, received: bytes / 2.0, frames: bytes / 100.0, lost, ..Moment::default() }
    }

    #[wasm_bindgen_test]
    fn rates_are_what_was_added_in_the_time_between() {
        let mut curves = Curves::default();
        curves.add(moment(1_000.0, 5_000.0, 3.0));
        assert!(curves.sent.is_empty(), "there is nothing to compare the first with");
        curves.add(moment(1_500.0, 6_000.0, 4.0));
        // Twice the same moment says nothing.
        curves.add(moment(1_500.0, 9_000.0, 9.0));
        assert_eq!((&*curves.sent, &*curves.received), ([16_000.0].as_slice(), [8_000.0].as_slice()));
        assert_eq!((&*curves.frames, &*curves.lost), ([20.0].as_slice(), [1.0].as_slice()));
        curves.add(moment(2_000.0, 0.0, 0.0));
        assert_eq!((curves.sent[1], curves.lost[1]), (0.0, 0.0), "counters began anew");
    }

    #[wasm_bindgen_test]
    fn a_minute_is_kept() {
        let mut curves = Curves::default();
        for number in 0..ROOM_FOR + 10 {
            #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
            curves.add(moment(number as f64 * 500.0, 0.0, 0.0));
        }
        assert_eq!((curves.sent.len(), curves.lost.len()), (ROOM_FOR, ROOM_FOR));
        assert!(curves.round_trip.is_empty(), "it was not measured");
    }
}
