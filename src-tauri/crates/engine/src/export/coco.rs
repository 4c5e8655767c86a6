//! COCO: a data set (`images`, `annotations`, `categories`), or the results list that evaluators take beside one. Both are
//! written item by item. Ids begin at 1: evaluators take an annotation 0 for none.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use domain::annotation::AttributeValue;
use domain::export::MarkSelection;
use domain::geometry::Orientation;
use domain::ids::{AnnotationId, ImageId, RunId};
use domain::library::ReviewState;
use domain::recipe::{Recipe, comparable};
use domain::run::RunSummary;
use serde::Serialize;

use super::record::{ImageRecord, MarkRecord, Provenance};

/// The categories of a data set, numbered from 1: the labels of the recipe in its order, found or not, then those that
/// people have added on its images. A label is one category in whatever spelling.
pub struct Categories {
    /// The first spelling of each.
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Categories {
    pub fn new(recipe: &Recipe, in_answers: Vec<String>) -> Self {
        let mut categories = Self { names: Vec::new(), numbers: HashMap::new() };
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut count = 0;
        for name in recipe.labels.iter().map(|label| label.name.clone()).chain(in_answers) {
            let number = *known.entry(comparable(&name)).or_insert_with(|| {
                count += 1;
                categories.names.push(name.clone());
                count
            });
            categories.numbers.insert(name, number);
        }
        categories
    }

    pub fn listed(&self) -> impl Iterator<Item = Category<'_>> {
        (1..).zip(&self.names).map(|(id, name)| Category { id, name, supercategory: "" })
    }

    fn number(&self, label: &str) -> io::Result<u32> {
        let number = self.numbers.get(label).copied();
        // They hold every label of the marks, as seen in the same look at the library.
        number.ok_or_else(|| io::Error::other(format!("the label {label} is in no category")))
    }
}

#[derive(Serialize)]
pub struct Category<'a> {
    id: u32,
    name: &'a str,
    supercategory: &'static str,
}

/// What a data set says about itself.
#[derive(Serialize)]
pub struct Info<'a> {
    description: String,
    version: &'static str,
    date_created: String,
    fieldmark: InfoExtra<'a>,
}

#[derive(Serialize)]
struct InfoExtra<'a> {
    version: &'static str,
    run: u32,
    model: &'a str,
    recipe: &'a str,
    exported_at: String,
    geometry: &'static str,
    marks: MarkSelection,
}

impl<'a> Info<'a> {
    pub fn new(run: &'a RunSummary, marks: MarkSelection, exported_at: String) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self {
            description: format!("Run {}: {} by {}", run.id, run.recipe_name, run.model_name),
            version,
            date_created: exported_at.clone(),
            fieldmark: InfoExtra {
                version,
                run: run.id.0,
                model: &run.model.0,
                recipe: &run.recipe_name,
                exported_at,
                geometry: "pixels of the upright image: EXIF orientation applied, origin at the top left",
                marks,
            },
        }
    }
}

#[derive(Serialize)]
struct Image<'a> {
    id: ImageId,
    file_name: &'a str,
    width: u32,
    height: u32,
    fieldmark: ImageExtra<'a>,
}

#[derive(Serialize)]
struct ImageExtra<'a> {
    stored_width: u32,
    stored_height: u32,
    orientation: Orientation,
    hash: &'a str,
    review: ReviewState,
    carried_from: Option<ImageId>,
    missing: bool,
    other_paths: &'a [String],
}

#[derive(Serialize)]
struct Annotation<'a> {
    id: u32,
    image_id: ImageId,
    category_id: u32,
    bbox: [f64; 4],
    area: f64,
    iscrowd: u8,
    /// An outline's corners, x and y in turn; empty for a box, which needs none beside it.
    segmentation: Vec<Vec<f64>>,
    attributes: Attributes<'a>,
}

#[derive(Serialize)]
struct Attributes<'a> {
    mark: AnnotationId,
    #[serde(flatten)]
    provenance: &'a Provenance,
    #[serde(flatten)]
    of_recipe: BTreeMap<Cow<'a, str>, &'a AttributeValue>,
}

