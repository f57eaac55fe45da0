-- Which manifests are still to be indexed, and which could not be. Times are milliseconds since 1970.

-- States: 0 waiting, 1 running, 2 failed and may be tried again, 3 failed for good. A waiting job
-- may begin when `due` has come, a running one may pass to another then; failed ones have none.
CREATE TABLE index_job (
    id          INTEGER PRIMARY KEY,
    manifest    TEXT NOT NULL UNIQUE,
    request     BLOB NOT NULL,
    urgency     INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    due         INTEGER,
    token       INTEGER NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL,
    layers_done INTEGER NOT NULL,
    layers      INTEGER NOT NULL,
    cause       TEXT NOT NULL,
    submitted   INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    CHECK ((due IS NULL) = (state > 1))
) STRICT;

CREATE INDEX index_job_by_turn ON index_job (urgency, submitted, id, due) WHERE state < 2;
CREATE INDEX index_job_by_age ON index_job (submitted) WHERE state = 0;
CREATE INDEX index_job_by_failure ON index_job (changed) WHERE state > 1;
