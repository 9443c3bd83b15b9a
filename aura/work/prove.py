"""Prove: goals that are tried, and what came of each, with the evidence for it."""

from collections.abc import Sequence
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct, field

from aura.api import Actor, Caller, Place, Time, now_us, rfc3339
from aura.errors import AuraError
from aura.ids import new_id
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import events, intents, settings
from aura.store import Connection, rows
from aura.work import goals
from aura.work.goals import WORST, Evidence, Judgement, Kind, Result, Statement
from aura.work.sandbox import Level

TIMEOUT = Annotated[int, Meta(description="Seconds after which a command is ended.", ge=1, le=3600)]
PATH = (
    Annotated[
        str,
        Meta(
            description="Where programs are looked for, instead of the daemon's PATH.",
            max_length=20_000,
            pattern=r"^[^\0]*$",
        ),
    ]
    | None
)
EVENTS: dict[Result, events.EventType] = {
    "pass": "prove.passed",
    "fail": "prove.failed",
    "error": "prove.failed",
    "unknown": "prove.undecided",
}


class ToProve(Struct, frozen=True, forbid_unknown_fields=True):
    goal: Annotated[str | None, Meta(description="A goal; its forms are told above.")] = None
    goals: Annotated[list[str], Meta(description="Further goals.", max_length=100)] = field(
        default_factory=list
    )
    command: Annotated[
        list[str], Meta(description="A program with its arguments, that succeeds.", max_length=200)
    ] = field(default_factory=list)
    intent: Annotated[str | None, Meta(description="Prove the goals of this intent.")] = None
    run_commands: Annotated[
        bool, Meta(description="Run the commands, too, that are among the goals of the intent.")
    ] = False
    timeout_s: TIMEOUT = 300
    path: PATH = None


class Proof(Struct, frozen=True):
    """What came of a goal. `commit_sha` is HEAD of the work tree then; `dirty`: it held other changes, too.

    `saved` is the saved goal that it was tried for when a commit was made.
    """

    id: str
    repo: str
    worktree: str
    branch: str | None
    commit_sha: str | None
    dirty: bool
    session: str | None
    actor: Actor
    intent: str | None
    saved: str | None
    goal: str
    kind: Kind
    result: Result
    reason: str
    evidence: Evidence
    seconds: float
    proved_at: Time


class Proved(Struct, frozen=True):
    """All that was proved, and the worst result: error, fail, unknown, pass.

    `sandbox` is the level under which commands run.
    """

    result: Result
    sandbox: Level
    proofs: list[Proof]


class Attempt(Struct, frozen=True):
    """A goal that is to be tried: as it was said, and what it means; or why it cannot be tried."""

    said: str
    statement: Statement
    refused: Judgement | None = None


class Tried(Struct, frozen=True):
    """A goal that was tried."""

    attempt: Attempt
    judgement: Judgement
    seconds: float


class State(Struct, frozen=True):
    """What a work tree was like when goals were tried."""

    place: Place
    dirty: bool


def _rows(_: Connection, found: list[tuple[Any, ...]]) -> list[Proof]:
    return [
        Proof(
            id_, slug, worktree, branch, sha, bool(dirty), session, Actor(actor, actor_kind), intent, saved,
            goal, kind, result, reason, msgspec.json.decode(evidence, type=Evidence), seconds, rfc3339(at),
        )
        for id_, slug, worktree, branch, sha, dirty, session, actor, actor_kind, intent, saved, goal, kind,
        result, reason, evidence, seconds, at in found
    ]  # fmt: skip


PROOFS: Listing[Proof] = Listing(
    noun="proofs",
    source="proofs p JOIN repositories r ON r.id = p.repo",
    columns="p.id, r.slug, p.worktree, p.branch, p.commit_sha, p.dirty, p.session, p.actor_id, p.actor_kind,"
    " p.intent, p.saved, p.goal, p.kind, p.result, p.reason, p.evidence, p.seconds, p.proved_at",
    rows=_rows,
    key="p.id",
    seq="p.seq",
    repo="p.repo",
    at="p.proved_at",
    prefix="prv",
    filters={
        "branch": Filter("Only what was proved on these branches.", "p.branch IN ({})"),
        "result": Filter("Only these results.", "p.result IN ({})", get_args(Result)),
        "goal": Filter("Only these goals, as they are written in the history.", "p.goal IN ({})"),
        "intent": Filter("Only goals of these intents.", "p.intent IN ({})"),
        "kind": Filter("Only goals of these kinds.", "p.kind IN ({})", get_args(Kind)),
    },
    groups={
        "branch": "p.branch",
        "result": "p.result",
        "goal": "p.goal",
        "kind": "p.kind",
        "intent": "p.intent",
        "worktree": "p.worktree",
        "actor": "p.actor_id",
        "repo": "r.slug",
        "day": "strftime('%Y-%m-%d', p.proved_at / 1000000, 'unixepoch')",
        "team": "NULL",
    },
    measures={"seconds": "p.seconds"},
    failed="(p.result IN ('fail', 'error'))",
)


