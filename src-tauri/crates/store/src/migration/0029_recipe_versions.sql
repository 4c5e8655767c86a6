-- A row is a version of a recipe, and never changes. `lineage` is the first version. Of the versions of a recipe one is
-- current; none is once the recipe is deleted.
CREATE TABLE recipe_versions (
    id         INTEGER PRIMARY KEY,
    body       TEXT    NOT NULL,
    is_builtin INTEGER NOT NULL,
    lineage    INTEGER NOT NULL,
    is_current INTEGER NOT NULL,
    -- NULL for recipes of earlier versions of the program.
    saved_at   INTEGER
) STRICT;
INSERT INTO recipe_versions (id, body, is_builtin, lineage, is_current) SELECT id, body, is_builtin, id, TRUE FROM recipes;
DROP TABLE recipes;
ALTER TABLE recipe_versions RENAME TO recipes;
CREATE INDEX recipes_by_lineage ON recipes (lineage);
CREATE UNIQUE INDEX current_recipes ON recipes (lineage) WHERE is_current;
