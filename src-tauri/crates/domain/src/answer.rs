//! From a model's raw answer to marks. An answer is stored before it is parsed and can be parsed again at any time, so
//! this is pure: the same answer gives the same marks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::annotation::{NewAnnotation, Shape};
use crate::geometry::{ImageFromSent, PixelSize, Rect};
use crate::recipe::Recipe;

/// What a model answered for one image, in pixels of the picture that it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Size of the picture that was sent.
    pub sent: PixelSize,
    pub marks: Vec<AnsweredMark>,
}

/// One mark of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnsweredMark {
    pub label: String,
    pub confidence: Option<f32>,
    pub rect: Rect,
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

    /// The marks that `recipe` asked for, in pixels of the upright `image`: known labels only (by name or synonym), boxes
    /// in order, inside the image, with an extent.
    #[must_use]
    pub fn annotations(&self, recipe: &Recipe, image: PixelSize) -> Vec<NewAnnotation> {
        let to_image = ImageFromSent::new(self.sent, image);
        self.marks
            .iter()
            .filter_map(|mark| {
                let label = recipe.label_for(&mark.label)?;
                let rect = to_image.rect(mark.rect.ordered()).clamped(image);
                (rect.is_finite() && rect.area() > 0.0).then(|| NewAnnotation {
                    label: label.name.clone(),
                    shape: Shape::Box { rect },
                    confidence: mark.confidence.map(|confidence| confidence.clamp(0.0, 1.0)),
                    attributes: BTreeMap::new(),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_land_in_image_pixels_under_the_recipe_s_names() {
        let answer = Answer {
            sent: PixelSize::new(400, 200),
            marks: vec![
                AnsweredMark { label: "CAT".into(), confidence: Some(0.9), rect: Rect::new(10.0, 20.0, 110.0, 120.0) },
                AnsweredMark { label: "dog".into(), confidence: Some(0.9), rect: Rect::new(0.0, 0.0, 10.0, 10.0) },
                AnsweredMark { label: "cat".into(), confidence: None, rect: Rect::new(390.0, 150.0, 350.0, 260.0) },
                AnsweredMark { label: "cat".into(), confidence: None, rect: Rect::new(500.0, 10.0, 600.0, 20.0) },
            ],
        };
        let raw = answer.to_raw().unwrap();
        let recipe = Recipe::find_these("Cat").unwrap();
        let marks = Answer::from_raw(&raw).unwrap().annotations(&recipe, PixelSize::new(4000, 2000));
        let boxes: Vec<_> = marks.iter().map(|mark| (mark.label.as_str(), mark.shape)).collect();
        assert_eq!(
            boxes,
            [
                ("Cat", Shape::Box { rect: Rect::new(100.0, 200.0, 1100.0, 1200.0) }),
                ("Cat", Shape::Box { rect: Rect::new(3500.0, 1500.0, 3900.0, 2000.0) }),
            ]
        );
    }
}
