-- Tables of version 3, as a release made them.

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
    encryption text
);

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

CREATE TABLE resources (
    address text PRIMARY KEY,
    revision bigint NOT NULL,
    serial bigint NOT NULL,
    body text NOT NULL
);

CREATE TABLE operations (
    operation bigint PRIMARY KEY,
    serial bigint NOT NULL,
    place bigint NOT NULL,
    begun text NOT NULL,
    identified text
);

CREATE TABLE journal (
    serial bigint NOT NULL,
    place bigint NOT NULL,
    run bigint NOT NULL,
    entry text NOT NULL,
    PRIMARY KEY (serial, place)
);

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

CREATE TABLE revisions (
    serial bigint NOT NULL,
    address text NOT NULL,
    body text,
    PRIMARY KEY (serial, address)
);

CREATE TABLE log (
    number bigint PRIMARY KEY,
    entry text NOT NULL
);

CREATE TABLE chain (
    one integer PRIMARY KEY CHECK (one = 1),
    pruned_number bigint NOT NULL,
    pruned_hash text NOT NULL,
    last_number bigint NOT NULL,
    last_hash text NOT NULL
);
INSERT INTO chain VALUES (1, 0, '', 0, '');
