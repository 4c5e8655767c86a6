//! Round trips, errors, the published schema and the examples of the documentation.

mod schema;

use std::fs;
use std::path::{Path, PathBuf};

use domain::annotation::{AttributeValue, Shape};
use domain::geometry::{Point, Rect};
use domain::recipe::{
    Attribute, AttributeKind, AttributeSubject, ExampleAnnotation, ExampleUnits, Label, RecipeExample, ShapeKind,
    Tiling,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

fn told(text: &str) -> String {
    match read(text) {
        Ok(recipe) => format!("{} is fine", recipe.name),
        Err(RecipeFileError::Malformed(problems)) => {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        Err(other) => other.to_string(),
    }
}

#[test]
fn errors_name_line_and_column() {
    let texts = [
        "name = \"Cats\"\nshapes = [\"box\"]\n\n[[labels]]\nname = \"cat\"\ncolour = 3\n",
        "name = \"Cats\"\nshapes = [\"circle\"]\n",
        "name = \"Cats\n",
        "shapes = [\"box\"]\n",
        "name = \"Cats\"\nshapes = [\"box\"]\nlabels = \"cat\"\n",
        "\u{feff}name = \"Cats\"\r\nshapes = [\"box\", \"box\"]\r\n[[labels]]\r\nname = \"cat\"\r\nkey = \"cat\"\r\n",
        "name = \"\"\nshapes = [\"box\"]\nlanguage = \"Spanish\"\n\n[[labels]]\nname = \"cat\"\n\n[[labels]]\nname = \"CAT\"\nparent = \"dog\"\n",
        "name = \"Cats\"\n[[attributes]]\nname = \"age\"\nkind = \"number\"\nmin = 1\noptions = [\"x\"]\n\n[[attributes]]\nname = \"fur\"\nkind = \"one_of\"\nmax = 3\n",
        "name = \"Cats\"\n[[attributes]]\nname = \"age\"\nkind = \"number\"\nmin = 1.5\nmax = 3\n",
        "name = \"Cats\"\nshapes = [\"box\"]\n[[labels]]\nname = \"cat\"\n[[examples]]\npath = \"a.jpg\"\nannotations = [{ label = \"cat\", box = [0, 0, 1, 1], point = [0, 0] }]\n",
        "name = \"Ñandú\"\nname = \"twice\"\n",
    ];
    insta::assert_snapshot!(texts.map(|text| format!("{text}=> {}", told(text))).join("\n\n"));
}

#[test]
fn only_a_caption_needs_no_label() {
    let text = |annotation: &str| {
        format!(
            "name = \"Cats\"\nshapes = [\"box\", \"caption\"]\n[[labels]]\nname = \"cat\"\n[[examples]]\npath = \"a.jpg\"\n\
             annotations = [{{ {annotation} }}]\n"
        )
    };
    let recipe = read(&text("caption = \"A cat.\"")).unwrap();
    assert_eq!(recipe.examples[0].annotations[0].label, "caption");
    assert!(told(&text("box = [0, 0, 1, 1]")).contains("an annotation needs a label"));
}

#[test]
fn a_file_of_windows_is_the_same_recipe() {
    let text = "name = \"Cats\"\nshapes = [\"box\"]\ninstructions = \"\"\"\nLook twice.\nThen answer.\"\"\"\n\n[[labels]]\nname = \"cat\"\n";
    let recipe = read(text).unwrap();
    assert_eq!(recipe.instructions, "Look twice.\nThen answer.");
    assert_eq!(read(&format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap(), recipe);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Zñé ]{0,12}",
        "[\\PC\n\t\r\"'\\\\#=\\[\\]]{0,12}",
        Just("\"\"\"\n'''\\u0041\u{7f}\u{1}".to_owned()),
        Just("line\r\nline\n\n".to_owned()),
    ]
}

/// A name that no other index has.
fn named(index: usize, rest: &str) -> String {
    format!("{} n{index}", rest.replace(domain::text::is_hidden, ""))
}

fn attribute_value() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        any::<bool>().prop_map(AttributeValue::YesNo),
        any::<i32>().prop_map(AttributeValue::Number),
        text().prop_map(AttributeValue::Text),
        vec(text(), 0..3).prop_map(AttributeValue::Several),
    ]
}

