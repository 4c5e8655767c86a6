//! Which keys are accepted. The default takes any key except four well-known ones, which show each of the vendor's
//! refusals without a broken account. Keys are compared and forgotten: none is logged or stored.

use std::collections::HashSet;
use std::fmt;

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

use crate::error::ErrorResponse;

/// Refused as unknown by the default keys.
pub const WRONG_KEY: &str = "sk-simulated-wrong";
/// Refused as expired by the default keys.
pub const EXPIRED_KEY: &str = "sk-simulated-expired";
/// Refused for lack of credit by the default keys.
pub const NO_CREDIT_KEY: &str = "sk-simulated-no-credit";
/// Known, but without permission, by the default keys.
pub const FORBIDDEN_KEY: &str = "sk-simulated-forbidden";

/// The known keys. Refused ones take precedence over accepted ones.
#[derive(Clone)]
pub struct Keys {
    /// `None` accepts every key that is not empty.
    pub accepted: Option<HashSet<String>>,
    /// Answered 401, invalid.
    pub wrong: HashSet<String>,
    /// Answered 401, expired.
    pub expired: HashSet<String>,
    /// Answered 402.
    pub without_credit: HashSet<String>,
    /// Answered 403.
    pub forbidden: HashSet<String>,
}

impl Default for Keys {
    fn default() -> Self {
        let only = |key: &str| HashSet::from([key.to_owned()]);
        Self {
            accepted: None,
            wrong: only(WRONG_KEY),
            expired: only(EXPIRED_KEY),
            without_credit: only(NO_CREDIT_KEY),
            forbidden: only(FORBIDDEN_KEY),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Keys")
            .field("accepted", &self.accepted.as_ref().map(HashSet::len))
            .field("refused", &(self.wrong.len() + self.expired.len()))
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// Checks the bearer token of a request, the only form of a key in chat completions.
    pub(crate) fn admit_bearer(&self, headers: &HeaderMap) -> Result<(), ErrorResponse> {
        let mut own = HeaderMap::new();
        if let Some(token) = headers.get(AUTHORIZATION) {
            own.insert(AUTHORIZATION, token.clone());
        }
        if own.is_empty() {
            return Err(ErrorResponse::new(
                401,
                "authentication_error",
                "You didn't provide an API key. You need to provide your API key in an Authorization header using \
                 Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            ));
        }
        self.admit(&own)
    }

    /// Checks the key of a request to Gemini, in `x-goog-api-key`. The vendor also takes it from the address, where a
    /// client must not put it.
    pub(crate) fn admit_google(&self, headers: &HeaderMap) -> Result<(), ErrorResponse> {
        let Some(key) = headers.get("x-goog-api-key") else {
            return Err(ErrorResponse::new(
                403,
                "permission_error",
                "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or \
                 other form of API consumer identity to call this API.",
            ));
        };
        let mut own = HeaderMap::new();
        own.insert("x-api-key", key.clone());
        self.admit(&own)
    }

    /// Checks the key of a request: `x-api-key`, or else a bearer token.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), ErrorResponse> {
        let unauthenticated = |message: &str| ErrorResponse::new(401, "authentication_error", message);
        let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let bearer = text(AUTHORIZATION.as_str())
            .and_then(|value| value.strip_prefix("Bearer ").map(|token| token.trim().to_owned()));
        let (key, invalid) = match (text("x-api-key"), bearer) {
            (Some(key), _) => (key, "invalid x-api-key"),
            (None, Some(token)) => (token, "Invalid bearer token"),
            (None, None) => return Err(unauthenticated("x-api-key header is required")),
        };
        if key.is_empty() {
            return Err(unauthenticated("x-api-key header is required"));
        }
        if self.expired.contains(&key) {
            return Err(unauthenticated("This API key has expired"));
        }
        let is_unknown = self.accepted.as_ref().is_some_and(|accepted| {
            !accepted.contains(&key) && !self.without_credit.contains(&key) && !self.forbidden.contains(&key)
        });
        if is_unknown || self.wrong.contains(&key) {
            return Err(unauthenticated(invalid));
        }
        if self.without_credit.contains(&key) {
            return Err(ErrorResponse::new(
                402,
                "billing_error",
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade \
                 or purchase credits.",
            ));
        }
        if self.forbidden.contains(&key) {
            return Err(ErrorResponse::new(
                403,
                "permission_error",
                "Your API key does not have permission to use the specified resource.",
            ));
        }
        Ok(())
    }
}
