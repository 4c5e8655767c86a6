//! Opening the library, and finding runs, recipes and images in it.

use std::path::PathBuf;
use std::sync::Arc;

use domain::ids::{ImageId, RecipeId, RunId};
use domain::recipe::Recipe;
use engine::{EngineError, Imported, Invocation, Library, Surroundings};

use crate::arguments::{Global, RunChoice, ToFind};
use crate::error::CommandError;
use crate::output::notes;
use crate::progress::Bar;
use crate::words;

pub fn open(global: &Global) -> Result<Arc<Library>, CommandError> {
    open_during(global, Invocation::default())
}

/// Opens the library with what is said for this invocation.
pub fn open_during(global: &Global, invocation: Invocation) -> Result<Arc<Library>, CommandError> {
    let library = Library::open(&database(global)?, Surroundings::of_this_process().during(invocation))?;
    library.check_endpoint_keys()?;
    Ok(library)
}

/// Names the additional endpoints: those that images are sent to as well, and those that are not used, with the reason.
pub fn name_endpoints(library: &Library) -> Result<(), CommandError> {
    for endpoint in library.connection()?.further {
        match endpoint.why_unused() {
            Some(why) => words::warn(&mut notes(), &format!("the endpoint {} is not used: {why}", endpoint.name))?,
            None => {
                words::note(&mut notes(), &format!("also sends to the endpoint {}, {}", endpoint.name, endpoint.host))?;
            }
        }
    }
    Ok(())
}

pub fn database(global: &Global) -> Result<PathBuf, CommandError> {
    match &global.db {
        Some(database) => Ok(database.clone()),
        None => Ok(default_folder()?.join("library.sqlite")),
    }
}

/// The same folder as the window's.
fn default_folder() -> Result<PathBuf, CommandError> {
    if let Some(folder) = std::env::var_os("FIELDMARK_LIBRARY") {
        return Ok(folder.into());
    }
    let folders = directories::ProjectDirs::from("org", "", "fieldmark").ok_or(CommandError::NoHome)?;
    Ok(folders.data_local_dir().to_owned())
}

pub fn find_run(library: &Library, choice: RunChoice) -> Result<RunId, CommandError> {
    match choice {
        RunChoice::Number(run) => Ok(library.run(run)?.id),
        RunChoice::Latest => Ok(library.runs()?.first().ok_or(CommandError::NoRuns)?.id),
    }
}

/// A recipe of the library as chosen.
pub struct Chosen {
    pub id: RecipeId,
    pub recipe: Recipe,
}

/// The recipe for what is to be found; typed labels are kept as one.
pub async fn keep_recipe(library: &Library, to_find: &ToFind) -> Result<Chosen, CommandError> {
    let saved = match &to_find.labels {
        Some(typed) => library.save_typed_recipe(typed).await?,
        None => return saved_recipe(library, to_find.recipe.as_deref()),
    };
    Ok(Chosen { id: saved.id, recipe: saved.recipe })
}

/// The recipe for what is to be found; nothing is kept.
pub fn read_recipe(library: &Library, to_find: &ToFind) -> Result<Recipe, CommandError> {
    match &to_find.labels {
        Some(typed) => Ok(Recipe::find_these(typed).map_err(EngineError::from)?),
        None => Ok(saved_recipe(library, to_find.recipe.as_deref())?.recipe),
    }
}

fn saved_recipe(library: &Library, asked: Option<&str>) -> Result<Chosen, CommandError> {
    let recipes = library.recipes()?;
    let found = match asked {
        Some(asked) => recipes.iter().find(|saved| saved.recipe.name.to_lowercase() == asked.to_lowercase()),
        None => recipes.first(),
    };
    match found {
        Some(saved) => Ok(Chosen { id: saved.id, recipe: saved.recipe.clone() }),
        None => Err(CommandError::UnknownRecipe {
            asked: asked.unwrap_or_default().to_owned(),
            known: recipes.iter().map(|saved| saved.recipe.name.as_str()).collect::<Vec<_>>().join("; "),
        }),
    }
}

/// Imports photos and folders, says what came of it, and gives their images in the order of the folders.
pub async fn import(library: &Arc<Library>, paths: &[PathBuf]) -> Result<Vec<ImageId>, CommandError> {
    // A name that leads nowhere is a mistake in typing: nothing is begun, rather than all but that.
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        return Err(CommandError::NoSuchPath(missing.clone()));
    }
    let imported = import_with_progress(library, paths.to_vec()).await?;
    words::import(&mut notes(), &imported)?;
    if imported.images.is_empty() { Err(CommandError::NoImages) } else { Ok(imported.images) }
}

async fn import_with_progress(library: &Arc<Library>, paths: Vec<PathBuf>) -> Result<Imported, CommandError> {
    let bar = Bar::new();
    let mut progress = library.import_progress();
    let importing = {
        let library = Arc::clone(library);
        tokio::task::spawn_blocking(move || library.import(&paths))
    };
    tokio::pin!(importing);
    loop {
        tokio::select! {
            imported = &mut importing => {
                bar.clear();
                return Ok(imported.map_err(|_| EngineError::TaskLost)??);
            }
            Ok(()) = progress.changed() => bar.show_import(&progress.borrow_and_update()),
        }
    }
}
