CREATE TABLE suyuan_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE suyuan_runs (
    seq INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'abandoned')),
    fingerprint TEXT NOT NULL,
    full INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    report TEXT NOT NULL DEFAULT '{}'
);

CREATE TABLE suyuan_lease (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    token TEXT NOT NULL,
    seq INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    place TEXT NOT NULL,
    born TEXT NOT NULL,
    since INTEGER NOT NULL,
    heartbeat INTEGER NOT NULL
);

CREATE TABLE suyuan_sources (
    number INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    UNIQUE (seq, name, sha256)
);

CREATE INDEX suyuan_sources_by_name ON suyuan_sources (name);

CREATE TABLE suyuan_changes (
    table_name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    first_no INTEGER NOT NULL,
    records INTEGER,
    PRIMARY KEY (table_name, seq)
) WITHOUT ROWID;

CREATE TABLE suyuan_links (
    link TEXT NOT NULL,
    value TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (link, value, record)
) WITHOUT ROWID;

CREATE TABLE suyuan_documents (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (collection, key)
) WITHOUT ROWID;
