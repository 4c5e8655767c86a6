//! Checks everything that Fieldmark depends on: the folder, the database, the connection, the embedded model. Every
//! check runs, whatever the others find, and nothing is repaired. The texts for findings are not here.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use domain::checkup::{CheckupFinding, Severity};
use domain::connection::{Connection, FieldKind};
use domain::recipe::Recipe;
use prepare::DecodingMemory;
use serde::Serialize;

use crate::backend::Trial;
use crate::blocking::off_workers;
use crate::layout::{self, folder_of};
use crate::library::Library;
use crate::machine::processors;
use crate::surroundings::Surroundings;
use crate::{EngineError, Result, samples};

/// Checks the library whose database is at `database`, and its environment. Requests are sent only if `asks_server` is
/// set: they list the models, which is free.
///
/// # Errors
/// If a key was given for an endpoint that is not in the settings.
pub async fn check_up(database: &Path, surroundings: Surroundings, asks_server: bool) -> Result<Vec<CheckupFinding>> {
    let folder = folder_of(&layout::resolved(database));
    let mut findings = of_machine(&folder);
    findings.push(CheckupFinding::Environment {
        problem: surroundings.environment.as_ref().err().map(ToString::to_string),
    });
    let path = database.display().to_string();
    let library = if Library::exists(database) {
        Library::open(database, surroundings).map(|library| (library, None))
    } else {
        findings.push(CheckupFinding::NoLibrary { path: path.clone() });
        let folder = tempfile::tempdir().map_err(EngineError::file(&folder));
        folder
            .and_then(|folder| Ok((Library::open(&folder.path().join("library.sqlite"), surroundings)?, Some(folder))))
    };
    match library {
        Ok((library, temporary)) => {
            if let Err(unknown @ EngineError::UnknownEndpoint { .. }) = library.connections.check_endpoint_keys() {
                return Err(unknown);
            }
            if temporary.is_none() {
                findings.extend(contents(&library).await);
            }
            findings.extend(connections(&library, asks_server).await);
        }
        Err(error) => findings.push(CheckupFinding::Unopened { path, problem: error.to_string() }),
    }
    findings.push(embedded_model());
    Ok(findings)
}

/// [`check_up`] for a library that is open, without asking a server. `window` is what shows it.
pub async fn diagnose(library: &Arc<Library>, window: String) -> Result<Vec<CheckupFinding>> {
    let folder = library.folder().to_owned();
    let mut findings = off_workers(move || Ok(of_machine(&folder))).await?;
    findings.push(CheckupFinding::Window { browser: window });
    findings.extend(contents(library).await);
    findings.extend(connections(library, false).await);
    findings.push(off_workers(|| Ok(embedded_model())).await?);
    Ok(findings)
}

/// A finding with its severity.
#[derive(Debug, Serialize)]
struct JudgedFinding<'a> {
    severity: Severity,
    #[serde(flatten)]
    finding: &'a CheckupFinding,
}

/// The findings with their severities as one document, with `~` for the home folder, whose name often is the user's.
#[must_use]
pub fn diagnostics(findings: &[CheckupFinding]) -> serde_json::Value {
    let judged = |finding| JudgedFinding { severity: CheckupFinding::severity(finding), finding };
    let all: Vec<JudgedFinding<'_>> = findings.iter().map(judged).collect();
    let text = serde_json::to_string(&all).map(|text| logs::without_home(&text));
    text.and_then(|text| serde_json::from_str(&text)).unwrap_or_default()
}

