//! One stay in one room: the session, and the socket, connections and payloads that it acts on.

use std::collections::VecDeque;

use leptos::prelude::{ArcRwSignal, GetUntracked, Set, Update, WithUntracked};
use snaproom_protocol::{ItemId, PeerId, bulk::Part, control::Kind, server::ToServer, wire};
use snaproom_session::{
    Command, ConnectionId, Event, Input, Link, News, Output, PayloadId, Photo, Session, Time,
    io::{Earlier, File, Lent, Outgoing, Signs, State},
    keys::RoomKeys,
};

use super::{
    call::Call,
    chat::Chat,
    company::Company,
    disk::Opened,
    files::{Files, Recipients},
    gallery::{self, Gallery},
    identity::{self, Identity},
    inbox::{Happened, Inbox},
    library::{Found, Held, Library, Wanted, exact},
    offered::Reached,
    original::{Kept, Original},
    originals::Originals,
    parcel::Parcel,
    sources::Read,
    studio::Taken,
    vault::Vault,
    view::{Entry, Notice, PeerState, PeerView, PhotoKey, Recipient, RoomView, SentView},
    wires::Wires,
};
use crate::browser::{
    self, Connection, Error, Payload, Picture, Socket, SocketEvent, StoreEvent, page, storage,
    task::{self, Task},
};

/// Photos of ours that are listed with their recipients.
const MAX_SENT: usize = 50;

pub(super) struct Visit {
    session: Session,
    view: RoomView,
    company: Company,
    inbox: Inbox,
    /// With its number.
    socket: Option<(u32, Socket)>,
    next_socket: u32,
    wires: Wires,
    vault: Vault,
    originals: Originals,
    pub(super) files: Files,
    chat: Chat,
    library: Library,
    /// The room that we go to, once whoever comes along has read it.
    pub(super) moved: Option<Link>,
    /// Inputs that an action led to at once.
    done: VecDeque<Input>,
    _identity: Identity,
}

impl Visit {
    pub(super) async fn begin(link: &Link, view: RoomView, inbox: Inbox) -> Result<Self, Error> {
        let room = RoomKeys::derive(link).room();
        let identity = Identity::claim(room).await?;
        let session = Session::new(link, identity.me.clone(), task::random()?, now());
        let me = session.me();
        view.me.set(Some(me));
        let mut files = Files::new(view, inbox.clone(), room.to_string(), me);
        let left = files.restore().await;
        let mut visit = Self {
            session,
            view,
            company: Company::new(view),
            wires: Wires::new(inbox.clone()),
            vault: Vault::new(inbox.clone()),
            originals: Originals::new(inbox.clone()),
            files,
            chat: Chat::new(view, inbox.clone(), room),
            library: Library::new(view, inbox.clone()),
            inbox,
            socket: None,
            next_socket: 0,
            moved: None,
            done: VecDeque::new(),
            _identity: identity,
        };
        // Before the first connection: an address that is shown once is known.
        if view.relay_only.get_untracked() {
            visit.command(Command::SetRelayOnly(true));
        }
        visit.command(Command::SetName(view.my_name.get_untracked()));
        visit.obey(left);
        visit.command(Command::Recall(visit.chat.kept()));
        Ok(visit)
    }

    pub(super) fn handle(&mut self, input: Input) {
        self.session.handle(input, now());
    }

    pub(super) fn command(&mut self, command: Command) {
        self.handle(Input::Command(command));
    }

    fn obey(&mut self, commands: Vec<Command>) {
        for command in commands {
            self.command(command);
        }
    }

    pub(super) fn wires(&mut self) -> &mut Wires {
        &mut self.wires
    }

    pub(super) fn tick(&mut self) {
        self.handle(Input::Tick);
    }

    pub(super) fn retry(&mut self) {
        self.command(Command::Retry);
    }

    pub(super) fn cancel(&mut self, item: ItemId) {
        self.originals.forget(item);
        self.files.cancel(item);
        self.command(Command::Cancel(item));
    }

