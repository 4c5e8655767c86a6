//! Requirements on all formats, those of the registry and two toys. A new format needs no tests of its own for this.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

mod common;

use std::collections::{BTreeSet, HashSet};
use std::fs;

use common::{RUN, SHAPES, Variant, dataset, every_format, everything, files_at, image, rounded, variants};
use datasets::model::{DatasetAnnotation, DatasetImage, DatasetInfo, DatasetSplit, StoredImage};
use datasets::{DatasetError, DatasetSource, ImagePlacement, Images, Output, Projection, find};
use domain::annotation::{AttributeValue, Origin, RejectReason, Status};
use domain::dataset::{Feature, LossKind, Package};
use domain::geometry::{Orientation, PixelSize, Point, Rect};
use domain::shape::Shape;
use proptest::prelude::*;

#[test]
fn every_descriptor_is_complete() {
    let mut ids = HashSet::new();
    for format in every_format() {
        let descriptor = format.descriptor();
        let id = descriptor.id;
        assert!(ids.insert(id), "{id} is there twice");
        assert!(!id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{id}");
        for text in [descriptor.title, descriptor.summary] {
            assert!(!text.en.is_empty() && !text.es.is_empty() && !text.en.ends_with('.'), "{id}: {text:?}");
        }
        let extension = descriptor.package.extension().unwrap_or("x");
        assert!(!extension.is_empty() && !extension.starts_with('.'), "{id}: {extension}");
        assert!(descriptor.media_type.split_once('/').is_some(), "{id}");
        assert!(descriptor.documentation.starts_with("https://"), "{id}");
        let held: HashSet<_> = descriptor.holds.iter().collect();
        assert_eq!(held.len(), descriptor.holds.len(), "{id} lists a feature twice");
        assert!(SHAPES.iter().any(|(_, feature)| held.contains(feature)), "{id} holds no shape");
        assert!(!held.contains(&Feature::PolygonBounds) || !held.contains(&Feature::Polygons), "{id}");
        for option in descriptor.options {
            assert!(option.values.len() > 1 && !option.title.en.is_empty() && !option.title.es.is_empty(), "{id}");
            let chosen = option.values[1];
            let options = datasets::FormatOptions::new(descriptor, [(option.name, chosen)]).unwrap();
            assert_eq!(
                (common::defaults(format).get(option.name), options.get(option.name)),
                (option.values[0], chosen)
            );
            datasets::FormatOptions::new(descriptor, [(option.name, "?")]).unwrap_err();
        }
        datasets::FormatOptions::new(descriptor, [("no such option", "")]).unwrap_err();
    }
    assert!(datasets::FORMATS.iter().all(|format| find(format.descriptor().id).is_some()) && find("toy").is_none());
}

#[test]
fn features_are_all_listed_in_their_order() {
    assert!(Feature::ALL.iter().enumerate().all(|(place, feature)| *feature as usize == place));
}

#[test]
fn an_empty_dataset_is_written_and_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for variant in variants() {
        let descriptor = variant.format.descriptor();
        for (name, images) in [("nothing", vec![]), ("negatives", vec![image(1, "a.jpg"), image(2, "b.jpg")])] {
            let (empty, path) = (dataset(images), folder.path().join(format!("{}-{name}", variant.name)));
            match variant.write(&empty, &path) {
                Ok(written) => {
                    assert!(descriptor.can_be_empty, "{}", descriptor.id);
                    let images = if variant.holds(Feature::EmptyImages) { empty.images.len() } else { 0 };
                    assert_eq!((written.images as usize, written.annotations), (images, 0), "{}", descriptor.id);
                    if descriptor.is_readable {
                        assert_eq!(variant.read(&path).unwrap().images.len(), images, "{}", variant.name);
                    }
                }
                Err(error) => {
                    let is_refused = match error {
                        DatasetError::Empty { .. } => !descriptor.can_be_empty,
                        DatasetError::NoKeyPoints => variant.name == "yolo-pose",
                        _ => false,
                    };
                    assert!(is_refused, "{}: {error}", variant.name);
                    assert!(!path.exists());
                }
            }
        }
    }
}

