-- From version 1 to version 2: history and the audit log begin here.

ALTER TABLE runs ADD COLUMN origin TEXT NOT NULL DEFAULT '{}';
ALTER TABLE runs ADD COLUMN actions TEXT NOT NULL DEFAULT '[]';
CREATE TABLE revisions (
    serial INTEGER NOT NULL,
    address TEXT NOT NULL,
    body TEXT,
    PRIMARY KEY (serial, address)
) STRICT, WITHOUT ROWID;
CREATE TABLE log (
    number INTEGER PRIMARY KEY,
    entry TEXT NOT NULL
) STRICT;
CREATE TABLE chain (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    forgotten INTEGER NOT NULL,
    pruned_number INTEGER NOT NULL,
    pruned_hash TEXT NOT NULL,
    last_number INTEGER NOT NULL,
    last_hash TEXT NOT NULL
) STRICT;
INSERT INTO chain SELECT 1, coalesce(max(run), 0) - 20, 0, '', 0, '' FROM runs;
PRAGMA user_version = 2;
