-- From version 1 to version 2: history and the audit log begin here.

ALTER TABLE runs ADD COLUMN origin text NOT NULL DEFAULT '{}', ADD COLUMN actions text NOT NULL DEFAULT '[]';
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
ALTER TABLE locks ADD COLUMN needs text[], ADD COLUMN nonce text NOT NULL DEFAULT '';
UPDATE head SET version = 2;
