//! A server that lies, between real browsers: it gets nothing, and nothing that it makes up is ever shown. The same
//! attacker wins where the protection is switched off.

mod attacker;
mod middle;
mod plain;
mod policy;

use std::{
    env,
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use snaproom_e2e::{Options, PATIENCE, Photo, Server, Serves, Tab, is_long_run, poll};
use snaproom_protocol::control::Control;
use tokio::time::{Instant, sleep_until};

use attacker::Attacker;
use middle::Tactic;
use policy::{Policy, Trick};

/// How long each policy is played: pages that are let through take a third of it to connect.
const ATTACK: Duration = Duration::from_millis(1_250);

/// How many policies are played where there is not time for more: each trick is the favourite of one at least.
const RUNS: u64 = 20;

/// What Alice wants to be called by her friends alone.
const NAME: &str = "Alice of the canaries";

/// What is in every negotiation, and in none of the words around a sealed one.
const NEGOTIATION: [&str; 3] = ["fingerprint:sha-256", "ice-ufrag", "candidate:"];

#[tokio::test]
async fn whatever_a_server_does_to_a_sealed_room_it_gets_nothing_and_shows_nothing() -> Result<()> {
    let server = Server::start().await?;
    let mut people = People::meet(&server).await?;
    let carol = Tab::without_camera().remembered().open(&people.attacker.link("carol")).await?;
    let (first, runs) = seeds()?;
    let mut next = first;
    // Chance can leave out a lie, and then some runs more have it.
    while next < first + runs || (runs >= RUNS && next < first + 2 * runs && !people.untold().is_empty()) {
        let run = people.play(next, &carol).await;
        run.with_context(|| format!("failed with SNAPROOM_SEED={next}"))?;
        next += 1;
    }
    println!(
        "{} runs from seed {first}, {} photos while it lied: {:?}",
        next - first,
        people.photos_under_attack,
        people.attacker.played()
    );
    let untold = people.untold();
    ensure!(runs < RUNS || untold.is_empty(), "these lies were never told: {untold:?}");
    Ok(())
}

#[tokio::test]
async fn somebody_in_the_middle_of_an_unsealed_room_is_found_out_by_the_proof() -> Result<()> {
    let server = Server::start_with(Options { serves: Serves::Insecure, ..Options::default() }).await?;
    let people = People::meet(&server).await?;
    for tactic in Tactic::ALL {
        is_found_out(&people, tactic).await.with_context(|| format!("the proof was {tactic}"))?;
    }
    Ok(())
}

/// In the very build in which it has nothing where a link is a secret: a room's name alone makes it weak.
#[tokio::test]
async fn the_same_attacker_wins_where_nothing_is_sealed_and_nothing_proved() -> Result<()> {
    let server = Server::start_with(Options { serves: Serves::Insecure, ..Options::default() }).await?;
    let people = People::meet(&server).await?;
    people.attacker.take(Tactic::Forwarded).await?;
    people.enter(&secret(&random(0))).await?;
    people.share_a_photo().await?;
    people.gave_nothing_away().await?;

    for tactic in Tactic::ALL {
        wins(&people, tactic).await.with_context(|| format!("the proof was {tactic}"))?;
    }
    wins_while_it_lies(&people).await
}

/// Two friends, and the server that they use.
struct People {
    attacker: Attacker,
    alice: Tab,
    bob: Tab,
    photos_under_attack: usize,
}

impl People {
    async fn meet(server: &Server) -> Result<Self> {
        let (attacker, alice, bob) = tokio::try_join!(
            Attacker::before(server),
            Tab::with_camera().remembered().load("about:blank"),
            Tab::without_camera().remembered().load("about:blank"),
        )?;
        let (alices, bobs) = (attacker.link("alice"), attacker.link("bob"));
        tokio::try_join!(alice.go(&alices), bob.go(&bobs))?;
        alice.start_camera().await?;
        alice.click("#editName").await?;
        let field = "document.querySelector('#nameInput')";
        alice.until("the name can be typed", &format!("document.activeElement === {field}")).await?;
        alice
            .evaluate::<()>(&format!(
                "void ((field) => {{ field.value = {NAME:?}; field.form.requestSubmit(); }})({field})"
            ))
            .await?;
        Ok(Self { attacker, alice, bob, photos_under_attack: 0 })
    }

    /// Alice and Bob go to another room.
    async fn enter(&self, fragment: &str) -> Result<()> {
        let link = self.attacker.link(fragment);
        self.alice.paste_link(&link).await?;
        self.bob.paste_link(&link).await
    }

    /// One policy in rooms of its own, with Carol alone in another: while it is played, and once the server is good.
    async fn play(&mut self, seed: u64, carol: &Tab) -> Result<()> {
        let (here, elsewhere) = (random(seed), random(!seed));
        self.attacker.take(Tactic::Forwarded).await?;
        self.attacker.attack(Policy::of(seed));
        self.enter(&secret(&here)).await?;
        carol.paste_link(&self.attacker.link(&secret(&elsewhere))).await?;
        let under_attack = self.share_what_can_be_shared().await?;
        let mut sent: Vec<_> = under_attack.iter().collect();
        self.saw_nothing_false(&sent, carol).await.context("while it lied")?;
        self.attacker.behave();

        let afterwards = self.share_a_photo().await.context("once the server was good")?;
        for photo in &sent {
            self.bob.receives_once(photo, PATIENCE).await?;
            self.photos_under_attack += 1;
        }
        sent.push(&afterwards);
        self.saw_nothing_false(&sent, carol).await.context("once the server was good")?;
        self.gave_nothing_away().await?;

        let envelopes = self.attacker.envelopes();
        ensure!(!envelopes.is_empty(), "nobody said anything");
        for envelope in &envelopes {
            let is_read = plain::signal(envelope).is_some() || plain::hello(envelope).is_some();
            ensure!(!is_read, "an envelope can be read: {envelope:?}");
        }
        let traffic = self.attacker.traffic();
        let words = NEGOTIATION.into_iter().chain([NAME]).map(str::to_owned);
        for word in words.chain([secret(&here), hex(&here)]) {
            ensure!(!holds(&traffic, word.as_bytes()), "the server heard {word}");
        }
        for Photo { item, .. } in sent {
            ensure!(!holds(&traffic, &URL_SAFE_NO_PAD.decode(item)?), "the server heard of {item}");
        }
        ensure!(!holds(&traffic, &here), "the server heard the secret");
        self.attacker.is_well()
    }

    /// Alice sends a photo as soon as she can; none where the server lets nobody through.
    async fn share_what_can_be_shared(&self) -> Result<Option<Photo>> {
        let end = Instant::now() + ATTACK;
        let can_send = async || Ok(self.alice.is_usable("#snapAndSend").await?.then_some(()));
        let photo = match poll(ATTACK, can_send).await? {
            Some(()) => self.try_to_send().await?,
            None => None,
        };
        sleep_until(end).await;
        Ok(photo)
    }

    /// None where Bob was lost in the very moment.
    async fn try_to_send(&self) -> Result<Option<Photo>> {
        let click = "document.querySelector('#snapAndSend').click()";
        let sent = "document.querySelector('.transfer[data-direction=out]')?.dataset.id";
        self.alice.evaluate::<()>(&format!("void {click}")).await?;
        let item = poll(ATTACK, async || self.alice.evaluate::<Option<String>>(sent).await).await?;
        match item {
            Some(item) => Ok(Some(self.alice.read_canvas(&item, "document.querySelector('#photo')").await?)),
            None => Ok(None),
        }
    }

    /// The two find each other, and a photo arrives as it is.
    async fn share_a_photo(&self) -> Result<Photo> {
        self.alice.wait_connected(1).await?;
        self.bob.wait_connected(1).await?;
        let photo = self.alice.snap_and_send().await?;
        self.bob.receives_once(&photo, PATIENCE).await?;
        Ok(photo)
    }

    /// Nobody who is not real was ever connected, nobody at all with Carol, and no photo came that Alice did not send.
    async fn saw_nothing_false(&self, sent: &[&Photo], carol: &Tab) -> Result<()> {
        let real = self.attacker.seated();
        for (tab, is_alone) in [(&self.alice, false), (&self.bob, false), (carol, true)] {
            let history = tab.history().await?;
            let mut connected = history.of_people().filter(|said| said.state == "connected");
            let stranger = connected.find(|said| is_alone || !real.contains(&said.who));
            ensure!(stranger.is_none(), "somebody was connected who is not in the room: {stranger:?}");
        }
        for (tab, sent) in [(&self.alice, &[][..]), (&self.bob, sent), (carol, &[])] {
            for shown in tab.trail().await? {
                ensure!(sent.iter().any(|photo| photo.item == shown.item), "nobody sent this: {shown:?}");
            }
        }
        Ok(())
    }

    /// Lies that were not told in any attack that is over.
    fn untold(&self) -> Vec<Trick> {
        let told = self.attacker.played();
        Trick::all().filter(|trick| !told.contains_key(trick)).collect()
    }

    async fn gave_nothing_away(&self) -> Result<()> {
        let loot = self.attacker.loot().await?;
        let words = loot.words()?;
        ensure!(words.iter().all(Vec::is_empty) && loot.bulk_messages() == 0, "it heard {words:?}");
        Ok(())
    }
}

/// Both pages see that somebody sits between them, before either says more than its proof.
async fn is_found_out(people: &People, tactic: Tactic) -> Result<()> {
    people.attacker.take(tactic).await?;
    people.enter(&format!("unsealed-{tactic}")).await?;
    for tab in [&people.alice, &people.bob] {
        let refused = "document.querySelectorAll('#peers .peer[data-state=refused]').length === 1";
        tab.until("the other is refused", refused).await?;
        let history = tab.history().await?;
        let mut people = history.of_people();
        ensure!(people.all(|said| said.state != "connected"), "it was taken for the other: {history:?}");
        ensure!(tab.trail().await?.is_empty(), "a photo came");
    }
    ensure!(!people.alice.is_usable("#snapAndSend").await?, "there is somebody to send photos to");
    was_in_the_middle(people).await?;
    let loot = people.attacker.loot().await?;
    let words = loot.words()?;
    let proofs = words.iter().all(|words| matches!(words.as_slice(), [Control::Confirm { .. }]));
    ensure!(proofs && loot.bulk_messages() == 0, "more than the proofs was said: {words:?}");
    people.attacker.is_well()
}

/// The two take the attacker for each other, and it has what they share.
async fn wins(people: &People, tactic: Tactic) -> Result<()> {
    people.attacker.take(tactic).await?;
    people.enter(&format!("unproven-{tactic}")).await?;
    let photo = people.share_a_photo().await?;
    was_in_the_middle(people).await?;
    let loot = people.attacker.loot().await?;
    ensure!(loot.pixels()? == photo.pixels, "what it has is not the photo");
    let words = loot.words()?;
    let mut all = words.iter().flatten();
    let is_named = |word: &Control| matches!(word, Control::Name { name } if name == NAME);
    ensure!(all.any(is_named), "it did not hear her name: {words:?}");
    for word in NEGOTIATION {
        ensure!(holds(&people.attacker.traffic(), word.as_bytes()), "{word} is never found, wherever it is");
    }
    people.attacker.is_well()
}

/// Under policies of which the sealed rooms take no harm: some of them let enough through.
async fn wins_while_it_lies(people: &People) -> Result<()> {
    let (first, _) = seeds()?;
    for seed in first..first + 30 {
        people.attacker.take(Tactic::Forwarded).await?;
        people.attacker.attack(Policy::of(seed));
        people.enter(&format!("unproven-{seed}")).await?;
        let photo = people.share_what_can_be_shared().await?;
        let has_it = async |photo: &Photo| {
            Ok::<_, anyhow::Error>(people.attacker.loot().await?.pixels()? == photo.pixels)
        };
        if let Some(photo) = photo
            && has_it(&photo).await?
        {
            return people.attacker.is_well();
        }
        people.attacker.behave();
    }
    bail!("it did not win once, from SNAPROOM_SEED={first} on")
}

/// The attack was carried out: DTLS and both channels stood, with either page.
async fn was_in_the_middle(people: &People) -> Result<()> {
    let sides = people.attacker.sides().await?;
    let stood =
        |side: &&middle::Side| side.opened == 2 && side.states.iter().any(|state| state == "connected");
    ensure!(sides.iter().filter(stood).count() == 2, "it was not in the middle: {sides:?}");
    Ok(())
}

/// The first seed and how many there are: the one of `SNAPROOM_SEED`, or as many as there is time for.
fn seeds() -> Result<(u64, u64)> {
    if let Ok(seed) = env::var("SNAPROOM_SEED") {
        return Ok((seed.parse().context("SNAPROOM_SEED is no number")?, 1));
    }
    // Room for as many more.
    let first = RandomState::new().build_hasher().finish() >> 16;
    Ok((first, if is_long_run() { 10 * RUNS } else { RUNS }))
}

fn random(seed: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

/// A private link's fragment.
fn secret(bytes: &[u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn hex(bytes: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*bytes))
}

fn holds(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|here| here == part)
}
