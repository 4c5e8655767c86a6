//! Many large photos: that a long run takes no more memory than a short one, and that no request waits for a photo to be
//! prepared as long as the processors keep up.

use std::time::Duration;

use simulator::{Ledger, Simulator};

use crate::figure::Figure;
use crate::measured::{annotate, seconds, wall_seconds};
use crate::photos;
use crate::throughput::{options, watched};

const FEW: usize = 500;
const MANY: usize = 5_000;
const LATENCY: Duration = Duration::from_secs(1);
const AT_ONCE: usize = 8;

pub async fn of_many_large_photos() -> Vec<Figure> {
    let (few, _) = carried_out(FEW).await;
    let (many, busy) = carried_out(MANY).await;
    vec![
        Figure::new(
            "12 MP photos: peak memory at 5,000 beyond that at 500, MiB",
            many - few,
            50.0,
            format!("{many:.0} MiB and {few:.0} MiB"),
        ),
        Figure::new(
            "12 MP photos, 8 at a time at 1 s: places that were empty, %",
            (1.0 - busy) * 100.0,
            3.0,
            "a place is empty while a photo is waited for".into(),
        ),
    ]
}

/// Peak memory, and the part of the places at the server that were taken.
async fn carried_out(count: usize) -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    photos::large(&photos, count);
    let server = Simulator::start(options(LATENCY)).await.unwrap();
    let watched = watched(annotate(folder.path(), &photos, &server, &["--concurrency", &AT_ONCE.to_string()])).await;
    assert!(watched.is_success);
    (watched.used.peak_mebibytes, taken(&server.ledger()))
}

#[expect(clippy::cast_precision_loss, reason = "places at a server")]
fn taken(ledger: &Ledger) -> f64 {
    let spans = ledger.billed.iter().filter_map(|entry| Some(entry.handed_over_millis? - entry.arrived_millis));
    seconds(spans.sum()) / (wall_seconds(ledger) * AT_ONCE as f64)
}
