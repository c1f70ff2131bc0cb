-- Version 4 of a state in PostgreSQL, in a schema of its own. A change here is
-- a new version, with a step that brings older schemas to it.

-- What there is once. `nonce` is of the last write: it tells whether somebody else has written since. Where the state is
-- sealed, `encryption` is an Envelope as JSON, and so is every text below that is said to be JSON, with `identified`; of
-- a run all is sealed in `summary`. `wiped` says whether nothing is left in the tables' files of what was there before
-- it was sealed.
CREATE TABLE head (
    one integer PRIMARY KEY CHECK (one = 1),
    version bigint NOT NULL,
    lineage text NOT NULL,
    created_ms bigint NOT NULL,
    serial bigint NOT NULL,
    next_operation bigint NOT NULL,
    forgotten bigint NOT NULL,
    epoch bigint NOT NULL,
    nonce text NOT NULL,
    encryption text,
    wiped boolean NOT NULL DEFAULT FALSE
);

-- Who may write: what is at these `addresses`, where nobody else changes what is at those of `needs`. A row without
-- `addresses` is about all of them; at most one may be so. `nonce` is of the holder's last write.
CREATE TABLE locks (
    id text PRIMARY KEY,
    epoch bigint NOT NULL UNIQUE,
    who text NOT NULL,
    pid bigint NOT NULL,
    command text NOT NULL,
    since_ms bigint NOT NULL,
    lease_ms bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    addresses text[],
    needs text[],
    nonce text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX locks_on_everything ON locks ((addresses IS NULL)) WHERE addresses IS NULL;

-- A row per address; `body` is a ResourceRecord as JSON, `serial` the state's at the last write of the row.
CREATE TABLE resources (
    address text PRIMARY KEY,
    revision bigint NOT NULL,
    serial bigint NOT NULL,
    body text NOT NULL
);

-- Operations that have begun and not settled, in the order of `serial` and `place`; `begun` is a Begun as JSON.
CREATE TABLE operations (
    operation bigint PRIMARY KEY,
    serial bigint NOT NULL,
    place bigint NOT NULL,
    begun text NOT NULL,
    identified text
);

-- Every record of the runs that are kept; `entry` is an Entry as JSON.
CREATE TABLE journal (
    serial bigint NOT NULL,
    place bigint NOT NULL,
    run bigint NOT NULL,
    entry text NOT NULL,
    PRIMARY KEY (serial, place)
);

-- The generation that the next creation at an address takes, where it isn't 0.
CREATE TABLE generations (
    address text PRIMARY KEY,
    generation bigint NOT NULL
);

CREATE TABLE outputs (
    name text PRIMARY KEY,
    body text NOT NULL
);

CREATE TABLE durations (
    type text NOT NULL,
    action text NOT NULL,
    duration_ms bigint NOT NULL,
    PRIMARY KEY (type, action)
);

CREATE TABLE runs (
    run bigint PRIMARY KEY,
    command text NOT NULL,
    holder text NOT NULL,
    started_ms bigint NOT NULL,
    ended_ms bigint,
    outcome text,
    summary text NOT NULL,
    origin text NOT NULL,
    actions text NOT NULL
);

-- What rows were before the write after which the state had this serial; no `body` where there was none. What has no
-- address is all outputs, as one JSON object.
CREATE TABLE revisions (
    serial bigint NOT NULL,
    address text NOT NULL,
    body text,
    PRIMARY KEY (serial, address)
);

-- The audit log; `entry` is a LogEntry as JSON.
CREATE TABLE log (
    number bigint PRIMARY KEY,
    entry text NOT NULL
);

-- Where the log begins and ends: the last entry that is kept no more, and the last one written.
CREATE TABLE chain (
    one integer PRIMARY KEY CHECK (one = 1),
    pruned_number bigint NOT NULL,
    pruned_hash text NOT NULL,
    last_number bigint NOT NULL,
    last_hash text NOT NULL
);
INSERT INTO chain VALUES (1, 0, '', 0, '');
