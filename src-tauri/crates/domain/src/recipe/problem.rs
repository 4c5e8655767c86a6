//! What is wrong with a recipe, and where.

use std::collections::HashMap;

use icu_locale_core::LanguageIdentifier;
use serde::{Deserialize, Serialize};

use super::{
    Attribute, AttributeKind, AttributeSubject, ExampleUnits, IMAGE_LABEL, Recipe, RecipeExample, ShapeKind, Tiling,
    comparable,
};
use crate::annotation::Shape;
use crate::geometry::Point;
use crate::text::{is_hidden, visible};

/// In characters. Vendors limit schemas too, and longer names fit nowhere.
const MAX_NAME_LENGTH: u32 = 200;
/// A recipe from a typed list is called like all its labels.
const MAX_RECIPE_NAME_LENGTH: u32 = 4_000;

/// Vendors take about twenty images in a request before they limit their size further.
const MAX_EXAMPLES: u32 = 16;

/// A place in a recipe. Indices count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RecipePlace {
    Name,
    Shapes,
    Labels,
    Label { index: u32 },
    Attribute { index: u32 },
    Language,
    Example { index: u32 },
    Tiles,
}

impl std::fmt::Display for RecipePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name => f.write_str("the recipe"),
            Self::Shapes => f.write_str("shapes"),
            Self::Labels => f.write_str("labels"),
            Self::Label { index } => write!(f, "label {}", u64::from(*index) + 1),
            Self::Attribute { index } => write!(f, "attribute {}", u64::from(*index) + 1),
            Self::Language => f.write_str("language"),
            Self::Example { index } => write!(f, "example {}", u64::from(*index) + 1),
            Self::Tiles => f.write_str("tiles"),
        }
    }
}

/// Something that is wrong with a recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[error("{place}: {problem}")]
pub struct RecipeProblem {
    pub place: RecipePlace,
    pub problem: RecipeProblemKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RecipeProblemKind {
    #[error("it has no name")]
    EmptyName,
    #[error("its name has more than {limit} characters")]
    LongName { limit: u32 },
    /// Control characters and characters that change the direction of the text.
    #[error("the name \"{}\" has hidden characters", visible(name))]
    HiddenCharacters { name: String },
    /// In any spelling. `first` is the index of the other one.
    #[error("the name \"{name}\" is taken")]
    DuplicateName { name: String, first: u32 },
    /// The label [`IMAGE_LABEL`] holds the attributes of the image.
    #[error("the name \"{name}\" is reserved for the attributes of the image")]
    ReservedName { name: String },
    #[error("the parent \"{parent}\" is not a label of the recipe")]
    UnknownParent { parent: String },
    #[error("it is its own parent, directly or through others")]
    ParentCycle,
    #[error("\"{key}\" is not a key: use a digit from 1 to 9 or a letter")]
    InvalidKey { key: char },
    /// `first` is the index of the other label.
    #[error("the key \"{key}\" is taken")]
    DuplicateKey { key: char, first: u32 },
    #[error("its color is not from 1 to 12")]
    InvalidColor,
    #[error("the smallest value, {min}, is above the largest, {max}")]
    MinAboveMax { min: i32, max: i32 },
    #[error("it needs at least two options")]
    TooFewOptions,
    #[error("an option is empty")]
    EmptyOption,
    #[error("duplicate option \"{option}\"")]
    DuplicateOption { option: String },
    /// Neither shapes nor attributes of the image.
    #[error("nothing is asked for: choose a shape, or add an attribute of the image")]
    NoShapes,
    #[error("duplicate shape")]
    DuplicateShape,
    #[error("these shapes need a label")]
    NoLabels,
    #[error("\"{language}\" is not a language tag: write, for example, \"es\" or \"pt-BR\"")]
    InvalidLanguage { language: String },
    #[error("there are more than {limit} examples")]
    TooManyExamples { limit: u32 },
    #[error("it has neither the hash nor the path of a photo")]
    NoPhoto,
    #[error("there is no label \"{label}\"")]
    UnknownLabel { label: String },
    #[error("the recipe does not ask for this shape")]
    OtherShape { shape: ShapeKind },
    #[error("a shape is not within the photo")]
    OutsidePhoto,
    #[error("there is no attribute \"{name}\"")]
    UnknownAttribute { name: String },
    #[error("{}", tiles.out_of_range().join("; "))]
    InvalidTiles { tiles: Tiling },
    /// Tags and captions are about the whole image.
    #[error("tiles need a shape with a place: a box, a point or an outline")]
    NothingInTiles,
}

impl Recipe {
    /// Everything that is wrong with the recipe, in its order.
    #[must_use]
    pub fn problems(&self) -> Vec<RecipeProblem> {
        let mut found = Found(Vec::new());
        if self.name.trim().is_empty() {
            found.add(RecipePlace::Name, RecipeProblemKind::EmptyName);
        }
        found.characters(RecipePlace::Name, &self.name, MAX_RECIPE_NAME_LENGTH);
        self.check_shapes(&mut found);
        self.check_labels(&mut found);
        self.check_attributes(&mut found);
        if let Some(language) = &self.language
            && LanguageIdentifier::try_from_str(language).is_err()
        {
            found.add(RecipePlace::Language, RecipeProblemKind::InvalidLanguage { language: language.clone() });
        }
        if let Some(tiles) = self.tiles.filter(|tiles| !tiles.out_of_range().is_empty()) {
            found.add(RecipePlace::Tiles, RecipeProblemKind::InvalidTiles { tiles });
        }
        if self.tiles.is_some() && !self.has_located_shapes() {
            found.add(RecipePlace::Tiles, RecipeProblemKind::NothingInTiles);
        }
        if self.examples.len() > MAX_EXAMPLES as usize {
            let place = RecipePlace::Example { index: MAX_EXAMPLES };
            found.add(place, RecipeProblemKind::TooManyExamples { limit: MAX_EXAMPLES });
        }
        for (index, example) in self.examples.iter().enumerate() {
            self.check_example(RecipePlace::Example { index: number(index) }, example, &mut found);
        }
        found.0
    }

