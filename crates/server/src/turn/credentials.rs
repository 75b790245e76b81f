//! Credentials that end by themselves: the scheme of draft-uberti-behave-turn-rest-00, as coturn has it with
//! `use-auth-secret`. The user's name is the moment at which it ends, and the password a MAC of it.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;
use turn::auth::{AuthHandler, generate_auth_key};

/// Whoever is given credentials can guess at the secret in peace: shorter ones would be found.
const MIN_CHARACTERS: usize = 16;

/// What the server shares with a TURN server, and with nobody else.
#[derive(Clone)]
pub struct TurnSecret(hmac::Key);

/// What a TURN server wants to hear.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl TurnSecret {
    /// One that nobody knows, for a relay within this process.
    #[must_use]
    pub fn random() -> Self {
        Self::of(&rand::random::<[u8; 32]>())
    }

    fn of(secret: &[u8]) -> Self {
        // SHA-1 is what the scheme has; HMAC does not rest on what is broken of it.
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret))
    }

    /// For whom `user` stands, to be used until then.
    pub(crate) fn credentials(&self, user: &str, until: SystemTime) -> Credentials {
        let seconds = until.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        let username = format!("{seconds}:{user}");
        let password = self.password(&username);
        Credentials { username, password }
    }

    /// The key of the long-term mechanism (RFC 8489, section 9.2.2) for a name, whether its time is over or not.
    pub(crate) fn key(&self, username: &str, realm: &str) -> Vec<u8> {
        generate_auth_key(username, realm, &self.password(username))
    }

    fn password(&self, username: &str) -> String {
        STANDARD.encode(hmac::sign(&self.0, username.as_bytes()))
    }
}

/// Whether the name says that it can still be used.
pub(crate) fn is_current(username: &str, now: SystemTime) -> bool {
    let seconds = username.split(':').next().and_then(|seconds| seconds.parse().ok());
    let until = seconds.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    until.is_some_and(|until| until > now)
}

/// Whom the name stands for: the same who has several, each with another end.
pub(crate) fn user(username: &str) -> &str {
    username.split_once(':').map_or(username, |(_, user)| user)
}

impl AuthHandler for TurnSecret {
    fn auth_handle(
        &self,
        username: &str,
        realm: &str,
        _: std::net::SocketAddr,
    ) -> Result<Vec<u8>, turn::Error> {
        Ok(self.key(username, realm))
    }
}

impl FromStr for TurnSecret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().count() < MIN_CHARACTERS {
            return Err("too short to be a secret: use 16 characters or more");
        }
        Ok(Self::of(text.as_bytes()))
    }
}

impl fmt::Debug for TurnSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of sixteen or more";

    #[test]
    fn credentials_are_those_that_coturn_computes() {
        // printf 1700000000:ab | openssl dgst -sha1 -hmac 'a secret of sixteen or more' -binary | base64
        let until = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let secret: TurnSecret = SECRET.parse().unwrap();
        let Credentials { username, password } = secret.credentials("ab", until);
        assert_eq!((username.as_str(), password.as_str()), ("1700000000:ab", "XCKn7NP1oYD+hvGAF19uUH9uuJc="));
    }

    #[test]
    fn a_name_says_when_it_ends() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        for current in ["1001", "1001:ab", "99999999999:"] {
            assert!(is_current(current, now), "{current}");
        }
        for over in
            ["1000", "1000:ab", "999:x", "", ":", "ab", "ab:1001", "-1", "18446744073709551615:x", "1e9"]
        {
            assert!(!is_current(over, now), "{over}");
        }
    }

    #[test]
    fn a_name_says_whose_it_is() {
        for (name, of) in
            [("1000:ab", "ab"), ("2000:ab", "ab"), ("1000:a:b", "a:b"), ("1000", "1000"), ("1:", "")]
        {
            assert_eq!(user(name), of, "{name}");
        }
    }

    #[test]
    fn a_secret_is_long_and_shows_itself_nowhere() {
        assert!("fifteen letters".parse::<TurnSecret>().is_err());
        assert_eq!(format!("{:?}", SECRET.parse::<TurnSecret>().unwrap()), "TurnSecret");
    }
}
