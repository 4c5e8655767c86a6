-- Figures of runs: only what was measured, and only of images that were asked about.

-- The highest number of requests in flight at any moment; of a batch run, in the vendor's batches. `concurrency` stays the
-- number of images at a time that a run on this machine is set to.
ALTER TABLE runs ADD COLUMN peak_in_flight INTEGER NOT NULL DEFAULT 0;
-- Of earlier runs the ledger says it. At the same moment, what ends goes before what begins.
WITH changes AS (
    SELECT run_id, sent_at AS at, 1 AS change FROM attempts JOIN jobs ON jobs.id = job_id WHERE answered_at IS NOT NULL
    UNION ALL
    SELECT run_id, answered_at, -1 FROM attempts JOIN jobs ON jobs.id = job_id WHERE answered_at IS NOT NULL
), levels AS (
    SELECT run_id, sum(change) OVER (PARTITION BY run_id ORDER BY at, change ROWS UNBOUNDED PRECEDING) AS in_flight
    FROM changes
)
UPDATE runs SET peak_in_flight = max(1, peak)
FROM (SELECT run_id, max(in_flight) AS peak FROM levels GROUP BY run_id) AS peaks
WHERE peaks.run_id = runs.id;

-- What an image took that had no other request of its run beside any of its own; NULL otherwise.
ALTER TABLE jobs ADD COLUMN alone_millis REAL;
-- From now on NULL for every image that was not asked about.
UPDATE jobs SET took_millis = NULL
WHERE took_millis IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempts WHERE job_id = jobs.id);

-- NULL where the vendor did not report it. Whether a zero of the past was reported is not known.
ALTER TABLE attempts ADD COLUMN thinking_tokens INTEGER;
UPDATE attempts SET thinking_tokens = usage_thinking WHERE usage_thinking > 0;
ALTER TABLE attempts DROP COLUMN usage_thinking;
ALTER TABLE attempts RENAME COLUMN thinking_tokens TO usage_thinking;
