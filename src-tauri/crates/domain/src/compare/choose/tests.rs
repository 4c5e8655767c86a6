use std::collections::BTreeMap;

use super::*;
use crate::annotation::Shape;
use crate::geometry::Rect;
use crate::ids::RunId;

const RUNS: Sides = Sides { first: Side::Run { run: RunId(2) }, second: Side::Run { run: RunId(1) } };
const WITH_PEOPLE: Sides = Sides { first: Side::Run { run: RunId(2) }, second: Side::Decided };

fn shape() -> Shape {
    Shape::Box { rect: Rect::new(0.0, 0.0, 10.0, 10.0) }
}

fn on_image(id: u32, label: &str, status: Status, origin: Origin) -> Annotation {
    Annotation {
        id: AnnotationId(id),
        origin,
        propagated_from: None,
        label: label.into(),
        color: 1,
        shape: shape(),
        confidence: Some(0.9),
        attributes: BTreeMap::new(),
        status,
        reject_reason: None,
        is_superseded: false,
    }
}

fn of_run(id: u32, label: &str, status: Status) -> Annotation {
    on_image(id, label, status, Origin::Run { run: RunId(2) })
}

fn seen(label: &str, id: Option<u32>) -> ComparedAnnotation {
    ComparedAnnotation {
        annotation: id.map(AnnotationId),
        status: None,
        label: label.into(),
        color: 1,
        shape: shape(),
        confidence: Some(0.9),
        attributes: BTreeMap::new(),
    }
}

fn pair(first: Option<ComparedAnnotation>, second: Option<ComparedAnnotation>) -> ComparedPair {
    let agreement = match (&first, &second) {
        (Some(_), None) => Agreement::OnlyFirst,
        (None, _) => Agreement::OnlySecond,
        (Some(first), Some(second)) if first.label == second.label => Agreement::Agreed,
        _ => Agreement::Relabelled,
    };
    ComparedPair { agreement, first, second, iou: 0.8 }
}

fn cat_or_dog(cat: Option<u32>, dog: Option<u32>) -> ComparedPair {
    pair(Some(seen("cat", cat)), Some(seen("dog", dog)))
}

fn choosing(pair: &ComparedPair, sides: Sides, today: &[Annotation], choice: Choice) -> Vec<AnnotationChange> {
    let changes = changes(std::slice::from_ref(pair), sides, today, SideChoice::Pair { index: 0, choice });
    changes.into_iter().map(|change| change.change).collect()
}

fn agreed(pair: &ComparedPair, today: &[Annotation]) -> Vec<AnnotationChange> {
    let changes = changes(std::slice::from_ref(pair), RUNS, today, SideChoice::Agreed);
    changes.into_iter().map(|change| change.change).collect()
}

fn choice(pair: &ComparedPair, sides: Sides, today: &[Annotation]) -> Option<Choice> {
    chosen(std::slice::from_ref(pair), sides, today)[0].choice
}

fn accept(id: u32) -> AnnotationChange {
    AnnotationChange::Decide { id: AnnotationId(id), verdict: Verdict::Accept }
}

fn reject(id: u32, reason: Option<RejectReason>) -> AnnotationChange {
    AnnotationChange::Decide { id: AnnotationId(id), verdict: Verdict::Reject { reason } }
}

fn content(label: &str) -> AnnotationContent {
    AnnotationContent { label: label.into(), shape: shape(), attributes: BTreeMap::new() }
}

fn adopt(run: u32, label: &str) -> AnnotationChange {
    AnnotationChange::Adopt { run: RunId(run), content: content(label), confidence: Some(0.9) }
}

#[test]
fn choosing_one_of_two_labels_decides_both_annotations() {
    let pair = cat_or_dog(Some(1), Some(2));
    let today = [of_run(1, "cat", Status::Proposed), of_run(2, "dog", Status::Proposed)];
    let wrong = Some(RejectReason::WrongLabel);
    assert_eq!(choosing(&pair, RUNS, &today, Choice::First), [accept(1), reject(2, wrong)]);
    assert_eq!(choosing(&pair, RUNS, &today, Choice::Second), [reject(1, wrong), accept(2)]);
    assert_eq!(choosing(&pair, RUNS, &today, Choice::Both), [accept(1), accept(2)]);
    assert_eq!(choosing(&pair, RUNS, &today, Choice::Neither), [reject(1, None), reject(2, None)]);
    assert_eq!(choice(&pair, RUNS, &today), None);
    let half = [of_run(1, "cat", Status::Accepted), of_run(2, "dog", Status::Proposed)];
    assert_eq!(choice(&pair, RUNS, &half), None, "one of the two is open");
    let done = [of_run(1, "cat", Status::Rejected), of_run(2, "dog", Status::Accepted)];
    assert_eq!(choice(&pair, RUNS, &done), Some(Choice::Second));
    assert_eq!(choosing(&pair, RUNS, &done, Choice::Second), []);
}

