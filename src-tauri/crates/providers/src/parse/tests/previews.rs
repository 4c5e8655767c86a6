//! Previews of an answer that still streams.

use super::*;

/// Answers that a preview must follow: as requested, in other forms, with unreadable items.
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
        let last = parse(&text, &with_attributes(), SENT).map(|answer| answer.annotations).unwrap_or_default();
        let mut shown = 0;
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let preview = preview(&text[..end], &with_attributes(), BoxCoordinates::PixelXyxy, SENT);
            assert!(preview.len() >= shown && last.starts_with(&preview), "{}: {preview:?}", &text[..end]);
            shown = preview.len();
        }
        assert_eq!(shown, last.len(), "{text}");
    }
}
