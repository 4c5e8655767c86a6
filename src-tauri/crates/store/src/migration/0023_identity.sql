-- A library is told from every other: consent that a person gave for one does not pass to the file that replaces it. What
-- was agreed to is kept for the person, outside the library, which may come from someone else.
PRAGMA application_id = 0x464D524B;
CREATE TABLE library (id TEXT NOT NULL) STRICT;
INSERT INTO library (id) VALUES (lower(hex(randomblob(16))));
DROP TABLE hook_agreements;
