//! Errors, and questions before risky actions.

use domain::model::{Destination, Unavailable, UnsupportedCapability};
use domain::plan::ModelQuote;
use domain::recipe::ShapeKind;
use domain::run::PossiblyBilled;
use engine::{EngineError, LibraryFailure};

use super::format::{at_most, counted, money};

/// The message of an engine error. Errors whose own message suffices are listed, so that a new one must be considered here.
pub fn engine_error(error: &EngineError) -> String {
    match error {
        EngineError::Unavailable(reason) => unavailable(reason),
        EngineError::RecipeBeyondModel(unsupported_capabilities) => {
            format!(
                "this model cannot be used: {}",
                unsupported_capabilities.iter().map(unsupported).collect::<Vec<_>>().join("; ")
            )
        }
        EngineError::BudgetTooSmall { dearest } => {
            format!("the budget is too low: a single request can cost up to {}", at_most(*dearest))
        }
        EngineError::MonthIsFull { left, at_most: dearest } => {
            format!(
                "the monthly cap leaves {}, and a single request can cost up to {}: raise the cap with `fieldmark budget --monthly DOLLARS`, or wait for the next month",
                money(*left),
                at_most(*dearest)
            )
        }
        EngineError::NoFigures(run) => {
            format!("run {run} has no metrics: no image was sent to the model and answered")
        }
        EngineError::OwnModel { .. } => {
            format!("{error}: `fieldmark prices set` changes its prices, limits and coordinates (--coordinates)")
        }
        EngineError::Store(_) | EngineError::File { .. } => match error.library_failure() {
            Some(LibraryFailure::DiskFull) => {
                format!(
                    "the disk is full, or a file-size limit is reached: {error}. Once there is room, repeat the command; `fieldmark resume` continues a run"
                )
            }
            Some(LibraryFailure::Lost) => format!("the library is no longer available: {error}. Nothing more was sent"),
            Some(LibraryFailure::Other) | None => error.to_string(),
        },
        EngineError::Local { .. }
        | EngineError::Encode(_)
        | EngineError::Original { .. }
        | EngineError::UnfitAnnotation { .. }
        | EngineError::DetectionsWithoutDataset(_)
        | EngineError::NoCommonImages
        | EngineError::NothingToAudit
        | EngineError::NothingToFind(_)
        | EngineError::UnsoundRecipe(_)
        | EngineError::RecipeFile(_)
        | EngineError::UnknownModel(_)
        | EngineError::NoImages
        | EngineError::RecipeBeyondWords(_)
        | EngineError::Address { .. }
        | EngineError::UnknownEndpoint { .. }
        | EngineError::UnknownProvider { .. }
        | EngineError::BudgetWithoutPrice { .. }
        | EngineError::Settings { .. }
        | EngineError::Price(_)
        | EngineError::NotDescribed(_)
        | EngineError::NotCalibrated { .. }
        | EngineError::EndpointNameTaken { .. }
        | EngineError::NotAgreed { .. }
        | EngineError::UnfitBackup { .. }
        | EngineError::LibraryExists(_)
        | EngineError::LibraryInUse { .. }
        | EngineError::NoFolder(_)
        | EngineError::Key(_)
        | EngineError::Keys(_)
        | EngineError::Publish(_)
        | EngineError::NoDatabase
        | EngineError::LocalOnly { .. }
        | EngineError::RunBusy { .. }
        | EngineError::Unsettled(_)
        | EngineError::NothingLeft { .. }
        | EngineError::UnfitTarget { .. }
        | EngineError::NothingToExport(_)
        | EngineError::NothingHeld { .. }
        | EngineError::NoKeyPoints
        | EngineError::Cancelled
        | EngineError::ExampleUnavailable { .. }
        | EngineError::UnknownFormat(_)
        | EngineError::Dataset(_)
        | EngineError::UnreadDataset { .. }
        | EngineError::UnknownDataset { .. }
        | EngineError::LabelMap { .. }
        | EngineError::TaskLost
        | EngineError::Panicked(_) => error.to_string(),
    }
}

/// Why a model cannot be used for a plan.
pub fn wait_reasons(quote: &ModelQuote) -> Vec<String> {
    let blocking = quote.unsupported_capabilities.iter().filter(|gap| gap.is_blocking()).map(unsupported);
    quote.unavailable.iter().map(unavailable).chain(blocking).collect()
}

pub fn unavailable(unavailable: &Unavailable) -> String {
    match unavailable {
        Unavailable::LocalOnly => "the settings allow only this machine".into(),
        Unavailable::NoKey { host, variable } => {
            let set = variable.as_ref().map_or_else(String::new, |variable| format!("set {variable}, or "));
            format!(
                "there is no key for {host}: {set}enter one in the settings of the window (keys for other servers are \
                 never sent there)"
            )
        }
        Unavailable::Unusable { detail } => detail.clone(),
    }
}

fn shape_name(shape: ShapeKind) -> &'static str {
    match shape {
        ShapeKind::Box => "boxes",
        ShapeKind::Point => "points",
        ShapeKind::Polygon => "polygons",
        ShapeKind::ImageTag => "image tags",
        ShapeKind::Caption => "captions",
    }
}

/// Why a recipe with tiles or a check is not sent in batches.
pub const SEVERAL_REQUESTS: &str = "an image of this recipe may take several requests, which are sent live";

/// Why a model cannot be used in batches.
pub fn no_batches(quote: &ModelQuote) -> &'static str {
    if quote.unsupported_capabilities.contains(&UnsupportedCapability::Batches) {
        SEVERAL_REQUESTS
    } else if quote.model.destination == Destination::ThisMachine {
        "it runs on this machine"
    } else {
        "its vendor has no batch API"
    }
}

pub fn unsupported(unsupported: &UnsupportedCapability) -> String {
    match unsupported {
        UnsupportedCapability::UnknownLabels { labels } => {
            format!("it does not support these labels and skips them: {}", labels.join(", "))
        }
        UnsupportedCapability::NoKnownLabel => "it supports none of the labels".into(),
        UnsupportedCapability::Attributes { names, are_required: true } => {
            format!("it cannot fill attributes, and these are required: {}", names.join(", "))
        }
        UnsupportedCapability::Attributes { names, are_required: false } => {
            format!("it leaves these attributes empty: {}", names.join(", "))
        }
        UnsupportedCapability::TooManyOptionalAttributes { count, limit } => {
            format!("it accepts at most {limit} optional attributes, and there are {count}")
        }
        UnsupportedCapability::Shapes { .. } => "it returns boxes only".into(),
        UnsupportedCapability::SomeShapes { shapes } => {
            let names: Vec<&str> = shapes.iter().copied().map(shape_name).collect();
            format!("it is not asked for these shapes, which it does not return: {}", names.join(", "))
        }
        UnsupportedCapability::ExamplePhotos { details } => {
            format!("photos of examples cannot be used: {}", details.join("; "))
        }
        UnsupportedCapability::Examples { count } => {
            format!("it is shown no examples; the recipe has {count}")
        }
        UnsupportedCapability::Check => "it cannot check what it found in a second request; none is sent".into(),
        UnsupportedCapability::Batches => format!("not in batches: {SEVERAL_REQUESTS}"),
    }
}

pub fn unsettled(unsettled: PossiblyBilled) -> String {
    let PossiblyBilled { count, at_most: bound } = unsettled;
    let was = if count == 1 { "was" } else { "were" };
    format!(
        "{} of this run {was} in flight and may have been billed, up to {}. Send again?",
        counted(count, "request"),
        at_most(bound)
    )
}
