import msgspec
import pytest
from msgspec.structs import replace

from aura.api import Actor, Caller, now_us
from aura.errors import AuraError
from aura.record.events import after
from aura.store import Connection, rows
from aura.syntax.impacts import Finding
from aura.team import alerts, impacts, sessions
from aura.team.impacts import IMPACTS, Impact, ImpactEdit, ImpactItem, ImpactItems, Status
from aura.team.sessions import NewSession

from .findings import PAY, SIDES, finding, placed, site

PAIR = ("/shop", "/side")
SYSTEM = Caller(actor=Actor("aura", "system", "aura"))


@pytest.fixture
def ada(db: Connection, ada: Caller) -> Caller:
    return placed(db, ada)


def settle(db: Connection, *findings: Finding, pair: tuple[str, str] = PAIR) -> list[Impact]:
    return alerts.settle(db, SYSTEM, 1, SIDES, [pair], findings)


def listed(db: Connection, caller: Caller, **query: str) -> list[Impact]:
    return list(impacts.list_(db, caller, IMPACTS.query_type()(**query)).data)


def change(db: Connection, caller: Caller, id_: str, status: Status, **more: str) -> Impact:
    return impacts.change(db, caller, ImpactEdit(id_, status, **more))


def types(db: Connection) -> list[str]:
    return [event.type.removeprefix("impact.") for _, event in after(db, 0) if event.type.startswith("imp")]


def said(db: Connection) -> list[str]:
    return [body for (body,) in rows(db, "SELECT body FROM messages ORDER BY seq")]


def test_a_finding_becomes_an_alert_with_both_sides(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding())
    assert listed(db, ada) == [opened]
    assert (opened.your_branch, opened.other_branch) == ("main", "feat")
    assert (opened.your_worktree, opened.other_worktree) == ("/shop", "/side")
    assert (opened.function, opened.change, opened.severity) == ("pay", "signature_changed", "error")
    assert (opened.before, opened.after, opened.mine) == (
        PAY,
        replace(PAY, parameters=("order", "ctx")),
        None,
    )
    assert (opened.callers, opened.callers_total, opened.tests_only) == ([site()], 1, False)
    (event,) = [event for _, event in after(db, 0) if event.type == "impact.opened"]
    assert (event.repo, event.worktree, event.data["impact"]) == ("shop", "/shop", opened.id)


def test_the_same_look_again_changes_nothing(db: Connection, ada: Caller) -> None:
    settle(db, finding())
    before = listed(db, ada)
    assert settle(db, finding()) == []
    assert (listed(db, ada), types(db), len(said(db))) == (before, ["opened"], 1)


def test_callers_that_moved_are_brought_up_to_date_in_silence(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding())
    settle(db, finding(sites=(site(9), site(12, test=True))))
    (now,) = listed(db, ada)
    assert (now.id, [s.line for s in now.callers]) == (opened.id, [9, 12])
    assert now.updated_at > opened.updated_at
    assert types(db) == ["opened"]


def test_a_severity_that_rises_is_told_again(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding(severity="warning"))
    change(db, ada, opened.id, "snoozed", until="3d")
    settle(db, finding(severity="info"))
    assert impacts.get(db, opened.id).status == "snoozed"
    (raised,) = settle(db, finding(severity="error"))
    assert (raised.id, raised.status, raised.snoozed_until) == (opened.id, "open", None)
    assert types(db) == ["opened", "snoozed", "opened"]
    assert [line.partition(":")[0] for line in said(db)] == ["warning", "error"]


def test_an_alert_closes_itself_when_its_cause_goes(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding())
    settle(db)
    gone = impacts.get(db, opened.id)
    assert (gone.status, gone.note) == ("resolved", "The cause is gone.")
    assert (gone.closed_by, listed(db, ada)) == (SYSTEM.actor, [])
    assert types(db) == ["opened", "resolved"]


def test_nothing_is_said_of_sides_that_were_not_looked_at(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding())
    settle(db, pair=("/side", "/shop"))
    assert listed(db, ada) == [opened]
    assert settle(db, finding(other="refs/heads/old"), pair=("/side", "/shop")) == []


def test_an_alert_of_a_side_that_is_gone_is_resolved(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding())
    alerts.settle(db, SYSTEM, 1, {"/shop": SIDES["/shop"]}, [], [])
    assert impacts.get(db, opened.id).note == "One of the two sides is no longer looked at."


def test_a_cause_that_comes_back_is_the_same_alert(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding())
    settle(db)
    (again,) = settle(db, finding())
    assert (again.id, again.status, again.note, again.closed_by) == (opened.id, "open", None, None)
    assert len(said(db)) == 1


def test_a_snoozed_alert_whose_cause_flickers_sleeps_on(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding())
    until = change(db, ada, opened.id, "snoozed", until="2h").snoozed_until
    settle(db)
    assert impacts.get(db, opened.id).snoozed_until is None
    assert settle(db, finding()) == []
    again = impacts.get(db, opened.id)
    assert (again.status, again.snoozed_until) == ("snoozed", until)
    assert types(db) == ["opened", "snoozed", "resolved", "snoozed"]


