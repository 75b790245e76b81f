//! Whoever sits between two pages: it answers the one as the other, ends DTLS on both sides, and keeps what passes.
//!
//! Its WebRTC is a Chromium's of its own: an end of DTLS like any other, which understands all that pages say, and costs
//! neither a dependency nor the time to build one.

use std::fmt;

use anyhow::{Context, Result, anyhow};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use snaproom_e2e::{Blank, Tab};
use snaproom_protocol::{
    DeviceKey, Digest, Envelope, PeerId, Signature,
    bulk::{self, PIECE_BYTES, Part},
    control::{self, Control},
    signal::Signal,
    wire,
};

use crate::plain;

/// A man in the middle, where he can read the descriptions.
pub struct Middle {
    tab: Tab,
    tactic: Tactic,
    /// Who offered, and to whom.
    between: Option<(PeerId, PeerId)>,
    /// Of the next envelope to either side.
    counters: [u64; 2],
    _blank: Blank,
}

/// What becomes of the two proofs, with which each side begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tactic {
    /// Each goes to the other side.
    Forwarded,
    /// Each goes back to whoever said it.
    Reflected,
    /// Each side gets one that is made up.
    Invented,
}

/// An envelope for `to` that claims to be of `from`.
pub struct Forged {
    pub from: PeerId,
    pub to: PeerId,
    pub envelope: Envelope,
}

/// One of the two connections.
#[derive(Debug, Deserialize)]
pub struct Side {
    /// Each `connectionState`; `connected` is said after the DTLS handshake.
    pub states: Vec<String>,
    /// Channels that were open.
    pub opened: usize,
}

/// What the attacker has of the two pages.
#[derive(Default)]
pub struct Loot(Vec<Kept>);

#[derive(Deserialize)]
struct Kept {
    side: usize,
    channel: u16,
    text: Option<String>,
    bytes: Option<String>,
}

impl Tactic {
    pub const ALL: [Self; 3] = [Self::Forwarded, Self::Reflected, Self::Invented];
}

impl fmt::Display for Tactic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forwarded => "forwarded",
            Self::Reflected => "reflected",
            Self::Invented => "invented",
        })
    }
}

impl Middle {
    pub async fn new() -> Result<Self> {
        let blank = Blank::start().await?;
        let tab = Tab::without_camera().inject(include_str!("../../inject/middle.js"));
        let tab = tab.load(&blank.url()).await?;
        Ok(Self { tab, tactic: Tactic::Forwarded, between: None, counters: [0; 2], _blank: blank })
    }

    /// Forgets what it has of earlier pages.
    pub async fn begin(&mut self, tactic: Tactic) -> Result<()> {
        self.tactic = tactic;
        self.between = None;
        self.tab.evaluate("middle.forget()").await
    }

    /// What is said instead of an envelope that can be read; none where nothing can be read.
    pub async fn intercept(
        &mut self,
        from: PeerId,
        to: PeerId,
        envelope: &Envelope,
    ) -> Result<Option<Vec<Forged>>> {
        let Some(signal) = plain::signal(envelope) else { return Ok(None) };
        let instead = match signal {
            Signal::Offer { sdp } => {
                let (sdp, how, invention) = (json!(sdp), json!(self.tactic.to_string()), json!(invention()));
                let (answer, offer) =
                    self.tab.evaluate(&format!("middle.begin({sdp}, {how}, {invention})")).await?;
                self.between = Some((from, to));
                self.counters = [0; 2];
                vec![
                    self.forge(to, from, &Signal::Answer { sdp: answer })?,
                    self.forge(from, to, &Signal::Offer { sdp: offer })?,
                ]
            }
            Signal::Answer { sdp } => {
                self.tab.evaluate::<()>(&format!("middle.answered({})", json!(sdp))).await?;
                Vec::new()
            }
            Signal::Candidate(candidate) => {
                let candidate = serde_json::to_string(&candidate)?;
                if let Some(side) = self.side(from) {
                    self.tab.evaluate::<()>(&format!("middle.candidate({side}, {candidate})")).await?;
                }
                Vec::new()
            }
        };
        Ok(Some(instead))
    }

    /// The connections with whoever offered and with the other.
    pub async fn sides(&self) -> Result<Vec<Side>> {
        self.tab.evaluate("middle.sides()").await
    }

    /// What passed since [`Middle::begin`].
    pub async fn loot(&self) -> Result<Loot> {
        self.tab.evaluate("middle.kept()").await.map(Loot)
    }

    fn forge(&mut self, from: PeerId, to: PeerId, signal: &Signal) -> Result<Forged> {
        let side = self.side(to).with_context(|| format!("{to} is on neither side"))?;
        let envelope = plain::write_signal(self.counters[side], signal)?;
        self.counters[side] += 1;
        Ok(Forged { from, to, envelope })
    }

    fn side(&self, of: PeerId) -> Option<usize> {
        let (offerer, answerer) = self.between?;
        [offerer, answerer].iter().position(|side| *side == of)
    }
}

impl Loot {
    /// What each side said on its control channel.
    pub fn words(&self) -> Result<[Vec<Control>; 2]> {
        let mut words = [Vec::new(), Vec::new()];
        for Kept { side, text, .. } in self.0.iter().filter(|kept| kept.channel == control::CHANNEL_ID) {
            let text = text.as_deref().context("bytes on the control channel")?;
            words[*side].push(read(text)?);
        }
        Ok(words)
    }

    /// Messages on the channel for photos, whatever they are.
    pub fn bulk_messages(&self) -> usize {
        self.0.iter().filter(|kept| kept.channel == bulk::CHANNEL_ID).count()
    }

    /// The exact pixels of the one photo that passed, put together as its headers say.
    pub fn pixels(&self) -> Result<Vec<u8>> {
        let mut pixels = Vec::new();
        let mut place = None;
        for kept in self.0.iter().filter(|kept| kept.channel == bulk::CHANNEL_ID) {
            if let Some(text) = &kept.text {
                place = match read(text)? {
                    bulk::Header::Piece { part: Part::Exact, index, offset, .. } => {
                        Some((index * PIECE_BYTES + offset) as usize)
                    }
                    _ => None,
                };
            } else if let (Some(place), Some(bytes)) = (&mut place, &kept.bytes) {
                let bytes = STANDARD.decode(bytes)?;
                let end = *place + bytes.len();
                pixels.resize(end.max(pixels.len()), 0);
                pixels[*place..end].copy_from_slice(&bytes);
                *place = end;
            }
        }
        Ok(pixels)
    }
}

/// A proof and a mark that somebody makes up who has neither the link nor the device.
fn invention() -> String {
    let (proof, device, signature) = (Digest([0; 32]), DeviceKey([0; 32]), Signature([0; 64]));
    wire::to_text(&Control::Confirm { proof, device, signature })
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    wire::from_text(text).map_err(|_| anyhow!("{text} is no message between pages"))
}
