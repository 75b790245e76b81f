//! What goes into a [`crate::Session`] and what comes out.

use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::Part,
    control::Kind,
    server::{IceServer, ToServer},
    signal::Candidate,
};

use crate::{Link, confirm::Role};

pub use crate::lending::Lent;
pub use crate::news::{
    CallEnd, CallView, Comparison, Earlier, EarlierState, Failure, Incoming, News, Outgoing, Participant,
    Pause, PeerState, PeerView, RefusedPeer, Signs, Source, Status, TransferState, Trust, Written,
};
pub use snaproom_protocol::control::{Records, Sends};

/// One `RTCPeerConnection`. A peer that comes back gets a new one, so what an old one still reports is
/// recognised and ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(crate) u32);

/// One binary message that the driver holds until the session has said where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId(pub u64);

/// Bytes that the driver holds: a picture in memory, later a file on disk. The session never sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadId {
    /// Whose: the sender's id, since two senders may use one item id, by malice if not by chance.
    pub owner: PeerId,
    /// Which item.
    pub item: ItemId,
    /// Which of its bytes.
    pub part: Part,
}

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The person wants something.
    Command(Command),
    /// The socket can carry messages.
    SocketOpened,
    /// The socket is gone, or never came.
    SocketClosed,
    /// A text frame from the server.
    Server(String),
    /// A connection's event or the end of an action on it.
    Connection(ConnectionId, Event),
    /// The end of [`Output::Store`].
    Stored {
        /// Where.
        payload: PayloadId,
        /// From the payload's start.
        offset: u64,
        /// How many.
        bytes: u32,
    },
    /// The end of [`Output::Load`].
    Loaded(PayloadId),
    /// The end of [`Output::Fetch`]: the piece is at hand.
    Fetched {
        /// Of what.
        payload: PayloadId,
        /// From the payload's start.
        offset: u64,
        /// SHA-256 of the piece.
        digest: Digest,
    },
    /// An [`Output`] that works on a payload could not be done. After a [`Output::Store`] that failed the driver still
    /// reports [`Input::Stored`], since the chunk is gone and others may come, and so it does for a payload that was released
    /// meanwhile. Of a file on the disk, what was to be hashed before a failure is not reported any more, and chunks are
    /// stored in the order in which they were given.
    PayloadFailed(PayloadId),
    /// The end of [`Output::Hash`].
    Hashed {
        /// Of what.
        payload: PayloadId,
        /// From the payload's start.
        offset: u64,
        /// SHA-256.
        digest: Digest,
    },
    /// The end of [`Output::Read`].
    ReadBack {
        /// Of what.
        payload: PayloadId,
        /// All its bytes.
        bytes: Vec<u8>,
    },
    /// The device found a network again, or another one: whatever is broken may be mended now.
    NetworkChanged,
    /// Nothing but time passed.
    Tick,
}

