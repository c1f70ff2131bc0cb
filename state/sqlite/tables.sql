-- Version 3 of a state. A change here is a new version, with a step that
-- brings older files to it. A `checksum` is of the other columns of its row
-- that say something about the world; rows.rs says how.

-- What there is once. `total` is the sum of all checksums in the other tables.
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    lineage TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    next_operation INTEGER NOT NULL,
    total INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;

-- A row per address. `revision` counts the writes of the row, `serial` is the
-- state's at the last of them, `body` is a ResourceRecord as JSON.
CREATE TABLE resources (
    address TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    body TEXT NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Operations that have begun and not settled, in the order of `serial` and
-- `place` in its group of records; `begun` is a Begun as JSON.
CREATE TABLE operations (
    operation INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    serial INTEGER NOT NULL,
    place INTEGER NOT NULL,
    begun TEXT NOT NULL,
    identified TEXT,
    checksum INTEGER NOT NULL
) STRICT;

-- Every record of the runs that are kept; `entry` is an Entry as JSON.
CREATE TABLE journal (
    position INTEGER PRIMARY KEY,
    serial INTEGER NOT NULL,
    run INTEGER NOT NULL,
    entry TEXT NOT NULL
) STRICT;

-- The generation that the next creation at an address takes, where it isn't 0.
CREATE TABLE generations (
    address TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outputs (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE durations (
    type TEXT NOT NULL,
    action TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (type, action)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    command TEXT NOT NULL,
    holder TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    outcome TEXT,
    summary TEXT NOT NULL,
    origin TEXT NOT NULL,
    actions TEXT NOT NULL
) STRICT;

-- What rows were before the write after which the state had this serial; no `body` where there was none. What has no
-- address is all outputs, as one JSON object.
CREATE TABLE revisions (
    serial INTEGER NOT NULL,
    address TEXT NOT NULL,
    body TEXT,
    PRIMARY KEY (serial, address)
) STRICT, WITHOUT ROWID;

-- The audit log; `entry` is a LogEntry as JSON, whose hash is its checksum.
CREATE TABLE log (
    number INTEGER PRIMARY KEY,
    entry TEXT NOT NULL
) STRICT;

-- Where history begins: the last run that is forgotten, and the last entry of the log that is kept no more. And where
-- the log ends: the last entry written.
CREATE TABLE chain (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    forgotten INTEGER NOT NULL,
    pruned_number INTEGER NOT NULL,
    pruned_hash TEXT NOT NULL,
    last_number INTEGER NOT NULL,
    last_hash TEXT NOT NULL
) STRICT;
INSERT INTO chain VALUES (1, -1, 0, '', 0, '');

-- The lock; `process` is what tells the holding process from others, as JSON.
CREATE TABLE lock (
    id TEXT PRIMARY KEY,
    who TEXT NOT NULL,
    pid INTEGER NOT NULL,
    command TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    process TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What opens the state where it is sealed, an Envelope as JSON: then every JSON here is sealed, and a run is all in its
-- `summary`. `wiped` says whether nothing is left in the file of what was there before it was sealed.
CREATE TABLE encryption (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    envelope TEXT,
    wiped INTEGER NOT NULL
) STRICT;
