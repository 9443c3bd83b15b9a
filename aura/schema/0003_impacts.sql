-- What a change on one side means for who uses it on another. `yours` and `other` are the keys of the sides: a
-- work tree's path or a branch's full name. `identity` is of the sides, the entity and the kind of trouble:
-- what is there now is one alert for it. `cause` is a digest of what the other side did; `standing`: it was
-- there when the two sides were looked at last. A note and a time of snoozing outlive a return of the cause.
CREATE TABLE impacts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    repo INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    identity TEXT NOT NULL,
    cause TEXT NOT NULL,
    standing INTEGER NOT NULL CHECK (standing IN (0, 1)),
    yours TEXT NOT NULL,
    your_worktree TEXT,
    your_branch TEXT,
    your_session TEXT,
    other TEXT NOT NULL,
    other_worktree TEXT,
    other_branch TEXT,
    other_session TEXT,
    author INTEGER REFERENCES authors,
    entity TEXT,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    function TEXT NOT NULL,
    change TEXT NOT NULL CHECK (
        change IN ('removed', 'renamed', 'moved', 'signature_changed', 'both_changed', 'behaviour_changed')
    ),
    severity TEXT NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
    reason TEXT NOT NULL,
    before TEXT NOT NULL CHECK (json_valid(before)),
    after TEXT CHECK (json_valid(after)),
    mine TEXT CHECK (json_valid(mine)),
    sites TEXT NOT NULL CHECK (json_valid(sites)),
    uses INTEGER NOT NULL CHECK (uses >= 0),
    tests_only INTEGER NOT NULL CHECK (tests_only IN (0, 1)),
    status TEXT NOT NULL CHECK (status IN ('open', 'snoozed', 'resolved', 'dismissed')),
    snoozed_until INTEGER,
    note TEXT,
    closed_by_id TEXT,
    closed_by_kind TEXT CHECK (closed_by_kind IN ('human', 'agent', 'system')),
    closed_by_name TEXT,
    detected_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    closed_at INTEGER,
    CHECK (yours <> other),
    CHECK (status <> 'snoozed' OR snoozed_until IS NOT NULL),
    CHECK (status NOT IN ('open', 'snoozed') OR standing = 1),
    CHECK ((status IN ('resolved', 'dismissed')) = (closed_at IS NOT NULL)),
    CHECK ((closed_at IS NULL) = (closed_by_id IS NULL)),
    CHECK ((closed_by_id IS NULL) = (closed_by_kind IS NULL))
) STRICT;
CREATE UNIQUE INDEX impacts_one ON impacts (repo, identity) WHERE status IN ('open', 'snoozed');
CREATE INDEX impacts_by_identity ON impacts (repo, identity, seq);
CREATE INDEX impacts_standing ON impacts (repo) WHERE standing = 1;
CREATE INDEX impacts_by_repo_and_status ON impacts (repo, status, id);
CREATE INDEX impacts_open ON impacts (your_worktree) WHERE status = 'open';
CREATE INDEX impacts_by_repo ON impacts (repo, id);
CREATE INDEX impacts_by_status ON impacts (status, id);
CREATE INDEX impacts_by_branch ON impacts (your_branch, id) WHERE your_branch IS NOT NULL;
CREATE INDEX impacts_by_other_branch ON impacts (other_branch, id) WHERE other_branch IS NOT NULL;
CREATE INDEX impacts_by_worktree ON impacts (your_worktree, id) WHERE your_worktree IS NOT NULL;
CREATE INDEX impacts_by_entity ON impacts (entity, id) WHERE entity IS NOT NULL;
CREATE INDEX impacts_by_severity ON impacts (severity, id);
CREATE INDEX impacts_by_change ON impacts (change, id);
