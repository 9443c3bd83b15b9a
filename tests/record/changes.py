"""Changes for tests, from the texts of files before and after."""

from collections.abc import Iterable, Mapping

from aura.record.claims import Judged, parse
from aura.record.verdicts import judge, sought
from aura.syntax.diff import diff_files
from aura.syntax.evidence import Evidence
from aura.syntax.examine import Look
from aura.syntax.file import File

Texts = Mapping[str, str]


def evidence(
    before: Texts, after: Texts, names: Iterable[str] = (), degraded: tuple[str, ...] = ()
) -> Evidence:
    """What the difference of two sets of files shows; files that did not change are looked through, too."""
    changed = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    old, new = (
        {path: File.read(path, texts[path].encode()) for path in changed if path in texts}
        for texts in (before, after)
    )
    edits = diff_files(old, new).edits
    kept = {path: File.read(path, text.encode()) for path, text in after.items() if path not in changed}
    look = Look(old | kept, new | kept, edits)
    rewordings, sights = tuple(map(look.rewording, edits)), look.sights(names)
    gone = tuple(path for path in changed if path not in after)
    return Evidence(tuple(changed), degraded, tuple(edits), rewordings, sights, gone)


def verdict_on(claim: str, before: Texts, after: Texts, degraded: tuple[str, ...] = ()) -> Judged:
    parsed = parse(claim)
    (found,) = judge([parsed], evidence(before, after, sought([parsed]), degraded))
    return found
