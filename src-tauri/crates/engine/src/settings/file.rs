//! Reads, validates and writes `settings.toml`.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

use config::{Config, Environment, File, FileFormat};
use domain::settings::{LimitSettings, OutOfRange, Settings};
use providers::registry;
use toml_edit::DocumentMut;

use super::edit::update;
use super::merge::repeated;
use super::older;
use super::sections::Sections;
use crate::layout::MAX_SETTINGS_BYTES;
use crate::{EngineError, Result};

/// The text of a new file: every key, its meaning, and its default.
pub const TEMPLATE: &str = include_str!("../settings.toml");
/// The template's explanation of providers.
const EXPLANATION: &str = include_str!("providers.txt");

/// The text of the file; a missing file counts as empty.
fn text_of(path: &Path) -> Result<Option<String>> {
    match files::read_to_string(path, MAX_SETTINGS_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EngineError::file(path)(error)),
    }
}

pub fn read(path: &Path, variables: Option<&HashMap<String, String>>) -> Result<Settings> {
    read_text(path, &text_of(path)?.unwrap_or_default(), variables)
}

/// The settings that an older library kept in its database. `path`: the future file.
pub fn read_older(path: &Path, older: &serde_json::Value) -> Result<Settings> {
    let document = toml_edit::ser::to_document(older).map_err(|error| unusable(path, error.to_string()))?;
    read_text(path, &document.to_string(), None)
}

fn read_text(path: &Path, written: &str, variables: Option<&HashMap<String, String>>) -> Result<Settings> {
    let text = present_form(path, written)?;
    check_types(path, &text, written)?;
    let mut settings = Config::builder().add_source(File::from_str(&text, FileFormat::Toml));
    let mut limits = LimitSettings::default();
    if let Some(variables) = variables {
        check_numbers(variables)?;
        let (of_provider, others): (HashMap<_, _>, HashMap<_, _>) =
            variables.clone().into_iter().partition(|(name, _)| name.starts_with(LIMIT_VARIABLES));
        settings = settings.add_source(environment(others));
        let read: std::result::Result<LimitVariables, _> =
            Config::builder().add_source(environment(of_provider)).build().and_then(Config::try_deserialize);
        limits = read.map_err(|error| unusable(path, error.to_string()))?.limits;
    }
    let read: std::result::Result<Settings, _> = settings.build().and_then(Config::try_deserialize);
    let mut settings = read.map_err(|error| unusable(path, error.to_string()))?;
    if limits != LimitSettings::default() {
        let provider = settings.provider_mut(default_provider());
        provider.limits = limits.or(provider.limits);
    }
    check(path, &settings)?;
    check_providers(path, &settings, written)?;
    check_prices(path, &settings)?;
    Ok(settings)
}

/// Variables that limit the default provider.
const LIMIT_VARIABLES: &str = "FIELDMARK_LIMITS__";

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct LimitVariables {
    limits: LimitSettings,
}

fn environment(variables: HashMap<String, String>) -> Environment {
    let environment = Environment::with_prefix("FIELDMARK").prefix_separator("_").separator("__").try_parsing(true);
    environment.source(Some(variables))
}

fn default_provider() -> &'static str {
    registry::default().descriptor().id
}

/// The text of the file, converted to the current form.
fn present_form(path: &Path, text: &str) -> Result<String> {
    let converted = older::converted(text, default_provider(), EXPLANATION).map_err(|detail| unusable(path, detail))?;
    Ok(converted.unwrap_or_else(|| text.to_owned()))
}

/// Checks that numbers are whole. Deserializing rounds numbers and converts other values; the file must mean exactly
/// what it says. `text` is `written` in the current form.
fn check_types(path: &Path, text: &str, written: &str) -> Result<()> {
    let Err(error) = toml_edit::de::from_str::<Settings>(text) else { return Ok(()) };
    let before = &text[..error.span().map_or(0, |span| span.start)];
    let number = before.matches('\n').count();
    let shown = text.lines().nth(number).unwrap_or_default().trim();
    let number = line_of(written, shown).unwrap_or(number + 1);
    let key = shown.split('=').next().unwrap_or_default().trim();
    Err(unusable(path, format!("line {number}, {shown}: {}{}", error.message(), range_of(key))))
}

/// The line number of the first line of `text` that contains `shown`.
fn line_of(text: &str, shown: &str) -> Option<usize> {
    text.lines().position(|line| line.trim() == shown).map(|place| place + 1)
}

