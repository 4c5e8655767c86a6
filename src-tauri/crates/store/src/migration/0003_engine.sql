-- Answers used again, marks carried over to similar images, overnight runs, and how many images at once.

-- As a person has said; NULL finds out. `concurrency` is the most that there were.
ALTER TABLE runs ADD COLUMN at_once INTEGER;
-- What decides an answer besides the image: model, server, words, form, preparation. NULL where answers cost nothing.
ALTER TABLE runs ADD COLUMN answer_key TEXT;
ALTER TABLE runs ADD COLUMN asks_anew INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_by_answer_key ON runs (answer_key) WHERE answer_key IS NOT NULL;

-- The answer of an earlier run that was used instead of a request.
ALTER TABLE jobs ADD COLUMN reused_attempt INTEGER REFERENCES attempts;

ALTER TABLE runs ADD COLUMN mode TEXT NOT NULL DEFAULT 'live';

-- The image in the same run that this one looks like: its marks are offered here when it is answered. NULL: asked about.
ALTER TABLE jobs ADD COLUMN leader INTEGER REFERENCES images;
ALTER TABLE jobs ADD COLUMN is_carried INTEGER NOT NULL DEFAULT 0;
CREATE INDEX jobs_by_leader ON jobs (run_id, leader) WHERE leader IS NOT NULL;
