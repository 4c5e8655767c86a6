-- The parts of splits that were exported, by seed: an image keeps its part in later exports. Removed images keep it too.
CREATE TABLE split_images (
    seed INTEGER NOT NULL,
    image_id INTEGER NOT NULL REFERENCES images (id),
    part TEXT NOT NULL,
    PRIMARY KEY (seed, image_id)
) STRICT, WITHOUT ROWID;
