//! Somebody in the room who means harm, with a real page: floods of messages that mean nothing, and files with names that
//! want to be more than text. Nothing of it runs, takes memory, or reaches anybody else.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::to_string;
use snaproom_e2e::{CANARY, Gauge, PATIENCE, Server, Tab, payloads, poll, without_dropped};

/// Messages that the flood has at least, as the one who gets them counts.
const MESSAGES: u64 = 100_000;

/// Nothing of them makes sense, and each costs its sender nothing but itself: the connection goes on.
const NONSENSE: &str = r"(() => {
    const item = () => randomText(16);
    const offer = (change) => ['control', {
        type: 'offer', item: item(), name: 'x', bytes: 10, kind: { type: 'file' }, preview: null, resumes: false,
        on_request: true, ...change,
    }];
    const photo = (change) => ({
        kind: { type: 'photo', width: 4, height: 4, taken: 0, ...change }, bytes: 64, on_request: false,
    });
    const chat = (message) => ['control', { type: 'chat', chat: message }];
    const stray = (type, fields) => ['control', { type, item: item(), ...fields }];
    // Of something that was refused already, piece by piece.
    const refused = item();
    const piece = (fields) => ['bulk', {
        type: 'piece', item: refused, part: 'exact', index: 0, offset: 0, length: 10, sha256: randomText(32), ...fields,
    }];
    const kinds = [
        () => offer({ name: '../../.bashrc' }),
        () => offer({ name: '<script>sing()</script>' }),
        () => offer({ name: 'a\u202Egnp.exe' }),
        () => offer({ name: 'x'.repeat(5_000) }),
        () => offer({ name: '' }),
        () => offer({ bytes: 2 ** 50 }),
        () => offer({ on_request: false }),
        () => offer({ preview: { bytes: 10, sha256: randomText(32) } }),
        () => offer({ kind: { type: 'folder', files: 0, listing: 10 } }),
        () => offer({ kind: { type: 'folder', files: 1, listing: 4_294_967_295 } }),
        () => offer(photo({ width: 0 })),
        () => offer(photo({ width: 4_294_967_295, height: 4_294_967_295 })),
        () => offer({ ...photo({}), bytes: 65 }),
        () => stray('accept', { preview: 9, exact: 9, pieces: 9, root: randomText(32) }),
        () => stray('received', { bytes: 2 ** 52 }),
        () => stray('verified'),
        () => stray('refused', { reason: 'hash' }),
        () => stray('cancel'),
        () => stray('request'),
        () => stray('pause', { pauses: true }),
        () => stray('hold', { holds: true }),
        () => stray('repeat', { exact: 2 ** 52 }),
        () => stray('saved'),
        () => ['control', { type: 'credit', until: 0 }],
        () => ['control', { type: 'name', name: '\u202E<img src=x onerror=sing()>' }],
        () => ['control', { type: 'answer-still', comes: true }],
        () => ['control', { type: 'move-read' }],
        () => ['control', { type: 'hang-up' }],
        () => chat({ type: 'heard', id: item() }),
        () => chat({ type: 'writes' }),
        () => chat({ type: 'log', digest: randomText(32) }),
        () => chat({ type: 'has', ids: randomText(16 * 200) }),
        () => chat({ type: 'want', ids: randomText(16 * 8) }),
        () => piece({ length: 4_294_967_295 }),
        () => piece({ index: 4_294_967_295, offset: 4_294_967_295 }),
        () => piece({ part: 'preview' }),
        () => ['bulk', new TextEncoder().encode('<script>')],
    ];
    window.nonsense = async (name, count) => {
        tell(name, ...offer({ item: refused, name: '/' }));
        await isRead(name);
        tell(name, ...piece({}));
        return flood(name, count, (n) => kinds[n % kinds.length]());
    };
})()";

/// What no honest page can say by mistake: the first ends the connection, whatever comes behind it.
const ENDINGS: [&str; 9] = [
    "['control', '!']",
    "['control', '']",
    "['control', '_w']",
    "['control', randomText(3000)]",
    "['control', n % 100 ? '<script>sing()</script>' : 'A'.repeat(200_000)]",
    "['control', Uint8Array.of(n)]",
    "['bulk', randomText(60)]",
    "['bulk', new Uint8Array(n % 100 ? 30 : 200_000)]",
    "['control', { type: 'confirm', proof: randomText(32), device: randomText(32), signature: randomText(64) }]",
];

