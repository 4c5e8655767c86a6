//! Google's Gemini API: boxes, streams, refusals, usage, pages.

use image::ImageFormat;
use serde_json::{Value, json};
use simulator::{Fault, Options, Protocol, Running, Simulator};

use crate::client::{BLUE, Edges, RED, answer_of, image_block, plain, rectangle, with};

const DRAWN: [(&str, Edges); 2] = [("red", (40, 30, 200, 150)), ("blue", (300, 120, 520, 400))];
const MODEL: &str = "gemini-3.8-flash";

async fn start() -> Running {
    Simulator::start(Options { protocol: Protocol::Gemini, ..Options::default() }).await.expect("a free port")
}

fn post(running: &Running, method: &str, body: &Value) -> reqwest::RequestBuilder {
    reqwest::Client::new()
        .post(format!("{}/v1beta/models/{method}", running.url()))
        .header("x-goog-api-key", "any")
        .header("content-type", "application/json")
        .body(body.to_string())
}

async fn ask_of(running: &Running, model: &str, body: &Value) -> (u16, Value) {
    answer_of(post(running, &format!("{model}:generateContent"), body)).await
}

async fn ask(running: &Running, body: &Value) -> (u16, Value) {
    ask_of(running, MODEL, body).await
}

fn image(width: u32, height: u32) -> Value {
    let mut image = plain(width, height);
    if width >= 640 {
        rectangle(&mut image, DRAWN[0].1, RED);
        rectangle(&mut image, DRAWN[1].1, BLUE);
    }
    let data = image_block(&image, ImageFormat::Png)["source"]["data"].clone();
    json!({"inlineData": {"mimeType": "image/png", "data": data}})
}

fn schema() -> Value {
    json!({"type": "object", "required": ["marks"], "properties": {"marks": {"type": "array", "items": {
        "type": "object", "required": ["label", "box_2d"], "properties": {
            "label": {"type": "string", "enum": ["red", "blue"]},
            "box_2d": {"type": "array", "items": {"type": "integer"}}}}}}})
}

fn request(image: &Value) -> Value {
    json!({
        "systemInstruction": {"parts": [{"text": "You annotate."}]},
        "contents": [{"role": "user", "parts": [image, {"text": "Annotate."}]}],
        "generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": schema(),
            "maxOutputTokens": 4096, "mediaResolution": "MEDIA_RESOLUTION_HIGH"},
    })
}

fn configured(field: &str, value: Value) -> Value {
    let mut request = request(&image(640, 480));
    request["generationConfig"][field] = value;
    request
}

/// Whether the boxes of an answer are those drawn, in thousandths, the vertical edge first.
fn assert_drawn(text: &str) {
    let answer: Value = serde_json::from_str(text).expect("JSON");
    let marks = answer["marks"].as_array().expect("marks");
    assert_eq!(marks.len(), 2, "{text}");
    for (label, (left, top, right, bottom)) in DRAWN {
        let mark = marks.iter().find(|mark| mark["label"] == label).expect("the label");
        let drawn = [(top, 480), (left, 640), (bottom, 480), (right, 640)]
            .map(|(edge, side)| f64::from(edge) * 1000.0 / f64::from(side));
        let found = mark["box_2d"].as_array().expect("a box").iter().map(|edge| edge.as_f64().expect("a number"));
        assert!(found.zip(drawn).all(|(found, drawn)| (found - drawn).abs() <= 2.5), "{mark}: {drawn:?}");
    }
}

#[tokio::test]
async fn shapes_are_found_streamed_or_not() {
    let running = start().await;
    let asked = request(&image(640, 480));
    let (status, answer) = ask(&running, &asked).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["candidates"][0]["finishReason"], "STOP");
    assert_drawn(answer["candidates"][0]["content"]["parts"][0]["text"].as_str().expect("text"));
    let usage = &answer["usageMetadata"];
    let count = |name: &str| usage[name].as_u64().expect("a count");
    let parts = ["promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"].map(count);
    assert_eq!(parts.iter().sum::<u64>(), count("totalTokenCount"));

    let response =
        post(&running, &format!("{MODEL}:streamGenerateContent?alt=sse"), &asked).send().await.expect("an answer");
    let names: Vec<String> = response.headers().keys().map(ToString::to_string).collect();
    assert!(names.iter().all(|name| !name.contains("limit") && !name.contains("request-id")), "{names:?}");
    let stream = response.text().await.expect("a stream");
    let chunks: Vec<Value> = stream
        .split_terminator("\r\n\r\n")
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").expect("data")).expect("JSON"))
        .collect();
    let text_of = |chunk: &Value| chunk["candidates"][0]["content"]["parts"][0]["text"].as_str().map(str::to_owned);
    assert_drawn(&chunks.iter().filter_map(text_of).collect::<String>());
    assert_eq!(&chunks.last().expect("a chunk")["usageMetadata"], usage);
    assert_eq!(running.ledger().billed.len(), 2);
}

