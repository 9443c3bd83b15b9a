"""Intents: why something changed, said by hand (`log`) or by a commit (`commit`)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct, field

from aura.api import Actor, Caller, Time, now_us, rfc3339
from aura.errors import AuraError
from aura.ids import is_id, new_id
from aura.listing import Filter, HashFilter, Listing, Page
from aura.op import op
from aura.record import events, judgements, settings
from aura.record.claims import Judged, Verdict, parsed
from aura.record.tickets import NewTicket, Ticket, found_in, in_system, merged
from aura.repo.commits import resolve
from aura.store import Connection, one, rows

Source = Literal["log", "commit"]
Analysis = Literal["pending", "done", "failed"]
Binding = Literal["bound", "open", "waiting", "unbound"]


class Author(Struct, frozen=True):
    id: str
    name: str
    kind: str = "human"


class Goal(Struct, frozen=True):
    """A goal to be proved, and what came of it."""

    goal: str
    result: str = "unknown"


class Intent(Struct, frozen=True):
    """What changed and why, with the counts of the entities that changed.

    `binding` is `bound` where a commit holds something of it, `open` where none does yet, `waiting` where
    nothing is changed so far and it takes what the next commit of its work tree changes, and `unbound` where
    nothing came of that. `ended`, told when it is logged, is the one that waited for the same until then.
    """

    id: str
    repo: str
    worktree: str | None
    session: str | None
    branch: str | None
    author: Author
    source: Source
    summary: str
    created_at: Time
    recorded_at: Time
    commit_sha: str | None
    analysis: Analysis
    degraded: bool
    nodes_changed: int
    nodes_added: int
    nodes_deleted: int
    tickets: list[Ticket]
    prove_goals: list[Goal]
    claims: list[Judged] = field(default_factory=list)
    rewritten_to: str | None = None
    binding: Binding = "open"
    ended: str | None = None


class NewIntent(Struct, frozen=True, forbid_unknown_fields=True):
    summary: Annotated[
        str,
        Meta(
            description="What changed and why, in one line.", min_length=1, max_length=20_000, pattern=r"\S"
        ),
    ]
    tickets: Annotated[
        list[NewTicket],
        Meta(
            description="Tickets it belongs to, of the repository's own system where none is named.",
            extra={"option": "ticket", "metavar": "[SYSTEM:]ID"},
        ),
    ] = field(default_factory=list)
    commit: Annotated[
        str | None, Meta(description="The commit it explains, instead of the uncommitted changes.")
    ] = None
    files: Annotated[
        list[str],
        Meta(description="Only the changes in these files.", extra={"option": "file", "metavar": "PATH"}),
    ] = field(default_factory=list)
    prove_goals: Annotated[
        list[str], Meta(description="Goals to be proved.", extra={"option": "goal", "metavar": "TEXT"})
    ] = field(default_factory=list)
    claims: Annotated[
        list[str],
        Meta(
            description="What can be checked of it, such as rename_only or 'keeps_call A -> B'.",
            max_length=50,
            extra={"option": "claim", "metavar": "CLAIM"},
        ),
    ] = field(default_factory=list)
    dry_run: Annotated[bool, Meta(description="Analyze and show, but record nothing.")] = False
    wait_ms: Annotated[int, Meta(description="How long to wait for the analysis.", ge=0, le=60_000)] = 2_000


class NewItem(NewIntent, frozen=True, forbid_unknown_fields=True):
    idempotency_key: Annotated[str | None, Meta(description="A key of its own for this item.")] = None


class NewIntents(Struct, frozen=True, forbid_unknown_fields=True):
    intents: Annotated[list[NewItem], Meta(description="The intents to log.", max_length=500)]


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What became of one item: `ok` holds the intent, or `err` says why there is none."""

    ok: Intent | None = None
    err: dict[str, Any] | None = None


