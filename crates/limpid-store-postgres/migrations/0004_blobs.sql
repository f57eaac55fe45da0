-- Snapshot files in parts of one MiB. A blob is there when its row says so; parts without that are
-- what somebody who was killed has left, or somebody is at it.

CREATE TABLE limpid.blob (
    digest      bytea       PRIMARY KEY,
    is_complete boolean     NOT NULL,
    parts       int         NOT NULL,
    begun       timestamptz NOT NULL
);

CREATE TABLE limpid.blob_part (
    digest   bytea NOT NULL,
    position int   NOT NULL,
    content  bytea NOT NULL,
    PRIMARY KEY (digest, position)
);

ALTER TABLE limpid.blob_part ALTER COLUMN content SET STORAGE EXTERNAL;
