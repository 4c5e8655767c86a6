-- The models that a server with models of its own has listed, by its address: ids as a JSON array, in its order.
CREATE TABLE listed_models (
    base_url TEXT PRIMARY KEY,
    models TEXT NOT NULL,
    listed_at INTEGER NOT NULL
) STRICT;

-- Calibrations: pictures with known boxes that were sent to a model to find out how it writes boxes.
CREATE TABLE calibrations (
    id INTEGER PRIMARY KEY,
    model_id TEXT NOT NULL,
    base_url TEXT NOT NULL,
    -- The coordinates that were asked for.
    asked_for TEXT NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;

-- Their requests, a ledger like `attempts`: `sent` is on disk before a request is sent, `received` with the raw answer.
-- Amounts are pico-dollars.
CREATE TABLE calibration_requests (
    calibration_id INTEGER NOT NULL REFERENCES calibrations (id),
    -- Its place among the pictures.
    picture INTEGER NOT NULL,
    state TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    at_most INTEGER NOT NULL,
    -- NULL without a reported usage, or a price.
    paid INTEGER,
    answer TEXT,
    error TEXT,
    PRIMARY KEY (calibration_id, picture)
) STRICT, WITHOUT ROWID;