/// Names in [`Attributes`] that are taken: an attribute of a recipe that is called so has `recipe_` put before it.
const TAKEN: [&str; 7] = ["mark", "confidence", "status", "reject_reason", "origin", "run", "carried_from"];

impl<'a> From<&'a MarkRecord> for Attributes<'a> {
    fn from(mark: &'a MarkRecord) -> Self {
        let of_recipe = mark.attributes.iter().map(|(name, value)| {
            let is_taken = TAKEN.contains(&name.as_str());
            (if is_taken { format!("recipe_{name}").into() } else { name.as_str().into() }, value)
        });
        Self { mark: mark.mark, provenance: &mark.provenance, of_recipe: of_recipe.collect() }
    }
}

#[derive(Serialize)]
struct Detection {
    image_id: ImageId,
    category_id: u32,
    bbox: [f64; 4],
    score: f32,
}

/// The parts of a data set, in the order in which they are called.
pub struct DataSet<'a> {
    categories: &'a Categories,
    images: Items,
    annotations: Items,
}

impl<'a> DataSet<'a> {
    pub fn begin(out: &mut impl Write, info: &Info<'_>, categories: &'a Categories) -> io::Result<Self> {
        out.write_all(b"{\n\"info\": ")?;
        serde_json::to_writer(&mut *out, info)?;
        out.write_all(b",\n\"licenses\": [],\n\"categories\": [")?;
        let mut listed = Items::default();
        for category in categories.listed() {
            listed.write(out, &category)?;
        }
        out.write_all(b"\n],\n\"images\": [")?;
        Ok(Self { categories, images: Items::default(), annotations: Items::default() })
    }

    pub fn image(&mut self, out: &mut impl Write, image: &ImageRecord) -> io::Result<()> {
        let listed = Image {
            id: image.image,
            file_name: &image.file_name,
            width: image.width,
            height: image.height,
            fieldmark: ImageExtra {
                stored_width: image.stored_width,
                stored_height: image.stored_height,
                orientation: image.orientation,
                hash: &image.hash,
                review: image.review,
                carried_from: image.carried_from,
                missing: image.missing,
                other_paths: &image.other_paths,
            },
        };
        self.images.write(out, &listed)
    }

    pub fn end_images(out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"\n],\n\"annotations\": [")
    }

    pub fn annotations(&mut self, out: &mut impl Write, image: &ImageRecord) -> io::Result<()> {
        for mark in &image.marks {
            let Some(bbox) = mark.bbox.filter(|_| mark.has_outline()) else { continue };
            let outline: Vec<f64> = mark.points.iter().flatten().copied().collect();
            let annotation = Annotation {
                id: self.annotations.count + 1,
                image_id: image.image,
                category_id: self.categories.number(&mark.label)?,
                bbox,
                area: mark.area,
                iscrowd: 0,
                segmentation: if outline.is_empty() { Vec::new() } else { vec![outline] },
                attributes: mark.into(),
            };
            self.annotations.write(out, &annotation)?;
        }
        Ok(())
    }

    pub fn end(out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"\n]\n}\n")
    }
}

/// A results list, in the order in which its parts are called.
pub struct Detections<'a> {
    run: RunId,
    categories: &'a Categories,
    items: Items,
}

impl<'a> Detections<'a> {
    pub fn begin(out: &mut impl Write, run: RunId, categories: &'a Categories) -> io::Result<Self> {
        out.write_all(b"[")?;
        Ok(Self { run, categories, items: Items::default() })
    }

    /// Writes the annotations of the run for which it says how certain it is.
    pub fn marks(&mut self, out: &mut impl Write, image: &ImageRecord) -> io::Result<()> {
        for mark in &image.marks {
            let (Some(bbox), Some(score)) = (mark.bbox.filter(|_| mark.has_outline()), mark.score_of(self.run)) else {
                continue;
            };
            let category_id = self.categories.number(&mark.label)?;
            self.items.write(out, &Detection { image_id: image.image, category_id, bbox, score })?;
        }
        Ok(())
    }

