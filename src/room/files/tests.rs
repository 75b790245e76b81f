use leptos::prelude::Owner;
use snaproom_protocol::control::RefusedItem;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;
use crate::{
    browser::{Blob, Choice, Chosen, Error},
    room::{Failure, Trust},
};

wasm_bindgen_test_configure!(run_in_browser);

const ME: PeerId = PeerId([1; 16]);
const ANNA: PeerId = PeerId([2; 16]);
const BEN: PeerId = PeerId([3; 16]);
const FILE: PhotoKey = PhotoKey { owner: ANNA, item: ItemId([7; 16]) };

fn files(room: &str) -> (Owner, Files) {
    let owner = Owner::new();
    let files = owner.with(|| Files::new(RoomView::new(), Inbox::default(), room.into(), ME));
    (owner, files)
}

fn are_here(files: &Files, peers: &[PeerId]) {
    let view =
        |&peer: &PeerId| PeerView { peer, state: PeerState::Connected, path: None, trust: Trust::Unknown };
    files.view.peers.set(peers.iter().map(view).collect());
}

fn source(text: &str) -> Source {
    Source::from(Blob::new(text.as_bytes()))
}

fn parcel(original: Option<&str>) -> Parcel {
    Parcel {
        name: "notes.txt".into(),
        kind: Kind::File,
        source: source("hello"),
        modified: 10,
        removed: Secrets::default(),
        original: original.map(source),
        handle: None,
    }
}

/// The only one that is sent with these commands: which, to whom, and whether for everybody.
fn sent(commands: &[Command]) -> (ItemId, Vec<PeerId>, bool) {
    let mut sent = commands.iter().filter_map(|command| match command {
        Command::SendFile(File { item, to, for_all, .. }) => Some((*item, to.clone(), *for_all)),
        _ => None,
    });
    let only = sent.next().expect("nothing is sent");
    assert!(sent.next().is_none());
    only
}

async fn next(inbox: &Inbox) -> Happened {
    task::within(20_000, inbox.next()).await.expect("nothing happens")
}

#[wasm_bindgen_test]
async fn what_is_given_goes_to_those_who_were_chosen_then() {
    let (_owner, mut files) = files("chosen");
    are_here(&files, &[ANNA, BEN]);
    files.view.give_to.set(vec![ANNA]);
    let chosen = Chosen {
        name: "notes.txt".into(),
        path: None,
        bytes: 5,
        modified: 10,
        source: source("hello"),
        handle: None,
    };
    files.give(Given { choices: vec![Choice::Files(vec![chosen])], left_out: 0 }, None);
    // It is still being made ready.
    files.view.give_to.set(Vec::new());
    let Happened::Parcels { parcels, to, asked_for } = next(&files.inbox).await else { panic!("no parcels") };
    let (_, to, for_all) = sent(&files.offer(parcels, &to, asked_for));
    assert_eq!((to, for_all), (vec![ANNA], false));
    // What is for everybody is also for who came in between.
    let (_, to, for_all) = sent(&files.offer(vec![parcel(None)], &Recipients::Everybody, None));
    assert_eq!((to, for_all), (vec![ANNA, BEN], true));
}

#[wasm_bindgen_test]
async fn the_original_goes_to_those_who_were_given_the_photo_without_its_secrets_and_nobody_else() {
    let (_owner, mut files) = files("original");
    are_here(&files, &[ANNA, BEN]);
    let given = files.offer(vec![parcel(Some("hello, from here"))], &Recipients::These(vec![ANNA]), None);
    let (item, ..) = sent(&given);
    files.view.give_to.set(vec![BEN]);
    are_here(&files, &[BEN]);
    assert!(files.offer_original(item).is_empty(), "Anna is not here");
    assert!(matches!(next(&files.inbox).await, Happened::Notice(Notice::ChosenAreGone)));
    assert!(!files.entry(PhotoKey { owner: ME, item }).unwrap().view.get_untracked().has_ended());

    are_here(&files, &[BEN, ANNA]);
    let commands = files.offer_original(item);
    assert!(matches!(commands[0], Command::Cancel(cancelled) if cancelled == item));
    let (other, to, for_all) = sent(&commands);
    assert_ne!(other, item);
    assert_eq!((to, for_all), (vec![ANNA], false));
}

