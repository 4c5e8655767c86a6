//! The recipes of a library, and their files.

use std::sync::Arc;

use domain::ids::RecipeId;
use domain::recipe::{ImportedRecipe, Recipe, RecipeSource, RecipeVersion, SavedRecipe, comparable};
use store::{Edit, Store};

use crate::changes::Changes;
use crate::clock::now_millis;
use crate::{EngineError, Result};

/// The recipes of a library.
pub struct Recipes {
    store: Arc<Store>,
    changes: Changes,
}

impl Recipes {
    pub(crate) fn new(store: Arc<Store>, changes: Changes) -> Self {
        Self { store, changes }
    }

    /// The current versions.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn all(&self) -> Result<Vec<SavedRecipe>> {
        Ok(self.store.read_blocking(|view| view.recipes())?)
    }

    /// All versions of the recipe that `id` is a version of, newest first.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn versions(&self, id: RecipeId) -> Result<Vec<RecipeVersion>> {
        Ok(self.store.read_blocking(|view| view.recipe_versions(id))?)
    }

    /// Saves the recipe for a typed list of things to find, or returns an equal recipe that exists.
    pub async fn save_typed(&self, typed: &str) -> Result<SavedRecipe> {
        let recipe = Recipe::find_these(typed)?;
        self.write(move |edit| {
            let recipes = edit.recipes()?;
            let is_equal =
                |saved: &&SavedRecipe| Recipe { name: saved.recipe.name.clone(), ..recipe.clone() } == saved.recipe;
            match recipes.iter().find(is_equal) {
                Some(saved) => Ok(saved.clone()),
                None => edit.add_recipe(&with_free_name(recipe, &recipes, None), false, now_millis()),
            }
        })
        .await
    }

    /// Saves a new recipe, or a new version of the recipe that `version_of` is a version of. A built-in recipe does not
    /// change: its new version is a recipe of the user. A name that another recipe has gets a number.
    ///
    /// # Errors
    ///
    /// [`EngineError::UnsoundRecipe`] if the recipe has problems.
    pub async fn save(&self, recipe: Recipe, version_of: Option<RecipeId>) -> Result<SavedRecipe> {
        let problems = recipe.problems();
        if !problems.is_empty() {
            return Err(EngineError::UnsoundRecipe(problems));
        }
        self.write(move |edit| {
            let recipes = edit.recipes()?;
            let before = version_of.map(|id| edit.saved_recipe(id)).transpose()?.filter(|before| !before.is_builtin);
            let recipe = with_free_name(recipe, &recipes, before.as_ref().map(|before| before.lineage));
            match before {
                Some(before) => edit.add_recipe_version(before.id, &recipe, now_millis()),
                None => edit.add_recipe(&recipe, false, now_millis()),
            }
        })
        .await
    }

    /// Saves the recipe of a file that a run uses: as a new version of the user's recipe of its name, or as a new recipe. An
    /// equal recipe is found.
    pub async fn save_from_file(&self, recipe: Recipe) -> Result<SavedRecipe> {
        let recipes = self.store.read(|view| view.recipes()).await?;
        if let Some(equal) = recipes.iter().find(|saved| saved.recipe == recipe) {
            return Ok(equal.clone());
        }
        let namesake = recipes.iter().find(|saved| !saved.is_builtin && is_called(saved, &recipe.name));
        self.save(recipe, namesake.map(|saved| saved.id)).await
    }

    /// Saves a copy under a name that is free.
    pub async fn duplicate(&self, id: RecipeId) -> Result<SavedRecipe> {
        self.write(move |edit| {
            let recipe = with_free_name(edit.recipe(id)?, &edit.recipes()?, None);
            edit.add_recipe(&recipe, false, now_millis())
        })
        .await
    }

    /// Deletes a recipe; built-in ones stay. Its versions can be restored, and runs keep theirs.
    pub async fn delete(&self, recipe: RecipeId) -> Result<()> {
        self.write(move |edit| edit.delete_recipe(recipe)).await
    }

    /// Makes a version the current one of its recipe: undoes an edit or a deletion.
    pub async fn restore(&self, version: RecipeId) -> Result<SavedRecipe> {
        self.write(move |edit| edit.restore_recipe(version)).await
    }

    /// Reads a recipe file or the labels of another program; nothing is saved.
    pub fn import(file_name: &str, text: &str, source: Option<RecipeSource>) -> Result<ImportedRecipe> {
        Ok(recipes::import(file_name, text, source)?)
    }

    /// The text of a file, in the encodings that programs write.
    pub fn decode(bytes: &[u8]) -> Result<String> {
        Ok(recipes::decode(bytes)?)
    }

    /// The text of a recipe file.
    pub fn file(recipe: &Recipe) -> Result<String> {
        Ok(recipes::write(recipe)?)
    }

    async fn write<T: Send + 'static>(
        &self,
        edit: impl FnOnce(&Edit<'_>) -> store::Result<T> + Send + 'static,
    ) -> Result<T> {
        let written = self.store.write(edit).await?;
        self.changes.record();
        Ok(written)
    }
}

