//! Files in a person's words: given, accepted, stopped, saved.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::Tab;

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
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
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

    /// The newest file of this name.
    pub async fn file(&self, name: &str) -> Result<Option<Listed>> {
        Ok(self.files().await?.into_iter().find(|file| file.name == name))
    }

    /// Presses a button of a file, by its class.
    pub async fn press_file(&self, item: &str, button: &str) -> Result<()> {
        self.click(&format!("#fileList > [data-id=\"{item}\"] .{button}")).await
    }
}
