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
use crate::openai::client::tests::{client, request};
use crate::redaction::Redaction;
use crate::retry::{ItemFailure, RetryAction, RetryCause, StopCause};
use crate::test_server::{Act, SECRET, response, serve};

const CLOSE: &str = "connection: close\r\n";
const NAME: &str = "fieldmark-0badcafe";
const FILE: &str = r#"{"id":"file-1","object":"file","bytes":3,"purpose":"batch","filename":"x.jsonl"}"#;
const DELETED: &str = r#"{"id":"file-1","object":"file","deleted":true}"#;
const ANSWERED: &str = r#"{"id":"batch_req_1","custom_id":"image-1","response":{"status_code":200,"request_id":"r","body":
    {"id":"chatcmpl-1","object":"chat.completion","model":"gpt-6-luna","choices":[{"index":0,"finish_reason":"stop",
    "message":{"role":"assistant","content":"{\"marks\":[]}"}}],"usage":{"prompt_tokens":1600,"completion_tokens":42}}},
    "error":null}"#;

fn ok(body: &str) -> Act {
    response("200 OK", CLOSE, body)
}

fn batch(status: &str, more: Value) -> String {
    let mut batch = json!({"id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions", "status": status,
        "input_file_id": "file-1", "completion_window": "24h", "created_at": 60, "expires_at": 86_460,
        "request_counts": {"total": 4, "completed": 2, "failed": 1}, "metadata": {"name": NAME}, "output_file_id": null});
    let Value::Object(more) = more else { panic!("no object") };
    for (key, value) in more {
        batch[key] = value;
    }
    batch.to_string()
}

fn spool() -> NamedTempFile {
    let mut spool = NamedTempFile::new().unwrap();
    spool.write_all(b"{\"custom_id\":\"image-1\"}\n").unwrap();
    spool
}

fn line_of(requests: &[String]) -> Vec<String> {
    let line = |request: &String| request.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    requests.iter().map(line).collect()
}

#[test]
fn what_is_written_is_a_file_within_its_limits() {
    let lines = check_writer(&request(), |limit| writer(Vec::new(), "own.", limit).unwrap());
    let Value::Object(line) = &lines[1] else { panic!() };
    let keys: Vec<&str> = line.keys().map(String::as_str).collect();
    assert_eq!(keys, ["body", "custom_id", "method", "url"]);
    let body = &line["body"];
    assert_eq!((&line["custom_id"], &line["method"]), (&json!("image-2"), &json!("POST")));
    assert_eq!((&body["stream"], &body["stream_options"]), (&Value::Null, &Value::Null));
    assert_eq!(body["model"], "own.gpt-6-luna");
    assert_eq!(body["response_format"]["json_schema"]["strict"], true);
    assert!(body["messages"][1]["content"][0]["image_url"]["url"].as_str().unwrap().starts_with("data:image/jpeg"));
}

