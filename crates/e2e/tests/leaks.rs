//! Nothing that a server must not know passes over its sockets, or stands in its log.

use std::fs;

use anyhow::{Context, Result, ensure};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use hkdf::Hkdf;
use serde::Deserialize;
use sha2::Sha256;
use snaproom_e2e::{PATIENCE, Server, Tab};

const TRAFFIC: &str = include_str!("../inject/traffic.js");

const NAME: &str = "Zebulon Quux";

#[derive(Deserialize)]
struct Traffic {
    texts: Vec<String>,
    descriptions: Vec<String>,
}

/// What is looked for, under a name to be printed in its place.
struct Needle {
    what: &'static str,
    bytes: Vec<u8>,
}

/// A haystack as it is, and what its base64url lines are when they are decoded.
fn layers(texts: &[String]) -> Vec<Vec<u8>> {
    let decoded = texts.iter().filter_map(|text| URL_SAFE_NO_PAD.decode(text).ok());
    texts.iter().map(|text| text.clone().into_bytes()).chain(decoded).collect()
}

impl Needle {
    fn new(what: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { what, bytes: bytes.into() }
    }

    /// As it is, in hex and in base64.
    fn forms(&self) -> Vec<Vec<u8>> {
        let digits = self.bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let hex: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
        let upper = hex.to_uppercase();
        let base64 =
            [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|form| form.encode(&self.bytes));
        let texts = base64.into_iter().chain([hex, upper]).map(String::into_bytes);
        texts.chain([self.bytes.clone()]).collect()
    }

    fn is_in(&self, haystack: &[Vec<u8>]) -> bool {
        let forms = self.forms();
        let finds = |hay: &Vec<u8>| {
            forms.iter().any(|form| hay.windows(form.len()).any(|window| window == form.as_slice()))
        };
        haystack.iter().any(finds)
    }
}

/// What the link's secret leads to (ARCHITECTURE.md, "Joining, in order").
fn derived(secret: &[u8], label: &str, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let prk = Hkdf::<Sha256>::new(Some(b"snaproom/1"), secret);
    prk.expand(label.as_bytes(), &mut bytes).ok().context("HKDF gives less")?;
    Ok(bytes)
}

async fn stored(tab: &Tab, storage: &str, key: &str) -> Result<Vec<u8>> {
    let find = format!("Object.entries({storage}).find(([key]) => key.startsWith('{key}'))[1].split(' ')[0]");
    Ok(URL_SAFE_NO_PAD.decode(tab.evaluate::<String>(&find).await?)?)
}

#[tokio::test]
async fn neither_the_traffic_nor_the_log_of_a_server_tells_what_a_room_is_for() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("log");
    let server = Server::start_logging(&log).await?;
    let alice = Tab::with_camera().inject(TRAFFIC).open(&server.url()).await?;
    let link = alice.link().await?;
    let bob = Tab::without_camera().inject(TRAFFIC).open(&link).await?;
    for tab in [&alice, &bob] {
        tab.wait_connected(1).await?;
    }
    alice.set_name(NAME).await?;
    let named = format!("document.querySelector('.peer .who').innerText === '{NAME}'");
    bob.until("her name", &named).await?;
    let photo = alice.snap_and_send().await?;
    bob.receives_once(&photo, PATIENCE).await?;
    alice.wait_sent(&photo.item, "verified").await?;

    let (mut texts, mut needles) = (Vec::new(), Vec::new());
    let secret = URL_SAFE_NO_PAD.decode(link.split_once('#').context("no fragment")?.1)?;
    for (what, label) in [("the hello key", "hello"), ("the confirm key", "confirm")] {
        needles.push(Needle::new(what, derived(&secret, label, 32)?));
    }
    let room = Needle::new("the room id", derived(&secret, "room-id", 16)?);
    needles.push(Needle::new("the secret", secret));
    needles.push(Needle::new("a name", NAME));
    needles.push(Needle::new("a photo's id", URL_SAFE_NO_PAD.decode(&photo.item)?));
    let mut tokens = Vec::new();
    for tab in [&alice, &bob] {
        tokens.push(Needle::new("a token", stored(tab, "sessionStorage", "snaproom:token:").await?));
        needles.push(Needle::new("a device's secret", stored(tab, "localStorage", "snaproom:device").await?));
        let traffic: Traffic = tab.evaluate("window.traffic").await?;
        ensure!(traffic.texts.len() >= 5 && traffic.descriptions.len() >= 2, "little was caught");
        for line in traffic.descriptions.iter().flat_map(|sdp| sdp.lines()) {
            if ["a=fingerprint:", "a=ice-ufrag:", "a=ice-pwd:"].iter().any(|start| line.starts_with(start)) {
                needles.push(Needle::new("a line of a description", line));
                let value = line.rsplit([':', ' ']).next().unwrap_or(line);
                // Four letters are found anywhere.
                if value.len() > 8 {
                    needles.push(Needle::new("a value of a description", value));
                }
            }
        }
        texts.extend(traffic.texts);
    }
    let log = fs::read_to_string(log)?;
    let lines: Vec<String> = log.lines().map(str::to_owned).collect();
    let (traffic, log) = (layers(&texts), layers(&lines));

    // What is there is found: the search can find, and the log tells something.
    for there in tokens.iter().chain([&room]) {
        ensure!(there.is_in(&traffic), "{} is not in what the join carried", there.what);
    }
    ensure!(lines.iter().any(|line| line.contains("TRACE") || line.contains("DEBUG")), "a silent log");
    println!("{} needles, {} frames, {} lines of the log", needles.len(), texts.len(), lines.len());
    for needle in &needles {
        ensure!(!needle.is_in(&traffic), "{} passed over the socket", needle.what);
    }
    for needle in needles.iter().chain(&tokens) {
        ensure!(!needle.is_in(&log), "{} stands in the log", needle.what);
    }
    Ok(())
}
