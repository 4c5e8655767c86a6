//! `recipes`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use domain::recipe::{ImportRemark, ImportedRecipe, RecipeSource, SavedRecipe};
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
            let saved = library.recipes.save(imported.recipe, before).await?;
            output.show(&saved, |out| messages::recipe_saved(out, &saved))?;
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
            let saved = for_changes(global).await?.recipes.save(recipe, None).await?;
            let added = AddedRecipe { saved, source, remarks };
            output.show(&added, |out| messages::recipe_saved(out, &added.saved))?;
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

fn write(target: &Target, text: &str) -> io::Result<()> {
    let mut file = target.begin()?;
    file.write_all(text.as_bytes())?;
    file.finish()
}

/// Opens the recipe in an editor until it has no problems, or until the user gives up.
async fn edit(library: &Opened, name: &str, output: Console) -> Result<Exit, CommandError> {
    let before = named_recipe(library, name)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("edited.recipe.toml");
    std::fs::write(&file, Recipes::file(&before.recipe)?)?;
    loop {
        open_editor(&file)?;
        let edited = match read_recipe_file(&file, Some(RecipeSource::RecipeFile)) {
            Ok(imported) => imported.recipe,
            Err(CommandError::RecipeFile { problem, .. }) => {
                messages::warn(&mut notes(), &problem.to_string())?;
                if confirm("Go back to the editor?").await? {
                    continue;
                }
                return Err(CommandError::NotSaved(before.recipe.name));
            }
            Err(other) => return Err(other),
        };
        if edited == before.recipe {
            output.show(&before, |out| messages::recipe_unchanged(out, &before))?;
        } else {
            let saved = library.recipes.save(edited, Some(before.id)).await?;
            output.show(&saved, |out| messages::recipe_saved(out, &saved))?;
        }
        return Ok(Exit::Done);
    }
}

/// The editor may have arguments: `code --wait`.
fn open_editor(file: &Path) -> Result<(), CommandError> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(std::env::var_os).find(|named| !named.is_empty());
    let usual = if cfg!(windows) { "notepad" } else { "vi" };
    let named = named.map_or_else(|| usual.to_owned(), |named| named.to_string_lossy().into_owned());
    let mut words = named.split_whitespace();
    let program = words.next().unwrap_or(usual);
    let failed = |source| CommandError::Editor { editor: PathBuf::from(program), source };
    let status = Command::new(program).args(words).arg(file).status().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(failed(io::Error::other(format!("it ended with {status}")))) }
}
