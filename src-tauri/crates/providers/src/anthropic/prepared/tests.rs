//! Requests and their upper bounds.

use domain::geometry::Rect;
use domain::money::PicoDollars;
use domain::recipe::{ExampleAnnotation, RecipeExample};
use domain::shape::Shape;
use serde_json::{Value, json};

use super::*;
use crate::anthropic::body::Dialect;
use crate::anthropic::catalog;
use crate::price::Terms;
use crate::request::ShownExample;
use crate::request::{MediaType, Reply};

fn prepared(model: &str, recipe: &Recipe) -> PreparedMessages {
    PreparedMessages::new(catalog().find(model).unwrap(), recipe, RequestOptions::default()).unwrap()
}

fn body(request: &Request, model_prefix: &str, reply: Reply) -> Value {
    let dialect = Dialect { model_prefix, sends_transformations: true };
    serde_json::from_slice(&pieces(request, dialect, reply).concat()).unwrap()
}

fn pieces(request: &Request, dialect: Dialect<'_>, reply: Reply) -> [Bytes; 6] {
    MessageBody::of(request).unwrap().pieces(dialect, reply)
}

fn cats() -> Recipe {
    Recipe::find_these("cat").unwrap()
}

fn picture(width: u32, height: u32) -> Picture {
    Picture { size: PixelSize::new(width, height), media_type: MediaType::Jpeg, bytes: Bytes::from_static(b"jpeg") }
}

#[test]
fn the_body_is_as_documented() {
    let prepared = prepared("claude-haiku-5-5", &cats());
    let request = prepared.request(&picture(1456, 819)).unwrap();
    let expected = json!({
        "model": "claude-haiku-5-5",
        "max_tokens": 8192,
        "stream": true,
        "system": [{
            "type": "text",
            "text": prepared.prompt_text(),
            "cache_control": {"type": "ephemeral", "ttl": "5m"},
        }],
        "messages": [{"role": "user", "content": [
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/jpeg", "data": "anBlZw=="},
                "transformations": {"oversized_image": "error"},
            },
            {"type": "text", "text": "Annotate. The image is 1456x819 px."},
        ]}],
        "output_config": {
            "effort": "low",
            "format": {"type": "json_schema", "schema": serde_json::to_value(&prepared.schema).unwrap()},
        },
    });
    assert_eq!(body(&request, "", Reply::Streamed), expected);
    assert_eq!(request.sent(), PixelSize::new(1456, 819));
    let dialect = Dialect { sends_transformations: true, ..Dialect::default() };
    assert_eq!(request.byte_count(), pieces(&request, dialect, Reply::Streamed).concat().len());
    assert!(!format!("{request:?}").contains("anBl"));
}

fn examples(picture: Option<&Picture>) -> Vec<ShownExample> {
    let annotations = vec![ExampleAnnotation {
        label: "cat".into(),
        shape: Shape::Box { rect: Rect::new(0.1, 0.2, 0.5, 0.6) },
        attributes: [].into(),
    }];
    let size = PixelSize::new(640, 480);
    let positive = RecipeExample { hash: Some("a1".into()), annotations, ..RecipeExample::default() };
    let negative = RecipeExample { hash: Some("b2".into()), ..RecipeExample::default() };
    [positive, negative].map(|example| ShownExample { example, size, picture: picture.cloned() }).to_vec()
}

