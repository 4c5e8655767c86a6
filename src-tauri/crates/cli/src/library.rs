//! Opens the library, and finds runs, recipes and images in it.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::ids::{CollectionId, ImageId, RecipeId, RunId};
use domain::recipe::{ImportedRecipe, Recipe, RecipeSource, SavedRecipe};
use engine::{Consents, EngineError, Imported, Invocation, Library, Recipes, Surroundings};
use tempfile::TempDir;

use crate::arguments::{Global, RunChoice, ToFind};
use crate::confirm::confirm;
use crate::database::database;
use crate::environment::{self, EnvFileUse};
use crate::error::CommandError;
use crate::messages;
use crate::output::notes;
use crate::progress::Bar;

/// An open library. It is temporary if a command that only reads finds none.
pub struct Opened {
    library: Arc<Library>,
    temporary_folder: Option<TempDir>,
}

impl Opened {
    /// Whether nothing of it is kept.
    pub fn is_temporary(&self) -> bool {
        self.temporary_folder.is_some()
    }
}

impl Deref for Opened {
    type Target = Arc<Library>;

    fn deref(&self) -> &Arc<Library> {
        &self.library
    }
}

/// What to do if `--db` names a file that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenMissing {
    /// Fail, because the command needs something that is in a library.
    Refuse,
    /// Work without a library; nothing is stored.
    Forget,
    /// Create it, if the user confirms or has confirmed.
    Create { is_agreed: bool },
}

/// Opens the library for a command that only reads it and sends nothing.
pub fn open(global: &Global) -> Result<Opened, CommandError> {
    let database = database(global)?;
    if !Library::exists(&database) && !global.create {
        return without_library(global, &database, Surroundings::of_this_process(None));
    }
    Ok(Opened { library: Library::open(&database, Surroundings::of_this_process(None))?, temporary_folder: None })
}

/// Opens the library with the options of this invocation. The library in the default place is created without a question,
/// unless the command only reads.
pub async fn open_during(
    global: &Global,
    invocation: Invocation,
    env_file_use: EnvFileUse,
    when_missing: WhenMissing,
) -> Result<Opened, CommandError> {
    let surroundings = environment::surroundings(global, env_file_use).await?.during(invocation);
    let database = database(global)?;
    let is_usual = global.db.is_none() && when_missing != WhenMissing::Refuse;
    let opened = if Library::exists(&database) || is_usual || may_create(global, &database, when_missing).await? {
        Opened { library: Library::open(&database, surroundings)?, temporary_folder: None }
    } else if when_missing == WhenMissing::Forget {
        let warning = format!("there is no library at {}: nothing will be saved", database.display());
        messages::warn(&mut notes(), &warning)?;
        temporary(surroundings)?
    } else {
        without_library(global, &database, surroundings)?
    };
    opened.connections.check_endpoint_keys()?;
    Ok(opened)
}

async fn may_create(global: &Global, database: &Path, when_missing: WhenMissing) -> Result<bool, CommandError> {
    if global.create {
        return Ok(true);
    }
    let WhenMissing::Create { is_agreed } = when_missing else { return Ok(false) };
    if is_agreed {
        return Ok(true);
    }
    let question = format!("There is no library at {}. Create one?", database.display());
    confirm(&question).await
}

/// An empty temporary library in place of one that does not exist. It is an error if the user has named that one.
fn without_library(global: &Global, database: &Path, surroundings: Surroundings) -> Result<Opened, CommandError> {
    if global.db.is_some() { Err(CommandError::NoLibrary(database.to_owned())) } else { temporary(surroundings) }
}

fn temporary(mut surroundings: Surroundings) -> Result<Opened, CommandError> {
    // It is deleted right after the command, so nothing about it is recorded.
    surroundings.consents = Consents::for_session();
    let folder = tempfile::tempdir()?;
    let library = Library::open(&folder.path().join("library.sqlite"), surroundings)?;
    Ok(Opened { library, temporary_folder: Some(folder) })
}

/// Lists the additional endpoints: those that images are sent to as well, and those that are not used, with the reason.
pub fn name_endpoints(library: &Library) -> Result<(), CommandError> {
    for endpoint in library.connections.shown()?.connections.into_iter().flat_map(|connection| connection.endpoints) {
        match endpoint.why_unused() {
            Some(why) => messages::warn(&mut notes(), &format!("the endpoint {} is not used: {why}", endpoint.name))?,
            None => {
                messages::note(
                    &mut notes(),
                    &format!("also sends to the endpoint {}, {}", endpoint.name, endpoint.host),
                )?;
            }
        }
    }
    Ok(())
}

pub fn find_run(library: &Library, choice: RunChoice) -> Result<RunId, CommandError> {
    match choice {
        RunChoice::Number(run) => Ok(library.history.run(run)?.id),
        RunChoice::Latest => Ok(library.history.runs()?.first().ok_or(CommandError::NoRuns)?.id),
    }
}

/// A recipe of the library, as the chosen one.
pub struct Chosen {
    pub id: RecipeId,
    pub recipe: Recipe,
}

