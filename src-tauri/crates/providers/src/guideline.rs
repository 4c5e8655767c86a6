//! The system prompt of a recipe: the same text for every image of a run, so that the vendor can cache it. Nothing
//! about a single image belongs here.

use domain::coordinates::BoxCoordinates;
use domain::recipe::{Attribute, AttributeKind, AttributeSubject, Label, Recipe, ShapeKind};

use crate::catalog::ModelSpec;
use crate::coordinates::{self, points};
use crate::request::RequestOptions;
use crate::schema::{self, SHAPE_KEY, Schema, attribute_key, shape_name};

const TASK: &str = "\
You annotate photographs for a data set that people will check and rely on. Look at the image and answer with one mark \
for each thing you see that one of the labels below names.

# A mark
- label: exactly one of the labels below, written as it is there.
";

/// The task of a recipe with other shapes than boxes.
const SHAPES_TASK: &str = "\
You annotate photographs for a data set that people will check and rely on. Look at the image and answer with a list of \
annotations.

# An annotation
";

const LABEL: &str = "\
- label: exactly one of the labels below, written as it is there.
";

/// How to write a box in a calibration.
const OWN_COORDINATES: &str = "\
- box_2d: the tightest box around the thing, as a list of four numbers, in the coordinates and the order in which you were \
trained to write boxes.
";

const CAPTION: &str = "\
- caption: a text about the whole image, as the instructions ask for; without instructions, one sentence that says what \
the image shows.
";

const TAGS: &str = "\
Add a tag for each label that is true of the image as a whole, and no tag for the others.
";

const SHAPES_CONFIDENCE: &str = "\
- confidence: from 0 to 1, the probability that a careful person agrees with the annotation.
";

const CONFIDENCE: &str = "\
- confidence: from 0 to 1, the probability that a careful person agrees with the label and the box.
";

/// The task of a recipe that asks for attributes of the image only.
const IMAGE_TASK: &str = "\
You describe photographs for a data set that people will check and rely on. Look at the image and answer the questions \
below about it.
";

/// The prompt for a model that answers in these coordinates.
#[must_use]
pub fn guideline(recipe: &Recipe, coordinates: BoxCoordinates) -> String {
    let mut text =
        if recipe.asks_of_image_alone() { IMAGE_TASK.to_owned() } else { of_annotations(recipe, coordinates) };
    if recipe.has_attributes_of(AttributeSubject::Image) {
        text.push_str("\n# The image\nAnswer these questions about the whole image once, under \"image\".\n");
        push_attributes(&mut text, recipe, AttributeSubject::Image);
    }
    if let Some(language) = &recipe.language {
        let language = format!(
            "\n# Language\nWrite text in the language with the BCP 47 tag {language}. Labels and options stay as they are \
             listed.\n"
        );
        text.push_str(&language);
    }
    if !recipe.instructions.trim().is_empty() {
        text.push_str("\n# Instructions\n");
        text.push_str(recipe.instructions.trim());
        text.push('\n');
    }
    text
}

/// The prompt and the schema of an answer of `model`.
pub(crate) fn question(recipe: &Recipe, model: &ModelSpec, options: &RequestOptions<'_>) -> (String, Schema) {
    if options.is_calibration {
        // A list of numbers, whatever they turn out to be.
        (of_boxes(recipe, OWN_COORDINATES), schema::of_answer(recipe, BoxCoordinates::Norm1Xyxy))
    } else {
        (guideline(recipe, model.coordinates), schema::of_answer(recipe, model.coordinates))
    }
}

fn of_annotations(recipe: &Recipe, coordinates: BoxCoordinates) -> String {
    if recipe.shapes != [ShapeKind::Box] {
        return of_shapes(recipe, coordinates);
    }
    of_boxes(recipe, coordinates::instruction(coordinates))
}

/// The task of a recipe for boxes, with the line that says how to write one.
fn of_boxes(recipe: &Recipe, instruction: &str) -> String {
    let mut text = TASK.to_owned();
    text.push_str(instruction);
    text.push_str(CONFIDENCE);
    let has_attributes = recipe.has_attributes_of(AttributeSubject::Annotation);
    if has_attributes {
        text.push_str("- attributes: the questions about each mark that are listed below.\n");
    }
    text.push_str("\nMark each thing once. When nothing fits, answer with an empty list of marks.\n");
    push_labels(&mut text, recipe);
    text
}

