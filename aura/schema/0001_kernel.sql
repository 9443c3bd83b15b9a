-- Times are microseconds since the epoch (UTC). Hashes of entities are 16 hexadecimal digits.

CREATE TABLE repositories (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    common_dir TEXT NOT NULL UNIQUE,
    registered_at INTEGER NOT NULL
) STRICT;

CREATE TABLE worktrees (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    path TEXT NOT NULL UNIQUE,
    git_dir TEXT NOT NULL,
    bare INTEGER NOT NULL CHECK (bare IN (0, 1)),
    registered_at INTEGER NOT NULL
) STRICT;
CREATE INDEX worktrees_of_repo ON worktrees (repo);

-- One row per starting point of a back-fill, so that it can be taken up again after a restart.
CREATE TABLE backfills (
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    head TEXT NOT NULL,
    branch TEXT,
    wanted INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    rest INTEGER NOT NULL CHECK (rest IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'failed')),
    started_at INTEGER NOT NULL,
    PRIMARY KEY (repo, head)
) STRICT, WITHOUT ROWID;

-- The commits up to which everything has been read: newer ones are read from here on.
CREATE TABLE heads (
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    sha TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (repo, sha)
) STRICT, WITHOUT ROWID;

CREATE TABLE authors (
    id INTEGER PRIMARY KEY,
    handle TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('human', 'agent', 'system')),
    UNIQUE (handle, name, kind)
) STRICT;

CREATE TABLE intents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    worktree TEXT,
    session TEXT,
    branch TEXT,
    author INTEGER NOT NULL REFERENCES authors,
    source TEXT NOT NULL CHECK (source IN ('log', 'commit')),
    summary TEXT NOT NULL CHECK (summary <> ''),
    created_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    base_sha TEXT,
    commit_sha TEXT,
    analysis TEXT NOT NULL CHECK (analysis IN ('pending', 'done', 'failed')),
    degraded INTEGER NOT NULL DEFAULT 0 CHECK (degraded IN (0, 1)),
    nodes_changed INTEGER NOT NULL DEFAULT 0,
    nodes_added INTEGER NOT NULL DEFAULT 0,
    nodes_deleted INTEGER NOT NULL DEFAULT 0,
    files TEXT,
    rewritten_to TEXT
) STRICT;
CREATE INDEX intents_by_repo ON intents (repo, id);
CREATE INDEX intents_by_branch ON intents (repo, branch, id);
CREATE INDEX intents_by_any_branch ON intents (branch, id);
CREATE INDEX intents_by_author ON intents (repo, author, id);
CREATE INDEX intents_by_source ON intents (repo, source, id);
CREATE INDEX intents_by_commit ON intents (repo, commit_sha) WHERE commit_sha IS NOT NULL;
CREATE INDEX intents_by_worktree ON intents (worktree, id) WHERE worktree IS NOT NULL;
CREATE INDEX intents_by_session ON intents (session, id) WHERE session IS NOT NULL;
CREATE INDEX intents_pending ON intents (seq) WHERE analysis = 'pending';

