-- What was seen in layers, and the index reports of manifests.

CREATE TABLE layer (
    id     INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE detector_set (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Evidence and owned files are apart so that reading the first does not page through the second.
CREATE TABLE layer_evidence (
    id           INTEGER PRIMARY KEY,
    layer        INTEGER NOT NULL REFERENCES layer (id) ON DELETE CASCADE,
    detector_set INTEGER NOT NULL REFERENCES detector_set (id),
    evidence     BLOB NOT NULL,
    UNIQUE (layer, detector_set)
) STRICT;

CREATE TABLE layer_owned_files (
    id          INTEGER PRIMARY KEY REFERENCES layer_evidence (id) ON DELETE CASCADE,
    owned_files BLOB NOT NULL
) STRICT;

CREATE TABLE manifest (
    id     INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE manifest_layer (
    manifest INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    layer    INTEGER NOT NULL REFERENCES layer (id),
    PRIMARY KEY (manifest, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX manifest_layer_by_layer ON manifest_layer (layer);

CREATE TABLE index_report (
    id       INTEGER PRIMARY KEY,
    manifest INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    key      TEXT NOT NULL,
    report   BLOB NOT NULL,
    UNIQUE (manifest, key)
) STRICT;
