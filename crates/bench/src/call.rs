//! A call, from the click on *Call* to pictures of full size on both sides, and how they come from then on.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use snaproom_e2e::Tab;

use crate::{
    page::{check_clock, clicked, marked, settle, start},
    report::{Bound, Contender, OURS, Plan, Unit, at_most},
    run::{Bench, House, Length},
    statistics::{mean, percentile},
};

/// The camera that both pages have, and what reads it on the other side.
const CLOCK: &str = include_str!("../pages/clock.js");
/// The name of the page that calls with everything as it comes.
const PLAIN: &str = "plain";

/// Two browsers with cameras.
pub struct Call {
    caller: Tab,
    callee: Tab,
    times: Times,
}

/// How long a call is looked at, from the answer on.
struct Times {
    /// Until it has found its pace.
    begin: Duration,
    /// After that: how old pictures are, and how many come.
    look: Duration,
}

impl Times {
    const fn of(length: Length) -> Self {
        let [begin, look] = match length {
            Length::Quick => [1, 2],
            Length::Blocks(_) => [10, 10],
        };
        Self { begin: Duration::from_secs(begin), look: Duration::from_secs(look) }
    }
}

impl Bench for Call {
    fn plan() -> Plan {
        const CASE: &str = "1280×720";
        Plan::new("call", "A call: from the answer to pictures of full size, and how old they are")
            .case(CASE)
            .contender(PLAIN, "a plain page")
            .contender(OURS, "Snaproom")
            .metric("called", "call → both see each other, less the wait for the answer", Unit::Milliseconds)
            .metric("answered", "answer → both see each other", Unit::Milliseconds)
            .metric("full", "answer → both see 1280×720", Unit::Milliseconds)
            .metric("age", "a picture's way from camera to screen", Unit::Milliseconds)
            .metric("oldest", "95 of 100 pictures come within", Unit::Milliseconds)
            .metric("rate", "pictures shown in a second", Unit::Rate)
            .metric("freezes", "freezes", Unit::Faults)
            .metric("frozen", "time in freezes", Unit::Lost)
            .goal(CASE, "called", at_most(1.0, PLAIN))
            .goal(CASE, "answered", at_most(1.0, PLAIN))
            .goal(CASE, "full", Bound::Value { at_most: 1000.0 })
            .goal(CASE, "freezes", Bound::Value { at_most: 0.0 })
    }

    async fn open(_: &str, length: Length) -> Result<Self> {
        let launch = || Tab::with_cameras(1).listening().inject(CLOCK);
        Ok(Self { caller: start(launch()).await?, callee: start(launch()).await?, times: Times::of(length) })
    }

    fn tabs(&self) -> Vec<&Tab> {
        vec![&self.caller, &self.callee]
    }

    async fn slot(&mut self, house: &House, contender: &Contender) -> Result<Vec<f64>> {
        let (caller, callee) = (&self.caller, &self.callee);
        caller.visit(&house.page(contender).await?).await?;
        callee.visit(&caller.link().await?).await?;
        for tab in [caller, callee] {
            marked(tab, "usable").await?;
            check_clock(tab).await?;
        }
        settle(&[caller, callee]).await?;

        caller.click("#callButton").await?;
        let rings = marked(callee, "ringing").await?;
        callee.click("#acceptCall").await?;
        let (call, answer) = (clicked(caller).await?, clicked(callee).await?);
        let seen = marked(caller, "seen").await?.max(marked(callee, "seen").await?);

        tokio::time::sleep(self.times.begin).await;
        let (one, other) = tokio::try_join!(self.look(caller), self.look(callee))?;
        let sides = [one, other];
        // What has not come by the end is counted as if it came then.
        let longest = sides.iter().map(|side| side.end - answer).fold(0.0, f64::max);
        let full =
            sides.iter().map(|side| side.full.map_or(longest, |full| full - answer)).fold(0.0, f64::max);
        let ages = || sides.iter().flat_map(|side| side.ages.iter().copied());
        Ok(vec![
            (rings - call) + (seen - answer),
            seen - answer,
            full,
            percentile(ages(), 0.5).context("no picture was read")?,
            percentile(ages(), 0.95).context("no picture was read")?,
            mean(&sides.each_ref().map(Side::rate)).context("nobody looked")?,
            sides.iter().map(|side| side.freezes).sum(),
            sides.iter().map(|side| side.frozen).sum(),
        ])
    }
}

impl Call {
    async fn look(&self, tab: &Tab) -> Result<Side> {
        let before: f64 = tab.evaluate("media.energy()").await?;
        let side: Side = tab.evaluate(&format!("{SIDE}({})", self.times.look.as_millis())).await?;
        let (read, shown) = (side.ages.len(), side.shown);
        ensure!(read >= 10 && read * 20 >= shown * 19, "the clock was read in {read} of {shown} pictures");
        ensure!(tab.evaluate::<f64>("media.energy()").await? > before, "nothing is heard");
        Ok(side)
    }
}

/// What one side of a call saw.
#[derive(Deserialize)]
struct Side {
    shown: usize,
    /// Of the pictures that could be read, in milliseconds.
    ages: Vec<f64>,
    milliseconds: f64,
    /// Since 1970.
    full: Option<f64>,
    end: f64,
    /// Since the call began, and their time in milliseconds (W3C WebRTC Statistics, section 8.1).
    freezes: f64,
    frozen: f64,
}

const SIDE: &str = "(async (time) => {
    const looked = await clock.look(time);
    const stats = await Promise.all(media.open().map((connection) => connection.getStats()));
    const videos = stats.flatMap((stats) => [...stats.values()])
        .filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
    const sum = (member) => videos.reduce((sum, video) => sum + (video[member] ?? 0), 0);
    const full = performance.getEntriesByName('full', 'mark')[0];
    return {
        ...looked,
        full: full ? performance.timeOrigin + full.startTime : null,
        end: performance.timeOrigin + performance.now(),
        freezes: sum('freezeCount'),
        frozen: 1000 * sum('totalFreezesDuration'),
    };
})";

impl Side {
    #[expect(clippy::cast_precision_loss, reason = "some hundred pictures")]
    fn rate(&self) -> f64 {
        self.shown as f64 / self.milliseconds * 1000.0
    }
}
