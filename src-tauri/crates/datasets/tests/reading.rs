//! Reading files of other programs, and malformed files.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fmt::Write as _;
use std::fs;

use datasets::model::DatasetImage;
use datasets::{Dataset, FormatOptions, Input, find};
use domain::annotation::AttributeValue;
use domain::geometry::{PixelSize, Point, Rect};
use domain::shape::Shape;

/// The dataset read from `text`, and the error if any.
fn read(id: &str, text: &str) -> (Dataset, Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, text).unwrap();
    let (format, mut read) = (find(id).unwrap(), Dataset::default());
    let mut input = Input::open(format.descriptor().package, &path).unwrap();
    let ended = format.read(&mut input, &FormatOptions::default(), &mut read).err();
    (read, ended.map(|error| error.to_string()))
}

fn whole(id: &str, text: &str) -> Dataset {
    let (read, error) = read(id, text);
    assert_eq!(error, None, "{text}");
    read
}

fn error(id: &str, text: &str) -> String {
    read(id, text).1.unwrap_or_else(|| panic!("nothing is wrong with {text}"))
}

/// As in COCO's own files: categories last, no attributes, a mask, two polygons for one object, a crowd.
const PARTS: [&str; 5] = [
    r#""info": {"description": "COCO 2017 Dataset", "year": 2017, "contributor": null}"#,
    r#""licenses": [{"id": 1, "url": "http://creativecommons.org"}]"#,
    r#""images": [{"license": 4, "file_name": "000000397133.jpg", "height": 427, "width": 640, "id": 397133},
        {"file_name": "b.jpg", "height": 10, "width": 20, "id": 7}]"#,
    r#""annotations": [
        {"segmentation": [[1, 2, 30.5, 2, 30.5, 40], [50, 50, 60, 50, 60, 60, 50, 60]], "area": 600, "iscrowd": 0,
            "image_id": 397133, "bbox": [1, 2, 59, 58], "category_id": 44, "id": 82445},
        {"segmentation": {"counts": [272, 2, 4], "size": [10, 20]}, "area": 9, "iscrowd": 1, "image_id": 7,
            "bbox": [1.5, 2, 3, 4], "category_id": 90, "id": 900100},
        {"image_id": 7, "bbox": [0, 0, 5, 5], "category_id": 44, "id": 3, "score": 0.75,
            "attributes": {"occluded": false, "track": 12, "size": 0.5, "note": "x", "none": null, "status": "asleep"}}]"#,
    r#""categories": [{"supercategory": "kitchen", "id": 44, "name": "bottle"}, {"id": 90, "name": "toothbrush"}]"#,
];

#[test]
fn coco_is_read_in_whatever_order_its_parts_are() {
    let orders = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [0, 4, 2, 3, 1], [3, 2, 4, 0, 1], [2, 3, 0, 4, 1]];
    let read = orders.map(|order| {
        let parts: Vec<&str> = order.iter().map(|part| PARTS[*part]).collect();
        whole("coco", &format!("{{{}}}", parts.join(",\n")))
    });
    for other in &read[1..] {
        assert_eq!((&other.info, &other.images), (&read[0].info, &read[0].images));
    }
    let Dataset { info, images, skipped, .. } = &read[0];
    assert_eq!(info.description, "COCO 2017 Dataset");
    let labels: Vec<(u64, &str)> = info.labels.labels().iter().map(|label| (label.id, label.name.as_str())).collect();
    assert_eq!(labels, [(44, "bottle"), (90, "toothbrush")]);
    let [first, second] = &images[..] else { panic!("{images:?}") };
    assert_eq!((first.id, first.file_name.as_str()), (397_133, "000000397133.jpg"));
    assert_eq!((first.size, first.stored, first.hash.as_ref()), (Some(PixelSize::new(640, 427)), None, None));

    // Both polygons of one object.
    let points = |corners: &[(f64, f64)]| corners.iter().map(|&(x, y)| Point::new(x, y)).collect();
    let shapes: Vec<_> = first.annotations.iter().map(|each| (&each.shape, each.group)).collect();
    let polygons = [
        Shape::Polygon { points: points(&[(1.0, 2.0), (30.5, 2.0), (30.5, 40.0)]) },
        Shape::Polygon { points: points(&[(50.0, 50.0), (60.0, 50.0), (60.0, 60.0), (50.0, 60.0)]) },
    ];
    assert_eq!(shapes, [(&polygons[0], Some(1)), (&polygons[1], Some(1))]);

    let [crowd, scored] = &second.annotations[..] else { panic!("{second:?}") };
    assert_eq!(crowd.shape, Shape::Box { rect: Rect::new(1.5, 2.0, 4.5, 6.0) });
    assert_eq!((crowd.is_crowd, crowd.label.as_str(), crowd.confidence), (true, "toothbrush", None));
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0].place, "annotations[1].segmentation");
    assert_eq!((scored.confidence, scored.status, scored.origin), (Some(0.75), None, None));
    let text = |text: &str| AttributeValue::Text(text.into());
    let attributes = [
        ("note".to_owned(), text("x")),
        ("occluded".to_owned(), AttributeValue::YesNo(false)),
        ("size".to_owned(), text("0.5")),
        ("status".to_owned(), text("asleep")),
        ("track".to_owned(), AttributeValue::Number(12)),
    ];
    assert_eq!(scored.attributes, attributes.into());
}