@op(
    "POST /v1/prove",
    scope="write_prove",
    needs="required",
    manual=True,
    name="prove.prove",
    emits=("prove.passed", "prove.failed", "prove.undecided"),
)
def prove(db: Connection, caller: Caller, new: ToProve) -> Proved:
    """Prove goals about the work tree as it is now, uncommitted changes included.

    A goal is a statement about code: `exists ENTITY`, `calls A -> B` (itself), `reaches A -> B` (over calls),
    `never calls A -> B`, `never reaches A -> B`, `signature ENTITY (PARAMETER, ...) -> RESULT`,
    `implements TYPE : TYPE`, `covered ENTITY` (code of a test reaches it). Or it is a command that succeeds,
    `run: PROGRAM ARGUMENT...`: started without a shell, in the sandbox of this machine, and ended with all
    that it started when its time is over. Anything else is plain words, which only a model can answer.

    An entity is named `NAME`, `CLASS.NAME` or `FILE:NAME`; in calls a class, a file or a `folder/` stands for
    all that is in it. Each goal is `pass`, `fail`, `unknown` (what is known does not tell) or `error` (it
    could not be tried, or took too long), with the evidence. A call that is known by its name alone, and a
    file that was not read in full, leave a goal unknown. What is called through values that nothing is known
    of is not seen.

    Over TCP commands need the scope `admin`, and are refused without a token. With
    `Accept: text/event-stream` the answer is a stream of `progress` and `output` frames, and at last one
    `result` with what is otherwise the answer. Raises `invalid_goal`.
    """
    raise LookupError("answered by the daemon")


@op(
    "GET /v1/prove/history",
    command="prove history",
    scope="read_prove",
    listing=PROOFS,
    name="prove.history",
)
def history(db: Connection, caller: Caller, query: Any) -> Page[Proof]:
    """List what was proved, newest first.

    `fail_rate` is the share of results that are fail or error.
    """
    return PROOFS.page(db, caller, query)


