//! The recipes of a new library.

use super::{Attribute, AttributeKind, AttributeSubject, Label, Recipe, ShapeKind};
use crate::coco;

/// All of them, the default first.
#[must_use]
pub fn all() -> Vec<Recipe> {
    vec![everyday_objects(), bird_vocabulary()]
}

/// The 80 classes of COCO, as boxes.
#[must_use]
pub fn everyday_objects() -> Recipe {
    Recipe {
        name: "Everyday objects".into(),
        labels: coco::NAMES.iter().enumerate().map(|(index, name)| Label::plain(*name, index)).collect(),
        shapes: vec![ShapeKind::Box],
        instructions: "Mark every visible object of these classes, partly hidden ones too. \
                       Do not mark reflections or pictures of objects."
            .into(),
        ..Recipe::default()
    }
}

/// Parts, behavior, colors and patterns of birds, with Spanish and English terms, for vocabulary cards.
#[must_use]
pub fn bird_vocabulary() -> Recipe {
    const FEATURES: [(&str, &str); 14] = [
        ("bird", "The whole bird"),
        ("beak", "Upper and lower bill"),
        ("eye", "The eye with its ring"),
        ("crest", "Raised feathers on the crown"),
        ("head", "Head without the beak"),
        ("throat", "Below the beak, above the breast"),
        ("breast", "Front of the body, throat to belly"),
        ("belly", "Underside between breast and tail"),
        ("wing", "One folded or spread wing"),
        ("tail", "Tail feathers"),
        ("leg", "Leg and foot"),
        ("plumage pattern", "Bars, spots, streaks or patches that tell the species"),
        ("colour patch", "An area whose colour tells the species"),
        ("behaviour", "What the bird does: flying, feeding, perching, singing, nesting"),
    ];
    let labels = FEATURES
        .iter()
        .enumerate()
        .map(|(index, (name, definition))| Label { definition: (*definition).into(), ..Label::plain(*name, index) })
        .collect();
    let attribute = |name: &str, definition: &str, kind: AttributeKind| Attribute {
        name: name.into(),
        definition: definition.into(),
        kind,
        is_required: true,
        of: AttributeSubject::Annotation,
    };
    Recipe {
        name: "Bird vocabulary, Spanish and English".into(),
        labels,
        shapes: vec![ShapeKind::Box],
        attributes: vec![
            attribute("spanishTerm", "The term in Spanish, with its article: el pico", AttributeKind::Text),
            attribute("englishTerm", "The term in English: beak", AttributeKind::Text),
            attribute(
                "type",
                "What kind of term it is",
                AttributeKind::Choice {
                    options: ["anatomical", "behavioral", "color", "pattern"].map(String::from).to_vec(),
                },
            ),
            attribute(
                "difficulty",
                "For learners of Spanish: 1 everyday, 5 for specialists",
                AttributeKind::Number { min: 1, max: 5 },
            ),
            attribute("pronunciation", "The Spanish term spelled for English readers: PEE-koh", AttributeKind::Text),
        ],
        instructions: "Mark the features of each bird that a learner would point at and name. Prefer six to ten clear \
                       ones over many small ones; box each feature tightly."
            .into(),
        ..Recipe::default()
    }
}
