//! Blocks of slots: who runs when, and which blocks count.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use snaproom_e2e::{Options, Server, Serves, Tab};
use tokio::sync::OnceCell;

use crate::{
    busy::Meter,
    machine::Machine,
    relay::Relay,
    report::{BARE, Block, Case, Contender, OURS, PROTECTED, Plan, Report, Slot},
    statistics::{rounded, there_and_back},
};

/// A bench: what it measures, and how one contender does the work once.
pub trait Bench: Sized {
    /// What is measured, of whom.
    fn plan() -> Plan;

    /// Starts what serves all slots of a case: its browsers, where it has any.
    async fn open(case: &str, length: Length) -> Result<Self>;

    /// Its browsers; what they use of the machine is ours.
    fn tabs(&self) -> Vec<&Tab> {
        Vec::new()
    }

    /// Has the contender do the work once, from a fresh page or process, and checks what came of it. Gives a value for
    /// each of the plan's metrics, in their order.
    async fn slot(&mut self, house: &House, contender: &Contender) -> Result<Vec<f64>>;
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// One block that counts whatever else the machine does: whether everything works.
    Quick,
    /// So many blocks that count, after one that does not: it fills caches and compiles what runs often.
    Blocks(usize),
}

/// The servers of the pages, each started by the first page that is asked of it: the real one for ours, with the app
/// and with its test build, and the relay for the raw pages.
#[derive(Default)]
pub struct House {
    server: OnceCell<Server>,
    tested: OnceCell<Server>,
    relay: OnceCell<Relay>,
    rooms: AtomicU32,
}

impl House {
    /// The address of a contender's page: without a room, or with a new one where its name matters.
    pub async fn page(&self, contender: &Contender) -> Result<String> {
        let name = contender.name.as_str();
        Ok(match name {
            OURS => self.server.get_or_try_init(Server::start).await?.url(),
            PROTECTED | BARE => {
                let options = Options { serves: Serves::Insecure, ..Options::default() };
                let server = self.tested.get_or_try_init(|| Server::start_with(options)).await?;
                format!("{}#{name}-{}", server.url(), self.rooms.fetch_add(1, Ordering::Relaxed))
            }
            _ => self.raw(name).await?,
        })
    }

    /// The address of a contender's page that sends files.
    pub async fn page_of_files(&self, contender: &Contender) -> Result<String> {
        match contender.name.as_str() {
            OURS => self.page(contender).await,
            name => self.raw(&format!("{name}-files")).await,
        }
    }

    async fn raw(&self, name: &str) -> Result<String> {
        Ok(self.relay.get_or_try_init(Relay::start).await?.page(name))
    }
}

/// A block counts while others use less than this share of the machine in each of its slots. A slot takes some
/// seconds, and accounting in ticks alone makes a few hundredths of the shortest.
const ELSEWHERE: f64 = 0.1;

/// Blocks that are run for one that counts, before the machine is said to be too busy.
const PATIENCE: usize = 3;

/// Runs all cases of a bench.
pub async fn run<B: Bench>(house: &House, length: Length) -> Result<Report> {
    let plan = B::plan();
    let mut machine = None;
    let mut cases = Vec::new();
    for name in &plan.cases {
        let mut bench = B::open(name, length).await.with_context(|| format!("what {name} needs"))?;
        if machine.is_none() {
            machine = Some(Machine::look(bench.tabs().first().copied()).await?);
        }
        if let Length::Blocks(_) = length {
            block(&mut bench, house, &plan, length).await.with_context(|| format!("{name}, warming up"))?;
        }
        let mut count = 0;
        let measured = collect(name, length, async || {
            count += 1;
            block(&mut bench, house, &plan, length).await.with_context(|| format!("{name}, block {count}"))
        });
        cases.push(measured.await?);
    }
    Ok(Report { plan, machine: machine.context("this bench has no case")?, cases })
}

