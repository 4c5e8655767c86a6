//! The contents of a model's answer. An answer is stored before it is parsed and can be parsed again at any time, so
//! parsing is pure.
//!
//! Models deviate from the requested form. Corrections ([`Repair`]) and dropped items ([`Dropped`]) are recorded with
//! the answer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::annotation::{AttributeValue, NewAnnotation, Shape};
use crate::geometry::{ImageFromSent, ImageRegion, PixelSize, Rect};
use crate::recipe::{AttributeSubject, CAPTION_LABEL, IMAGE_LABEL, Recipe, ShapeKind};

/// What a request about an image is about: a part of it, and whether what was found there before is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PartPass {
    /// Its place in [`ImageParts::regions`](crate::recipe::ImageParts::regions): 0 is the whole image.
    pub part: u32,
    pub is_check: bool,
}

impl PartPass {
    /// Whether it shows a tile.
    #[must_use]
    pub const fn is_tile(self) -> bool {
        self.part > 0
    }

    /// What of `recipe` is asked about this part.
    #[must_use]
    pub fn recipe(self, recipe: &Recipe) -> Cow<'_, Recipe> {
        if self.is_tile() { Cow::Owned(recipe.of_tile()) } else { Cow::Borrowed(recipe) }
    }
}

/// A model's answer for one image, in pixels of the sent picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Size of the sent picture, in whose pixels the annotations are.
    pub sent: PixelSize,
    #[serde(rename = "marks")]
    pub annotations: Vec<AnsweredAnnotation>,
    #[serde(flatten)]
    pub reading: Reading,
}

/// An annotation in an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "KeptAnnotation", into = "KeptAnnotation")]
pub struct AnsweredAnnotation {
    pub label: String,
    /// 0 to 1; `None` if the model gave none.
    pub confidence: Option<f32>,
    /// In pixels of the sent picture.
    pub shape: Shape,
    /// By attribute name in the recipe.
    pub attributes: BTreeMap<String, AttributeValue>,
}

impl AnsweredAnnotation {
    /// The attributes of the image, as an image tag.
    #[must_use]
    pub fn of_image(attributes: BTreeMap<String, AttributeValue>) -> Self {
        Self { label: IMAGE_LABEL.to_owned(), confidence: None, shape: Shape::ImageTag, attributes }
    }

    /// Whether it holds the attributes of the image that `recipe` asks for.
    #[must_use]
    pub fn is_of_image(&self, recipe: &Recipe) -> bool {
        self.label == IMAGE_LABEL && self.shape == Shape::ImageTag && recipe.has_attributes_of(AttributeSubject::Image)
    }
}

/// The stored form of an annotation: a box as `rect`, any other shape as `shape`.
#[derive(Serialize, Deserialize)]
struct KeptAnnotation {
    label: String,
    confidence: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rect: Option<Rect>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shape: Option<Shape>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, AttributeValue>,
}

impl From<AnsweredAnnotation> for KeptAnnotation {
    fn from(AnsweredAnnotation { label, confidence, shape, attributes }: AnsweredAnnotation) -> Self {
        let (rect, shape) = match shape {
            Shape::Box { rect } => (Some(rect), None),
            other => (None, Some(other)),
        };
        Self { label, confidence, rect, shape, attributes }
    }
}

impl TryFrom<KeptAnnotation> for AnsweredAnnotation {
    type Error = &'static str;

    fn try_from(
        KeptAnnotation { label, confidence, rect, shape, attributes }: KeptAnnotation,
    ) -> Result<Self, Self::Error> {
        let shape = rect.map(|rect| Shape::Box { rect }).or(shape).ok_or("an annotation without a shape")?;
        Ok(Self { label, confidence, shape, attributes })
    }
}

/// Corrections and dropped items of an answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// Corrections, in order of the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
    /// Dropped items, in order of the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<Dropped>,
    /// Whether the answer was cut off, so that annotations may be missing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_cut_short: bool,
    /// Whether a part of the image could not be checked by the second request that its recipe asks for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_unchecked: bool,
}

