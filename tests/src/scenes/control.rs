//! The HTTP interface of the `scenes` program, for tests in other languages. It listens on the loopback interface alone.
//!
//! - `POST /open?QUERY` opens a scene; the answer is JSON: `id`, `url` of the window with its token, `library` (its database),
//!   `photos` (the folder of its originals), `simulator` (the base URLs of its servers, the vendor's first).
//! - `POST /close?id=N` ends it.
//! - `POST /simulator?id=N&server=0&do=VERB` steers a server: `answer`, `fail` and `fail-next` (with the fault, or a list of
//!   faults, as JSON in the body), `close`, `cancel-batches`. The scene's own script (`still`, `held`, `closed`) ends.

use std::collections::HashMap;
use std::io::Write;
use std::net::Ipv4Addr;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, RawQuery, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex as AsyncMutex;

use super::{Done, Opened, Scene, Steering, Templates};

/// Ends the processes whose ids it reads, once its input is closed: also when this program was killed.
const REAPER: &str = "while read process; do all=\"$all $process\"; done; kill -9 $all 2>/dev/null";

/// What the program serves.
struct Scenes {
    templates: Templates,
    /// Where the scenes have their folders.
    folder: tempfile::TempDir,
    open: AsyncMutex<HashMap<u32, Opened>>,
    latest: AtomicU32,
    reaper: Mutex<ChildStdin>,
}

type Answer = Result<Json<Value>, (StatusCode, String)>;

/// Serves the interface at `port` until `stopped` resolves, after announcing its address with `announce`. Then all scenes end.
pub async fn serve(
    port: u16,
    templates: Templates,
    announce: impl FnOnce(&str),
    stopped: impl Future<Output = ()> + Send + 'static,
) -> Done<()> {
    let mut reaper = Command::new("sh").args(["-c", REAPER]).stdin(Stdio::piped()).spawn()?;
    let scenes = Arc::new(Scenes {
        templates,
        folder: tempfile::Builder::new().prefix("fieldmark-scenes-").tempdir()?,
        open: AsyncMutex::default(),
        latest: AtomicU32::new(0),
        reaper: Mutex::new(reaper.stdin.take().ok_or("no input")?),
    });
    let routes = Router::new()
        .route("/open", post(open))
        .route("/close", post(close))
        .route("/simulator", post(simulator))
        .with_state(Arc::clone(&scenes));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    announce(&format!("http://{}", listener.local_addr()?));
    tokio::select! {
        served = axum::serve(listener, routes) => served?,
        () = stopped => {}
    }
    for (_, opened) in scenes.open.lock().await.drain() {
        opened.close().await?;
    }
    Ok(())
}

async fn open(State(scenes): State<Arc<Scenes>>, RawQuery(query): RawQuery) -> Answer {
    let scene: Scene = query.unwrap_or_default().parse().map_err(|error| refused(&error))?;
    let id = scenes.latest.fetch_add(1, Ordering::Relaxed) + 1;
    let folder = scenes.folder.path().join(id.to_string());
    let opened = Opened::new(&scene, &scenes.templates, &folder).await.map_err(|error| failed(&*error))?;
    if let Some(process) = opened.process() {
        let mut reaper = scenes.reaper.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(reaper, "{process}").map_err(|error| failed(&error))?;
    }
    let answer = json!({
        "id": id,
        "url": opened.url,
        "library": opened.prepared.database,
        "photos": opened.prepared.photos,
        "simulator": opened.prepared.servers.urls(),
    });
    scenes.open.lock().await.insert(id, opened);
    Ok(Json(answer))
}

#[derive(Deserialize)]
struct Which {
    id: u32,
}

async fn close(State(scenes): State<Arc<Scenes>>, Query(Which { id }): Query<Which>) -> Answer {
    let opened = scenes.open.lock().await.remove(&id).ok_or_else(|| unknown(id))?;
    opened.close().await.map_err(|error| failed(&*error))?;
    Ok(Json(Value::Null))
}

#[derive(Deserialize)]
struct Steer {
    id: u32,
    #[serde(default)]
    server: usize,
    #[serde(rename = "do")]
    verb: String,
}

async fn simulator(State(scenes): State<Arc<Scenes>>, Query(steer): Query<Steer>, body: String) -> Answer {
    let Steer { id, server, verb } = steer;
    let servers = scenes.open.lock().await.get(&id).map(|opened| Arc::clone(&opened.prepared.servers));
    let servers = servers.ok_or_else(|| unknown(id))?;
    let steering = match verb.as_str() {
        "answer" => Steering::Answer,
        "fail" => Steering::Fail(serde_json::from_str(&body).map_err(|error| refused(&error))?),
        "fail-next" => Steering::FailNext(serde_json::from_str(&body).map_err(|error| refused(&error))?),
        "close" => Steering::Close,
        "cancel-batches" => Steering::CancelBatches,
        _ => return Err((StatusCode::BAD_REQUEST, format!("a server cannot {verb}"))),
    };
    servers.steer(server, steering).await.map_err(|error| failed(&*error))?;
    Ok(Json(Value::Null))
}

fn refused(error: &dyn std::error::Error) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, error.to_string())
}

fn failed(error: &dyn std::error::Error) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

fn unknown(id: u32) -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, format!("there is no scene {id}"))
}
