//! Files where something goes otherwise than it should: people who do not want them, disks that are full, files that
//! change, networks that break, tabs that are loaded anew; and what a big one takes of the machine.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use snaproom_e2e::{PATIENCE, Server, Tab, ensure_same, is_long_run, poll, two_tabs};

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

#[tokio::test]
async fn of_four_recipients_one_declines_one_cancels_one_reloads_and_all_but_two_get_it() -> Result<()> {
    const BYTES: u64 = 12_000_000;
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let link = alice.link().await?;
    let mut ids = alice.wait_connected(1).await?;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(Tab::without_camera().inject(LIE).open(&link).await?);
        let here = alice.wait_connected(ids.len() + 1).await?;
        ids.extend(here.into_iter().find(|id| !ids.contains(id)));
    }
    let [carol, dora, erin] = &others[..] else { bail!("somebody is missing") };
    for tab in [dora, erin] {
        tab.wait_connected(4).await?;
        // It gets no further than the first window, before a reload.
        tab.evaluate::<()>("void (lie = stalling())").await?;
    }

    // To one alone.
    let note = alice.make_file("for Bob.txt", 1000)?;
    alice.click(&format!(".giveTo [data-peer=\"{}\"]", ids[0])).await?;
    alice.give(&[&note]).await?;
    bob.wait_file("for Bob.txt", "offered").await?;
    let listed = alice.file("for Bob.txt").await?.context("it is listed")?;
    ensure!(listed.recipients == [(ids[0].clone(), "offered".into())], "{listed:?}");
    alice.click(".giveTo > :first-child").await?;

    let film = alice.make_file("film.mp4", BYTES)?;
    alice.give(&[&film]).await?;
    for tab in [&bob, dora, erin] {
        tab.accept_file("film.mp4").await?;
    }
    let declined = carol.wait_file("film.mp4", "offered").await?;
    ensure!(carol.files().await?.len() == 1, "Carol sees what is for Bob");
    carol.press_file(&declined.item, "decline").await?;
    let item = dora.wait_file("film.mp4", "active").await?.item;
    dora.press_file(&item, "cancel").await?;
    erin.wait::<bool>("something of it is on the disk", STORED).await?;
    erin.reload().await?;

    for tab in [&bob, erin] {
        tab.wait_file("film.mp4", "verified").await?;
        let downloads = tab.keep_downloads().await?;
        tab.press_file(&item, "save").await?;
        ensure_same(&tab.downloaded(&downloads, "mp4").await?, &film)?;
    }
    dora.wait_file("film.mp4", "cancelled").await?;
    let wanted = ["saved", "declined", "cancelled", "saved"];
    let became = poll(PATIENCE, async || {
        let told = alice.file("film.mp4").await?.context("it is listed")?.recipients;
        let of = |id: &String| told.iter().find(|(who, _)| who == id).map(|(_, state)| state.clone());
        let told: Vec<_> = ids.iter().filter_map(of).collect();
        Ok((told == wanted).then_some(()))
    });
    became.await?.with_context(|| format!("not {wanted:?}"))
}

#[tokio::test]
async fn a_full_disk_stops_a_file_keeps_its_part_and_lets_it_go_on() -> Result<()> {
    const BYTES: u64 = 80_000_000;
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let path = alice.make_file("film.mp4", BYTES)?;
    alice.give(&[&path]).await?;
    let item = bob.accept_file("film.mp4").await?;
    bob.wait_bytes(&item, 5_000_000).await?;
    bob.limit_storage(Some(1)).await?;
    let full = bob.wait_file("film.mp4", "paused").await?;
    ensure!(full.words.contains("no room left on this device"), "{full:?}");
    ensure!(full.bytes >= 5_000_000 && full.bytes < BYTES, "{full:?}");
    let told = alice.wait_file("film.mp4", "paused").await?;
    ensure!(told.recipients[0].1 == "paused", "{told:?}");

    // What came can be saved as it is.
    bob.limit_storage(None).await?;
    let downloads = bob.keep_downloads().await?;
    bob.press_file(&item, "save").await?;
    let part = fs::read(bob.downloaded(&downloads, "part").await?)?;
    ensure!(part.len() as u64 >= full.bytes, "{} bytes are saved of {full:?}", part.len());
    ensure!(fs::read(&path)?.starts_with(&part), "other bytes");

    bob.press_file(&item, "resume").await?;
    bob.wait_file("film.mp4", "verified").await?;
    bob.press_file(&item, "save").await?;
    ensure_same(&bob.downloaded(&downloads, "mp4").await?, &path)
}