#[tokio::test]
async fn images_cost_what_the_vendor_says_and_prompts_are_cached() {
    let running = start().await;
    let prompt = async |model: &str, body: Value| {
        let (_, answer) = ask_of(&running, model, &body).await;
        answer["usageMetadata"]["promptTokenCount"].as_u64().expect("a count")
    };
    let text = prompt(MODEL, configured("mediaResolution", json!("MEDIA_RESOLUTION_LOW"))).await - 280;
    let usual = configured("mediaResolution", Value::Null);
    let mut part = usual.clone();
    part["contents"][0]["parts"][0]["mediaResolution"] = json!({"level": "MEDIA_RESOLUTION_ULTRA_HIGH"});
    for (model, body, tokens) in [
        (MODEL, usual, 1120),
        (MODEL, part, 2240),
        (MODEL, configured("mediaResolution", json!("MEDIA_RESOLUTION_MEDIUM")), 560),
        ("gemini-2.5-flash", request(&image(384, 300)), 258),
        ("gemini-2.5-flash", request(&image(800, 700)), 516),
    ] {
        assert_eq!(prompt(model, body).await - text, tokens, "{model}");
    }
    let mut long = request(&image(640, 480));
    long["systemInstruction"]["parts"][0]["text"] = json!("Annotate. ".repeat(1_000));
    let cached = async || ask(&running, &long).await.1["usageMetadata"]["cachedContentTokenCount"].clone();
    assert_eq!((cached().await, cached().await), (Value::Null, json!(2503)));
}

#[tokio::test]
async fn what_the_vendor_refuses() {
    let running = start().await;
    let good = request(&image(640, 480));
    let of_image = |data: &str, kind: &str| request(&json!({"inlineData": {"mimeType": kind, "data": data}}));
    let mut both = good.clone();
    both["contents"][0]["parts"][1]["inlineData"] = json!({});
    let config = "generation_config";
    let cases = [
        (with(good.clone(), "colour", json!(1)), "Unknown name \"colour\": Cannot find field."),
        (configured("colour", json!(1)), "Unknown name \"colour\" at 'generation_config'"),
        (configured("maxOutputTokens", json!(65_537)), "65537 (exclusive)"),
        (configured("maxOutputTokens", json!("many")), "(TYPE_INT32), \"many\""),
        (configured("mediaResolution", json!("MEDIA_RESOLUTION_BEST")), config),
        (configured("mediaResolution", json!("MEDIA_RESOLUTION_ULTRA_HIGH")), config),
        (configured("responseMimeType", json!("text/plain")), "mime type"),
        (configured("responseMimeType", json!("image/png")), "allowed mimetypes"),
        (configured("responseJsonSchema", json!({"type": "object", "not": {}})), "\"not\""),
        (configured("temperature", json!(3)), "temperature"),
        (configured("candidateCount", json!(2)), "Only one candidate"),
        (configured("thinkingConfig", json!({"thinkingLevel": "LOW", "thinkingBudget": 1})), "thinking"),
        (configured("thinkingConfig", json!({"thinkingLevel": "MOST"})), "thinking_level"),
        (with(good.clone(), "contents", json!([])), "contents is not specified"),
        (with(good.clone(), "contents", json!([{"role": "assistant", "parts": [{"text": "x"}]}])), "valid role"),
        (with(good.clone(), "contents", json!([{"parts": []}])), "must not be empty"),
        (with(good.clone(), "contents", json!([{"parts": [{"txt": "x"}]}])), "at 'contents[0].parts[0]'"),
        (both, "oneof"),
        (of_image("!", "image/png"), "Base64"),
        (of_image("AAAA", "image/png"), "Unable to process input image"),
        (of_image("AAAA", "image/bmp"), "Unsupported MIME type: image/bmp"),
    ];
    for (body, words) in cases {
        let (status, refusal) = ask(&running, &body).await;
        let error = &refusal["error"];
        assert_eq!((status, &error["status"], &error["code"]), (400, &json!("INVALID_ARGUMENT"), &json!(400)));
        assert!(error["message"].as_str().expect("a message").contains(words), "{refusal} lacks {words}");
    }
    let level = configured("thinkingConfig", json!({"thinkingLevel": "LOW"}));
    assert_eq!(ask_of(&running, "gemini-2.5-flash", &level).await.0, 400);
    assert_eq!(ask_of(&running, "gemini-9", &good).await.1["error"]["status"], "NOT_FOUND");
    assert_eq!(answer_of(post(&running, &format!("{MODEL}:streamGenerateContent"), &good)).await.0, 400);
    assert_eq!(answer_of(post(&running, &format!("{MODEL}:embedContent"), &good)).await.0, 404);
    assert!(running.ledger().billed.is_empty());
}

