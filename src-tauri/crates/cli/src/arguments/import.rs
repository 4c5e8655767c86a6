//! `import`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use domain::dataset::FormatId;
use domain::dataset_import::ImportRole;
use engine::dataset::formats;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark import instances.json --as ground-truth --dry-run\n  \
    fieldmark import instances.json --as ground-truth\n  \
    fieldmark import yolo.zip --format yolo --as predictions --map labels.csv\n  \
    fieldmark import old-work/ --as work --photos old-work/images\n\n\
    An import is a layer of its own: nothing that is in the library changes, and one undo in the window removes it.\n\
    docs/imports.md says how images are matched and what becomes of labels.")]
pub struct Import {
    /// File, folder or ZIP archive of a dataset
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// What the annotations are
    #[arg(long = "as", value_name = "ROLE", value_enum)]
    pub role: Role,
    /// Format of the dataset; detected if not given
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub format: Option<FormatId>,
    /// File that says what labels become: CSV with the columns from and to, or TOML such as light = "Lamp"
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Recipe whose labels those of the file are compared with, instead of the library's
    #[arg(long, value_name = "RECIPE")]
    pub recipe: Option<String>,
    /// Match only images of this collection, where several collections have images of one name
    #[arg(long, value_name = "NAME")]
    pub collection: Option<String>,
    /// Photos and folders to add to the library first
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with = "dry_run")]
    pub photos: Vec<PathBuf>,
    /// Show what would be imported; change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What imported annotations are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// A locked layer that runs are measured against
    GroundTruth,
    /// Proposals to review; scores become confidences
    Predictions,
    /// Earlier work: accepted, or as the file states
    Work,
}

impl From<Role> for ImportRole {
    fn from(role: Role) -> Self {
        match role {
            Role::GroundTruth => Self::GroundTruth,
            Role::Predictions => Self::Predictions,
            Role::Work => Self::Work,
        }
    }
}

/// One of the registry that can be read.
fn format() -> impl TypedValueParser<Value = FormatId> {
    let readable = formats().filter(|format| format.is_readable);
    PossibleValuesParser::new(readable.map(|format| PossibleValue::new(format.id).help(format.summary.en)))
        .map(FormatId)
}
