//! Publishing to a real PostgreSQL server, and through a stand-in for Supabase's REST interface in front of it.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

mod after_runs;
mod copies;
mod tls;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use domain::layers::LayerScope;
use domain::publication::PublicationOutcome;
use domain::review::{Decision, DecisionScope, Verdict};
use engine::EngineError;
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::{LABELS, drawing, write_png};
use fieldmark_tests::postgres::{Rest, Server};
use fieldmark_tests::repository;
use rusqlite::params;
use serde_json::Value;
use simulator::{Options, Simulator};
use tokio_postgres::Client;

const MODEL: &str = "claude-haiku-5-5";
const TABLES: [&str; 5] = ["recipes", "layers", "images", "annotations", "answers"];
/// How far the library is published: a publication that ended has the place `END`.
const PLACE: &str = "select coalesce(max(epoch * 4294967296 + image), 0)::bigint from fieldmark.libraries";
const END: i64 = 4_294_967_295;
/// Supabase's roles.
const ROLES: &str = "do $$ begin create role anon; create role authenticated; create role service_role bypassrls;
    exception when duplicate_object then null; end $$";

async fn number(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.unwrap().get(0)
}

/// All rows of all tables, by key.
async fn contents(client: &Client) -> Vec<String> {
    let mut contents = Vec::new();
    for table in TABLES {
        let query = format!("select to_jsonb(kept)::text from fieldmark.{table} as kept order by to_jsonb(kept)::text");
        contents.extend(client.query(&query, &[]).await.unwrap().iter().map(|row| row.get::<_, String>(0)));
    }
    contents
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_published_and_followed() {
    let (server, simulator) = (Server::start(), Simulator::start(Options::default()).await.unwrap());
    let client = server.database("photos").await;
    let database = server.url("photos");
    let variables = [
        ("ANTHROPIC_BASE_URL", simulator.url()),
        ("ANTHROPIC_API_KEY", "sk-any".to_owned()),
        ("FIELDMARK_DATABASE_URL", database),
    ];
    let bench = Bench::among(&variables.each_ref().map(|(name, value)| (*name, value.as_str())));
    bench.library.settings.agree_to(simulator.url().trim_start_matches("http://")).unwrap();
    bench.add_pictures(6);
    let run = bench.look_for(LABELS, MODEL).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);

    let published = bench.library.publishing.publish(false, |_| {}).await.unwrap();
    let cards = bench.cards();
    let own: usize = cards.iter().map(|card| card.annotations.len()).sum();
    assert_eq!((published.images, published.annotations as usize, published.answers), (6, own, 6));
    assert!(own >= 18, "{own}");
    assert_eq!(number(&client, "select count(*) from fieldmark.images").await, 6);
    assert_eq!(number(&client, "select count(*) from fieldmark.annotations").await, i64::try_from(own).unwrap());
    // What was paid, to the last digit.
    let paid: String = client
        .query_one("select (sum(paid_dollars) * 1000000000000)::bigint::text from fieldmark.answers", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(paid, simulator.ledger().total_pico_dollars().to_string());
    let first = &cards[0].annotations[0];
    let bounds = first.shape.bounds().unwrap();
    let row = client
        .query_one(
            "select label, x, y, width, height, confidence, status, kind, layer_id from fieldmark.annotations where id = $1",
            &[&i64::from(first.id.0)],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, String>("label"), first.label);
    assert_eq!(
        ["x", "y", "width", "height"].map(|side| row.get::<_, f64>(side).to_bits()),
        [bounds.x1, bounds.y1, bounds.x2 - bounds.x1, bounds.y2 - bounds.y1].map(f64::to_bits)
    );
    assert_eq!((row.get::<_, String>("status"), row.get::<_, String>("kind")), ("proposed".into(), "box".into()));
    assert_eq!(row.get::<_, i64>("layer_id"), i64::from(run.0));

    // Nothing has changed.
    let again = bench.library.publishing.publish(false, |_| {}).await.unwrap();
    assert_eq!((again.images, again.annotations, again.removed_images), (0, 0, 0));

    // A decision, an undone one, and an image that leaves.
    let decide = |image, verdict| {
        let decision = Decision { image, scope: DecisionScope::Image, verdict };
        bench.library.review.decide(decision, &LayerScope::All)
    };
    decide(cards[0].id, Verdict::Accept).await.unwrap();
    decide(cards[1].id, Verdict::Accept).await.unwrap();
    bench.library.review.undo_latest(&LayerScope::All).await.unwrap().unwrap();
    bench.library.collections.remove_images(vec![cards[2].id]).await.unwrap();
    let last = bench.library.publishing.publish(false, |_| {}).await.unwrap();
    assert_eq!((last.images, last.removed_images), (2, 1));
    let accepted = "select count(distinct image_id) from fieldmark.annotations where status = 'accepted'";
    assert_eq!(number(&client, accepted).await, 1);
    let reviewed = "select count(*) from fieldmark.images where review = 'reviewed'";
    assert_eq!(number(&client, reviewed).await, 1);
    let gone = format!("select count(*) from fieldmark.annotations where image_id = {}", cards[2].id.0);
    assert_eq!(number(&client, &gone).await, 0);
    assert_eq!(number(&client, "select count(*) from fieldmark.images").await, 5);
    let outcome = bench.library.publishing.last().await.unwrap().unwrap().outcome;
    assert!(matches!(outcome, PublicationOutcome::Published { published } if published == last));

    // The query of the docs.
    let docs = std::fs::read_to_string(repository("docs/publish.md")).unwrap();
    let query = docs.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    let rows = client.query(query, &[]).await.unwrap();
    assert_eq!((rows.len(), rows[0].get::<_, String>("model").as_str()), (1, MODEL));

    // Sending everything again changes no row.
    let before = contents(&client).await;
    bench.library.publishing.publish(true, |_| {}).await.unwrap();
    assert_eq!(contents(&client).await, before);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_texts_arrive_as_they_are() {
    let server = Server::start();
    let client = server.database("photos").await;
    client.batch_execute(ROLES).await.unwrap();
    let rest_client = server.database("rest").await;
    let bench = Bench::new();
    let (picture, _) = drawing(320, 240);
    write_png(&picture, &bench.photos().join("tab\t\"quote\" \\ {a,b} \u{202e}gpj.png"));
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let labels =
        ["tab\there", "line\nbreak", "back\\slash", "\\N", "{\"a\",b}", "\u{202e}rtl", "'; drop table x; --", "=1+1"];
    let library = sqlite(&bench);
    for label in labels {
        let attributes = serde_json::json!({ label: label });
        insert(&library, 1, label, &attributes);
    }
    insert(&library, 1, "nul\0here", &serde_json::json!({}));

    publish(&bench, &[("FIELDMARK_DATABASE_URL", &server.url("photos"))]);
    let seen: Vec<String> = client
        .query("select label from fieldmark.annotations where id < 9 order by id", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(seen, labels);
    let same = "select count(*) from fieldmark.annotations where attributes ->> label = label";
    assert_eq!(number(&client, same).await, i64::try_from(labels.len()).unwrap());
    assert_eq!(number(&client, "select count(*) from fieldmark.annotations where label = E'nul\\uFFFDhere'").await, 1);
    let name = "select count(*) from fieldmark.images where name = E'tab\\t\"quote\" \\\\ {a,b} \\u202Egpj.png'";
    assert_eq!(number(&client, name).await, 1);

    // The same rows by the other way.
    rest_client.batch_execute(ROLES).await.unwrap();
    rest_client.batch_execute(&engine::publication_schema(0)).await.unwrap();
    let rest = Rest::start(server.url("rest"), "service-key").await;
    publish(&bench, &[("SUPABASE_URL", &rest.url), ("SUPABASE_SERVICE_ROLE_KEY", "service-key")]);
    assert_eq!(contents(&rest_client).await, contents(&client).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_said_and_lose_nothing() {
    let server = Server::start();
    let client = server.database("photos").await;
    client.batch_execute(ROLES).await.unwrap();
    let rest = Rest::start(server.url("photos"), "service-key").await;
    let with_key = |key| Bench::among(&[("SUPABASE_URL", rest.url.as_str()), ("SUPABASE_SERVICE_ROLE_KEY", key)]);
    let refused = |bench: Bench| async move {
        let (picture, _) = drawing(320, 240);
        write_png(&picture, &bench.photos().join("a.png"));
        bench.library.imports.run(&[bench.photos()]).unwrap();
        let error = bench.library.publishing.publish(false, |_| {}).await.unwrap_err().to_string();
        let outcome = bench.library.publishing.last().await.unwrap().unwrap().outcome;
        assert_eq!(outcome, PublicationOutcome::Failed { message: error.clone() });
        assert!(!error.contains("wrong-key") && !error.contains("secret"), "{error}");
        (bench, error)
    };
    let (_, wrong_key) = refused(with_key("wrong-key")).await;
    assert!(wrong_key.contains("refused the user or password") && wrong_key.contains("Invalid API key"), "{wrong_key}");
    let (bench, no_schema) = refused(with_key("service-key")).await;
    assert!(no_schema.contains("fieldmark publish --schema"), "{no_schema}");
    client.batch_execute(&engine::publication_schema(0)).await.unwrap();
    assert_eq!(bench.library.publishing.publish(false, |_| {}).await.unwrap().images, 1);

    // The tables of an older version, and what the error names.
    let newer = engine::publication_schema(1);
    let older = server.database("older").await;
    older.batch_execute(engine::publication_schema(0).strip_suffix(&newer).unwrap()).await.unwrap();
    let rest_of_older = Rest::start(server.url("older"), "service-key").await;
    let variables = [("SUPABASE_URL", rest_of_older.url.as_str()), ("SUPABASE_SERVICE_ROLE_KEY", "service-key")];
    let (bench_of_older, too_old) = refused(Bench::among(&variables)).await;
    assert!(too_old.contains("fieldmark publish --schema 1 prints them"), "{too_old}");
    let printed = bench.fieldmark_among(&[]).args(["publish", "--schema", "1"]).output().unwrap();
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), newer);
    older.batch_execute(&newer).await.unwrap();
    assert_eq!(bench_of_older.library.publishing.publish(false, |_| {}).await.unwrap().images, 1);

    client.batch_execute("insert into fieldmark.schema_version (version) values (9)").await.unwrap();
    let error = bench.library.publishing.publish(false, |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("version 9") && error.contains("Update Fieldmark"), "{error}");

    let closed = "postgres://owner:secret@127.0.0.1:9/photos";
    let (_, unreachable) = refused(Bench::among(&[("FIELDMARK_DATABASE_URL", closed)])).await;
    assert!(unreachable.contains("cannot be reached"), "{unreachable}");

    // The settings keep everything on this machine.
    let elsewhere = Bench::among(&[("FIELDMARK_DATABASE_URL", "postgres://owner:secret@db.example/photos")]);
    let mut settings = elsewhere.library.settings.stated().unwrap();
    settings.is_local_only = true;
    elsewhere.library.settings.replace(&settings).unwrap();
    let error = elsewhere.library.publishing.publish(false, |_| {}).await.unwrap_err();
    assert!(matches!(error, EngineError::LocalOnly { ref server } if server == "db.example/photos"), "{error}");

    let none = Bench::new().library.publishing.publish(false, |_| {}).await.unwrap_err();
    assert!(matches!(none, EngineError::NoDatabase), "{none}");
}

/// 2,000 images with 20 annotations each are sent in small batches, and the program is killed half-way twenty times.
#[tokio::test(flavor = "multi_thread")]
async fn killed_twenty_times_it_publishes_the_same_rows_as_once() {
    let server = Server::start();
    let (often, once) = (server.database("often").await, server.database("once").await);
    often.batch_execute(ROLES).await.unwrap();
    often.batch_execute(&engine::publication_schema(0)).await.unwrap();
    let bench = Bench::new();
    let library = sqlite(&bench);
    library.execute_batch("BEGIN").unwrap();
    for image in 1..=2_000_u32 {
        library
            .execute(
                "INSERT INTO images (id, hash, name, byte_len, format, orientation, width, height, added_at)
                 VALUES (?1, ?2, ?3, 1, 'jpeg', 1, 100, 100, 0)",
                params![image, blake3::hash(&image.to_le_bytes()).as_bytes(), format!("{image}.jpg")],
            )
            .unwrap();
        for number in 0..20 {
            insert(&library, image, &format!("label {}", number % 7), &serde_json::json!({ "number": number }));
        }
    }
    library.execute_batch("COMMIT").unwrap();
    let rest = Rest::start(server.url("often"), "service-key").await;
    let variables = [("SUPABASE_URL", rest.url.as_str()), ("SUPABASE_SERVICE_ROLE_KEY", "service-key")];

    let mut halfway = 0;
    for kill in 0..20 {
        // Something is left to send.
        library.execute("UPDATE annotations SET label = label || ?1", [kill.to_string()]).unwrap();
        let before = number(&often, PLACE).await;
        let mut process = bench.fieldmark_among(&variables);
        let mut process =
            process.args(["publish", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while number(&often, PLACE).await == before && process.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        process.kill().unwrap();
        process.wait().unwrap();
        halfway += i32::from(number(&often, PLACE).await % (END + 1) != END);
    }
    assert!(halfway >= 10, "only {halfway} of 20 were half-way");
    publish(&bench, &variables);
    publish(&bench, &[("FIELDMARK_DATABASE_URL", &server.url("once"))]);
    assert_eq!(number(&often, "select count(*) from fieldmark.annotations").await, 40_000);
    assert!(contents(&often).await == contents(&once).await, "the rows differ");
}

fn sqlite(bench: &Bench) -> rusqlite::Connection {
    let library = rusqlite::Connection::open(bench.folder.path().join("library/library.sqlite")).unwrap();
    library.busy_timeout(Duration::from_secs(30)).unwrap();
    library
}

fn insert(library: &rusqlite::Connection, image: u32, label: &str, attributes: &Value) {
    let mut statement = library
        .prepare_cached(
            "INSERT INTO annotations (image_id, label, color, shape, confidence, attributes)
             VALUES (?1, ?2, 1, '{\"kind\":\"box\",\"rect\":{\"x1\":1.5,\"y1\":2.0,\"x2\":30.25,\"y2\":40.0}}', 0.9, ?3)",
        )
        .unwrap();
    statement.execute(params![image, label, attributes.to_string()]).unwrap();
}

/// By the command line.
fn publish(bench: &Bench, variables: &[(&str, &str)]) {
    succeed(bench.fieldmark_among(variables).args(["publish", "--yes"]));
}

/// Publishes the library at `path` to the database at `url`.
fn publish_copy(bench: &Bench, path: &Path, url: &str) {
    let mut fieldmark = Command::new(fieldmark_tests::binary("fieldmark"));
    fieldmark.env_clear().env("HOME", bench.folder.path()).env("FIELDMARK_DATABASE_URL", url).stdin(Stdio::null());
    succeed(fieldmark.arg("--db").arg(path).args(["publish", "--yes"]));
}

fn succeed(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A backup of the library.
fn backup(bench: &Bench) -> PathBuf {
    let folder = bench.folder.path().join("backup");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("library.sqlite");
    sqlite(bench).execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    path
}
