//! What a person has set: one documented file beside the library, `settings.toml`, over which variables of the environment
//! may say what is imported and how runs ask. The window, the command line and a text editor change the same file: a change
//! is made to what the file says at that moment, under a lock, and leaves comments and the order of lines as they are. What is
//! said for one run wins over both (`domain::run_options`); the connection has variables of its own
//! (`crate::connections`).

mod edit;
mod file;
mod merge;
mod older;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use domain::settings::Settings;
use providers::base_url::BaseUrl;

use self::merge::merged;
use crate::consents::{Consents, KnownLibrary};
use crate::layout::SETTINGS_FILE;
use crate::{EngineError, Result, layout, private};

/// The variables that the settings of the library at `database` name for keys. None where there are no settings, or none that
/// can be read: that is told when the library is opened.
#[must_use]
pub fn key_variables(database: &Path) -> Vec<String> {
    let path = layout::folder_of(&layout::resolved(database)).join(SETTINGS_FILE);
    file::read(&path, None).map_or_else(|_| Vec::new(), |settings| settings.key_variables())
}

/// What hears of a change: it is called with what holds then.
type Listener = Box<dyn Fn(&Settings) + Send + Sync>;

/// The settings of a library: its `settings.toml`, and the variables of the environment that win over it.
pub struct LibrarySettings {
    folder: PathBuf,
    /// What consents of the person are bound to.
    library: KnownLibrary,
    /// Whether the person has created the library. The settings of another person's library do not speak for them.
    is_own: bool,
    consents: Arc<Consents>,
    /// What the environment says about how runs ask, by the names of its variables.
    variables: HashMap<String, String>,
    listener: OnceLock<Listener>,
}

impl LibrarySettings {
    /// The settings in `folder`. `is_created`: whether the library has been created just now.
    pub(crate) fn new(
        folder: PathBuf,
        library: KnownLibrary,
        consents: Arc<Consents>,
        variables: HashMap<String, String>,
        is_created: bool,
    ) -> Self {
        let is_own = is_own(&consents, &library, is_created);
        Self { folder, library, is_own, consents, variables, listener: OnceLock::new() }
    }

    /// Calls `listener` after each change that is made here; there is one listener.
    pub(crate) fn on_change(&self, listener: impl Fn(&Settings) + Send + Sync + 'static) {
        // A second one is a mistake of the program that does no harm.
        drop(self.listener.set(Box::new(listener)));
    }

    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(SETTINGS_FILE)
    }

    /// Whether the person has created the library.
    pub(crate) fn is_own(&self) -> bool {
        self.is_own
    }

    /// What consents of the person are bound to.
    pub(crate) fn library(&self) -> &KnownLibrary {
        &self.library
    }

    /// What the file says. Of the hosts that it names as agreed to, those that the person has agreed to.
    pub fn stated(&self) -> Result<Settings> {
        self.read(None)
    }

    /// What holds: the variables of the environment, and where they say nothing, the file.
    pub fn in_force(&self) -> Result<Settings> {
        self.read(Some(&self.variables))
    }

    fn read(&self, variables: Option<&HashMap<String, String>>) -> Result<Settings> {
        self.with_agreed_hosts(file::read(&self.path(), variables)?)
    }

    /// The settings of another person's library agree to no host; this person may have agreed to some of them.
    fn with_agreed_hosts(&self, mut settings: Settings) -> Result<Settings> {
        if !self.is_own && !settings.agreed_hosts.is_empty() {
            let agreed = self.consents.hosts(&self.library)?;
            settings.agreed_hosts.retain(|host| agreed.contains(host));
        }
        Ok(settings)
    }

    /// Changes what differs between `before`, which the person has seen, and `after`, which they want. What others have
    /// changed in the file meanwhile stays. Returns what the file says then.
    pub fn change(&self, before: &Settings, after: &Settings) -> Result<Settings> {
        let is_in = |host: &String, settings: &Settings| settings.agreed_hosts.contains(host);
        let added = after.agreed_hosts.iter().filter(|host| !is_in(host, before));
        let removed = before.agreed_hosts.iter().filter(|host| !is_in(host, after));
        let settings = self.edit(|settings| {
            merged(before, after, settings).map_err(|error| EngineError::file(&self.path())(error.into()))
        })?;
        self.consents.change_hosts(&self.library, added, removed)?;
        self.with_agreed_hosts(settings)
    }

    /// Overwrites the file with `settings`.
    pub fn replace(&self, settings: &Settings) -> Result<()> {
        self.edit(|_| Ok(settings.clone()))?;
        self.consents.change_hosts(&self.library, settings.agreed_hosts.iter(), [])
    }

    /// Remembers that the person has agreed to send images to `host`, having seen what is sent.
    pub fn agree_to(&self, host: &str) -> Result<()> {
        self.edit(|settings| {
            let mut settings = settings.clone();
            if !settings.agreed_hosts.iter().any(|agreed| agreed == host) {
                settings.agreed_hosts.push(host.to_owned());
            }
            Ok(settings)
        })?;
        self.consents.change_hosts(&self.library, [&host.to_owned()], [])
    }

    /// Changes the settings as they are in the file, which is also where the hosts stand that another person has agreed to.
    /// No other change comes between reading and writing. An address that no key may be sent to is refused.
    fn edit(&self, change: impl FnOnce(&Settings) -> Result<Settings>) -> Result<Settings> {
        let path = self.path();
        let lock = self.folder.join("locks").join("settings.lock");
        let _locked = private::lock(&lock).map_err(EngineError::file(&lock))?;
        let settings = change(&file::read(&path, None)?)?;
        let servers = settings.providers.iter().filter_map(|provider| provider.base_url.as_ref());
        for base_url in servers.chain(settings.endpoints().map(|endpoint| &endpoint.base_url)) {
            BaseUrl::parse(base_url).map_err(|source| EngineError::Address { typed: base_url.clone(), source })?;
        }
        file::write(&path, &settings)?;
        let in_force = self.in_force()?;
        if let Some(listener) = self.listener.get() {
            listener(&in_force);
        }
        Ok(settings)
    }

    /// Differs whenever the file has been changed.
    #[must_use]
    pub fn version(&self) -> Option<(SystemTime, u64)> {
        let metadata = fs::metadata(self.path()).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    }

    /// Writes the settings of a library from before there was a file, unless there is one.
    pub(crate) fn bring_out(&self, older: &serde_json::Value) -> Result<()> {
        let path = self.path();
        if path.exists() {
            return Ok(());
        }
        // Not by way of `edit`: the library says so, and not the person.
        file::write(&path, &file::read_older(&path, older)?)
    }
}

/// Whether the person has created `library`. Where their consents cannot be read, it counts as another's.
fn is_own(consents: &Consents, library: &KnownLibrary, is_created: bool) -> bool {
    let added = if is_created { consents.add_own(library) } else { Ok(()) };
    added.and_then(|()| consents.is_own(library)).unwrap_or_else(|error| {
        tracing::warn!(%error, "the consents cannot be read");
        is_created
    })
}

#[cfg(test)]
mod tests;
