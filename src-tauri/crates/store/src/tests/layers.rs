//! Layers: what a view of some runs shows, counts and decides.

use domain::annotation::AttributeValue;
use domain::ids::AnnotationId;
use domain::library::ImageCard;
use domain::query::{Condition, Share, Span, Trait, parse};
use domain::review::audit::AuditRequest;
use domain::review::checks::Check;
use domain::review::{AnnotationChange, AnnotationContent, ImageEdit};
use proptest::prelude::*;

use super::gallery::kept_and_counted;
use super::*;

mod consistency;

fn found(label: &str, x: f64, confidence: Option<f32>) -> NewAnnotation {
    let shape = Shape::Box { rect: Rect::new(x, 10.0, x + 100.0, 200.0) };
    let attributes = (label == "dog").then(|| ("fur".to_owned(), AttributeValue::Text("long".into())));
    NewAnnotation { label: label.into(), shape, confidence, attributes: attributes.into_iter().collect() }
}

impl Library {
    /// A run of its own model, so that its proposals are shown beside those of other runs.
    fn layer(&self, model: &str, answers: Vec<(ImageId, Vec<NewAnnotation>)>) -> RunId {
        let run = NewRun {
            model: ModelId(model.into()),
            images: answers.iter().map(|(image, _)| QueuedImage { image: *image, leader: None }).collect(),
            ..new_run()
        };
        let run = self.store.write_blocking(move |edit| edit.add_run(&run, 7)).unwrap();
        for (_, annotations) in answers {
            let job = self.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().pop().unwrap();
            self.store
                .write_blocking(move |edit| {
                    let attempt = edit.record_sent(job.id, PicoDollars::ZERO, 8)?;
                    edit.record_received(attempt, "{}", None, 9)?;
                    let outcome =
                        JobOutcome::Done { attempts: vec![attempt], annotations, reading: Reading::default() };
                    edit.settle_job(run, &job, &cats(), &outcome, None, 10)
                })
                .unwrap();
        }
        run
    }

    fn card_in(&self, image: ImageId, layers: &LayerScope) -> ImageCard {
        self.store.read_blocking(|view| view.image_cards(&[image], layers, &[])).unwrap().remove(0)
    }

    fn decide_in(&self, image: ImageId, scope: DecisionScope, verdict: Verdict, layers: &LayerScope) {
        let (decision, layers) = (Decision { image, scope, verdict }, layers.clone());
        self.store.write_blocking(move |edit| edit.decide(&decision, &layers, 20)).unwrap();
    }

    fn draw(&self, image: ImageId, label: &str) {
        let shape = Shape::Box { rect: Rect::new(300.0, 300.0, 350.0, 350.0) };
        let annotation = AnnotationContent { label: label.into(), shape, attributes: BTreeMap::new() };
        let edit = ImageEdit { image, changes: vec![AnnotationChange::Add { content: annotation }] };
        self.store.write_blocking(move |store| store.edit_annotations(&edit, &LayerScope::All, 30)).unwrap();
    }

    fn found_by(&self, query: &ImageQuery) -> Vec<ImageId> {
        let ids = self.store.read_blocking(|view| view.image_ids(query, &[])).unwrap();
        let counts = self.store.read_blocking(|view| view.filter_counts(query, &[])).unwrap();
        assert_eq!(counts.found as usize, ids.len(), "{query:?}");
        ids
    }
}

fn ids_of(card: &ImageCard) -> Vec<AnnotationId> {
    card.annotations.iter().map(|annotation| annotation.id).collect()
}