class IntentId(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[
        str, Meta(description="The intent's id, or its commit: a hash, or a name such as HEAD.", min_length=4)
    ]


def _rows(db: Connection, found: list[tuple[Any, ...]]) -> list[Intent]:
    seqs = [row[0] for row in found]
    marks = ",".join("?" * len(seqs))
    tickets: dict[int, list[Ticket]] = {seq: [] for seq in seqs}
    goals: dict[int, list[Goal]] = {seq: [] for seq in seqs}
    for seq, system, id_ in db.execute(
        f"SELECT intent, system, id FROM tickets WHERE intent IN ({marks})", seqs
    ):
        tickets[seq].append(Ticket(system, id_))
    said = f"SELECT intent, goal, result FROM goals WHERE intent IN ({marks}) ORDER BY position"
    for seq, goal, result in db.execute(said, seqs):
        goals[seq].append(Goal(goal, result))
    claims = judgements.of(db, seqs)
    return [_intent(row, tickets[row[0]], goals[row[0]], claims.get(row[0], [])) for row in found]


def _intent(row: tuple[Any, ...], tickets: list[Ticket], goals: list[Goal], claims: list[Judged]) -> Intent:
    (_, id_, slug, worktree, session, branch, handle, name, kind, source, summary, created, recorded, sha,
     analysis, degraded, changed, added, deleted, rewritten, binding) = row  # fmt: skip
    return Intent(
        id_, slug, worktree, session, branch, Author(handle, name, kind), source, summary, rfc3339(created),
        rfc3339(recorded), sha, analysis, bool(degraded), changed, added, deleted, tickets, goals, claims,
        rewritten, binding,
    )  # fmt: skip


AUTHOR = (
    "i.author IN (SELECT id FROM authors WHERE handle IN ({}) OR name IN ({})"
    " OR substr(handle, 1, instr(handle, '@') - 1) IN ({}))"
)
INTENTS: Listing[Intent] = Listing(
    noun="intents",
    source="intents i JOIN repositories r ON r.id = i.repo JOIN authors a ON a.id = i.author",
    columns=(
        "i.seq, i.id, r.slug, i.worktree, i.session, i.branch, a.handle, a.name, a.kind, i.source, i.summary,"
        " i.created_at, i.recorded_at, i.commit_sha, i.analysis, i.degraded, i.nodes_changed, i.nodes_added,"
        " i.nodes_deleted, i.rewritten_to, CASE WHEN i.commit_sha IS NOT NULL THEN 'bound'"
        " WHEN i.waits THEN 'waiting' WHEN i.analysis = 'pending' THEN 'open'"
        " WHEN EXISTS (SELECT 1 FROM nodes WHERE intent = i.seq) THEN 'open' ELSE 'unbound' END"
    ),
    rows=_rows,
    key="i.id",
    seq="i.seq",
    repo="i.repo",
    at="i.created_at",
    prefix="itn",
    always="i.rewritten_to IS NULL",
    filters={
        "branch": Filter("Only intents of these branches.", "i.branch IN ({})"),
        "author": Filter("Only intents of these authors (id, name, or the part before the @).", AUTHOR),
        "ticket": Filter(
            "Only intents with one of these tickets.",
            "i.seq IN (SELECT intent FROM tickets WHERE id IN ({}))",
        ),
        "source": Filter(
            "log: said by hand; commit: taken from a commit.", "i.source IN ({})", ("log", "commit")
        ),
        "analysis": Filter(
            "Only intents whose analysis is so.", "i.analysis IN ({})", ("pending", "done", "failed")
        ),
        "claims": Filter(
            "Only intents with a claim that is so.",
            "i.seq IN (SELECT intent FROM claims WHERE verdict IN ({}))",
            get_args(Verdict),
        ),
        "session": Filter("Only intents of these sessions.", "i.session IN ({})", first=True),
        "worktree": Filter(
            "Only intents logged in these work trees (paths).", "i.worktree IN ({})", first=True
        ),
        "commit": HashFilter("Only intents bound to these commits (hashes, long or short).", "i.commit_sha"),
    },
    groups={
        "author": "a.handle",
        "branch": "i.branch",
        "source": "i.source",
        "session": "i.session",
        "worktree": "i.worktree",
        "repo": "r.slug",
        "analysis": "i.analysis",
        "day": "strftime('%Y-%m-%d', i.created_at / 1000000, 'unixepoch')",
        "team": "NULL",
    },
    measures={
        "nodes_changed": "i.nodes_changed",
        "nodes_added": "i.nodes_added",
        "nodes_deleted": "i.nodes_deleted",
    },
    failed="(i.analysis = 'failed')",
)


@op("GET /v1/intents", command="intent list", scope="read_intents", listing=INTENTS)
def list_(db: Connection, caller: Caller, query: Any) -> Page[Intent]:
    """List intents, newest first."""
    return INTENTS.page(db, caller, query)


@op(
    "POST /v1/intents",
    command="intent log SUMMARY",
    scope="write_intents",
    needs="required",
    status=201,
    also=(200,),
    manual=True,
    emits=("intent.logged", "intent.analyzed", "intent.checked"),
    tool="aura_log_intent",
)
def log(db: Connection, caller: Caller, new: NewIntent) -> Intent:
    """Log an intent.

    Without `commit` it takes the uncommitted changes of the work tree, and is bound to the next commit that
    contains them. Where nothing is changed yet it takes what is uncommitted when the same session logs its
    next intent there, or else what the next commit that is made there changes. A dry run is answered with
    200. Raises `intent_missing_ticket` in strict mode, and `invalid_claim`.

    A claim is `rename_only`, `move_only`, `formatting_only` or `docs_only` (every edit is that, or follows
    from it), `no_behaviour_change` (no code changes but names, places and imports), `no_signature_change`,
    `compatible` (nothing breaks callers), `tests_touched`, `only_touches GLOB...`, `adds ENTITY`,
    `deletes ENTITY`, `keeps ENTITY`, or `keeps_call A -> B`. An entity is named `NAME`, `CLASS.NAME` or
    `FILE:NAME`. Each claim gets a verdict (supported, contradicted or unproven) when the change is analyzed,
    and again when a commit holds it.
    """
    return add(db, [(caller, new)])[0][1]


def add(db: Connection, given: Sequence[tuple[Caller, NewIntent]]) -> list[tuple[int, Intent]]:
    """Add logged intents, still to be analysed; return each with its sequence."""
    now = now_us()
    systems = {repo: _ticket_system(db, repo) for repo in {caller.here.repo for caller, _ in given}}
    authors = {actor: author_of(db, actor) for actor in {caller.actor for caller, _ in given}}
    made = [
        (caller, new, _made(caller, new, *systems[caller.here.repo], rfc3339(now))) for caller, new in given
    ]
    db.executemany(
        "INSERT INTO intents (id, repo, worktree, session, branch, author, source, summary, created_at,"
        " recorded_at, base_sha, commit_sha, analysis, files)"
        " VALUES (?,?,?,?,?,?,'log',?,?,?,?,?,'pending',?)",
        [
            (
                intent.id, caller.here.repo, intent.worktree, intent.session, intent.branch,
                authors[caller.actor], new.summary, now, now, caller.here.head, new.commit,
                msgspec.json.encode(new.files).decode() if new.files else None,
            )
            for caller, new, intent in made
        ],
    )  # fmt: skip
    # AUTOINCREMENT leaves no gap between rows of one transaction.
    last = db.last_insert_rowid()
    added = [(last - len(made) + place, intent) for place, (_, _, intent) in enumerate(made, 1)]
    add_tickets(db, [(seq, intent.id, intent.tickets) for seq, intent in added])
    db.executemany(
        "INSERT INTO goals (intent, position, goal) VALUES (?,?,?)",
        [(seq, at, goal.goal) for seq, intent in added for at, goal in enumerate(intent.prove_goals)],
    )
    judgements.add(db, [(seq, intent.claims) for seq, intent in added])
    events.append_many(
        db, "intent.logged", [(caller, caller.place, _said(intent)) for caller, _, intent in made]
    )
    return added


def _ticket_system(db: Connection, repo: int) -> tuple[str, bool]:
    """Return the system of tickets found in summaries, and whether an intent must have one."""
    return settings.value(db, repo, "tickets.system"), settings.value(db, repo, "strict_mode") == "on"


def _made(caller: Caller, new: NewIntent, system: str, strict: bool, at: Time) -> Intent:
    tickets = merged(in_system(new.tickets, system), found_in(new.summary, system))
    claims = parsed(new.claims)
    if strict and not tickets:
        raise AuraError(
            "intent_missing_ticket",
            "cannot log the intent: it must reference a ticket (pattern: [A-Z]{2,6}-\\d+)",
            "Add [ENG-123] to the summary.",
        )
    here, actor = caller.here, caller.actor
    if here.is_bare and new.commit is None:
        raise AuraError(
            "not_a_repository",
            f"cannot log an intent about uncommitted changes in {here.path}: it is bare",
            "Name a commit: --commit HEAD; or log it in a work tree.",
        )
    return Intent(
        new_id("itn"), here.slug, here.path, caller.session, here.branch,
        Author(actor.id, actor.name, actor.kind), "log", new.summary, at, at, new.commit, "pending", False,
        0, 0, 0, tickets,
        [Goal(goal) for goal in new.prove_goals],
        [Judged(claim.text) for claim in claims],
        binding="bound" if new.commit else "open",
    )  # fmt: skip


def _said(intent: Intent) -> dict[str, Any]:
    return {"intent_id": intent.id, "summary": intent.summary, "source": intent.source}


@op(
    "POST /v1/intents:batch",
    scope="write_intents",
    needs="required",
    manual=True,
    items="intents",
    emits=("intent.logged",),
)
def batch(db: Connection, caller: Caller, new: NewIntents) -> list[Outcome]:
    """Log many intents at once; an item that fails does not stop the rest.

    Each item may carry an `idempotency_key`. The answer is an array of the same length and order.
    """
    return [outcome(db, caller, item) for item in new.intents]


def outcome(db: Connection, caller: Caller, item: NewItem) -> Outcome:
    """Log one item of a batch, undone by itself where it fails."""
    try:
        if item.dry_run:
            raise AuraError(
                "invalid_request",
                "cannot try an intent out within a batch",
                "Send it alone, or leave dry_run out.",
                {"path": "$.dry_run"},
            )
        with db:
            intent = log(db, caller, item)
    except AuraError as error:
        return Outcome(err=error.body(caller.request_id)["error"])
    return Outcome(ok=intent)


def find(db: Connection, caller: Caller, text: str) -> int:
    """Return the sequence of the intent with this id, or of the commit with this hash or name."""
    row = one(db, "SELECT seq FROM intents WHERE id = ?", text)
    if row is None and all(c in "0123456789abcdef" for c in text):
        repo = caller.place.repo if caller.place else None
        sql = "SELECT intent FROM commits WHERE (? IS NULL OR repo = ?) AND sha >= ? AND sha < ? LIMIT 2"
        met = rows(db, sql, repo, repo, text, text + "g")
        row = met[0] if len(met) == 1 else None
    if row is None and caller.place is not None and not is_id(text, "itn"):
        row = one(db, _BY_COMMIT, caller.place.repo, _resolved(caller.place.git_dir, text))
    if row is None:
        raise AuraError(
            "intent_not_found", f"cannot find the intent {text}", "aura intent list shows the newest ones."
        )
    return int(row[0])


_BY_COMMIT = "SELECT intent FROM commits WHERE repo = ? AND sha = ?"


def _resolved(git_dir: str, text: str) -> str | None:
    """Return the commit that a name such as HEAD or a branch means to git, or None."""
    try:
        return resolve(git_dir, text)
    except AuraError:
        return None


def by_seq(db: Connection, seq: int) -> Intent:
    """Return the intent of this sequence."""
    sql = f"SELECT {INTENTS.columns} FROM {INTENTS.source} WHERE i.seq = ?"
    return _rows(db, rows(db, sql, seq))[0]


def add_tickets(db: Connection, of: Sequence[tuple[int, str, list[Ticket]]]) -> None:
    """Attach tickets to intents, each given by its sequence and id."""
    db.executemany(
        "INSERT OR IGNORE INTO tickets (intent, system, id, intent_id) VALUES (?,?,?,?)",
        [(seq, ticket.system, ticket.id, id_) for seq, id_, tickets in of for ticket in tickets],
    )


def author_of(db: Connection, actor: Actor) -> int:
    """Return the row of an author, made where it is new."""
    key = (actor.id, actor.name, actor.kind)
    row = one(db, "SELECT id FROM authors WHERE handle = ? AND name = ? AND kind = ?", *key)
    if row is None:
        row = one(db, "INSERT INTO authors (handle, name, kind) VALUES (?,?,?) RETURNING id", *key)
    return int(row[0])
