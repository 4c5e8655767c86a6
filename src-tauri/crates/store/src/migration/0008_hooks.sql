-- Hooks: what a person has agreed to, and what each of them did.

-- One command at one event, in the library folder that stood where it stands: a library that came from somebody else, or
-- was copied, has no agreements.
CREATE TABLE hook_agreements (
    event     TEXT    NOT NULL,
    command   TEXT    NOT NULL,
    folder    BLOB    NOT NULL,
    agreed_at INTEGER NOT NULL,
    PRIMARY KEY (event, command, folder)
) STRICT, WITHOUT ROWID;

CREATE TABLE hook_runs (
    id         INTEGER PRIMARY KEY,
    run_id     INTEGER NOT NULL REFERENCES runs,
    event      TEXT    NOT NULL,
    command    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    millis     INTEGER NOT NULL,
    ending     TEXT    NOT NULL,
    -- The end of what it said.
    output     TEXT    NOT NULL
) STRICT;
CREATE INDEX hook_runs_by_run ON hook_runs (run_id);
CREATE INDEX hook_runs_by_event ON hook_runs (event);
