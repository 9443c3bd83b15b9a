"""Cases: intents that claim something, and the part of a change that each answers for."""

from collections.abc import Callable, Sequence, Set
from typing import NamedTuple

import msgspec

from aura.api import Caller
from aura.errors import AuraError
from aura.record import intents, judgements
from aura.record.claims import Claim, parse
from aura.record.places import lies_in, touches
from aura.store import Connection, rows
from aura.syntax.evidence import Evidence
from aura.syntax.types import Edit

NEWEST = "newest"
Name = tuple[str, str, str, int]


class Case(NamedTuple):
    """An intent whose claims are to be judged: by its commit where it has one."""

    seq: int
    worktree: str | None
    repo: int
    commit: str | None
    files: tuple[str, ...]
    claims: tuple[Claim, ...]


def case(db: Connection, caller: Caller, id_: str) -> Case:
    """Return the intent to check. Raises `intent_not_found` and `repo_required`."""
    if id_ != NEWEST:
        return _cases(db, "i.seq = ?", intents.find(db, caller, id_))[0]
    found = _cases(db, "i.worktree = ? AND i.source = 'log' ORDER BY i.id DESC LIMIT 1", caller.here.path)
    if not found:
        raise AuraError(
            "intent_not_found",
            f"cannot find an intent that was logged in {caller.here.path}",
            "aura intent log 'what and why' --claim rename_only",
        )
    return found[0]


def due(db: Connection) -> list[Case]:
    """Return the intents whose verdicts are not yet from the commit that holds them."""
    return _cases(
        db,
        "i.commit_sha IS NOT NULL AND i.analysis <> 'pending' AND c.against IS NOT i.commit_sha",
        source=_CLAIMING,
    )


def waiting(db: Connection, worktree: str, head: str | None) -> list[Case]:
    """Return the intents of a work tree that claim something and that no commit holds, newest first.

    An intent that was logged before anything was changed waits as long as HEAD is where it was.
    """
    return _cases(
        db,
        "+i.worktree = ? AND i.commit_sha IS NULL AND (EXISTS (SELECT 1 FROM nodes WHERE intent = i.seq AND"
        " state = 'open') OR (i.base_sha IS ? AND NOT EXISTS (SELECT 1 FROM nodes WHERE intent = i.seq)))"
        " ORDER BY i.id DESC",
        worktree,
        head,
        source=_CLAIMING,
    )


_CLAIMING = "claims c CROSS JOIN intents i ON i.seq = c.intent AND c.position = 0"


def _cases(db: Connection, condition: str, *values: object, source: str = "intents i") -> list[Case]:
    columns = "i.seq, i.worktree, i.repo, i.commit_sha, i.files"
    found = rows(db, f"SELECT {columns} FROM {source} WHERE {condition}", *values)
    claims = judgements.of(db, [row[0] for row in found])
    return [
        Case(
            seq, worktree, repo, commit, tuple(msgspec.json.decode(files or "[]")),
            tuple(parse(judged.claim) for judged in claims.get(seq, ())),
        )
        for seq, worktree, repo, commit, files in found
    ]  # fmt: skip


def within(evidence: Evidence, files: Sequence[str]) -> Evidence:
    """Return the part of a change that lies in these files or folders; all of it without any."""
    if not files:
        return evidence
    paths = frozenset(path for path in evidence.paths if any(lies_in(path, file) for file in files))
    return _narrowed(evidence, paths, lambda edit: any(touches(edit, file) for file in files))


def share(db: Connection, case: Case, evidence: Evidence) -> Evidence:
    """Return the part of a change that an intent answers for.

    That is all of it, but for the files that it leaves out, and for what other intents account for and it
    does not: those of the commit that holds it, or those that no commit holds yet.
    """
    evidence = within(evidence, case.files)
    if case.commit is None:
        found = rows(
            db, f"{_NAMES} n.state = 'open' AND +i.source = 'log' AND +i.worktree = ?", case.worktree
        )
    else:
        sql = (
            f"{_NAMES} i.repo = ? AND i.commit_sha = ? AND +i.source = 'log' AND n.commit_sha = i.commit_sha"
        )
        found = rows(db, sql, case.repo, case.commit)
    own: set[Name] = set()
    others: set[Name] = set()
    for seq, path, kind, qualified_name, ordinal in found:
        (own if seq == case.seq else others).add((path, kind, qualified_name, ordinal))
    left = others - own
    if not left:
        return evidence

    def is_own(edit: Edit) -> bool:
        names = _names(edit)
        return names.isdisjoint(left) or not names.isdisjoint(own)

    kept = {path for edit in evidence.edits if is_own(edit) for path in _paths(edit)}
    edited = {path for edit in evidence.edits for path in _paths(edit)}
    paths = frozenset(path for path in evidence.paths if path in kept or path not in edited)
    return _narrowed(evidence, paths, is_own)


def covering(db: Connection, cases: Sequence[Case], evidence: Evidence) -> list[Case]:
    """Return those of the intents, given newest first, whose claims are about a change.

    They logged something of it, or nothing at all. One gives way to newer ones that cover all it logged.
    """
    changed = {name for edit in evidence.edits for name in _names(edit)}
    found: list[Case] = []
    covered: set[Name] = set()
    for case in cases:
        sql = f"{_NAMES} n.intent = ?"
        own: set[Name] = {(row[1], row[2], row[3], row[4]) for row in rows(db, sql, case.seq)}
        if (own and own.isdisjoint(changed)) or (found and own <= covered):
            continue
        found.append(case)
        covered |= own
    return found


_NAMES = (
    "SELECT n.intent, m.path, m.kind, m.qualified_name, m.ordinal FROM nodes n"
    " JOIN intents i ON i.seq = n.intent JOIN versions v ON v.seq IN (n.old, n.new)"
    " JOIN names m ON m.seq = v.name WHERE"
)


def _names(edit: Edit) -> Set[Name]:
    return {(s.path, s.kind, s.qualified_name, s.ordinal) for s in (edit.old, edit.new) if s}


def _paths(edit: Edit) -> Set[str]:
    return {side.path for side in (edit.old, edit.new) if side}


def _narrowed(evidence: Evidence, paths: Set[str], keeps: Callable[[Edit], bool]) -> Evidence:
    pairs = [pair for pair in zip(evidence.edits, evidence.rewordings, strict=True) if keeps(pair[0])]
    return Evidence(
        tuple(path for path in evidence.paths if path in paths),
        tuple(path for path in evidence.degraded if path in paths),
        tuple(edit for edit, _ in pairs),
        tuple(words for _, words in pairs),
        evidence.sights,
        evidence.gone,
    )