#[tokio::test]
async fn a_hundred_thousand_malformed_messages_take_no_memory_and_harm_nobody() -> Result<()> {
    const LIMIT: u64 = 32 * 1024 * 1024;
    let server = Server::start().await?;
    let bob = Tab::without_camera().inject(CANARY).inject(HEARD).open(&server.url()).await?;
    let downloads = bob.keep_downloads().await?;
    bob.open_chat().await?;
    bob.set_name("Bob").await?;
    let carol = Tab::with_camera().open(&bob.link().await?).await?;
    let mallory = Tab::without_camera().inject(FLOOD).inject(LIE).open(&bob.link().await?).await?;
    mallory.wait_connected(2).await?;
    let photo = carol.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    // What code runs for the first time takes its memory once.
    flood(&mallory, 500).await?;
    let before = settled(&bob).await?;
    let told_before = heard(&bob).await?;

    let each = MESSAGES / ENDINGS.len() as u64 + 100;
    for (round, ending) in ENDINGS.iter().enumerate() {
        // A script may run for 30 s.
        for _ in 0..each / 1_000 {
            flood(&mallory, 1_000).await?;
        }
        flood(&mallory, each % 1_000).await?;
        ensure!(
            bob.peers().await?.iter().all(|peer| peer.state == "connected"),
            "nonsense ended a connection"
        );
        let hello = format!("round {round}");
        carol.say(&hello).await?;
        bob.wait_message(&hello).await?;

        let went: u64 = mallory.evaluate(&format!("burst('Bob', 1000, (n) => {ending})")).await?;
        ensure!(went > 0, "{ending} was not said");
        let refused = "document.querySelector('#peers .peer[data-state=refused]')?.innerText";
        let told: String = bob.wait(&format!("{ending} is refused"), refused).await?;
        ensure!(told.contains("its page broke the rules"), "{ending}: a person reads {told}");
        // A new page is a new chance.
        mallory.reload().await?;
        mallory.wait_connected(2).await?;
        bob.wait_connected(2).await?;
    }
    let told = heard(&bob).await? - told_before;
    ensure!(told >= MESSAGES, "no more than {told} messages came");

    let limit = Gauge { page: before.page + LIMIT, tree: before.tree + LIMIT, ..before };
    let after = poll(PATIENCE, async || {
        let now = bob.gauge().await?;
        Ok((now.page < limit.page && now.tree < limit.tree).then_some(now))
    });
    let after = after.await?;
    ensure!(after.is_some(), "{before:?} before, {:?} after {told} messages", bob.gauge().await?);
    println!("{told} messages: {before:?} before, {after:?} after");
    ensure!(bob.files().await?.is_empty() && bob.trail().await?.len() == 1, "something of it is shown");
    nothing_ran(&bob).await?;
    ensure!(fs::read_dir(&downloads)?.next().is_none(), "something was downloaded");

    let photo = carol.snap_and_send().await?;
    assert_eq!(bob.wait_photo(&photo.item).await?, photo);
    bob.say("still here").await?;
    carol.wait_message("still here").await?;
    Ok(())
}

/// Whatever somebody calls a file or a folder is text: the question about it, its place in the list, what is said aloud.
#[tokio::test]
async fn nothing_that_a_file_is_called_runs_or_is_more_than_text() -> Result<()> {
    let corpus = payloads();
    ensure!(corpus.len() >= 500, "{} payloads", corpus.len());
    let server = Server::start().await?;
    let bob = Tab::without_camera().inject(CANARY).inject(HEARD).open(&server.url()).await?;
    bob.set_name("Bob").await?;
    let mallory = Tab::without_camera().inject(FLOOD).inject(LIE).open(&bob.link().await?).await?;
    mallory.wait_connected(1).await?;
    mallory.evaluate::<()>(&format!("void ({OFFERING})")).await?;
    let mut as_they_are = 0;
    for (number, batch) in corpus.chunks(50).enumerate() {
        // As they are; and those that are no name at all, and are refused, without what makes them none.
        let (names, refused): (Vec<_>, Vec<_>) =
            batch.iter().cloned().partition(|payload| !payload.contains(is_no_name));
        as_they_are += names.len();
        let mended = refused.iter().map(|payload| payload.replace(is_no_name, ""));
        let fit: Vec<String> = names.into_iter().chain(mended).collect();
        let mut shown: Vec<String> = fit.iter().map(|name| as_shown(name)).collect();
        let names = to_string(&[refused, fit].concat())?;
        mallory.evaluate::<()>(&format!("offerAll('Bob', {names})")).await?;
        let there = format!("document.querySelectorAll('#fileList > .file').length === {}", shown.len());
        bob.until(&format!("the names of batch {number}"), &there).await?;
        let mut listed: Vec<String> =
            bob.files().await?.iter().map(|file| without_dropped(&file.name)).collect();
        listed.sort_unstable();
        shown.sort_unstable();
        assert_eq!(listed, shown);
        let strange: Vec<String> = bob.evaluate(STRANGE).await?;
        ensure!(strange.is_empty(), "in the page: {strange:?}");
        // The question goes from one to the next; each of them is asked about, and declined or taken back.
        for _ in 0..5 {
            bob.click("#fileAsked .decline").await?;
        }
        mallory.evaluate::<()>("takeBack('Bob')").await?;
        let none = "document.querySelectorAll('#fileList > .file[data-state=offered]').length === 0";
        bob.until("they are taken back", none).await?;
        bob.evaluate::<()>(
            "void document.querySelectorAll('#fileList .remove').forEach((button) => button.click())",
        )
        .await?;
        bob.until("an empty list", "document.querySelectorAll('#fileList > .file').length === 0").await?;
    }
    ensure!(as_they_are > 50, "only {as_they_are} of the payloads can be names");
    bob.drawn().await?;
    nothing_ran(&bob).await?;
    ensure!(bob.evaluate::<String>("document.title").await? == "Snaproom", "the title");
    Ok(())
}

