//! Findings, uncertainty and audits in the library.

use domain::query::{Condition, ImageOrder, ImageQuery, Share, Test as Asked};
use domain::review::audit::{AuditRequest, SampleVerdict};
use domain::review::checks::Check;

use super::*;

fn found(label: &str, rect: Rect, confidence: f32) -> NewAnnotation {
    NewAnnotation { label: label.into(), shape: Shape::Box { rect }, confidence: Some(confidence), ..cat(confidence) }
}

/// A quarter of the image, which is 640 x 480 in these tests.
const SOUND: Rect = Rect::new(20.0, 20.0, 340.0, 260.0);

impl Library {
    fn propose(&self, run: RunId, annotations: Vec<NewAnnotation>) {
        let job = self.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().pop().unwrap();
        self.store
            .write_blocking(move |edit| {
                let attempt = edit.record_sent(job.id, PicoDollars::ZERO, 8)?;
                edit.record_received(attempt, "{}", None, 9)?;
                let outcome = JobOutcome::Done { attempts: vec![attempt], annotations, reading: Reading::default() };
                edit.settle_job(
                    run,
                    &job,
                    &cats(),
                    &outcome,
                    Some(JobTiming { took_millis: 40.0, alone_millis: None }),
                    10,
                )
            })
            .unwrap();
    }

    fn look_through(&self) {
        while self.store.write_derived_blocking(|edit| edit.look_through(2)).unwrap() {}
    }

    fn with_mistake(&self, check: Check) -> Vec<ImageId> {
        self.look_through();
        let query = ImageQuery { conditions: vec![Condition::holds(Asked::Check { check })], ..ImageQuery::default() };
        let counted = self.store.read_blocking(|view| view.filter_counts(&ImageQuery::default(), &[])).unwrap();
        let count = counted.checks.iter().find(|counted| counted.filter == check).map_or(0, |counted| counted.count);
        let images = self.store.read_blocking(|view| view.image_ids(&query, &[])).unwrap();
        assert_eq!(images.len(), count as usize, "the count beside the filter is of what it finds");
        images
    }

    fn by_uncertainty(&self) -> Vec<ImageId> {
        self.look_through();
        let query = ImageQuery { order: ImageOrder::Uncertainty, ..ImageQuery::default() };
        self.store.read_blocking(|view| view.image_ids(&query, &[])).unwrap()
    }

    fn repair(&self, check: Check) -> (u32, u32) {
        let images = self.with_mistake(check);
        let changed =
            self.store.write_blocking(move |edit| edit.repair(check, &images, &LayerScope::All, false, 50)).unwrap();
        (changed.images, changed.annotations)
    }
}

#[test]
fn mistakes_are_found_repaired_and_taken_back_as_one() {
    let library = Library::new();
    let images: Vec<ImageId> = (1..=4).map(|seed| library.add_image(seed)).collect();
    let run = library.add_run(images.clone());
    let beside = Rect::new(25.0, 20.0, 340.0, 260.0);
    library.propose(run, vec![found("cat", SOUND, 0.9), found("cat", beside, 0.4)]);
    library.propose(run, vec![found("cat", SOUND, 0.9), found("cat", Rect::new(500.0, 20.0, 510.0, 30.0), 0.8)]);
    library.propose(
        run,
        vec![
            found("cat", SOUND, 0.5),
            found("cat", beside, 0.6),
            found("Cat", Rect::new(400.0, 100.0, 600.0, 400.0), 0.7),
        ],
    );
    library.propose(run, vec![found("cat", SOUND, 0.95)]);

    assert_eq!(library.with_mistake(Check::Duplicate), [images[0], images[2]]);
    assert_eq!(library.with_mistake(Check::Tiny), [images[1]]);
    assert_eq!(library.with_mistake(Check::Misspelled), [images[2]]);
    assert!(library.with_mistake(Check::Huge).is_empty());
    let on_third = library.store.read_blocking(|view| view.findings_on(images[2], &LayerScope::All)).unwrap();
    let annotations = library.annotations(images[2]);
    assert_eq!(
        on_third.iter().map(|finding| (finding.check, finding.annotation, finding.other)).collect::<Vec<_>>(),
        [(Check::Duplicate, annotations[0].id, Some(annotations[1].id)), (Check::Misspelled, annotations[2].id, None)]
    );
    assert_eq!(on_third[1].repair.label(), Some("cat"));
    assert_eq!(library.by_uncertainty()[3], images[3], "what nothing speaks against comes last");

    let before: Vec<_> = images.iter().map(|&image| library.annotations(image)).collect();
    assert_eq!(library.repair(Check::Duplicate), (2, 2));
    let reasons: Vec<_> =
        library.annotations(images[0]).iter().map(|annotation| (annotation.status, annotation.reject_reason)).collect();
    assert_eq!(reasons, [(Status::Proposed, None), (Status::Rejected, Some(RejectReason::Duplicate))]);
    assert_eq!(library.repair(Check::Misspelled), (1, 1));
    assert_eq!(library.annotations(images[2])[2].label, "cat");
    assert_eq!(library.annotations(images[2])[2].status, Status::Edited);
    for check in Check::ALL.into_iter().filter(|&check| check != Check::Tiny) {
        assert!(library.with_mistake(check).is_empty(), "{check:?}");
    }

    library.store.write_blocking(|edit| edit.undo_latest()).unwrap();
    let undone = library.store.write_blocking(|edit| edit.undo_latest()).unwrap().unwrap();
    assert_eq!(undone.others, 1, "a repair of two images is one step");
    assert_eq!(images.iter().map(|&image| library.annotations(image)).collect::<Vec<_>>(), before);
    assert_eq!(library.with_mistake(Check::Duplicate).len(), 2);
}