    /// Shows it, remembers it and tells it to everybody.
    pub(super) fn set_name(&mut self, typed: &str) {
        let name = identity::keep_name(typed);
        self.view.my_name.set(name.clone());
        self.command(Command::SetName(name));
    }

    /// Remembers it, and acts on it at once.
    pub(super) fn set_relay_only(&mut self, relay_only: bool) {
        storage::keep_relay_only(relay_only);
        self.view.relay_only.set(relay_only);
        self.command(Command::SetRelayOnly(relay_only));
    }

    pub(super) fn compare(&mut self, peer: PeerId) {
        self.command(Command::Compare(peer));
    }

    pub(super) fn compared(&mut self, peer: PeerId, signs: Signs, same: bool) {
        self.command(Command::Compared { peer, signs, same });
    }

    /// Asks these people to come along to a new room.
    pub(super) fn move_with(&mut self, with: Vec<PeerId>) {
        if let Ok(random) = task::random() {
            self.view.notice.set(Some(Notice::Moving));
            self.command(Command::Move { link: Link::mint(random), with });
        }
    }

    /// Whether to go along with who asked.
    pub(super) fn answer_invitation(&mut self, from: PeerId, goes: bool) {
        self.moved = self.company.answer_invitation(from, goes);
    }

    /// Says goodbye. What is dropped afterwards closes by itself. Gives what is still to be done.
    pub(super) fn leave(&mut self, gallery: &mut Gallery, call: &mut Call) -> Option<Task> {
        self.command(Command::Leave);
        self.carry_out(gallery, call);
        self.chat.forget_kept();
        self.files.leave()
    }

    /// Lets go of everybody, and keeps the seat for the lease.
    pub(super) fn put_aside(&mut self, gallery: &mut Gallery, call: &mut Call) {
        self.files.put_aside();
        self.command(Command::PutAside);
        self.carry_out(gallery, call);
        self.keep_written();
    }

    /// Writes to everybody in the room.
    pub(super) fn say(&mut self, text: String) {
        self.command(Command::Say { text, at: task::unix_ms() });
    }

    pub(super) fn keep_written(&mut self) {
        self.chat.keep(&self.session);
    }

