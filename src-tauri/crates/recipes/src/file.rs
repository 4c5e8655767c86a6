//! Recipe files: `NAME.recipe.toml`, lossless in both directions. docs/recipes.md describes the format.

mod format;
#[cfg(test)]
mod tests;

use domain::recipe::{Recipe, RecipePlace};
use serde_spanned::Spanned;

use crate::error::{FileProblem, LineAndColumn, RecipeFileError, Result};
use format::FileRecipe;

/// The end of a recipe file's name.
pub const EXTENSION: &str = ".recipe.toml";

const HEADER: &str = "# A recipe of Fieldmark.\n\n";

/// Reads a recipe file.
///
/// # Errors
///
/// With line and column: TOML that is malformed, keys that are unknown, and everything that
/// [`Recipe::problems`] finds.
pub fn read(text: &str) -> Result<Recipe> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let parsed: FileRecipe = toml_edit::de::from_str(&text).map_err(|error| {
        RecipeFileError::at(&text, error.span().map(|span| span.start), error.message().trim().to_owned())
    })?;
    let spans = Spans::of(&parsed);
    let mut problems = Vec::new();
    let recipe = parsed.into_recipe(|offset, message| {
        problems.push(FileProblem { place: Some(LineAndColumn::of(&text, offset)), message });
    });
    if problems.is_empty() {
        problems.extend(recipe.problems().into_iter().map(|found| FileProblem {
            place: spans.start(found.place).map(|offset| LineAndColumn::of(&text, offset)),
            message: found.problem.to_string(),
        }));
    }
    problems.sort_by_key(|problem| problem.place.map(|place| (place.line, place.column)));
    if problems.is_empty() { Ok(recipe) } else { Err(RecipeFileError::Malformed(problems)) }
}

/// The text of a recipe file.
///
/// # Errors
///
/// If a coordinate of an example is not a number.
pub fn write(recipe: &Recipe) -> Result<String> {
    let body = toml_edit::ser::to_string_pretty(&FileRecipe::from(recipe))
        .map_err(|error| RecipeFileError::at("", None, error.to_string()))?;
    Ok([HEADER, &body].concat())
}

/// Where the parts of a recipe begin in its file, in bytes.
struct Spans {
    name: usize,
    language: Option<usize>,
    shapes: Option<usize>,
    labels: Vec<usize>,
    attributes: Vec<usize>,
    examples: Vec<usize>,
    tiles: Option<usize>,
}

impl Spans {
    fn of(parsed: &FileRecipe) -> Self {
        fn starts<T>(parts: &[Spanned<T>]) -> Vec<usize> {
            parts.iter().map(|part| part.span().start).collect()
        }
        Self {
            name: parsed.name.span().start,
            language: parsed.language.as_ref().map(|language| language.span().start),
            shapes: parsed.shapes.as_ref().map(|shapes| shapes.span().start),
            labels: starts(&parsed.labels),
            attributes: starts(&parsed.attributes),
            examples: starts(&parsed.examples),
            tiles: parsed.tiles.as_ref().map(|tiles| tiles.span().start),
        }
    }

    fn start(&self, place: RecipePlace) -> Option<usize> {
        let among = |starts: &[usize], index: u32| starts.get(index as usize).copied();
        match place {
            RecipePlace::Name => Some(self.name),
            RecipePlace::Shapes => self.shapes,
            RecipePlace::Labels => None,
            RecipePlace::Label { index } => among(&self.labels, index),
            RecipePlace::Attribute { index } => among(&self.attributes, index),
            RecipePlace::Language => self.language,
            RecipePlace::Example { index } => among(&self.examples, index),
            RecipePlace::Tiles => self.tiles,
        }
    }
}
