//! Random changes: what queries say agrees with what cards show.

use super::*;

/// Whether an image matches a query, by its card.
fn holds(test: &Test, card: &ImageCard) -> bool {
    let standing: Vec<&Annotation> =
        card.annotations.iter().filter(|annotation| annotation.status != Status::Rejected).collect();
    match test {
        Test::Label { name } => standing.iter().any(|annotation| &annotation.label == name),
        Test::Image { state } => match state {
            ImageState::Unreviewed => card.review == ReviewState::Unreviewed,
            ImageState::Reviewed => card.review == ReviewState::Reviewed,
            ImageState::ConfirmedEmpty => card.review == ReviewState::ConfirmedEmpty,
            ImageState::Failed | ImageState::Running => false,
        },
        Test::Annotation { status } => card.annotations.iter().any(|annotation| annotation.status == *status),
        Test::Confidence { span: Span::AtLeast { value } } => standing
            .iter()
            .any(|annotation| annotation.confidence.is_some_and(|confidence| f64::from(confidence) >= value.0)),
        Test::Has { what: Trait::Annotations } => !standing.is_empty(),
        Test::Has { what: Trait::Attributes } => standing.iter().any(|annotation| !annotation.attributes.is_empty()),
        Test::Has { what: Trait::Answer } => card.is_annotated,
        Test::Annotations { span: Span::Below { value } } => standing.len() < *value as usize,
        Test::Text { text } => standing.iter().any(|annotation| {
            annotation.label == *text
                || annotation.attributes.values().any(|said| said == &AttributeValue::Text(text.clone()))
        }),
        other => panic!("{other:?} is not asked here"),
    }
}

fn tests() -> Vec<Test> {
    let states = [ImageState::Unreviewed, ImageState::Reviewed, ImageState::ConfirmedEmpty];
    let statuses = [Status::Proposed, Status::Accepted, Status::Edited, Status::Rejected];
    let traits = [Trait::Annotations, Trait::Answer, Trait::Attributes];
    let mut tests = vec![
        Test::Confidence { span: Span::AtLeast { value: Share(0.55) } },
        Test::Annotations { span: Span::Below { value: 2 } },
        Test::Annotations { span: Span::Below { value: 1 } },
        Test::Text { text: "dog".into() },
        Test::Text { text: "long".into() },
    ];
    tests.extend(["cat", "dog"].map(|name| Test::Label { name: name.into() }));
    tests.extend(states.map(|state| Test::Image { state }));
    tests.extend(statuses.map(|status| Test::Annotation { status }));
    tests.extend(traits.map(|what| Test::Has { what }));
    tests
}

#[derive(Debug, Clone)]
enum Act {
    Decide { layers: usize, image: usize, accepts: bool },
    DecideOne { image: usize, place: usize, accepts: bool },
    Draw { image: usize },
    Undo,
    TakeBack { run: usize },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        (0usize..6, 0usize..3, any::<bool>()).prop_map(|(layers, image, accepts)| Act::Decide {
            layers,
            image,
            accepts
        }),
        (0usize..3, 0usize..6, any::<bool>()).prop_map(|(image, place, accepts)| Act::DecideOne {
            image,
            place,
            accepts
        }),
        (0usize..3).prop_map(|image| Act::Draw { image }),
        Just(Act::Undo),
        (0usize..3).prop_map(|run| Act::TakeBack { run }),
    ];
    prop::collection::vec(act, 0..8)
}

