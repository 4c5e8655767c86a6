//! Everything the vendor refuses is refused, with its status, its type of error and a request id.

use image::ImageFormat;
use serde_json::{Value, json};

use crate::client::{answer_of, ask, image_block, plain, post, question, request, start, with};

const MODEL: &str = "claude-sonnet-5-5";

#[tokio::test]
async fn keys_and_versions_are_checked() {
    let running = start().await;
    let url = format!("{}/v1/messages", running.url());
    let bare = || reqwest::Client::new().post(&url).body(question(MODEL).to_string());
    let version = ("anthropic-version", "2026-10-21");
    let cases = [
        (vec![version], 401, "authentication_error"),
        (vec![version, ("x-api-key", "")], 401, "authentication_error"),
        (vec![version, ("x-api-key", simulator::WRONG_KEY)], 401, "authentication_error"),
        (vec![version, ("authorization", "Bearer sk-simulated-wrong")], 401, "authentication_error"),
        (
            vec![version, ("x-api-key", simulator::WRONG_KEY), ("authorization", "Bearer good")],
            401,
            "authentication_error",
        ),
        (vec![version, ("x-api-key", simulator::EXPIRED_KEY)], 401, "authentication_error"),
        (vec![version, ("x-api-key", simulator::NO_CREDIT_KEY)], 402, "billing_error"),
        (vec![version, ("x-api-key", simulator::FORBIDDEN_KEY)], 403, "permission_error"),
        (vec![("x-api-key", "k")], 400, "invalid_request_error"),
        (vec![("x-api-key", "k"), ("anthropic-version", "2024-01-01")], 400, "invalid_request_error"),
    ];
    for (headers, status, kind) in cases {
        let sent = headers.iter().fold(bare(), |request, (name, value)| request.header(*name, *value));
        let response = sent.send().await.expect("an answer");
        let request_id = response.headers()["request-id"].to_str().expect("ASCII").to_owned();
        assert_eq!(response.status(), status, "{headers:?}");
        let body: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
        assert_eq!((&body["error"]["type"], &body["request_id"]), (&json!(kind), &json!(request_id)), "{headers:?}");
        assert_eq!(body["type"], "error");
    }
    let good = [("x-api-key", "any"), ("authorization", "Bearer any")];
    for (name, value) in good {
        let (status, _) = answer_of(bare().header("anthropic-version", "2023-06-01").header(name, value)).await;
        assert_eq!(status, 200, "{name}");
    }
    assert!(running.ledger().refused.iter().all(|refused| !refused.message.contains("simulated")), "no key is kept");
}

#[tokio::test]
async fn parameters_are_checked() {
    let running = start().await;
    let plain_question = || question(MODEL);
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    let tool = || json!([{"name": "record", "input_schema": {"type": "object"}}]);
    let cases = [
        (with(plain_question(), "colour", json!("red")), "colour: Extra inputs"),
        (with(plain_question(), "temperature", json!(1.0)), "temperature: Extra inputs"),
        (with(plain_question(), "top_p", json!(0.5)), "top_p: Extra inputs"),
        (with(plain_question(), "top_k", json!(5)), "top_k: Extra inputs"),
        (with(plain_question(), "max_tokens", Value::Null), "max_tokens: Field required"),
        (with(plain_question(), "max_tokens", json!(0)), "max_tokens"),
        (with(plain_question(), "max_tokens", json!(128_001)), "max_tokens: 128001 > 128000"),
        (with(plain_question(), "messages", json!([])), "at least one message"),
        (with(plain_question(), "messages", user(json!(""))), "non-empty"),
        (
            with(plain_question(), "messages", user(json!([{"type": "text", "text": "a", "size": 3}]))),
            "content.0.size: Extra",
        ),
        (with(plain_question(), "messages", json!([{"role": "robot", "content": "a"}])), "messages.0.role"),
        (
            with(
                plain_question(),
                "system",
                json!([{"type": "text", "text": "a", "cache_control": {"type": "forever"}}]),
            ),
            "cache_control.type",
        ),
        (with(plain_question(), "output_config", json!({"mood": "good"})), "output_config.mood: Extra"),
        (with(plain_question(), "output_config", json!({"effort": "huge"})), "output_config.effort"),
        (
            with(
                plain_question(),
                "output_config",
                json!({"format": {"type": "json_schema", "schema": {"type": "object"}}}),
            ),
            "additionalProperties",
        ),
        (with(plain_question(), "thinking", json!({"type": "enabled", "budget_tokens": 2000})), "thinking.type"),
        (with(question("claude-opus-5-5"), "thinking", json!({"type": "disabled"})), "thinking.type"),
        (with(question("claude-haiku-4-5"), "inference_geo", json!("us")), "inference_geo"),
        (with(plain_question(), "tool_choice", json!({"type": "auto"})), "tool_choice"),
        (
            with(with(plain_question(), "tools", tool()), "tool_choice", json!({"type": "tool", "name": "record"})),
            "tool_choice",
        ),
        (with(with(plain_question(), "tools", tool()), "tool_choice", json!({"type": "any"})), "tool_choice"),
        (
            with(
                plain_question(),
                "messages",
                json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}]),
            ),
            "prefill",
        ),
    ];
    for (body, words) in cases {
        let (status, answer) = ask(&running, &body).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!((status, &answer["error"]["type"]), (400, &json!("invalid_request_error")), "{words}: {answer}");
        assert!(message.contains(words), "{message} lacks {words}");
    }
    let (status, answer) = ask(&running, &question("claude-imaginary-1")).await;
    assert_eq!((status, &answer["error"]["type"]), (404, &json!("not_found_error")));
    let (status, _) = answer_of(post(&running, "/v1/complete", &question(MODEL))).await;
    assert_eq!(status, 404);
    let (status, _) = answer_of(post(&running, "/v1/messages", &json!([])).header("x", "y")).await;
    assert_eq!(status, 400);
    assert!(running.ledger().billed.is_empty(), "refusals are free");
}

