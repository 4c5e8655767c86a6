//! The client against a scripted server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::geometry::PixelSize;
use domain::usage::Usage;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::test_client::{client, client_with, request};
use super::*;
use crate::answer::FinishReason;
use crate::discovery::CheckError;
use crate::provider::Timeouts;
use crate::retry::{RetryAction, RetryCause, StopCause};
use crate::test_server::{Act, SECRET, read_request, response, serve};

mod check;

const ANSWER: &str = "event: message_start\r\n\
    data: {\"type\":\"message_start\",\"message\":{\"type\":\"message\",\"model\":\"claude-sonnet-5-5\",\
    \"content\":[],\"usage\":{\"input_tokens\":1600,\"output_tokens\":1}}}\r\n\r\n\
    event: ping\r\ndata: {\"type\":\"ping\"}\r\n\r\n\
    event: gateway_note\r\ndata: not even json\r\n\r\n\
    event: content_block_delta\r\n\
    data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"{\\\"marks\\\":\"}}\r\n\r\n\
    event: content_block_delta\r\n\
    data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"[]} é\"}}\r\n\r\n\
    event: message_delta\r\n\
    data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":42}}\r\n\r\n";

/// An answer without a stop reason.
fn begun() -> String {
    ANSWER.split("event: message_delta").next().unwrap().to_owned()
}

const END: &str = "event: message_stop\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n";

fn stream(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_7\r\n\
        anthropic-ratelimit-requests-limit: 50\r\nanthropic-ratelimit-requests-remaining: 49\r\n\
        connection: close\r\n\r\n{body}"
    )
}

async fn send(acts: Vec<Act>) -> Result<RawAnswer, RequestError> {
    let (server, _serving) = serve(acts).await;
    client(&server, Timeouts::default()).send(&request(), &mut |_| ()).await
}

#[tokio::test]
async fn an_answer_streams_in() {
    // The second answer comes byte by byte.
    let whole = stream(&format!("{ANSWER}{END}"));
    let bytewise = whole.bytes().map(|byte| vec![byte]).collect();
    let (server, serving) = serve(vec![Act::Write(vec![whole.clone().into_bytes()]), Act::Write(bytewise)]).await;
    let client = client(&server, Timeouts::default());
    for _ in 0..2 {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer = client
            .send(&request(), &mut |progress| {
                seen.lock().unwrap().push(match progress {
                    Progress::Accepted { rate_limits } => format!("{} left", rate_limits.requests.unwrap().remaining),
                    Progress::Begun { usage } => format!("begun {}", usage.unwrap().input_tokens),
                    Progress::Text(text) => text.to_owned(),
                });
            })
            .await
            .unwrap();
        assert_eq!(*seen.lock().unwrap(), ["49 left", "begun 1600", "{\"marks\":", "[]} é"]);
        assert_eq!(answer.text, "{\"marks\":[]} é");
        assert_eq!(answer.usage, Some(Usage { input_tokens: 1600, output_tokens: 42, ..Usage::default() }));
        assert_eq!((answer.stop_reason, answer.model.as_str()), (FinishReason::EndTurn, "claude-sonnet-5-5"));
        assert_eq!((answer.sent, answer.request_id.as_deref()), (PixelSize::new(640, 480), Some("req_7")));
        assert_eq!(answer.rate_limits.requests.map(|window| window.remaining), Some(49));
        assert!(answer.time_to_first_byte_millis <= answer.took_millis);
    }
    let requests = serving.await.unwrap();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{head}");
    for line in [&format!("x-api-key: {SECRET}"), "anthropic-version: 2023-06-01", "content-type: application/json"] {
        assert!(head.lines().any(|own| own == line), "{line} in {head}");
    }
    assert_eq!(
        body.as_bytes(),
        MessageBody::of(&request()).unwrap().pieces(Dialect::default(), Reply::Streamed).concat()
    );
}

