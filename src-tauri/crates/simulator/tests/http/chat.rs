//! Chat completions: boxes, streams, refusals, usage, and servers that are more lenient than the vendor.

use image::ImageFormat;
use serde_json::{Value, json};
use simulator::{Fault, LenientServer, Options, Protocol, Running, Simulator};

use crate::client::{BLUE, Edges, RED, answer_of, image_block, plain, rectangle, schema, with};

const DRAWN: [(&str, Edges); 2] = [("red", (40, 30, 200, 150)), ("blue", (300, 120, 520, 400))];

async fn start(protocol: Protocol) -> Running {
    Simulator::start(Options { protocol, ..Options::default() }).await.expect("a free port")
}

fn post(running: &Running, body: &Value) -> reqwest::RequestBuilder {
    reqwest::Client::new()
        .post(format!("{}/v1/chat/completions", running.url()))
        .header("authorization", "Bearer sk-test")
        .header("content-type", "application/json")
        .body(body.to_string())
}

async fn ask(running: &Running, body: &Value) -> (u16, Value) {
    answer_of(post(running, body)).await
}

fn image(width: u32, height: u32) -> Value {
    let mut image = plain(width, height);
    if width >= 640 {
        rectangle(&mut image, DRAWN[0].1, RED);
        rectangle(&mut image, DRAWN[1].1, BLUE);
    }
    let data = image_block(&image, ImageFormat::Png)["source"]["data"].clone();
    let url = format!("data:image/png;base64,{}", data.as_str().expect("base64"));
    json!({"type": "image_url", "image_url": {"url": url, "detail": "high"}})
}

fn format(schema: &Value) -> Value {
    json!({"type": "json_schema", "json_schema": {"name": "annotations", "strict": true, "schema": schema}})
}

fn request(model: &str, image: &Value) -> Value {
    json!({"model": model, "max_completion_tokens": 4096, "response_format": format(&schema()), "messages": [
        {"role": "system", "content": "You annotate."},
        {"role": "user", "content": [image, {"type": "text", "text": "Annotate."}]}]})
}

fn text_of(completion: &Value) -> &str {
    completion["choices"][0]["message"]["content"].as_str().expect("content")
}

/// The marks of an answer: labels and, in the order of their names, the edges.
fn marks(text: &str) -> Vec<(String, [f64; 4])> {
    let answer: Value = serde_json::from_str(text).expect("JSON");
    let edges = |mark: &Value| ["x1", "y1", "x2", "y2"].map(|edge| mark[edge].as_f64().expect("an edge"));
    let marks = answer["marks"].as_array().expect("marks").iter();
    marks.map(|mark| (mark["label"].as_str().expect("a label").to_owned(), edges(mark))).collect()
}

fn assert_drawn(text: &str) {
    let found = marks(text);
    assert_eq!(found.len(), 2, "{text}");
    for (label, (x1, y1, x2, y2)) in DRAWN {
        let (_, edges) = found.iter().find(|(own, _)| own == label).expect("the label");
        let drawn = [x1, y1, x2, y2].map(f64::from);
        assert!(edges.iter().zip(drawn).all(|(found, drawn)| (found - drawn).abs() <= 1.0), "{label}: {edges:?}");
    }
}