CREATE TABLE tickets (
    intent INTEGER NOT NULL REFERENCES intents ON DELETE CASCADE,
    system TEXT NOT NULL,
    id TEXT NOT NULL,
    intent_id TEXT NOT NULL,
    PRIMARY KEY (intent, system, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_by_id ON tickets (id, intent_id);

CREATE TABLE goals (
    intent INTEGER NOT NULL REFERENCES intents ON DELETE CASCADE,
    position INTEGER NOT NULL,
    goal TEXT NOT NULL,
    result TEXT NOT NULL DEFAULT 'unknown' CHECK (result IN ('pass', 'fail', 'unknown')),
    PRIMARY KEY (intent, position)
) STRICT, WITHOUT ROWID;

-- What an intent claims of its change, with the latest verdict as it is shown. `against` is what it was judged
-- by: a commit's hash, or worktree or staged.
CREATE TABLE claims (
    intent INTEGER NOT NULL REFERENCES intents ON DELETE CASCADE,
    position INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('supported', 'contradicted', 'unproven')),
    judged TEXT NOT NULL,
    against TEXT,
    PRIMARY KEY (intent, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_by_verdict ON claims (verdict, intent);

-- A commit that has been read: its intent is found by commit_sha where source = 'commit'.
CREATE TABLE commits (
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    sha TEXT NOT NULL,
    intent INTEGER NOT NULL REFERENCES intents ON DELETE CASCADE,
    parents INTEGER NOT NULL,
    rewritten_to TEXT,
    PRIMARY KEY (repo, sha)
) STRICT, WITHOUT ROWID;
CREATE INDEX commits_of_intent ON commits (intent);

-- A lineage: what it is or was called is in its versions. One that turned out to be an older one names it.
CREATE TABLE entities (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    same_as INTEGER REFERENCES entities ON DELETE CASCADE
) STRICT;
CREATE INDEX entities_by_repo ON entities (repo);
CREATE INDEX entities_same ON entities (same_as) WHERE same_as IS NOT NULL;

-- What entities are or were called: a path, a kind, a qualified name and an ordinal.
CREATE TABLE names (
    seq INTEGER PRIMARY KEY,
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    qualified_name TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    UNIQUE (repo, path, qualified_name, kind, ordinal)
) STRICT;
CREATE INDEX names_by_qualified_name ON names (repo, qualified_name);
CREATE INDEX names_by_name ON names (repo, name);

-- A text that an entity has or had under a name. The shape is known of what may be bound: see lineage.py.
CREATE TABLE versions (
    seq INTEGER PRIMARY KEY,
    name INTEGER NOT NULL REFERENCES names ON DELETE CASCADE,
    hash INTEGER NOT NULL,
    shape INTEGER,
    entity INTEGER NOT NULL REFERENCES entities ON DELETE CASCADE,
    UNIQUE (name, hash)
) STRICT;
CREATE INDEX versions_of_entity ON versions (entity);

-- One entity edit of one intent; a logged one is open until a commit binds or supersedes it.
CREATE TABLE nodes (
    intent INTEGER NOT NULL REFERENCES intents ON DELETE CASCADE,
    position INTEGER NOT NULL,
    changes TEXT NOT NULL,
    old INTEGER REFERENCES versions ON DELETE CASCADE,
    new INTEGER REFERENCES versions ON DELETE CASCADE,
    grade TEXT NOT NULL CHECK (grade IN ('breaking', 'compatible', 'internal', 'none')),
    edit BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'bound', 'superseded')),
    commit_sha TEXT,
    PRIMARY KEY (intent, position),
    CHECK (old IS NOT NULL OR new IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX nodes_by_old ON nodes (old, new);
CREATE INDEX nodes_by_new ON nodes (new);
CREATE INDEX nodes_open ON nodes (intent) WHERE state = 'open';
CREATE INDEX nodes_superseded ON nodes (new) WHERE state = 'superseded';

-- Versions that a commit made of others without an edit: members of what was renamed or moved.
CREATE TABLE carried (
    intent INTEGER NOT NULL REFERENCES intents ON DELETE CASCADE,
    old INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    new INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    PRIMARY KEY (intent, old, new)
) STRICT, WITHOUT ROWID;
CREATE INDEX carried_by_old ON carried (old);
CREATE INDEX carried_by_new ON carried (new);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    repo INTEGER,
    slug TEXT,
    worktree TEXT,
    session TEXT,
    actor_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('human', 'agent', 'system')),
    data TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_type ON events (type, seq);
CREATE INDEX events_by_repo ON events (repo, seq);

CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (caller, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

CREATE TABLE settings (
    name TEXT NOT NULL,
    repo INTEGER NOT NULL DEFAULT 0,
    value TEXT NOT NULL,
    PRIMARY KEY (name, repo)
) STRICT, WITHOUT ROWID;

-- Bearer tokens for TCP: only their SHA-256 is kept.
CREATE TABLE tokens (
    digest BLOB PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('short')),
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
