use std::collections::VecDeque;

use snaproom_protocol::{bulk::Header, control::Control, wire};

use crate::io::{ConnectionId, News, Output};

/// What is to be done, in order, until the driver polls it.
#[derive(Debug, Default)]
pub(crate) struct Outputs(VecDeque<Output>);

impl Outputs {
    pub(crate) fn push(&mut self, output: Output) {
        self.0.push_back(output);
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        self.0.pop_front()
    }

    pub(crate) fn control(&mut self, connection: ConnectionId, message: &Control) {
        self.push(Output::SendControl(connection, wire::to_text(message)));
    }

    pub(crate) fn header(&mut self, connection: ConnectionId, header: &Header) {
        self.push(Output::SendHeader(connection, wire::to_text(header)));
    }

    pub(crate) fn news(&mut self, news: News) {
        self.push(Output::News(news));
    }
}