#[test]
fn errors_in_coco_name_the_line_and_the_value() {
    let file = |images: &str, annotations: &str| {
        format!(
            "{{\n\"categories\": [{{\"id\": 1, \"name\": \"cat\"}}],\n\"images\": [{images}],\n\"annotations\": [\n{annotations}]\n}}"
        )
    };
    let image = r#"{"id": 1, "file_name": "a.jpg", "width": 10, "height": 10}"#;
    let good = r#"{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}"#;
    for (text, expected) in [
        ("[]".to_owned(), "line 1: invalid type: sequence, expected a COCO dataset, which is an object with images"),
        ("{\"images\": 3}".to_owned(), "invalid type: integer `3`, expected the list of images"),
        ("{\"annotations\": []}".to_owned(), "images: this list is missing"),
        (file(image, &format!("{good},\n{{\"id\": 2")), "line 6: expected `,` or `}`"),
        (
            file(image, &format!("{good},\n{}", good.replace("[1, 2, 3, 4]", "[1, \"2\", 3, 4]"))),
            "line 6, annotations[1].bbox[1]: invalid type: string \"2\", expected f64",
        ),
        (file(image, &good.replace("\"image_id\"", "\"image\"")), "line 5, annotations[0]: missing field `image_id`"),
        (
            file(image, &good.replace("\"image_id\": 1", "\"image_id\": 9")),
            "annotations[0].image_id: there is no image 9",
        ),
        (
            file(image, &good.replace("\"category_id\": 1", "\"category_id\": 9")),
            "annotations[0].category_id: there is no category 9",
        ),
        (
            file(image, &good.replace("\"bbox\"", "\"box\"")),
            "annotations[0].bbox: neither a box nor a polygon is given",
        ),
        (file(&format!("{image}, {image}"), good), "images[1].id: image 1 is listed twice"),
        (file(&image.replace("10", "\"ten\""), good), "line 3, images[0].width: invalid type: string \"ten\""),
        (
            file(image, &good.replace("\"bbox\"", "\"segmentation\": [[1, 2, 3, 4, 5, 6, 7]], \"bbox\"")),
            "annotations[0].segmentation: a polygon has an odd number of coordinates",
        ),
    ] {
        let said = error("coco", &text);
        assert!(said.contains(expected), "{text}\nsays     {said}\nexpected {expected}");
    }
}

#[test]
fn annotations_are_given_on_while_the_file_is_read() {
    let mut text = "{\"info\": {}, \"categories\": [{\"id\": 1, \"name\": \"cat\"}],\n\"images\": [".to_owned();
    text += r#"{"id": 1, "file_name": "a.jpg", "width": 10, "height": 10}], "annotations": ["#;
    for id in 1..=1000 {
        writeln!(text, "{{\"id\": {id}, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3, 4]}},").unwrap();
    }
    text += "{\"id\": 1001, ";
    let (read, error) = read("coco", &text);
    assert_eq!(read.images[0].annotations.len(), 1000);
    let error = error.unwrap();
    assert!(error.starts_with("line 1002, annotations[1000]: EOF while parsing"), "{error}");
}

