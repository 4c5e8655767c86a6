//! The library of a scene: photos imported by the engine, or as rows where there are too many, then the runs of the past and
//! what a person decided.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::annotation::{Annotation, Status};
use domain::hooks::{HookEnding, HookEvent, HookRun};
use domain::ids::{ImageId, RunId};
use domain::layers::LayerScope;
use domain::model::ModelId;
use domain::money::CostRange;
use domain::plan::{ImageSelection, ModelQuote, PlanRequest};
use domain::recipe::{Recipe, builtin};
use domain::review::{Decision, DecisionScope, Verdict};
use domain::run_state::{RunMode, StopReason};
use engine::Library;
use rusqlite::Connection;
use store::Store;

use crate::bench::surroundings;

use super::copies::{self, DATABASE, THUMBNAILS};
use super::objects::{self, Found};
use super::past::{self, Ending, PastRun, Price, Worker};
use super::photos::{chance, file_of, leader, name_of, perceptual_hash, photo_of};
use super::{Done, Files, Latest, Photos, Scene, rows};

/// Libraries with more images get their rows without reading a file for each.
const MOST_IMPORTED: u32 = 500;
/// The model of a run elsewhere.
pub const MODEL: &str = "claude-haiku-5-5";
/// The host of a run in the past.
const VENDOR: &str = "api.anthropic.com";
const CHECKED_AT_ONCE: u32 = 500;
/// Requests that were under way when the process of a run died.
const LOST_REQUESTS: u32 = 3;
/// A hook without consent.
pub const BEFORE_RUN: &str = "./warm-up.sh";
pub const AFTER_RUN: &str = "notify-send \"Fieldmark\" \"$FIELDMARK_SUMMARY\"";
/// A file that begins like a camera's raw file.
const RAW: &[u8] = b"II*\0\x10\0\0\0CR\x02\0\0\0\0\0";
/// Of a JPEG file, what is left of a damaged one.
const DAMAGED_BYTES: usize = 9_000;

/// Lays out the photos and imports them into a new library in `folder`.
pub fn import(photos: Photos, folder: &Path) -> Done<()> {
    let scene = Scene { images: photos.images, ..Scene::default() };
    let own = folder.join("library");
    {
        let library = Library::open(&own.join(DATABASE), surroundings(&[]))?;
        fs::create_dir_all(own.join(THUMBNAILS))?;
        let collections = scene.collections();
        if photos.images > MOST_IMPORTED {
            rows::add(&Store::open(&own.join(DATABASE))?, photos, &collections, &folder.join("photos"), &own)?;
        }
        for collection in &collections {
            let into = folder.join("photos").join(collection.name);
            fs::create_dir_all(&into)?;
            let mut paths = Vec::new();
            if photos.images <= MOST_IMPORTED {
                for image in collection.first..=collection.last {
                    let path = into.join(name_of(image));
                    fs::write(&path, file_of(image)?)?;
                    paths.push(path);
                }
            }
            if collection.first == 1 {
                paths.extend(unreadable(&into)?);
            }
            library.imports.run(&paths)?;
        }
        if photos.has_hollow {
            let card = folder.join("photos/Damaged card");
            fs::create_dir_all(&card)?;
            fs::write(card.join("DSC_0001.NEF"), RAW)?;
            library.imports.run(&[card])?;
        }
        close(library);
    }
    let store = Store::open(&own.join(DATABASE))?;
    store.write_blocking(move |edit| {
        (1..=photos.images).try_for_each(|image| {
            edit.record_perceptual_hash(ImageId(image), perceptual_hash(image, photos.has_similar))
        })
    })?;
    if photos.has_similar {
        let followers = (1..=photos.images).filter_map(|image| Some((leader(image)?, image)));
        let followers: Vec<(u32, u32)> = followers.collect();
        store.write_blocking(move |edit| {
            followers
                .into_iter()
                .try_for_each(|(leader, image)| edit.record_similar_check(ImageId(leader), ImageId(image), true))
        })?;
    }
    drop(store);
    if photos.files != Files::All {
        fs::remove_dir_all(folder.join("photos"))?;
    }
    if photos.files == Files::Nothing {
        fs::remove_dir_all(own.join(THUMBNAILS))?;
        fs::create_dir_all(own.join(THUMBNAILS))?;
    }
    Ok(())
}

/// Files that no import accepts: a damaged photo, one that is none, an empty one.
fn unreadable(folder: &Path) -> Done<Vec<PathBuf>> {
    let files =
        [("IMG_0412.jpg", file_of(1)?[..DAMAGED_BYTES].to_vec()), ("notes.txt", b"Tuesday: harbour\n".to_vec())];
    let files = files.into_iter().chain([("IMG_0555.jpg", Vec::new())]);
    files
        .map(|(name, bytes)| {
            let path = folder.join(name);
            fs::write(&path, bytes)?;
            Ok(path)
        })
        .collect()
}