def test_what_is_dismissed_stays_so_while_the_cause_is_the_same(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding(severity="warning"))
    change(db, ada, opened.id, "dismissed", note="we drop it anyway")
    for found in ([finding(severity="error")], [], [finding()]):
        assert settle(db, *found) == []
    assert impacts.get(db, opened.id).note == "we drop it anyway"
    (new,) = settle(db, finding(cause="cause-2"))
    assert new.id != opened.id
    assert settle(db, finding()) == []
    assert impacts.get(db, new.id).status == "resolved"


def test_what_somebody_resolved_stays_so_until_it_gets_worse_or_comes_back(
    db: Connection, ada: Caller
) -> None:
    (first,) = settle(db, finding(severity="warning"))
    change(db, ada, first.id, "resolved", note="callers updated")
    assert settle(db, finding(severity="warning")) == []
    (worse,) = settle(db, finding(severity="error"))
    change(db, ada, worse.id, "resolved")
    assert settle(db, finding()) == settle(db) == []
    (back,) = settle(db, finding())
    assert len({first.id, worse.id, back.id}) == 3
    assert impacts.get(db, first.id).note == "callers updated"


def test_of_two_findings_of_one_cause_the_worse_counts(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding(severity="info", change="renamed"), finding(severity="error"))
    assert (opened.severity, opened.change) == ("error", "signature_changed")
    assert len(settle(db, finding(), finding(change="both_changed", severity="warning"))) == 1
    assert len(listed(db, ada)) == 2


def test_a_snoozed_impact_comes_back_when_its_time_is_over(db: Connection, ada: Caller) -> None:
    (opened,) = settle(db, finding())
    change(db, ada, opened.id, "snoozed", until="2h")
    assert listed(db, ada) == []
    assert not impacts.is_due(db)
    db.execute("UPDATE impacts SET snoozed_until = ?", (now_us(),))
    assert impacts.is_due(db)
    assert alerts.wake(db, SYSTEM) == 1
    assert [impact.id for impact in listed(db, ada)] == [opened.id]
    assert types(db) == ["opened", "snoozed", "opened"]
    assert len(said(db)) == 2


@pytest.mark.parametrize(
    ("first", "second", "ends"),
    [
        ("open", "open", None),
        ("snoozed", "open", "open"),
        ("snoozed", "snoozed", "snoozed"),
        ("snoozed", "resolved", "resolved"),
        ("resolved", "open", "open"),
        ("resolved", "resolved", None),
        ("resolved", "dismissed", None),
        ("resolved", "snoozed", None),
        ("dismissed", "open", "open"),
        ("dismissed", "resolved", None),
    ],
)
def test_an_impact_goes_only_where_that_makes_sense(
    db: Connection, ada: Caller, first: Status, second: Status, ends: Status | None
) -> None:
    (opened,) = settle(db, finding())
    if first != "open":
        change(db, ada, opened.id, first)
    if ends is None:
        with pytest.raises(AuraError) as refused:
            change(db, ada, opened.id, second)
        assert refused.value.code == "invalid_transition"
    else:
        now = change(db, ada, opened.id, second)
        assert now.status == ends
        assert (now.closed_at is None) == (now.closed_by is None) == (ends != "resolved")


def test_one_alert_is_open_for_a_cause_whoever_opens_it(db: Connection, ada: Caller) -> None:
    (first,) = settle(db, finding())
    change(db, ada, first.id, "dismissed")
    (second,) = settle(db, finding(cause="cause-2"))
    with pytest.raises(AuraError, match=f"{second.id} is open in its place"):
        change(db, ada, first.id, "open")


@pytest.mark.parametrize("until", ["soon", "2020-01-01T00:00:00Z", "0m", "9999w", "9999-12-31T00:00:00Z"])
def test_an_impact_sleeps_until_a_time_to_come_within_a_year(db: Connection, ada: Caller, until: str) -> None:
    (opened,) = settle(db, finding())
    with pytest.raises(AuraError, match="cannot") as refused:
        change(db, ada, opened.id, "snoozed", until=until)
    assert refused.value.details == {"path": "$.until"}
    with pytest.raises(AuraError, match="nothing that is resolved comes back"):
        change(db, ada, opened.id, "resolved", until="2h")


def test_items_of_a_batch_stand_for_themselves(db: Connection, ada: Caller) -> None:
    one, other = settle(db, finding(), finding(change="both_changed", severity="warning"))
    items = [
        ImpactItem(one.id, "resolved", idempotency_key="k"),
        ImpactItem("imp_none", "resolved"),
        ImpactItem(one.id, "resolved", idempotency_key="k"),
        ImpactItem(one.id, "dismissed", idempotency_key="k"),
        ImpactItem(one.id, "resolved"),
        ImpactItem(other.id, "snoozed", until="3d"),
    ]
    outcomes = impacts.batch(db, ada, ImpactItems(items))
    codes = [outcome.err["code"] if outcome.err else "ok" for outcome in outcomes]
    assert codes == [
        "ok", "impact_not_found", "ok", "idempotency_mismatch", "invalid_transition", "ok",
    ]  # fmt: skip
    assert outcomes[0] == outcomes[2]
    assert types(db) == ["opened", "opened", "resolved", "snoozed"]


