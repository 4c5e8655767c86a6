//! Parts of other programs' files that are not in the neutral dataset: read in another form, counted, or refused.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "common/files.rs"]
mod files;

use datasets::Dataset;
use datasets::model::DatasetAnnotation;
use domain::annotation::AttributeValue;
use domain::shape::Shape;
use files::{error, folder, labelled, labels, point, polygon, read, read_with, reasons, rect, shapes};

#[test]
fn cvat_refuses_numbers_that_are_not_finite_and_names_the_line() {
    let said = |element: &str| {
        let image = format!("<image id=\"0\" name=\"a.jpg\" width=\"20\" height=\"10\">\n{element}\n</image>");
        error("cvat", &[("a.xml", &format!("<annotations>\n{image}\n</annotations>"))], &[])
    };
    let box_from = |xtl: &str| said(&format!("<box label=\"a\" xtl=\"{xtl}\" ytl=\"1\" xbr=\"2\" ybr=\"3\"/>"));
    assert_eq!(box_from("NaN"), "a.xml, line 3, xtl: \"NaN\" is not a number");
    assert_eq!(box_from("-inf"), "a.xml, line 3, xtl: \"-inf\" is not a number");
    assert_eq!(said("<points label=\"a\" points=\"1,2;3,nan\"/>"), "a.xml, line 3, points: expected x,y;x,y");
}

#[test]
fn cvat_refuses_tracks_of_videos() {
    let xml = "<annotations><meta/>\n<track id=\"0\" label=\"cat\">\n<box frame=\"0\"/></track></annotations>";
    let said = error("cvat", &[("a.xml", xml)], &[]);
    assert_eq!(said, "a.xml, line 2: tracks of a video are not supported; export the task as \"CVAT for images\"");
}

#[test]
fn cvat_keeps_groups_apart_and_names_the_line_of_each_of_many_elements() {
    let mut xml = "<annotations><image id=\"0\" name=\"a.jpg\" width=\"20\" height=\"10\">\n".to_owned();
    xml += "<box label=\"a\" xtl=\"0\" ytl=\"0\" xbr=\"1\" ybr=\"1\" group_id=\"1\"/>\n";
    xml += "<points label=\"a\" points=\"1,2;3,4\"/>\n<points label=\"a\" points=\"1,2;3,4\"/>\n";
    let mask = "<mask label=\"a\" left=\"1\" top=\"1\" width=\"2\" height=\"2\" rle=\"0, 4\"/>\n";
    xml += &mask.repeat(20_000);
    xml += "</image></annotations>";
    let read = read("cvat", &[("a.xml", &xml)], &[]);
    let groups: Vec<_> = read.images[0].annotations[..6].iter().map(|annotation| annotation.group).collect();
    assert_eq!(groups, [Some(1), Some(2), Some(2), Some(3), Some(3), None]);
    assert_eq!(read.skipped.len(), 20_000);
    assert_eq!(read.skipped[19_999].place, "a.xml, line 20004");
}

#[test]
fn datumaro_reads_points_that_are_there_and_counts_holes() {
    let annotations = r#"
        {"type": "bbox", "label_id": 0, "group": 1, "bbox": [1, 1, 2, 2]},
        {"type": "points", "label_id": 0, "points": [1, 2, 0, 0, 3, 4], "visibility": [1, 0, 2]},
        {"type": "points", "label_id": 0, "group": 1, "points": [5, 6, 7, 8]},
        {"type": "mask", "label_id": 0, "rle": {"size": [5, 4], "counts": [0, 3, 2, 1, 1, 1, 2, 3, 7]}},
        {"type": "bbox", "label_id": 0, "bbox": [80, 40, 40, 20], "attributes": {"rotation": 90.0}},
        {"type": "polyline", "label_id": 0, "points": [1, 2, 3, 4]}"#;
    let file = |annotations: &str| {
        format!(
            r#"{{"categories": {{"label": {{"labels": [{{"name": "cat"}}]}}}}, "items": [{{"id": "a",
                "attr": {{"frame": 3, "weather": "fog"}}, "annotations": [{annotations}]}}]}}"#
        )
    };
    let found = read("datumaro", &[("default.json", &file(annotations))], &[]);
    let image = &found.images[0];
    let ring = polygon(&[(0.0, 0.0), (3.0, 0.0), (3.0, 3.0), (0.0, 3.0)]);
    let places = [point(1.0, 2.0), point(3.0, 4.0), point(5.0, 6.0), point(7.0, 8.0)];
    assert_eq!(
        shapes(image)[1..6].iter().map(|shape| (*shape).clone()).collect::<Vec<_>>(),
        [&places[..], &[ring]].concat()
    );
    let Shape::Box { rect } = image.annotations[6].shape else { panic!("{image:?}") };
    for (found, expected) in [(rect.x1, 90.0), (rect.y1, 30.0), (rect.x2, 110.0), (rect.y2, 70.0)] {
        assert!((found - expected).abs() < 1e-9, "{rect:?}");
    }
    let groups: Vec<_> = image.annotations.iter().map(|annotation| annotation.group).collect();
    assert_eq!(groups, [Some(1), Some(2), Some(2), Some(1), Some(1), None, None]);
    let is_occluded: Vec<_> =
        image.annotations.iter().map(|annotation| annotation.attributes.contains_key("occluded")).collect();
    assert_eq!(is_occluded, [false, true, false, false, false, false, false]);
    let skipped: Vec<_> = found.skipped.iter().map(|part| (part.place.as_str(), part.reason)).collect();
    assert_eq!(
        skipped,
        [
            ("items[0].attr.weather", "attributes of an image are not supported"),
            ("items[0].annotations[3]", "the holes of a mask are not supported"),
            ("items[0].annotations[5]", "this kind of annotation is not supported"),
        ]
    );
    let odd = file(r#"{"type": "points", "label_id": 0, "points": [1, 2, 3]}"#);
    let said = error("datumaro", &[("default.json", &odd)], &[]);
    assert_eq!(said, "default.json, items[0].annotations[0]: the number of coordinates is odd");
}

