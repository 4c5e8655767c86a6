//! Broken characters, and lists and nesting without end.

use super::*;

#[test]
fn half_a_surrogate_pair_costs_no_annotation() {
    let text =
        r#"{"marks":[{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,"attributes":{"difficulty":1,"note":"\ud83d!"}}]}"#;
    let note = "\u{fffd}!";
    for text in [text.to_owned(), text.replace("]}", ",]}")] {
        let parsed = parse(&text, &with_attributes(), SENT).unwrap();
        assert_eq!(
            parsed.annotations[0].attributes["note"],
            domain::annotation::AttributeValue::Text(note.into()),
            "{text}"
        );
    }
}

#[test]
fn a_list_without_end_is_read_up_to_the_limit_and_says_so() {
    let item = r#"{"label":"cat","x1":10,"y1":20,"x2":110,"y2":120}"#;
    let list = |count: usize| format!("{{\"marks\":[{}]}}", vec![item; count].join(","));
    let read = |text: &str| parse(text, &recipe(), SENT).unwrap();
    assert_eq!(read(&list(MAX_ANNOTATIONS)).reading.dropped, []);
    let beyond = read(&list(MAX_ANNOTATIONS + 20_000));
    assert_eq!(beyond.annotations.len(), MAX_ANNOTATIONS);
    let expected = Dropped { item: MAX_ANNOTATIONS, reason: DropReason::TooMany { count: 20_000 } };
    assert_eq!(beyond.reading.dropped, [expected]);
    // Unusable items are not stored individually either.
    let broken = vec!["7"; 2 * MAX_ANNOTATIONS].join(",");
    let mixed = read(&format!("{{\"marks\":[{item},{broken}]}}"));
    assert_eq!((mixed.annotations.len(), mixed.reading.dropped.len()), (1, MAX_ANNOTATIONS));
}

#[test]
fn nesting_without_end_is_read_to_its_end() {
    let deep = 500_000;
    for text in [
        "[".repeat(deep),
        "{".repeat(deep),
        "{\"marks\":".repeat(deep),
        format!("{{\"marks\":{}", "[".repeat(deep)),
        format!("{{\"marks\":{}{}}}", "[".repeat(deep), "]".repeat(deep)),
        format!("{{\"marks\":[{}{}]}}", "{\"a\":".repeat(deep), "}".repeat(deep)),
        format!("{{\"marks\":[{}", "{a:[".repeat(deep)),
        "[]".repeat(deep),
        "[{".repeat(deep),
        "[{}".repeat(deep),
        "\"".repeat(deep),
        format!("[{}", "\"".repeat(deep)),
        "\\".repeat(deep),
    ] {
        assert!(outcome(&text).starts_with("un"), "{}: {}", &text[..20], outcome(&text));
        assert_eq!(preview(&text, &recipe(), BoxCoordinates::PixelXyxy, SENT), []);
    }
}
