//! The store follows `domain::review`: random commands on a library on disk and on an in-memory model that only uses
//! the rules.

use std::collections::HashMap;

use domain::ids::{AnnotationId, BulkEditId, StepId};
use domain::query::Share;
use domain::review::audit::AuditRequest;
use domain::review::checks::{Check, findings, misplaced, misspelled};
use domain::review::decide::{accept, decide};
use domain::review::edit::{LabelColors, edit};
use domain::review::history::{History, PastStep};
use domain::review::image::{AnnotatedImage, Context, ImageDiff};
use domain::review::propose::{is_withdrawn_with, propagated, propose};
use domain::review::repair::repair;
use domain::review::runs::{AnswerSource, RunOnImage, RunsOnImage};
use domain::review::{AnnotationChange, AnnotationContent, ImageEdit};
use proptest::prelude::*;

use super::*;

const SIZE: PixelSize = PixelSize::new(640, 480);
const IMAGES: usize = 3;

#[derive(Default)]
struct ExpectedLibrary {
    images: BTreeMap<ImageId, AnnotatedImage>,
    runs: BTreeMap<ImageId, Vec<(RunId, RunOnImage)>>,
    models: Vec<(RunId, bool)>,
    history: History,
    diffs: HashMap<StepId, ImageDiff>,
    latest_id: u32,
    latest_step: u32,
    latest_bulk_edit: u32,
}

impl ExpectedLibrary {
    fn runs_on(&self, image: ImageId) -> RunsOnImage {
        self.runs.get(&image).into_iter().flatten().copied().collect()
    }