/// A task of an image of 200 by 100 pixels.
fn task(data: &str, rest: &str) -> String {
    format!(r#"{{"data": {{{data}, "width": 200, "height": 100}}, {rest}}}"#)
}

fn result(id: &str, kind: &str, name: &str, value: &str) -> String {
    format!(r#"{{"id": "{id}", "type": "{kind}", "from_name": "{name}", "to_name": "img", "value": {{{value}}}}}"#)
}

#[test]
fn answers_about_regions_of_label_studio_are_attributes_of_these() {
    let place = r#""x": 10, "y": 10, "width": 20, "height": 40"#;
    let results = [
        result("r", "choices", "colour", &format!(r#"{place}, "choices": ["red", "blue"]"#)),
        result("r", "rectanglelabels", "kind", &format!(r#"{place}, "rectanglelabels": ["cup"]"#)),
        result("r", "rating", "quality", &format!(r#"{place}, "rating": 4"#)),
        result("r", "textarea", "note", &format!(r#"{place}, "text": ["cracked"]"#)),
        // Boxes and labels of two controls.
        result("s", "rectangle", "box", place),
        result("s", "labels", "kind", &format!(r#"{place}, "labels": ["mug"]"#)),
        result("t", "choices", "scene", r#""choices": ["indoors"]"#),
        r#"{"type": "relation", "from_id": "r", "to_id": "s", "direction": "right"}"#.to_owned(),
        result("u", "pairwise", "which", ""),
    ];
    let rest = format!(r#""annotations": [{{"result": [{}]}}]"#, results.join(","));
    let tasks = format!("[{}]", task(r#""image": "a.jpg""#, &rest));
    let found = read("label-studio", &[("tasks.json", &tasks)], &[]);
    let image = &found.images[0];
    assert_eq!(labels(image), ["cup", "mug", "indoors"]);
    assert_eq!(shapes(image), [&rect(20.0, 10.0, 60.0, 50.0), &rect(20.0, 10.0, 60.0, 50.0), &Shape::ImageTag]);
    let attributes = [
        ("colour".to_owned(), AttributeValue::Several(vec!["red".into(), "blue".into()])),
        ("note".to_owned(), AttributeValue::Text("cracked".into())),
        ("quality".to_owned(), AttributeValue::Number(4)),
    ];
    assert_eq!(image.annotations[0].attributes, attributes.into());
    assert_eq!(reasons(&found), ["relations are not supported", "this kind of result is not supported"]);
}

#[test]
fn a_task_of_label_studio_has_one_annotation() {
    let made = |label: &str, more: &str| {
        let region = result(label, "choices", "c", &format!(r#""choices": ["{label}"]"#));
        format!(r#"{{"result": [{region}]{more}}}"#)
    };
    let by = |day: u32| format!(r#", "completed_by": {day}, "updated_at": "2026-01-0{day}T00:00:00Z""#);
    let (first, last) = (made("first", &by(1)), made("last", &by(2)));
    let truth = made("truth", &format!(r#"{}, "ground_truth": true"#, by(1)));
    let predicted = [made("a model", ""), made("another", "")].join(",");
    let labels_of = |annotations: &[&str], predictions: &str| {
        let rest = format!(r#""annotations": [{}], "predictions": [{predictions}]"#, annotations.join(","));
        let found = read("label-studio", &[("t.json", &format!("[{}]", task(r#""image": "a.jpg""#, &rest)))], &[]);
        let labels: Vec<_> = labels(&found.images[0]).into_iter().map(ToOwned::to_owned).collect();
        (labels, found.skipped.len())
    };
    assert_eq!(labels_of(&[&last, &first], ""), (vec!["last".to_owned()], 1));
    assert_eq!(labels_of(&[&first, &truth, &last], ""), (vec!["truth".to_owned()], 2));
    assert_eq!(labels_of(&[&first], &predicted), (vec!["first".to_owned()], 2));
    assert_eq!(labels_of(&[], &predicted), (vec!["a model".to_owned()], 1));
}

#[test]
fn images_of_label_studio_are_found_in_any_field() {
    let name_of = |data: &str, config: Option<&str>| {
        let tasks = format!("[{}]", task(data, r#""annotations": []"#));
        let files: Vec<_> =
            [("tasks.json", &*tasks)].into_iter().chain(config.map(|xml| ("config.xml", xml))).collect();
        read("label-studio", &files, &[]).images[0].file_name.clone()
    };
    assert_eq!(name_of(r#""caption": "a cat", "photo": "https://example.org/set/a.jpg?size=2""#, None), "set/a.jpg");
    let config = r#"<View><Image name="img" value="$second"/></View>"#;
    assert_eq!(name_of(r#""first": "a.jpg", "second": "b.jpg""#, Some(config)), "b.jpg");
    assert_eq!(name_of(r#""image": "/data/upload/3/1a2b3c4d-day-1.jpg""#, None), "3/day-1.jpg");
    assert_eq!(name_of(r#""image": "/data/local-files/?d=set/a.jpg""#, None), "set/a.jpg");
    assert_eq!(name_of(r#""image": "x/1.jpg", "file_name": "day 1/a.jpg""#, None), "day 1/a.jpg");
}

#[test]
fn the_label_of_a_region_of_via_is_known_or_the_region_is_counted() {
    let set = |attributes: &str| {
        let region = format!(
            r#"{{"shape_attributes": {{"name": "point", "cx": 1, "cy": 2}}, "region_attributes": {{{attributes}}}}}"#
        );
        format!(
            r#"{{"filename": "a.jpg", "regions": [{region}], "file_attributes": {{"caption": "", "weather": "fog"}}}}"#
        )
    };
    let found = |attributes: &str, of_project: &str| {
        let project = format!(
            r#"{{"_via_attributes": {{"region": {{{of_project}}}}}, "_via_img_metadata": {{"a.jpg": {}}}}}"#,
            set(attributes)
        );
        let found = read("via", &[("project.json", &project)], &[]);
        assert_eq!(found.skipped[0].reason, "attributes of an image are not supported");
        let labels: Vec<_> = labels(&found.images[0]).into_iter().map(ToOwned::to_owned).collect();
        (labels.join(", "), found.skipped[1..].iter().map(|part| part.reason).collect::<Vec<_>>())
    };
    let dropdown = r#""species": {"type": "dropdown"}, "age": {"type": "text"}"#;
    assert_eq!(found(r#""species": "cat", "age": "3""#, dropdown), ("cat".to_owned(), vec![]));
    assert_eq!(found(r#""Class": "cat", "age": "3""#, ""), ("cat".to_owned(), vec![]));
    assert_eq!(found(r#""species": "cat""#, ""), ("cat".to_owned(), vec![]));
    assert_eq!(found(r#""class": {"cat": true, "dog": false, "pet": true}"#, ""), ("cat, pet".to_owned(), vec![]));
    let unclear = "it is unclear which attribute of the region is its label";
    assert_eq!(found(r#""species": "cat", "age": "3""#, ""), (String::new(), vec![unclear]));
    assert_eq!(found("", dropdown), (String::new(), vec!["a region without a label is not supported"]));
}

/// What was skipped, as "place: reason".
fn skipped(read: &Dataset) -> Vec<String> {
    read.skipped.iter().map(|part| format!("{}: {}", part.place, part.reason)).collect()
}

fn is_true(annotation: &DatasetAnnotation) -> Vec<&str> {
    let set = annotation.attributes.iter().filter(|(_, value)| **value == AttributeValue::YesNo(true));
    set.map(|(name, _)| name.as_str()).collect()
}

#[test]
fn key_points_of_coco_are_points_of_their_object_and_unknown_fields_are_counted() {
    let text = r#"{"images": [{"id": 1, "file_name": "a.jpg", "width": 40, "height": 50}],
        "categories": [{"id": 1, "name": "cat", "keypoints": ["nose", "tail"], "skeleton": [[1, 2]]}],
        "annotations": [
            {"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 1, 20, 20], "area": 400, "num_keypoints": 2,
                "keypoints": [5, 6, 2, 7, 8, 1, 9, 10, 2], "track": {"number": 3}, "note": "", "tags": []},
            {"id": 8, "image_id": 1, "category_id": 1, "keypoints": [5, 6, 2, 0, 0, 0]},
            {"id": 9, "image_id": 1, "caption": "a cat at rest"}]}"#;
    let file = folder(&[("set.json", text)], &[]);
    let read = read_with("coco", &file.path().join("set.json"), &[]);
    let image = &read.images[0];
    let caption = Shape::Caption { text: "a cat at rest".into() };
    let (cat, nose) = (rect(1.0, 1.0, 21.0, 21.0), point(5.0, 6.0));
    assert_eq!(shapes(image), [&cat, &nose, &point(7.0, 8.0), &point(9.0, 10.0), &nose, &caption]);
    let found: Vec<_> = image.annotations.iter().map(|each| (each.group, each.attributes.get("keypoint"))).collect();
    let text = |text: &str| AttributeValue::Text(text.into());
    assert_eq!(
        found,
        [
            (Some(1), None),
            (Some(1), Some(&text("nose"))),
            (Some(1), Some(&text("tail"))),
            (Some(1), Some(&AttributeValue::Number(3))),
            (None, Some(&text("nose"))),
            (None, None)
        ]
    );
    assert_eq!(is_true(&image.annotations[2]), ["occluded"]);
    assert_eq!(skipped(&read), ["annotations[0].track: this field is not supported"]);
}

#[test]
fn flags_of_labelme_are_attributes_and_unknown_fields_are_counted() {
    let text = r#"{"version": "5.5.0", "flags": {"indoors": true, "blurred": false}, "imageData": "AAAA", "checked": true,
        "imagePath": "a.jpg", "imageWidth": 200, "imageHeight": 100, "lineColor": [0, 255, 0, 128], "shapes": [
        {"label": "cat", "points": [[1, 2]], "shape_type": "point", "flags": {"asleep": true, "old": false},
            "difficult": true, "kie_linking": [[1, 2]], "direction": 0.5, "description": null}]}"#;
    let found = read("labelme", &[("a.json", text)], &[]);
    let [cat, indoors] = &found.images[0].annotations[..] else { panic!("{found:?}") };
    assert_eq!((indoors.label.as_str(), &indoors.shape), ("indoors", &Shape::ImageTag));
    assert_eq!(is_true(cat), ["asleep", "difficult"]);
    assert_eq!(cat.attributes["old"], AttributeValue::YesNo(false));
    let unknown = "this field is not supported";
    assert_eq!(
        skipped(&found),
        [format!("a.json, shapes[0].kie_linking: {unknown}"), format!("a.json.checked: {unknown}")]
    );
}

#[test]
fn what_is_not_read_of_hugging_face_is_counted() {
    let line = r#"{"file_name": "a.jpg", "width": 20, "height": 10, "text": "a cat", "licence": "CC0", "empty": null,
        "objects": {"id": [4], "bbox": [[1, 2, 3, 4]], "categories": [1], "area": [12], "track": [7]}}"#;
    let line = line.replace('\n', " ");
    let files =
        [("train/metadata.jsonl", &*line), ("test/metadata.csv", "file_name\nc.jpg\n"), ("old_metadata.jsonl", "{}")];
    let found = read("huggingface", &files, &["train/a.jpg", "train/b.jpg"]);
    assert_eq!(labelled(&found), [("train/a.jpg", vec!["caption", "1"])]);
    assert_eq!(
        skipped(&found),
        [
            "train/metadata.jsonl, line 1, licence: this field is not supported",
            "train/metadata.jsonl, line 1, objects.track: this field is not supported",
            "test/metadata.csv: only metadata.jsonl and Parquet are read",
            "train/b.jpg: there is no line for this image",
        ]
    );
    let longer = line.replace("[1],", "[1, 2],");
    let said = error("huggingface", &[("metadata.jsonl", &longer)], &[]);
    assert_eq!(said, "metadata.jsonl, line 1, objects.category: 2 categories for 1 boxes");
}

#[test]
fn labels_of_images_and_flags_of_boxes_of_open_images_are_read() {
    let boxes = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n\
        a,xclick,/m/1,1,0,1,0,1,1,0,0,1,-1\n";
    let people = "ImageID,Source,LabelName,Confidence\na,verification,/m/1,1\na,verification,/m/2,0\n";
    let machine = "ImageID,Source,LabelName,Confidence\na,machine,/m/2,0.25\n";
    let found = read(
        "open-images",
        &[
            ("class-descriptions.csv", "/m/1,cat\n/m/2,dog\n"),
            ("train-annotations-bbox.csv", boxes),
            ("train-annotations-human-imagelabels.csv", people),
            ("train-annotations-machine-imagelabels.csv", machine),
            ("train-annotations-object-segmentation.csv", "MaskPath,ImageID,LabelName\nx.png,a,/m/1\n"),
        ],
        &["train/a.jpg"],
    );
    let tag = Shape::ImageTag;
    assert_eq!(labelled(&found), [("train/a.jpg", vec!["cat", "cat", "dog"])]);
    assert_eq!(shapes(&found.images[0]), [&rect(0.0, 0.0, 200.0, 100.0), &tag, &tag]);
    let annotations = &found.images[0].annotations;
    assert_eq!(is_true(&annotations[0]), ["depiction", "occluded"]);
    assert_eq!(annotations.iter().map(|each| each.confidence).collect::<Vec<_>>(), [None, None, Some(0.25)]);
    assert_eq!(
        skipped(&found),
        [
            "train-annotations-human-imagelabels.csv, line 3, Confidence: a label that is not in the image",
            "train-annotations-object-segmentation.csv: this table is not supported",
        ]
    );
}

#[test]
fn text_files_of_yolo_without_an_image_are_counted() {
    let object = "0 0.5 0.5 0.1 0.2\n";
    let labels = [("data.yaml", "names: [cat]\n"), ("labels/a.txt", object), ("labels/b.txt", object)];
    let found =
        read("yolo", &[&labels[..], &[("c.txt", object), ("README.txt", "By a person\n")]].concat(), &["images/a.jpg"]);
    assert_eq!(labelled(&found), [("images/a.jpg", vec!["cat"])]);
    let reason = "there is no image for this text file";
    assert_eq!(skipped(&found), [format!("c.txt: {reason}"), format!("labels/b.txt: {reason}")]);
    // Without any image, it is not a matter of some files.
    assert_eq!(error("yolo", &labels, &[]), "the format needs the size of images/a, which is unknown");
}

#[test]
fn elements_of_voc_and_columns_of_csv_that_are_not_known_are_counted() {
    let xml = "<annotation><filename>1.jpg</filename><object><name>cat</name><pose>Left</pose><truncated>1</truncated>\n\
        <part><name>tail</name></part><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>\
        </object></annotation>";
    let found = read("voc", &[("1.xml", xml)], &[]);
    let cat = &found.images[0].annotations[0];
    assert_eq!((is_true(cat), &cat.attributes["pose"]), (vec!["truncated"], &AttributeValue::Text("Left".into())));
    assert_eq!(skipped(&found), ["1.xml, line 2, part: this field is not supported"]);

    let file = folder(&[("a.csv", "file_name,weather,label,shape\na.jpg,fog,cat,image_tag\n")], &[]);
    let found = read_with("csv", &file.path().join("a.csv"), &[]);
    assert_eq!(skipped(&found), ["weather: this column is not supported"]);
}

#[test]
fn numbers_at_the_limit_are_refused_or_read() {
    let yaml = "kpt_shape: [9223372036854775807, 3]\nnames: {0: cat, 18446744073709551615: dog}\n";
    let labels = ("labels/a.txt", "0 0.5 0.5 0.1 0.2\n18446744073709551615 0.5 0.5 0.1 0.2\n");
    let found = read("yolo", &[("data.yaml", yaml), labels], &["images/a.jpg"]);
    assert_eq!(found.images[0].annotations[0].label, "cat");

    let line = r#"{"file": "a.jpg", "image": 18446744073709551615, "file_name": "a.jpg"}"#;
    let said =
        error("createml", &[("fieldmark.jsonl", line), ("a.json", r#"[{"image": "b.jpg", "annotations": []}]"#)], &[]);
    assert_eq!(said, "fieldmark.jsonl, line 1: the number of an image is too large");
}
