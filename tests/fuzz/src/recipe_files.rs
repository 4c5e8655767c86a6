//! Recipe files, and label lists of other programs.

use domain::recipe::{Recipe, RecipeSource};

const SOURCES: [RecipeSource; 6] = [
    RecipeSource::RecipeFile,
    RecipeSource::Cvat,
    RecipeSource::LabelStudio,
    RecipeSource::Coco,
    RecipeSource::Yolo,
    RecipeSource::List,
];

/// Any file is read or refused; a recipe that has no problems is written as a file that is read as the same.
pub fn recipe(input: &[u8]) {
    let Ok(text) = recipes::decode(input) else { return };
    if let Ok(recipe) = recipes::read(&text) {
        assert!(recipe.problems().is_empty());
        check_round_trip(&recipe);
    }
    for source in SOURCES.into_iter().map(Some).chain([None]) {
        if let Ok(imported) = recipes::import("holiday.txt", &text, source) {
            let problems = imported.recipe.problems();
            if problems.is_empty() {
                check_round_trip(&imported.recipe);
            }
        }
    }
}

fn check_round_trip(recipe: &Recipe) {
    let text = recipes::write(recipe).expect("it is written");
    let read = recipes::read(&text).expect("it is read");
    assert_eq!(read, *recipe, "{text}");
}
