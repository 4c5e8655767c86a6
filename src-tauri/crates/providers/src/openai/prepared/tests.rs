//! Requests and their upper bounds.

use domain::recipe::{Attribute, AttributeKind, AttributeSubject, Recipe, RecipeExample};
use domain::settings::AnswerForm;
use serde_json::{Value, json};

use super::*;
use crate::openai::CATALOG;
use crate::provider::PreparedModel;
use crate::request::ShownExample;
use crate::request::{MediaType, PictureError, Reply, RequestOptions};

fn prepared(model: &str, recipe: &Recipe) -> PreparedChat {
    let model = CATALOG.find(model).unwrap();
    PreparedChat::new(
        model,
        recipe,
        RequestOptions::default(),
        ChatForm { limit_name: LimitField::MaxCompletionTokens },
    )
    .unwrap()
}

fn body(request: &Request, model_prefix: &str, format: AnswerForm) -> Value {
    serde_json::from_slice(&ChatBody::of(request).unwrap().pieces(model_prefix, format, Reply::Streamed).concat())
        .unwrap()
}

/// A cat, which may be asleep.
fn cats() -> Recipe {
    let mut recipe = Recipe::find_these("cat").unwrap();
    recipe.attributes = vec![Attribute {
        name: "asleep".into(),
        definition: String::new(),
        kind: AttributeKind::YesNo,
        is_required: false,
        of: AttributeSubject::Annotation,
    }];
    recipe
}

fn picture(width: u32, height: u32) -> Picture {
    Picture { size: PixelSize::new(width, height), media_type: MediaType::Jpeg, bytes: Bytes::from_static(b"jpeg") }
}

#[test]
fn the_body_is_as_documented() {
    let prepared = prepared("gpt-6-luna", &cats());
    let request = prepared.request(&picture(1456, 819)).unwrap();
    let mut body = body(&request, "", AnswerForm::JsonSchema);
    assert_eq!(body["messages"][0]["content"], prepared.prompt_text());
    body["messages"][0]["content"] = json!("(guideline)");
    insta::assert_snapshot!(body.to_string(), @r#"{"max_completion_tokens":8192,"messages":[{"content":"(guideline)","role":"system"},{"content":[{"image_url":{"detail":"high","url":"data:image/jpeg;base64,anBlZw=="},"type":"image_url"},{"text":"Annotate. The image is 1456x819 px.","type":"text"}],"role":"user"}],"model":"gpt-6-luna","reasoning_effort":"low","response_format":{"json_schema":{"name":"annotations","schema":{"additionalProperties":false,"properties":{"marks":{"items":{"additionalProperties":false,"properties":{"attributes":{"additionalProperties":false,"properties":{"asleep":{"anyOf":[{"type":"boolean"},{"type":"null"}]}},"required":["asleep"],"type":"object"},"confidence":{"type":"number"},"label":{"enum":["cat"],"type":"string"},"x1":{"type":"integer"},"x2":{"type":"integer"},"y1":{"type":"integer"},"y2":{"type":"integer"}},"required":["label","x1","y1","x2","y2","confidence","attributes"],"type":"object"},"type":"array"}},"required":["marks"],"type":"object"},"strict":true},"type":"json_schema"},"stream":true,"stream_options":{"include_usage":true}}"#);
    assert_eq!(request.sent(), PixelSize::new(1456, 819));
    assert!(!format!("{request:?}").contains("anBl"));
}

#[test]
fn servers_that_enforce_less_find_the_schema_in_the_prompt() {
    let prepared = prepared("gpt-4o", &cats());
    let request = prepared.request(&picture(640, 480)).unwrap();
    let plain = body(&request, "", AnswerForm::JsonSchema);
    let schema = serde_json::to_string(&prepared.prompt.schema).unwrap();
    for (format, response_format) in
        [(AnswerForm::JsonObject, json!({"type": "json_object"})), (AnswerForm::Prompt, Value::Null)]
    {
        let mut other = body(&request, "org/\"x\"/", format);
        assert_eq!((&other["model"], &other["response_format"]), (&json!("org/\"x\"/gpt-4o"), &response_format));
        let words = other["messages"][0]["content"].as_str().unwrap().to_owned();
        assert!(words.starts_with(prepared.prompt_text()) && words.contains(&schema) && words.contains("JSON"));
        for field in ["model", "response_format"] {
            other[field] = plain[field].clone();
        }
        other["messages"][0]["content"] = plain["messages"][0]["content"].clone();
        assert_eq!(other, plain);
    }
    assert_eq!(plain.get("reasoning_effort"), None);
}

#[test]
fn examples_are_questions_with_their_answers() {
    let photo = |picture| ShownExample {
        example: RecipeExample { path: Some("a.jpg".into()), ..RecipeExample::default() },
        size: PixelSize::new(640, 480),
        picture,
    };
    let with = |examples: &[ShownExample]| {
        let options = RequestOptions { examples, ..RequestOptions::default() };
        let form = ChatForm { limit_name: LimitField::MaxCompletionTokens };
        PreparedChat::new(CATALOG.find("gpt-4o").unwrap(), &cats(), options, form).unwrap()
    };
    let prepared = with(&[photo(Some(picture(640, 480)))]);
    let sent = body(&prepared.request(&picture(640, 480)).unwrap(), "", AnswerForm::JsonSchema);
    let messages = sent["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[1], messages[3], "the same photo");
    assert_eq!(messages[2], json!({"role": "assistant", "content": r#"{"marks":[]}"#}));
    let estimate = with(&[photo(None)]);
    assert_eq!(estimate.request(&picture(640, 480)).unwrap_err(), PictureError::NoExamplePhoto);
    let size = PixelSize::new(640, 480);
    assert_eq!(estimate.upper_bound(size), prepared.upper_bound(size));
    // 85 tokens, and 170 for each of two tiles.
    let added = prepared.upper_bound(size).input_tokens - with(&[]).upper_bound(size).input_tokens;
    assert_eq!(added, 85 + 2 * 170 + 34 + r#"{"marks":[]}"#.len() as u64);
}

#[test]
fn a_large_picture_is_written_once() {
    let bytes = vec![0xff; 1_000_000];
    let request = prepared("gpt-4o", &cats()).request(&Picture { bytes: bytes.into(), ..picture(640, 480) }).unwrap();
    let body = ChatBody::of(&request).unwrap();
    let [_, _, first, _] = body.pieces("", AnswerForm::JsonSchema, Reply::Streamed);
    let [_, _, second, _] = body.pieces("x/", AnswerForm::Prompt, Reply::Streamed);
    assert_eq!(first.as_ptr(), second.as_ptr());
    assert!(request.byte_count() > first.len());
}

#[test]
fn pictures_that_would_be_changed_or_refused_are_not_sent() {
    let tiles = prepared("gpt-4o", &cats());
    tiles.request(&picture(1536, 768)).unwrap();
    let size = PixelSize::new(1024, 1024);
    assert_eq!(tiles.request(&picture(1024, 1024)).unwrap_err(), PictureError::TooLarge { size });
    let large = Picture { bytes: vec![0; 3_750_001].into(), ..picture(640, 480) };
    assert!(matches!(tiles.request(&large).unwrap_err(), PictureError::TooManyBytes { bytes: 5_000_004, .. }));
    let media_type = MediaType::Rgb;
    let pixels = Picture { media_type, ..picture(640, 480) };
    assert_eq!(tiles.request(&pixels).unwrap_err(), PictureError::MediaType { media_type });
}
