//! A PostgreSQL server for a test: the real program on a folder of its own, and a stand-in for the PostgREST server that
//! Supabase puts in front of it.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

/// The user that owns the databases.
const OWNER: &str = "owner";

/// A running server. It ends with the test, and its folder is removed.
pub struct Server {
    process: Child,
    port: u16,
    // Dropped last.
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // A fast shutdown removes shared memory, which a killed server leaves.
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

#[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a step that cannot be taken fails the test")]
impl Server {
    /// Starts a server on a free port, without passwords.
    #[must_use]
    pub fn start() -> Self {
        Self::launched(None)
    }

    /// The same, with encrypted connections.
    #[must_use]
    pub fn with_certificate(certificate: &Certificate) -> Self {
        Self::launched(Some(certificate))
    }

    fn launched(certificate: Option<&Certificate>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        give_away(folder.path());
        give_away(&data);
        let made = as_server_user("initdb")
            .args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username", OWNER])
            .arg("--pgdata")
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        if let Some(certificate) = certificate {
            certificate.install(&data);
        }
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let process = as_server_user("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k", "", "-h", "127.0.0.1", "-c", "fsync=off"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, port, _folder: folder };
        let patience = Instant::now() + Duration::from_mins(1);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < patience, "postgres does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The connection string of `database`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{OWNER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates an empty database, and connects to it.
    pub async fn database(&self, name: &str) -> Client {
        // The server listens before it takes connections.
        let patience = Instant::now() + Duration::from_mins(1);
        let first = loop {
            match tokio_postgres::connect(&self.url("postgres"), NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    break client;
                }
                Err(error) => assert!(Instant::now() < patience, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        first.batch_execute(&format!("create database {name}")).await.unwrap();
        self.client(name).await
    }

    pub async fn client(&self, name: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url(name), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

/// The certificate of a server, with its key and the authority that has signed it, in PEM.
pub struct Certificate {
    server: String,
    key: String,
    pub authority: String,
}

#[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a step that cannot be taken fails the test")]
impl Certificate {
    /// A certificate for `name` and for 127.0.0.1, of an authority of its own.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let signed = authority.self_signed(&authority_key).unwrap().pem();
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec![name.to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let server = server.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
        Self { server: server.pem(), key: key.serialize_pem(), authority: signed }
    }

    /// Makes a server on the folder `data` use it.
    fn install(&self, data: &Path) {
        for (name, text) in [("server.crt", &self.server), ("server.key", &self.key)] {
            let path = data.join(name);
            fs::write(&path, text).unwrap();
            give_away(&path);
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        }
        let settings = data.join("postgresql.conf");
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(&settings, format!("{text}\nssl = on\n")).unwrap();
    }
}

/// `program` of PostgreSQL, which refuses to run as root.
#[expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]
fn as_server_user(program: &str) -> Command {
    let mut command = Command::new(server_program(program));
    command.current_dir("/");
    #[cfg(unix)]
    if let Some((user, group)) = other_user() {
        use std::os::unix::process::CommandExt as _;
        command.uid(user.parse().unwrap()).gid(group.parse().unwrap());
    }
    command
}

/// # Panics
/// If PostgreSQL is not installed.
#[expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]
fn server_program(name: &str) -> PathBuf {
    // Debian keeps the programs of each version outside of PATH.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut places: Vec<PathBuf> = versions.map(|version| version.unwrap().path().join("bin")).collect();
    places.sort();
    places.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let found = places.into_iter().map(|place| place.join(name)).find(|path| path.is_file());
    assert!(found.is_some(), "{name} is missing: install PostgreSQL, as scripts/setup test does");
    found.unwrap()
}

/// The user and group to run as, if the test runs as root.
#[cfg(unix)]
fn other_user() -> Option<(String, String)> {
    use std::os::unix::fs::MetadataExt as _;
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"].iter().find_map(|wanted| {
        let fields: Vec<&str> =
            users.lines().map(|line| line.split(':').collect()).find(|fields: &Vec<&str>| fields[0] == *wanted)?;
        Some((fields[2].to_owned(), fields[3].to_owned()))
    })
}

#[cfg(unix)]
#[expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]
fn give_away(folder: &Path) {
    if let Some((user, group)) = other_user() {
        std::os::unix::fs::chown(folder, user.parse().ok(), group.parse().ok()).unwrap();
    }
}

#[cfg(not(unix))]
fn give_away(_folder: &Path) {}

/// A stand-in for PostgREST in front of a database: it takes `POST /rest/v1/rpc/NAME` with a key, and calls the function as the
/// role `service_role`, as Supabase's does for a service key.
pub struct Rest {
    pub url: String,
    task: JoinHandle<()>,
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct RestState {
    database: String,
    key: String,
}

#[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a step that cannot be taken fails the test")]
impl Rest {
    /// Serves `database`, whose role `service_role` exists.
    pub async fn start(database: String, key: &str) -> Self {
        let state = Arc::new(RestState { database, key: key.to_owned() });
        let app = Router::new()
            .route("/rest/v1/rpc/{function}", post(call))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(state);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, task }
    }
}

async fn call(
    State(state): State<Arc<RestState>>,
    UrlPath(function): UrlPath<String>,
    headers: HeaderMap,
    Json(arguments): Json<serde_json::Map<String, Value>>,
) -> (StatusCode, Json<Value>) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header("apikey") != state.key || header("authorization") != format!("Bearer {}", state.key) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Invalid API key" })));
    }
    match called(&state.database, &function, &arguments).await {
        Ok(Some(result)) => (StatusCode::OK, Json(result)),
        Ok(None) => {
            let message = format!("Could not find the function public.{function} in the schema cache");
            (StatusCode::NOT_FOUND, Json(json!({ "code": "PGRST202", "message": message })))
        }
        Err(error) => {
            let code = error.code().map(|code| code.code().to_owned());
            let message = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
            (StatusCode::BAD_REQUEST, Json(json!({ "code": code, "message": message })))
        }
    }
}

/// The result; `None` if there is no such function.
async fn called(
    database: &str,
    function: &str,
    arguments: &serde_json::Map<String, Value>,
) -> Result<Option<Value>, tokio_postgres::Error> {
    let (mut client, connection) = tokio_postgres::connect(database, NoTls).await?;
    tokio::spawn(connection);
    let known = "select unnest(proargnames), format_type(unnest(proargtypes), null) from pg_proc
                 where proname = $1 and pronamespace = 'public'::regnamespace";
    let known = client.query(known, &[&function]).await?;
    if known.is_empty() {
        return Ok(None);
    }
    let (mut values, mut named) = (Vec::new(), Vec::new());
    for (index, row) in known.iter().enumerate() {
        let (name, kind): (String, String) = (row.get(0), row.get(1));
        values.push(match arguments.get(&name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Null) | None => None,
            Some(other) => Some(other.to_string()),
        });
        named.push(format!("{name} => ${}::text::{kind}", index + 1));
    }
    let transaction = client.transaction().await?;
    transaction.batch_execute("set local role service_role").await?;
    let query = format!("select to_json(public.{function}({}))::text", named.join(", "));
    let values: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
        values.iter().map(|value| value as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
    let result: Option<String> = transaction.query_one(&query, &values).await?.get(0);
    transaction.commit().await?;
    Ok(Some(result.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null)))
}