class ProofId(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The proof's id (prv_...).")]


@op("GET /v1/prove/history/{id}", command="prove show ID", scope="read_prove", name="prove.show")
def show(db: Connection, caller: Caller, at: ProofId) -> Proof:
    """Show what came of a goal, with its evidence. Raises `proof_not_found`."""
    found = rows(db, f"SELECT {PROOFS.columns} FROM {PROOFS.source} WHERE p.id = ?", at.id)
    if not found:
        raise AuraError("proof_not_found", f"cannot find the proof {at.id}", "aura prove history")
    return _rows(db, found)[0]


def attempts(db: Connection, caller: Caller, new: ToProve) -> list[Attempt]:
    """Return what is to be tried. Raises `invalid_goal`, `intent_not_found`, and where nothing is asked."""
    said = [(new.goal, "$.goal")] if new.goal is not None else []
    said += [(text, f"$.goals[{n}]") for n, text in enumerate(new.goals)]
    found = [Attempt(text, goals.parse(text, at)) for text, at in said]
    if new.command:
        statement = goals.command(new.command)
        found.append(Attempt(statement.text, statement))
    if commands := [attempt.statement for attempt in found if attempt.statement.kind == "command"]:
        may_run(db, caller, commands)
    if new.intent is not None:
        found += [_of_intent(db, caller, new, text) for text in _goals_of(db, caller, new.intent)]
    if not found:
        raise AuraError(
            "invalid_request",
            "cannot prove anything: no goal is given",
            f"Give one of: {'; '.join(goals.FORMS)}.",
            {"path": "$.goal"},
        )
    return found


def intent_of(db: Connection, caller: Caller, new: ToProve) -> int | None:
    """Return the sequence of the intent whose goals are proved, if any. Raises `intent_not_found`."""
    return intents.find(db, caller, new.intent) if new.intent is not None else None


def _goals_of(db: Connection, caller: Caller, intent: str) -> list[str]:
    seq = intents.find(db, caller, intent)
    found = [row[0] for row in rows(db, "SELECT goal FROM goals WHERE intent = ? ORDER BY position", seq)]
    if not found:
        raise AuraError(
            "goal_not_found",
            f"cannot prove the intent {intent}: it has no goals",
            "aura intent log 'what and why' --goal 'covered NAME' gives it one.",
        )
    return found


def _of_intent(db: Connection, caller: Caller, new: ToProve, text: str) -> Attempt:
    """Take up a goal of an intent: what somebody wrote there must not run without being asked for."""
    try:
        statement = goals.parse(text)
    except AuraError as error:
        said = " ".join(text.split()) or "(empty)"
        return Attempt(text, Statement("words", (said,)), Judgement("error", error.message))
    if statement.kind == "command":
        if not new.run_commands:
            reason = "commands of an intent run only when asked for: run_commands, or --run"
            return Attempt(text, statement, Judgement("unknown", reason))
        may_run(db, caller, [statement])
    return Attempt(text, statement)


def may_run(db: Connection, caller: Caller, commands: Sequence[Statement]) -> None:
    """Refuse who may not run commands, and programs that are not allowed. Raises `permission_denied`."""
    if caller.token == "tcp":
        raise AuraError(
            "permission_denied",
            "cannot run a command for a caller without a token",
            "Use the socket, or start the daemon without --http-auth none.",
        )
    if "admin" not in caller.scopes:
        raise AuraError(
            "scope_missing", "cannot run a command: the token lacks the scope admin", "Use the socket."
        )
    allowed = settings.value(db, caller.here.repo, "prove.commands")
    names = {name.strip() for name in allowed.split(",")}
    for statement in commands:
        if allowed != "any" and statement.about[0] not in names:
            raise AuraError(
                "permission_denied",
                f"cannot run {statement.about[0]}: the setting prove.commands allows {allowed}",
                f"aura config set prove.commands {statement.about[0]}",
            )


def record(
    db: Connection,
    caller: Caller,
    state: State,
    tried: Sequence[Tried],
    *,
    intent: int | None = None,
    saved: Sequence[str] = (),
) -> list[Proof]:
    """Keep what came of goals, say so, and give the goals of an intent their results.

    `saved` are the ids of the saved goals that were tried, where they were.
    """
    place, now, actor = state.place, now_us(), caller.actor
    about = intents.by_seq(db, intent).id if intent is not None else None
    made = []
    for at, one in enumerate(tried):
        goal, found = one.attempt.statement, one.judgement
        proof = Proof(
            new_id("prv"), place.slug, place.path, place.branch, place.head, state.dirty, caller.session,
            Actor(actor.id, actor.kind), about, saved[at] if saved else None, goal.text, goal.kind,
            found.result, found.reason, found.evidence, round(one.seconds, 3), rfc3339(now),
        )  # fmt: skip
        db.execute(
            "INSERT INTO proofs (id, repo, worktree, branch, commit_sha, dirty, session, actor_id,"
            " actor_kind, intent, saved, goal, kind, result, reason, evidence, seconds, proved_at)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                proof.id, place.repo, proof.worktree, proof.branch, proof.commit_sha, proof.dirty,
                proof.session, actor.id, actor.kind, proof.intent, proof.saved, proof.goal, proof.kind,
                proof.result, proof.reason, msgspec.json.encode(proof.evidence).decode(), proof.seconds, now,
            ),
        )  # fmt: skip
        said: dict[str, Any] = {"proof": proof.id, "goal": proof.goal, "result": proof.result}
        said |= {"reason": proof.reason, "intent_id": about, "commit_sha": proof.commit_sha}
        events.append(db, caller, EVENTS[proof.result], said, place)
        if intent is not None:
            sql = "UPDATE goals SET result = ? WHERE intent = ? AND goal = ?"
            db.execute(sql, (proof.result, intent, one.attempt.said))
        made.append(proof)
    return made


def worst(proofs: Sequence[Proof]) -> Result:
    """Return the worst result."""
    results = {proof.result for proof in proofs}
    return next((result for result in WORST if result in results), "pass")
