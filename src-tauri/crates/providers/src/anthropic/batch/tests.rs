//! Batches against a scripted server.

use std::io::{BufWriter, Write};
use std::time::{Duration, SystemTime};

use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;
use tempfile::NamedTempFile;

use super::spool::writer;
use crate::anthropic::client::Client;
use crate::anthropic::client::test_client::{client, client_with, request};
use crate::base_url::BaseUrl;
use crate::batch::{
    Batch, BatchApi, BatchCounts, BatchOutcome, BatchPage, BatchResult, BatchStatus, BatchWriter, Pushed, Unreported,
};
use crate::error::RequestError;
use crate::provider::{ConnectionOptions, Timeouts};
use crate::retry::{RetryAction, RetryCause};
use crate::test_server::{Act, SECRET, response, serve, serve_as};

const CLOSE: &str = "connection: close\r\n";
const ENDED: &str = r#"{"id":"msgbatch_1","type":"message_batch","processing_status":"ended","request_counts":
    {"processing":0,"succeeded":2,"errored":1,"canceled":0,"expired":0},"created_at":"1970-01-01T00:01:00Z",
    "expires_at":"1970-01-02T00:01:00Z","results_url":null}"#;
const RESULT: &str = r#"{"custom_id":"image-1","result":{"type":"succeeded","message":{"type":"message","model":"m",
    "content":[{"type":"text","text":"{\"marks\":[{\"label\":\"cat\",\"x1\":1,\"y1\":2,\"x2\":30,\"y2\":40}]}"}],
    "stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":2}}}}"#;

fn ended(results_url: &str) -> Act {
    response("200 OK", CLOSE, &ENDED.replace("null", &format!("\"{results_url}\"")))
}

fn results(lines: &[&str]) -> Act {
    let lines: Vec<String> = lines.iter().map(|line| line.replace('\n', "")).collect();
    response("200 OK", &format!("{CLOSE}content-type: application/x-jsonl\r\n"), &lines.join("\n"))
}

fn patient(server: &BaseUrl) -> Client {
    client(server, Timeouts::default())
}

fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap()
}

/// Asserts that the future is `Send`.
fn spawnable<F: Future + Send>(call: F) -> F {
    call
}

async fn read_results(client: &Client) -> (Vec<BatchResult>, Result<Unreported, RequestError>) {
    let mut told = Vec::new();
    let outcome = spawnable(client.results("msgbatch_1", &mut |result| told.push(result))).await;
    (told, outcome)
}

#[tokio::test]
async fn a_batch_goes_out_from_its_file() {
    let spool = NamedTempFile::new().unwrap();
    let (server, serving) = serve(vec![response("200 OK", CLOSE, ENDED)]).await;
    let options = ConnectionOptions { model_prefix: "anthropic.".into(), ..ConnectionOptions::default() };
    let client = client_with(&server, &options);
    let buffered = BufWriter::new(spool.as_file());
    let mut writer = writer(buffered, client.dialect(), u64::MAX).unwrap();
    for index in 0..700 {
        assert_eq!(writer.push(&format!("image-{index}"), &request()).unwrap(), Pushed::Taken);
    }
    writer.ended().unwrap();
    let written = std::fs::read_to_string(spool.path()).unwrap();
    assert!(written.len() > 1_000_000, "several pieces");

    let batch = spawnable(client.submit(spool.path(), "fieldmark-1")).await.unwrap();
    let moment = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let counts = BatchCounts { succeeded: 2, errored: 1, ..BatchCounts::default() };
    let expected = Batch {
        id: "msgbatch_1".into(),
        name: None,
        state: BatchStatus::Ended,
        counts,
        created_at: moment(60),
        expires_at: moment(86_460),
    };
    assert_eq!((batch, counts.total()), (expected, 3));
    let requests = serving.await.unwrap();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/messages/batches HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("content-length: {}", written.len())) && !head.contains("chunked"), "{head}");
    assert!(head.contains(&format!("x-api-key: {SECRET}")));
    assert!(body == written);
}

#[tokio::test]
async fn a_lost_reply_is_told_from_a_refusal() {
    let mut spool = NamedTempFile::new().unwrap();
    spool.write_all(b"{}").unwrap();
    let table = [
        (Act::Write(Vec::new()), true),
        (response("200 OK", CLOSE, "{\"ok\":"), true),
        (response("504 Gateway Timeout", CLOSE, ""), true),
        (response("429 Too Many Requests", CLOSE, ""), false),
        (response("529 Overloaded", CLOSE, ""), false),
        (response("404 Not Found", CLOSE, ""), false),
    ];
    for (act, may_have_been_taken) in table {
        let (server, _serving) = serve(vec![act]).await;
        let error = patient(&server).submit(spool.path(), "fieldmark-1").await.unwrap_err();
        assert_eq!(error.may_have_been_taken(), may_have_been_taken, "{error}");
        assert_eq!(error.may_be_billed(), may_have_been_taken && !matches!(error, RequestError::Refused(_)), "{error}");
        assert_eq!(error.is_not_found(), error.to_string().contains("404"));
    }
    let missing = spool.path().with_extension("missing");
    let error =
        patient(&BaseUrl::parse("http://127.0.0.1:1").unwrap()).submit(&missing, "fieldmark-1").await.unwrap_err();
    assert!(matches!(error, RequestError::Unsendable { .. }) && !error.may_have_been_taken(), "{error}");
    assert_eq!(error.action(), RetryAction::Retry { after: None, cause: RetryCause::Transient });
}

