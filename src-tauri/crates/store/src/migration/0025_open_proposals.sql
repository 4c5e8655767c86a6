-- After a decision the least certain of a run's other proposals on the image was looked for among all proposals of the run. It
-- is looked for among those on the image: `+` keeps the index by run out.

DROP TRIGGER layer_figures_annotation_gone;
CREATE TRIGGER layer_figures_annotation_gone AFTER DELETE ON annotations WHEN OLD.run_id IS NOT NULL BEGIN
    UPDATE layer_figures SET
        proposed = proposed - (OLD.status = 'proposed'), rejected = rejected - (OLD.status = 'rejected')
    WHERE run_id = OLD.run_id AND image_id = OLD.image_id;
    UPDATE layer_figures SET least_certain = (
        SELECT min(coalesce(confidence, 0)) FROM annotations
        WHERE image_id = OLD.image_id AND status = 'proposed' AND +run_id = OLD.run_id)
    WHERE run_id = OLD.run_id AND image_id = OLD.image_id AND OLD.status = 'proposed'
      AND coalesce(OLD.confidence, 0) <= least_certain;
END;
DROP TRIGGER layer_figures_annotation_decided;
CREATE TRIGGER layer_figures_annotation_decided AFTER UPDATE OF status ON annotations
WHEN NEW.run_id IS NOT NULL AND OLD.status <> NEW.status BEGIN
    UPDATE layer_figures SET
        proposed = proposed + (NEW.status = 'proposed') - (OLD.status = 'proposed'),
        rejected = rejected + (NEW.status = 'rejected') - (OLD.status = 'rejected'),
        least_certain = (
            SELECT min(coalesce(confidence, 0)) FROM annotations
            WHERE image_id = NEW.image_id AND status = 'proposed' AND +run_id = NEW.run_id)
    WHERE run_id = NEW.run_id AND image_id = NEW.image_id;
END;
