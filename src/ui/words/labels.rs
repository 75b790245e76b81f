//! Headings, buttons and names that never change.

pub const PRODUCT: &str = "Snaproom";

// Room and link.
pub const STATUS: &str = "How the room is";
pub const PRIVATE_ROOM: &str = "Private room";
pub const NOT_PRIVATE: &str =
    "not private: anyone who guesses the name can join, and the server could listen";
pub const LINK: &str = "The room’s link";
pub const COPY: &str = "Copy";
pub const COPY_LINK: &str = "Copy link";
pub const SHARE: &str = "Share";
pub const SHARE_LINK: &str = "Share link";
pub const QR: &str = "QR";
pub const SHOW_QR: &str = "QR code of the link";
pub const NEW_ROOM: &str = "New room";
pub const RETRY: &str = "Try again now";
pub const RELOAD: &str = "Reload";
pub const CLOSE: &str = "Close";

// To the pages under `/check`, which open beside the room.
pub const CHECK: &str = "Check camera, network and browser";
pub const FIND_OUT: &str = "Find out what is wrong";

// Inviting people.
pub const INVITE: &str = "Join this room";
pub const SCAN: &str = "Point another phone’s camera at this code, or send the link.";
pub const NO_QR: &str = "This link is too long for a code. Copy it and send it.";
pub const QR_PICTURE: &str = "A code that holds the room’s link";

// What people write.
pub const MESSAGES: &str = "Messages";
pub const WRITE: &str = "Write to everybody";
pub const SEND_MESSAGE: &str = "Send the message";
pub const NOTHING_WRITTEN: &str = "Nobody has written anything yet. Whoever comes later reads it too.";
pub const NOTIFY: &str = "Notify me while this page is hidden";

// Leaving.
pub const LEAVE: &str = "Leave this room?";
pub const LEAVE_ANYWAY: &str = "Leave without saving";
pub const STAY: &str = "Stay";
pub const LEAVE_ALONE: &str = "Go alone";
pub const TAKE_ALONG_HINT: &str =
    "A new room has a new link. Whoever has only the old one cannot follow. Ask these people to come along:";
pub const INVITES: &str = "goes to a new room and asks you to come along.";
pub const INVITED_HINT: &str = "That person made the new link, and alone knows who else has it.";
pub const INVITATION: &str = "An invitation";
pub const GO_ALONG: &str = "Come along";

// What is kept from whom.
pub const GUESSED: &str = "This room’s name can be guessed, so here none of that holds: whoever guesses it can join, and the server could listen.";
pub const ABOUT: &str = "How private is this?";
pub const PROMISES: [&str; 3] = [
    "What you share goes from browser to browser, locked with keys that only people with the link have; the server \
     sees who is here and when, and nothing of it.",
    "Whoever has the link can come in, and whoever runs the server could change this page itself: use one that you \
     trust.",
    "To be sure that nobody sits between you and somebody, press their name and compare signs.",
];
pub const COMPARE: &str = "Compare signs";
pub const SAME_SIGNS: &str = "They are the same";
pub const OTHER_SIGNS: &str = "They differ";
pub const VERIFIED: &str = "verified";

// Calls.
pub const CALL: &str = "Call";
pub const JOIN_CALL: &str = "Join call";
pub const ACCEPT_CALL: &str = "Answer with video";
pub const ACCEPT_SOUND: &str = "With sound only";
pub const DECLINE_CALL: &str = "Not now";
pub const IN_CALL: &str = "In the call";
pub const MICROPHONE: &str = "Microphone";
pub const KEYS: &str = "Keyboard";
pub const SHORTCUTS: &str = "Keyboard shortcuts";
// HTML: what no code asks for.
pub const KEYS_IN_CALL: &str = "<dt>M<dd>Microphone on or off<dt>C<dd>Camera on or off<dt>S<dd>Show a screen, or no \
                                more<dt>F<dd>Full screen and back<dt>H<dd>Hang up<dt>?<dd>This list";
pub const OTHER_CAMERA: &str = "Other camera";
pub const SPEAKER: &str = "Speaker";
pub const SYSTEM_DEVICE: &str = "The system’s";
pub const SCREEN: &str = "Screen";
pub const HANG_UP: &str = "Hang up";
pub const OWN_PICTURE: &str = "Your own picture";
pub const STILL: &str = "Photo of your camera";
pub const GIVE_STILL: &str = "Take and send it";
pub const SNAP_OTHER: &str = "Take a photo of this picture";
pub const ASK_STILL: &str = "Ask for a photo in full size";
pub const STILL_ASKED: &str = "Asked for a photo. Waiting for the answer.";
pub const RECORD_CALL: &str = "Record call";
pub const RECORD_OWN: &str = "Record me";
pub const STOP_RECORDING: &str = "Stop and save";
pub const RECORDING: &str = "recording";
pub const CONNECTION: &str = "Connection";
pub const FULL_SCREEN: &str = "Full screen";
pub const OWN_WINDOW: &str = "Picture in picture";
pub const SHARES_SCREEN: &str = "shows a screen";

// People.
pub const PEOPLE: &str = "People";
pub const YOU: &str = "you";
pub const EDIT_NAME: &str = "change your name";
pub const YOUR_NAME: &str = "Your name";
pub const KEEP_NAME: &str = "Use this name";
pub const HIDE_ADDRESS: &str = "Hide my network address";
pub const SHOW_ADDRESS: &str = "Show my address";

// Camera.
pub const CAMERA: &str = "Camera";
pub const CAMERA_PICTURE: &str = "Your camera’s picture";
pub const SNAPPED_PHOTO: &str = "The photo that you snapped";
pub const STILL_RECEIVES: &str = "Without a camera you still receive everybody’s photos.";
pub const ACTIONS: &str = "Take and send";
pub const SNAP: &str = "Snap";
pub const SEND: &str = "Send";
pub const SNAP_AND_SEND: &str = "Snap & Send";
pub const STOP: &str = "Stop";
pub const HOLD: &str = "Hold it to take one photo after another";

// What is done to the picture. HTML: what nothing but style sheets and a press of the button asks for needs no code.
macro_rules! timer {
    () => {
        "<select id=timerSelect aria-label=Timer><option value=0>No timer<option value=3>3 sec<option value=10>10 sec\
         </select>"
    };
}
macro_rules! filter {
    () => {
        "<select id=filterSelect aria-label=Filter><option value=none>No filter<option value=blur>Blurred<option \
         value=invert>Negative<option value=fade>Faded<option value=hue>Other colours<option value=saturate>Vivid\
         <option value=grey>Grey<option value=poster>Poster</select>"
    };
}
pub const TIMER: &str = timer!();
pub const FILTER: &str = filter!();
pub const FILTER_AND_TIMER: &str = concat!(filter!(), timer!());
pub const MIRROR: &str = "Mirror";

// Photos.
pub const SENT: &str = "Sent by you";
pub const CANCEL: &str = "Cancel";
pub const INCOMING: &str = "Photos from others";
pub const NOTHING_YET: &str = "What others send appears here, newest first.";
pub const PROGRESS: &str = "How much of it is here";
pub const SAVE: &str = "Save";
pub const GET_ORIGINAL: &str = "Get the original";
pub const SAVE_ALL: &str = "Save all";
pub const PREVIOUS: &str = "Newer photo";
pub const NEXT: &str = "Older photo";
pub const REMOVE: &str = "Remove";
pub const REMOVE_UNSAVED: &str = "Not saved. Remove?";

// An address without a room.
pub const NOT_FOUND: &str = "There is nothing at this address.";
pub const MAKE_ROOM: &str = "Make a room";
