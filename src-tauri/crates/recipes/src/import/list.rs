//! A plain list: one label per line, with a definition after a colon. Lines that begin with `#` are comments. Numbers and
//! bullets before all names are not part of them.

use domain::recipe::{ImportedRecipe, RecipeSource};

use super::draft::Draft;
use crate::error::Result;

pub fn read(name: String, text: &str) -> Result<ImportedRecipe> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let bullet = ["- ", "* ", "• "].into_iter().find(|bullet| lines().all(|line| line.starts_with(bullet)));
    let are_numbered = lines().all(|line| without_number(line).is_some());
    let mut draft = Draft::new(name);
    for line in lines() {
        let line = bullet.and_then(|bullet| line.strip_prefix(bullet)).map_or(line, str::trim);
        let line = if are_numbered { without_number(line).unwrap_or(line) } else { line };
        let (name, definition) = line.split_once(": ").unwrap_or((line, ""));
        if let Some(label) = draft.label(name) {
            definition.trim().clone_into(&mut label.definition);
        }
    }
    draft.finish(RecipeSource::List)
}

/// `cat` for `3: cat`, `3, cat` and `3 cat`.
fn without_number(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|character: char| character.is_ascii_digit());
    let name = rest.trim_start_matches([':', ',', '.', ')', ' ', '\t']);
    (rest.len() < line.len() && name.len() < rest.len() && !name.is_empty()).then_some(name)
}
