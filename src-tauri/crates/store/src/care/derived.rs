//! What triggers keep up to date, counted anew: compared with what is stored, or stored instead of it.

use domain::care::{CountDifference, DerivedCount};
use rusqlite::Connection;

use crate::Result;

/// A derived count: the stored rows that say something, and the same rows counted.
struct Recount {
    of: DerivedCount,
    stored: &'static str,
    counted: &'static str,
    /// Stores the counted rows, which are the table `counted`.
    store: &'static str,
}

/// The annotations that the view of all layers shows.
macro_rules! shown {
    () => {
        "status NOT IN ('rejected', 'ground_truth') AND (status <> 'proposed' OR NOT is_superseded)"
    };
}

const RECOUNTS: [Recount; 5] = [
    Recount {
        of: DerivedCount::Labels,
        stored: "SELECT collection_id, label, annotation_count FROM label_counts WHERE annotation_count <> 0",
        counted: concat!(
            "SELECT 0 AS collection_id, label, count(*) AS annotation_count
             FROM annotations JOIN images ON images.id = image_id WHERE NOT is_removed AND ",
            shown!(),
            " GROUP BY label UNION ALL
             SELECT collection_id, label, count(*) FROM annotations JOIN collection_images USING (image_id) WHERE ",
            shown!(),
            " GROUP BY 1, 2"
        ),
        // Labels without annotations stay known.
        store: "UPDATE label_counts SET annotation_count = 0;
            INSERT INTO label_counts (collection_id, label, color, annotation_count)
            SELECT collection_id, label, (SELECT min(color) FROM annotations WHERE label = counted.label), annotation_count
            FROM counted WHERE true ON CONFLICT DO UPDATE SET annotation_count = excluded.annotation_count",
    },
    Recount {
        of: DerivedCount::ImageLabels,
        stored: "SELECT label, image_id, annotation_count FROM image_labels",
        counted: concat!(
            "SELECT label, image_id, count(*) AS annotation_count FROM annotations WHERE ",
            shown!(),
            " GROUP BY label, image_id"
        ),
        store: "DELETE FROM image_labels; INSERT INTO image_labels SELECT * FROM counted",
    },
    Recount {
        of: DerivedCount::Images,
        stored: "SELECT image_id, proposed, accepted, edited, rejected, least_certain FROM image_figures
            WHERE proposed <> 0 OR accepted <> 0 OR edited <> 0 OR rejected <> 0 OR least_certain IS NOT NULL",
        counted: "SELECT image_id, sum(status = 'proposed') AS proposed, sum(status = 'accepted') AS accepted,
                sum(status = 'edited') AS edited, sum(status = 'rejected') AS rejected,
                min(iif(status = 'proposed', coalesce(confidence, 0), NULL)) AS least_certain
            FROM annotations WHERE status <> 'ground_truth' AND (status <> 'proposed' OR NOT is_superseded)
            GROUP BY image_id",
        store: "UPDATE image_figures SET proposed = 0, accepted = 0, edited = 0, rejected = 0, least_certain = NULL;
            INSERT INTO image_figures (image_id, proposed, accepted, edited, rejected, least_certain)
            SELECT * FROM counted WHERE true ON CONFLICT DO UPDATE SET
                proposed = excluded.proposed, accepted = excluded.accepted, edited = excluded.edited,
                rejected = excluded.rejected, least_certain = excluded.least_certain",
    },
    Recount {
        of: DerivedCount::Layers,
        stored: "SELECT run_id, image_id, proposed, rejected, least_certain, ground_truth FROM layer_figures
            WHERE proposed <> 0 OR rejected <> 0 OR ground_truth <> 0 OR least_certain IS NOT NULL",
        counted: "SELECT run_id, image_id, sum(status = 'proposed') AS proposed, sum(status = 'rejected') AS rejected,
                min(iif(status = 'proposed', coalesce(confidence, 0), NULL)) AS least_certain,
                sum(status = 'ground_truth') AS ground_truth
            FROM annotations WHERE run_id IS NOT NULL GROUP BY run_id, image_id
            HAVING sum(status IN ('proposed', 'rejected', 'ground_truth')) > 0",
        store: "UPDATE layer_figures SET proposed = 0, rejected = 0, least_certain = NULL, ground_truth = 0;
            INSERT INTO layer_figures (run_id, image_id, proposed, rejected, least_certain, ground_truth)
            SELECT * FROM counted WHERE true ON CONFLICT DO UPDATE SET
                proposed = excluded.proposed, rejected = excluded.rejected, least_certain = excluded.least_certain,
                ground_truth = excluded.ground_truth",
    },
    Recount {
        of: DerivedCount::Spending,
        // It may be higher: a repair forgets nothing that lost requests cost.
        stored: "SELECT quarter_hour, min(spending.settled, counted.settled), min(spending.open, counted.open)
            FROM spending JOIN counted USING (quarter_hour)",
        counted: "SELECT quarter_hour, sum(settled) AS settled, sum(open) AS open FROM (
                SELECT coalesce(answered_at, sent_at) / 900000 AS quarter_hour,
                       paid + may_be_billed * at_most AS settled, 0 AS open
                FROM attempts WHERE state <> 'sent'
                UNION ALL SELECT sent_at / 900000, 0, at_most FROM attempts WHERE state = 'sent')
            GROUP BY quarter_hour HAVING sum(settled) <> 0 OR sum(open) <> 0",
        store: "INSERT INTO spending SELECT * FROM counted WHERE true ON CONFLICT DO UPDATE
            SET settled = max(settled, excluded.settled), open = max(open, excluded.open)",
    },
];

/// The counts that differ from a recount.
pub fn differences(connection: &Connection) -> Result<Vec<CountDifference>> {
    let mut differences = Vec::new();
    for Recount { of, stored, counted, .. } in &RECOUNTS {
        // A row that differs is in both differences.
        let sql = format!(
            "WITH counted AS ({counted}), stored AS ({stored})
             SELECT max((SELECT count(*) FROM (SELECT * FROM stored EXCEPT SELECT * FROM counted)),
                        (SELECT count(*) FROM (SELECT * FROM counted EXCEPT SELECT * FROM stored)))"
        );
        let rows = connection.query_row(&sql, [], |row| row.get(0))?;
        if rows > 0 {
            differences.push(CountDifference { of: *of, rows });
        }
    }
    Ok(differences)
}

/// Stores the counts anew, and returns those that differed.
pub fn recount(connection: &Connection) -> Result<Vec<CountDifference>> {
    let differences = differences(connection)?;
    for Recount { of, counted, store, .. } in &RECOUNTS {
        if differences.iter().any(|difference| difference.of == *of) {
            connection
                .execute_batch(&format!("CREATE TEMP TABLE counted AS {counted}; {store}; DROP TABLE temp.counted"))?;
        }
    }
    Ok(differences)
}