fn is_called(saved: &SavedRecipe, name: &str) -> bool {
    comparable(&saved.recipe.name) == comparable(name)
}

/// `recipe` under its name, or with a number if another recipe than that of `lineage` has the name.
fn with_free_name(mut recipe: Recipe, recipes: &[SavedRecipe], lineage: Option<RecipeId>) -> Recipe {
    let others = || recipes.iter().filter(|saved| Some(saved.lineage) != lineage);
    let name = std::mem::take(&mut recipe.name);
    let numbered = (2..).map(|number| format!("{name} {number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    // There are more numbers than recipes.
    recipe.name = names.find(|name| !others().any(|saved| is_called(saved, name))).unwrap_or(name);
    recipe
}

#[cfg(test)]
mod tests {
    use domain::model::{ModelId, UnsupportedCapability};
    use domain::recipe::{Attribute, AttributeKind, AttributeSubject, RecipeExample, RecipeProblemKind};

    use super::*;
    use crate::Library;

    fn names(library: &Library) -> Vec<String> {
        let own = library.recipes.all().unwrap().into_iter().filter(|saved| !saved.is_builtin);
        own.map(|saved| format!("{} v{}", saved.recipe.name, saved.version)).collect()
    }

    #[tokio::test]
    async fn saving_duplicating_deleting_and_restoring() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let recipes = &library.recipes;
        let version = *library.version().borrow();
        let cats = Recipe::find_these("cat").unwrap();
        let first = recipes.save(cats.clone(), None).await.unwrap();
        assert!(*library.version().borrow() > version, "windows are told");
        assert_eq!(recipes.save(cats.clone(), None).await.unwrap().recipe.name, "cat 2", "the name is taken");
        let better = Recipe { instructions: "Look twice.".into(), ..cats.clone() };
        let second = recipes.save(better.clone(), Some(first.id)).await.unwrap();
        assert_eq!((second.lineage, second.version), (first.lineage, 2));
        assert_eq!(recipes.duplicate(second.id).await.unwrap().recipe.name, "cat 3");
        assert_eq!(names(&library), ["cat v2", "cat 2 v1", "cat 3 v1"]);
        recipes.delete(second.id).await.unwrap();
        assert_eq!(names(&library), ["cat 2 v1", "cat 3 v1"]);
        recipes.restore(first.id).await.unwrap();
        assert_eq!(names(&library), ["cat v1", "cat 2 v1", "cat 3 v1"]);
        assert_eq!(recipes.versions(first.id).unwrap().len(), 2);
        let unsound = recipes.save(Recipe { name: String::new(), ..cats }, None).await;
        let Err(EngineError::UnsoundRecipe(problems)) = unsound else { panic!("it was saved") };
        assert_eq!(problems[0].problem, RecipeProblemKind::EmptyName);
    }

    #[tokio::test]
    async fn a_built_in_recipe_does_not_change() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let builtin = library.recipes.all().unwrap().remove(0);
        let edited = Recipe { instructions: "Mark cats.".into(), ..builtin.recipe.clone() };
        let own = library.recipes.save(edited, Some(builtin.id)).await.unwrap();
        assert_eq!((own.recipe.name.as_str(), own.version, own.is_builtin), ("Everyday objects 2", 1, false));
        library.recipes.delete(builtin.id).await.unwrap();
        assert_eq!(library.recipes.all().unwrap()[0], builtin);
        // Opening again adds none.
        let count = library.recipes.all().unwrap().len();
        drop(library);
        assert_eq!(Library::alone_in(folder.path()).recipes.all().unwrap().len(), count);
    }

    #[tokio::test]
    async fn typed_lists_and_files_find_their_recipe() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let recipes = &library.recipes;
        let plain = recipes.save_typed("cat, dog").await.unwrap();
        let defined = recipes.save_typed("cat: meows, dog").await.unwrap();
        assert_eq!(defined.recipe.name, "cat, dog 2");
        assert_eq!(recipes.save_typed("cat,dog").await.unwrap(), plain);
        assert_eq!(recipes.save_typed("cat: meows, dog").await.unwrap(), defined);
        let text = Recipes::file(&plain.recipe).unwrap();
        let imported = Recipes::import("pets.recipe.toml", &text, None).unwrap();
        assert_eq!(recipes.save_from_file(imported.recipe.clone()).await.unwrap(), plain);
        let changed = Recipe { instructions: "Look.".into(), ..imported.recipe };
        let saved = recipes.save_from_file(changed).await.unwrap();
        assert_eq!((saved.lineage, saved.version), (plain.lineage, 2));
    }

    #[test]
    fn a_preview_is_what_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let mut recipe = Recipe::find_these("cat").unwrap();
        recipe.language = Some("es".into());
        let sharp = Attribute {
            name: "sharp".into(),
            definition: String::new(),
            kind: AttributeKind::YesNo,
            is_required: true,
            of: AttributeSubject::Image,
        };
        recipe.attributes = vec![sharp];
        let preview = library.planning.preview_recipe(&recipe, &ModelId("claude-sonnet-5-5".into())).unwrap();
        assert!(preview.prompt.contains("# The image") && preview.prompt.contains("BCP 47 tag es"));
        let schema: serde_json::Value = serde_json::from_str(&preview.schema.unwrap()).unwrap();
        assert_eq!(schema["properties"]["image"]["properties"]["sharp"]["type"], "boolean");
        let tokens = preview.tokens.unwrap();
        assert_eq!(u64::from(tokens.prompt), preview.prompt.len() as u64 / u64::from(tokens.bytes_per_token));
        assert!(tokens.at_most > tokens.prompt + tokens.schema);
        assert_eq!(preview.unsupported_capabilities, []);
        let local = library.planning.preview_recipe(&recipe, &library.planning.models().unwrap()[0].model.id).unwrap();
        assert_eq!((local.prompt.as_str(), local.schema, local.tokens), ("", None, None));
        let unlabelled = Recipe { labels: Vec::new(), ..recipe.clone() };
        let refused = library.planning.preview_recipe(&unlabelled, &ModelId("claude-sonnet-5-5".into())).unwrap();
        assert_eq!(refused.refusal.as_deref(), Some("the recipe has no labels"));
        let examples = vec![RecipeExample { path: Some("a.jpg".into()), ..RecipeExample::default() }];
        let shown = Recipe { examples, ..unlabelled.clone() };
        let missing = library.planning.preview_recipe(&shown, &ModelId("claude-sonnet-5-5".into())).unwrap();
        let details = vec!["1: a.jpg: name the whole path, from the root".to_owned()];
        assert_eq!(missing.unsupported_capabilities, [UnsupportedCapability::ExamplePhotos { details }]);
        assert!(missing.refusal.unwrap().starts_with("the photo of example 1 cannot be used: "));
    }
}