    pub fn end(out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"\n]\n")
    }
}

/// What stands between the brackets of a JSON array, an item a line.
#[derive(Default)]
struct Items {
    count: u32,
}

impl Items {
    fn write(&mut self, out: &mut impl Write, item: &impl Serialize) -> io::Result<()> {
        out.write_all(if self.count == 0 { b"\n" } else { b",\n" })?;
        self.count += 1;
        Ok(serde_json::to_writer(&mut *out, item)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::record::fixtures::{image, mark};
    use super::*;

    #[test]
    fn ids_begin_at_one_and_categories_follow_the_recipe_whatever_was_found() {
        let recipe = Recipe::find_these("zebra, cat").unwrap();
        let categories = Categories::new(&recipe, vec!["bell".into(), "cat".into()]);
        let listed = serde_json::to_value(categories.listed().collect::<Vec<_>>()).unwrap();
        let category = |id: u32, name: &str| json!({"id": id, "name": name, "supercategory": ""});
        assert_eq!(listed, json!([category(1, "zebra"), category(2, "cat"), category(3, "bell")]));

        let mut data_set = DataSet { categories: &categories, images: Items::default(), annotations: Items::default() };
        let marks = vec![mark("cat", [10.0, 20.5, 30.0, 40.0]), mark("bell", [0.0, 0.0, 1.0, 1.0])];
        let mut out = b"[".to_vec();
        data_set.annotations(&mut out, &image("a.jpg", marks)).unwrap();
        out.push(b']');
        let written: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&written[0]["id"], &written[1]["id"]), (&json!(1), &json!(2)));
        assert_eq!(written[0]["category_id"], 2);
        assert_eq!(written[0]["bbox"], json!([10.0, 20.5, 30.0, 40.0]));
        assert_eq!((&written[0]["area"], &written[0]["iscrowd"]), (&json!(1200.0), &json!(0)));
    }

    #[test]
    fn a_label_is_one_category_in_any_spelling() {
        // A recipe of an earlier version, which took both.
        let mut recipe = Recipe::find_these("zebra, cafe\u{301}, dog").unwrap();
        recipe.labels[2].name = "Caf\u{e9}".into();
        let in_answers = ["ZEBRA", "bell", "Bell!", "zebras", "cafe\u{301}"].map(String::from).to_vec();
        let categories = Categories::new(&recipe, in_answers);
        let names: Vec<(u32, &str)> = categories.listed().map(|category| (category.id, category.name)).collect();
        assert_eq!(names, [(1, "zebra"), (2, "caf\u{e9}"), (3, "bell"), (4, "zebras")]);
        for (label, number) in [("ZEBRA", 1), ("Caf\u{e9}", 2), ("cafe\u{301}", 2), ("Bell!", 3), ("zebras", 4)] {
            assert_eq!(categories.number(label).unwrap(), number, "{label}");
        }
    }

    #[test]
    fn an_attribute_of_the_recipe_never_hides_where_a_mark_comes_from() {
        let mut cat = mark("cat", [0.0, 0.0, 1.0, 1.0]);
        let provenance = serde_json::to_value(Attributes::from(&cat)).unwrap();
        let names: Vec<&str> = provenance.as_object().unwrap().keys().map(String::as_str).collect();
        let mut taken = TAKEN;
        taken.sort_unstable();
        assert_eq!(names, taken);

        let text = |text: &str| AttributeValue::Text(text.into());
        cat.attributes = [("status".to_owned(), text("asleep")), ("colour".to_owned(), text("grey"))].into();
        let attributes = serde_json::to_value(Attributes::from(&cat)).unwrap();
        assert_eq!(attributes["status"], "proposed");
        assert_eq!((&attributes["recipe_status"], &attributes["colour"]), (&json!("asleep"), &json!("grey")));
    }
}
