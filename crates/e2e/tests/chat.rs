//! What people write: with everybody, in everybody's order, and never anything else than text.

use anyhow::{Result, ensure};
use serde_json::to_string;
use snaproom_e2e::{Blank, CANARY, Server, Tab, payloads, two_tabs, without_dropped as bare};

#[tokio::test]
async fn what_is_written_is_with_those_who_are_here_and_those_who_come() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    alice.set_name("Anna").await?;
    for tab in [&alice, &bob] {
        tab.open_chat().await?;
    }
    // By hand: Enter sends, with Shift it breaks the line.
    alice.click("#chatInput").await?;
    alice.press("a").await?;
    bob.until(
        "somebody writes",
        "document.querySelector('#chatWriting').innerText === '\u{2068}Anna\u{2069} is writing…'",
    )
    .await?;
    alice.press_with_shift("Enter").await?;
    alice.press("b").await?;
    alice.press("Enter").await?;
    let message = bob.wait_message("a\nb").await?;
    assert_eq!((message.name.as_str(), message.source.as_str()), ("Anna", "author"));
    alice.wait_delivered("a\nb").await?;
    bob.until("nobody writes", "document.querySelector('#chatWriting').innerText === ''").await?;
    alice.until("the field is empty", "document.querySelector('#chatInput').value === ''").await?;
    ensure!(alice.evaluate::<bool>("document.activeElement.id === 'chatInput'").await?, "the focus stays");

    bob.say("I am Bob").await?;
    alice.wait_message("I am Bob").await?;
    alice.say("bye").await?;
    bob.wait_message("bye").await?;
    let before = bob.messages().await?;

    // Who comes later has all of it, in its order; also what somebody wrote who is gone.
    let carol = Tab::without_camera().open(&alice.link().await?).await?;
    carol.wait_message("bye").await?;
    let texts =
        |messages: Vec<snaproom_e2e::Message>| messages.into_iter().map(|one| one.text).collect::<Vec<_>>();
    assert_eq!(texts(carol.messages().await?), ["a\nb", "I am Bob", "bye"]);
    alice.new_room().await?;
    carol.wait_connected(1).await?;
    let dave = Tab::without_camera().open(&carol.link().await?).await?;
    dave.wait_message("bye").await?;
    let hearsay = dave.messages().await?;
    assert_eq!(
        hearsay.iter().map(|one| one.source.as_str()).collect::<Vec<_>>(),
        ["passed-on", "author", "passed-on"]
    );
    ensure!(
        dave.text(".message .hearsay").await?.starts_with("Said before you came"),
        "who says so is not said"
    );

    // And it outlives a reload.
    bob.reload().await?;
    bob.wait_message("bye").await?;
    assert_eq!(bob.messages().await?, before);
    bob.wait_connected(2).await?;
    bob.say("back").await?;
    for tab in [&carol, &dave] {
        tab.wait_message("back").await?;
    }
    assert_eq!(texts(bob.messages().await?), ["a\nb", "I am Bob", "bye", "back"]);
    Ok(())
}

#[tokio::test]
async fn whoever_does_not_look_is_told_and_nobody_is_asked_who_did_not_want_to() -> Result<()> {
    let (_server, alice, bob) =
        two_tabs(Tab::without_camera(), Tab::without_camera().inject(NOTIFICATIONS)).await?;
    let title = |title: &str| format!("document.title === {title:?}");
    // Folded: counted, until it is unfolded.
    bob.open_chat().await?;
    bob.click("#chatFold").await?;
    alice.say("one").await?;
    alice.say("two").await?;
    bob.until("two new ones", &title("(2) Snaproom")).await?;
    assert_eq!(bob.text("#unread").await?, "2 new");
    bob.click("#chatFold").await?;
    bob.until("read", &title("Snaproom")).await?;
    assert_eq!(bob.evaluate::<u32>("asked").await?, 0);
    bob.click("#chatNotify").await?;
    bob.until("it is on", "document.querySelector('#chatNotify').ariaPressed === 'true'").await?;
    assert_eq!(bob.evaluate::<u32>("asked").await?, 1);
    // Seen, there is nothing to be told.
    alice.say("three").await?;
    bob.wait_message("three").await?;
    assert_eq!(bob.evaluate::<Vec<[String; 2]>>("notified").await?, [] as [[String; 2]; 0]);
    bob.hide().await?;
    alice.set_name("Anna").await?;
    alice.say("<b>four</b>").await?;
    bob.until("a new one", &title("(1) Snaproom")).await?;
    assert_eq!(bob.evaluate::<Vec<[String; 2]>>("notified").await?, [["Anna", "<b>four</b>"]]);
    bob.show().await?;
    bob.until("read", &title("Snaproom")).await?;
    bob.until("taken away", "open === 0").await
}

