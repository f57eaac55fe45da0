-- Who may do what only one may do, and what is to be done. Rows come, change and go all the time:
-- there is room in the pages to change them where they are, and the space of dead ones is taken
-- back early.

-- Tokens of all leases and claims. One sequence, so that a row need not stay for its token to rise.
CREATE SEQUENCE limpid.token;

CREATE TABLE limpid.lease (
    name    text   PRIMARY KEY,
    owner   text   NOT NULL,
    token   bigint NOT NULL,
    expires bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);

-- The states are 0 waiting, 1 running, 2 failed but retryable, 3 failed for good. `due` is when a
-- waiting job may begin and when the claim of a running one ends.
CREATE TABLE limpid.index_job (
    manifest    bytea    PRIMARY KEY,
    state       smallint NOT NULL,
    urgency     smallint NOT NULL,
    attempts    int      NOT NULL,
    layers_done int      NOT NULL,
    layers      int      NOT NULL,
    token       bigint   NOT NULL,
    due         bigint   NOT NULL,
    submitted   bigint   NOT NULL,
    changed     bigint   NOT NULL,
    cause       text     NOT NULL,
    request     bytea    NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);

-- Without `due`, so that lengthening a claim changes no index.
CREATE INDEX index_job_by_turn ON limpid.index_job (urgency, submitted) WHERE state < 2;

CREATE INDEX index_job_by_failure ON limpid.index_job (changed) WHERE state > 1;
