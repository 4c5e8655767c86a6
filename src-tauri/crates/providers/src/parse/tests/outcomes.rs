//! What a whole answer comes to: annotations, none, or an error.

use super::*;

#[test]
fn answers_without_annotations() {
    for text in ["", "I cannot help with that.", "{}", "null", "{\"marks\":null}", "```", "{\"ok\":true}"] {
        let error = parse(text, &recipe(), SENT).unwrap_err();
        assert!(matches!(error, AnswerError::Unreadable { .. }), "{text}: {error:?}");
    }
}

#[test]
fn the_reason_for_stopping_is_heard() {
    let read = |text, reason| read(&answer(text, reason), &recipe());
    assert_eq!(read("{\"marks\":[]}", FinishReason::Refusal), Err(AnswerError::Declined));
    assert_eq!(read("", FinishReason::MaxTokens), Err(AnswerError::CutOffEarly));
    assert!(matches!(read("", FinishReason::EndTurn), Err(AnswerError::Unreadable { .. })));
    assert_eq!(read("{\"marks\":[", FinishReason::MaxTokens), Err(AnswerError::CutOffEarly));
    assert!(matches!(read("{\"marks\":[", FinishReason::EndTurn), Err(AnswerError::Unreadable { .. })));
    let whole = r#"{"marks":[{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40},"#;
    for (reason, is_cut_short) in [
        (FinishReason::MaxTokens, true),
        (FinishReason::ModelContextWindowExceeded, true),
        (FinishReason::Other(String::new()), true),
        (FinishReason::Other("length".into()), true),
        (FinishReason::EndTurn, false),
        (FinishReason::StopSequence, false),
    ] {
        let reading = read(whole, reason.clone()).unwrap().reading;
        let kind = if is_cut_short { RepairKind::CutOff } else { RepairKind::BrokenJson };
        assert_eq!(
            (reading.is_cut_short, reading.repairs),
            (is_cut_short, vec![Repair { item: None, kind }]),
            "{reason:?}"
        );
    }
    assert!(!read("{\"marks\":[]}", FinishReason::EndTurn).unwrap().reading.is_cut_short);
    // A higher limit does not help a model that answers in other coordinates.
    let fractions = r#"{"marks":[{"label":"cat","x1":0.1,"y1":0.2,"x2":0.3,"y2":0.4},{"la"#;
    let error = read(fractions, FinishReason::MaxTokens).unwrap_err();
    assert!(matches!(error, AnswerError::OtherCoordinates { system: CoordinateSystem::Fractions, .. }), "{error:?}");
}

#[test]
fn an_answer_of_which_nothing_can_be_used_is_not_empty() {
    for (text, expected) in [
        (r#"[["red",10,20,30,40]]"#, "unreadable: the annotation cannot be used: not a readable object"),
        (r#"{"marks":[["red",10,20,30,40]]}"#, "unreadable: the annotation cannot"),
        (r#"{"marks":[["red",10,20,30,40]],}"#, "unreadable: the annotation cannot"),
        (r#"["red at 10, 20"]"#, "unreadable: the annotation cannot"),
        (r#"{"marks":["red at 10, 20", "cat at 3"],}"#, "unreadable: none of the 2"),
        ("[(red,10,20,30,40)]", "unreadable: the answer has no readable list"),
        (r#"{"marks":[(cat,10,20,30,40)]}"#, "unreadable: none of"),
        (r#"{"marks":[("cat",10,20,30,40)]}"#, "unreadable: none of"),
        (r#"{"marks":[cat]}"#, "unreadable: the annotation cannot"),
        ("\"marks\":[,]{", "unreadable: the annotation cannot"),
        (r#"{"marks":[ , ,]}"#, "unreadable: the annotation cannot"),
        (r#"{"marks":[}"#, "unreadable: the annotation cannot"),
        (
            r#"{"marks":[// nothing
            ]}"#,
            "unreadable: the annotation cannot",
        ),
        (r#"{"marks":[{"label":"cat","x1":ten}]}"#, "unreadable: the annotation cannot"),
        (r#"{"marks":[{]}"#, "unreadable: the annotation cannot"),
        (r#"{"marks":[...]}"#, "unreadable: the annotation cannot"),
        (r#"{"marks":[{"x1":1}]}"#, "unusable: the annotation cannot be used: no label; the answer: {\"x1\":1}"),
        (
            r#"[{"label":"dog","x1":1,"y1":2,"x2":30,"y2":40},{"label":"dog","x1":1,"y1":2,"x2":30,"y2":40}]"#,
            "unusable: none of the 2 annotations can be used: 2 x unknown label \"dog\"",
        ),
        (r#"[{"label":"cat","bbox":[1,2,30,40]}]"#, "unusable: the annotation cannot be used: a coordinate"),
        (r#"[{"label":"cat","x1":0.1,"y1":0.2,"x2":0.5,"y2":0.9}]"#, "Fractions"),
        (r#"[{"label":"dog","x1":0.1,"y1":0.2,"x2":0.5,"y2":0.9}]"#, "Fractions"),
        (r#"[{"label":"cat","x1":"0.1","y1":"0.2","x2":"0.5","y2":"0.9"}]"#, "Fractions"),
        (r#"[{"label":"cat","x1":120,"y1":500,"x2":340,"y2":960}]"#, "Thousandths"),
        (r#"[{"label":"cat","x1":1200,"y1":500,"x2":1340,"y2":960}]"#, "Unknown"),
        (
            r#"[{"label":"cat","x1":700,"y1":500,"x2":900,"y2":900},{"label":"cat","x1":10,"y1":20,"x2":90,"y2":90}]"#,
            "1 marks, 1 skipped",
        ),
        (
            r#"[{"label":"cat","x1":0.1,"y1":0.2,"x2":0.5,"y2":0.9},{"label":"cat","x1":0.2,"y1":0.2,"x2":0.6,"y2":0.9},
                {"label":"dog","x1":10,"y1":20,"x2":90,"y2":90}]"#,
            "Fractions",
        ),
        (
            r#"[{"label":"cat","x1":-40,"y1":-40,"x2":80,"y2":80}]"#,
            "unusable: the annotation cannot be used: at least half of it is outside the image",
        ),
        (
            r#"[{"label":"cat","x1":-40,"y1":0,"x2":40,"y2":40}]"#,
            "unusable: the annotation cannot be used: at least half",
        ),
    ] {
        assert!(outcome(text).starts_with(expected), "{text}: {}", outcome(text));
    }
    for text in [r#"{"marks":[]}"#, "[]", r#"{"marks": [ ]}"#, r#"{"objects":[],"marks":[]}"#, r#""{\"marks\":[]}""#] {
        assert_eq!(outcome(text), "0 marks, 0 skipped", "{text}");
    }
    for text in ["None found: []", "[[]]", r#"{"marks":[[]]}"#, r#"{"marks":[{}]}"#, r#"{"marks":[null]}"#] {
        assert!(outcome(text).starts_with("un"), "{text}: {}", outcome(text));
    }
}
