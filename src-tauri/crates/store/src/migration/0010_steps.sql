-- Steps: all that a person does to marks, with what they were and what became of them, so that every step can be taken back
-- and made again, on one image or on all, also after a restart.

-- Ids of marks are not used twice: a step that is made again must not meet another mark under the id of one that is gone.
CREATE TABLE marks (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id      INTEGER NOT NULL REFERENCES images,
    -- NULL: a person's.
    run_id        INTEGER REFERENCES runs,
    label         TEXT    NOT NULL,
    color         INTEGER NOT NULL,
    shape         TEXT    NOT NULL,
    confidence    REAL,
    attributes    TEXT    NOT NULL,
    status        TEXT    NOT NULL DEFAULT 'proposed',
    reject_reason TEXT,
    -- The image on which the run found the mark, when that is not the image it is offered to.
    carried_from  INTEGER REFERENCES images
) STRICT;
INSERT INTO marks SELECT id, image_id, run_id, label, color, shape, confidence, attributes, status, reject_reason, carried_from
FROM annotations;
-- It speaks of the table that is renamed.
DROP TRIGGER label_counts_image_added;
DROP TABLE annotations;
ALTER TABLE marks RENAME TO annotations;
CREATE INDEX annotations_by_image ON annotations (image_id, status, confidence);
CREATE INDEX annotations_by_run ON annotations (run_id, status);
CREATE INDEX annotations_by_confidence ON annotations (confidence, image_id, status)
    WHERE status <> 'rejected' AND confidence IS NOT NULL;
CREATE INDEX annotations_with_attributes ON annotations (image_id, attributes, status)
    WHERE attributes <> '{}' AND status <> 'rejected';

-- The triggers that went with the table, as they were, but that counts follow a mark's label too.
CREATE TRIGGER label_counts_mark_added AFTER INSERT ON annotations WHEN NEW.status <> 'rejected' BEGIN
    INSERT INTO label_counts
    SELECT collection_id, NEW.label, NEW.color, 1
    FROM (SELECT 0 AS collection_id UNION ALL SELECT collection_id FROM collection_images WHERE image_id = NEW.image_id)
    WHERE true
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
END;
CREATE TRIGGER label_counts_mark_gone AFTER DELETE ON annotations WHEN OLD.status <> 'rejected' BEGIN
    UPDATE label_counts SET mark_count = mark_count - 1
    WHERE label = OLD.label AND collection_id IN (
        SELECT 0 UNION ALL SELECT collection_id FROM collection_images WHERE image_id = OLD.image_id);
END;
CREATE TRIGGER label_counts_mark_changed AFTER UPDATE OF status, label ON annotations
WHEN OLD.label <> NEW.label OR (OLD.status = 'rejected') <> (NEW.status = 'rejected') BEGIN
    UPDATE label_counts SET mark_count = mark_count - 1
    WHERE OLD.status <> 'rejected' AND label = OLD.label AND collection_id IN (
        SELECT 0 UNION ALL SELECT collection_id FROM collection_images WHERE image_id = OLD.image_id);
    INSERT INTO label_counts
    SELECT collection_id, NEW.label, NEW.color, 1
    FROM (SELECT 0 AS collection_id UNION ALL SELECT collection_id FROM collection_images WHERE image_id = NEW.image_id)
    WHERE NEW.status <> 'rejected'
    ON CONFLICT DO UPDATE SET mark_count = mark_count + 1;
END;
CREATE TRIGGER label_counts_image_added AFTER INSERT ON collection_images BEGIN
    INSERT INTO label_counts
    SELECT NEW.collection_id, label, min(color), count(*) FROM annotations
    WHERE image_id = NEW.image_id AND status <> 'rejected' GROUP BY label
    ON CONFLICT DO UPDATE SET mark_count = mark_count + excluded.mark_count;
END;

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

-- `marks` is a list of {"before": mark or null, "after": mark or null}, in the order of the changes.
CREATE TABLE steps (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id      INTEGER NOT NULL REFERENCES images,
    -- Steps that were taken together, and are taken back together.
    sweep         INTEGER,
    made_at       INTEGER NOT NULL,
    review_before TEXT    NOT NULL,
    review_after  TEXT    NOT NULL,
    marks         TEXT    NOT NULL,
    is_undone     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX steps_standing ON steps (id) WHERE is_undone = 0;
CREATE INDEX steps_by_image ON steps (image_id, id);
CREATE INDEX steps_by_sweep ON steps (sweep, id) WHERE sweep IS NOT NULL;

-- What the decisions of the past left behind was not kept: the marks as they are now stand for it.
INSERT INTO steps (id, image_id, made_at, review_before, review_after, marks)
SELECT decisions.id, image_id, decided_at, review_before, images.review, (
    SELECT json_group_array(json_object(
        'before', json_set(mark, '$.status', was.value ->> 'status', '$.reject_reason', was.value ->> 'reject_reason'),
        'after', json(mark)))
    FROM json_each(marks_before) AS was JOIN (
        SELECT id AS mark_id, json_object(
            'id', id,
            'origin', iif(run_id IS NULL, json_object('kind', 'person'), json_object('kind', 'run', 'run', run_id)),
            'carried_from', carried_from, 'label', label, 'color', color, 'shape', json(shape),
            'confidence', confidence, 'attributes', json(attributes), 'status', status, 'reject_reason', reject_reason
        ) AS mark
        FROM annotations
    ) ON mark_id = was.value ->> 'id')
FROM decisions JOIN images ON images.id = image_id
WHERE NOT is_undone;
DROP TABLE decisions;