#[tokio::test]
async fn a_route_may_have_its_own_names_for_models() {
    let answer = stream(&format!("{ANSWER}{END}").replace("claude-sonnet", "anthropic.claude-sonnet"));
    let list = response("200 OK", "connection: close\r\n", r#"{"data":[{"id":"anthropic.claude-sonnet-5-5"}]}"#);
    let (server, serving) = serve(vec![Act::Write(vec![answer.into_bytes()]), list]).await;
    let options = ConnectionOptions { model_prefix: "anthropic.".into(), ..ConnectionOptions::default() };
    let client = client_with(&server, &options);
    let answer = client.send(&request(), &mut |_| ()).await.unwrap();
    assert_eq!(answer.model, "anthropic.claude-sonnet-5-5");
    client.check("claude-sonnet-5-5").await.unwrap();
    let requests = serving.await.unwrap();
    assert!(requests[0].contains("\r\n\r\n{\"model\":\"anthropic.claude-sonnet-5-5\",\"stream\":true,"));
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    // A second connection would not be accepted.
    let serving = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        for _ in 0..3 {
            read_request(&mut connection).await;
            let body = format!("{ANSWER}{END}");
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
            let text = format!("{head}{:x}\r\n{body}\r\n", body.len());
            connection.write_all(text.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
            connection.write_all(b"0\r\n\r\n").await.unwrap();
        }
    });
    let client = client(&server, Timeouts { idle: Duration::from_secs(5), ..Timeouts::default() });
    for _ in 0..3 {
        client.send(&request(), &mut |_| ()).await.unwrap();
    }
    serving.await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let body = r#"{"type":"message","model":"m","content":[{"type":"text","text":"{}"}],"stop_reason":"end_turn"}"#;
    let answer = send(vec![response("200 OK", "content-type: application/json\r\n", body)]).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.usage), ("{}", None));
}

#[tokio::test]
async fn a_whole_message_is_read_whatever_the_header_says() {
    let body = r#" {"type":"message","model":null,"content":[{"type":"thinking","thinking":"\ud83d"},
        {"type":"text","text":"{\"marks\":[]}"}],"stop_reason":"end_turn","usage":{"input_tokens":9.0,"output_tokens":"4"}}"#;
    for kind in ["text/plain", "application/json; charset=utf-8", "text/event-stream", "application/octet-stream"] {
        let answer = send(vec![response("200 OK", &format!("content-type: {kind}\r\n"), body)]).await.unwrap();
        assert_eq!((answer.text.as_str(), answer.model.as_str()), ("{\"marks\":[]}", ""), "{kind}");
        assert_eq!(answer.usage.map(|usage| (usage.input_tokens, usage.output_tokens)), Some((9, 4)));
    }
    let answer = stream(&format!("{ANSWER}{END}")).replace("text/event-stream", "application/json");
    let answer = send(vec![Act::Write(vec![answer.into_bytes()])]).await.unwrap();
    assert_eq!(answer.text, "{\"marks\":[]} é");
    let refused = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let error = send(vec![response("200 OK", "content-type: text/plain\r\n", refused)]).await.unwrap_err();
    assert!(matches!(error, RequestError::BrokenOff { .. }), "{error}");
}

