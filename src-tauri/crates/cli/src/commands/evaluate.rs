//! `evaluate`: the quality of runs and datasets against a ground truth.

use domain::compare::Side;
use domain::dataset::FormatId;
use domain::evaluation::report::{EvaluatedSide, EvaluationReport, EvaluationResult, ReportLabel};
use engine::{Cancellation, EvaluationSource, Library};
use serde::Serialize;

use crate::arguments::{Evaluate, Global, RunChoice, TypedSide};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::{Console, notes};

/// The figures of the first result are at the top, so that a script finds them by their names.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    first: Option<&'a EvaluationResult>,
    against: &'a EvaluatedSide,
    is_ground_truth: bool,
    images: u32,
    images_with_objects: u32,
    objects: u32,
    crowds: u32,
    points: u32,
    iou: f64,
    resamples: u32,
    labels: &'a [ReportLabel],
    /// The other results, each with its difference from the first one.
    others: &'a [EvaluationResult],
}

impl<'a> Document<'a> {
    fn new(report: &'a EvaluationReport) -> Self {
        let (first, others) = match report.results.split_first() {
            Some((first, others)) => (Some(first), others),
            None => (None, &[][..]),
        };
        Self {
            first,
            against: &report.against,
            is_ground_truth: report.is_ground_truth,
            images: report.images,
            images_with_objects: report.images_with_objects,
            objects: report.objects,
            crowds: report.crowds,
            points: report.points,
            iou: report.overlap,
            resamples: report.resamples,
            labels: &report.labels,
            others,
        }
    }
}

pub fn evaluate(arguments: &Evaluate, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let library = library::open(global)?;
    let source = |side: &TypedSide, format: &Option<FormatId>| source(&library, side, format.clone());
    let evaluated = arguments.evaluated.iter().map(|side| source(side, &arguments.format));
    let evaluated: Vec<EvaluationSource> = evaluated.collect::<Result<_, _>>()?;
    let against = source(&arguments.against, &arguments.against_format)?;
    let report = library.evaluations.evaluate(&evaluated, &against, arguments.options(), &Cancellation::default())?;
    output.show(&Document::new(&report), |out| messages::evaluation(out, &report))?;
    let mut exit = Exit::Done;
    for result in &report.results {
        for least in &arguments.fail_under {
            let found = least.found(result);
            if found.is_none_or(|found| found < least.value) {
                messages::error(&mut notes(), &messages::under_limit(result, *least, found))?;
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}

fn source(library: &Library, side: &TypedSide, format: Option<FormatId>) -> Result<EvaluationSource, CommandError> {
    Ok(match side {
        // A number may be that of an imported layer.
        TypedSide::Run(RunChoice::Number(run)) => EvaluationSource::Library(Side::Run { run: *run }),
        TypedSide::Run(run) => EvaluationSource::Library(Side::Run { run: library::find_run(library, *run)? }),
        TypedSide::People => EvaluationSource::Library(Side::Decided),
        TypedSide::File(path) if !path.exists() => return Err(CommandError::NoSuchPath(path.clone())),
        TypedSide::File(path) => EvaluationSource::File { path: path.clone(), format },
    })
}
