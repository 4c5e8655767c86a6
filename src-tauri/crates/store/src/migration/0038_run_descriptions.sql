-- What users call their runs.
ALTER TABLE runs ADD COLUMN run_name TEXT NOT NULL DEFAULT '';

CREATE TABLE run_tags (
    run_id INTEGER NOT NULL REFERENCES runs,
    tag    TEXT    NOT NULL,
    PRIMARY KEY (run_id, tag)
) STRICT, WITHOUT ROWID;
