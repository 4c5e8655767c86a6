//! The operating system's keychain: macOS Keychain, Windows Credential Manager, Secret Service elsewhere.
//!
//! Errors of the keychain library contain secrets (`BadEncoding` holds the bytes), so they are converted to text here.
//! There are no timeouts here: every call may block, on Linux even while the user types a password.

use zeroize::Zeroizing;

/// The name of Fieldmark's entries in the keychain.
const SERVICE: &str = "fieldmark";

/// Stores secrets persistently.
pub(crate) trait Keychain: Send + Sync {
    /// Whether there is a keychain; never asks for a password.
    fn check(&self) -> Result<(), KeychainFailure>;
    fn read(&self, entry: &str) -> Result<Option<Zeroizing<String>>, KeychainFailure>;
    fn write(&self, entry: &str, secret: &str) -> Result<(), KeychainFailure>;
    /// Succeeds if there is nothing to delete.
    fn delete(&self, entry: &str) -> Result<(), KeychainFailure>;
}

/// Why a keychain operation failed, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeychainFailure {
    /// There is no keychain, so it contains nothing.
    Absent { reason: String },
    /// The keychain is not accessible now.
    Refused { reason: String },
}

impl KeychainFailure {
    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }

    pub(crate) fn into_reason(self) -> String {
        match self {
            Self::Absent { reason } | Self::Refused { reason } => reason,
        }
    }
}

/// The system keychain. It is looked up at the first call; if there is none then, the process does not look again.
pub(crate) struct SystemKeychain;

impl Keychain for SystemKeychain {
    fn check(&self) -> Result<(), KeychainFailure> {
        match keyring::Entry::store_status() {
            Ok(()) => Ok(()),
            Err(error) => {
                let detail = in_words(error);
                Err(KeychainFailure::Absent { reason: format!("no keychain is available on this machine ({detail})") })
            }
        }
    }

    fn read(&self, entry: &str) -> Result<Option<Zeroizing<String>>, KeychainFailure> {
        match self.entry(entry)?.get_password() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(KeychainFailure::refused(in_words(&error))),
        }
    }

    fn write(&self, entry: &str, secret: &str) -> Result<(), KeychainFailure> {
        self.entry(entry)?.set_password(secret).map_err(|error| KeychainFailure::refused(in_words(&error)))
    }

    fn delete(&self, entry: &str) -> Result<(), KeychainFailure> {
        match self.entry(entry)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(KeychainFailure::refused(in_words(&error))),
        }
    }
}

/// For keys that must not outlive the program.
pub(crate) struct NoKeychain;

impl NoKeychain {
    fn absent() -> KeychainFailure {
        KeychainFailure::Absent { reason: "keys are kept for this session only".into() }
    }
}

impl Keychain for NoKeychain {
    fn check(&self) -> Result<(), KeychainFailure> {
        Err(Self::absent())
    }

    fn read(&self, _entry: &str) -> Result<Option<Zeroizing<String>>, KeychainFailure> {
        Ok(None)
    }

    fn write(&self, _entry: &str, _secret: &str) -> Result<(), KeychainFailure> {
        Err(Self::absent())
    }

    fn delete(&self, _entry: &str) -> Result<(), KeychainFailure> {
        Ok(())
    }
}

impl SystemKeychain {
    fn entry(&self, entry: &str) -> Result<keyring::Entry, KeychainFailure> {
        self.check()?;
        keyring::Entry::new(SERVICE, entry).map_err(|error| KeychainFailure::refused(in_words(&error)))
    }
}

/// Describes an error without secrets and without messages of other programs.
fn in_words(error: &keyring::Error) -> String {
    use keyring::Error;
    match error {
        Error::PlatformFailure(source) => source.to_string(),
        Error::NoStorageAccess(source) => format!("it is locked, not set up or denies access ({source})"),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "its entry for this server is not a readable key".into(),
        Error::BadStoreFormat(_) => "its contents are damaged".into(),
        Error::TooLong(_, limit) => format!("it stores at most {limit} characters"),
        Error::Invalid(..) => "it does not accept this key or the name of this server".into(),
        Error::Ambiguous(entries) => format!("it has {} keys for this server instead of one", entries.len()),
        Error::NoEntry => "it has no key for this server".into(),
        Error::NoDefaultStore | Error::NotSupportedByStore(_) => "it cannot store keys".into(),
        _ => "it failed without a reason".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyring::Error;

    #[test]
    fn errors_do_not_repeat_what_they_carry() {
        let planted = || b"planted-key".to_vec();
        let source = || Box::new(std::io::Error::other("planted-key"));
        for error in [
            Error::BadEncoding(planted()),
            Error::BadDataFormat(planted(), source()),
            Error::BadStoreFormat("planted-key".into()),
            Error::Invalid("password".into(), "planted-key".into()),
            Error::NotSupportedByStore("planted-key".into()),
        ] {
            let words = in_words(&error);
            assert!(!words.is_empty() && !words.contains("planted"), "{words}");
        }
    }
}
