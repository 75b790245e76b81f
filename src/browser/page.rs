//! The page itself: its address, its events, the clipboard and the clock on its wall.

use js_sys::Reflect;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    BeforeUnloadEvent, HtmlDocument, HtmlElement, HtmlTextAreaElement, KeyboardEvent, Location, ShareData,
    Url,
};

use super::{Error, error::text, focus, live::Listener, navigator, window};

/// What stands behind the `#` of the address, percent-decoded; empty when there is nothing.
#[must_use]
pub fn fragment() -> String {
    let hash = location().hash().unwrap_or_default();
    let raw = hash.strip_prefix('#').unwrap_or_default();
    // A person may have typed a percent sign that encodes nothing.
    js_sys::decode_uri_component(raw).map_or_else(|_| raw.to_owned(), String::from)
}

/// Puts `fragment` behind the `#`, keeping the path, without an entry in the history and without a
/// `hashchange` event.
pub fn set_fragment(fragment: &str) -> Result<(), Error> {
    let url = format!("#{}", String::from(js_sys::encode_uri_component(fragment)));
    window()
        .history()
        .and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(&url)))
        .map_err(Error::from_js)
}

/// The address to hand to somebody else: without the query.
#[must_use]
pub fn link() -> String {
    let location = location();
    format!("{}{}{}", location.origin().unwrap_or_default(), path(), location.hash().unwrap_or_default())
}

/// Scheme, host and port of the address.
#[must_use]
pub fn origin() -> String {
    location().origin().unwrap_or_default()
}

/// The path of the address, as in `/check/camera`.
#[must_use]
pub fn path() -> String {
    location().pathname().unwrap_or_default()
}

/// The WebSocket address of `path` on the server that the page came from: `wss:` when the page came by https.
#[must_use]
pub fn websocket_url(path: &str) -> String {
    let location = location();
    let secure = location.protocol().is_ok_and(|protocol| protocol == "https:");
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{}{path}", location.host().unwrap_or_default())
}

/// Loads the page anew.
pub fn reload() {
    // Fails only for a page in another origin.
    let _ = location().reload();
}

/// Calls back when a person changes what stands behind the `#`.
#[must_use = "dropping a listener removes it"]
pub fn on_fragment_change(callback: impl FnMut() + 'static) -> Listener {
    listen("hashchange", callback)
}

/// Calls back when the device has a network again, or, where the browser tells (Chromium on phones), another one.
#[must_use = "dropping a listener removes it"]
pub fn on_network_change(callback: impl Fn() + Clone + 'static) -> Vec<Listener> {
    let mut listeners = vec![listen("online", callback.clone())];
    // On a desk, a change is a new guess of the speed.
    if let Some(network) = navigator().connection()
        && network.kind().is_some()
    {
        listeners.push(Listener::new(&network, "change", move |_| callback()));
    }
    listeners
}

/// Calls back when the page is left, closed or put aside: the last moment to say goodbye.
#[must_use = "dropping a listener removes it"]
pub fn on_hide(callback: impl FnMut() + 'static) -> Listener {
    listen("pagehide", callback)
}

/// Calls back when the page comes back after it was put aside.
#[must_use = "dropping a listener removes it"]
pub fn on_show(callback: impl FnMut() + 'static) -> Listener {
    listen("pageshow", callback)
}

/// Calls back when the page is on the screen again.
#[must_use = "dropping a listener removes it"]
pub fn on_visible(mut callback: impl FnMut() + 'static) -> Listener {
    // It bubbles from the document.
    listen("visibilitychange", move || {
        if window().document().is_some_and(|document| !document.hidden()) {
            callback();
        }
    })
}

/// Whether nobody sees it, as far as the browser knows.
#[must_use]
pub fn is_hidden() -> bool {
    window().document().is_some_and(|document| document.hidden())
}

/// Calls back when a person presses Escape, whatever has the focus.
#[must_use = "dropping a listener removes it"]
pub fn on_escape(mut callback: impl FnMut() + 'static) -> Listener {
    Listener::new(&window(), "keydown", move |event| {
        if text(event, "key").is_some_and(|key| key == "Escape") {
            callback();
        }
    })
}