    /// Applies a rule to an image, and records the step.
    fn take<Rule>(&mut self, image: ImageId, bulk_edit: Option<u32>, layers: &LayerScope, rule: Rule)
    where
        Rule: FnOnce(&AnnotatedImage, Context<'_>) -> Option<ImageDiff>,
    {
        let runs = self.runs_on(image);
        let Some(diff) = rule(&self.images[&image], Context { layers, runs: &runs }) else { return };
        let after = self.images[&image].clone().redone(&diff, &runs);
        self.latest_id = after.annotations.iter().map(|one| one.id.0).fold(self.latest_id, u32::max);
        self.images.insert(image, after);
        self.latest_step += 1;
        let step = StepId(self.latest_step);
        self.history.add(step, image, bulk_edit.map(BulkEditId));
        self.diffs.insert(step, diff);
    }

    fn turn(&mut self, steps: &[PastStep]) {
        for step in steps {
            let (runs, diff) = (self.runs_on(step.image), &self.diffs[&step.id]);
            let image = self.images[&step.image].clone();
            let turned = if step.is_undone { image.undone(diff, &runs) } else { image.redone(diff, &runs) };
            self.images.insert(step.image, turned);
        }
    }

    /// A run of one of two models has `found` something on an image, itself or by propagation.
    fn propose(&mut self, run: RunId, image: ImageId, from: Option<ImageId>, found: Vec<NewAnnotation>) {
        let answer = Some(from.map_or(AnswerSource::Image, |_| AnswerSource::SimilarImage));
        let alike = |other: &&(RunId, bool)| self.models.iter().any(|(it, model)| *it == run && *model == other.1);
        let first_alike = self.models.iter().find(alike).map_or(run, |(first, _)| *first);
        self.runs.entry(image).or_default().push((run, RunOnImage { first_alike, answer, is_undone: false }));
        let runs = self.runs_on(image);
        let annotated = self.images.get_mut(&image).unwrap();
        let proposed = propose(&annotated.annotations, run, from, found);
        annotated.annotations.retain(|one| !proposed.withdrawn.contains(&one.id));
        for annotation in proposed.added {
            self.latest_id += 1;
            annotated.annotations.push(Annotation {
                id: AnnotationId(self.latest_id),
                origin: Origin::Run { run },
                propagated_from: from,
                label: annotation.label,
                color: 1,
                shape: annotation.shape,
                confidence: annotation.confidence,
                attributes: annotation.attributes,
                status: Status::Proposed,
                reject_reason: None,
                is_superseded: false,
            });
        }
        supersede(annotated, &runs);
    }

    fn undo_run(&mut self, run: RunId) {
        for (image, annotated) in &mut self.images {
            let Some(on_image) = self.runs.get_mut(image) else { continue };
            annotated.annotations.retain(|one| !is_withdrawn_with(one, run));
            for (_, known) in on_image.iter_mut().filter(|(it, _)| *it == run) {
                known.is_undone = true;
            }
            supersede(annotated, &on_image.iter().copied().collect());
        }
    }

    /// Corrections of misspelled labels, from label counts in all layers.
    fn meant(&self) -> BTreeMap<String, String> {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let all = self.images.values().flat_map(|image| &image.annotations);
        for one in all.filter(|one| one.status != Status::Rejected && LayerScope::All.shows(one)) {
            *counts.entry(one.label.clone()).or_default() += 1;
        }
        misspelled(&counts.into_iter().collect::<Vec<_>>()).into_iter().collect()
    }
}

fn supersede(image: &mut AnnotatedImage, runs: &RunsOnImage) {
    for annotation in &mut image.annotations {
        if let Some(run) = annotation.origin.run() {
            annotation.is_superseded = runs.supersede(run, annotation.propagated_from.is_some());
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    Answer { model: bool, found: Vec<NewAnnotation>, image: usize, to: Option<usize> },
    UndoRun { run: usize },
    DecideImage { image: usize, accepts: bool, layers: usize },
    Decide { image: usize, place: usize, accepts: bool, layers: usize },
    Edit { image: usize, places: Vec<(usize, u8)>, found: NewAnnotation, layers: usize },
    AcceptAbove { layers: usize, tenths: u8 },
    Repair { check: Check, layers: usize, spares_decided: bool },
    Undo { on: Option<usize> },
    Redo { on: Option<usize> },
}

fn found() -> impl Strategy<Value = NewAnnotation> {
    let shape = (0..3, 0..2, 1..4).prop_map(|(x, y, side)| {
        let (x, y, side) = (f64::from(x * 280), f64::from(y * 200), f64::from(side) * 90.0);
        Shape::Box { rect: Rect::new(x, y, x + side, y + side) }
    });
    let shape = prop_oneof![
        5 => shape,
        1 => Just(Shape::Box { rect: Rect::new(0.0, 0.0, 640.0, 480.0) }),
        1 => Just(Shape::Box { rect: Rect::new(5.0, 5.0, 9.0, 9.0) }),
    ];
    let label = prop_oneof![4 => Just("bicycle"), 1 => Just("Bicycle"), 2 => Just("cat")];
    (label, shape, prop::option::of(1u8..10)).prop_map(|(label, shape, tenths)| NewAnnotation {
        label: label.into(),
        shape,
        confidence: tenths.map(|tenths| f32::from(tenths) / 10.0),
        attributes: BTreeMap::new(),
    })
}

fn acts() -> impl Strategy<Value = Act> {
    let image = 0..IMAGES;
    let layers = 0usize..5;
    let answer = (any::<bool>(), prop::collection::vec(found(), 0..4), image.clone(), prop::option::of(image.clone()));
    let checks = [Check::Duplicate, Check::Huge, Check::Tiny, Check::Outside, Check::Misspelled];
    prop_oneof![
        4 => answer.prop_map(|(model, found, image, to)| Act::Answer { model, found, image, to }),
        1 => (0usize..4).prop_map(|run| Act::UndoRun { run }),
        2 => (image.clone(), any::<bool>(), layers.clone())
            .prop_map(|(image, accepts, layers)| Act::DecideImage { image, accepts, layers }),
        3 => (image.clone(), 0usize..8, any::<bool>(), layers.clone())
            .prop_map(|(image, place, accepts, layers)| Act::Decide { image, place, accepts, layers }),
        3 => (image.clone(), prop::collection::vec((0usize..8, 0u8..5), 1..3), found(), layers.clone())
            .prop_map(|(image, places, found, layers)| Act::Edit { image, places, found, layers }),
        2 => (layers.clone(), 0u8..10).prop_map(|(layers, tenths)| Act::AcceptAbove { layers, tenths }),
        2 => (prop::sample::select(checks.to_vec()), layers, any::<bool>())
            .prop_map(|(check, layers, spares_decided)| Act::Repair { check, layers, spares_decided }),
        3 => prop::option::of(image.clone()).prop_map(|on| Act::Undo { on }),
        2 => prop::option::of(image).prop_map(|on| Act::Redo { on }),
    ]
}

/// A library on disk and its model.
struct Twins {
    library: Library,
    images: Vec<ImageId>,
    model: ExpectedLibrary,
}

impl Twins {
    fn new() -> Self {
        let library = Library::new();
        let images: Vec<ImageId> = (1..=3).map(|seed| library.add_image(seed)).collect();
        let empty = AnnotatedImage { size: SIZE, review: ReviewState::Unreviewed, annotations: Vec::new() };
        let model = ExpectedLibrary {
            images: images.iter().map(|&image| (image, empty.clone())).collect(),
            ..ExpectedLibrary::default()
        };
        Self { library, images, model }
    }

    fn layers(&self, which: usize) -> LayerScope {
        let run = |place: usize| self.model.models.get(place).map(|(run, _)| *run);
        match which {
            0 | 1 => LayerScope::All,
            2 => LayerScope::Runs { runs: run(0).into_iter().collect() },
            3 => LayerScope::Runs { runs: run(1).into_iter().collect() },
            _ => LayerScope::Runs { runs: [run(0), run(1), run(2)].into_iter().flatten().collect() },
        }
    }

    fn write<T: Send + 'static>(&self, change: impl FnOnce(&Edit<'_>) -> Result<T> + Send + 'static) -> T {
        self.library.store.write_blocking(change).unwrap()
    }

    /// The review state in the view without runs, where no proposal hides it.
    fn review(&self, image: ImageId) -> ReviewState {
        let no_run = LayerScope::Runs { runs: Vec::new() };
        self.library.store.read_blocking(|view| view.image_cards(&[image], &no_run, &[])).unwrap()[0].review
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Answer { model, found, image, to } => self.answer(model, found, image, to),
            Act::UndoRun { run } => {
                let Some(&(run, _)) = self.model.models.get(run) else { return };
                self.write(move |edit| edit.take_back_proposals(run));
                self.model.undo_run(run);
            }
            Act::DecideImage { image, accepts, layers } => {
                self.decide(self.images[image], DecisionScope::Image, accepts, layers);
            }
            Act::Decide { image, place, accepts, layers } => {
                let image = self.images[image];
                if let Some(annotation) = self.model.images[&image].annotations.get(place) {
                    self.decide(image, DecisionScope::Annotation { id: annotation.id }, accepts, layers);
                }
            }
            Act::Edit { image, places, found, layers } => self.edit(image, &places, &found, layers),
            Act::AcceptAbove { layers, tenths } => self.accept_above(layers, tenths),
            Act::Repair { check, layers, spares_decided } => self.repair(check, layers, spares_decided),
            Act::Undo { on } => {
                let on = on.map(|place| self.images[place]);
                let taken = self.write(move |edit| on.map_or_else(|| edit.undo_latest(), |image| edit.undo_on(image)));
                let steps = self.model.history.undo(on);
                assert_eq!(taken.map(|taken| taken.id), steps.first().map(|step| step.id));
                self.model.turn(&steps);
            }
            Act::Redo { on } => {
                let on = on.map(|place| self.images[place]);
                let taken = self.write(move |edit| on.map_or_else(|| edit.redo_latest(), |image| edit.redo_on(image)));
                let steps = self.model.history.redo(on);
                assert_eq!(taken.map(|taken| taken.id), steps.first().map(|step| step.id));
                self.model.turn(&steps);
            }
        }
    }

