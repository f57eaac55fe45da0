-- Which snapshots make up which generation, and how the feeds did.

CREATE TABLE limpid.feed (
    id   int  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

CREATE TABLE limpid.feed_snapshot (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed        int    NOT NULL REFERENCES limpid.feed (id),
    digest      bytea  NOT NULL,
    records     bigint NOT NULL,
    quarantined bigint NOT NULL,
    bytes       bigint NOT NULL,
    built       bigint NOT NULL,
    checked     bigint NOT NULL,
    UNIQUE (feed, digest)
) WITH (fillfactor = 80);

CREATE TABLE limpid.generation (
    number    bigint PRIMARY KEY,
    activated bigint NOT NULL
);

CREATE TABLE limpid.generation_feed (
    generation    bigint NOT NULL REFERENCES limpid.generation (number) ON DELETE CASCADE,
    feed_snapshot bigint NOT NULL REFERENCES limpid.feed_snapshot (id),
    PRIMARY KEY (generation, feed_snapshot)
);

CREATE INDEX generation_feed_by_snapshot ON limpid.generation_feed (feed_snapshot);

-- The newest row says which generation is served, and the highest `to_generation` which number was
-- given last. The numbers may be of forgotten generations.
CREATE TABLE limpid.pointer_move (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              bigint  NOT NULL,
    from_generation bigint,
    to_generation   bigint  NOT NULL,
    is_roll_back    boolean NOT NULL
);

CREATE INDEX pointer_move_by_target ON limpid.pointer_move (to_generation);

CREATE TABLE limpid.pin (
    generation bigint NOT NULL REFERENCES limpid.generation (number) ON DELETE CASCADE,
    owner      text   NOT NULL,
    expires    bigint NOT NULL,
    PRIMARY KEY (generation, owner)
);

CREATE TABLE limpid.feed_state (
    feed         int    PRIMARY KEY REFERENCES limpid.feed (id),
    last_attempt bigint NOT NULL,
    last_success bigint,
    last_error   text
) WITH (fillfactor = 50);

-- Apart from the state, because it is large for some feeds and a quiet run must not rewrite it.
CREATE TABLE limpid.feed_build (
    feed          int    PRIMARY KEY REFERENCES limpid.feed (id),
    feed_snapshot bigint NOT NULL REFERENCES limpid.feed_snapshot (id),
    recipe        text   NOT NULL,
    documents     text   NOT NULL,
    held          text
);

CREATE INDEX feed_build_by_snapshot ON limpid.feed_build (feed_snapshot);

CREATE TABLE limpid.update_run (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed          int    NOT NULL REFERENCES limpid.feed (id),
    started       bigint NOT NULL,
    finished      bigint NOT NULL,
    outcome       text   NOT NULL,
    fetched_bytes bigint NOT NULL,
    records       bigint NOT NULL,
    quarantined   bigint NOT NULL,
    samples       text   NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX update_run_by_feed ON limpid.update_run (feed, id);
