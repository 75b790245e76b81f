//! Two people in a room of theirs, who pass messages to each other.

use std::{net::SocketAddr, time::Duration};

use anyhow::Result;
use tokio::time::Instant;

use super::{dialect::Dialect, websocket::Socket};

/// They sit in the same room, and everything that the server says of that has been heard.
pub struct Pair {
    people: [Person; 2],
    /// What one says comes back to the same one.
    echoes: bool,
}

/// One of them.
pub struct Person {
    pub socket: Socket,
    /// What this one sends, as bytes on the wire.
    pub says: Vec<u8>,
    /// What this one gets of it, or of what the other has sent.
    pub hears: Vec<u8>,
}

impl Pair {
    /// Opens the room with this number: one joins after the other.
    pub async fn join(address: SocketAddr, dialect: Dialect, room: u32) -> Result<Self> {
        let people = dialect.join(address, room).await?;
        let mut pair = Self { people, echoes: dialect == Dialect::Echo };
        if pair.echoes {
            // There is nothing else to show that the server has them.
            pair.pass(0).await?;
            pair.pass(1).await?;
        }
        Ok(pair)
    }

    /// They answer each other until then; how long each message was on its way.
    pub async fn talk(&mut self, until: Instant) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        let mut speaker = 0;
        let mut sent = Instant::now();
        loop {
            self.pass(speaker).await?;
            let heard = Instant::now();
            times.push(heard - sent);
            if heard >= until {
                return Ok(times);
            }
            (speaker, sent) = (1 - speaker, heard);
        }
    }

    /// Answers what the server asks, until both connections break.
    pub async fn rest(&mut self) {
        let [first, second] = &mut self.people;
        // Whether they still work shows when they pass a message.
        let _ = tokio::join!(first.socket.rest(), second.socket.rest());
    }

    /// How many of the two get a message through.
    pub async fn held(&mut self) -> usize {
        usize::from(self.pass(0).await.is_ok()) + usize::from(self.pass(1).await.is_ok())
    }

    /// One message, from the speaker to whom the server brings it.
    async fn pass(&mut self, speaker: usize) -> Result<()> {
        let Person { socket, says, .. } = &mut self.people[speaker];
        socket.send(says).await?;
        let listener = if self.echoes { speaker } else { 1 - speaker };
        let Person { socket, hears, .. } = &mut self.people[listener];
        socket.hear(hears).await
    }
}
