//! Versions of recipes.

use domain::ids::RecipeId;
use domain::recipe::{RecipeVersion, SavedRecipe};

use super::*;

fn named(name: &str) -> Recipe {
    Recipe { name: name.into(), ..cats() }
}

impl Library {
    fn add_recipe(&self, recipe: Recipe) -> SavedRecipe {
        self.store.write_blocking(move |edit| edit.add_recipe(&recipe, false, 7)).unwrap()
    }

    fn add_version(&self, of: RecipeId, recipe: Recipe) -> SavedRecipe {
        self.store.write_blocking(move |edit| edit.add_recipe_version(of, &recipe, 8)).unwrap()
    }

    fn restore(&self, id: RecipeId) -> SavedRecipe {
        self.store.write_blocking(move |edit| edit.restore_recipe(id)).unwrap()
    }

    fn delete(&self, id: RecipeId) {
        self.store.write_blocking(move |edit| edit.delete_recipe(id)).unwrap();
    }

    /// Name and version of every recipe in the list.
    fn listed(&self) -> Vec<String> {
        let recipes = self.store.read_blocking(|view| view.recipes()).unwrap();
        recipes.iter().map(|saved| format!("{} v{}", saved.recipe.name, saved.version)).collect()
    }

    /// Name, number of runs, and whether it is current, newest first.
    fn versions(&self, id: RecipeId) -> Vec<(String, u32, bool)> {
        let versions = self.store.read_blocking(|view| view.recipe_versions(id)).unwrap();
        let of = |version: RecipeVersion| (version.saved.recipe.name, version.run_count, version.is_current);
        versions.into_iter().map(of).collect()
    }
}

#[test]
fn an_edit_is_a_new_version_and_can_be_undone() {
    let library = Library::new();
    let first = library.add_recipe(named("cats"));
    assert_eq!((first.version, first.lineage, first.saved_at), (1, first.id, Some(7)));
    library.add_recipe(named("other"));
    let second = library.add_version(first.id, named("cats, better"));
    assert_eq!((second.version, second.lineage, second.saved_at), (2, first.id, Some(8)));
    assert_eq!(library.listed(), ["cats, better v2", "other v1"]);
    // Any version names the recipe.
    let third = library.add_version(first.id, named("cats, best"));
    assert_eq!(library.listed(), ["cats, best v3", "other v1"]);
    library.restore(second.id);
    assert_eq!(library.listed(), ["cats, better v2", "other v1"]);
    // Saving what there is already makes no version.
    assert_eq!(library.add_version(second.id, named("cats")).id, first.id);
    let expected = [("cats, best", false), ("cats, better", false), ("cats", true)];
    assert_eq!(library.versions(third.id), expected.map(|(name, is_current)| (name.to_owned(), 0, is_current)));
    let kept = library.store.read_blocking(move |view| view.recipe(third.id)).unwrap();
    assert_eq!(kept, named("cats, best"));
}

#[test]
fn a_deleted_recipe_can_be_restored() {
    let library = Library::new();
    let first = library.add_recipe(named("cats"));
    let second = library.add_version(first.id, named("cats, better"));
    library.delete(first.id);
    assert_eq!(library.listed(), [""; 0]);
    assert!(library.versions(second.id).iter().all(|(.., is_current)| !is_current));
    library.restore(second.id);
    assert_eq!(library.listed(), ["cats, better v2"]);
    library.delete(second.id);
    // Adding an equal one restores it as well.
    assert_eq!(library.add_recipe(named("cats")).id, first.id);
    assert_eq!(library.listed(), ["cats v1"]);
    // An old version of another recipe does not.
    library.restore(second.id);
    assert_ne!(library.add_recipe(named("cats")).id, first.id);
    assert_eq!(library.listed(), ["cats, better v2", "cats v1"]);
    let missing = library.store.write_blocking(|edit| edit.restore_recipe(RecipeId(99)));
    assert!(matches!(missing, Err(StoreError::Missing { .. })));
}

#[test]
fn built_in_recipes_stay_and_come_first() {
    let library = Library::new();
    library.add_recipe(named("cats"));
    let builtin = library.store.write_blocking(|edit| edit.add_recipe(&named("built in"), true, 1)).unwrap();
    library.delete(builtin.id);
    assert_eq!(library.listed(), ["built in v1", "cats v1"]);
}

#[test]
fn a_version_knows_its_runs() {
    let library = Library::new();
    let image = library.add_image(1);
    let recipe = library.add_recipe(cats());
    library.add_run(vec![image]);
    library.add_run(vec![image]);
    let second = library.add_version(recipe.id, named("cats, better"));
    let name = cats().name;
    assert_eq!(library.versions(second.id), [("cats, better".to_owned(), 0, true), (name, 2, false)]);
}
