//! `/check/data` in a page without a server: texts go both ways, the channel is what was asked for, and nothing is left.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use leptos::mount::{UnmountHandle, mount_to};
use snaproom_app::{
    browser::{Live, live},
    ui::check_page,
};
use support::{place, until};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{HtmlElement, HtmlInputElement, HtmlTextAreaElement, RtcDataChannel, RtcDataChannelState};

wasm_bindgen_test_configure!(run_in_browser);

/// The page, and what was held before it.
struct Page {
    place: HtmlElement,
    before: Live,
    mounted: Box<dyn std::any::Any>,
}

impl Page {
    fn open() -> Self {
        let place = place();
        let before = live();
        let mounted: UnmountHandle<_> = mount_to(place.clone(), || check_page("/check/data"));
        Self { place, before, mounted: Box::new(mounted) }
    }

    async fn start(&self) {
        click("#startButton");
        until("the channel", || state() == "open").await;
    }

    async fn close(self) {
        let Self { place, before, mounted } = self;
        drop(mounted);
        until("everything to be released", || live() == before).await;
        place.remove();
        for name in ["localConnection", "remoteConnection", "sendChannel", "receiveChannel"] {
            assert!(global(name).is_undefined(), "{name} is still there");
        }
    }
}

fn find<T: JsCast>(selector: &str) -> T {
    let document = web_sys::window().unwrap().document().unwrap();
    document.query_selector(selector).unwrap().unwrap_or_else(|| panic!("no {selector}")).unchecked_into()
}

fn click(selector: &str) {
    find::<HtmlElement>(selector).click();
}

fn text(selector: &str) -> String {
    find::<HtmlElement>(selector).text_content().unwrap()
}

fn state() -> String {
    find::<HtmlElement>("#dataStatus").get_attribute("data-state").unwrap()
}

fn is_usable(selector: &str) -> bool {
    find::<HtmlElement>(selector).get_attribute("aria-disabled").as_deref() == Some("false")
}

fn global(name: &str) -> JsValue {
    js_sys::Reflect::get(&web_sys::window().unwrap(), &name.into()).unwrap()
}

fn channel(name: &str) -> RtcDataChannel {
    global(name).unchecked_into()
}

fn write(selector: &str, text: &str) {
    find::<HtmlTextAreaElement>(selector).set_value(text);
}

fn received(selector: &str) -> String {
    find::<HtmlTextAreaElement>(selector).value()
}

#[wasm_bindgen_test]
async fn texts_go_both_ways_stop_closes_and_nothing_is_left() {
    let page = Page::open();
    assert!(!is_usable("#sendButton") && !is_usable("#closeButton"));
    page.start().await;
    assert_eq!(live().connections, page.before.connections + 2);

    click("#sendButton");
    until("the refusal of nothing", || text("#unsent") == "Write something first.").await;
    write("#dataChannelSend", "hello");
    click("#sendButton");
    until("the text", || received("#dataChannelReceive") == "hello").await;
    assert_eq!(text("#unsent"), "");
    write("#dataChannelAnswer", "hello yourself");
    click("#answerButton");
    until("the answer", || received("#dataChannelAnswers") == "hello yourself").await;
    // A learner writes at the console; a history is no single line.
    channel("sendChannel").send_with_str("by hand").unwrap();
    until("the text from the console", || received("#dataChannelReceive") == "hello\nby hand").await;
    let history = text("#history");
    for said in ["from the console", "The other side", "arrived after"] {
        assert!(history.contains(said), "{said}: {history}");
    }

    let channels = ["sendChannel", "receiveChannel"].map(channel);
    click("#closeButton");
    until("the end", || state() == "closed").await;
    for channel in channels {
        assert_eq!(channel.ready_state(), RtcDataChannelState::Closed);
    }
    assert_eq!(live().connections, page.before.connections);
    assert!(!is_usable("#sendButton") && is_usable("#startButton"));

    // A second channel is as good as the first.
    page.start().await;
    write("#dataChannelSend", "again");
    click("#sendButton");
    until("the text of the second", || received("#dataChannelReceive").ends_with("again")).await;
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_text_adds_one_line_to_the_history_and_changes_no_other() {
    let page = Page::open();
    page.start().await;
    let send = async |sent: &str| {
        write("#dataChannelSend", sent);
        click("#sendButton");
        until("the text", || received("#dataChannelReceive").ends_with(sent)).await;
        until("its line", || text("#history .message").contains("arrived after")).await;
    };
    send("first").await;
    send("second").await;
    js_sys::eval(WATCH_HISTORY).unwrap();
    send("third").await;
    let changes = js_sys::eval("historyChanges()").unwrap().as_string().unwrap();
    assert_eq!(changes, "added third", "and nothing else");

    let history = text("#history");
    let places = ["third", "second", "first"].map(|sent| history.find(sent).unwrap());
    assert!(places.is_sorted(), "the newest first: {history}");
    let status = text("#newestText");
    assert!(status.starts_with("This side, ") && status.contains(": arrived after"), "{status}");
    page.close().await;
}

#[wasm_bindgen_test]
async fn what_a_console_makes_is_the_consoles() {
    let page = Page::open();
    page.start().await;
    let first = channel("receiveChannel");
    js_sys::eval(SECOND).unwrap();
    until("the second channel", || global("second").is_object()).await;
    assert!(js_sys::Object::is(&channel("receiveChannel"), &first), "another channel has the name");
    js_sys::eval("second.close()").unwrap();
    until("the second channel's end", || {
        global("second").unchecked_into::<RtcDataChannel>().ready_state() == RtcDataChannelState::Closed
    })
    .await;
    write("#dataChannelSend", "still here");
    click("#sendButton");
    until("a text", || received("#dataChannelReceive") == "still here").await;
    page.close().await;
}

/// As whoever learns tries it; the other side hears of it when it is open.
const SECOND: &str = "{
    const made = localConnection.createDataChannel('second');
    remoteConnection.addEventListener('datachannel', () => (window.second = made));
}";