#[tokio::test]
async fn a_file_that_is_offered_where_nobody_looks_is_told_of_and_many_are_told_of_once() -> Result<()> {
    let (_server, alice, bob) =
        two_tabs(Tab::without_camera(), Tab::without_camera().inject(NOTIFICATIONS)).await?;
    let notified = async || bob.evaluate::<Vec<[String; 2]>>("notified").await;
    let a = alice.make_file("a.bin", 1_000)?;
    let b = alice.make_file("b.bin", 2_000)?;
    let c = alice.make_file("c.bin", 3_000)?;
    let d = alice.make_file("d.bin", 4_000)?;
    alice.set_name("Anna").await?;
    bob.until("her name", "document.querySelector('#peers').textContent.includes('Anna')").await?;
    bob.open_chat().await?;
    // Nobody is told who did not want to be.
    bob.hide().await?;
    alice.give(&[&a]).await?;
    let item = bob.wait_file("a.bin", "offered").await?.item;
    assert_eq!(notified().await?, [] as [[String; 2]; 0]);
    bob.show().await?;
    bob.press_file(&item, "decline").await?;
    bob.click("#chatNotify").await?;
    bob.until("it is on", "document.querySelector('#chatNotify').ariaPressed === 'true'").await?;
    // Who looks is asked in the page alone.
    alice.give(&[&b]).await?;
    let seen = bob.wait_file("b.bin", "offered").await?.item;
    assert_eq!(notified().await?, [] as [[String; 2]; 0]);

    bob.hide().await?;
    alice.give(&[&c, &d]).await?;
    for name in ["c.bin", "d.bin"] {
        bob.wait_file(name, "offered").await?;
    }
    let told = notified().await?;
    ensure!(told.len() == 1 && told[0][0] == "Snaproom", "{told:?}");
    ensure!(
        told[0][1].contains("Anna\u{2069} wants to send you a file of 3.0 kB: \u{2068}c.bin"),
        "{told:?}"
    );
    assert_eq!(bob.evaluate::<String>("document.title").await?, "Snaproom");
    // A message takes its place, and whoever looks again has read both.
    alice.say("look").await?;
    bob.until("a message", "notified.length === 2 && open === 1").await?;
    bob.show().await?;
    bob.until("taken away", "open === 0").await?;

    // What one wanted from the beginning is no question.
    bob.press_file(&seen, "acceptAll").await?;
    for name in ["b.bin", "c.bin", "d.bin"] {
        bob.wait_file(name, "verified").await?;
    }
    bob.hide().await?;
    alice.give(&[&a]).await?;
    bob.wait_file("a.bin", "verified").await?;
    assert_eq!(notified().await?.len(), 2);
    Ok(())
}

/// The system's notifications, of which a browser without a window shows none.
const NOTIFICATIONS: &str = "{
    window.asked = 0;
    window.notified = [];
    window.open = 0;
    let permission = 'default';
    window.Notification = class extends EventTarget {
        static get permission() { return permission; }
        static async requestPermission() { asked += 1; return (permission = 'granted'); }
        constructor(title, { body }) { super(); notified.push([title, body]); open += 1; }
        close() { open -= 1; }
    };
}";

#[tokio::test]
async fn code_is_code_and_a_link_says_where_it_leads() -> Result<()> {
    let (_server, alice, bob) = two_tabs(Tab::without_camera(), Tab::without_camera()).await?;
    alice.say("see https://example.org/a_(b). and `let x = 1;`\n```\n  indented\n\n<pre>\n```\nhttps://münchen.example").await?;
    let there = "document.querySelectorAll('#chatLog .said a').length === 2";
    bob.until("links", there).await?;
    let links: Vec<[String; 7]> = bob
        .evaluate(
            "[...document.querySelectorAll('#chatLog .said a')].map((a) =>
                [a.textContent, a.href, a.rel, a.target, a.referrerPolicy, a.title, a.nextSibling.textContent])",
        )
        .await?;
    let safe = ["noopener noreferrer nofollow", "_blank", "no-referrer"];
    assert_eq!(links[0][..2], ["https://example.org/a_(b)", "https://example.org/a_(b)"]);
    assert_eq!(links[0][2..5], safe);
    assert_eq!(links[0][5..], ["example.org", ". and "]);
    assert_eq!(links[1][..2], ["https://münchen.example", "https://xn--mnchen-3ya.example/"]);
    assert_eq!(links[1][2..5], safe);
    assert_eq!(links[1][5..], ["xn--mnchen-3ya.example", " (xn--mnchen-3ya.example)"], "what it really is");
    assert_eq!(bob.text("#chatLog .said code").await?, "let x = 1;");
    assert_eq!(
        bob.evaluate::<String>("document.querySelector('#chatLog .said pre').textContent").await?,
        "  indented\n\n<pre>"
    );
    Ok(())
}

