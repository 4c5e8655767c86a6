//! Data cards: what a dataset consists of, where it comes from, and how far its labels were checked. A figure that was
//! not measured is absent. docs/data-card.md documents the JSON.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::dataset::{Feature, FormatId, Loss, LossKind};
use crate::dataset_import::ImportRole;
use crate::evaluation::calibration::share_bounds;
use crate::ids::RunId;
use crate::numbers::{grouped, percent};
use crate::run_state::FailureKind;
use crate::split::SplitOutcome;

/// The version of the JSON: it changes when a key changes its meaning or disappears.
pub const DATA_CARD_VERSION: u32 = 1;

/// A data card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DataCard {
    pub version: u32,
    pub name: String,
    /// RFC 3339.
    pub created_at: String,
    /// The program with its version.
    pub created_by: String,
    /// An SPDX identifier or any text; `None` if it was not stated.
    pub license: Option<String>,
    pub format: FormatId,
    pub written: CardWritten,
    pub images: CardImages,
    pub annotations: CardAnnotations,
    /// All labels of the dataset, used or not.
    pub labels: Vec<CardLabel>,
    /// The collections that the images belong to.
    pub collections: Vec<CardCollection>,
    /// The runs whose annotations are in the dataset, oldest first.
    pub runs: Vec<CardRun>,
    /// The imported datasets whose annotations are in it, oldest first.
    pub imports: Vec<CardImport>,
    pub review: ReviewCoverage,
    /// How many of the models' proposals were right, of those that people decided one by one; `None` if there are none.
    pub precision: Option<EstimatedShare>,
    /// Audits of proposals that were accepted without being checked.
    pub audits: Vec<CardAudit>,
    pub gaps: CardGaps,
    pub split: Option<SplitOutcome>,
}

/// What is in the files of a dataset. All other counts of a card are of what was selected, which a format may not hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CardWritten {
    pub images: u32,
    /// Images that no model could answer, with the reason.
    pub failed_images: u32,
    pub annotations: u32,
    /// What the format cannot hold, in the order of [`Feature::ALL`].
    pub losses: Vec<Loss>,
    /// Image files that could not be read, so that they are neither copied nor made into pictures.
    pub unreadable_files: u32,
}

/// The selected images of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CardImages {
    pub count: u32,
    /// Images without annotations: negatives.
    pub empty: u32,
    /// Of these, images that people confirmed as empty.
    pub confirmed_empty: u32,
    /// The first and the last day on which they were taken, by the cameras' clocks; `None` if no image says.
    pub taken_from: Option<String>,
    pub taken_to: Option<String>,
}

/// The selected annotations of a dataset by who decided on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CardAnnotations {
    pub count: u32,
    /// A model's, accepted by a person.
    pub accepted: u32,
    /// A model's, corrected by a person.
    pub edited: u32,
    /// A person's own.
    pub drawn: u32,
    /// A model's, without a decision.
    pub undecided: u32,
    /// Included although they were rejected.
    pub rejected: u32,
    /// Imported as predictions or as earlier work, whatever people decided on them.
    pub imported: u32,
    /// Imported as ground truth.
    pub ground_truth: u32,
}

/// A label with its definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CardLabel {
    pub name: String,
    /// As told to the models; empty if the recipe has none.
    pub definition: String,
    pub images: u32,
    pub annotations: u32,
}

/// A collection with the number of its images in the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CardCollection {
    pub name: String,
    pub images: u32,
}

/// A run of a model. Its cost and its number of images are those of the whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CardRun {
    pub run: RunId,
    pub model: String,
    pub model_name: String,
    pub recipe: String,
    /// RFC 3339.
    pub started_at: String,
    /// Images that it answered.
    pub images: u32,
    /// Its annotations in the dataset.
    pub annotations: u32,
    /// As the vendor reported; `None` without a price or a report.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub cost_dollars: Option<f64>,
}

/// An imported dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CardImport {
    /// Of its layer.
    pub layer: RunId,
    /// Of the imported file or folder.
    pub name: String,
    pub format: FormatId,
    /// RFC 3339.
    pub imported_at: String,
    pub role: ImportRole,
    /// Its annotations in the dataset.
    pub annotations: u32,
}

/// How many images people have reviewed, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ReviewCoverage {
    pub images: u32,
    pub reviewed: u32,
    /// Of the reviewed images, those with a decision of their own.
    pub one_by_one: u32,
    /// Of the reviewed images, those that were only part of bulk edits.
    pub in_bulk: u32,
    /// Of the reviewed images, those that only an imported dataset states as reviewed.
    pub imported: u32,
}

/// A share with its 95 % interval of Clopper and Pearson.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct EstimatedShare {
    pub right: u32,
    pub judged: u32,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub share: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub low: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub high: f64,
}

impl EstimatedShare {
    /// `None` if nothing was judged.
    #[must_use]
    pub fn of(right: u32, judged: u32) -> Option<Self> {
        (judged > 0).then(|| {
            let bounds = share_bounds(right, judged);
            Self { right, judged, share: f64::from(right) / f64::from(judged), low: bounds.low, high: bounds.high }
        })
    }
}