#[wasm_bindgen_test]
async fn what_was_counted_before_stop_counts() {
    let page = Page::open();
    page.start().await;
    click("#runNumbered");
    until("some messages", || !text(".going p").starts_with("0 sent")).await;
    click("#closeButton");
    until("the end", || state() == "closed").await;
    until("what was counted", || text("#counted").contains("The run ended early.")).await;
    page.close().await;
}

/// Notes what changes in the history outside of its newest line.
const WATCH_HISTORY: &str = "{
    const list = document.querySelector('#history');
    const all = [];
    const note = (records) => all.push(...records);
    const watching = new MutationObserver(note);
    watching.observe(list.parentElement, { subtree: true, childList: true, characterData: true, attributes: true });
    const words = (verb, nodes) => [...nodes]
        .filter(({ nodeType }) => nodeType === Node.ELEMENT_NODE)
        .map((node) => `${verb} ${node.querySelector('.text').textContent}`);
    window.historyChanges = () => {
        note(watching.takeRecords());
        watching.disconnect();
        const elsewhere = all.filter(({ target }) => !list.firstElementChild.contains(target));
        return elsewhere
            .flatMap(({ target, type, addedNodes, removedNodes }) => target === list && type === 'childList'
                ? [...words('added', addedNodes), ...words('removed', removedNodes)]
                : [`${type} of ${target.nodeName}`])
            .join(', ');
    };
}";

#[wasm_bindgen_test]
async fn the_channel_has_the_options_that_were_chosen_and_never_both_limits() {
    let page = Page::open();
    click("#ordered");
    let field: HtmlInputElement = find("#maxRetransmits");
    let set = |value: &str| {
        field.set_value(value);
        field.dispatch_event(&web_sys::Event::new("input").unwrap()).unwrap();
    };
    set("65536");
    until("the limit to be refused", || !is_usable("#startButton")).await;
    assert!(text("#whyNotStart").contains("65,535"));
    set("3");
    until("the limit to be taken", || is_usable("#startButton")).await;
    let protocol: HtmlInputElement = find("#channelProtocol");
    protocol.set_value("chat");
    protocol.dispatch_event(&web_sys::Event::new("input").unwrap()).unwrap();
    page.start().await;

    let real = channel("receiveChannel");
    assert_eq!((real.max_retransmits(), real.max_packet_life_time()), (Some(3), None));
    let facts = ["label", "protocol", "ordered", "maxRetransmits", "maxPacketLifeTime"];
    let facts = facts.map(|fact| text(&format!("[data-fact={fact}]")));
    assert_eq!(facts, ["“sendDataChannel”", "“chat”", "false", "3", "null (no limit)"]);

    click("#closeButton");
    until("the end", || state() == "closed").await;
    click("#byLifeTime");
    page.start().await;
    let real = channel("receiveChannel");
    assert_eq!((real.max_retransmits(), real.max_packet_life_time()), (None, Some(100)));
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_channel_that_somebody_else_closes_is_said_to_be_closed() {
    let page = Page::open();
    page.start().await;
    let field: HtmlTextAreaElement = find("#dataChannelSend");
    assert!(!field.read_only());
    field.focus().unwrap();
    channel("receiveChannel").close();
    until("the end", || state() == "failed").await;
    assert!(text("#dataStatus").contains("from elsewhere"));
    assert!(field.read_only());
    let document = web_sys::window().unwrap().document().unwrap();
    assert_eq!(document.active_element().unwrap().id(), "dataChannelSend", "whoever writes keeps the place");
    assert_eq!(live().connections, page.before.connections);
    page.start().await;
    page.close().await;
}

#[wasm_bindgen_test]
async fn a_page_that_goes_in_the_middle_of_a_run_leaves_nothing() {
    for run in ["#runNumbered", "#runSpeed", "#fillQueue"] {
        let page = Page::open();
        page.start().await;
        click(run);
        until("the run", || !is_usable("#sendTooMuch")).await;
        page.close().await;
    }
}

#[wasm_bindgen_test]
async fn a_run_is_cancelled_where_it_was_begun_and_what_it_found_stands() {
    let page = Page::open();
    page.start().await;
    click("#runSpeed");
    until("the run", || text("#runSpeed") == "Cancel").await;
    until("a point of the curve", || {
        !find::<HtmlElement>(".plot polyline").outer_html().contains("points=\"\"")
    })
    .await;
    click("#runSpeed");
    until("the end", || text("#runSpeed") == "Measure 5 seconds").await;
    assert!(text("#measured").contains("MB a second"), "{}", text("#measured"));

    click("#runNumbered");
    until("the run", || text("#runNumbered") == "Cancel").await;
    until("some messages", || !text(".going").starts_with("0 sent")).await;
    click("#runNumbered");
    until("the end", || text("#counted").contains("ended early")).await;
    assert!(!text("#counted").contains("gave up"), "a reliable channel never does: {}", text("#counted"));
    page.close().await;
}
