//! Key points of COCO and YOLO: which object a point belongs to, how it is written, and that it is read back.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

#[expect(dead_code, reason = "the other tests use the rest")]
mod common;

use std::fs;

use common::{Variant, dataset, image, rounded, variants};
use datasets::model::{DatasetAnnotation, DatasetImage};
use datasets::{Dataset, DatasetSource, Projection};
use domain::annotation::{AttributeValue, Origin, Status};
use domain::dataset::{Feature, LossKind};
use domain::geometry::{Point, Rect};
use domain::ids::RunId;
use domain::shape::Shape;

fn person(x: f64) -> DatasetAnnotation {
    let shape = Shape::Box { rect: Rect::new(x, 10.0, x + 80.0, 110.0) };
    DatasetAnnotation { status: Some(Status::Accepted), ..DatasetAnnotation::new("person", shape) }
}

fn point(label: &str, x: f64, y: f64) -> DatasetAnnotation {
    DatasetAnnotation::new(label, Shape::Point { at: Point::new(x, y) })
}

fn with(mut annotation: DatasetAnnotation, name: &str, value: AttributeValue) -> DatasetAnnotation {
    annotation.attributes.insert(name.to_owned(), value);
    annotation
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::Text(text.to_owned())
}

/// Two persons, who overlap, and a dog with a point that has no name.
fn posed() -> Dataset {
    let hidden =
        with(with(point("person", 30.0, 60.0), "keypoint", text("hip")), "occluded", AttributeValue::YesNo(true));
    let of_other = DatasetAnnotation { group: Some(4), ..with(point("person", 85.0, 20.0), "keypoint", text("nose")) };
    let dog = Shape::Polygon {
        points: [(150.0, 200.0), (250.0, 200.0), (200.0, 300.0)].map(|(x, y)| Point::new(x, y)).to_vec(),
    };
    let annotations = vec![
        with(point("person", 20.0, 20.0), "keypoint", text("nose")),
        person(10.0),
        DatasetAnnotation { group: Some(4), ..person(70.0) },
        hidden,
        of_other,
        point("left hand", 75.0, 50.0),
        DatasetAnnotation::new("dog", dog),
        DatasetAnnotation { confidence: Some(0.5), ..point("dog", 200.0, 220.0) },
        point("person", 290.0, 440.0),
    ];
    let negative = image(2, "b.jpg");
    dataset(vec![DatasetImage { annotations, ..image(1, "a.jpg") }, negative])
}

fn variant(name: &str) -> Variant {
    variants().into_iter().find(|variant| variant.name == name).unwrap()
}

#[test]
fn a_point_is_a_key_point_of_its_object_and_comes_back() {
    let (folder, source) = (tempfile::tempdir().unwrap(), posed());
    for name in ["coco-keypoints", "yolo-pose"] {
        let (variant, path) = (variant(name), folder.path().join(name));
        let written = variant.write(&source, &path).unwrap();
        let projection = Projection::new(&source, variant.format.holds(&variant.options));
        let expected: Vec<DatasetImage> = projection.images().map(Result::unwrap).collect();
        let told: Vec<_> = expected[0]
            .annotations
            .iter()
            .map(|each| (&*each.label, each.group, each.attributes.get("keypoint").cloned()))
            .collect();
        assert_eq!(
            told,
            [
                ("person", Some(1), None),
                ("person", Some(1), Some(text("nose"))),
                ("person", Some(1), Some(text("hip"))),
                ("person", Some(1), Some(text("left hand"))),
                ("person", Some(2), None),
                ("person", Some(2), Some(text("nose"))),
                ("dog", Some(3), None),
                ("dog", Some(3), Some(AttributeValue::Number(1))),
            ],
            "{name}"
        );
        let back = variant.read(&path).unwrap();
        assert!(back.skipped.is_empty(), "{:?}", back.skipped);
        assert_eq!(rounded(&back.images), rounded(&expected), "{name}");
        let lost = written.losses.iter().find(|loss| loss.feature == Feature::Points).unwrap();
        assert_eq!((lost.count, lost.kind), (1, LossKind::AnnotationLeftOut), "{name}: the point in no object");
        assert!(written.losses.iter().any(|loss| loss.feature == Feature::Confidences), "{name}: of the dog's point");
    }
}

