//! What strangers, other pages and broken clients try.

use std::time::Duration;

use serve::{ServeLimits, ServeOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::client::{Site, options, read_reply};

#[tokio::test]
async fn a_name_that_is_not_ours_is_misdirected() {
    let site = Site::start(options()).await;
    let mut window = site.window().await;
    let port = site.server.address().port();
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "127.0.0.1.evil.example",
        "192.0.2.1",
        "[::1]",
        "",
        "a@127.0.0.1",
    ] {
        window.host = host.to_owned();
        for path in ["/", "/api/stream", "/thumb/1/384", "/?token=a"] {
            let reply = window.get(path).await;
            assert!(reply.status == 421 || (host.is_empty() && reply.status == 400), "{host}{path}: {}", reply.head);
        }
    }
    // A tunnel may begin at another port.
    for host in [&format!("localhost:{port}"), "localhost:9000", "127.0.0.1:9000"] {
        window.host = host.to_owned();
        assert_eq!(window.get("/").await.status, 200, "{host}");
    }
    // Two names, and a request line that names another host than the header.
    let cookie = window.cookie.clone().unwrap();
    let twice = format!(
        "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n"
    );
    assert!(window.exchange(twice.as_bytes()).await.status >= 400);
    let absolute = format!(
        "GET http://evil.example/ HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(window.exchange(absolute.as_bytes()).await.status, 421);
    let none = format!("GET / HTTP/1.0\r\ncookie: {cookie}\r\n\r\n");
    assert_eq!(window.exchange(none.as_bytes()).await.status, 421);
}

#[tokio::test]
async fn other_pages_can_do_nothing() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    let own = window.origin();
    let post = async |headers: &[(&str, &str)]| {
        let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
        window.send("POST", "/api/call/front_end", &headers, b"{}").await.status
    };
    assert_eq!(post(&[("origin", &own)]).await, 200);
    assert_eq!(post(&[("origin", &own), ("sec-fetch-site", "same-origin")]).await, 200);
    assert_eq!(post(&[]).await, 403);
    // The last two are pages of other servers on this machine, which share our cookies.
    for origin in
        ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", &own.replace("http:", "https:")]
    {
        assert_eq!(post(&[("origin", origin)]).await, 403, "{origin}");
    }
    assert_eq!(post(&[("origin", &own), ("origin", "http://evil.example")]).await, 403);
    for site in ["same-site", "cross-site", "none", "other"] {
        assert_eq!(post(&[("origin", &own), ("sec-fetch-site", site)]).await, 403, "{site}");
    }
    let get = async |path: &str, headers: &[(&str, &str)]| window.send("GET", path, headers, b"").await.status;
    assert_eq!(get("/api/stream", &[("origin", "http://evil.example")]).await, 403);
    for path in ["/api/stream", "/thumb/1/384", "/index.html", "/download/metrics?run=1"] {
        assert_eq!(get(path, &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")]).await, 403, "{path}");
        assert_eq!(get(path, &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]).await, 403, "{path}");
    }
    assert_eq!(get("/", &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")]).await, 200);
    // A form of another page cannot send JSON, and a preflight is not answered.
    let form = [("content-type", "text/plain"), ("origin", &*own)];
    assert_eq!(window.send("POST", "/api/call/front_end", &form, b"{}").await.status, 415);
    let preflight = [("origin", "http://evil.example"), ("access-control-request-method", "POST")];
    let reply = window.send("OPTIONS", "/api/call/front_end", &preflight, b"").await;
    assert_eq!(reply.status, 403);
    assert!(!reply.head.to_lowercase().contains("access-control"), "{}", reply.head);
}

#[tokio::test]
async fn every_response_has_the_headers_that_protect_it() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    for reply in [
        window.get("/").await,
        window.get("/none").await,
        site.stranger().get("/").await,
        window.call("none", serde_json::json!({})).await,
    ] {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{}", reply.head);
        }
        assert!(reply.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
        assert!(!reply.head.to_lowercase().contains("access-control"));
    }
    let page = window.get("/").await;
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("img-src 'self';") && !policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn no_path_leads_out_of_the_windows_files() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    for path in [
        "/../package.json",
        "/../../Cargo.toml",
        "/assets/../../package.json",
        "/%2e%2e/package.json",
        "/assets/%2e%2e/%2e%2e/package.json",
        "/..%2fpackage.json",
        "/..\\package.json",
        "/..%5cpackage.json",
        "/index.html%00",
        "/assets/..;/index.html",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/assets",
        "/assets/",
        "/.",
        "/thumb/../index.html",
        "/C:/Windows/win.ini",
    ] {
        let reply = window.get(path).await;
        assert!([400, 404].contains(&reply.status), "{path}: {}", reply.head);
        assert!(!reply.text().contains("fieldmark-window"), "{path}");
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_unread() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    let origin = window.origin();
    let headers = [("content-type", "application/json"), ("origin", &*origin)];
    let huge = vec![b' '; (8 << 20) + 1];
    assert_eq!(window.send("POST", "/api/call/front_end", &headers, &huge).await.status, 413);
    // Only announced.
    let announced = window.head("POST", "/api/call/front_end", &headers) + "content-length: 1000000000000\r\n\r\n";
    let mut stream = TcpStream::connect(window.address).await.unwrap();
    stream.write_all(announced.as_bytes()).await.unwrap();
    stream.write_all(&huge).await.unwrap();
    stream.write_all(&huge).await.ok();
    assert_eq!(read_reply(&mut stream).await.status, 413);
    // In parts of unknown number.
    let mut parts = (window.head("POST", "/api/call/front_end", &headers)
        + "transfer-encoding: chunked\r\nconnection: close\r\n\r\n")
        .into_bytes();
    parts.extend(format!("{:x}\r\n", huge.len()).bytes().chain(huge.iter().copied()).chain(*b"\r\n0\r\n\r\n"));
    assert_eq!(window.exchange(&parts).await.status, 413);
    // A stranger's body is not read at all.
    assert_eq!(site.stranger().send("POST", "/api/call/front_end", &headers, &huge).await.status, 401);
    // Headers without end.
    let endless = window.head("GET", "/", &[("x", &"a".repeat(100_000))]) + "\r\n";
    assert_eq!(window.exchange(endless.as_bytes()).await.status, 431);
}

#[tokio::test]
async fn slow_clients_are_cut_off_and_others_served() {
    let patience = Duration::from_millis(300);
    let limits =
        ServeLimits { connections: 8, header_timeout: patience, body_timeout: patience, ..ServeLimits::default() };
    let site = Site::start(ServeOptions { limits, ..options() }).await;
    let window = site.window().await;
    // As many as there are places, none of which completes its headers.
    let mut slow = JoinSet::new();
    for _ in 0..8 {
        let head = window.head("GET", "/", &[]);
        let mut stream = TcpStream::connect(window.address).await.unwrap();
        slow.spawn(async move {
            stream.write_all(head.as_bytes()).await.unwrap();
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
        });
    }
    assert_eq!(window.get("/").await.status, 200);
    while let Some(ended) = slow.join_next().await {
        let _ = ended.unwrap();
    }
    // The headers come, the body does not.
    let origin = window.origin();
    let headers =
        [("content-type", "application/json"), ("origin", &*origin), ("content-length", "10"), ("connection", "close")];
    let head = window.head("POST", "/api/call/front_end", &headers) + "\r\n{";
    assert_eq!(window.exchange(head.as_bytes()).await.status, 408);
}

#[tokio::test]
async fn idle_connections_of_one_client_leave_places_for_others() {
    let limits = ServeLimits { connections: 8, connections_of_client: 4, ..ServeLimits::default() };
    let site = Site::start(ServeOptions { limits, ..options() }).await;
    let window = site.window().await;
    let mut idle = Vec::new();
    for _ in 0..12 {
        let socket = TcpSocket::new_v4().unwrap();
        // Another address of this machine.
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        idle.push(socket.connect(window.address).await.unwrap());
    }
    assert_eq!(window.get("/").await.status, 200);
    // Those beyond the limit are closed without a response.
    let mut open = 0;
    for stream in &mut idle {
        let read = tokio::time::timeout(Duration::from_millis(200), stream.read(&mut [0])).await;
        open += i32::from(read.is_err());
    }
    assert_eq!(open, 4);
    // A place that becomes free is given again.
    drop(idle);
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut again = socket.connect(window.address).await.unwrap();
    again.write_all((window.head("GET", "/", &[("connection", "close")]) + "\r\n").as_bytes()).await.unwrap();
    assert_eq!(read_reply(&mut again).await.status, 200);
}

#[tokio::test]
async fn fifty_clients_are_served_at_once() {
    let site = Site::start(options()).await;
    let window = site.window().await;
    let mut clients = JoinSet::new();
    for number in 0..50 {
        let window = window.clone();
        clients.spawn(async move {
            match number % 3 {
                0 => window.get("/").await.status,
                1 => window.call("overview", serde_json::json!({})).await.status,
                _ => window.call("recipes", serde_json::json!({})).await.status,
            }
        });
    }
    assert_eq!(clients.join_all().await, [200; 50]);
}
