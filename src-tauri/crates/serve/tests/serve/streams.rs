//! Subscriptions: many over one stream, and several windows.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::client::{Client, Site, options};

/// The stream of a window.
struct Events {
    lines: BufReader<TcpStream>,
    id: String,
}

impl Events {
    async fn open(window: &Client) -> Self {
        let mut stream = TcpStream::connect(window.address).await.unwrap();
        let head = window.head("GET", "/api/stream", &[("accept-encoding", "gzip"), ("connection", "close")]) + "\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut events = Self { lines: BufReader::new(stream), id: String::new() };
        let (kind, id) = events.event().await.unwrap();
        assert_eq!(kind, "opened");
        events.id = id;
        events
    }

    /// The next event: its name and data. `None` at the end.
    async fn event(&mut self) -> Option<(String, String)> {
        let mut kind = String::new();
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).await.unwrap() == 0 {
                return None;
            }
            if let Some(name) = line.strip_prefix("event: ") {
                kind = name.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((kind, data.trim().to_owned()));
            }
        }
    }

    async fn message(&mut self) -> Value {
        let (kind, data) = self.event().await.unwrap();
        assert_eq!(kind, "message");
        serde_json::from_str(&data).unwrap()
    }

    /// The next message that `is` the one.
    async fn wait_for(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.message().await;
            if is(&message) {
                return message;
            }
        }
    }

    fn path(&self, subscription: u32) -> String {
        format!("/api/stream/{}/{subscription}", self.id)
    }

    async fn subscribe(&self, window: &Client, subscription: u32, name: &str, input: Value) -> u16 {
        let body = json!({ "name": name, "input": input }).to_string();
        window.post(&self.path(subscription), body.as_bytes()).await.status
    }
}

fn is_change(message: &Value) -> bool {
    message["value"]["kind"] == "library_changed"
}

#[tokio::test]
async fn subscriptions_share_a_stream() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    let mut events = Events::open(&window).await;
    assert_eq!(events.subscribe(&window, 1, "events", json!({})).await, 204);
    assert_eq!(events.message().await, json!({ "subscription": 1, "value": { "kind": "runs_changed", "runs": [] } }));
    assert_eq!(events.subscribe(&window, 2, "nothing", json!({})).await, 204);
    let unknown = events.wait_for(|message| message["subscription"] == 2).await;
    assert_eq!(unknown["error"]["code"], "unknown_operation");
    assert_eq!(events.subscribe(&window, 3, "run_progress", json!({ "run": "x" })).await, 204);
    assert_eq!(events.wait_for(|message| message["subscription"] == 3).await["error"]["code"], "invalid_input");
    assert_eq!(events.subscribe(&window, 1, "events", json!({})).await, 409);
    // Two of one kind, of which one ends.
    assert_eq!(events.subscribe(&window, 4, "events", json!({})).await, 204);
    events.wait_for(|message| message["subscription"] == 4).await;
    let origin = window.origin();
    assert_eq!(window.send("DELETE", &events.path(1), &[("origin", &origin)], b"").await.status, 204);
    assert_eq!(window.send("DELETE", &events.path(1), &[("origin", &origin)], b"").await.status, 204);
    window.call("import_samples", json!({})).await;
    let change = events.wait_for(is_change).await;
    assert_eq!(change["subscription"], 4);
}

#[tokio::test]
async fn windows_see_each_others_changes() {
    let site = Site::start(options()).await;
    let (first, second) = (site.window().await, site.window().await);
    let (mut at_first, mut at_second) = (Events::open(&first).await, Events::open(&second).await);
    assert_eq!(at_first.subscribe(&first, 1, "events", json!({})).await, 204);
    assert_eq!(at_second.subscribe(&second, 1, "events", json!({})).await, 204);
    at_first.message().await;
    at_second.message().await;
    assert_eq!(first.call("import_samples", json!({})).await.status, 200);
    at_first.wait_for(is_change).await;
    at_second.wait_for(is_change).await;
}

#[tokio::test]
async fn a_stream_belongs_to_its_session_and_ends_with_it() {
    let site = Site::start(options()).await;
    let (window, other) = (site.window().await, site.window().await);
    let mut events = Events::open(&window).await;
    assert_eq!(events.subscribe(&other, 1, "events", json!({})).await, 404);
    assert_eq!(other.post("/api/stream/1/1", br#"{"name":"events"}"#).await.status, 404);
    assert_eq!(window.post("/sign-out", b"").await.status, 200);
    assert_eq!(events.event().await, None);

    // A closed connection ends the stream too.
    let events = Events::open(&other).await;
    let path = events.path(1);
    assert_eq!(events.subscribe(&other, 1, "events", json!({})).await, 204);
    drop(events);
    while other.send("DELETE", &path, &[("origin", &other.origin())], b"").await.status != 404 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn stopping_the_server_ends_the_streams() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    let mut events = Events::open(&window).await;
    let (ended, ()) = tokio::join!(events.event(), site.server.stop());
    assert_eq!(ended, None);
}
