//! A file of 100 MB, from the click that accepts it to the word that all of it is there and verified.

use anyhow::Result;
use serde::Deserialize;
use snaproom_e2e::Tab;

use crate::{
    file::Pair,
    report::{Bound, Contender, LIMIT, OURS, Plan, Unit, at_least, steady},
    run::{Bench, House, Length},
};

/// Bytes of the file.
pub const BYTES: u64 = 100_000_000;

/// Two browsers.
pub struct Transfer(Pair);

impl Bench for Transfer {
    fn plan() -> Plan {
        const CASE: &str = "100 MB";
        Plan::new("transfer", "A file: from the click that accepts it to verified")
            .case(CASE)
            .contender(LIMIT, "the limit")
            .contender(OURS, "Snaproom")
            .contender("limit-disk", "the limit, onto the disk")
            .contender("simple-peer", "simple-peer")
            .contender("peerjs", "PeerJS")
            .metric("speed", "offer accepted → verified", Unit::Speed)
            .metric("gaps", "gaps of more than 100 ms", Unit::Faults)
            .metric("gap", "the longest gap", Unit::Milliseconds)
            .goal(CASE, "speed", at_least(0.85, LIMIT))
            .goal(CASE, "speed", steady(LIMIT))
            .goal(CASE, "speed", at_least(1.2, "simple-peer"))
            .goal(CASE, "speed", at_least(3.0, "peerjs"))
            .goal(CASE, "gaps", Bound::Value { at_most: 0.0 })
    }

    async fn open(_: &str, _: Length) -> Result<Self> {
        Ok(Self(Pair::open(BYTES).await?))
    }

    fn tabs(&self) -> Vec<&Tab> {
        self.0.tabs()
    }

    async fn slot(&mut self, house: &House, contender: &Contender) -> Result<Vec<f64>> {
        let pair = &self.0;
        pair.meet(house, contender).await?;
        let accepted = pair.accept().await?;
        let verified = pair.verified().await?;
        let arrivals: Arrivals = pair.receiver.evaluate("arrivals").await?;
        pair.check(contender).await?;
        #[expect(clippy::cast_precision_loss, reason = "exact")]
        let speed = BYTES as f64 / (verified - accepted) * 1000.0;
        Ok(vec![speed, arrivals.gaps, arrivals.longest])
    }
}

/// Of messages with bytes, in the receiver's page.
#[derive(Deserialize)]
struct Arrivals {
    gaps: f64,
    /// Milliseconds.
    longest: f64,
}
