//! The page in a person's words. What is clicked is clicked by the browser as with a mouse; what is read are the ids,
//! the classes, the `data-…` and the marks that the page promises to keep.

use std::{fmt, io::Cursor, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use crate::{Launch, Server, Tab, poll, tab::usable};

/// A photo as a canvas holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    /// The id that both sides know it by.
    pub item: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// RGBA, rows from the top.
    pub pixels: Vec<u8>,
}

impl Photo {
    /// Whether more is to be seen than one colour, so that it proves something. Firefox's fake camera shows one
    /// colour, and on it the time in squares: some 900 pixels.
    #[must_use]
    pub fn is_a_picture(&self) -> bool {
        let first = self.pixels.first_chunk::<4>();
        self.pixels.chunks_exact(4).filter(|pixel| first.is_none_or(|first| pixel != first)).count() > 100
    }

    /// What a saved PNG holds; fails unless that is RGBA, a byte each.
    pub fn from_png(item: &str, file: &[u8]) -> Result<Self> {
        let mut png = png::Decoder::new(Cursor::new(file)).read_info()?;
        let mut pixels = vec![0; png.output_buffer_size().context("the file has no size")?];
        let frame = png.next_frame(&mut pixels)?;
        let kind = (frame.color_type, frame.bit_depth);
        ensure!(kind == (png::ColorType::Rgba, png::BitDepth::Eight), "the PNG holds {kind:?}");
        Ok(Self { item: item.to_owned(), width: frame.width, height: frame.height, pixels })
    }
}

/// Somebody else in the room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Peer {
    /// `data-peer`.
    pub id: String,
    /// `data-state`.
    pub state: String,
}

/// A photo on its way: in the receiver's trail, or at the sender for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Transfer {
    /// `data-id` of the item.
    pub item: String,
    /// `data-state`.
    pub state: String,
    /// `data-bytes`: what the receiver has checked.
    pub bytes: u64,
    /// `data-total`.
    pub total: u64,
    /// What a person reads about it.
    pub words: String,
}

/// Two people in a room of their own, connected: the server, whoever made the room, and whoever opened its link.
pub async fn two_tabs(first: Launch, second: Launch) -> Result<(Server, Tab, Tab)> {
    let server = Server::start().await?;
    let alice = first.open(&server.url()).await?;
    let bob = second.open(&alice.link().await?).await?;
    alice.wait_connected(1).await?;
    Ok((server, alice, bob))
}

impl Tab {
    /// Waits until `#status` has this `data-state`.
    pub async fn wait_status(&self, state: &str) -> Result<()> {
        let is = format!("document.querySelector('#status')?.dataset.state === '{state}'");
        self.until(&format!("the status is {state}"), &is).await
    }

    /// What a person reads where `selector` points; empty where it points at nothing.
    pub async fn text(&self, selector: &str) -> Result<String> {
        self.evaluate(&format!("document.querySelector({selector:?})?.innerText ?? ''")).await
    }

    /// Everybody else in the room.
    pub async fn peers(&self) -> Result<Vec<Peer>> {
        self.evaluate(&format!(
            "[...{PEERS}].map((peer) => ({{ id: peer.dataset.peer, state: peer.dataset.state }}))"
        ))
        .await
    }

    /// Waits until so many others are connected; gives their ids.
    pub async fn wait_connected(&self, people: usize) -> Result<Vec<String>> {
        let ids = format!("[...{PEERS}].filter((peer) => peer.dataset.state === 'connected')");
        let expression = format!(
            "((here) => here.length === {people} ? here.map((peer) => peer.dataset.peer) : null)({ids})"
        );
        self.wait(&format!("{people} others are connected"), &expression).await
    }

    /// Waits until one other is connected, and gives the id.
    pub async fn wait_other(&self) -> Result<String> {
        self.wait_connected(1).await?.pop().context("nobody is connected")
    }

    /// The room's link, once it stands in the page.
    pub async fn link(&self) -> Result<String> {
        let link = "((link) => link?.includes('#') && link === location.href ? link : null)\
                    (document.querySelector('#url')?.href)";
        self.wait("the room's link is in the page and in the address bar", link).await
    }

    /// Puts another link into the address bar of the open page.
    pub async fn paste_link(&self, link: &str) -> Result<()> {
        let link = serde_json::to_string(link)?;
        self.evaluate(&format!("void (location.href = {link})")).await
    }

    /// Types a name, by which the others know the person then.
    pub async fn set_name(&self, name: &str) -> Result<()> {
        self.click("#editName").await?;
        self.until("the name can be typed", "document.activeElement?.id === 'nameInput'").await?;
        let typed = format!("void ((field) => {{ field.value = {name:?}; field.form.requestSubmit(); }})");
        self.evaluate(&format!("{typed}(document.querySelector('#nameInput'))")).await
    }

