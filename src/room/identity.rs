//! Who this tab is in a room: a random token, kept over a reload, and claimed by a Web Lock so that a duplicated
//! tab, which copies everything that its original remembers, becomes somebody else. And what its person wants to
//! be called, in every room on this device; and by what secret the device is known again.

use snaproom_protocol::{DeviceKey, DeviceSecret, RoomId, Token};
use snaproom_session::{Me, keys, name};

use crate::browser::{
    Error,
    storage::{self, Lock},
    task::{self, Task},
};

/// A token that no other tab uses as long as this lives, and what the device remembers.
pub(super) struct Identity {
    pub(super) me: Me,
    _claim: Claim,
}

#[expect(dead_code, reason = "held until the room is left")]
enum Claim {
    Held(Lock),
    /// Nobody else can have a token that was just made: no need to wait for the lock.
    Coming(Task),
}

impl Identity {
    pub(super) async fn claim(room: RoomId) -> Result<Self, Error> {
        let room = room.to_string();
        if let Some((token, life)) = storage::token(&room).map(|(token, life)| (Token(token), life))
            && let Some(lock) = Lock::claim(&lock_name(&token)).await
        {
            let life = life.saturating_add(1);
            storage::keep_token(&room, &token.0, life);
            return Ok(Self { me: me(token, life)?, _claim: Claim::Held(lock) });
        }
        let (token, life) = (Token(task::random()?), 0);
        storage::keep_token(&room, &token.0, life);
        let claim = task::spawn(async move {
            let _lock = Lock::claim(&lock_name(&token)).await;
            std::future::pending::<()>().await;
        });
        Ok(Self { me: me(token, life)?, _claim: Claim::Coming(claim) })
    }
}

fn me(token: Token, life: u32) -> Result<Me, Error> {
    let device = if let Some(device) = storage::device() {
        device
    } else {
        let made = task::random()?;
        storage::keep_device(&made);
        // Another tab of the device may be making one just now. Where nothing is kept, it is this page's.
        storage::device().unwrap_or(made)
    };
    let verified = storage::verified().into_iter().map(DeviceKey).collect();
    Ok(Me { token, life, device: DeviceSecret(device), verified })
}

/// The name that the device remembers; empty for the friendly one. Whatever another page of this origin, or an
/// earlier version of this one, put there becomes a name.
pub(super) fn remembered_name() -> String {
    storage::name().map(|kept| name::display_name(&kept)).unwrap_or_default()
}

/// Makes a name of what a person typed, and remembers it.
pub(super) fn keep_name(typed: &str) -> String {
    let name = name::display_name(typed);
    storage::keep_name(&name);
    name
}

/// The lock's name: the public id, not the token.
fn lock_name(token: &Token) -> String {
    format!("snaproom:peer:{}", keys::peer_id(token))
}
