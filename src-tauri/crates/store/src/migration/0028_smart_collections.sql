-- Saved queries.
CREATE TABLE smart_collections (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    -- `domain::query::ImageQuery`
    query      TEXT    NOT NULL,
    created_at INTEGER NOT NULL
);

-- Images that the user has removed from the library, with the collections that they are restored to.
CREATE TABLE removed_images (
    image_id      INTEGER NOT NULL REFERENCES images,
    collection_id INTEGER NOT NULL REFERENCES collections,
    PRIMARY KEY (image_id, collection_id)
) WITHOUT ROWID;

CREATE TRIGGER label_counts_image_left AFTER DELETE ON collection_images BEGIN
    INSERT INTO label_counts
    SELECT OLD.collection_id, label, min(color), -count(*) FROM annotations
    WHERE image_id = OLD.image_id AND status <> 'rejected' AND (status <> 'proposed' OR NOT is_superseded) GROUP BY label
    ON CONFLICT DO UPDATE SET annotation_count = annotation_count + excluded.annotation_count;
END;