    fn check_shapes(&self, found: &mut Found) {
        let has_image_attributes = self.has_attributes_of(AttributeSubject::Image);
        if self.shapes.is_empty() && !has_image_attributes {
            found.add(RecipePlace::Shapes, RecipeProblemKind::NoShapes);
        }
        if self.shapes.iter().enumerate().any(|(index, shape)| self.shapes[..index].contains(shape)) {
            found.add(RecipePlace::Shapes, RecipeProblemKind::DuplicateShape);
        }
        let needs_label = self.shapes.iter().any(|shape| *shape != ShapeKind::Caption);
        if self.labels.is_empty() && needs_label {
            found.add(RecipePlace::Labels, RecipeProblemKind::NoLabels);
        }
    }

    fn check_labels(&self, found: &mut Found) {
        let has_image_attributes = self.has_attributes_of(AttributeSubject::Image);
        let (mut names, mut keys) = (HashMap::new(), HashMap::new());
        for (index, label) in self.labels.iter().enumerate() {
            let place = RecipePlace::Label { index: number(index) };
            found.name(place, &label.name, index, &mut names);
            if has_image_attributes && comparable(&label.name) == IMAGE_LABEL {
                found.add(place, RecipeProblemKind::ReservedName { name: label.name.clone() });
            }
            if !(1..=12).contains(&label.color) {
                found.add(place, RecipeProblemKind::InvalidColor);
            }
            if let Some(key) = label.key {
                let lower = key.to_lowercase().next().unwrap_or(key);
                if !matches!(key, '1'..='9') && !key.is_alphabetic() {
                    found.add(place, RecipeProblemKind::InvalidKey { key });
                } else if let Some(first) = keys.get(&lower) {
                    found.add(place, RecipeProblemKind::DuplicateKey { key, first: *first });
                } else {
                    keys.insert(lower, number(index));
                }
            }
            if let Some(parent) = &label.parent {
                if self.label_named(parent).is_none() {
                    found.add(place, RecipeProblemKind::UnknownParent { parent: parent.clone() });
                } else if self.is_own_ancestor(index) {
                    found.add(place, RecipeProblemKind::ParentCycle);
                }
            }
        }
    }

    fn is_own_ancestor(&self, index: usize) -> bool {
        let start = comparable(&self.labels[index].name);
        let mut at = &self.labels[index];
        // A chain without cycles is shorter than the list.
        for _ in 0..self.labels.len() {
            let Some(parent) = at.parent.as_deref().and_then(|parent| self.label_named(parent)) else { return false };
            if comparable(&parent.name) == start {
                return true;
            }
            at = parent;
        }
        false
    }

