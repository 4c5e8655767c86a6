//! Opens a scene: a copy of its library in a folder of its own, its simulators, and `fieldmark serve` on it in an environment
//! that has nothing of the user who runs the tests.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use domain::ids::ImageId;
use domain::model::{Destination, ModelId};
use domain::plan::{ImageSelection, RunRequest};
use domain::run::RunProgress;
use domain::run_state::{RunMode, RunState};
use engine::{BatchLimits, Consents, Library, Surroundings};
use keys::{Environment, KeyRing};
use rusqlite::Connection;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::binary;

use super::library::{AFTER_RUN, BEFORE_RUN, MODEL};
use super::servers::{KEY, Servers};
use super::{Done, Latest, Photos, Scene, Templates, copies};

/// The variable that the settings name for the key.
const KEY_VARIABLE: &str = "SCENE_KEY";
/// The batches of a run that began last night.
const BATCHES: u32 = 3;
const A_NIGHT_MILLIS: i64 = 25_920_000;
/// The user's consents, in the folder of a scene.
const CONSENTS: &str = "home/.config/fieldmark/consents.json";
/// As it begins in the output of `fieldmark serve`.
const ADDRESS: &str = "http://127.0.0.1:";

/// An additional endpoint of a scene.
struct Extra {
    name: &'static str,
    /// The rest of its table in the settings.
    settings: &'static str,
    key_variable: Option<&'static str>,
}

const ENDPOINTS: [Extra; 3] = [
    Extra {
        name: "Frankfurt",
        settings: "price_percent = 110\nlimits = { requests = 600 }",
        key_variable: Some("FIELDMARK_ENDPOINT_FRANKFURT_KEY"),
    },
    Extra {
        name: "Second account",
        settings: "concurrency = 3",
        key_variable: Some("FIELDMARK_ENDPOINT_SECOND_ACCOUNT_KEY"),
    },
    Extra {
        name: "Old gateway",
        settings: "model_prefix = \"anthropic.\"\nprice_percent = 95\nlimits = { requests = 50 }",
        key_variable: None,
    },
];

/// A library with what belongs to it, ready to be opened by a program.
pub struct Prepared {
    pub folder: PathBuf,
    pub database: PathBuf,
    /// The originals.
    pub photos: PathBuf,
    pub servers: Arc<Servers>,
    /// The whole environment of a program that opens it.
    pub environment: Vec<(String, String)>,
}

/// A scene that is being shown.
pub struct Opened {
    pub prepared: Prepared,
    /// Where the window is, with its token.
    pub url: String,
    serve: Child,
}

impl Prepared {
    /// Prepares `scene` in the new folder `folder`.
    pub async fn new(scene: &Scene, templates: &Templates, folder: &Path) -> Done<Self> {
        let (library, photos) = {
            let (scene, templates) = (scene.clone(), templates.clone());
            let made = move || Done::Ok((templates.library(&scene)?, templates.photos(Photos::of(&scene))?));
            tokio::task::spawn_blocking(made).await??
        };
        let extras = if scene.has_endpoints { ENDPOINTS.len() } else { 0 };
        let servers = Servers::start(scene, extras).await?;
        let urls = servers.urls();
        let own = folder.join("library");
        let copied = copies::copy(&library, &own)?;
        if let Some(parent) = folder.join(CONSENTS).parent() {
            fs::create_dir_all(parent)?;
        }
        fs::create_dir_all(folder.join("tmp"))?;
        fs::write(own.join("settings.toml"), settings(scene, &urls))?;
        let consents = consents(scene, &copied.database, &own)?;
        fs::write(folder.join(CONSENTS), consents)?;
        let environment = environment(scene, folder, &urls[0], servers.local_port());
        if scene.counts_answers {
            count_answers(&library, &copied.database, &urls[0]).await?;
        }
        if scene.latest == Latest::InBatches {
            send_batches(scene, &copied.database, &urls[0], surroundings(folder, &environment)).await?;
        }
        let photos = photos.join("photos");
        Ok(Self {
            folder: folder.to_owned(),
            database: copied.database,
            photos,
            servers: Arc::new(servers),
            environment,
        })
    }

    /// What a program in this process opens the library with.
    #[must_use]
    pub fn surroundings(&self) -> Surroundings {
        surroundings(&self.folder, &self.environment)
    }

    /// A program on this library, which ends with its handle.
    #[must_use]
    pub fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.join("home")).kill_on_drop(true);
        command
    }
}

