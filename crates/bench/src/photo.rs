//! A photo, from the click in one tab to the pixels on the other tab's canvas.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use snaproom_e2e::Tab;

use crate::{
    page::{check_clock, clicked, marked, settle, start},
    report::{Contender, LIMIT, OURS, Plan, Unit, at_most, sooner},
    run::{Bench, House, Length},
};

/// A browser with a camera of the case's size, and one without a camera.
pub struct Photo {
    sender: Tab,
    receiver: Tab,
    size: (u32, u32),
}

impl Bench for Photo {
    fn plan() -> Plan {
        const HD: &str = "1280×720";
        Plan::new("photo", "A photo: from the click to the other tab's canvas")
            .case("640×480")
            .case(HD)
            .case("1920×1080")
            .contender(LIMIT, "the limit")
            .contender(OURS, "Snaproom")
            .contender("burst", "the burst")
            .metric("preview", "click → preview", Unit::Milliseconds)
            .metric("exact", "click → exact pixels", Unit::Milliseconds)
            .goal(HD, "preview", at_most(1.5, LIMIT))
            .goal(HD, "preview", sooner(50.0, "burst"))
            .goal(HD, "exact", at_most(1.25, LIMIT))
            .goal(HD, "exact", sooner(10.0, "burst"))
            .goal("640×480", "exact", at_most(1.0, "burst"))
    }

    async fn open(case: &str, _: Length) -> Result<Self> {
        let (width, height) = case.split_once('×').context("a case is width × height")?;
        let size = (width.parse()?, height.parse()?);
        Ok(Self {
            sender: start(Tab::with_camera_of(size.0, size.1)).await?,
            receiver: start(Tab::without_camera()).await?,
            size,
        })
    }

    fn tabs(&self) -> Vec<&Tab> {
        vec![&self.sender, &self.receiver]
    }

    async fn slot(&mut self, house: &House, contender: &Contender) -> Result<Vec<f64>> {
        let (sender, receiver) = (&self.sender, &self.receiver);
        let (width, height) = self.size;
        // A raw page that has no camera and no header to tell the size finds it in its address.
        let size = if contender.name == OURS { String::new() } else { format!("?{width}x{height}") };
        sender.visit(&format!("{}{size}", house.page(contender).await?)).await?;
        sender.start_camera().await?;
        receiver.visit(&sender.link().await?).await?;
        marked(sender, "usable").await?;
        marked(receiver, "usable").await?;
        sender.wait_usable("#snapAndSend").await?;
        settle(&[sender, receiver]).await?;
        for tab in [sender, receiver] {
            check_clock(tab).await?;
        }

        let (exact, ()) = tokio::try_join!(marked(receiver, ":exact"), sender.click("#snapAndSend"))?;
        let click = clicked(sender).await?;
        // On a small photo the exact pixels may be there before a preview is decoded.
        let preview = first_shown(receiver).await?;

        let sent = Pixels::of(sender, "document.querySelector('#photo')").await?;
        let shown = Pixels::of(receiver, "document.querySelector('#trail canvas.incomingPhoto')").await?;
        ensure!(shown == sent, "{shown:?} came of {sent:?}");
        ensure!((sent.width, sent.height) == self.size, "the camera gave {sent:?}");
        ensure!(sent.colours > 16, "the camera showed nothing yet: {sent:?}");
        Ok(vec![preview - click, exact - click])
    }
}

/// The time of a photo's first picture, in milliseconds since 1970.
async fn first_shown(tab: &Tab) -> Result<f64> {
    let first = "performance.timeOrigin + performance.getEntriesByType('mark')
        .find(({ name }) => name.endsWith(':preview') || name.endsWith(':exact')).startTime";
    tab.evaluate(first).await
}

/// What a canvas shows.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Pixels {
    width: u32,
    height: u32,
    /// SHA-256 of the RGBA bytes, in hexadecimal.
    sha256: String,
    /// Different ones.
    colours: u32,
}

impl Pixels {
    async fn of(tab: &Tab, canvas: &str) -> Result<Self> {
        tab.evaluate(&format!(
            "(async ({{ width, height }}, context) => {{
                const {{ data }} = context.getImageData(0, 0, width, height);
                const sha256 = new Uint8Array(await crypto.subtle.digest('SHA-256', data)).toHex();
                return {{ width, height, sha256, colours: new Set(new Uint32Array(data.buffer)).size }};
            }})({canvas}, {canvas}.getContext('2d'))"
        ))
        .await
    }
}