fn answers() -> impl Strategy<Value = Vec<Vec<NewAnnotation>>> {
    let one = (prop::bool::ANY, 0u8..4, prop::option::of(1u8..10)).prop_map(|(is_cat, place, tenths)| {
        let confidence = tenths.map(|tenths| f32::from(tenths) / 10.0);
        found(if is_cat { "cat" } else { "dog" }, 120.0 * f64::from(place), confidence)
    });
    prop::collection::vec(prop::collection::vec(one, 0..3), 3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Query results by index equal what the cards of the layers show.
    #[test]
    fn questions_find_what_cards_show(found in prop::collection::vec(answers(), 3), acts in acts()) {
        let library = Library::new();
        let images: Vec<ImageId> = (1..=3).map(|seed| library.add_image(seed)).collect();
        let runs: Vec<RunId> = (0..).zip(found).map(|(place, answers)| {
            let answered = images.iter().copied().zip(answers).take(3 - place % 2).collect();
            // The last two runs have the same model and recipe.
            library.layer(&format!("model {}", place.min(1)), answered)
        }).collect();
        let scopes = [
            LayerScope::All,
            LayerScope::Runs { runs: Vec::new() },
            LayerScope::of_run(runs[0]),
            LayerScope::of_run(runs[1]),
            LayerScope::Runs { runs: vec![runs[1], runs[2]] },
            LayerScope::of_run(runs[2]),
        ];
        // Another process that has the library open.
        let other = Store::open(library.store.path()).unwrap();
        for act in acts {
            let verdict = |accepts| if accepts { Verdict::Accept } else { Verdict::Reject { reason: None } };
            match act {
                Act::Decide { layers, image, accepts } => {
                    library.decide_in(images[image], DecisionScope::Image, verdict(accepts), &scopes[layers]);
                }
                Act::DecideOne { image, place, accepts } => {
                    if let Some(annotation) = library.annotations(images[image]).get(place) {
                        let scope = DecisionScope::Annotation { id: annotation.id };
                        library.decide_in(images[image], scope, verdict(accepts), &LayerScope::All);
                    }
                }
                Act::Draw { image } => library.draw(images[image], "cat"),
                Act::Undo => drop(library.store.write_blocking(|edit| edit.undo_latest()).unwrap()),
                Act::TakeBack { run } => {
                    let run = runs[run];
                    other.write_blocking(move |edit| edit.take_back_proposals(run)).unwrap();
                }
            }
            // What is known of earlier questions is not used after a change.
            let everything = ImageQuery::default();
            let counts = library.store.read_blocking(|view| view.filter_counts(&everything, &[])).unwrap();
            let counted_anew = library.store.write_blocking(move |edit| edit.filter_counts(&everything, &[])).unwrap();
            prop_assert_eq!(counts, counted_anew);
        }
        let [labels, counted_labels, figures, counted_figures] = kept_and_counted(&library.store);
        prop_assert_eq!((labels, figures), (counted_labels, counted_figures));
        for layers in &scopes {
            let cards: Vec<ImageCard> = images.iter().map(|&image| library.card_in(image, layers)).collect();
            for card in &cards {
                let all = library.annotations(card.id);
                let shown: Vec<_> = all.iter().filter(|each| layers.shows(each)).map(|each| each.id).collect();
                prop_assert_eq!(ids_of(card), shown);
            }
            for test in tests() {
                let query = ImageQuery { layers: Some(layers.clone()), ..ImageQuery::of([test.clone()]) };
                let wanted: Vec<ImageId> = cards.iter().filter(|card| holds(&test, card)).map(|card| card.id).collect();
                prop_assert_eq!(library.found_by(&query), wanted, "{:?} in {:?}", test, layers);
            }
            for order in [ImageOrder::LeastCertain, ImageOrder::MostAnnotations] {
                let query = ImageQuery { layers: Some(layers.clone()), order, ..ImageQuery::default() };
                let mut ranked: Vec<(i64, ImageId)> = cards.iter().map(|card| (rank(card, order), card.id)).collect();
                ranked.sort_unstable();
                let ranked: Vec<ImageId> = ranked.into_iter().map(|(_, id)| id).collect();
                prop_assert_eq!(library.found_by(&query), ranked, "{:?} in {:?}", order, layers);
            }
            let all = ImageQuery { layers: Some(layers.clone()), ..ImageQuery::default() };
            let counts = library.store.read_blocking(|view| view.filter_counts(&all, &[])).unwrap();
            for count in counts.runs {
                let chosen = [Condition::holds(Test::Run { run: count.run })];
                let query = ImageQuery { conditions: chosen.into(), ..ImageQuery::default() };
                prop_assert_eq!(library.found_by(&query).len(), count.count as usize);
            }
        }
    }
}

/// In tenths, so that equal confidences are equal ranks.
#[expect(clippy::cast_possible_truncation, reason = "confidences are tenths")]
fn rank(card: &ImageCard, order: ImageOrder) -> i64 {
    let proposals = card.annotations.iter().filter(|annotation| annotation.status == Status::Proposed);
    let least = proposals.map(|annotation| (annotation.confidence.unwrap_or(0.0) * 10.0).round() as i64).min();
    let standing = card.annotations.iter().filter(|annotation| annotation.status != Status::Rejected).count();
    match order {
        ImageOrder::LeastCertain => least.unwrap_or(i64::MAX),
        _ => -i64::try_from(standing).unwrap(),
    }
}
