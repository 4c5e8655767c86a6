//! What COCO, CSV and JSON Lines say in the same way: shapes as `bbox` and points, and where an annotation comes from.

use domain::annotation::Origin;
use domain::geometry::{Point, Rect};
use domain::ids::RunId;
use domain::recipe::ShapeKind;
use domain::shape::Shape;
use serde::{Deserialize, Serialize};

/// Whether an annotation comes from a run or a person. The number of the run is beside it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginName {
    Run,
    Person,
}

impl OriginName {
    pub fn of(origin: Option<Origin>) -> (Option<Self>, Option<RunId>) {
        match origin {
            Some(Origin::Run { run }) => (Some(Self::Run), Some(run)),
            Some(Origin::Person) => (Some(Self::Person), None),
            None => (None, None),
        }
    }

    pub fn origin(name: Option<Self>, run: Option<RunId>) -> Option<Origin> {
        match (name, run) {
            (Some(Self::Person), _) => Some(Origin::Person),
            (Some(Self::Run) | None, Some(run)) => Some(Origin::Run { run }),
            (Some(Self::Run) | None, None) => None,
        }
    }
}

/// Left, top, width and height of what a shape takes up; `None` where it is about the whole image.
pub fn bbox_of(shape: &Shape) -> Option<[f64; 4]> {
    shape.bounds().map(|rect| [rect.x1, rect.y1, rect.width(), rect.height()])
}

/// The place of a point, or the corners of a polygon.
pub fn points_of(shape: &Shape) -> Vec<[f64; 2]> {
    match shape {
        Shape::Point { at } => vec![[at.x, at.y]],
        Shape::Polygon { points } => points.iter().map(|point| [point.x, point.y]).collect(),
        Shape::Box { .. } | Shape::ImageTag | Shape::Caption { .. } => Vec::new(),
    }
}

/// The shape that [`bbox_of`] and [`points_of`] were taken from. The error names what is missing.
pub fn shape_from(
    kind: ShapeKind,
    bbox: Option<[f64; 4]>,
    points: &[[f64; 2]],
    text: Option<&str>,
) -> Result<Shape, &'static str> {
    let mut corners = points.iter().map(|&[x, y]| Point::new(x, y));
    match kind {
        ShapeKind::Box => {
            let [x, y, width, height] = bbox.ok_or("a box has no bbox")?;
            Ok(Shape::Box { rect: Rect::new(x, y, x + width, y + height) })
        }
        ShapeKind::Point => Ok(Shape::Point { at: corners.next().ok_or("a point has no place")? }),
        ShapeKind::Polygon if points.len() < 3 => Err("a polygon has fewer than three corners"),
        ShapeKind::Polygon => Ok(Shape::Polygon { points: corners.collect() }),
        ShapeKind::ImageTag => Ok(Shape::ImageTag),
        ShapeKind::Caption => Ok(Shape::Caption { text: text.unwrap_or_default().to_owned() }),
    }
}

/// What is wrong, without the line and column that `serde_json` counts within one line of the file.
pub fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(problem, _)| problem.to_owned())
}

/// Where in a value the error is, such as `annotations[2].bbox`; `None`: the value as a whole.
pub fn path_of(error: &serde_path_to_error::Error<impl std::error::Error>) -> Option<String> {
    let path = error.path().to_string();
    // The name of a field that is not whole is a question mark.
    let known = path.trim_end_matches('?').trim_end_matches('.');
    (!known.is_empty()).then(|| known.to_owned())
}
