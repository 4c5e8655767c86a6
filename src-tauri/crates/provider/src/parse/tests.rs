//! Answers as models give them, well and badly formed.

use domain::recipe::{Attribute, AttributeKind, Recipe};

use super::*;

const SENT: PixelSize = PixelSize::new(400, 300);

fn recipe() -> Recipe {
    let mut recipe = Recipe::find_these("cat, traffic light").unwrap();
    recipe.labels[0].synonyms = vec!["Kitten".into()];
    recipe
}

fn with_attributes() -> Recipe {
    let attribute =
        |name: &str, kind, is_required| Attribute { name: name.into(), definition: String::new(), kind, is_required };
    let mut recipe = recipe();
    recipe.attributes = vec![
        attribute("note", AttributeKind::Text, false),
        attribute("difficulty", AttributeKind::Number { min: 1, max: 5 }, true),
        attribute("coat", AttributeKind::Choice { options: vec!["tabby".into(), "short hair".into()] }, false),
        attribute("is it asleep?", AttributeKind::YesNo, false),
    ];
    recipe
}

/// A line a mark, a repair, a dropped item.
fn told(text: &str, recipe: &Recipe) -> String {
    let parsed = match parse(text, recipe, SENT) {
        Ok(parsed) => parsed,
        Err(error) => return error.to_string(),
    };
    let mut lines = Vec::new();
    for AnsweredMark { label, confidence, rect, attributes } in &parsed.marks {
        let Rect { x1, y1, x2, y2 } = rect;
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
        {"label":"cat","x1":"10","y1":" 20px","x2":110.5,"y2":120},
        {"label":"cat","x1":-4,"y1":250,"x2":90,"y2":303.5},
        {"label":"cat","box":{"x1":1,"y1":2,"x2":3,"y2":4}}
    ]}"#;
    insta::assert_snapshot!(told(text, &recipe()), @r#"
    cat 10 20 110 120 Some(0.5) {}
    cat 10 20 110.5 120 None {}
    cat 0 250 90 300 None {}
    cat 1 2 3 4 None {}
    repair Some(0): CornersSwapped
    repair Some(1): NumberFromText { field: "x1" }
    repair Some(1): NumberFromText { field: "y1" }
    repair Some(2): ClampedToPicture { pixels: 4.0 }
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
    let text = ["cat", "Cat ", "kitten", "traffic_light", "Traffic-Light", "traffic lights"]
        .map(|label| format!(r#"{{"class":"{label}","x1":1,"y1":2,"x2":30,"y2":40}}"#))
        .join(",");
    insta::assert_snapshot!(told(&format!("[{text}]"), &recipe()), @r#"
    cat 1 2 30 40 None {}
    cat 1 2 30 40 None {}
    cat 1 2 30 40 None {}
    traffic light 1 2 30 40 None {}
    traffic light 1 2 30 40 None {}
    repair Some(1): LabelRenamed { answered: "Cat " }
    repair Some(2): LabelRenamed { answered: "kitten" }
    repair Some(3): LabelRenamed { answered: "traffic_light" }
    repair Some(4): LabelRenamed { answered: "Traffic-Light" }
    dropped 5: UnknownLabel { answered: "traffic lights" }
    "#);
}

#[test]
fn confidences_are_never_made_up() {
    let answered = ["null", "0", "1", "\"0.5\"", "\"85%\"", "85", "5", "-0.1", "\"high\"", "101", "true", "\"0.5%\""];
    let table: Vec<(&str, Option<f32>)> = answered
        .into_iter()
        .map(|answered| {
            let text = format!(r#"[{{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,"confidence":{answered}}}]"#);
            (answered, parse(&text, &recipe(), SENT).unwrap().marks[0].confidence)
        })
        .collect();
    let expected =
        [None, Some(0.0), Some(1.0), Some(0.5), Some(0.85), Some(0.85), None, None, None, None, None, Some(0.005)];
    assert_eq!(table.iter().map(|(_, confidence)| *confidence).collect::<Vec<_>>(), expected, "{table:?}");
    let without = parse(r#"[{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40}]"#, &recipe(), SENT).unwrap();
    assert_eq!((without.marks[0].confidence, without.reading.repairs), (None, Vec::new()));
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
    repair Some(2): AttributeClamped { name: "difficulty", answered: "6" }
    repair Some(2): AttributeLeftOut { name: "coat", answered: "striped" }
    repair Some(2): AttributeLeftOut { name: "is it asleep?", answered: "maybe" }
    repair Some(3): AttributeClamped { name: "difficulty", answered: "0" }
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
    let mark = r#"{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40}"#;
    let lines = parse(&format!("{mark}\n{mark}\n{mark}\nThat is all."), &recipe(), SENT).unwrap();
    assert_eq!((lines.marks.len(), lines.reading.dropped.len()), (3, 0));
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
    dropped 1: Unreadable
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
    // Wherever it is cut, nothing is invented and nothing fails but the beginning.
    for (end, _) in text.char_indices() {
        match parse(&text[..end], &with_attributes(), SENT) {
            Ok(parsed) => {
                assert!(parsed.reading.is_cut_short && parsed.reading.dropped.is_empty(), "{end}: {parsed:?}");
            }
            Err(error) => assert!(error == AnswerError::NoMarks && end < 12, "{end}"),
        }
    }
}

proptest::proptest! {
    /// Whatever is cut out of an answer or put into it: reading ends, and what comes out is inside the picture.
    #[test]
    fn anything_can_be_read(start in 0..260_usize, length in 0..40_usize, put_in in "[{}\\[\\]\",:0-9a-z\\\\ é`]{0,12}") {
        let text = r#"```json {"marks":[{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,"attributes":{"difficulty":"3"}},
            {"label":"kitten","x1":-1,"y1":2,"x2":"30","y2":400,"confidence":"90%","attributes":{"difficulty":9}},]} ```"#;
        let (start, end) = (start.min(text.len()), (start + length).min(text.len()));
        let broken = format!("{}{put_in}{}", &text[..start], &text[end..]);
        if let Ok(parsed) = parse(&broken, &with_attributes(), SENT) {
            for mark in parsed.marks {
                proptest::prop_assert!(mark.rect.area() > 0.0 && mark.rect.clamped(SENT) == mark.rect);
                proptest::prop_assert!(mark.confidence.is_none_or(|confidence| (0.0..=1.0).contains(&confidence)));
            }
        }
    }
}

/// Answers that a preview must follow to their end: as asked, in other forms, with items that are not read.
fn on_their_way() -> Vec<String> {
    let attributes = r#""attributes":{"difficulty":1,"note":"a ] } \" b [{"}"#;
    let good = format!(r#"{{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,"confidence":0.5,{attributes}}}"#);
    let synonym = format!(r#"{{"class":"Kitten","box":{{"x1":-1,"y1":2,"x2":"30","y2":40}},{attributes}}}"#);
    let dropped = format!(r#"{{"label":"dog","x1":1,"y1":2,"x2":30,"y2":40,{attributes}}}"#);
    let comma = r#"{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,"difficulty":2,}"#;
    vec![
        format!("{{\"marks\":[{good},{dropped},{synonym},\n {good}]}}"),
        format!("I see é and [two] of them:\n```json\n{{\"objects\" : [{synonym}, 7, {good}]}}\n```\nThat is all."),
        format!("[{good},{comma},null,{{\"label\":\"cat\",x1:5}},{synonym},]"),
        format!("{{\"answer\":{{\"annotations\":[{dropped},{good}]}}}}"),
        "{\"marks\":[]}".into(),
        "I cannot help with that.".into(),
    ]
}

#[test]
fn a_preview_grows_into_the_answer() {
    for text in on_their_way() {
        let last = parse(&text, &with_attributes(), SENT).map(|answer| answer.marks).unwrap_or_default();
        let mut shown = 0;
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let preview = preview(&text[..end], &with_attributes(), SENT);
            assert!(preview.len() >= shown && last.starts_with(&preview), "{}: {preview:?}", &text[..end]);
            shown = preview.len();
        }
        assert_eq!(shown, last.len(), "{text}");
    }
}

#[test]
fn answers_without_marks() {
    for text in ["", "I cannot help with that.", "{}", "null", "{\"marks\":null}", "```", "{\"ok\":true}"] {
        assert_eq!(parse(text, &recipe(), SENT), Err(AnswerError::NoMarks), "{text}");
    }
}

fn answer(text: &str, stop_reason: StopReason) -> RawAnswer {
    RawAnswer {
        text: text.into(),
        stop_reason,
        usage: None,
        model: String::new(),
        request_id: None,
        sent: SENT,
        time_to_first_byte_millis: 0,
        took_millis: 0,
        rate_limits: crate::refusal::RateLimits::default(),
    }
}

#[test]
fn the_reason_for_stopping_is_heard() {
    let read = |text, reason| read(&answer(text, reason), &recipe());
    assert_eq!(read("{\"marks\":[]}", StopReason::Refusal), Err(AnswerError::Declined));
    assert_eq!(read("", StopReason::MaxTokens), Err(AnswerError::CutOffEarly));
    assert_eq!(read("", StopReason::EndTurn), Err(AnswerError::NoMarks));
    assert_eq!(read("{\"marks\":[", StopReason::MaxTokens), Err(AnswerError::CutOffEarly));
    let whole = r#"{"marks":[{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40},"#;
    assert!(read(whole, StopReason::MaxTokens).unwrap().reading.is_cut_short);
    assert_eq!(read(r#"{"marks":[{"label":"cat","x1":ten}]}"#, StopReason::EndTurn), Err(AnswerError::NoMarks));
    assert_eq!(read(r#"{"marks":[{"x1":1}]}"#, StopReason::EndTurn), Err(AnswerError::NoMarks));
    assert!(!read("{\"marks\":[]}", StopReason::EndTurn).unwrap().reading.is_cut_short);
}

#[test]
fn the_domain_s_form_lands_in_the_image() {
    let text = r#"[{"label":"kitten","x1":10,"y1":20,"x2":110,"y2":120,"confidence":0.5}]"#;
    let parsed = parse(text, &recipe(), SENT).unwrap();
    let marks = parsed.annotations(&recipe(), PixelSize::new(4000, 3000));
    assert_eq!(marks[0].shape, domain::annotation::Shape::Box { rect: Rect::new(100.0, 200.0, 1100.0, 1200.0) });
}
