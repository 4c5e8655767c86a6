//! The recipes of a library.

use std::sync::Arc;

use domain::ids::RecipeId;
use domain::recipe::{Recipe, SavedRecipe};
use store::Store;

use crate::Result;

/// The recipes of a library.
pub struct Recipes {
    store: Arc<Store>,
}

impl Recipes {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn all(&self) -> Result<Vec<SavedRecipe>> {
        Ok(self.store.read_blocking(|view| view.recipes())?)
    }

    /// Saves the recipe for a typed list of things to find, or returns an equal recipe that exists.
    pub async fn save_typed(&self, typed: &str) -> Result<SavedRecipe> {
        let recipe = Recipe::find_these(typed)?;
        Ok(self.store.write(move |edit| edit.save_recipe(&recipe, false)).await?)
    }

    pub async fn delete(&self, recipe: RecipeId) -> Result<()> {
        Ok(self.store.write(move |edit| edit.delete_recipe(recipe)).await?)
    }
}
