-- Imported annotations are a layer like those of a run: a row of `runs`, so that annotations, figures and scopes refer to
-- both alike, with what only imports have in `imports`. An import has no jobs and no requests.
ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'run';

CREATE TABLE imports (
    run_id           INTEGER PRIMARY KEY REFERENCES runs,
    -- Of the imported file or folder, as text for display.
    path             TEXT    NOT NULL,
    format           TEXT    NOT NULL,
    annotation_count INTEGER NOT NULL DEFAULT 0,
    -- `writing`: not all of it is stored yet; what is stored is parked. `standing`: its annotations are in `annotations`.
    -- `undone`: they are parked.
    state            TEXT    NOT NULL
) STRICT;

-- The images of an import, with and without annotations.
CREATE TABLE imported_images (
    run_id        INTEGER NOT NULL REFERENCES runs,
    image_id      INTEGER NOT NULL REFERENCES images,
    -- What the import states about the image as a whole, and what was stated before. NULL: nothing.
    review_before TEXT,
    review_after  TEXT,
    PRIMARY KEY (run_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_images_by_image ON imported_images (image_id);

-- Annotations of imports that are being written or were undone: no query sees them. `id` is NULL until they first stand.
CREATE TABLE parked_annotations (
    sequence      INTEGER PRIMARY KEY,
    id            INTEGER,
    image_id      INTEGER NOT NULL REFERENCES images,
    run_id        INTEGER NOT NULL REFERENCES runs,
    label         TEXT    NOT NULL,
    color         INTEGER NOT NULL,
    shape         TEXT    NOT NULL,
    confidence    REAL,
    attributes    TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    reject_reason TEXT
) STRICT;
CREATE INDEX parked_annotations_by_run ON parked_annotations (run_id);

-- A step that is a whole import: `image_id` is its first image, and `annotations` is empty.
ALTER TABLE steps ADD COLUMN import_id INTEGER REFERENCES runs;
CREATE INDEX steps_of_imports ON steps (import_id) WHERE import_id IS NOT NULL;

-- Ground truth is shown in its own layer alone. It is no proposal and no decision, so that no figure of all layers counts it.
ALTER TABLE layer_figures ADD COLUMN ground_truth INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER image_figures_annotation_added;
CREATE TRIGGER image_figures_annotation_added AFTER INSERT ON annotations
WHEN NEW.status <> 'ground_truth' AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded) BEGIN
    INSERT INTO image_figures (image_id, proposed, accepted, edited, rejected, least_certain)
    VALUES (NEW.image_id, NEW.status = 'proposed', NEW.status = 'accepted', NEW.status = 'edited',
            NEW.status = 'rejected', iif(NEW.status = 'proposed', coalesce(NEW.confidence, 0), NULL))
    ON CONFLICT DO UPDATE SET
        proposed = proposed + excluded.proposed, accepted = accepted + excluded.accepted,
        edited = edited + excluded.edited, rejected = rejected + excluded.rejected,
        least_certain = coalesce(min(least_certain, excluded.least_certain), least_certain, excluded.least_certain);
END;
DROP TRIGGER image_figures_annotation_gone;
CREATE TRIGGER image_figures_annotation_gone AFTER DELETE ON annotations
WHEN OLD.status <> 'ground_truth' AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded) BEGIN
    UPDATE image_figures SET
        proposed = proposed - (OLD.status = 'proposed'), accepted = accepted - (OLD.status = 'accepted'),
        edited = edited - (OLD.status = 'edited'), rejected = rejected - (OLD.status = 'rejected')
    WHERE image_id = OLD.image_id;
    UPDATE image_figures SET least_certain = (
        SELECT min(coalesce(confidence, 0)) FROM annotations
        WHERE image_id = OLD.image_id AND status = 'proposed' AND NOT is_superseded)
    WHERE image_id = OLD.image_id AND OLD.status = 'proposed' AND coalesce(OLD.confidence, 0) <= least_certain;
END;
DROP TRIGGER image_labels_annotation_added;
CREATE TRIGGER image_labels_annotation_added AFTER INSERT ON annotations
WHEN NEW.status NOT IN ('rejected', 'ground_truth')
  AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded) BEGIN
    INSERT INTO image_labels VALUES (NEW.label, NEW.image_id, 1)
    ON CONFLICT DO UPDATE SET annotation_count = annotation_count + 1;
END;
DROP TRIGGER image_labels_annotation_changed;
CREATE TRIGGER image_labels_annotation_changed AFTER UPDATE OF status, label, is_superseded ON annotations BEGIN
    INSERT INTO image_labels SELECT NEW.label, NEW.image_id, 1
    WHERE NEW.status NOT IN ('rejected', 'ground_truth') AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded)
    ON CONFLICT DO UPDATE SET annotation_count = annotation_count + 1;
    UPDATE image_labels SET annotation_count = annotation_count - 1
    WHERE label = OLD.label AND image_id = OLD.image_id
      AND OLD.status NOT IN ('rejected', 'ground_truth') AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded);
    DELETE FROM image_labels WHERE label = OLD.label AND image_id = OLD.image_id AND annotation_count = 0;
END;
DROP TRIGGER image_labels_annotation_gone;
CREATE TRIGGER image_labels_annotation_gone AFTER DELETE ON annotations
WHEN OLD.status NOT IN ('rejected', 'ground_truth')
  AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded) BEGIN
    UPDATE image_labels SET annotation_count = annotation_count - 1 WHERE label = OLD.label AND image_id = OLD.image_id;
    DELETE FROM image_labels WHERE label = OLD.label AND image_id = OLD.image_id AND annotation_count = 0;