#[tokio::test]
async fn a_file_is_uploaded_and_becomes_a_batch() {
    let spool = NamedTempFile::new().unwrap();
    let mut items = writer(spool.as_file(), "", u64::MAX).unwrap();
    for index in 0..300 {
        assert_eq!(items.push(&format!("image-{index}"), &request()).unwrap(), Pushed::Taken);
    }
    items.ended().unwrap();
    let (server, serving) = serve(vec![ok(FILE), ok(&batch("validating", json!({"request_counts": null})))]).await;
    let submitted = client(&server).submit(spool.path(), NAME).await.unwrap();
    let moment = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let expected = Batch {
        id: "batch_1".into(),
        name: Some(NAME.into()),
        state: BatchStatus::InProgress,
        counts: BatchCounts::default(),
        created_at: moment(60),
        expires_at: moment(86_460),
    };
    assert_eq!(submitted, expected);
    let requests = serving.await.unwrap();
    assert_eq!(line_of(&requests), ["POST /v1/files", "POST /v1/batches"]);
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("authorization: Bearer {SECRET}")) && !head.contains("chunked"), "{head}");
    let written = std::fs::read_to_string(spool.path()).unwrap();
    assert!(written.lines().count() == 300 && body.contains(&written));
    insta::assert_snapshot!(body.replace(&written, "[the file]\n").replace('\r', ""), @r#"
    --fieldmark-4Jq0vT1mWz
    Content-Disposition: form-data; name="purpose"

    batch
    --fieldmark-4Jq0vT1mWz
    Content-Disposition: form-data; name="file"; filename="fieldmark-0badcafe.jsonl"
    Content-Type: application/jsonl

    [the file]

    --fieldmark-4Jq0vT1mWz--
    "#);
    let (_, body) = requests[1].split_once("\r\n\r\n").unwrap();
    insta::assert_snapshot!(body, @r#"{"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"name":"fieldmark-0badcafe"}}"#);
}

#[tokio::test]
async fn only_a_lost_reply_to_the_creation_may_mean_a_batch() {
    let unavailable = || response("504 Gateway Timeout", CLOSE, "");
    for lost in [Act::Write(Vec::new()), ok("{\"ok\":"), unavailable()] {
        let (server, _serving) = serve(vec![lost]).await;
        let error = client(&server).submit(spool().path(), NAME).await.unwrap_err();
        assert!(matches!(error, RequestError::NotUploaded(_)), "{error}");
        assert!(!error.may_have_been_taken() && !error.may_be_billed(), "{error}");
        assert!(matches!(error.action(), RetryAction::Retry { .. } | RetryAction::Unreadable), "{error}");
        assert!(error.to_string().starts_with("the requests could not be uploaded: "), "{error}");
    }
    for lost in [Act::Write(Vec::new()), ok("{\"ok\":"), unavailable()] {
        let (server, serving) = serve(vec![ok(FILE), lost]).await;
        let error = client(&server).submit(spool().path(), NAME).await.unwrap_err();
        assert!(error.may_have_been_taken(), "{error}");
        assert_eq!(serving.await.unwrap().len(), 2, "its file may be needed");
    }
    let refused = response("400 Bad Request", CLOSE, r#"{"error":{"message":"no","type":"invalid_request_error"}}"#);
    let (server, serving) = serve(vec![ok(FILE), refused, ok(DELETED)]).await;
    let error = client(&server).submit(spool().path(), NAME).await.unwrap_err();
    assert!(!error.may_have_been_taken(), "{error}");
    assert_eq!(line_of(&serving.await.unwrap())[2], "DELETE /v1/files/file-1");

    let (server, _serving) = serve(vec![response("404 Not Found", CLOSE, "")]).await;
    let error = client(&server).submit(spool().path(), NAME).await.unwrap_err();
    assert!(error.is_not_found(), "a server without files: {error}");
}

#[tokio::test]
async fn states_and_counts_are_the_vendor_s() {
    let counts =
        |processing, canceled, expired| BatchCounts { succeeded: 2, errored: 1, processing, canceled, expired };
    let table = [
        ("validating", BatchStatus::InProgress, counts(1, 0, 0)),
        ("in_progress", BatchStatus::InProgress, counts(1, 0, 0)),
        ("pondering", BatchStatus::InProgress, counts(1, 0, 0)),
        ("finalizing", BatchStatus::InProgress, counts(1, 0, 0)),
        ("cancelling", BatchStatus::Canceling, counts(1, 0, 0)),
        ("completed", BatchStatus::Ended, counts(0, 1, 0)),
        ("cancelled", BatchStatus::Ended, counts(0, 1, 0)),
        ("expired", BatchStatus::Ended, counts(0, 0, 1)),
    ];
    for (status, state, counts) in table {
        let (server, serving) = serve(vec![ok(&batch(status, json!({})))]).await;
        let told = client(&server).get("../batch?1").await.unwrap();
        assert_eq!((told.state, told.counts), (state, counts), "{status}");
        assert_eq!(line_of(&serving.await.unwrap()), ["GET /v1/batches/..%2Fbatch%3F1"]);
    }
}

#[tokio::test]
async fn a_batch_that_is_invalid_says_why() {
    let errors = |error: Value| json!({"errors": {"object": "list", "data": [error]}, "request_counts": {}});
    let table = [
        (
            errors(json!({"code": "invalid_json_line", "message": "Bad planted-key-4711", "line": 3, "param": null})),
            "status 200, invalid_json_line: Bad [key] (request 3)",
            RetryAction::Retry { after: None, cause: RetryCause::Transient },
        ),
        (
            errors(json!({"code": "token_limit_exceeded", "message": "Enqueued token limit reached", "line": null})),
            "status 200, token_limit_exceeded: Enqueued token limit reached",
            RetryAction::HoldEndpoint { after: None },
        ),
        (
            errors(json!({"code": "model_not_found", "message": "No such model"})),
            "status 200, model_not_found: No such model",
            RetryAction::StopRun(StopCause::UnknownModel),
        ),
        (
            json!({"errors": null}),
            "status 200: no reason given",
            RetryAction::Retry { after: None, cause: RetryCause::Transient },
        ),
    ];
    for (more, text, action) in table {
        let (server, _serving) = serve(vec![ok(&batch("failed", more))]).await;
        let BatchStatus::Refused(refusal) = client(&server).get("batch_1").await.unwrap().state else { panic!() };
        assert_eq!((refusal.to_string().as_str(), refusal.action()), (text, action));
    }
}

#[tokio::test]
async fn lists_and_cancellations() {
    let page = format!(r#"{{"object":"list","data":[{}],"has_more":true}}"#, batch("in_progress", json!({})));
    let last = r#"{"object":"list","data":[],"has_more":false}"#;
    let acts = vec![ok(&page), ok(last), ok(&batch("cancelling", json!({})))];
    let (server, serving) = serve(acts).await;
    let client = client(&server);
    let newest = client.list(None).await.unwrap();
    assert_eq!((newest.batches[0].name.as_deref(), newest.next_after.as_deref()), (Some(NAME), Some("batch_1")));
    assert_eq!(client.list(Some("batch_1")).await.unwrap().next_after, None);
    client.cancel("batch_1").await.unwrap();
    let expected =
        ["GET /v1/batches?limit=100", "GET /v1/batches?limit=100&after=batch_1", "POST /v1/batches/batch_1/cancel"];
    assert_eq!(line_of(&serving.await.unwrap()), expected);
}

#[tokio::test]
async fn results_are_in_two_files() {
    let expired = r#"{"custom_id":"image-2","response":null,"error":{"code":"batch_expired","message":"late"}}"#;
    let files = json!({"output_file_id": "file-2", "error_file_id": "file-3",
        "request_counts": {"total": 3, "completed": 1, "failed": 0}});
    let read = async |status: &str, output: &str| {
        let acts = vec![ok(&batch(status, files.clone())), ok(output), ok(expired)];
        let (server, serving) = serve(acts).await;
        let mut told = Vec::new();
        let outcome = client(&server).results("batch_1", &mut |result: BatchResult| told.push(result)).await;
        let ids: Vec<String> = told.into_iter().filter_map(|result| result.custom_id).collect();
        (outcome, ids, line_of(&serving.await.unwrap()))
    };
    let answered = ANSWERED.replace('\n', "");
    for (status, unreported) in
        [("completed", Unreported::Unknown), ("expired", Unreported::Expired), ("cancelled", Unreported::Canceled)]
    {
        let (outcome, ids, requests) = read(status, &answered).await;
        assert_eq!((outcome, ids), (Ok(unreported), vec!["image-1".to_owned(), "image-2".to_owned()]));
        assert_eq!(requests[1..], ["GET /v1/files/file-2/content", "GET /v1/files/file-3/content"]);
    }

    // Without any answer, the first file is empty, and the other one has all results.
    let counts = |completed: u8, failed: u8| {
        json!({"output_file_id": "file-2", "error_file_id": "file-3",
            "request_counts": {"total": 3, "completed": completed, "failed": failed}})
    };
    let none_answered = vec![ok(&batch("completed", counts(0, 1))), ok(""), ok(expired)];
    let (server, _serving) = serve(none_answered).await;
    assert_eq!(client(&server).results("batch_1", &mut |_| {}).await, Ok(Unreported::Unknown));

    // Too few results, no results, a page instead of a file, and a batch that has lost its files.
    for (first, second) in [(answered.as_str(), ""), ("", ""), ("<html>", expired)] {
        let (server, _serving) = serve(vec![ok(&batch("completed", counts(3, 0))), ok(first), ok(second)]).await;
        let outcome = client(&server).results("batch_1", &mut |_| {}).await;
        assert!(matches!(outcome, Err(RequestError::Unreadable { .. })), "{outcome:?}");
    }
    let (server, _serving) = serve(vec![ok(&batch("completed", json!({})))]).await;
    let outcome = client(&server).results("batch_1", &mut |_| {}).await;
    assert!(matches!(outcome, Err(RequestError::Unreadable { .. })), "{outcome:?}");
}

#[tokio::test]
async fn all_files_of_a_batch_are_deleted() {
    let files = json!({"output_file_id": "file-2", "error_file_id": "file-3"});
    let gone = response("404 Not Found", CLOSE, r#"{"error":{"message":"No such File object"}}"#);
    let (server, serving) = serve(vec![ok(&batch("completed", files)), gone, ok(DELETED), ok(DELETED)]).await;
    client(&server).delete_files("batch_1").await.unwrap();
    let expected = ["DELETE /v1/files/file-1", "DELETE /v1/files/file-2", "DELETE /v1/files/file-3"];
    assert_eq!(line_of(&serving.await.unwrap())[1..], expected);
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
    let refused = |status: u16, code: &str| {
        let error = json!({"error": {"message": "Invalid image: secret", "type": "invalid_request_error", "code": code,
            "param": "messages[1].content[0]"}});
        json!({"custom_id": "a", "response": {"status_code": status, "body": error}, "error": null}).to_string()
    };
    let error = |code: &str| json!({"custom_id": "a", "response": null, "error": {"code": code, "message": "x"}});
    assert_eq!(outcome(ANSWERED), "answered {\"marks\":[]} by gpt-6-luna");
    let failed = RetryAction::FailItem(ItemFailure::Refused);
    let text = "status 400, invalid_request_error: Invalid image: [key]";
    assert_eq!(outcome(&refused(400, "invalid_base64")), format!("{failed:?}: {text}"));
    assert!(outcome(&refused(404, "model_not_found")).starts_with("StopRun(UnknownModel)"));
    assert!(outcome(&refused(500, "server_error")).starts_with("Retry"));
    assert_eq!(outcome(&error("batch_expired").to_string()), "Expired");
    assert_eq!(outcome(&error("batch_cancelled").to_string()), "Canceled");
    assert!(outcome(&error("request_timeout").to_string()).starts_with("Retry"));
    assert!(outcome(&error("unheard_of").to_string()).starts_with("Retry"));
    for unreadable in [
        r#"{"custom_id":"a"}"#,
        r#"{"custom_id":"a","response":{"status_code":200}}"#,
        r#"{"custom_id":"a","response":{"status_code":200,"body":{"choices":[]}}}"#,
        r#"{"custom_id":"a","response":{"status_code":70000,"body":{}}}"#,
        "nonsense",
    ] {
        assert!(outcome(unreadable).starts_with("Unreadable"), "{unreadable}");
    }
}