#[tokio::test]
async fn shapes_are_found_streamed_or_not() {
    let running = start(Protocol::Chat).await;
    for model in ["gpt-6-luna", "gpt-4o"] {
        let asked = request(model, &image(640, 480));
        let (status, completion) = ask(&running, &asked).await;
        assert_eq!(status, 200, "{completion}");
        assert_eq!(completion["choices"][0]["finish_reason"], "stop");
        assert_drawn(text_of(&completion));

        let asked = with(with(asked, "stream", json!(true)), "stream_options", json!({"include_usage": true}));
        let response = post(&running, &asked).send().await.expect("an answer");
        for header in ["x-ratelimit-limit-requests", "x-ratelimit-reset-tokens", "x-request-id"] {
            assert!(response.headers().contains_key(header), "{header}");
        }
        let stream = response.text().await.expect("a stream");
        let events: Vec<&str> = stream.split_terminator("\n\n").collect();
        assert_eq!(events.last(), Some(&"data: [DONE]"));
        let chunks: Vec<Value> = events[..events.len() - 1]
            .iter()
            .map(|event| serde_json::from_str(event.strip_prefix("data: ").expect("data")).expect("JSON"))
            .collect();
        let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
        assert_drawn(&text);
        let last = chunks.last().expect("usage");
        assert_eq!(
            (&last["choices"], &last["usage"]["prompt_tokens"]),
            (&json!([]), &completion["usage"]["prompt_tokens"])
        );
    }
    // The first request of each model wrote the prompt's beginning to no cache: it is too short.
    assert_eq!(running.ledger().billed.len(), 4);
}

#[tokio::test]
async fn images_cost_what_the_vendor_says_and_prompts_are_cached() {
    let running = start(Protocol::Chat).await;
    let guideline = "Annotate. ".repeat(1_000);
    let asked = |model: &str, size: (u32, u32), detail: &str| {
        let mut asked = request(model, &image(size.0, size.1));
        asked["messages"][1]["content"][0]["image_url"]["detail"] = json!(detail);
        asked
    };
    let prompt =
        async |asked: Value| ask(&running, &asked).await.1["usage"]["prompt_tokens"].as_u64().expect("a count");
    for (model, size, tokens) in [
        ("gpt-4o", (600, 500), 85 + 170 * 2),
        ("gpt-4o-mini", (600, 500), 2833 + 5667 * 2),
        ("gpt-6-luna", (600, 500), 365),
    ] {
        let low = prompt(asked("gpt-4o", size, "low")).await - 85;
        assert_eq!(prompt(asked(model, size, "high")).await - low, tokens, "{model}");
    }
    let mut long = asked("gpt-6-luna", (600, 500), "high");
    long["messages"][0]["content"] = json!(guideline);
    let cached = async || ask(&running, &long).await.1["usage"]["prompt_tokens_details"]["cached_tokens"].clone();
    assert_eq!((cached().await, cached().await), (json!(0), json!(2503)));
}

