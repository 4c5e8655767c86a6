-- Times are milliseconds since the Unix epoch. Names of states are those of the domain's enums.

CREATE TABLE collections (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    root       BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

-- One row a content: the same bytes in two places are one image.
CREATE TABLE images (
    id          INTEGER PRIMARY KEY,
    hash        BLOB    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    byte_len    INTEGER NOT NULL,
    format      TEXT    NOT NULL,
    orientation INTEGER NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    added_at    INTEGER NOT NULL,
    review      TEXT    NOT NULL DEFAULT 'unreviewed',
    -- The latest job on it, when that failed: kept here so that a filter needs no search through jobs.
    failed_job  INTEGER
) STRICT;
CREATE INDEX images_by_review ON images (review);
CREATE INDEX images_failed ON images (failed_job) WHERE failed_job IS NOT NULL;

CREATE TABLE collection_images (
    collection_id INTEGER NOT NULL REFERENCES collections,
    image_id      INTEGER NOT NULL REFERENCES images,
    PRIMARY KEY (collection_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX collections_of_image ON collection_images (image_id);

-- Where the originals are. Paths are bytes: not all of them are UTF-8.
CREATE TABLE files (
    path        BLOB    PRIMARY KEY,
    image_id    INTEGER NOT NULL REFERENCES images,
    byte_len    INTEGER NOT NULL,
    modified_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_image ON files (image_id);

CREATE TABLE skipped_files (
    collection_id INTEGER NOT NULL REFERENCES collections,
    path          BLOB    NOT NULL,
    reason        TEXT    NOT NULL,
    PRIMARY KEY (collection_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE recipes (
    id         INTEGER PRIMARY KEY,
    body       TEXT    NOT NULL UNIQUE,
    is_builtin INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
    id          INTEGER PRIMARY KEY,
    started_at  INTEGER NOT NULL,
    model       TEXT    NOT NULL,
    model_name  TEXT    NOT NULL,
    -- As it was when the run began: later edits of the recipe change nothing here.
    recipe      TEXT    NOT NULL,
    concurrency INTEGER NOT NULL,
    quoted      INTEGER,
    -- NULL while a process works on it, or died while it did.
    stop_reason TEXT,
    -- Time worked on it, over all sittings.
    wall_millis REAL    NOT NULL DEFAULT 0
) STRICT;

-- The queue.
CREATE TABLE jobs (
    id             INTEGER PRIMARY KEY,
    run_id         INTEGER NOT NULL REFERENCES runs,
    image_id       INTEGER NOT NULL REFERENCES images,
    state          TEXT    NOT NULL DEFAULT 'waiting',
    failure        TEXT,
    failure_detail TEXT,
    took_millis    REAL,
    -- What the answer held, as {label: count}: a figure of the run that no review and no later run changes.
    found          TEXT,
    UNIQUE (run_id, image_id)
) STRICT;
CREATE INDEX jobs_by_state ON jobs (run_id, state, took_millis);
CREATE INDEX jobs_by_image ON jobs (image_id);

-- The ledger: a row is on disk before its request is sent, its answer before it is parsed.
CREATE TABLE attempts (
    id          INTEGER PRIMARY KEY,
    job_id      INTEGER NOT NULL REFERENCES jobs,
    state       TEXT    NOT NULL CHECK (state IN ('sent', 'received', 'parsed', 'failed', 'lost')),
    sent_at     INTEGER NOT NULL,
    answered_at INTEGER,
    raw_answer  TEXT,
    error       TEXT,
    paid        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX attempts_by_job ON attempts (job_id, state);

CREATE TABLE annotations (
    id            INTEGER PRIMARY KEY,
    image_id      INTEGER NOT NULL REFERENCES images,
    -- NULL: a person's.
    run_id        INTEGER REFERENCES runs,
    label         TEXT    NOT NULL,
    color         INTEGER NOT NULL,
    shape         TEXT    NOT NULL,
    confidence    REAL,
    attributes    TEXT    NOT NULL,
    status        TEXT    NOT NULL DEFAULT 'proposed',
    reject_reason TEXT
) STRICT;
CREATE INDEX annotations_by_image ON annotations (image_id, status, confidence);
CREATE INDEX annotations_by_run ON annotations (run_id, status);

-- How often a label stands on the images of a collection (0: of all), rejected marks aside. Kept by the triggers below:
-- counting a million marks anew would take seconds.
CREATE TABLE label_counts (
    collection_id INTEGER NOT NULL,
    label         TEXT    NOT NULL,
    color         INTEGER NOT NULL,
    mark_count    INTEGER NOT NULL,
    PRIMARY KEY (collection_id, label)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER label_counts_mark_added AFTER INSERT ON annotations WHEN NEW.status <> 'rejected' BEGIN
    INSERT INTO label_counts
    SELECT collection_id, NEW.label, NEW.color, 1
    FROM (SELECT 0 AS collection_id UNION ALL SELECT collection_id FROM collection_images WHERE image_id = NEW.image_id)
    WHERE true
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
END;
CREATE TRIGGER label_counts_mark_gone AFTER DELETE ON annotations WHEN OLD.status <> 'rejected' BEGIN
    UPDATE label_counts SET mark_count = mark_count - 1
    WHERE label = OLD.label AND collection_id IN (
        SELECT 0 UNION ALL SELECT collection_id FROM collection_images WHERE image_id = OLD.image_id);
END;
CREATE TRIGGER label_counts_mark_decided AFTER UPDATE OF status ON annotations
WHEN (OLD.status = 'rejected') <> (NEW.status = 'rejected') BEGIN
    UPDATE label_counts SET mark_count = mark_count + iif(NEW.status = 'rejected', -1, 1)
    WHERE label = NEW.label AND collection_id IN (
        SELECT 0 UNION ALL SELECT collection_id FROM collection_images WHERE image_id = NEW.image_id);
END;
CREATE TRIGGER label_counts_image_added AFTER INSERT ON collection_images BEGIN
    INSERT INTO label_counts
    SELECT NEW.collection_id, label, min(color), count(*) FROM annotations
    WHERE image_id = NEW.image_id AND status <> 'rejected' GROUP BY label
    ON CONFLICT DO UPDATE SET mark_count = mark_count + excluded.mark_count;
END;

-- Every step of review, with what was there before it: nothing a person decided is overwritten without trace.
CREATE TABLE decisions (
    id            INTEGER PRIMARY KEY,
    image_id      INTEGER NOT NULL REFERENCES images,
    decided_at    INTEGER NOT NULL,
    review_before TEXT    NOT NULL,
    marks_before  TEXT    NOT NULL,
    is_undone     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX decisions_standing ON decisions (id) WHERE is_undone = 0;

CREATE TABLE settings (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    body TEXT NOT NULL
) STRICT;
