-- What a run propagated to each similar image, as {label: count}: a figure of the run that no review and no later run changes.
ALTER TABLE jobs ADD COLUMN propagated TEXT;
UPDATE jobs SET propagated = (
    SELECT json_group_object(label, number) FROM (
        SELECT label, count(*) AS number FROM annotations
        WHERE image_id = jobs.image_id AND run_id = jobs.run_id AND carried_from IS NOT NULL GROUP BY label))
WHERE is_carried;

-- Pairs of images with similar hashes that were compared by what they show.
CREATE TABLE similar_checks (
    image_id   INTEGER NOT NULL REFERENCES images,
    leader_id  INTEGER NOT NULL REFERENCES images,
    is_similar INTEGER NOT NULL,
    PRIMARY KEY (image_id, leader_id)
) STRICT, WITHOUT ROWID;

-- The files and folders that a run was started on, by which its exports name images. None: anywhere in the library.
CREATE TABLE run_roots (
    run_id INTEGER NOT NULL REFERENCES runs,
    path   BLOB    NOT NULL,
    PRIMARY KEY (run_id, path)
) STRICT, WITHOUT ROWID;