/// The task of a recipe with other shapes than boxes.
fn of_shapes(recipe: &Recipe, coordinates: BoxCoordinates) -> String {
    let is_mixed = recipe.shapes.len() > 1;
    let mut text = SHAPES_TASK.to_owned();
    let names: Vec<&str> = recipe.shapes.iter().map(|shape| shape_name(*shape)).collect();
    if is_mixed {
        let shape = format!("- {SHAPE_KEY}: one of: {}.\n", names.join(", "));
        text.push_str(&shape);
    }
    let has_labels = recipe.shapes.iter().any(|shape| *shape != ShapeKind::Caption);
    if has_labels {
        text.push_str(LABEL);
    }
    for shape in &recipe.shapes {
        let place = match shape {
            ShapeKind::Box => coordinates::instruction(coordinates).to_owned(),
            ShapeKind::Point => points::point_instruction(coordinates),
            ShapeKind::Polygon => points::outline_instruction(coordinates),
            ShapeKind::ImageTag => continue,
            ShapeKind::Caption => CAPTION.to_owned(),
        };
        // Up to the first colon are the names of the fields.
        let with = format!(" (shape \"{}\"):", shape_name(*shape));
        text.push_str(&if is_mixed { place.replacen(':', &with, 1) } else { place });
    }
    if has_labels {
        text.push_str(SHAPES_CONFIDENCE);
    }
    let has_attributes = has_labels && recipe.has_attributes_of(AttributeSubject::Annotation);
    if has_attributes {
        text.push_str("- attributes: the questions about each annotation that are listed below.\n");
    }
    if is_mixed && recipe.shapes.contains(&ShapeKind::Caption) && has_labels {
        text.push_str("A caption has only a shape and a text.\n");
    }
    text.push('\n');
    for shape in &recipe.shapes {
        text.push_str(match shape {
            ShapeKind::Box | ShapeKind::Point | ShapeKind::Polygon => continue,
            ShapeKind::ImageTag => TAGS,
            ShapeKind::Caption => "Write one caption.\n",
        });
    }
    let located = recipe.shapes.iter().filter(|shape| is_located(**shape)).count();
    if located > 0 {
        text.push_str("Annotate each thing that you see and that a label names, once.");
        if located > 1 {
            text.push_str(
                " Use the shape that the instructions ask for; without instructions, the first of the shapes above that fits.",
            );
        }
        text.push('\n');
    }
    if !recipe.shapes.contains(&ShapeKind::Caption) {
        text.push_str("When nothing fits, answer with an empty list of annotations.\n");
    }
    if has_labels {
        push_labels(&mut text, recipe);
    }
    text
}

const fn is_located(shape: ShapeKind) -> bool {
    matches!(shape, ShapeKind::Box | ShapeKind::Point | ShapeKind::Polygon)
}

fn push_labels(text: &mut String, recipe: &Recipe) {
    text.push_str("\n# Labels\n");
    for label in &recipe.labels {
        text.push_str(&label_line(label));
    }
    if recipe.has_attributes_of(AttributeSubject::Annotation) {
        text.push_str("\n# Attributes\n");
        push_attributes(text, recipe, AttributeSubject::Annotation);
    }
}

fn push_attributes(text: &mut String, recipe: &Recipe, subject: AttributeSubject) {
    for (index, attribute) in recipe.attributes_of(subject) {
        text.push_str(&attribute_line(attribute, index));
    }
}

fn label_line(label: &Label) -> String {
    let mut line = format!("- {}", one_line(&label.name));
    let synonyms: Vec<String> = label.synonyms.iter().map(|synonym| one_line(synonym)).collect();
    let also_called = (!synonyms.is_empty()).then(|| format!("also called {}", synonyms.join(", ")));
    let belongs_to = label.parent.as_ref().map(|parent| format!("belongs to {}", one_line(parent)));
    let about: Vec<String> = also_called.into_iter().chain(belongs_to).collect();
    if !about.is_empty() {
        line = format!("{line} ({})", about.join("; "));
    }
    with_definition(line, &label.definition)
}

fn attribute_line(attribute: &Attribute, index: usize) -> String {
    let key = attribute_key(attribute, index);
    let kind = match &attribute.kind {
        AttributeKind::Text => "text".to_owned(),
        AttributeKind::Number { min, max } => format!("a whole number from {min} to {max}"),
        AttributeKind::Choice { options } => format!("one of: {}", options.join(", ")),
        AttributeKind::SeveralOf { options } => format!("any number of: {}", options.join(", ")),
        AttributeKind::YesNo => "true or false".to_owned(),
    };
    let leave_out = if attribute.is_required { "" } else { "; leave it out when the image does not tell" };
    let name = if key == attribute.name { String::new() } else { format!("{}, ", one_line(&attribute.name)) };
    with_definition(format!("- {key} ({name}{kind}{leave_out})"), &attribute.definition)
}

