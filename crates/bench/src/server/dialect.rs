//! How people join a room, and what a message is, in the words of each server.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use snaproom_protocol::{
    Envelope, PeerId, RoomId, Token, VERSION,
    server::{FromServer, ToServer, Turn},
    wire,
};

use super::{
    MATCHBOX, SOCKET_IO,
    pair::Person,
    websocket::{Socket, heard, message},
};
use crate::report::{Contender, LIMIT, OURS};

/// What one message carries: a candidate as Snaproom pads it. The others carry as many characters.
const MESSAGE_BYTES: usize = 256;

/// Of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Bytes come back as they are.
    Echo,
    /// `snaproom_protocol`.
    Snaproom,
    /// matchbox's JSON.
    Matchbox,
    /// The codelab's events, over engine.io 4.
    SocketIo,
}

impl Dialect {
    /// Of a contender's server.
    pub fn of(contender: &Contender) -> Result<Self> {
        Ok(match contender.name.as_str() {
            LIMIT => Self::Echo,
            OURS => Self::Snaproom,
            MATCHBOX => Self::Matchbox,
            SOCKET_IO => Self::SocketIo,
            name => bail!("nobody knows how to talk to {name}"),
        })
    }

    /// Two people join the room with this number, and hear all that there is to hear of it.
    pub async fn join(self, address: SocketAddr, room: u32) -> Result<[Person; 2]> {
        match self {
            Self::Echo => echo(address).await,
            Self::Snaproom => snaproom(address, room).await,
            Self::Matchbox => matchbox(address, room).await,
            Self::SocketIo => socket_io(address, room).await,
        }
    }
}

async fn echo(address: SocketAddr) -> Result<[Person; 2]> {
    let person = async || {
        let socket = Socket::connect(address).await?;
        anyhow::Ok(Person { socket, says: vec![b'm'; MESSAGE_BYTES], hears: vec![b'm'; MESSAGE_BYTES] })
    };
    Ok([person().await?, person().await?])
}

async fn snaproom(address: SocketAddr, room: u32) -> Result<[Person; 2]> {
    let envelope = || Envelope(vec![b'm'; MESSAGE_BYTES]);
    let sit_down = async |side: u8| {
        let mut token = numbered(room);
        token[31] = side;
        let join = ToServer::Join {
            version: VERSION,
            room: RoomId(numbered(room)),
            token: Token(token),
            turn: Turn::default(),
            hello: envelope(),
        };
        let mut socket = Socket::connect(address).await?;
        socket.upgrade("/ws").await?;
        socket.send(&message(&wire::to_text(&join))).await?;
        match said_by_snaproom(&mut socket).await? {
            FromServer::Welcome(welcome) => Ok((socket, welcome.peer)),
            other => bail!("no welcome: {other:?}"),
        }
    };
    let (mut first, one) = sit_down(1).await?;
    let (second, two) = sit_down(2).await?;
    let joined = said_by_snaproom(&mut first).await?;
    ensure!(joined == FromServer::Joined { peer: two, hello: envelope() }, "not of the other: {joined:?}");
    let person = |socket, other: PeerId| Person {
        socket,
        says: message(&wire::to_text(&ToServer::Relay { to: other, envelope: envelope() })),
        hears: heard(&wire::to_text(&FromServer::Relay { from: other, envelope: envelope() })),
    };
    Ok([person(first, two), person(second, one)])
}

fn numbered<const N: usize>(room: u32) -> [u8; N] {
    let mut id = [0; N];
    id[..4].copy_from_slice(&room.to_be_bytes());
    id
}

async fn said_by_snaproom(socket: &mut Socket) -> Result<FromServer> {
    let text = socket.text().await?;
    wire::from_text(&text).ok().with_context(|| format!("no message: {text}"))
}

async fn matchbox(address: SocketAddr, room: u32) -> Result<[Person; 2]> {
    let sit_down = async || {
        let mut socket = Socket::connect(address).await?;
        socket.upgrade(&format!("/room-{room}")).await?;
        let id = said_by_matchbox(&mut socket, "IdAssigned").await?;
        anyhow::Ok((socket, id))
    };
    let (mut first, one) = sit_down().await?;
    let (second, two) = sit_down().await?;
    let newcomer = said_by_matchbox(&mut first, "NewPeer").await?;
    ensure!(newcomer == two, "not of the other: {newcomer}");
    let data = "m".repeat(MESSAGE_BYTES);
    let person = |socket, other: &Value| Person {
        socket,
        says: message(&json!({ "Signal": { "receiver": other, "data": data } }).to_string()),
        // As it writes it, in this order.
        hears: heard(&format!("{{\"Signal\":{{\"sender\":{other},\"data\":\"{data}\"}}}}")),
    };
    Ok([person(first, &two), person(second, &one)])
}

/// The value of an event.
async fn said_by_matchbox(socket: &mut Socket, event: &str) -> Result<Value> {
    let text = socket.text().await?;
    let mut said: Value = serde_json::from_str(&text)?;
    let value = said.get_mut(event).map(Value::take);
    value.with_context(|| format!("{event} was due, and this came: {text}"))
}

async fn socket_io(address: SocketAddr, room: u32) -> Result<[Person; 2]> {
    let sit_down = async |answer| {
        let mut socket = Socket::connect(address).await?;
        socket.upgrade("/socket.io/?EIO=4&transport=websocket").await?;
        is_said(&mut socket, "0{").await?;
        socket.send(&message("40")).await?;
        is_said(&mut socket, "40{").await?;
        socket.send(&message(&format!("42[\"create or join\",\"room-{room}\"]"))).await?;
        is_said(&mut socket, answer).await?;
        anyhow::Ok(socket)
    };
    let mut first = sit_down("42[\"created\",").await?;
    let mut second = sit_down("42[\"joined\",").await?;
    is_said(&mut first, "42[\"join\",").await?;
    is_said(&mut first, "42[\"ready\"]").await?;
    is_said(&mut second, "42[\"ready\"]").await?;
    let event = format!("42[\"message\",\"{}\"]", "m".repeat(MESSAGE_BYTES));
    let person = |socket| Person { socket, says: message(&event), hears: heard(&event) };
    Ok([person(first), person(second)])
}

async fn is_said(socket: &mut Socket, beginning: &str) -> Result<()> {
    let text = socket.text().await?;
    ensure!(text.starts_with(beginning), "{beginning} was due, and this came: {text}");
    Ok(())
}