async fn flood(mallory: &Tab, count: u64) -> Result<()> {
    let went: u64 = mallory
        .evaluate(&format!(
            "(async () => {{ window.nonsense ?? {NONSENSE}; return nonsense('Bob', {count}); }})()"
        ))
        .await?;
    ensure!(went == count, "{went} of {count} messages went");
    Ok(())
}

/// Messages that came over the channels of all connections so far.
async fn heard(tab: &Tab) -> Result<u64> {
    tab.evaluate("heard").await
}

/// Nothing sang, and the page's policy had nothing to report; what is listened for is heard.
async fn nothing_ran(tab: &Tab) -> Result<()> {
    assert_eq!(tab.evaluate::<Vec<String>>("sung").await?, [] as [String; 0]);
    assert_eq!(tab.evaluate::<Vec<String>>("reports").await?, [] as [String; 0]);
    tab.evaluate::<()>("void document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror=sing()>')")
        .await?;
    tab.until("a report", "reports.length > 0").await
}

/// Once two looks in a row are alike.
async fn settled(tab: &Tab) -> Result<Gauge> {
    let mut before = tab.gauge().await?;
    let settled = poll(PATIENCE, async || {
        let now = tab.gauge().await?;
        let is_settled = now.tree.abs_diff(before.tree) < 2_000_000;
        before = now;
        Ok(is_settled.then_some(now))
    });
    Ok(settled.await?.unwrap_or(before))
}

/// What no name that a peer may say has.
fn is_no_name(c: char) -> bool {
    let shows = || c == ' ' || c == '`' || !without_dropped(&c.to_string()).is_empty();
    matches!(c, '/' | '\\' | ':') || c.is_control() || !shows()
}

/// What a person reads of a name.
fn as_shown(name: &str) -> String {
    let name = without_dropped(name).replace(['<', '>', '"', '|', '?', '*'], "_");
    name.trim_matches('.').to_owned()
}

/// Counts what comes over any data channel.
const HEARD: &str = "{
    window.heard = 0;
    const { createDataChannel } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.createDataChannel = function (...parameters) {
        const channel = createDataChannel.apply(this, parameters);
        channel.addEventListener('message', () => void (heard += 1));
        return channel;
    };
}";

/// Offers files and folders under these names, and takes them back.
const OFFERING: &str = "(() => {
    const offered = [];
    window.offerAll = async (name, names) => {
        names.forEach((called, n) => {
            const item = randomText(16);
            offered.push(item);
            const kind = n % 2 ? { type: 'file' } : { type: 'folder', files: 1, listing: 10 };
            const how = { bytes: 100, preview: null, resumes: false, on_request: true };
            tell(name, 'control', { type: 'offer', item, name: called, kind, ...how });
        });
        await isRead(name);
    };
    window.takeBack = async (name) => {
        offered.splice(0).forEach((item) => tell(name, 'control', { type: 'cancel', item }));
        await isRead(name);
    };
})()";

/// Elements where a name is shown, and attributes beside it, that no name brings.
const STRANGE: &str =
    "[...document.querySelectorAll('#fileList .name *, #fileAsked [role=alert] *, #filesAloud p *')]
    .concat([...document.querySelectorAll('#fileList .name')].filter((name) =>
        name.getAttributeNames().join() !== 'class,title' || name.title !== name.textContent))
    .map((element) => element.outerHTML)";

const FLOOD: &str = include_str!("../inject/flood.js");
const LIE: &str = include_str!("../inject/lie.js");
