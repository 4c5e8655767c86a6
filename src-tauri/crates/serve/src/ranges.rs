//! Responses of which a browser may request a part, to continue a download (RFC 9110, section 14).

use std::convert::Infallible;
use std::io::{self, SeekFrom};
use std::ops::RangeInclusive;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_range_header::parse_range_header;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// What may be sent in parts.
#[derive(Debug)]
pub enum RangedContent {
    Bytes(Bytes),
    File { file: File, length: u64 },
}

/// The headers of a request that decide what is sent of the content.
#[derive(Debug, Clone)]
pub struct Asked {
    method: Method,
    headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { method: parts.method.clone(), headers: parts.headers.clone() })
    }
}

/// What is sent of the content.
#[derive(Debug, PartialEq, Eq)]
enum Sent {
    Everything,
    Part(RangeInclusive<u64>),
    /// The browser has it.
    NotModified,
    /// It ends before the range begins.
    OutOfRange,
}

impl Asked {
    /// Responds with the content, the part that was asked for, or without any if the browser has it. `tag` names the content:
    /// it differs when a byte does.
    pub async fn respond(&self, tag: &blake3::Hash, content: RangedContent) -> io::Result<Response> {
        let tag = format!("\"{}\"", tag.to_hex());
        let length = content.length();
        let headers = [
            (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
            (header::ETAG, HeaderValue::from_str(&tag).map_err(io::Error::other)?),
        ];
        let range = |range: String| [(header::CONTENT_RANGE, range)];
        Ok(match self.sent(&tag, length) {
            Sent::Everything => (headers, content.part(0..=length.saturating_sub(1)).await?).into_response(),
            Sent::NotModified => (StatusCode::NOT_MODIFIED, headers).into_response(),
            Sent::OutOfRange => (StatusCode::RANGE_NOT_SATISFIABLE, range(format!("bytes */{length}"))).into_response(),
            Sent::Part(part) => {
                let placed = range(format!("bytes {}-{}/{length}", part.start(), part.end()));
                (StatusCode::PARTIAL_CONTENT, headers, placed, content.part(part).await?).into_response()
            }
        })
    }

    fn sent(&self, tag: &str, length: u64) -> Sent {
        let value = |name| self.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if value(header::IF_NONE_MATCH).is_some_and(|known| known.split(',').any(|known| known.trim() == tag)) {
            return Sent::NotModified;
        }
        let is_same = value(header::IF_RANGE).is_none_or(|known| known == tag);
        let Some(range) = value(header::RANGE).filter(|_| is_same && self.method == Method::GET) else {
            return Sent::Everything;
        };
        // What cannot be read is no range, and several ranges may be answered with everything.
        let Ok(ranges) = parse_range_header(range) else { return Sent::Everything };
        match ranges.validate(length).as_deref() {
            Ok([part]) => Sent::Part(part.clone()),
            Ok(_) => Sent::Everything,
            Err(_) => Sent::OutOfRange,
        }
    }
}

impl RangedContent {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// These bytes of it, with their number.
    async fn part(self, part: RangeInclusive<u64>) -> io::Result<Response> {
        let whole = self.length();
        let (start, end) = (*part.start(), whole.min(part.end().saturating_add(1)));
        let length = end.saturating_sub(start);
        let body = match self {
            Self::Bytes(bytes) => {
                let index = |place| usize::try_from(place).map_err(io::Error::other);
                Body::from(bytes.slice(index(start)?..index(end)?))
            }
            Self::File { mut file, .. } => {
                file.seek(SeekFrom::Start(start)).await?;
                Body::from_stream(ReaderStream::new(file.take(length)))
            }
        };
        Ok(([(header::CONTENT_LENGTH, length)], body).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"tag\"";

    fn sent(method: Method, headers: &[(header::HeaderName, &'static str)]) -> Sent {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        Asked { method, headers }.sent(TAG, 1000)
    }

    #[test]
    fn one_range_is_sent_in_part() {
        let range = |value| sent(Method::GET, &[(header::RANGE, value)]);
        assert_eq!(range("bytes=0-0"), Sent::Part(0..=0));
        assert_eq!(range("bytes=990-"), Sent::Part(990..=999));
        assert_eq!(range("bytes=-10"), Sent::Part(990..=999));
        assert_eq!(range("bytes=990-5000"), Sent::Part(990..=999));
        assert_eq!(range("bytes=1000-"), Sent::OutOfRange);
        for whole in ["bytes=0-1,5-9", "bytes=x", "lines=0-1", "", "bytes=5-1"] {
            assert!([Sent::Everything, Sent::OutOfRange].contains(&range(whole)), "{whole}");
        }
        assert_eq!(sent(Method::HEAD, &[(header::RANGE, "bytes=0-0")]), Sent::Everything);
    }

    #[test]
    fn a_download_continues_only_with_the_same_content() {
        let range = (header::RANGE, "bytes=5-");
        assert_eq!(sent(Method::GET, &[range.clone(), (header::IF_RANGE, TAG)]), Sent::Part(5..=999));
        for other in ["\"other\"", "W/\"tag\"", "Mon, 30 Nov 2026 07:00:00 GMT"] {
            assert_eq!(sent(Method::GET, &[range.clone(), (header::IF_RANGE, other)]), Sent::Everything, "{other}");
        }
        assert_eq!(sent(Method::GET, &[range, (header::IF_NONE_MATCH, "\"a\", \"tag\"")]), Sent::NotModified);
    }

    #[tokio::test]
    async fn a_part_of_a_file_is_read_from_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.json");
        std::fs::write(&path, "0123456789").unwrap();
        for (range, expected) in [(Some("bytes=3-5"), "345"), (Some("bytes=-2"), "89"), (None, "0123456789")] {
            let headers = range.map(|range| (header::RANGE, HeaderValue::from_static(range))).into_iter().collect();
            let content = RangedContent::File { file: File::open(&path).await.unwrap(), length: 10 };
            let reply = Asked { method: Method::GET, headers }.respond(&blake3::hash(b""), content).await.unwrap();
            assert_eq!(reply.headers()[header::CONTENT_LENGTH], expected.len().to_string());
            assert_eq!(axum::body::to_bytes(reply.into_body(), 100).await.unwrap(), expected);
        }
    }
}