#[tokio::test]
async fn older_versions_and_models_take_what_newer_ones_refuse() {
    let running = start().await;
    let old = |body: &Value| {
        let url = format!("{}/v1/messages", running.url());
        let headers =
            reqwest::Client::new().post(url).header("x-api-key", "k").header("anthropic-version", "2023-06-01");
        answer_of(headers.body(body.to_string()))
    };
    let warm = |model: &str, value: f64| with(question(model), "temperature", json!(value));
    assert_eq!(old(&warm("claude-sonnet-4-6", 0.3)).await.0, 200);
    assert_eq!(old(&warm(MODEL, 1.0)).await.0, 200, "the default value changes nothing");
    assert_eq!(old(&warm(MODEL, 0.3)).await.0, 400);
    let prefilled = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}]);
    assert_eq!(ask(&running, &with(question("claude-sonnet-4-5"), "messages", prefilled)).await.0, 200);
}

#[tokio::test]
async fn images_are_checked() {
    let running = start().await;
    let image = plain(100, 80);
    let png = image_block(&image, ImageFormat::Png);
    let source = |field: &str, value: Value| {
        let mut block = png.clone();
        block["source"][field] = value;
        block
    };
    let cases = [
        (image_block(&plain(8001, 4), ImageFormat::Png), "8000 pixels"),
        (image_block(&plain(3000, 3000), ImageFormat::Png), "3000x3000"),
        (source("media_type", json!("image/jpeg")), "appears to be a image/png"),
        (source("media_type", json!("image/tiff")), "media_type"),
        (source("data", json!("not base64!")), "base64"),
        (source("data", json!("bm90IGFuIGltYWdl")), "Could not process image"),
        (source("data", json!("A".repeat(10 * 1024 * 1024 + 4))), "10 MB"),
        (source("detail", json!("high")), "detail: Extra"),
        (with(png.clone(), "alt", json!("a")), "alt: Extra"),
        (with(png.clone(), "transformations", json!({"oversized_image": "crop"})), "oversized_image"),
    ];
    for (block, words) in cases {
        let (status, answer) = ask(&running, &request(MODEL, &block)).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.contains(words), "{status} {message} lacks {words}");
    }
    let many = vec![image_block(&plain(2001, 10), ImageFormat::Png); 21];
    let (status, answer) =
        ask(&running, &with(question(MODEL), "messages", json!([{"role": "user", "content": many}]))).await;
    assert_eq!(status, 400, "{answer}");
    let huge = with(question(MODEL), "system", json!("a".repeat(33 * 1024 * 1024)));
    match post(&running, "/v1/messages", &huge).send().await {
        Ok(response) => assert_eq!(response.status(), 413),
        // The server may close before it has read everything; the status is then lost on the way.
        Err(error) => assert!(error.is_request(), "{error}"),
    }
    assert_eq!(running.ledger().refused.last().map(|refused| refused.status), Some(413));
}
