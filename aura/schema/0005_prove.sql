-- What came of a goal, once it was tried. `commit_sha` is HEAD then, `dirty` that more was changed by then.
CREATE TABLE proofs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    worktree TEXT NOT NULL,
    branch TEXT,
    commit_sha TEXT,
    dirty INTEGER NOT NULL CHECK (dirty IN (0, 1)),
    session TEXT,
    actor_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('human', 'agent', 'system')),
    intent TEXT,
    saved TEXT,
    goal TEXT NOT NULL CHECK (goal <> ''),
    kind TEXT NOT NULL CHECK (kind IN ('structural', 'command', 'words')),
    result TEXT NOT NULL CHECK (result IN ('pass', 'fail', 'unknown', 'error')),
    reason TEXT NOT NULL,
    evidence TEXT NOT NULL,
    seconds REAL NOT NULL,
    proved_at INTEGER NOT NULL
) STRICT;
CREATE INDEX proofs_by_repo ON proofs (repo, id);
CREATE INDEX proofs_by_branch ON proofs (branch, id);
CREATE INDEX proofs_by_result ON proofs (result, id);
CREATE INDEX proofs_by_goal ON proofs (goal, id);
CREATE INDEX proofs_by_kind ON proofs (kind, id);
CREATE INDEX proofs_by_intent ON proofs (intent, id) WHERE intent IS NOT NULL;
CREATE INDEX proofs_by_saved ON proofs (saved, commit_sha) WHERE saved IS NOT NULL;

-- Goals that are kept; with `on_commit` they are tried on each commit that a work tree makes.
CREATE TABLE saved_goals (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    goal TEXT NOT NULL CHECK (goal <> ''),
    on_commit INTEGER NOT NULL CHECK (on_commit IN (0, 1)),
    timeout_s INTEGER NOT NULL,
    path TEXT,
    actor_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('human', 'agent', 'system')),
    saved_at INTEGER NOT NULL,
    UNIQUE (repo, goal)
) STRICT;
CREATE INDEX saved_goals_by_repo ON saved_goals (repo, id);
CREATE INDEX saved_goals_on_commit ON saved_goals (repo) WHERE on_commit = 1;

-- The goals of an intent may end in an error, too.
CREATE TABLE proved_goals (
    intent INTEGER NOT NULL REFERENCES intents ON DELETE CASCADE,
    position INTEGER NOT NULL,
    goal TEXT NOT NULL,
    result TEXT NOT NULL DEFAULT 'unknown' CHECK (result IN ('pass', 'fail', 'unknown', 'error')),
    PRIMARY KEY (intent, position)
) STRICT, WITHOUT ROWID;
INSERT INTO proved_goals (intent, position, goal, result) SELECT intent, position, goal, result FROM goals;
DROP TABLE goals;
ALTER TABLE proved_goals RENAME TO goals;
