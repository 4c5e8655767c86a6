//! `evaluate`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use domain::dataset::FormatId;
use domain::evaluation::report::{EvaluationOptions, EvaluationResult, USUAL_OVERLAP};

use super::RunChoice;
use super::export::readable_format;
use super::numbers::{share, within};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark evaluate latest --against people\n  \
    fieldmark evaluate 3 4 --against truth.json\n  \
    fieldmark evaluate detections.json --against instances.json --json\n  \
    fieldmark evaluate latest --against people --fail-under ap50=0.6 --fail-under recall=0.8\n\n\
    A run is evaluated as the model answered it, whatever people decided since. Without a ground truth, two runs can be\n\
    compared with each other: the figures then say how far they agree, not how good they are.")]
pub struct Evaluate {
    /// What is evaluated: a run or imported layer by number, latest, or the file or folder of a dataset. Several are compared
    /// with the first
    #[arg(value_name = "RUN|LAYER|FILE", required = true)]
    pub evaluated: Vec<TypedSide>,
    /// The ground truth: people (what was approved on reviewed images), an imported layer or a run by number, or the file or
    /// folder of a dataset
    #[arg(long, value_name = "people|LAYER|FILE")]
    pub against: TypedSide,
    /// Confidence from which a detection counts in precision, recall and F1; by default, the one with the highest F1
    #[arg(long, value_name = "CONFIDENCE", value_parser = share)]
    pub threshold: Option<f64>,
    /// Overlap from which a detection is correct in precision, recall and F1
    #[arg(long, value_name = "OVERLAP", value_parser = share, default_value_t = USUAL_OVERLAP)]
    pub iou: f64,
    /// Exit with code 1 if a figure is below a value or was not measured; can be repeated
    #[arg(long, value_name = "FIGURE=VALUE", value_parser = least)]
    pub fail_under: Vec<Least>,
    /// Draws of images behind the intervals; 0 for none. By default 1000, and none for a single result with many detections
    #[arg(long, value_name = "COUNT", value_parser = within(0..=100_000))]
    pub resamples: Option<u32>,
    /// Format of the evaluated files, if it is not recognized
    #[arg(long, value_name = "FORMAT", value_parser = readable_format())]
    pub format: Option<FormatId>,
    /// Format of the file of the ground truth, if it is not recognized
    #[arg(long, value_name = "FORMAT", value_parser = readable_format())]
    pub against_format: Option<FormatId>,
}

impl Evaluate {
    pub fn options(&self) -> EvaluationOptions {
        EvaluationOptions { threshold: self.threshold, overlap: self.iou, resamples: self.resamples }
    }
}

/// A side of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedSide {
    Run(RunChoice),
    People,
    File(PathBuf),
}

impl FromStr for TypedSide {
    type Err = std::convert::Infallible;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        Ok(match typed.parse() {
            Ok(run) => Self::Run(run),
            Err(_) if typed == "people" => Self::People,
            Err(_) => Self::File(typed.into()),
        })
    }
}

/// A figure and its lowest acceptable value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Least {
    pub figure: &'static str,
    pub value: f64,
}

impl Least {
    /// The figure of `result`; `None` if it was not measured.
    pub fn found(self, result: &EvaluationResult) -> Option<f64> {
        FIGURES.iter().find(|(name, _)| *name == self.figure).and_then(|(_, figure)| figure(result))
    }
}

pub type FigureOf = fn(&EvaluationResult) -> Option<f64>;

/// The figures that `--fail-under` takes, by their keys in the document.
pub const FIGURES: [(&str, FigureOf); 19] = [
    ("ap", |result| result.coco.ap),
    ("ap50", |result| result.coco.ap50),
    ("ap75", |result| result.coco.ap75),
    ("ap_small", |result| result.coco.ap_small),
    ("ap_medium", |result| result.coco.ap_medium),
    ("ap_large", |result| result.coco.ap_large),
    ("ap_shared_labels", |result| result.ap_shared_labels),
    ("ar1", |result| result.coco.ar1),
    ("ar10", |result| result.coco.ar10),
    ("ar100", |result| result.coco.ar100),
    ("ar_small", |result| result.coco.ar_small),
    ("ar_medium", |result| result.coco.ar_medium),
    ("ar_large", |result| result.coco.ar_large),
    ("precision", |result| result.precision),
    ("recall", |result| result.recall),
    ("f1", |result| result.f1),
    ("tags", |result| result.tags?.accuracy),
    ("captions_exact", |result| result.captions?.exact_accuracy),
    ("captions_normalized", |result| result.captions?.normalized_accuracy),
];

/// `ap50=0.6`
fn least(typed: &str) -> Result<Least, String> {
    let (name, value) = typed.split_once('=').ok_or("expected a figure and a value, such as ap50=0.6")?;
    let known = FIGURES.iter().find(|(figure, _)| *figure == name.trim());
    let Some(&(figure, _)) = known else {
        let names: Vec<&str> = FIGURES.iter().map(|(figure, _)| *figure).collect();
        return Err(format!("unknown figure {name:?}; figures: {}", names.join(", ")));
    };
    Ok(Least { figure, value: share(value)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_sides_are_read() {
        assert_eq!(least("ap50=0.6"), Ok(Least { figure: "ap50", value: 0.6 }));
        for (typed, reason) in
            [("ap50", "expected a figure"), ("map=0.6", "unknown figure \"map\""), ("ap=60", "from 0 to 1")]
        {
            assert!(least(typed).unwrap_err().contains(reason), "{typed}");
        }
        let side = |typed: &str| typed.parse::<TypedSide>().unwrap();
        assert_eq!(side("latest"), TypedSide::Run(RunChoice::Latest));
        assert_eq!(side("12"), TypedSide::Run(RunChoice::Number(domain::ids::RunId(12))));
        assert_eq!([side("people"), side("./12")], [TypedSide::People, TypedSide::File("./12".into())]);
    }
}