#[wasm_bindgen_test]
fn what_is_whole_and_not_saved_makes_way_for_nothing() {
    let (_owner, mut files) = files("way");
    let view = |files: &Files, item| files.entry(PhotoKey { owner: ANNA, item }).map(|entry| entry.view);
    let list = |files: &mut Files, number: usize| {
        let item = ItemId((number as u128).to_be_bytes());
        files.list(PhotoKey { owner: ANNA, item }, "a", Kind::File, 1, None);
        view(files, item).unwrap().update(|view| view.state = TransferState::Verified);
        item
    };
    let all: Vec<_> = (0..=MAX_FILES).map(|number| list(&mut files, number)).collect();
    assert!(all.iter().all(|item| view(&files, *item).is_some()));
    view(&files, all[5]).unwrap().update(|view| view.saved = true);
    view(&files, all[4]).unwrap().update(|view| view.state = TransferState::Failed(Failure::Lost));
    list(&mut files, 1000);
    assert!(view(&files, all[4]).is_none());
    list(&mut files, 1001);
    assert!(view(&files, all[5]).is_none());
    assert!([0, 1, 2, 3, 6].iter().all(|place| view(&files, all[*place]).is_some()));
}

#[wasm_bindgen_test]
async fn what_the_last_life_of_the_page_was_sending_goes_on_until_it_is_cancelled() {
    let (_owner, mut before) = files("lives");
    are_here(&before, &[ANNA]);
    let (item, ..) = sent(&before.offer(vec![parcel(None)], &Recipients::Everybody, None));
    before.put_aside();
    drop(before);

    let (_owner, mut files) = files("lives");
    assert_eq!(sent(&files.restore().await).1, [ANNA]);
    let key = PhotoKey { owner: ME, item };
    let view = files.entry(key).unwrap().view;
    assert_eq!(view.get_untracked().recipients[0].state, TransferState::Waiting);
    assert!(!files.remove(key), "somebody waits for it");
    files.cancel(item);
    assert_eq!(view.get_untracked().recipients[0].state, TransferState::Cancelled);
    assert!(storage::files("lives").is_none(), "the next life sends it again");
    assert!(files.remove(key));
}

#[wasm_bindgen_test]
fn of_what_was_released_no_part_can_be_saved() {
    let (_owner, mut files) = files("part");
    files.list(FILE, "film.mp4", Kind::File, 10, None);
    let reason = RefusedItem::Storage;
    for state in [TransferState::Cancelled, TransferState::Failed(Failure::Refused(reason))] {
        let view = files.entry(FILE).unwrap().view;
        view.update(|view| (view.bytes, view.state) = (5, state));
        assert!(view.get_untracked().can_be_saved());
        files.release(exact(FILE));
        assert!(!view.get_untracked().can_be_saved());
    }
}

#[wasm_bindgen_test]
async fn whoever_wants_a_file_before_the_disk_was_tried_hears_of_the_memory_that_there_is() {
    let (_owner, mut files) = files("early");
    files.list(FILE, "film.mp4", Kind::File, MAX_MEMORY_BYTES + 1, None);
    files.accept(FILE);
    assert!(files.inbox.try_next().is_none(), "it is not known yet");
    files.on_disk_opened(Err(Error::new("SecurityError", "a private window")));
    let Happened::Notice(Notice::NoRoom { free, .. }) = next(&files.inbox).await else { panic!("no notice") };
    assert_eq!(free, MAX_MEMORY_BYTES);
    files.if_it_fits(MAX_MEMORY_BYTES, Happened::Accepted(FILE));
    assert!(matches!(next(&files.inbox).await, Happened::Accepted(FILE)));
}
