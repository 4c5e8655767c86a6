use proptest::prelude::*;

use super::*;
use BoxCoordinates::{Norm1Xywh, Norm1Xyxy, Norm1000Xyxy, Norm1000Yxyx, PixelXyxy, ServerPixelXyxy};

/// A box as a model writes it that was trained on `system`. Written apart from the code that reads it.
fn written(place: Rect, system: BoxCoordinates, size: PixelSize) -> [f64; 4] {
    let (w, h) = (f64::from(size.width), f64::from(size.height));
    let thousandths = |pixels: f64, side: f64| (pixels / side * 1000.0).round();
    let multiple = |side: f64| (side / 28.0).round() * 28.0;
    let Rect { x1, y1, x2, y2 } = place;
    match system {
        PixelXyxy => [x1, y1, x2, y2].map(f64::round),
        ServerPixelXyxy => {
            let (across, down) = (multiple(w) / w, multiple(h) / h);
            [x1 * across, y1 * down, x2 * across, y2 * down].map(f64::round)
        }
        Norm1000Xyxy => [thousandths(x1, w), thousandths(y1, h), thousandths(x2, w), thousandths(y2, h)],
        Norm1000Yxyx => [thousandths(y1, h), thousandths(x1, w), thousandths(y2, h), thousandths(x2, w)],
        Norm1Xyxy => [x1 / w, y1 / h, x2 / w, y2 / h],
        Norm1Xywh => [x1 / w, y1 / h, (x2 - x1) / w, (y2 - y1) / h],
    }
}

/// Answers in `system`, every corner off by up to `jitter` of the side.
fn answers(pictures: &[KnownPicture], system: BoxCoordinates, jitter: &[f64]) -> Vec<Vec<WrittenBox>> {
    let mut jitter = jitter.iter().cycle();
    let mut off = |side: u32| jitter.next().unwrap_or(&0.0) * f64::from(side);
    pictures
        .iter()
        .map(|picture| {
            let mut answer = Vec::new();
            for shape in &picture.shapes {
                let Rect { x1, y1, x2, y2 } = shape.place;
                let PixelSize { width, height } = picture.size;
                let place = Rect::new(x1 + off(width), y1 + off(height), x2 + off(width), y2 + off(height));
                answer
                    .push(WrittenBox { label: shape.label.to_owned(), numbers: written(place, system, picture.size) });
            }
            answer
        })
        .collect()
}

fn judged(pictures: &[KnownPicture], answers: &[Vec<WrittenBox>]) -> CalibrationVerdict {
    let (errors, answered) = errors(pictures, answers);
    verdict(&errors, answered, 12)
}

proptest! {
    #[test]
    fn every_system_is_recognised_in_landscape_and_portrait(
        place in 0..BoxCoordinates::ALL.len(),
        edge in 320_u32..3000,
        jitter in prop::collection::vec(-0.002..0.002, 7..40),
    ) {
        let system = BoxCoordinates::ALL[place];
        let pictures = pictures(|size| size.fit_within(edge));
        prop_assert_eq!(judged(&pictures, &answers(&pictures, system, &jitter)), CalibrationVerdict::Clear { system });
        // Either orientation alone is enough, with the small picture.
        for left_out in 0..2 {
            let some: Vec<_> = pictures.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, one)| one.clone()).collect();
            let (errors, answered) = errors(&some, &answers(&some, system, &jitter));
            prop_assert_eq!(verdict(&errors, answered, 8), CalibrationVerdict::Clear { system });
        }
    }

    #[test]
    fn what_fits_no_system_is_unclear(seed in prop::collection::vec(0.0..1.0, 48)) {
        let pictures = pictures(|size| size);
        let mut seed = seed.into_iter();
        let answers: Vec<Vec<WrittenBox>> = pictures.iter().map(|picture| picture.shapes.iter().map(|shape| {
            let numbers = [(); 4].map(|()| seed.next().unwrap_or_default() * 700.0);
            WrittenBox { label: shape.label.to_owned(), numbers }
        }).collect()).collect();
        prop_assert_eq!(judged(&pictures, &answers), CalibrationVerdict::Unclear);
    }
}

#[test]
fn the_errors_are_those_of_the_boxes() {
    let pictures = pictures(|size| size);
    let (errors, answered) = errors(&pictures, &answers(&pictures, Norm1000Yxyx, &[]));
    assert_eq!((errors.len(), answered), (6, 12));
    let [best, second, ..] = errors.as_slice() else { panic!() };
    assert!(best.system == Norm1000Yxyx && best.error_percent < 0.05 && best.iou > 0.98, "{best:?}");
    assert!(second.error_percent > 2.0, "{second:?}");
}

#[test]
fn few_answers_are_not_evidence() {
    let pictures = pictures(|size| size);
    let mut answers = answers(&pictures, PixelXyxy, &[]);
    answers[0].clear();
    answers[1].truncate(2);
    assert_eq!(judged(&pictures, &answers), CalibrationVerdict::Clear { system: PixelXyxy });
    answers[1].truncate(1);
    assert_eq!(judged(&pictures, &answers), CalibrationVerdict::TooFew);
    assert_eq!(judged(&pictures, &[]), CalibrationVerdict::TooFew);
}

#[test]
fn a_sloppy_model_is_unclear_where_systems_are_alike() {
    let pictures = pictures(|size| size);
    // A corner in fifty pixels off: the server's rounding cannot be told from none.
    let sloppy = answers(&pictures, PixelXyxy, &[0.02, -0.02, 0.015, -0.018, 0.02]);
    assert_eq!(judged(&pictures, &sloppy), CalibrationVerdict::Unclear);
}

#[test]
fn shapes_lie_apart_in_every_picture() {
    for picture in pictures(|size| size.fit_within(900)) {
        for (at, one) in picture.shapes.iter().enumerate() {
            assert!(one.place.width() >= 8.0 && one.place.height() >= 8.0);
            for other in &picture.shapes[..at] {
                let (a, b) = (one.place, other.place);
                let is_apart = a.x2 + 4.0 < b.x1 || b.x2 + 4.0 < a.x1 || a.y2 + 4.0 < b.y1 || b.y2 + 4.0 < a.y1;
                assert!(is_apart, "{} and {} in {:?}", one.label, other.label, picture.size);
            }
        }
    }
}