/// The recipe for what is to be found. Typed labels and recipes of files are saved, which is said if they were not before.
pub async fn keep_recipe(library: &Library, to_find: &ToFind) -> Result<Chosen, CommandError> {
    let before = library.recipes.all()?;
    let saved = match (&to_find.labels, &to_find.recipe) {
        (Some(typed), _) => library.recipes.save_typed(typed).await?,
        (None, Some(asked)) => match named_or_in_file(library, asked)? {
            Named::Saved(saved) => saved,
            Named::InFile(recipe) => library.recipes.save_from_file(recipe).await?,
        },
        (None, None) => default_recipe(library)?,
    };
    if before.iter().all(|recipe| recipe.id != saved.id) {
        messages::recipe_saved(&mut notes(), &saved, true)?;
    }
    Ok(Chosen { id: saved.id, recipe: saved.recipe })
}

/// The recipe for what is to be found; nothing is saved.
pub fn read_recipe(library: &Library, to_find: &ToFind) -> Result<Recipe, CommandError> {
    match (&to_find.labels, &to_find.recipe) {
        (Some(typed), _) => Ok(Recipe::find_these(typed).map_err(EngineError::from)?),
        (None, Some(asked)) => match named_or_in_file(library, asked)? {
            Named::Saved(saved) => Ok(saved.recipe),
            Named::InFile(recipe) => Ok(recipe),
        },
        (None, None) => Ok(default_recipe(library)?.recipe),
    }
}

fn default_recipe(library: &Library) -> Result<SavedRecipe, CommandError> {
    let first = library.recipes.all()?.into_iter().next();
    first.ok_or_else(|| CommandError::UnknownRecipe { asked: String::new(), known: String::new() })
}

enum Named {
    Saved(SavedRecipe),
    InFile(Recipe),
}

/// The recipe of the library with this name, otherwise that of the file at this path.
fn named_or_in_file(library: &Library, asked: &str) -> Result<Named, CommandError> {
    match named_recipe(library, asked) {
        Ok(saved) => Ok(Named::Saved(saved)),
        Err(CommandError::UnknownRecipe { .. }) if Path::new(asked).is_file() => {
            Ok(Named::InFile(read_recipe_file(Path::new(asked), None)?.recipe))
        }
        Err(unknown) => Err(unknown),
    }
}

/// The collection with this name.
pub fn named_collection(library: &Library, asked: &str) -> Result<CollectionId, CommandError> {
    let collections = library.images.overview(None)?.collections;
    if let Some(collection) = collections.iter().find(|collection| collection.name == asked) {
        return Ok(collection.id);
    }
    let known: Vec<String> = collections.into_iter().map(|collection| collection.name).collect();
    Err(CommandError::UnknownCollection { asked: asked.to_owned(), known: known.join(", ") })
}

/// The recipe of the library with this name, in any case.
pub fn named_recipe(library: &Library, asked: &str) -> Result<SavedRecipe, CommandError> {
    let recipes = library.recipes.all()?;
    let is_it = |saved: &&SavedRecipe| saved.recipe.name.to_lowercase() == asked.to_lowercase();
    recipes.iter().find(is_it).cloned().ok_or_else(|| CommandError::UnknownRecipe {
        asked: asked.to_owned(),
        known: recipes.iter().map(|saved| saved.recipe.name.as_str()).collect::<Vec<_>>().join("; "),
    })
}

/// Files with annotations beside the labels are long.
const LONGEST_RECIPE_FILE: u64 = 1 << 30;

/// The recipe of a file of this or another program.
pub fn read_recipe_file(path: &Path, source: Option<RecipeSource>) -> Result<ImportedRecipe, CommandError> {
    if !path.exists() {
        return Err(CommandError::NoSuchPath(path.to_owned()));
    }
    let failed = |problem| CommandError::RecipeFile { path: path.to_owned(), problem: Box::new(problem) };
    let bytes = files::read(path, LONGEST_RECIPE_FILE)
        .map_err(|source| CommandError::UnreadableFile { path: path.to_owned(), source })?;
    let text = Recipes::decode(&bytes).map_err(failed)?;
    let mut imported = Recipes::import(&path.to_string_lossy(), &text, source).map_err(failed)?;
    // Photos are named from the folder of the file.
    let folder = path.parent().unwrap_or(Path::new(""));
    for photo in imported.recipe.examples.iter_mut().filter_map(|example| example.path.as_mut()) {
        if let Ok(whole) = std::path::absolute(folder.join(&*photo)) {
            *photo = whole.to_string_lossy().into_owned();
        }
    }
    Ok(imported)
}

/// Imports photos and folders, prints the result, and returns their images in the order of the folders.
pub async fn import(library: &Arc<Library>, paths: &[PathBuf]) -> Result<Vec<ImageId>, CommandError> {
    // A path that does not exist is a typing mistake: nothing is imported, rather than everything else.
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        return Err(CommandError::NoSuchPath(missing.clone()));
    }
    let imported = import_with_progress(library, paths.to_vec()).await?;
    messages::import(&mut notes(), &imported)?;
    if imported.images.is_empty() { Err(CommandError::NoImages) } else { Ok(imported.images) }
}

async fn import_with_progress(library: &Arc<Library>, paths: Vec<PathBuf>) -> Result<Imported, CommandError> {
    let bar = Bar::new();
    let mut progress = library.imports.progress();
    let importing = {
        let library = Arc::clone(library);
        tokio::task::spawn_blocking(move || library.imports.run(&paths))
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
