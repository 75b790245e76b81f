use leptos::{attr::custom::custom_attribute, ev::Event, prelude::*};
use snaproom_protocol::ItemId;

use super::{
    aloud::Aloud,
    follow::{follow, follow_on},
    list::{List, RowKey},
    peers::Who,
    states,
    surface::{Rows, files_chosen, keep_focus_in, press},
    words::{files as sentences, labels},
};
use crate::room::{Entry, FileKind, FileView, Pause, PeerState, PhotoKey, Recipient, Room, TransferState};

const FILE_INPUT: &str = "fileInput";
const FOLDER_INPUT: &str = "folderInput";

/// Files and folders: what one gives, and what others give.
#[component]
pub fn Files(room: Room) -> impl IntoView {
    let view = room.view;
    let files = view.files;
    let is_empty = Memo::new(move |_| files.with(Vec::is_empty));
    let whole = Memo::new(move |_| {
        let is_whole = |entry: &&Entry<FileView>| {
            entry.view.with(|view| !view.is_ours && view.state == TransferState::Verified)
        };
        files.with(|files| files.iter().filter(is_whole).count())
    });
    let aloud = Aloud::default();
    let rows = Rows::new("fileList", id_of);
    let listed = move || {
        let files = files.get();
        rows.are(files.iter().map(|entry| entry.key).collect(), "filesTitle");
        files
    };
    let asked_for = AskedFor(StoredValue::new(None));
    let give = move |event: Event| {
        if let Some(given) = files_chosen(&event) {
            room.give(given, asked_for.0.try_update_value(Option::take).flatten());
        }
    };
    view! {
        <section id="files" class="card files" class:dragged=move || view.dragged.get() aria-labelledby="filesTitle">
            <header class="trailHead">
                <h2 id="filesTitle" tabindex="-1">{sentences::FILES}</h2>
                <button type="button" id="saveFiles" hidden=move || whole.get() < 2 on:click=move |_| room.save_files()>
                    {labels::SAVE_ALL}
                </button>
            </header>
            <div class="giving">
                <button type="button" id="chooseFiles" aria-describedby="filesHint" on:click=move |_| asked_for.choose_files(room, None)>
                    {sentences::CHOOSE}
                </button>
                <button type="button" id="chooseFolder" aria-describedby="filesHint" on:click=move |_| asked_for.choose_folder(None)>
                    {sentences::CHOOSE_FOLDER}
                </button>
                <input id=FILE_INPUT type="file" multiple=true hidden=true on:change=give />
                <input id=FOLDER_INPUT hidden=true on:change=give type="file" {..custom_attribute("webkitdirectory", "")} />
                <p id="filesHint">
                    <span class="withMouse">{sentences::DROP}" "</span>
                    {sentences::HINT}
                </p>
            </div>
            <GiveTo room />
            <ul id="fileList" hidden=move || is_empty.get()>
                <List
                    each=listed
                    key=|entry| RowKey::Item(entry.key)
                    children=move |entry| view! { <File room entry aloud asked_for /> }
                />
            </ul>
            <div id="filesAloud" class="unseen" aria-live="polite">
                {aloud.paragraphs()}
            </div>
        </section>
    }
}

/// The item for which the person chooses its missing file just now.
#[derive(Clone, Copy)]
struct AskedFor(StoredValue<Option<ItemId>>);

impl AskedFor {
    fn choose_files(self, room: Room, item: Option<ItemId>) {
        self.0.set_value(item);
        room.choose_files(FILE_INPUT, item);
    }

    fn choose_folder(self, item: Option<ItemId>) {
        self.0.set_value(item);
        press(FOLDER_INPUT);
    }
}

