-- Likely mistakes, doubts about images, and samples that were looked at before many marks were accepted unseen.

-- Images whose marks are not as they were when they were last looked through for mistakes: kept by the triggers below.
CREATE TABLE unchecked_images (
    image_id INTEGER PRIMARY KEY REFERENCES images
) STRICT;
INSERT INTO unchecked_images SELECT DISTINCT image_id FROM annotations;

CREATE TRIGGER unchecked_images_mark_added AFTER INSERT ON annotations BEGIN
    INSERT INTO unchecked_images VALUES (NEW.image_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER unchecked_images_mark_changed AFTER UPDATE OF label, shape, status ON annotations BEGIN
    INSERT INTO unchecked_images VALUES (NEW.image_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER unchecked_images_mark_gone AFTER DELETE ON annotations BEGIN
    INSERT INTO unchecked_images VALUES (OLD.image_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER unchecked_images_reviewed AFTER UPDATE OF review ON images WHEN OLD.review <> NEW.review BEGIN
    INSERT INTO unchecked_images VALUES (NEW.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER unchecked_images_disagreed AFTER UPDATE OF disagreement ON image_figures
WHEN OLD.disagreement <> NEW.disagreement BEGIN
    INSERT INTO unchecked_images VALUES (NEW.image_id) ON CONFLICT DO NOTHING;
END;

-- Of marks that stand, by place and size. What a label gives away is found among the labels.
CREATE TABLE mistakes (
    image_id INTEGER NOT NULL REFERENCES images,
    mark_id  INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    other_id INTEGER,
    PRIMARY KEY (image_id, mark_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX mistakes_by_kind ON mistakes (kind, image_id);

-- How much an image that nobody has reviewed wants a look, 0 to 1. No row: not at all.
CREATE TABLE image_doubts (
    image_id INTEGER PRIMARY KEY REFERENCES images,
    doubt    REAL    NOT NULL
) STRICT;
CREATE INDEX image_doubts_by_doubt ON image_doubts (doubt DESC, image_id);

-- How boxes of a label usually are, when it stood on so many marks. Counted anew when these have doubled or halved.
CREATE TABLE label_norms (
    label      TEXT    PRIMARY KEY,
    mark_count INTEGER NOT NULL,
    boxes      INTEGER NOT NULL,
    middle     REAL    NOT NULL,
    spread     REAL    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audits (
    id          INTEGER PRIMARY KEY,
    drawn_at    INTEGER NOT NULL,
    label       TEXT    NOT NULL,
    color       INTEGER NOT NULL,
    threshold   REAL    NOT NULL,
    -- The images it is about: JSON.
    query       TEXT    NOT NULL,
    -- Marks beyond this one were proposed later: nobody has drawn a sample of them.
    latest_mark INTEGER NOT NULL,
    proposals   INTEGER NOT NULL,
    -- What the sample had shown when the rest was accepted, how many that were, and in which sweep. NULL: not yet.
    judged      INTEGER,
    wrong       INTEGER,
    accepted    INTEGER,
    sweep       INTEGER
) STRICT;

CREATE TABLE audit_samples (
    audit_id INTEGER NOT NULL REFERENCES audits,
    place    INTEGER NOT NULL,
    image_id INTEGER NOT NULL REFERENCES images,
    mark_id  INTEGER NOT NULL,
    PRIMARY KEY (audit_id, place)
) STRICT, WITHOUT ROWID;