/// Copies the library of `photos` to `folder` and adds the runs of the past and the decisions of `scene`.
pub fn annotate(scene: &Scene, photos: &Path, folder: &Path) -> Done<()> {
    let copied = copies::copy(&photos.join("library"), folder)?;
    if scene.images == 0 {
        return Ok(());
    }
    let recipe = if scene.is_birds { builtin::bird_vocabulary() } else { builtin::everyday_objects() };
    // Two runs of one model and recipe would supersede each other.
    let recipe_before = Recipe {
        instructions: if scene.has_layers {
            "Mark every visible object of these classes.".into()
        } else {
            recipe.instructions.clone()
        },
        ..recipe.clone()
    };
    let before = if scene.has_layers { scene.annotated() } else { scene.images.div_ceil(3) };
    let (worker, quoted) = worker(scene, &copied.database)?;
    let store = Store::open(&copied.database)?;
    let first = PastRun {
        number: 1,
        day: 1,
        quoted: CostRange::default(),
        worker: &Worker::Detector,
        recipe: &recipe_before,
        images: before,
        finished: before,
        ending: Ending::Completed,
        mode: RunMode::Live,
        answers: earlier_answers,
    };
    let images = scene.annotated();
    let second = PastRun {
        number: 2,
        day: 2,
        quoted: quoted[0],
        worker: &worker,
        recipe: &recipe,
        images,
        finished: images,
        answers,
        ..first
    };
    let (run_before, run) = (past::begin(&store, &first)?, past::begin(&store, &second)?);
    // Where both are shown, the annotations of the newer run come first.
    let order =
        if scene.has_layers { [(run, &second), (run_before, &first)] } else { [(run_before, &first), (run, &second)] };
    for (run, past) in order {
        past::finish(&store, scene, past, run)?;
    }
    decide(&store, scene)?;
    if !scene.has_layers {
        store.write_blocking(move |edit| edit.take_back_proposals(run_before).map(drop))?;
    }
    if scene.has_hooks {
        store.write_blocking(move |edit| hook_runs(run).iter().try_for_each(|hook| edit.add_hook_run(hook)))?;
    }
    if scene.latest != Latest::Complete {
        latest(
            &store,
            scene,
            &PastRun {
                number: 3,
                day: 3,
                quoted: quoted[1],
                images: scene.images,
                finished: scene.images / 2,
                answers: latest_answers,
                ..second
            },
        )?;
    }
    if let Worker::Elsewhere(price) = &worker
        && scene.has_months
    {
        super::months::add(&store, scene, &second, price)?;
    }
    while store.write_derived_blocking(|edit| edit.look_through(CHECKED_AT_ONCE))? {}
    drop(store);
    forget_steps(&copied.database)
}

/// What the latest complete run of the past answered.
fn answers(scene: &Scene, image: u32) -> Option<Vec<Found>> {
    if scene.annotations > 0 {
        return Some(objects::crowd(image, scene.annotations));
    }
    if is_unreadable(image) {
        return None;
    }
    if is_empty(image) {
        return Some(Vec::new());
    }
    let mut found = objects::found(image);
    if let Some(first) = found.first().cloned().filter(|_| scene.has_mistakes && !is_reviewed(image)) {
        found.extend(objects::mistakes(image, &first));
    }
    Some(found)
}

/// What the run before it answered.
fn earlier_answers(scene: &Scene, image: u32) -> Option<Vec<Found>> {
    (scene.annotations > 0 || !is_unreadable(image)).then(|| objects::found_earlier(image))
}

/// What a third run answered.
fn latest_answers(_: &Scene, image: u32) -> Option<Vec<Found>> {
    (chance(image, 43) >= 0.03).then(|| objects::found(image))
}

fn is_unreadable(image: u32) -> bool {
    chance(image, 1) < 0.04
}

fn is_empty(image: u32) -> bool {
    photo_of(image).objects.len() == 1 && chance(image, 2) < 0.12
}

fn is_reviewed(image: u32) -> bool {
    chance(image, 3) < 0.3
}