async fn block<B: Bench>(bench: &mut B, house: &House, plan: &Plan, length: Length) -> Result<Block> {
    let groups = bench.tabs().iter().map(|tab| tab.process_group()).collect::<Result<Vec<_>>>()?;
    let mut slots = Vec::new();
    let mut elsewhere: f64 = 0.0;
    for contender in there_and_back(&plan.contenders) {
        let name = &contender.name;
        for tab in bench.tabs() {
            // The last slot's pages end, and what they leave is cleared away, outside of this one's time.
            tab.visit("about:blank").await?;
            tab.cdp("HeapProfiler.collectGarbage", json!({})).await?;
        }
        let meter = Meter::start(groups.iter().copied())?;
        let values = bench.slot(house, &contender).await.with_context(|| format!("a slot of {name}"))?;
        elsewhere = elsewhere.max(meter.elsewhere()?);
        ensure!(values.len() == plan.metrics.len(), "{name} gave {} values", values.len());
        // On a machine that stands still, what comes after may have come before.
        let is_sound = length == Length::Quick
            || values
                .iter()
                .zip(&plan.metrics)
                .all(|(value, metric)| *value > 0.0 || (*value >= 0.0 && metric.unit.may_be_nothing()));
        ensure!(is_sound, "{name} gave {values:?}: no time runs backwards");
        slots.push(Slot::new(plan, &contender, &values));
    }
    Ok(Block { elsewhere: rounded(elsewhere), slots })
}

/// Runs blocks until enough of them count.
async fn collect(name: &str, length: Length, mut block: impl AsyncFnMut() -> Result<Block>) -> Result<Case> {
    let (wanted, any) = match length {
        Length::Quick => (1, true),
        Length::Blocks(blocks) => (blocks, false),
    };
    let mut case = Case { name: name.to_owned(), thrown_away: 0, blocks: Vec::new() };
    while case.blocks.len() < wanted {
        let block = block().await?;
        let (busy, share) = (block.elsewhere > ELSEWHERE, block.elsewhere * 100.0);
        case.thrown_away += usize::from(busy && !any);
        let judged = match (busy, any) {
            (false, _) => "",
            (true, true) => ": too much to believe its times",
            (true, false) => ": thrown away",
        };
        if !busy || any {
            case.blocks.push(block);
        }
        println!("{name}, block {} of {wanted}, {share:.1} % used by others{judged}", case.blocks.len());
        if case.blocks.len() + case.thrown_away >= PATIENCE * wanted && case.blocks.len() < wanted {
            bail!("the machine is too busy: others used it in {} blocks of {name}", case.thrown_away);
        }
    }
    Ok(case)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs blocks during which others use these shares of the machine.
    async fn collected(length: Length, shares: &[f64]) -> (Result<Case>, usize) {
        let mut shares = shares.iter();
        let mut ran = 0;
        let case = collect("sample", length, async || {
            ran += 1;
            let elsewhere = *shares.next().context("more blocks than expected")?;
            Ok(Block { elsewhere, slots: Vec::new() })
        });
        (case.await, ran)
    }

    #[tokio::test]
    async fn a_block_on_a_busy_machine_is_run_again() {
        let (case, ran) = collected(Length::Blocks(3), &[0.01, 0.3, 0.02, 0.11, 0.0]).await;
        let case = case.unwrap();
        assert_eq!((case.blocks.len(), case.thrown_away, ran), (3, 2, 5));
        assert!(case.blocks.iter().all(|block| block.elsewhere < ELSEWHERE));
    }

    #[tokio::test]
    async fn a_machine_that_stays_busy_is_given_up() {
        let (case, ran) = collected(Length::Blocks(2), &[0.3; 10]).await;
        assert!(case.unwrap_err().to_string().contains("too busy"));
        assert_eq!(ran, 6);
    }

    #[tokio::test]
    async fn a_quick_run_takes_what_it_gets() {
        let (case, ran) = collected(Length::Quick, &[0.9]).await;
        let case = case.unwrap();
        assert_eq!((case.blocks.len(), ran), (1, 1));
    }
}
