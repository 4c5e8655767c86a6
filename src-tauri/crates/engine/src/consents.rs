//! What the user has consented to: `.env` files, hook commands, and hosts named in the settings of another person's
//! library. Consents are stored per user, not in a library or a folder of photos: those may come from someone else and
//! would bring their own consent.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use domain::hooks::HookEvent;
use keys::{EnvFile, VariableNames};
use serde::{Deserialize, Serialize};

use crate::clock::now_millis;
use crate::sync::lock;
use crate::{EngineError, Result, private};

/// Far more than any user needs.
const MAX_BYTES: u64 = 16 << 20;

/// The user's consents, stored in a file, or for the session if that is not writable.
pub struct Consents {
    file: Option<PathBuf>,
    session: Mutex<Kept>,
}

/// A `.env` file that may be used while its text is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedEnvFile {
    pub path: String,
    pub fingerprint: String,
    /// Milliseconds since the Unix epoch.
    pub allowed_at: u64,
}

/// Whether the `.env` file of a folder may be used.
#[derive(Debug)]
pub enum EnvFileHere {
    /// There is none, or it sets none of Fieldmark's variables.
    Nothing,
    Allowed(EnvFile),
    /// The user has not been asked, or the text has changed since.
    NotAllowed(EnvFile),
}

/// Identifies a library by its file and folder. Neither a copy elsewhere nor a file that replaces the library inherits
/// the consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownLibrary {
    pub library: String,
    pub folder: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AgreedHook {
    #[serde(flatten)]
    owner: KnownLibrary,
    event: HookEvent,
    command: String,
    agreed_at: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AgreedHost {
    #[serde(flatten)]
    owner: KnownLibrary,
    host: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    env_files: Vec<AllowedEnvFile>,
    #[serde(default)]
    hooks: Vec<AgreedHook>,
    /// Libraries that the user created; their settings are trusted.
    #[serde(default)]
    libraries: Vec<KnownLibrary>,
    /// Approved hosts, by library.
    #[serde(default)]
    hosts: Vec<AgreedHost>,
}

impl Consents {
    /// The consents of the user who runs this process.
    #[must_use]
    pub fn of_this_person() -> Self {
        let folders = directories::ProjectDirs::from("org", "", "fieldmark");
        Self { file: folders.map(|folders| folders.config_dir().join("consents.json")), session: Mutex::default() }
    }

    /// The consents in the file at `path`.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { file: Some(path), session: Mutex::default() }
    }

    /// Empty consents that are not persisted.
    #[must_use]
    pub fn for_session() -> Self {
        Self { file: None, session: Mutex::default() }
    }

    /// Finds the `.env` file in `folder`, and whether it may be used. `names` are the variables that Fieldmark reads.
    pub fn env_file_in(&self, folder: &Path, names: &VariableNames) -> Result<EnvFileHere> {
        Ok(match EnvFile::in_folder(folder)? {
            Some(file) if self.is_allowed(&file)? => EnvFileHere::Allowed(file),
            Some(file) if file.concerns_fieldmark(names) => EnvFileHere::NotAllowed(file),
            _ => EnvFileHere::Nothing,
        })
    }

    pub fn is_allowed(&self, file: &EnvFile) -> Result<bool> {
        let (path, fingerprint) = (text_of(file.path()), file.fingerprint());
        Ok(self.kept()?.env_files.iter().any(|allowed| allowed.path == path && allowed.fingerprint == fingerprint))
    }

    /// Allows `file` until its text changes.
    pub fn allow(&self, file: &EnvFile) -> Result<()> {
        let allowed =
            AllowedEnvFile { path: text_of(file.path()), fingerprint: file.fingerprint(), allowed_at: now_millis() };
        self.change(|kept| {
            kept.env_files.retain(|other| other.path != allowed.path);
            kept.env_files.push(allowed.clone());
        })
    }

    /// Revokes consent to the file at `path`. Returns whether it was allowed.
    pub fn deny(&self, path: &Path) -> Result<bool> {
        let denied = text_of(&EnvFile::place_of(path));
        let mut was_allowed = false;
        self.change(|kept| {
            let before = kept.env_files.len();
            kept.env_files.retain(|allowed| allowed.path != denied);
            was_allowed = kept.env_files.len() < before;
        })?;
        Ok(was_allowed)
    }

    pub fn env_files(&self) -> Result<Vec<AllowedEnvFile>> {
        Ok(self.kept()?.env_files)
    }

    pub(crate) fn is_hook_agreed(&self, owner: &KnownLibrary, event: HookEvent, command: &str) -> Result<bool> {
        let is_this = |hook: &AgreedHook| hook.owner == *owner && hook.event == event && hook.command == command;
        Ok(self.kept()?.hooks.iter().any(is_this))
    }

    pub(crate) fn agree_to_hook(&self, owner: KnownLibrary, event: HookEvent, command: &str) -> Result<()> {
        let agreed = AgreedHook { owner, event, command: command.to_owned(), agreed_at: now_millis() };
        self.change(|kept| {
            let is_same = |other: &AgreedHook| (&other.owner, &other.command) == (&agreed.owner, &agreed.command);
            kept.hooks.retain(|other| !is_same(other) || other.event != event);
            kept.hooks.push(agreed.clone());
        })
    }

    /// Records that the user created `library`.
    pub(crate) fn add_own(&self, library: &KnownLibrary) -> Result<()> {
        self.change(|kept| {
            kept.libraries.retain(|other| other.folder != library.folder);
            kept.libraries.push(library.clone());
        })
    }

    pub(crate) fn is_own(&self, library: &KnownLibrary) -> Result<bool> {
        Ok(self.kept()?.libraries.contains(library))
    }

    /// The hosts that the user has approved in `library`.
    pub(crate) fn hosts(&self, library: &KnownLibrary) -> Result<Vec<String>> {
        let hosts = self.kept()?.hosts.into_iter().filter(|agreed| agreed.owner == *library);
        Ok(hosts.map(|agreed| agreed.host).collect())
    }

    /// Records the hosts that the user approves in `library`, and those no longer approved.
    pub(crate) fn change_hosts<'a>(
        &self,
        library: &KnownLibrary,
        added: impl IntoIterator<Item = &'a String>,
        removed: impl IntoIterator<Item = &'a String>,
    ) -> Result<()> {
        let of = |host: &String| AgreedHost { owner: library.clone(), host: host.clone() };
        let added: Vec<AgreedHost> = added.into_iter().map(of).collect();
        let removed: Vec<AgreedHost> = removed.into_iter().map(of).collect();
        if added.is_empty() && removed.is_empty() {
            return Ok(());
        }
        self.change(|kept| {
            kept.hosts.retain(|agreed| !removed.contains(agreed) && !added.contains(agreed));
            kept.hosts.extend(added.iter().cloned());
        })
    }

    fn kept(&self) -> Result<Kept> {
        let mut kept = self.file.as_deref().map(read).transpose()?.unwrap_or_default();
        let session = lock(&self.session).clone();
        kept.env_files.extend(session.env_files);
        kept.hooks.extend(session.hooks);
        kept.libraries.extend(session.libraries);
        kept.hosts.extend(session.hosts);
        Ok(kept)
    }

    fn change(&self, mut change: impl FnMut(&mut Kept)) -> Result<()> {
        let Some(file) = &self.file else {
            change(&mut lock(&self.session));
            return Ok(());
        };
        let _locked = match private::lock(&file.with_extension("lock")) {
            Ok(locked) => locked,
            Err(error) => {
                // Such as without a home folder. The consent still holds for this process.
                tracing::warn!(%error, path = %file.display(), "consent is not kept");
                change(&mut lock(&self.session));
                return Ok(());
            }
        };
        let mut kept = read(file)?;
        change(&mut kept);
        let json = serde_json::to_vec_pretty(&kept)
            .map_err(|error| EngineError::File { path: file.clone(), source: error.into() })?;
        files::write_private(file, &json).map_err(EngineError::file(file))
    }
}

