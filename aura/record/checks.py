"""Checks: the claims of intents held against what was changed, and what could be claimed of it."""

import os
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from aura.api import Caller, Place
from aura.op import op
from aura.record.cases import NEWEST, Case, share, within
from aura.record.claims import Claim, Judged
from aura.record.intents import Intent
from aura.record.places import relative
from aura.record.suggestions import strongest
from aura.record.verdicts import judge, sought
from aura.repo.commits import resolve
from aura.repo.pool import Pool
from aura.repo.requests import DiffCommits, DiffStaged, DiffWorktree
from aura.store import Connection, rows
from aura.syntax.evidence import Evidence
from aura.syntax.naming import dotted

PLACES = 20
"""Files in which the record knows an entity of a name; more are not looked through."""
AGAINST = "worktree (what is uncommitted), staged, or a commit."


class IntentToCheck(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[
        str,
        Meta(description="The intent's id; newest is the last that was logged in this work tree."),
    ] = NEWEST
    against: Annotated[
        str | None,
        Meta(description=f"What to check by: {AGAINST} Without it, the commit that holds it, or worktree."),
    ] = None


class SuggestQuery(Struct, frozen=True, forbid_unknown_fields=True):
    against: Annotated[str, Meta(description=f"The change: {AGAINST}")] = "worktree"
    file: Annotated[str | None, Meta(description="Only the changes in this file or folder.")] = None


class Suggestion(Struct, frozen=True):
    """The strongest claims that a change supports, each as it can be logged."""

    claims: list[str]


@op(
    "POST /v1/intents/{id}:check",
    command="intent check [ID]",
    scope="write_intents",
    manual=True,
    name="intents.check",
    emits=("intent.checked",),
)
def check(db: Connection, caller: Caller, at: IntentToCheck) -> Intent:
    """Check what an intent claims, and answer the intent with its verdicts.

    Uncommitted changes are those of the work tree in which it was logged, in the files that it names. What
    other intents account for, and it does not, is not held against it. The command exits with 1 where a claim
    is contradicted.
    """
    raise LookupError("answered by the daemon")


@op(
    "GET /v1/intents:suggest",
    command="intent suggest",
    scope="read_code",
    needs="required",
    name="intents.suggest",
)
def suggest(caller: Caller, query: SuggestQuery, pool: Pool) -> Suggestion:
    """Suggest the strongest claims that the present change supports.

    What another claim implies is left out: rename_only implies no_behaviour_change, and that
    no_signature_change. The globs of only_touches are the narrowest, three at most.
    """
    here = caller.here
    evidence = pool.examine(change_of(here, query.against), (), ())
    if query.file is not None:
        evidence = within(evidence, (relative(here.path, query.file),))
    return Suggestion([claim.text for claim in strongest(evidence)])


def change_of(
    place: Place, against: str, index: str | None = None
) -> DiffCommits | DiffWorktree | DiffStaged:
    """Return the change that is meant. Raises `unknown_revision`."""
    root = os.fsencode(place.path)
    if against == "worktree":
        return DiffWorktree(root, "HEAD")
    if against == "staged":
        return DiffStaged(root, "HEAD", os.fsencode(index) if index else None)
    return DiffCommits(os.fsencode(place.git_dir), [resolve(place.git_dir, against)])


def verdicts(db: Connection, cases: Iterable[Case], evidence: Evidence) -> dict[int, list[Judged]]:
    """Judge the claims of intents by a change, each by its share of it."""
    return {case.seq: judge(case.claims, share(db, case, evidence)) for case in cases}


def unreadable(claims: Iterable[Claim]) -> list[Judged]:
    """Leave claims open where a change could not be read."""
    mend = "aura intent check tries again"
    return [Judged(claim.text, "unproven", "the change could not be read", mend=mend) for claim in claims]


def places_of(db: Connection, repo: int, claims: Iterable[Claim]) -> list[str]:
    """Return the files in which entities of the names in claims are or were, as far as the record knows."""
    found: dict[str, None] = {}
    for name in sought(claims):
        file, colon, plain = dotted(name).rpartition(":")
        if colon:
            found[file] = None
        sql = (
            "SELECT path FROM names WHERE repo = ? AND name = ? GROUP BY path ORDER BY max(seq) DESC LIMIT ?"
        )
        last = plain.rpartition(".")[2]
        found.update(dict.fromkeys(path for (path,) in rows(db, sql, repo, last, PLACES)))
    return list(found)