/// What a person asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Send a photo to everybody in the room who was connected once: who does not answer just now gets it later.
    SendPhoto(Photo),
    /// An earlier life of this page received a file, or a part of it. Said before the first connection.
    Restore(Kept),
    /// Send a file or a folder, once its recipients say that they want it.
    SendFile(File),
    /// The bytes of a file of ours are there again, after they were not ([`Pause::Source`]).
    Supply(ItemId),
    /// Stop sending a file of ours for now, or go on.
    Hold {
        /// Which.
        item: ItemId,
        /// Whether it stops.
        holds: bool,
    },
    /// Ask for the exact part of an item that its sender keeps until then ([`TransferState::Held`],
    /// [`TransferState::Offered`]).
    Request {
        /// Whose.
        from: PeerId,
        /// Which.
        item: ItemId,
    },
    /// Whether all files that a peer offers are wanted, in this visit.
    AcceptAll {
        /// Whose.
        from: PeerId,
        /// Whether they are.
        accepts: bool,
    },
    /// Get what was shown before we came, from somebody who holds it ([`News::Earlier`]).
    Fetch {
        /// Whose.
        owner: PeerId,
        /// Which.
        item: ItemId,
    },
    /// Do without it.
    StopFetch {
        /// Whose.
        owner: PeerId,
        /// Which.
        item: ItemId,
    },
    /// The answer to [`News::Wanted`]. With none, nobody is told any more that we hold it.
    Lend {
        /// As which it goes.
        as_item: ItemId,
        /// It, with that id.
        lent: Option<Lent>,
    },
    /// An item that we held is not there any more: nobody is told of it.
    Unshare {
        /// Whose.
        owner: PeerId,
        /// Which.
        item: ItemId,
    },
    /// Do without a file that is offered, or on its way: what came of it goes.
    Decline {
        /// Whose.
        from: PeerId,
        /// Which.
        item: ItemId,
    },
    /// Want no more bytes of a file for now, or go on.
    Pause {
        /// Whose.
        from: PeerId,
        /// Which.
        item: ItemId,
        /// Whether it stops.
        pauses: bool,
    },
    /// The person has put a verified file where they keep such things.
    Saved {
        /// Whose.
        from: PeerId,
        /// Which.
        item: ItemId,
    },
    /// Stop sending an item to whoever has not got it yet.
    Cancel(ItemId),
    /// What the person wants to be called, told to everybody who is or gets connected. Empty for the friendly
    /// name; what does not fit into a name is dropped.
    SetName(String),
    /// Use relays alone from now on, so that nobody in the room learns this device's addresses; or not any more.
    SetRelayOnly(bool),
    /// Ask a peer to compare signs, or answer that it asked: [`News::Comparison`] follows, on both sides.
    Compare(PeerId),
    /// The two people compared them.
    Compared {
        /// With whom.
        peer: PeerId,
        /// What the person saw. Others than were shown last count for nothing.
        signs: Signs,
        /// Whether they were the same.
        same: bool,
    },
    /// Go to another room, and ask others to come along; [`News::Moved`] follows.
    Move {
        /// Where to.
        link: Link,
        /// Who is asked, of those who are connected.
        with: Vec<PeerId>,
    },
    /// Call, or join the call that there is, and send this from now on: [`News::Call`] follows, and media goes to
    /// everybody who takes part.
    Call(Sends),
    /// Leave the call.
    HangUp,
    /// Do not join the call that there is, and tell those who asked.
    DeclineCall,
    /// Ask somebody who shows a camera in the call for a photo of it in its full size. It comes like any other, or
    /// [`News::StillRefused`] follows.
    AskStill(PeerId),
    /// The person was asked for one by this peer; they send this photo, to nobody else, or none.
    AnswerStill(PeerId, Option<Photo>),
    /// Write to everybody in the room, as [`Command::SendPhoto`]; [`News::Written`] follows. A text that is empty once it
    /// is mended ([`message::text`](crate::message::text)), or too long then, is not written.
    Say {
        /// As it was typed.
        text: String,
        /// Milliseconds since 1970.
        at: u64,
    },
    /// The person writes, as with each key; the others are told now and then.
    SayWriting,
    /// What [`Session::written`](crate::Session::written) gave in an earlier life of this page, before anything else.
    Recall(String),
    /// Join anew now, as after a full room.
    Retry,
    /// Leave for good. Afterwards the session is only good for draining its outputs.
    Leave,
    /// The page goes, perhaps to come back: as [`Command::Leave`], but the seat is kept for the lease.
    PutAside,
}

/// A photo in the driver's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// Random.
    pub item: ItemId,
    /// A file name.
    pub name: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Milliseconds since 1970.
    pub taken: u64,
    /// Length of the preview's JPEG, if there is one.
    pub preview: Option<u32>,
    /// The exact bytes stay here until a recipient asks for them. Where they are is the driver's affair, until
    /// [`Output::Load`] wants them at hand.
    pub on_request: bool,
}