    /// Opens what there is about the other one.
    pub async fn look_at_other(&self) -> Result<()> {
        self.click("#peers .peer button").await?;
        self.until("the dialog", "document.querySelector('#personDialog')?.open").await
    }

    /// Asks the other one to compare signs, or agrees to it.
    pub async fn ask_to_compare(&self) -> Result<()> {
        self.look_at_other().await?;
        self.click("#compare").await
    }

    /// Loads the page anew, in the same tab of a device that forgot by what it is known.
    pub async fn forget_device(&self) -> Result<()> {
        self.evaluate::<()>("localStorage.removeItem('snaproom:device')").await?;
        self.reload().await
    }

    /// Leaves for a new room, and photos that are not saved behind.
    pub async fn new_room(&self) -> Result<()> {
        self.click("#newRoom").await?;
        if self.evaluate("document.querySelector('#leaveDialog')?.open === true").await? {
            self.click("#leaveDialog .leave").await?;
        }
        Ok(())
    }

    /// Waits for a picture of the camera, starting it where that takes a click.
    pub async fn start_camera(&self) -> Result<()> {
        let click = format!("{OFF} && {}", usable("#startCamera"));
        self.until("the camera starts or can be started", &format!("{PICTURE} || {click}")).await?;
        if self.evaluate(&click).await? {
            self.click("#startCamera").await?;
        }
        self.until("the camera's picture", PICTURE).await
    }

    /// Snaps a photo; gives what `#photo` shows.
    pub async fn snap(&self) -> Result<Photo> {
        self.snap_by("#snap").await
    }

    /// Snaps what is seen of somebody else; gives what `#photo` shows.
    pub async fn snap_other(&self) -> Result<Photo> {
        self.snap_by(".snapOther").await
    }

    /// Snaps a photo and sends it in one click; gives what `#photo` shows.
    pub async fn snap_and_send(&self) -> Result<Photo> {
        self.snap_by("#snapAndSend").await
    }

    /// Snaps a photo and sends it in one click, and leaves the page in peace; gives the item's id.
    pub async fn click_snap_and_send(&self) -> Result<String> {
        self.click_to_snap("#snapAndSend").await
    }

    async fn click_to_snap(&self, button: &str) -> Result<String> {
        self.start_camera().await?;
        let before = self.snapped().await?.len();
        self.click(button).await?;
        let newest = format!("((marks) => marks.length > {before} ? marks.at(-1) : null)({SNAPPED})");
        self.wait("a photo is snapped", &newest).await
    }

    async fn snap_by(&self, button: &str) -> Result<Photo> {
        let item = self.click_to_snap(button).await?;
        self.read_canvas(&item, "document.querySelector('#photo')").await
    }

    /// Holds the button until so many photos are taken one after another; gives the items' ids.
    pub async fn burst(&self, photos: usize) -> Result<Vec<String>> {
        self.start_camera().await?;
        let before = self.snapped().await?.len();
        self.hold("#snapAndSend").await?;
        self.until("photos are taken", &format!("{SNAPPED}.length >= {}", before + photos)).await?;
        self.let_go().await?;
        self.until("it has ended", "document.querySelector('#burst').innerText === ''").await?;
        Ok(self.snapped().await?.split_off(before))
    }

    /// The items' ids of the photos that were snapped, the oldest first.
    pub async fn snapped(&self) -> Result<Vec<String>> {
        self.evaluate(SNAPPED).await
    }

    /// Sends the photo in `#photo`.
    pub async fn send(&self) -> Result<()> {
        self.click("#send").await
    }

    /// The photos of others, in the page's order.
    pub async fn trail(&self) -> Result<Vec<Transfer>> {
        self.evaluate(&transfers("#trail .transfer[data-direction=in]", "element.dataset.id")).await
    }

    /// Waits until a photo of somebody else ended like this.
    pub async fn wait_incoming(&self, item: &str, state: &str) -> Result<Transfer> {
        let selector = format!("#trail .transfer[data-direction=in][data-id='{item}'][data-state={state}]");
        let found = format!("{}[0]", transfers(&selector, "element.dataset.id"));
        self.wait(&format!("the photo {item} comes in and is {state}"), &found).await
    }

    /// Waits until a photo of somebody else is shown exactly; gives what its canvas shows.
    pub async fn wait_photo(&self, item: &str) -> Result<Photo> {
        self.wait_incoming(item, "verified").await?;
        self.wait_mark(item, "exact").await?;
        let canvas = format!("document.querySelector(\"#trail [data-id='{item}'] canvas.incomingPhoto\")");
        self.read_canvas(item, &canvas).await
    }

