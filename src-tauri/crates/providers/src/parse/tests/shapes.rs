//! Shapes other than boxes.

use super::*;

fn asking_for(shapes: &[ShapeKind]) -> Recipe {
    Recipe { shapes: shapes.to_vec(), ..recipe() }
}

/// One line per annotation, correction and dropped item.
fn shapes_told(text: &str, shapes: &[ShapeKind]) -> String {
    let parsed = match parse(text, &asking_for(shapes), SENT) {
        Ok(parsed) => parsed,
        Err(error) => return error.to_string(),
    };
    let mut lines = Vec::new();
    for AnsweredAnnotation { label, confidence, shape, .. } in &parsed.annotations {
        let shape = match shape {
            Shape::Box { rect: Rect { x1, y1, x2, y2 } } => format!("box {x1} {y1} {x2} {y2}"),
            Shape::Point { at } => format!("point {} {}", at.x, at.y),
            Shape::Polygon { points } => {
                points.iter().fold("polygon".to_owned(), |line, at| format!("{line} {},{}", at.x, at.y))
            }
            Shape::ImageTag => "tag".to_owned(),
            Shape::Caption { text } => format!("caption {text:?}"),
        };
        let confidence = confidence.map(|confidence| format!(" {confidence}")).unwrap_or_default();
        lines.push(format!("{label}: {shape}{confidence}"));
    }
    lines.extend(parsed.reading.repairs.iter().map(|repair| format!("repair {:?}", repair.kind)));
    lines.extend(parsed.reading.dropped.iter().map(|dropped| format!("dropped {:?}", dropped.reason)));
    lines.join("\n")
}

