-- When a job finished, in milliseconds of the time worked on its run: pauses do not count. The rate of a run is drawn from it.
ALTER TABLE jobs ADD COLUMN finished_after_millis REAL;

-- Earlier runs recorded by the clock when answers came. Where they were worked on without a pause, that is the same.
UPDATE jobs SET finished_after_millis = (
    SELECT max(answered_at) FROM attempts WHERE job_id = jobs.id
) - (SELECT started_at FROM runs WHERE id = run_id)
WHERE took_millis IS NOT NULL AND run_id IN (
    SELECT runs.id FROM runs
    JOIN jobs AS each ON each.run_id = runs.id
    JOIN attempts ON attempts.job_id = each.id
    WHERE mode = 'live' AND stop_reason IS NOT NULL
    GROUP BY runs.id
    HAVING max(answered_at) - started_at <= wall_millis * 1.02 + 1000
);
