-- Batches of overnight runs: a row, and an attempt for each of its requests, are on disk before anything leaves.

CREATE TABLE batches (
    id           INTEGER PRIMARY KEY,
    run_id       INTEGER NOT NULL REFERENCES runs,
    standing     TEXT    NOT NULL,
    -- Stands in the name of each of its requests, so that its results are told from any others.
    token        TEXT    NOT NULL,
    -- The server that it is for.
    origin       TEXT    NOT NULL,
    submitted_at INTEGER NOT NULL,
    -- How the server calls it; NULL until that is known.
    vendor_id    TEXT,
    -- Whether it was found in the server's list and not told in a reply: its results have to prove that it is this one.
    is_adopted   INTEGER NOT NULL DEFAULT 0,
    -- Requests that the server is done with, by its own count.
    finished     INTEGER NOT NULL DEFAULT 0,
    expires_at   INTEGER
) STRICT;
CREATE INDEX batches_by_run ON batches (run_id);

-- The size in which the picture was sent is the frame of the answer's coordinates.
CREATE TABLE batch_items (
    attempt_id  INTEGER PRIMARY KEY REFERENCES attempts,
    batch_id    INTEGER NOT NULL REFERENCES batches,
    sent_width  INTEGER NOT NULL,
    sent_height INTEGER NOT NULL
) STRICT;
CREATE INDEX batch_items_by_batch ON batch_items (batch_id);
