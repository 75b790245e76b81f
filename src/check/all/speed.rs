//! How fast a data channel is from this page to itself: what the device can do at best, without any network.

use futures::{StreamExt, channel::mpsc};

use crate::browser::{
    Connection, Error, Event, Payload, Settings,
    task::{self, now_ms},
};

/// For all of it, the connection included.
const PATIENCE_MS: u32 = 10_000;

/// It is long enough when so much has come, or so much time has passed.
const BYTES: u32 = 32 * 1024 * 1024;
const ENOUGH_MS: f64 = 2_000.0;

const CHUNK: u32 = 64 * 1024;

/// Chunks that are on their way: the window of the room's transfers.
const UNDER_WAY: u32 = 6;

/// Events that wait: candidates and chunks of one page.
const EVENTS: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Offerer,
    Answerer,
}

/// Bytes in a second; none where the channel did not open.
pub(super) async fn measure() -> Option<f64> {
    task::within(PATIENCE_MS, run()).await?.ok()
}

async fn run() -> Result<f64, Error> {
    let (sender, mut events) = mpsc::channel(EVENTS);
    let open = |side| {
        let sender = sender.clone();
        let settings = Settings {
            ice_servers: &[],
            relay_only: false,
            offerer: side == Side::Offerer,
            control_id: 0,
            bulk_id: 1,
        };
        Connection::new(settings, move |event| drop(sender.clone().try_send((side, event))))
    };
    let (from, to) = (open(Side::Offerer)?, open(Side::Answerer)?);
    // Candidates come while the descriptions are under way: the events wait, and no side has to keep them.
    to_each_other(&from, &to).await?;

    let chunk = Payload::allocate(CHUNK)?;
    let send = || from.send_bytes(&chunk, 0, CHUNK);
    let (mut began, mut received, mut open) = (now_ms(), 0, 0);
    while let Some((side, event)) = events.next().await {
        match event {
            Event::Candidate(candidate) => {
                let other = if side == Side::Offerer { &to } else { &from };
                other.add_candidate(candidate).await?;
            }
            Event::Open { .. } => {
                open += 1;
                if open == 2 {
                    began = now_ms();
                    (0..UNDER_WAY).try_for_each(|_| send())?;
                }
            }
            Event::BulkChunk(_) => {
                received += CHUNK;
                let passed = now_ms() - began;
                if received >= BYTES || passed >= ENOUGH_MS {
                    return Ok(f64::from(received) * 1_000.0 / passed.max(1.0));
                }
                send()?;
            }
            Event::Closed => break,
            _ => {}
        }
    }
    Err(Error::new("NetworkError", "the connection was closed"))
}

async fn to_each_other(from: &Connection, to: &Connection) -> Result<(), Error> {
    let offer = from.offer().await?;
    let answer = to.answer(offer).await?;
    from.accept(answer).await
}
