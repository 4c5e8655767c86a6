//! Recipes of the library.

use domain::ids::RecipeId;
use domain::recipe::{Recipe, SavedRecipe};
use rusqlite::params;

use super::{all, found};
use crate::code::{from_json, to_json};
use crate::{Edit, Result, View};

impl View<'_> {
    /// Built-in ones first, then by age.
    pub fn recipes(&self) -> Result<Vec<SavedRecipe>> {
        let mut statement =
            self.0.prepare_cached("SELECT id, body, is_builtin FROM recipes ORDER BY is_builtin DESC, id")?;
        all(&mut statement, [], |row| {
            Ok(SavedRecipe {
                id: RecipeId(row.get(0)?),
                recipe: from_json("recipes.body", &row.get::<_, String>(1)?)?,
                is_builtin: row.get(2)?,
            })
        })
    }

    pub fn recipe(&self, id: RecipeId) -> Result<Recipe> {
        let mut statement = self.0.prepare_cached("SELECT body FROM recipes WHERE id = ?1")?;
        let body: String = found(statement.query_row([id.0], |row| row.get(0)), "recipe", id.0)?;
        from_json("recipes.body", &body)
    }
}

impl Edit<'_> {
    /// Saves a recipe, or finds the equal one.
    pub fn save_recipe(&self, recipe: &Recipe, is_builtin: bool) -> Result<SavedRecipe> {
        let body = to_json("recipes.body", recipe)?;
        self.0.0.execute(
            "INSERT INTO recipes (body, is_builtin) VALUES (?1, ?2) ON CONFLICT (body) DO NOTHING",
            params![body, is_builtin],
        )?;
        let (id, is_builtin) =
            self.0.0.query_row("SELECT id, is_builtin FROM recipes WHERE body = ?1", [&body], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        Ok(SavedRecipe { id: RecipeId(id), recipe: recipe.clone(), is_builtin })
    }

    /// Deletes a user's recipe; built-in ones stay. Runs keep their copy.
    pub fn delete_recipe(&self, id: RecipeId) -> Result<()> {
        self.0.0.execute("DELETE FROM recipes WHERE id = ?1 AND NOT is_builtin", [id.0])?;
        Ok(())
    }
}
