-- Who may do what only one may do. Times are milliseconds since 1970.

-- The last token that was given out, for a lease or for a claim on a job. Because all take theirs
-- from here, nothing has to be kept of a lease or a job for the next token to be higher.
CREATE TABLE token (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;

INSERT INTO token (id, last) VALUES (1, 0);

CREATE TABLE lease (
    name    TEXT PRIMARY KEY,
    token   INTEGER NOT NULL,
    owner   TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX lease_by_expires ON lease (expires);
