-- From version 3 to version 4: what was there before a state was sealed is wiped by whoever locks it next.

ALTER TABLE head ADD COLUMN wiped boolean NOT NULL DEFAULT FALSE;
UPDATE head SET version = 4;