/// What does not depend on a library being open.
fn of_machine(folder: &Path) -> Vec<CheckupFinding> {
    // A checkup creates nothing permanent, so it checks the nearest existing parent folder.
    let there = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
    let memory = sysinfo::System::new().ok().map(|mut system| {
        system.refresh_memory();
        CheckupFinding::Memory { total: system.total_memory(), available: system.available_memory() }
    });
    let mut findings = vec![
        CheckupFinding::Versions {
            fieldmark: env!("CARGO_PKG_VERSION").into(),
            sqlite: store::sqlite_version().into(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            processors: processors(),
        },
        CheckupFinding::Folder { path: folder.display().to_string(), problem: unwritable(there) },
        CheckupFinding::FreeSpace { bytes: fs4::available_space(there).ok() },
    ];
    findings.extend(memory);
    if let Some(log) = logs::folder().map(logs::summary) {
        findings.push(CheckupFinding::Log {
            folder: log.folder.display().to_string(),
            files: log.files,
            bytes: log.bytes,
            problem: log.problem,
            errors: log.errors,
        });
        findings.push(CheckupFinding::LastCrash { record: log.last_crash });
    }
    findings
}

/// The database, what it holds, and the settings.
async fn contents(library: &Arc<Library>) -> Vec<CheckupFinding> {
    let damages = library.store.read(|view| Ok(view.damages())).await;
    let path = library.layout.database().display().to_string();
    let problems = damages.unwrap_or_else(|error| vec![error.to_string()]);
    let mut findings = vec![CheckupFinding::Database { path, problems }];
    if let Ok(info) = library.ask(|library| library.care.info()).await {
        findings.push(CheckupFinding::Contents {
            schema: store::schema_version(),
            images: info.counts.images.into(),
            annotations: info.counts.annotations.into(),
            runs: info.counts.runs.into(),
        });
    }
    if let Ok(Ok(settings)) = library.ask(|library| library.settings.stated()).await.map(serde_json::to_value) {
        findings.push(CheckupFinding::StatedSettings { settings: without_commands(settings) });
    }
    findings
}

/// A command of a hook may hold a token.
fn without_commands(mut settings: serde_json::Value) -> serde_json::Value {
    if let Some(hooks) = settings.get_mut("hooks").and_then(serde_json::Value::as_object_mut) {
        for command in hooks.values_mut().filter(|value| value.is_string()) {
            *command = "set".into();
        }
    }
    let text = logs::clean(&settings.to_string());
    serde_json::from_str(&text).unwrap_or(serde_json::Value::Null)
}

/// Why `folder` is not writable; `None` if it is.
fn unwritable(folder: &Path) -> Option<String> {
    let tried = tempfile::tempfile_in(folder).and_then(|mut file| file.write_all(b"Fieldmark"));
    tried.err().map(|error| error.to_string())
}

/// Checks the connections. May block on the keychain.
async fn connections(library: &Arc<Library>, asks_server: bool) -> Vec<CheckupFinding> {
    let overview = match library.connections.shown() {
        Ok(overview) => overview,
        Err(error) => return vec![CheckupFinding::Settings { problem: error.to_string() }],
    };
    let mut findings = vec![CheckupFinding::Keychain { problem: overview.keychain_problem }];
    // Only the default provider is expected to be set up.
    let all = overview.connections.into_iter().enumerate();
    for connection in all.filter(|(place, own)| *place == 0 || !own.is_untouched()).map(|(_, own)| own) {
        findings.extend(connection_to_provider(library, connection, asks_server).await);
    }
    findings
}

async fn connection_to_provider(
    library: &Arc<Library>,
    connection: Connection,
    asks_server: bool,
) -> Vec<CheckupFinding> {
    let provider = connection.name;
    let variables =
        [FieldKind::BaseUrl, FieldKind::Region, FieldKind::Model].map(|kind| connection.provider.variable(kind));
    let mut findings = vec![CheckupFinding::Server {
        provider: provider.clone(),
        base_url: connection.base_url,
        said_by: connection.base_url_from,
        variables: variables.into_iter().flatten().map(ToOwned::to_owned).collect(),
        problem: connection.problem.clone(),
    }];
    if connection.problem.is_none() {
        findings.push(CheckupFinding::Key {
            host: connection.host,
            place: connection.key,
            variable: connection.key_variable,
            withheld: connection.key_withheld,
        });
    }
    let id = &connection.provider.id;
    if asks_server && let Ok(check) = library.connections.check(id).await {
        findings.push(CheckupFinding::Connection { provider, check });
    }
    findings.extend(connection.endpoints.into_iter().map(|endpoint| CheckupFinding::Endpoint {
        name: endpoint.name,
        host: endpoint.host,
        place: endpoint.key,
        key_variable: endpoint.key_variable,
        problem: endpoint.problem,
    }));
    if asks_server && let Ok(checks) = library.connections.check_endpoints(id).await {
        findings.extend(checks.into_iter().map(|(name, check)| CheckupFinding::EndpointConnection { name, check }));
    }
    findings
}

/// Checks that the embedded model finds something in a bundled photo.
fn embedded_model() -> CheckupFinding {
    let looked = || -> std::result::Result<Vec<String>, String> {
        let mut photo = tempfile::Builder::new().suffix(".jpg").tempfile().map_err(|error| error.to_string())?;
        photo.write_all(samples::CAT).map_err(|error| error.to_string())?;
        let model = Trial::of_built_in().map_err(|error| error.to_string())?;
        let model = model.ok_or("there is none")?;
        let decoded = prepare::decode(photo.path(), Some(model.longest_edge()), &DecodingMemory::default());
        let pixels = decoded.map_err(|reason| reason.to_string())?.pixels;
        let recipe = Recipe::find_these("cat").map_err(|error| error.to_string())?;
        let annotations = model.annotations(&pixels, &recipe).map_err(|error| error.to_string())?;
        Ok(annotations.into_iter().map(|annotation| annotation.label).collect())
    };
    match looked() {
        Ok(found) => CheckupFinding::EmbeddedModel { found, problem: None },
        Err(problem) => CheckupFinding::EmbeddedModel { found: Vec::new(), problem: Some(problem) },
    }
}