    fn check_attributes(&self, found: &mut Found) {
        // Attributes of annotations and of images are told apart by where they are.
        let (mut of_annotations, mut of_images) = (HashMap::new(), HashMap::new());
        for (index, attribute) in self.attributes.iter().enumerate() {
            let place = RecipePlace::Attribute { index: number(index) };
            let names = match attribute.of {
                AttributeSubject::Annotation => &mut of_annotations,
                AttributeSubject::Image => &mut of_images,
            };
            found.name(place, &attribute.name, index, names);
            match &attribute.kind {
                AttributeKind::Number { min, max } if min > max => {
                    found.add(place, RecipeProblemKind::MinAboveMax { min: *min, max: *max });
                }
                AttributeKind::Text | AttributeKind::YesNo | AttributeKind::Number { .. } => {}
                AttributeKind::Choice { options } | AttributeKind::SeveralOf { options } => {
                    found.options(place, options);
                }
            }
        }
    }

    fn check_example(&self, place: RecipePlace, example: &RecipeExample, found: &mut Found) {
        let is_given = |part: &Option<String>| part.as_ref().is_some_and(|part| !part.trim().is_empty());
        if !is_given(&example.hash) && !is_given(&example.path) {
            found.add(place, RecipeProblemKind::NoPhoto);
        }
        let is_attribute = |name: &str, of: AttributeSubject| {
            self.attributes_of(of).any(|(_, Attribute { name: own, .. })| own == name)
        };
        for annotation in &example.annotations {
            let shape = annotation.shape.kind();
            if self.label_named(&annotation.label).is_none() && shape != ShapeKind::Caption {
                found.add(place, RecipeProblemKind::UnknownLabel { label: annotation.label.clone() });
            }
            if !self.shapes.contains(&shape) {
                found.add(place, RecipeProblemKind::OtherShape { shape });
            }
            if !is_within(&annotation.shape, example.units) {
                found.add(place, RecipeProblemKind::OutsidePhoto);
            }
            for name in annotation.attributes.keys().filter(|name| !is_attribute(name, AttributeSubject::Annotation)) {
                found.add(place, RecipeProblemKind::UnknownAttribute { name: name.clone() });
            }
        }
        for name in example.attributes.keys().filter(|name| !is_attribute(name, AttributeSubject::Image)) {
            found.add(place, RecipeProblemKind::UnknownAttribute { name: name.clone() });
        }
    }
}

/// The size of a photo is not known here, so pixels have no upper limit.
fn is_within(shape: &Shape, units: ExampleUnits) -> bool {
    let limit = match units {
        ExampleUnits::Fractions => 1.0,
        ExampleUnits::Pixels => f64::MAX,
    };
    let is_inside = |point: &Point| (0.0..=limit).contains(&point.x) && (0.0..=limit).contains(&point.y);
    match shape {
        Shape::Box { rect } => {
            let corners = [Point::new(rect.x1, rect.y1), Point::new(rect.x2, rect.y2)];
            corners.iter().all(is_inside) && rect.x1 < rect.x2 && rect.y1 < rect.y2
        }
        Shape::Point { at } => is_inside(at),
        Shape::Polygon { points } => points.len() >= 3 && points.iter().all(is_inside),
        Shape::ImageTag | Shape::Caption { .. } => true,
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

struct Found(Vec<RecipeProblem>);

impl Found {
    fn add(&mut self, place: RecipePlace, problem: RecipeProblemKind) {
        self.0.push(RecipeProblem { place, problem });
    }

    fn name(&mut self, place: RecipePlace, name: &str, index: usize, known: &mut HashMap<String, u32>) {
        if name.trim().is_empty() {
            self.add(place, RecipeProblemKind::EmptyName);
        } else if let Some(first) = known.get(&comparable(name)) {
            self.add(place, RecipeProblemKind::DuplicateName { name: name.to_owned(), first: *first });
        } else {
            known.insert(comparable(name), number(index));
        }
        self.characters(place, name, MAX_NAME_LENGTH);
    }

    /// Of a name or an option.
    fn characters(&mut self, place: RecipePlace, name: &str, limit: u32) {
        if name.chars().count() > limit as usize {
            self.add(place, RecipeProblemKind::LongName { limit });
        }
        if name.contains(is_hidden) {
            self.add(place, RecipeProblemKind::HiddenCharacters { name: name.to_owned() });
        }
    }

    fn options(&mut self, place: RecipePlace, options: &[String]) {
        if options.len() < 2 {
            self.add(place, RecipeProblemKind::TooFewOptions);
        }
        if options.iter().any(|option| option.trim().is_empty()) {
            self.add(place, RecipeProblemKind::EmptyOption);
        }
        for (index, option) in options.iter().enumerate() {
            self.characters(place, option, MAX_NAME_LENGTH);
            if options[..index].contains(option) {
                self.add(place, RecipeProblemKind::DuplicateOption { option: option.clone() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ExampleAnnotation, Label, builtin};
    use super::*;
    use crate::geometry::Rect;

    fn told(recipe: &Recipe) -> Vec<String> {
        recipe.problems().iter().map(ToString::to_string).collect()
    }

    fn attribute(name: &str, kind: AttributeKind, of: AttributeSubject) -> Attribute {
        Attribute { name: name.into(), definition: String::new(), kind, is_required: false, of }
    }

    #[test]
    fn names_that_imitate_others_or_fit_nowhere_are_problems() {
        let mut recipe = Recipe::find_these("cat, dog").unwrap();
        recipe.labels[0].name = "\u{202e}gpj.exe".into();
        recipe.labels[1].name = "x".repeat(201);
        recipe.name = "cats\u{1b}[31m".into();
        assert_eq!(
            told(&recipe),
            [
                r#"the recipe: the name "cats\u{1b}[31m" has hidden characters"#,
                r#"label 1: the name "\u{202e}gpj.exe" has hidden characters"#,
                "label 2: its name has more than 200 characters",
            ]
        );
    }

    #[test]
    fn sound_recipes_have_no_problems() {
        for recipe in builtin::all() {
            assert_eq!(told(&recipe), [""; 0], "{}", recipe.name);
        }
        let caption = Recipe { name: "Alt text".into(), shapes: vec![ShapeKind::Caption], ..Recipe::default() };
        assert_eq!(told(&caption), [""; 0]);
    }

    #[test]
    fn every_problem_is_found_with_its_place() {
        let label = |name: &str, key, parent: Option<&str>| Label {
            key,
            parent: parent.map(Into::into),
            ..Label::plain(name, 0)
        };
        let options = |options: &[&str]| options.iter().map(|option| (*option).to_owned()).collect();
        let (annotation, image) = (AttributeSubject::Annotation, AttributeSubject::Image);
        let recipe = Recipe {
            name: " ".into(),
            labels: vec![
                label("cat", Some('c'), Some("animal")),
                label("Animal", Some('C'), Some("cat")),
                label(" ", Some('0'), None),
                label("CAT", Some('1'), Some("thing")),
                Label { color: 13, ..label("image", Some('!'), Some("image")) },
                label("kitten", None, Some("cat")),
            ],
            shapes: vec![ShapeKind::Box, ShapeKind::Box],
            attributes: vec![
                attribute("age", AttributeKind::Number { min: 2, max: 1 }, annotation),
                attribute("AGE", AttributeKind::Number { min: 1, max: 1 }, annotation),
                attribute("age", AttributeKind::Text, image),
                attribute("sex", AttributeKind::Choice { options: options(&["f"]) }, annotation),
                attribute("fur", AttributeKind::SeveralOf { options: options(&["long", "", "long"]) }, annotation),
            ],
            language: Some("no language".into()),
            examples: vec![RecipeExample {
                annotations: vec![
                    ExampleAnnotation {
                        label: "dog".into(),
                        shape: Shape::Box { rect: Rect::new(0.5, 0.5, 1.5, 1.0) },
                        attributes: [("fur".to_owned(), crate::annotation::AttributeValue::YesNo(true))].into(),
                    },
                    ExampleAnnotation { label: "cat".into(), shape: Shape::ImageTag, attributes: [].into() },
                ],
                attributes: [("sex".to_owned(), crate::annotation::AttributeValue::YesNo(true))].into(),
                ..RecipeExample::default()
            }],
            ..Recipe::default()
        };
        insta::assert_snapshot!(told(&recipe).join("\n"));
    }

    #[test]
    fn a_recipe_must_ask_for_something() {
        let empty = Recipe { name: "Empty".into(), ..Recipe::default() };
        assert_eq!(told(&empty), ["shapes: nothing is asked for: choose a shape, or add an attribute of the image"]);
        let boxes = Recipe { shapes: vec![ShapeKind::Box], ..empty.clone() };
        assert_eq!(told(&boxes), ["labels: these shapes need a label"]);
        let attributes = vec![attribute("sharp", AttributeKind::YesNo, AttributeSubject::Image)];
        assert_eq!(told(&Recipe { attributes, ..empty }), [""; 0]);
    }

    #[test]
    fn language_tags() {
        let of = |language: &str| Recipe { language: Some(language.into()), ..builtin::bird_vocabulary() }.problems();
        for language in ["es", "pt-BR", "zh-Hant-TW", "sr-Latn", "en-us"] {
            assert_eq!(of(language), [], "{language}");
        }
        for language in ["", "e", "es_", "Spanish, please", "es-"] {
            assert_eq!(of(language).len(), 1, "{language}");
        }
    }
}