#[test]
fn what_is_usual_for_a_label_follows_its_annotations() {
    let library = Library::new();
    let images: Vec<ImageId> = (1..=45).map(|seed| library.add_image(seed)).collect();
    let run = library.add_run(images.clone());
    let tall = Rect::new(20.0, 20.0, 100.0, 460.0);
    library.propose(run, vec![found("cat", tall, 0.9)]);
    assert!(library.with_mistake(Check::OddAspect).is_empty(), "one box is not usual");
    for _ in 1..images.len() {
        library.propose(run, vec![found("cat", SOUND, 0.9)]);
    }
    assert_eq!(library.with_mistake(Check::OddAspect), [images[0]], "looked through again once others are there");
}

#[test]
fn a_reviewed_image_is_the_least_uncertain() {
    let library = Library::new();
    let images: Vec<ImageId> = (1..=3).map(|seed| library.add_image(seed)).collect();
    let run = library.add_run(images.clone());
    for confidence in [0.9, 0.3, 0.6] {
        library.propose(run, vec![found("cat", SOUND, confidence)]);
    }
    assert_eq!(library.by_uncertainty(), [images[1], images[2], images[0]]);
    let decision = Decision { image: images[1], scope: DecisionScope::Image, verdict: Verdict::Accept };
    library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 20)).unwrap();
    assert_eq!(library.by_uncertainty(), [images[2], images[0], images[1]]);
}

#[test]
fn an_audit_accepts_what_its_sample_stands_for_and_no_more() {
    let library = Library::new();
    let images: Vec<ImageId> = (1..=5).map(|seed| library.add_image(seed)).collect();
    let run = library.add_run(images.clone());
    for confidence in [0.95, 0.9, 0.85, 0.5] {
        library.propose(run, vec![found("cat", SOUND, confidence), found("dog", SOUND, 0.9)]);
    }
    let confidences =
        library.store.read_blocking(|view| view.proposal_confidences(&ImageQuery::default(), &[])).unwrap();
    let cats = confidences.iter().find(|label| label.label == "cat").unwrap();
    let high: Vec<usize> = (0..100).filter(|&place| cats.hundredths[place] > 0).collect();
    assert_eq!((high, cats.unstated), (vec![50, 85, 90, 95], 0));

    let request = AuditRequest {
        query: ImageQuery::default(),
        label: "cat".into(),
        threshold: Share(0.8),
        sample: 2,
        error_limit: Share(0.05),
    };
    let asked = request.clone();
    let (latest, proposals) = library
        .store
        .read_blocking(|view| {
            Ok((view.latest_annotation()?, view.proposals_above(&asked, view.latest_annotation()?, &[])?))
        })
        .unwrap();
    assert_eq!(proposals.iter().map(|(image, _)| *image).collect::<Vec<_>>(), images[..3]);
    let drawn = proposals.clone();
    let id = library.store.write_blocking(move |edit| edit.add_audit(&request, latest, 3, &drawn, 60)).unwrap();
    // Proposed after the sample was drawn, so the sample says nothing about it.
    library.propose(run, vec![found("cat", SOUND, 0.99)]);

    for (place, verdict) in [(0, Verdict::Accept), (1, Verdict::Reject { reason: None })] {
        let scope = DecisionScope::Annotation { id: proposals[place].1 };
        let decision = Decision { image: proposals[place].0, scope, verdict };
        library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 61)).unwrap();
    }
    let looked_at = library.store.read_blocking(|view| view.audit(id)).unwrap();
    let verdicts: Vec<_> = looked_at.sample.iter().map(|annotation| annotation.verdict).collect();
    assert_eq!(verdicts, [Some(SampleVerdict::Right), Some(SampleVerdict::Wrong)]);
    assert_eq!(looked_at.error_rate.map(|rate| (rate.judged, rate.wrong)), Some((2, 1)));

    library.store.write_blocking(move |edit| edit.accept_audited(id, &[], 62)).unwrap();
    let accepted = library.store.read_blocking(|view| view.audit(id)).unwrap();
    assert_eq!(accepted.accepted, Some(1), "what was decided by hand is not counted");
    library.store.write_blocking(move |edit| edit.accept_audited(id, &[], 62)).unwrap();
    assert_eq!(library.store.read_blocking(|view| view.audit(id)).unwrap(), accepted, "once is enough");
    let cat_of =
        |image: ImageId| library.annotations(image).iter().find(|annotation| annotation.label == "cat").unwrap().status;
    let statuses: Vec<Status> = images.iter().map(|&image| cat_of(image)).collect();
    assert_eq!(statuses, [Status::Accepted, Status::Rejected, Status::Accepted, Status::Proposed, Status::Proposed]);
    assert_eq!(library.review(images[2]), ReviewState::Unreviewed, "the dog on it is still to be decided");

    library.store.write_blocking(|edit| edit.undo_latest()).unwrap();
    assert_eq!(cat_of(images[2]), Status::Proposed);
    // Undone steps are deleted with the next ones on their images; their number must not be reused.
    let decision =
        Decision { image: images[2], scope: DecisionScope::Image, verdict: Verdict::Reject { reason: None } };
    library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 63)).unwrap();
    assert_eq!(library.repair(Check::Duplicate), (0, 0));
    library
        .propose(library.add_run(vec![library.add_image(6)]), vec![found("cat", SOUND, 0.9), found("cat", SOUND, 0.8)]);
    assert_eq!(library.repair(Check::Duplicate), (1, 1));
    let undone = library.store.read_blocking(|view| view.audit(id)).unwrap();
    assert_eq!((undone.accepted, undone.error_rate.map(|rate| rate.wrong)), (None, Some(1)));
}

