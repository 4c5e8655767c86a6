-- The output maximum of a request, in tokens: an answer that was cut off is asked for again only with a larger one. NULL:
-- not known, as before there was this column.
ALTER TABLE attempts ADD COLUMN max_output_tokens INTEGER;

-- Removed collections and the images that are in no other: no view shows them, and what was answered and decided stays for
-- when they are added again.
ALTER TABLE collections ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE images ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX images_removed ON images (id, review) WHERE is_removed;

-- The counts of the whole library (collection_id 0) are of images that are not removed.
DROP TRIGGER label_counts_mark_added;
DROP TRIGGER label_counts_mark_gone;
DROP TRIGGER label_counts_mark_changed;
CREATE TRIGGER label_counts_annotation_added AFTER INSERT ON annotations WHEN NEW.status <> 'rejected' BEGIN
    INSERT INTO label_counts
    SELECT collection_id, NEW.label, NEW.color, 1
    FROM (SELECT 0 AS collection_id FROM images WHERE id = NEW.image_id AND NOT is_removed
          UNION ALL SELECT collection_id FROM collection_images WHERE image_id = NEW.image_id)
    WHERE true
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
END;
CREATE TRIGGER label_counts_annotation_gone AFTER DELETE ON annotations WHEN OLD.status <> 'rejected' BEGIN
    UPDATE label_counts SET mark_count = mark_count - 1
    WHERE label = OLD.label AND collection_id IN (
        SELECT 0 FROM images WHERE id = OLD.image_id AND NOT is_removed
        UNION ALL SELECT collection_id FROM collection_images WHERE image_id = OLD.image_id);
END;
CREATE TRIGGER label_counts_annotation_changed AFTER UPDATE OF status, label ON annotations
WHEN OLD.label <> NEW.label OR (OLD.status = 'rejected') <> (NEW.status = 'rejected') BEGIN
    UPDATE label_counts SET mark_count = mark_count - 1
    WHERE OLD.status <> 'rejected' AND label = OLD.label AND collection_id IN (
        SELECT 0 FROM images WHERE id = OLD.image_id AND NOT is_removed
        UNION ALL SELECT collection_id FROM collection_images WHERE image_id = OLD.image_id);
    INSERT INTO label_counts
    SELECT collection_id, NEW.label, NEW.color, 1
    FROM (SELECT 0 AS collection_id FROM images WHERE id = NEW.image_id AND NOT is_removed
          UNION ALL SELECT collection_id FROM collection_images WHERE image_id = NEW.image_id)
    WHERE NEW.status <> 'rejected'
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
END;
CREATE TRIGGER label_counts_image_removed AFTER UPDATE OF is_removed ON images
WHEN OLD.is_removed <> NEW.is_removed BEGIN
    INSERT INTO label_counts
    SELECT 0, label, min(color), count(*) * iif(NEW.is_removed, -1, 1) FROM annotations
    WHERE image_id = NEW.id AND status <> 'rejected' GROUP BY label
    ON CONFLICT DO UPDATE SET mark_count = mark_count + excluded.mark_count;
END;
