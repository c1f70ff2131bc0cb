-- From version 2 to version 3: a state can be sealed.

CREATE TABLE encryption (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    envelope TEXT,
    wiped INTEGER NOT NULL
) STRICT;
PRAGMA user_version = 3;
