//! Libraries of earlier versions, with data as those versions wrote it.

use super::gallery::kept_and_counted;
use super::*;

/// A library in the format of `version`, filled by `fill`.
fn library_of_version(version: usize, fill: &[&str]) -> Library {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let connection = Connection::open(&path).unwrap();
    for migration in &migration::MIGRATIONS[..version] {
        connection.execute_batch(migration.sql).unwrap();
    }
    connection.pragma_update(None, "user_version", version).unwrap();
    for sql in fill {
        connection.execute_batch(sql).unwrap();
    }
    drop(connection);
    let store = Store::open(&path).unwrap();
    Library { folder, store }
}

impl Library {
    /// The rows of a query, their columns joined.
    pub(super) fn rows(&self, sql: &str) -> Vec<String> {
        self.store
            .read_blocking(|view| {
                let mut statement = view.0.prepare(sql)?;
                let columns = statement.column_count();
                let rows = statement.query_map([], |row| {
                    let cells = (0..columns).map(|column| {
                        Ok(match row.get_ref(column)? {
                            rusqlite::types::ValueRef::Null => "-".to_owned(),
                            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                            rusqlite::types::ValueRef::Real(number) => number.to_string(),
                            rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                            rusqlite::types::ValueRef::Blob(bytes) => format!("{bytes:?}"),
                        })
                    });
                    Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
                })?;
                Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
            })
            .unwrap()
    }

    /// Trigger-maintained figures equal recounts, and all references are valid.
    pub(super) fn assert_consistent(&self) {
        let [labels, counted_labels, figures, counted_figures] = kept_and_counted(&self.store);
        assert_eq!((labels, figures), (counted_labels, counted_figures));
        let shown = "status NOT IN ('rejected', 'ground_truth') AND (status <> 'proposed' OR NOT is_superseded)";
        assert_eq!(
            self.rows("SELECT collection_id, label, annotation_count FROM label_counts WHERE annotation_count > 0 ORDER BY 1, 2"),
            self.rows(&format!(
                "SELECT 0, label, count(*) FROM annotations WHERE {shown} GROUP BY label
                 UNION ALL
                 SELECT collection_id, label, count(*) FROM annotations JOIN collection_images USING (image_id)
                 WHERE {shown} GROUP BY 1, 2 ORDER BY 1, 2"
            ))
        );
        assert_eq!(
            self.rows(
                "SELECT run_id, image_id, proposed, rejected, least_certain FROM layer_figures
                 WHERE proposed + rejected > 0 ORDER BY 1, 2"
            ),
            self.rows(
                "SELECT run_id, image_id, sum(status = 'proposed'), sum(status = 'rejected'),
                        min(iif(status = 'proposed', coalesce(confidence, 0), NULL)) FROM annotations
                 WHERE run_id IS NOT NULL GROUP BY 1, 2 HAVING sum(status IN ('proposed', 'rejected')) > 0 ORDER BY 1, 2"
            )
        );
        assert!(self.rows("PRAGMA foreign_key_check").is_empty());
        assert_eq!(self.rows("PRAGMA integrity_check"), ["ok"]);
    }
}

/// Two folders that share an image, two models, and a person's edits of each kind, one undone.
const FILL_12: &str = r#"
INSERT INTO collections (id, name, root, created_at) VALUES (1, 'photos', x'2f70', 1), (2, 'more', x'2f71', 1);
INSERT INTO images (id, hash, name, byte_len, format, orientation, width, height, added_at, perceptual_hash, review) VALUES
    (1, x'0101010101010101010101010101010101010101010101010101010101010101', 'a.jpg', 10, 'jpeg', 1, 100, 80, 1, 5, 'unreviewed'),
    (2, x'0202020202020202020202020202020202020202020202020202020202020202', 'b.jpg', 10, 'jpeg', 6, 100, 80, 1, NULL, 'reviewed'),
    (3, x'0303030303030303030303030303030303030303030303030303030303030303', 'c.png', 10, 'png', 1, 100, 80, 2, 6, 'confirmed_empty');
INSERT INTO collection_images VALUES (1, 1), (1, 2), (2, 2), (2, 3);
INSERT INTO files (path, image_id, byte_len, modified_at) VALUES
    (x'2f702f61', 1, 10, 86400000000000), (x'2f702f62', 2, 10, 5), (x'2f712f62', 2, 10, 4), (x'2f712f63', 3, 10, 9);
INSERT INTO runs (id, started_at, model, model_name, recipe, concurrency, stop_reason, wall_millis)
SELECT 1, 100, 'a', 'A', RECIPE, 2, 'completed', 400.0 UNION ALL SELECT 2, 900, 'b', 'B', RECIPE, 2, 'completed', 90.0;
INSERT INTO jobs (id, run_id, image_id, state, took_millis, found) VALUES
    (1, 1, 1, 'waiting', 40.0, '{"cat":2}'), (2, 1, 2, 'waiting', 50.0, '{"cat":1}'), (3, 1, 3, 'waiting', 60.0, '{"dog":1}'),
    (4, 2, 1, 'waiting', 70.0, '{"cat":1}');
