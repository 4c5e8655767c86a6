//! Parts of other programs' files that are not in the neutral dataset: read in another form, counted, or refused.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "common/files.rs"]
mod files;

use domain::annotation::AttributeValue;
use domain::shape::Shape;
use files::{error, labels, point, polygon, read, reasons, rect, shapes};

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
