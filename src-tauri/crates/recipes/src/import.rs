//! Labels of other programs, as recipes. What a recipe does not hold is named in remarks.

mod coco;
mod cvat;
mod draft;
mod label_studio;
mod list;
#[cfg(test)]
mod tests;
mod yolo;

use domain::recipe::{ImportedRecipe, RecipeSource};
use serde_json::Value;

use crate::error::{RecipeFileError, Result};
use crate::file;

/// The text of a file: UTF-8, or UTF-16 with a byte order mark.
pub fn decode(bytes: &[u8]) -> Result<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(RecipeFileError::NotText);
        }
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
            .collect::<std::result::Result<String, _>>()
            .map_err(|_| RecipeFileError::NotText)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).map_err(|_| RecipeFileError::NotText),
    }
}

/// Reads the file called `file_name`. Its form follows from its content unless `source` says it. The recipe is called like
/// the file where the file does not name it.
pub fn import(file_name: &str, text: &str, source: Option<RecipeSource>) -> Result<ImportedRecipe> {
    let text = &text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let source = source.unwrap_or_else(|| detect(file_name, text));
    let name = recipe_name(file_name);
    match source {
        RecipeSource::RecipeFile => Ok(ImportedRecipe { recipe: file::read(text)?, source, remarks: Vec::new() }),
        RecipeSource::Cvat => cvat::read(name, text),
        RecipeSource::LabelStudio => label_studio::read(name, text),
        RecipeSource::Coco => coco::read(name, text),
        RecipeSource::Yolo => yolo::read(name, text),
        RecipeSource::List => list::read(name, text),
    }
}

/// `holiday` for `/photos/holiday.recipe.toml`.
fn recipe_name(file_name: &str) -> String {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let stem = name.strip_suffix(file::EXTENSION).or_else(|| name.rsplit_once('.').map(|(stem, _)| stem));
    match stem.unwrap_or(name).trim() {
        "" => "Imported labels".to_owned(),
        stem => stem.to_owned(),
    }
}

fn detect(file_name: &str, text: &str) -> RecipeSource {
    let has_line = |is_it: fn(&str) -> bool| text.lines().any(is_it);
    let is_toml = |line: &str| line.trim_start().starts_with("[[labels]]") || line.starts_with("name =");
    if file_name.to_lowercase().ends_with(".toml") || has_line(is_toml) {
        return RecipeSource::RecipeFile;
    }
    match text.trim_start().chars().next() {
        Some('<') => RecipeSource::LabelStudio,
        Some('[' | '{') => match serde_json::from_str::<Value>(text) {
            Ok(value) if coco::is_it(&value) => RecipeSource::Coco,
            // The error of a malformed file is that of a program whose files are usually edited by hand.
            _ => RecipeSource::Cvat,
        },
        _ if has_line(|line| line.starts_with("names:")) => RecipeSource::Yolo,
        _ => RecipeSource::List,
    }
}

fn malformed_json(error: &serde_json::Error) -> RecipeFileError {
    let place = crate::error::LineAndColumn { line: error.line(), column: error.column() };
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    RecipeFileError::Malformed(vec![crate::error::FileProblem { place: Some(place), message }])
}
