-- The publications of this copy of the library, by the epoch that each ended. The database keeps the token of the last one, so
-- that a copy of the library that lacks it, as a restored backup does, publishes everything anew.
CREATE TABLE publications (
    epoch INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE
) STRICT;

-- An image that is inserted here has changed.
CREATE VIEW changed_images AS SELECT image_id FROM image_changes;
CREATE TRIGGER image_changes_noted INSTEAD OF INSERT ON changed_images BEGIN
    INSERT INTO image_changes SELECT NEW.image_id, epoch FROM publication WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch WHERE image_changes.epoch <> excluded.epoch;
END;

-- Removed collections are not published.
CREATE TRIGGER image_changes_collection_turned AFTER UPDATE OF is_removed ON collections WHEN OLD.is_removed <> NEW.is_removed BEGIN
    INSERT INTO changed_images SELECT image_id FROM collection_images WHERE collection_id = NEW.id;
END;
-- They were.
INSERT INTO changed_images SELECT image_id FROM collection_images JOIN collections ON collections.id = collection_id
WHERE collections.is_removed;

-- Exports ask for each image whether it has propagated annotations.
CREATE INDEX propagations_by_image ON propagations (image_id);