impl Reading {
    /// Whether the answer was exactly as requested and complete.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.repairs.is_empty() && self.dropped.is_empty() && !self.is_cut_short && !self.is_unchecked
    }

    /// Adds what was corrected and dropped in another answer about the same image.
    pub fn add(&mut self, other: Self) {
        self.repairs.extend(other.repairs);
        self.dropped.extend(other.dropped);
        self.is_cut_short |= other.is_cut_short;
        self.is_unchecked |= other.is_unchecked;
    }
}

/// A corrected value in an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repair {
    /// Index in the answer's list, from 0; `None` if it is about the whole answer.
    pub item: Option<usize>,
    #[serde(flatten)]
    pub kind: RepairKind,
}

/// The smallest and largest value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct NumberRange {
    pub min: i32,
    pub max: i32,
}

/// What was corrected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RepairKind {
    /// The JSON was in a code fence or among text.
    WordsAround,
    /// The JSON was malformed; its items were parsed one by one.
    BrokenJson,
    /// The answer ended early.
    CutOff,
    /// The label was a synonym or another spelling.
    LabelRenamed {
        answered: String,
    },
    /// A tag or caption was given as text alone.
    ItemFromText,
    /// A number was given as text.
    NumberFromText {
        field: String,
    },
    CornersSwapped,
    /// The shape overhung the picture's edge, by at most this many pixels.
    ClampedToPicture {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        pixels: f64,
    },
    ConfidenceFromPercent,
    /// An invalid confidence was dropped.
    ConfidenceLeftOut {
        answered: String,
    },
    /// An attribute had another type or spelling.
    AttributeConverted {
        name: String,
        answered: String,
    },
    /// A number out of range was set to the nearest end.
    AttributeClamped {
        name: String,
        answered: String,
        /// `None` in answers read by earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<NumberRange>,
    },
    /// An invalid attribute was dropped.
    AttributeLeftOut {
        name: String,
        answered: String,
    },
}

impl RepairKind {
    /// Whether reports count both as one correction: of the same kind, and of the same attribute.
    #[must_use]
    pub fn is_counted_with(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.attribute() == other.attribute()
    }

