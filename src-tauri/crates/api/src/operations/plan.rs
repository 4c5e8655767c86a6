//! Recipes and quotes.

use domain::ids::RecipeId;
use domain::plan::{PlanRequest, Quote};
use domain::recipe::SavedRecipe;

use crate::router::operations;

operations! {
    read recipes(api) -> Vec<SavedRecipe> {
        api.ask(|library| library.recipes.all()).await
    }

    write save_typed_recipe(api, typed: String) -> SavedRecipe {
        Ok(api.library.recipes.save_typed(&typed).await?)
    }

    write delete_recipe(api, recipe: RecipeId) -> () {
        Ok(api.library.recipes.delete(recipe).await?)
    }

    read quote(api, request: PlanRequest) -> Quote {
        api.ask(move |library| library.planning.quote(&request)).await
    }
}
