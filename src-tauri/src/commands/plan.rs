//! Recipes and quotes.

use domain::ids::RecipeId;
use domain::plan::{PlanRequest, Quote};
use domain::recipe::SavedRecipe;
use tauri::State;

use super::{Answer, ask};
use crate::state::Desktop;

#[tauri::command]
#[specta::specta]
pub async fn recipes(desktop: State<'_, Desktop>) -> Answer<Vec<SavedRecipe>> {
    ask(&desktop, |library| library.recipes.all()).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_typed_recipe(desktop: State<'_, Desktop>, typed: String) -> Answer<SavedRecipe> {
    Ok(desktop.library().recipes.save_typed(&typed).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn delete_recipe(desktop: State<'_, Desktop>, recipe: RecipeId) -> Answer<()> {
    Ok(desktop.library().recipes.delete(recipe).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn quote(desktop: State<'_, Desktop>, request: PlanRequest) -> Answer<Quote> {
    ask(&desktop, move |library| library.planning.quote(&request)).await
}
