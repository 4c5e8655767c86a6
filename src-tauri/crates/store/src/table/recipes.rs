//! Recipes of the library. A row is a version of a recipe, and never changes.

use domain::ids::RecipeId;
use domain::recipe::{Recipe, RecipeVersion, SavedRecipe};
use rusqlite::{OptionalExtension as _, Row, params};

use super::{all, found};
use crate::code::{from_json, to_json};
use crate::{Edit, Result, View};

/// The columns that [`saved`] reads.
const SAVED: &str = "id, body, is_builtin, lineage, saved_at, is_current,
    (SELECT count(*) FROM recipes AS earlier WHERE earlier.lineage = recipes.lineage AND earlier.id <= recipes.id)
        AS version";

fn saved(row: &Row<'_>) -> Result<SavedRecipe> {
    Ok(SavedRecipe {
        id: RecipeId(row.get("id")?),
        recipe: from_json("recipes.body", &row.get::<_, String>("body")?)?,
        is_builtin: row.get("is_builtin")?,
        lineage: RecipeId(row.get("lineage")?),
        version: row.get("version")?,
        saved_at: row.get("saved_at")?,
    })
}

impl View<'_> {
    /// The current versions: built-in ones first, then by age of the recipe.
    pub fn recipes(&self) -> Result<Vec<SavedRecipe>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {SAVED} FROM recipes WHERE is_current ORDER BY is_builtin DESC, lineage"
        ))?;
        all(&mut statement, [], saved)
    }

    /// All versions of all recipes, and whether each is the current one of its recipe.
    pub fn all_recipe_versions(&self) -> Result<Vec<(SavedRecipe, bool)>> {
        let mut statement = self.0.prepare_cached(&format!("SELECT {SAVED} FROM recipes ORDER BY id"))?;
        all(&mut statement, [], |row| Ok((saved(row)?, row.get("is_current")?)))
    }

    /// Any version.
    pub fn recipe(&self, id: RecipeId) -> Result<Recipe> {
        Ok(self.saved_recipe(id)?.recipe)
    }

    /// Any version.
    pub fn saved_recipe(&self, id: RecipeId) -> Result<SavedRecipe> {
        let mut statement = self.0.prepare_cached(&format!("SELECT {SAVED} FROM recipes WHERE id = ?1"))?;
        let mut rows = all(&mut statement, [id.0], saved)?;
        found(rows.pop().ok_or(rusqlite::Error::QueryReturnedNoRows), "recipe", id.0)
    }

    /// All versions of the recipe that `id` is a version of, newest first.
    pub fn recipe_versions(&self, id: RecipeId) -> Result<Vec<RecipeVersion>> {
        let lineage = self.saved_recipe(id)?.lineage;
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT {SAVED}, (SELECT count(*) FROM runs WHERE kind = 'run' AND runs.recipe = recipes.body) AS run_count
             FROM recipes WHERE lineage = ?1 ORDER BY id DESC"
        ))?;
        all(&mut statement, [lineage.0], |row| {
            Ok(RecipeVersion {
                saved: saved(row)?,
                is_current: row.get("is_current")?,
                run_count: row.get("run_count")?,
            })
        })
    }
}

impl Edit<'_> {
    /// Adds a recipe, or finds the equal one. An equal one that was deleted is restored.
    pub fn add_recipe(&self, recipe: &Recipe, is_builtin: bool, now: u64) -> Result<SavedRecipe> {
        let body = to_json("recipes.body", recipe)?;
        let equal = self.0.0.query_row(
            "SELECT id FROM recipes
             WHERE body = ?1 AND (is_current OR NOT EXISTS (
                 SELECT * FROM recipes AS current WHERE current.lineage = recipes.lineage AND current.is_current))
             ORDER BY is_current DESC, id DESC LIMIT 1",
            [&body],
            |row| row.get(0),
        );
        if let Some(id) = equal.optional()? {
            return self.restore_recipe(RecipeId(id));
        }
        let id = self.0.0.query_row("SELECT coalesce(max(id), 0) + 1 FROM recipes", [], |row| row.get(0))?;
        self.0.0.execute(
            "INSERT INTO recipes (id, body, is_builtin, lineage, is_current, saved_at) VALUES (?1, ?2, ?3, ?1, TRUE, ?4)",
            params![id, body, is_builtin, now],
        )?;
        self.0.saved_recipe(RecipeId(id))
    }

    /// Makes `recipe` the current version of the recipe that `version_of` is a version of.
    pub fn add_recipe_version(&self, version_of: RecipeId, recipe: &Recipe, now: u64) -> Result<SavedRecipe> {
        let body = to_json("recipes.body", recipe)?;
        let SavedRecipe { lineage, is_builtin, .. } = self.0.saved_recipe(version_of)?;
        let equal = self.0.0.query_row(
            "SELECT id FROM recipes WHERE lineage = ?1 AND body = ?2",
            params![lineage.0, body],
            |row| row.get(0),
        );
        if let Some(id) = equal.optional()? {
            return self.restore_recipe(RecipeId(id));
        }
        self.0.0.execute("UPDATE recipes SET is_current = FALSE WHERE lineage = ?1 AND is_current", [lineage.0])?;
        let id = self.0.0.query_row(
            "INSERT INTO recipes (body, is_builtin, lineage, is_current, saved_at) VALUES (?1, ?2, ?3, TRUE, ?4)
             RETURNING id",
            params![body, is_builtin, lineage.0, now],
            |row| row.get(0),
        )?;
        self.0.saved_recipe(RecipeId(id))
    }

    /// Makes a version the current one of its recipe: undoes an edit or a deletion.
    pub fn restore_recipe(&self, id: RecipeId) -> Result<SavedRecipe> {
        let saved = self.0.saved_recipe(id)?;
        self.0
            .0
            .execute("UPDATE recipes SET is_current = FALSE WHERE lineage = ?1 AND is_current", [saved.lineage.0])?;
        self.0.0.execute("UPDATE recipes SET is_current = TRUE WHERE id = ?1", [id.0])?;
        Ok(saved)
    }

    /// Deletes a user's recipe, of which `id` is any version; built-in ones stay. Its versions can be restored.
    pub fn delete_recipe(&self, id: RecipeId) -> Result<()> {
        self.0.0.execute(
            "UPDATE recipes SET is_current = FALSE
             WHERE lineage = (SELECT lineage FROM recipes WHERE id = ?1) AND is_current AND NOT is_builtin",
            [id.0],
        )?;
        Ok(())
    }
}
