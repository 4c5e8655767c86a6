-- A request may be about a part of its image, 0 for the whole, and may check what was found in that part before.
ALTER TABLE attempts ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN is_check INTEGER NOT NULL DEFAULT FALSE;
-- Whether the answer was cut off.
ALTER TABLE attempts ADD COLUMN is_cut_short INTEGER NOT NULL DEFAULT FALSE;
UPDATE attempts SET is_cut_short = TRUE WHERE raw_answer IS NOT NULL AND (
    retried_for = 'cut_short'
    OR state = 'parsed' AND job_id IN (SELECT id FROM jobs WHERE reading ->> 'is_cut_short')
    OR state = 'failed' AND job_id IN (SELECT id FROM jobs WHERE failure = 'cut_off'));
-- Whether it found something that was not checked.
ALTER TABLE attempts ADD COLUMN is_unchecked INTEGER NOT NULL DEFAULT FALSE;
UPDATE attempts SET is_unchecked = TRUE WHERE state = 'parsed' AND job_id IN (SELECT id FROM jobs WHERE found <> '{}');

-- What of a request is not in answer_key: the longest edge of sent images, which does not change smaller ones, and what is
-- asked about tiles.
ALTER TABLE runs ADD COLUMN sent_edge INTEGER;
ALTER TABLE runs ADD COLUMN tiles_key TEXT;

-- The answers that the annotations of a job come from, if they come from several, or from one of an earlier run although
-- its own run asked as well.
CREATE TABLE part_answers (
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    attempt_id INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    PRIMARY KEY (job_id, attempt_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX part_answers_of_attempt ON part_answers (attempt_id);
