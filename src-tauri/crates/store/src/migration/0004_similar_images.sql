-- Similar images: what an image looks like at a glance, and marks that were carried over from one to another.

-- 64 bits, as a signed number. NULL: not known yet.
ALTER TABLE images ADD COLUMN perceptual_hash INTEGER;

-- The image on which the run found the mark, when that is not the image it is offered to.
ALTER TABLE annotations ADD COLUMN carried_from INTEGER REFERENCES images;

-- To which images a run's marks on a similar image were offered, be it that there were none: each of them once.
CREATE TABLE offers (
    run_id       INTEGER NOT NULL REFERENCES runs,
    image_id     INTEGER NOT NULL REFERENCES images,
    carried_from INTEGER NOT NULL REFERENCES images,
    PRIMARY KEY (run_id, image_id)
) STRICT, WITHOUT ROWID;
