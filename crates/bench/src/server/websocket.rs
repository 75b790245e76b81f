//! A WebSocket's client (RFC 6455) that costs as little as it can, because it shares the processors with the server
//! that it measures: frames are made once, and compared as bytes.

use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One connection; before [`Socket::upgrade`] plain TCP.
pub struct Socket {
    stream: TcpStream,
    /// Came and was not looked at yet.
    unread: Vec<u8>,
}

/// What one reading may bring.
const READ_BYTES: usize = 1024;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
/// Where a length up to 125 would stand: it follows.
const TWO_BYTES: u8 = 0x7E;

impl Socket {
    /// Plain TCP.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::new() })
    }

    /// Opens a WebSocket, as a page of the server itself would.
    pub async fn upgrade(&mut self, path: &str) -> Result<()> {
        let host = self.stream.peer_addr()?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        self.send(request.as_bytes()).await?;
        loop {
            if let Some(end) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let answer = self.take(end + 4);
                ensure!(
                    answer.starts_with(b"HTTP/1.1 101 "),
                    "no WebSocket: {}",
                    String::from_utf8_lossy(&answer)
                );
                return Ok(());
            }
            self.read().await?;
        }
    }

    /// Bytes as they are: a [`message`], or anything over plain TCP.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Waits for exactly these bytes, and answers pings before them.
    pub async fn hear(&mut self, expected: &[u8]) -> Result<()> {
        loop {
            if self.unread.starts_with(expected) {
                self.unread.drain(..expected.len());
                return Ok(());
            }
            if expected.starts_with(&self.unread) || !self.answer_ping().await? {
                self.read().await?;
            }
        }
    }

    /// The next text.
    pub async fn text(&mut self) -> Result<String> {
        loop {
            match Frame::read(&self.unread)? {
                Some(frame) if frame.opcode == TEXT && frame.payload(&self.unread) != ENGINE_PING => {
                    let bytes = self.take(frame.end);
                    return Ok(String::from_utf8(bytes[frame.start..].to_vec())?);
                }
                _ if self.answer_ping().await? => {}
                _ => self.read().await?,
            }
        }
    }

    /// Answers pings until it breaks.
    pub async fn rest(&mut self) -> Result<()> {
        loop {
            while self.answer_ping().await? {}
            self.read().await?;
        }
    }

    /// Whether there was one; fails if there is any other frame.
    async fn answer_ping(&mut self) -> Result<bool> {
        let Some(frame) = Frame::read(&self.unread)? else { return Ok(false) };
        let payload = frame.payload(&self.unread);
        let answer = match frame.opcode {
            PING => masked(PONG, payload),
            TEXT if payload == ENGINE_PING => message("3"),
            opcode => bail!("a frame {opcode} that nobody waits for: {}", String::from_utf8_lossy(payload)),
        };
        self.take(frame.end);
        self.send(&answer).await?;
        Ok(true)
    }

    async fn read(&mut self) -> Result<()> {
        self.unread.reserve(READ_BYTES);
        ensure!(self.stream.read_buf(&mut self.unread).await? > 0, "the server has closed the connection");
        Ok(())
    }

    fn take(&mut self, bytes: usize) -> Vec<u8> {
        self.unread.drain(..bytes).collect()
    }
}

/// A ping of engine.io 4, below socket.io; no other contender says just that.
const ENGINE_PING: &[u8] = b"2";

/// A text as a client sends it.
pub fn message(text: &str) -> Vec<u8> {
    masked(TEXT, text.as_bytes())
}

/// The same text as a server sends it.
pub fn heard(text: &str) -> Vec<u8> {
    [header(TEXT, 0, text.len()), text.as_bytes().to_vec()].concat()
}

fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x5A, 0xC3, 0x96, 0x0F];
    let mut frame = header(opcode, MASKED, payload.len());
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.into_iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Section 5.2, for what is shorter than 64 KiB.
fn header(opcode: u8, mask: u8, length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(short @ ..=125) => vec![FIN | opcode, mask | short],
        _ => [&[FIN | opcode, mask | TWO_BYTES][..], &(length as u16).to_be_bytes()].concat(),
    }
}

/// A server's frame, as places in the bytes that came.
struct Frame {
    opcode: u8,
    start: usize,
    end: usize,
}

impl Frame {
    /// None while it is not whole.
    fn read(bytes: &[u8]) -> Result<Option<Self>> {
        let &[first, length, ..] = bytes else { return Ok(None) };
        let (start, length) = match (length, bytes.get(2..4)) {
            (..=125, _) => (2, usize::from(length)),
            (TWO_BYTES, None) => return Ok(None),
            (TWO_BYTES, Some(long)) => (4, long.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))),
            _ => bail!("a frame that is masked, or longer than 64 KiB"),
        };
        ensure!(first & 0xF0 == FIN, "a frame in pieces");
        let opcode = first & 0x0F;
        ensure!(opcode != CLOSE, "the server has closed the WebSocket");
        let end = start + length;
        Ok((bytes.len() >= end).then_some(Self { opcode, start, end }))
    }

    fn payload<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.start..self.end]
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

    use super::*;

    /// A client, and a server's side that sends what it is told.
    async fn connected() -> (Socket, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = Socket::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, listener.accept().await.unwrap().0)
    }

    #[test]
    fn a_frame_is_the_rfcs() {
        // Section 5.7.
        assert_eq!(heard("Hello"), [0x81, 5, 0x48, 0x65, 0x6C, 0x6C, 0x6F]);
        assert_eq!(heard(&"m".repeat(256))[..4], [0x81, 0x7E, 1, 0]);
        let message = message("Hello");
        assert_eq!(message[..2], [0x81, 0x85]);
        let text: Vec<u8> =
            message[6..].iter().zip(message[2..6].iter().cycle()).map(|(a, b)| a ^ b).collect();
        assert_eq!(text, b"Hello");
    }

    #[test]
    fn a_frame_is_read_when_it_is_whole() {
        let frame = heard(&"m".repeat(300));
        for end in 0..frame.len() {
            assert!(Frame::read(&frame[..end]).unwrap().is_none(), "{end} bytes");
        }
        assert_eq!(Frame::read(&frame).unwrap().unwrap().payload(&frame).len(), 300);
        assert!(Frame::read(&[0x88, 0]).is_err(), "it is a close");
    }

    #[tokio::test]
    async fn pings_before_a_text_are_answered() {
        let (mut client, mut server) = connected().await;
        server
            .write_all(&[&[0x89, 1, 7], &heard("2")[..], &heard("one"), &heard("two")].concat())
            .await
            .unwrap();
        client.hear(&heard("one")).await.unwrap();
        assert_eq!(client.text().await.unwrap(), "two");
        let answers = [masked(PONG, &[7]), message("3")].concat();
        let mut came = vec![0; answers.len()];
        server.read_exact(&mut came).await.unwrap();
        assert_eq!(came, answers);
    }

    #[tokio::test]
    async fn another_text_than_the_one_that_is_due_is_an_error() {
        let (mut client, mut server) = connected().await;
        server.write_all(&heard("other")).await.unwrap();
        assert!(client.hear(&heard("one")).await.unwrap_err().to_string().contains("other"));
    }
}
