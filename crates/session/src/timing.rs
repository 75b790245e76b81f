//! How long everything may take, and why so long.

use std::time::Duration;

// The socket to the server.

/// From asking for a socket to the server's first message. A proxy may accept the socket and only then find
/// that there is no server behind it, so an open socket proves nothing.
pub(crate) const WELCOME_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait between two tries, and the first one: full jitter over min(15 s, 250 ms · 2ⁿ), so that the people of
/// a server that was started anew do not all come at once.
pub(crate) const MAX_BACK_OFF: Duration = Duration::from_secs(15);
pub(crate) const FIRST_BACK_OFF: Duration = Duration::from_millis(250);

/// The longest wait while somebody in the room cannot be reached otherwise: then each second counts for two people.
pub(crate) const MAX_BACK_OFF_IN_NEED: Duration = Duration::from_secs(3);

/// After so much silence the server is asked whether it is still there. A socket that died without a word would
/// otherwise be found dead by TCP alone, after minutes.
pub(crate) const SERVER_SILENCE: Duration = Duration::from_secs(12);

/// The server's answer: long enough for a mobile network that wakes up, and for TCP to repeat a lost packet twice.
pub(crate) const SERVER_ANSWER: Duration = Duration::from_secs(6);

/// The same when the device says that its network changed: most likely the socket is dead.
pub(crate) const PROBE_ANSWER: Duration = Duration::from_secs(2);

/// New TURN credentials are asked for when this part of their life is over, and again after the pause.
pub(crate) const RENEW_ICE_AT_PERCENT: u64 = 80;
pub(crate) const RENEW_ICE_AGAIN: Duration = Duration::from_secs(30);

// From two people in a room to a connection.

/// A hello that nobody answered is said again after this, and then after twice as long each time up to the second.
pub(crate) const GREET_AGAIN: Duration = Duration::from_secs(3);
pub(crate) const GREET_AGAIN_AT_MOST: Duration = Duration::from_secs(24);

/// From the hellos to a confirmed channel. ICE itself gives up after about 15 s of silence.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// From open channels to the peer's proof.
pub(crate) const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);

/// Who made the offers of a lost connection waits this long for the other to greet before it does so itself:
/// usually the other is the one that reloaded or noticed.
pub(crate) const OFFERER_WAITS: Duration = Duration::from_secs(2);

/// A hello that comes while a connection is fine is kept this long: a crashed tab is noticed after 5 to 7.5 s.
pub(crate) const HOLD_HELLO: Duration = Duration::from_secs(15);

/// New negotiations with one peer are at least this far apart.
pub(crate) const NEGOTIATION_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause between tries to connect with somebody who was connected before: the way is there, it only
/// has to come back.
pub(crate) const KNOWN_PEER_PAUSE: Duration = Duration::from_secs(1);

// A connection that stands.

/// Browsers report `disconnected` 5 to 7.5 s into a silence, and a network that comes back within 8 s heals it by
/// itself: ICE is restarted only after this.
pub(crate) const DISCONNECTED_PATIENCE: Duration = Duration::from_secs(5);

/// From a restart's first word to a path. ICE finds one within two round trips, or needs its slowest checks.
pub(crate) const RESTART_TIMEOUT: Duration = Duration::from_secs(10);

/// Restarts in a row that found no path, before a new connection is made.
pub(crate) const MAX_RESTARTS: u32 = 3;

/// A peer that said nothing for this long is asked whether it is still there.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(3);

/// A peer that said nothing for this long, though it was asked twice, is shown as away. With a timer that a hidden
/// page rounds up by a second this is within 10 s.
pub(crate) const SILENCE: Duration = Duration::from_secs(8);

/// A peer whose socket is gone must answer over its data channel within this, or it is shown as away.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_millis(800);

/// The same while bytes are under way between us: question and answer each wait for a message of 64 KiB and as much in
/// a router's queue, which takes 4.2 s at 0.5 Mbit/s.
pub(crate) const BUSY_ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A tick that comes so late means that this page slept, and knows nothing of the others' silence.
pub(crate) const ASLEEP: Duration = Duration::from_secs(2);

/// What is under way to or from somebody whose seat is lost waits this long for their return: a tunnel, a dead
/// battery, a walk to another network.
pub(crate) const KEEP_TRANSFERS: Duration = Duration::from_mins(15);

/// The person is told of a new name of one peer at most this often.
pub(crate) const NAME_PAUSE: Duration = Duration::from_secs(1);

/// Who goes to another room with others waits this long until all have read where to: longer than a page that is
/// not asleep takes.
pub(crate) const MOVE_TIMEOUT: Duration = Duration::from_secs(3);

/// A call rings for so long, on both sides.
pub(crate) const RING: Duration = Duration::from_secs(45);

/// After a no, or after hanging up, nobody is asked again before this.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(30);

/// Whose ring was not answered, or taken back, does not ring again before this: a bell that one member can ring at will
/// is no use to the others.
pub(crate) const RING_AGAIN: Duration = Duration::from_secs(10);

/// One peer's part in the call changes at most this often, after the first few changes, which come at once: who mutes
/// and unmutes is heard.
pub(crate) const CALL_PAUSE: Duration = Duration::from_secs(1);
pub(crate) const FEW_CHANGES: u32 = 5;

/// Bytes may overtake their offer, since they go over another channel, but not by this much.
pub(crate) const OFFER_TIMEOUT: Duration = Duration::from_secs(10);

// What people write.

/// One person's messages are shown at most this often, after a few that come at once: who writes faster than that does
/// not write. What is beyond is dropped, and that is told, but not again before the last.
pub(crate) const HEAR_PAUSE: Duration = Duration::from_millis(125);
pub(crate) const FEW_HEARD: u32 = 40;
pub(crate) const FLOOD_AGAIN: Duration = Duration::from_mins(1);

/// We keep well below that: after a silence all that was said and not heard may come at once, and then as much again.
pub(crate) const SAY_PAUSE: Duration = Duration::from_millis(165);
pub(crate) const FEW_SAID: u32 = 16;
pub(crate) const MAX_UNHEARD: usize = 16;

/// Who asks for what was written before gets all of it at once, and not again and again.
pub(crate) const GIVE_PAUSE: Duration = Duration::from_millis(250);
pub(crate) const FEW_GIVEN: u32 = 256;

/// Somebody who does not give what they have makes others be asked after this.
pub(crate) const GIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What somebody tells that they hold counts at most this often, after what a page has to tell of when it connects: each
/// of it is a signature to be checked.
pub(crate) const SHOW_PAUSE: Duration = Duration::from_millis(250);
pub(crate) const FEW_SHOWN: u32 = 256;

/// Somebody who gives it, and of whom nothing comes any more, is waited for this long where others have it, and this long
/// where nobody else has: four files that take turns on a path of 0.5 Mbit/s have a piece each within 68 s.
pub(crate) const STALLED: Duration = Duration::from_secs(30);
pub(crate) const STALLED_ALONE: Duration = Duration::from_mins(2);

/// Somebody who said that they write is taken to do so for this long; they say it again before that.
pub(crate) const WRITES: Duration = Duration::from_secs(6);
pub(crate) const WRITES_AGAIN: Duration = Duration::from_secs(3);
