"""The claims of intents as they are kept, each with its latest verdict."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from aura.api import Caller, Place
from aura.record import events
from aura.record.claims import Judged
from aura.store import Connection, one

_decode = msgspec.json.Decoder(Judged).decode


def add(db: Connection, made: Iterable[tuple[int, Sequence[Judged]]]) -> None:
    """Keep the claims of new intents, each given by its sequence."""
    db.executemany(
        "INSERT INTO claims (intent, position, verdict, judged) VALUES (?,?,?,?)",
        [
            (seq, position, claim.verdict, msgspec.json.encode(claim).decode())
            for seq, claims in made
            for position, claim in enumerate(claims)
        ],
    )


def of(db: Connection, seqs: Sequence[int]) -> dict[int, list[Judged]]:
    """Return the claims of intents by their sequence; only of those that claim something."""
    found: dict[int, list[Judged]] = {}
    marks = ",".join("?" * len(seqs))
    sql = f"SELECT intent, judged FROM claims WHERE intent IN ({marks}) ORDER BY intent, position"
    for seq, text in db.execute(sql, seqs):
        found.setdefault(seq, []).append(_decode(text))
    return found


def settle(
    db: Connection,
    caller: Caller,
    place: Place | None,
    verdicts: Mapping[int, Sequence[Judged]],
    against: str,
) -> None:
    """Keep the verdicts of intents and say so; intents that are gone are passed over.

    `against` is what they were judged by: worktree, staged, or a commit's hash.
    """
    for seq, judged in verdicts.items():
        row = one(db, "SELECT id FROM intents WHERE seq = ?", seq)
        if row is None or not judged:
            continue
        db.executemany(
            "UPDATE claims SET verdict = ?, judged = ?, against = ? WHERE intent = ? AND position = ?",
            [
                (claim.verdict, msgspec.json.encode(claim).decode(), against, seq, position)
                for position, claim in enumerate(judged)
            ],
        )
        told = {claim.claim: claim.verdict for claim in judged}
        data = {"intent_id": row[0], "against": against, "verdicts": told}
        events.append(db, caller, "intent.checked", data, place)
