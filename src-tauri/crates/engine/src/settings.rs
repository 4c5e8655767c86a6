//! The user's settings: a documented file in the library folder, `settings.toml`, and environment variables that
//! override its import, run and limit sections. The window, the command line and text editors edit the same file: a
//! change applies to the current text under a lock, and keeps comments and the order of lines. Options of a single run
//! override both (`domain::run_options`); connections have their own variables (`crate::connections`).

mod edit;
mod file;
mod merge;
mod older;
mod sections;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use domain::prices::PriceSettings;
use domain::settings::{ProviderSettings, Settings};
use providers::base_url::BaseUrl;
use providers::registry;

use self::merge::merged;
use crate::consents::{Consents, KnownLibrary};
use crate::layout::SETTINGS_FILE;
use crate::{EngineError, Result, layout, private};

/// The key variables named in the settings of the library at `database`. Empty if the settings do not exist or cannot
/// be read; opening the library reports that.
#[must_use]
pub fn key_variables(database: &Path) -> Vec<String> {
    let path = layout::folder_of(&layout::resolved(database)).join(SETTINGS_FILE);
    file::read(&path, None).map_or_else(|_| Vec::new(), |settings| settings.key_variables())
}

/// Called with the effective settings after a change.
type Listener = Box<dyn Fn(&Settings) + Send + Sync>;

/// The settings of a library: its `settings.toml`, and the environment variables that override it.
pub struct LibrarySettings {
    folder: PathBuf,
    /// The library that consents are bound to.
    library: KnownLibrary,
    /// Whether the user created the library. The settings of another person's library give no consent.
    is_own: bool,
    consents: Arc<Consents>,
    /// Environment variables that override settings, by name.
    variables: HashMap<String, String>,
    listener: OnceLock<Listener>,
}

impl LibrarySettings {
    /// The settings in `folder`. `is_created`: whether the library was just created.
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

    /// Calls `listener` after each change by this process; there is one listener.
    pub(crate) fn on_change(&self, listener: impl Fn(&Settings) + Send + Sync + 'static) {
        // A second listener is a harmless programming error.
        drop(self.listener.set(Box::new(listener)));
    }

    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(SETTINGS_FILE)
    }

    /// Whether the user created the library.
    pub(crate) fn is_own(&self) -> bool {
        self.is_own
    }

    /// The library that consents are bound to.
    pub(crate) fn library(&self) -> &KnownLibrary {
        &self.library
    }

    /// The contents of the file, with only those approved hosts that this user has approved.
    pub fn stated(&self) -> Result<Settings> {
        self.read(None)
    }

    /// The effective settings: the file, overridden by environment variables.
    pub fn in_force(&self) -> Result<Settings> {
        self.read(Some(&self.variables))
    }

    fn read(&self, variables: Option<&HashMap<String, String>>) -> Result<Settings> {
        self.with_agreed_hosts(file::read(&self.path(), variables)?)
    }

    /// The settings of another person's library approve no host; this user may have approved some of them.
    fn with_agreed_hosts(&self, mut settings: Settings) -> Result<Settings> {
        if !self.is_own && !settings.agreed_hosts.is_empty() {
            let agreed = self.consents.hosts(&self.library)?;
            settings.agreed_hosts.retain(|host| agreed.contains(host));
        }
        Ok(settings)
    }

    /// Applies the difference between `before`, which the user saw, and `after`, which they want. Concurrent changes by
    /// others are kept. Returns the resulting contents of the file.
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

    /// Records that the user has agreed to send images to `host`, having seen what is sent.
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

    /// Changes the prices that the user has set.
    pub(crate) fn edit_prices(&self, change: impl FnOnce(&mut Vec<PriceSettings>)) -> Result<()> {
        self.edit(|settings| {
            let mut settings = settings.clone();
            change(&mut settings.prices);
            Ok(settings)
        })
        .map(drop)
    }

    /// Changes the contents of the file, including the hosts that another person approved, without concurrent changes
    /// in between. Refuses an address that no key may be sent to.
    fn edit(&self, change: impl FnOnce(&Settings) -> Result<Settings>) -> Result<Settings> {
        let path = self.path();
        let lock = self.folder.join("locks").join("settings.lock");
        let _locked = private::lock(&lock).map_err(EngineError::file(&lock))?;
        let settings = change(&file::read(&path, None)?)?;
        let server = |own: &ProviderSettings| Some(registry::address_at(&own.id, own.base_url.as_ref()?));
        let servers = settings.providers.iter().filter_map(server);
        for base_url in servers.chain(settings.endpoints().map(|endpoint| endpoint.base_url.clone())) {
            BaseUrl::parse(&base_url).map_err(|source| EngineError::Address { typed: base_url, source })?;
        }
        file::write(&path, &settings)?;
        let in_force = self.in_force()?;
        if let Some(listener) = self.listener.get() {
            listener(&in_force);
        }
        Ok(settings)
    }

    /// Changes whenever the file does.
    #[must_use]
    pub fn version(&self) -> Option<(SystemTime, u64)> {
        let metadata = fs::metadata(self.path()).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    }

    /// Writes the settings that an older library kept in its database, unless there is a file.
    pub(crate) fn bring_out(&self, older: &serde_json::Value) -> Result<()> {
        let path = self.path();
        if path.exists() {
            return Ok(());
        }
        // Not through `edit`, which would record the user's consent.
        file::write(&path, &file::read_older(&path, older)?)
    }
}

/// Whether the user created `library`. If the consents are unreadable, it counts as another person's.
fn is_own(consents: &Consents, library: &KnownLibrary, is_created: bool) -> bool {
    let added = if is_created { consents.add_own(library) } else { Ok(()) };
    added.and_then(|()| consents.is_own(library)).unwrap_or_else(|error| {
        tracing::warn!(%error, "the consents cannot be read");
        is_created
    })
}

#[cfg(test)]
mod tests;
