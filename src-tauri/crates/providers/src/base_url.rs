//! Base URLs and keys: a URL that is safe to send a key to, and a key that is sent only there.
//!
//! A key is bound to the origin (scheme, host, port) that it was entered for, so that changing a base URL never sends
//! it to another server. It is absent from `Debug`, `Display` and serialized forms, and its memory is wiped on drop
//! (the HTTP library keeps a copy for as long as a client lives). Storing keys is not part of this module.

use std::net::IpAddr;

use domain::model::Destination;
use reqwest::Url;
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use crate::redaction::Redaction;

/// An invalid base URL, or one that a key must not be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    #[error("this is not a valid address; expected an address such as https://api.example.com")]
    Unreadable,
    /// Plain HTTP exposes key and photos on the network; only this machine is exempt.
    #[error("the address must begin with https://, unless it is on this machine")]
    NotEncrypted,
    #[error("the address must not contain a user name or a password")]
    WithCredentials,
    #[error("the address must not contain a query or a fragment")]
    WithQuery,
}

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Parses a URL with or without a path. A trailing `/v1` or `/v1beta` is part of the API and removed.
    pub fn parse(typed: &str) -> Result<Self, BaseUrlError> {
        let mut url = Url::parse(typed.trim()).map_err(|_| BaseUrlError::Unreadable)?;
        match (url.scheme(), url.host_str()) {
            ("https", Some(_)) => {}
            ("http", Some(host)) if is_loopback(host) => {}
            ("http", Some(_)) => return Err(BaseUrlError::NotEncrypted),
            _ => return Err(BaseUrlError::Unreadable),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::WithCredentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::WithQuery);
        }
        let path = url.path().trim_end_matches('/');
        let path = path
            .strip_suffix("/v1")
            .or_else(|| path.strip_suffix("/v1beta"))
            .unwrap_or(path)
            .trim_end_matches('/')
            .to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Scheme, host and port: the name that a key is stored under.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Host for display, with its port if unusual.
    #[must_use]
    pub fn destination(&self) -> Destination {
        let port = self.0.port().map(|port| format!(":{port}")).unwrap_or_default();
        Destination::Host { name: format!("{}{port}", self.host()), is_on_this_machine: self.is_loopback() }
    }

    /// The host, without its port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether the server is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }

    pub(crate) fn endpoint(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A text that cannot be a key. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key is empty")]
    Empty,
    #[error("the key contains spaces or invalid characters")]
    NoKeyCharacters,
}

/// A secret for one server.
#[derive(Clone)]
pub struct Key {
    secret: Zeroizing<String>,
    origin: String,
}

impl Key {
    /// Binds `secret` to the server's origin. Surrounding white space from pasting is removed.
    pub fn for_server(secret: &str, server: &BaseUrl) -> Result<Self, KeyError> {
        let secret = secret.trim();
        if secret.is_empty() {
            return Err(KeyError::Empty);
        }
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::NoKeyCharacters);
        }
        Ok(Self { secret: Zeroizing::new(secret.to_owned()), origin: server.origin() })
    }

    #[must_use]
    pub fn is_for(&self, server: &BaseUrl) -> bool {
        self.origin == server.origin()
    }

    /// The header value, marked as sensitive so that the HTTP library does not print it.
    pub(crate) fn header(&self) -> Result<HeaderValue, KeyError> {
        Self::sensitive(&self.secret)
    }

    /// Like [`Key::header`], as a bearer token.
    pub(crate) fn bearer(&self) -> Result<HeaderValue, KeyError> {
        Self::sensitive(&Zeroizing::new(format!("Bearer {}", *self.secret)))
    }

    fn sensitive(text: &str) -> Result<HeaderValue, KeyError> {
        let mut value = HeaderValue::from_str(text).map_err(|_| KeyError::NoKeyCharacters)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Redacts the key from texts of servers.
    pub(crate) fn into_redaction(self) -> Redaction {
        Redaction::of(&self.secret)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("origin", &self.origin).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_kindly_and_safely() {
        let endpoint = |typed: &str| BaseUrl::parse(typed).map(|url| url.endpoint("v1/messages").to_string());
        for typed in [
            "https://api.example.com",
            " https://api.example.com/ ",
            "https://api.example.com/v1/",
            "https://api.example.com/v1beta",
        ] {
            assert_eq!(endpoint(typed).unwrap(), "https://api.example.com/v1/messages");
        }
        assert_eq!(endpoint("https://x.example/llm/v1").unwrap(), "https://x.example/llm/v1/messages");
        assert_eq!(endpoint("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080/v1/messages");
        assert_eq!(endpoint("http://[::1]:8080").unwrap(), "http://[::1]:8080/v1/messages");
        assert_eq!(endpoint("http://localhost:1").unwrap(), "http://localhost:1/v1/messages");
        assert_eq!(endpoint("http://api.example.com"), Err(BaseUrlError::NotEncrypted));
        assert_eq!(endpoint("http://127.0.0.1.example.com"), Err(BaseUrlError::NotEncrypted));
        assert_eq!(endpoint("https://me:secret@x.example"), Err(BaseUrlError::WithCredentials));
        assert_eq!(endpoint("https://x.example/?key=1"), Err(BaseUrlError::WithQuery));
        for typed in ["", "api.example.com", "ftp://x.example", "file:///etc"] {
            assert_eq!(endpoint(typed), Err(BaseUrlError::Unreadable), "{typed}");
        }
        assert_eq!(BaseUrl::parse("https://x.example/a/").unwrap().to_string(), "https://x.example/a");
    }

    #[test]
    fn a_key_belongs_to_one_origin_and_never_shows() {
        let server = BaseUrl::parse("https://x.example/a").unwrap();
        let key = Key::for_server(" planted-key-123\n", &server).unwrap();
        assert!(key.is_for(&BaseUrl::parse("https://x.example/b").unwrap()));
        assert!(!key.is_for(&BaseUrl::parse("https://x.example:444").unwrap()));
        assert!(!key.is_for(&BaseUrl::parse("https://api.example.com").unwrap()));
        assert!(!format!("{key:?} {:?}", key.header().unwrap()).contains("planted"));
        assert_eq!(Key::for_server(" \n", &server).unwrap_err(), KeyError::Empty);
        assert_eq!(Key::for_server("two words", &server).unwrap_err(), KeyError::NoKeyCharacters);
    }
}
