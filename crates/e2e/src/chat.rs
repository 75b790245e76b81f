//! What people write, in a person's words.

use anyhow::Result;
use serde::Deserialize;
use serde_json::to_string;

use crate::Tab;

/// A message in the page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// `data-author`.
    pub author: String,
    /// `data-source`: `own`, `author`, `passed-on`.
    pub source: String,
    /// What its author is called.
    pub name: String,
    /// What was written, as it shows.
    pub text: String,
}

impl Tab {
    /// Unfolds what is written, where it is folded.
    pub async fn open_chat(&self) -> Result<()> {
        if !self.evaluate::<bool>("document.querySelector('#chatBody').checkVisibility()").await? {
            self.click("#chatFold").await?;
        }
        self.until("the chat shows", "document.querySelector('#chatBody').checkVisibility()").await
    }

    /// Writes to everybody, whether the chat shows or not.
    pub async fn say(&self, text: &str) -> Result<()> {
        let text = to_string(text)?;
        self.evaluate(&format!(
            "void ((field) => {{
                field.value = {text};
                field.dispatchEvent(new Event('input', {{ bubbles: true }}));
                field.form.requestSubmit();
            }})(document.querySelector('#chatInput'))"
        ))
        .await
    }

    /// Everything that was written, in the page's order.
    pub async fn messages(&self) -> Result<Vec<Message>> {
        self.evaluate(&format!("{MESSAGES}.map({READ})")).await
    }

    /// Waits until this was written.
    pub async fn wait_message(&self, text: &str) -> Result<Message> {
        let text = to_string(text)?;
        let found = format!("{MESSAGES}.map({READ}).find((message) => message.text === {text})");
        self.wait(&format!("the message {text}"), &found).await
    }

    /// Waits until what this person wrote is with everybody.
    pub async fn wait_delivered(&self, text: &str) -> Result<()> {
        let text = to_string(text)?;
        let delivered = format!(
            "{MESSAGES}.some((message) => message.dataset.state === 'delivered' && ({READ})(message).text === {text})"
        );
        self.until(&format!("the message {text} is with everybody"), &delivered).await
    }
}

const MESSAGES: &str = "[...document.querySelectorAll('#chatLog .message')]";

const READ: &str = "(message) => ({
    author: message.dataset.author,
    source: message.dataset.source,
    name: message.querySelector('.who').textContent,
    text: message.querySelector('.said').textContent,
})";