UPDATE jobs SET state = 'done';
INSERT INTO jobs (id, run_id, image_id, state, failure, failure_detail) VALUES (5, 2, 3, 'failed', 'refused', 'no');
UPDATE images SET failed_job = 5 WHERE id = 3;
INSERT INTO attempts (id, job_id, state, sent_at, answered_at, raw_answer, paid, usage_input, usage_output, usage_thinking)
VALUES (1, 1, 'parsed', 100, 140, '{}', 7, 9, 3, 2), (2, 4, 'parsed', 900, 970, '{}', 5, 8, 2, 0);
INSERT INTO annotations (id, image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason, carried_from)
VALUES
    (1, 1, 1, 'cat', 1, BOX, 0.9, '{}', 'accepted', NULL, NULL),
    (2, 1, 1, 'cat', 1, BOX, 0.4, '{"fur":"long"}', 'rejected', 'bad_box', NULL),
    (3, 1, 2, 'cat', 1, BOX, 0.7, '{}', 'proposed', NULL, NULL),
    (4, 2, 1, 'cat', 1, BOX, 0.8, '{}', 'edited', NULL, NULL),
    (5, 2, NULL, 'dog', 2, BOX, NULL, '{}', 'accepted', NULL, NULL),
    (6, 3, 1, 'dog', 2, BOX, 0.3, '{}', 'rejected', NULL, 2);
INSERT INTO offers (run_id, image_id, carried_from) VALUES (1, 3, 2);
"#;

const FILL_20: &str = r"
INSERT INTO collections (id, name, root, created_at) VALUES (1, 'photos', x'2f70', 1);
INSERT INTO images (id, hash, name, byte_len, format, orientation, width, height, added_at) VALUES
    (1, x'0101010101010101010101010101010101010101010101010101010101010101', 'a.jpg', 10, 'jpeg', 1, 100, 80, 1), (2, x'0202020202020202020202020202020202020202020202020202020202020202', 'b.jpg', 10, 'jpeg', 1, 100, 80, 1);
INSERT INTO collection_images VALUES (1, 1), (1, 2);
INSERT INTO runs (id, started_at, model, model_name, recipe, concurrency, stop_reason)
SELECT 1, 100, 'a', 'A', RECIPE, 2, 'completed' UNION ALL SELECT 2, 200, 'a', 'A', RECIPE, 2, 'completed'
UNION ALL SELECT 3, 300, 'a', 'A', RECIPE, 2, 'completed';
INSERT INTO jobs (run_id, image_id, state, found) VALUES
    (1, 1, 'done', '{}'), (1, 2, 'done', '{}'), (2, 1, 'done', '{}'), (3, 2, 'done', '{}');
INSERT INTO annotations (id, image_id, run_id, label, color, shape, confidence, attributes, status) VALUES
    (10, 1, 2, 'cat', 1, BOX, 0.7, '{}', 'accepted'), (11, 1, 2, 'dog', 2, BOX, 0.6, '{}', 'proposed'),
    (12, 2, 1, 'cat', 1, BOX, 0.5, '{}', 'proposed');
INSERT INTO replaced_annotations (image_id, run_id, replaced_by, label, color, shape, confidence, attributes) VALUES
    (1, 1, 2, 'cat', 1, BOX, 0.9, '{}'), (1, 1, 2, 'dog', 2, BOX, 0.8, '{}');
";

/// `sql` with the recipe and the box that it names.
fn filled(sql: &str) -> String {
    let recipe = serde_json::to_string(&cats()).unwrap();
    let shape = r#"{"kind":"box","rect":{"x1":1.0,"y1":2.0,"x2":30.0,"y2":40.5}}"#;
    sql.replace("RECIPE", &format!("'{recipe}'")).replace("BOX", &format!("'{shape}'"))
}

/// A step of version 12 that decided annotations, as they are now, from `before` on.
fn step_12(
    id: u32,
    image: u32,
    sweep: &str,
    review: [&str; 2],
    annotations: &str,
    before: &str,
    is_undone: bool,
) -> String {
    format!(
        "INSERT INTO steps (id, image_id, sweep, made_at, review_before, review_after, marks, is_undone)
         SELECT {id}, {image}, {sweep}, 5, '{}', '{}', json_group_array(json_object(
             'before', json_set(mark, '$.status', '{before}', '$.reject_reason', NULL), 'after', json(mark))), {is_undone}
         FROM (SELECT json_object('id', id, 'origin', json_object('kind', 'run', 'run', run_id), 'carried_from', carried_from,
                   'label', label, 'color', color, 'shape', json(shape), 'confidence', confidence,
                   'attributes', json(attributes), 'status', status, 'reject_reason', reject_reason) AS mark
               FROM annotations WHERE id IN ({annotations}));",
        review[0], review[1]
    )
}