#[tokio::test]
async fn unreadable_optional_fields_cost_no_answer() {
    let usage_at_end = r#""usage":{"output_tokens":42}"#;
    let plain = Some((1600, 42));
    for (replaced, by, usage) in [
        (r#""content":[]"#, r#""content":null"#, plain),
        (r#""model":"claude-sonnet-5-5""#, r#""model":null"#, plain),
        (r#""model":"claude-sonnet-5-5","#, "", plain),
        (r#""input_tokens":1600"#, r#""input_tokens":1600.0"#, plain),
        (r#""input_tokens":1600"#, r#""input_tokens":"1600""#, plain),
        (r#""input_tokens":1600"#, r#""input_tokens":1600,"cache_creation":{"ephemeral_5m_input_tokens":null}"#, plain),
        (usage_at_end, r#""usage":{"output_tokens":42,"input_tokens":0}"#, plain),
        (usage_at_end, r#""usage":{"output_tokens":42,"server_tool_use":{"web_search_requests":-1.5}}"#, plain),
        (usage_at_end, r#""usage":{"output_tokens":42,"output_tokens_details":{"thinking_tokens":"-"}}"#, plain),
        (r#""input_tokens":1600"#, r#""input_tokens":-1600"#, None),
        (r#""input_tokens":1600"#, r#""input_tokens":null"#, None),
        (usage_at_end, r#""usage":{"output_tokens":-42}"#, None),
        (usage_at_end, r#""usage":null"#, None),
    ] {
        let body = format!("{ANSWER}{END}");
        assert!(body.contains(replaced), "{replaced}");
        let answer = send(vec![Act::Write(vec![stream(&body.replace(replaced, by)).into_bytes()])]).await.unwrap();
        assert_eq!(answer.text, "{\"marks\":[]} é", "{by}");
        assert_eq!(answer.usage.map(|usage| (usage.input_tokens, usage.output_tokens)), usage, "{by}");
    }
}

#[tokio::test]
async fn halves_of_surrogate_pairs_are_joined_or_replaced() {
    let delta = |kind: &str, field: &str, text: &str| {
        format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"delta\":{{\"type\":\"{kind}\",\"{field}\":\"{text}\"}}}}\n\n"
        )
    };
    let body = [
        delta("thinking_delta", "thinking", "a \\ud83d"),
        delta("thinking_delta", "thinking", "\\ude00"),
        delta("input_json_delta", "partial_json", "\\ud83d"),
        delta("text_delta", "text", " a \\ud83d"),
        delta("text_delta", "text", "\\ude00 b \\ude00\\ud83d"),
    ];
    let body = ANSWER.replacen("event: message_delta", &format!("{}event: message_delta", body.concat()), 1);
    let answer = send(vec![Act::Write(vec![stream(&format!("{body}{END}")).into_bytes()])]).await.unwrap();
    assert_eq!(answer.text, "{\"marks\":[]} é a 😀 b \u{fffd}\u{fffd}");
}

#[tokio::test]
async fn an_answer_is_complete_once_the_model_has_stopped() {
    let plain = "{\"marks\":[]} é";
    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n";
    let acts = [
        Act::Write(vec![stream(ANSWER).into_bytes()]),
        Act::Write(vec![stream(&format!("{ANSWER}{error}")).into_bytes()]),
        // Without the empty line that ends an event.
        Act::Write(vec![stream(ANSWER.trim_end()).into_bytes()]),
        Act::Write(vec![stream(&format!("{ANSWER}{}", END.trim_end())).into_bytes()]),
        // The body is shorter than announced, or the server sends nothing more.
        Act::Write(vec![stream(ANSWER).replacen("connection: close", "content-length: 100000", 1).into_bytes()]),
        Act::WriteAndWait(stream(ANSWER)),
    ];
    for act in acts {
        let answer = send(vec![act]).await.unwrap();
        assert_eq!((answer.text.as_str(), answer.stop_reason), (plain, FinishReason::EndTurn));
        assert_eq!(answer.usage.map(|usage| usage.output_tokens), Some(42));
    }
}

#[tokio::test]
async fn a_stream_without_an_end_is_a_failure() {
    let error = send(vec![Act::Write(vec![stream(&begun()).into_bytes()])]).await.unwrap_err();
    assert!(matches!(error, RequestError::Lost { .. }), "{error}");
    assert!(error.may_be_billed());
    let partial = error.partial().unwrap();
    assert_eq!((partial.text.as_str(), partial.usage.unwrap().input_tokens), ("{\"marks\":[]} é", 1600));
    let cut = &begun()[..begun().len() - 40];
    let error = send(vec![Act::Write(vec![stream(cut).into_bytes()])]).await.unwrap_err();
    assert!(matches!(error, RequestError::Lost { .. }), "{error}");
}

#[tokio::test]
async fn an_error_may_follow_an_ok() {
    let body = format!(
        "{}event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"overloaded_error\",\
         \"message\":\"no {SECRET}\"}}}}\n\n",
        begun()
    );
    let error = send(vec![Act::Write(vec![stream(&body).into_bytes()])]).await.unwrap_err();
    assert_eq!(error.action(), RetryAction::Retry { after: None, cause: RetryCause::Overloaded });
    assert!(error.may_be_billed() && error.partial().unwrap().usage.is_some());
    assert!(!format!("{error} {error:?}").contains(SECRET));
}

#[tokio::test]
async fn an_error_of_another_form_is_still_an_error() {
    let body = stream("event: error\ndata: {\"error\":{\"message\":\"out of memory\"}}\n\n");
    let error = send(vec![Act::Write(vec![body.into_bytes()])]).await.unwrap_err();
    assert_eq!(error.to_string(), "the server ended its answer early: status 200: out of memory");
    assert_eq!(error.action(), RetryAction::Retry { after: None, cause: RetryCause::Transient });
}

/// The error detail of an unreadable answer.
async fn unread(act: Act) -> String {
    let error = send(vec![act]).await.unwrap_err();
    assert_eq!(error.action(), RetryAction::Unreadable, "{error}");
    assert!(error.may_be_billed(), "{error}");
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
    error.to_string()
}

#[tokio::test]
async fn what_came_in_place_of_an_answer_is_shown() {
    let page = format!("<html>\u{202e}Log in, {SECRET}\r\n{}</html>", "x".repeat(500));
    let told = unread(response("200 OK", "content-type: text/html\r\n", &page)).await;
    let expected = "the server's answer could not be read: status 200, text/html, \
        beginning with \"<html>\\u{202e}Log in, [key]\\r\\nxxx";
    assert!(told.starts_with(expected) && told.chars().count() < 250, "{told}");
    let told = unread(response("200 OK", "", "")).await;
    assert_eq!(told, "the server's answer could not be read: status 200, no content type, an empty body");
    for body in ["OK", "[]", "null", "{", "{}", "{\"ok\":true}", "data: {\"ok\":true}\n\n", "\0\u{1}\u{2}", "\n\n"] {
        unread(response("200 OK", "content-type: application/json\r\n", body)).await;
    }
    let told = unread(response("200 OK", "content-encoding: rot13\r\n", "qngn: {}")).await;
    assert!(told.contains("encoded as rot13, beginning with \"qngn"), "{told}");
}

#[tokio::test]
async fn invalid_http_is_unreadable_and_not_a_lost_connection() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}", "a".repeat(1 << 20));
    for (text, why) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}", "content-length"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n{}", "content-length"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "chunk size"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-5\r\n{}\r\n0\r\n\r\n", "chunk size"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}", "chunk size"),
        ("HTTP/1.1 1000 Odd\r\n\r\n", "status"),
        ("{\"type\":\"message\"}\r\n\r\n", "HTTP version"),
        ("\u{15}\u{3}\u{1}\0\u{2}\u{2}F\r\n\r\n", "HTTP version"),
        (&long, "too large"),
    ] {
        let told = unread(Act::Write(vec![text.as_bytes().to_vec()])).await;
        assert!(told.contains(why), "{told}");
    }
}

#[tokio::test]
async fn a_damaged_event_is_refused_with_and_without_names() {
    let (good, nameless) = (format!("{ANSWER}{END}"), |text: &str| text.replace("event: message", "id: message"));
    let replacements = [
        (
            "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"[]",
            "data: {\"ty",
        ),
        (
            "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"[]",
            "data: \u{fffd}\u{fffd}",
        ),
        (
            "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"[]",
            "data: \"type\":\"content_block_delta",
        ),
        (
            "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"[]",
            &format!("data: {SECRET}"),
        ),
    ];
    let data_only = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("event: ") && *line != "data: not even json");
        lines.collect::<Vec<_>>().join("\n") + "\n\n"
    };
    for (replaced, by) in replacements {
        assert!(good.contains(replaced));
        let damaged = good.replacen(replaced, by, 1);
        for body in [damaged.clone(), data_only(&damaged), nameless(&data_only(&damaged))] {
            let told = unread(Act::Write(vec![stream(&body).into_bytes()])).await;
            assert!(told.contains("an event of the answer is damaged"), "{told}");
        }
    }
    // Other events between and after those of the answer.
    let filled = data_only(&good).replacen("\n\n", "\n\ndata: [DONE]\n\ndata: ping\n\n: note\n\n", 2);
    let answer = send(vec![Act::Write(vec![stream(&filled).into_bytes()])]).await.unwrap();
    assert_eq!(answer.text, "{\"marks\":[]} é");
    let followed = data_only(ANSWER) + "data: {\"ty\n\n" + END;
    let answer = send(vec![Act::Write(vec![stream(&followed).into_bytes()])]).await.unwrap();
    assert_eq!(answer.text, "{\"marks\":[]} é");
}

fn gzipped(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn encoded(body: &[u8]) -> Act {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
    Act::Write(vec![[head.as_bytes(), body].concat()])
}

#[tokio::test]
async fn compressed_answers_are_read_and_bounded() {
    let good = gzipped(&format!("{ANSWER}{END}"));
    assert_eq!(send(vec![encoded(&good)]).await.unwrap().text, "{\"marks\":[]} é");
    // Wrong encoding, truncated, damaged.
    let mut damaged = good.clone();
    damaged[20] ^= 0xff;
    for body in [&b"event: message_start"[..], &good[..20], &damaged] {
        let told = unread(encoded(body)).await;
        assert!(!told.contains("an empty body"), "something came: {told}");
    }
    // A lost connection is not a decoding error.
    let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 100000\r\n\r\n";
    let error = send(vec![Act::Write(vec![[head.as_bytes(), &good[..20]].concat()])]).await.unwrap_err();
    assert!(matches!(error, RequestError::Lost { .. }), "{error}");
    // Kilobytes that decompress to hundreds of megabytes.
    let bomb = gzipped(&format!("data: {}", " ".repeat(200 << 20)));
    assert!(unread(encoded(&bomb)).await.contains("the answer is too long"));
}

#[tokio::test]
async fn refusals_say_what_to_do_and_not_the_key() {
    let body = format!(r#"{{"type":"error","error":{{"type":"rate_limit_error","message":"{SECRET} is too fast"}}}}"#);
    let headers = "retry-after: 7\r\nanthropic-ratelimit-requests-limit: 50\r\n\
        anthropic-ratelimit-requests-remaining: 0\r\n";
    let error = send(vec![response("429 Too Many Requests", headers, &body)]).await.unwrap_err();
    let RequestError::Refused(refusal) = &error else { panic!("{error}") };
    assert_eq!(refusal.rate_limits.requests.map(|window| window.remaining), Some(0));
    assert_eq!(error.action(), RetryAction::HoldEndpoint { after: Some(Duration::from_secs(7)) });
    assert!(!error.may_be_billed());
    assert_eq!(error.to_string(), "the server refused: status 429, rate_limit_error: [key] is too fast");
    assert!(!format!("{error:?}").contains(SECRET));
}

#[tokio::test]
async fn a_key_that_an_answer_repeats_is_neither_kept_nor_shown() {
    let (first, second) = SECRET.split_at(SECRET.len() / 2);
    let escape = |byte| format!("\\\\u{byte:04x}");
    let escaped: String = SECRET.bytes().map(escape).collect();
    let answer = ANSWER
        .replace("\"model\":\"claude-sonnet-5-5\"", &format!("\"model\":\"{SECRET}\""))
        .replace("{\\\"marks\\\":", &format!("{escaped} {first}"))
        .replace("[]} é", &format!("{second} [] é"))
        .replace("end_turn", SECRET);
    let whole = stream(&format!("{answer}{END}")).replace("req_7", SECRET);
    let (server, _serving) = serve(vec![Act::Write(vec![whole.into_bytes()])]).await;
    let mut shown = String::new();
    let sent = client(&server, Timeouts::default())
        .send(&request(), &mut |progress| {
            if let Progress::Text(text) = progress {
                shown.push_str(text);
            }
        })
        .await
        .unwrap();
    assert_eq!((sent.text.as_str(), sent.model.as_str()), ("[key] [key] [] é", "[key]"));
    let kept = sent.to_kept().unwrap();
    assert!(!format!("{kept} {shown}").contains(SECRET) && shown.ends_with("[key] [] é"), "{kept} {shown}");

    let models = format!(r#"{{"data":[{{"id":"{SECRET}","display_name":"for {SECRET}"}}],"has_more":false}}"#);
    let (server, _serving) = serve(vec![response("200 OK", "", &models)]).await;
    let models = client(&server, Timeouts::default()).models().await.unwrap();
    assert_eq!((models[0].id.as_str(), models[0].name.as_deref()), ("[key]", Some("for [key]")));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let error = send(vec![response("307 Temporary Redirect", "location: http://127.0.0.1:1/\r\n", "")]).await;
    assert_eq!(error.unwrap_err().action(), RetryAction::StopRun(StopCause::NotSuchAServer));
}

#[tokio::test]
async fn silence_aborts_the_request() {
    let (server, serving) = serve(vec![Act::WriteAndWait(stream(&begun()))]).await;
    let timeouts = Timeouts { idle: Duration::from_secs(1), ..Timeouts::default() };
    let client = client(&server, timeouts);
    let error = client.send(&request(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(error, RequestError::IdleTimeout { .. }), "{error}");
    assert!(error.may_be_billed() && !error.partial().unwrap().text.is_empty());
    // The server's task ends only when it sees the connection closed.
    assert_eq!(serving.await.unwrap().len(), 1);
}

#[tokio::test]
async fn pings_do_not_keep_a_request_alive_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let serving = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        read_request(&mut connection).await;
        let mut text = stream("");
        while connection.write_all(text.as_bytes()).await.is_ok() {
            text = "event: ping\ndata: {\"type\":\"ping\"}\n\n".into();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let timeouts = Timeouts { total: Duration::from_millis(200), ..Timeouts::default() };
    let error = client(&server, timeouts).send(&request(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(error, RequestError::TotalTimeout { .. }), "{error}");
    serving.await.unwrap();
}

#[tokio::test]
async fn dropping_a_call_aborts_the_request() {
    let (server, serving) = serve(vec![Act::WriteAndWait(stream(&begun()))]).await;
    let client = client(&server, Timeouts::default());
    let (begun, has_begun) = oneshot::channel();
    let mut begun = Some(begun);
    let sending = tokio::spawn(async move {
        let request = request();
        client
            .send(&request, &mut |_| {
                if let Some(begun) = begun.take() {
                    begun.send(()).unwrap();
                }
            })
            .await
    });
    has_begun.await.unwrap();
    sending.abort();
    assert_eq!(serving.await.unwrap().len(), 1);
}
