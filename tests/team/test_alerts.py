"""Whatever sides do and people say, in whatever order: one alert for a cause, and events that are true."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aura.api import Actor, Caller
from aura.errors import AuraError
from aura.record.events import after
from aura.store import Connection, rows
from aura.syntax.impacts import Finding
from aura.team import alerts, impacts
from aura.team.impacts import LIVE, ImpactEdit

from .findings import PAY, SIDES, finding, placed

SYSTEM = Caller(actor=Actor("aura", "system", "aura"))
PAIRS = [("/shop", "/side"), ("/side", "/shop"), ("refs/heads/old", "/side")]
FINDINGS = st.builds(
    lambda pair, name, change, cause, severity: finding(
        yours=pair[0], other=pair[1], change=change, cause=cause, severity=severity,
        before=replace(PAY, qualified_name=name),
    ),
    st.sampled_from(PAIRS),
    st.sampled_from(["pay", "refund"]),
    st.sampled_from(["removed", "signature_changed", "both_changed"]),
    st.sampled_from(["cause-1", "cause-2"]),
    st.sampled_from(["error", "warning", "info"]),
)  # fmt: skip
LOOKS = st.tuples(
    st.just("look"),
    st.lists(st.sampled_from(PAIRS), unique=True),
    st.lists(FINDINGS, max_size=5),
    st.booleans(),
)
EDITS = st.tuples(
    st.just("edit"), st.integers(0, 9), st.sampled_from(["open", "snoozed", "resolved", "dismissed"])
)
STEPS = st.lists(st.one_of(LOOKS, LOOKS, EDITS, st.tuples(st.just("wake"))), max_size=14)
Rows = list[tuple[Any, ...]]


def state(db: Connection) -> Rows:
    return rows(db, "SELECT * FROM impacts ORDER BY seq")


def told(db: Connection) -> dict[str, str]:
    """What each impact has become, as who only reads the events knows it."""
    return {
        event.data["impact"]: event.type.removeprefix("impact.").replace("opened", "open")
        for _, event in after(db, 0, 10_000)
        if event.type.startswith("impact.")
    }


def look(db: Connection, judged: list[tuple[str, str]], found: list[Finding], all_there: bool) -> None:
    sides = SIDES if all_there else {key: SIDES[key] for key in ("/shop", "/side")}

    def settle() -> None:
        alerts.settle(db, SYSTEM, 1, sides, judged, found)

    settle()
    once = state(db), after(db, 0, 10_000)
    settle()
    assert (state(db), after(db, 0, 10_000)) == once, "the same look again changed something"
    seen = {
        alerts.identity(f) for f in found if (f.yours, f.other) in judged and {f.yours, f.other} <= {*sides}
    }
    live: dict[str, tuple[str, str]] = {}
    for key, yours, other in rows(db, "SELECT identity, yours, other FROM impacts WHERE standing = 1"):
        live[key] = yours, other
    assert seen <= live.keys(), "something that is there is not in the record"
    for key, pair in live.items():
        assert set(pair) <= set(sides)
        assert key in seen or pair not in judged, "something that is gone counts as there"


def edit(db: Connection, ada: Caller, number: int, status: Any) -> None:
    met = rows(db, "SELECT id FROM impacts ORDER BY seq")
    if not met:
        return
    before = state(db)
    try:
        impacts.change(db, ada, ImpactEdit(met[number % len(met)][0], status))
    except AuraError:
        assert state(db) == before


def wake(db: Connection) -> None:
    db.execute("UPDATE impacts SET snoozed_until = 1 WHERE status = 'snoozed'")
    alerts.wake(db, SYSTEM)
    assert not impacts.is_due(db)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_order_of_looks_and_edits_keeps_one_alert_for_a_cause_and_loses_none(
    db: Connection, ada: Caller, steps: list[tuple[Any, ...]]
) -> None:
    db.execute("BEGIN")
    try:
        by = placed(db, ada)
        does: dict[str, Callable[..., None]] = {
            "look": lambda *given: look(db, *given),
            "edit": lambda *given: edit(db, by, *given),
            "wake": lambda: wake(db),
        }
        known: set[str] = set()
        for name, *given in steps:
            does[name](*given)
            held = dict(rows(db, "SELECT id, status FROM impacts"))
            assert held.keys() >= known
            known = set(held)
            assert told(db) == held
            live = [row[0] for row in rows(db, f"SELECT identity FROM impacts WHERE status IN {LIVE}")]
            assert len(live) == len(set(live))
    finally:
        db.execute("ROLLBACK")
