//! A client of the tests: requests to build upon, images to draw, events to read.

use std::io::Cursor;

use base64::Engine as _;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use simulator::{Options, Running, Simulator};

pub const RED: Rgb<u8> = Rgb([230, 25, 25]);
pub const GREEN: Rgb<u8> = Rgb([20, 170, 40]);
pub const BLUE: Rgb<u8> = Rgb([30, 60, 220]);
pub const YELLOW: Rgb<u8> = Rgb([250, 220, 20]);
pub const MAGENTA: Rgb<u8> = Rgb([220, 20, 200]);
pub const CYAN: Rgb<u8> = Rgb([20, 200, 220]);

/// Left, top, right, bottom; right and bottom exclusive.
pub type Edges = (u32, u32, u32, u32);

pub async fn start() -> Running {
    Simulator::start(Options::default()).await.expect("a free port")
}

pub fn rectangle(image: &mut RgbImage, (left, top, right, bottom): Edges, colour: Rgb<u8>) {
    for (x, y) in (left..right).flat_map(|x| (top..bottom).map(move |y| (x, y))) {
        image.put_pixel(x, y, colour);
    }
}

/// The ellipse that touches the four edges.
pub fn ellipse(image: &mut RgbImage, (left, top, right, bottom): Edges, colour: Rgb<u8>) {
    let radius = |from: u32, to: u32| f64::from(to - from) / 2.0;
    let offset =
        |at: u32, from: u32, to: u32| (f64::from(at) + 0.5 - f64::midpoint(from.into(), to.into())) / radius(from, to);
    for (x, y) in (left..right).flat_map(|x| (top..bottom).map(move |y| (x, y))) {
        if offset(x, left, right).hypot(offset(y, top, bottom)) <= 1.0 {
            image.put_pixel(x, y, colour);
        }
    }
}

pub fn plain(width: u32, height: u32) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb([168, 170, 172]))
}

pub fn image_block(image: &RgbImage, format: ImageFormat) -> Value {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("an encoder");
    let data = base64::engine::general_purpose::STANDARD.encode(bytes.into_inner());
    json!({"type": "image", "source": {"type": "base64", "media_type": format.to_mime_type(), "data": data},
        "transformations": {"oversized_image": "error"}})
}

pub fn schema() -> Value {
    let integer = json!({"type": "integer"});
    json!({"type": "object", "additionalProperties": false, "required": ["marks"], "properties": {"marks": {
        "type": "array", "items": {"type": "object", "additionalProperties": false,
            "required": ["label", "x1", "y1", "x2", "y2", "confidence"], "properties": {
                "label": {"type": "string", "enum": ["red", "green", "blue", "yellow", "magenta", "cyan"]},
                "x1": integer, "y1": integer, "x2": integer, "y2": integer, "confidence": {"type": "number"}}}}}})
}

/// A request about an image, with structured output.
pub fn request(model: &str, image: &Value) -> Value {
    json!({"model": model, "max_tokens": 8192,
        "messages": [{"role": "user", "content": [image, {"type": "text", "text": "Annotate."}]}],
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": schema()}}})
}

/// A request without an image.
pub fn question(model: &str) -> Value {
    json!({"model": model, "max_tokens": 1024, "messages": [{"role": "user", "content": "What do you see?"}]})
}

pub fn with(mut request: Value, field: &str, value: Value) -> Value {
    request[field] = value;
    request
}

pub fn post(running: &Running, path: &str, body: &Value) -> reqwest::RequestBuilder {
    reqwest::Client::new()
        .post(format!("{}{path}", running.url()))
        .header("x-api-key", "sk-test")
        .header("anthropic-version", "2026-10-21")
        .header("content-type", "application/json")
        .body(body.to_string())
}

/// A request without a body.
pub fn get(running: &Running, path: &str) -> reqwest::RequestBuilder {
    reqwest::Client::new()
        .get(format!("{}{path}", running.url()))
        .header("x-api-key", "sk-test")
        .header("anthropic-version", "2026-10-21")
}

/// Status and body of an answer.
pub async fn ask(running: &Running, body: &Value) -> (u16, Value) {
    answer_of(post(running, "/v1/messages", body)).await
}

pub async fn answer_of(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.text().await.expect("a body");
    (status, serde_json::from_str(&body).expect("JSON"))
}

/// The text of an answer, chosen by type as a careful client does.
pub fn text_of(message: &Value) -> &str {
    let blocks = message["content"].as_array().expect("content");
    blocks.iter().find(|block| block["type"] == "text").expect("a text block")["text"].as_str().expect("text")
}

/// The events of a stream, read until it ends or breaks, and whether it ended in good order.
pub async fn events(running: &Running, body: &Value) -> (Vec<Value>, bool) {
    let mut response =
        post(running, "/v1/messages", &with(body.clone(), "stream", json!(true))).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let (mut text, mut is_whole) = (String::new(), true);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => text += std::str::from_utf8(&chunk).expect("UTF-8"),
            Ok(None) => break,
            Err(_) => {
                is_whole = false;
                break;
            }
        }
    }
    let parsed = text.split_terminator("\n\n").map(|event| {
        let (name, data) = event.split_once('\n').expect("two lines");
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").expect("data")).expect("JSON");
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        data
    });
    (parsed.collect(), is_whole)
}
