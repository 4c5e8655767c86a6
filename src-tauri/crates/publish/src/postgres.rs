//! A direct connection: rows go by `COPY` into temporary tables, from where the schema's functions merge them.

use std::sync::Arc;

use futures_util::SinkExt as _;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde_json::{Map, Value};
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::address::PostgresAddress;
use crate::rows::RowBatch;
use crate::{PublishError, Result, SCHEMA, SCHEMA_VERSION, SyncPosition, check_version, copy, explained};

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
        let tls = MakeRustlsConnect::new(tls(address)?);
        let connected = if address.is_local {
            // A server on this machine may have no certificate that others would trust.
            address
                .config
                .connect(tokio_postgres::NoTls)
                .await
                .map(|(client, connection)| (client, tokio::spawn(async move { drop(connection.await) })))
        } else {
            address
                .config
                .connect(tls)
                .await
                .map(|(client, connection)| (client, tokio::spawn(async move { drop(connection.await) })))
        };
        let (client, connection) = connected.map_err(|error| refused(&server, &error))?;
        let mut postgres = Self { client, connection, server };
        postgres.migrate().await?;
        Ok(postgres)
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Runs the statements of the versions that are missing, in one transaction.
    async fn migrate(&mut self) -> Result<()> {
        let server = self.server.clone();
        let failed = |error: tokio_postgres::Error| failed(&server, &error);
        let changes = self.client.transaction().await.map_err(failed)?;
        changes.execute("select pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK]).await.map_err(failed)?;
        let is_there = changes.query_one("select to_regclass('fieldmark.schema_version') is not null", &[]);
        let found: i32 = if is_there.await.map_err(failed)?.get(0) {
            let version = "select coalesce(max(version), 0) from fieldmark.schema_version";
            changes.query_one(version, &[]).await.map_err(failed)?.get(0)
        } else {
            0
        };
        let found = found.unsigned_abs();
        if found > SCHEMA_VERSION {
            return check_version(&server, Some(found));
        }
        for statements in SCHEMA.iter().skip(found as usize) {
            changes.batch_execute(statements).await.map_err(failed)?;
        }
        changes.commit().await.map_err(failed)
    }

    pub(crate) async fn position(&self, library: &str) -> Result<Option<SyncPosition>> {
        let query = "select epoch, image from fieldmark.libraries where id = $1";
        let row = self.client.query_opt(query, &[&library]).await.map_err(|error| failed(&self.server, &error))?;
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        Ok(row.map(|row| SyncPosition { epoch: number(row.get(0)), image: number(row.get(1)) }))
    }

    pub(crate) async fn send(&mut self, batch: &RowBatch) -> Result<()> {
        let server = self.server.clone();
        let failed = |error: tokio_postgres::Error| failed(&server, &error);
        let unwritable =
            |error: serde_json::Error| PublishError::Database { server: server.clone(), reason: error.to_string() };
        let changes = self.client.transaction().await.map_err(failed)?;
        changes.batch_execute("select fieldmark.begin_batch()").await.map_err(failed)?;
        for (table, rows) in batch.tables().map_err(unwritable)? {
            copy_rows(&changes, table, &rows).await.map_err(failed)?;
        }
        if !batch.removed.is_empty() {
            let removed: Vec<i64> = batch.removed.iter().map(|id| id.cast_signed()).collect();
            let insert = "insert into pg_temp.new_removed select unnest($1::bigint[])";
            changes.execute(insert, &[&removed]).await.map_err(failed)?;
        }
        let (epoch, image) = (batch.position.epoch.cast_signed(), batch.position.image.cast_signed());
        let merge = "select fieldmark.merge_batch($1, $2, $3, $4)";
        changes.execute(merge, &[&batch.library, &batch.name, &epoch, &image]).await.map_err(failed)?;
        changes.commit().await.map_err(failed)
    }
}

async fn copy_rows(
    changes: &Transaction<'_>,
    table: &str,
    rows: &[Map<String, Value>],
) -> std::result::Result<(), tokio_postgres::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let into = format!("copy pg_temp.new_{table} ({}) from stdin", copy::columns(rows));
    let mut sink = Box::pin(changes.copy_in::<_, bytes::Bytes>(&into).await?);
    let mut text = String::with_capacity(CHUNK + 4096);
    for row in rows {
        copy::push_row(&mut text, row);
        if text.len() >= CHUNK {
            sink.send(bytes::Bytes::from(std::mem::take(&mut text))).await?;
        }
    }
    sink.send(bytes::Bytes::from(text)).await?;
    sink.as_mut().finish().await.map(drop)
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
    if error.is_closed() || error.code().is_none() {
        return PublishError::Unreachable { server, reason: explained(error) };
    }
    PublishError::Database { server, reason: explained(error) }
}
