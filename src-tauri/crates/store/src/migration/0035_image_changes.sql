-- Which images have changed since they were last published. Changes belong to an epoch, and publishing begins a new one, so that
-- an image is written down once between two publications however often it changes.
CREATE TABLE publication (
    epoch    INTEGER NOT NULL,
    -- The last publication, as JSON.
    ended_at INTEGER,
    outcome  TEXT
) STRICT;
INSERT INTO publication (epoch) VALUES (1);

CREATE TABLE image_changes (
    image_id INTEGER PRIMARY KEY,
    epoch    INTEGER NOT NULL
) STRICT;
CREATE INDEX image_changes_by_epoch ON image_changes (epoch, image_id);
INSERT INTO image_changes SELECT id, 1 FROM images;

CREATE TRIGGER image_changes_image_added AFTER INSERT ON images BEGIN
    INSERT INTO image_changes SELECT NEW.id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_image_changed AFTER UPDATE OF name, orientation, width, height, review, taken_at, is_removed ON images BEGIN
    INSERT INTO image_changes SELECT NEW.id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_file_added AFTER INSERT ON files BEGIN
    INSERT INTO image_changes SELECT NEW.image_id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_file_moved AFTER UPDATE OF path, image_id ON files BEGIN
    INSERT INTO image_changes SELECT value, epoch FROM json_each(json_array(OLD.image_id, NEW.image_id)), publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_file_gone AFTER DELETE ON files BEGIN
    INSERT INTO image_changes SELECT OLD.image_id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_collection_joined AFTER INSERT ON collection_images BEGIN
    INSERT INTO image_changes SELECT NEW.image_id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_collection_left AFTER DELETE ON collection_images BEGIN
    INSERT INTO image_changes SELECT OLD.image_id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_collection_renamed AFTER UPDATE OF name ON collections WHEN OLD.name <> NEW.name BEGIN
    INSERT INTO image_changes
    SELECT image_id, epoch FROM collection_images, publication WHERE collection_id = NEW.id
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_annotation_added AFTER INSERT ON annotations BEGIN
    INSERT INTO image_changes SELECT NEW.image_id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_annotation_changed AFTER UPDATE ON annotations BEGIN
    INSERT INTO image_changes SELECT NEW.image_id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_annotation_gone AFTER DELETE ON annotations BEGIN
    INSERT INTO image_changes SELECT OLD.image_id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
-- Only what is published of a job: its result.
CREATE TRIGGER image_changes_answered AFTER UPDATE OF state, is_taken_back, took_millis ON jobs
WHEN NEW.state IN ('done', 'failed') OR OLD.state IN ('done', 'failed') BEGIN
    INSERT INTO image_changes SELECT NEW.image_id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
-- An answer of an earlier run is added as it is.
CREATE TRIGGER image_changes_answer_added AFTER INSERT ON jobs WHEN NEW.state IN ('done', 'failed') BEGIN
    INSERT INTO image_changes SELECT NEW.image_id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
CREATE TRIGGER image_changes_settled AFTER UPDATE OF paid, at_most, may_be_billed ON attempts
WHEN OLD.paid <> NEW.paid OR OLD.at_most <> NEW.at_most OR OLD.may_be_billed <> NEW.may_be_billed BEGIN
    INSERT INTO image_changes
    SELECT image_id, epoch FROM jobs, publication WHERE jobs.id = NEW.job_id
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;
