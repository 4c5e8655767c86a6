//! Batches against a scripted server.

use std::io::Write;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::results::RESULTS;
use super::spool::writer;
use crate::batch::spool::tests::check_writer;
use crate::batch::{
    Batch, BatchApi, BatchCounts, BatchOutcome, BatchResult, BatchStatus, BatchWriter, Pushed, Unreported,
};
use crate::error::RequestError;
use crate::gemini::client::tests::{client, request};
use crate::redaction::Redaction;
use crate::retry::{RetryAction, StopCause};
use crate::test_server::{Act, SECRET, response, serve, serve_as};

const CLOSE: &str = "connection: close\r\n";
const NAME: &str = "fieldmark-0badcafe";
const UPLOADED: &str = r#"{"file":{"name":"files/in","sizeBytes":"9","state":"ACTIVE"}}"#;
const ANSWER: &str = r#"{"candidates":[{"content":{"parts":[{"text":"{\"marks\":[]}"}]},"finishReason":"STOP"}],
    "usageMetadata":{"promptTokenCount":1600,"candidatesTokenCount":42},"modelVersion":"gemini-3.8-flash"}"#;

fn ok(body: &str) -> Act {
    response("200 OK", CLOSE, body)
}

fn operation(state: &str, more: Value) -> String {
    let mut operation = json!({"name": "batches/b1", "metadata": {"name": "batches/b1", "state": state,
        "displayName": NAME, "model": "models/gemini-3.8-flash", "createTime": "1970-01-01T00:01:00.5Z",
        "batchStats": {"requestCount": "4", "successfulRequestCount": "2", "failedRequestCount": "1"}}});
    let Value::Object(more) = more else { panic!("no object") };
    for (key, value) in more {
        operation[key] = value;
    }
    operation.to_string()
}

/// The reply to a request for a file that is not there.
fn gone() -> Act {
    let body = r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"or it may not exist"}}"#;
    response("403 Forbidden", CLOSE, body)
}

