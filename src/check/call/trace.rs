//! What happened since Call, in its order and with its times.

use crate::browser::self_call::{Description, Side, Step};

/// Most entries that are kept; a device with several networks makes some dozens.
pub const MOST: usize = 150;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// To one of the connections.
    Of(Side, Step),
    /// The second video shows its first picture.
    FirstPicture,
    /// Both connections were closed.
    Closed,
}

/// One line of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Milliseconds since Call.
    pub after: f64,
    /// What happened.
    pub what: What,
}

/// How long the parts of the set-up took, in milliseconds since Call.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Times {
    /// Both sides have both descriptions.
    pub described: Option<f64>,
    /// Both sides have a path.
    pub connected: Option<f64>,
    /// The second video shows a picture.
    pub pictured: Option<f64>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    /// The first ones, in their order.
    pub entries: Vec<Entry>,
    /// How many more there were.
    pub left_out: usize,
    /// How long the set-up took.
    pub times: Times,
    connected: usize,
}

impl Trace {
    /// Puts something at its end.
    pub fn add(&mut self, after: f64, what: What) {
        let Times { described, connected, pictured } = &mut self.times;
        match &what {
            What::Of(Side::Caller, Step::RemoteDescription(Description::Answer)) => {
                described.get_or_insert(after);
            }
            What::Of(_, Step::Connection(state)) if state == "connected" => {
                self.connected += 1;
                if self.connected == Side::ALL.len() {
                    connected.get_or_insert(after);
                }
            }
            What::FirstPicture => {
                pictured.get_or_insert(after);
            }
            _ => {}
        }
        if self.entries.len() < MOST {
            self.entries.push(Entry { after, what });
        } else {
            self.left_out += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_call_is_connected_when_both_sides_are() {
        let mut trace = Trace::default();
        let connected = || Step::Connection("connected".into());
        trace.add(10.0, What::Of(Side::Caller, Step::RemoteDescription(Description::Answer)));
        trace.add(20.0, What::Of(Side::Answerer, connected()));
        assert_eq!(trace.times, Times { described: Some(10.0), ..Times::default() });
        trace.add(30.0, What::Of(Side::Caller, connected()));
        trace.add(40.0, What::FirstPicture);
        // After a path that was lost for a while.
        trace.add(90.0, What::Of(Side::Caller, connected()));
        let times = Times { described: Some(10.0), connected: Some(30.0), pictured: Some(40.0) };
        assert_eq!(trace.times, times);
    }

    #[wasm_bindgen_test]
    fn it_is_bounded_and_says_how_much_is_left_out() {
        let mut trace = Trace::default();
        (0..MOST + 7).for_each(|_| trace.add(1.0, What::Of(Side::Caller, Step::Gathered)));
        trace.add(2.0, What::FirstPicture);
        assert_eq!((trace.entries.len(), trace.left_out), (MOST, 8));
        assert_eq!(trace.times.pictured, Some(2.0), "what is left out counts");
    }
}
