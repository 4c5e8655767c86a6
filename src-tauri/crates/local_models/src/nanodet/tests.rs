//! The detector on real photos. Expected boxes were drawn by eye; tests check that detections overlap them, not their
//! scores.

use image::{RgbImage, imageops};

use super::*;

const FAST: DetectOptions = DetectOptions { threshold: 0.4, looks_twice: false };

fn sample(name: &str) -> RgbImage {
    let path = format!("{}/../../../samples/{name}.jpg", env!("CARGO_MANIFEST_DIR"));
    image::open(path).unwrap().to_rgb8()
}

fn detect(picture: &RgbImage, options: DetectOptions) -> Vec<Detection> {
    let size = PixelSize::new(picture.width(), picture.height());
    detector().unwrap().detect(size, picture.as_raw(), options).unwrap()
}

/// The only detection of this class.
fn only(found: &[Detection], label: &str) -> Detection {
    let of_class: Vec<_> = found.iter().filter(|detection| coco::NAMES[detection.class] == label).collect();
    assert_eq!(of_class.len(), 1, "{label} in {found:?}");
    *of_class[0]
}

fn assert_overlap(found: Rect, expected: Rect, least: f64) {
    let iou = found.iou(expected);
    assert!(iou >= least, "{found:?} overlaps {expected:?} by {iou:.2} only");
}

#[test]
fn boxes_sit_on_the_objects() {
    let astronaut = detect(&sample("astronaut"), DetectOptions::default());
    assert_overlap(only(&astronaut, "person").rect, Rect::new(20.0, 14.0, 366.0, 512.0), 0.8);

    for options in [FAST, DetectOptions::default()] {
        let cat = detect(&sample("chelsea"), options);
        assert_overlap(only(&cat, "cat").rect, Rect::new(0.0, 0.0, 392.0, 300.0), 0.8);
        assert_eq!(cat.len(), 1, "{cat:?}");
    }

    let coffee = detect(&sample("coffee"), DetectOptions::default());
    assert_overlap(only(&coffee, "dining table").rect, Rect::new(0.0, 0.0, 600.0, 400.0), 0.8);
    // Cup and handle; the model includes some of the saucer.
    assert_overlap(only(&coffee, "cup").rect, Rect::new(172.0, 17.0, 412.0, 308.0), 0.6);
}

/// These show no COCO class (a pagoda, a dahlia, a rocket's trail), and none is detected.
#[test]
fn photos_without_known_objects_stay_empty() {
    for name in ["china", "flower", "rocket"] {
        assert_eq!(detect(&sample(name), DetectOptions::default()), [], "{name}");
    }
}

/// The second view is worth its time: the cup is found only in the stretched view.
#[test]
fn a_second_look_finds_more() {
    let coffee = sample("coffee");
    let labels = |options| detect(&coffee, options).iter().map(|found| coco::NAMES[found.class]).collect::<Vec<_>>();
    assert!(!labels(FAST).contains(&"cup"));
    assert!(labels(DetectOptions::default()).contains(&"cup"));
}

/// Bars that the letterbox would add anyway only shift the picture.
#[test]
fn boxes_move_with_the_picture() {
    let cat = sample("chelsea");
    let alone = only(&detect(&cat, FAST), "cat").rect;
    let (width, height) = cat.dimensions();
    let bar = (width - height) / 2;
    let mut padded = RgbImage::new(width, width);
    imageops::replace(&mut padded, &cat, 0, i64::from(bar));
    let moved = only(&detect(&padded, FAST), "cat").rect;
    let (x, y) = (0.0, f64::from(bar));
    assert_overlap(moved, Rect::new(alone.x1 + x, alone.y1 + y, alone.x2 + x, alone.y2 + y), 0.95);

    let astronaut = sample("astronaut");
    let alone = only(&detect(&astronaut, FAST), "person").rect;
    let mut shifted = RgbImage::new(700, 600);
    imageops::replace(&mut shifted, &astronaut, 150, 70);
    let moved = only(&detect(&shifted, FAST), "person").rect;
    assert_overlap(moved, Rect::new(alone.x1 + 150.0, alone.y1 + 70.0, alone.x2 + 150.0, alone.y2 + 70.0), 0.8);
}

#[test]
fn boxes_mirror_and_grow_with_the_picture() {
    let astronaut = sample("astronaut");
    let alone = only(&detect(&astronaut, FAST), "person").rect;
    let width = f64::from(astronaut.width());
    let mirrored = only(&detect(&imageops::flip_horizontal(&astronaut), FAST), "person").rect;
    assert_overlap(mirrored, Rect::new(width - alone.x2, alone.y1, width - alone.x1, alone.y2), 0.8);

    let doubled = imageops::resize(&astronaut, 1024, 1024, imageops::FilterType::Nearest);
    let grown = only(&detect(&doubled, FAST), "person").rect;
    assert_overlap(grown, Rect::new(alone.x1 * 2.0, alone.y1 * 2.0, alone.x2 * 2.0, alone.y2 * 2.0), 0.95);
}

#[test]
fn odd_shapes_and_absurd_thresholds_stay_within_bounds() {
    for (width, height) in [(1, 1), (1, 300), (3200, 400), (20_000, 3), (417, 416)] {
        let noise =
            RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 7 % 251) as u8, (y * 13 % 241) as u8, 90]));
        let found = detect(&noise, DetectOptions { threshold: 0.0, ..DetectOptions::default() });
        assert!(!found.is_empty() && found.len() <= suppress::DETECTION_LIMIT, "{width} x {height}: {}", found.len());
        assert!(found.is_sorted_by(|a, b| a.score >= b.score));
        for detection in found {
            let rect = detection.rect;
            assert!(detection.class < coco::NAMES.len() && (0.0..=1.0).contains(&detection.score));
            assert!(rect.area() > 0.0 && rect == rect.clamped(PixelSize::new(width, height)), "{rect:?}");
        }
        assert_eq!(detect(&noise, DetectOptions { threshold: f32::NAN, ..DetectOptions::default() }), []);
    }
}

#[test]
fn a_buffer_that_does_not_fit_its_size_is_refused() {
    let cases: [(PixelSize, &[u8]); 3] =
        [(PixelSize::new(2, 2), &[0; 11]), (PixelSize::new(2, 2), &[0; 16]), (PixelSize::new(u32::MAX, u32::MAX), &[])];
    for (size, rgb) in cases {
        let refused = detector().unwrap().detect(size, rgb, DetectOptions::default());
        assert!(matches!(refused, Err(LocalError::BufferLength { actual, .. }) if actual == rgb.len()));
    }
    assert_eq!(detector().unwrap().detect(PixelSize::new(0, 7), &[], DetectOptions::default()).unwrap(), []);
}

#[test]
fn callers_at_the_same_time_get_what_each_gets_alone() {
    let photos = ["astronaut", "chelsea", "coffee", "astronaut"].map(sample);
    let alone: Vec<_> = photos.iter().map(|photo| detect(photo, FAST)).collect();
    let together = std::thread::scope(|scope| {
        let callers = photos.each_ref().map(|photo| scope.spawn(move || detect(photo, FAST)));
        callers.map(|caller| caller.join().unwrap())
    });
    assert_eq!(alone, together);
}