/// Reads the consents. An unreadable file is an error, so that consents are never overwritten by accident.
fn read(file: &Path) -> Result<Kept> {
    let failed = |source| EngineError::File { path: file.to_owned(), source };
    match files::read(file, MAX_BYTES) {
        Ok(json) => serde_json::from_slice(&json).map_err(|error| failed(error.into())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Kept::default()),
        Err(error) => Err(failed(error)),
    }
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_env_file_is_allowed_by_its_place_and_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let consents = || Consents::at(folder.path().join("config/consents.json"));
        let file_in = |name: &str, text: &str| {
            let place = folder.path().join(name);
            std::fs::create_dir_all(&place).unwrap();
            std::fs::write(place.join(".env"), text).unwrap();
            EnvFile::in_folder(&place).unwrap().unwrap()
        };
        let file = file_in("photos", "ANTHROPIC_API_KEY=one");
        assert!(!consents().is_allowed(&file).unwrap());
        consents().allow(&file).unwrap();
        assert!(consents().is_allowed(&file).unwrap());
        assert!(!consents().is_allowed(&file_in("elsewhere", "ANTHROPIC_API_KEY=one")).unwrap());
        assert!(!consents().is_allowed(&file_in("photos", "ANTHROPIC_API_KEY=two")).unwrap());
        assert!(consents().is_allowed(&file_in("photos", "ANTHROPIC_API_KEY=one")).unwrap());
        #[cfg(unix)]
        {
            // A link in another folder is not the allowed file that it points to.
            std::fs::create_dir(folder.path().join("linked")).unwrap();
            std::os::unix::fs::symlink(file.path(), folder.path().join("linked/.env")).unwrap();
            let linked = EnvFile::in_folder(&folder.path().join("linked")).unwrap().unwrap();
            assert!(!consents().is_allowed(&linked).unwrap());
        }
        assert!(consents().deny(file.path()).unwrap());
        assert!(!consents().is_allowed(&file).unwrap() && !consents().deny(file.path()).unwrap());
    }

    #[test]
    fn consents_that_are_given_at_the_same_time_are_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("consents.json");
        let owner = |number: u32| KnownLibrary { library: number.to_string(), folder: "/x".into() };
        std::thread::scope(|scope| {
            for number in 0..16 {
                let consents = Consents::at(file.clone());
                scope.spawn(move || consents.agree_to_hook(owner(number), HookEvent::AfterRun, "true").unwrap());
            }
        });
        let consents = Consents::at(file);
        for number in 0..16 {
            assert!(consents.is_hook_agreed(&owner(number), HookEvent::AfterRun, "true").unwrap(), "{number}");
        }
        assert!(!consents.is_hook_agreed(&owner(1), HookEvent::BeforeRun, "true").unwrap());
        assert!(!consents.is_hook_agreed(&owner(1), HookEvent::AfterRun, "false").unwrap());
    }
}
