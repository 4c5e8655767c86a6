//! Perceptual hashes, and annotations propagated between similar images.

use domain::plan::ImageSelection;
use domain::similar::HashedImage;
use domain::taken::Taken;

use super::*;

impl Library {
    fn propagate(&self, run: RunId, from: ImageId, to: ImageId) -> u32 {
        self.store.write_blocking(move |edit| edit.propagate(run, from, to)).unwrap()
    }

    fn decide_annotation(&self, annotation: &Annotation, image: ImageId, verdict: Verdict) {
        let decision = Decision { image, scope: DecisionScope::Annotation { id: annotation.id }, verdict };
        self.store.write_blocking(move |edit| edit.decide(&decision, &LayerScope::All, 20)).unwrap();
    }
}

#[test]
fn what_images_look_like_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let library = Library { folder, store: Store::open(&path).unwrap() };
    let size = PixelSize::new(640, 480);
    let (first, second) = (library.add_image(1), library.add_image(2));
    // As in a library from before hashes were stored.
    Connection::open(&path).unwrap().execute("UPDATE images SET perceptual_hash = NULL WHERE id = 1", []).unwrap();

    let hashed = || library.store.read_blocking(|view| view.hashed_images(&ImageSelection::All)).unwrap();
    let known = HashedImage { id: second, hash: Some(PerceptualHash(3 << 62)), size };
    assert_eq!(hashed(), [HashedImage { id: first, hash: None, size }, known]);
    let hash = PerceptualHash(u64::MAX - 1);
    library.store.write_blocking(move |edit| edit.record_perceptual_hash(first, hash)).unwrap();
    assert_eq!(hashed(), [HashedImage { id: first, hash: Some(hash), size }, known]);
}

#[test]
fn images_are_told_apart_by_picture_size_folder_and_day() {
    let library = Library::new();
    let of_day = |seed, taken| NewImage { taken, ..new_image(seed, PixelSize::new(640, 480)) };
    let noon = Taken { clock_millis: 20_000 * 86_400_000 + 43_200_000, minutes_ahead_of_utc: None };
    let (first, second) = (library.add(of_day(1, Some(noon))), library.add(of_day(2, None)));
    let elsewhere = library
        .store
        .write_blocking(move |edit| {
            let collection = edit.collection_at(Path::new("/other"), "other", 1)?;
            let (id, _) = edit.image_of_content(&of_day(3, None), 1)?;
            edit.record_file(collection, id, Path::new("/other/c.jpg"), KnownFile { byte_len: 10, modified_at: 5 })?;
            Ok(id)
        })
        .unwrap();
    let traits = library.store.read_blocking(|view| view.image_traits(&[elsewhere, first, second])).unwrap();
    assert_eq!(traits.iter().map(|image| image.id).collect::<Vec<_>>(), [elsewhere, first, second]);
    assert_eq!(traits.iter().map(|image| image.day).collect::<Vec<_>>(), [None, Some(20_000), None]);
    assert!(traits[0].folder != traits[1].folder && traits[1].folder == traits[2].folder, "{traits:?}");
    assert_eq!((traits[1].hash, traits[1].size), (Some(PerceptualHash(1 << 63)), PixelSize::new(640, 480)));
}

#[test]
fn annotations_are_propagated_to_scale_and_withdrawn_with_their_run() {
    let library = Library::new();
    let (leader, follower) = (library.add_image(1), library.add_image_of_size(2, PixelSize::new(320, 120)));
    let empty = Decision { image: follower, scope: DecisionScope::Image, verdict: Verdict::Accept };
    library.store.write_blocking(move |edit| edit.decide(&empty, &LayerScope::All, 20)).unwrap();
    let run = library.add_run(vec![leader]);
    library.answer(run, &[0.9]);
    assert_eq!(library.propagate(run, leader, follower), 1);
    assert_eq!(library.propagate(run, leader, follower), 0, "once is enough");

    let [found, propagated] = [leader, follower].map(|image| library.annotations(image).pop().unwrap());
    assert_eq!((found.propagated_from, propagated.propagated_from), (None, Some(leader)));
    assert_eq!(propagated.shape, Shape::Box { rect: Rect::new(0.5, 0.5, 1.5, 1.125) });
    let alike =
        Annotation { id: propagated.id, propagated_from: Some(leader), shape: propagated.shape.clone(), ..found };
    assert_eq!(propagated, alike);
    assert_eq!(library.review(follower), ReviewState::Unreviewed);
    let of_run = ImageQuery::of([Test::Run { run }]);
    assert_eq!(library.store.read_blocking(|view| view.image_ids(&of_run, &[])).unwrap(), [leader, follower]);

    assert_eq!(library.store.write_blocking(move |edit| edit.take_back_proposals(run)).unwrap(), 2);
    assert_eq!((library.annotations(leader), library.annotations(follower)), (vec![], vec![]));
    assert_eq!(library.review(follower), ReviewState::ConfirmedEmpty);
    assert!(library.store.read_blocking(|view| view.label_counts(None)).unwrap().is_empty());
}

