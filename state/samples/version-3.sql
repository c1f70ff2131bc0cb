PRAGMA journal_mode = WAL;
PRAGMA application_id = 1179928659;
PRAGMA user_version = 3;
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    lineage TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    next_operation INTEGER NOT NULL,
    total INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
INSERT INTO head VALUES (1, '5eed', 1767225600000, 16, 6, -5673742115566670603, -4762210097852671616);
CREATE TABLE resources (
    address TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    body TEXT NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO resources VALUES ('staging.terraform_data.a', 2, 14, 0, '{"address":"staging.terraform_data.a","region":"us-east-1","account":"111122223333","identity":"i-2","attributes":{"cidr_block":"10.0.0.0/16","id":"i-2","ports":[443,6432],"tags":{"Name":"größer \"1\"\n"}},"generation":0,"depends_on":["staging.terraform_data.base"],"prevent_destroy":false}', 6206769591673578047);
CREATE TABLE operations (
    operation INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    serial INTEGER NOT NULL,
    place INTEGER NOT NULL,
    begun TEXT NOT NULL,
    identified TEXT,
    checksum INTEGER NOT NULL
) STRICT;
INSERT INTO operations VALUES (2, 'staging.terraform_data.b', 4, 0, '{"operation":2,"address":"staging.terraform_data.b","action":"create","region":"us-east-1","account":"111122223333","generation":0,"token":"token-2","identity":null,"request":{"cidr_block":"10.0.0.0/16"},"depends_on":["staging.terraform_data.base"],"prevent_destroy":false,"at_ms":1767225600000}', 'i-2', 2265749714911450173);
CREATE TABLE journal (
    position INTEGER PRIMARY KEY,
    serial INTEGER NOT NULL,
    run INTEGER NOT NULL,
    entry TEXT NOT NULL
) STRICT;
INSERT INTO journal VALUES (1, 3, 1, '{"begun":{"operation":1,"address":"staging.terraform_data.a","action":"create","region":"us-east-1","account":"111122223333","generation":0,"token":"token-1","identity":null,"request":{"cidr_block":"10.0.0.0/16"},"depends_on":["staging.terraform_data.base"],"prevent_destroy":false,"at_ms":1767225600000}}');
INSERT INTO journal VALUES (2, 4, 1, '{"begun":{"operation":2,"address":"staging.terraform_data.b","action":"create","region":"us-east-1","account":"111122223333","generation":0,"token":"token-2","identity":null,"request":{"cidr_block":"10.0.0.0/16"},"depends_on":["staging.terraform_data.base"],"prevent_destroy":false,"at_ms":1767225600000}}');
INSERT INTO journal VALUES (3, 5, 1, '{"identified":{"operation":1,"identity":"i-1"}}');
INSERT INTO journal VALUES (4, 6, 1, '{"identified":{"operation":2,"identity":"i-2"}}');
INSERT INTO journal VALUES (5, 7, 1, '{"settled":{"operation":1,"outcome":{"present":{"address":"staging.terraform_data.a","region":"us-east-1","account":"111122223333","identity":"i-1","attributes":{"cidr_block":"10.0.0.0/16","id":"i-1","ports":[443,6432],"tags":{"Name":"größer \"1\"\n"}},"generation":0,"depends_on":["staging.terraform_data.base"],"prevent_destroy":false}}}}');
INSERT INTO journal VALUES (6, 8, 1, '{"begun":{"operation":3,"address":"staging.terraform_data.c","action":"create","region":"us-east-1","account":"111122223333","generation":0,"token":"token-3","identity":null,"request":{"cidr_block":"10.0.0.0/16"},"depends_on":["staging.terraform_data.base"],"prevent_destroy":false,"at_ms":1767225600000}}');
INSERT INTO journal VALUES (7, 9, 1, '{"settled":{"operation":3,"outcome":"refused"}}');
INSERT INTO journal VALUES (8, 10, 1, '{"recorded":{"address":"staging.terraform_data.d","region":"us-east-1","account":"111122223333","identity":"i-4","attributes":{"cidr_block":"10.0.0.0/16","id":"i-4","ports":[443,6432],"tags":{"Name":"größer \"1\"\n"}},"generation":2,"depends_on":["staging.terraform_data.base"],"prevent_destroy":false}}');
INSERT INTO journal VALUES (9, 11, 1, '{"dropped":"staging.terraform_data.d"}');
INSERT INTO journal VALUES (10, 14, 2, '{"recorded":{"address":"staging.terraform_data.a","region":"us-east-1","account":"111122223333","identity":"i-2","attributes":{"cidr_block":"10.0.0.0/16","id":"i-2","ports":[443,6432],"tags":{"Name":"größer \"1\"\n"}},"generation":0,"depends_on":["staging.terraform_data.base"],"prevent_destroy":false}}');
CREATE TABLE generations (
    address TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO generations VALUES ('staging.terraform_data.c', 1, -5622430624178149229);
INSERT INTO generations VALUES ('staging.terraform_data.d', 3, -7932772727554400698);
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
INSERT INTO durations VALUES ('aws_vpc', 'create', 1500, -591058070419148896);
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
INSERT INTO runs VALUES (1, 'apply', 'mia@build-7', 1767225600000, 1767225690000, 'failed', '{"create":1,"failed":1}', '{"commit":"4f3a2b1c","dirty":true}', '[]');
INSERT INTO runs VALUES (2, 'apply', 'mia@build-7', 1767225700000, 1767225710000, 'applied', '{}', '{"commit":"4f3a2b1c","dirty":true}', '[{"address":"staging.terraform_data.a","change":"update","fields":["id"]}]');
INSERT INTO runs VALUES (3, 'destroy', 'mia@build-7', 1767225800000, NULL, NULL, '{}', '{"commit":"4f3a2b1c","dirty":true}', '[]');
CREATE TABLE revisions (
    serial INTEGER NOT NULL,
    address TEXT NOT NULL,
    body TEXT,
    PRIMARY KEY (serial, address)
) STRICT, WITHOUT ROWID;
INSERT INTO revisions VALUES (14, 'staging.terraform_data.a', '{"address":"staging.terraform_data.a","region":"us-east-1","account":"111122223333","identity":"i-1","attributes":{"cidr_block":"10.0.0.0/16","id":"i-1","ports":[443,6432],"tags":{"Name":"größer \"1\"\n"}},"generation":0,"depends_on":["staging.terraform_data.base"],"prevent_destroy":false}');
INSERT INTO revisions VALUES (15, '', '{"vpc":"i-1","zones":[]}');
CREATE TABLE log (
    number INTEGER PRIMARY KEY,
    entry TEXT NOT NULL
) STRICT;
INSERT INTO log VALUES (1, '{"number":1,"command":"apply","run":1,"outcome":"failed","who":"mia@build-7","at_ms":1767225690000,"origin":{"commit":"4f3a2b1c","dirty":true},"serial":12,"digest":"1ee0b7b5c9f3de216d64745e4602d37c86337f30f13d9f19eeb1501b48253090","before":"","hash":"a95303a51a495af4954f1ff51008e4bc48cdcad7189163b99d054c0c80ac84a3"}');
INSERT INTO log VALUES (2, '{"number":2,"command":"apply","run":2,"outcome":"applied","who":"mia@build-7","at_ms":1767225710000,"origin":{"commit":"4f3a2b1c","dirty":true},"serial":15,"digest":"8f5afb55c5afcfc0b91536ccccbb8a3372e4bec1fe8682782923c3cf35508fee","before":"a95303a51a495af4954f1ff51008e4bc48cdcad7189163b99d054c0c80ac84a3","hash":"a65f41c88e5069a06c783a58db7b6ffe9039c3bec9b6982b5726c03d1f0d769b"}');
CREATE TABLE chain (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    forgotten INTEGER NOT NULL,
    pruned_number INTEGER NOT NULL,
    pruned_hash TEXT NOT NULL,
    last_number INTEGER NOT NULL,
    last_hash TEXT NOT NULL
) STRICT;
INSERT INTO chain VALUES (1, -1, 0, '', 2, 'a65f41c88e5069a06c783a58db7b6ffe9039c3bec9b6982b5726c03d1f0d769b');
CREATE TABLE lock (
    id TEXT PRIMARY KEY,
    who TEXT NOT NULL,
    pid INTEGER NOT NULL,
    command TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    process TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE encryption (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    envelope TEXT,
    wiped INTEGER NOT NULL
) STRICT;