#[test]
fn everything_is_held_or_its_loss_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    for variant in variants() {
        let all = variant.dataset(everything().images);
        let count = |of: &dyn Fn(&DatasetAnnotation) -> bool| {
            let annotations = all.images.iter().flat_map(|image| &image.annotations);
            u32::try_from(annotations.filter(|annotation| of(annotation)).count()).unwrap()
        };
        let (id, path) = (&variant.name, folder.path().join(&variant.name));
        let preview = datasets::preview(variant.format, &all, &variant.options).unwrap();
        let written = variant.write(&all, &path).unwrap();
        assert_eq!(written, preview, "{id}: what is said before is what is written");

        let lost = |feature| written.losses.iter().find(|loss| loss.feature == feature).map_or(0, |loss| loss.count);
        for (kind, feature) in SHAPES {
            let there =
                count(&|annotation| annotation.shape.kind() == kind && !annotation.attributes.contains_key("keypoint"));
            assert_eq!(lost(feature), if variant.holds(feature) { 0 } else { there }, "{id}: {kind:?}");
        }
        for feature in Feature::ALL {
            let is_counted = !matches!(
                feature,
                Feature::BoxOutlines
                    | Feature::PolygonBounds
                    | Feature::PolygonRectangles
                    | Feature::KeyPoints
                    | Feature::LabelTable
                    | Feature::AttributeTable
                    | Feature::Description
            );
            // Features of dropped items are not lost separately.
            let is_there = feature != Feature::FailureCosts || variant.holds(Feature::FailedImages);
            let is_there = is_there && (feature != Feature::AttributeTypes || variant.holds(Feature::Attributes));
            let is_there = is_there && (feature != Feature::OtherFiles || variant.holds(Feature::EmptyImages));
            let is_lost = is_counted && is_there && !variant.holds(feature);
            assert_eq!(lost(feature) > 0, is_lost, "{id}: {feature:?}");
        }
        let left_out: u32 =
            written.losses.iter().filter(|loss| loss.kind == LossKind::AnnotationLeftOut).map(|loss| loss.count).sum();
        assert_eq!(written.annotations + left_out, count(&|_| true), "{id}");
        let images_left_out: u32 =
            written.losses.iter().filter(|loss| loss.kind == LossKind::ImageLeftOut).map(|loss| loss.count).sum();
        assert_eq!((written.images + written.failed_images + images_left_out) as usize, all.images.len(), "{id}");
        let is_in_order = written.losses.is_sorted_by_key(|loss| loss.feature);
        assert!(is_in_order && written.losses.iter().all(|loss| loss.count > 0), "{id}: {:?}", written.losses);
    }
}

/// What a format must return.
fn projected(source: &dyn DatasetSource, variant: &Variant) -> Vec<DatasetImage> {
    Projection::new(source, variant.format.holds(&variant.options))
        .images()
        .map(|image| DatasetImage { path: None, ..image.unwrap() })
        .collect()
}

/// A folder in memory where the system has one: flushing thousands of small files to disk takes minutes.
fn folder_in_memory() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn check_round_trip(variant: &Variant, source: &datasets::Dataset) {
    let folder = folder_in_memory();
    let (id, path) = (&variant.name, folder.path().join("dataset"));
    variant.write(source, &path).unwrap();
    let mut back = variant.read(&path).unwrap();
    let mut expected = projected(source, variant);
    if variant.holds(Feature::Splits) {
        // Such formats may keep the images of each split together.
        back.images.sort_by_key(|image| image.id);
        expected.sort_by_key(|image| image.id);
    }
    assert_eq!(back.images.len(), expected.len(), "{id}");
    for (image, expected) in rounded(&back.images).iter().zip(rounded(&expected)) {
        let both = image.annotations.iter().zip(&expected.annotations);
        if let Some((annotation, expected)) = both.into_iter().find(|(annotation, expected)| annotation != expected) {
            assert_eq!(annotation, expected, "{id}");
        }
        assert_eq!(*image, expected, "{id}");
    }
    assert!(back.skipped.is_empty(), "{id}: {:?}", back.skipped);
    if variant.holds(Feature::LabelTable) {
        assert_eq!(back.info.labels.labels(), source.info.labels.labels(), "{id}");
    }
    if variant.holds(Feature::AttributeTable) {
        assert_eq!(back.info.attributes, source.info.attributes, "{id}");
    }
    if variant.holds(Feature::Description) {
        let said =
            |info: &DatasetInfo| (info.description.clone(), info.created_at.clone(), info.run.clone(), info.selection);
        assert_eq!(said(&back.info), said(&source.info), "{id}");
    }
}

