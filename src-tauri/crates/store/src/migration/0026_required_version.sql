-- The lowest version of the format that a program must know to read and write the library. A library of a newer version
-- can be used as long as this one is known: what was added since may be ignored.
ALTER TABLE library ADD COLUMN required_version INTEGER NOT NULL DEFAULT 0;