    /// Waits until a photo of somebody else is shown pixel for pixel, for as long as `limit`, and ensures that it came
    /// once: one place in the trail, and one time painted. Fails at once where the photo fails.
    pub async fn receives_once(&self, photo: &Photo, limit: Duration) -> Result<()> {
        let item = &photo.item;
        let arrived = poll(limit, async || {
            let trail = self.trail().await?;
            let here = trail.iter().find(|here| here.item == *item);
            if let Some(here) =
                here.filter(|here| ["failed", "cancelled", "declined"].contains(&here.state.as_str()))
            {
                bail!("the photo did not arrive: {here:?}");
            }
            Ok(here.is_some_and(|here| here.state == "verified").then_some(()))
        });
        if arrived.await?.is_none() {
            bail!("a photo is not there within {limit:?}\n{}", self.explain().await);
        }
        let shown = self.wait_photo(item).await?;
        ensure!(shown == *photo, "{shown:?} arrived, {photo:?} was sent");
        self.has_once(item).await
    }

    /// Ensures that a photo of somebody else has one place in the trail and was painted once.
    pub async fn has_once(&self, item: &str) -> Result<()> {
        let places = self.trail().await?.iter().filter(|here| here.item == item).count();
        let painted = self.marks(item).await?.iter().filter(|mark| *mark == "exact").count();
        ensure!((places, painted) == (1, 1), "it is there {places} times, painted {painted} times");
        Ok(())
    }

    /// What each recipient of a photo of ours says of it.
    pub async fn sent(&self, item: &str) -> Result<Vec<Transfer>> {
        self.evaluate(&recipients(item, ".recipient")).await
    }

    /// Waits until one recipient of a photo of ours says this.
    pub async fn wait_sent(&self, item: &str, state: &str) -> Result<Transfer> {
        let found = format!("{}[0]", recipients(item, &format!(".recipient[data-state={state}]")));
        self.wait(&format!("a recipient says that the photo {item} is {state}"), &found).await
    }

    /// The marks that a photo left on the timeline, in the order of their times: `snapped`, `sent`, `preview`,
    /// `exact`.
    pub async fn marks(&self, item: &str) -> Result<Vec<String>> {
        self.evaluate(&format!(
            "performance.getEntriesByType('mark').map((mark) => mark.name.split(':'))
                .filter(([kind, item]) => kind === 'photo' && item === '{item}').map(([, , what]) => what)"
        ))
        .await
    }

    /// Waits until a photo has left one of those.
    pub async fn wait_mark(&self, item: &str, what: &str) -> Result<()> {
        let left = format!("performance.getEntriesByName('photo:{item}:{what}').length > 0");
        self.until(&format!("the photo {item} has left its mark {what}"), &left).await
    }

    /// Reads a canvas's pixels; `canvas` is a JavaScript expression.
    pub async fn read_canvas(&self, item: &str, canvas: &str) -> Result<Photo> {
        let (width, height, base64): (u32, u32, String) = self
            .evaluate(&format!(
                "((canvas) => {{
                    const {{ width, height }} = canvas;
                    const {{ data }} = canvas.getContext('2d').getImageData(0, 0, width, height);
                    return [width, height, new Uint8Array(data.buffer).toBase64()];
                }})({canvas})"
            ))
            .await?;
        let pixels = STANDARD.decode(base64).context("the pixels are not base64")?;
        ensure!(
            pixels.len() == width as usize * height as usize * 4,
            "{width}×{height} in {} bytes",
            pixels.len()
        );
        Ok(Photo { item: item.to_owned(), width, height, pixels })
    }
}

const PEERS: &str = "document.querySelectorAll('#peers .peer')";

/// The camera's element shows a frame; a page that is still to be mounted has none.
const PICTURE: &str = "((camera) => !!camera?.srcObject && camera.videoWidth > 0 && camera.readyState >= 2)\
                       (document.querySelector('#camera'))";

/// The camera's element is there, and has no picture yet.
const OFF: &str = "document.querySelector('#camera')?.srcObject === null";

/// Items that were snapped, oldest first.
const SNAPPED: &str = "performance.getEntriesByType('mark').map((mark) => mark.name.split(':'))\
                       .filter(([kind, , what]) => kind === 'photo' && what === 'snapped').map(([, item]) => item)";

fn recipients(item: &str, selector: &str) -> String {
    transfers(
        &format!(".transfer[data-direction=out][data-id='{item}'] {selector}"),
        "element.closest('.transfer').dataset.id",
    )
}

fn transfers(selector: &str, item: &str) -> String {
    format!(
        "[...document.querySelectorAll({selector:?})].map((element) => ({{
            item: {item},
            state: element.dataset.state,
            bytes: Number(element.dataset.bytes),
            total: Number(element.dataset.total),
            words: element.innerText,
        }}))"
    )
}

/// Millions of bytes say nothing to whoever reads a failure.
impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum =
            self.pixels.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        write!(f, "photo {} of {}×{} with pixels {sum:016x}", self.item, self.width, self.height)
    }
}
