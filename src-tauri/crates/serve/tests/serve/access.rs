//! Who is let in.

use serve::{ServeError, ServeOptions, WebServer};
use zeroize::Zeroizing;

use crate::client::{Client, Site, cookie_of, library_in, options};

const PASSWORD: &str = "correct horse battery";

fn with_password() -> ServeOptions {
    ServeOptions { password: Some(Zeroizing::new(PASSWORD.into())), ..options() }
}

#[tokio::test]
async fn nothing_is_shown_without_a_session() {
    let site = Site::start(options()).await;
    let mut stranger = site.stranger();
    for cookie in
        [None, Some("fieldmark=1".to_owned()), Some(format!("fieldmark-{}=AAAA", site.server.address().port()))]
    {
        stranger.cookie = cookie;
        for path in [
            "/",
            "/index.html",
            "/assets/",
            "/thumb/1/384",
            "/api/stream",
            "/download/metrics?run=1",
            "/?token=",
            "/?token=a",
            "/none",
        ] {
            let reply = stranger.get(path).await;
            assert_eq!(reply.status, 401, "{path}");
            let text = reply.text();
            assert!(text.contains("link") && !text.contains("<script") && text.len() < 2000, "{path}: {text}");
        }
        for path in ["/api/call/overview", "/api/stream/1/1", "/upload/0/a.jpg", "/sign-out", "/sign-in"] {
            assert_eq!(stranger.post(path, b"{}").await.status, 401, "{path}");
        }
    }
}

#[tokio::test]
async fn a_link_lets_in_one_browser_once() {
    let site = Site::start(options()).await;
    let stranger = site.stranger();
    let link = site.link();
    assert!(
        site.server.link().unwrap().starts_with(&format!("http://127.0.0.1:{}/?token=", site.server.address().port()))
    );
    // The later link has replaced it.
    assert_eq!(stranger.get(&link).await.status, 401);

    let link = site.link();
    // A preview of the link does not use it.
    assert_eq!(stranger.send("HEAD", &link, &[], b"").await.status, 401);
    let reply = stranger.get(&link).await;
    assert_eq!((reply.status, reply.header("location")), (303, Some("/")));
    let mut attributes: Vec<&str> = reply.header("set-cookie").unwrap().split("; ").skip(1).collect();
    attributes.sort_unstable();
    assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Strict"]);
    assert!(cookie_of(&reply).starts_with(&format!("fieldmark-{}=", site.server.address().port())));
    assert_eq!(stranger.get(&link).await.status, 401);

    let mut window = site.stranger();
    window.cookie = Some(cookie_of(&reply));
    assert_eq!(window.get("/").await.status, 200);
    // A browser that is in is not sent away by its old link.
    assert_eq!(window.get(&link).await.header("location"), Some("/"));
    // The token is no cookie.
    window.cookie = Some(format!("fieldmark-{}={}", site.server.address().port(), &link[8..]));
    assert_eq!(window.get("/").await.status, 401);
}

#[tokio::test]
async fn a_link_on_another_page_leads_to_the_window() {
    let site = Site::start(options()).await;
    let headers = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    // The browser does not send its cookie; the page that it gets opens itself again.
    let reply = site.stranger().send("GET", "/", &headers, b"").await;
    assert_eq!(reply.status, 401);
    assert!(reply.text().contains("http-equiv=\"refresh\""));
    let again = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate")];
    assert!(!site.stranger().send("GET", "/", &again, b"").await.text().contains("http-equiv"));
    assert_eq!(site.window().await.send("GET", "/", &again, b"").await.status, 200);
}

#[tokio::test]
async fn a_password_lets_in() {
    let site = Site::start(with_password()).await;
    let stranger = site.stranger();
    let form = stranger.get("/").await;
    assert_eq!(form.status, 401);
    assert!(form.text().contains("type=\"password\"") && form.text().contains("action=\"/sign-in\""));
    let policy = form.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    // With no-referrer, a browser would send "Origin: null" with the form.
    assert_eq!(form.header("referrer-policy"), Some("same-origin"));
    let sign_in = async |password: &str| {
        let body = format!("password={}", password.replace(' ', "+"));
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", &*stranger.origin())];
        stranger.send("POST", "/sign-in", &headers, body.as_bytes()).await
    };
    let wrong = sign_in("correct horse batterx").await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    let right = sign_in(PASSWORD).await;
    assert_eq!((right.status, right.header("location")), (303, Some("/")));
    let mut window = site.stranger();
    window.cookie = Some(cookie_of(&right));
    assert_eq!(window.get("/").await.status, 200);
    // Six attempts a minute.
    let mut last = right;
    for _ in 0..6 {
        last = sign_in(PASSWORD).await;
    }
    assert_eq!((last.status, last.header("retry-after")), (429, Some("60")));
    // The link still lets in.
    site.window().await;
}

#[tokio::test]
async fn the_network_is_served_with_a_password_only() {
    let folder = tempfile::tempdir().unwrap();
    let library = library_in(folder.path());
    let start = async |options: ServeOptions| WebServer::start(library.clone(), options).await;
    let open = ServeOptions { host: "0.0.0.0".into(), ..options() };
    let refused = start(open).await.err().unwrap();
    assert!(matches!(refused, ServeError::NeedsPassword { .. }), "{refused}");
    let short = ServeOptions { host: "0.0.0.0".into(), password: Some(Zeroizing::new("short".into())), ..options() };
    assert!(matches!(start(short).await, Err(ServeError::ShortPassword)));
    let served = start(ServeOptions { host: "0.0.0.0".into(), ..with_password() }).await.unwrap();
    // The link names an address that is answered, which 0.0.0.0 is not.
    let link = served.link().unwrap();
    let (host, path) = link.strip_prefix("http://").unwrap().split_at(link.find("/?").unwrap() - "http://".len());
    let reply = Client { address: host.parse().unwrap(), host: host.to_owned(), cookie: None }.get(path).await;
    assert_eq!(reply.status, 303, "{link}: {}", reply.head);
    served.stop().await;
}

#[tokio::test]
async fn behind_tls_the_cookie_is_secure() {
    let public_url = Some("https://photos.example.org".to_owned());
    let site = Site::start(ServeOptions { public_url, ..options() }).await;
    assert!(site.server.link().unwrap().starts_with("https://photos.example.org/?token="));
    let mut stranger = site.stranger();
    stranger.host = "photos.example.org".into();
    let reply = stranger.get(&site.link()).await;
    assert!(reply.header("set-cookie").unwrap().contains("; Secure"), "{}", reply.head);
    let mut window = stranger.clone();
    window.cookie = Some(cookie_of(&reply));
    let headers = |origin| [("content-type", "application/json"), ("origin", origin)];
    let call = async |origin| window.send("POST", "/api/call/front_end", &headers(origin), b"{}").await.status;
    assert_eq!(call("https://photos.example.org").await, 200);
    assert_eq!(call("http://photos.example.org").await, 403);
    // Without the proxy, the browser came by plain HTTP.
    assert!(!site.stranger().get(&site.link()).await.header("set-cookie").unwrap().contains("Secure"));
}

#[tokio::test]
async fn a_browser_can_sign_out() {
    let site = Site::start(options()).await;
    let (window, other) = (site.window().await, site.window().await);
    assert_eq!(window.post("/sign-out", b"").await.status, 200);
    assert_eq!(window.get("/").await.status, 401);
    assert_eq!(other.get("/").await.status, 200);
}
