-- Endpoints: limits by server and key, what each endpoint did for a run; and how long requests were in flight.

-- Limits were kept by origin, which the servers at several paths of one host share, with any key. They are learned again.
DROP TABLE endpoint_limits;
CREATE TABLE endpoint_limits (
    base_url        TEXT NOT NULL,
    -- Tells keys apart, and cannot be turned back into one.
    key_fingerprint TEXT NOT NULL,
    -- What is limited, by the domain's name.
    unit            TEXT NOT NULL,
    -- A minute, or of requests in flight: at a time.
    limit_at        REAL NOT NULL,
    -- What may come at the same time after a quiet time.
    burst           REAL NOT NULL,
    noted_at        INTEGER NOT NULL,
    PRIMARY KEY (base_url, key_fingerprint, unit)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_endpoints (
    run_id     INTEGER NOT NULL REFERENCES runs,
    name       TEXT    NOT NULL,
    answered   INTEGER NOT NULL DEFAULT 0,
    failed     INTEGER NOT NULL DEFAULT 0,
    -- What was wrong with it last, by the domain's name; NULL: nothing.
    problem    TEXT,
    detail     TEXT,
    is_working INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (run_id, name)
) STRICT;

-- The durations of all requests of a run together; NULL: not recorded.
ALTER TABLE runs ADD COLUMN in_flight_millis REAL;
