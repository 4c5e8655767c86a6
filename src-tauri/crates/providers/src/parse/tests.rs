//! Well-formed and malformed answers.

use domain::recipe::{Attribute, AttributeKind, AttributeSubject, Recipe};
use domain::shape::Shape;

use super::*;

mod extremes;
mod of_image;
mod outcomes;
mod previews;
mod shapes;

const SENT: PixelSize = PixelSize::new(400, 300);

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "'",
    "\\",
    "\\ud83d",
    "\n",
    " ",
    "(",
    "//",
    "/*",
    "```",
    "```json\n",
    "marks",
    "label",
    "\"marks\":",
    "marks:",
    "\"label\":",
    "\"cat\"",
    "x1:",
    "\"x1\":1,\"y1\":2,\"x2\":30,\"y2\":40",
    "null",
    "-1e9",
    "0.5",
    "25%",
    "{\"label\":\"cat\",\"x1\":1,\"y1\":2,\"x2\":30,\"y2\":40}",
    "é",
    "\u{feff}",
    "[]",
    "{\"marks\":[]}",
    "I see it",
];

fn recipe() -> Recipe {
    let mut recipe = Recipe::find_these("cat, traffic light").unwrap();
    recipe.labels[0].synonyms = vec!["Kitten".into()];
    recipe
}

fn with_attributes() -> Recipe {
    let attribute = |name: &str, kind, is_required| Attribute {
        name: name.into(),
        definition: String::new(),
        kind,
        is_required,
        of: AttributeSubject::Annotation,
    };
    let mut recipe = recipe();
    recipe.attributes = vec![
        attribute("note", AttributeKind::Text, false),
        attribute("difficulty", AttributeKind::Number { min: 1, max: 5 }, true),
        attribute("coat", AttributeKind::Choice { options: vec!["tabby".into(), "short hair".into()] }, false),
        attribute("is it asleep?", AttributeKind::YesNo, false),
    ];
    recipe
}

fn rect(annotation: &AnsweredAnnotation) -> Rect {
    let Shape::Box { rect } = annotation.shape else { panic!("{:?}", annotation.shape) };
    rect
}

/// One line per annotation, correction and dropped item.
fn told(text: &str, recipe: &Recipe) -> String {
    let parsed = match parse(text, recipe, SENT) {
        Ok(parsed) => parsed,
        Err(error) => return error.to_string(),
    };
    let mut lines = Vec::new();
    for AnsweredAnnotation { label, confidence, shape, attributes } in &parsed.annotations {
        let Shape::Box { rect: Rect { x1, y1, x2, y2 } } = shape else { panic!("{shape:?}") };
        lines.push(format!("{label} {x1} {y1} {x2} {y2} {confidence:?} {attributes:?}"));
    }
    lines.extend(parsed.reading.repairs.iter().map(|repair| format!("repair {:?}: {:?}", repair.item, repair.kind)));
    lines
        .extend(parsed.reading.dropped.iter().map(|dropped| format!("dropped {}: {:?}", dropped.item, dropped.reason)));
    if parsed.reading.is_cut_short {
        lines.push("truncated".into());
    }
    lines.join("\n")
}

/// The result of an answer: number of annotations, or kind and text of the error.
fn outcome(text: &str) -> String {
    match read(&answer(text, FinishReason::EndTurn), &recipe()) {
        Ok(answer) => format!("{} marks, {} skipped", answer.annotations.len(), answer.reading.dropped.len()),
        Err(AnswerError::Unreadable { detail }) => format!("unreadable: {detail}"),
        Err(AnswerError::Unusable { detail }) => format!("unusable: {detail}"),
        Err(AnswerError::OtherCoordinates { system, .. }) => format!("{system:?}"),
        Err(error) => error.to_string(),
    }
}

fn answer(text: &str, stop_reason: FinishReason) -> RawAnswer {
    RawAnswer {
        text: text.into(),
        stop_reason,
        usage: None,
        model: String::new(),
        request_id: None,
        sent: SENT,
        coordinates: BoxCoordinates::PixelXyxy,
        time_to_first_byte_millis: 0,
        took_millis: 0,
        rate_limits: crate::rate_limits::RateLimits::default(),
    }
}