END;
DROP TRIGGER label_counts_annotation_added;
CREATE TRIGGER label_counts_annotation_added AFTER INSERT ON annotations
WHEN NEW.status NOT IN ('rejected', 'ground_truth')
  AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded) BEGIN
    INSERT INTO label_counts
    SELECT collection_id, NEW.label, NEW.color, 1
    FROM (SELECT 0 AS collection_id FROM images WHERE id = NEW.image_id AND NOT is_removed
          UNION ALL SELECT collection_id FROM collection_images WHERE image_id = NEW.image_id)
    WHERE true
    ON CONFLICT DO UPDATE SET annotation_count = annotation_count + 1;
END;
DROP TRIGGER label_counts_annotation_changed;
CREATE TRIGGER label_counts_annotation_changed AFTER UPDATE OF status, label, is_superseded ON annotations
WHEN OLD.label <> NEW.label
  OR (OLD.status NOT IN ('rejected', 'ground_truth') AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded))
  <> (NEW.status NOT IN ('rejected', 'ground_truth') AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded)) BEGIN
    UPDATE label_counts SET annotation_count = annotation_count - 1
    WHERE OLD.status NOT IN ('rejected', 'ground_truth') AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded)
      AND label = OLD.label AND collection_id IN (
        SELECT 0 FROM images WHERE id = OLD.image_id AND NOT is_removed
        UNION ALL SELECT collection_id FROM collection_images WHERE image_id = OLD.image_id);
    INSERT INTO label_counts
    SELECT collection_id, NEW.label, NEW.color, 1
    FROM (SELECT 0 AS collection_id FROM images WHERE id = NEW.image_id AND NOT is_removed
          UNION ALL SELECT collection_id FROM collection_images WHERE image_id = NEW.image_id)
    WHERE NEW.status NOT IN ('rejected', 'ground_truth') AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded)
    ON CONFLICT DO UPDATE SET annotation_count = annotation_count + 1;
END;
DROP TRIGGER label_counts_annotation_gone;
CREATE TRIGGER label_counts_annotation_gone AFTER DELETE ON annotations
WHEN OLD.status NOT IN ('rejected', 'ground_truth')
  AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded) BEGIN
    UPDATE label_counts SET annotation_count = annotation_count - 1
    WHERE label = OLD.label AND collection_id IN (
        SELECT 0 FROM images WHERE id = OLD.image_id AND NOT is_removed
        UNION ALL SELECT collection_id FROM collection_images WHERE image_id = OLD.image_id);
END;
DROP TRIGGER label_counts_image_added;
CREATE TRIGGER label_counts_image_added AFTER INSERT ON collection_images BEGIN
    INSERT INTO label_counts
    SELECT NEW.collection_id, label, min(color), count(*) FROM annotations
    WHERE image_id = NEW.image_id AND status NOT IN ('rejected', 'ground_truth')
      AND (status <> 'proposed' OR NOT is_superseded) GROUP BY label
    ON CONFLICT DO UPDATE SET annotation_count = annotation_count + excluded.annotation_count;
END;
DROP TRIGGER label_counts_image_left;
CREATE TRIGGER label_counts_image_left AFTER DELETE ON collection_images BEGIN
    INSERT INTO label_counts
    SELECT OLD.collection_id, label, min(color), -count(*) FROM annotations
    WHERE image_id = OLD.image_id AND status NOT IN ('rejected', 'ground_truth')
      AND (status <> 'proposed' OR NOT is_superseded) GROUP BY label
    ON CONFLICT DO UPDATE SET annotation_count = annotation_count + excluded.annotation_count;
END;
DROP TRIGGER label_counts_image_removed;
CREATE TRIGGER label_counts_image_removed AFTER UPDATE OF is_removed ON images
WHEN OLD.is_removed <> NEW.is_removed BEGIN
    INSERT INTO label_counts
    SELECT 0, label, min(color), count(*) * iif(NEW.is_removed, -1, 1) FROM annotations
    WHERE image_id = NEW.id AND status NOT IN ('rejected', 'ground_truth')
      AND (status <> 'proposed' OR NOT is_superseded) GROUP BY label
    ON CONFLICT DO UPDATE SET annotation_count = annotation_count + excluded.annotation_count;
END;
DROP TRIGGER layer_figures_annotation_added;
CREATE TRIGGER layer_figures_annotation_added AFTER INSERT ON annotations WHEN NEW.run_id IS NOT NULL BEGIN
    INSERT INTO layer_figures
    VALUES (NEW.run_id, NEW.image_id, NEW.status = 'proposed', NEW.status = 'rejected',
            iif(NEW.status = 'proposed', coalesce(NEW.confidence, 0), NULL), NEW.status = 'ground_truth')
    ON CONFLICT DO UPDATE SET
        proposed = proposed + excluded.proposed, rejected = rejected + excluded.rejected,
        ground_truth = ground_truth + excluded.ground_truth,
        least_certain = coalesce(min(least_certain, excluded.least_certain), least_certain, excluded.least_certain);
END;
DROP TRIGGER layer_figures_annotation_gone;
CREATE TRIGGER layer_figures_annotation_gone AFTER DELETE ON annotations WHEN OLD.run_id IS NOT NULL BEGIN
    UPDATE layer_figures SET
        proposed = proposed - (OLD.status = 'proposed'), rejected = rejected - (OLD.status = 'rejected'),
        ground_truth = ground_truth - (OLD.status = 'ground_truth')
    WHERE run_id = OLD.run_id AND image_id = OLD.image_id;
    UPDATE layer_figures SET least_certain = (
        SELECT min(coalesce(confidence, 0)) FROM annotations
        WHERE image_id = OLD.image_id AND status = 'proposed' AND +run_id = OLD.run_id)
    WHERE run_id = OLD.run_id AND image_id = OLD.image_id AND OLD.status = 'proposed'
      AND coalesce(OLD.confidence, 0) <= least_certain;
END;