impl Opened {
    /// Prepares `scene` and shows it.
    pub async fn new(scene: &Scene, templates: &Templates, folder: &Path) -> Done<Self> {
        let prepared = Prepared::new(scene, templates, folder).await?;
        let mut command = prepared.program(&binary("fieldmark"));
        command.arg("serve").arg("--db").arg(&prepared.database).args(["--port", "0"]);
        let log = fs::File::create(folder.join("serve.log"))?;
        let mut serve = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let output = serve.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(output).lines();
        let url = loop {
            let Some(line) = lines.next_line().await? else {
                let log = fs::read_to_string(folder.join("serve.log")).unwrap_or_default();
                return Err(format!("fieldmark serve has ended: {log}").into());
            };
            if let Some(start) = line.find(ADDRESS) {
                break line[start..].split_whitespace().next().unwrap_or_default().to_owned();
            }
        };
        // Its output must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        if !scene.has_recipes {
            // The recipes of a new library come back whenever it is opened.
            Connection::open(&prepared.database)?.execute("DELETE FROM recipes", [])?;
        }
        Ok(Self { prepared, url, serve })
    }

    /// The process that serves the window.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.serve.id()
    }

    /// Ends the process and removes the folder.
    pub async fn close(mut self) -> Done<()> {
        self.serve.kill().await?;
        fs::remove_dir_all(&self.prepared.folder)?;
        Ok(())
    }
}

/// What the library of the scene in `folder` is opened with in this process: the same as in its environment.
fn surroundings(folder: &Path, environment: &[(String, String)]) -> Surroundings {
    let environment = environment.to_vec();
    let set = move |name: &str| environment.iter().find(|(set, _)| set == name).map(|(_, value)| value.into());
    Surroundings {
        environment: Environment::from_variables(engine::variable_names(Vec::new()).providers, set, None),
        keys: KeyRing::for_session(),
        variables: HashMap::new(),
        consents: Consents::at(folder.join(CONSENTS)),
        unused_env_file: None,
    }
}

fn settings(scene: &Scene, urls: &[String]) -> String {
    let mut parts = vec!["theme = \"system\"\nwrites_metrics = false\n".to_owned()];
    if scene.has_endpoints {
        let hosts: Vec<&str> = urls[1..].iter().map(|url| url.trim_start_matches("http://")).collect();
        parts.push(format!("agreed_hosts = {hosts:?}\n"));
    }
    if scene.has_hooks {
        parts.push(format!("[hooks]\nbefore_run = {BEFORE_RUN:?}\nafter_run = {AFTER_RUN:?}\n"));
    }
    if !scene.is_from_environment {
        parts.push(format!("[[providers]]\nid = \"anthropic\"\nbase_url = {:?}\n", urls[0]));
        if scene.has_key {
            parts.push(format!("key_env = {KEY_VARIABLE:?}\n"));
        }
        for (extra, url) in ENDPOINTS.iter().zip(&urls[1..]) {
            let Extra { name, settings, .. } = extra;
            parts.push(format!("[[providers.endpoints]]\nname = {name:?}\nbase_url = {url:?}\n{settings}\n"));
        }
    }
    parts.concat()
}

/// The user's consents: the library is their own, and one hook may run.
fn consents(scene: &Scene, database: &Path, folder: &Path) -> Done<Vec<u8>> {
    let library: String = Connection::open(database)?.query_row("SELECT id FROM library", [], |row| row.get(0))?;
    let owner = json!({"library": library, "folder": folder});
    let mut consents = json!({"libraries": [owner]});
    if scene.has_hooks {
        let (event, agreed_at) = ("after_run", 0);
        consents["hooks"] = json!([{"library": library, "folder": folder, "event": event, "command": AFTER_RUN, "agreed_at": agreed_at}]);
    }
    Ok(serde_json::to_vec_pretty(&consents)?)
}