#[test]
fn what_is_read_back_is_what_was_written() {
    for variant in variants() {
        let all = variant.dataset(everything().images);
        if variant.is_readable() {
            check_round_trip(&variant, &all);
        } else {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("dataset");
            variant.write(&all, &path).unwrap();
            assert!(matches!(variant.read(&path), Err(DatasetError::NotReadable(_))), "{}", variant.name);
        }
    }
}

#[test]
fn thousands_of_labels_are_kept_in_their_order() {
    let annotations = (0..3000_u32).map(|number| DatasetAnnotation {
        confidence: Some(0.5),
        ..common::annotation(&format!("{number} kinds of \"thing\""))
    });
    let image = DatasetImage { annotations: annotations.collect(), ..image(1, "a.jpg") };
    for variant in variants().iter().filter(|variant| variant.is_readable()) {
        check_round_trip(variant, &variant.dataset(vec![image.clone()]));
    }
}

#[test]
fn the_same_dataset_is_the_same_bytes_and_appears_whole() {
    let folder = tempfile::tempdir().unwrap();
    for variant in variants() {
        let all = variant.dataset(everything().images);
        let id = &variant.name;
        let [first, second, dropped] = ["1", "2", "3"].map(|name| folder.path().join(format!("{id}-{name}")));
        variant.write(&all, &first).unwrap();
        variant.write(&all, &second).unwrap();
        assert_eq!(files_at(&first), files_at(&second), "{id}");
        // Pictures are made of files, and this dataset has none.
        let are_pictures = variant.format.descriptor().writes_pictures();
        assert!(are_pictures || !files_at(&first).is_empty(), "{id}");

        // A source that fails half-way leaves nothing behind, and its error is returned unchanged.
        let failed = variant.write(&Failing(&all), &dropped).unwrap_err();
        assert!(
            matches!(&failed, DatasetError::Owner(error) if error.to_string().contains("library")),
            "{id}: {failed}"
        );
        let left: BTreeSet<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [first.clone(), second.clone()].into(), "{id}");
        for path in [first, second] {
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
    }
}

/// A dataset whose last image cannot be read.
struct Failing<'a>(&'a datasets::Dataset);

impl DatasetSource for Failing<'_> {
    fn info(&self) -> &DatasetInfo {
        &self.0.info
    }

    fn images(&self) -> Images<'_> {
        let last = self.0.images.len() - 1;
        let images = self.0.images[..last].iter().cloned().map(Ok);
        Box::new(images.chain([Err(common::toy::broken())]))
    }
}

#[test]
fn images_are_left_copied_or_linked() {
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("original.jpg");
    fs::write(&original, "the picture").unwrap();
    let source = dataset(vec![DatasetImage { path: Some(original.clone()), ..image(7, "original.jpg") }]);
    for format in
        every_format().into_iter().filter(|format| !matches!(format.descriptor().package, Package::File { .. }))
    {
        // They would decode it.
        if format.descriptor().writes_pictures() {
            continue;
        }
        let id = format.descriptor().id;
        for (files, name) in
            [(ImagePlacement::Left, "left"), (ImagePlacement::Copied, "copied"), (ImagePlacement::HardLinked, "linked")]
        {
            let path = folder.path().join(format!("{id}-{name}"));
            let mut out = Output::begin(format.descriptor().package, &path).unwrap();
            out.image_placement = files;
            datasets::write(format, &source, &common::defaults(format), &mut out).unwrap();
            out.finish().unwrap();
            let mut input = datasets::Input::open(format.descriptor().package, &path).unwrap();
            let names = input.names().unwrap();
            let picture =
                names.iter().find(|name| std::path::Path::new(name).extension().is_some_and(|found| found == "jpg"));
            assert_eq!(picture.is_some(), files != ImagePlacement::Left, "{id}: {names:?}");
            if let Some(name) = picture {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut input.entry(name).unwrap(), &mut bytes).unwrap();
                assert_eq!(bytes, b"the picture");
            }
        }
    }
    assert_eq!(fs::read(&original).unwrap(), b"the picture");
}

