//! Keys by the provider and origin they are for: in the keychain where there is one, and in memory for the session.
//!
//! The keychain may take its time: on Linux it is another program, which may be asking for its password. Each question
//! is put to it on a thread of its own, one at a time, and nobody waits for longer than [`PATIENCE`]. The thread keeps
//! its D-Bus calls out of async runtimes, in which they can panic. One that has been given up ends with its answer; as
//! long as it has none, no other question is put, so there is never more than one.
//!
//! A key is in the keychain under `PROVIDER ORIGIN`, such as `vendor https://api.vendor.example`. Keys that were entered
//! before keys had a provider are there under the origin alone, and are those of the default provider: they are found as
//! long as there is no newer one, and removed with it.
//! Deliberately absent: which origins there are, and whether a text is a good key.

use std::collections::HashMap;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::keychain::{Keychain, KeychainFailure, NoKeychain, SystemKeychain};
use crate::{KeysError, Result};

/// Enough time to type a password, short enough not to look frozen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a key is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The operating system's keychain.
    Keychain,
    /// This program's memory, until it ends.
    Session,
}

/// Result of storing a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    Keychain,
    /// Kept until the program ends, with the reason. An older key for the same origin may still be in the keychain and
    /// be found the next time.
    Session {
        reason: String,
    },
}

/// What a key is for: a provider at one server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyOwner {
    /// The id of the provider.
    pub provider: String,
    /// Scheme, host and port of the server.
    pub origin: String,
    /// Whether it is the default provider, whose keys were kept under the origin alone.
    pub is_default: bool,
}

impl KeyOwner {
    /// Under which the keychain keeps the key.
    fn entry(&self) -> String {
        format!("{} {}", self.provider, self.origin)
    }

    /// Under which an older version has kept it.
    fn older_entry(&self) -> Option<&str> {
        self.is_default.then_some(&self.origin)
    }
}

/// A key and where it is kept.
#[derive(Clone)]
pub struct Found {
    pub secret: Zeroizing<String>,
    pub place: Place,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Found").field("place", &self.place).finish_non_exhaustive()
    }
}

/// The keys a person has entered.
///
/// Apart from [`KeyRing::open`], the methods may block for half a minute each, and longer when others are asking, too:
/// in async code they belong on a thread for blocking work. Sharing a ring between threads is cheap by `Arc`. Once a key
/// has been found it is held in memory: what other programs then do to the keychain is seen after the next start.
pub struct KeyRing {
    keychain: Arc<dyn Keychain>,
    patience: Duration,
    session: Mutex<HashMap<KeyOwner, Found>>,
    /// Whoever asks the keychain holds this until the session knows the outcome, too. In it is the thread that has been
    /// given up, if there is one.
    turn: Mutex<Option<JoinHandle<()>>>,
}

impl KeyRing {
    /// Accesses nothing yet: the keychain is looked up when a key is first read or stored.
    #[must_use]
    pub fn open() -> Self {
        Self::with_keychain(Arc::new(SystemKeychain), PATIENCE)
    }

    /// Keys in memory only.
    #[must_use]
    pub fn for_session() -> Self {
        Self::with_keychain(Arc::new(NoKeychain), PATIENCE)
    }

    fn with_keychain(keychain: Arc<dyn Keychain>, patience: Duration) -> Self {
        Self { keychain, patience, session: Mutex::default(), turn: Mutex::default() }
    }

    /// Whether keys can be stored persistently. A locked keychain counts: it asks for its password when used.
    pub fn check_keychain(&self) -> Result<()> {
        let mut turn = lock(&self.turn);
        self.ask(&mut turn, |keychain| keychain.check())
            .map_err(|failure| KeysError::Keychain { reason: failure.into_reason() })
    }