/// Whatever somebody writes, or calls themselves, is text: 500 tries to be something else, by a second person.
#[tokio::test]
async fn nothing_that_is_written_runs_or_is_asked_for() -> Result<()> {
    let corpus = payloads();
    ensure!(corpus.len() >= 500, "{} payloads", corpus.len());
    // The canary sings, where somebody lets it: in a page that takes text for markup.
    let blank = Blank::start().await?;
    let open = Tab::without_camera().inject(CANARY).load(&blank.url()).await?;
    open.evaluate::<()>(&format!("void (document.body.innerHTML = {})", to_string(&corpus.join("\n"))?))
        .await?;
    open.until("the canary sings", "sung.length > 10").await?;
    drop(open);

    let server = Server::start().await?;
    let bob = Tab::without_camera().inject(CANARY).open(&server.url()).await?;
    bob.open_chat().await?;
    let mallory = Tab::without_camera().open(&bob.link().await?).await?;
    mallory.wait_connected(1).await?;
    for (number, batch) in corpus.chunks(25).enumerate() {
        for payload in batch {
            mallory.evaluate::<()>(&format!("void ({WRITE_AS})({0}, {0})", to_string(payload)?)).await?;
        }
        let end = format!("end {number}");
        mallory.say(&end).await?;
        bob.wait_message(&end).await?;
        let shown = bob.messages().await?;
        let shown = &shown[shown.len() - batch.len() - 1..shown.len() - 1];
        for (payload, message) in batch.iter().zip(shown) {
            assert_eq!(bare(&message.text), bare(payload));
            ensure!(message.name.chars().count() <= 40, "a name of {:?}", message.name);
        }
        // One element for each part of a text, and nothing that a payload wants.
        let strange: Vec<String> = bob.evaluate(STRANGE).await?;
        ensure!(strange.is_empty(), "in the page: {strange:?}");
    }
    bob.drawn().await?;
    assert_eq!(bob.evaluate::<Vec<String>>("sung").await?, [] as [String; 0]);
    assert_eq!(bob.evaluate::<Vec<String>>("reports").await?, [] as [String; 0]);
    ensure!(bob.evaluate::<String>("document.title").await? == "Snaproom", "the title");
    let hrefs: Vec<String> = bob
        .evaluate("[...document.querySelectorAll('#chatLog a')].map((a) => new URL(a.href).protocol)")
        .await?;
    ensure!(hrefs.iter().all(|protocol| protocol.starts_with("http")), "{hrefs:?}");

    // What is listened for is heard: where text becomes markup in this very page, its policy says no, and reports.
    bob.evaluate::<()>("void document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror=sing()>')")
        .await?;
    bob.until("a report", "reports.length > 0").await?;
    bob.evaluate::<()>("void sing('control')").await?;
    assert_eq!(bob.evaluate::<Vec<String>>("sung").await?, ["control"]);
    Ok(())
}

/// Takes a name, and writes something under it.
const WRITE_AS: &str = "(name, text) => {
    const name_field = document.querySelector('#nameInput');
    name_field.value = name;
    name_field.form.requestSubmit();
    const field = document.querySelector('#chatInput');
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.form.requestSubmit();
}";

/// Elements among what is written, and attributes of them, that no part of a text has.
const STRANGE: &str =
    "[...document.querySelectorAll('#chatLog .said *, #chatLog .who *, #peers .who *')].filter((element) => {
    const names = element.getAttributeNames().filter((name) =>
        !['href', 'target', 'rel', 'referrerpolicy', 'title', 'class', 'tabindex'].includes(name));
    return names.length > 0 || !element.matches('.said span, .said code, .said pre, .said a');
}).map((element) => element.outerHTML)";
