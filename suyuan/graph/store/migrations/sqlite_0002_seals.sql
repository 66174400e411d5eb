ALTER TABLE suyuan_runs ADD COLUMN seal BLOB;

CREATE INDEX suyuan_changes_by_seq ON suyuan_changes (seq);