#[tokio::test]
async fn keys_and_limits_are_refused_in_the_vendor_s_form() {
    let running = start().await;
    let good = request(&image(640, 480));
    let models = |key: Option<&str>| {
        let request = reqwest::Client::new().get(format!("{}/v1beta/models?key=any", running.url()));
        key.into_iter().fold(request, |request, key| request.header("x-goog-api-key", key))
    };
    for (key, status, reason) in [
        (Some("sk-simulated-wrong"), 400, "API_KEY_INVALID"),
        (Some("sk-simulated-expired"), 400, "API_KEY_INVALID"),
        (Some("sk-simulated-no-credit"), 429, "limit: 0"),
        (Some("sk-simulated-forbidden"), 403, "PERMISSION_DENIED"),
        // Not in the address.
        (None, 403, "unregistered callers"),
    ] {
        let (told, refusal) = answer_of(models(key)).await;
        assert_eq!(told, status, "{refusal}");
        assert!(refusal.to_string().contains(reason), "{refusal}");
    }
    running.script([
        Fault::RateLimited { retry_after_seconds: Some(46) },
        Fault::RateLimited { retry_after_seconds: None },
        Fault::SpendLimit,
        Fault::Overloaded,
        Fault::InternalError,
    ]);
    for (status, name, words, delay) in [
        (429, "RESOURCE_EXHAUSTED", "PerMinute", Some("46s")),
        (429, "RESOURCE_EXHAUSTED", "PerMinute", None),
        (429, "RESOURCE_EXHAUSTED", "PerDay", None),
        (503, "UNAVAILABLE", "overloaded", None),
        (500, "INTERNAL", "", None),
    ] {
        let response = post(&running, &format!("{MODEL}:generateContent"), &good).send().await.expect("an answer");
        assert!(!response.headers().contains_key("retry-after"));
        assert_eq!(response.status().as_u16(), status);
        let refusal: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
        assert_eq!(refusal["error"]["status"], name);
        assert!(refusal.to_string().contains(words), "{refusal}");
        let details = refusal["error"]["details"].as_array().cloned().unwrap_or_default();
        assert_eq!(details.iter().find_map(|detail| detail["retryDelay"].as_str()), delay, "{refusal}");
    }
}

#[tokio::test]
async fn models_are_listed_in_pages() {
    let running = start().await;
    let page = async |query: &str| {
        let url = format!("{}/v1beta/models?{query}", running.url());
        answer_of(reqwest::Client::new().get(url).header("x-goog-api-key", "any")).await.1
    };
    let first = page("pageSize=5").await;
    let token = first["nextPageToken"].as_str().expect("another page");
    let last = page(&format!("pageSize=5&pageToken={token}")).await;
    assert_eq!(last.get("nextPageToken"), None);
    let names =
        |page: &Value| page["models"].as_array().expect("models").iter().map(|own| own["name"].clone()).collect();
    let (mut paged, rest): (Vec<Value>, Vec<Value>) = (names(&first), names(&last));
    paged.extend(rest);
    assert_eq!((paged.len(), paged), (7, names(&page("").await)));
}
