//! The connections of a visit, and the actions on them that are under way. What becomes of an action comes back through
//! the inbox, as an input of the session.

use litemap::LiteMap;
use snaproom_protocol::{bulk, control, signal::Candidate};
use snaproom_session::{
    ConnectionId, Event, Input,
    confirm::Role,
    io::{IcePolicy, Path},
};

use super::inbox::{Happened, Inbox};
use crate::browser::{
    self, Connection, Error, Payload, Received, Settings, Tracks,
    task::{self, Task},
};

/// Every connection by its id. What is wanted of one that was closed since is not done.
pub(super) struct Wires {
    inbox: Inbox,
    wires: LiteMap<ConnectionId, Wire>,
}

/// A connection and the actions on it; all end together.
struct Wire {
    connection: Connection,
    actions: Vec<Task>,
}

impl Wires {
    pub(super) fn new(inbox: Inbox) -> Self {
        Self { inbox, wires: LiteMap::new() }
    }

    pub(super) fn connect(&mut self, id: ConnectionId, role: Role, ice: &IcePolicy) {
        let settings = Settings {
            ice_servers: &ice.servers,
            relay_only: ice.relay_only,
            offerer: role == Role::Offerer,
            control_id: control::CHANNEL_ID,
            bulk_id: bulk::CHANNEL_ID,
        };
        let inbox = self.inbox.clone();
        match Connection::new(settings, move |event| inbox.push_event(id, event)) {
            Ok(connection) => {
                self.wires.insert(id, Wire { connection, actions: Vec::new() });
            }
            Err(error) => self.fail(id, &error),
        }
    }

    pub(super) fn configure(&self, id: ConnectionId, ice: &IcePolicy) {
        self.at_once(id, |connection| connection.configure(&ice.servers, ice.relay_only));
    }

    /// Lets it make a description of its own.
    pub(super) fn describe<F>(&mut self, id: ConnectionId, action: impl FnOnce(&Connection) -> F)
    where
        F: Future<Output = Result<String, Error>> + 'static,
    {
        let inbox = self.inbox.clone();
        self.run(id, action, move |result| {
            inbox.push(Happened::Done(match result {
                Ok(sdp) => Input::Connection(id, Event::Described(sdp)),
                Err(error) => failed(id, &error),
            }));
        });
    }

    pub(super) fn accept(&mut self, id: ConnectionId, answer: String) {
        let inbox = self.inbox.clone();
        self.run(
            id,
            |connection| connection.accept(answer),
            move |result| {
                if let Err(error) = result {
                    inbox.push(Happened::Done(failed(id, &error)));
                }
            },
        );
    }

    /// One that the browser cannot use is one path less, not the end.
    pub(super) fn add_candidate(&mut self, id: ConnectionId, candidate: Candidate) {
        self.run(id, |connection| connection.add_candidate(candidate), drop);
    }

    /// What cannot be sent is not seen, which the others show.
    pub(super) fn send_tracks(&mut self, id: ConnectionId, tracks: &Tracks) {
        self.run(id, |connection| connection.send_tracks(tracks), drop);
    }

    pub(super) fn keep_size(&mut self, id: ConnectionId, keeps: bool) {
        self.run(id, move |connection| connection.keep_size(keeps), drop);
    }

    pub(super) fn receive(&self, id: ConnectionId) -> Option<Received> {
        self.wires.get(&id)?.connection.receive().ok()
    }

    /// Looks at how the media of a call comes; [`Happened::Measured`] follows.
    pub(super) fn measure(&mut self, id: ConnectionId) {
        let inbox = self.inbox.clone();
        self.run(id, Connection::measure, move |measured| {
            if let Some(measured) = measured {
                inbox.push(Happened::Measured(id, measured));
            }
        });
    }

    /// How loud the other side is just now, from 0 to 1.
    pub(super) fn loudness(&self, id: ConnectionId) -> f64 {
        self.wires.get(&id).map_or(0.0, |wire| wire.connection.loudness())
    }

    pub(super) fn find_path(&mut self, id: ConnectionId) {
        let inbox = self.inbox.clone();
        self.run(id, Connection::path, move |path| {
            let path = match path {
                Some(browser::Path::Direct) => Path::Direct,
                Some(browser::Path::Relay) => Path::Relay,
                None => return,
            };
            inbox.push(Happened::Done(Input::Connection(id, Event::Path(path))));
        });
    }

    /// Does something that ends at once, such as sending a message.
    pub(super) fn at_once(&self, id: ConnectionId, action: impl FnOnce(&Connection) -> Result<(), Error>) {
        if let Some(wire) = self.wires.get(&id)
            && let Err(error) = action(&wire.connection)
        {
            self.fail(id, &error);
        }
    }

    pub(super) fn send_bytes(&self, id: ConnectionId, bytes: &Payload, offset: u64, length: u32) {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.at_once(id, |connection| connection.send_bytes(bytes, offset, length));
    }

    pub(super) fn close(&mut self, id: ConnectionId) {
        self.wires.remove(&id);
        self.inbox.forget(id);
    }

    fn fail(&self, id: ConnectionId, error: &Error) {
        self.inbox.push(Happened::Done(failed(id, error)));
    }

    /// Begins an action; it ends with the connection.
    fn run<T, F>(
        &mut self,
        id: ConnectionId,
        action: impl FnOnce(&Connection) -> F,
        then: impl FnOnce(T) + 'static,
    ) where
        F: Future<Output = T> + 'static,
    {
        if let Some(wire) = self.wires.get_mut(&id) {
            let action = action(&wire.connection);
            wire.actions.retain(|task| !task.is_finished());
            wire.actions.push(task::spawn(async move { then(action.await) }));
        }
    }
}

fn failed(connection: ConnectionId, error: &Error) -> Input {
    Input::Connection(connection, Event::ActionFailed(error.to_string()))
}
