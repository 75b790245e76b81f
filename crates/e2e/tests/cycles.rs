//! A tab that joins and leaves for hours takes no more of its browser and of the machine than one that has just come.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{Gauge, Tab, Taken, is_long_run, two_tabs};

/// "500 join and leave cycles in one tab"; fewer where there is no time for them.
const CYCLES: usize = 500;
const FEWER_CYCLES: usize = 60;

/// Cycles in one go, between two looks; a fifth of all of them is a multiple of it.
const STRIDE: usize = 4;

/// "Flat after warm-up": between the mean of the looks after the warm-up and the mean of the last ones. Pages of the
/// browser's own come and go by half of this; what a cycle leaves behind is counted besides.
const MARGIN: u64 = 20_000_000;

#[tokio::test]
async fn joining_and_leaving_again_and_again_leaves_nothing_behind() -> Result<()> {
    // The mean of cycles 100 to 150 of 500 against that of 450 to 500.
    let cycles = if is_long_run() { CYCLES } else { FEWER_CYCLES };
    let warm = cycles / 5..=cycles * 3 / 10;
    let (_server, alice, bob) =
        two_tabs(Tab::without_camera().counted(), Tab::without_camera().counted()).await?;
    let link = alice.link().await?;
    alice.evaluate::<()>(CYCLE).await?;
    let room = link.split_once('#').context("a link without a room")?.1;

    let started = Instant::now();
    let (mut first, mut last, mut held) = (Vec::new(), Vec::new(), None::<[Taken; 2]>);
    for done in (STRIDE..=cycles).step_by(STRIDE) {
        alice
            .evaluate::<()>(&format!("cycles({STRIDE}, {room:?})"))
            .await
            .with_context(|| format!("before cycle {done}"))?;
        if warm.contains(&done) {
            first.push(alice.gauge().await?);
        }
        if done > cycles * 9 / 10 {
            last.push(alice.gauge().await?);
        }
        if done == *warm.start() || done == cycles {
            for tab in [&alice, &bob] {
                tab.wait_connected(1).await?;
            }
            let now = [alice.taken().await?, bob.taken().await?];
            let before = held.get_or_insert(now);
            println!("after {done} cycles and {:.0?}: {now:?}", started.elapsed());
            assert_eq!(
                now.map(Taken::held),
                before.map(Taken::held),
                "after {done} cycles something is left behind"
            );
            assert_eq!((now[0].connections, now[0].channels, now[0].sockets), (1, 2, 1));
        }
    }
    let made = alice.taken().await?;
    ensure!(made.connections_made > i32::try_from(cycles)?, "not every cycle made a connection: {made:?}");

    let tree = |gauge: &Gauge| gauge.tree;
    let (before, after) = (mean(&first, tree), mean(&last, tree));
    println!("the browser's processes take {before} bytes after the warm-up, {after} in the end");
    ensure!(
        after <= before + MARGIN,
        "{before} bytes after the warm-up, {after} in the end: {first:?} {last:?}"
    );
    let (before, after) = (mean(&first, |gauge| gauge.listeners), mean(&last, |gauge| gauge.listeners));
    ensure!(after <= before + 10, "{before} listeners after the warm-up, {after} in the end");
    let (before, after) = (mean(&first, |gauge| gauge.nodes), mean(&last, |gauge| gauge.nodes));
    ensure!(after <= before + 100, "{before} nodes after the warm-up, {after} in the end");
    Ok(())
}

fn mean(gauges: &[Gauge], of: impl Fn(&Gauge) -> u64) -> u64 {
    gauges.iter().map(of).sum::<u64>() / gauges.len().max(1) as u64
}

/// Leaves for a room with nobody in it, and comes back to somebody. Chromium ignores changes of the address beyond 200
/// in 10 s, and a cycle makes four: two of ours, and the page's own word on each.
const CYCLE: &str = "void (window.cycles = async (times, room) => {
    const until = async (what, is) => {
        for (const end = performance.now() + 15000; !is();) {
            if (performance.now() > end) throw new Error(`not within 15 s: ${what}, but ${status()} with ${peers()}`);
            await new Promise((next) => setTimeout(next, 5));
        }
    };
    const status = () => document.querySelector('#status').dataset.state;
    const peers = () => [...document.querySelectorAll('#peers .peer')].map(({ dataset }) => dataset.state);
    for (let time = 0; time < times; time += 1) {
        const pace = new Promise((next) => setTimeout(next, 250));
        location.hash = 'elsewhere';
        await until('alone elsewhere', () => peers().length === 0 && status() === 'alone');
        location.hash = room;
        await until('back and connected', () => peers().length === 1 && peers()[0] === 'connected');
        await pace;
    }
})";
