-- What files of a work tree held at a moment; the contents are in blobs.db. A `tree` holds every file that git
-- does not ignore. One with a `base` holds what differs from that one; a base that nobody needs any more but
-- for this is `dropped`.
CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    worktree TEXT NOT NULL,
    branch TEXT,
    head TEXT,
    scope TEXT NOT NULL CHECK (scope IN ('files', 'tree')),
    reason TEXT NOT NULL CHECK (reason IN ('asked', 'edit', 'restore')),
    message TEXT,
    actor_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('human', 'agent', 'system')),
    actor_name TEXT NOT NULL,
    session TEXT,
    created_at INTEGER NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    omitted INTEGER NOT NULL DEFAULT 0,
    path TEXT,
    base INTEGER REFERENCES snapshots,
    state TEXT NOT NULL CHECK (state IN ('taking', 'kept', 'dropped')),
    CHECK (base IS NULL OR scope = 'tree')
) STRICT;
CREATE INDEX snapshots_by_repo ON snapshots (repo, id);
CREATE INDEX snapshots_by_worktree ON snapshots (worktree, id);
CREATE INDEX snapshots_by_scope ON snapshots (scope, id);
CREATE INDEX snapshots_by_reason ON snapshots (reason, id);
CREATE INDEX snapshots_by_author ON snapshots (actor_id, id);
CREATE INDEX snapshots_by_session ON snapshots (session, id) WHERE session IS NOT NULL;
CREATE INDEX snapshots_by_base ON snapshots (base, id) WHERE base IS NOT NULL;

-- `name` is there where a path is no UTF-8: its bytes. A file without a mode was not there.
CREATE TABLE snapshot_files (
    snapshot INTEGER NOT NULL REFERENCES snapshots ON DELETE CASCADE,
    path TEXT NOT NULL,
    name BLOB,
    mode INTEGER,
    size INTEGER,
    sha256 BLOB,
    PRIMARY KEY (snapshot, path),
    CHECK ((mode IS NULL) = (size IS NULL) AND (mode IS NULL) = (sha256 IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshot_files_by_path ON snapshot_files (path, snapshot);

-- Restores are undone and done again in the order of `seq`, in each work tree by itself. The plan is there
-- before the first file is written, so that one that was cut short can be finished. `answer_key` is the
-- idempotency key under which its answer is kept.
CREATE TABLE restores (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    worktree TEXT NOT NULL,
    head TEXT,
    snapshot TEXT NOT NULL,
    before TEXT NOT NULL,
    entity TEXT,
    state TEXT NOT NULL CHECK (
        state IN ('restoring', 'done', 'undoing', 'undone', 'redoing', 'interrupted', 'cut')
    ),
    caller TEXT NOT NULL,
    answer_key TEXT,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX restores_by_worktree ON restores (worktree, seq);
CREATE INDEX restores_unfinished ON restores (seq) WHERE state IN ('restoring', 'undoing', 'redoing');

CREATE TABLE restore_files (
    restore INTEGER NOT NULL REFERENCES restores ON DELETE CASCADE,
    path TEXT NOT NULL,
    name BLOB,
    before_mode INTEGER,
    before_size INTEGER,
    before_sha256 BLOB,
    after_mode INTEGER,
    after_size INTEGER,
    after_sha256 BLOB,
    PRIMARY KEY (restore, path)
) STRICT, WITHOUT ROWID;
