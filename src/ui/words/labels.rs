//! Headings, buttons and names that never change.

pub const PRODUCT: &str = "Snaproom";

// Room and link.
pub const STATUS: &str = "How the room is";
pub const PRIVATE_ROOM: &str = "Private room";
pub const NOT_PRIVATE: &str = "not private: anyone who guesses the name can join";
pub const LINK: &str = "The room’s link";
pub const COPY_LINK: &str = "Copy link";
pub const NEW_ROOM: &str = "New room";
pub const RETRY: &str = "Try again now";
pub const RELOAD: &str = "Reload";

// People.
pub const PEOPLE: &str = "People";
pub const YOU: &str = "you";

// Camera.
pub const CAMERA: &str = "Camera";
pub const CAMERA_PICTURE: &str = "Your camera’s picture";
pub const SNAPPED_PHOTO: &str = "The photo that you snapped";
pub const STILL_RECEIVES: &str = "Without a camera you still receive everybody’s photos.";
pub const ACTIONS: &str = "Take and send";
pub const SNAP: &str = "Snap";
pub const SEND: &str = "Send";
pub const SNAP_AND_SEND: &str = "Snap & Send";

// Photos.
pub const SENT: &str = "Sent by you";
pub const CANCEL: &str = "Cancel";
pub const INCOMING: &str = "Photos from others";
pub const NOTHING_YET: &str = "Nothing yet. What others send appears here, newest first.";
pub const PROGRESS: &str = "How much of it is here";
pub const SAVE: &str = "Save";

// An address without a room.
pub const NOT_FOUND: &str = "There is nothing at this address.";
pub const MAKE_ROOM: &str = "Make a room";
