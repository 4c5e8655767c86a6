-- Layers: what of each run waits for a decision, and where, so that a view of some runs needs no look at the others.

-- Annotations of a run by image. Accepted and edited ones belong to people and are counted in image_figures.
CREATE TABLE layer_figures (
    run_id        INTEGER NOT NULL REFERENCES runs,
    image_id      INTEGER NOT NULL REFERENCES images,
    proposed      INTEGER NOT NULL,
    rejected      INTEGER NOT NULL,
    -- The least confidence among its proposals; what states none counts as 0. NULL: it has no proposal.
    least_certain REAL,
    PRIMARY KEY (run_id, image_id)
) STRICT, WITHOUT ROWID;

INSERT INTO layer_figures
SELECT run_id, image_id, sum(status = 'proposed'), sum(status = 'rejected'),
       min(iif(status = 'proposed', coalesce(confidence, 0), NULL))
FROM annotations WHERE run_id IS NOT NULL GROUP BY run_id, image_id;

CREATE TRIGGER layer_figures_annotation_added AFTER INSERT ON annotations WHEN NEW.run_id IS NOT NULL BEGIN
    INSERT INTO layer_figures
    VALUES (NEW.run_id, NEW.image_id, NEW.status = 'proposed', NEW.status = 'rejected',
            iif(NEW.status = 'proposed', coalesce(NEW.confidence, 0), NULL))
    ON CONFLICT DO UPDATE SET
        proposed = proposed + excluded.proposed, rejected = rejected + excluded.rejected,
        least_certain = coalesce(min(least_certain, excluded.least_certain), least_certain, excluded.least_certain);
END;
CREATE TRIGGER layer_figures_annotation_gone AFTER DELETE ON annotations WHEN OLD.run_id IS NOT NULL BEGIN
    UPDATE layer_figures SET
        proposed = proposed - (OLD.status = 'proposed'), rejected = rejected - (OLD.status = 'rejected')
    WHERE run_id = OLD.run_id AND image_id = OLD.image_id;
    UPDATE layer_figures SET least_certain = (
        SELECT min(coalesce(confidence, 0)) FROM annotations
        WHERE image_id = OLD.image_id AND status = 'proposed' AND run_id = OLD.run_id)
    WHERE run_id = OLD.run_id AND image_id = OLD.image_id AND OLD.status = 'proposed'
      AND coalesce(OLD.confidence, 0) <= least_certain;
END;
CREATE TRIGGER layer_figures_annotation_decided AFTER UPDATE OF status ON annotations
WHEN NEW.run_id IS NOT NULL AND OLD.status <> NEW.status BEGIN
    UPDATE layer_figures SET
        proposed = proposed + (NEW.status = 'proposed') - (OLD.status = 'proposed'),
        rejected = rejected + (NEW.status = 'rejected') - (OLD.status = 'rejected'),
        least_certain = (
            SELECT min(coalesce(confidence, 0)) FROM annotations
            WHERE image_id = NEW.image_id AND status = 'proposed' AND run_id = NEW.run_id)
    WHERE run_id = NEW.run_id AND image_id = NEW.image_id;
END;

-- Each holds the whole answer to a question about layers.
DROP INDEX annotations_by_run;
CREATE INDEX annotations_by_run ON annotations (run_id, status, label, image_id, confidence);
CREATE INDEX annotations_approved ON annotations (label, status, image_id) WHERE status IN ('accepted', 'edited');
DROP INDEX annotations_by_confidence;
CREATE INDEX annotations_by_confidence ON annotations (confidence, image_id, status, run_id)
    WHERE status <> 'rejected' AND confidence IS NOT NULL;
DROP INDEX annotations_with_attributes;
CREATE INDEX annotations_with_attributes ON annotations (image_id, attributes, status, run_id)
    WHERE attributes <> '{}' AND status <> 'rejected';

-- Until now a new proposal took a person's word about an image back. From now on the word stays, and an image counts as
-- unreviewed in every view that shows an undecided proposal.
UPDATE images SET review = (
    SELECT review_after FROM steps WHERE image_id = images.id AND NOT is_undone ORDER BY id DESC LIMIT 1)
WHERE review = 'unreviewed' AND EXISTS (SELECT 1 FROM steps WHERE image_id = images.id AND NOT is_undone);
