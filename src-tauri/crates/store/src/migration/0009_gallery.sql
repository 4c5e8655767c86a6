-- What grids ask for, kept by the triggers below: counting a million marks anew at every question would take too long.

-- Where marks stand, rejected ones aside.
CREATE TABLE image_labels (
    label      TEXT    NOT NULL,
    image_id   INTEGER NOT NULL REFERENCES images,
    mark_count INTEGER NOT NULL,
    PRIMARY KEY (label, image_id)
) STRICT, WITHOUT ROWID;

-- No row: nothing to say about the image.
CREATE TABLE image_figures (
    image_id      INTEGER PRIMARY KEY REFERENCES images,
    proposed      INTEGER NOT NULL DEFAULT 0,
    accepted      INTEGER NOT NULL DEFAULT 0,
    edited        INTEGER NOT NULL DEFAULT 0,
    rejected      INTEGER NOT NULL DEFAULT 0,
    -- The least confidence among its proposals; what states none counts as 0. NULL: it has no proposal.
    least_certain REAL,
    -- In how many marks the answers of several runs differ, label by label.
    disagreement  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX annotations_by_confidence ON annotations (confidence, image_id, status)
    WHERE status <> 'rejected' AND confidence IS NOT NULL;
CREATE INDEX annotations_with_attributes ON annotations (image_id, attributes, status)
    WHERE attributes <> '{}' AND status <> 'rejected';
CREATE INDEX jobs_waiting ON jobs (run_id, image_id) WHERE state = 'waiting';
CREATE INDEX jobs_answered ON jobs (image_id) WHERE state = 'done';
CREATE INDEX images_by_name ON images (name COLLATE NOCASE);

-- When its file was last changed, in nanoseconds since the Unix epoch: the oldest of its places.
ALTER TABLE images ADD COLUMN dated_at INTEGER;
UPDATE images SET dated_at = (SELECT min(modified_at) FROM files WHERE image_id = images.id);
CREATE INDEX images_by_date ON images (dated_at);

CREATE TRIGGER images_dated_file_added AFTER INSERT ON files BEGIN
    UPDATE images SET dated_at = (SELECT min(modified_at) FROM files WHERE image_id = NEW.image_id)
    WHERE id = NEW.image_id;
END;
CREATE TRIGGER images_dated_file_changed AFTER UPDATE OF image_id, modified_at ON files BEGIN
    UPDATE images SET dated_at = (SELECT min(modified_at) FROM files WHERE image_id = images.id)
    WHERE id IN (OLD.image_id, NEW.image_id);
END;

INSERT INTO image_labels
SELECT label, image_id, count(*) FROM annotations WHERE status <> 'rejected' GROUP BY label, image_id;
INSERT INTO image_figures (image_id, proposed, accepted, edited, rejected, least_certain)
SELECT image_id, sum(status = 'proposed'), sum(status = 'accepted'), sum(status = 'edited'), sum(status = 'rejected'),
       min(iif(status = 'proposed', coalesce(confidence, 0), NULL))
FROM annotations GROUP BY image_id;

CREATE TRIGGER image_labels_mark_added AFTER INSERT ON annotations WHEN NEW.status <> 'rejected' BEGIN
    INSERT INTO image_labels VALUES (NEW.label, NEW.image_id, 1)
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
END;
CREATE TRIGGER image_labels_mark_gone AFTER DELETE ON annotations WHEN OLD.status <> 'rejected' BEGIN
    UPDATE image_labels SET mark_count = mark_count - 1 WHERE label = OLD.label AND image_id = OLD.image_id;
    DELETE FROM image_labels WHERE label = OLD.label AND image_id = OLD.image_id AND mark_count = 0;
END;
CREATE TRIGGER image_labels_mark_changed AFTER UPDATE OF status, label ON annotations BEGIN
    INSERT INTO image_labels SELECT NEW.label, NEW.image_id, 1 WHERE NEW.status <> 'rejected'
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
    UPDATE image_labels SET mark_count = mark_count - 1
    WHERE label = OLD.label AND image_id = OLD.image_id AND OLD.status <> 'rejected';
    DELETE FROM image_labels WHERE label = OLD.label AND image_id = OLD.image_id AND mark_count = 0;
END;

CREATE TRIGGER image_figures_mark_added AFTER INSERT ON annotations BEGIN
    INSERT INTO image_figures (image_id, proposed, accepted, edited, rejected, least_certain)
    VALUES (NEW.image_id, NEW.status = 'proposed', NEW.status = 'accepted', NEW.status = 'edited',
            NEW.status = 'rejected', iif(NEW.status = 'proposed', coalesce(NEW.confidence, 0), NULL))
    ON CONFLICT DO UPDATE SET
        proposed = proposed + excluded.proposed, accepted = accepted + excluded.accepted,
        edited = edited + excluded.edited, rejected = rejected + excluded.rejected,
        least_certain = coalesce(min(least_certain, excluded.least_certain), least_certain, excluded.least_certain);
END;
CREATE TRIGGER image_figures_mark_gone AFTER DELETE ON annotations BEGIN
    UPDATE image_figures SET
        proposed = proposed - (OLD.status = 'proposed'), accepted = accepted - (OLD.status = 'accepted'),
        edited = edited - (OLD.status = 'edited'), rejected = rejected - (OLD.status = 'rejected')
    WHERE image_id = OLD.image_id;
    UPDATE image_figures SET least_certain = (
        SELECT min(coalesce(confidence, 0)) FROM annotations WHERE image_id = OLD.image_id AND status = 'proposed')
    WHERE image_id = OLD.image_id AND OLD.status = 'proposed' AND coalesce(OLD.confidence, 0) <= least_certain;
END;
CREATE TRIGGER image_figures_mark_changed AFTER UPDATE OF status, confidence ON annotations BEGIN
    UPDATE image_figures SET
        proposed = proposed + (NEW.status = 'proposed') - (OLD.status = 'proposed'),
        accepted = accepted + (NEW.status = 'accepted') - (OLD.status = 'accepted'),
        edited = edited + (NEW.status = 'edited') - (OLD.status = 'edited'),
        rejected = rejected + (NEW.status = 'rejected') - (OLD.status = 'rejected'),
        least_certain = (
            SELECT min(coalesce(confidence, 0)) FROM annotations WHERE image_id = NEW.image_id AND status = 'proposed')
    WHERE image_id = NEW.image_id;
END;

-- Runs that were asked for the same label differ by how often they found it.
CREATE VIEW label_differences AS
SELECT image_id, max(found) - min(found) AS difference
FROM (
    SELECT jobs.image_id AS image_id, jobs.id AS job_id, asked.value ->> 'name' AS label, coalesce((
               SELECT answered.value FROM json_each(jobs.found) AS answered
               WHERE answered.key = asked.value ->> 'name'), 0) AS found
    FROM jobs JOIN runs ON runs.id = jobs.run_id, json_each(runs.recipe, '$.labels') AS asked
    WHERE jobs.state = 'done' AND jobs.found IS NOT NULL
)
GROUP BY image_id, label HAVING count(*) > 1;

INSERT INTO image_figures (image_id, disagreement)
SELECT image_id, sum(difference) FROM label_differences
WHERE image_id IN (SELECT image_id FROM jobs WHERE state = 'done' GROUP BY image_id HAVING count(*) > 1)
GROUP BY image_id
ON CONFLICT DO UPDATE SET disagreement = excluded.disagreement;

CREATE TRIGGER image_figures_answered AFTER UPDATE OF state ON jobs
WHEN NEW.state = 'done' AND EXISTS (
    SELECT 1 FROM jobs WHERE image_id = NEW.image_id AND state = 'done' AND id <> NEW.id)
BEGIN
    INSERT INTO image_figures (image_id, disagreement)
    SELECT NEW.image_id, coalesce(sum(difference), 0) FROM label_differences WHERE image_id = NEW.image_id
    ON CONFLICT DO UPDATE SET disagreement = excluded.disagreement;
END;
