-- What was seen in layers, and which layers manifests have. Times are milliseconds since 1970.

CREATE TABLE detector_set (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- A layer as one set of detectors saw it.
CREATE TABLE layer (
    id           INTEGER PRIMARY KEY,
    digest       TEXT NOT NULL,
    detector_set INTEGER NOT NULL REFERENCES detector_set (id),
    saved        INTEGER NOT NULL,
    evidence     BLOB NOT NULL,
    UNIQUE (digest, detector_set)
) STRICT;

-- Apart from the evidence so that reading that does not page through this.
CREATE TABLE layer_owned_files (
    layer       INTEGER PRIMARY KEY REFERENCES layer (id) ON DELETE CASCADE,
    owned_files BLOB NOT NULL
) STRICT;

-- The layers that no manifest has. There are few at any time, so that finding them costs little.
CREATE TABLE unused_layer (
    layer INTEGER PRIMARY KEY REFERENCES layer (id) ON DELETE CASCADE,
    saved INTEGER NOT NULL
) STRICT;

CREATE INDEX unused_layer_by_saved ON unused_layer (saved);

-- Names of packages, once each, and the layers that have packages of these names.
CREATE TABLE package_name (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE layer_package (
    layer        INTEGER NOT NULL REFERENCES layer (id) ON DELETE CASCADE,
    package_name INTEGER NOT NULL REFERENCES package_name (id),
    PRIMARY KEY (layer, package_name)
) STRICT, WITHOUT ROWID;

CREATE INDEX layer_package_by_name ON layer_package (package_name);

CREATE TABLE manifest (
    id           INTEGER PRIMARY KEY,
    digest       TEXT NOT NULL UNIQUE,
    detector_set INTEGER NOT NULL REFERENCES detector_set (id)
) STRICT;

-- All layers of a manifest are as its own detector set saw them.
CREATE TABLE manifest_layer (
    manifest INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    layer    INTEGER NOT NULL REFERENCES layer (id),
    PRIMARY KEY (manifest, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX manifest_layer_by_layer ON manifest_layer (layer);