    /// A new run of one image, propagated to another one.
    fn answer(&mut self, is_second_model: bool, found: Vec<NewAnnotation>, image: usize, to: Option<usize>) {
        let (image, to) = (self.images[image], to.map(|to| self.images[to]).filter(|to| *to != self.images[image]));
        let leads = QueuedImage { image, leader: None };
        let follows = to.map(|to| QueuedImage { image: to, leader: Some(image) });
        let run = NewRun {
            model: ModelId(if is_second_model { "b" } else { "a" }.into()),
            images: [leads].into_iter().chain(follows).collect(),
            ..new_run()
        };
        let run = self.write(move |edit| edit.add_run(&run, 7));
        let job = self.library.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().pop().unwrap();
        let annotations = found.clone();
        self.write(move |edit| {
            let attempt = edit.record_sent(job.id, PicoDollars::ZERO, 8)?;
            edit.record_received(attempt, "{}", None, 9)?;
            let outcome = JobOutcome::Done { attempts: vec![attempt], annotations, reading: Reading::default() };
            edit.settle_job(run, &job, &cats(), &outcome, None, 10)
        });
        self.model.models.push((run, is_second_model));
        self.model.propose(run, image, None, found);
        if let Some(to) = to {
            let source = self.model.images[&image].annotations.clone();
            self.model.propose(run, to, Some(image), propagated(run, source, SIZE, SIZE));
        }
    }

    fn decide(&mut self, image: ImageId, scope: DecisionScope, accepts: bool, layers: usize) {
        let verdict = if accepts { Verdict::Accept } else { Verdict::Reject { reason: Some(RejectReason::Other) } };
        let layers = self.layers(layers);
        let (decision, shown) = (Decision { image, scope, verdict }, layers.clone());
        self.write(move |edit| edit.decide(&decision, &shown, 20));
        self.model.take(image, None, &layers, |image, context| decide(image, scope, verdict, context).ok());
    }