#[test]
fn json_lines_need_a_file_name_and_errors_name_the_line() {
    let read = whole(
        "jsonl",
        "{\"file_name\": \"a.jpg\"}\n\n{\"file_name\": \"b.jpg\", \"annotations\": [{\"label\": \"x\", \"shape\": \"image_tag\"}]}",
    );
    let names: Vec<(u64, &str)> = read.images.iter().map(|image| (image.id, image.file_name.as_str())).collect();
    assert_eq!(names, [(1, "a.jpg"), (3, "b.jpg")]);
    assert_eq!(read.images[1].annotations[0].shape, Shape::ImageTag);
    assert_eq!(read.images[0], DatasetImage { id: 1, file_name: "a.jpg".into(), ..DatasetImage::default() });

    // As other programs write them.
    let read = whole(
        "jsonl",
        "{\"file_name\": \"a.jpg\", \"annotations\": [{\"label\": \"x\", \"shape\": \"image_tag\", \"attributes\":
            {\"share\": 0.5, \"none\": null, \"count\": 3, \"all\": [\"a\"]}}]}"
            .replace('\n', "")
            .as_str(),
    );
    let attributes = [
        ("all", AttributeValue::Several(vec!["a".into()])),
        ("count", AttributeValue::Number(3)),
        ("share", AttributeValue::Text("0.5".into())),
    ];
    assert_eq!(
        read.images[0].annotations[0].attributes,
        attributes.map(|(name, value)| (name.to_owned(), value)).into()
    );

    let second = |line: &str| error("jsonl", &format!("{{\"file_name\": \"a.jpg\"}}\n{line}"));
    assert_eq!(second("{}"), "line 2: missing field `file_name`");
    assert_eq!(second("{\"file_name\": \"b\"} x"), "line 2: trailing characters");
    let annotation = |annotation: &str| second(&format!("{{\"file_name\": \"b\", \"annotations\": [{annotation}]}}"));
    assert_eq!(
        annotation("{\"label\": \"x\", \"shape\": \"box\", \"bbox\": [1, 2, \"3\", 4]}"),
        "line 2, annotations[0].bbox[2]: invalid type: string \"3\", expected f64"
    );
    assert_eq!(annotation("{\"label\": \"x\", \"shape\": \"box\"}"), "line 2, annotations[0]: a box has no bbox");
    assert!(
        annotation("{\"label\": \"x\", \"shape\": \"oval\"}")
            .starts_with("line 2, annotations[0].shape: unknown variant `oval`")
    );
}

#[test]
fn csv_needs_a_file_name_and_errors_name_the_line_and_the_column() {
    let text = "\u{feff}label,file_name,x,y,width,height,attributes.n\r\n\
        cat,\"a,\r\n.jpg\",1,2,3,4,7\r\ndog,\"a,\r\n.jpg\",0,0,1,1,'=x\r\n,b.jpg,,,,,\r\n";
    let read = whole("csv", text);
    let names: Vec<(u64, &str)> = read.images.iter().map(|image| (image.id, image.file_name.as_str())).collect();
    assert_eq!(names, [(1, "a,\r\n.jpg"), (2, "b.jpg")]);
    let [cat, dog] = &read.images[0].annotations[..] else { panic!("{read:?}") };
    assert_eq!((cat.label.as_str(), &cat.shape), ("cat", &Shape::Box { rect: Rect::new(1.0, 2.0, 4.0, 6.0) }));
    assert_eq!(cat.attributes["n"], AttributeValue::Number(7));
    assert_eq!(dog.attributes["n"], AttributeValue::Text("=x".into()));
    assert!(read.images[1].annotations.is_empty());

    let row =
        |row: &str| error("csv", &format!("file_name,label,shape,x,y,width,height,status,missing,points\n{row}\n"));
    assert_eq!(error("csv", "name\na.jpg\n"), "line 1: the column file_name is missing");
    assert_eq!(error("csv", "file_name,x\na.jpg\n"), "line 2: the row has 1 columns, and the header 2");
    assert_eq!(row("a,cat,box,1,two,3,4,,,"), "line 2, y: \"two\" is not a number, or out of range");
    assert_eq!(row("a,cat,box,1,2,3,,,,"), "line 2, shape: a box has no bbox");
    assert!(row("a,cat,oval,1,2,3,4,,,").starts_with("line 2, shape: unknown variant `oval`"));
    assert!(row("a,cat,box,1,2,3,4,maybe,,").starts_with("line 2, status: unknown variant `maybe`"));
    assert_eq!(row("a,cat,box,1,2,3,4,,perhaps,"), "line 2, missing: \"perhaps\" is neither true nor false");
    // Spreadsheets and scripts write these for missing values.
    for (value, column) in [("NaN", "y"), ("inf", "y"), ("-Infinity", "y")] {
        let expected = format!("line 2, {column}: \"{value}\" is not a number, or out of range");
        assert_eq!(row(&format!("a,cat,box,1,{value},3,4,,,")), expected);
    }
    assert_eq!(
        error("csv", "file_name,label,shape,confidence\na,cat,image_tag,0.5\na,cat,image_tag,nan\n"),
        "line 3, confidence: \"nan\" is not a number, or out of range"
    );
    let points = "line 2, points: expected x and y in turn, separated by spaces";
    assert_eq!(row("a,cat,polygon,,,,,,,1 2 3 4 5 inf"), points);
    assert_eq!(row("a,cat,polygon,,,,,,,1 2 3"), "line 2, points: expected x and y in turn, separated by spaces");
}
