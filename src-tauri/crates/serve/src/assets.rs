//! The window's files: embedded in a release build, read from `ui/dist` in a debug build without the feature `embedded`.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::pages::{PlainPage, page};

#[derive(RustEmbed)]
#[folder = "../../../ui/dist"]
#[allow_missing = true]
struct Assets;

const INDEX: &str = "index.html";
/// Files below it have a hash in their names.
const HASHED: &str = "assets/";

/// A file of the window, or the window itself at `/`.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        return page(StatusCode::METHOD_NOT_ALLOWED, PlainPage::NotFound);
    }
    let name = match uri.path() {
        "/" => INDEX,
        path => path.trim_start_matches('/'),
    };
    let Some(file) = safe(name).and_then(Assets::get) else {
        return match name {
            INDEX => page(StatusCode::SERVICE_UNAVAILABLE, PlainPage::NoWindow),
            _ => page(StatusCode::NOT_FOUND, PlainPage::NotFound),
        };
    };
    let tag = format!("\"{}\"", blake3::Hash::from_bytes(file.metadata.sha256_hash()).to_hex());
    let caching = if name.starts_with(HASHED) { "private, max-age=31536000, immutable" } else { "no-cache" };
    let cached = [
        (header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, cached).into_response();
    }
    let kind = [(header::CONTENT_TYPE, file.metadata.mimetype().to_owned())];
    let data = match file.data {
        Cow::Borrowed(embedded) => Bytes::from_static(embedded),
        Cow::Owned(read) => Bytes::from(read),
    };
    (cached, kind, data).into_response()
}

/// The name of a file as the build of the window gives them; no other path is looked up.
fn safe(name: &str) -> Option<&str> {
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    name.split('/').all(is_plain).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_looked_up() {
        for name in ["index.html", "assets/index-fN4ZOA8q.js", "assets/a_b-1.woff2"] {
            assert_eq!(safe(name), Some(name));
        }
        for name in [
            "",
            "../Cargo.toml",
            "assets/../../package.json",
            "%2e%2e/package.json",
            "assets//a.js",
            "..\\a",
            ".env",
            "assets/.a",
            "a\0",
            "assets/",
            "C:/a",
        ] {
            assert_eq!(safe(name), None, "{name}");
        }
    }
    /// A release build has them in itself, and so has this one with the feature `embedded`.
    #[cfg(any(feature = "embedded", not(debug_assertions)))]
    #[test]
    fn the_windows_files_are_in_the_program() {
        let index = Assets::get(INDEX).unwrap();
        let page = String::from_utf8(index.data.to_vec()).unwrap();
        let scripts = page.split('"').filter_map(|part| part.strip_prefix("./").or(part.strip_prefix('/')));
        let named: Vec<_> = scripts.filter(|name| name.starts_with(HASHED)).collect();
        assert!(named.len() > 1, "a script and a style sheet: {named:?}");
        for name in named.into_iter().chain([INDEX]) {
            assert!(matches!(Assets::get(name).unwrap().data, Cow::Borrowed(_)), "{name}");
        }
    }
}