    fn edit(&mut self, image: usize, places: &[(usize, u8)], found: &NewAnnotation, layers: usize) {
        let (image, layers) = (self.images[image], self.layers(layers));
        let annotation =
            AnnotationContent { label: found.label.clone(), shape: found.shape.clone(), attributes: BTreeMap::new() };
        let annotations = &self.model.images[&image].annotations;
        let changes: Vec<AnnotationChange> = places
            .iter()
            .filter_map(|&(place, kind)| {
                let id = annotations.get(place).map(|annotation| annotation.id);
                match kind {
                    0 => Some(AnnotationChange::Change { id: id?, content: annotation.clone() }),
                    1 => Some(AnnotationChange::Remove { id: id? }),
                    2 => Some(AnnotationChange::Decide { id: id?, verdict: Verdict::Accept }),
                    3 => {
                        let (run, _) = *self.model.runs.get(&image)?.first()?;
                        Some(AnnotationChange::Adopt { run, content: annotation.clone(), confidence: found.confidence })
                    }
                    _ => Some(AnnotationChange::Add { content: annotation.clone() }),
                }
            })
            .collect();
        let latest = self.model.latest_id;
        let rule = |image: &AnnotatedImage, context: Context<'_>| {
            edit(image, &changes, &LabelColors::default(), latest, context).ok()
        };
        let (asked, shown) = (ImageEdit { image, changes: changes.clone() }, layers.clone());
        let saved = self.library.store.write_blocking(move |edit| edit.edit_annotations(&asked, &shown, 30));
        let steps = self.model.latest_step;
        self.model.take(image, None, &layers, rule);
        assert_eq!(saved.is_ok(), self.model.latest_step > steps, "{saved:?}");
    }

    fn accept_above(&mut self, layers: usize, tenths: u8) {
        let layers = self.layers(layers);
        let request = AuditRequest {
            query: ImageQuery { layers: Some(layers.clone()), ..ImageQuery::default() },
            label: "bicycle".into(),
            threshold: Share(f64::from(tenths) / 10.0),
            sample: 1,
            error_limit: Share(0.05),
        };
        let latest = AnnotationId(self.model.latest_id);
        let about: Vec<(ImageId, AnnotationId)> = self
            .model
            .images
            .iter()
            .flat_map(|(image, annotated)| annotated.annotations.iter().map(move |one| (*image, one)))
            .filter(|(_, annotation)| request.is_about(annotation, latest))
            .map(|(image, annotation)| (image, annotation.id))
            .collect();
        let asked = request.clone();
        let found = self.library.store.read_blocking(|view| view.proposals_above(&asked, latest.0, &[])).unwrap();
        assert_eq!(found, about);
        self.write(move |edit| {
            let id = edit.add_audit(&request, latest.0, 1, &found, 40)?;
            edit.accept_audited(id, &[], 41)
        });
        self.model.latest_bulk_edit += 1;
        let bulk_edit = self.model.latest_bulk_edit;
        for of_image in about.chunk_by(|one, other| one.0 == other.0) {
            let ids: Vec<AnnotationId> = of_image.iter().map(|(_, id)| *id).collect();
            let rule = |image: &AnnotatedImage, context: Context<'_>| Some(accept(image, &ids, context));
            self.model.take(of_image[0].0, Some(bulk_edit), &layers, rule);
        }
    }

    fn repair(&mut self, check: Check, layers: usize, spares_decided: bool) {
        let (layers, images) = (self.layers(layers), self.images.clone());
        while self.write(|edit| edit.look_through(10)) {}
        let shown = layers.clone();
        let changed = self.write(move |edit| edit.repair(check, &images, &shown, spares_decided, 50));
        let meant = self.model.meant();
        self.model.latest_bulk_edit += 1;
        let (bulk_edit, steps) = (self.model.latest_bulk_edit, self.model.latest_step);
        for image in self.images.clone() {
            self.model.take(image, Some(bulk_edit), &layers, |image, context| {
                let shown: Vec<Annotation> =
                    image.annotations.iter().filter(|one| context.layers.shows(one)).cloned().collect();
                let placed = misplaced(image.size, &image.annotations, |_| None);
                let mut found = findings(image.size, &shown, &placed, &meant);
                found.retain(|finding| finding.check == check);
                repair(image, &found, spares_decided, &LabelColors::default(), context)
            });
        }
        assert_eq!(changed.images, self.model.latest_step - steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_library_is_what_the_rules_say(acts in prop::collection::vec(acts(), 1..24)) {
        let mut twins = Twins::new();
        for act in acts {
            let what = format!("{act:?}");
            twins.act(act);
            for (image, wanted) in &twins.model.images {
                let colorless = |one: Annotation| Annotation { color: 1, ..one };
                let saved: Vec<Annotation> = twins.library.annotations(*image).into_iter().map(colorless).collect();
                let wanted_annotations: Vec<Annotation> = wanted.annotations.iter().cloned().map(colorless).collect();
                prop_assert_eq!(saved, wanted_annotations, "image {} after {}", image, what);
                let saved = twins.review(*image);
                prop_assert_eq!(saved, wanted.review, "image {} after {}", image, what);
            }
        }
    }
}
