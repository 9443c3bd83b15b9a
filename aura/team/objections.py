"""What speaks against a commit: the zones of others that it enters."""

from collections.abc import Iterable

from aura.api import Caller
from aura.store import Connection
from aura.team.zones import Touched, claimed, entered


def objections(db: Connection, caller: Caller, touched: Iterable[Touched]) -> str:
    """Tell whether a change enters the zones of others, as the pre-commit hook is answered."""
    met = entered(db, caller, touched)
    if not met:
        return "ok"
    refused = any(zone.mode == "block" for zone, _ in met)
    said = [f"{'refused' if refused else 'warning'}: what is staged enters the zones of others"]
    said += [f"  {path}: {claimed(zone)}" for zone, path in met]
    owners = dict.fromkeys(zone.session or zone.owner.id for zone, _ in met)
    said += [f"hint: aura message send --to {owner} '...'" for owner in owners]
    if refused:
        said.append("hint: git commit --no-verify passes by")
    return "\n".join(said)