#[test]
fn a_filled_library_of_version_12_keeps_annotations_decisions_and_undo() {
    let drawn = r"INSERT INTO steps (id, image_id, made_at, review_before, review_after, marks)
        SELECT 4, 2, 9, 'reviewed', 'reviewed', json_array(json_object('before', NULL, 'after', json_object(
            'id', id, 'origin', json_object('kind', 'person'), 'carried_from', NULL, 'label', label, 'color', color,
            'shape', json(shape), 'confidence', NULL, 'attributes', json('{}'), 'status', status, 'reject_reason', NULL)))
        FROM annotations WHERE id = 5;";
    let audit = r#"INSERT INTO audits (id, drawn_at, label, color, threshold, query, latest_mark, proposals)
        VALUES (1, 50, 'cat', 1, 0.6, '{"conditions":[{"is_excluded":false,"test":{"kind":"mark","status":"proposed"}},
            {"is_excluded":false,"test":{"kind":"marks","span":{"kind":"at_least","value":1}}},
            {"is_excluded":true,"test":{"kind":"has","what":"marks"}}],"collection":null,"order":"doubt"}', 6, 1);
        UPDATE runs SET mode = 'overnight' WHERE id = 2;
        INSERT INTO waits (run_id, obstacle, millis) VALUES (2, 'found_places', 7);
        INSERT INTO audit_samples VALUES (1, 0, 1, 3);"#;
    let library = library_of_version(
        12,
        &[
            &filled(FILL_12),
            // The image was reviewed in run 1, and unreviewed again after run 2 proposed something there.
            &step_12(1, 1, "NULL", ["unreviewed", "reviewed"], "1, 2", "proposed", false),
            &step_12(2, 2, "1", ["unreviewed", "reviewed"], "4", "proposed", false),
            &step_12(3, 3, "1", ["unreviewed", "confirmed_empty"], "6", "proposed", false),
            drawn,
            audit,
        ],
    );
    let standing =
        "SELECT id, image_id, run_id, label, color, confidence, attributes, status, reject_reason, propagated_from,
                           shape FROM annotations ORDER BY id";
    let rect = r#"{"kind":"box","rect":{"x1":1.0,"y1":2.0,"x2":30.0,"y2":40.5}}"#;
    let rows = [
        "1 1 1 cat 1 0.9 {} accepted - -",
        "2 1 1 cat 1 0.4 {\"fur\":\"long\"} rejected bad_box -",
        "3 1 2 cat 1 0.7 {} proposed - -",
        "4 2 1 cat 1 0.8 {} edited - -",
        "5 2 - dog 2 - {} accepted - -",
        "6 3 1 dog 2 0.3 {} rejected - 2",
    ];
    let rows: Vec<String> = rows.iter().map(|row| format!("{row} {rect}")).collect();
    assert_eq!(library.rows(standing), rows);
    library.assert_consistent();
    let reviews = |layers: &LayerScope| {
        let images = [1, 2, 3].map(ImageId);
        let cards = library.store.read_blocking(|view| view.image_cards(&images, layers, &[])).unwrap();
        cards.iter().map(|card| card.review).collect::<Vec<_>>()
    };
    let [open, reviewed, empty] = [ReviewState::Unreviewed, ReviewState::Reviewed, ReviewState::ConfirmedEmpty];
    assert_eq!(reviews(&LayerScope::of_run(RunId(1))), [reviewed, reviewed, empty]);
    assert_eq!(reviews(&LayerScope::All), [open, reviewed, empty]);
    let summaries = library.store.read_blocking(|view| view.runs()).unwrap();
    assert_eq!(summaries.iter().map(|run| (run.done, run.failed)).collect::<Vec<_>>(), [(1, 1), (3, 0)]);
    let audit = library.store.read_blocking(|view| view.audit(domain::ids::AuditId(1))).unwrap();
    assert_eq!((audit.sample.len(), audit.proposals), (1, 1));
    let query: ImageQuery = serde_json::from_str(&library.rows("SELECT query FROM audits")[0]).unwrap();
    assert_eq!(
        (domain::query::to_text(&query.conditions).as_str(), query.order),
        ("annotation:proposed annotations:>=1 -has:annotations", ImageOrder::Uncertainty)
    );
    // What other names have meant is there under the new ones.
    assert_eq!(summaries.iter().map(|run| run.mode).collect::<Vec<_>>(), [RunMode::Batch, RunMode::Live]);
    let waits = library.store.read_blocking(|view| view.waits_of_run(RunId(2))).unwrap();
    assert_eq!(
        waits.iter().map(|wait| wait.wait_reason).collect::<Vec<_>>(),
        [domain::diagnosis::WaitReason::AutomaticConcurrency]
    );

    // Everything is undone, including the whole bulk edit, and redone.
    let mut undone = Vec::new();
    while let Some(step) = library.store.write_blocking(|edit| edit.undo_latest()).unwrap() {
        undone.push((step.id.0, step.others));
        library.assert_consistent();
    }
    assert_eq!(undone, [(4, 0), (3, 1), (1, 0)]);
    let open_ones = library.rows("SELECT id FROM annotations WHERE status = 'proposed' ORDER BY id");
    assert_eq!(open_ones, ["1", "2", "3", "4", "6"]);
    while library.store.write_blocking(|edit| edit.redo_latest()).unwrap().is_some() {}
    assert_eq!(library.rows(standing), rows);
    library.assert_consistent();
}

