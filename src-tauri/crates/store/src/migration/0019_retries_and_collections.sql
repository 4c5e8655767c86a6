-- The output maximum of a request, in tokens: an answer that was cut off is asked for again only with a larger one. NULL:
-- not known, as before there was this column.
ALTER TABLE attempts ADD COLUMN max_output_tokens INTEGER;

-- Removed collections and the images that are in no other: no view shows them, and what was answered and decided stays for
-- when they are added again.
ALTER TABLE collections ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE images ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX images_removed ON images (id, review) WHERE is_removed;