#[test]
fn a_point_belongs_to_an_object_of_its_layer() {
    let layer = |run: u32| Some(Origin::Run { run: RunId(run) });
    let of = |annotation: DatasetAnnotation, run: u32| DatasetAnnotation { origin: layer(run), ..annotation };
    // The smaller box is of another run.
    let small = DatasetAnnotation::new("person", Shape::Box { rect: Rect::new(15.0, 15.0, 30.0, 30.0) });
    let nose = with(point("person", 20.0, 20.0), "keypoint", text("nose"));
    let annotations = vec![of(small, 1), of(person(10.0), 2), of(nose, 2)];
    let source = dataset(vec![DatasetImage { annotations, ..image(1, "a.jpg") }]);
    let (folder, variant) = (tempfile::tempdir().unwrap(), variant("coco-keypoints"));
    let path = folder.path().join("coco.json");
    variant.write(&source, &path).unwrap();
    let coco: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let counts: Vec<_> = coco["annotations"].as_array().unwrap().iter().map(|each| &each["num_keypoints"]).collect();
    assert_eq!(counts, [0, 1], "also of the object without one");
}

#[test]
fn a_second_point_of_a_name_in_a_group_belongs_to_no_other_object() {
    let group = |annotation: DatasetAnnotation, group: u64| DatasetAnnotation { group: Some(group), ..annotation };
    let nose = || with(point("person", 75.0, 20.0), "keypoint", text("nose"));
    let annotations = vec![group(person(10.0), 1), group(person(70.0), 2), group(nose(), 1), group(nose(), 1)];
    let source = dataset(vec![DatasetImage { annotations, ..image(1, "a.jpg") }]);
    let (folder, variant) = (tempfile::tempdir().unwrap(), variant("coco-keypoints"));
    let written = variant.write(&source, &folder.path().join("coco.json")).unwrap();
    let lost = written.losses.iter().find(|loss| loss.feature == Feature::Points).unwrap();
    assert_eq!((lost.count, lost.kind), (1, LossKind::AnnotationLeftOut));
}

#[test]
fn poses_without_key_points_are_refused() {
    let source = dataset(vec![DatasetImage { annotations: vec![person(10.0)], ..image(1, "a.jpg") }]);
    let folder = tempfile::tempdir().unwrap();
    let error = variant("yolo-pose").write(&source, &folder.path().join("yolo")).unwrap_err();
    assert!(error.to_string().contains("needs key points"), "{error}");
}

#[test]
fn key_points_are_written_as_other_programs_read_them() {
    let (folder, source) = (tempfile::tempdir().unwrap(), posed());
    let path = folder.path().join("coco.json");
    variant("coco-keypoints").write(&source, &path).unwrap();
    let coco: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let category = coco["categories"].as_array().unwrap().iter().find(|each| each["name"] == "person").unwrap();
    assert_eq!(category["keypoints"], serde_json::json!(["nose", "hip", "left hand"]));
    let first = &coco["annotations"][0];
    assert_eq!(first["keypoints"], serde_json::json!([20.0, 20.0, 2.0, 30.0, 60.0, 1.0, 75.0, 50.0, 2.0]));
    assert_eq!((&first["num_keypoints"], &first["bbox"]), (&3.into(), &serde_json::json!([10.0, 10.0, 80.0, 100.0])));

    let path = folder.path().join("yolo");
    variant("yolo-pose").write(&source, &path).unwrap();
    let yaml = fs::read_to_string(path.join("data.yaml")).unwrap();
    assert!(yaml.contains("\nkpt_shape: [4, 3]\n") && yaml.contains("task: pose\n"), "{yaml}");
    let lines = fs::read_to_string(path.join("labels/train/a.txt")).unwrap();
    let columns: Vec<usize> = lines.lines().map(|line| line.split(' ').count()).collect();
    assert_eq!(columns, [5 + 4 * 3; 3], "{lines}");
}
