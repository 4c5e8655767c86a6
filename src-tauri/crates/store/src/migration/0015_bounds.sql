-- What an image may cost, pilots, and the limits of endpoints.

-- Attempts up to this one no longer count against what the image may cost: a person has let it be asked anew since.
ALTER TABLE jobs ADD COLUMN counted_after INTEGER NOT NULL DEFAULT 0;

-- The last job of the run's pilot while it is not over; NULL: all jobs may be worked on.
ALTER TABLE runs ADD COLUMN pilot_until INTEGER REFERENCES jobs;
-- What its pilot was expected to cost, in pico-dollars.
ALTER TABLE runs ADD COLUMN pilot_expected INTEGER;

-- What runs have learned of a server's limits, by its origin.
CREATE TABLE endpoint_limits (
    origin     TEXT NOT NULL,
    -- What is limited, by the domain's name.
    unit       TEXT NOT NULL,
    -- A minute, or of requests in flight: at a time.
    limit_at   REAL NOT NULL,
    -- What may come at once after a quiet time.
    burst      REAL NOT NULL,
    noted_at   INTEGER NOT NULL,
    PRIMARY KEY (origin, unit)
) STRICT, WITHOUT ROWID;