/// Text that CSV preserves: an apostrophe before a formula-like text is taken for a protecting one.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,8}", "[=+@\\-\t\r\n\"',; a1]{0,6}", Just(String::new())]
        .prop_filter("an apostrophe before a formula", |text| !text.starts_with('\''))
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let side = || prop_oneof![0.0..300.0f64, Just(0.0), Just(299.5)];
    let point = move || (side(), side()).prop_map(|(x, y)| Point::new(x, y));
    prop_oneof![
        (side(), side(), 0.5..100.0f64, 0.5..100.0f64)
            .prop_map(|(x, y, width, height)| Shape::Box { rect: Rect::new(x, y, x + width, y + height) }),
        point().prop_map(|at| Shape::Point { at }),
        // With an area, so that it has a box that every format holds.
        (side(), side(), proptest::collection::vec(point(), 0..4)).prop_map(|(x, y, more)| {
            let corners = [(x, y), (x + 9.5, y), (x, y + 7.25)].map(|(x, y)| Point::new(x, y));
            Shape::Polygon { points: corners.into_iter().chain(more).collect() }
        }),
        Just(Shape::ImageTag),
        text().prop_map(|text| Shape::Caption { text }),
    ]
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("cup".to_owned()),
        Just("Cup!".to_owned()),
        Just("=cmd|' /C calc'!A0".to_owned()),
        Just("<b>\"red\" &amp; 'blue'</b>".to_owned()),
        Just("007".to_owned()),
        Just("no".to_owned()),
        "[a-z\u{e9} ]{1,5}",
        "[0-9]{1,3} [a-z,/\\\\]{1,5}",
        text(),
    ]
}

/// Equal names in different folders, of different case, and with characters that are not allowed everywhere.
fn file_name() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        Just("day 1/a".to_owned()),
        Just("day 2/a".to_owned()),
        Just("DAY 1/A".to_owned()),
        Just("images/labels/a".to_owned()),
        Just("../a".to_owned()),
        "[a-z]{1,3}/[a-z:*?<>|]{1,4}",
    ]
}

fn any_stored() -> impl Strategy<Value = StoredImage> {
    (0..8usize).prop_map(|place| {
        let orientation = Orientation::ALL[place];
        StoredImage { size: orientation.upright_size(SIZE), orientation }
    })
}

/// Large enough for all shapes, because parts outside an image may be clipped.
const SIZE: PixelSize = PixelSize::new(500, 460);

prop_compose! {
    fn any_annotation()(
        label in label(),
        shape in any_shape(),
        attributes in proptest::collection::btree_map(
            prop_oneof!["[a-z=\u{e9}\n ,\"]{1,6}", Just("status".to_owned())],
            prop_oneof![
                any::<bool>().prop_map(AttributeValue::YesNo),
                any::<i32>().prop_map(AttributeValue::Number),
                text().prop_map(AttributeValue::Text),
                proptest::collection::vec(text(), 0..3).prop_map(AttributeValue::Several),
            ],
            0..3,
        ),
        (confidence, id, propagated_from) in
            (proptest::option::of(0.0..=1.0f32), any::<u32>(), proptest::option::of(any::<u32>())),
        (is_crowd, is_own, group) in (any::<bool>(), any::<bool>(), proptest::option::of(1..4u64)),
        (status, reason) in (0..4usize, proptest::option::of(Just(RejectReason::TooVague))),
    ) -> DatasetAnnotation {
        DatasetAnnotation {
            id: Some(id.into()),
            attributes,
            confidence,
            origin: Some(if is_own { Origin::Run { run: RUN } } else { Origin::Person }),
            status: Some([Status::Proposed, Status::Accepted, Status::Edited, Status::Rejected][status]),
            reject_reason: reason,
            propagated_from: propagated_from.map(Into::into),
            is_crowd,
            group,
            ..DatasetAnnotation::new(label, shape)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_dataset_is_read_back_as_it_was_written(
        images in proptest::collection::vec(
            (file_name(), any_stored(), 0..4usize, proptest::collection::vec(any_annotation(), 0..5)),
            0..5,
        ),
    ) {
        let images = images.into_iter().zip(1..).map(|((name, stored, split, annotations), id)| {
            let split =
                [None, Some(DatasetSplit::Train), Some(DatasetSplit::Validation), Some(DatasetSplit::Test)][split];
            let (size, stored) = (Some(SIZE), Some(stored));
            // Some names are equal: images are told apart by their numbers.
            let name = if id % 2 == 0 { format!("{name}{id}.jpg") } else { format!("{name}.jpg") };
            DatasetImage { annotations, size, stored, split, ..image(id, &name) }
        });
        let images: Vec<_> = images.collect();
        for variant in variants().iter().filter(|variant| variant.is_readable()) {
            check_round_trip(variant, &variant.dataset(images.clone()));
        }
    }
}
