-- One name for one thing: columns, and names of enums that columns hold, are called what the program calls them.
ALTER TABLE runs RENAME COLUMN asks_anew TO ignores_saved_answers;
ALTER TABLE jobs RENAME COLUMN is_carried TO is_propagated;
ALTER TABLE annotations RENAME COLUMN carried_from TO propagated_from;
ALTER TABLE offers RENAME COLUMN carried_from TO propagated_from;
ALTER TABLE offers RENAME TO propagations;
ALTER TABLE label_counts RENAME COLUMN mark_count TO annotation_count;
ALTER TABLE image_labels RENAME COLUMN mark_count TO annotation_count;
ALTER TABLE label_norms RENAME COLUMN mark_count TO annotation_count;
ALTER TABLE steps RENAME COLUMN marks TO annotations;
ALTER TABLE mistakes RENAME COLUMN mark_id TO annotation_id;
ALTER TABLE audits RENAME COLUMN latest_mark TO latest_annotation;
ALTER TABLE audit_samples RENAME COLUMN mark_id TO annotation_id;
ALTER TABLE waits RENAME COLUMN obstacle TO wait_reason;

UPDATE runs SET mode = 'batch' WHERE mode = 'overnight';
UPDATE endpoint_limits SET unit = 'concurrency' WHERE unit = 'at_once';
UPDATE waits SET wait_reason = CASE wait_reason
    WHEN 'own_places' THEN 'own_concurrency'
    WHEN 'found_places' THEN 'automatic_concurrency'
    WHEN 'server_places' THEN 'server_concurrency'
    WHEN 'unwell' THEN 'server_failing'
    ELSE wait_reason END;
-- In JSON, a quotation mark within a text has a backslash before it, so that only names match.
UPDATE steps SET annotations = replace(annotations, '"carried_from":', '"propagated_from":');
UPDATE audits SET query = replace(replace(replace(replace(query,
    '"kind":"mark"', '"kind":"annotation"'),
    '"kind":"marks"', '"kind":"annotations"'),
    '"what":"marks"', '"what":"annotations"'),
    '"order":"doubt"', '"order":"uncertainty"');
UPDATE audits SET query = replace(query, '"order":"most_marks"', '"order":"most_annotations"');