impl Photo {
    /// Length of the exact bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height) * 4
    }

    /// The same with the preview's.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.bytes() + u64::from(self.preview.unwrap_or(0))
    }
}

/// A file, or a folder with all that is in it, in the driver's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Random.
    pub item: ItemId,
    /// A file name.
    pub name: String,
    /// [`Kind::File`] or [`Kind::Folder`].
    pub kind: Kind,
    /// Length; at most [`MAX_FILE_BYTES`](snaproom_protocol::control::MAX_FILE_BYTES).
    pub bytes: u64,
    /// To whom.
    pub to: Vec<PeerId>,
    /// An earlier life of this page offered it to them. They may be anywhere by now.
    pub goes_on: bool,
    /// Whether its bytes can be read; if not, [`Command::Supply`] follows.
    pub is_here: bool,
    /// That is everybody: whoever comes later is told of it, and may have it as long as we hold it
    /// ([`Command::Unshare`]).
    pub for_all: bool,
}

/// What is left on the disk of a file of somebody else's, after the page was loaded anew: what [`Output::Prepare`] and
/// [`Output::Checked`] put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Whose.
    pub from: PeerId,
    /// What [`Output::Prepare`] said.
    pub record: Vec<u8>,
    /// Of the checked pieces, in order; behind them the root, if all of it was verified.
    pub hashes: Vec<Digest>,
    /// Bytes that are there, checked or not.
    pub bytes: u64,
}

/// What a connection reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// [`Output::MakeOffer`], [`Output::RestartIce`] or [`Output::AcceptOffer`] ended: the description is set and is to be sent.
    Described(String),
    /// The other side's description is set; candidates may be added.
    RemoteDescriptionSet,
    /// A candidate of ours.
    Candidate(Candidate),
    /// The `connectionState` changed.
    State(State),
    /// Both channels are open. `max_message` bytes fit into one message.
    Open {
        /// Bytes.
        max_message: u32,
    },
    /// A channel closed.
    Closed,
    /// A text message on the control channel.
    Control(String),
    /// A text message on the bulk channel.
    Header(String),
    /// A binary message on the bulk channel.
    Chunk(ChunkId, u32),
    /// The peer sent a message over its bound, or more than the driver takes.
    Overrun,
    /// An action on the connection failed, with the browser's reason.
    ActionFailed(String),
    /// How its packets go.
    Path(Path),
}

/// How a connection may find its way: `RTCConfiguration.iceServers` and `iceTransportPolicy` (W3C WebRTC, section
/// 4.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IcePolicy {
    /// STUN and TURN servers.
    pub servers: Vec<IceServer>,
    /// Over TURN servers only, so that the other side learns no address of ours.
    pub relay_only: bool,
}

/// `RTCPeerConnection.connectionState` (W3C WebRTC, section 4.4.2), as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Looking for a path.
    Connecting,
    /// There is one.
    Connected,
    /// Nothing was heard for some seconds. It may come back.
    Disconnected,
    /// It will not come back by itself.
    Failed,
}

/// How packets go to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// From one to the other.
    Direct,
    /// Through a TURN server.
    Relay,
}