#[tokio::test]
async fn what_was_never_wanted_for_lack_of_room_is_said_before_it_comes() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let path = alice.make_file("film.mp4", 30_000_000)?;
    alice.give(&[&path]).await?;
    bob.wait_file("film.mp4", "offered").await?;
    // What browsers say of it is an estimate; some say the same to everybody.
    let estimate = "void (StorageManager.prototype.estimate = async () => ({ quota: 20_000_000, usage: 0 }))";
    bob.evaluate::<()>(estimate).await?;
    bob.accept_file("film.mp4").await?;
    bob.until("it is said", "document.querySelector('#notice').textContent.includes('takes 30 MB')").await?;
    bob.wait_file("film.mp4", "offered").await?;
    bob.evaluate::<()>(&estimate.replace("20_", "90_")).await?;
    bob.accept_file("film.mp4").await?;
    bob.wait_file("film.mp4", "verified").await?;
    Ok(())
}

/// A file that is changed at `place` when 5 MB of it came, and chosen again.
async fn changed_at(place: SeekFrom) -> Result<(Server, Tab, Tab, PathBuf, String)> {
    let (server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let path = alice.make_file("film.mp4", 40_000_000)?;
    alice.give(&[&path]).await?;
    let item = bob.accept_file("film.mp4").await?;
    bob.wait_bytes(&item, 5_000_000).await?;
    bob.press_file(&item, "pause").await?;
    alice.wait_file("film.mp4", "paused").await?;
    let mut file = fs::OpenOptions::new().write(true).open(&path)?;
    file.seek(place)?;
    file.write_all(b"another")?;
    drop(file);
    bob.press_file(&item, "resume").await?;
    let stopped = "document.querySelector('#fileList .how').textContent.includes('choose it again')";
    alice.until("it is said that it has to be chosen again", stopped).await?;
    bob.wait_file("film.mp4", "paused").await?;
    alice.wait_usable("#fileList .supply").await?;
    // By its time it is another file: its person says that it is this one. No dialog opens for what no person pressed.
    alice.evaluate::<()>("document.querySelector('#fileList .supply').click()").await?;
    alice.give(&[&path]).await?;
    Ok((server, alice, bob, path, item))
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_goes_on_once_it_is_chosen_again() -> Result<()> {
    let (_server, _alice, bob, path, item) = changed_at(SeekFrom::End(-7)).await?;
    bob.wait_file("film.mp4", "verified").await?;
    let downloads = bob.keep_downloads().await?;
    bob.press_file(&item, "save").await?;
    ensure_same(&bob.downloaded(&downloads, "mp4").await?, &path)
}

#[tokio::test]
async fn a_file_whose_beginning_changed_is_not_taken_for_the_same() -> Result<()> {
    let (_server, alice, bob, ..) = changed_at(SeekFrom::Start(100)).await?;
    alice.wait_file("film.mp4", "failed").await?;
    let told = alice.text("#fileList .recipient .how").await?;
    ensure!(told.contains("beginning of another file"), "{told}");
    let ended = "!['active', 'verified'].includes(document.querySelector('#fileList > li').dataset.state)";
    bob.until("nothing more of it comes", ended).await
}

/// What came of a file in a browser beside what it took before.
struct Grown {
    before: u64,
    most: u64,
}

impl Grown {
    async fn of(tab: &Tab) -> Result<Self> {
        let before = tab.gauge().await?.tree;
        Ok(Self { before, most: before })
    }

    fn look(&mut self, tab: &Tab) -> Result<()> {
        self.most = self.most.max(tab.tree_memory()?);
        Ok(())
    }

    fn by(&self) -> u64 {
        self.most - self.before
    }
}

/// Both browsers with all their processes, while a file goes from one to the other.
#[tokio::test]
async fn a_big_file_takes_less_than_100_mb_on_either_side() -> Result<()> {
    const MOST: u64 = 100_000_000;
    let bytes = if is_long_run() { GIB } else { 256 * MIB };
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    let path = alice.make_file("film.mp4", bytes)?;
    // What each page takes for files at all is no part of it.
    let small = alice.make_file("small.bin", 1000)?;
    alice.give(&[&small]).await?;
    bob.accept_file("small.bin").await?;
    bob.wait_file("small.bin", "verified").await?;
    let mut grown = [Grown::of(&alice).await?, Grown::of(&bob).await?];
    alice.give(&[&path]).await?;
    bob.accept_file("film.mp4").await?;
    let begun = std::time::Instant::now();
    let came = poll(Duration::from_mins(10), async || {
        grown[0].look(&alice)?;
        grown[1].look(&bob)?;
        let file = bob.file("film.mp4").await?.context("it is listed")?;
        if file.state == "failed" {
            bail!("{file:?}");
        }
        Ok((file.state == "verified").then_some(()))
    });
    came.await?.context("it did not come")?;
    let [sender, receiver] = [grown[0].by(), grown[1].by()];
    println!(
        "{bytes} bytes in {:?}: the sender grew by {sender} bytes, the receiver by {receiver}",
        begun.elapsed()
    );
    ensure!(sender < MOST && receiver < MOST, "{sender} and {receiver} bytes more than before");
    Ok(())
}

#[cfg(target_os = "linux")]
mod interrupted {
    use snaproom_e2e::{Conditions, Network, Proxy};

    use super::*;

    /// What happens to a file on its way.
    #[derive(Debug, Clone, Copy)]
    enum Interruption {
        /// Both lose their sockets to the server.
        Sockets,
        /// Who gets it loads the page anew.
        Receiver,
        /// The two cannot reach each other until both have noticed.
        Path,
        /// Who gives it loads the page anew, and chooses the file again.
        Sender,
    }

    const IN_TURN: [Interruption; 4] =
        [Interruption::Sockets, Interruption::Receiver, Interruption::Path, Interruption::Sender];

    /// What may be sent twice for each.
    const TWICE: u64 = MIB;

    #[tokio::test]
    async fn a_file_outlives_whatever_interrupts_it_and_hardly_anything_goes_twice() -> Result<()> {
        let (bytes, times) = if is_long_run() { (GIB, 20) } else { (64 * MIB, 6) };
        let network = Network::new()?;
        let (homes, cloud) = ([network.host()?, network.host()?], network.host()?);
        let server = Server::start().await?;
        let proxy = Proxy::on(&cloud, &server)?;
        let alice = Tab::without_camera().inject(OUTGOING).on(&homes[0]).open(&proxy.url()).await?;
        let bob = Tab::without_camera().on(&homes[1]).open(&alice.link().await?).await?;
        for tab in [&alice, &bob] {
            tab.wait_connected(1).await?;
        }
        let path = network.between(&homes[0], &homes[1]);
        // So that there is something left to be interrupted.
        let good = Conditions {
            rate: Some(bytes / if is_long_run() { 60 } else { 12 } * 8),
            queue: 512 * 1024,
            ..Conditions::PERFECT
        };
        path.set(good);
        let film = alice.make_file("film.mp4", bytes)?;
        alice.give(&[&film]).await?;
        let item = bob.accept_file("film.mp4").await?;

        for (number, interruption) in (0..times).zip(IN_TURN.into_iter().cycle()) {
            bob.wait_bytes(&item, bytes / (times + 1) * number + MIB).await?;
            let before = bob.file("film.mp4").await?.context("it is listed")?;
            ensure!(
                before.state == "active",
                "nothing is left to be interrupted by {interruption:?}: {before:?}"
            );
            match interruption {
                Interruption::Sockets => {
                    let opened = proxy.counters().opened;
                    ensure!(proxy.reset().await? == 2, "not both had a socket");
                    proxy.wait("both sockets are back", |now| now.opened >= opened + 2).await?;
                }
                Interruption::Receiver => bob.reload().await?,
                Interruption::Path => {
                    path.set(Conditions::DOWN);
                    for tab in [&alice, &bob] {
                        let away = "document.querySelector('.peer')?.dataset.state === 'away'";
                        tab.until("the other one is missed", away).await?;
                    }
                    path.set(good);
                }
                Interruption::Sender => {
                    alice.reload().await?;
                    alice.wait_file("film.mp4", "paused").await?;
                    alice.give(&[&film]).await?;
                }
            }
            for tab in [&alice, &bob] {
                tab.wait_connected(1).await?;
            }
            let after = bob.file("film.mp4").await?.context("it is listed")?;
            ensure!(
                after.bytes >= before.bytes,
                "what came is gone after {interruption:?}: {before:?} {after:?}"
            );
        }
        bob.wait_file_for("film.mp4", "verified", Duration::from_mins(5)).await?;
        let downloads = bob.keep_downloads().await?;
        bob.press_file(&item, "save").await?;
        ensure_same(&bob.downloaded(&downloads, "mp4").await?, &film)?;

        let outgoing: u64 = alice.evaluate("outgoing").await?;
        println!(
            "{bytes} bytes, {times} interruptions: {} bytes were sent twice",
            outgoing.saturating_sub(bytes)
        );
        ensure!(outgoing >= bytes, "not all was counted: {outgoing}");
        ensure!(outgoing - bytes <= times * TWICE, "{} bytes were sent twice", outgoing - bytes);
        Ok(())
    }

    const OUTGOING: &str = include_str!("../inject/outgoing.js");
}

/// True once any file of somebody else has bytes.
const STORED: &str = "(async () => {
    try {
        const places = await (await navigator.storage.getDirectory()).getDirectoryHandle('files');
        for await (const place of places.values()) {
            for await (const file of place.values()) {
                const data = await (await file.getFileHandle('data')).getFile();
                if (data.size > 0) return true;
            }
        }
    } catch { }
    return null;
})()";

const LIE: &str = include_str!("../inject/lie.js");
