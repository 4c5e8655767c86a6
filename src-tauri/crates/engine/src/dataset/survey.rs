//! Counts over the images of an export before it is written: for its tables, its split and its data card.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::annotation::{Annotation, Origin, ReviewState, Status};
use domain::data_card::{CardAnnotations, CardFailure, ReviewCoverage};
use domain::export::LayerCount;
use domain::ids::{ImageId, RunId};
use domain::numbers::count;
use domain::recipe::comparable;
use domain::run_state::FailureKind;
use store::ReviewSteps;

use super::source::{ExportReading, SelectedImage};
use crate::Result;

/// A label as it was found.
pub struct SurveyedLabel {
    /// In its first spelling.
    pub name: String,
    pub images: u32,
    pub annotations: u32,
}

/// Counts over an export.
#[derive(Default)]
pub struct Survey {
    /// Those that are exported, and did not fail.
    pub images: Vec<ImageId>,
    /// By name, so that equal libraries have equal tables.
    pub labels: Vec<SurveyedLabel>,
    /// Names of attributes, by name.
    pub attributes: BTreeSet<String>,
    /// Annotations of the export by run.
    pub exported_runs: BTreeMap<RunId, u32>,
    pub undecided_runs: BTreeSet<RunId>,
    pub annotations: CardAnnotations,
    pub review: ReviewCoverage,
    pub empty: u32,
    pub confirmed_empty: u32,
    /// The same, whether or not they are exported.
    pub all_confirmed_empty: u32,
    /// Rejected annotations in the layers.
    pub rejected: u32,
    pub missing: u32,
    failures: BTreeMap<String, CardFailure>,
    /// Annotations of all layers on the images, without rejected ones.
    layers: BTreeMap<Option<RunId>, u32>,
    /// Proposals that were decided one by one: how many were right, and how many there were.
    pub judged: (u32, u32),
}

impl Survey {
    pub fn of(dataset: &ExportReading<'_>) -> Result<Self> {
        let steps = dataset.view.review_steps()?;
        let imports = dataset.view.imports()?.into_iter().map(|import| import.id).collect();
        let mut surveying = Surveying { survey: Self::default(), numbers: HashMap::new(), steps, imports };
        for image in &dataset.images {
            surveying.add(dataset, image);
        }
        surveying.survey.labels.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(surveying.survey)
    }

    /// The runs, newest first, then people.
    pub fn layer_counts(&self) -> Vec<LayerCount> {
        let count = |(run, annotations): (&Option<RunId>, &u32)| LayerCount { run: *run, annotations: *annotations };
        self.layers.iter().rev().map(count).collect()
    }

    /// Failed images by reason.
    pub fn failures(&self) -> Vec<CardFailure> {
        self.failures.values().copied().collect()
    }
}

struct Surveying {
    survey: Survey,
    /// Numbers of labels by normalized spelling.
    numbers: HashMap<String, u32>,
    steps: ReviewSteps,
    imports: HashSet<RunId>,
}

impl Surveying {
    fn add(&mut self, dataset: &ExportReading<'_>, selected: &SelectedImage) {
        let annotations = &selected.annotations;
        self.add_layers(dataset, annotations);
        let review = dataset.selected.layers.review_state(selected.image.review, annotations);
        let is_empty = !annotations.iter().any(|annotation| dataset.takes(annotation));
        let is_confirmed_empty = review == ReviewState::ConfirmedEmpty;
        self.survey.all_confirmed_empty += u32::from(is_confirmed_empty);
        if !dataset.takes_image(selected) {
            return;
        }
        self.survey.missing += u32::from(dataset.files.of_image(selected.image.id).is_missing);
        if let Some(failure) = &selected.failure {
            self.add_failure(failure.kind);
            return;
        }
        self.add_review(selected.image.id, review);
        self.survey.empty += u32::from(is_empty);
        self.survey.confirmed_empty += u32::from(is_empty && is_confirmed_empty);
        let mut labels: BTreeMap<u32, u32> = BTreeMap::new();
        for annotation in annotations.iter().filter(|annotation| dataset.takes(annotation)) {
            *labels.entry(self.number_of(&annotation.label)).or_default() += 1;
            self.add_annotation(annotation);
        }
        for (&label, &annotations) in &labels {
            let label = &mut self.survey.labels[label as usize];
            (label.images, label.annotations) = (label.images + 1, label.annotations + annotations);
        }
        self.survey.images.push(selected.image.id);
    }

