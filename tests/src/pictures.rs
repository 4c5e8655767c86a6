//! Pictures whose annotations are known: colored shapes that the simulator finds.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use domain::annotation::Shape;
use domain::geometry::Rect;
use domain::library::ImageCard;
use image::{ImageFormat, Rgb, RgbImage};

/// The labels of the drawn shapes.
pub const LABELS: &str = "red, green, blue, yellow, magenta";

/// Shapes drawn on gray: label, box in pixels of the upright picture.
pub type Drawn = Vec<(&'static str, Rect)>;

/// Five boxes in the colors that the simulator distinguishes, at odd positions.
#[must_use]
pub fn drawing(width: u32, height: u32) -> (RgbImage, Drawn) {
    let mut picture = RgbImage::from_pixel(width, height, Rgb([150, 150, 150]));
    let shapes: [(&str, [u8; 3], [u32; 4]); 5] = [
        ("red", [220, 20, 20], [33, 41, 291, 397]),
        ("green", [20, 170, 40], [357, 53, 611, 431]),
        ("blue", [30, 60, 220], [683, 137, 967, 401]),
        ("yellow", [235, 220, 20], [41, 537, 301, 943]),
        ("magenta", [220, 30, 200], [567, 561, 893, 907]),
    ];
    let drawn = shapes.map(|(label, colour, [left, top, right, bottom])| {
        let edges = [width * left / 1000, height * top / 1000, width * right / 1000, height * bottom / 1000];
        let [x1, y1, x2, y2] = edges;
        for y in y1..y2 {
            for x in x1..x2 {
                picture.put_pixel(x, y, Rgb(colour));
            }
        }
        let [x1, y1, x2, y2] = edges.map(f64::from);
        (label, Rect::new(x1, y1, x2, y2))
    });
    (picture, drawn.to_vec())
}

/// Writes a picture as a file.
///
/// # Panics
/// If the file cannot be written.
#[expect(clippy::unwrap_used, reason = "a fixture that cannot be made fails its test")]
pub fn write_png(picture: &RgbImage, path: &Path) {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    fs::write(path, bytes.into_inner()).unwrap();
}

/// The largest distance of an edge from its drawn position, in pixels of the image.
///
/// # Panics
/// Unless all of `drawn` is found, and nothing else.
#[must_use]
pub fn largest_drift(card: &ImageCard, drawn: &Drawn) -> f64 {
    assert_eq!(card.annotations.len(), drawn.len(), "{}: {:?}", card.name, card.annotations);
    let drift = |(label, rect): &(&str, Rect)| {
        let annotation = card.annotations.iter().find(|annotation| annotation.label == *label);
        let Some(Shape::Box { rect: found }) = annotation.map(|annotation| annotation.shape.clone()) else {
            panic!("{label} on {}", card.name)
        };
        [found.x1 - rect.x1, found.y1 - rect.y1, found.x2 - rect.x2, found.y2 - rect.y2]
            .into_iter()
            .map(f64::abs)
            .fold(0.0, f64::max)
    };
    drawn.iter().map(drift).fold(0.0, f64::max)
}
