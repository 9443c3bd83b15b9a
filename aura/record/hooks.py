"""What git's hooks ask and tell."""

import os
from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from aura.api import Caller, Place
from aura.errors import AuraError
from aura.op import op
from aura.record import cases, checks, intents, settings
from aura.record.cases import Case
from aura.store import Connection, one, rows
from aura.syntax.evidence import Evidence

SHOWN = 3
"""Entities that are named for each contradicted claim."""


class Drained(Struct, frozen=True):
    """How many hook reports were read."""

    reports: int


class ToCommit(Struct, frozen=True, forbid_unknown_fields=True):
    index: Annotated[
        str | None, Meta(description="The file that git commits from, where it is not the index itself.")
    ] = None


@op("POST /v1/hooks:drain", scope="write_intents", needs="none", manual=True)
def drain(caller: Caller) -> Drained:
    """Read what git's hooks left in the spool; the hooks call this."""
    raise LookupError("answered by the daemon")


@op("GET /v1/hooks:check", scope="read_intents", needs="none", manual=True, media="text/plain")
def check(db: Connection, caller: Caller, given: ToCommit) -> str:
    """Tell whether a commit may be made: `ok`, or `warning` or `refused` and why; the pre-commit hook asks.

    In strict mode a commit needs an intent with a ticket, logged on top of the present HEAD and held by no
    commit yet. Where the setting `claims` is `block`, what is staged must not contradict what intents of this
    work tree claim of it; with `warn` that is only told.
    """
    here = caller.place
    if here is None or settings.value(db, here.repo, "strict_mode") != "on":
        return "ok"
    found = one(
        db,
        "SELECT 1 FROM intents i WHERE i.worktree = ? AND i.source = 'log' AND i.base_sha IS ?"
        " AND EXISTS (SELECT 1 FROM tickets t WHERE t.intent = i.seq) LIMIT 1",
        here.path,
        here.head,
    )
    if found:
        return "ok"
    return (
        "refused: strict mode is on, and no intent with a ticket explains this change\n"
        "hint: aura intent log 'what and why [ENG-123]', then commit; git commit --no-verify passes by"
    )


def objections(db: Connection, waiting: Sequence[Case], evidence: Evidence, mode: str) -> str:
    """Tell what is staged against what intents claim of it, as the pre-commit hook is answered."""
    about = cases.covering(db, waiting, evidence)
    said: list[str] = []
    mends: dict[str, None] = {}
    for seq, judged in checks.verdicts(db, about, evidence).items():
        against = [claim for claim in judged if claim.verdict == "contradicted"]
        if against:
            intent = intents.by_seq(db, seq)
            said.append(f"{intent.id}  {intent.summary}")
        for claim in against:
            said.append(f"  {claim.claim}: {claim.reason}")
            said += [f"    {w.path}:{w.line} {w.qualified_name}: {w.what}" for w in claim.entities[:SHOWN]]
            mends[claim.mend] = None
    if not said:
        return "ok"
    begin = "refused" if mode == "block" else "warning"
    hints = [f"hint: {mend}" for mend in mends if mend]
    if mode == "block":
        hints.append("hint: git commit --no-verify passes by")
    return "\n".join([f"{begin}: what is staged contradicts what was claimed of it", *said, *hints])


def unchecked(why: str) -> str:
    """Tell that nobody looked at the commit, which does not stop it."""
    return f"warning: this commit was not checked: {why}"


def index_in(place: Place, index: str | None) -> str | None:
    """Return the index that git commits from. Raises `invalid_request` where it is outside of its folder."""
    if index is None:
        return None
    whole = os.path.realpath(os.path.join(place.path, index))
    if not whole.startswith(place.git_dir.rstrip("/") + "/"):
        raise AuraError(
            "invalid_request",
            f"cannot read the index {index}: it lies outside of {place.git_dir}",
            "Leave it out to read the index of the work tree.",
            {"path": "$.index"},
        )
    return whole


def asking(db: Connection, heads: Mapping[str, str | None]) -> list[str]:
    """Return the work trees, given with their heads, whose commits may be refused or warned of."""
    repos: dict[str, int] = dict(rows(db, "SELECT path, repo FROM worktrees"))
    return [
        root
        for root, repo in sorted(repos.items())
        if settings.value(db, repo, "strict_mode") == "on"
        or (settings.value(db, repo, "claims") != "off" and cases.waiting(db, root, heads.get(root)))
    ]
