use crate::browser::End;

/// Messages that are kept; the oldest make way.
const KEPT: usize = 100;

/// A text that was sent, or that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Counts up.
    pub number: u32,
    /// Who sent it.
    pub from: End,
    /// What was written.
    pub text: String,
    /// By the person's clock, with seconds.
    pub time: String,
    /// What became of it.
    pub fate: Fate,
    sent_ms: f64,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fate {
    /// It has not arrived yet.
    OnTheWay,
    /// After so many milliseconds.
    Arrived(f64),
    /// Not within any time that is worth waiting for.
    Missing,
    /// It came, and the page did not send it: somebody wrote it at the console.
    FromConsole,
}

/// Notes a text that is sent now. Gives its number.
pub(super) fn sent(messages: &mut Vec<Message>, from: End, text: String, time: String, now: f64) -> u32 {
    note(messages, Message { number: 0, from, text, time, fate: Fate::OnTheWay, sent_ms: now })
}

/// Notes a text that came to this side: the first like it that is under way, for there is nothing else in it.
pub(super) fn arrived(messages: &mut Vec<Message>, at: End, text: String, time: String, now: f64) {
    let from = if at == End::Near { End::Far } else { End::Near };
    let waits = |message: &&mut Message| {
        message.from == from && matches!(message.fate, Fate::OnTheWay | Fate::Missing) && message.text == text
    };
    match messages.iter_mut().find(waits) {
        Some(message) => message.fate = Fate::Arrived(now - message.sent_ms),
        None => {
            note(messages, Message { number: 0, from, text, time, fate: Fate::FromConsole, sent_ms: now });
        }
    }
}

/// Gives up what is still under way of the messages that `which` means.
pub(super) fn give_up(messages: &mut [Message], which: impl Fn(u32) -> bool) {
    for message in messages.iter_mut().filter(|message| which(message.number)) {
        if message.fate == Fate::OnTheWay {
            message.fate = Fate::Missing;
        }
    }
}

fn note(messages: &mut Vec<Message>, message: Message) -> u32 {
    let number = messages.last().map_or(1, |last| last.number + 1);
    if messages.len() == KEPT {
        messages.remove(0);
    }
    messages.push(Message { number, ..message });
    number
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn time() -> String {
        "12:00:00".to_owned()
    }

    #[wasm_bindgen_test]
    fn a_text_that_comes_is_the_first_like_it_that_was_sent_to_that_side() {
        let mut messages = Vec::new();
        sent(&mut messages, End::Near, "one".into(), time(), 10.0);
        sent(&mut messages, End::Near, "two".into(), time(), 20.0);
        sent(&mut messages, End::Near, "two".into(), time(), 30.0);
        sent(&mut messages, End::Far, "one".into(), time(), 40.0);
        // Out of order, as a channel without order delivers.
        arrived(&mut messages, End::Far, "two".into(), time(), 45.0);
        arrived(&mut messages, End::Near, "one".into(), time(), 46.0);
        let fates: Vec<Fate> = messages.iter().map(|message| message.fate).collect();
        assert_eq!(fates, [Fate::OnTheWay, Fate::Arrived(25.0), Fate::OnTheWay, Fate::Arrived(6.0)]);

        give_up(&mut messages, |number| number == 1);
        assert_eq!(messages[0].fate, Fate::Missing);
        arrived(&mut messages, End::Far, "one".into(), time(), 6_010.0);
        assert_eq!(messages[0].fate, Fate::Arrived(6_000.0), "late is not missing");
    }

    #[wasm_bindgen_test]
    fn what_the_page_did_not_send_comes_from_the_console_and_the_oldest_makes_way() {
        let mut messages = Vec::new();
        arrived(&mut messages, End::Far, "hello".into(), time(), 1.0);
        assert_eq!((messages[0].from, messages[0].fate), (End::Near, Fate::FromConsole));
        for _ in 0..KEPT {
            sent(&mut messages, End::Near, "more".into(), time(), 2.0);
        }
        assert_eq!((messages.len(), messages[0].number, messages[KEPT - 1].number), (KEPT, 2, 101));
    }
}
