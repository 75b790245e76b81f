//! What a person is told.

use snaproom_protocol::{
    DeviceKey, ItemId, PeerId,
    control::{Kind, MAX_CALL, RefusedItem, Sends},
};

use crate::{Link, io::Path};

/// What a person is told.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// How the room is.
    Status(Status),
    /// A peer came or changed.
    Peer(PeerView),
    /// A connected peer says what it wants to be called.
    Name {
        /// Who.
        peer: PeerId,
        /// Checked. None for the friendly name.
        name: Option<String>,
    },
    /// How far the comparison with a peer has come.
    Comparison {
        /// With whom.
        peer: PeerId,
        /// How far; none where it has ended with its connection, or the signs are another device's.
        comparison: Option<Comparison>,
    },
    /// A device that was compared and found to be the other person's: to be remembered for [`Me::verified`](crate::Me).
    Verified(DeviceKey),
    /// The same is not so any more.
    NotVerified(DeviceKey),
    /// A peer goes to another room, and asks us to come along.
    Invited {
        /// Who.
        from: PeerId,
        /// Where to.
        link: Link,
    },
    /// Everybody here who can has read where to we go: it is time.
    Moved(Link),
    /// A peer is gone.
    PeerGone(PeerId),
    /// Whether the server offers relays, without which [`SetRelayOnly`](crate::Command::SetRelayOnly) connects nobody.
    Relays(bool),
    /// The room's call is another one than before.
    Call(CallView),
    /// We do not take part in it any more, or cannot, and did not hang up.
    CallEnded(CallEnd),
    /// Somebody was asked for a photo of their camera, and sends none.
    StillRefused(PeerId),
    /// Something was written, by anybody; or what is known of it is another.
    Written(Written),
    /// It is not kept any more, or was not what it seemed to be.
    WrittenGone(ItemId),
    /// Whether somebody writes just now. Not told of somebody who is gone.
    Writes {
        /// Who.
        peer: PeerId,
        /// Whether.
        writes: bool,
    },
    /// Somebody writes faster than anybody reads, and some of it was dropped.
    TooMuch(PeerId),
    /// Somebody showed this to everybody before we came; or what is known of it is another.
    Earlier(Earlier),
    /// It is offered to us, or here, or nobody tells of it any more.
    EarlierGone {
        /// Whose.
        owner: PeerId,
        /// Which.
        item: ItemId,
    },
    /// What the person wanted of that comes as this item.
    Fetched {
        /// From whom.
        by: PeerId,
        /// As which of theirs.
        as_item: ItemId,
        /// Whose.
        owner: PeerId,
        /// Which.
        item: ItemId,
    },
    /// Somebody wants an item that we hold; [`Lend`](crate::Command::Lend) answers.
    Wanted {
        /// Who.
        by: PeerId,
        /// Whose.
        owner: PeerId,
        /// Which.
        item: ItemId,
        /// What it is.
        kind: Kind,
        /// As which item of ours it goes.
        as_item: ItemId,
    },
    /// An item on its way to us.
    Incoming(Incoming),
    /// An item on its way to one of its recipients.
    Outgoing(Outgoing),
    /// Who got a file of ours whole has saved it.
    Saved {
        /// Who.
        by: PeerId,
        /// Which.
        item: ItemId,
    },
}

/// How the room is, in one word. The names are the page's `data-state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// No word from the server yet, or people are here and no connection stands yet.
    Connecting,
    /// Nobody else is here.
    Alone,
    /// At least one peer can be sent to.
    Connected,
    /// The server, or everybody, was lost, and we are trying.
    Reconnecting,
    /// The server cannot be reached.
    Offline,
    /// No seat.
    Full {
        /// How many there are.
        capacity: u16,
    },
    /// The page is older or newer than the server.
    Outdated,
    /// Another tab took over this identity.
    Replaced,
    /// The server refuses us for a reason that trying again at once will not mend.
    Refused,
}

/// A peer as the person sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerView {
    /// Who.
    pub peer: PeerId,
    /// How it is.
    pub state: PeerState,
    /// How its packets go, once known.
    pub path: Option<Path>,
    /// What the person found out about its device.
    pub trust: Trust,
}

/// Whether a peer's device is one with which the person compared signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// No.
    Unknown,
    /// It is, and they were the same.
    Verified,
    /// In this visit the same peer had another one that is.
    Replaced,
}

/// How far a comparison has come. Nobody takes part in one without having asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// We asked; their person, or their page, has yet to answer.
    Waiting,
    /// Their person asked, and waits for ours: [`Compare`](crate::Command::Compare) answers.
    Wanted,
    /// The same on both sides, unless somebody sits between them.
    Signs(Signs),
}

/// Seven numbers below 64, each of which stands for a sign (module `compare`).
pub type Signs = [u8; 7];

/// The room's call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallView {
    /// What the others hear and see of us, while we take part.
    pub sends: Option<Sends>,
    /// The others who take part, in the order in which they joined.
    pub others: Vec<Participant>,
    /// They wait for our answer.
    pub is_asked: bool,
    /// Who was asked by us and does not want to.
    pub declined: Vec<PeerId>,
    /// Who asked for a photo of our camera and waits for the answer.
    pub want_still: Vec<PeerId>,
}