    fn attribute(&self) -> Option<&str> {
        match self {
            Self::AttributeConverted { name, .. }
            | Self::AttributeClamped { name, .. }
            | Self::AttributeLeftOut { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// A coordinate system other than pixels of the sent picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoordinateSystem {
    /// Fractions of the picture's sides, 0 to 1.
    Fractions,
    /// Thousandths of the picture's sides, 0 to 1000.
    Thousandths,
    /// Neither; unknown.
    Unknown,
}

/// A dropped item of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Index in the answer's list, from 0; the length of the list for the attributes of the image.
    pub item: usize,
    #[serde(flatten)]
    pub reason: DropReason,
}

/// How a failure names a label that is not in the recipe.
pub const UNKNOWN_LABEL: &str = "unknown label";
/// How a failure says that an answer is in coordinates that are not those asked for.
pub const OTHER_COORDINATES: &str = "not in pixels";
/// How a failure says that an annotation lies outside of its image.
pub const OUTSIDE_IMAGE: &str = "outside the image";
/// Maximum number of annotations per answer. Answers have some dozens; endless lists would only fill the library.
pub const MAX_ANNOTATIONS: usize = 5_000;

/// Why an item was dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum DropReason {
    /// Not a JSON object.
    Unreadable,
    NoLabel,
    /// Not in the recipe.
    UnknownLabel {
        answered: String,
    },
    /// A coordinate is missing or not a number.
    NoBox,
    /// A caption without text.
    NoText,
    /// The recipe does not ask for its shape.
    ShapeNotAskedFor,
    /// Less than a pixel wide or high.
    NoExtent,
    /// Outside of the picture, or mostly so.
    OutsidePicture,
    /// A required attribute is missing.
    AttributeMissing {
        name: String,
    },
    /// This item and the following ones, `count` in total, exceed [`MAX_ANNOTATIONS`].
    TooMany {
        count: u32,
    },
}

impl DropReason {
    /// Number of affected items.
    #[must_use]
    pub const fn item_count(&self) -> u32 {
        match self {
            Self::TooMany { count } => *count,
            _ => 1,
        }
    }
}

impl Dropped {
    /// The drop of `count` items beyond [`MAX_ANNOTATIONS`].
    #[must_use]
    pub fn beyond_limit(count: usize) -> Option<Self> {
        let beyond = count.checked_sub(MAX_ANNOTATIONS).filter(|&beyond| beyond > 0)?;
        let count = u32::try_from(beyond).unwrap_or(u32::MAX);
        Some(Self { item: MAX_ANNOTATIONS, reason: DropReason::TooMany { count } })
    }
}

/// A stored answer that cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error("the answer could not be read: {0}")]
pub struct Unreadable(#[from] serde_json::Error);

impl Answer {
    /// The stored form.
    ///
    /// # Errors
    ///
    /// If a confidence or coordinate is not finite.
    pub fn to_raw(&self) -> Result<String, Unreadable> {
        Ok(serde_json::to_string(self)?)
    }

    /// # Errors
    ///
    /// If `raw` was not written by [`Answer::to_raw`].
    pub fn from_raw(raw: &str) -> Result<Self, Unreadable> {
        Ok(serde_json::from_str(raw)?)
    }

    /// Truncates to [`MAX_ANNOTATIONS`].
    #[must_use]
    pub fn limited(mut self) -> Self {
        self.reading.dropped.extend(Dropped::beyond_limit(self.annotations.len()));
        self.annotations.truncate(MAX_ANNOTATIONS);
        self
    }

    /// The annotations for `recipe`, in pixels of the upright `image`: known labels only (by name or synonym), with
    /// valid shapes inside the image, and the attributes of the image.
    #[must_use]
    pub fn annotations(&self, recipe: &Recipe, image: PixelSize) -> Vec<NewAnnotation> {
        self.annotations_of(ImageRegion::whole(image), recipe, image)
    }

    /// [`Answer::annotations`] of an answer about a region of the image.
    #[must_use]
    pub fn annotations_of(&self, region: ImageRegion, recipe: &Recipe, image: PixelSize) -> Vec<NewAnnotation> {
        let to_image = ImageFromSent::of_region(self.sent, region);
        self.annotations
            .iter()
            .filter_map(|annotation| {
                let label = if annotation.is_of_image(recipe) {
                    IMAGE_LABEL
                } else if annotation.shape.kind() == ShapeKind::Caption {
                    CAPTION_LABEL
                } else {
                    &recipe.label_for(&annotation.label)?.name
                };
                Some(NewAnnotation {
                    label: label.to_owned(),
                    shape: annotation.shape.mapped(to_image).fitted(image).ok()?,
                    confidence: annotation.confidence.map(|confidence| confidence.clamp(0.0, 1.0)),
                    attributes: annotation.attributes.clone(),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;

    #[test]
    fn annotations_land_in_image_pixels_under_the_recipe_s_names() {
        let annotation = |label: &str, confidence, rect| AnsweredAnnotation {
            label: label.into(),
            confidence,
            shape: Shape::Box { rect },
            attributes: BTreeMap::new(),
        };
        let answer = Answer {
            sent: PixelSize::new(400, 200),
            annotations: vec![
                annotation("CAT", Some(0.9), Rect::new(10.0, 20.0, 110.0, 120.0)),
                annotation("dog", Some(0.9), Rect::new(0.0, 0.0, 10.0, 10.0)),
                annotation("cat", None, Rect::new(390.0, 150.0, 350.0, 260.0)),
                annotation("cat", None, Rect::new(500.0, 10.0, 600.0, 20.0)),
            ],
            reading: Reading::default(),
        };
        let raw = answer.to_raw().unwrap();
        let recipe = Recipe::find_these("Cat").unwrap();
        let annotations = Answer::from_raw(&raw).unwrap().annotations(&recipe, PixelSize::new(4000, 2000));
        let boxes: Vec<_> =
            annotations.iter().map(|annotation| (annotation.label.as_str(), annotation.shape.clone())).collect();
        assert_eq!(
            boxes,
            [
                ("Cat", Shape::Box { rect: Rect::new(100.0, 200.0, 1100.0, 1200.0) }),
                ("Cat", Shape::Box { rect: Rect::new(3500.0, 1500.0, 3900.0, 2000.0) }),
            ]
        );
    }

    #[test]
    fn an_answer_beyond_the_limit_says_how_much_is_skipped() {
        let annotation = AnsweredAnnotation {
            label: "cat".into(),
            confidence: None,
            shape: Shape::Box { rect: Rect::new(0.0, 0.0, 9.0, 9.0) },
            attributes: BTreeMap::new(),
        };
        let answer = |count| Answer {
            sent: PixelSize::new(10, 10),
            annotations: vec![annotation.clone(); count],
            reading: Reading::default(),
        };
        assert_eq!(answer(MAX_ANNOTATIONS).limited(), answer(MAX_ANNOTATIONS));
        let limited = answer(MAX_ANNOTATIONS + 7).limited();
        assert_eq!(limited.annotations.len(), MAX_ANNOTATIONS);
        let expected = Dropped { item: MAX_ANNOTATIONS, reason: DropReason::TooMany { count: 7 } };
        assert_eq!(limited.reading.dropped, [expected]);
    }

    #[test]
    fn boxes_keep_their_stored_form_and_other_shapes_are_kept_as_well() {
        let stored = r#"{"sent":{"width":400,"height":200},"marks":[{"label":"cat","confidence":0.5,"rect":{"x1":1.0,"y1":2.0,"x2":3.0,"y2":4.0}}]}"#;
        let answer = Answer::from_raw(stored).unwrap();
        assert_eq!(answer.annotations[0].shape, Shape::Box { rect: Rect::new(1.0, 2.0, 3.0, 4.0) });
        assert_eq!(answer.to_raw().unwrap(), stored);
        let points = [(0.0, 0.0), (40.0, 0.0), (40.0, 20.0)].map(|(x, y)| Point::new(x, y)).to_vec();
        let shapes = [
            Shape::Point { at: Point::new(5.0, 6.0) },
            Shape::Polygon { points },
            Shape::ImageTag,
            Shape::Caption { text: "A cat".into() },
        ];
        let annotation =
            |shape| AnsweredAnnotation { label: "cat".into(), confidence: None, shape, attributes: BTreeMap::new() };
        let answer = Answer { annotations: shapes.map(annotation).to_vec(), ..answer };
        let read = Answer::from_raw(&answer.to_raw().unwrap()).unwrap();
        assert_eq!(read, answer);
        let found = read.annotations(&Recipe::find_these("cat").unwrap(), PixelSize::new(800, 400));
        assert_eq!(found.len(), 4);
        assert_eq!(found[0].shape, Shape::Point { at: Point::new(10.0, 12.0) });
        assert!(Answer::from_raw(&stored.replace("rect", "place")).is_err());
    }

    #[test]
    fn what_reading_took_is_kept_and_read_back() {
        let reading = Reading {
            repairs: vec![
                Repair { item: None, kind: RepairKind::CutOff },
                Repair { item: Some(2), kind: RepairKind::LabelRenamed { answered: "kitty".into() } },
            ],
            dropped: vec![Dropped { item: 3, reason: DropReason::UnknownLabel { answered: "dog".into() } }],
            is_cut_short: true,
            is_unchecked: true,
        };
        let kept = serde_json::to_string(&reading).unwrap();
        assert_eq!(serde_json::from_str::<Reading>(&kept).unwrap(), reading);
        assert!(!reading.is_plain());
        assert_eq!(serde_json::to_string(&Reading::default()).unwrap(), "{}");
    }
}