/// Checks that every provider is known and has one entry.
fn check_providers(path: &Path, settings: &Settings, written: &str) -> Result<()> {
    let lines = |id: &str| -> Vec<String> {
        let says = |line: &str| {
            let stated = line.split_once('=').filter(|(key, _)| key.trim() == "id").map(|(_, stated)| stated.trim());
            stated.is_some_and(|stated| stated.trim_start_matches(['"', '\'']).starts_with(id))
        };
        let found = written.lines().enumerate().filter(|(_, line)| says(line));
        found.map(|(place, _)| format!("line {}", place + 1)).collect()
    };
    let known: Vec<&str> = registry::all().iter().map(|provider| provider.descriptor().id).collect();
    if let Some(unknown) = settings.providers.iter().find(|provider| !known.contains(&provider.id.as_str())) {
        let place = lines(&unknown.id).first().map_or_else(|| "[[providers]]".to_owned(), Clone::clone);
        let detail = format!(
            "{place}, id = \"{}\": unknown provider. Providers: {}. Correct the id, or remove the entry",
            unknown.id,
            known.join(", ")
        );
        return Err(unusable(path, detail));
    }
    if let Some(id) = repeated(settings.providers.iter().map(|provider| &provider.id)).first() {
        let places = lines(id);
        let places = if places.is_empty() { "[[providers]]".to_owned() } else { places.join(" and ") };
        let detail = format!(
            "{places}, id = \"{id}\": several entries. Merge them into one, with [[providers.endpoints]] for more servers"
        );
        return Err(unusable(path, detail));
    }
    for provider in &settings.providers {
        if let Some(id) = repeated(provider.models.iter().map(|model| &model.id)).first() {
            return Err(unusable(
                path,
                format!("[[providers.models]], id = \"{id}\": several entries. Merge them into one"),
            ));
        }
    }
    Ok(())
}

/// Checks that every price can be used, and that every model has one entry. Models that no catalogue lists are left alone:
/// another version may know them.
fn check_prices(path: &Path, settings: &Settings) -> Result<()> {
    if let Some(id) = repeated(settings.prices.iter().map(|price| &price.id)).first() {
        return Err(unusable(path, format!("[[prices]], id = \"{id}\": several entries. Merge them into one")));
    }
    for price in &settings.prices {
        let model = registry::all().iter().find_map(|provider| provider.catalog().find(&price.id));
        if let Some(Err(detail)) = model.map(|model| model.with_user_prices(price)) {
            return Err(unusable(path, format!("[[prices]], {detail}")));
        }
    }
    Ok(())
}

/// Like [`check_types`], for variables: all their numbers are whole.
fn check_numbers(variables: &HashMap<String, String>) -> Result<()> {
    let is_none = |value: &str| value.parse::<f64>().is_ok() && value.parse::<u32>().is_err();
    let Some((name, value)) = variables.iter().find(|(_, value)| is_none(value.trim())) else { return Ok(()) };
    let key = name.rsplit("__").next().unwrap_or_default().to_lowercase();
    Err(unusable(Path::new(name), format!("it is {value}{}", range_of(&key))))
}

/// Describes the range of a number; empty if `key` is not a number.
fn range_of(key: &str) -> String {
    let range = Settings::range_of(key);
    range.map_or_else(String::new, |range| {
        format!("; expected a whole number from {} to {}", range.start(), range.end())
    })
}

/// Checks ranges: a number that parses may still be useless for any run.
fn check(path: &Path, settings: &Settings) -> Result<()> {
    match settings.out_of_range() {
        Some(OutOfRange { key, value, range }) => {
            Err(unusable(path, format!("{key} is {value}; expected {} to {}", range.start(), range.end())))
        }
        None => Ok(()),
    }
}

fn unusable(path: &Path, detail: String) -> EngineError {
    EngineError::Settings { path: path.to_owned(), detail }
}

/// Writes `settings` to the file at `path`, and creates it if there is none.
pub fn write(path: &Path, settings: &Settings) -> Result<()> {
    check(path, settings)?;
    let written = text_of(path)?;
    let text = written.as_deref().map(|text| present_form(path, text)).transpose()?;
    let text = text.unwrap_or_else(|| TEMPLATE.to_owned());
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| unusable(path, error.to_string()))?;
    let before = read(path, None)?;
    check_providers(path, settings, &text)?;
    // Duplicate names in the file do not prevent other changes.
    if before.providers != settings.providers
        && let Some(name) = repeated(settings.endpoints().map(|endpoint| &endpoint.name)).first()
    {
        return Err(EngineError::EndpointNameTaken { name: (*name).clone() });
    }
    let stated =
        |settings: &Settings| toml_edit::ser::to_document(settings).map_err(|error| unusable(path, error.to_string()));
    let sections = Sections::of(&mut document);
    update(document.as_table_mut(), stated(&before)?.as_table(), stated(settings)?.as_table());
    sections.settle(&mut document);
    let new = document.to_string();
    if written.as_ref() == Some(&new) {
        return Ok(());
    }
    files::write_private(path, new.as_bytes()).map_err(EngineError::file(path))
}