#[test]
fn a_run_is_reviewed_without_the_proposals_of_other_runs() {
    let library = Library::new();
    let (image, other) = (library.add_image(1), library.add_image(2));
    let cats = |count: u32| (0..count).map(|at| found("cat", 10.0 * f64::from(at), Some(0.9))).collect::<Vec<_>>();
    let first = library.layer("a", vec![(image, cats(3)), (other, cats(1))]);
    let second = library.layer("b", vec![(image, cats(2)), (other, vec![])]);
    let (one, two) = (LayerScope::of_run(first), LayerScope::of_run(second));
    assert_eq!(
        [&one, &two, &LayerScope::All].map(|layers| library.card_in(image, layers).annotations.len()),
        [3, 2, 5]
    );

    library.decide_in(image, DecisionScope::Image, Verdict::Accept, &two);
    let states = |image| [&one, &two, &LayerScope::All].map(|layers| library.card_in(image, layers).review);
    let [open, done] = [ReviewState::Unreviewed, ReviewState::Reviewed];
    assert_eq!(states(image), [open, done, open]);
    let card = library.card_in(image, &one);
    let statuses: Vec<Status> = card.annotations.iter().map(|annotation| annotation.status).collect();
    assert_eq!(statuses, [Status::Proposed, Status::Proposed, Status::Proposed, Status::Accepted, Status::Accepted]);
    let summary = |run| library.store.read_blocking(|view| view.run(run)).unwrap();
    assert_eq!((summary(first).reviewed_count, summary(second).reviewed_count), (0, 1));
    assert_eq!((summary(first).undecided_count, summary(second).undecided_count), (4, 0));

    // The second run found nothing: confirming it empty is a decision about the image.
    library.decide_in(other, DecisionScope::Image, Verdict::Accept, &two);
    assert_eq!(states(other), [open, ReviewState::ConfirmedEmpty, open]);

    // A later run does not revert decisions made in another layer.
    let third = library.layer("c", vec![(image, vec![found("dog", 0.0, None)])]);
    assert_eq!(states(image), [open, done, open]);
    assert_eq!(library.card_in(image, &LayerScope::of_run(third)).review, open);
    library.store.write_blocking(move |edit| edit.take_back_proposals(third)).unwrap();
    library.store.write_blocking(move |edit| edit.take_back_proposals(first)).unwrap();
    assert_eq!(states(image), [done; 3]);
    library.store.write_blocking(move |edit| edit.undo_on(image)).unwrap();
    assert_eq!(states(image), [open; 3]);
}

#[test]
fn a_later_run_of_the_same_model_and_recipe_takes_nothing_from_the_layer_of_an_earlier_one() {
    let library = Library::new();
    let (both, emptied) = (library.add_image(1), library.add_image(2));
    let [left, right, shifted] = [0.0, 200.0, 1.0].map(|x| found("cat", x, Some(0.9)));
    let first = library.layer("a", vec![(both, vec![left.clone(), right.clone()]), (emptied, vec![left.clone()])]);
    let second = library.layer("a", vec![(both, vec![shifted]), (emptied, vec![])]);
    let (one, two) = (LayerScope::of_run(first), LayerScope::of_run(second));
    let shown = |image| [&one, &two, &LayerScope::All].map(|layers| library.card_in(image, layers).annotations.len());
    assert_eq!((shown(both), shown(emptied)), ([2, 1, 1], [1, 0, 0]));
    let open = |image, layers| library.card_in(image, layers).review == ReviewState::Unreviewed;
    assert!(open(emptied, &one));
    let labels = || library.store.read_blocking(|view| view.label_counts(None)).unwrap()[0].count;
    assert_eq!(labels(), 1);
    let summary = |run| library.store.read_blocking(|view| view.run(run)).unwrap().undecided_count;
    assert_eq!((summary(first), summary(second)), (3, 1));

    // A decision is about the annotation, in whichever run it was shown.
    library.decide_in(both, DecisionScope::Image, Verdict::Accept, &one);
    assert_eq!(shown(both), [2, 2, 2]);
    assert!(library.card_in(both, &two).annotations.iter().all(|annotation| annotation.status == Status::Accepted));
    assert_eq!((summary(first), summary(second)), (1, 0));
    library.store.write_blocking(|edit| edit.undo_latest()).unwrap();
    assert_eq!((shown(both), summary(second)), ([2, 1, 1], 1));
    library.store.write_blocking(|edit| edit.redo_latest()).unwrap();
    assert_eq!(shown(both), [2, 2, 2]);
    library.store.write_blocking(|edit| edit.undo_latest()).unwrap();

    // A third run is undone first, then the second: the proposal of the first is shown again.
    let third = library.layer("a", vec![(both, vec![]), (emptied, vec![right])]);
    assert_eq!((shown(both), shown(emptied)), ([2, 1, 0], [1, 0, 1]));
    let undo = |run| library.store.write_blocking(move |edit| edit.take_back_proposals(run)).unwrap();
    assert_eq!(undo(second), 1);
    assert_eq!((shown(both), shown(emptied)), ([2, 0, 0], [1, 0, 1]));
    assert_eq!(undo(third), 1);
    assert_eq!((shown(both), shown(emptied)), ([2, 0, 2], [1, 0, 1]));
    assert_eq!(labels(), 3);
}