    /// Keeps `secret` for `owner` in place of what was kept for it. Whatever the keychain says, it is there for the
    /// session. When the keychain was only slow, it may take the key after all.
    pub fn keep(&self, owner: &KeyOwner, secret: Zeroizing<String>) -> Keeping {
        let mut turn = lock(&self.turn);
        let hold = |secret, place| {
            lock(&self.session).insert(owner.clone(), Found { secret, place });
        };
        // First, so that the key can be used while the keychain asks for its password.
        hold(secret.clone(), Place::Session);
        let outcome = {
            let (owner, secret) = (owner.clone(), secret.clone());
            self.ask(&mut turn, move |keychain| {
                keychain.write(&owner.entry(), &secret)?;
                if let Some(older) = owner.older_entry() {
                    // The new key is kept, whatever becomes of the older one.
                    drop(keychain.delete(older));
                }
                Ok(())
            })
        };
        match outcome {
            Ok(()) => {
                hold(secret, Place::Keychain);
                Keeping::Keychain
            }
            Err(failure) => Keeping::Session { reason: without(&secret, failure.into_reason()) },
        }
    }

    /// The key for `owner`. An error says that nobody knows, because the keychain could not be asked.
    pub fn find(&self, owner: &KeyOwner) -> Result<Option<Found>> {
        if let Some(found) = self.held(owner) {
            return Ok(Some(found));
        }
        let mut turn = lock(&self.turn);
        // Somebody else may have asked for it or kept it in the meantime.
        if let Some(found) = self.held(owner) {
            return Ok(Some(found));
        }
        let answer = {
            let owner = owner.clone();
            self.ask(&mut turn, move |keychain| match (keychain.read(&owner.entry())?, owner.older_entry()) {
                (None, Some(older)) => keychain.read(older),
                (found, _) => Ok(found),
            })
        };
        let secret = answer.map_err(|failure| KeysError::Keychain { reason: failure.into_reason() })?;
        let found = secret.map(|secret| Found { secret, place: Place::Keychain });
        if let Some(found) = &found {
            lock(&self.session).insert(owner.clone(), found.clone());
        }
        Ok(found)
    }

    /// Forgets the key for `owner` here and in the keychain. After an error it may still be in the keychain; the session
    /// has forgotten it in any case.
    pub fn forget(&self, owner: &KeyOwner) -> Result<()> {
        let mut turn = lock(&self.turn);
        let held = lock(&self.session).remove(owner);
        let outcome = {
            let owner = owner.clone();
            self.ask(&mut turn, move |keychain| {
                keychain.delete(&owner.entry())?;
                owner.older_entry().map_or(Ok(()), |older| keychain.delete(older))
            })
        };
        match outcome {
            Ok(()) => Ok(()),
            // Without a keychain there is nothing to remove, unless this key was read from it.
            Err(KeychainFailure::Absent { .. }) if held.is_none_or(|held| held.place == Place::Session) => Ok(()),
            Err(failure) => Err(KeysError::StillKept { origin: owner.origin.clone(), reason: failure.into_reason() }),
        }
    }

    fn held(&self, owner: &KeyOwner) -> Option<Found> {
        lock(&self.session).get(owner).cloned()
    }

    /// Sends `question` to the keychain, unless an earlier one is unanswered.
    fn ask<T: Send + 'static>(
        &self,
        given_up: &mut Option<JoinHandle<()>>,
        question: impl FnOnce(&dyn Keychain) -> std::result::Result<T, KeychainFailure> + Send + 'static,
    ) -> std::result::Result<T, KeychainFailure> {
        if given_up.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Err(KeychainFailure::refused("it has not answered yet; it may be waiting for its password"));
        }
        *given_up = None;
        let keychain = Arc::clone(&self.keychain);
        let (deliver, delivered) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("keychain".into())
            // The receiver may have timed out.
            .spawn(move || drop(deliver.send(question(keychain.as_ref()))))
            .map_err(|error| KeychainFailure::refused(error.to_string()))?;
        match delivered.recv_timeout(self.patience) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                *given_up = Some(thread);
                let seconds = self.patience.as_secs();
                Err(KeychainFailure::refused(format!(
                    "it has not answered for {seconds} seconds; it may be waiting for its password"
                )))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(KeychainFailure::refused("the library that speaks to it has failed"))
            }
        }
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}

/// A poisoned lock is fine: every change is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A keychain's error message may contain the secret.
fn without(secret: &str, text: String) -> String {
    if secret.is_empty() { text } else { text.replace(secret, "[key]") }
}

#[cfg(test)]
mod tests;
