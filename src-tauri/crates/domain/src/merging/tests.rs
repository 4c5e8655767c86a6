//! Tests of merging: made-up objects, seen through tiles.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::geometry::PixelSize;
use crate::recipe::{Recipe, Tiling};

const IMAGE: PixelSize = PixelSize::new(4_000, 3_000);
const WHOLE: ImageRegion = ImageRegion::whole(IMAGE);

fn found(label: &str, shape: Shape, confidence: f32) -> NewAnnotation {
    NewAnnotation { label: label.into(), shape, confidence: Some(confidence), attributes: BTreeMap::new() }
}

fn in_box(label: &str, [x1, y1, x2, y2]: [f64; 4], confidence: f32) -> NewAnnotation {
    found(label, Shape::Box { rect: Rect::new(x1, y1, x2, y2) }, confidence)
}

fn part(left: u32, top: u32, annotations: Vec<NewAnnotation>) -> FoundInPart {
    FoundInPart { region: ImageRegion { left, top, size: PixelSize::new(1_000, 1_000) }, annotations }
}

fn whole(annotations: Vec<NewAnnotation>) -> FoundInPart {
    FoundInPart { region: WHOLE, annotations }
}

fn boxes(annotations: &[NewAnnotation]) -> Vec<[f64; 4]> {
    let bounds = annotations.iter().filter_map(|annotation| annotation.shape.bounds());
    bounds.map(|rect| [rect.x1, rect.y1, rect.x2, rect.y2]).collect()
}

/// The regions of the image with tiles of this edge.
fn regions(edge: u32, overlap: u8) -> Vec<ImageRegion> {
    let tiles = Some(Tiling { edge, overlap, at_most: Tiling::MOST_TILES });
    Recipe { tiles, ..Recipe::find_these("cat").unwrap() }.parts(IMAGE, IMAGE.fit_within(1_000)).regions
}

/// What a perfect detector finds in a region: the visible part of each object, if that is large enough.
fn seen(region: ImageRegion, objects: &[Rect], least: f64) -> FoundInPart {
    let visible = objects.iter().filter_map(|object| {
        let clipped = object.intersection(region.rect());
        (clipped.width() >= least && clipped.height() >= least)
            .then(|| in_box("cat", [clipped.x1, clipped.y1, clipped.x2, clipped.y2], 0.9))
    });
    FoundInPart { region, annotations: visible.collect() }
}

/// Objects in the cells of a grid, apart from each other.
fn objects() -> impl Strategy<Value = Vec<Rect>> {
    let object = (any::<bool>(), 20.0..60.0_f64, 20.0..60.0_f64, 30.0..430.0_f64, 30.0..430.0_f64);
    prop::collection::vec(object, 48).prop_map(|cells| {
        let placed = (0_u32..).zip(cells).filter(|(_, (is_there, ..))| *is_there);
        let placed = placed.map(|(index, (_, x, y, width, height))| {
            let (column, row) = (f64::from(index % 8), f64::from(index / 8));
            let (left, top) = (column * 500.0 + x, row * 500.0 + y);
            Rect::new(left, top, (left + width).min(column * 500.0 + 480.0), (top + height).min(row * 500.0 + 480.0))
        });
        placed.collect()
    })
}

/// Annotations as no detector would make them.
fn anything() -> impl Strategy<Value = Vec<FoundInPart>> {
    let annotation = (0_u8..2, 0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, 0_u8..4, 0_u8..4);
    let regions = regions(1_600, 30);
    prop::collection::vec(prop::collection::vec(annotation, 0..8), regions.len()).prop_map(move |found_in| {
        let parts = found_in.into_iter().zip(&regions).map(|(annotations, region)| {
            let rect = region.rect();
            let annotations = annotations.into_iter().map(|(label, x1, y1, x2, y2, kind, confidence)| {
                let at = |x: f64, y: f64| Point::new(rect.x1 + x * rect.width(), rect.y1 + y * rect.height());
                let (first, second) = (at(x1, y1), at(x2, y2));
                let shape = match kind {
                    0 => Shape::Point { at: first },
                    1 => Shape::Polygon { points: vec![first, at(x2, y1), second] },
                    _ => Shape::Box { rect: Rect::new(first.x, first.y, second.x, second.y).ordered() },
                };
                found(if label == 0 { "cat" } else { "dog" }, shape, f32::from(confidence) / 4.0)
            });
            FoundInPart { region: *region, annotations: annotations.collect() }
        });
        parts.collect()
    })
}

proptest! {
    #[test]
    fn every_object_is_found_once_where_it_is(
        objects in objects(),
        (edge, overlap) in (900_u32..2_000, 15_u8..=50),
        sees_all_whole in any::<bool>(),
    ) {
        let regions = regions(edge, overlap);
        let parts: Vec<_> = regions.iter().map(|region| {
            // The whole image shows large objects only.
            let least = if *region == WHOLE { if sees_all_whole { 0.0 } else { 200.0 } } else { 8.0 };
            seen(*region, &objects, least)
        }).collect();
        let mut expected: Vec<_> = objects.iter().map(|rect| [rect.x1, rect.y1, rect.x2, rect.y2]).collect();
        expected.sort_by(|one, other| by_number([one[1], one[0]], [other[1], other[0]]));
        prop_assert_eq!(boxes(&merged(&parts, WHOLE)), expected);
    }

    #[test]
    fn the_order_of_parts_and_annotations_does_not_matter(parts in anything(), seed in any::<u64>()) {
        let result = merged(&parts, WHOLE);
        let mut shuffled = parts.clone();
        let mut random = seed | 1;
        let mut turn = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        shuffled.sort_by_cached_key(|_| turn());
        for part in &mut shuffled {
            part.annotations.sort_by_cached_key(|_| turn());
        }
        prop_assert_eq!(merged(&shuffled, WHOLE), result);
    }

    #[test]
    fn nothing_is_made_up_or_leaves_the_image(parts in anything()) {
        let result = merged(&parts, WHOLE);
        let count: usize = parts.iter().map(|part| part.annotations.len()).sum();
        prop_assert!(result.len() <= count);
        // No two annotations of one part become one, so each part's number is the least.
        for part in &parts {
            for label in ["cat", "dog"] {
                let of = |annotations: &[NewAnnotation]| annotations.iter().filter(|one| one.label == label).count();
                prop_assert!(of(&result) >= of(&part.annotations));
            }
        }
        for annotation in &result {
            let bounds = annotation.shape.bounds().unwrap();
            prop_assert!(bounds.clamped(IMAGE) == bounds, "{bounds:?}");
        }
    }
}

