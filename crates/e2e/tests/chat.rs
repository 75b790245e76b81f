//! What people write: with everybody, in everybody's order, and never anything else than text.

use anyhow::{Result, ensure};
use serde_json::to_string;
use snaproom_e2e::{Blank, Server, Tab, two_tabs};

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
    let corpus = corpus();
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

/// What shows of a text, without what is dropped of it and what marks code.
fn bare(text: &str) -> String {
    let is_dropped = |c: char| {
        let turns = matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}');
        turns || c.is_control() || c.is_whitespace() || c == '`'
    };
    text.chars().filter(|c| !is_dropped(*c)).collect()
}

/// Every way in which a text may want to be more: scripts, markup, links, directions.
fn corpus() -> Vec<String> {
    const SONGS: [&str; 7] = [
        "sing()",
        "sing`1`",
        "window['sing'](1)",
        "top.sing()",
        "eval('sing()')",
        "Function('sing()')()",
        "setTimeout(sing)",
    ];
    const MARKUP: [&str; 44] = [
        "<script>{}</script>",
        "<ScRiPt>{}</sCrIpT>",
        "<script>{}//",
        "<script src=\"data:text/javascript,{}\"></script>",
        "<script type=module>{}</script>",
        "<img src=x onerror={}>",
        "<img src=x onerror=\"{}\">",
        "<IMG SRC=x ONERROR={}>",
        "<img src='x'onerror='{}'",
        "<image src=x onerror={}>",
        "<svg onload={}>",
        "<svg/onload={}>",
        "<svg><script>{}</script></svg>",
        "<svg><animate onbegin={} attributeName=x>",
        "<svg><a xlink:href=\"javascript:{}\"><text y=9>a</text></a></svg>",
        "<svg><foreignObject><img src=x onerror={}></foreignObject></svg>",
        "<math><mi xlink:href=\"javascript:{}\">a</mi></math>",
        "<body onload={}>",
        "<iframe src=\"javascript:{}\"></iframe>",
        "<iframe srcdoc=\"<img src=x onerror={}>\"></iframe>",
        "<object data=\"javascript:{}\"></object>",
        "<embed src=\"javascript:{}\">",
        "<video><source onerror={}></video>",
        "<audio src=x onerror={}>",
        "<details open ontoggle={}>",
        "<input autofocus onfocus={}>",
        "<select autofocus onfocus={}>",
        "<textarea autofocus onfocus={}>",
        "<marquee onstart={}>",
        "<a href=\"javascript:{}\">a</a>",
        "<a href=\"java&#115;cript:{}\">a</a>",
        "<form action=\"javascript:{}\"><button>a</button></form>",
        "<button formaction=\"javascript:{}\">a</button>",
        "<meta http-equiv=refresh content=\"0;url=javascript:{}\">",
        "<base href=\"javascript:{}//\">",
        "<link rel=stylesheet href=\"data:text/css,*{{}}\" onload={}>",
        "<style onload={}></style>",
        "<template><img src=x onerror={}></template>",
        "\"><img src=x onerror={}>",
        "'><img src=x onerror={}>",
        "</div></section><img src=x onerror={}>",
        "<!--><img src=x onerror={}>-->",
        "`<img src=x onerror={}>`",
        "&lt;img src=x onerror={}&gt;<img/src/onerror={}>",
    ];
    const ADDRESSES: [&str; 22] = [
        "javascript:{}",
        "JaVaScRiPt:{}",
        "java\tscript:{}",
        "java\nscript:{}",
        "\u{1}javascript:{}",
        "javascript&colon;{}",
        "javascript://example.org/%0a{}",
        "https://example.org/#javascript:{}",
        "https://example.org/\" onmouseover=\"{}",
        "https://example.org/' onclick='{}",
        "https://example.org/><img src=x onerror={}>",
        "https://sing@example.org/?{}",
        "https://example.org\\@example.net/{}",
        "http://[::1]:1/{}",
        "https://{}",
        "data:text/html,<script>{}</script>",
        "data:text/html;base64,{}",
        "data:image/svg+xml,<svg onload={}>",
        "vbscript:{}",
        "blob:https://example.org/{}",
        "view-source:javascript:{}",
        "[a](javascript:{})",
    ];
    const TURNS: [&str; 12] = [
        "\u{202E}", "\u{202D}", "\u{202B}", "\u{202A}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{200F}",
        "\u{200E}", "\u{61C}", "\u{2028}", "\u{200B}",
    ];
    const TURNED: [&str; 5] =
        ["a{}gnp.exe", "{}Anna", "https://example.org/{}moc.live", "`a{}b`", "<b>{}</b>"];
    let fill = |templates: &[&str], fillings: &[&str]| {
        let filled = templates
            .iter()
            .flat_map(|template| fillings.iter().map(|filling| template.replace("{}", filling)));
        filled.collect::<Vec<_>>()
    };
    let mut corpus = fill(&MARKUP, &SONGS);
    corpus.extend(fill(&ADDRESSES, &SONGS));
    corpus.extend(fill(&TURNED, &TURNS));
    corpus
}

/// Sings when a payload runs, and keeps what the page's policy reports.
const CANARY: &str = "{
    window.sung = [];
    window.reports = [];
    window.sing = (...what) => void sung.push(String(what));
    for (const name of ['alert', 'confirm', 'prompt', 'open']) window[name] = () => void sung.push(name);
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        void reports.push(`${violatedDirective} ${blockedURI}`));
}";

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
