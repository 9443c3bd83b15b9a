"""The life of an entity, followed back in time across renames, moves and takeovers of its name."""

from typing import Any, NamedTuple

from aura.store import Connection, rows


class Name(NamedTuple):
    """What an entity is called at one time."""

    path: str
    qualified_name: str
    ordinal: int = 0


class Step(NamedTuple):
    """One edit in an entity's life."""

    intent: int
    id: str
    position: int
    source: str
    state: str
    commit_sha: str | None
    old: Name | None
    new: Name | None


_STEPS = """
SELECT n.intent, i.id, n.position, i.source, n.state, n.commit_sha,
       o.path, o.qualified_name, o.ordinal, w.path, w.qualified_name, w.ordinal
FROM nodes n JOIN intents i ON i.seq = n.intent
LEFT JOIN entities o ON o.seq = n.old LEFT JOIN entities w ON w.seq = n.new
WHERE i.rewritten_to IS NULL AND n.{side} IN
      (SELECT seq FROM entities WHERE repo = ? AND path = ? AND qualified_name = ? AND ordinal = ?)
"""


def life(db: Connection, repo: int, name: Name) -> list[Step]:
    """Return the steps that made the entity with this name what it is, newest first.

    Commits and uncommitted intents are followed from the present name back: where an edit renames or moves
    the entity, or what contains it, the search goes on under the older name; where the name belonged to
    another entity, it ends. Logged intents that a step's commit holds are listed beside it.
    """
    names, seen = [name], set[tuple[int, int]]()
    steps: list[Step] = []
    before = "~"
    while True:
        older, gone = None, False
        for step in _around(db, repo, name, before):
            if (step.intent, step.position) in seen:
                continue
            if step.source == "log" and step.state != "open":
                continue
            older = _older(step, name)
            if step.new == name or (step.old == name and step.new is None):
                if step.new is None and steps:
                    gone = True
                    break
                seen.add((step.intent, step.position))
                steps.append(step)
            elif step.old == name and step.new not in names:
                gone = True
                break
            if older is not None:
                before = step.id
                break
        if gone or older is None or older in names:
            break
        name = older
        names.append(name)
    steps += _said_beside(db, repo, names, steps, seen)
    return sorted(steps, key=lambda step: step.id, reverse=True)


def _older(step: Step, name: Name) -> Name | None:
    """Return the name before this step, where the step changed it: by itself, or through what contains it."""
    if step.old is None or step.new is None or step.old == step.new:
        return None
    if step.new == name:
        return step.old
    prefix = step.new.qualified_name + "."
    if step.new.path == name.path and name.qualified_name.startswith(prefix):
        rest = name.qualified_name.removeprefix(prefix)
        return Name(step.old.path, f"{step.old.qualified_name}.{rest}", name.ordinal)
    return None


def _around(db: Connection, repo: int, name: Name, before: str) -> list[Step]:
    """Return the steps of a name, and of the containers it lies in, older than `before`, newest first."""
    found = _steps(db, repo, name, "new") + _steps(db, repo, name, "old")
    parts = name.qualified_name.split(".")
    for size in range(1, len(parts)):
        container = Name(name.path, ".".join(parts[:size]))
        found += [step for step in _steps(db, repo, container, "new") if step.old not in (None, step.new)]
    unique = {(step.intent, step.position): step for step in found if step.id < before}
    return sorted(unique.values(), key=lambda step: (step.id, step.new == name), reverse=True)


def _steps(db: Connection, repo: int, name: Name, side: str) -> list[Step]:
    return [_step(row) for row in rows(db, _STEPS.format(side=side), repo, *name)]


def _step(row: tuple[Any, ...]) -> Step:
    old = Name(*row[6:9]) if row[6] is not None else None
    new = Name(*row[9:12]) if row[9] is not None else None
    intent, id_, position, source, state, sha = row[:6]
    return Step(intent, id_, position, source, state, sha, old, new)


def _said_beside(
    db: Connection, repo: int, names: list[Name], steps: list[Step], seen: set[tuple[int, int]]
) -> list[Step]:
    """Return what was logged by hand about these names and is held by the commits of the steps."""
    shas = {step.commit_sha for step in steps}
    beside = {}
    for name in names:
        for step in _steps(db, repo, name, "new") + _steps(db, repo, name, "old"):
            key = (step.intent, step.position)
            if step.source == "log" and key not in seen and (step.state == "open" or step.commit_sha in shas):
                beside[key] = step
    return list(beside.values())
