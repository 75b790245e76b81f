//! The server's side of a WebSocket (RFC 6455) over a connection that was upgraded to one. At rest it holds no buffer:
//! what comes is decoded where it is read, what is written has a buffer until it is gone.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use snaproom_protocol::server::MAX_FRAME_BYTES;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::decoder::{Broken, Decoder, Incoming};

/// Read at a time, on the stack.
const READ_BYTES: usize = 4096;

/// One frame that is being written, and the last words after it.
const MAX_UNWRITTEN_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// Text and control frames, and never compressed.
#[derive(Debug)]
pub(crate) struct WebSocket<S> {
    line: S,
    decoder: Decoder,
    /// Bytes that came with what was taken, from the first that was not looked at.
    unread: Vec<u8>,
    unwritten: Vec<u8>,
    /// How much of that is written.
    written: usize,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outgoing<'a> {
    Text(&'a str),
    Ping,
    /// With its code, if there is something to say.
    Close(Option<u16>),
}

/// Why nothing more comes.
#[derive(Debug)]
pub(crate) enum Silence {
    /// The connection ended or broke.
    Gone,
    /// What came is none of a WebSocket's, or too large.
    Broken(Broken),
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// For messages of so many bytes at most.
    pub(crate) fn new(line: S, max_bytes: usize) -> Self {
        let decoder = Decoder::new(max_bytes);
        Self { line, decoder, unread: Vec::new(), unwritten: Vec::new(), written: 0 }
    }

    /// The next that comes; a ping is answered. Cancelling it loses nothing.
    pub(crate) async fn receive(&mut self) -> Result<Incoming, Silence> {
        poll_fn(|cx| self.poll_receive(cx)).await
    }

    /// Resolves when `what` is on its way. Cancelling it delays what is left of it.
    pub(crate) async fn send(&mut self, what: Outgoing<'_>) -> io::Result<()> {
        match what {
            Outgoing::Text(text) => self.enqueue(0x1, text.as_bytes()),
            Outgoing::Ping => self.enqueue(0x9, &[]),
            Outgoing::Close(code) => {
                self.enqueue(0x8, code.map(u16::to_be_bytes).as_ref().map_or(&[], |code| code))
            }
        }?;
        poll_fn(|cx| self.poll_write_out(cx)).await
    }

    /// Says that nothing more will come from here, and reads what there is until the other side says the same.
    pub(crate) async fn finish(&mut self) {
        poll_fn(|cx| {
            let mut bytes = [0; READ_BYTES];
            let mut buffer = ReadBuf::new(&mut bytes);
            if ready!(Pin::new(&mut self.line).poll_shutdown(cx)).is_err() {
                return Poll::Ready(());
            }
            loop {
                buffer.clear();
                match ready!(Pin::new(&mut self.line).poll_read(cx, &mut buffer)) {
                    Ok(()) if !buffer.filled().is_empty() => {}
                    Ok(()) | Err(_) => return Poll::Ready(()),
                }
            }
        })
        .await;
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming, Silence>> {
        if !self.unwritten.is_empty() {
            // Whoever takes nothing is still heard.
            let _ = self.poll_write_out(cx)?;
        }
        loop {
            if !self.unread.is_empty() {
                let unread = std::mem::take(&mut self.unread);
                let mut rest = unread.as_slice();
                let incoming = self.decode(&mut rest, cx)?;
                self.unread = rest.to_vec();
                if let Some(incoming) = incoming {
                    return Poll::Ready(Ok(incoming));
                }
            }
            let mut bytes = [0; READ_BYTES];
            let mut buffer = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.line).poll_read(cx, &mut buffer))?;
            let mut rest = buffer.filled();
            if rest.is_empty() {
                return Poll::Ready(Err(Silence::Gone));
            }
            let incoming = self.decode(&mut rest, cx)?;
            self.unread = rest.to_vec();
            if let Some(incoming) = incoming {
                return Poll::Ready(Ok(incoming));
            }
        }
    }

    /// Takes bytes until something is complete.
    fn decode(&mut self, bytes: &mut &[u8], cx: &mut Context<'_>) -> Result<Option<Incoming>, Silence> {
        let incoming = self.decoder.decode(bytes).map_err(Silence::Broken)?;
        // A pong that does not leave stands for those after it (RFC 6455, section 5.5.3).
        if let Some(Incoming::Ping(payload)) = &incoming
            && self.unwritten.is_empty()
        {
            self.enqueue(0xA, payload)?;
            let _ = self.poll_write_out(cx)?;
        }
        Ok(incoming)
    }

    /// A frame of a server has no mask, and none here is in pieces.
    fn enqueue(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        if self.unwritten.len() + payload.len() > MAX_UNWRITTEN_BYTES {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.unwritten.reserve_exact(payload.len() + 10);
        self.unwritten.push(0x80 | opcode);
        match payload.len() {
            short @ 0..=125 => self.unwritten.push(short as u8),
            middle @ 126..=0xFFFF => {
                self.unwritten.push(126);
                self.unwritten.extend((middle as u16).to_be_bytes());
            }
            long => {
                self.unwritten.push(127);
                self.unwritten.extend((long as u64).to_be_bytes());
            }
        }
        self.unwritten.extend(payload);
        Ok(())
    }

    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.unwritten.len() {
            let left = &self.unwritten[self.written..];
            match ready!(Pin::new(&mut self.line).poll_write(cx, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        ready!(Pin::new(&mut self.line).poll_flush(cx))?;
        (self.unwritten, self.written) = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }
}

impl From<io::Error> for Silence {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}
