"""Suggestions: the strongest claims that hold of a change."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import get_args

from aura.errors import AuraError
from aura.record.claims import Claim, Form, parse
from aura.record.globs import literal
from aura.record.rules import RULES
from aura.record.verdicts import judge
from aura.syntax.conventions import is_of_tests
from aura.syntax.evidence import Evidence
from aura.syntax.types import Edit, Side

IMPLIED: dict[Form, tuple[Form, ...]] = {
    "formatting_only": ("no_behaviour_change", "no_signature_change", "compatible"),
    "docs_only": ("no_behaviour_change", "no_signature_change", "compatible"),
    "rename_only": ("no_behaviour_change", "no_signature_change"),
    "move_only": ("no_behaviour_change", "no_signature_change"),
    "no_behaviour_change": ("no_signature_change",),
}
"""What else holds where a claim holds."""
GLOBS = 3
ENTITIES = 8
"""A claim for each of more entities than these would be a list, not a claim."""


def strongest(evidence: Evidence) -> list[Claim]:
    """Return the claims that a change supports, without those that others of them imply.

    Of globs the fewest and narrowest are taken, at most three, and of what was added or deleted the
    outermost entities outside of tests.
    """
    held = [found.claim for found in judge(_candidates(evidence), evidence) if found.verdict == "supported"]
    claims = [parse(text) for text in held]
    implied = {form for claim in claims for form in IMPLIED.get(claim.form, ())}
    return [claim for claim in claims if claim.form not in implied]


def _candidates(evidence: Evidence) -> list[Claim]:
    claims = [Claim(form) for form in get_args(Form) if form in RULES]
    claims += [Claim("adds", (name,)) for name in _lone(evidence.edits, "new", "old")]
    claims += [Claim("deletes", (name,)) for name in _lone(evidence.edits, "old", "new")]
    if globs := narrowest(evidence.paths):
        claims.append(Claim("only_touches", globs))
    claims.append(Claim("tests_touched"))
    return [claim for claim in claims if _is_written(claim)]


def _is_written(claim: Claim) -> bool:
    """Tell whether a claim can be written: names and paths may hold anything."""
    try:
        return parse(claim.text) == claim
    except AuraError:
        return False


def _lone(edits: Iterable[Edit], side: str, other: str) -> list[str]:
    """Return the names of the outermost entities that are on one side alone, each so that it is unique."""
    edits = list(edits)
    lone: list[Side] = [
        getattr(edit, side)
        for edit in edits
        if getattr(edit, other) is None and edit.kind != "statements" and not is_of_tests(edit)
    ]
    inside = {(s.path, s.qualified_name) for s in lone}
    outer = [s for s in lone if not any((s.path, above) in inside for above in _above(s.qualified_name))]
    count = Counter(s.qualified_name for e in edits for s in (e.old, e.new) if s)
    names = [
        s.qualified_name if count[s.qualified_name] == 1 else f"{s.path}:{s.qualified_name}" for s in outer
    ]
    return list(dict.fromkeys(names)) if len(names) <= ENTITIES else []


def _above(qualified_name: str) -> Iterator[str]:
    while "." in qualified_name:
        qualified_name = qualified_name.rpartition(".")[0]
        yield qualified_name


def narrowest(paths: Iterable[str]) -> tuple[str, ...]:
    """Return at most three globs that match all of the paths and little else; none where that is everything.

    The deepest folder of which most lies in the set is taken as a whole, until there are few enough.
    """
    known = {path: literal(path) for path in paths}
    while len(known) > GLOBS:
        deepest = max(known, key=lambda path: (path.count("/"), path))
        folder = deepest.rpartition("/")[0]
        if not folder:
            return ()
        known = {path: glob for path, glob in known.items() if not path.startswith(f"{folder}/")}
        known[folder] = f"{literal(folder).removeprefix('/')}/**"
    return tuple(sorted(known.values()))
