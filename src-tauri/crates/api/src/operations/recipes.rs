//! Recipes.

use domain::ids::{ImageId, RecipeId};
use domain::model::ModelId;
use domain::recipe::{
    ExamplePhoto, ImportedRecipe, Recipe, RecipeExample, RecipePreview, RecipeProblem, RecipeSource, RecipeVersion,
    SavedRecipe,
};
use engine::Recipes;

use crate::router::operations;

operations! {
    /// The current versions: built-in ones first.
    read recipes(api) -> Vec<SavedRecipe> {
        api.ask(|library| library.recipes.all()).await
    }

    /// All versions of a recipe, newest first, by the id of any.
    read recipe_versions(api, recipe: RecipeId) -> Vec<RecipeVersion> {
        api.ask(move |library| library.recipes.versions(recipe)).await
    }

    write save_typed_recipe(api, typed: String) -> SavedRecipe {
        Ok(api.library.recipes.save_typed(&typed).await?)
    }

    /// Saves a new recipe, or a new version of one. A new version of a built-in recipe is a recipe of the user. A name that is
    /// taken gets a number.
    write save_recipe(api, recipe: Recipe, version_of: Option<RecipeId>) -> SavedRecipe {
        Ok(api.library.recipes.save(recipe, version_of).await?)
    }

    /// Saves a copy under a name that is free.
    write duplicate_recipe(api, recipe: RecipeId) -> SavedRecipe {
        Ok(api.library.recipes.duplicate(recipe).await?)
    }

    /// Deletes a recipe, which `restore_recipe` undoes. Built-in recipes stay.
    write delete_recipe(api, recipe: RecipeId) -> () {
        Ok(api.library.recipes.delete(recipe).await?)
    }

    /// Makes a version the current one of its recipe: undoes an edit or a deletion.
    write restore_recipe(api, version: RecipeId) -> SavedRecipe {
        Ok(api.library.recipes.restore(version).await?)
    }

    /// Everything that is wrong with a recipe.
    read validate_recipe(api, recipe: Recipe) -> Vec<RecipeProblem> {
        let _ = api;
        Ok(recipe.problems())
    }

    /// Reads the text of a recipe file or of another program's labels; nothing is saved. The form follows from the content if
    /// `source` is null.
    read import_recipe_file(api, file_name: String, text: String, source: Option<RecipeSource>) -> ImportedRecipe {
        let _ = api;
        Ok(Recipes::import(&file_name, &text, source)?)
    }

    /// The text of a recipe file.
    read recipe_file(api, recipe: Recipe) -> String {
        let _ = api;
        Ok(Recipes::file(&recipe)?)
    }

    /// Where the photos of a recipe's examples are.
    read recipe_example_photos(api, recipe: Recipe) -> Vec<ExamplePhoto> {
        api.ask(move |library| library.examples.photos(&recipe)).await
    }

    /// Images as examples for a recipe, with what people have approved of their annotations, otherwise with the proposals.
    read recipe_examples_of_images(api, recipe: Recipe, images: Vec<ImageId>) -> Vec<RecipeExample> {
        api.ask(move |library| library.examples.from_images(&recipe, &images)).await
    }

    /// What a model is sent for a recipe, which need not be saved, and what it does not support of it.
    read preview_recipe(api, recipe: Recipe, model: ModelId) -> RecipePreview {
        api.ask(move |library| library.planning.preview_recipe(&recipe, &model)).await
    }
}