fn with_definition(mut line: String, definition: &str) -> String {
    let definition = one_line(definition);
    if !definition.is_empty() {
        line.push_str(": ");
        line.push_str(&definition);
    }
    line.push('\n');
    line
}

/// A list entry must stay on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_in_words() {
        let mut recipe = domain::recipe::builtin::bird_vocabulary();
        recipe.labels.truncate(2);
        recipe.labels[1].synonyms = vec!["bill".into(), "pico".into()];
        recipe.attributes.push(Attribute {
            name: "how many?".into(),
            definition: "Of the same\nkind".into(),
            kind: AttributeKind::Number { min: 1, max: 99 },
            is_required: false,
            of: AttributeSubject::Annotation,
        });
        let text = guideline(&recipe, BoxCoordinates::PixelXyxy);
        let (task, lists) = text.split_at(text.find("\n# Labels").unwrap());
        assert!(task.contains("- attributes:"));
        insta::assert_snapshot!(lists, @r#"

        # Labels
        - bird: The whole bird
        - beak (also called bill, pico): Upper and lower bill

        # Attributes
        - spanishTerm (text): The term in Spanish, with its article: el pico
        - englishTerm (text): The term in English: beak
        - type (one of: anatomical, behavioral, color, pattern): What kind of term it is
        - difficulty (a whole number from 1 to 5): For learners of Spanish: 1 everyday, 5 for specialists
        - pronunciation (text): The Spanish term spelled for English readers: PEE-koh
        - attribute_6 (how many?, a whole number from 1 to 99; leave it out when the image does not tell): Of the same kind

        # Instructions
        Mark the features of each bird that a learner would point at and name. Prefer six to ten clear ones over many small ones; box each feature tightly.
        "#);
    }

    #[test]
    fn new_parts_of_a_recipe_in_words() {
        let mut recipe = Recipe::find_these("bird, beak").unwrap();
        recipe.labels[1].parent = Some("bird".into());
        recipe.labels[1].synonyms = vec!["bill".into()];
        recipe.language = Some("es".into());
        let attribute = |name: &str, kind, of| Attribute {
            name: name.into(),
            definition: String::new(),
            kind,
            is_required: true,
            of,
        };
        let weather = AttributeKind::SeveralOf { options: vec!["rain".into(), "fog".into()] };
        recipe.attributes = vec![
            attribute("weather", weather, AttributeSubject::Image),
            attribute("name", AttributeKind::Text, AttributeSubject::Annotation),
        ];
        let text = guideline(&recipe, BoxCoordinates::PixelXyxy);
        insta::assert_snapshot!(text[text.find("\n# Labels").unwrap()..]);
        recipe.attributes.truncate(1);
        recipe.shapes.clear();
        insta::assert_snapshot!(guideline(&recipe, BoxCoordinates::PixelXyxy));
    }

    #[test]
    fn other_shapes_in_words() {
        let mut recipe = Recipe::find_these("bird").unwrap();
        recipe.shapes = vec![ShapeKind::Polygon];
        insta::assert_snapshot!("outline", guideline(&recipe, BoxCoordinates::PixelXyxy));
        recipe.shapes = vec![ShapeKind::Box, ShapeKind::Point, ShapeKind::ImageTag, ShapeKind::Caption];
        insta::assert_snapshot!("mixed", guideline(&recipe, BoxCoordinates::Norm1000Yxyx));
        recipe.shapes = vec![ShapeKind::ImageTag];
        insta::assert_snapshot!("tags", guideline(&recipe, BoxCoordinates::PixelXyxy));
        recipe.shapes = vec![ShapeKind::Caption];
        recipe.labels.clear();
        insta::assert_snapshot!("caption", guideline(&recipe, BoxCoordinates::PixelXyxy));
    }

    #[test]
    fn nothing_is_said_about_attributes_that_are_not_asked() {
        let text = guideline(&Recipe::find_these("cat").unwrap(), BoxCoordinates::PixelXyxy);
        assert!(!text.contains("ttributes") && text.ends_with("# Labels\n- cat\n"));
    }
}
