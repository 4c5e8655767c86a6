-- A later run of the same model and recipe supersedes the undecided proposals of an earlier one on the images that it has
-- answered. They stay in the layer of their run; the view of all layers shows the later run's instead.

ALTER TABLE annotations ADD COLUMN is_superseded INTEGER NOT NULL DEFAULT 0;
-- Whether the run was undone since the job was answered: it supersedes nothing.
ALTER TABLE jobs ADD COLUMN is_taken_back INTEGER NOT NULL DEFAULT 0;
-- Whether only the layer of a run shows what the mistake is about.
ALTER TABLE mistakes ADD COLUMN is_superseded INTEGER NOT NULL DEFAULT 0;

-- Each holds the whole answer to a question about all layers.
DROP INDEX annotations_by_image;
CREATE INDEX annotations_by_image ON annotations (image_id, status, confidence, is_superseded);
DROP INDEX annotations_by_confidence;
CREATE INDEX annotations_by_confidence ON annotations (confidence, image_id, status, run_id, is_superseded)
    WHERE status <> 'rejected' AND confidence IS NOT NULL;
DROP INDEX annotations_with_attributes;
CREATE INDEX annotations_with_attributes ON annotations (image_id, attributes, status, run_id, is_superseded)
    WHERE attributes <> '{}' AND status <> 'rejected';
DROP INDEX mistakes_by_kind;
CREATE INDEX mistakes_by_kind ON mistakes (kind, image_id, is_superseded);

-- The figures of all layers count what their view shows.
DROP TRIGGER label_counts_annotation_added;
DROP TRIGGER label_counts_annotation_gone;
DROP TRIGGER label_counts_annotation_changed;
DROP TRIGGER label_counts_image_added;
DROP TRIGGER label_counts_image_removed;
CREATE TRIGGER label_counts_annotation_added AFTER INSERT ON annotations
WHEN NEW.status <> 'rejected' AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded) BEGIN
    INSERT INTO label_counts
    SELECT collection_id, NEW.label, NEW.color, 1
    FROM (SELECT 0 AS collection_id FROM images WHERE id = NEW.image_id AND NOT is_removed
          UNION ALL SELECT collection_id FROM collection_images WHERE image_id = NEW.image_id)
    WHERE true
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
END;
CREATE TRIGGER label_counts_annotation_gone AFTER DELETE ON annotations
WHEN OLD.status <> 'rejected' AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded) BEGIN
    UPDATE label_counts SET mark_count = mark_count - 1
    WHERE label = OLD.label AND collection_id IN (
        SELECT 0 FROM images WHERE id = OLD.image_id AND NOT is_removed
        UNION ALL SELECT collection_id FROM collection_images WHERE image_id = OLD.image_id);
END;
CREATE TRIGGER label_counts_annotation_changed AFTER UPDATE OF status, label, is_superseded ON annotations
WHEN OLD.label <> NEW.label
  OR (OLD.status <> 'rejected' AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded))
  <> (NEW.status <> 'rejected' AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded)) BEGIN
    UPDATE label_counts SET mark_count = mark_count - 1
    WHERE OLD.status <> 'rejected' AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded)
      AND label = OLD.label AND collection_id IN (
        SELECT 0 FROM images WHERE id = OLD.image_id AND NOT is_removed
        UNION ALL SELECT collection_id FROM collection_images WHERE image_id = OLD.image_id);
    INSERT INTO label_counts
    SELECT collection_id, NEW.label, NEW.color, 1
    FROM (SELECT 0 AS collection_id FROM images WHERE id = NEW.image_id AND NOT is_removed
          UNION ALL SELECT collection_id FROM collection_images WHERE image_id = NEW.image_id)
    WHERE NEW.status <> 'rejected' AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded)
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
END;
CREATE TRIGGER label_counts_image_added AFTER INSERT ON collection_images BEGIN
    INSERT INTO label_counts
    SELECT NEW.collection_id, label, min(color), count(*) FROM annotations
    WHERE image_id = NEW.image_id AND status <> 'rejected' AND (status <> 'proposed' OR NOT is_superseded) GROUP BY label
    ON CONFLICT DO UPDATE SET mark_count = mark_count + excluded.mark_count;
END;
CREATE TRIGGER label_counts_image_removed AFTER UPDATE OF is_removed ON images
WHEN OLD.is_removed <> NEW.is_removed BEGIN
    INSERT INTO label_counts
    SELECT 0, label, min(color), count(*) * iif(NEW.is_removed, -1, 1) FROM annotations
    WHERE image_id = NEW.id AND status <> 'rejected' AND (status <> 'proposed' OR NOT is_superseded) GROUP BY label
    ON CONFLICT DO UPDATE SET mark_count = mark_count + excluded.mark_count;
END;

DROP TRIGGER image_labels_mark_added;
DROP TRIGGER image_labels_mark_gone;
DROP TRIGGER image_labels_mark_changed;
CREATE TRIGGER image_labels_annotation_added AFTER INSERT ON annotations
WHEN NEW.status <> 'rejected' AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded) BEGIN
    INSERT INTO image_labels VALUES (NEW.label, NEW.image_id, 1)
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
END;
CREATE TRIGGER image_labels_annotation_gone AFTER DELETE ON annotations
WHEN OLD.status <> 'rejected' AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded) BEGIN
    UPDATE image_labels SET mark_count = mark_count - 1 WHERE label = OLD.label AND image_id = OLD.image_id;
    DELETE FROM image_labels WHERE label = OLD.label AND image_id = OLD.image_id AND mark_count = 0;
