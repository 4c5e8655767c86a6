//! From a model's answer to annotations. An answer is stored before it is read and can be read again at any time, so this is
//! pure: the same answer gives the same annotations.
//!
//! Models answer almost what they are asked. What had to be put right is recorded with what was read, and so is what had
//! to be left out: [`Repair`] and [`Dropped`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::annotation::{AttributeValue, NewAnnotation, Shape};
use crate::geometry::{ImageFromSent, PixelSize, Rect};
use crate::recipe::Recipe;

/// What a model answered for one image, in pixels of the picture that it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Size of the picture that was sent: the frame of the annotations.
    pub sent: PixelSize,
    #[serde(rename = "marks")]
    pub annotations: Vec<AnsweredAnnotation>,
    #[serde(flatten)]
    pub reading: Reading,
}

/// One annotation of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "KeptAnnotation", into = "KeptAnnotation")]
pub struct AnsweredAnnotation {
    pub label: String,
    /// 0 to 1; `None` when the model did not say.
    pub confidence: Option<f32>,
    /// In pixels of the picture that was sent.
    pub shape: Shape,
    /// By the attributes' names in the recipe.
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// An annotation in the form in which answers are kept: a box as `rect`, and any other shape as `shape`.
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

/// What reading an answer took.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// What had to be put right, in the order of the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
    /// What could not be put right, in the order of the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<Dropped>,
    /// Whether the answer was cut off, so that there may be more to see than was said.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_cut_short: bool,
}

impl Reading {
    /// Whether the answer was as asked, to its end.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.repairs.is_empty() && self.dropped.is_empty() && !self.is_cut_short
    }
}

/// Something in an answer that was put right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repair {
    /// Place in the answer's list, from 0; `None` when it is about the whole answer.
    pub item: Option<usize>,
    #[serde(flatten)]
    pub kind: RepairKind,
}

/// What was put right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum RepairKind {
    /// The JSON stood in a code fence or among words.
    WordsAround,
    /// The JSON as a whole was broken; its items were read one by one.
    BrokenJson,
    /// The answer ended in the middle.
    CutOff,
    /// The label was meant by a synonym or another spelling.
    LabelRenamed {
        answered: String,
    },
    /// A number came as text.
    NumberFromText {
        field: String,
    },
    CornersSwapped,
    /// The box reached over the picture's edge, by this many pixels at most.
    ClampedToPicture {
        #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
        pixels: f64,
    },
    ConfidenceFromPercent,
    /// A confidence that is none was left out.
    ConfidenceLeftOut {
        answered: String,
    },
    /// An attribute was given in another form or spelling.
    AttributeConverted {
        name: String,
        answered: String,
    },
    /// A number beyond its range was set to the nearest end.
    AttributeClamped {
        name: String,
        answered: String,
    },
    /// An attribute that does not fit its kind was left out.
    AttributeLeftOut {
        name: String,
        answered: String,
    },
}

/// A coordinate system in which models answer, in place of pixels of the picture that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoordinateSystem {
    /// Of the picture's sides, 0 to 1.
    Fractions,
    /// Of the picture's sides, 0 to 1000.
    Thousandths,
    /// Not the picture that was sent. Which one it is cannot be known.
    Unknown,
}

/// An item of an answer that is not an annotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Place in the answer's list, from 0.
    pub item: usize,
    #[serde(flatten)]
    pub reason: DropReason,
}

/// How a failure names a label that the recipe does not have.
pub const UNKNOWN_LABEL: &str = "unknown label";
/// The most annotations that are read from an answer about one image. Answers have some dozens; a list without end would only
/// fill the library.
pub const MAX_ANNOTATIONS: usize = 5_000;

/// Why an item is not an annotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum DropReason {
    /// Not a JSON object.
    Unreadable,
    NoLabel,
    /// The recipe does not ask for it.
    UnknownLabel {
        answered: String,
    },
    /// A coordinate is missing or no number.
    NoBox,
    /// Less than a pixel wide or high.
    NoExtent,
    /// Outside the picture, or mostly so.
    OutsidePicture,
    /// An attribute without which an annotation is worth nothing.
    AttributeMissing {
        name: String,
    },
    /// This item and those after it, `count` together, are beyond [`MAX_ANNOTATIONS`].
    TooMany {
        count: u32,
    },
}

impl DropReason {
    /// How many items of an answer it is about.
    #[must_use]
    pub const fn item_count(&self) -> u32 {
        match self {
            Self::TooMany { count } => *count,
            _ => 1,
        }
    }
}

impl Dropped {
    /// What is dropped of `count` items because they are more than [`MAX_ANNOTATIONS`].
    #[must_use]
    pub fn beyond_limit(count: usize) -> Option<Self> {
        let beyond = count.checked_sub(MAX_ANNOTATIONS).filter(|&beyond| beyond > 0)?;
        let count = u32::try_from(beyond).unwrap_or(u32::MAX);
        Some(Self { item: MAX_ANNOTATIONS, reason: DropReason::TooMany { count } })
    }
}

/// An answer that is no answer at all.
#[derive(Debug, thiserror::Error)]
#[error("the answer could not be read: {0}")]
pub struct Unreadable(#[from] serde_json::Error);

impl Answer {
    /// The form in which answers are kept.
    ///
    /// # Errors
    /// When a confidence or coordinate is not finite.
    pub fn to_raw(&self) -> Result<String, Unreadable> {
        Ok(serde_json::to_string(self)?)
    }

    /// # Errors
    /// When `raw` was not written by [`Answer::to_raw`].
    pub fn from_raw(raw: &str) -> Result<Self, Unreadable> {
        Ok(serde_json::from_str(raw)?)
    }

    /// With no more annotations than [`MAX_ANNOTATIONS`].
    #[must_use]
    pub fn limited(mut self) -> Self {
        self.reading.dropped.extend(Dropped::beyond_limit(self.annotations.len()));
        self.annotations.truncate(MAX_ANNOTATIONS);
        self
    }

    /// The annotations that `recipe` asked for, in pixels of the upright `image`: known labels only (by name or synonym), shapes
    /// in order, inside the image, with an extent.
    #[must_use]
    pub fn annotations(&self, recipe: &Recipe, image: PixelSize) -> Vec<NewAnnotation> {
        let to_image = ImageFromSent::new(self.sent, image);
        self.annotations
            .iter()
            .filter_map(|annotation| {
                let label = recipe.label_for(&annotation.label)?;
                Some(NewAnnotation {
                    label: label.name.clone(),
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
        };
        let kept = serde_json::to_string(&reading).unwrap();
        assert_eq!(serde_json::from_str::<Reading>(&kept).unwrap(), reading);
        assert!(!reading.is_plain());
        assert_eq!(serde_json::to_string(&Reading::default()).unwrap(), "{}");
    }
}