fn line_of(requests: &[String]) -> Vec<String> {
    let line = |request: &String| request.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    requests.iter().map(line).collect()
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

/// A file of this many requests.
fn spool(count: usize) -> NamedTempFile {
    let spool = NamedTempFile::new().unwrap();
    let mut items = writer(spool.as_file(), u64::MAX).unwrap();
    for index in 0..count {
        assert_eq!(items.push(&format!("image-{index}"), &request()).unwrap(), Pushed::Taken);
    }
    items.ended().unwrap();
    spool
}

/// A file that is too large for the body of one request.
fn large_spool() -> NamedTempFile {
    let mut spool = spool(1);
    let line = format!("{{\"key\":\"large\",\"request\":{{\"contents\":\"{}\"}}}}\n", "x".repeat(20_000_000));
    spool.write_all(line.as_bytes()).unwrap();
    spool
}

#[test]
fn what_is_written_is_a_file_within_its_limits() {
    let lines = check_writer(&request(), |limit| writer(Vec::new(), limit).unwrap());
    let keys: Vec<&str> = lines[1].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((keys, &lines[1]["key"]), (vec!["key", "request"], &json!("image-2")));
    assert!(lines[1]["request"]["contents"][0]["parts"][0]["inlineData"]["data"].is_string());
}

#[tokio::test]
async fn a_small_batch_is_sent_as_it_is() {
    let (server, serving) = serve(vec![ok(&operation("BATCH_STATE_PENDING", json!({})))]).await;
    let submitted = client(&server).submit(spool(2).path(), NAME).await.unwrap();
    let expected = Batch {
        id: "batches/b1".into(),
        name: Some(NAME.into()),
        state: BatchStatus::InProgress,
        counts: BatchCounts { processing: 1, succeeded: 2, errored: 1, ..BatchCounts::default() },
        created_at: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(60_500)),
        expires_at: None,
    };
    assert_eq!(submitted, expected);
    let requests = serving.await.unwrap();
    assert_eq!(line_of(&requests), ["POST /v1beta/models/gemini-3.8-flash:batchGenerateContent"]);
    assert!(requests[0].contains(&format!("x-goog-api-key: {SECRET}")));
    let mut sent: Value = serde_json::from_str(body(&requests[0])).unwrap();
    let items = sent["batch"]["inputConfig"]["requests"]["requests"].as_array_mut().unwrap();
    assert!(items.iter().all(|item| item["request"]["contents"][0]["parts"][0]["inlineData"]["data"].is_string()));
    for item in items {
        item["request"] = json!("[as sent live]");
    }
    insta::assert_snapshot!(sent, @r#"{"batch":{"displayName":"fieldmark-0badcafe","inputConfig":{"requests":{"requests":[{"metadata":{"key":"image-0"},"request":"[as sent live]"},{"metadata":{"key":"image-1"},"request":"[as sent live]"}]}}}}"#);
}

#[tokio::test]
async fn a_large_batch_is_uploaded_first() {
    let (server, serving) = serve(vec![
        // The key goes to no other server.
        response("200 OK", &format!("{CLOSE}x-goog-upload-url: https://evil.example/up?upload_id=7\r\n"), ""),
        ok(UPLOADED),
        ok(&operation("BATCH_STATE_PENDING", json!({}))),
    ])
    .await;
    let spool = large_spool();
    client(&server).submit(spool.path(), NAME).await.unwrap();
    let requests = serving.await.unwrap();
    let expected = [
        "POST /upload/v1beta/files",
        "POST /up?upload_id=7",
        "POST /v1beta/models/gemini-3.8-flash:batchGenerateContent",
    ];
    assert_eq!(line_of(&requests), expected);
    let length = spool.as_file().metadata().unwrap().len();
    for header in [
        "x-goog-upload-protocol: resumable",
        "x-goog-upload-command: start",
        &format!("x-goog-upload-header-content-length: {length}"),
        "x-goog-upload-header-content-type: application/jsonl",
    ] {
        assert!(requests[0].contains(header), "{header}");
    }
    assert_eq!(body(&requests[0]), format!(r#"{{"file":{{"displayName":"{NAME}"}}}}"#));
    let head = requests[1].split_once("\r\n\r\n").unwrap().0;
    assert!(head.contains("x-goog-upload-offset: 0") && head.contains("x-goog-upload-command: upload, finalize"));
    assert!(body(&requests[1]) == std::fs::read_to_string(spool.path()).unwrap());
    insta::assert_snapshot!(body(&requests[2]), @r#"{"batch":{"displayName":"fieldmark-0badcafe","inputConfig":{"fileName":"files/in"}}}"#);
}

#[tokio::test]
async fn only_a_lost_reply_to_the_creation_may_mean_a_batch() {
    let start = || response("200 OK", &format!("{CLOSE}x-goog-upload-url: http://127.0.0.1:9/up\r\n"), "");
    let spool = large_spool();
    for acts in [
        vec![Act::Write(Vec::new())],
        vec![ok("{}")],
        vec![start(), Act::Write(Vec::new())],
        vec![start(), response("504 Gateway Timeout", CLOSE, "")],
    ] {
        let (server, _serving) = serve(acts).await;
        let error = client(&server).submit(spool.path(), NAME).await.unwrap_err();
        assert!(matches!(error, RequestError::NotUploaded(_)), "{error}");
        assert!(!error.may_have_been_taken(), "{error}");
    }
    let (server, _serving) = serve(vec![start(), ok(UPLOADED), Act::Write(Vec::new())]).await;
    assert!(client(&server).submit(spool.path(), NAME).await.unwrap_err().may_have_been_taken());
    let refused = r#"{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}"#;
    let acts = vec![start(), ok(UPLOADED), response("400 Bad Request", CLOSE, refused), ok("{}")];
    let (server, serving) = serve(acts).await;
    assert!(!client(&server).submit(spool.path(), NAME).await.unwrap_err().may_have_been_taken());
    assert_eq!(line_of(&serving.await.unwrap())[3], "DELETE /v1beta/files/in");
}

#[tokio::test]
async fn states_are_read_in_both_notations() {
    let output = json!({"responsesFile": "files/out"});
    let canceled = json!({"done": true, "error": {"code": 1, "message": "cancelled"}});
    let table = [
        ("BATCH_STATE_PENDING", json!({}), BatchStatus::InProgress),
        ("BATCH_STATE_RUNNING", json!({}), BatchStatus::InProgress),
        ("JOB_STATE_RUNNING", json!({}), BatchStatus::InProgress),
        ("JOB_STATE_CANCELLING", json!({}), BatchStatus::Canceling),
        ("BATCH_STATE_SUCCEEDED", json!({}), BatchStatus::Ended),
        ("JOB_STATE_SUCCEEDED", json!({}), BatchStatus::Ended),
        ("JOB_STATE_PARTIALLY_SUCCEEDED", json!({}), BatchStatus::Ended),
        ("batch_state_cancelled", json!({}), BatchStatus::Ended),
        ("BATCH_STATE_EXPIRED", json!({}), BatchStatus::Ended),
        ("BATCH_STATE_FAILED", json!({"done": true, "response": output}), BatchStatus::Ended),
        ("", json!({"done": true, "response": output}), BatchStatus::Ended),
        ("", canceled, BatchStatus::Ended),
        ("", json!({"done": false}), BatchStatus::InProgress),
    ];
    for (state, more, expected) in table {
        let (server, _serving) = serve(vec![ok(&operation(state, more.clone()))]).await;
        assert_eq!(client(&server).get("batches/b1").await.unwrap().state, expected, "{state} {more}");
    }
    let flat =
        r#"{"name":"batches/b1","state":"BATCH_STATE_RUNNING","displayName":"x","batchStats":{"requestCount":3}}"#;
    let (server, serving) = serve(vec![ok(flat), ok("{}")]).await;
    let told = client(&server).get("../b?1").await.unwrap();
    assert_eq!((told.name.as_deref(), told.counts.total()), (Some("x"), 3));
    client(&server).get("b1").await.unwrap_err();
    assert_eq!(line_of(&serving.await.unwrap())[0], "GET /v1beta/batches/..%2Fb%3F1");
}

#[tokio::test]
async fn a_batch_that_is_invalid_says_why() {
    for (error, text, action) in [
        (
            json!({"code": 3, "message": "Line 2 planted-key-4711"}),
            "status 200, INVALID_ARGUMENT: Line 2 [key]",
            RetryAction::RefuseForm,
        ),
        (
            json!({"code": 5, "message": "models/x is not found"}),
            "status 200, NOT_FOUND: models/x is not found",
            RetryAction::StopRun(StopCause::UnknownModel),
        ),
        (
            json!({"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Too many enqueued"}),
            "status 200, RESOURCE_EXHAUSTED: Too many enqueued",
            RetryAction::HoldEndpoint { after: None },
        ),
    ] {
        let failed = operation("BATCH_STATE_FAILED", json!({"done": true, "error": error}));
        let (server, _serving) = serve(vec![ok(&failed)]).await;
        let BatchStatus::Refused(refusal) = client(&server).get("batches/b1").await.unwrap().state else { panic!() };
        assert_eq!((refusal.to_string().as_str(), refusal.action()), (text, action));
    }
}

#[tokio::test]
async fn lists_and_cancellations() {
    let page = format!(r#"{{"operations":[{}],"nextPageToken":"t2"}}"#, operation("BATCH_STATE_RUNNING", json!({})));
    let (server, serving) = serve(vec![ok(&page), ok("{}"), ok("{}")]).await;
    let client = client(&server);
    let newest = client.list(None).await.unwrap();
    assert_eq!((newest.batches[0].name.as_deref(), newest.next_after.as_deref()), (Some(NAME), Some("t2")));
    assert_eq!(client.list(Some("t2")).await.unwrap().next_after, None);
    client.cancel("batches/b1").await.unwrap();
    // Results are left out.
    let fields = "operations%28name%2Cdone%2Cerror%2Cmetadata%29%2CnextPageToken";
    let listing = |page: &str| format!("GET /v1beta/batches?pageSize=20&fields={fields}{page}");
    let expected = [&listing("") as &str, &listing("&pageToken=t2"), "POST /v1beta/batches/b1:cancel"];
    assert_eq!(line_of(&serving.await.unwrap()), expected);
}

#[tokio::test]
async fn results_are_in_the_batch_or_in_a_file() {
    let answer: Value = serde_json::from_str(ANSWER).unwrap();
    let inlined = json!({"inlinedResponses": {"inlinedResponses": [
        {"metadata": {"key": "image-2"}, "error": {"code": 13, "message": "internal"}},
        {"response": answer, "metadata": {"key": "image-1"}}, {"response": answer}]}});
    let lines = format!(
        "{}\n{}\nnonsense\n",
        json!({"key": "image-2", "error": {"code": 1}}),
        json!({"response": answer, "key": "image-1"})
    );
    let read = async |acts: Vec<Act>| {
        let (server, serving) = serve(acts).await;
        let mut told = Vec::new();
        let outcome = client(&server).results("batches/b1", &mut |result: BatchResult| told.push(result)).await;
        let ids: Vec<Option<String>> = told.into_iter().map(|result| result.custom_id).collect();
        (outcome, ids, line_of(&serving.await.unwrap()))
    };
    let keys = vec![Some("image-2".to_owned()), Some("image-1".to_owned())];
    let done = |more: Value| operation("BATCH_STATE_SUCCEEDED", more);
    let (outcome, ids, _) = read(vec![ok(&done(json!({"response": inlined})))]).await;
    assert_eq!((outcome, ids), (Ok(Unreported::Unknown), [keys.clone(), vec![None]].concat()));
    let mut in_metadata: Value = serde_json::from_str(&done(json!({}))).unwrap();
    in_metadata["metadata"]["output"] = json!({"responsesFile": "files/out"});
    let (outcome, ids, requests) = read(vec![ok(&in_metadata.to_string()), ok(&lines)]).await;
    assert_eq!((outcome, ids), (Ok(Unreported::Unknown), [keys, vec![None]].concat()));
    let fewer = lines.replace("nonsense", "");
    let (outcome, ..) = read(vec![ok(&in_metadata.to_string()), ok(&fewer)]).await;
    assert!(matches!(outcome, Err(RequestError::Unreadable { .. })), "{outcome:?}");
    assert_eq!(requests[1], "GET /download/v1beta/files/out:download?alt=media");

    // What has no result of a batch that was not finished is told by the server's counts.
    for (state, none) in [("BATCH_STATE_CANCELLED", Unreported::Canceled), ("BATCH_STATE_EXPIRED", Unreported::Expired)]
    {
        let without = |counts: Value| {
            let mut batch: Value = serde_json::from_str(&operation(state, json!({"done": true}))).unwrap();
            batch["metadata"]["batchStats"] = counts;
            batch.to_string()
        };
        let (outcome, ..) = read(vec![ok(&without(json!({"requestCount": "4"})))]).await;
        assert_eq!(outcome, Ok(none));
        let (outcome, ..) = read(vec![ok(&without(json!({"successfulRequestCount": "2"})))]).await;
        assert_eq!(outcome, Ok(Unreported::Unknown), "two answers were paid for and are not there");
    }
    // Files are kept for two days.
    let (outcome, ..) = read(vec![ok(&in_metadata.to_string()), gone()]).await;
    assert!(outcome.is_err_and(|error| error.is_not_found()), "the batch has no results any more");
    for acts in [vec![ok(&done(json!({})))], vec![ok(&in_metadata.to_string()), ok("")]] {
        let (outcome, ..) = read(acts).await;
        assert!(matches!(outcome, Err(RequestError::Unreadable { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn all_files_of_a_batch_are_deleted() {
    let (server, serving) = serve_as(|_| {
        let mut batch: Value = serde_json::from_str(&operation(
            "BATCH_STATE_SUCCEEDED",
            json!({"response": {"responsesFile": "files/out"}}),
        ))
        .unwrap();
        batch["metadata"]["inputConfig"] = json!({"fileName": "files/in"});
        vec![ok(&batch.to_string()), gone(), ok("{}")]
    })
    .await;
    client(&server).delete_files("batches/b1").await.unwrap();
    assert_eq!(line_of(&serving.await.unwrap())[1..], ["DELETE /v1beta/files/out", "DELETE /v1beta/files/in"]);
}

#[test]
fn every_line_by_itself() {
    let outcome = |line: &str| {
        let result = RESULTS.read(line.replace('\n', "").as_bytes(), &Redaction::of("secret")).unwrap();
        match result.outcome {
            BatchOutcome::Answered(answer) => format!("answered {} by {}", answer.text, answer.model),
            BatchOutcome::Refused(refusal) => format!("{:?}: {refusal}", refusal.action()),
            other => format!("{other:?}"),
        }
    };
    let error = |error: Value| outcome(&json!({"key": "a", "error": error}).to_string());
    let answered = "answered {\"marks\":[]} by gemini-3.8-flash";
    assert_eq!(outcome(&format!("{{\"key\":\"a\",\"response\":{ANSWER}}}")), answered);
    assert_eq!(outcome(&ANSWER.replacen('{', "{\"key\":\"a\",", 1)), answered);
    assert_eq!(error(json!({"code": 1, "message": "x"})), "Canceled");
    assert_eq!(error(json!({"status": "CANCELLED"})), "Canceled");
    assert_eq!(
        error(json!({"code": 3, "message": "Unable to process the image secret"})),
        "FailItem(Refused): status 200, INVALID_ARGUMENT: Unable to process the image [key]"
    );
    assert!(error(json!({"code": 8, "message": "Slow down"})).starts_with("HoldEndpoint"));
    assert!(error(json!({"code": 14})).starts_with("Retry"));
    assert!(error(json!({"code": 503, "message": "x"})).starts_with("Retry"));
    for unreadable in [r#"{"key":"a"}"#, r#"{"key":"a","response":{"candidates":[]}}"#, "nonsense"] {
        assert!(outcome(unreadable).starts_with("Unreadable"), "{unreadable}");
    }
}
