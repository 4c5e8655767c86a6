//! Server-sent events, and answers of vendors over HTTP.

use std::mem::discriminant;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;
use providers::answer::RawAnswer;
use providers::base_url::{BaseUrl, Key};
use providers::error::RequestError;
use providers::provider::{ConnectionOptions, Endpoint, EndpointConfig, Provider};
use providers::registry;
use providers::request::{MediaType, Picture, Request, RequestOptions};
use providers::sse::{Event, Parser};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::{choices, pick};

/// Any bytes are the same events however they are cut into pieces.
pub fn sse(input: &[u8]) {
    let Some((chosen, stream)) = choices(input, 1) else { return };
    let read = |size: usize| -> (Vec<Event>, usize, Option<Event>) {
        let mut parser = Parser::default();
        let events = stream.chunks(size).flat_map(|piece| parser.push(piece)).collect();
        (events, parser.pending_bytes(), parser.finish())
    };
    let whole = read(stream.len().max(1));
    assert_eq!(read(usize::from(chosen[0] % 16) + 1), whole);
    let (events, pending_bytes, _) = whole;
    // A byte that is no text becomes a character of three bytes.
    let data_bytes: usize = events.iter().map(|event| event.data.len()).sum();
    assert!(data_bytes + pending_bytes <= 3 * stream.len());
}

/// Vendors with streams of their own.
const VENDORS: [&str; 3] = ["anthropic", "openai", "gemini"];

thread_local! {
    static SERVED: Served = Served::start();
}

/// Any body is an answer or an error, the same however it is cut into pieces, and the answer can be parsed.
pub fn stream(input: &[u8]) {
    let Some((chosen, body)) = choices(input, 2) else { return };
    SERVED.with(|served| {
        let vendor = pick(&served.vendors, chosen[0]);
        let whole = served.answer(vendor, vec![Bytes::copy_from_slice(body)]);
        let size = (usize::from(chosen[1]) + 1).max(body.len() / 64);
        let in_pieces = served.answer(vendor, body.chunks(size).map(Bytes::copy_from_slice).collect());
        match (&whole, &in_pieces) {
            (Ok(whole), Ok(in_pieces)) => assert_eq!(whole, in_pieces),
            (Err(whole), Err(in_pieces)) => {
                assert_eq!(discriminant(whole), discriminant(in_pieces), "{whole}; {in_pieces}");
                let _ = (whole.action(), whole.may_be_billed());
            }
            _ => panic!("{whole:?}; {in_pieces:?}"),
        }
    });
}

struct Vendor {
    provider: &'static dyn Provider,
    endpoint: Arc<dyn Endpoint>,
    request: Request,
}

/// A server that gives the next body as its answer to every request.
struct Served {
    runtime: Runtime,
    next: Arc<Mutex<Vec<Bytes>>>,
    vendors: Vec<Vendor>,
    recipe: Recipe,
}

impl Served {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let port = listener.local_addr().expect("its port").port();
        let next = Arc::new(Mutex::new(Vec::new()));
        runtime.spawn(serve(listener, next.clone()));
        let recipe = Recipe::find_these("cat, dog").expect("labels");
        let vendor = |id: &&str| {
            let provider =
                *registry::all().iter().find(|provider| provider.descriptor().id == *id).expect("registered");
            let model = provider.catalog().models.iter().find(|model| model.id == provider.catalog().default_model);
            let model = model.expect("a default model");
            let server = BaseUrl::parse(&format!("http://127.0.0.1:{port}")).expect("an address");
            let key = Key::for_server("sk-of-the-fuzzer-0123456789", &server).expect("a key");
            let config = EndpointConfig { server: Some((server, Some(key))), options: ConnectionOptions::default() };
            let endpoint = provider.connect(model, config).expect("a connection");
            let prepared = provider.prepare(model, &recipe, RequestOptions::default()).expect("a prompt");
            let size = PixelSize::new(640, 480);
            let picture = Picture { size, media_type: MediaType::Jpeg, bytes: Bytes::from_static(b"jpeg") };
            Vendor { provider, endpoint, request: prepared.request(&picture).expect("a request") }
        };
        let vendors = VENDORS.iter().map(vendor).collect();
        Self { runtime, next, vendors, recipe }
    }

    fn answer(&self, vendor: &Vendor, body: Vec<Bytes>) -> Result<RawAnswer, RequestError> {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = body;
        let received = self.runtime.block_on(vendor.endpoint.send(&vendor.request, &mut |_| {}))?;
        let _ = vendor.provider.read(&received.kept, &self.recipe);
        let answer = RawAnswer::from_kept(&received.kept).expect("it is read back");
        assert_eq!(answer.usage, received.usage);
        Ok(RawAnswer { time_to_first_byte_millis: 0, took_millis: 0, ..answer })
    }
}

async fn serve(listener: TcpListener, next: Arc<Mutex<Vec<Bytes>>>) {
    loop {
        if let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve_connection(connection, next.clone()));
        }
    }
}

async fn serve_connection(mut connection: TcpStream, next: Arc<Mutex<Vec<Bytes>>>) -> std::io::Result<()> {
    let _ = connection.set_nodelay(true);
    let mut received = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if connection.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        let total = end + length.unwrap_or_default();
        while received.len() < total {
            if connection.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        }
        received.drain(..total);
        let pieces = next.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        connection.write_all(head).await?;
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            connection.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
            connection.write_all(piece).await?;
            connection.write_all(b"\r\n").await?;
            tokio::task::yield_now().await;
        }
        connection.write_all(b"0\r\n\r\n").await?;
    }
}
