//! Publishing a library of 100,000 images with a million annotations to a real PostgreSQL server, beside a plain `COPY` of the
//! same rows into tables with the same indexes. Both go over one loopback connection to one server, which does not sync to disk.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the benchmark")]
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::time::{Duration, Instant};

use fieldmark_tests::bench::Bench;
use fieldmark_tests::postgres::Server;
use futures_util::{SinkExt as _, TryStreamExt as _};
use rusqlite::config::DbConfig;
use tokio_postgres::{Client, CopyInSink};

const IMAGES: u32 = 100_000;
const ANNOTATIONS_AN_IMAGE: u32 = 10;
const TABLES: [&str; 2] = ["images", "annotations"];
/// How long it may take to publish nothing.
const NOTHING_NEW: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() {
    let server = Server::start();
    let client = server.database("photos").await;
    let bench = Bench::among(&[("FIELDMARK_DATABASE_URL", &server.url("photos"))]);
    fill(&bench);
    let rows = f64::from(IMAGES * (1 + ANNOTATIONS_AN_IMAGE));
    println!("publish: {IMAGES} images, {} annotations", IMAGES * ANNOTATIONS_AN_IMAGE);

    let publishing = measured("published", rows, bench.library.publishing.publish(false, |_| {})).await;
    let published = publishing.1.unwrap();
    assert_eq!((published.images, published.annotations), (IMAGES, IMAGES * ANNOTATIONS_AN_IMAGE));

    let mut texts = Vec::new();
    for table in TABLES {
        client.batch_execute(&format!("create table {table} (like fieldmark.{table} including all)")).await.unwrap();
        let rows = client.copy_out(&format!("copy fieldmark.{table} to stdout")).await.unwrap();
        texts.push(rows.try_collect::<Vec<_>>().await.unwrap());
    }
    let copying = measured("plain COPY", rows, copy(&client, texts)).await;
    println!("  publishing takes {:.1} times as long", publishing.0.as_secs_f64() / copying.0.as_secs_f64());

    let begun = Instant::now();
    assert_eq!(bench.library.publishing.publish(false, |_| {}).await.unwrap().images, 0);
    let took = begun.elapsed();
    let is_reached = if took < NOTHING_NEW { "reached" } else { "MISSED" };
    println!("  nothing new   {:6.2} s (goal: {} s, {is_reached})", took.as_secs_f64(), NOTHING_NEW.as_secs());
    let again = measured("everything again, nothing changed", rows, bench.library.publishing.publish(true, |_| {}));
    again.await.1.unwrap();
}

async fn measured<T>(what: &str, rows: f64, work: impl Future<Output = T>) -> (Duration, T) {
    let begun = Instant::now();
    let result = work.await;
    let took = begun.elapsed();
    println!("  {what}   {:6.1} s, {:.0} rows a second", took.as_secs_f64(), rows / took.as_secs_f64());
    (took, result)
}

async fn copy(client: &Client, texts: Vec<Vec<bytes::Bytes>>) {
    for (table, text) in TABLES.iter().zip(texts) {
        let sink: CopyInSink<bytes::Bytes> = client.copy_in(&format!("copy {table} from stdin")).await.unwrap();
        let mut sink = Box::pin(sink);
        for row in text {
            sink.feed(row).await.unwrap();
        }
        sink.as_mut().finish().await.unwrap();
    }
}

/// Rows as imports and runs leave them, without their triggers, which would take minutes.
fn fill(bench: &Bench) {
    let library = rusqlite::Connection::open(bench.folder.path().join("library/library.sqlite")).unwrap();
    library.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
    let images =
        format!("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {IMAGES})");
    let annotations = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {})",
        IMAGES * ANNOTATIONS_AN_IMAGE - 1
    );
    library
        .execute_batch(&format!(
            r#"BEGIN;
            {images} INSERT INTO images (id, hash, name, byte_len, format, orientation, width, height, added_at)
                SELECT n, unhex(printf('%064x', n)), 'IMG_' || n || '.jpg', 5000000, 'jpeg', 1, 4000, 3000, 1 FROM numbers;
            INSERT INTO files SELECT CAST('/photos/2026/' || name AS BLOB), id, byte_len, 1 FROM images;
            INSERT INTO image_changes SELECT id, 1 FROM images;
            {annotations} INSERT INTO annotations (image_id, label, color, shape, confidence, attributes)
                SELECT 1 + n / {ANNOTATIONS_AN_IMAGE}, 'thing-' || (n % 40), n % 12,
                    printf('{{"kind":"box","rect":{{"x1":%d.5,"y1":%d.25,"x2":%d.75,"y2":%d.0}}}}',
                        n % 3000, n % 2000, n % 3000 + 300, n % 2000 + 200),
                    0.5 + (n % 50) / 100.0, iif(n % 10 = 0, '{{"color":"red"}}', '{{}}') FROM numbers;
            COMMIT"#
        ))
        .unwrap();
}
