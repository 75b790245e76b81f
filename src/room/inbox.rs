use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use litemap::LiteMap;
use snaproom_protocol::{ItemId, PeerId};
use snaproom_session::{ConnectionId, Input, PayloadId};

use super::{
    PhotoKey,
    disk::Opened,
    files::Recipients,
    library::{Found, Wanted},
    offered::Reached,
    parcel::Parcel,
    sources::Read,
    studio::Taken,
};
use crate::browser::{
    self, Camera, CaptureError, Devices, Drag, Given, Measured, Microphone, Payload, Screen, SocketEvent,
    StoreEvent, WakeLock,
};

/// Messages of one connection that wait for the driver. An honest peer has less under way: six chunks in its
/// window, and their acknowledgements.
const MAX_PER_CONNECTION: usize = 1024;

/// Something that the browser reported, or that an action led to.
pub(super) enum Happened {
    /// Of the socket with this number: an earlier one has nothing to say any more.
    Socket(u32, SocketEvent),
    Connection(ConnectionId, browser::Event),
    /// The peer sent more than fits; its other messages are dropped.
    Overrun(ConnectionId),
    /// The end of an action that the session asked for.
    Done(Input),
    /// A photo of ours that somebody wants is in memory again, unless that failed.
    Loaded(PayloadId, Option<Payload>),
    /// A piece of a file of ours was read, unless that failed.
    Read(Read),
    /// What the person gave is ready to be sent.
    Parcels {
        parcels: Vec<Parcel>,
        to: Recipients,
        /// The item whose missing file the person meant to choose.
        asked_for: Option<ItemId>,
    },
    /// A file of ours from before the page was loaded anew is there again, or not.
    Reached(Reached),
    /// Files were pasted; hang over the page, or were dropped there.
    Given(Given),
    Dragged(Drag),
    /// There is room for a file that the person wants.
    Accepted(PhotoKey),
    /// The same of one that was shown before we came.
    Fits(PhotoKey),
    /// What somebody wants of us is ready, unless we do not have it any more.
    Lent(Wanted, Option<Found>),
    /// A moment of files that come or go has passed.
    FilesTick,
    /// They are in the person's downloads.
    FilesSaved(Vec<PhotoKey>),
    /// The disk is there, unless there is none.
    DiskOpened(Opened),
    Disk(StoreEvent),
    /// A frame became a photo that can be sent.
    Taken(Taken),
    Camera(Result<Camera, CaptureError>),
    CameraEnded,
    /// The call ended that had started it.
    CameraUnwanted,
    /// The one that was used is gone, and this one is there.
    CameraReplaced(String),
    Microphone(Result<Microphone, CaptureError>),
    MicrophoneEnded,
    Screen(Result<Screen, CaptureError>),
    ScreenEnded,
    /// A camera, microphone or speaker came, went, was chosen, or has a name now.
    DevicesChanged,
    Devices(Devices),
    Awake(Option<WakeLock>),
    /// The photo that a peer asked for, unless it could not be taken.
    Still(PeerId, Option<Taken>),
    /// The recording ended by itself.
    RecordingEnded,
    /// A moment of a call has passed.
    CallTick,
    Measured(ConnectionId, Measured),
    /// The time of the countdown is over.
    Due,
    /// It is time for the next photo of a burst.
    Frame,
    /// The burst has as many photos as one may have.
    BurstOver,
    /// The person pressed that key during the countdown.
    Escape,
    Notice(super::Notice),
    /// It is time to keep what was written.
    KeepWritten,
    /// A photo has been coming for a while, and is still to be listed.
    Listed(PhotoKey),
    /// A photo came onto the screen, or left it.
    Seen(PhotoKey, bool),
    Page(Page),
}

/// What the page itself reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// Another link stands in the address bar.
    Fragment,
    /// The device has a network again, or another one.
    Network,
    /// Closed, left or put aside.
    Hidden,
    /// Back from having been put aside.
    Shown,
    /// On the screen again.
    Visible,
}

/// The one queue between the browser's callbacks and the driver. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Inbox(Rc<Queue>);

#[derive(Default)]
struct Queue {
    happened: RefCell<VecDeque<Happened>>,
    waiting: RefCell<LiteMap<ConnectionId, usize>>,
    waker: Cell<Option<Waker>>,
}

impl Inbox {
    pub(super) fn push(&self, happened: Happened) {
        self.0.happened.borrow_mut().push_back(happened);
        if let Some(waker) = self.0.waker.take() {
            waker.wake();
        }
    }

    /// Queues what a connection reports, as long as the driver keeps up with it.
    pub(super) fn push_event(&self, connection: ConnectionId, event: browser::Event) {
        let mut waiting = self.0.waiting.borrow_mut();
        let waiting = waiting.entry(connection).or_default();
        *waiting += 1;
        match (*waiting).cmp(&MAX_PER_CONNECTION) {
            std::cmp::Ordering::Less => self.push(Happened::Connection(connection, event)),
            std::cmp::Ordering::Equal => self.push(Happened::Overrun(connection)),
            std::cmp::Ordering::Greater => {}
        }
    }

    pub(super) async fn next(&self) -> Happened {
        poll_fn(|context| {
            if let Some(happened) = self.try_next() {
                return Poll::Ready(happened);
            }
            self.0.waker.set(Some(context.waker().clone()));
            Poll::Pending
        })
        .await
    }

    pub(super) fn try_next(&self) -> Option<Happened> {
        let happened = self.0.happened.borrow_mut().pop_front();
        if let Some(Happened::Connection(connection, _)) = &happened
            && let Some(waiting) = self.0.waiting.borrow_mut().get_mut(connection)
        {
            *waiting = waiting.saturating_sub(1);
        }
        happened
    }

    /// The connection was dropped and reports nothing any more.
    pub(super) fn forget(&self, connection: ConnectionId) {
        self.0.waiting.borrow_mut().remove(&connection);
        self.0.happened.borrow_mut().retain(
            |happened| !matches!(happened, Happened::Connection(id, _) | Happened::Overrun(id) if *id == connection),
        );
    }

    /// The room was left: what its session would have heard is of no use to the next one.
    pub(super) fn forget_room(&self) {
        self.0.waiting.borrow_mut().clear();
        self.0.happened.borrow_mut().retain(|happened| {
            matches!(
                happened,
                Happened::Camera(_)
                    | Happened::CameraEnded
                    | Happened::CameraReplaced(_)
                    | Happened::DevicesChanged
                    | Happened::Devices(_)
                    | Happened::Page(_)
                    | Happened::Notice(_)
                    | Happened::Listed(_)
                    | Happened::Seen(..)
            )
        });
    }
}