#[test]
fn examples_come_first_and_end_the_cached_prefix() {
    let model = catalog().find("claude-haiku-5-5").unwrap();
    let with = |examples: &[ShownExample], caching| {
        PreparedMessages::new(model, &cats(), RequestOptions { caching, examples, ..RequestOptions::default() })
            .unwrap()
    };
    let shown = examples(Some(&picture(640, 480)));
    let prepared = with(&shown, Caching::FiveMinutes);
    let request = prepared.request(&picture(1456, 819)).unwrap();
    let body = body(&request, "", Reply::Streamed);
    assert_eq!(body["system"][0].get("cache_control"), None);
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "anBlZw=="}});
    let user =
        json!({"role": "user", "content": [image, {"type": "text", "text": "Annotate. The image is 640x480 px."}]});
    let answer = r#"{"marks":[{"label":"cat","x1":64,"y1":96,"x2":320,"y2":288,"confidence":1}]}"#;
    assert_eq!(body["messages"][0], user);
    assert_eq!(body["messages"][1], json!({"role": "assistant", "content": [{"type": "text", "text": answer}]}));
    assert_eq!(body["messages"][2], user);
    let last = json!({"type": "text", "text": r#"{"marks":[]}"#, "cache_control": {"type": "ephemeral", "ttl": "5m"}});
    assert_eq!(body["messages"][3], json!({"role": "assistant", "content": [last]}));
    assert_eq!(body["messages"][4]["content"][0]["transformations"], json!({"oversized_image": "error"}));
    assert_eq!(body["messages"].as_array().unwrap().len(), 5);
    let dialect = Dialect { sends_transformations: true, ..Dialect::default() };
    assert_eq!(request.byte_count(), pieces(&request, dialect, Reply::Streamed).concat().len());

    // An estimate needs no photos and counts the same tokens; 414 each.
    let (estimate, plain) = (with(&examples(None), Caching::FiveMinutes), with(&[], Caching::FiveMinutes));
    let size = PixelSize::new(640, 480);
    assert_eq!(estimate.request(&picture(640, 480)).unwrap_err(), PictureError::NoExamplePhoto);
    assert_eq!(estimate.upper_bound(size), prepared.upper_bound(size));
    assert_eq!(estimate.fixed_part(), prepared.fixed_part());
    assert_ne!(plain.fixed_part(), prepared.fixed_part());
    let added = prepared.upper_bound(size).cache_write_5m_tokens - plain.upper_bound(size).cache_write_5m_tokens;
    assert_eq!(added, 2 * 414 + (2 * 34 + answer.len() + r#"{"marks":[]}"#.len()) as u64);
    let added = prepared.likely_prefix_tokens() - plain.likely_prefix_tokens();
    assert!((2 * 414 + 30..2 * 414 + 80).contains(&added), "{added}");
    assert_eq!(
        self::body(&with(&shown, Caching::Off).request(&picture(640, 480)).unwrap(), "", Reply::InBatch)["messages"][3]
            ["content"][0]
            .get("cache_control"),
        None
    );
}

#[test]
fn one_request_suits_every_route_and_batches() {
    let options = RequestOptions::BATCH;
    let prepared = PreparedMessages::new(catalog().find("claude-haiku-5-5").unwrap(), &cats(), options).unwrap();
    let request = prepared.request(&picture(640, 480)).unwrap();
    let plain = body(&request, "", Reply::Streamed);
    let elsewhere = body(&request, "us.\"anthropic\".", Reply::Streamed);
    assert_eq!(elsewhere["model"], "us.\"anthropic\".claude-haiku-5-5");
    let in_batch = body(&request, "", Reply::InBatch);
    assert_eq!((in_batch.get("stream"), &in_batch["model"]), (None, &json!("claude-haiku-5-5")));
    assert_eq!(in_batch["system"][0]["cache_control"], json!({"type": "ephemeral", "ttl": "1h"}));
    for mut other in [elsewhere, in_batch] {
        other["model"] = plain["model"].clone();
        other["stream"] = json!(true);
        assert_eq!(other, plain);
    }
}

#[test]
fn only_servers_that_take_transformations_are_sent_them() {
    let recipe = Recipe::find_these("\"source\":{\"type\":\"base64\"").unwrap();
    let request = prepared("claude-haiku-5-5", &recipe).request(&picture(640, 480)).unwrap();
    let mut guarded = body(&request, "", Reply::Streamed);
    let image = guarded["messages"][0]["content"][0].as_object_mut().unwrap();
    assert_eq!(image.remove("transformations"), Some(json!({"oversized_image": "error"})));
    let plain = pieces(&request, Dialect::default(), Reply::Streamed).concat();
    assert_eq!(serde_json::from_slice::<Value>(&plain).unwrap(), guarded);
}

#[test]
fn a_large_picture_is_written_once() {
    let bytes = vec![0xff; 1_000_000];
    let prepared = prepared("claude-haiku-5-5", &cats());
    let request = prepared.request(&Picture { bytes: bytes.into(), ..picture(640, 480) }).unwrap();
    let elsewhere = Dialect { model_prefix: "anthropic.", sends_transformations: true };
    let [.., first] = pieces(&request, Dialect::default(), Reply::Streamed);
    let [.., second] = pieces(&request, elsewhere, Reply::InBatch);
    assert_eq!(first.as_ptr(), second.as_ptr());
}

#[test]
fn models_that_know_no_effort_are_not_given_one() {
    let request = prepared("claude-haiku-4-5-20251001", &cats()).request(&picture(640, 480)).unwrap();
    let body = body(&request, "", Reply::Streamed);
    assert_eq!(body["output_config"].get("effort"), None);
    assert_eq!(body["max_tokens"], 4096);
    // Too short for this model's cache.
    assert_eq!(body["system"][0].get("cache_control"), None);
}

#[test]
fn pictures_that_would_be_changed_or_refused_are_not_sent() {
    let high = prepared("claude-sonnet-5-5", &cats());
    let standard = prepared("claude-sonnet-4-6", &cats());
    high.request(&picture(2576, 1449)).unwrap();
    let size = PixelSize::new(2576, 1449);
    let refused = standard.request(&picture(2576, 1449)).unwrap_err();
    assert_eq!(refused, PictureError::TooLarge { size });
    let heavy = vec![0; IMAGE_BASE64_LIMIT / 4 * 3 + 1];
    let refused = high.request(&Picture { bytes: heavy.into(), ..picture(10, 10) }).unwrap_err();
    assert_eq!(refused, PictureError::TooManyBytes { bytes: IMAGE_BASE64_LIMIT + 4, limit: IMAGE_BASE64_LIMIT });
    assert_eq!(high.request(&picture(0, 10)).unwrap_err(), PictureError::Empty);
}

#[test]
fn the_bound_counts_every_byte_and_every_patch() {
    let size = PixelSize::new(1456, 819);
    let prepared = prepared("claude-sonnet-5-5", &cats());
    let bound = prepared.upper_bound(size);
    let schema_bytes = serde_json::to_vec(&prepared.schema).unwrap().len() as u64;
    assert_eq!(bound.cache_write_5m_tokens, prepared.system.len() as u64 + schema_bytes + OVERHEAD_TOKENS);
    assert_eq!(bound.input_tokens, 1560 + 35);
    assert_eq!(bound.output_tokens, 8192);
    assert_eq!(
        prepared.worst_case(size, 0, Terms::LIST),
        PicoDollars(1595 * 2_000_000 + bound.cache_write_5m_tokens * 2_500_000 + 8192 * 10_000_000)
    );
    let cold = PreparedMessages { caching: Caching::Off, ..prepared.clone() };
    let likely = cold.likely_when_cached(size, 100);
    assert!(likely.prompt_tokens() < bound.prompt_tokens() && likely.input_tokens > 1560);
    let price = prepared.model.price;
    let cached = prepared.likely_when_cached(size, 100);
    assert_eq!(cached.prompt_tokens(), likely.prompt_tokens());
    assert!(price.cost(cached, Terms::LIST) <= price.cost(likely, Terms::LIST));
}

#[test]
fn the_output_maximum_stays_within_the_model_s() {
    let options = RequestOptions { max_output_tokens: Some(1_000_000), ..RequestOptions::default() };
    let prepared =
        PreparedMessages::new(catalog().find("claude-haiku-4-5-20251001").unwrap(), &cats(), options).unwrap();
    assert_eq!(prepared.max_output_tokens(), 64_000);
}

#[test]
fn an_answer_that_was_cut_off_may_get_longer() {
    let mut maxima = Vec::new();
    let mut next: Option<Arc<dyn PreparedModel>> = Some(Arc::new(prepared("claude-haiku-4-5-20251001", &cats())));
    while let Some(prepared) = next {
        maxima.push(prepared.max_output_tokens());
        next = prepared.with_longer_answers();
    }
    assert_eq!(maxima, [4_096, 16_384, 64_000]);
}

#[test]
fn the_cache_is_warmed_where_it_is_likely_to_be_used() {
    let mut wordy = cats();
    wordy.instructions = "Look at the ears first. ".repeat(100);
    let size = PixelSize::new(640, 480);
    for (model, recipe, warms_cache) in [
        ("claude-sonnet-5-5", cats(), false),
        ("claude-sonnet-5-5", wordy.clone(), true),
        // At one token per byte this could be long enough for the cache, but it is unlikely.
        ("claude-opus-4-7", wordy.clone(), false),
    ] {
        let prepared = prepared(model, &recipe);
        let prefix = prepared.likely_prefix_tokens();
        assert!(prepared.may_be_cached());
        assert_eq!(prepared.warms_cache(), warms_cache, "{model}: {prefix}");
        assert_eq!(prefix >= prepared.model().min_cacheable_tokens, warms_cache);
        assert_eq!(prepared.likely_when_cached(size, 1).cache_read_tokens, if warms_cache { prefix } else { 0 });
    }
    let options = RequestOptions { caching: Caching::Off, ..RequestOptions::default() };
    assert!(
        !PreparedMessages::new(catalog().find("claude-sonnet-5-5").unwrap(), &wordy, options).unwrap().warms_cache()
    );
}

#[test]
fn recipes_that_cannot_be_asked() {
    let refused = |recipe: &Recipe| {
        PreparedMessages::new(catalog().find("claude-sonnet-5-5").unwrap(), recipe, RequestOptions::default())
            .unwrap_err()
    };
    assert_eq!(refused(&Recipe { labels: Vec::new(), ..cats() }), RecipeError::NoLabels);
    assert_eq!(refused(&Recipe { shapes: Vec::new(), ..cats() }), RecipeError::NoShapes);
    let attribute = domain::recipe::Attribute {
        name: "x".into(),
        definition: String::new(),
        kind: domain::recipe::AttributeKind::Text,
        is_required: false,
        of: domain::recipe::AttributeSubject::Annotation,
    };
    let recipe = Recipe { attributes: vec![attribute; 25], ..cats() };
    assert_eq!(refused(&recipe), RecipeError::TooManyOptionalAttributes { count: 25, limit: 24 });
}

/// The text of a request without its picture is the key of paid answers.
#[test]
fn requests_of_recipes_without_newer_fields_stay_the_same() {
    use domain::recipe::builtin;
    insta::assert_snapshot!(
        "everyday_objects",
        prepared("claude-sonnet-5-5", &builtin::everyday_objects()).fixed_part()
    );
    insta::assert_snapshot!("bird_vocabulary", prepared("claude-sonnet-5-5", &builtin::bird_vocabulary()).fixed_part());
}
