-- When photos were taken. Images from before are looked into when their files are dropped again.

-- What the clock of the camera showed, in milliseconds since it would have shown 1970-01-01 00:00. NULL: not known.
ALTER TABLE images ADD COLUMN taken_at INTEGER;
-- How far that clock was ahead of UTC. NULL: the camera does not say.
ALTER TABLE images ADD COLUMN taken_minutes_ahead INTEGER;
-- Whether its file was asked.
ALTER TABLE images ADD COLUMN is_taken_read INTEGER NOT NULL DEFAULT 0;
CREATE INDEX images_by_taken ON images (taken_at) WHERE taken_at IS NOT NULL;
