//! What a page is good for while a file of 100 MB goes: how late its event loop is, and how long a message takes to the
//! other page and back.

use anyhow::{Context, Result};
use snaproom_e2e::Tab;

use crate::{
    file::Pair,
    report::{Bound, Contender, LIMIT, OURS, Plan, Unit, sooner},
    run::{Bench, House, Length},
    statistics::percentile,
    transfer::BYTES,
};

/// Two browsers.
pub struct Lag(Pair);

impl Bench for Lag {
    fn plan() -> Plan {
        const CASE: &str = "100 MB";
        let most = || Bound::Value { at_most: 16.0 };
        Plan::new("lag", "While a file goes: how late a page is, and how soon a message is answered")
            .case(CASE)
            .contender(LIMIT, "the limit")
            .contender(OURS, "Snaproom")
            .contender("peerjs", "PeerJS")
            .metric(
                "sender",
                "99 of 100 moments of the sender's page are late by at most",
                Unit::Milliseconds,
            )
            .metric(
                "receiver",
                "99 of 100 moments of the receiver's page are late by at most",
                Unit::Milliseconds,
            )
            .metric("answer", "a message there and back", Unit::Milliseconds)
            .goal(CASE, "sender", most())
            .goal(CASE, "receiver", most())
            .goal(CASE, "answer", sooner(20.0, "peerjs"))
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
        pair.accept().await?;
        pair.receiver.evaluate::<()>("void lag.measure(), void (window.asked = talk.ask())").await?;
        pair.sender.evaluate::<()>("void lag.measure(), void talk.answer()").await?;
        pair.verified().await?;
        let (sender, receiver) = (late(&pair.sender).await?, late(&pair.receiver).await?);
        // The last answer may come behind the file.
        let answers: Vec<f64> = pair.receiver.evaluate("asked").await?;
        pair.check(contender).await?;
        Ok(vec![sender, receiver, percentile(answers, 0.5).context("no answer came")?])
    }
}

/// So late are 99 of 100 moments, in milliseconds.
async fn late(tab: &Tab) -> Result<f64> {
    percentile(tab.evaluate::<Vec<f64>>("lag.end()").await?, 0.99).context("no moment was measured")
}
