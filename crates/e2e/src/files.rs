//! Files in a person's words: given, accepted, stopped, saved.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::{Tab, poll};

/// A file in the page's list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Listed {
    /// `data-id`.
    pub item: String,
    /// Its name as it is shown.
    pub name: String,
    /// `data-state`.
    pub state: String,
    /// `data-bytes`.
    pub bytes: u64,
    /// `data-total`.
    pub total: u64,
    /// What a person reads about it.
    pub words: String,
    /// `.recipient[data-state]`, each with whose it is.
    pub recipients: Vec<(String, String)>,
}

/// Writes a file whose bytes are different everywhere, a mebibyte at a time.
pub fn make_file(path: &Path, bytes: u64) -> Result<()> {
    const STEP: u64 = 1 << 20;
    let mut file = std::io::BufWriter::new(fs::File::create(path)?);
    let mut word = 0x9E37_79B9_7F4A_7C15_u64 ^ bytes;
    let mut left = bytes;
    while left > 0 {
        let mut step = Vec::with_capacity(STEP as usize);
        while step.len() < left.min(STEP) as usize {
            word = word.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            step.extend_from_slice(&word.to_le_bytes());
        }
        step.truncate(left.min(STEP) as usize);
        file.write_all(&step)?;
        left -= step.len() as u64;
    }
    file.flush().context("the file cannot be written")
}

/// A JPEG of 16×16 that tells where it was taken: start, Exif with a position, tables and a frame, one scan, end.
#[must_use]
pub fn photo_with_position() -> Vec<u8> {
    const REST: &[u8] =
        b"\xFF\xDB\0\x05\0\x01\x01\xFF\xC0\0\x0B\x08\0\x10\0\x10\x01\x01\x11\0\xFF\xC4\0\x04\0\0\
        \xFF\xDA\0\x08\x01\x01\0\0\x3F\0picture\xFF\0\xFF\xD0picture\xFF\xD9";
    // One directory that leads to another, in which the latitude is: N, and 47° 22′ 30″ behind it.
    let mut tiff = b"II*\0\x08\0\0\0\x01\0\x25\x88\x04\0\x01\0\0\0\x1A\0\0\0\0\0\0\0".to_vec();
    tiff.extend(b"\x02\0\x01\0\x02\0\x02\0\0\0N\0\0\0\x02\0\x05\0\x03\0\0\0\x38\0\0\0\0\0\0\0");
    for part in [47_u32, 22, 30] {
        tiff.extend([part.to_le_bytes(), 1_u32.to_le_bytes()].concat());
    }
    let exif = [b"Exif\0\0", tiff.as_slice()].concat();
    let length = exif.len() as u16 + 2;
    [&[0xFF, 0xD8, 0xFF, 0xE1], length.to_be_bytes().as_slice(), &exif, REST].concat()
}

/// Fails unless both files have the same bytes; reads a mebibyte of each at a time.
pub fn ensure_same(one: &Path, other: &Path) -> Result<()> {
    const STEP: u64 = 1 << 20;
    let (mut one, mut other) = (fs::File::open(one)?, fs::File::open(other)?);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for place in 0.. {
        first.clear();
        second.clear();
        Read::by_ref(&mut one).take(STEP).read_to_end(&mut first)?;
        Read::by_ref(&mut other).take(STEP).read_to_end(&mut second)?;
        ensure!(first == second, "other bytes in mebibyte {place}");
        if first.is_empty() {
            break;
        }
    }
    Ok(())
}

impl Tab {
    /// Makes a file of so many bytes where this browser's things are.
    pub fn make_file(&self, name: &str, bytes: u64) -> Result<PathBuf> {
        let path = self.folder().join(name);
        make_file(&path, bytes)?;
        Ok(path)
    }

    /// Gives files to everybody, or to whom is chosen.
    pub async fn give(&self, files: &[&Path]) -> Result<()> {
        self.choose_files("#fileInput", files).await
    }

    /// Drops files on the page, as out of the system's folder.
    pub async fn drop_files(&self, files: &[&Path]) -> Result<()> {
        let (x, y): (f64, f64) = self
            .evaluate(
                "(({ left, top, width }) => [left + width / 2, Math.max(top, 0) + 10])\
                 (document.querySelector('main.room').getBoundingClientRect())",
            )
            .await?;
        let data = json!({ "items": [], "files": files, "dragOperationsMask": 1 });
        for kind in ["dragEnter", "dragOver", "drop"] {
            let drag = json!({ "type": kind, "x": x, "y": y, "data": data });
            self.cdp("Input.dispatchDragEvent", drag).await?;
        }
        Ok(())
    }

    /// The list of files, newest first.
    pub async fn files(&self) -> Result<Vec<Listed>> {
        self.evaluate(
            "[...document.querySelectorAll('#fileList > .transfer')].map((file) => ({
                item: file.dataset.id,
                name: file.querySelector('.name').textContent,
                state: file.dataset.state,
                bytes: +file.dataset.bytes,
                total: +file.dataset.total,
                words: file.querySelector('.how').textContent,
                recipients: [...file.querySelectorAll('.recipient')].map((to) => [to.dataset.peer, to.dataset.state]),
            }))",
        )
        .await
    }

    /// Waits until the newest file of this name is in this state.
    pub async fn wait_file(&self, name: &str, state: &str) -> Result<Listed> {
        let found = format!(
            "[...document.querySelectorAll('#fileList > .transfer')]
                .find((file) => file.querySelector('.name').textContent === {name:?})?.dataset.state === {state:?}"
        );
        self.until(&format!("{name} is {state}"), &found).await?;
        self.file(name).await?.with_context(|| format!("{name} is gone"))
    }

    /// The same for as long as `limit`, for what takes its time. Fails at once where it fails.
    pub async fn wait_file_for(&self, name: &str, state: &str, limit: Duration) -> Result<Listed> {
        let found = poll(limit, async || {
            let file = self.file(name).await?;
            if let Some(file) = file.as_ref().filter(|file| file.state == "failed") {
                bail!("it failed: {file:?}");
            }
            Ok(file.filter(|file| file.state == state))
        });
        found.await?.with_context(|| format!("{name} is not {state} within {limit:?}"))
    }

    /// Waits until so many bytes of a file of somebody else came, and were checked.
    pub async fn wait_bytes(&self, item: &str, bytes: u64) -> Result<()> {
        let came =
            format!("+document.querySelector('#fileList > [data-id=\"{item}\"]')?.dataset.bytes >= {bytes}");
        self.until(&format!("{bytes} bytes of it came"), &came).await
    }

    /// Accepts the newest file of this name, once it is offered; gives its id.
    pub async fn accept_file(&self, name: &str) -> Result<String> {
        let file = self.wait_file(name, "offered").await?;
        self.press_file(&file.item, "accept").await?;
        Ok(file.item)
    }

    /// The newest file of this name.
    pub async fn file(&self, name: &str) -> Result<Option<Listed>> {
        Ok(self.files().await?.into_iter().find(|file| file.name == name))
    }

    /// Presses a button of a file, by its class.
    pub async fn press_file(&self, item: &str, button: &str) -> Result<()> {
        let selector = format!("#fileList > [data-id=\"{item}\"] .{button}");
        // Where the question about another file lies over nothing of it.
        let scroll =
            format!("void document.querySelector({selector:?})?.scrollIntoView({{ block: 'center' }})");
        self.evaluate::<()>(&scroll).await?;
        self.click(&selector).await
    }
}
