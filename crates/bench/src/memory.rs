//! What a file of 1 GiB takes of memory, on both sides: more than two pages that are connected and idle.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use snaproom_e2e::Tab;

use crate::{
    file::Pair,
    report::{Bound, Contender, OURS, Plan, Unit},
    run::{Bench, House, Length},
};

/// Two browsers.
pub struct Memory(Pair);

/// Between two looks, each of which reads what the kernel says of every process of a browser.
const PAUSE: Duration = Duration::from_millis(500);

/// A file of 1 GiB has come by then.
const PATIENCE: Duration = Duration::from_mins(10);

impl Bench for Memory {
    fn plan() -> Plan {
        const CASE: &str = "1 GiB";
        let most = || Bound::Value { at_most: 100e6 };
        Plan::new("memory", "Memory: all processes of a browser, while a file of 1 GiB goes, over idle")
            .case(CASE)
            .contender(OURS, "Snaproom")
            .metric("sender", "the sender's, at most", Unit::Bytes)
            .metric("receiver", "the receiver's, at most", Unit::Bytes)
            .goal(CASE, "sender", most())
            .goal(CASE, "receiver", most())
    }

    async fn open(_: &str, length: Length) -> Result<Self> {
        let bytes = match length {
            Length::Quick => 1 << 27,
            Length::Blocks(_) => 1 << 30,
        };
        Ok(Self(Pair::open(bytes).await?))
    }

    fn tabs(&self) -> Vec<&Tab> {
        self.0.tabs()
    }

    async fn slot(&mut self, house: &House, contender: &Contender) -> Result<Vec<f64>> {
        let pair = &self.0;
        pair.meet(house, contender).await?;
        let idle = [pair.sender.gauge().await?.tree, pair.receiver.gauge().await?.tree];
        pair.accept().await?;
        let mut most = idle;
        let looking = async {
            loop {
                for (most, tab) in most.iter_mut().zip(pair.tabs()) {
                    *most = tab.tree_memory()?.max(*most);
                }
                if pair.receiver.evaluate("performance.getEntriesByName('verified').length > 0").await? {
                    return Ok::<(), anyhow::Error>(());
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(looked) => looked?,
            Err(_) => bail!("the file has not come in {PATIENCE:?}"),
        }
        pair.clear().await?;
        let over =
            most.iter().zip(idle).map(|(most, idle)| Some(f64::from(u32::try_from(most - idle).ok()?)));
        over.collect::<Option<Vec<f64>>>().context("more than 4 GiB")
    }
}
