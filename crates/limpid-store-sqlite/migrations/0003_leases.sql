-- Who may do what only one may do. A row stays when its lease is given back, for the token to rise.

CREATE TABLE lease (
    name    TEXT PRIMARY KEY,
    token   INTEGER NOT NULL,
    owner   TEXT,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
