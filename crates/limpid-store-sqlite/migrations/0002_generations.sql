-- Which snapshots make up which generation, and how the feeds did. Times are milliseconds since 1970.

CREATE TABLE feed (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE feed_snapshot (
    id          INTEGER PRIMARY KEY,
    feed        INTEGER NOT NULL REFERENCES feed (id),
    digest      TEXT NOT NULL,
    records     INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    built       INTEGER NOT NULL,
    checked     INTEGER NOT NULL,
    UNIQUE (feed, digest)
) STRICT;

-- AUTOINCREMENT, because a number must not come back even when its generation was forgotten.
CREATE TABLE generation (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    activated INTEGER NOT NULL
) STRICT;

CREATE TABLE generation_feed (
    generation    INTEGER NOT NULL REFERENCES generation (number) ON DELETE CASCADE,
    feed_snapshot INTEGER NOT NULL REFERENCES feed_snapshot (id),
    PRIMARY KEY (generation, feed_snapshot)
) STRICT, WITHOUT ROWID;

CREATE INDEX generation_feed_by_snapshot ON generation_feed (feed_snapshot);

-- The newest row says which generation is served. The numbers may be of forgotten generations.
CREATE TABLE pointer_move (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    from_generation INTEGER,
    to_generation   INTEGER NOT NULL,
    is_roll_back    INTEGER NOT NULL
) STRICT;

CREATE TABLE pin (
    generation INTEGER NOT NULL REFERENCES generation (number) ON DELETE CASCADE,
    owner      TEXT NOT NULL,
    expires    INTEGER NOT NULL,
    PRIMARY KEY (generation, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_state (
    feed         INTEGER PRIMARY KEY REFERENCES feed (id),
    last_attempt INTEGER NOT NULL,
    last_success INTEGER,
    last_error   TEXT
) STRICT;

-- Apart from the state, because it is large for some feeds and a quiet run must not rewrite it.
CREATE TABLE feed_build (
    feed          INTEGER PRIMARY KEY REFERENCES feed (id),
    feed_snapshot INTEGER NOT NULL REFERENCES feed_snapshot (id),
    recipe        TEXT NOT NULL,
    documents     TEXT NOT NULL,
    held          TEXT
) STRICT;

CREATE INDEX feed_build_by_snapshot ON feed_build (feed_snapshot);

CREATE TABLE update_run (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    feed          INTEGER NOT NULL REFERENCES feed (id),
    started       INTEGER NOT NULL,
    finished      INTEGER NOT NULL,
    outcome       TEXT NOT NULL,
    fetched_bytes INTEGER NOT NULL,
    records       INTEGER NOT NULL,
    quarantined   INTEGER NOT NULL,
    samples       TEXT NOT NULL
) STRICT;

CREATE INDEX update_run_by_feed ON update_run (feed, id);
