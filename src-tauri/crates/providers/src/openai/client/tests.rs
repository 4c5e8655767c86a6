//! The client against a scripted server.

use std::sync::Mutex;

use bytes::Bytes;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;
use domain::usage::Usage;

use super::*;
use crate::answer::FinishReason;
use crate::openai::OpenAi;
use crate::provider::Provider;
use crate::request::{MediaType, Picture, RequestOptions};
use crate::retry::{RetryAction, StopCause};
use crate::test_server::{Act, SECRET, response, serve};

const ANSWER: &str = "data: {\"model\":\"gpt-6-luna\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
    data: {\"choices\":[{\"delta\":{\"content\":\"{\\\"marks\\\":\"}}]}\n\n: keep-alive\n\n\
    data: {\"choices\":[{\"delta\":{\"content\":\"[]} é\"}}]}\n\n\
    data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1600,\"completion_tokens\":42}}\n\ndata: [DONE]\n\n";

fn stream(body: &str) -> Act {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_7\r\n\
        x-ratelimit-limit-requests: 50\r\nx-ratelimit-remaining-requests: 49\r\nconnection: close\r\n\r\n";
    Act::Write(format!("{head}{body}").into_bytes().chunks(7).map(<[u8]>::to_vec).collect())
}

pub fn request() -> Request {
    let model = OpenAi.catalog().find("gpt-6-luna").unwrap();
    let prepared = OpenAi.prepare(model, &Recipe::find_these("cat").unwrap(), RequestOptions::default()).unwrap();
    let (size, bytes) = (PixelSize::new(640, 480), Bytes::from_static(b"jpeg"));
    prepared.request(&Picture { size, media_type: MediaType::Jpeg, bytes }).unwrap()
}

pub fn client(server: &BaseUrl) -> ChatClient {
    ChatClient::new(server.clone(), Key::for_server(SECRET, server).ok(), &ConnectionOptions::default(), None).unwrap()
}

#[tokio::test]
async fn an_answer_streams_in() {
    let (server, serving) = serve(vec![stream(&format!("{ANSWER}{USAGE}"))]).await;
    let seen = Mutex::new(Vec::new());
    let answer = client(&server)
        .send(&request(), &mut |progress| {
            seen.lock().unwrap().push(match progress {
                Progress::Accepted { rate_limits } => format!("{} left", rate_limits.requests.unwrap().remaining),
                Progress::Begun { .. } => "begun".to_owned(),
                Progress::Text(text) => text.to_owned(),
            });
        })
        .await
        .unwrap();
    assert_eq!(*seen.lock().unwrap(), ["49 left", "begun", "{\"marks\":", "[]} é"]);
    assert_eq!((answer.text.as_str(), answer.stop_reason), ("{\"marks\":[]} é", FinishReason::EndTurn));
    assert_eq!(answer.usage, Some(Usage { input_tokens: 1600, output_tokens: 42, ..Usage::default() }));
    assert_eq!((answer.model.as_str(), answer.request_id.as_deref()), ("gpt-6-luna", Some("req_7")));
    let requests = serving.await.unwrap();
    let request = &requests[0];
    assert!(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("authorization: Bearer {SECRET}\r\n")), "{request}");
}

#[tokio::test]
async fn an_answer_without_its_end() {
    let whole = "{\"choices\":[{\"message\":{\"content\":\"{}\"},\"finish_reason\":\"stop\"}]}";
    let begun = ANSWER.split(": keep-alive").next().unwrap();
    let damaged = ["data: {\"choices\"\n\n", "data: [DONE]\n\n", "data: {\"choices\":[]}\n\n"];
    let sound = [stream(ANSWER), response("200 OK", "", whole), stream(begun)];
    let acts = sound.into_iter().chain(damaged.map(stream)).collect();
    let (server, _serving) = serve(acts).await;
    let client = client(&server);
    // The model had stopped.
    let answer = client.send(&request(), &mut |_| ()).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.usage), ("{\"marks\":[]} é", None));
    assert_eq!(client.send(&request(), &mut |_| ()).await.unwrap().text, "{}");
    let lost = client.send(&request(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(&lost, RequestError::Lost { partial, .. } if partial.text == "{\"marks\":"), "{lost}");
    for body in damaged {
        let damaged = client.send(&request(), &mut |_| ()).await.unwrap_err();
        assert!(matches!(damaged, RequestError::Unreadable { .. }), "{body}: {damaged}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_keeps_the_key() {
    let body =
        format!("{{\"error\":{{\"message\":\"Incorrect API key provided: {SECRET}\",\"code\":\"invalid_api_key\"}}}}");
    let (server, _serving) = serve(vec![response("401 Unauthorized", "x-request-id: req_1\r\n", &body)]).await;
    let refused = client(&server).send(&request(), &mut |_| ()).await.unwrap_err();
    assert_eq!(refused.action(), RetryAction::StopRun(StopCause::KeyRejected));
    assert!(!refused.may_be_billed());
    assert!(!format!("{refused} {refused:?}").contains(SECRET), "{refused}");
}

#[tokio::test]
async fn a_connection_is_checked_by_its_models() {
    let list =
        "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-6-luna\",\"object\":\"model\"},{\"id\":\"x\",\"name\":7}]}";
    let acts = vec![response("200 OK", "", list), response("200 OK", "", list), response("200 OK", "", "<html>")];
    let (server, serving) = serve(acts).await;
    let client = client(&server);
    assert_eq!(client.check("gpt-6-luna").await.unwrap().len(), 2);
    let unknown = client.check("gpt-7").await.unwrap_err();
    assert!(matches!(unknown, CheckError::UnknownModel { available, .. } if available.len() == 2));
    let other = client.check("gpt-7").await.unwrap_err();
    assert!(matches!(other, CheckError::NotSuchAServer { .. }), "{other}");
    assert!(serving.await.unwrap()[0].starts_with("GET /v1/models HTTP/1.1\r\n"));
}