#[test]
fn as_asked() {
    let text = r#"{"marks":[{"label":"cat","x1":10,"y1":20,"x2":110,"y2":120,"confidence":0.75}]}"#;
    insta::assert_snapshot!(told(text, &recipe()), @r#"cat 10 20 110 120 Some(0.75) {}"#);
    assert_eq!(told(r#"{"marks":[]}"#, &recipe()), "");
}

#[test]
fn boxes_that_need_repair() {
    let text = r#"{"marks":[
        {"label":"cat","x1":110,"y1":120,"x2":10,"y2":20,"confidence":0.5},
        {"label":"cat","x1":"25%","y1":"50 %","x2":300,"y2":"100%"},
        {"label":"cat","x1":"10","y1":" 20px","x2":110.5,"y2":120},
        {"label":"cat","x1":-4,"y1":250,"x2":90,"y2":303.5},
        {"label":"cat","box":{"x1":1,"y1":2,"x2":3,"y2":4}}
    ]}"#;
    insta::assert_snapshot!(told(text, &recipe()), @r#"
    cat 10 20 110 120 Some(0.5) {}
    cat 100 150 300 300 None {}
    cat 10 20 110.5 120 None {}
    cat 0 250 90 300 None {}
    cat 1 2 3 4 None {}
    repair Some(0): CornersSwapped
    repair Some(1): NumberFromText { field: "x1" }
    repair Some(1): NumberFromText { field: "y1" }
    repair Some(1): NumberFromText { field: "y2" }
    repair Some(2): NumberFromText { field: "x1" }
    repair Some(2): NumberFromText { field: "y1" }
    repair Some(3): ClampedToPicture { pixels: 4.0 }
    "#);
}

#[test]
fn one_bad_item_never_costs_the_others() {
    let text = r#"{"marks":[
        "cat", null, 7,
        {"x1":1,"y1":2,"x2":30,"y2":40},
        {"label":"dog","x1":1,"y1":2,"x2":30,"y2":40},
        {"label":"cat","x1":1,"y1":2,"x2":30},
        {"label":"cat","x1":1,"y1":2,"x2":"wide","y2":40},
        {"label":"cat","bbox":[1,2,30,40]},
        {"label":"cat","x1":5,"y1":2,"x2":5,"y2":40},
        {"label":"cat","x1":0.1,"y1":0.2,"x2":0.5,"y2":0.6},
        {"label":"cat","x1":500,"y1":2,"x2":600,"y2":40},
        {"label":"cat","x1":300,"y1":200,"x2":900,"y2":800},
        {"label":"cat","x1":1,"y1":2,"x2":1e999,"y2":40},
        {"label":"cat","x1":1,"y1":2,"x2":30,"y2":40}
    ]}"#;
    insta::assert_snapshot!(told(&text.replace("1e999", "\"1e999\""), &recipe()), @r#"
    cat 1 2 30 40 None {}
    dropped 0: Unreadable
    dropped 1: Unreadable
    dropped 2: Unreadable
    dropped 3: NoLabel
    dropped 4: UnknownLabel { answered: "dog" }
    dropped 5: NoBox
    dropped 6: NoBox
    dropped 7: NoBox
    dropped 8: NoExtent
    dropped 9: NoExtent
    dropped 10: OutsidePicture
    dropped 11: OutsidePicture
    dropped 12: NoBox
    "#);
}

#[test]
fn labels_by_synonym_and_spelling() {
    let text = ["cat", "Cat ", "kitten", "traffic_light", "Traffic-Light", "traffic lights", "'cats'", "dog", ""]
        .map(|label| format!(r#"{{"class":"{label}","x1":1,"y1":2,"x2":30,"y2":40}}"#))
        .join(",");
    insta::assert_snapshot!(told(&format!("[{text}]"), &recipe()), @r#"
    cat 1 2 30 40 None {}
    cat 1 2 30 40 None {}
    cat 1 2 30 40 None {}
    traffic light 1 2 30 40 None {}
    traffic light 1 2 30 40 None {}
    traffic light 1 2 30 40 None {}
    cat 1 2 30 40 None {}
    repair Some(1): LabelRenamed { answered: "Cat " }
    repair Some(2): LabelRenamed { answered: "kitten" }
    repair Some(3): LabelRenamed { answered: "traffic_light" }
    repair Some(4): LabelRenamed { answered: "Traffic-Light" }
    repair Some(5): LabelRenamed { answered: "traffic lights" }
    repair Some(6): LabelRenamed { answered: "'cats'" }
    dropped 7: UnknownLabel { answered: "dog" }
    dropped 8: UnknownLabel { answered: "" }
    "#);
}

#[test]
fn confidences_are_never_made_up() {
    let answered = ["null", "0", "1", "\"0.5\"", "\"85%\"", "85", "5", "-0.1", "\"high\"", "101", "true", "\"0.5%\""];
    let table: Vec<(&str, Option<f32>)> = answered
        .into_iter()
        .map(|answered| {
            let text = format!(r#"[{{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,"confidence":{answered}}}]"#);
            (answered, parse(&text, &recipe(), SENT).unwrap().annotations[0].confidence)
        })
        .collect();
    let expected =
        [None, Some(0.0), Some(1.0), Some(0.5), Some(0.85), Some(0.85), None, None, None, None, None, Some(0.005)];
    assert_eq!(table.iter().map(|(_, confidence)| *confidence).collect::<Vec<_>>(), expected, "{table:?}");
    let without = parse(r#"[{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40}]"#, &recipe(), SENT).unwrap();
    assert_eq!((without.annotations[0].confidence, without.reading.repairs), (None, Vec::new()));
}

#[test]
fn attributes_by_kind() {
    let item = |attributes: &str| format!(r#"{{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,{attributes}}}"#);
    let text = [
        item(r#""attributes":{"note":" on a sofa ","difficulty":3,"coat":"tabby","attribute_4":true}"#),
        item(r#""attributes":{"note":7,"difficulty":"4","coat":"Short_hair","is it asleep?":"No"}"#),
        item(r#""attributes":{"note":"","difficulty":6,"coat":"striped","attribute_4":"maybe"}"#),
        item(r#""difficulty":0,"Note":"flat""#),
        item(r#""attributes":{"difficulty":2.5}"#),
        item(r#""attributes":{"note":"all there is"}"#),
    ]
    .join(",");
    insta::assert_snapshot!(told(&format!("{{\"marks\":[{text}]}}"), &with_attributes()), @r#"
    cat 1 2 30 40 None {"coat": Text("tabby"), "difficulty": Number(3), "is it asleep?": YesNo(true), "note": Text("on a sofa")}
    cat 1 2 30 40 None {"coat": Text("short hair"), "difficulty": Number(4), "is it asleep?": YesNo(false), "note": Text("7")}
    cat 1 2 30 40 None {"difficulty": Number(5)}
    cat 1 2 30 40 None {"difficulty": Number(1), "note": Text("flat")}
    repair Some(1): AttributeConverted { name: "note", answered: "7" }
    repair Some(1): AttributeConverted { name: "difficulty", answered: "4" }
    repair Some(1): AttributeConverted { name: "coat", answered: "Short_hair" }
    repair Some(1): AttributeConverted { name: "is it asleep?", answered: "No" }
    repair Some(2): AttributeClamped { name: "difficulty", answered: "6", range: Some(NumberRange { min: 1, max: 5 }) }
    repair Some(2): AttributeLeftOut { name: "coat", answered: "striped" }
    repair Some(2): AttributeLeftOut { name: "is it asleep?", answered: "maybe" }
    repair Some(3): AttributeClamped { name: "difficulty", answered: "0", range: Some(NumberRange { min: 1, max: 5 }) }
    dropped 4: AttributeMissing { name: "difficulty" }
    dropped 5: AttributeMissing { name: "difficulty" }
    "#);
}

#[test]
fn json_with_something_around_it() {
    let list = r#"{"marks":[{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40}]}"#;
    let expected = "cat 1 2 30 40 None {}\nrepair None: WordsAround";
    for text in [
        format!("```json\n{list}\n```"),
        format!("```\n{list}```"),
        format!("Here is what I see:\n\n{list}\n\nTell me {{if}} you need more."),
        format!("{{\"answer\":{list}}}"),
        format!("Sure! ```JSON\n{list}\n``` [1]"),
    ] {
        assert_eq!(told(&text, &recipe()), expected, "{text}");
    }
    let annotation = r#"{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40}"#;
    let lines = parse(&format!("{annotation}\n{annotation}\n{annotation}\nThat is all."), &recipe(), SENT).unwrap();
    assert_eq!((lines.annotations.len(), lines.reading.dropped.len()), (3, 0));
    assert_eq!(told("```json\n[]\n```", &recipe()), "repair None: WordsAround");
}

#[test]
fn broken_json_is_read_item_by_item() {
    let good = r#"{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40}"#;
    let comma = r#"{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,}"#;
    let text = format!(r#"{{"marks":[{good},{{"label":"cat",x1:5}},{comma},{good},],}}"#);
    insta::assert_snapshot!(told(&text, &recipe()), @r#"
    cat 1 2 30 40 None {}
    cat 1 2 30 40 None {}
    cat 1 2 30 40 None {}
    repair None: BrokenJson
    dropped 1: NoBox
    "#);
}

#[test]
fn a_truncated_answer_gives_its_whole_items() {
    let text = r#"{"marks":[{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,"attributes":{"difficulty":1,"note":"a ] } \" b"}},
        {"label":"cat","x1":2,"y1":3,"x2":31,"y2":41,"attributes":{"difficulty":2}},{"label":"traff"#;
    insta::assert_snapshot!(told(text, &with_attributes()), @r#"
    cat 1 2 30 40 None {"difficulty": Number(1), "note": Text("a ] } \" b")}
    cat 2 3 31 41 None {"difficulty": Number(2)}
    repair None: CutOff
    truncated
    "#);
    // Wherever it is cut, nothing is invented, and only the beginning fails.
    for (end, _) in text.char_indices() {
        match parse(&text[..end], &with_attributes(), SENT) {
            Ok(parsed) => {
                assert!(parsed.reading.is_cut_short && parsed.reading.dropped.is_empty(), "{end}: {parsed:?}");
            }
            Err(error) => assert!(matches!(error, AnswerError::Unreadable { .. }) && end < 12, "{end}"),
        }
    }
}

/// Invalid or out-of-range numbers.
const EXTREMES: &[&str] = &[
    "1e308",
    "-1e308",
    "1e400",
    "-1e400",
    "5e-324",
    "-0.0",
    "1e999999",
    "\"NaN\"",
    "\"inf\"",
    "\"-inf\"",
    "\"1e308%\"",
    "9223372036854775808",
    "-9223372036854775809",
    "null",
    "10",
    "200",
];

/// A number that is finite in percent but not in pixels would make the stored reading unreadable.
#[test]
fn a_percentage_out_of_range_is_not_a_box() {
    let text = r#"{"marks":[{"label":"cat","x1":"1e308%","y1":0,"x2":"1e308%","y2":"1e308%"},
        {"label":"cat","x1":20,"y1":30,"x2":120,"y2":130}]}"#;
    let parsed = parse(text, &recipe(), SENT).unwrap();
    assert_eq!((parsed.annotations.len(), &parsed.reading.dropped[0].reason), (1, &DropReason::NoBox));
    assert_eq!(Answer::from_raw(&parsed.to_raw().unwrap()).unwrap(), parsed);
}

proptest::proptest! {
    #[test]
    fn extreme_numbers_cost_no_other_annotation(
        extremes in proptest::collection::vec(proptest::sample::select(EXTREMES), 6),
    ) {
        let [x1, y1, x2, y2, confidence, difficulty] = extremes[..] else { unreachable!() };
        let sound = r#"{"label":"cat","x1":20,"y1":30,"x2":120,"y2":130,"confidence":0.5,"difficulty":3}"#;
        let text = format!(
            r#"{{"marks":[{{"label":"cat","x1":{x1},"y1":{y1},"x2":{x2},"y2":{y2},"confidence":{confidence},
            "difficulty":{difficulty}}},{sound},{sound}]}}"#
        );
        let parsed = parse(&text, &with_attributes(), SENT).unwrap();
        proptest::prop_assert!(parsed.annotations.len() >= 2, "{parsed:?}");
        for annotation in &parsed.annotations {
            proptest::prop_assert!(rect(annotation).is_finite() && rect(annotation).clamped(SENT) == rect(annotation), "{annotation:?}");
            proptest::prop_assert!(annotation.confidence.is_none_or(|confidence| (0.0..=1.0).contains(&confidence)));
        }
        // The stored reading can be parsed.
        proptest::prop_assert_eq!(Answer::from_raw(&parsed.to_raw().unwrap()).unwrap(), parsed);
    }
}

proptest::proptest! {
    /// Random deletions and insertions: parsing ends, and results are inside the picture.
    #[test]
    fn anything_can_be_read(start in 0..260_usize, length in 0..40_usize, put_in in "[{}\\[\\]\",:0-9a-z\\\\ é`]{0,12}") {
        let text = r#"```json {"marks":[{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,"attributes":{"difficulty":"3"}},
            {"label":"kitten","x1":-1,"y1":2,"x2":"30","y2":400,"confidence":"90%","attributes":{"difficulty":9}},]} ```"#;
        let (start, end) = (start.min(text.len()), (start + length).min(text.len()));
        let broken = format!("{}{put_in}{}", &text[..start], &text[end..]);
        if let Ok(parsed) = parse(&broken, &with_attributes(), SENT) {
            for annotation in parsed.annotations {
                proptest::prop_assert!(rect(&annotation).area() > 0.0 && rect(&annotation).clamped(SENT) == rect(&annotation));
                proptest::prop_assert!(annotation.confidence.is_none_or(|confidence| (0.0..=1.0).contains(&confidence)));
            }
        }
    }
}

proptest::proptest! {
    /// Random text of answer fragments: parsing ends, and never with an invented empty list.
    #[test]
    fn any_text_can_be_read(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..30)) {
        let text = pieces.concat();
        let _ = preview(&text, &recipe(), BoxCoordinates::PixelXyxy, SENT);
        if let Ok(parsed) = parse(&text, &recipe(), SENT) {
            proptest::prop_assert!(parsed.annotations.iter().all(|annotation| rect(annotation).clamped(SENT) == rect(annotation)));
            let is_empty = parsed.annotations.is_empty() && !parsed.reading.is_cut_short;
            proptest::prop_assert!(!is_empty || text.replace([' ', '\n'], "").contains("[]"), "{text}");
        }
    }

    #[test]
    fn any_bytes_can_be_read(text in ".{0,200}") {
        let _ = (parse(&text, &recipe(), SENT), preview(&text, &recipe(), BoxCoordinates::PixelXyxy, SENT));
    }
}

#[test]
fn boxes_that_overhang_are_clipped_and_cost_no_other() {
    let read = |boxes: &[[i32; 4]], sent| {
        let items = boxes
            .iter()
            .map(|[x1, y1, x2, y2]| format!(r#"{{"label":"cat","x1":{x1},"y1":{y1},"x2":{x2},"y2":{y2}}}"#));
        let text = format!("[{}]", items.collect::<Vec<_>>().join(","));
        let answer = parse(&text, &recipe(), sent).unwrap();
        let clipped = answer.reading.repairs.iter().map(|repair| match repair.kind {
            RepairKind::ClampedToPicture { pixels } => pixels,
            _ => panic!("{repair:?}"),
        });
        (answer.annotations.iter().map(rect).collect::<Vec<_>>(), clipped.collect::<Vec<_>>())
    };
    assert_eq!(
        read(&[[200, 100, 340, 200]], PixelSize::new(300, 240)),
        (vec![Rect::new(200.0, 100.0, 300.0, 200.0)], vec![40.0])
    );
    let sound = Rect::new(50.0, 50.0, 90.0, 90.0);
    assert_eq!(
        read(&[[100, 10, 195, 40], [50, 50, 90, 90]], PixelSize::new(160, 120)),
        (vec![Rect::new(100.0, 10.0, 160.0, 40.0), sound], vec![35.0])
    );
    assert_eq!(read(&[[-20, -20, 40, 40], [50, 50, 90, 90]], PixelSize::new(160, 120)), (vec![sound], Vec::new()));
}

#[test]
fn of_several_lists_the_real_one_counts() {
    let cat = |x: u32| format!(r#"{{"label":"cat","x1":{x},"y1":2,"x2":60,"y2":40}}"#);
    let list = |x: u32| format!(r#"{{"marks":[{}]}}"#, cat(x));
    let (example, real) = (cat(1), list(7));
    let unquoted = r"{annotations: [{label: 'cat', x1: 7, y1: 2, x2: 60, y2: 40}]}";
    for text in [
        format!("{{\"marks\":[]}} Wait, there is one: {real}"),
        format!("[]\n[{}]", cat(7)),
        format!("```json\n[]\n```\nOn a closer look:\n```json\n{real}\n```"),
        format!("{{\"draft\":[],\"marks\":[{}]}}", cat(7)),
        format!("{{\"objects\":[],\"boxes\":[{}]}}", cat(7)),
        format!("{{\"marks\":[]}}\n{}", cat(7)),
        format!("Each is written as {example}. {real}"),
        format!("{real}\nwhere each was written as {example}."),
        format!("The form {} was asked for.\n{real}", list(1)),
        format!("```json\n{}\n```\nCorrected:\n```json\n{real}\n```", list(1)),
        format!("{real}\nI followed the form {{\"marks\":[...]}}."),
        format!("{}\n{unquoted}", list(1)),
        unquoted.to_owned(),
        format!("{}\n{{\"marks\":[{},]}}", list(1), cat(7)),
        format!("{}\n{{\"marks\":[{},{{\"lab", list(1), cat(7)),
        format!("{{\"marks\":[]}} {{\"marks\":[{},{{\"lab", cat(7)),
        format!("{real}\nLet me look again: {{\"marks\":[{{\"lab"),
        format!("I see [one of them: {real}"),
        format!("It is 5\" wide] {{ {real}"),
        format!("{{\"answer\":\"see below\"}} {real}"),
        "{\"label\":\"cat\",\"x1\":7,\"y1\":2,\"x2\":60,\"y2\":40,\"parts\":[{\"name\":\"ear\"}]}\n.".to_string(),
    ] {
        let parsed = parse(&text, &recipe(), SENT);
        let lefts =
            parsed.map(|parsed| parsed.annotations.iter().map(|annotation| rect(annotation).x1).collect::<Vec<_>>());
        assert_eq!(lefts, Ok(vec![7.0]), "{text}");
    }
    let retracted = format!("{} On a closer look there is none: {{\"marks\":[]}}", list(1));
    assert_eq!(outcome(&retracted), "0 marks, 0 skipped");
    for text in [r#"{"marks":[]} {"marks":[{"lab"#, r#"{"marks":[]} {"marks":[(cat,1,2,3,4)]}"#] {
        assert!(outcome(text).starts_with("unreadable"), "{text}: {}", outcome(text));
    }
}

#[test]
fn the_domain_s_form_lands_in_the_image() {
    let text = r#"[{"label":"kitten","x1":10,"y1":20,"x2":110,"y2":120,"confidence":0.5}]"#;
    let parsed = parse(text, &recipe(), SENT).unwrap();
    let annotations = parsed.annotations(&recipe(), PixelSize::new(4000, 3000));
    assert_eq!(annotations[0].shape, Shape::Box { rect: Rect::new(100.0, 200.0, 1100.0, 1200.0) });
}
