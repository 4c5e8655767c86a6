-- What kept the next image of a run from being sent although it stood ready, and for how long.

CREATE TABLE waits (
    run_id   INTEGER NOT NULL REFERENCES runs,
    obstacle TEXT    NOT NULL,
    millis   REAL    NOT NULL,
    -- Of requests or tokens a minute, or of places, as it was known at last.
    limit_at REAL,
    PRIMARY KEY (run_id, obstacle)
) STRICT, WITHOUT ROWID;
