//! A real HTTP server on the loopback interface that follows a test's script.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::base_url::BaseUrl;

pub const SECRET: &str = "planted-key-4711";

/// What the server does with a connection after reading the request.
pub enum Act {
    /// Writes these pieces one after the other and closes.
    Write(Vec<Vec<u8>>),
    /// Writes this, then waits for the client to close.
    WriteAndWait(String),
}

pub fn response(status: &str, headers: &str, body: &str) -> Act {
    let text = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
    Act::Write(vec![text.into_bytes()])
}

/// Serves one connection per act; the task returns the requests.
pub async fn serve(acts: Vec<Act>) -> (BaseUrl, JoinHandle<Vec<String>>) {
    serve_as(|_| acts).await
}

/// Like [`serve`], with acts that depend on the server's address.
pub async fn serve_as(acts: impl FnOnce(&BaseUrl) -> Vec<Act>) -> (BaseUrl, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let acts = acts(&server);
    let serving = tokio::spawn(async move {
        let mut requests = Vec::new();
        for act in acts {
            let (mut connection, _) = listener.accept().await.unwrap();
            requests.push(read_request(&mut connection).await);
            match act {
                Act::Write(pieces) => {
                    for piece in pieces {
                        connection.write_all(&piece).await.unwrap();
                        connection.flush().await.unwrap();
                        tokio::task::yield_now().await;
                    }
                }
                Act::WriteAndWait(text) => {
                    connection.write_all(text.as_bytes()).await.unwrap();
                    // Ends when the client closes: by end of file or reset.
                    let mut rest = Vec::new();
                    let _ = connection.read_to_end(&mut rest).await;
                }
            }
        }
        requests
    });
    (server, serving)
}

/// Reads a request to the end of its body.
pub async fn read_request(connection: &mut TcpStream) -> String {
    let (mut bytes, mut expected) = (Vec::new(), None);
    loop {
        let mut piece = vec![0; 64 << 10];
        let count = connection.read(&mut piece).await.unwrap();
        assert!(count > 0, "the request ended early");
        bytes.extend_from_slice(&piece[..count]);
        if expected.is_none()
            && let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&bytes[..end]);
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            expected = Some(end + 4 + length.unwrap_or_default());
        }
        if expected.is_some_and(|expected| bytes.len() >= expected) {
            return String::from_utf8_lossy(&bytes).into_owned();
        }
    }
}
