//! Non-maximum suppression: of overlapping boxes around one object, the best is kept.

use super::Detection;

/// Maximum candidates per view, as upstream's `nms_pre`; bounds the work if a threshold passes everything.
pub(super) const CANDIDATE_LIMIT: usize = 1000;

/// Maximum detections per picture, as in the COCO benchmark and upstream.
pub(super) const DETECTION_LIMIT: usize = 100;

/// Boxes of one class that overlap by more than this are the same object. Source: upstream's setting.
const SAME_CLASS_OVERLAP: f64 = 0.6;

/// Boxes of different classes that overlap by more than this are one object with two labels. A person must decide about
/// every box, so only the better one is kept.
const ANY_CLASS_OVERLAP: f64 = 0.85;

/// Keeps the `limit` best, best first.
pub(super) fn keep_best(detections: &mut Vec<Detection>, limit: usize) {
    detections.sort_by(|a, b| b.score.total_cmp(&a.score));
    detections.truncate(limit);
}

/// Merges the detections of two views, best first.
///
/// The stretched view adds objects and may improve a box, but it does not override the label of the letterboxed view,
/// because the model was not trained on distorted shapes.
pub(super) fn merged(letterboxed: Vec<Detection>, mut stretched: Vec<Detection>) -> Vec<Detection> {
    let mut found = best_of_overlapping(letterboxed);
    stretched.retain(|detection| {
        let is_second_opinion =
            |first: &Detection| first.class != detection.class && first.rect.iou(detection.rect) > ANY_CLASS_OVERLAP;
        !found.iter().any(is_second_opinion)
    });
    found.append(&mut stretched);
    best_of_overlapping(found)
}

/// Removes boxes that a better one covers; best first.
pub(super) fn best_of_overlapping(mut detections: Vec<Detection>) -> Vec<Detection> {
    detections.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for detection in detections {
        if kept.len() == DETECTION_LIMIT {
            break;
        }
        let covered = kept.iter().any(|better| {
            let limit = if better.class == detection.class { SAME_CLASS_OVERLAP } else { ANY_CLASS_OVERLAP };
            better.rect.iou(detection.rect) > limit
        });
        if !covered {
            kept.push(detection);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::geometry::Rect;

    fn detection(class: usize, score: f32, x1: f64, x2: f64) -> Detection {
        Detection { class, score, rect: Rect::new(x1, 0.0, x2, 10.0) }
    }

    #[test]
    fn the_best_of_a_class_stays_and_neighbours_stay() {
        let best = detection(0, 0.9, 0.0, 10.0);
        let shifted_by_a_fifth = detection(0, 0.8, 2.0, 12.0);
        let shifted_by_half = detection(0, 0.7, 5.0, 15.0);
        // The second overlaps the first by 2/3 and is removed; the third overlaps the first by only 1/3, and removed
        // boxes suppress nothing.
        assert_eq!(best_of_overlapping(vec![shifted_by_half, shifted_by_a_fifth, best]), [best, shifted_by_half]);
    }

    #[test]
    fn another_class_must_cover_almost_exactly() {
        let cat = detection(15, 0.9, 0.0, 100.0);
        let same_as_dog = detection(16, 0.8, 4.0, 100.0);
        let mat = detection(60, 0.5, 0.0, 150.0);
        assert_eq!(best_of_overlapping(vec![mat, same_as_dog, cat]), [cat, mat]);
    }

    #[test]
    fn the_stretched_view_adds_but_does_not_rename() {
        let cat = detection(15, 0.5, 0.0, 100.0);
        let same_as_person = detection(0, 0.9, 1.0, 100.0);
        let better_cat = detection(15, 0.7, 2.0, 98.0);
        let remote = detection(65, 0.4, 40.0, 50.0);
        assert_eq!(merged(vec![cat], vec![same_as_person, remote]), [cat, remote]);
        assert_eq!(merged(vec![cat], vec![better_cat]), [better_cat]);
    }

    #[test]
    fn there_is_an_upper_bound() {
        let crowd = (0u16..300).map(|index| detection(0, 0.5, f64::from(index) * 10.0, f64::from(index) * 10.0 + 9.0));
        assert_eq!(best_of_overlapping(crowd.collect()).len(), DETECTION_LIMIT);
    }
}
