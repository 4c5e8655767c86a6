//! Requests and their upper bounds.

use domain::recipe::Recipe;
use serde_json::{Value, json};

use super::*;
use crate::gemini::CATALOG;
use crate::provider::PreparedModel;
use crate::request::{MediaType, PictureError, RequestOptions};

fn prepared(model: &Arc<ModelSpec>) -> PreparedContent {
    let recipe = Recipe::find_these("cat").unwrap();
    PreparedContent::new(model, &recipe, RequestOptions::default(), ContentForm).unwrap()
}

fn picture(width: u32, height: u32) -> Picture {
    Picture { size: PixelSize::new(width, height), media_type: MediaType::Jpeg, bytes: Bytes::from_static(b"jpeg") }
}

fn body(prepared: &PreparedContent) -> Value {
    let request = prepared.request(&picture(1456, 819)).unwrap();
    serde_json::from_slice(&ContentBody::of(&request).unwrap().pieces().concat()).unwrap()
}

#[test]
fn the_body_is_as_documented() {
    let prepared = prepared(CATALOG.find("gemini-3.8-flash").unwrap());
    let mut body = body(&prepared);
    assert_eq!(body["systemInstruction"]["parts"][0]["text"], prepared.prompt_text());
    assert!(prepared.prompt_text().contains("box_2d") && prepared.prompt_text().contains("[ymin, xmin, ymax, xmax]"));
    body["systemInstruction"]["parts"][0]["text"] = json!("(guideline)");
    insta::assert_snapshot!(body.to_string());
    let request = prepared.request(&picture(1456, 819)).unwrap();
    assert_eq!(request.sent(), PixelSize::new(1456, 819));
    assert!(!format!("{request:?}").contains("anBl"));
}

#[test]
fn the_resolution_is_the_one_that_tokens_are_counted_by() {
    let plain = CATALOG.find("gemini-3.8-flash").unwrap();
    let at = |resolution| {
        let image_rule = ImageRule::Fixed { resolution, longest_edge: 2048, tokens: 1 };
        let prepared = prepared(&Arc::new(ModelSpec { image_rule, takes_effort: true, ..(**plain).clone() }));
        let body = body(&prepared);
        assert_eq!(body["generationConfig"]["thinkingConfig"], json!({"thinkingLevel": "LOW"}));
        let part = body["contents"][0]["parts"][0].get("mediaResolution").cloned();
        (body["generationConfig"].get("mediaResolution").cloned(), part, prepared.fixed_part())
    };
    let (low, part, low_part) = at(MediaResolution::Low);
    assert_eq!((low, part), (Some(json!("MEDIA_RESOLUTION_LOW")), None));
    // The vendor takes this one for single pictures only.
    let (of_request, part, highest_part) = at(MediaResolution::UltraHigh);
    assert_eq!((of_request, part), (None, Some(json!({"level": "MEDIA_RESOLUTION_ULTRA_HIGH"}))));
    assert_ne!(low_part, highest_part, "other answers");
    let older = body(&prepared(CATALOG.find("gemini-2.5-flash").unwrap()));
    assert_eq!(older["generationConfig"].get("mediaResolution"), None);
}

#[test]
fn pictures_that_would_be_changed_or_refused_are_not_sent() {
    let tiles = prepared(CATALOG.find("gemini-2.5-flash").unwrap());
    tiles.request(&picture(1536, 1536)).unwrap();
    let size = PixelSize::new(1537, 100);
    assert_eq!(tiles.request(&picture(1537, 100)).unwrap_err(), PictureError::TooLarge { size });
    let large = Picture { bytes: vec![0; 3_750_001].into(), ..picture(640, 480) };
    assert!(matches!(tiles.request(&large).unwrap_err(), PictureError::TooManyBytes { bytes: 5_000_004, .. }));
    let media_type = MediaType::Rgb;
    let pixels = Picture { media_type, ..picture(640, 480) };
    assert_eq!(tiles.request(&pixels).unwrap_err(), PictureError::MediaType { media_type });
}
