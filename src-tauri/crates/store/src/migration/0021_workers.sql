-- Processes that work on runs. As long as it lives, a worker holds an OS lock on a file of its own that is named by its token
-- and that nothing else ever locks: it tells whether the worker is alive.
CREATE TABLE workers (
    id         INTEGER PRIMARY KEY,
    token      TEXT    NOT NULL UNIQUE,
    process_id INTEGER NOT NULL,
    began_at   INTEGER NOT NULL
) STRICT;

-- The worker of a run. One that is dead works on nothing, although its row may still be there.
ALTER TABLE runs ADD COLUMN worker_id INTEGER REFERENCES workers;
CREATE INDEX runs_worked_on ON runs (worker_id) WHERE worker_id IS NOT NULL;

-- Whether the run of a waiting job asks about its image, or is about to. It counts only while the run has a worker.
ALTER TABLE jobs ADD COLUMN is_claimed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX jobs_claimed ON jobs (image_id) WHERE is_claimed;