/// Something is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Open a socket to the server; an earlier one is dropped.
    OpenSocket,
    /// Drop the socket.
    CloseSocket,
    /// To the server.
    Send(ToServer),
    /// Make a connection with both channels; the offerer adds the transceivers.
    Connect {
        /// Its name from now on.
        connection: ConnectionId,
        /// Which end.
        role: Role,
        /// How it may find its way.
        ice: IcePolicy,
    },
    /// Let the connection find its way like this from the next offer or answer on (`setConfiguration`).
    Configure(ConnectionId, IcePolicy),
    /// Make an offer with a new ICE generation and set it (`restartIce`); answered by [`Event::Described`].
    RestartIce(ConnectionId),
    /// Make an offer and set it; answered by [`Event::Described`].
    MakeOffer(ConnectionId),
    /// Set an offer, in the place of our own if one is set (the rollback of perfect negotiation, W3C WebRTC, section
    /// 10.7); make an answer and set it. Answered by [`Event::RemoteDescriptionSet`] and [`Event::Described`].
    AcceptOffer(ConnectionId, String),
    /// Set an answer; answered by [`Event::RemoteDescriptionSet`].
    AcceptAnswer(ConnectionId, String),
    /// Add a candidate of the other side.
    AddCandidate(ConnectionId, Candidate),
    /// Text on the control channel.
    SendControl(ConnectionId, String),
    /// Text on the bulk channel.
    SendHeader(ConnectionId, String),
    /// A binary message on the bulk channel.
    SendBytes {
        /// To whom.
        connection: ConnectionId,
        /// Of what.
        payload: PayloadId,
        /// From the payload's start.
        offset: u64,
        /// How many.
        length: u32,
    },
    /// Find out how its packets go; answered by [`Event::Path`] if there is an answer.
    FindPath(ConnectionId),
    /// Drop the connection.
    Close(ConnectionId),
    /// Send what the person wants to show and say to this peer, and show what comes of it.
    StartMedia(ConnectionId, PeerId),
    /// Not any more. A connection that is closed needs no such word.
    StopMedia(ConnectionId, PeerId),
    /// Put a chunk into a payload of `of` bytes, made with the first one; answered by [`Input::Stored`].
    Store {
        /// Which.
        chunk: ChunkId,
        /// Where.
        payload: PayloadId,
        /// The payload's length; bounded.
        of: u64,
        /// From the payload's start.
        offset: u64,
    },
    /// Forget a chunk.
    Discard(ChunkId),
    /// Hash a range; answered by [`Input::Hashed`].
    Hash {
        /// Of what.
        payload: PayloadId,
        /// From the payload's start.
        offset: u64,
        /// How many; at most a piece.
        length: u32,
    },
    /// Read a preview; answered by [`Input::ReadBack`].
    Read(PayloadId),
    /// Read and hash a piece of a file of ours, and have it at hand for [`Output::SendBytes`]; answered by
    /// [`Input::Fetched`]. [`Output::Hash`] of a file does the same without keeping it.
    Fetch {
        /// Of what.
        payload: PayloadId,
        /// From the payload's start.
        offset: u64,
        /// How many; at most a piece.
        length: u32,
    },
    /// A piece is not needed at hand any more.
    LetGo {
        /// Of what.
        payload: PayloadId,
        /// From the payload's start.
        offset: u64,
    },
    /// A file of somebody else's will come, and is to be kept on the disk from its first byte on. It stays there after
    /// its end, until [`Output::Release`] or the person says otherwise.
    Prepare {
        /// Which.
        payload: PayloadId,
        /// To be kept with it, for [`Kept::record`].
        record: Vec<u8>,
    },
    /// A piece that was stored matches its hash, which is to be kept for [`Kept::hashes`]. They come in order; the one
    /// behind the last piece's is the root, and says that all of it was verified.
    Checked {
        /// Of what.
        payload: PayloadId,
        /// Which piece.
        index: u32,
        /// Its hash.
        digest: Digest,
    },
    /// What is kept behind so many bytes is of no use, nor are the hashes of its pieces.
    Truncate {
        /// Of what.
        payload: PayloadId,
        /// How many stay: whole pieces.
        bytes: u64,
    },
    /// The exact bytes of a photo of ours that is sent on request are needed at hand; answered by [`Input::Loaded`].
    Load(PayloadId),
    /// They are not needed at hand any more, and may be again. Work on them that has not ended is of no use.
    Unload(PayloadId),
    /// A checked payload may be shown.
    Show(PayloadId),
    /// A payload is of no more use to the session, nor are pieces of it at hand. What was given to [`Output::Show`] may be
    /// kept by the driver.
    Release(PayloadId),
    /// For the person.
    News(News),
}
