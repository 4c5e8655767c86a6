//! What a person has set: one documented file beside the library, `settings.toml`, over which variables of the environment
//! may say what is imported and how runs ask. The window, the command line and a text editor change the same file: a change
//! is made to what the file says at that moment, under a lock, and leaves comments and the order of lines as they are. What is
//! said for one run wins over both (`domain::run_options`); the connection has variables of its own
//! (`crate::connections`).

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use config::{Config, Environment, File, FileFormat};
use domain::settings::{OutOfRange, Settings};
use providers::base_url::BaseUrl;
use serde_json::Value;
use toml_edit::{DocumentMut, Item, Table};

use crate::consents::{Consents, KnownLibrary};
use crate::layout::{MAX_SETTINGS_BYTES, SETTINGS_FILE};
use crate::{EngineError, Result, layout, private};

/// What a new file begins with: every key, what it means, and what holds while it is left out.
const TEMPLATE: &str = include_str!("settings.toml");

/// The variables that the settings of the library at `database` name for keys of additional endpoints. None where there are
/// no settings, or none that can be read: that is told when the library is opened.
#[must_use]
pub fn key_variables(database: &Path) -> Vec<String> {
    let path = layout::folder_of(&layout::resolved(database)).join(SETTINGS_FILE);
    read(&path, None).map_or_else(|_| Vec::new(), |settings| settings.key_variables())
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
        self.with_agreed_hosts(read(&self.path(), variables)?)
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
        let settings = self.edit(|settings| merged(before, after, settings))?;
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
        let settings = change(&read(&path, None)?)?;
        let further = settings.further_routes.iter().map(|route| &route.base_url);
        for base_url in settings.base_url.iter().chain(further) {
            BaseUrl::parse(base_url).map_err(|source| EngineError::Address { typed: base_url.clone(), source })?;
        }
        write(&path, &settings)?;
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

    /// Writes `settings` of a library from before there was a file, unless there is one.
    pub(crate) fn bring_out(&self, settings: &Settings) -> Result<()> {
        // Not by way of `edit`: the library says so, and not the person.
        if self.path().exists() { Ok(()) } else { write(&self.path(), settings) }
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

/// `current` with what differs between `before` and `after`.
fn merged(before: &Settings, after: &Settings, current: &Settings) -> Result<Settings> {
    let json = |settings: &Settings| serde_json::to_value(settings);
    let merge = || serde_json::from_value(merge(&json(before)?, &json(after)?, json(current)?));
    merge().map_err(|error: serde_json::Error| EngineError::File { path: SETTINGS_FILE.into(), source: error.into() })
}

/// Three-way merge: every value by itself, and every item of a list.
fn merge(before: &Value, after: &Value, current: Value) -> Value {
    if before == after {
        return current;
    }
    match (before, after, current) {
        (Value::Object(before), Value::Object(after), Value::Object(mut current)) => {
            for (key, value) in after {
                let old = before.get(key).unwrap_or(&Value::Null);
                let now = current.remove(key).unwrap_or_default();
                current.insert(key.clone(), merge(old, value, now));
            }
            current.into()
        }
        (Value::Array(before), Value::Array(after), Value::Array(current)) => {
            merge_lists(before, after, current).into()
        }
        _ => after.clone(),
    }
}

/// Items are told apart by their names, or else by what they say. Where several have one name, their addresses count as well.
fn merge_lists(before: &[Value], after: &[Value], current: Vec<Value>) -> Vec<Value> {
    let lists = [before, after, &current];
    let shared: Vec<Value> = lists.iter().flat_map(|list| repeated(list.iter().map(name_of))).cloned().collect();
    let key_of = |item: &Value| {
        let name = name_of(item);
        let address = if shared.contains(name) { item.get("base_url") } else { None };
        (name.clone(), address.cloned())
    };
    let find = |list: &[Value], item: &Value| list.iter().find(|other| key_of(other) == key_of(item)).cloned();
    let mut items = Vec::new();
    for item in current {
        match (find(before, &item), find(after, &item)) {
            (Some(before), Some(after)) => items.push(merge(&before, &after, item)),
            (Some(_), None) => {}
            (None, Some(after)) => items.push(after),
            (None, None) => items.push(item),
        }
    }
    for item in after {
        if find(&items, item).is_none() && find(before, item).as_ref() != Some(item) {
            items.push(item.clone());
        }
    }
    items
}

fn name_of(item: &Value) -> &Value {
    item.get("name").unwrap_or(item)
}

/// The names that several have.
fn repeated<'a, Name: PartialEq>(names: impl Iterator<Item = &'a Name>) -> Vec<&'a Name> {
    let names: Vec<_> = names.collect();
    let places = names.iter().enumerate().filter(|(place, name)| names[..*place].contains(name));
    places.map(|(_, name)| *name).collect()
}

/// The text of the file; none is as good as an empty one.
fn text_of(path: &Path) -> Result<Option<String>> {
    match files::read_to_string(path, MAX_SETTINGS_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EngineError::file(path)(error)),
    }
}