#[tokio::test]
async fn batches_are_looked_after() {
    let going = r#"{"id":"msgbatch_2","processing_status":"in_progress"}"#;
    let unknown = r#"{"id":"msgbatch_2","processing_status":"pondering","created_at":"lately"}"#;
    let canceling = r#"{"id":"msgbatch_2","processing_status":"canceling"}"#;
    let page = format!(r#"{{"data":[{going},{ENDED}],"has_more":true,"last_id":"msgbatch_1"}}"#);
    let last_page = r#"{"data":[],"has_more":false,"last_id":null}"#;
    let bodies = [going, unknown, canceling, canceling, &page, last_page];
    let (server, serving) = serve(bodies.map(|body| response("200 OK", CLOSE, body)).into()).await;
    let client = patient(&server);
    for _ in 0..2 {
        let batch = client.get("../models?x").await.unwrap();
        assert_eq!((batch.state, batch.counts.total(), batch.created_at), (BatchStatus::InProgress, 0, None));
    }
    client.cancel("msgbatch_2").await.unwrap();
    assert_eq!(client.get("msgbatch_2").await.unwrap().state, BatchStatus::Canceling);
    let newest = client.list(None).await.unwrap();
    let ids: Vec<&str> = newest.batches.iter().map(|batch| batch.id.as_str()).collect();
    assert_eq!((ids, newest.next_after.as_deref()), (vec!["msgbatch_2", "msgbatch_1"], Some("msgbatch_1")));
    let rest = client.list(newest.next_after.as_deref()).await.unwrap();
    assert_eq!(rest, BatchPage { batches: Vec::new(), next_after: None });
    let requests = serving.await.unwrap();
    let paths: Vec<&str> = requests.iter().map(|request| path(request)).collect();
    let expected = [
        "/v1/messages/batches/..%2Fmodels%3Fx",
        "/v1/messages/batches/..%2Fmodels%3Fx",
        "/v1/messages/batches/msgbatch_2/cancel",
        "/v1/messages/batches/msgbatch_2",
        "/v1/messages/batches?limit=100",
        "/v1/messages/batches?limit=100&after_id=msgbatch_1",
    ];
    assert_eq!(paths, expected);
    assert!(requests[2].starts_with("POST "), "{}", requests[2]);
}

#[tokio::test]
async fn results_become_answers() {
    let canceled = r#"{"custom_id":"image-2","result":{"type":"canceled"}}"#;
    let (server, serving) =
        serve(vec![response("200 OK", CLOSE, ENDED), results(&[canceled, "nonsense", RESULT])]).await;
    let (told, outcome) = read_results(&patient(&server)).await;
    assert_eq!(outcome, Ok(Unreported::Unknown));
    let ids: Vec<Option<&str>> = told.iter().map(|result| result.custom_id.as_deref()).collect();
    assert_eq!(ids, [Some("image-2"), None, Some("image-1")]);
    let Some(BatchResult { outcome: BatchOutcome::Answered(answer), .. }) = told.into_iter().next_back() else {
        panic!("no answer")
    };
    let answer = answer.about(PixelSize::new(640, 480), BoxCoordinates::PixelXyxy);
    assert_eq!(answer.usage.map(|usage| usage.input_tokens), Some(7));
    let read = crate::parse::read(&answer, &Recipe::find_these("cat").unwrap()).unwrap();
    assert_eq!((read.annotations.len(), read.sent), (1, PixelSize::new(640, 480)));
    assert_eq!(path(&serving.await.unwrap()[1]), "/v1/messages/batches/msgbatch_1/results");
}

#[tokio::test]
async fn a_key_follows_no_address_to_another_server() {
    let standard = "/v1/messages/batches/msgbatch_1/results";
    let table = [
        ("http://127.0.0.1:9/x", standard),
        ("https://evil.example/x", standard),
        ("http://me@OWN/x", standard),
        ("file:///x", standard),
        ("x", standard),
        ("http://OWN/own?x=1", "/own?x=1"),
    ];
    for (told, expected) in table {
        let (server, serving) = serve_as(|server| {
            let own = server.to_string().replace("http://", "");
            vec![ended(&told.replace("OWN", &own)), results(&[RESULT; 3])]
        })
        .await;
        let (told, outcome) = read_results(&patient(&server)).await;
        assert_eq!((outcome, told.len()), (Ok(Unreported::Unknown), 3));
        assert_eq!(path(&serving.await.unwrap()[1]), expected);
    }
}

#[tokio::test]
async fn results_that_break_off_are_a_failure_after_what_was_whole() {
    let whole = RESULT.replace('\n', "");
    let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n{CLOSE}\r\n{whole}\n{}", &whole[..100]);
    let (server, _serving) = serve(vec![ended("http://127.0.0.1:9/x"), Act::Write(vec![cut.into_bytes()])]).await;
    let (told, outcome) = read_results(&patient(&server)).await;
    assert!(matches!(outcome, Err(RequestError::Lost { .. })), "{outcome:?}");
    assert_eq!(told.len(), 1);
}
