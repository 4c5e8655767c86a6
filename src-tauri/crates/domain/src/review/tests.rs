//! The rules of review hold for any image and any command.

mod arbitrary;

use std::collections::BTreeMap;

use proptest::prelude::*;

use self::arbitrary::*;
use super::audit::{AuditRequest, LabelConfidences, draw};
use super::checks::Check;
use super::decide::{accept, decide};
use super::edit::LabelColors;
use super::history::History;
use super::image::{AnnotatedImage, Context};
use super::propose::{is_withdrawn_with, propagated, propose};
use super::repair::{RepairExtent, repair};
use super::runs::RunsOnImage;
use super::{DecisionScope, Verdict};
use crate::annotation::{Annotation, Origin, ReviewState, Shape, Status};
use crate::geometry::PixelSize;
use crate::ids::{AnnotationId, BulkEditId, ImageId, RunId, StepId};
use crate::query::{ImageQuery, Share};

proptest! {
    #[test]
    fn undo_restores_exactly_what_was_there_and_redo_what_came_of_it(
        (image, runs) in images(),
        layers in layers(),
        commands in prop::collection::vec(commands(), 1..6),
    ) {
        let context = Context { layers: &layers, runs: &runs };
        let mut states = vec![image];
        let mut diffs = Vec::new();
        for command in &commands {
            let before = states.last().unwrap();
            let Some(diff) = carry_out(command, before, context) else { continue };
            let after = before.clone().redone(&diff, &runs);
            prop_assert!(after.annotations.is_sorted_by_key(|annotation| annotation.id));
            prop_assert_eq!(after.review, diff.review_after);
            states.push(after);
            diffs.push(diff);
        }
        for (place, diff) in diffs.iter().enumerate().rev() {
            prop_assert_eq!(&states[place + 1].clone().undone(diff, &runs), &states[place]);
            prop_assert_eq!(&states[place].clone().redone(diff, &runs), &states[place + 1]);
        }
    }

    #[test]
    fn what_is_saved_is_the_difference(
        (image, runs) in images(), layers in layers(), command in commands(),
    ) {
        let Some(diff) = carry_out(&command, &image, Context { layers: &layers, runs: &runs }) else { return Ok(()) };
        let after = image.clone().redone(&diff, &runs);
        let mut saved = image.clone();
        for change in after.changes_since(&image) {
            prop_assert_ne!(&change.before, &change.after);
            saved.put(change.before.as_ref(), change.after.as_ref());
        }
        prop_assert_eq!(saved.annotations, after.annotations);
    }

    /// A decision about an image changes undecided proposals alone, and those that the person sees.
    #[test]
    fn a_decision_is_never_lost(
        (image, runs) in images(), layers in layers(), accepts in any::<bool>(),
    ) {
        let context = Context { layers: &layers, runs: &runs };
        let diff = decide(&image, DecisionScope::Image, verdict(accepts), context).unwrap();
        let after = image.clone().redone(&diff, &runs);
        for annotation in &image.annotations {
            let now = after.annotation(annotation.id).ok();
            if annotation.status != Status::Proposed {
                prop_assert_eq!(now, Some(annotation));
            } else if layers.shows(annotation) {
                let status = if accepts { Status::Accepted } else { Status::Rejected };
                prop_assert_eq!(now.map(|now| now.status), Some(status));
            } else if now.is_none() {
                let repeats = |other: &Annotation| other.status != Status::Proposed && other.repeats(annotation);
                prop_assert!(after.annotations.iter().any(repeats), "only a repetition of what was decided goes");
            }
        }
    }

    #[test]
    fn what_was_said_about_an_image_is_not_unsaid(
        (image, runs) in images(), layers in layers(), command in commands(),
    ) {
        let Some(diff) = carry_out(&command, &image, Context { layers: &layers, runs: &runs }) else { return Ok(()) };
        let after = image.clone().redone(&diff, &runs);
        if image.review != ReviewState::Unreviewed {
            prop_assert_ne!(after.review, ReviewState::Unreviewed);
        }
        if after.review == ReviewState::Unreviewed {
            let decides = matches!(command, Command::DecideAll { .. } | Command::Decide { .. } | Command::Accept { .. });
            prop_assert!(!decides || layers.has_proposal(&after.annotations));
        }
        // An image that was reviewed is empty exactly where nothing on it is approved and nothing shown is undecided.
        let has_approved = after.annotations.iter().any(|annotation| annotation.status.is_approved());
        if image.review != ReviewState::Unreviewed && !layers.has_proposal(&after.annotations) {
            prop_assert_eq!(after.review == ReviewState::ConfirmedEmpty, !has_approved);
        }
    }

    #[test]
    fn accepting_twice_is_accepting_once((image, runs) in images(), layers in layers()) {
        let context = Context { layers: &layers, runs: &runs };
        let accept = |image: &AnnotatedImage| {
            let diff = decide(image, DecisionScope::Image, Verdict::Accept, context).unwrap();
            image.clone().redone(&diff, &runs)
        };
        let once = accept(&image);
        prop_assert_eq!(&accept(&once), &once);
        prop_assert!(!layers.has_proposal(&once.annotations));
    }

    #[test]
    fn a_bulk_edit_is_the_same_edits_one_by_one(
        (image, runs) in images(), layers in layers(), places in prop::collection::vec(0usize..8, 0..6),
    ) {
        let context = Context { layers: &layers, runs: &runs };
        let mut meant: Vec<&Annotation> = Vec::new();
        for place in places {
            let Some(annotation) = image.annotations.get(place) else { continue };
            // Of repetitions one is decided, and the others go with it.
            let repeats = meant.iter().any(|other| other.repeats(annotation) && other.origin != annotation.origin);
            if annotation.status == Status::Proposed && !repeats && meant.iter().all(|it| it.id != annotation.id) {
                meant.push(annotation);
            }
        }
        let ids: Vec<AnnotationId> = meant.iter().map(|annotation| annotation.id).collect();
        let diff = accept(&image, &ids, context);
        let mut one_by_one = image.clone();
        for id in ids {
            let diff = decide(&one_by_one, DecisionScope::Annotation { id }, Verdict::Accept, context).unwrap();
            one_by_one = one_by_one.redone(&diff, &runs);
        }
        let bulk = image.clone().redone(&diff, &runs);
        prop_assert_eq!(&bulk.annotations, &one_by_one.annotations);
        if !diff.annotations.is_empty() {
            prop_assert_eq!(bulk.review, one_by_one.review);
        }
    }

    #[test]
    fn a_repair_leaves_what_it_touches_inside_the_image_and_people_s_work_where_it_is_spared(
        (image, runs) in images(), layers in layers(),
        check in prop::sample::select(&Check::ALL[..]), spares_decided in any::<bool>(),
    ) {
        let context = Context { layers: &layers, runs: &runs };
        let findings = findings_of(&image, check, &layers);
        let mut extent = RepairExtent::default();
        extent.add(&image, &findings);
        let expected = if spares_decided { extent.annotations - extent.decided } else { extent.annotations };
        let diff = repair(&image, &findings, spares_decided, &LabelColors::default(), context);
        prop_assert_eq!(diff.as_ref().map_or(0, |diff| diff.ids().len()), expected as usize);
        let Some(diff) = diff else { return Ok(()) };
        for change in &diff.annotations {
            let before = change.before.as_ref().unwrap();
            prop_assert!(layers.shows(before) || change.after.is_none(), "what is not shown is not repaired");
            prop_assert!(!spares_decided || !before.status.is_approved());
            prop_assert_ne!(before.status, Status::Rejected);
            if let Some(after) = change.after.as_ref().filter(|after| after.status != Status::Rejected) {
                prop_assert!(check == Check::Misspelled || is_inside(&after.shape));
            }
        }
        // Repaired once, an annotation is no such mistake any more.
        let after = image.clone().redone(&diff, &runs);
        if matches!(check, Check::Outside | Check::Huge | Check::Misspelled) && !spares_decided {
            prop_assert_eq!(findings_of(&after, check, &layers), vec![]);
        }
    }

    #[test]
    fn what_a_person_draws_or_changes_lies_in_the_image(
        (image, runs) in images(), layers in layers(), found in found(), place in 0usize..8,
    ) {
        let context = Context { layers: &layers, runs: &runs };
        for command in [Command::Add { found: found.clone() }, Command::Change { place, found: found.clone() }] {
            let Some(diff) = carry_out(&command, &image, context) else {
                prop_assert!(found.shape.fitted(SIZE).is_err() || image.annotations.is_empty());
                continue;
            };
            let after = diff.annotations[0].after.as_ref().unwrap();
            prop_assert!(is_inside(&after.shape) && after.status.is_approved());
        }
    }

    /// What a command knows of the runs does not matter where no proposal can repeat another run's.
    #[test]
    fn runs_are_asked_about_only_where_they_can_repeat_one_another(
        (image, runs) in images(), layers in layers(), command in commands(),
    ) {
        prop_assume!(!image.may_hold_repetitions() && !matches!(command, Command::Adopt { .. }));
        let known = carry_out(&command, &image, Context { layers: &layers, runs: &runs });
        let unknown = carry_out(&command, &image, Context { layers: &layers, runs: &RunsOnImage::default() });
        prop_assert_eq!(known, unknown);
    }

    #[test]
    fn a_run_adds_and_withdraws_undecided_proposals_of_its_own(
        (image, runs) in images(), run in (1..=RUNS).prop_map(RunId),
        found in prop::collection::vec(found(), 0..5), is_propagated in any::<bool>(),
    ) {
        let from = is_propagated.then_some(ImageId(9));
        let proposed = propose(&image.annotations, run, from, found.clone());
        for id in &proposed.withdrawn {
            let withdrawn = image.annotation(*id).unwrap();
            prop_assert!(is_withdrawn_with(withdrawn, run));
            prop_assert!(!is_propagated || withdrawn.propagated_from.is_some(), "an answer does not give way to another's");
        }
        for annotation in &proposed.added {
            prop_assert!(!annotation.is_decided_among(&image.annotations));
        }
        let kept = found.iter().filter(|one| !one.is_decided_among(&image.annotations)).count();
        prop_assert_eq!(proposed.added.len(), kept);
        // A later run of the same model supersedes an earlier one, and never the other way round.
        for (one, other) in [(1, 2), (2, 3), (1, 4)].map(|(one, other)| (RunId(one), RunId(other))) {
            let both = runs.supersede(one, false) && runs.supersede(other, false);
            prop_assert!(!both || runs.supersede(one, true));
        }
    }

    #[test]
    fn what_a_person_has_touched_is_not_propagated(
        (image, _) in images(), run in (1..=RUNS).prop_map(RunId), standing in images(),
    ) {
        let target = PixelSize::new(200, 160);
        let sent = propagated(run, image.annotations.clone(), SIZE, target);
        let of_run = |it: &&Annotation| it.origin == Origin::Run { run } && it.propagated_from.is_none();
        let kept = image.annotations.iter().filter(of_run);
        let kept = kept.filter(|it| matches!(it.status, Status::Proposed | Status::Accepted)).count();
        prop_assert_eq!(sent.len(), kept);
        let proposed = propose(&standing.0.annotations, run, Some(ImageId(1)), sent);
        for id in proposed.withdrawn {
            prop_assert_eq!(standing.0.annotation(id).unwrap().status, Status::Proposed);
        }
    }

    /// What the histogram counts above a threshold is what an audit is about.
    #[test]
    fn a_threshold_means_the_same_everywhere(hundredths in prop::collection::vec(0u8..=100, 0..30), threshold in 0usize..100) {
        let mut counts = LabelConfidences::of_label("cat", 1);
        let annotations: Vec<Annotation> = (1..).zip(&hundredths).map(|(id, &hundredth)| Annotation {
            id: AnnotationId(id),
            origin: Origin::Run { run: RunId(1) },
            propagated_from: None,
            label: "cat".into(),
            color: 1,
            shape: Shape::ImageTag,
            confidence: Some(f32::from(hundredth) / 100.0),
            attributes: BTreeMap::new(),
            status: Status::Proposed,
            reject_reason: None,
            is_superseded: false,
        }).collect();
        for annotation in &annotations {
            counts.add(annotation.confidence.map(f64::from));
        }
        let request = AuditRequest {
            query: ImageQuery::default(),
            label: "cat".into(),
            threshold: Share(f64::from(u32::try_from(threshold).unwrap()) / 100.0),
            sample: 1,
            error_limit: Share(0.05),
        };
        let latest = AnnotationId(1_000);
        let about = annotations.iter().filter(|annotation| request.is_about(annotation, latest)).count();
        prop_assert_eq!(counts.hundredths[threshold..].iter().sum::<u32>() as usize, about);
    }

    #[test]
    fn a_sample_is_drawn_without_repetition_and_by_its_seed(count in 1u32..200, sample in 1u32..50, seed in any::<u64>()) {
        let proposals: Vec<u32> = (0..count).collect();
        let drawn = draw(proposals.clone(), sample, seed);
        let mut sorted = drawn.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, proposals.clone());
        prop_assert_eq!(draw(proposals, sample, seed), drawn);
    }

    #[test]
    fn everything_that_was_done_is_undone_and_redone_in_order(commands in prop::collection::vec((1u32..4, any::<bool>()), 1..8)) {
        let mut history = History::default();
        let mut id = 0;
        for (number, (images, is_bulk_edit)) in (1..).zip(commands) {
            let images = if is_bulk_edit { 0..images } else { images - 1..images };
            for image in images {
                id += 1;
                history.add(StepId(id), ImageId(image), is_bulk_edit.then_some(BulkEditId(number)));
            }
        }
        let all = history.0.clone();
        let mut undone = Vec::new();
        loop {
            match history.undo(None) {
                steps if steps.is_empty() => break,
                steps => undone.extend(steps.into_iter().map(|step| step.id)),
            }
        }
        prop_assert!(history.0.iter().all(|step| step.is_undone));
        prop_assert_eq!(undone.len(), all.len());
        while !history.redo(None).is_empty() {}
        prop_assert_eq!(history.0, all);
    }

    #[test]
    fn a_new_step_ends_what_was_undone_on_its_image(images in prop::collection::vec(0u32..3, 2..8), on in 0u32..3) {
        let mut history = History::default();
        for (id, image) in (1..).zip(images) {
            history.add(StepId(id), ImageId(image), None);
        }
        let undone = history.undo(Some(ImageId(on)));
        prop_assert!(undone.iter().all(|step| step.image == ImageId(on)));
        history.add(StepId(99), ImageId(on), None);
        prop_assert!(history.redo(Some(ImageId(on))).is_empty());
        prop_assert_eq!(history.undo(Some(ImageId(on))).first().map(|step| step.id), Some(StepId(99)));
    }
}

/// The first place goes to each of ten proposals about equally often: of 2,000 draws 200 each, give or take six standard
/// deviations.
#[test]
fn a_sample_favours_no_proposal() {
    let mut first = [0u32; 10];
    for seed in 0..2_000 {
        first[draw((0..10usize).collect(), 1, seed)[0]] += 1;
    }
    assert!(first.iter().all(|&times| (120..280).contains(&times)), "{first:?}");
}