#[test]
fn undoing_a_decision_does_not_bring_back_proposals_of_an_undone_run() {
    let library = Library::new();
    let (image, other) = (library.add_image(1), library.add_image(2));
    let cat = || vec![found("cat", 0.0, Some(0.9))];
    let first = library.layer("a", vec![(image, cat())]);
    let second = library.layer("a", vec![(image, cat()), (other, cat())]);
    let undo = || library.store.write_blocking(|edit| edit.undo_latest()).unwrap();
    let origins = |image| {
        library.annotations(image).iter().map(|annotation| (annotation.origin, annotation.status)).collect::<Vec<_>>()
    };

    library.decide_in(other, DecisionScope::Image, Verdict::Accept, &LayerScope::All);
    library.decide_in(image, DecisionScope::Image, Verdict::Accept, &LayerScope::of_run(first));
    library.store.write_blocking(move |edit| edit.take_back_proposals(second)).unwrap();
    undo();
    assert_eq!(origins(image), [(Origin::Run { run: first }, Status::Proposed)]);
    // An accepted annotation of the undone run becomes a proposal again, and is removed with the others.
    let accepted = [(Origin::Run { run: second }, Status::Accepted)];
    assert_eq!(origins(other), accepted);
    undo();
    assert_eq!(origins(other), []);
    library.store.write_blocking(|edit| edit.redo_latest()).unwrap();
    assert_eq!(origins(other), accepted);
    assert_eq!(library.review(other), ReviewState::Reviewed);
}

#[test]
fn a_failure_and_the_uncertainty_of_an_image_are_those_of_the_layers_shown() {
    let library = Library::new();
    let (sure, unsure) = (library.add_image(1), library.add_image(2));
    let cat = |confidence| vec![found("cat", 0.0, Some(confidence))];
    let first = library.layer("a", vec![(sure, cat(0.9)), (unsure, cat(0.6))]);
    let second = library.layer("b", vec![(sure, cat(0.2)), (unsure, cat(0.5))]);
    let failed = library.add_run(vec![sure]);
    let job = library.store.read_blocking(|view| view.waiting_jobs(failed, None, 1)).unwrap().pop().unwrap();
    let failure = JobFailure { attempt: None, kind: FailureKind::Refused, detail: "no".into() };
    let outcome = JobOutcome::Failed(failure);
    library.store.write_blocking(move |edit| edit.settle_job(failed, &job, &cats(), &outcome, None, 10)).unwrap();
    while library.store.write_derived_blocking(|edit| edit.look_through(9)).unwrap() {}

    let scopes = [LayerScope::All, LayerScope::of_run(failed), LayerScope::of_run(first)];
    assert_eq!(scopes.each_ref().map(|layers| library.card_in(sure, layers).failure.is_some()), [true, true, false]);
    for test in [Test::Image { state: ImageState::Failed }, Test::Failure { failure: FailureKind::Refused }] {
        let found_in = |layers: &LayerScope| {
            library.found_by(&ImageQuery { layers: Some(layers.clone()), ..ImageQuery::of([test.clone()]) })
        };
        assert_eq!(scopes.each_ref().map(found_in), [vec![sure], vec![sure], vec![]], "{test:?}");
    }
    let counted = |layers: &LayerScope| {
        let query = ImageQuery { layers: Some(layers.clone()), ..ImageQuery::default() };
        library.store.read_blocking(|view| view.filter_counts(&query, &[])).unwrap().failures.len()
    };
    assert_eq!(scopes.each_ref().map(counted), [1, 1, 0]);
    let by_uncertainty = |run| {
        let layers = Some(LayerScope::of_run(run));
        library.found_by(&ImageQuery { layers, order: ImageOrder::Uncertainty, ..ImageQuery::default() })
    };
    assert_eq!((by_uncertainty(first), by_uncertainty(second)), (vec![unsure, sure], vec![sure, unsure]));
}