#[test]
fn a_choice_adopts_what_is_not_on_the_image_and_can_be_changed() {
    let mut pairs = [cat_or_dog(Some(1), None)];
    let today = [of_run(1, "cat", Status::Proposed)];
    let wrong = Some(RejectReason::WrongLabel);
    assert_eq!(choosing(&pairs[0], RUNS, &today, Choice::First), [accept(1)]);
    assert_eq!(choosing(&pairs[0], RUNS, &today, Choice::Both), [accept(1), adopt(1, "dog")]);
    assert_eq!(choosing(&pairs[0], RUNS, &today, Choice::Neither), [reject(1, None)]);
    let taken = changes(&pairs, RUNS, &today, SideChoice::Pair { index: 0, choice: Choice::Second });
    let plain: Vec<_> = taken.iter().map(|change| change.change.clone()).collect();
    assert_eq!(plain, [reject(1, wrong), adopt(1, "dog")]);
    link(&mut pairs, &taken, &[AnnotationId(1), AnnotationId(31)]);
    let first = pairs[0].first.as_ref().and_then(|side| side.annotation);
    let second = pairs[0].second.as_ref().and_then(|side| side.annotation);
    assert_eq!((first, second), (Some(AnnotationId(1)), Some(AnnotationId(31))));
    let after = [of_run(1, "cat", Status::Rejected), of_run(31, "dog", Status::Accepted)];
    assert_eq!(choice(&pairs[0], RUNS, &after), Some(Choice::Second));
    assert_eq!(choosing(&pairs[0], RUNS, &after, Choice::First), [accept(1), reject(31, wrong)]);
    assert_eq!(choice(&pairs[0], RUNS, &today), None, "undone, it is open again");
}

#[test]
fn what_only_one_side_found_is_there_or_not() {
    let proposed = pair(Some(seen("cat", Some(1))), None);
    let today = [of_run(1, "cat", Status::Proposed)];
    let absent = Some(RejectReason::NotThere);
    assert_eq!(choosing(&proposed, RUNS, &today, Choice::First), [accept(1)]);
    assert_eq!(choosing(&proposed, RUNS, &today, Choice::Second), [reject(1, absent)]);
    assert_eq!(choosing(&proposed, RUNS, &today, Choice::Neither), [reject(1, absent)]);
    assert_eq!(choosing(&proposed, RUNS, &today, Choice::Both), []);
    let missing = pair(None, Some(seen("cup", None)));
    assert_eq!(choosing(&missing, RUNS, &[], Choice::Second), [adopt(1, "cup")]);
    assert_eq!(choosing(&missing, RUNS, &[], Choice::Neither), []);
    assert_eq!(choice(&missing, RUNS, &[]), None);
}

#[test]
fn a_persons_annotation_is_removed_and_restored() {
    let pair = pair(None, Some(seen("cup", Some(5))));
    let today = [on_image(5, "cup", Status::Accepted, Origin::Person)];
    assert_eq!(choice(&pair, WITH_PEOPLE, &today), Some(Choice::Second));
    let removed = AnnotationChange::Remove { id: AnnotationId(5) };
    assert_eq!(choosing(&pair, WITH_PEOPLE, &today, Choice::First), [removed]);
    assert_eq!(choice(&pair, WITH_PEOPLE, &[]), Some(Choice::Neither));
    let added = AnnotationChange::Add { content: content("cup") };
    assert_eq!(choosing(&pair, WITH_PEOPLE, &[], Choice::Second), [added]);
}

#[test]
fn an_annotation_that_a_person_relabelled_is_one_annotation() {
    let pair = cat_or_dog(Some(1), Some(1));
    let today = [of_run(1, "dog", Status::Edited)];
    assert_eq!(choice(&pair, WITH_PEOPLE, &today), Some(Choice::Second));
    assert!(!chosen(std::slice::from_ref(&pair), WITH_PEOPLE, &today)[0].can_keep_both);
    assert_eq!(choosing(&pair, WITH_PEOPLE, &today, Choice::Second), []);
    assert_eq!(choosing(&pair, WITH_PEOPLE, &today, Choice::Both), []);
    let renamed = AnnotationChange::Change { id: AnnotationId(1), content: content("cat") };
    assert_eq!(choosing(&pair, WITH_PEOPLE, &today, Choice::First), [renamed]);
    assert_eq!(choice(&pair, WITH_PEOPLE, &[of_run(1, "cat", Status::Edited)]), Some(Choice::First));
    assert_eq!(choosing(&pair, WITH_PEOPLE, &today, Choice::Neither), [reject(1, None)]);
}

#[test]
fn what_both_agree_on_is_accepted_once_and_never_against_a_person() {
    let both = pair(Some(seen("cat", Some(1))), Some(seen("cat", Some(2))));
    let [one, two] = [1, 2].map(|id| of_run(id, "cat", Status::Proposed));
    let duplicate = Some(RejectReason::Duplicate);
    assert_eq!(agreed(&both, std::slice::from_ref(&one)), [accept(1)]);
    assert_eq!(agreed(&both, std::slice::from_ref(&two)), [accept(2)]);
    assert_eq!(agreed(&both, &[one.clone(), two]), [accept(1), reject(2, duplicate)]);
    assert_eq!(agreed(&both, &[one.clone(), of_run(2, "cat", Status::Accepted)]), [reject(1, duplicate)]);
    assert_eq!(agreed(&both, &[one.clone(), of_run(2, "cat", Status::Rejected)]), []);
    assert_eq!(agreed(&both, &[]), []);
    let difference = pair(Some(seen("cat", Some(1))), None);
    assert_eq!(agreed(&difference, std::slice::from_ref(&one)), []);
    assert!(!chosen(&[difference], RUNS, std::slice::from_ref(&one))[0].is_agreement_open);
    assert!(chosen(&[both], RUNS, &[one])[0].is_agreement_open);
}
