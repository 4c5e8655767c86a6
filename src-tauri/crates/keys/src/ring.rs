//! Stores keys by provider and origin: in the keychain if there is one, and in memory for the session.
//!
//! The keychain may be slow: on Linux it is another program, which may be asking for its password. Each query runs on
//! its own thread, one at a time, with a timeout of [`PATIENCE`]. The separate thread also keeps D-Bus calls out of
//! async runtimes, where they can panic. After a timeout the thread continues until it gets an answer. Until then no
//! other query is sent, so there is never more than one.
//!
//! The keychain entry of a key is `PROVIDER ORIGIN`, such as `vendor https://api.vendor.example`. Keys from before
//! entries named a provider are stored under the origin alone and belong to the default provider. They are found if
//! there is no newer key, and are removed together with it. Origins and keys are not validated here.

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
    /// Stored until the process ends, for this reason. An older key for the same origin may still be in the keychain
    /// and be found at the next start.
    Session {
        reason: String,
    },
}

/// What a key belongs to: a provider at one server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyOwner {
    /// The id of the provider.
    pub provider: String,
    /// Scheme, host and port of the server.
    pub origin: String,
    /// Whether it is the default provider, whose keys were once stored under the origin alone.
    pub is_default: bool,
}

impl KeyOwner {
    /// The name of the keychain entry.
    fn entry(&self) -> String {
        format!("{} {}", self.provider, self.origin)
    }

    /// The name of the entry in older versions.
    fn older_entry(&self) -> Option<&str> {
        self.is_default.then_some(&self.origin)
    }
}

/// A key and where it is stored.
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

/// The keys that the user has entered.
///
/// Apart from [`KeyRing::open`], the methods may block for half a minute each, and longer if other calls are waiting,
/// so async code must call them on a blocking thread. Sharing a ring between threads is cheap with `Arc`. A key that
/// was found stays in memory: changes that other programs make in the keychain are seen after a restart.
pub struct KeyRing {
    keychain: Arc<dyn Keychain>,
    patience: Duration,
    session: Mutex<HashMap<KeyOwner, Found>>,
    /// Held during a keychain query until the session is updated. Contains the thread of a query that timed out, if
    /// any.
    turn: Mutex<Option<JoinHandle<()>>>,
}

impl KeyRing {
    /// Does not access the keychain yet: it is looked up when a key is first read or stored.
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

    /// Whether keys can be stored persistently. A locked keychain counts as available: it asks for its password when
    /// used.
    pub fn check_keychain(&self) -> Result<()> {
        let mut turn = lock(&self.turn);
        self.ask(&mut turn, |keychain| keychain.check())
            .map_err(|failure| KeysError::Keychain { reason: failure.into_reason() })
    }

    /// Stores `secret` for `owner`, and replaces the previous key. It is stored for the session even if the keychain
    /// fails. A keychain that timed out may still store the key later.
    pub fn keep(&self, owner: &KeyOwner, secret: Zeroizing<String>) -> Keeping {
        let mut turn = lock(&self.turn);
        let hold = |secret, place| {
            lock(&self.session).insert(owner.clone(), Found { secret, place });
        };
        // Stored in the session first, so that the key is usable while the keychain asks for its password.
        hold(secret.clone(), Place::Session);
        let outcome = {
            let (owner, secret) = (owner.clone(), secret.clone());
            self.ask(&mut turn, move |keychain| {
                keychain.write(&owner.entry(), &secret)?;
                if let Some(older) = owner.older_entry() {
                    // The new key is stored, so failing to delete the older one does not matter.
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

    /// The key for `owner`. An error means that the keychain could not be queried, so it is unknown whether there is a
    /// key; without a keychain there is none.
    pub fn find(&self, owner: &KeyOwner) -> Result<Option<Found>> {
        if let Some(found) = self.held(owner) {
            return Ok(Some(found));
        }
        let mut turn = lock(&self.turn);
        // Another thread may have found or stored the key in the meantime.
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
        let secret = match answer {
            Ok(secret) => secret,
            Err(KeychainFailure::Absent { .. }) => None,
            Err(KeychainFailure::Refused { reason }) => return Err(KeysError::Keychain { reason }),
        };
        let found = secret.map(|secret| Found { secret, place: Place::Keychain });
        if let Some(found) = &found {
            lock(&self.session).insert(owner.clone(), found.clone());
        }
        Ok(found)
    }

    /// Deletes the key for `owner` from the session and the keychain. After an error it may still be in the keychain,
    /// but not in the session.
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

    /// Sends `question` to the keychain, unless an earlier one is still unanswered.
    fn ask<T: Send + 'static>(
        &self,
        given_up: &mut Option<JoinHandle<()>>,
        question: impl FnOnce(&dyn Keychain) -> std::result::Result<T, KeychainFailure> + Send + 'static,
    ) -> std::result::Result<T, KeychainFailure> {
        if given_up.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Err(KeychainFailure::refused("it has not answered yet and may be waiting for its password"));
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
                    "it has not answered for {seconds} seconds and may be waiting for its password"
                )))
            }
            Err(RecvTimeoutError::Disconnected) => Err(KeychainFailure::refused("its client library failed")),
        }
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}

/// A poisoned lock is safe: every change is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the secret from the text: a keychain's error message may contain it.
fn without(secret: &str, text: String) -> String {
    if secret.is_empty() { text } else { text.replace(secret, "[key]") }
}

#[cfg(test)]
mod tests;