#[test]
fn each_shape_is_read_in_the_requested_form() {
    use ShapeKind::{Caption, ImageTag, Point, Polygon};
    let table = [
        (
            Polygon,
            r#"{"annotations":[{"label":"cat","corners":[[10,20],[110,20],[60,120]],"confidence":0.9}]}"#,
            "cat: polygon 10,20 110,20 60,120 0.9",
        ),
        (Point, r#"{"annotations":[{"label":"cat","x":10,"y":20,"confidence":0.5}]}"#, "cat: point 10 20 0.5"),
        (
            ImageTag,
            r#"{"annotations":[{"label":"kitten","confidence":0.25}]}"#,
            "cat: tag 0.25\nrepair LabelRenamed { answered: \"kitten\" }",
        ),
        (Caption, r#"{"annotations":[{"caption":" A cat sleeps. "}]}"#, "caption: caption \"A cat sleeps.\""),
    ];
    for (shape, text, expected) in table {
        assert_eq!(shapes_told(text, &[shape]), expected);
    }
}

#[test]
fn deviations_are_corrected_or_dropped_with_the_reason() {
    use ShapeKind::{Caption, ImageTag, Point, Polygon};
    let one = |shape, item: &str| shapes_told(&format!(r#"{{"annotations":[{item}]}}"#), &[shape]);
    let unusable = |shape, item: &str| one(shape, item).split("; the answer").next().unwrap().to_owned();
    let polygon = |corners: &str| one(Polygon, &format!(r#"{{"label":"cat","polygon":{corners}}}"#));
    assert_eq!(polygon("[10,20,110,20,60,120]"), "cat: polygon 10,20 110,20 60,120");
    assert_eq!(
        polygon("[[330,20],[450,20],[330,120]]"),
        "cat: polygon 330,20 400,20 330,120\nrepair ClampedToPicture { pixels: 50.0 }"
    );
    for (shape, item, reason) in [
        (Polygon, r#"{"label":"cat","corners":[[1,2],[9,9]]}"#, "less than a pixel wide or high"),
        (Polygon, r#"{"label":"cat","corners":[[1,1],[9,9],[5,5]]}"#, "less than a pixel wide or high"),
        (Point, r#"{"label":"cat","x":1,"y":2,"width":30,"height":40}"#, "a coordinate is missing or not a number"),
        (Polygon, r#"{"label":"cat","x1":1,"y1":2,"x2":3,"y2":4}"#, "a coordinate is missing or not a number"),
        (
            Polygon,
            r#"{"label":"cat","corners":[{"x":"here","y":2},{"x":1,"y":2},{"x":9,"y":9}]}"#,
            "a coordinate is missing or not a number",
        ),
        (Point, r#"{"label":"cat","x":10}"#, "a coordinate is missing or not a number"),
        (ImageTag, r#"{"label":"dog"}"#, "unknown label \"dog\""),
        (Caption, r#"{"caption":"  "}"#, "the caption has no text"),
    ] {
        assert_eq!(unusable(shape, item), format!("the annotation cannot be used: {reason}"), "{item}");
    }
    assert_eq!(
        one(Point, r#"{"label":"cat","x":403,"y":20}"#),
        "cat: point 400 20\nrepair ClampedToPicture { pixels: 3.0 }"
    );
    assert_eq!(
        one(Point, r#"{"label":"cat","x":"25%","y":20}"#),
        "cat: point 100 20\nrepair NumberFromText { field: \"x\" }"
    );
    assert_eq!(one(ImageTag, r#""cat""#), "cat: tag\nrepair ItemFromText");
    assert_eq!(one(Caption, r#""A cat.""#), "caption: caption \"A cat.\"\nrepair ItemFromText");
    assert_eq!(
        shapes_told("```json\n{\"caption\": \"A cat.\"}\n```", &[Caption]),
        "caption: caption \"A cat.\"\nrepair WordsAround"
    );
}

#[test]
fn several_shapes_are_told_apart_by_name_or_by_their_fields() {
    use ShapeKind::{Box, Caption, ImageTag, Point, Polygon};
    let all = [Box, Polygon, Point, ImageTag, Caption];
    let items = [
        r#"{"shape":"box","label":"cat","x1":1,"y1":2,"x2":30,"y2":40}"#,
        r#"{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40}"#,
        r#"{"shape":"polygon","label":"cat","corners":[[1,2],[30,2],[30,40]]}"#,
        r#"{"label":"cat","outline":[[1,2],[30,2],[30,40]]}"#,
        r#"{"type":"Point","label":"cat","x":3,"y":4}"#,
        r#"{"label":"cat","point":[3,4]}"#,
        r#"{"shape":"tag","label":"cat"}"#,
        r#"{"label":"cat"}"#,
        r#"{"shape":"caption","caption":"A cat."}"#,
        r#"{"text":"A cat."}"#,
    ];
    let told = shapes_told(&format!("[{}]", items.join(",")), &all);
    assert_eq!(
        told,
        "cat: box 1 2 30 40\ncat: box 1 2 30 40\ncat: polygon 1,2 30,2 30,40\ncat: polygon 1,2 30,2 30,40\ncat: point 3 4\n\
         cat: point 3 4\ncat: tag\ncat: tag\ncaption: caption \"A cat.\"\ncaption: caption \"A cat.\""
    );
    // A place that cannot be read makes no tag.
    let unread = r#"[{"label":"cat"},{"label":"cat","x1":1,"y1":2},{"label":"cat","box_2d":[1,2]},{"label":"cat","point":"here"}]"#;
    assert_eq!(shapes_told(unread, &[Box, ImageTag]), "cat: tag\ndropped NoBox\ndropped NoBox\ndropped NoBox");
    assert_eq!(shapes_told(unread, &[ImageTag, Caption]).matches("dropped ShapeNotAskedFor").count(), 3);
    let two = shapes_told(&format!("[{}]", items.join(",")), &[Box, Caption]);
    assert!(two.starts_with("cat: box") && two.ends_with("dropped ShapeNotAskedFor"), "{two}");
    assert_eq!(two.matches("ShapeNotAskedFor").count(), 6, "{two}");
}

#[test]
fn points_and_outlines_in_another_coordinate_system_are_named() {
    use ShapeKind::{Point, Polygon};
    let fractions = r#"{"annotations":[{"label":"cat","corners":[[0.1,0.2],[0.9,0.2],[0.5,0.8]]}]}"#;
    assert!(shapes_told(fractions, &[Polygon]).contains("0..1 coordinates"));
    let fractions = r#"{"annotations":[{"label":"cat","x":0.25,"y":0.5}]}"#;
    assert!(shapes_told(fractions, &[Point]).contains("0..1 coordinates"));
    let thousandths = r#"{"annotations":[{"label":"cat","corners":[[500,500],[900,500],[700,980]]}]}"#;
    assert!(shapes_told(thousandths, &[Polygon]).contains("0..1000 coordinates"));
    let thousandths = r#"{"annotations":[{"label":"cat","x":800,"y":700},{"label":"cat","x":900,"y":900}]}"#;
    assert!(shapes_told(thousandths, &[Point]).contains("0..1000 coordinates"));
}

#[test]
fn complete_shapes_of_a_cut_off_answer_are_kept() {
    let text = r#"{"annotations":[{"label":"cat","corners":[[1,2],[30,2],[30,40]],"confidence":0.5},{"label":"cat","corners":[[1,2],[3"#;
    assert_eq!(shapes_told(text, &[ShapeKind::Polygon]), "cat: polygon 1,2 30,2 30,40 0.5\nrepair CutOff");
    let seen = preview(text, &asking_for(&[ShapeKind::Polygon]), BoxCoordinates::PixelXyxy, SENT);
    assert_eq!(seen.len(), 1);
}
