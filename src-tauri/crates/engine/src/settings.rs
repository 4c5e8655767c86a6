//! What a person has set: one documented file beside the library, `settings.toml`, over which variables of the environment
//! may say what is imported and how runs ask. The window writes the same file, and leaves comments and the order of lines as they are. What is
//! said for one run wins over both (`domain::run_options`); the connection has variables of its own
//! (`crate::connection`).

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat};
use domain::settings::{OutOfRange, Settings};
use provider::server::BaseUrl;
use toml_edit::{DocumentMut, Item, Table};

use crate::library::Library;
use crate::{EngineError, Result};

pub(crate) const FILE_NAME: &str = "settings.toml";
/// What a new file begins with: every key, what it means, and what holds while it is left out.
const TEMPLATE: &str = include_str!("settings.toml");
/// Far more than settings take: a longer file is none.
const MAX_BYTES: u64 = 1 << 20;
/// The sections that variables may set: what is imported and how runs ask, never which server or what is run.
const VARIABLES: [&str; 3] = ["FIELDMARK_IMPORT__", "FIELDMARK_RUN__", "FIELDMARK_LIMITS__"];

/// Variables of this process that stand for settings, such as `FIELDMARK_RUN__MAX_TOKENS`.
pub fn variables_of_this_process() -> HashMap<String, String> {
    let all =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    all.filter(|(name, _)| VARIABLES.iter().any(|prefix| name.starts_with(prefix))).collect()
}

impl Library {
    #[must_use]
    pub fn settings_path(&self) -> PathBuf {
        self.folder().join(FILE_NAME)
    }

    /// What the file says.
    pub fn settings(&self) -> Result<Settings> {
        read(&self.settings_path(), None)
    }

    /// What holds: the variables of the environment, and where they say nothing, the file.
    pub fn settings_in_force(&self) -> Result<Settings> {
        read(&self.settings_path(), Some(&self.surroundings.variables))
    }

    /// Saves what a person has set. An address that no key may be sent to is refused; the lock to this machine pauses the
    /// runs that send to others.
    pub fn save_settings(&self, settings: &Settings) -> Result<()> {
        let further = settings.further_routes.iter().map(|route| &route.base_url);
        for base_url in settings.base_url.iter().chain(further) {
            BaseUrl::parse(base_url).map_err(|source| EngineError::Address { typed: base_url.clone(), source })?;
        }
        write(&self.settings_path(), settings)?;
        self.limit_decoding_memory(&self.settings_in_force()?);
        if settings.is_local_only {
            self.pause_runs_elsewhere();
        }
        Ok(())
    }

    /// Libraries from before there was a file kept their settings inside.
    pub(crate) fn bring_settings_out(&self) -> Result<()> {
        let path = self.settings_path();
        if !path.exists()
            && let Some(settings) = self.store.read(|view| view.settings_of_older_library())?
        {
            write(&path, &settings)?;
        }
        Ok(())
    }
}

fn read(path: &Path, variables: Option<&HashMap<String, String>>) -> Result<Settings> {
    let text = match files::read_to_string(path, MAX_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(EngineError::file(path)(error)),
    };
    let mut settings = Config::builder().add_source(File::from_str(&text, FileFormat::Toml));
    if let Some(variables) = variables {
        let environment = Environment::with_prefix("FIELDMARK").prefix_separator("_").separator("__").try_parsing(true);
        settings = settings.add_source(environment.source(Some(variables.clone())));
    }
    let read: std::result::Result<Settings, _> = settings.build().and_then(Config::try_deserialize);
    let settings = read.map_err(|error| unusable(path, error.to_string()))?;
    check(path, &settings)?;
    Ok(settings)
}