#[test]
fn what_version_20_kept_does_not_return_where_a_person_has_decided_the_same() {
    let shape = |x1: f64, y1: f64| format!(r#"'{{"kind":"box","rect":{{"x1":{x1},"y1":{y1},"x2":30.0,"y2":40.5}}}}'"#);
    let (near, far) = (shape(1.0, 3.0), shape(9.0, 20.0));
    let [point, near_point] =
        [(5, 5), (6, 7)].map(|(x, y)| format!(r#"'{{"kind":"point","at":{{"x":{x},"y":{y}}}}}'"#));
    let fill = format!(
        "UPDATE annotations SET label = 'CAT', shape = {near} WHERE id = 10;
         INSERT INTO annotations (id, image_id, run_id, label, color, shape, attributes, status) VALUES
            (13, 1, 2, 'fox', 3, BOX, '{{}}', 'edited'), (14, 1, 2, 'nose', 4, {point}, '{{}}', 'rejected');
         {step}
         UPDATE annotations SET label = 'wolf', shape = {far} WHERE id = 13;
         INSERT INTO replaced_annotations (image_id, run_id, replaced_by, label, color, shape, confidence, attributes)
         VALUES (1, 1, 2, 'fox', 3, {near}, 0.5, '{{}}'), (1, 1, 2, 'fox', 3, {far}, 0.4, '{{}}'),
                (1, 1, 2, 'wolf', 3, {far}, 0.6, '{{}}'),
                (1, 1, 2, 'nose', 4, {near_point}, 0.3, '{{}}');",
        step = step_12(1, 1, "NULL", ["unreviewed", "unreviewed"], "13", "proposed", false),
    );
    let library = library_of_version(20, &[&filled(FILL_20), &filled(&fill)]);
    library.assert_consistent();
    let returned = "SELECT label, confidence FROM annotations WHERE image_id = 1 AND run_id = 1 ORDER BY id";
    assert_eq!(library.rows(returned), ["dog 0.8", "fox 0.4"]);
}

#[test]
fn what_version_20_kept_for_exports_returns_to_the_layer_of_its_run() {
    let library = library_of_version(20, &[&filled(FILL_20)]);
    library.assert_consistent();
    let shown = |image, layers: LayerScope| {
        let shown = library.store.read_blocking(|view| view.shown_on(ImageId(image), &layers)).unwrap();
        shown.into_iter().map(|annotation| (annotation.label, annotation.confidence)).collect::<Vec<_>>()
    };
    let (cat, dog) =
        (|confidence| ("cat".to_owned(), Some(confidence)), |confidence| ("dog".to_owned(), Some(confidence)));
    // The cat has been decided since.
    assert_eq!(shown(1, LayerScope::of_run(RunId(1))), [cat(0.7), dog(0.8)]);
    assert_eq!(shown(1, LayerScope::All), [cat(0.7), dog(0.6)]);
    // Run 3 was undone: it had answered the image, and the proposal of run 1 was still undecided.
    assert_eq!(shown(2, LayerScope::All), [cat(0.5)]);
    library.store.write_blocking(|edit| edit.take_back_proposals(RunId(2))).unwrap();
    assert_eq!(shown(1, LayerScope::All), [cat(0.7), dog(0.8)]);
    library.assert_consistent();
}

#[test]
fn recipes_become_first_versions() {
    let recipes = "INSERT INTO recipes VALUES (3, RECIPE, TRUE), (5, '{}', FALSE)";
    let library = library_of_version(28, &[&filled(recipes)]);
    let body = serde_json::to_string(&cats()).unwrap();
    assert_eq!(
        library.rows("SELECT id, body, is_builtin, lineage, is_current, saved_at FROM recipes"),
        [format!("3 {body} 1 3 1 -"), "5 {} 0 5 1 -".to_owned()]
    );
}