fn kind() -> impl Strategy<Value = AttributeKind> {
    let options =
        || vec(text(), 2..4).prop_map(|rests| rests.iter().enumerate().map(|(at, rest)| named(at, rest)).collect());
    prop_oneof![
        Just(AttributeKind::Text),
        Just(AttributeKind::YesNo),
        (any::<i32>(), any::<i32>())
            .prop_map(|(one, other)| AttributeKind::Number { min: one.min(other), max: one.max(other) }),
        options().prop_map(|options| AttributeKind::Choice { options }),
        options().prop_map(|options| AttributeKind::SeveralOf { options }),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let part = || 0.0..0.5f64;
    let point = move || (part(), part()).prop_map(|(x, y)| Point::new(x, y));
    prop_oneof![
        (part(), part()).prop_map(|(x, y)| Shape::Box { rect: Rect::new(x, y, x + 0.25, y + 0.5) }),
        point().prop_map(|at| Shape::Point { at }),
        vec(point(), 3..6).prop_map(|points| Shape::Polygon { points }),
        Just(Shape::ImageTag),
        text().prop_map(|text| Shape::Caption { text }),
    ]
}

prop_compose! {
    fn recipe()(
        name in text(),
        instructions in text(),
        language in option::of(prop_oneof![Just("es".to_owned()), Just("zh-Hant-TW".to_owned())]),
        tiles in option::of((128..=16_384u32, 0..=50u8, 1..=256u32).prop_map(|(edge, overlap, at_most)| Tiling { edge, overlap, at_most })),
        check in any::<bool>(),
        labels in vec((text(), text(), 1..=12u8, any::<bool>(), vec(text(), 0..3), any::<bool>()), 1..14),
        attributes in vec((text(), text(), kind(), any::<bool>(), any::<bool>()), 0..5),
        examples in vec((option::of("[0-9a-f]{8}"), text(), any::<bool>(), vec((0..14usize, shape(), attribute_value()), 0..3), attribute_value()), 0..3),
    ) -> Recipe {
        let labels: Vec<Label> = labels.into_iter().enumerate().map(|(index, (rest, definition, color, has_key, synonyms, has_parent))| Label {
            name: named(index, &rest),
            definition,
            color,
            synonyms,
            key: has_key.then(|| char::from(b'a' + u8::try_from(index).unwrap())),
            parent: None,
        }.with_parent(has_parent && index > 0)).collect();
        let labels: Vec<Label> = (0..labels.len()).map(|index| Label {
            parent: labels[index].parent.as_ref().map(|_| labels[index - 1].name.clone()),
            ..labels[index].clone()
        }).collect();
        let attributes: Vec<Attribute> = attributes.into_iter().enumerate().map(|(index, (rest, definition, kind, is_required, is_of_image))| Attribute {
            name: named(index, &rest),
            definition,
            kind,
            is_required,
            of: if is_of_image { AttributeSubject::Image } else { AttributeSubject::Annotation },
        }).collect();
        let one_of = |subject, value: &AttributeValue| attributes.iter().find(|own| own.of == subject).map(|own| (own.name.clone(), value.clone())).into_iter().collect();
        let examples = examples.into_iter().map(|(hash, path, is_in_pixels, annotations, value)| RecipeExample {
            hash,
            path: Some(format!("{path}.jpg")),
            units: if is_in_pixels { ExampleUnits::Pixels } else { ExampleUnits::Fractions },
            annotations: annotations.into_iter().map(|(label, shape, value)| ExampleAnnotation {
                label: labels[label % labels.len()].name.clone(),
                shape,
                attributes: one_of(AttributeSubject::Annotation, &value),
            }).collect(),
            attributes: one_of(AttributeSubject::Image, &value),
        }).collect();
        Recipe {
            name: named(0, &name),
            labels,
            shapes: vec![ShapeKind::Box, ShapeKind::Point, ShapeKind::Polygon, ShapeKind::ImageTag, ShapeKind::Caption],
            attributes: attributes.clone(),
            instructions,
            language,
            examples,
            tiles,
            check,
        }
    }
}

trait WithParent {
    fn with_parent(self, has_parent: bool) -> Self;
}

impl WithParent for Label {
    /// A placeholder, replaced once all names are known.
    fn with_parent(self, has_parent: bool) -> Self {
        Self { parent: has_parent.then(String::new), ..self }
    }
}

proptest! {
    #[test]
    fn a_recipe_is_read_as_it_was_written(recipe in recipe()) {
        let text = write(&recipe).unwrap();
        let read = read(&text);
        prop_assert_eq!(read.as_ref(), Ok(&recipe), "{}", text);
        prop_assert_eq!(write(&recipe).unwrap(), text);
    }

    #[test]
    fn no_text_makes_reading_fail_badly(text in "[\\PC\n]{0,60}") {
        let _ = read(&text);
    }
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs")
}

fn schema() -> serde_json::Value {
    let mut schema = serde_json::to_value(schemars::schema_for!(FileRecipe)).unwrap();
    schema["title"] = "Recipe of Fieldmark".into();
    schema
}

#[test]
fn the_published_schema_is_up_to_date() {
    let path = docs().join("recipe.schema.json");
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, text).unwrap();
    } else {
        assert_eq!(fs::read_to_string(&path).unwrap().replace("\r\n", "\n"), text, "run with UPDATE_DOCS=1");
    }
}

/// The TOML blocks of docs/recipes.md.
fn documented() -> Vec<String> {
    let page = fs::read_to_string(docs().join("recipes.md")).unwrap().replace("\r\n", "\n");
    let mut blocks = page.split("```toml\n").skip(1);
    blocks.by_ref().map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn documented_and_built_in_recipes_follow_the_schema() {
    let schema = schema();
    let documented = documented();
    assert!(!documented.is_empty());
    let built_in = crate::builtin::FILES.iter().map(|text| (*text).to_owned());
    for text in documented.into_iter().chain(built_in) {
        read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let value: serde_json::Value = toml_edit::de::from_str(&text).unwrap();
        assert_eq!(schema::problem(&schema, &schema, &value), None, "{text}");
    }
    let wrong: serde_json::Value = toml_edit::de::from_str("name = \"x\"\nshape = [\"box\"]").unwrap();
    assert!(schema::problem(&schema, &schema, &wrong).is_some());
}
