//! Boxes come back within a pixel of where the shapes were drawn, in every size, form and format.

use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::client::{
    BLUE, CYAN, Edges, GREEN, MAGENTA, RED, YELLOW, ask, ellipse, events, image_block, plain, rectangle, request,
    start, text_of, with,
};

fn boxes(text: &str) -> Vec<(String, Edges)> {
    let answer: Value = serde_json::from_str(text).expect("JSON");
    let edge =
        |annotation: &Value, name: &str| u32::try_from(annotation[name].as_u64().expect("an edge")).expect("a pixel");
    answer["marks"]
        .as_array()
        .expect("marks")
        .iter()
        .map(|annotation| {
            let label = annotation["label"].as_str().expect("a label").to_owned();
            (label, (edge(annotation, "x1"), edge(annotation, "y1"), edge(annotation, "x2"), edge(annotation, "y2")))
        })
        .collect()
}

fn assert_near(found: &[(String, Edges)], drawn: &[(&str, Edges)]) {
    assert_eq!(found.len(), drawn.len(), "{found:?}");
    for (label, edges) in drawn {
        let (_, seen) = found.iter().find(|(name, _)| name == label).unwrap_or_else(|| panic!("{label} in {found:?}"));
        let pairs = [(seen.0, edges.0), (seen.1, edges.1), (seen.2, edges.2), (seen.3, edges.3)];
        assert!(pairs.iter().all(|(seen, drawn)| seen.abs_diff(*drawn) <= 1), "{label}: {seen:?}, drawn {edges:?}");
    }
}

/// Six shapes at odd places, scaled to the image.
fn drawing(width: u32, height: u32) -> (RgbImage, Vec<(&'static str, Edges)>) {
    let mut image = plain(width, height);
    let at = |left: u32, top: u32, right: u32, bottom: u32| {
        (width * left / 1000, height * top / 1000, width * right / 1000, height * bottom / 1000)
    };
    let shapes = [
        ("red", at(33, 41, 291, 397), RED, false),
        ("green", at(357, 53, 611, 431), GREEN, true),
        ("blue", at(683, 37, 967, 401), BLUE, false),
        ("yellow", at(41, 537, 301, 943), YELLOW, true),
        ("magenta", at(367, 561, 593, 907), MAGENTA, false),
        ("cyan", at(671, 553, 961, 951), CYAN, true),
    ];
    for (_, edges, colour, is_round) in shapes {
        (if is_round { ellipse } else { rectangle })(&mut image, edges, colour);
    }
    (image, shapes.map(|(label, edges, ..)| (label, edges)).to_vec())
}

#[tokio::test]
async fn shapes_are_found_within_a_pixel() {
    let running = start().await;
    let sizes = [(640, 480), (1456, 819), (952, 1270), (200, 200), (1568, 196)];
    for (width, height) in sizes {
        let (image, drawn) = drawing(width, height);
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            let (status, message) = ask(&running, &request("claude-sonnet-4-6", &image_block(&image, format))).await;
            assert_eq!(status, 200, "{message}");
            assert_near(&boxes(text_of(&message)), &drawn);
        }
    }
}

#[tokio::test]
async fn the_high_tier_sees_larger_images_and_streams_the_same() {
    let running = start().await;
    for (width, height) in [(2352, 1568), (1659, 2212)] {
        let (image, drawn) = drawing(width, height);
        let asked = request("claude-sonnet-5-5", &image_block(&image, ImageFormat::Jpeg));
        let (stream, is_whole) = events(&running, &asked).await;
        assert!(is_whole);
        let text: String = stream.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
        assert_near(&boxes(&text), &drawn);
        let (status, refused) =
            ask(&running, &request("claude-sonnet-4-6", &image_block(&image, ImageFormat::Jpeg))).await;
        assert_eq!((status, &refused["error"]["type"]), (400, &json!("invalid_request_error")));
    }
}

#[tokio::test]
async fn a_silently_shrunk_image_is_answered_in_its_shrunk_pixels() {
    let running = start().await;
    let mut image = plain(2912, 1638);
    rectangle(&mut image, (200, 400, 1200, 1000), RED);
    let block = with(image_block(&image, ImageFormat::Png), "transformations", json!({}));
    let (status, message) = ask(&running, &request("claude-sonnet-4-6", &block)).await;
    assert_eq!(status, 200, "{message}");
    assert_near(&boxes(text_of(&message)), &[("red", (100, 200, 600, 500))]);
}

#[tokio::test]
async fn an_empty_image_has_no_annotations_and_a_tool_is_called_with_them() {
    let running = start().await;
    let image = plain(320, 240);
    let (_, message) = ask(&running, &request("claude-opus-5-5", &image_block(&image, ImageFormat::Jpeg))).await;
    assert_eq!(text_of(&message), r#"{"marks":[]}"#);

    let mut image = image;
    rectangle(&mut image, (10, 20, 110, 120), BLUE);
    let tools = json!([{"name": "record", "strict": true, "input_schema": crate::client::schema()}]);
    let choice = json!({"type": "tool", "name": "record", "disable_parallel_tool_use": true});
    let asked = with(request("claude-haiku-5-5", &image_block(&image, ImageFormat::Png)), "tools", tools);
    let asked = with(with(asked, "output_config", Value::Null), "tool_choice", choice);
    let (status, message) = ask(&running, &asked).await;
    assert_eq!((status, &message["stop_reason"]), (200, &json!("tool_use")), "{message}");
    let call = message["content"].as_array().expect("content").last().expect("a call").clone();
    assert_eq!(call["name"], "record");
    assert_near(&boxes(&call["input"].to_string()), &[("blue", (10, 20, 110, 120))]);
}
