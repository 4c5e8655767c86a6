//! A server whose replies a test writes itself, for what the simulator never says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

/// Starts a server on the loopback interface and returns its URL. `reply` gets the number of the request, from 0, and its body,
/// and returns the status line and the JSON of the reply.
///
/// # Panics
/// If there is no free port. A request that cannot be read ends the server.
#[must_use]
#[expect(clippy::expect_used, reason = "without a server there is no test")]
pub fn answering(mut reply: impl FnMut(usize, String) -> (&'static str, Value) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for (number, connection) in listener.incoming().enumerate() {
            let mut connection = BufReader::new(connection.expect("a connection"));
            let (mut line, mut length) = (String::new(), 0);
            while connection.read_line(&mut line).expect("a head") > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            connection.read_exact(&mut body).expect("a body");
            let (status, body) = reply(number, String::from_utf8_lossy(&body).into_owned());
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n");
            connection.get_mut().write_all(format!("{head}{body}").as_bytes()).expect("a client that reads");
        }
    });
    url
}

/// A message of Claude with this text, by `model`.
#[must_use]
pub fn message(model: &str, text: &str) -> Value {
    json!({"type": "message", "id": "m", "role": "assistant", "model": model, "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 1000, "output_tokens": 50}})
}