#[test]
fn an_image_with_an_open_proposal_is_not_confirmed_empty() {
    let library = Library::new();
    let image = library.add_image(1);
    library.layer("a", vec![(image, vec![found("cat", 0.0, Some(0.9))])]);
    library.decide_in(image, DecisionScope::Image, Verdict::Accept, &LayerScope::All);
    library.layer("b", vec![(image, vec![found("dog", 200.0, None)])]);
    let [approved, proposed] = [0, 1].map(|place| library.annotations(image)[place].id);
    let stated = || library.card_in(image, &LayerScope::Runs { runs: vec![] }).review;
    let edit = ImageEdit { image, changes: vec![AnnotationChange::Remove { id: approved }] };
    library.store.write_blocking(move |store| store.edit_annotations(&edit, &LayerScope::All, 30)).unwrap();
    assert_eq!(stated(), ReviewState::Reviewed);
    let reject = Verdict::Reject { reason: None };
    library.decide_in(image, DecisionScope::Annotation { id: proposed }, reject, &LayerScope::All);
    assert_eq!(stated(), ReviewState::ConfirmedEmpty);
}

#[test]
fn a_cut_off_answer_is_reviewed_in_the_layer_of_its_run() {
    let library = Library::new();
    let image = library.add_image(1);
    library.layer("a", vec![(image, vec![found("cat", 0.0, Some(0.9))])]);
    library.decide_in(image, DecisionScope::Image, Verdict::Accept, &LayerScope::All);
    let run = library.layer("b", vec![(image, vec![found("dog", 200.0, None)])]);
    library
        .store
        .write_blocking(move |edit| {
            let sql = "UPDATE jobs SET reading = json_set(coalesce(reading, '{}'), '$.is_cut_short', json('true'))
                       WHERE run_id = ?1";
            Ok(edit.0.0.execute(sql, [run.0])?)
        })
        .unwrap();
    let cut_off = || library.store.read_blocking(|view| view.cut_off_images(run)).unwrap().0;
    assert_eq!(cut_off(), 1);
    library.decide_in(image, DecisionScope::Image, Verdict::Accept, &LayerScope::of_run(run));
    assert_eq!(cut_off(), 0);
}

#[test]
fn accepting_above_a_threshold_is_about_the_layers_of_the_question() {
    let library = Library::new();
    let images: Vec<ImageId> = (1..=3).map(|seed| library.add_image(seed)).collect();
    let answers = |confidence: f32, count: u32| -> Vec<_> {
        let cats = |_| (0..count).map(|at| found("cat", 10.0 * f64::from(at), Some(confidence))).collect();
        images.iter().copied().map(|image| (image, cats(image))).collect()
    };
    let first = library.layer("a", answers(0.95, 4));
    let second = library.layer("b", answers(0.85, 1));
    library.draw(images[0], "cat");

    let asked = |text: &str, layers| ImageQuery { conditions: parse(text).unwrap(), layers, ..ImageQuery::default() };
    let counted = |query: &ImageQuery| -> u32 {
        let labels = library.store.read_blocking(|view| view.proposal_confidences(query, &[])).unwrap();
        labels.iter().map(|label| label.hundredths.iter().sum::<u32>() + label.unstated).sum()
    };
    let named = asked(&format!("run:{second}"), None);
    assert_eq!(counted(&named), 3, "a run that is named is the layer");
    assert_eq!(counted(&asked("", Some(LayerScope::of_run(second)))), 3);
    assert_eq!(counted(&asked("", None)), 15);
    assert_eq!(counted(&asked("", Some(LayerScope::Runs { runs: Vec::new() }))), 0);

    let request =
        AuditRequest { query: named, label: "cat".into(), threshold: Share(0.8), sample: 1, error_limit: Share(0.05) };
    let latest = library.store.read_blocking(|view| view.latest_annotation()).unwrap();
    let proposals = library.store.read_blocking(|view| view.proposals_above(&request, latest, &[])).unwrap();
    assert_eq!(proposals.len(), 3);
    let audit = library
        .store
        .write_blocking(move |edit| {
            let audit = edit.add_audit(&request, latest, 3, &proposals[..1], 40)?;
            edit.accept_audited(audit, &[], 41)?;
            Ok(audit)
        })
        .unwrap();
    assert_eq!(library.store.read_blocking(|view| view.audit(audit)).unwrap().accepted, Some(3));
    let open = |run| library.store.read_blocking(|view| view.run(run)).unwrap().undecided_count;
    assert_eq!((open(first), open(second)), (12, 0));
    let reviewed = asked("status:reviewed", Some(LayerScope::of_run(second)));
    assert_eq!(library.found_by(&reviewed), images);
}

