-- Undecided proposals that another run of the same model and recipe replaced. No view shows them and nobody can decide
-- them: they are kept so that an export of their run has what the run found.
CREATE TABLE replaced_annotations (
    image_id     INTEGER NOT NULL REFERENCES images,
    run_id       INTEGER NOT NULL REFERENCES runs,
    -- The run whose answer replaced it.
    replaced_by  INTEGER NOT NULL REFERENCES runs,
    label        TEXT    NOT NULL,
    color        INTEGER NOT NULL,
    shape        TEXT    NOT NULL,
    confidence   REAL,
    attributes   TEXT    NOT NULL,
    carried_from INTEGER REFERENCES images
) STRICT;
CREATE INDEX replaced_annotations_by_run ON replaced_annotations (run_id, image_id);
CREATE INDEX replaced_annotations_by_replacing_run ON replaced_annotations (replaced_by);