/// Calls back when a person presses a key that is meant for the page as a whole, as in `m`: alone or, for a sign such as
/// `?`, with Shift, not held, and while neither a field nor a dialog has the keyboard.
#[must_use = "dropping a listener removes it"]
pub fn on_key(mut callback: impl FnMut(&str) + 'static) -> Listener {
    Listener::new(&window(), "keydown", move |event| {
        let pressed: &KeyboardEvent = event.unchecked_ref();
        let Some(key) = text(event, "key") else { return };
        let is_letter = key.starts_with(|first: char| first.is_ascii_alphabetic());
        let is_another = pressed.ctrl_key() || pressed.alt_key() || pressed.meta_key() || pressed.repeat();
        if !(is_another || is_letter && pressed.shift_key() || focus::takes_letters()) {
            callback(&key.to_ascii_lowercase());
        }
    })
}

/// The value of the form's element with this id, if there is one.
#[must_use]
pub fn value_of(id: &str) -> Option<String> {
    text(&*window().document()?.get_element_by_id(id)?, "value")
}

/// Presses the element with this id. One that asks for files opens the system's dialog, right after a person's own press.
pub fn press(id: &str) {
    let element = window().document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        element.click();
    }
}

/// As long as it is held, the browser asks a person whether they really want to leave the page.
#[must_use = "dropping a listener removes it"]
pub fn ask_before_leaving() -> Listener {
    // Every browser asks when this is not empty, and none shows it. A passive listener, as all of ours, cannot
    // prevent the default.
    Listener::new(&window(), "beforeunload", |event| {
        event.unchecked_ref::<BeforeUnloadEvent>().set_return_value("unsaved");
    })
}

/// Puts `text` on the clipboard; in reply to a click, which browsers demand.
pub async fn copy(text: &str) -> Result<(), Error> {
    if let Some(clipboard) = navigator().clipboard()
        && clipboard.write_text(text).await.is_ok()
    {
        return Ok(());
    }
    copy_selection(text)
}

/// For pages over plain http, which have no clipboard API. What had the focus has it again afterwards.
fn copy_selection(text: &str) -> Result<(), Error> {
    let refused = || Error::new("NotAllowedError", "the browser did not let the page copy");
    let document: HtmlDocument = window().document().ok_or_else(refused)?.unchecked_into();
    // All outside of a modal dialog is inert. A browser that does not know `:modal` has none to hand.
    let dialog = document.query_selector("dialog:modal").ok().flatten();
    let place = dialog.or_else(|| document.body().map(Into::into)).ok_or_else(refused)?;
    let focused = document.active_element();
    let field: HtmlTextAreaElement =
        document.create_element("textarea").map_err(Error::from_js)?.unchecked_into();
    field.set_value(text);
    place.append_child(&field).map_err(Error::from_js)?;
    // Not every browser's `select` gives the focus. Where neither does, another selection would be copied.
    let _ = field.focus();
    field.select();
    let is_selected = document.active_element().is_some_and(|active| active == **field);
    let is_copied = is_selected && document.exec_command("copy").unwrap_or(false);
    field.remove();
    if let Some(focused) = focused {
        let _ = focused.unchecked_into::<HtmlElement>().focus();
    }
    if is_copied { Ok(()) } else { Err(refused()) }
}

/// Whether the system has a share sheet for the page.
#[must_use]
pub fn can_share() -> bool {
    navigator().share_function().is_some()
}

/// Offers `url` to the system's share sheet (W3C Web Share); within a few seconds of a click, which browsers demand.
/// Ends as an `AbortError` when the person closes the sheet.
pub async fn share(title: &str, url: &str) -> Result<(), Error> {
    let data = ShareData::new();
    data.set_title(title);
    data.set_url(url);
    let sharing: JsValue = navigator().share(&data).map_err(Error::from_js)?.await.map_err(Error::from_js)?;
    drop(sharing);
    Ok(())
}

