//! The client against a scripted server.

use std::io::Write as _;
use std::sync::Mutex;

use bytes::Bytes;
use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;
use domain::usage::Usage;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::answer::FinishReason;
use crate::gemini::Gemini;
use crate::provider::Provider;
use crate::request::{MediaType, Picture, RequestOptions};
use crate::retry::{RetryAction, StopCause};
use crate::test_server::{Act, SECRET, response, serve};

const ANSWER: &str = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Let me see\",\"thought\":true}],\
    \"role\":\"model\"}}],\"usageMetadata\":{\"promptTokenCount\":1600},\"modelVersion\":\"gemini-3.8-flash\"}\r\n\r\n\
    data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"{\\\"marks\\\":\"}]}}]}\r\n\r\n: keep-alive\r\n\r\n\
    data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"[]} é\"}]}}]}\r\n\r\n";
const END: &str = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}]},\"finishReason\":\"STOP\"}],\
    \"usageMetadata\":{\"promptTokenCount\":1600,\"candidatesTokenCount\":12,\"thoughtsTokenCount\":30}}\r\n\r\n";

fn stream(body: &str) -> Act {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    Act::Write(format!("{head}{body}").into_bytes().chunks(7).map(<[u8]>::to_vec).collect())
}

pub fn request() -> Request {
    let model = Gemini.catalog().find("gemini-3.8-flash").unwrap();
    let prepared = Gemini.prepare(model, &Recipe::find_these("cat").unwrap(), RequestOptions::default()).unwrap();
    let (size, bytes) = (PixelSize::new(640, 480), Bytes::from_static(b"jpeg"));
    prepared.request(&Picture { size, media_type: MediaType::Jpeg, bytes }).unwrap()
}

pub fn client(server: &BaseUrl) -> GeminiClient {
    let key = Key::for_server(SECRET, server).unwrap();
    GeminiClient::new(server.clone(), key, "gemini-3.8-flash", &ConnectionOptions::default()).unwrap()
}

#[tokio::test]
async fn an_answer_streams_in() {
    let (server, serving) = serve(vec![stream(&format!("{ANSWER}{END}"))]).await;
    let seen = Mutex::new(Vec::new());
    let answer = client(&server)
        .send(&request(), &mut |progress| {
            seen.lock().unwrap().push(match progress {
                Progress::Accepted { .. } => "accepted".to_owned(),
                Progress::Begun { .. } => "begun".to_owned(),
                Progress::Text(text) => text.to_owned(),
            });
        })
        .await
        .unwrap();
    assert_eq!(*seen.lock().unwrap(), ["accepted", "begun", "{\"marks\":", "[]} é"]);
    assert_eq!((answer.text.as_str(), answer.stop_reason), ("{\"marks\":[]} é", FinishReason::EndTurn));
    let usage = Usage { input_tokens: 1600, output_tokens: 42, thinking_tokens: Some(30), ..Usage::default() };
    assert_eq!((answer.usage, answer.coordinates), (Some(usage), BoxCoordinates::Norm1000Yxyx));
    assert_eq!(answer.model, "gemini-3.8-flash");
    let requests = serving.await.unwrap();
    let request = &requests[0];
    let line = "POST /v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse HTTP/1.1\r\n";
    assert!(request.starts_with(line), "{request}");
    assert!(request.contains(&format!("x-goog-api-key: {SECRET}\r\n")), "{request}");
    assert_eq!(request.matches(SECRET).count(), 1, "{request}");
}