    /// When the session wants to know the time.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.session.next_deadline()
    }

    /// False when there is nobody to send it to.
    pub(super) fn send_photo(&mut self, taken: Taken) -> bool {
        let connected = |peers: &Vec<PeerView>| peers.iter().any(|peer| peer.state == PeerState::Connected);
        if !self.view.peers.with_untracked(connected) {
            return false;
        }
        let photo = self.hold(taken);
        let item = photo.item;
        if !photo.on_request {
            self.originals.expect(item, photo.width, photo.height);
        }
        self.command(Command::SendPhoto(photo));
        page::mark(&format!("photo:{item}:sent"));
        true
    }

    /// Answers who asked for a photo of the camera, with one or with none. A photo that nobody waits for any more is not
    /// kept.
    pub(super) fn answer_still(&mut self, asking: PeerId, taken: Option<Taken>) {
        let is_awaited = self.view.call.with_untracked(|call| call.want_still.contains(&asking));
        if taken.is_some() && !is_awaited {
            return;
        }
        let photo = taken.map(|taken| self.hold(taken));
        self.command(Command::AnswerStill(asking, photo));
    }

    /// Keeps the photo's bytes for the session.
    fn hold(&mut self, Taken { item, picture, preview, at, of_burst }: Taken) -> Photo {
        let owner = self.session.me();
        // Where there is no preview, the exact pixels are all there is.
        let on_request = of_burst && preview.is_some();
        let photo = Photo {
            item,
            name: gallery::file_name(at),
            width: picture.width,
            height: picture.height,
            taken: at,
            preview: preview.as_ref().map(Payload::len),
            on_request,
        };
        if on_request {
            self.originals.keep(item, picture);
        } else {
            self.vault.put(PayloadId { owner, item, part: Part::Exact }, picture.pixels);
        }
        if let Some(preview) = preview {
            self.vault.put(PayloadId { owner, item, part: Part::Preview }, preview);
        }
        let key = PhotoKey { owner, item };
        let view = ArcRwSignal::new(SentView { taken: at, recipients: Vec::new() });
        self.view.sent.update(|sent| {
            sent.insert(0, Entry { key, view });
            sent.truncate(MAX_SENT);
        });
        photo
    }

    /// Offers what the person gave.
    pub(super) fn offer(&mut self, parcels: Vec<Parcel>, to: &Recipients, asked_for: Option<ItemId>) {
        let commands = self.files.offer(parcels, to, asked_for);
        self.obey(commands);
    }

    /// Goes on with a file of ours from before the page was loaded anew, if it is there.
    pub(super) fn on_reached(&mut self, reached: Reached) {
        let command = self.files.on_reached(reached);
        self.obey(command.into_iter().collect());
    }

    /// Sends a photo with all that it tells, in the place of the one without.
    pub(super) fn offer_original(&mut self, item: ItemId) {
        let commands = self.files.offer_original(item);
        self.obey(commands);
    }

    /// Stops a file for now, or goes on with it.
    pub(super) fn pause(&mut self, PhotoKey { owner: from, item }: PhotoKey, pauses: bool) {
        self.command(if from == self.session.me() {
            Command::Hold { item, holds: pauses }
        } else {
            Command::Pause { from, item, pauses }
        });
    }

    pub(super) fn on_files_saved(&mut self, files: &[PhotoKey]) {
        let commands = self.files.on_files_saved(files);
        self.obey(commands);
    }

    /// A piece of a file of ours was read.
    pub(super) fn on_read(&mut self, read: Read) {
        let input = self.files.sources.on_read(read);
        self.handle(input);
    }

    pub(super) fn on_disk_opened(&mut self, opened: Opened) {
        let inputs = self.files.on_disk_opened(opened);
        self.done.extend(inputs);
    }

    pub(super) fn on_disk(&mut self, event: &StoreEvent) {
        let inputs = self.files.disk.on_event(event);
        self.done.extend(inputs);
    }

    /// Asks the sender of a photo for its exact pixels, or of a file for all of it.
    pub(super) fn request(&mut self, PhotoKey { owner: from, item }: PhotoKey) {
        self.command(Command::Request { from, item });
    }

    /// Gets what was shown before we came; of files what there is room for.
    pub(super) fn fetch(&mut self, all: &[PhotoKey]) {
        for key in all {
            let is_it = |earlier: &&Earlier| (earlier.owner, earlier.item) == (key.owner, key.item);
            let kind =
                |all: &Vec<Earlier>| all.iter().find(is_it).map(|earlier| (earlier.kind, earlier.bytes));
            match self.view.earlier.with_untracked(kind) {
                None => {}
                Some((Kind::Photo { .. }, _)) => {
                    self.command(Command::Fetch { owner: key.owner, item: key.item });
                }
                Some((_, bytes)) => self.files.if_it_fits(bytes, Happened::Fits(*key)),
            }
        }
    }

    /// Where something is that somebody wants who came later.
    fn held(&self, Wanted { key, kind, .. }: Wanted, gallery: &Gallery) -> Option<Held> {
        match kind {
            Kind::Photo { width, height, .. } if key.owner == self.session.me() => {
                let sent = self.vault.payload(exact(key)).map(|pixels| {
                    let original = Original::default();
                    original.keep(Kept::Pixels(Picture { width, height, pixels: pixels.clone() }));
                    original
                });
                sent.or_else(|| self.originals.original(key.item))
                    .or_else(|| gallery.original(key))
                    .map(Held::Photo)
            }
            Kind::Photo { .. } => gallery.original(key).map(Held::Photo),
            Kind::File | Kind::Folder { .. } => self.files.held(key, self.library.came_as(key)),
        }
    }

    /// Gives it to who wants it, as an item of ours that is in no list.
    pub(super) fn lend(&mut self, Wanted { by, kind, as_item: item, .. }: Wanted, found: Option<Found>) {
        let payload = exact(PhotoKey { owner: self.session.me(), item });
        let lent = found.map(|found| match found {
            Found::Photo(Picture { width, height, pixels }, taken) => {
                self.vault.put(payload, pixels);
                let name = gallery::file_name(taken);
                Lent::Photo(Photo { item, name, width, height, taken, preview: None, on_request: false })
            }
            Found::File(name, source) => {
                let (bytes, to) = (source.bytes(), vec![by]);
                self.files.sources.put(payload, source);
                Lent::File(File {
                    item,
                    name,
                    kind,
                    bytes,
                    to,
                    goes_on: false,
                    is_here: true,
                    for_all: false,
                })
            }
        });
        self.command(Command::Lend { as_item: item, lent });
    }

    /// Takes a file that has ended out of the list. What the session still has of one of ours is of no use then.
    pub(super) fn remove_file(&mut self, key: PhotoKey) {
        if self.files.remove(key) {
            if key.owner == self.session.me() {
                self.command(Command::Cancel(key.item));
            }
            self.unshare(key);
        }
    }

    /// The person has put it away: nobody is told any more that we hold it.
    pub(super) fn unshare(&mut self, key: PhotoKey) {
        let PhotoKey { owner, item } = self.library.key_of(key);
        self.command(Command::Unshare { owner, item });
    }

    /// The exact pixels of a photo of ours are in memory, or cannot be.
    pub(super) fn on_loaded(&mut self, payload: PayloadId, pixels: Option<Payload>) {
        match pixels {
            _ if !self.originals.has_loaded(payload) => {}
            None => self.handle(Input::PayloadFailed(payload)),
            Some(pixels) => {
                self.vault.put(payload, pixels);
                self.handle(Input::Loaded(payload));
            }
        }
    }

    pub(super) fn on_socket(&mut self, number: u32, event: SocketEvent) {
        if self.socket.as_ref().is_none_or(|(present, _)| *present != number) {
            return;
        }
        match event {
            SocketEvent::Message(text) => self.handle(Input::Server(text)),
            SocketEvent::Closed => {
                self.socket = None;
                self.handle(Input::SocketClosed);
            }
        }
    }

    pub(super) fn on_connection(&mut self, connection: ConnectionId, event: browser::Event) {
        let event = match event {
            browser::Event::Candidate(candidate) => Event::Candidate(candidate),
            browser::Event::RemoteDescriptionSet => Event::RemoteDescriptionSet,
            browser::Event::State(state) => match state {
                browser::State::Connecting => Event::State(State::Connecting),
                browser::State::Connected => Event::State(State::Connected),
                browser::State::Disconnected => Event::State(State::Disconnected),
                browser::State::Failed => Event::State(State::Failed),
                browser::State::Closed => Event::Closed,
            },
            browser::Event::Open { max_message } => Event::Open { max_message },
            browser::Event::Control(text) => Event::Control(text),
            browser::Event::BulkHeader(text) => Event::Header(text),
            browser::Event::BulkChunk(chunk) => {
                let bytes = chunk.len();
                Event::Chunk(self.vault.receive(chunk), bytes)
            }
            browser::Event::Oversized => Event::Overrun,
            browser::Event::Closed => Event::Closed,
        };
        self.handle(Input::Connection(connection, event));
    }

    pub(super) fn on_overrun(&mut self, connection: ConnectionId) {
        self.handle(Input::Connection(connection, Event::Overrun));
    }

    /// Does all that the session wants, and all that follows from it at once.
    pub(super) fn carry_out(&mut self, gallery: &mut Gallery, call: &mut Call) {
        loop {
            while let Some(output) = self.session.poll() {
                self.act(output, gallery, call);
            }
            match self.done.pop_front() {
                Some(input) => self.handle(input),
                None => return self.chat.has_recalled(),
            }
        }
    }

    fn act(&mut self, output: Output, gallery: &mut Gallery, call: &mut Call) {
        match output {
            Output::OpenSocket => self.open_socket(),
            Output::CloseSocket => self.socket = None,
            Output::Send(message) => self.send(&message),
            Output::Connect { connection, role, ice } => self.wires.connect(connection, role, &ice),
            Output::Configure(id, ice) => self.wires.configure(id, &ice),
            Output::MakeOffer(id) => self.wires.describe(id, Connection::offer),
            Output::RestartIce(id) => self.wires.describe(id, Connection::restart_ice),
            Output::AcceptOffer(id, sdp) => self.wires.describe(id, |wire| wire.answer(sdp)),
            Output::AcceptAnswer(id, sdp) => self.wires.accept(id, sdp),
            Output::AddCandidate(id, candidate) => self.wires.add_candidate(id, candidate),
            Output::FindPath(id) => self.wires.find_path(id),
            Output::SendControl(id, text) => self.wires.at_once(id, |wire| wire.send_control(&text)),
            Output::SendHeader(id, text) => self.wires.at_once(id, |wire| wire.send_header(&text)),
            Output::SendBytes { connection, payload, offset, length } => {
                let piece = self.files.sources.piece(payload, offset);
                let whole = || Some((self.vault.payload(payload)?, offset));
                match piece.or_else(whole) {
                    Some((bytes, offset)) => self.wires.send_bytes(connection, bytes, offset, length),
                    None => self.done.push_back(Input::PayloadFailed(payload)),
                }
            }
            Output::Close(id) => {
                call.others.forget(id);
                self.wires.close(id);
            }
            Output::StartMedia(id, peer) => call.start_media(id, peer, &mut self.wires),
            Output::StopMedia(id, _) => call.stop_media(id, &mut self.wires),
            Output::Store { chunk, payload, of, offset } if self.files.disk.has(payload) => {
                if let Some(chunk) = self.vault.take(chunk) {
                    self.done.extend(self.files.disk.write(payload, of, offset, chunk));
                }
            }
            Output::Store { chunk, payload, of, offset } => {
                self.done.extend(self.vault.store(chunk, payload, of, offset));
            }
            Output::Discard(chunk) => self.vault.discard(chunk),
            Output::Hash { payload, offset, length } if self.files.sources.has(payload) => {
                self.files.sources.read(payload, offset, length, false);
            }
            Output::Hash { payload, offset, length } if self.files.disk.has(payload) => {
                self.done.extend(self.files.disk.hash(payload, offset, length));
            }
            Output::Hash { payload, offset, length } => {
                self.done.extend(self.vault.hash(payload, offset, length));
            }
            Output::Read(payload) => self.done.push_back(self.vault.read(payload)),
            Output::Show(payload) => {
                if let Some(bytes) = self.vault.payload(payload) {
                    let key = self.library.key_of(PhotoKey { owner: payload.owner, item: payload.item });
                    gallery.show(key, payload.part, bytes.clone());
                }
            }
            Output::Load(payload) => self.originals.load(payload),
            Output::Unload(payload) => self.vault.release(payload),
            Output::Release(payload) => {
                if payload.owner == self.session.me() && payload.part == Part::Exact {
                    self.originals.release(payload, self.vault.payload(payload).cloned());
                }
                self.vault.release(payload);
                self.files.release(payload);
            }
            Output::Fetch { payload, offset, length } => {
                self.files.sources.read(payload, offset, length, true);
            }
            Output::LetGo { payload, offset } => self.files.sources.let_go(payload, offset),
            Output::Prepare { payload, record } => self.files.prepare(payload, record),
            Output::Checked { payload, index, digest } => self.files.disk.checked(payload, index, digest),
            Output::Truncate { payload, bytes } => self.files.disk.truncate(payload, bytes),
            Output::News(News::Incoming(incoming)) if !incoming.kind.is_photo() => {
                self.files.on_incoming(&incoming);
            }
            Output::News(News::Incoming(incoming)) => gallery.on_incoming(&self.library.as_shown(incoming)),
            Output::News(News::Wanted { by, owner, item, kind, as_item }) => {
                let wanted = Wanted { by, key: PhotoKey { owner, item }, kind, as_item };
                let held = self.held(wanted, gallery);
                self.library.find(wanted, held);
            }
            Output::News(News::Call(view)) => call.on_view(view),
            Output::News(News::CallEnded(end)) => call.on_ended(end),
            Output::News(news) => self.publish(news),
        }
    }

    fn open_socket(&mut self) {
        let (inbox, number) = (self.inbox.clone(), self.next_socket);
        self.next_socket += 1;
        self.socket = None;
        let tell = move |event| inbox.push(Happened::Socket(number, event));
        match Socket::open(&page::websocket_url("/ws"), tell) {
            Ok(socket) => {
                self.socket = Some((number, socket));
                // It keeps what is sent until it is open.
                self.done.push_back(Input::SocketOpened);
            }
            Err(_) => self.done.push_back(Input::SocketClosed),
        }
    }

    fn send(&mut self, message: &ToServer) {
        if let Some((_, socket)) = &self.socket
            && socket.send(&wire::to_text(message)).is_err()
        {
            // The server takes nothing any more; a new socket may.
            self.socket = None;
            self.done.push_back(Input::SocketClosed);
        }
    }

    fn publish(&mut self, news: News) {
        match news {
            News::Status(status) => self.view.status.set(status),
            News::Outgoing(outgoing) => {
                self.on_outgoing(&outgoing);
                self.files.on_outgoing(&outgoing);
            }
            News::Saved { by, item } => self.files.on_saved(by, item),
            News::Relays(relays) => self.view.relays.set(relays),
            News::Verified(device) => storage::keep_verified(&device.0),
            News::NotVerified(device) => storage::forget_verified(&device.0),
            News::Moved(link) => self.moved = Some(link),
            News::Peer(_)
            | News::Name { .. }
            | News::Comparison { .. }
            | News::Invited { .. }
            | News::PeerGone(_) => {
                self.chat.on_news(news.clone());
                self.company.on_news(news);
            }
            News::StillRefused(peer) => self.view.notice.set(Some(Notice::StillRefused(peer))),
            News::Written(_) | News::WrittenGone(_) | News::Writes { .. } | News::TooMuch(_) => {
                self.chat.on_news(news);
            }
            News::Earlier(_) | News::EarlierGone { .. } | News::Fetched { .. } => self.library.on_news(news),
            News::Call(_) | News::CallEnded(_) | News::Incoming(_) | News::Wanted { .. } => {}
        }
    }

    fn on_outgoing(&self, outgoing: &Outgoing) {
        let &Outgoing { item, to, bytes, total, state } = outgoing;
        let sent = self.view.sent.get_untracked();
        let Some(entry) = sent.iter().find(|entry| entry.key.item == item) else { return };
        let recipient = Recipient { peer: to, bytes, total, state, saved: false };
        entry.view.update(|view| match view.recipients.iter_mut().find(|known| known.peer == to) {
            Some(known) => *known = recipient,
            None => view.recipients.push(recipient),
        });
        // What nobody has, and nobody gets any more, may be sent again.
        let in_vain = |view: &SentView| view.recipients.iter().all(|recipient| recipient.state.is_in_vain());
        if entry.view.with_untracked(in_vain) {
            self.view.mark_sent(item, false);
        }
    }
}

/// Milliseconds since the page began.
pub(super) fn now() -> Time {
    #[expect(clippy::cast_sign_loss, reason = "the page's clock begins at 0")]
    Time(task::now_ms() as u64)
}