#[tokio::test]
async fn what_the_vendor_refuses() {
    let running = start(Protocol::Chat).await;
    let good = request("gpt-6-luna", &image(640, 480));
    let mut open = schema();
    open["additionalProperties"] = json!(true);
    let mut optional = schema();
    optional["properties"]["marks"]["items"]["required"] = json!(["label"]);
    let not_base64 = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,!"}});
    let not_png = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let detail = with(image(640, 480), "image_url", json!({"url": "data:image/png;base64,AAAA", "detail": "best"}));
    let of_image = |image: &Value| request("gpt-6-luna", image);
    let cases = [
        (with(good.clone(), "model", json!("gpt-7")), 404, "model_not_found", Value::Null),
        (with(good.clone(), "colour", json!(1)), 400, "unknown_parameter", json!("colour")),
        (with(good.clone(), "max_tokens", json!(9)), 400, "unsupported_parameter", json!("max_tokens")),
        (
            with(good.clone(), "max_completion_tokens", json!(200_000)),
            400,
            "invalid_value",
            json!("max_completion_tokens"),
        ),
        (with(good.clone(), "temperature", json!(0.2)), 400, "unsupported_value", json!("temperature")),
        (with(good.clone(), "reasoning_effort", json!("most")), 400, "unsupported_value", json!("reasoning_effort")),
        (with(good.clone(), "stream_options", json!({})), 400, "", json!("stream_options")),
        (with(good.clone(), "messages", json!([])), 400, "empty_array", json!("messages")),
        (with(good.clone(), "response_format", json!({"type": "json_object"})), 400, "", json!("messages")),
        (with(good.clone(), "response_format", format(&open)), 400, "", json!("response_format")),
        (with(good.clone(), "response_format", format(&optional)), 400, "", json!("response_format")),
        (
            with(request("gpt-4o", &image(64, 64)), "reasoning_effort", json!("low")),
            400,
            "unsupported_parameter",
            json!("reasoning_effort"),
        ),
        (of_image(&not_base64), 400, "invalid_base64", json!("messages[1].content[0].image_url.url")),
        (of_image(&not_png), 400, "invalid_image_format", json!("messages[1].content[0].image_url.url")),
        (of_image(&detail), 400, "invalid_value", json!("messages[1].content[0].image_url.detail")),
    ];
    for (body, status, code, param) in cases {
        let (told, refusal) = ask(&running, &body).await;
        let error = &refusal["error"];
        assert_eq!((told, error["code"].as_str().unwrap_or_default()), (status, code), "{refusal}");
        assert_eq!(error["param"], param, "{refusal}");
        assert_eq!(error["type"], "invalid_request_error");
    }
    let with_key = async |key: &str| {
        let asked = reqwest::Client::new().get(format!("{}/v1/models", running.url()));
        let (status, body) = answer_of(asked.header("authorization", format!("Bearer {key}"))).await;
        (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(with_key("sk-simulated-wrong").await, (401, "invalid_api_key".to_owned()));
    assert_eq!(with_key("sk-simulated-no-credit").await, (429, "insufficient_quota".to_owned()));
    assert_eq!(with_key("sk-any").await.0, 200);
    let keyless = reqwest::Client::new().get(format!("{}/v1/models", running.url())).header("x-api-key", "sk-any");
    assert_eq!(answer_of(keyless).await.0, 401);
    running.script([Fault::RateLimited { retry_after_seconds: Some(2) }, Fault::Overloaded, Fault::SpendLimit]);
    for (status, code) in [(429, json!("rate_limit_exceeded")), (503, Value::Null), (429, json!("insufficient_quota"))]
    {
        let (told, refusal) = ask(&running, &good).await;
        assert_eq!((told, &refusal["error"]["code"]), (status, &code), "{refusal}");
    }
    assert!(running.ledger().billed.is_empty());
}

#[tokio::test]
async fn lenient_servers_enforce_what_they_can_and_answer_in_units_of_the_model() {
    let body = with(request("qwen3-vl:8b", &image(1000, 500)), "unknown", json!(1));
    let prompted = |mut body: Value| {
        body["messages"][0]["content"] = json!(format!("Answer with JSON:\n{}", schema()));
        body
    };
    let free = start(Protocol::LenientChat(LenientServer { hides_usage: true, ..LenientServer::default() })).await;
    let (status, completion) = ask(&free, &body).await;
    assert_eq!((status, completion.get("usage")), (200, None), "{completion}");
    let found = marks(text_of(&completion));
    assert!(found.contains(&("red".to_owned(), [40.0, 60.0, 200.0, 300.0])), "{found:?}");
    assert_eq!(free.ledger().total_pico_dollars(), 0);

    let refusing = LenientServer { refuses_schemas: true, refuses_json: true, ..LenientServer::default() };
    let refusing = start(Protocol::LenientChat(refusing)).await;
    let object = with(prompted(body.clone()), "response_format", json!({"type": "json_object"}));
    for body in [&body, &object] {
        let (status, refusal) = ask(&refusing, body).await;
        assert_eq!((status, &refusal["error"]["param"]), (400, &json!("response_format")), "{refusal}");
    }
    let (status, completion) = ask(&refusing, &with(prompted(body), "response_format", Value::Null)).await;
    assert_eq!(status, 200, "{completion}");
    assert!(text_of(&completion).contains("```json\n{"), "{completion}");
    let object_only = LenientServer { refuses_schemas: true, needs_key: true, ..LenientServer::default() };
    let object_only = start(Protocol::LenientChat(object_only)).await;
    let (_, completion) = ask(&object_only, &object).await;
    assert_eq!(marks(text_of(&completion)).len(), 2);
    let keyless = reqwest::Client::new().get(format!("{}/v1/models", object_only.url()));
    assert_eq!(answer_of(keyless).await.0, 401);
}