#[tokio::test]
async fn an_answer_without_its_end() {
    let whole = "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"{}\"}]},\"finishReason\":\"STOP\"}]}";
    let stopped = "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\r\n\r\n";
    let error = "data: {\"error\":{\"code\":503,\"status\":\"UNAVAILABLE\",\"message\":\"overloaded\"}}\r\n\r\n";
    let acts = vec![
        stream(&format!("{ANSWER}{stopped}")),
        // After the end, an error changes nothing.
        stream(&format!("{ANSWER}{END}{error}")),
        response("200 OK", "", whole),
        stream(ANSWER),
        stream(&format!("{ANSWER}{error}")),
        stream("data: {\"candidates\"\n\n"),
    ];
    let (server, _serving) = serve(acts).await;
    let client = client(&server);
    let answer = client.send(&request(), &mut |_| ()).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.usage), ("{\"marks\":[]} é", None));
    let answer = client.send(&request(), &mut |_| ()).await.unwrap();
    assert_eq!(answer.usage.map(|usage| usage.output_tokens), Some(42));
    assert_eq!(client.send(&request(), &mut |_| ()).await.unwrap().text, "{}");
    let lost = client.send(&request(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(&lost, RequestError::Lost { partial, .. } if partial.text == "{\"marks\":[]} é"), "{lost}");
    let broken = client.send(&request(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(&broken, RequestError::BrokenOff { refusal, .. } if refusal.status == 200), "{broken}");
    assert!(broken.may_be_billed());
    let damaged = client.send(&request(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(damaged, RequestError::Unreadable { .. }), "{damaged}");
}

/// As the vendor sends it where `alt=sse` is lost on the way.
#[tokio::test]
async fn an_answer_as_a_list() {
    let pieces = format!("{ANSWER}{END}").replace(": keep-alive", "").replace("\r\n", "").replace("data: ", ",");
    let whole = pieces.replacen(',', "[", 1) + "]";
    let begun =
        whole.split(",{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}").next().unwrap().to_owned() + "]";
    let acts = vec![response("200 OK", "", &whole), response("200 OK", "", &begun), response("200 OK", "", "[]")];
    let (server, _serving) = serve(acts).await;
    let client = client(&server);
    let answer = client.send(&request(), &mut |_| ()).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.usage.is_some()), ("{\"marks\":[]} é", true));
    let lost = client.send(&request(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(&lost, RequestError::Lost { partial, .. } if partial.text == "{\"marks\":[]} é"), "{lost}");
    let empty = client.send(&request(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(empty, RequestError::Unreadable { .. }), "{empty}");
}

#[tokio::test]
async fn a_compressed_answer() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(format!("{ANSWER}{END}").as_bytes()).unwrap();
    let body = encoder.finish().unwrap();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
    let (server, _serving) = serve(vec![Act::Write(vec![head.into_bytes(), body])]).await;
    assert_eq!(client(&server).send(&request(), &mut |_| ()).await.unwrap().text, "{\"marks\":[]} é");
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_keeps_the_key() {
    let body = format!(
        "{{\"error\":{{\"code\":400,\"status\":\"INVALID_ARGUMENT\",\"message\":\"API key not valid: {SECRET}\",\
         \"details\":[{{\"reason\":\"API_KEY_INVALID\",\"metadata\":{{\"key\":\"{SECRET}\"}}}}]}}}}"
    );
    let (server, _serving) = serve(vec![response("400 Bad Request", "", &body)]).await;
    let refused = client(&server).send(&request(), &mut |_| ()).await.unwrap_err();
    assert_eq!(refused.action(), RetryAction::StopRun(StopCause::KeyRejected));
    assert!(!refused.may_be_billed());
    assert!(!format!("{refused} {refused:?}").contains(SECRET), "{refused}");
}

#[tokio::test]
async fn a_connection_is_checked_by_its_models_on_every_page() {
    let first = "{\"models\":[{\"name\":\"models/embedding-9\",\"supportedGenerationMethods\":[\"embedContent\"]},\
                 {\"name\":\"models/gemini-x\",\"displayName\":7}],\"nextPageToken\":\"a b&c\"}";
    let second = "{\"models\":[{\"name\":\"models/gemini-3.8-flash\",\"displayName\":\"Gemini 3.8 Flash\",\
                  \"supportedGenerationMethods\":[\"generateContent\",\"countTokens\"]}],\"nextPageToken\":\"\"}";
    let pages = || [response("200 OK", "", first), response("200 OK", "", second)];
    let acts = pages().into_iter().chain(pages()).chain([response("200 OK", "", "<html>")]).collect();
    let (server, serving) = serve(acts).await;
    let client = client(&server);
    let listed = client.check("gemini-3.8-flash").await.unwrap();
    let listed: Vec<_> = listed.iter().map(|model| (model.id.as_str(), model.name.as_deref())).collect();
    assert_eq!(listed, [("gemini-x", None), ("gemini-3.8-flash", Some("Gemini 3.8 Flash"))]);
    let unknown = client.check("embedding-9").await.unwrap_err();
    assert!(matches!(unknown, CheckError::UnknownModel { available, .. } if available.len() == 2));
    let other = client.check("gemini-x").await.unwrap_err();
    assert!(matches!(other, CheckError::NotSuchAServer { .. }), "{other}");
    let requests = serving.await.unwrap();
    assert!(requests[0].starts_with("GET /v1beta/models?pageSize=1000 HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[1].starts_with("GET /v1beta/models?pageSize=1000&pageToken=a+b%26c HTTP/1.1\r\n"));
}
