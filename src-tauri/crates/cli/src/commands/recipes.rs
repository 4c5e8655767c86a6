//! `recipes`.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use domain::ids::RecipeId;
use domain::recipe::{ImportRemark, ImportedRecipe, Recipe, RecipeSource, SavedRecipe};
use engine::{Invocation, Recipes};
use serde::Serialize;

use crate::arguments::{Global, RecipesArguments, RecipesCommand, Target};
use crate::confirm::confirm;
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, Opened, WhenMissing, named_recipe, read_recipe_file};
use crate::messages;
use crate::output::{Console, notes};

pub async fn recipes(arguments: RecipesArguments, global: &Global, output: Console) -> Result<Exit, CommandError> {
    match arguments.command.unwrap_or(RecipesCommand::List) {
        RecipesCommand::List => {
            let recipes = library::open(global)?.recipes.all()?;
            output.show(&recipes, |out| messages::recipes(out, &recipes))?;
        }
        RecipesCommand::Show { name } => {
            let saved = named_recipe(&*library::open(global)?, &name)?;
            let text = Recipes::file(&saved.recipe)?;
            output.show(&saved, |out| text.lines().try_for_each(|line| writeln!(out, "{line}")))?;
        }
        RecipesCommand::Add { file, replace } => {
            let imported = read_recipe_file(&file, Some(RecipeSource::RecipeFile))?;
            let library = for_changes(global).await?;
            let before = if replace { Some(named_recipe(&library, &imported.recipe.name)?.id) } else { None };
            let (saved, is_new) = save(&library, imported.recipe, before).await?;
            output.show(&saved, |out| messages::recipe_saved(out, &saved, is_new))?;
        }
        RecipesCommand::Edit { name } => return edit(&for_changes(global).await?, &name, output).await,
        RecipesCommand::Delete { name } => {
            let library = for_changes(global).await?;
            let saved = named_recipe(&library, &name)?;
            if saved.is_builtin {
                return Err(CommandError::BuiltInRecipe(saved.recipe.name));
            }
            library.recipes.delete(saved.id).await?;
            output.show(&saved, |out| messages::recipe_deleted(out, &saved))?;
        }
        RecipesCommand::Export { name, out } => {
            let output = output.beside([&out])?;
            let library = library::open(global)?;
            let saved = named_recipe(&library, &name)?;
            let written = Recipes::file(&saved.recipe)?;
            out.check(&library)?;
            write(&out, &written).map_err(|source| out.failed(source))?;
            output.show(&saved, |console| messages::recipe_exported(console, &saved, &out))?;
        }
        RecipesCommand::Import { file, from } => {
            let ImportedRecipe { recipe, source, remarks } = read_recipe_file(&file, from.map(Into::into))?;
            let (saved, is_new) = save(&for_changes(global).await?, recipe, None).await?;
            let added = AddedRecipe { saved, source, remarks };
            output.show(&added, |out| messages::recipe_saved(out, &added.saved, is_new))?;
            for remark in &added.remarks {
                messages::warn(&mut notes(), &remark.to_string())?;
            }
        }
    }
    Ok(Exit::Done)
}

/// A recipe from another program.
#[derive(Serialize)]
struct AddedRecipe {
    #[serde(flatten)]
    saved: SavedRecipe,
    source: RecipeSource,
    remarks: Vec<ImportRemark>,
}

async fn for_changes(global: &Global) -> Result<Opened, CommandError> {
    let when_missing = WhenMissing::Create { is_agreed: false };
    library::open_during(global, Invocation::default(), EnvFileUse::None, when_missing).await
}

/// Saves a recipe. Whether it is new: an equal version that exists becomes the current one again.
async fn save(
    library: &Opened,
    recipe: Recipe,
    version_of: Option<RecipeId>,
) -> Result<(SavedRecipe, bool), CommandError> {
    let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let saved = library.recipes.save(recipe, version_of).await?;
    let is_new = saved.saved_at.is_some_and(|at| u128::from(at) >= began);
    Ok((saved, is_new))
}

fn write(target: &Target, text: &str) -> io::Result<()> {
    let mut file = target.begin()?;
    file.write_all(text.as_bytes())?;
    file.finish()
}

/// Opens the recipe in an editor until it has no problems, or until the user gives up.
async fn edit(library: &Opened, name: &str, output: Console) -> Result<Exit, CommandError> {
    let before = named_recipe(library, name)?;
    let text = Recipes::file(&before.recipe)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("edited.recipe.toml");
    std::fs::write(&file, &text)?;
    let edited = match edited(&before, &file).await {
        Ok(edited) => edited,
        Err(error) => {
            if std::fs::read_to_string(&file).is_ok_and(|left| left != text) {
                let kept = folder.keep().join("edited.recipe.toml");
                messages::warn(&mut notes(), &format!("your text is kept in {}", kept.display()))?;
            }
            return Err(error);
        }
    };
    if edited == before.recipe {
        output.show(&before, |out| messages::recipe_unchanged(out, &before))?;
        return Ok(Exit::Done);
    }
    let versions = library.recipes.versions(before.id)?;
    match versions.iter().find(|version| version.is_current) {
        Some(current) if current.saved.id == before.id => {}
        Some(current) => {
            let version = current.saved.version;
            messages::warn(
                &mut notes(),
                &format!("version {version} was saved meanwhile; it stays among the versions"),
            )?;
        }
        None => messages::warn(&mut notes(), "the recipe was deleted meanwhile; saving restores it")?,
    }
    let (saved, is_new) = save(library, edited, Some(before.id)).await?;
    output.show(&saved, |out| messages::recipe_saved(out, &saved, is_new))?;
    Ok(Exit::Done)
}

/// The recipe as the user leaves it in the editor.
async fn edited(before: &SavedRecipe, file: &Path) -> Result<Recipe, CommandError> {
    loop {
        open_editor(file)?;
        match read_recipe_file(file, Some(RecipeSource::RecipeFile)) {
            Ok(imported) => return Ok(imported.recipe),
            Err(CommandError::RecipeFile { problem, .. }) => {
                messages::warn(&mut notes(), &problem.to_string())?;
                if !confirm("Go back to the editor?").await? {
                    return Err(CommandError::NotSaved(before.recipe.name.clone()));
                }
            }
            Err(other) => return Err(other),
        }
    }
}

/// The editor may have arguments, `code --wait`, and quotes around a path with spaces.
fn open_editor(file: &Path) -> Result<(), CommandError> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(std::env::var_os).find(|named| !named.is_empty());
    let usual = if cfg!(windows) { "notepad" } else { "vi" };
    let named = named.map_or_else(|| usual.to_owned(), |named| named.to_string_lossy().into_owned());
    let words = if Path::new(&named).is_file() {
        None
    } else if cfg!(windows) {
        // Backslashes in paths are not escapes there.
        Some(named.split_whitespace().map(str::to_owned).collect())
    } else {
        shlex::split(&named)
    };
    let words = words.filter(|words| !words.is_empty()).unwrap_or_else(|| vec![named.clone()]);
    let failed = |source| CommandError::Editor { editor: named.clone(), source };
    let status = Command::new(&words[0]).args(&words[1..]).arg(file).status().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(CommandError::EditorFailed(status)) }
}
