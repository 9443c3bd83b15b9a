-- Who is at work: a person or an agent in one work tree, from its start until its end or its silence.
CREATE TABLE sessions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    repo INTEGER REFERENCES repositories ON DELETE CASCADE,
    worktree TEXT,
    actor_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('human', 'agent')),
    actor_name TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    ended_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('live', 'ended', 'lost')),
    CHECK ((state = 'live') = (ended_at IS NULL))
) STRICT;
CREATE INDEX sessions_by_repo ON sessions (repo, id);
CREATE INDEX sessions_by_state ON sessions (state, id);
CREATE INDEX sessions_by_worktree ON sessions (worktree, id) WHERE worktree IS NOT NULL;
