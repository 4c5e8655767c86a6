-- Which images may belong to other sets than before, so that a reader that keeps sets of images reads these images anew and no
-- others. Commits are counted: a change has the number of the commit that it is part of, one more than the last.
CREATE TABLE commits (number INTEGER NOT NULL) STRICT;
INSERT INTO commits VALUES (0);

CREATE TABLE set_changes (
    image_id INTEGER PRIMARY KEY,
    number   INTEGER NOT NULL
) STRICT;
CREATE INDEX set_changes_by_number ON set_changes (number);

CREATE VIEW changed_sets AS SELECT image_id FROM set_changes;
CREATE TRIGGER set_changes_noted INSTEAD OF INSERT ON changed_sets BEGIN
    INSERT INTO set_changes SELECT NEW.image_id, number + 1 FROM commits WHERE true
    ON CONFLICT DO UPDATE SET number = excluded.number WHERE set_changes.number <> excluded.number;
END;

CREATE TRIGGER set_changes_image_added AFTER INSERT ON images BEGIN
    INSERT INTO changed_sets VALUES (NEW.id);
END;
CREATE TRIGGER set_changes_image_changed
AFTER UPDATE OF review, failed_job, dated_at, taken_at, is_removed ON images BEGIN
    INSERT INTO changed_sets VALUES (NEW.id);
END;
CREATE TRIGGER set_changes_collection_joined AFTER INSERT ON collection_images BEGIN
    INSERT INTO changed_sets VALUES (NEW.image_id);
END;
CREATE TRIGGER set_changes_collection_left AFTER DELETE ON collection_images BEGIN
    INSERT INTO changed_sets VALUES (OLD.image_id);
END;
-- Labels and figures of images follow from annotations.
CREATE TRIGGER set_changes_annotation_added AFTER INSERT ON annotations BEGIN
    INSERT INTO changed_sets VALUES (NEW.image_id);
END;
CREATE TRIGGER set_changes_annotation_changed AFTER UPDATE ON annotations BEGIN
    INSERT INTO changed_sets VALUES (NEW.image_id);
END;
CREATE TRIGGER set_changes_annotation_gone AFTER DELETE ON annotations BEGIN
    INSERT INTO changed_sets VALUES (OLD.image_id);
END;
CREATE TRIGGER set_changes_job_added AFTER INSERT ON jobs BEGIN
    INSERT INTO changed_sets VALUES (NEW.image_id);
END;
CREATE TRIGGER set_changes_job_changed AFTER UPDATE OF state, failure, is_propagated ON jobs BEGIN
    INSERT INTO changed_sets VALUES (NEW.image_id);
END;
CREATE TRIGGER set_changes_job_gone AFTER DELETE ON jobs BEGIN
    INSERT INTO changed_sets VALUES (OLD.image_id);
END;
CREATE TRIGGER set_changes_propagation_added AFTER INSERT ON propagations BEGIN
    INSERT INTO changed_sets VALUES (NEW.image_id);
END;
CREATE TRIGGER set_changes_propagation_gone AFTER DELETE ON propagations BEGIN
    INSERT INTO changed_sets VALUES (OLD.image_id);
END;
CREATE TRIGGER set_changes_import_added AFTER INSERT ON imported_images BEGIN
    INSERT INTO changed_sets VALUES (NEW.image_id);
END;
CREATE TRIGGER set_changes_import_gone AFTER DELETE ON imported_images BEGIN
    INSERT INTO changed_sets VALUES (OLD.image_id);
END;
CREATE TRIGGER set_changes_mistake_added AFTER INSERT ON mistakes BEGIN
    INSERT INTO changed_sets VALUES (NEW.image_id);
END;
CREATE TRIGGER set_changes_mistake_changed AFTER UPDATE ON mistakes BEGIN
    INSERT INTO changed_sets VALUES (NEW.image_id);
END;
CREATE TRIGGER set_changes_mistake_gone AFTER DELETE ON mistakes BEGIN
    INSERT INTO changed_sets VALUES (OLD.image_id);
END;
