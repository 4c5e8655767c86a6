-- What was said for a run beside what it is about: JSON. It takes in the number of images at once.
ALTER TABLE runs ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
UPDATE runs SET options = json_object('concurrency', at_once) WHERE at_once IS NOT NULL;
ALTER TABLE runs DROP COLUMN at_once;
