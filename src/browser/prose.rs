//! What somebody wrote, as nodes of the page: texts and elements, never markup.

use web_sys::{Document, Element};

use super::window;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Text(String),
    /// Between backticks, in its line.
    Code(String),
    /// Lines between lines that begin with three backticks.
    Block(String),
    /// An address.
    Link {
        /// As it was typed.
        shown: String,
        /// Where it leads.
        href: String,
        /// The host's name, in ASCII.
        host: String,
    },
}

/// Shows these parts in the element, behind what is in it.
pub fn show(element: &Element, parts: &[Part]) {
    let Some(document) = window().document() else { return };
    for part in parts {
        match part {
            Part::Text(text) => add(&document, element, "span", text, &[]),
            Part::Code(code) => add(&document, element, "code", code, &[]),
            // A long line is scrolled, with the keyboard as well.
            Part::Block(block) => add(&document, element, "pre", block, &[("tabindex", "0")]),
            Part::Link { shown, href, host } => {
                add(
                    &document,
                    element,
                    "a",
                    shown,
                    &[
                        ("href", href),
                        ("target", "_blank"),
                        ("rel", "noopener noreferrer nofollow"),
                        ("referrerpolicy", "no-referrer"),
                        ("title", host),
                    ],
                );
                // A name in other letters may look like another one: what the browser will ask for stands beside it.
                if !shown.to_ascii_lowercase().contains(host) {
                    add(&document, element, "span", &format!(" ({host})"), &[("class", "host")]);
                }
            }
        }
    }
}

fn add(document: &Document, to: &Element, name: &str, text: &str, attributes: &[(&str, &str)]) {
    // All names are good ones, and an element can be put into any other.
    let Ok(element) = document.create_element(name) else { return };
    element.set_text_content(Some(text));
    for (attribute, value) in attributes {
        let _ = element.set_attribute(attribute, value);
    }
    let _ = to.append_child(&element);
}
