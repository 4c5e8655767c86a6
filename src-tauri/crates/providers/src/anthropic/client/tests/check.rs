//! Setting up a connection, and checking it.

use super::*;

#[tokio::test]
async fn an_address_without_a_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let client = client(&server, Timeouts::default());
    let error = client.send(&request(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(error, RequestError::Unreachable { .. }), "{error}");
    assert!(!error.may_be_billed());
    assert!(matches!(client.check("claude-sonnet-5-5").await, Err(CheckError::Unreachable { .. })));
    assert!(!format!("{client:?} {error:?} {error}").contains(SECRET));
}

#[test]
fn the_vendor_s_own_host_can_be_set_up() {
    let server = BaseUrl::parse("https://api.anthropic.com").unwrap();
    let client = Client::new(server.clone(), Key::for_server(SECRET, &server).unwrap(), &ConnectionOptions::default());
    assert!(!format!("{:?}", client.unwrap()).contains(SECRET));
}

#[test]
fn a_key_is_not_sent_to_another_server() {
    let key = Key::for_server(SECRET, &BaseUrl::parse("https://one.example").unwrap()).unwrap();
    let other = BaseUrl::parse("https://other.example").unwrap();
    let error = Client::new(other, key, &ConnectionOptions::default()).unwrap_err();
    assert!(matches!(&error, ConnectError::KeyOfAnotherServer { origin } if origin == "https://other.example"));
    assert!(!format!("{error} {error:?}").contains(SECRET));
}

#[tokio::test]
async fn a_good_connection_lists_its_models() {
    let first =
        r#"{"data":[{"id":"claude-x","type":"model"}],"has_more":true,"first_id":"claude-x","last_id":"claude-x"}"#;
    let second = r#"{"data":[{"id":"claude-sonnet-5-5","display_name":"Claude Sonnet 5.5","lifecycle":"active",
        "retires_at":null,"max_input_tokens":1000000,"capabilities":{"image_input":true}}],"has_more":false}"#;
    let close = "connection: close\r\n";
    let (server, serving) = serve(vec![response("200 OK", close, first), response("200 OK", close, second)]).await;
    let models = client(&server, Timeouts::default()).check("claude-sonnet-5-5").await.unwrap();
    let ids: Vec<_> = models.iter().map(|model| (model.id.as_str(), model.lifecycle.as_deref())).collect();
    assert_eq!(ids, [("claude-x", None), ("claude-sonnet-5-5", Some("active"))]);
    let requests = serving.await.unwrap();
    assert!(requests[0].starts_with("GET /v1/models?limit=1000 HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[1].starts_with("GET /v1/models?limit=1000&after_id=claude-x HTTP/1.1\r\n"), "{}", requests[1]);
}

#[tokio::test]
async fn a_server_without_a_list_counts_a_word() {
    let close = "connection: close\r\n";
    let missing = || response("404 Not Found", close, "");
    let check = async |acts| {
        let (server, serving) = serve(acts).await;
        let options = ConnectionOptions { model_prefix: "anthropic.".into(), ..ConnectionOptions::default() };
        let found = client_with(&server, &options).check("claude-sonnet-5-5").await;
        (found, serving.await.unwrap())
    };
    let (found, requests) = check(vec![missing(), response("200 OK", close, "{\"input_tokens\":8}")]).await;
    assert_eq!(found.unwrap()[0].id, "anthropic.claude-sonnet-5-5");
    assert!(requests[1].starts_with("POST /v1/messages/count_tokens"), "{}", requests[1]);
    assert!(requests[1].contains("\"model\":\"anthropic.claude-sonnet-5-5\""), "{}", requests[1]);

    let refused = |kind: &str| format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"model: x"}}}}"#);
    let unknown = response("404 Not Found", close, &refused("not_found_error"));
    let (found, _) = check(vec![missing(), unknown]).await;
    assert!(matches!(found, Err(CheckError::UnknownModel { .. })), "{found:?}");
    let rejected = response("401 Unauthorized", close, &refused("authentication_error"));
    let (found, _) = check(vec![missing(), rejected]).await;
    assert!(matches!(found, Err(CheckError::KeyRejected)), "{found:?}");
    let (found, _) = check(vec![missing(), missing()]).await;
    assert!(matches!(found, Err(CheckError::NotSuchAServer { .. })), "{found:?}");
}

#[tokio::test]
async fn a_bad_connection_says_what_to_do() {
    type Expected = fn(&CheckError) -> bool;
    let refused = |kind: &str| format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"no {SECRET}"}}}}"#);
    let table: [(&str, String, Expected); 8] = [
        ("401 Unauthorized", refused("authentication_error"), |error| matches!(error, CheckError::KeyRejected)),
        ("402 Payment Required", refused("billing_error"), |error| matches!(error, CheckError::NoCredit { .. })),
        ("403 Forbidden", refused("permission_error"), |error| matches!(error, CheckError::NotPermitted { .. })),
        ("404 Not Found", "<html>".into(), |error| matches!(error, CheckError::NotSuchAServer { .. })),
        ("301 Moved Permanently", String::new(), |error| matches!(error, CheckError::NotSuchAServer { .. })),
        ("200 OK", "<html>".into(), |error| matches!(error, CheckError::NotSuchAServer { .. })),
        (
            "200 OK",
            r#"{"data":[{"id":"other"}]}"#.into(),
            |error| matches!(error, CheckError::UnknownModel { available, .. } if available.len() == 1),
        ),
        ("529 Overloaded", refused("overloaded_error"), |error| matches!(error, CheckError::ServerFailing { .. })),
    ];
    for (status, body, is_expected) in table {
        let (server, _serving) = serve(vec![response(status, "", &body)]).await;
        let error = client(&server, Timeouts::default()).check("claude-sonnet-5-5").await.unwrap_err();
        assert!(is_expected(&error), "{status}: {error:?}");
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    }
}