impl CallView {
    /// Somebody else in it.
    #[must_use]
    pub fn other(&self, peer: PeerId) -> Option<&Participant> {
        self.others.iter().find(|other| other.peer == peer)
    }

    /// Whether nobody else can take part.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.others.len() + usize::from(self.sends.is_some()) >= MAX_CALL
    }
}

/// Somebody else in the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participant {
    /// Who.
    pub peer: PeerId,
    /// What is heard and seen of them.
    pub sends: Sends,
    /// We asked for a photo of their camera, and they have yet to answer.
    pub is_asked: bool,
}

/// Why a call ended for us, though we did not hang up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEnd {
    /// Everybody else hung up.
    Over,
    /// Everybody who could said that they do not want to.
    Declined,
    /// Nobody joined in time.
    NobodyAnswered,
    /// As many take part as can.
    Full,
}

/// What somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Which.
    pub id: ItemId,
    /// What it stands behind; none for the first one.
    pub after: Option<ItemId>,
    /// Who wrote it.
    pub author: PeerId,
    /// What they wanted to be called then, checked. None for the friendly name.
    pub name: Option<String>,
    /// When, in milliseconds since 1970 by their clock; a date can tell it.
    pub at: u64,
    /// Checked: at most [`MAX_TEXT_BYTES`](snaproom_protocol::chat::MAX_TEXT_BYTES), and nothing that nobody sees.
    pub text: String,
    /// How we know.
    pub source: Source,
    /// Whom our own one was meant for, and whether they have it.
    pub to: Vec<(PeerId, bool)>,
}

/// How we know who wrote something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// We did.
    Own,
    /// It is signed by a device that proved itself to us as the author's.
    Author,
    /// Only this peer says so; we never met the author.
    PassedOn(PeerId),
}

/// What somebody showed to everybody before we came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Who showed it.
    pub owner: PeerId,
    /// Which of their items.
    pub item: ItemId,
    /// What they wanted to be called then, checked. None for the friendly name.
    pub called: Option<String>,
    /// Its file name, checked.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Length of the exact bytes.
    pub bytes: u64,
    /// How we know.
    pub source: Source,
    /// How it is.
    pub state: EarlierState,
}

/// How something that was shown before we came is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EarlierState {
    /// Somebody says that they hold it.
    There,
    /// The person wants it, after others.
    Waiting,
    /// Somebody was asked for it.
    Coming,
    /// Nobody who is here gives it. It may be wanted again.
    Nowhere,
}

/// How a peer is. The names are the page's `data-state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeerState {
    /// A connection is being made.
    Connecting,
    /// It can be sent to.
    Connected,
    /// It does not answer just now.
    Away,
    /// It is not what it claims to be, or speaks another version.
    Refused(RefusedPeer),
    /// No connection could be made; we keep trying, slowly.
    Failed,
}

/// Why nothing of a peer is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusedPeer {
    /// Its page is of another version.
    Version,
    /// Its proof of the link does not fit this connection.
    Proof,
    /// It broke the protocol.
    Protocol,
    /// The person compared signs with its person, and they were not the same.
    Compared,
}

/// An item on its way to us.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// Which.
    pub item: ItemId,
    /// From whom.
    pub from: PeerId,
    /// Its file name, checked.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whether its sender keeps the exact part until it is asked for.
    pub on_request: bool,
    /// Bytes that came and matched their hashes, preview included.
    pub bytes: u64,
    /// Bytes there are, preview included.
    pub total: u64,
    /// How it is.
    pub state: TransferState,
}

/// An item on its way to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Which.
    pub item: ItemId,
    /// To whom.
    pub to: PeerId,
    /// Bytes that the recipient says it has checked, preview included.
    pub bytes: u64,
    /// Bytes there are, preview included.
    pub total: u64,
    /// How it is.
    pub state: TransferState,
}

/// How a transfer is. The names are the page's `data-state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferState {
    /// Not begun.
    Waiting,
    /// The receiver's person has yet to say whether they want it.
    Offered,
    /// Bytes are moving.
    Active,
    /// None are, for as long as somebody wants.
    Paused(Pause),
    /// The preview is there, and the sender keeps the rest until it is asked for.
    Held,
    /// All of it is there and matches.
    Verified,
    /// The receiver's person does not want it.
    Declined,
    /// One of the two gave it up.
    Cancelled,
    /// It ended before its end.
    Failed(Failure),
}

impl TransferState {
    /// Whether it has ended, and not at its end.
    #[must_use]
    pub fn is_in_vain(self) -> bool {
        matches!(self, Self::Declined | Self::Cancelled | Self::Failed(_))
    }
}

/// Why no bytes of a file are moving. What holds both sides up is told by the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pause {
    /// The sender has to choose the file again: its page was loaded anew, or the file cannot be read, or is not what it
    /// was.
    Source,
    /// Our disk takes no more. What came is kept.
    Storage,
    /// Our person wants it.
    Us,
    /// The other's does.
    Them,
}

/// Why a transfer ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The receiver refused it.
    Refused(RefusedItem),
    /// The connection was lost.
    Lost,
    /// The sender could not read it.
    Unreadable,
    /// What the sender has is not what it was, and the receiver has a part of that.
    Changed,
    /// Too many items are under way.
    TooMany,
}
