-- From version 2 to version 3: a state can be sealed.

ALTER TABLE head ADD COLUMN encryption text;
UPDATE head SET version = 3;