/// To whom, where there is a choice.
#[component]
fn GiveTo(room: Room) -> impl IntoView {
    let view = room.view;
    let (peers, chosen, names) = (view.peers, view.give_to, view.names);
    let here = Memo::new(move |_| {
        let is_here = |state: PeerState| matches!(state, PeerState::Connected | PeerState::Away);
        peers.with(|peers| {
            peers.iter().filter(|peer| is_here(peer.state)).map(|peer| peer.peer).collect::<Vec<_>>()
        })
    });
    let toggle = move |peer| {
        chosen.update(|chosen| match chosen.iter().position(|known| *known == peer) {
            Some(place) => drop(chosen.remove(place)),
            None => chosen.push(peer),
        });
    };
    view! {
        <div class="giveTo" role="group" aria-label=sentences::TO_WHOM hidden=move || here.with(Vec::len) < 2 && chosen.with(Vec::is_empty)>
            <button
                type="button"
                aria-pressed=move || chosen.with(Vec::is_empty).to_string()
                on:click=move |_| chosen.update(Vec::clear)
            >
                {sentences::EVERYBODY}
            </button>
            <List
                each=move || here.get()
                key=|peer| RowKey::Person(*peer)
                children=move |peer| view! {
                    <button
                        type="button"
                        data-peer=peer.to_string()
                        aria-pressed=move || chosen.with(|chosen| chosen.contains(&peer)).to_string()
                        on:click=move |_| toggle(peer)
                    >
                        <Who peer names />
                    </button>
                }
            />
        </div>
    }
}

#[component]
fn File(room: Room, entry: Entry<FileView>, aloud: Aloud, asked_for: AskedFor) -> impl IntoView {
    let key = entry.key;
    let names = room.view.names;
    let file = RwSignal::from(entry.view);
    let state = Memo::new(move |_| file.with(states::of_file));
    let FileView { name, kind, is_ours, total, removed, .. } = file.get_untracked();
    let id = id_of(key);
    let bytes = move || file.with(|file| if is_ours { sum(file, |to| to.bytes) } else { file.bytes });
    let all =
        move || file.with(|file| if is_ours { sum(file, |to| to.total).max(total) } else { file.total });
    let own = id.clone();
    follow(move || {
        state.track();
        keep_focus_in(&own);
    });
    let stages =
        Memo::new(move |_| file.with(|file| names.with_untracked(|names| sentences::stages(file, names))));
    follow_on(move |before: Option<Vec<String>>| {
        let stages = stages.get();
        if let Some(before) = before {
            stages.iter().filter(|stage| !before.contains(stage)).for_each(|stage| aloud.say(stage));
        }
        stages
    });
    let limit = move || {
        let limit = room.view.memory_alone.get().filter(|_| file.with(FileView::is_offered));
        limit.map(|bytes| view! { <p class="limit">{sentences::memory_alone(bytes)}</p> })
    };
    view! {
        <li
            id=id
            class="transfer file"
            tabindex="-1"
            data-id=key.item.to_string()
            data-direction=if is_ours { "out" } else { "in" }
            data-from=key.owner.to_string()
            data-state=move || states::transfer(state.get())
            data-bytes=move || bytes().to_string()
            data-total=move || all().to_string()
            data-saved=move || file.with(|file| file.saved).to_string()
        >
            <p class="name" title=name.clone()>{name.clone()}</p>
            <p class="what">
                {sentences::what(&name, kind, total)}
                {(!is_ours).then(|| view! { " · "<Who peer=key.owner names /> })}
            </p>
            <p class="how">{move || file.with(sentences::how)}</p>
            <progress
                max=move || all().to_string()
                value=move || bytes().to_string()
                aria-label=labels::PROGRESS
                class:rests=move || !states::moves(state.get())
            ></progress>
            {limit}
            {(!removed.is_empty()).then(|| view! {
                <div class="removed">
                    <p>{sentences::removed(removed)}</p>
                    <button
                        type="button"
                        class="sendOriginal"
                        hidden=move || file.with(FileView::has_ended)
                        on:click=move |_| room.offer_original(key.item)
                    >
                        {sentences::SEND_ORIGINAL}
                    </button>
                </div>
            })}
            <Buttons room key file state name=name.clone() asked_for />
            <ul class="recipients" hidden=!is_ours>
                <List
                    each=move || file.with(|file| file.recipients.iter().map(|to| to.peer).collect::<Vec<_>>())
                    key=|peer| RowKey::Person(*peer)
                    children=move |peer| {
                        let to = Memo::new(move |_| file.with(|file| {
                            file.recipients.iter().find(|to| to.peer == peer).copied()
                        }));
                        view! { <To room to=Signal::derive(move || to.get()) peer /> }
                    }
                />
            </ul>
        </li>
    }
}