#[test]
fn equal_proposals_of_two_runs_are_not_duplicates_in_any_view() {
    let library = Library::new();
    let image = library.add_image(1);
    let first = library.layer("a", vec![(image, vec![found("cat", 10.0, Some(0.9))])]);
    let second = library.layer("b", vec![(image, vec![found("cat", 11.0, Some(0.5)), found("cat", 10.5, Some(0.4))])]);
    while library.store.write_derived_blocking(|edit| edit.look_through(9)).unwrap() {}
    let asked =
        |layers| ImageQuery { layers: Some(layers), ..ImageQuery::of([Test::Check { check: Check::Duplicate }]) };
    let mistakes =
        |layers: &LayerScope| library.store.read_blocking(|view| view.findings_on(image, layers)).unwrap().len();
    let [one, two] = [first, second].map(LayerScope::of_run);
    assert_eq!((library.found_by(&asked(one.clone())), mistakes(&one)), (vec![], 0));
    assert_eq!((library.found_by(&asked(two.clone())), mistakes(&two)), (vec![image], 1));
    assert_eq!((library.found_by(&asked(LayerScope::All)), mistakes(&LayerScope::All)), (vec![image], 1));
    let swept =
        library.store.write_blocking(move |edit| edit.repair(Check::Duplicate, &[image], &two, false, 50)).unwrap();
    assert_eq!(swept.annotations, 1);
    assert_eq!(library.statuses(image), [Status::Proposed, Status::Proposed, Status::Rejected]);
}

