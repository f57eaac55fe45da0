-- What was seen in layers, and which layers manifests have. Digests are a byte for the algorithm
-- and the checksum; times are milliseconds since 1970.
--
-- Each row here is written once and read often. Evidence and owned files are compressed already;
-- what is large of them is kept outside the row, so that reading one does not page through the other.

CREATE TABLE limpid.detector_set (
    id   int  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

CREATE TABLE limpid.layer (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    saved        bigint   NOT NULL,
    detector_set int      NOT NULL REFERENCES limpid.detector_set (id),
    digest       bytea    NOT NULL,
    packages     bigint[] NOT NULL,
    evidence     bytea    NOT NULL,
    owned_files  bytea    NOT NULL,
    UNIQUE (digest, detector_set)
);

ALTER TABLE limpid.layer
    ALTER COLUMN packages SET STORAGE EXTERNAL,
    ALTER COLUMN evidence SET STORAGE EXTERNAL,
    ALTER COLUMN owned_files SET STORAGE EXTERNAL;

-- Packages are the first eight bytes of the SHA-256 of their names: as long as any other however
-- long the name is, and whatever is in it. Without a list of pending entries, which readers would
-- have to go through.
CREATE INDEX layer_by_package ON limpid.layer USING gin (packages) WITH (fastupdate = off);

CREATE TABLE limpid.manifest (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    detector_set int      NOT NULL REFERENCES limpid.detector_set (id),
    digest       bytea    NOT NULL UNIQUE,
    layers       bigint[] NOT NULL
);

-- The layers of manifests once more, to be found by layer. It does not refer to the manifest,
-- because that would need a second index that is used for nothing else.
CREATE TABLE limpid.manifest_layer (
    layer    bigint NOT NULL REFERENCES limpid.layer (id),
    manifest bigint NOT NULL,
    PRIMARY KEY (layer, manifest)
);

-- Layers that had no manifest at some time and may still have none: whoever sweeps looks at these
-- and not at all layers.
CREATE TABLE limpid.unused_layer (
    layer bigint PRIMARY KEY REFERENCES limpid.layer (id) ON DELETE CASCADE,
    saved bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE INDEX unused_layer_by_age ON limpid.unused_layer (saved);
