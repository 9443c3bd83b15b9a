"""Verdicts: whether a change did what an intent claims of it."""

from collections.abc import Iterable

from aura.record.claims import Claim, Judged, Witness, judged
from aura.record.globs import literal, matches
from aura.record.presence import JUDGES
from aura.record.rules import RULES, judge_every_edit
from aura.syntax.conventions import is_test
from aura.syntax.evidence import Evidence


def judge(claims: Iterable[Claim], evidence: Evidence) -> list[Judged]:
    """Give each claim its verdict.

    `contradicted` names what speaks against it. It is `unproven` where what is changed was not read in full,
    is in no language that is known, or does not tell.
    """
    return [_judge(claim, evidence) for claim in claims]


def sought(claims: Iterable[Claim]) -> list[str]:
    """Return the names of the entities that have to be looked for."""
    return [name for claim in claims if claim.form in JUDGES for name in claim.about]


def _judge(claim: Claim, evidence: Evidence) -> Judged:
    if not evidence.paths:
        return judged(claim, "unproven", "nothing is changed", mend="aura intent check, once something is")
    if claim.form in RULES:
        return judge_every_edit(claim, evidence)
    if claim.form in JUDGES:
        return JUDGES[claim.form](claim, evidence)
    return _touches(claim, evidence) if claim.form == "only_touches" else _tests(claim, evidence)


def _touches(claim: Claim, evidence: Evidence) -> Judged:
    outside = [path for path in evidence.paths if not any(matches(path, glob) for glob in claim.about)]
    shown = [_file(path, evidence) for path in outside or evidence.paths]
    if not outside:
        return judged(claim, "supported", f"{_files(len(shown))}, and none elsewhere", shown)
    wider = Claim("only_touches", (*claim.about, *map(literal, outside[:3])))
    mend = f"git restore --staged {outside[0]} leaves it out, or claim instead: {wider.text}"
    return judged(claim, "contradicted", f"{_files(len(outside))} elsewhere", shown, mend)


def _tests(claim: Claim, evidence: Evidence) -> Judged:
    tests = [_file(path, evidence) for path in evidence.paths if is_test(path)]
    if tests:
        return judged(claim, "supported", f"{_files(len(tests))} of tests", tests)
    mend = "change a test along with it: tests are told by names such as tests/, test_*.py and *.spec.ts"
    return judged(claim, "contradicted", "no test changed", mend=mend)


def _file(path: str, evidence: Evidence) -> Witness:
    """Name the first entity that changed in a file, or the file."""
    for edit in evidence.edits:
        for side in (edit.new, edit.old):
            if side and side.path == path:
                return Witness(path, side.qualified_name, side.line, "changed")
    return Witness(path, path, 1, "changed")


def _files(count: int) -> str:
    return "1 file changed" if count == 1 else f"{count} files changed"
