//! The recipes of a new library: two that are as old as the library's format (`domain::recipe::builtin`), and recipe files.

use domain::recipe::{Recipe, builtin};

use crate::file;

/// The recipe files. The answers that users have paid for depend on their content: a changed recipe is a new one.
pub(crate) const FILES: [&str; 7] = [
    include_str!("../builtin/camera-trap.recipe.toml"),
    include_str!("../builtin/retail-shelf.recipe.toml"),
    include_str!("../builtin/product-defects.recipe.toml"),
    include_str!("../builtin/documents.recipe.toml"),
    include_str!("../builtin/street-scene.recipe.toml"),
    include_str!("../builtin/image-quality.recipe.toml"),
    include_str!("../builtin/alt-text.recipe.toml"),
];

/// All built-in recipes, the default first.
#[must_use]
pub fn all() -> Vec<Recipe> {
    // A test parses every file, so none is skipped.
    let from_files = FILES.iter().filter_map(|text| file::read(text).ok());
    builtin::all().into_iter().chain(from_files).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_recipe_of_its_own() {
        let names: Vec<String> = all().into_iter().map(|recipe| recipe.name).collect();
        assert_eq!(
            names,
            [
                "Everyday objects",
                "Bird vocabulary, Spanish and English",
                "Camera trap",
                "Retail shelf",
                "Product defects",
                "Documents",
                "Street scene",
                "Image quality",
                "Alt text",
            ]
        );
        assert!(all().iter().all(|recipe| recipe.problems().is_empty()));
    }
}
