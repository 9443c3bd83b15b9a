-- An index for each filter of the log; and when git ceased to know of a work tree.
CREATE INDEX events_by_actor ON events (actor_id, seq);
CREATE INDEX events_by_kind ON events (actor_kind, seq);
CREATE INDEX events_by_session ON events (session, seq) WHERE session IS NOT NULL;
ALTER TABLE worktrees ADD COLUMN removed_at INTEGER;
