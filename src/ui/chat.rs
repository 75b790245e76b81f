use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::{
    follow::follow_on,
    icon::Icon,
    list::{List, RowKey},
    peers::TONES,
    prose,
    surface::{
        Notices, ProseSurface, destination, focus_on, is_hidden, is_wide, moment, scroll_to_end, set_title,
    },
    words::{self, labels},
};
use crate::room::{Entry, Line, MAX_TEXT_BYTES, Room, Source, Status};

/// The same person's messages stand together, if so many milliseconds are not between them.
const TOGETHER_MS: u64 = 5 * 60 * 1_000;

const LOG: &str = "chatLog";

/// What people write. Folded it is a line; a window with room for it shows it from the beginning.
#[component]
pub fn Chat(room: Room) -> impl IntoView {
    let view = room.view;
    let is_open = view.reads;
    room.set_reads(is_wide());
    let toggle = move |_| room.set_reads(!is_open.get_untracked());
    view! {
        <section id="chat" class="card" aria-labelledby="chatTitle" data-open=move || is_open.get().to_string()>
            <header class="chatHead">
                <h2 id="chatTitle">
                    <button
                        id="chatFold"
                        class="quiet"
                        type="button"
                        aria-expanded=move || is_open.get().to_string()
                        aria-controls="chatBody"
                        on:click=toggle
                    >
                        <Icon name="chat" />
                        {labels::MESSAGES}
                        <span id="unread">{move || words::unread(view.unread.get())}</span>
                        <Icon name="fold" />
                    </button>
                </h2>
                <Notify room />
            </header>
            <Arrivals room />
            <div id="chatBody" hidden=move || !is_open.get()>
                <Log room />
                <p id="chatWriting">
                    {move || view.writing.with(|peers| view.names.with(|names| words::writing(peers, names)))}
                </p>
                <Field room />
            </div>
        </section>
    }
}

/// The way to what is written, where that lies below the camera.
#[component]
pub fn ChatJump(room: Room) -> impl IntoView {
    let unread = room.view.unread;
    let label = move || match unread.get() {
        0 => labels::MESSAGES.to_owned(),
        unread => format!("{}, {}", labels::MESSAGES, words::unread(unread)),
    };
    let jump = move |_| {
        room.set_reads(true);
        focus_on(LOG);
    };
    view! {
        <button id="chatJump" type="button" aria-label=label on:click=jump>
            <Icon name="chat" />
            <b hidden=move || unread.get() == 0>{unread}</b>
        </button>
    }
}

/// The switch that lets the system tell of messages. Nobody is asked who did not press it.
#[component]
fn Notify(room: Room) -> impl IntoView {
    let notifies = room.view.notifies;
    let is_on = move || notifies.get() == Some(true);
    view! {
        <button
            id="chatNotify"
            class="quiet"
            type="button"
            hidden=move || notifies.get().is_none()
            aria-pressed=move || is_on().to_string()
            title=labels::NOTIFY
            aria-label=labels::NOTIFY
            on:click=move |_| room.set_notifies(notifies.get_untracked() != Some(true))
        >
            <Icon name="bell" />
        </button>
    }
}

/// Tells of what comes where it is not seen: in the tab's title, by the system, and to who hears the page. Of files the
/// system tells alone: the page asks about them aloud.
#[component]
fn Arrivals(room: Room) -> impl IntoView {
    let view = room.view;
    let said = RwSignal::new(String::new());
    let notices = Notices::default();
    follow_on(move |was_told: Option<bool>| {
        let offer = view.unseen_offer.get().filter(|_| view.notifies.get_untracked() == Some(true));
        let files = view.files.get_untracked();
        let file = offer.and_then(|key| files.into_iter().find(|entry| entry.key == key));
        if let Some(Entry { key, view: file }) = &file {
            let names = view.names.get_untracked();
            notices.show(
                labels::PRODUCT,
                &file.with_untracked(|file| words::files::asks(file, &key.owner, &names, 0)),
            );
        } else if was_told == Some(true) {
            notices.clear();
        }
        file.is_some()
    });
    follow_on(move |before: Option<usize>| {
        let unread = view.unread.get();
        if before.is_some() || unread > 0 {
            set_title(&words::page_title(unread));
        }
        let newest = view.written.with_untracked(|lines| {
            let theirs = |line: &&Line| line.view.with_untracked(|written| written.source != Source::Own);
            lines.iter().rev().find(theirs).map(|line| line.view.get_untracked())
        });
        match newest {
            Some(written) if before.is_some_and(|before| before < unread) => {
                said.set(words::message_came(&written));
                if is_hidden() && view.notifies.get_untracked() == Some(true) {
                    notices.show(&words::author(&written), &written.text);
                }
            }
            _ if unread == 0 => notices.clear(),
            _ => {}
        }
        unread
    });
    view! { <p class="unseen" aria-live="polite">{said}</p> }
}