/// Numbers that parse may still be such that no run could go well.
fn check(path: &Path, settings: &Settings) -> Result<()> {
    match settings.out_of_range() {
        Some(OutOfRange { key, value, least, most }) => {
            Err(unusable(path, format!("{key} is {value}, and goes from {least} to {most}")))
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
    let text = match files::read_to_string(path, MAX_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => TEMPLATE.to_owned(),
        Err(error) => return Err(EngineError::file(path)(error)),
    };
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| unusable(path, error.to_string()))?;
    let stated =
        |settings: &Settings| toml_edit::ser::to_document(settings).map_err(|error| unusable(path, error.to_string()));
    update(document.as_table_mut(), stated(&read(path, None)?)?.as_table(), stated(settings)?.as_table());
    files::write_private(path, document.to_string().as_bytes()).map_err(EngineError::file(path))
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
mod tests {
    use std::fs;

    use super::*;

    fn saved(path: &Path, change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = read(path, None).unwrap();
        change(&mut settings);
        write(path, &settings).unwrap();
        assert_eq!(read(path, None).unwrap(), settings);
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_window_changes_what_was_changed_and_leaves_the_rest_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, "is_local_only = true # by order\n\n[run]\n# Slow line.\ntask_timeout_ms = 90000\n").unwrap();
        let written = saved(&path, |settings| {
            settings.run.max_tokens = Some(900);
            settings.agreed_hosts.push("api.anthropic.com".into());
            settings.limits.requests = Some(50);
        });
        assert!(written.contains("is_local_only = true # by order"), "{written}");
        assert!(written.contains("# Slow line.\ntask_timeout_ms = 90000"), "{written}");
        assert!(!written.contains("retry_attempts"), "what was not changed stays out: {written}");
        let written = saved(&path, |settings| {
            settings.run.max_tokens = None;
            settings.is_local_only = false;
        });
        assert!(!written.contains("max_tokens"), "{written}");
        assert!(written.contains("is_local_only = false # by order"), "{written}");
    }

    #[test]
    fn a_new_file_explains_every_key_and_says_what_holds_without_it() {
        assert_eq!(read(Path::new("/nonexistent/settings.toml"), None).unwrap(), Settings::default());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        write(&path, &Settings::default()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), TEMPLATE);
        assert_eq!(read(&path, None).unwrap(), Settings::default());

        // Every key that may be set is in the template, taken in for what holds when it is.
        let keys = TEMPLATE.lines().map(|line| line.strip_prefix("#: ").unwrap_or(line));
        let uncommented: String = keys.map(|line| line.to_owned() + "\n").collect();
        fs::write(&path, uncommented).unwrap();
        let all = serde_json::to_value(read(&path, None).unwrap()).unwrap();
        let nulls = all.as_object().unwrap().iter().filter(|(_, value)| value.is_null()).count();
        let empty = |section: &str| all[section].as_object().unwrap().values().any(serde_json::Value::is_null);
        assert!(nulls == 0 && !empty("run") && !empty("limits"), "{all}");
    }

    #[test]
    fn variables_win_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, "[run]\nretry_attempts = 1\nretry_delay_ms = 5\n").unwrap();
        let variables = [
            ("FIELDMARK_RUN__RETRY_ATTEMPTS", "7"),
            ("FIELDMARK_LIMITS__REQUESTS", "50"),
            ("FIELDMARK_IMPORT__INCLUDES_LEFTOVERS", "true"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let settings = read(&path, Some(&variables)).unwrap();
        assert_eq!((settings.run.retry_attempts, settings.run.retry_delay_ms), (7, 5));
        assert_eq!(settings.limits.requests, Some(50));
        assert!(settings.import.includes_leftovers);
    }

    #[test]
    fn a_slip_of_the_pen_is_named_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        for (text, told) in [
            ("[run]\nretry_attempt = 2\n", "retry_attempt"),
            ("[run]\nretry_attempts = \"many\"\n", "retry_attempts"),
            ("theme = \"pink\"\n", "pink"),
            ("is_local_only = \n", "line 1"),
            ("[run]\ntask_timeout_ms = 0\n", "run.task_timeout_ms is 0, and goes from 1000"),
            ("[import]\ndecoding_memory_mb = 9\n", "import.decoding_memory_mb is 9, and goes from 64"),
        ] {
            fs::write(&path, text).unwrap();
            let error = read(&path, None).unwrap_err().to_string();
            assert!(error.contains(told) && error.contains("settings.toml"), "{error}");
            assert!(write(&path, &Settings::default()).is_err(), "a file that cannot be read is not written over");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
