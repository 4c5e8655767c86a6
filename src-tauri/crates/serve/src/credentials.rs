//! Signs browsers in: with the printed link, once, or with the password. A cookie then names the session.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use blake3::Hash;
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::Expiry;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};
use zeroize::Zeroizing;

use crate::error::{MIN_PASSWORD, ServeError};

const TOKEN_BYTES: usize = 32;
/// Attempts at a password in a minute, of one client and of all.
const ATTEMPTS: NonZeroU32 = NonZeroU32::new(6).unwrap();
const ATTEMPTS_OF_ALL: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// Clients whose attempts are remembered before old ones are forgotten.
const REMEMBERED: usize = 10_000;
const SIGNED_IN: &str = "signed_in";

/// What lets a browser in. Only hashes are kept: comparing them takes the same time whatever differs.
pub struct Credentials {
    cookie: String,
    /// Of the unused link.
    token: Mutex<Option<Hash>>,
    password: Option<Hash>,
    attempts: DefaultKeyedRateLimiter<IpAddr>,
    attempts_of_all: DefaultDirectRateLimiter,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("cookie", &self.cookie).finish_non_exhaustive()
    }
}

/// The result of an attempt to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    Right,
    Wrong,
    TooMany,
}

impl Credentials {
    pub fn new(port: u16, password: Option<&String>) -> Result<Self, ServeError> {
        if password.is_some_and(|password| password.chars().count() < MIN_PASSWORD) {
            return Err(ServeError::ShortPassword);
        }
        Ok(Self {
            // Cookies do not know ports: the name keeps two servers on one host apart.
            cookie: format!("fieldmark-{port}"),
            token: Mutex::new(None),
            password: password.map(|password| blake3::hash(password.as_bytes())),
            attempts: RateLimiter::keyed(Quota::per_minute(ATTEMPTS)),
            attempts_of_all: RateLimiter::direct(Quota::per_minute(ATTEMPTS_OF_ALL)),
        })
    }

    /// Sessions live in memory, until the browser is closed or for two weeks at most.
    pub fn sessions(&self) -> SessionManagerLayer<MemoryStore> {
        SessionManagerLayer::new(MemoryStore::default())
            .with_name(self.cookie.clone())
            .with_http_only(true)
            .with_same_site(SameSite::Strict)
            .with_path("/")
            // Added where the browser came by TLS, see `headers`.
            .with_secure(false)
            .with_expiry(Expiry::OnSessionEnd)
    }

    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// A token that lets one browser in, in place of the one before.
    pub fn new_token(&self) -> Result<Zeroizing<String>, ServeError> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        getrandom::fill(bytes.as_mut()).map_err(ServeError::Random)?;
        let token = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*bytes));
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(blake3::hash(token.as_bytes()));
        Ok(token)
    }

    /// Whether `token` is the unused one; it is used from now on.
    pub fn redeem(&self, token: &str) -> bool {
        let asked = blake3::hash(token.as_bytes());
        self.token.lock().unwrap_or_else(PoisonError::into_inner).take_if(|unused| *unused == asked).is_some()
    }

    pub fn try_password(&self, password: &str, client: SocketAddr) -> Attempt {
        let Some(expected) = self.password else { return Attempt::Wrong };
        if self.attempts.len() > REMEMBERED {
            self.attempts.retain_recent();
        }
        if self.attempts.check_key(&network(client.ip())).is_err() || self.attempts_of_all.check().is_err() {
            return Attempt::TooMany;
        }
        if blake3::hash(password.as_bytes()) == expected { Attempt::Right } else { Attempt::Wrong }
    }
}

/// What one client can choose its addresses from: a household has a /64 of IPv6 addresses.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// Begins a session under a new id.
pub async fn sign_in(session: &Session) -> Result<(), tower_sessions::session::Error> {
    session.cycle_id().await?;
    session.insert(SIGNED_IN, true).await?;
    // Saved here: the browser may follow the redirect before this response is complete.
    session.save().await
}

pub async fn is_signed_in(session: &Session) -> bool {
    matches!(session.get(SIGNED_IN).await, Ok(Some(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_works_once_and_a_new_one_replaces_it() {
        let credentials = Credentials::new(8080, None).unwrap();
        assert!(!credentials.redeem(""));
        let first = credentials.new_token().unwrap();
        assert_eq!(first.len(), 43);
        assert!(!credentials.redeem(&first[1..]) && credentials.redeem(&first) && !credentials.redeem(&first));
        let (second, third) = (credentials.new_token().unwrap(), credentials.new_token().unwrap());
        assert!(!credentials.redeem(&second) && credentials.redeem(&third));
    }

    #[test]
    fn passwords_cannot_be_guessed_quickly() {
        assert!(Credentials::new(8080, Some(&"short".into())).is_err());
        let credentials = Credentials::new(8080, Some(&"correct horse".into())).unwrap();
        let client = |address: &str| SocketAddr::new(address.parse().unwrap(), 1);
        let attempts: Vec<_> = (0..7).map(|_| credentials.try_password("wrong", client("2001:db8::1"))).collect();
        assert_eq!((attempts[5], attempts[6]), (Attempt::Wrong, Attempt::TooMany));
        // The same household, and another one.
        assert_eq!(credentials.try_password("correct horse", client("2001:db8::2")), Attempt::TooMany);
        assert_eq!(credentials.try_password("correct horse", client("192.0.2.1")), Attempt::Right);
        assert_eq!(Credentials::new(8080, None).unwrap().try_password("", client("192.0.2.1")), Attempt::Wrong);
    }
}
