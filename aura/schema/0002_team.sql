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

-- A thread is known by its first message.
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    repo INTEGER REFERENCES repositories ON DELETE CASCADE,
    channel TEXT NOT NULL CHECK (channel IN ('team', 'sentinel')),
    from_id TEXT NOT NULL,
    from_kind TEXT NOT NULL CHECK (from_kind IN ('human', 'agent', 'system')),
    session TEXT,
    to_kind TEXT NOT NULL CHECK (to_kind IN ('broadcast', 'actor', 'session')),
    to_id TEXT,
    thread INTEGER REFERENCES messages ON DELETE CASCADE,
    body TEXT NOT NULL CHECK (body <> ''),
    created_at INTEGER NOT NULL,
    CHECK ((to_kind = 'broadcast') = (to_id IS NULL))
) STRICT;
CREATE INDEX messages_by_repo ON messages (repo, id);
CREATE INDEX messages_by_channel ON messages (channel, id);
CREATE INDEX messages_by_recipient ON messages (to_id, id) WHERE to_id IS NOT NULL;
CREATE INDEX messages_by_thread ON messages (thread) WHERE thread IS NOT NULL;

-- A reader is a session, or an actor outside of any.
CREATE TABLE reads (
    message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    reader TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (message, reader)
) STRICT, WITHOUT ROWID;

-- `path` is where a path or an entity lies; `entity` is a lineage, which renames do not change.
CREATE TABLE zones (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('path', 'glob', 'entity')),
    target TEXT NOT NULL,
    path TEXT,
    entity TEXT,
    mode TEXT NOT NULL CHECK (mode IN ('shared', 'exclusive', 'block')),
    reason TEXT,
    actor_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('human', 'agent', 'system')),
    actor_name TEXT NOT NULL,
    session TEXT,
    worktree TEXT NOT NULL,
    claimed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('active', 'released', 'expired')),
    CHECK ((state = 'active') = (ended_at IS NULL)),
    CHECK ((kind = 'glob') = (path IS NULL)),
    CHECK (kind = 'entity' OR entity IS NULL)
) STRICT;
CREATE INDEX zones_by_repo ON zones (repo, id);
CREATE INDEX zones_by_state ON zones (state, id);
CREATE INDEX zones_active ON zones (repo) WHERE state = 'active';