#[test]
fn a_library_from_before_keeps_what_people_said_about_images() {
    let library = Library::new();
    let (said, open) = (library.add_image(1), library.add_image(2));
    let first = library.layer("a", vec![(said, vec![found("cat", 0.0, Some(0.9))]), (open, vec![])]);
    library.decide_in(said, DecisionScope::Image, Verdict::Accept, &LayerScope::All);
    let second = library.layer("b", vec![(said, vec![found("dog", 200.0, None)])]);
    let kept = |sql: &'static str| -> Vec<String> {
        library
            .store
            .read_blocking(|view| {
                let mut statement = view.0.prepare(sql)?;
                let rows = statement.query_map([], |row| row.get(0))?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .unwrap()
    };
    let figures = "SELECT concat_ws(' ', run_id, image_id, proposed, rejected, least_certain) FROM layer_figures
                   WHERE proposed + rejected > 0";
    let before = kept(figures);
    // As the previous version left it: the new proposal had made the image unreviewed.
    let connection = Connection::open(library.store.path()).unwrap();
    connection
        .execute_batch(
            "UPDATE images SET review = 'unreviewed';
             DROP TRIGGER layer_figures_annotation_added; DROP TRIGGER layer_figures_annotation_gone;
             DROP TRIGGER layer_figures_annotation_decided; DROP TABLE layer_figures; DROP INDEX annotations_approved;",
        )
        .unwrap();
    connection.execute_batch(include_str!("../migration/0013_layers.sql")).unwrap();
    drop(connection);
    assert_eq!(kept(figures), before);
    let state = |image, run| library.card_in(image, &LayerScope::of_run(run)).review;
    assert_eq!((state(said, first), state(said, second)), (ReviewState::Reviewed, ReviewState::Unreviewed));
    assert_eq!(state(open, first), ReviewState::Unreviewed);
}

#[test]
fn questions_about_a_layer_look_at_its_rows_alone() {
    let library = Library::new();
    let plan = |sql: &'static str| {
        library
            .store
            .read_blocking(|view| {
                let mut statement = view.0.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let steps = statement.query_map([], |row| row.get::<_, String>(3))?;
                Ok(steps.collect::<rusqlite::Result<Vec<_>>>()?.join("; "))
            })
            .unwrap()
    };
    for (sql, index) in [
        (
            "SELECT image_id FROM annotations WHERE run_id = 1 AND status = 'proposed' AND label = 'cat'",
            "COVERING INDEX annotations_by_run (run_id=? AND status=? AND label=?)",
        ),
        (
            "SELECT image_id FROM annotations WHERE label = 'cat' AND status IN ('accepted', 'edited')",
            "COVERING INDEX annotations_approved (label=? AND status=?)",
        ),
        ("SELECT image_id FROM layer_figures WHERE run_id = 1 AND proposed > 0", "USING PRIMARY KEY (run_id=?)"),
        ("SELECT image_id FROM annotations WHERE run_id IS NULL AND status = 'rejected'", "(run_id=? AND status=?)"),
        (
            "SELECT image_id FROM annotations WHERE status <> 'rejected' AND confidence IS NOT NULL AND confidence >= 0.2
             AND (status <> 'proposed' OR run_id IS NULL OR run_id IN (1, 2))",
            "COVERING INDEX annotations_by_confidence",
        ),
        (
            "SELECT image_id, attributes FROM annotations WHERE attributes <> '{}' AND status <> 'rejected'
             AND (status <> 'proposed' OR run_id IS NULL OR run_id IN (1))",
            "COVERING INDEX annotations_with_attributes",
        ),
        (
            "SELECT image_id, annotations.id FROM annotations WHERE label = 'cat' AND status = 'proposed'
             AND confidence >= 0.5 AND annotations.id <= 90 AND run_id IN (1) ORDER BY image_id, annotations.id",
            "COVERING INDEX annotations_by_run (run_id=? AND status=? AND label=?)",
        ),
        ("SELECT image_id FROM mistakes WHERE kind = 'tiny' AND NOT is_superseded", "COVERING INDEX mistakes_by_kind"),
        (
            "SELECT min(coalesce(confidence, 0)) FROM annotations
             WHERE image_id = 1 AND status = 'proposed' AND +run_id = 2",
            "INDEX annotations_by_image (image_id=? AND status=?)",
        ),
    ] {
        let plan = plan(sql);
        assert!(plan.contains(index), "{sql}: {plan}");
    }
}

#[test]
fn deciding_again_takes_the_repetitions_of_other_runs_along() {
    let library = Library::new();
    let image = library.add_image(1);
    let first = library.layer("a", vec![(image, vec![found("dog", 10.0, Some(0.9))])]);
    let second = library.layer("a", vec![(image, vec![found("cat", 10.0, Some(0.8))])]);
    let of_run = |run| library.annotations(image).into_iter().find(|annotation| annotation.origin.run() == Some(run));
    let dog = of_run(first).unwrap();
    let content = AnnotationContent { label: "cat".into(), shape: dog.shape, attributes: BTreeMap::new() };
    let edit = ImageEdit { image, changes: vec![AnnotationChange::Change { id: dog.id, content }] };
    library.store.write_blocking(move |store| store.edit_annotations(&edit, &LayerScope::All, 30)).unwrap();
    assert_eq!((of_run(first).unwrap().status, of_run(second).unwrap().status), (Status::Edited, Status::Proposed));

    // Now the second run's is the only proposal, and it repeats the decided one again.
    let reject =
        Decision { image, scope: DecisionScope::Annotation { id: dog.id }, verdict: Verdict::Reject { reason: None } };
    library.store.write_blocking(move |edit| edit.decide(&reject, &LayerScope::All, 31)).unwrap();
    assert_eq!(of_run(second), None);
}