def test_who_is_at_work_there_is_told_else_everybody(db: Connection, ada: Caller) -> None:
    settle(db, finding())
    started = [sessions.start(db, ada, NewSession(agent)).id for agent in ("codex", "cursor")]
    settle(db, finding(change="both_changed", severity="warning"), finding())
    sent = rows(db, "SELECT channel, to_kind, to_id, from_id FROM messages ORDER BY seq")
    assert sent[0] == ("sentinel", "broadcast", None, "aura")
    assert {row[2] for row in sent[1:]} == set(started)
    assert said(db)[0].startswith(
        "error: pay in shop.py, with another signature on feat (1 use here): parameter ctx added\n"
    )


def test_many_impacts_are_one_message(db: Connection, ada: Caller) -> None:
    many = [finding(before=replace(PAY, qualified_name=f"f{n}", name=f"f{n}")) for n in range(9)]
    settle(db, *many)
    (body,) = said(db)
    assert body.startswith("9 changes elsewhere matter on main:\nerror: f0 in shop.py")
    assert body.endswith("and 4 more\naura impact list")


def test_what_is_compatible_or_matters_to_nobody_at_work_is_not_posted(db: Connection, ada: Caller) -> None:
    settle(db, finding(severity="info"))
    pair = ("refs/heads/old", "/side")
    assert settle(db, finding(yours="refs/heads/old"), pair=pair)[0].your_worktree is None
    assert said(db) == []


def test_open_impacts_are_counted_for_each_work_tree(db: Connection, ada: Caller) -> None:
    trees = ["/shop", "/side", "/third"]
    assert impacts.open_counts(db, trees) == impacts.open_counts(db, []) == {}
    (one, _) = settle(db, finding(), finding(change="both_changed"))
    settle(db, finding(yours="/side", other="/shop"), pair=("/side", "/shop"))
    change(db, ada, one.id, "snoozed")
    assert impacts.open_counts(db, trees) == {"/shop": 1, "/side": 1}


def test_a_list_is_cut_to_what_is_asked_for(db: Connection, ada: Caller) -> None:
    settle(db, finding(), finding(change="both_changed", severity="warning"))
    settle(db, finding(yours="refs/heads/old"), pair=("refs/heads/old", "/side"))
    cases = [
        ({"severity": "error"}, 2), ({"severity": "warning,error"}, 3), ({"change": "both_changed"}, 1),
        ({"branch": "old"}, 1), ({"other_branch": "feat"}, 3), ({"worktree": "/shop"}, 2),
        ({"status": "resolved"}, 0), ({"since": "1h"}, 3), ({"until": "1h"}, 0), ({"entity": "ent_0"}, 0),
    ]  # fmt: skip
    for query, count in cases:
        assert len(listed(db, ada, **query)) == count, query
    groups = impacts.list_(db, ada, IMPACTS.query_type()(group_by="team", aggregate="sum")).data
    assert msgspec.to_builtins(groups) == [{"key": {"team": None}, "count": 3, "sum": 3}]


@pytest.mark.parametrize("name", IMPACTS.filters)
def test_each_filter_is_answered_from_an_index(db: Connection, ada: Caller, name: str) -> None:
    condition, values = IMPACTS.filters[name].condition(["x"])
    sql = f"EXPLAIN QUERY PLAN SELECT i.id FROM {IMPACTS.source} WHERE {condition} ORDER BY i.id DESC LIMIT 9"
    plan = " ".join(row[3] for row in db.execute(sql, values))
    assert "SEARCH i USING" in plan, plan
    assert "TEMP B-TREE" not in plan, plan


def test_open_impacts_are_found_without_looking_through_those_that_are_over(
    db: Connection, ada: Caller
) -> None:
    source = f"SELECT i.id FROM {IMPACTS.source} WHERE i.status = 'open' AND i.repo = 1"
    plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {source} ORDER BY i.id DESC LIMIT 9"))
    assert "INDEX impacts_by_repo_and_status (repo=? AND status=?)" in plan, plan
    assert "TEMP B-TREE" not in plan, plan


def test_an_alert_names_only_so_many_places_the_worst_first(db: Connection, ada: Caller) -> None:
    fits = tuple(site(n, fit="fits") for n in range(alerts.SITES))
    (opened,) = settle(db, finding(sites=(*fits, site(999))))
    assert (len(opened.callers), opened.callers_total) == (alerts.SITES, alerts.SITES + 1)
    assert opened.callers[0].line == 999