#[test]
fn only_annotations_of_the_model_that_are_not_rejected_are_propagated() {
    let library = Library::new();
    let (leader, follower, other) = (library.add_image(1), library.add_image(2), library.add_image(3));
    let run = library.add_run(vec![leader]);
    library.answer(run, &[0.9, 0.8, 0.7]);
    let annotations = library.annotations(leader);
    library.decide_annotation(&annotations[0], leader, Verdict::Accept);
    library.decide_annotation(&annotations[1], leader, Verdict::Reject { reason: None });
    assert_eq!(library.propagate(run, leader, follower), 2);
    assert_eq!(library.statuses(follower), [Status::Proposed, Status::Proposed]);
    assert_eq!(
        library.annotations(follower).iter().map(|annotation| annotation.confidence).collect::<Vec<_>>(),
        [Some(0.9), Some(0.7)]
    );
    assert_eq!(library.propagate(run, follower, other), 0, "what was propagated was not found there");

    let propagated = library.annotations(follower);
    library.decide_annotation(&propagated[0], follower, Verdict::Accept);
    library.decide_annotation(&propagated[1], follower, Verdict::Reject { reason: None });
    assert_eq!(library.propagate(run, leader, follower), 0, "what was decided is not proposed again");
}

#[test]
fn an_answer_about_the_image_itself_counts_for_more() {
    let library = Library::new();
    let (leader, follower, third) = (library.add_image(1), library.add_image(2), library.add_image(3));
    let origins = |image| -> Vec<_> {
        library
            .shown_annotations(image)
            .into_iter()
            .map(|annotation| (annotation.origin, annotation.propagated_from))
            .collect()
    };
    let own = |run| vec![(Origin::Run { run }, None)];

    // Sent itself after the propagation, or before it, in the same run or an earlier one.
    let first = library.add_run(vec![leader, follower]);
    assert_eq!(library.propagate(first, leader, follower), 0, "nothing was found yet");
    library.answer(first, &[0.9]);
    assert_eq!(library.propagate(first, leader, follower), 1);
    library.answer(first, &[0.8]);
    assert_eq!(origins(follower), own(first));
    let propagated_to = |to| {
        let queued = |image, leader| QueuedImage { image, leader };
        let run = library.add_queue(vec![queued(leader, None), queued(to, Some(leader))]);
        library.answer(run, &[0.9]);
        run
    };
    let second = propagated_to(follower);
    assert_eq!(origins(follower), own(first));
    let layer = library.store.read_blocking(|view| view.shown_on(follower, &LayerScope::of_run(second))).unwrap();
    assert_eq!(layer.len(), 1, "its own layer has what it propagated");
    assert_eq!(library.propagate(second, leader, leader), 0);

    // A later propagation supersedes an earlier one.
    let earlier = propagated_to(third);
    let last = propagated_to(third);
    assert_eq!(origins(third), [(Origin::Run { run: last }, Some(leader))]);
    assert_eq!(library.annotations(third)[0].origin, Origin::Run { run: earlier });
}

#[test]
fn a_settled_job_gives_its_annotations_to_those_that_wait_for_them_and_a_failed_one_lets_them_go() {
    let library = Library::new();
    let images: Vec<ImageId> = (0..4).map(|seed| library.add_image(seed)).collect();
    let queued = |image: usize, leader: Option<usize>| QueuedImage {
        image: images[image],
        leader: leader.map(|leader| images[leader]),
    };
    let run = library.add_queue(vec![queued(0, None), queued(2, None), queued(1, Some(0)), queued(3, Some(2))]);
    let waiting = || library.store.read_blocking(|view| view.waiting_jobs(run, None, 9)).unwrap();
    assert_eq!(waiting().iter().map(|job| job.image).collect::<Vec<_>>(), [images[0], images[2]]);

    library.answer(run, &[0.9, 0.8]);
    let summary = library.store.read_blocking(|view| view.run(run)).unwrap();
    assert_eq!((summary.done, summary.propagated, summary.waiting), (2, 1, 2));
    assert_eq!(
        (summary.annotation_count, summary.propagated_count, summary.undecided_count),
        (4, 2, 4),
        "as the library has them"
    );
    let labels = library.store.read_blocking(|view| view.found_by_run(run)).unwrap();
    assert_eq!(labels.iter().map(|label| label.count).sum::<u32>(), 4);
    let propagated = library.store.read_blocking(|view| view.annotations_of(images[1])).unwrap();
    assert_eq!((propagated.len(), propagated[0].propagated_from), (2, Some(images[0])));

    let job = waiting().remove(0);
    let failure = JobFailure { attempt: None, kind: FailureKind::ModelFailed, detail: "no".into() };
    let settled = library
        .store
        .write_blocking(move |edit| edit.settle_job(run, &job, &cats(), &JobOutcome::Failed(failure), None, 9));
    assert_eq!(settled.unwrap(), Propagated::default());
    assert_eq!(waiting().iter().map(|job| job.image).collect::<Vec<_>>(), [images[3]], "it is asked about itself now");
}