/// An audit whose proposals are in the dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CardAudit {
    pub label: String,
    /// Proposals with at least this confidence were accepted.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub threshold: f64,
    pub accepted: u32,
    pub judged: u32,
    pub wrong: u32,
    /// With 95 % confidence at most this share is wrong.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at_most: f64,
}

/// What the dataset lacks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CardGaps {
    /// Images that no model could answer, by reason.
    pub failures: Vec<CardFailure>,
    /// Images of the scope that were never annotated, and are not in the dataset.
    pub unannotated_images: u32,
    /// Images whose files are gone.
    pub missing_files: u32,
    /// Labels of the recipes without an annotation.
    pub unused_labels: Vec<String>,
    /// Runs with proposals in the dataset that no one has decided.
    pub undecided_runs: Vec<RunId>,
}

/// Failed images with the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CardFailure {
    pub kind: FailureKind,
    pub images: u32,
}

const NOT_MEASURED: &str = "not measured";

impl DataCard {
    /// The card as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = format!("# {}\n\n", escaped(&self.name));
        let _ = writeln!(
            page,
            "{} images with {} annotations, exported as `{}` by {} on {}.\n",
            grouped(self.written.images.into()),
            grouped(self.written.annotations.into()),
            self.format,
            self.created_by,
            self.created_at
        );
        if self.written.losses.iter().any(|loss| loss.kind != LossKind::Simplified) {
            let _ = writeln!(
                page,
                "The format does not hold all of the {} images with {} annotations that were selected, which the figures below \
                 describe: see [Known gaps](#known-gaps).\n",
                grouped(self.images.count.into()),
                grouped(self.annotations.count.into())
            );
        }
        let license = self.license.as_deref().map_or_else(|| "not stated".into(), escaped);
        let _ = writeln!(page, "License: {license}\n");
        page += "Coordinates are pixels of the upright image: EXIF orientation applied, origin at the top left.\n";
        self.write_sources(&mut page);
        self.write_labels(&mut page);
        self.write_quality(&mut page);
        self.write_split(&mut page);
        self.write_gaps(&mut page);
        page
    }

    fn write_sources(&self, page: &mut String) {
        *page += "\n## Sources\n\n";
        for collection in &self.collections {
            let _ = writeln!(
                page,
                "- Collection {}: {} images",
                escaped(&collection.name),
                grouped(collection.images.into())
            );
        }
        match (&self.images.taken_from, &self.images.taken_to) {
            (Some(from), Some(to)) if from == to => {
                let _ = writeln!(page, "- Taken on {from}");
            }
            (Some(from), Some(to)) => {
                let _ = writeln!(page, "- Taken from {from} to {to}");
            }
            _ => {}
        }
        for import in &self.imports {
            let role = match import.role {
                ImportRole::GroundTruth => "ground truth",
                ImportRole::Predictions => "predictions",
                ImportRole::Work => "earlier work of people",
            };
            let (name, annotations) = (escaped(&import.name), grouped(import.annotations.into()));
            let (format, at) = (&import.format, &import.imported_at);
            let _ = writeln!(page, "- Imported {name} (`{format}`) on {at}, {role}: {annotations} annotations");
        }
        if self.runs.is_empty() {
            return;
        }
        *page += "\n| run | model | recipe | started | images | annotations here | cost of the run |\n";
        *page += "|---|---|---|---|---|---|---|\n";
        for run in &self.runs {
            let _ = writeln!(
                page,
                "| {} | {} (`{}`) | {} | {} | {} | {} | {} |",
                run.run,
                escaped(&run.model_name),
                run.model,
                escaped(&run.recipe),
                run.started_at,
                grouped(run.images.into()),
                grouped(run.annotations.into()),
                run.cost_dollars.map_or_else(|| "unknown".to_owned(), |dollars| format!("${dollars:.4}"))
            );
        }
    }

    fn write_labels(&self, page: &mut String) {
        if self.labels.is_empty() {
            return;
        }
        *page += "\n## Labels\n\n| label | images | annotations | definition |\n|---|---|---|---|\n";
        for label in &self.labels {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} |",
                escaped(&label.name),
                grouped(label.images.into()),
                grouped(label.annotations.into()),
                escaped(&label.definition)
            );
        }
    }

    fn write_quality(&self, page: &mut String) {
        let (review, annotations) = (&self.review, &self.annotations);
        *page += "\n## Quality\n\n";
        let _ = writeln!(
            page,
            "- Reviewed: {} of {} images; {} one by one, {} only in bulk, {} only in an imported dataset",
            grouped(review.reviewed.into()),
            grouped(review.images.into()),
            grouped(review.one_by_one.into()),
            grouped(review.in_bulk.into()),
            grouped(review.imported.into())
        );
        let _ = writeln!(
            page,
            "- Annotations: of models {} accepted, {} corrected, {} without a decision; {} drawn by people; imported {}, and \
             {} as ground truth; {} rejected",
            grouped(annotations.accepted.into()),
            grouped(annotations.edited.into()),
            grouped(annotations.undecided.into()),
            grouped(annotations.drawn.into()),
            grouped(annotations.imported.into()),
            grouped(annotations.ground_truth.into()),
            grouped(annotations.rejected.into())
        );
        let precision = self.precision.map_or_else(
            || NOT_MEASURED.into(),
            |found| {
                format!(
                    "{} of {} that people decided one by one were accepted unchanged: {} ({} to {} at 95 % confidence)",
                    grouped(found.right.into()),
                    grouped(found.judged.into()),
                    percent(found.share, 1),
                    percent(found.low, 1),
                    percent(found.high, 1)
                )
            },
        );
        let _ = writeln!(page, "- Precision of the models' proposals before review: {precision}");
        if self.audits.is_empty() {
            let _ = writeln!(page, "- Errors among annotations that were accepted unchecked: {NOT_MEASURED}");
        }
        for audit in &self.audits {
            let _ = writeln!(
                page,
                "- Audit of {} at {} or more: {} wrong of {} checked, so at most {} of {} are wrong at 95 % confidence",
                escaped(&audit.label),
                percent(audit.threshold, 1),
                grouped(audit.wrong.into()),
                grouped(audit.judged.into()),
                percent(audit.at_most, 1),
                grouped(audit.accepted.into())
            );
        }
    }

    fn write_split(&self, page: &mut String) {
        let Some(split) = &self.split else { return };
        let _ = writeln!(
            page,
            "\n## Split\n\nShares {}, seed {}; {}.\n",
            split.request.shares,
            split.request.seed,
            match split.groups {
                Some(groups) => format!(
                    "{} groups of near-duplicates and bursts, single images included, each in one part",
                    grouped(groups.into())
                ),
                None => "near-duplicates and bursts were not looked for, and may be in several parts".into(),
            }
        );
        *page += "| label | training | validation | test |\n|---|---|---|---|\n";
        let row = |name: &str, of: &dyn Fn(usize) -> u32| {
            let cells: Vec<String> = (0..split.parts.len()).map(|part| grouped(of(part).into())).collect();
            format!("| {name} | {} |\n", cells.join(" | "))
        };
        *page += &row("images", &|part| split.parts[part].images);
        *page += &row("annotations", &|part| split.parts[part].annotations);
        let labels = split.parts.first().map_or(0, |part| part.labels.len());
        for label in 0..labels {
            let name = escaped(&split.parts[0].labels[label].label);
            *page += &row(&name, &|part| split.parts[part].labels.get(label).map_or(0, |counts| counts.images));
        }
        *page += "\nA label's row counts images.\n";
    }

    fn write_gaps(&self, page: &mut String) {
        let gaps = &self.gaps;
        let mut known = Vec::new();
        for failure in &gaps.failures {
            let kind = serde_json::to_string(&failure.kind).unwrap_or_default();
            known.push(format!(
                "{} images failed: {}",
                grouped(failure.images.into()),
                kind.trim_matches('"').replace('_', " ")
            ));
        }
        known.extend(self.written.losses.iter().map(|loss| loss_text(&self.format, *loss)));
        if gaps.unannotated_images > 0 {
            known.push(format!(
                "{} images were never annotated and are skipped",
                grouped(gaps.unannotated_images.into())
            ));
        }
        if self.written.unreadable_files > 0 {
            let files = grouped(self.written.unreadable_files.into());
            known.push(format!("{files} image files could not be read, and are not in the dataset"));
        }
        if gaps.missing_files > 0 {
            known.push(format!("The files of {} images are gone", grouped(gaps.missing_files.into())));
        }
        if !gaps.unused_labels.is_empty() {
            let names: Vec<String> = gaps.unused_labels.iter().map(|name| escaped(name)).collect();
            known.push(format!("Labels without annotations: {}", names.join(", ")));
        }
        if !gaps.undecided_runs.is_empty() {
            let runs: Vec<String> = gaps.undecided_runs.iter().map(ToString::to_string).collect();
            known.push(format!("Runs and imports with proposals that are not decided: {}", runs.join(", ")));
        }
        *page += "\n## Known gaps\n\n";
        if known.is_empty() {
            *page += "None.\n";
        }
        for gap in known {
            let _ = writeln!(page, "- {gap}");
        }
    }
}

fn loss_text(format: &FormatId, loss: Loss) -> String {
    let count = grouped(loss.count.into());
    let feature = serde_json::to_string(&loss.feature).unwrap_or_default();
    let feature = feature.trim_matches('"').replace('_', " ");
    match (loss.kind, loss.feature) {
        (LossKind::AnnotationLeftOut, _) => {
            format!("`{format}` does not hold {feature}: {count} annotations are skipped")
        }
        (LossKind::ImageLeftOut, _) => format!("`{format}` does not hold {feature}: {count} images are skipped"),
        (LossKind::Simplified, Feature::Boxes | Feature::Polygons) => {
            format!("`{format}` does not hold {feature}: {count} are stored as other shapes")
        }
        (LossKind::Simplified, _) => {
            format!("`{format}` does not hold {feature}: {count} annotations or images lack them")
        }
    }
}

/// Text that Markdown shows as it is, in one line of a table.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => {
                escaped.push('\\');
                escaped.push(character);
            }
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