#[test]
fn a_piece_gives_way_to_the_whole_object_and_takes_nothing_with_it() {
    let whole_view = in_box("cat", [880.0, 100.0, 1_080.0, 300.0], 0.6);
    let piece = in_box("cat", [878.0, 102.0, 1_000.0, 298.0], 0.95);
    let result = merged(&[part(0, 0, vec![piece]), part(800, 0, vec![whole_view.clone()])], WHOLE);
    assert_eq!(result, [whole_view]);
}

#[test]
fn an_object_larger_than_the_overlap_is_joined() {
    let left = in_box("cat", [400.0, 100.0, 998.0, 300.0], 0.6);
    let right = in_box("CAT", [802.0, 110.0, 1_500.0, 305.0], 0.7);
    let result = merged(&[part(0, 0, vec![left]), part(800, 0, vec![right.clone()])], WHOLE);
    assert_eq!(boxes(&result), [[400.0, 100.0, 1_500.0, 305.0]]);
    assert_eq!((result[0].label.as_str(), result[0].confidence), ("CAT", Some(0.7)), "those of the better piece");
    // Other labels, other heights, and pieces that do not face each other are other objects.
    let apart = |other: NewAnnotation| {
        let left = in_box("cat", [400.0, 100.0, 998.0, 300.0], 0.6);
        merged(&[part(0, 0, vec![left]), part(800, 0, vec![other])], WHOLE).len()
    };
    assert_eq!(apart(in_box("dog", [802.0, 110.0, 1_500.0, 305.0], 0.7)), 2);
    assert_eq!(apart(in_box("cat", [802.0, 290.0, 1_500.0, 500.0], 0.7)), 2);
    assert_eq!(apart(in_box("cat", [1_100.0, 110.0, 1_500.0, 305.0], 0.7)), 2);
}

#[test]
fn what_the_whole_image_shows_of_a_large_object_takes_its_pieces() {
    let large = in_box("bus", [300.0, 200.0, 2_700.0, 1_800.0], 0.8);
    let piece = |left: f64, top: f64| in_box("bus", [left, top, left + 1_000.0, top + 1_000.0], 0.5);
    let parts = [
        whole(vec![large.clone(), found("day", Shape::ImageTag, 1.0)]),
        part(800, 600, vec![piece(800.0, 600.0), found("night", Shape::ImageTag, 1.0)]),
        part(1_600, 600, vec![piece(1_600.0, 600.0)]),
    ];
    assert_eq!(merged(&parts, WHOLE), [found("day", Shape::ImageTag, 1.0), large]);
}

#[test]
fn adjacent_objects_stay_two() {
    let pair = |at: f64| {
        vec![
            in_box("jar", [at, 100.0, at + 60.0, 220.0], 0.9),
            in_box("jar", [at + 60.0, 100.0, at + 120.0, 220.0], 0.9),
        ]
    };
    let result = merged(&[whole(pair(842.0)), part(0, 0, pair(840.0)), part(800, 0, pair(841.0))], WHOLE);
    assert_eq!(boxes(&result), [[840.0, 100.0, 900.0, 220.0], [900.0, 100.0, 960.0, 220.0]]);
}

#[test]
fn a_small_object_of_the_whole_image_is_found_better_in_a_tile() {
    let coarse = in_box("bird", [496.0, 400.0, 520.0, 424.0], 0.9);
    let fine = in_box("bird", [500.0, 405.0, 517.0, 421.0], 0.7);
    assert_eq!(merged(&[whole(vec![coarse]), part(0, 0, vec![fine.clone()])], WHOLE), [fine]);
}

#[test]
fn points_and_outlines_are_merged_too() {
    let point = |x: f64, confidence| found("head", Shape::Point { at: Point::new(x, 500.0) }, confidence);
    let result =
        merged(&[part(0, 0, vec![point(900.0, 0.5), point(920.0, 0.9)]), part(800, 0, vec![point(903.0, 0.8)])], WHOLE);
    assert_eq!(result, [point(903.0, 0.8), point(920.0, 0.9)]);
    let outline = |corners: &[(f64, f64)]| {
        let points = corners.iter().map(|&(x, y)| Point::new(x, y)).collect();
        found("pond", Shape::Polygon { points }, 0.8)
    };
    let left = outline(&[(400.0, 100.0), (1_000.0, 100.0), (1_000.0, 300.0), (400.0, 300.0)]);
    let right = outline(&[(800.0, 100.0), (1_400.0, 200.0), (800.0, 300.0)]);
    let result = merged(&[part(0, 0, vec![left]), part(800, 0, vec![right])], WHOLE);
    let Shape::Polygon { points } = &result[0].shape else { panic!("{result:?}") };
    assert_eq!((result.len(), points.len()), (1, 5));
    assert_eq!(boxes(&result), [[400.0, 100.0, 1_400.0, 300.0]]);
}
