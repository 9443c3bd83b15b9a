-- A logged intent `waits` while nothing is changed: it takes what the next commit of its work tree changes.
ALTER TABLE intents ADD COLUMN waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1));
CREATE INDEX intents_waiting ON intents (worktree, seq) WHERE waits = 1;
