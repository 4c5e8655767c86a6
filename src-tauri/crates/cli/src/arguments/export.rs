//! `export`, and the `--export` option of `annotate` and `resume`.

use std::fmt::{self, Display, Formatter};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use domain::dataset::{FormatId, Package};
use domain::export::{AnnotationSelection, ExportRequest, ExportScope, ImageFileMode};
use domain::ids::RunId;
use domain::layers::LayerScope;
use domain::split::{SplitRequest, SplitShares};
use engine::dataset::formats;

use super::{RunChoice, Target};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark export latest --format coco --out holiday.json\n  \
    fieldmark export 3 --format csv --out annotations.csv --decided-only\n  \
    fieldmark export --collection Harbour --format yolo --images link --split 80/10/10 --out harbour-yolo\n  \
    fieldmark export --query 'label:Wheel status:reviewed' --format voc --images zip --license CC-BY-4.0 --out wheels.zip")]
#[expect(clippy::struct_excessive_bools, reason = "a field for each flag")]
pub struct Export {
    /// Run number, or latest: the images of this run and its layer. Without a run, collection or query, all annotated images are
    /// exported
    #[arg(value_name = "RUN", group = "scope")]
    pub run: Option<RunChoice>,
    /// The same as RUN
    #[arg(long = "run", value_name = "RUN", group = "scope")]
    pub of_run: Option<RunChoice>,
    /// Collection, or saved filter, by name
    #[arg(long, value_name = "NAME", group = "scope")]
    pub collection: Option<String>,
    /// The images that a query finds, as typed in the window's search field
    #[arg(long, value_name = "QUERY", group = "scope")]
    pub query: Option<String>,
    /// Layers: all, people, or run numbers such as 3,5. People's annotations are always included [default: the run's layer with
    /// RUN, otherwise all]
    #[arg(long, value_name = "LAYERS", value_parser = layers)]
    pub layers: Option<LayerScope>,
    /// File format
    #[arg(long, value_name = "FORMAT", value_parser = format(), default_value = "coco")]
    pub format: FormatId,
    /// Option of the format, such as task=segment of yolo; docs/exports.md lists them
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = option)]
    pub options: Vec<(String, String)>,
    /// File or new folder to write, or - for standard output; an existing file is replaced
    #[arg(long, value_name = "PATH", value_parser = Target::parser())]
    pub out: Target,
    /// Only accepted and edited annotations, and only images that are reviewed or confirmed empty
    #[arg(long = "decided-only", visible_alias = "reviewed-only")]
    pub decided_only: bool,
    /// Include rejected annotations, with their reasons
    #[arg(long)]
    pub include_rejected: bool,
    /// Leave out images without annotations, which are negatives otherwise
    #[arg(long)]
    pub no_negatives: bool,
    /// What to do with the image files
    #[arg(long, value_name = "WHAT", value_enum, default_value = "leave")]
    pub images: ImagesArgument,
    /// Split into training, validation and test images, such as 80/10/10. Bursts and near-duplicates stay together, labels are
    /// balanced, and an image keeps its part in later exports with the same seed
    #[arg(long, value_name = "SHARES")]
    pub split: Option<SplitShares>,
    /// Which split: another seed is another split
    #[arg(long, value_name = "N", requires = "split", default_value_t = SplitRequest::DEFAULT_SEED)]
    pub seed: u32,
    /// Write a data card beside a single file; a folder or ZIP file always has one
    #[arg(long, conflicts_with = "no_data_card")]
    pub data_card: bool,
    /// Write no data card into a folder or ZIP file
    #[arg(long)]
    pub no_data_card: bool,
    /// License that the data card states: an SPDX identifier or any text
    #[arg(long, visible_alias = "licence", value_name = "LICENSE", default_value = "", hide_default_value = true)]
    pub license: String,
    /// Write everything to fieldmark.jsonl as well, including what the format cannot hold
    #[arg(long)]
    pub keep_everything: bool,
}

/// What happens to the image files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImagesArgument {
    /// The dataset names the files where they are
    Leave,
    /// Copy them into the dataset, which is then a folder
    Copy,
    /// As copy, with hard links, which take no space on the same disk
    Link,
    /// Copy them into the dataset, which is then a ZIP file
    Zip,
}

impl Export {
    /// The request for the images of `scope`.
    pub fn request(&self, scope: ExportScope) -> ExportRequest {
        ExportRequest {
            layers: self.layers.clone(),
            annotations: AnnotationSelection {
                is_reviewed_only: self.decided_only,
                includes_rejected: self.include_rejected,
            },
            leaves_out_empty: self.no_negatives,
            options: self.options.iter().cloned().collect(),
            images: match self.images {
                ImagesArgument::Leave => ImageFileMode::Left,
                ImagesArgument::Copy => ImageFileMode::Copied,
                ImagesArgument::Link => ImageFileMode::Linked,
                ImagesArgument::Zip => ImageFileMode::Zipped,
            },
            keeps_everything: self.keep_everything,
            split: self.split.map(|shares| SplitRequest { shares, seed: self.seed, ..SplitRequest::default() }),
            data_card: match (self.data_card, self.no_data_card) {
                (false, false) => None,
                (is_wanted, _) => Some(is_wanted),
            },
            license: self.license.clone(),
            ..ExportRequest::new(scope, self.format.clone())
        }
    }
}

/// `all`, `people`, or `3,5`
fn layers(typed: &str) -> Result<LayerScope, &'static str> {
    match typed {
        "all" => Ok(LayerScope::All),
        "people" => Ok(LayerScope::Runs { runs: Vec::new() }),
        runs => {
            let runs = runs.split(',').map(|run| run.trim().parse().map(RunId)).collect::<Result<_, _>>();
            Ok(LayerScope::Runs { runs: runs.map_err(|_| "expected all, people, or run numbers such as 3,5")? })
        }
    }
}

/// `task=segment`
fn option(typed: &str) -> Result<(String, String), &'static str> {
    match typed.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err("expected a name and a value, such as task=segment"),
    }
}

/// A file to export at the end of a run.
#[derive(Debug, Clone)]
pub struct ExportedFile {
    pub format: FormatId,
    pub file: Target,
}

impl Display for ExportedFile {
    /// As it is typed.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}={}", self.format, self.file)
    }
}

/// One of the registry, each with what it is for.
fn format() -> impl TypedValueParser<Value = FormatId> {
    let names = formats().map(|format| PossibleValue::new(format.id).help(format.summary.en));
    PossibleValuesParser::new(names).map(FormatId)
}

/// One of the registry that is read.
pub fn readable_format() -> impl TypedValueParser<Value = FormatId> {
    let readable = formats().filter(|format| format.is_readable || format.id == "coco-detections");
    let names = readable.map(|format| PossibleValue::new(format.id).help(format.summary.en));
    PossibleValuesParser::new(names).map(FormatId)
}

/// `coco=holiday.json`
pub fn exported_file(typed: &str) -> Result<ExportedFile, String> {
    match typed.split_once('=') {
        Some((id, file)) if !file.is_empty() => {
            let Some(format) = formats().find(|format| format.id == id) else {
                let known: Vec<&str> = formats().map(|format| format.id).collect();
                return Err(format!("unknown format {id:?}; formats: {}", known.join(", ")));
            };
            if format.package == Package::Folder && file == "-" {
                return Err(format!("{id} writes a folder of files, which cannot go to standard output"));
            }
            Ok(ExportedFile { format: FormatId(id.into()), file: std::ffi::OsString::from(file).into() })
        }
        _ => Err("expected a format and a file, such as coco=holiday.json".into()),
    }
}
