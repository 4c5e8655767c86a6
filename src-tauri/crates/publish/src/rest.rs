//! Supabase's REST interface, which is PostgREST: the schema's functions, called as
//! `POST /rest/v1/rpc/NAME` (<https://docs.postgrest.org/en/stable/references/api/functions.html>).

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::address::RestAddress;
use crate::rows::RowBatch;
use crate::{OVERTAKEN, PublishError, Result, SyncPosition, explained, position_in};

const TIMEOUT: Duration = Duration::from_mins(2);

/// A project with the schema.
pub struct Rest {
    client: Client,
    address: RestAddress,
}

/// An error of PostgREST.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    code: String,
    message: String,
}

impl Rest {
    /// Nothing is sent yet.
    pub fn new(address: RestAddress) -> Result<Self> {
        // A redirect could take the key elsewhere.
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT).build();
        let client = client.map_err(|error| PublishError::Address(explained(&error)))?;
        Ok(Self { client, address })
    }

    pub(crate) fn server(&self) -> &str {
        &self.address.base
    }

    pub(crate) async fn position(&self, library: &str) -> Result<SyncPosition> {
        position_in(&self.call("fieldmark_state", &json!({ "of_library": library })).await?, self.server())
    }

    pub(crate) async fn send(&self, batch: &RowBatch) -> Result<()> {
        let rows: Map<String, Value> = batch
            .tables()?
            .into_iter()
            .map(|(table, rows)| (table.to_owned(), rows.into_iter().map(Value::Object).collect()))
            .collect();
        let body = json!({ "batch": { "header": batch.header(), "rows": rows } });
        self.call("fieldmark_publish", &body).await.map(drop)
    }

    async fn call(&self, function: &str, arguments: &Value) -> Result<String> {
        let server = || self.server().to_owned();
        let key = &*self.address.key;
        let secret = |text: String| {
            HeaderValue::try_from(text).map(|mut value| {
                value.set_sensitive(true);
                value
            })
        };
        let (Ok(bearer), Ok(api_key)) = (secret(format!("Bearer {key}")), secret(key.clone())) else {
            return Err(PublishError::Address("the key contains characters that cannot be sent".into()));
        };
        let request = self
            .client
            .post(format!("{}/rest/v1/rpc/{function}", self.address.base))
            .header(AUTHORIZATION, bearer)
            .header("apikey", api_key)
            .json(arguments);
        let unreachable = |error: reqwest::Error| PublishError::Unreachable {
            server: server(),
            reason: explained(&error.without_url()),
        };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let text = answer.text().await.map_err(unreachable)?;
        if status.is_success() {
            return Ok(text);
        }
        let refusal: Refusal = serde_json::from_str(&text).unwrap_or_default();
        let reason = match refusal.message.as_str() {
            "" => status.to_string(),
            message => format!("{message} ({status})"),
        };
        // 42883: no such function in PostgreSQL. PGRST202: none in PostgREST's cache of the schema.
        Err(match status {
            _ if matches!(refusal.code.as_str(), "PGRST202" | "42883") => PublishError::NoSchema { server: server() },
            _ if refusal.code == OVERTAKEN => PublishError::Overtaken { server: server() },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => PublishError::Refused { server: server(), reason },
            _ if status.is_redirection() => PublishError::Address(format!("{} is not the project's address", server())),
            _ => PublishError::Database { server: server(), reason },
        })
    }
}