    fn add_layers(&mut self, dataset: &ExportReading<'_>, annotations: &[Annotation]) {
        for annotation in annotations {
            let is_rejected = annotation.status == Status::Rejected;
            if !is_rejected {
                *self.survey.layers.entry(annotation.origin.run()).or_default() += 1;
            }
            if !dataset.selected.layers.shows(annotation) {
                continue;
            }
            self.survey.rejected += u32::from(is_rejected);
            if self.is_of_model(annotation) && self.steps.proposals_alone.contains(&annotation.id) {
                self.survey.judged.0 += u32::from(annotation.status == Status::Accepted);
                self.survey.judged.1 += u32::from(annotation.status != Status::Proposed);
            }
        }
    }

    /// Whether a run has proposed `annotation`: neither a person nor an imported dataset.
    fn is_of_model(&self, annotation: &Annotation) -> bool {
        annotation.origin.run().is_some_and(|run| !self.imports.contains(&run))
    }

    fn add_annotation(&mut self, annotation: &Annotation) {
        let is_imported = annotation.origin.run().is_some_and(|run| self.imports.contains(&run));
        let counts = &mut self.survey.annotations;
        counts.count += 1;
        let counted = match (annotation.origin, annotation.status) {
            (_, Status::Rejected) => &mut counts.rejected,
            (_, Status::GroundTruth) => &mut counts.ground_truth,
            (Origin::Person, _) => &mut counts.drawn,
            (Origin::Run { .. }, _) if is_imported => &mut counts.imported,
            (Origin::Run { .. }, Status::Proposed) => &mut counts.undecided,
            (Origin::Run { .. }, Status::Accepted) => &mut counts.accepted,
            (Origin::Run { .. }, Status::Edited) => &mut counts.edited,
        };
        *counted += 1;
        if let Origin::Run { run } = annotation.origin {
            *self.survey.exported_runs.entry(run).or_default() += 1;
            if annotation.status == Status::Proposed {
                self.survey.undecided_runs.insert(run);
            }
        }
        for name in annotation.attributes.keys() {
            if !self.survey.attributes.contains(name) {
                self.survey.attributes.insert(name.clone());
            }
        }
    }

    fn add_review(&mut self, image: ImageId, review: ReviewState) {
        let coverage = &mut self.survey.review;
        coverage.images += 1;
        if review != ReviewState::Unreviewed {
            coverage.reviewed += 1;
            let is_alone = self.steps.alone.contains(&image);
            let is_in_bulk = !is_alone && self.steps.in_bulk.contains(&image);
            coverage.one_by_one += u32::from(is_alone);
            coverage.in_bulk += u32::from(is_in_bulk);
            coverage.imported += u32::from(!is_alone && !is_in_bulk && self.steps.imported.contains(&image));
        }
    }

    fn add_failure(&mut self, kind: FailureKind) {
        let none = CardFailure { kind, images: 0 };
        self.survey.failures.entry(format!("{kind:?}")).or_insert(none).images += 1;
    }

    fn number_of(&mut self, label: &str) -> u32 {
        let comparable = comparable(label);
        if let Some(&number) = self.numbers.get(&comparable) {
            return number;
        }
        let number = count(self.survey.labels.len());
        self.survey.labels.push(SurveyedLabel { name: label.to_owned(), images: 0, annotations: 0 });
        self.numbers.insert(comparable, number);
        number
    }
}