/// Everything that a program inherits.
fn environment(scene: &Scene, folder: &Path, url: &str, local_port: Option<u16>) -> Vec<(String, String)> {
    let home = folder.join("home");
    let inside = |name: &str, path: PathBuf| (name.to_owned(), path.to_string_lossy().into_owned());
    let mut all = vec![
        inside("HOME", home.clone()),
        inside("XDG_CONFIG_HOME", home.join(".config")),
        inside("XDG_DATA_HOME", home.join(".local/share")),
        inside("XDG_CACHE_HOME", home.join(".cache")),
        inside("XDG_STATE_HOME", home.join(".local/state")),
        inside("XDG_RUNTIME_DIR", folder.join("tmp")),
        inside("TMPDIR", folder.join("tmp")),
        inside("FIELDMARK_LIBRARY", folder.join("library")),
    ];
    let mut set = |name: &str, value: &str| all.push((name.to_owned(), value.to_owned()));
    if let Ok(path) = std::env::var("PATH") {
        set("PATH", &path);
    }
    // Nothing but the scene's own server is looked for.
    set("FIELDMARK_LOCAL_SERVERS", &local_port.map(|port| format!("Ollama={port}")).unwrap_or_default());
    if scene.is_from_environment {
        set("ANTHROPIC_BASE_URL", url);
        set("ANTHROPIC_API_KEY", KEY);
        set("ANTHROPIC_MODEL", MODEL);
        set("CONCURRENCY", "4");
    } else if scene.has_key {
        set(KEY_VARIABLE, KEY);
    }
    if scene.has_endpoints {
        ENDPOINTS.iter().filter_map(|extra| extra.key_variable).for_each(|variable| set(variable, KEY));
    }
    all
}

/// Makes the answers of the second run those to the question that a run would ask now. The question depends on the address of
/// the server, so a run on one image of another copy tells it.
async fn count_answers(template: &Path, database: &Path, url: &str) -> Done<()> {
    let folder = tempfile::tempdir()?;
    let copied = copies::copy(template, &folder.path().join("library"))?;
    let host = url.trim_start_matches("http://");
    {
        let library = Library::open(&copied.database, Surroundings::only(url, KEY))?;
        library.settings.agree_to(host)?;
        let recipe = library.recipes.all()?.first().ok_or("a library without recipes")?.id;
        let images = ImageSelection::Images { ids: vec![ImageId(1)] };
        let run = library.runs.start(&RunRequest::of(images, recipe, ModelId(MODEL.into()))).await?;
        if let Some(mut progress) = library.runs.progress(run) {
            // An error means that the run has ended and is no longer tracked.
            let _ended = progress.wait_for(|snapshot| matches!(snapshot.state, RunState::Stopped { .. })).await;
        }
    }
    let key: String = Connection::open(&copied.database)?.query_row(
        "SELECT answer_key FROM runs ORDER BY id DESC LIMIT 1",
        [],
        |row| row.get(0),
    )?;
    let destination = Destination::Host { name: host.to_owned(), is_on_this_machine: true };
    let destination = serde_json::to_string(&destination)?;
    Connection::open(database)?
        .execute("UPDATE runs SET answer_key = ?1, destination = ?2 WHERE id = 2", [&key, &destination])?;
    Ok(())
}

/// Sends all images in batches, and leaves them at the server since last night. A person who resumes the run fetches the answers.
async fn send_batches(scene: &Scene, database: &Path, url: &str, surroundings: Surroundings) -> Done<()> {
    {
        let library = Library::open(database, surroundings)?;
        library.settings.agree_to(url.trim_start_matches("http://"))?;
        let items = scene.images.div_ceil(BATCHES);
        library.runs.limit_batches(BatchLimits { items, ..BatchLimits::default() });
        let recipe = library.recipes.all()?.first().ok_or("a library without recipes")?.id;
        let request = RunRequest::of(ImageSelection::All, recipe, ModelId(MODEL.into()));
        let run = library.runs.start(&RunRequest { mode: RunMode::Batch, ..request }).await?;
        if let Some(mut progress) = library.runs.progress(run) {
            let is_sent = |progress: &RunProgress| {
                let sent: u32 =
                    progress.batches.iter().filter(|batch| batch.expires_at.is_some()).map(|batch| batch.images).sum();
                sent + progress.failed >= scene.images || matches!(progress.state, RunState::Stopped { .. })
            };
            progress.wait_for(is_sent).await?;
            library.runs.pause(run);
            // An error means that the run has ended and is no longer tracked.
            let _ended = progress.wait_for(|progress| matches!(progress.state, RunState::Stopped { .. })).await;
        }
    }
    let connection = Connection::open(database)?;
    connection.execute("UPDATE runs SET started_at = started_at - ?1 WHERE mode = 'batch'", [A_NIGHT_MILLIS])?;
    connection.execute("UPDATE batches SET submitted_at = submitted_at - ?1", [A_NIGHT_MILLIS])?;
    Ok(())
}
