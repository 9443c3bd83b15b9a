"""Claims about named entities: what was added, deleted and kept, and which calls were."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from aura.record.claims import Claim, Form, Judged, Witness, judged, witness
from aura.syntax.evidence import Evidence, Seen, Sight
from aura.syntax.naming import answers_to, dotted
from aura.syntax.types import Edit, Side


def judge_adds(claim: Claim, evidence: Evidence) -> Judged:
    """Tell whether an entity was added."""
    (name,) = claim.about
    met = [edit for edit in evidence.edits if _is(edit.new, name)]
    if added := [edit for edit in met if edit.old is None]:
        return judged(claim, "supported", f"{name} was added", map(witness, added))
    if unread := _unread(evidence):
        return judged(claim, "unproven", f"{name} may be in what was not read in full", unread)
    if renamed := [edit for edit in met if edit.old and not _is(edit.old, name)]:
        return judged(
            claim, "contradicted", f"{name} is an entity that was there before", map(witness, renamed)
        )
    there = [_seen(sight.new, "there before") for sight in _of(evidence, name) if sight.old and sight.new]
    reason = f"{name} was there before" if there else f"nothing called {name} was added"
    likely = _likely(name, [edit.new for edit in evidence.edits if edit.new and edit.old is None])
    return judged(claim, "contradicted", reason, there, _instead("adds", name, likely))


def judge_deletes(claim: Claim, evidence: Evidence) -> Judged:
    """Tell whether an entity was deleted."""
    (name,) = claim.about
    met = [edit for edit in evidence.edits if _is(edit.old, name)]
    if gone := [edit for edit in met if edit.new is None]:
        return judged(claim, "supported", f"{name} was deleted", map(witness, gone))
    if unread := _unread(evidence):
        return judged(claim, "unproven", f"{name} may be in what was not read in full", unread)
    if met:
        reason = f"{name} is still there"
        return judged(claim, "contradicted", reason, map(witness, met), _instead("deletes", name, None))
    there = [_seen(sight.new, "still there") for sight in _of(evidence, name) if sight.new]
    reason = f"{name} is still there" if there else f"nothing called {name} was deleted"
    likely = _likely(name, [edit.old for edit in evidence.edits if edit.old and edit.new is None])
    return judged(claim, "contradicted", reason, there, _instead("deletes", name, likely))


def judge_keeps(claim: Claim, evidence: Evidence) -> Judged:
    """Tell whether an entity is still there, whatever it is called and wherever it is by now."""
    (name,) = claim.about
    met = [edit for edit in evidence.edits if _is(edit.old, name)]
    gone = [edit for edit in met if edit.new is None]
    if unread := _unread(evidence, gone):
        return judged(claim, "unproven", f"{name} may be in what was not read in full", unread)
    if gone:
        side = gone[0].old
        mend = (
            f"git checkout HEAD -- {side.path} brings {name} back, with the rest of the file" if side else ""
        )
        return judged(claim, "contradicted", f"{name} is gone", map(witness, gone), mend)
    if met:
        return judged(claim, "supported", f"{name} is still there", map(witness, met))
    if kept := [_seen(sight.new, "as it was") for sight in _of(evidence, name) if sight.old and sight.new]:
        return judged(claim, "supported", f"{name} is as it was", kept)
    if new := [edit for edit in evidence.edits if _is(edit.new, name)]:
        return judged(claim, "unproven", f"{name} is new", map(witness, new), f"claim instead: adds {name}")
    return judged(claim, "unproven", *_nowhere(name))


def judge_call(claim: Claim, evidence: Evidence) -> Judged:
    """Tell whether an entity that called another still does, itself or through what is new.

    A call counts where it is known to reach the callee. Where that is not known it counts by its name, as it
    was before the change and as it is after.
    """
    caller, callee = claim.about
    before, after = _callee(callee, evidence)
    sights = _of(evidence, caller)
    calling = [sight for sight in sights if sight.old and before.line_in(sight.old)]
    lost = [sight for sight in calling if not any(after.line_in(seen) for seen in _now(sight))]
    if lost:
        shown = [_seen(sight.new or sight.old, f"no longer calls {callee}") for sight in lost]
        if any(sight.old.path in evidence.degraded for sight in lost if sight.old):
            return judged(claim, "unproven", f"{caller} was not read in full", shown)
        first = shown[0]
        mend = f"call {callee} in {first.qualified_name} again ({first.path}:{first.line})"
        return judged(claim, "contradicted", f"{caller} no longer calls {callee}", shown, mend)
    if not sights:
        return judged(claim, "unproven", *_nowhere(caller))
    shown = [
        Witness(seen.path, seen.qualified_name, line, f"calls {callee}")
        for sight in calling or sights
        for seen in _now(sight)
        if (line := after.line_in(seen))
    ]
    if calling:
        return judged(claim, "supported", f"{caller} calls {callee}, before and after", shown)
    if shown:
        return judged(claim, "unproven", f"{caller} did not call {callee} before", shown)
    reason = f"no call of {callee} is seen in {caller}; it may have another name there"
    return judged(claim, "unproven", reason, [_seen(s.new or s.old, "") for s in sights])


class _Callee(NamedTuple):
    """What is called, on one side of a change: the names that it may have there, and the entities it is."""

    names: frozenset[str]
    entities: frozenset[tuple[str, str]]

    def line_in(self, seen: Seen) -> int:
        """Return the line of a call, or of its caller where only the name is known; 0 where there is none."""
        for target in seen.targets:
            if (target.path, target.qualified_name) in self.entities:
                return target.line
        others = {target.qualified_name.rpartition(".")[2] for target in seen.targets}
        known = others if self.entities else set()
        return seen.line if self.names & set(seen.calls) - known else 0


def _callee(callee: str, evidence: Evidence) -> tuple[_Callee, _Callee]:
    """Return what is called before a change, and what after it."""
    plain = dotted(callee).rpartition(":")[2].rpartition(".")[2]
    sights = _of(evidence, callee)
    sides = [[seen for s in sights if (seen := s.old)], [seen for s in sights if (seen := s.new)]]
    before, after = (
        _Callee(
            frozenset([plain, *(seen.qualified_name.rpartition(".")[2] for seen in side)]),
            frozenset((seen.path, seen.qualified_name) for seen in side),
        )
        for side in sides
    )
    return before, after


JUDGES: dict[Form, Callable[[Claim, Evidence], Judged]] = {
    "adds": judge_adds,
    "deletes": judge_deletes,
    "keeps": judge_keeps,
    "keeps_call": judge_call,
}


def _is(side: Side | None, name: str) -> bool:
    return side is not None and answers_to(side.path, side.qualified_name, name)


def _of(evidence: Evidence, name: str) -> list[Sight]:
    return [sight for sight in evidence.sights if sight.sought == name]


def _now(sight: Sight) -> list[Seen]:
    return [seen for seen in (sight.new, *sight.helpers) if seen]


def _seen(seen: Seen | None, what: str) -> Witness:
    return Witness(seen.path, seen.qualified_name, seen.line, what) if seen else Witness("", "", 1, what)


def _unread(evidence: Evidence, edits: Sequence[Edit] | None = None) -> list[Witness]:
    """Return the files that were not read in full; with edits, those that these lie in."""
    paths = evidence.degraded
    if edits is not None:
        paths = tuple(edit.old.path for edit in edits if edit.old and edit.old.path in evidence.degraded)
    return [Witness(path, path, 1, "not read in full") for path in paths]


def _likely(name: str, sides: Sequence[Side]) -> str | None:
    known = [side.qualified_name for side in sides]
    return next(
        iter(get_close_matches(dotted(name).rpartition(":")[2], known, 1)), known[0] if known else None
    )


def _instead(form: Form, name: str, likely: str | None) -> str:
    verb = "add" if form == "adds" else "delete"
    return f"{verb} {name}, or claim instead: {form} {likely}" if likely else f"{verb} {name}"


def _nowhere(name: str) -> tuple[str, tuple[Witness, ...], str]:
    return f"nothing called {name} is known", (), f"name its file, too: src/file.py:{name}"