/// How it is with one of whom it is given to.
#[component]
fn To(room: Room, to: Signal<Option<Recipient>>, peer: snaproom_protocol::PeerId) -> impl IntoView {
    let names = room.view.names;
    let of = move |number: fn(&Recipient) -> u64| to.with(|to| to.as_ref().map_or(0, number)).to_string();
    view! {
        <li
            class="recipient"
            data-peer=peer.to_string()
            data-state=move || to.with(|to| to.as_ref().map_or("offered", states::of_recipient))
            data-bytes=move || of(|to| to.bytes)
            data-total=move || of(|to| to.total)
        >
            <Who peer names />
            <span class="how">{move || to.with(|to| to.as_ref().map(sentences::recipient))}</span>
        </li>
    }
}

/// What one can do about it.
#[component]
fn Buttons(
    room: Room,
    key: PhotoKey,
    file: RwSignal<FileView>,
    state: Memo<TransferState>,
    name: String,
    asked_for: AskedFor,
) -> impl IntoView {
    let names = room.view.names;
    let is_ours = file.with_untracked(|file| file.is_ours);
    let is_folder = file.with_untracked(|file| matches!(file.kind, FileKind::Folder { .. }));
    let needs_leave = move || file.with(|file| file.needs_leave);
    let supply = move |_| {
        if needs_leave() {
            room.ask_for_file(key.item);
        } else if is_folder {
            asked_for.choose_folder(Some(key.item));
        } else {
            asked_for.choose_files(room, Some(key.item));
        }
    };
    let is_offered = move || !is_ours && state.get() == TransferState::Offered;
    let is_missing = move || is_ours && state.get() == TransferState::Paused(Pause::Source);
    let is_stopped = move || matches!(state.get(), TransferState::Paused(Pause::Us | Pause::Storage));
    let moves = move || {
        matches!(state.get(), TransferState::Active | TransferState::Waiting) && !is_ours
            || is_ours && matches!(state.get(), TransferState::Active)
    };
    let is_over = move || file.with(FileView::has_ended);
    let can_be_saved = move || file.with(FileView::can_be_saved);
    let label = move |words: fn(&str) -> String| words(&name);
    let [accept, decline, pause, resume, cancel, save, remove] = [
        sentences::accept,
        sentences::decline,
        sentences::pause,
        sentences::resume,
        sentences::cancel,
        sentences::save,
        sentences::remove,
    ]
    .map(label);
    view! {
        <div class="buttons">
            <button type="button" class="accept primary" hidden=move || !is_offered() aria-label=accept on:click=move |_| room.accept(key)>
                {sentences::ACCEPT}
            </button>
            <button type="button" class="decline" hidden=move || !is_offered() aria-label=decline on:click=move |_| room.decline(key)>
                {sentences::DECLINE}
            </button>
            <button
                type="button"
                class="acceptAll"
                hidden=move || !is_offered()
                on:click=move |_| room.accept_all(key.owner, true)
            >
                {move || names.with(|names| sentences::accept_all(&key.owner, names))}
            </button>
            <button type="button" class="supply primary" hidden=move || !is_missing() on:click=supply>
                {move || match (needs_leave(), is_folder) {
                    (true, _) => sentences::RESUME,
                    (false, true) => sentences::CHOOSE_FOLDER_AGAIN,
                    (false, false) => sentences::CHOOSE_AGAIN,
                }}
            </button>
            <button type="button" class="pause" hidden=move || !moves() aria-label=pause on:click=move |_| room.pause(key, true)>
                {sentences::PAUSE}
            </button>
            <button type="button" class="resume" hidden=move || !is_stopped() aria-label=resume on:click=move |_| room.pause(key, false)>
                {sentences::RESUME}
            </button>
            <button type="button" class="save" hidden=move || !can_be_saved() aria-label=save on:click=move |_| room.save_file(key)>
                {move || file.with(sentences::save_label)}
            </button>
            <button
                type="button"
                class="cancel"
                hidden=move || is_over() || is_offered()
                aria-label=cancel
                on:click=move |_| if is_ours { room.cancel(key.item) } else { room.decline(key) }
            >
                {labels::CANCEL}
            </button>
            <button type="button" class="remove" hidden=move || !is_over() aria-label=remove on:click=move |_| room.remove_file(key)>
                {labels::REMOVE}
            </button>
        </div>
    }
}

fn id_of(PhotoKey { owner, item }: PhotoKey) -> String {
    format!("file-{owner}-{item}")
}

fn sum(file: &FileView, bytes: fn(&Recipient) -> u64) -> u64 {
    file.recipients.iter().map(bytes).fold(0, u64::saturating_add)
}