END;
CREATE TRIGGER image_labels_annotation_changed AFTER UPDATE OF status, label, is_superseded ON annotations BEGIN
    INSERT INTO image_labels SELECT NEW.label, NEW.image_id, 1
    WHERE NEW.status <> 'rejected' AND (NEW.status <> 'proposed' OR NOT NEW.is_superseded)
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
    UPDATE image_labels SET mark_count = mark_count - 1
    WHERE label = OLD.label AND image_id = OLD.image_id
      AND OLD.status <> 'rejected' AND (OLD.status <> 'proposed' OR NOT OLD.is_superseded);
    DELETE FROM image_labels WHERE label = OLD.label AND image_id = OLD.image_id AND mark_count = 0;
END;

DROP TRIGGER image_figures_mark_added;
DROP TRIGGER image_figures_mark_gone;
DROP TRIGGER image_figures_mark_changed;
CREATE TRIGGER image_figures_annotation_added AFTER INSERT ON annotations
WHEN NEW.status <> 'proposed' OR NOT NEW.is_superseded BEGIN
    INSERT INTO image_figures (image_id, proposed, accepted, edited, rejected, least_certain)
    VALUES (NEW.image_id, NEW.status = 'proposed', NEW.status = 'accepted', NEW.status = 'edited',
            NEW.status = 'rejected', iif(NEW.status = 'proposed', coalesce(NEW.confidence, 0), NULL))
    ON CONFLICT DO UPDATE SET
        proposed = proposed + excluded.proposed, accepted = accepted + excluded.accepted,
        edited = edited + excluded.edited, rejected = rejected + excluded.rejected,
        least_certain = coalesce(min(least_certain, excluded.least_certain), least_certain, excluded.least_certain);
END;
CREATE TRIGGER image_figures_annotation_gone AFTER DELETE ON annotations
WHEN OLD.status <> 'proposed' OR NOT OLD.is_superseded BEGIN
    UPDATE image_figures SET
        proposed = proposed - (OLD.status = 'proposed'), accepted = accepted - (OLD.status = 'accepted'),
        edited = edited - (OLD.status = 'edited'), rejected = rejected - (OLD.status = 'rejected')
    WHERE image_id = OLD.image_id;
    UPDATE image_figures SET least_certain = (
        SELECT min(coalesce(confidence, 0)) FROM annotations
        WHERE image_id = OLD.image_id AND status = 'proposed' AND NOT is_superseded)
    WHERE image_id = OLD.image_id AND OLD.status = 'proposed' AND coalesce(OLD.confidence, 0) <= least_certain;
END;
CREATE TRIGGER image_figures_annotation_changed AFTER UPDATE OF status, confidence, is_superseded ON annotations BEGIN
    UPDATE image_figures SET
        proposed = proposed + (NEW.status = 'proposed' AND NOT NEW.is_superseded)
                            - (OLD.status = 'proposed' AND NOT OLD.is_superseded),
        accepted = accepted + (NEW.status = 'accepted') - (OLD.status = 'accepted'),
        edited = edited + (NEW.status = 'edited') - (OLD.status = 'edited'),
        rejected = rejected + (NEW.status = 'rejected') - (OLD.status = 'rejected'),
        least_certain = (
            SELECT min(coalesce(confidence, 0)) FROM annotations
            WHERE image_id = NEW.image_id AND status = 'proposed' AND NOT is_superseded)
    WHERE image_id = NEW.image_id;
END;

DROP TRIGGER unchecked_images_mark_changed;
CREATE TRIGGER unchecked_images_annotation_changed AFTER UPDATE OF label, shape, status, is_superseded ON annotations BEGIN
    INSERT INTO unchecked_images VALUES (NEW.image_id) ON CONFLICT DO NOTHING;
END;

-- Until now a later answer removed the proposals of earlier runs. Where some stand beside it, its run has been undone.
UPDATE jobs SET is_taken_back = 1
WHERE state = 'done' AND NOT is_carried AND EXISTS (
    SELECT 1 FROM annotations JOIN runs AS own ON own.id = annotations.run_id JOIN runs AS later ON later.id = jobs.run_id
    WHERE annotations.image_id = jobs.image_id AND status = 'proposed'
      AND later.id > own.id AND later.model = own.model AND later.recipe = own.recipe
) AND NOT EXISTS (SELECT 1 FROM replaced_annotations WHERE run_id = jobs.run_id AND image_id = jobs.image_id);

-- What was kept for exports returns to the layer of its run, except for what a person has decided since.
INSERT INTO annotations (image_id, run_id, label, color, shape, confidence, attributes, carried_from)
SELECT image_id, run_id, label, color, shape, confidence, attributes, carried_from FROM replaced_annotations AS replaced
WHERE NOT EXISTS (
    SELECT 1 FROM annotations
    WHERE image_id = replaced.image_id AND status <> 'proposed' AND label = replaced.label AND shape = replaced.shape)
ORDER BY rowid;
UPDATE annotations SET is_superseded = 1
WHERE run_id IS NOT NULL AND image_id IN (SELECT image_id FROM replaced_annotations) AND EXISTS (
    SELECT 1 FROM jobs JOIN runs AS other ON other.id = jobs.run_id JOIN runs AS own ON own.id = annotations.run_id
    WHERE jobs.image_id = annotations.image_id AND other.id <> own.id
      AND other.model = own.model AND other.recipe = own.recipe
      AND (jobs.state = 'done' OR jobs.found IS NOT NULL) AND NOT is_taken_back
      AND iif(annotations.carried_from IS NULL, other.id > own.id AND NOT is_carried,
              other.id > own.id OR NOT is_carried));
DROP TABLE replaced_annotations;