/// What `value` is as JSON, indented for people.
pub fn json(value: &impl Serialize) -> Result<String, Error> {
    let value = value.serialize(&Serializer::json_compatible()).map_err(Error::from_serde)?;
    let text =
        js_sys::JSON::stringify_with_replacer_and_space(&value, &JsValue::NULL, &JsValue::from_f64(2.0));
    text.map(String::from).map_err(Error::from_js)
}

/// A name on `window`, for people who learn in the browser's console.
#[must_use = "dropping it takes the name away"]
pub struct Global(&'static str);

impl Global {
    /// `value` has this name from now on, instead of what had it before.
    pub(super) fn set(name: &'static str, value: &JsValue) -> Self {
        // Only the browser's own names cannot be written.
        let _ = Reflect::set(&window(), &name.into(), value);
        Self(name)
    }
}

impl Drop for Global {
    fn drop(&mut self) {
        let _ = Reflect::delete_property(&window(), &self.0.into());
    }
}

/// Leaves a mark on the browser's timeline (`performance.mark`).
pub fn mark(name: &str) {
    if let Some(performance) = window().performance() {
        // Refuses only the names of navigation timing, none of which is ours.
        let _ = performance.mark(name);
    }
}

/// Hours and minutes of the person's day, as in `17:05`. Not `toLocaleTimeString`: it throws in browsers whose
/// language is no BCP 47 tag, as with `LANG=C`.
#[must_use]
pub fn time_of_day(unix_ms: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "exact up to the year 287396")]
    let date = js_sys::Date::new(&JsValue::from_f64(unix_ms as f64));
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

/// Date and time of the person's day, fit for a file name, as in `2026-11-20-170509`.
#[must_use]
pub fn date_and_time(unix_ms: u64) -> String {
    let [year, month, day, hour, minute, second] = calendar(unix_ms);
    format!("{year:04}-{month:02}-{day:02}-{hour:02}{minute:02}{second:02}")
}

/// Year, month from 1 on, day, hour, minute and second of the person's clock. Of a time that no calendar knows all
/// are 0 or 1.
#[must_use]
pub fn calendar(unix_ms: u64) -> [u32; 6] {
    #[expect(clippy::cast_precision_loss, reason = "exact up to the year 287396")]
    let date = js_sys::Date::new(&JsValue::from_f64(unix_ms as f64));
    [
        date.get_full_year(),
        date.get_month() + 1,
        date.get_date(),
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds(),
    ]
}

/// Where a link leads that somebody typed, as the browser reads it: its address, and the host in ASCII. None where it is
/// no http(s), or names a user, which would be taken for the host.
#[must_use]
pub fn destination(typed: &str) -> Option<(String, String)> {
    let url = Url::new(typed).ok()?;
    let is_web = matches!(url.protocol().as_str(), "http:" | "https:");
    let names_user = !url.username().is_empty() || !url.password().is_empty();
    (is_web && !names_user && !url.hostname().is_empty()).then(|| (url.href(), url.hostname()))
}

/// Whether the window has room for three columns.
#[must_use]
pub fn is_wide() -> bool {
    matches!(window().match_media("(min-width: 80rem)"), Ok(Some(query)) if query.matches())
}

/// Scrolls what the element with this id shows to its end; it stands upside down, so that it stays there by itself.
pub fn scroll_to_end(id: &str) {
    if let Some(element) = window().document().and_then(|document| document.get_element_by_id(id)) {
        element.set_scroll_top(0);
    }
}

/// What the tab, the history and bookmarks call the page.
pub fn set_title(title: &str) {
    if let Some(document) = window().document() {
        document.set_title(title);
    }
}

/// The element that the page keeps for the app, emptied of what it showed while loading.
#[must_use]
pub fn place() -> Option<web_sys::HtmlElement> {
    let place = window().document()?.get_element_by_id("app")?;
    place.set_inner_html("");
    place.dyn_into().ok()
}

fn location() -> Location {
    window().location()
}

fn listen(event: &'static str, mut callback: impl FnMut() + 'static) -> Listener {
    Listener::new(&window(), event, move |_| callback())
}
