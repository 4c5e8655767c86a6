//! A server on a new library, and a client that sends exactly what a test says.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use engine::{Library, Surroundings};
use serde_json::Value;
use serve::{ServeLimits, ServeOptions, WebServer};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Site {
    pub server: WebServer,
    pub library: Arc<Library>,
    pub folder: TempDir,
}

pub fn options() -> ServeOptions {
    ServeOptions {
        ended_unexpectedly: false,
        host: "127.0.0.1".into(),
        port: 0,
        is_read_only: false,
        roots: Vec::new(),
        password: None,
        public_url: None,
        limits: ServeLimits::default(),
    }
}

pub fn library_in(folder: &Path) -> Arc<Library> {
    Library::open(&folder.join("library.sqlite"), Surroundings::only("http://127.0.0.1:9", "key")).unwrap()
}

impl Site {
    pub async fn start(options: ServeOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = library_in(&folder.path().join("library"));
        Self { server: WebServer::start(Arc::clone(&library), options).await.unwrap(), library, folder }
    }

    /// A client without a session.
    pub fn stranger(&self) -> Client {
        let address = self.server.address();
        Client { address, host: address.to_string(), cookie: None }
    }

    /// The path of a new link, with its token.
    pub fn link(&self) -> String {
        let link = self.server.link().unwrap();
        link[link.find("/?").unwrap()..].to_owned()
    }

    /// A client that has opened a new link.
    pub async fn window(&self) -> Client {
        let mut client = self.stranger();
        let reply = client.get(&self.link()).await;
        assert_eq!((reply.status, reply.header("location")), (303, Some("/")), "{}", reply.head);
        client.cookie = Some(cookie_of(&reply));
        client
    }
}

/// The name and value of the cookie that a reply sets.
pub fn cookie_of(reply: &Reply) -> String {
    reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[derive(Clone)]
pub struct Client {
    pub address: SocketAddr,
    pub host: String,
    pub cookie: Option<String>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (header, value) = line.split_once(':')?;
            header.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}\n{}", self.head, self.text()))
    }

    /// The code of an error.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

/// What a browser adds to a request of its page.
const JSON: (&str, &str) = ("content-type", "application/json");

impl Client {
    pub fn origin(&self) -> String {
        format!("http://{}", self.host)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"").await
    }

    pub async fn post(&self, path: &str, body: &[u8]) -> Reply {
        self.send("POST", path, &[JSON, ("origin", &self.origin())], body).await
    }

    /// Calls an operation.
    pub async fn call(&self, operation: &str, input: Value) -> Reply {
        self.post(&format!("/api/call/{operation}"), input.to_string().as_bytes()).await
    }

    /// Sends a request with these headers beside the host, the cookie and the length.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let end = format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len());
        let mut request = (self.head(method, path, headers) + &end).into_bytes();
        request.extend(body);
        self.exchange(&request).await
    }

    /// The request line and headers, without the empty line at their end.
    pub fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
        let mut lines = vec![format!("{method} {path} HTTP/1.1"), format!("host: {}", self.host)];
        lines.extend(self.cookie.iter().map(|cookie| format!("cookie: {cookie}")));
        lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
        lines.join("\r\n") + "\r\n"
    }

    /// Sends these bytes and reads the reply to its end.
    pub async fn exchange(&self, request: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may answer and close before it has read a body that it refuses.
        let _ = stream.write_all(request).await;
        read_reply(&mut stream).await
    }
}

pub async fn read_reply(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let end =
        bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or_else(|| panic!("no reply: {bytes:?}"));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head, body: bytes[end + 4..].to_vec() }
}