#[test]
fn a_larger_sample_goes_on_in_the_order_that_was_drawn() {
    let library = Library::new();
    let images: Vec<ImageId> = (1..=6).map(|seed| library.add_image(seed)).collect();
    let run = library.add_run(images);
    for _ in 0..6 {
        library.propose(run, vec![found("cat", SOUND, 0.9)]);
    }
    let request = AuditRequest {
        query: ImageQuery::default(),
        label: "cat".into(),
        threshold: Share(0.8),
        sample: 2,
        error_limit: Share(0.1),
    };
    let asked = request.clone();
    let (latest, mut drawn) = library
        .store
        .read_blocking(|view| {
            Ok((view.latest_annotation()?, view.proposals_above(&asked, view.latest_annotation()?, &[])?))
        })
        .unwrap();
    drawn.reverse();
    let order = drawn.clone();
    let id = library.store.write_blocking(move |edit| edit.add_audit(&request, latest, 6, &drawn, 60)).unwrap();
    let audit = || library.store.read_blocking(|view| view.audit(id)).unwrap();
    let sample = || audit().sample.iter().map(|drawn| (drawn.image, drawn.annotation)).collect::<Vec<_>>();
    assert_eq!((sample(), audit().reserve, audit().error_limit), (order[..2].to_vec(), 4, Share(0.1)));

    // An annotation decided elsewhere stays in the order: removing it would bias the sample.
    for (place, verdict) in [(0, Verdict::Accept), (2, Verdict::Reject { reason: None })] {
        let scope = DecisionScope::Annotation { id: order[place].1 };
        let decision = Decision { image: order[place].0, scope, verdict };
        library.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 61)).unwrap();
    }
    assert_eq!(audit().error_rate.map(|rate| (rate.judged, rate.wrong)), Some((1, 0)));
    library.store.write_blocking(move |edit| edit.extend_audit(id, 3)).unwrap();
    assert_eq!((sample(), audit().reserve), (order[..5].to_vec(), 1));
    assert_eq!(audit().error_rate.map(|rate| (rate.judged, rate.wrong)), Some((2, 1)), "the bound is of all looked at");
    library.store.write_blocking(move |edit| edit.extend_audit(id, 100)).unwrap();
    assert_eq!((sample(), audit().reserve), (order, 0));
}

#[test]
fn an_audit_from_before_has_its_sample_and_nothing_more() {
    let library = Library::new();
    let image = library.add_image(1);
    let run = library.add_run(vec![image]);
    library.propose(run, vec![found("cat", SOUND, 0.9)]);
    let annotation = library.annotations(image)[0].id;
    let request = AuditRequest {
        query: ImageQuery::default(),
        label: "cat".into(),
        threshold: Share(0.8),
        sample: 1,
        error_limit: Share(0.05),
    };
    let id = library
        .store
        .write_blocking(move |edit| {
            let id = edit.add_audit(&request, annotation.0, 1, &[(image, annotation)], 60)?;
            edit.0.0.execute("UPDATE audits SET sample_size = NULL", [])?;
            edit.extend_audit(id, 5)?;
            Ok(id)
        })
        .unwrap();
    let audit = library.store.read_blocking(|view| view.audit(id)).unwrap();
    assert_eq!((audit.sample.len(), audit.reserve), (1, 0));
}
