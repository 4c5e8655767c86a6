//! `recipes`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use domain::recipe::RecipeSource;

use super::Target;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark recipes\n  \
    fieldmark recipes export \"Street scene\" --out street.recipe.toml\n  \
    fieldmark recipes add street.recipe.toml\n  \
    fieldmark recipes import labels.json --from cvat\n\n\
    docs/recipes.md describes recipe files.")]
pub struct RecipesArguments {
    #[command(subcommand)]
    pub command: Option<RecipesCommand>,
}

#[derive(Subcommand)]
pub enum RecipesCommand {
    /// List the recipes and their labels
    List,
    /// Print a recipe as a recipe file
    Show {
        /// Recipe of the library, by name
        name: String,
    },
    /// Add the recipe of a recipe file
    Add {
        /// File that ends in .recipe.toml
        file: PathBuf,
        /// Save it as a new version of the recipe with its name
        #[arg(long)]
        replace: bool,
    },
    /// Edit a recipe in the editor that VISUAL or EDITOR names, and save it as a new version
    Edit {
        /// Recipe of the library, by name
        name: String,
    },
    /// Delete a recipe; runs keep the version that they used
    Delete {
        /// Recipe of the library, by name
        name: String,
    },
    /// Write a recipe to a recipe file
    Export {
        /// Recipe of the library, by name
        name: String,
        /// File to write, or - for standard output; an existing file is replaced
        #[arg(long, value_name = "FILE", value_parser = Target::parser())]
        out: Target,
    },
    /// Add the labels of another program as a recipe
    Import {
        /// File with labels
        file: PathBuf,
        /// Form of the file; detected from its content if not given
        #[arg(long, value_name = "FORM")]
        from: Option<LabelForm>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum LabelForm {
    /// A recipe file
    Recipe,
    /// The labels of a CVAT project or task, raw JSON
    Cvat,
    /// The labeling configuration of Label Studio, XML
    LabelStudio,
    /// The categories of a COCO file
    Coco,
    /// The data.yaml of a YOLO dataset
    Yolo,
    /// One label per line
    List,
}

impl From<LabelForm> for RecipeSource {
    fn from(form: LabelForm) -> Self {
        match form {
            LabelForm::Recipe => Self::RecipeFile,
            LabelForm::Cvat => Self::Cvat,
            LabelForm::LabelStudio => Self::LabelStudio,
            LabelForm::Coco => Self::Coco,
            LabelForm::Yolo => Self::Yolo,
            LabelForm::List => Self::List,
        }
    }
}
