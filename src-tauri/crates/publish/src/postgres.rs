//! A direct connection: rows go by `COPY` into temporary tables, from where the schema's functions merge them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde_json::{Map, Value};
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, Socket, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::address::PostgresAddress;
use crate::rows::RowBatch;
use crate::{
    OVERTAKEN, PublishError, Result, SCHEMA, SCHEMA_VERSION, SyncPosition, check_version, copy, explained, position_in,
};

/// For a connection with encryption and password, unless the address has a `connect_timeout`.
const CONNECTING: Duration = Duration::from_secs(10);
/// For an answer to one statement, and for the server's system to confirm what was sent.
const PATIENCE: Duration = Duration::from_mins(2);
/// At the start of a transaction, because a pooler gives the connection to others between transactions. The server gives up
/// before this program does. A lock that another publisher holds is waited for only briefly.
const LIMITS: &str = "set local statement_timeout = '110s'; set local lock_timeout = '30s'";
/// Bytes that are sent at once.
const CHUNK: usize = 1 << 18;
/// Held while the schema is changed, so that two programs do not change it at once. Any constant will do.
const SCHEMA_LOCK: i64 = 0x4669_656c_646d_6172;

/// A connection to a database with the schema.
pub struct Postgres {
    client: Client,
    connection: JoinHandle<()>,
    server: String,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Postgres {
    /// Connects, and brings the schema to [`SCHEMA_VERSION`].
    pub async fn connect(address: &PostgresAddress) -> Result<Self> {
        let server = address.shown().to_owned();
        let mut config = address.config.clone();
        let patience = config.get_connect_timeout().copied().unwrap_or(CONNECTING);
        config.connect_timeout(patience).tcp_user_timeout(PATIENCE);
        let connecting = async {
            if address.is_encrypted {
                connected(&config, MakeRustlsConnect::new(tls(address)?), &server).await
            } else {
                // A server on this machine may have no certificate that others would trust.
                connected(&config, NoTls, &server).await
            }
        };
        let connecting = tokio::time::timeout(patience, connecting).await;
        let (client, connection) = connecting.unwrap_or_else(|_| Err(silent(&server, patience)))?;
        let mut postgres = Self { client, connection, server };
        postgres.migrate().await?;
        Ok(postgres)
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Runs the statements of the versions that are missing, in one transaction.
    async fn migrate(&mut self) -> Result<()> {
        let server = &self.server;
        let version = "select coalesce((select max(version) from fieldmark.schema_version), 0)";
        let changes = answer(server, self.client.transaction()).await?;
        answer(server, changes.batch_execute(LIMITS)).await?;
        answer(server, changes.execute("select pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK])).await?;
        let is_there = changes.query_one("select to_regclass('fieldmark.schema_version') is not null", &[]);
        let found: i32 = if answer(server, is_there).await?.get(0) {
            answer(server, changes.query_one(version, &[])).await?.get(0)
        } else {
            0
        };
        let found = found.unsigned_abs();
        if found > SCHEMA_VERSION {
            return check_version(server, Some(found));
        }
        for statements in SCHEMA.iter().skip(found as usize) {
            answer(server, changes.batch_execute(statements)).await?;
        }
        answer(server, changes.commit()).await
    }

    pub(crate) async fn position(&self, library: &str) -> Result<SyncPosition> {
        let query = "select public.fieldmark_state($1)::text";
        let state = answer(&self.server, self.client.query_one(query, &[&library])).await?;
        position_in(state.get(0), &self.server)
    }

    pub(crate) async fn send(&mut self, batch: &RowBatch) -> Result<()> {
        let server = &self.server;
        let changes = answer(server, self.client.transaction()).await?;
        answer(server, changes.batch_execute(LIMITS)).await?;
        answer(server, changes.batch_execute("select fieldmark.begin_batch()")).await?;
        for (table, rows) in batch.tables()? {
            copy_rows(&changes, server, table, &rows).await?;
        }
        let header = batch.header().to_string();
        let merge = "select fieldmark.merge_batch($1::text::jsonb)";
        answer(server, changes.execute(merge, &[&header])).await?;
        answer(server, changes.commit()).await
    }
}

/// A connection, and the task that serves it.
async fn connected<T>(config: &Config, tls: T, server: &str) -> Result<(Client, JoinHandle<()>)>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect(tls).await.map_err(|error| refused(server, &error))?;
    Ok((client, tokio::spawn(async move { drop(connection.await) })))
}

/// The result of an exchange with `server`, which must not take longer than [`PATIENCE`].
async fn answer<T>(
    server: &str,
    exchange: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
) -> Result<T> {
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(answer) => answer.map_err(|error| failed(server, &error)),
        Err(_) => Err(silent(server, PATIENCE)),
    }
}

fn silent(server: &str, patience: Duration) -> PublishError {
    let reason = format!("it has not answered for {} seconds", patience.as_secs());
    PublishError::Unreachable { server: server.to_owned(), reason }
}

async fn copy_rows(changes: &Transaction<'_>, server: &str, table: &str, rows: &[Map<String, Value>]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let into = format!("copy pg_temp.new_{table} ({}) from stdin", copy::columns(rows));
    let mut sink = Box::pin(answer(server, changes.copy_in::<_, bytes::Bytes>(&into)).await?);
    let mut text = String::with_capacity(CHUNK + 4096);
    for row in rows {
        copy::push_row(&mut text, row);
        if text.len() >= CHUNK {
            answer(server, sink.send(bytes::Bytes::from(std::mem::take(&mut text)))).await?;
        }
    }
    answer(server, sink.send(bytes::Bytes::from(text))).await?;
    answer(server, sink.as_mut().finish()).await.map(drop)
}

/// Checks the server's certificate against the authorities of the operating system, or those in the address.
fn tls(address: &PostgresAddress) -> Result<ClientConfig> {
    let unusable = |error: &dyn std::error::Error| {
        PublishError::Address(format!("certificates cannot be checked: {}", explained(error)))
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    let Some(file) = &address.root_certificates else {
        return Ok(builder.with_platform_verifier().map_err(|error| unusable(&error))?.with_no_client_auth());
    };
    let unreadable = |reason: String| {
        PublishError::Address(format!("the certificates in {} cannot be read: {reason}", file.display()))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("there are none".into()));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// An error of connecting.
fn refused(server: &str, error: &tokio_postgres::Error) -> PublishError {
    let server = server.to_owned();
    match error.code() {
        Some(code) if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            PublishError::Refused { server, reason: explained(error) }
        }
        Some(_) => PublishError::Database { server, reason: explained(error) },
        None => PublishError::Unreachable { server, reason: explained(error) },
    }
}

/// An error of a statement.
fn failed(server: &str, error: &tokio_postgres::Error) -> PublishError {
    let server = server.to_owned();
    match error.code() {
        None => PublishError::Unreachable { server, reason: explained(error) },
        // The other publisher is still writing its batch.
        Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE || code.code() == OVERTAKEN => {
            PublishError::Overtaken { server }
        }
        Some(_) => PublishError::Database { server, reason: explained(error) },
    }
}