/// Everything that was written. The end shows, unless somebody scrolled up.
#[component]
fn Log(room: Room) -> impl IntoView {
    let view = room.view;
    // Each with whether it stands under another one of the same person's.
    let lines = move || {
        view.written.with(|lines| {
            let before = [None].into_iter().chain(lines.iter().map(Some));
            let is_together = |before: Option<&Line>, line: &Line| {
                before.is_some_and(|before| {
                    before.author == line.author && before.at.abs_diff(line.at) < TOGETHER_MS
                })
            };
            before
                .zip(lines)
                .map(|(before, line)| (line.clone(), is_together(before, line)))
                .collect::<Vec<_>>()
        })
    };
    let is_empty = Memo::new(move |_| view.written.with(Vec::is_empty));
    view! {
        <div id=LOG role="log" tabindex="0" aria-labelledby="chatTitle">
            <div class="messages">
                <p class="nothing" hidden=move || !is_empty.get()>{labels::NOTHING_WRITTEN}</p>
                <List
                    each=lines
                    key=|(line, together)| RowKey::Message(line.id, *together)
                    children=move |(line, together)| view! { <Message room line together /> }
                />
            </div>
        </div>
    }
}

#[component]
fn Message(
    room: Room,
    line: Line,
    /// The one before it is the same person's.
    together: bool,
) -> impl IntoView {
    let names = room.view.names;
    let written = RwSignal::from(line.view);
    let (text, author, is_own) = written.with_untracked(|written| {
        (written.text.clone(), words::author(written), written.source == Source::Own)
    });
    let tone = words::tone::<TONES>(&line.author).to_string();
    let passed_on =
        move || names.with(|names| words::passed_on(written.with(|written| written.source), names));
    let source = move || match written.with(|written| written.source) {
        Source::Own => "own",
        Source::Author => "author",
        Source::PassedOn(_) => "passed-on",
    };
    view! {
        <div
            class="message"
            class:own=is_own
            class:together=together
            data-id=line.id.to_string()
            data-author=line.author.to_string()
            data-source=source
            data-state=move || is_own.then(|| written.with(words::delivery))
        >
            <p class="from">
                <bdi class="who" data-tone=tone>{author}</bdi>
                <time>{moment(line.at)}</time>
            </p>
            <ProseSurface parts=prose::parts(&text, destination) />
            <p class="hearsay">{passed_on}</p>
            <p class="mark">{move || written.with(words::delivered)}</p>
        </div>
    }
}

/// Where one writes. Enter sends; with Shift it breaks the line.
#[component]
fn Field(room: Room) -> impl IntoView {
    let status = room.view.status;
    let field = NodeRef::<html::Textarea>::new();
    let bytes = RwSignal::new(0);
    let is_out = Memo::new(move |_| {
        matches!(status.get(), Status::Full { .. } | Status::Outdated | Status::Replaced | Status::Refused)
    });
    let cannot_send = Memo::new(move |_| is_out.get() || bytes.get() == 0 || bytes.get() > MAX_TEXT_BYTES);
    let send = move || {
        let Some(field) = field.get_untracked().filter(|_| !cannot_send.get_untracked()) else { return };
        room.say(field.value());
        field.set_value("");
        bytes.set(0);
        scroll_to_end(LOG);
        focus_on("chatInput");
    };
    let on_key = move |event: KeyboardEvent| {
        // What ends a word of Chinese or Japanese does not end the message.
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            send();
        }
    };
    let on_input = move |_| {
        if let Some(field) = field.get_untracked() {
            bytes.set(field.value().trim().len());
            if bytes.get_untracked() > 0 {
                room.say_writing();
            }
        }
    };
    view! {
        <form
            class="writing"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <textarea
                id="chatInput"
                node_ref=field
                rows="1"
                dir="auto"
                autocomplete="off"
                enterkeyhint="send"
                placeholder=labels::WRITE
                aria-label=labels::WRITE
                aria-describedby="chatTooLong"
                disabled=is_out
                on:input=on_input
                on:keydown=on_key
            ></textarea>
            <button id="chatSend" class="primary" type="submit" aria-disabled=move || cannot_send.get().to_string()>
                <Icon name="send" />
                <span class="unseen">{labels::SEND_MESSAGE}</span>
            </button>
            <p id="chatTooLong" role="status">{move || words::too_long(bytes.get(), MAX_TEXT_BYTES)}</p>
        </form>
    }
}