/// A person has looked through some of the images, and accepted what is likely.
fn decide(store: &Store, scene: &Scene) -> Done<()> {
    if scene.annotations > 0 {
        return Ok(());
    }
    let looked_at: Vec<u32> = (1..=scene.annotated())
        .filter(|&image| !is_unreadable(image) && (is_empty(image) || is_reviewed(image)))
        .collect();
    let layers = LayerScope::Runs { runs: vec![RunId(2)] };
    let now = 1_795_500_000_000;
    store.write_blocking(move |edit| {
        for image in looked_at {
            let id = ImageId(image);
            let decided = |scope, verdict| edit.decide(&Decision { image: id, scope, verdict }, &layers, now);
            if is_empty(image) {
                decided(DecisionScope::Image, Verdict::Accept)?;
                continue;
            }
            let proposed = edit.annotations_of(id)?.into_iter().filter(is_of_second);
            for (annotation, found) in proposed.zip(objects::found(image)) {
                let verdict = if found.confidence > 0.4 { Verdict::Accept } else { Verdict::Reject { reason: None } };
                decided(DecisionScope::Annotation { id: annotation.id }, verdict)?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn is_of_second(annotation: &Annotation) -> bool {
    annotation.origin.run() == Some(RunId(2)) && annotation.status == Status::Proposed
}

/// The model of the latest runs, and the quotes for the annotated images and for all.
fn worker(scene: &Scene, database: &Path) -> Done<(Worker, [CostRange; 2])> {
    if !scene.is_priced {
        return Ok((Worker::Detector, [CostRange::default(); 2]));
    }
    let library = Library::open(database, surroundings(&[]))?;
    let recipe = library.recipes.all()?.first().ok_or("a library without recipes")?.id;
    let quote = |images: u32| -> Done<ModelQuote> {
        let ids = (1..=images).map(ImageId).collect();
        let quote = library.planning.quote(&PlanRequest::of(ImageSelection::Images { ids }, recipe))?;
        let of_model = quote.models.into_iter().find(|quoted| quoted.model.id.0 == MODEL);
        Ok(of_model.ok_or("the model is not listed")?)
    };
    let [annotated, all] = [quote(scene.annotated())?, quote(scene.images)?];
    close(library);
    let quoted = [annotated.cost, all.cost].map(Option::unwrap_or_default);
    let basis = annotated.cost_basis.ok_or("the model has no price")?;
    let price = Price {
        model: ModelId(MODEL.into()),
        name: annotated.model.name,
        host: VENDOR.into(),
        largest: basis.dearest_request,
        input_per_token: basis.input_per_million.0 / 1_000_000,
        output_per_token: basis.output_per_million.0 / 1_000_000,
    };
    Ok((Worker::Elsewhere(price), quoted))
}

/// Writes the run after the complete ones: half of its images.
fn latest(store: &Store, scene: &Scene, past: &PastRun<'_>) -> Done<()> {
    let under_way = if scene.is_priced { LOST_REQUESTS } else { 0 };
    let ending = match scene.latest {
        Latest::Complete | Latest::InBatches => return Ok(()),
        Latest::Interrupted => Ending::Interrupted { under_way },
        Latest::Stopped(reason) => Ending::Stopped(reason, said(reason)),
    };
    let mode = if ending == Ending::Stopped(StopReason::BatchUnknown, None) { RunMode::Batch } else { RunMode::Live };
    let past = &PastRun { ending, mode, ..*past };
    let run = past::begin(store, past)?;
    past::finish(store, scene, past, run)
}

/// The server's message when it ended a run.
const fn said(reason: StopReason) -> Option<&'static str> {
    Some(match reason {
        StopReason::KeyRejected => "invalid x-api-key",
        StopReason::NotPermitted => "Your API key does not have permission to use the specified resource.",
        StopReason::NoCredit => {
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."
        }
        StopReason::SpendLimit => {
            "You have reached your specified API usage limits. You will regain access on 2026-12-01."
        }
        StopReason::UnknownModel => "model: claude-haiku-5-5",
        StopReason::NotSuchAServer => "HTTP 404, text/html",
        StopReason::AnswersUnreadable => {
            "the server's answer could not be read: status 200, text/html, beginning with \"<!doctype html>\""
        }
        StopReason::WaitTooLong => {
            "status 429: Slow down; it asks to wait 86400 seconds, and Fieldmark waits 3600 at most"
        }
        StopReason::RequestRefused => "output_config.format: Extra inputs are not permitted",
        StopReason::Unreachable => "connection refused (os error 111)",
        _ => return None,
    })
}

/// The hooks of a run: one was not agreed to, one failed.
fn hook_runs(run: RunId) -> [HookRun; 2] {
    let started_at = 1_795_167_000_000;
    [
        HookRun {
            run,
            event: HookEvent::BeforeRun,
            command: BEFORE_RUN.into(),
            started_at,
            millis: 0,
            ending: HookEnding::NotAgreed,
            output: String::new(),
        },
        HookRun {
            run,
            event: HookEvent::AfterRun,
            command: AFTER_RUN.into(),
            started_at,
            millis: 64,
            ending: HookEnding::Exited { code: 127 },
            output: "sh: 1: notify-send: not found".into(),
        },
    ]
}

/// Removes what a test must not find: the undo of the decisions, which were made before it began, and proposals of the first run
/// on images that were decided.
fn forget_steps(database: &Path) -> Done<()> {
    let connection = Connection::open(database)?;
    connection.execute("DELETE FROM steps", [])?;
    connection.execute(
        "DELETE FROM annotations WHERE run_id = 1 AND status = 'proposed'
             AND image_id IN (SELECT id FROM images WHERE review <> 'unreviewed')",
        [],
    )?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Waits until nothing has the library open, so that its database is one file.
fn close(library: Arc<Library>) {
    let others = Arc::downgrade(&library);
    drop(library);
    while others.strong_count() > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
}