fn read(path: &Path, variables: Option<&HashMap<String, String>>) -> Result<Settings> {
    let text = text_of(path)?.unwrap_or_default();
    check_types(path, &text)?;
    let mut settings = Config::builder().add_source(File::from_str(&text, FileFormat::Toml));
    if let Some(variables) = variables {
        check_numbers(variables)?;
        let environment = Environment::with_prefix("FIELDMARK").prefix_separator("_").separator("__").try_parsing(true);
        settings = settings.add_source(environment.source(Some(variables.clone())));
    }
    let read: std::result::Result<Settings, _> = settings.build().and_then(Config::try_deserialize);
    let settings = read.map_err(|error| unusable(path, error.to_string()))?;
    check(path, &settings)?;
    Ok(settings)
}

/// Reading rounds every number to a whole one, and makes one of what is no number: here the file is taken at its word.
fn check_types(path: &Path, text: &str) -> Result<()> {
    let Err(error) = toml_edit::de::from_str::<Settings>(text) else { return Ok(()) };
    let before = &text[..error.span().map_or(0, |span| span.start)];
    let line = before.matches('\n').count() + 1;
    let shown = text.lines().nth(line - 1).unwrap_or_default().trim();
    let key = shown.split('=').next().unwrap_or_default().trim();
    Err(unusable(path, format!("line {line}, {shown}: {}{}", error.message(), range_of(key))))
}

/// As [`check_types`], for variables: all numbers among them are whole ones.
fn check_numbers(variables: &HashMap<String, String>) -> Result<()> {
    let is_none = |value: &str| value.parse::<f64>().is_ok() && value.parse::<u32>().is_err();
    let Some((name, value)) = variables.iter().find(|(_, value)| is_none(value.trim())) else { return Ok(()) };
    let key = name.rsplit("__").next().unwrap_or_default().to_lowercase();
    Err(unusable(Path::new(name), format!("it is {value}{}", range_of(&key))))
}

/// What to say of the range of a number; nothing where `key` is not one.
fn range_of(key: &str) -> String {
    let range = Settings::range_of(key);
    range.map_or_else(String::new, |range| {
        format!("; a whole number from {} to {} is needed", range.start(), range.end())
    })
}

/// Numbers that parse may still be such that no run could go well.
fn check(path: &Path, settings: &Settings) -> Result<()> {
    match settings.out_of_range() {
        Some(OutOfRange { key, value, range }) => {
            Err(unusable(path, format!("{key} is {value}, and goes from {} to {}", range.start(), range.end())))
        }
        None => Ok(()),
    }
}

fn unusable(path: &Path, detail: String) -> EngineError {
    EngineError::Settings { path: path.to_owned(), detail }
}

/// Writes `settings` into the file at `path`, which is made when there is none.
fn write(path: &Path, settings: &Settings) -> Result<()> {
    check(path, settings)?;
    let text = text_of(path)?.unwrap_or_else(|| TEMPLATE.to_owned());
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| unusable(path, error.to_string()))?;
    let before = read(path, None)?;
    // A file that has two of one name may be changed elsewhere.
    if before.further_routes != settings.further_routes
        && let Some(name) = repeated(settings.further_routes.iter().map(|route| &route.name)).first()
    {
        return Err(EngineError::EndpointNameTaken { name: (*name).clone() });
    }
    let stated =
        |settings: &Settings| toml_edit::ser::to_document(settings).map_err(|error| unusable(path, error.to_string()));
    update(document.as_table_mut(), stated(&before)?.as_table(), stated(settings)?.as_table());
    let new = document.to_string();
    if text_of(path)?.as_ref() == Some(&new) {
        return Ok(());
    }
    files::write_private(path, new.as_bytes()).map_err(EngineError::file(path))
}

/// Brings `table`, which says what `old` says, to say what `new` says: only what differs is written.
fn update(table: &mut Table, old: &Table, new: &Table) {
    for (key, _) in old.iter().filter(|(key, _)| !new.contains_key(key)) {
        table.remove(key);
    }
    for (key, value) in new {
        let before = old.get(key);
        if before.is_some_and(|before| before.to_string() == value.to_string()) {
            continue;
        }
        match (before.and_then(as_section), as_section(value)) {
            (Some(before), Some(value)) => {
                let section = table.entry(key).or_insert_with(toml_edit::table);
                if let Some(section) = section.as_table_mut() {
                    update(section, &before, &value);
                }
            }
            _ => put(table, key, value.clone()),
        }
    }
}

/// Sections come out of serialising in one line each.
fn as_section(item: &Item) -> Option<Table> {
    item.clone().into_table().ok()
}

/// Puts `value` where the old one stood, with its comments.
fn put(table: &mut Table, key: &str, mut value: Item) {
    let Some(old) = table.get_mut(key) else {
        table.insert(key, value);
        return;
    };
    if let (Some(new), Some(old)) = (value.as_value_mut(), old.as_value()) {
        *new.decor_mut() = old.decor().clone();
    }
    *old = value;
}

#[cfg(test)]
mod tests;
