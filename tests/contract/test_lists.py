"""Lists: pages that lose nothing, cursors that hold, filters and aggregates that say what they know."""

import base64
import json
import re
import signal
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aura.api import Actor, Caller, Place
from aura.operations import OPERATIONS

from ..gitrepo import GitRepo
from ..impacted import collide, impacts
from ..running import Daemon, Reply, eventually

LISTS = {o.path: o for o in OPERATIONS.values() if o.listing is not None}


@pytest.fixture(scope="module")
def filled(daemon: Daemon, repo: GitRepo) -> Daemon:
    """A daemon whose one repository has thirty intents of two authors on two branches, and some of all."""
    for number in range(12):
        # What explains no commit yet goes to the branch that holds it in the end.
        daemon.log(f"On main [ENG-{number % 3}]", {"Aura-Session": f"s{number % 2}"}, commit="HEAD")
    for agent in ("codex", "cursor"):
        daemon.post("/v1/sessions", {"agent": agent})
        daemon.post("/v1/messages", {"body": f"{agent} is here"})
        daemon.post("/v1/zones", {"target": f"{agent}/*.py"})
        daemon.post("/v1/prove", {"goal": f"exists {agent}"})
        daemon.post("/v1/prove/goals", {"goal": f"exists {agent}"})
        daemon.post("/v1/snapshots", {"paths": ["app.py"], "message": agent})
    repo.git("config", "user.email", "bob@example.org")
    repo.git("config", "user.name", "Bob")
    repo.git("checkout", "-q", "-b", "feat/login")
    eventually(lambda: daemon.get("/v1/status").json()["branch"] == "feat/login")
    collide(repo)
    repo.commit({"more.py": "def more():\n    less()\n\n\ndef less():\n    more()\n"}, "Committed")
    eventually(lambda: daemon.get("/v1/intents?source=commit").data)
    batch = {"intents": [{"summary": f"On the branch {n} [OPS-{n}]"} for n in range(18)]}
    assert all("ok" in item for item in daemon.post("/v1/intents:batch", batch).json())
    eventually(lambda: daemon.get("/v1/intents?analysis=pending").data == [])
    impacts(lambda *given: daemon.call(*given).json())
    return daemon


def pages(daemon: Daemon, path: str, **query: Any) -> list[Reply]:
    """Every page of a list, as a client that follows next_cursor meets them."""
    start = path if "?" in path else f"{path}?"
    met = [daemon.get(f"{start}{urlencode(query)}")]
    while met[-1].json()["has_more"]:
        assert len(met) < 1000
        met.append(daemon.get(f"{start}{urlencode(query | {'cursor': met[-1].json()['next_cursor']})}"))
    return met


def ids(replies: list[Reply]) -> list[str]:
    return [row["id"] for reply in replies for row in reply.data]


@settings(max_examples=30, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    limit=st.integers(1, 40),
    order=st.sampled_from(["asc", "desc"]),
    filters=st.sampled_from(
        [{}, {"branch": "main"}, {"author": "bob,ada@example.org"}, {"source": "log"}, {"since": "1h"}]
    ),
)
def test_any_page_size_gives_every_row_once_and_in_order(
    filled: Daemon, limit: int, order: str, filters: dict[str, str]
) -> None:
    whole = ids(pages(filled, "/v1/intents", order=order, limit=500, **filters))
    met = pages(filled, "/v1/intents", order=order, limit=limit, **filters)
    assert ids(met) == whole
    assert len(set(whole)) == len(whole) > 5
    assert all(len(reply.data) == limit for reply in met[:-1])


def test_the_newest_come_first_and_the_last_page_says_so(filled: Daemon) -> None:
    met = pages(filled, "/v1/intents", limit=7)
    assert ids(met) == sorted(ids(met), reverse=True)
    assert met[-1].json()["next_cursor"] is None
    assert len(filled.get("/v1/intents").data) == len(ids(met))


def test_a_cursor_holds_while_rows_are_added_and_over_a_restart(filled: Daemon) -> None:
    whole = ids(pages(filled, "/v1/intents", limit=500))
    first = filled.get("/v1/intents?limit=4&since=1d").json()
    filled.log("Added meanwhile")
    filled.restart(signal.SIGKILL)
    rest = ids(pages(filled, "/v1/intents", limit=4, since="1d", cursor=first["next_cursor"]))
    assert [row["id"] for row in first["data"]] + rest == [id_ for id_ in whole if id_ > "itn_01J"]


def test_a_cursor_freezes_what_a_span_meant(filled: Daemon) -> None:
    cursor = filled.get("/v1/intents?limit=1&since=30d").json()["next_cursor"]
    state = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    meant = datetime.now(UTC) - timedelta(days=30)
    assert abs(state[3] / 1e6 - meant.timestamp()) < 60
    again = filled.get(f"/v1/intents?limit=1&since=30d&cursor={cursor}").json()["next_cursor"]
    assert json.loads(base64.urlsafe_b64decode(again + "=" * (-len(again) % 4)))[3] == state[3]


@pytest.mark.parametrize(
    "other",
    [
        {"branch": "main"},
        {"order": "asc"},
        {"since": "2d"},
        {"until": "1m"},
        {"group_by": "author"},
        {"aggregate": "count"},
    ],
)
def test_a_cursor_refuses_another_list_than_its_own(filled: Daemon, other: dict[str, str]) -> None:
    cursor = filled.get("/v1/intents?limit=2&source=log").json()["next_cursor"]
    reply = filled.get("/v1/intents?" + urlencode({"limit": 9, "source": "log", "cursor": cursor} | other))
    assert (reply.status, reply.error["code"]) == (400, "invalid_cursor")
    assert "Repeat the filters" in reply.error["hint"]


def forged(cursor: str, **changed: Any) -> str:
    state = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for place, value in changed.items():
        state[["order", "after", "digest", "since", "until"].index(place)] = value
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")


def test_a_made_up_cursor_is_refused(filled: Daemon) -> None:
    good = filled.get("/v1/intents?limit=2&order=asc").json()["next_cursor"]
    bad = [
        "garbage",
        "e30",
        "W10",
        "====",
        "%00",
        "²",
        forged(good, after=[1, 2]),
        forged(good, after=[10**30]),
    ]
    bad += [
        forged(good, since=10**30),
        forged(good, after=[None]),
        forged(good, after=[[1]]),
        good[:-3],
        good + "AAAA",
    ]
    for cursor in bad:
        reply = filled.get(f"/v1/intents?order=asc&cursor={quote(cursor)}")
        assert (reply.status, reply.error["code"]) == (400, "invalid_cursor"), cursor
        assert reply.error["hint"]


def test_polling_in_the_order_of_recording_never_skips_what_comes_late(filled: Daemon, repo: GitRepo) -> None:
    page = filled.get("/v1/intents?order=asc&limit=500").json()
    assert page["has_more"] is False
    cursor = page["next_cursor"]
    assert cursor
    caught_up = filled.get(f"/v1/intents?order=asc&limit=500&cursor={cursor}").json()
    assert caught_up["data"] == []
    assert caught_up["next_cursor"]
    old = repo.commit({"late.py": "def late():\n    pass\n"}, "Committed long ago, met only now")
    new = filled.log("Logged after it")

    def late() -> list[Any]:
        rows = filled.get(f"/v1/intents?order=asc&cursor={caught_up['next_cursor']}").data
        return rows if len(rows) == 2 else []

    late_rows = eventually(late)
    assert {row["commit_sha"] for row in late_rows} == {old, None}
    assert new["id"] in {row["id"] for row in late_rows}
    assert min(row["created_at"] for row in late_rows) < "2024"


def test_an_empty_list_can_be_polled_too(filled: Daemon) -> None:
    page = filled.get("/v1/intents?order=asc&branch=none/such").json()
    assert (page["data"], page["has_more"]) == ([], False)
    assert filled.get(f"/v1/intents?order=asc&branch=none/such&cursor={page['next_cursor']}").status == 200


def test_each_documented_filter_narrows_the_list(filled: Daemon) -> None:
    def found(**query: str) -> list[Any]:
        return filled.get("/v1/intents?" + urlencode(query | {"limit": "500"})).data

    assert {row["branch"] for row in found(branch="feat/login")} == {"feat/login"}
    assert {row["branch"] for row in found(branch="feat/login,main")} == {"feat/login", "main"}
    for author in ("bob@example.org", "bob", "Bob"):
        assert {row["author"]["id"] for row in found(author=author)} == {"bob@example.org"}
    assert {row["summary"] for row in found(ticket="OPS-3")} == {"On the branch 3 [OPS-3]"}
    assert len(found(ticket="ENG-0,ENG-1")) == 8
    assert {row["source"] for row in found(source="commit")} == {"commit"}
    assert {row["session"] for row in found(session="s1")} == {"s1"}
    assert {row["analysis"] for row in found(analysis="done")} == {"done"}
    sha = found(source="commit")[0]["commit_sha"]
    assert {row["commit_sha"] for row in found(commit=sha)} == {sha}
    assert found(worktree="/nowhere") == []
    assert found(branch="") == []
    assert found(branch="main' OR '1'='1") == []


def test_an_unknown_choice_is_refused_with_those_there_are(filled: Daemon) -> None:
    reply = filled.get("/v1/intents?source=log,guess")
    assert (reply.status, reply.error["details"]) == (400, {"path": "$.source"})
    assert "log, commit" in reply.error["hint"]


TIMES = {
    "/v1/intents": "created_at",
    "/v1/sessions": "started_at",
    "/v1/messages": "created_at",
    "/v1/zones": "claimed_at",
    "/v1/prove/goals": "saved_at",
    "/v1/snapshots": "created_at",
    "/v1/events": "at",
    "/v1/audit": "at",
}


@pytest.mark.parametrize(("path", "field"), TIMES.items())
def test_a_row_is_since_its_own_time_and_not_until_it(filled: Daemon, path: str, field: str) -> None:
    rows = filled.get(f"{path}?limit=500").data
    times = [row[field] for row in rows]
    newest = max(times)
    for at in {times[0], times[len(times) // 2], times[-1]}:
        since = filled.get(f"{path}?limit=500&since={at}").data
        until = filled.get(f"{path}?limit=500&until={at}").data
        # What earlier tests logged is analyzed beside them, and tells of it meanwhile.
        assert [row[field] for row in since if row[field] <= newest] == [t for t in times if t >= at]
        assert [row[field] for row in until] == [time for time in times if time < at]


def test_since_and_until_take_times_and_spans(filled: Daemon) -> None:
    everything = len(filled.get("/v1/intents?limit=500").data)
    old = filled.get("/v1/intents?until=2024-01-01T00:00:00Z&limit=500").data
    assert old
    assert all(row["source"] == "commit" for row in old)
    assert len(filled.get("/v1/intents?since=12h&limit=500").data) == everything - len(old)
    assert len(filled.get("/v1/intents?until=12h&limit=500").data) == len(old)
    for same in (
        "2024-01-01T00:00:00Z",
        "2024-01-01T01:00:00+01:00",
        "2024-01-01T01:00:00%2B01:00",
        "2024-01-01",
    ):
        assert len(filled.get(f"/v1/intents?since={same}&limit=500").data) == everything - len(old)


def test_groups_count_what_a_dashboard_asks_for(filled: Daemon) -> None:
    page = filled.get("/v1/intents?since=30d&group_by=author").json()
    counts = {row["key"]["author"]: row["count"] for row in page["data"]}
    assert counts == {"ada@example.org": 12, "bob@example.org": counts["bob@example.org"]}
    assert page["has_more"] is False
    both = filled.get("/v1/intents?source=log&group_by=author,branch").data
    assert all(set(row["key"]) == {"author", "branch"} for row in both)
    assert filled.get("/v1/intents?group_by=team").data[0]["key"] == {"team": None}
    total = filled.get("/v1/intents?aggregate=count").data
    assert total == [{"key": {}, "count": len(filled.get("/v1/intents?limit=500").data)}]


def test_measures_are_summed_and_averaged(filled: Daemon) -> None:
    rows = filled.get("/v1/intents?limit=500").data
    changed, added = ([row[name] for row in rows] for name in ("nodes_changed", "nodes_added"))
    assert filled.get("/v1/intents?aggregate=sum").data[0]["sum"] == sum(changed)
    assert filled.get("/v1/intents?aggregate=sum:nodes_added").data[0]["sum"] == sum(added) > 0
    assert filled.get("/v1/intents?aggregate=avg:nodes_added").data[0]["avg"] == pytest.approx(
        sum(added) / len(rows)
    )
    assert filled.get("/v1/intents?aggregate=fail_rate&group_by=branch").data[0]["fail_rate"] == 0.0
    assert filled.get("/v1/intents?branch=none&aggregate=sum").data[0] == {"key": {}, "count": 0, "sum": None}


@settings(max_examples=15, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    limit=st.integers(1, 9),
    by=st.sampled_from(["session", "author,session", "branch,session,analysis", "day"]),
)
def test_pages_of_groups_lose_none_not_even_the_nameless(filled: Daemon, limit: int, by: str) -> None:
    # What earlier tests logged is analyzed beside them, and changes its group then.
    eventually(lambda: filled.get("/v1/intents?analysis=pending").data == [])
    whole = filled.get(f"/v1/intents?group_by={by}&limit=500").data
    met = [row for reply in pages(filled, "/v1/intents", group_by=by, limit=limit) for row in reply.data]
    assert met == whole
    assert sum(row["count"] for row in whole) == len(filled.get("/v1/intents?limit=500").data)


def at(daemon: Daemon, path: str) -> str:
    """Write a list's path with something in it that has rows, ready for more of a query."""
    newest = daemon.get("/v1/intents?source=commit&limit=1").data[0]["id"]
    what = "more.py:1" if "/entities/" in path else newest
    return path.replace("{id}", what) + ("?file=app.py&" if path == "/v1/blame" else "?")


@pytest.mark.parametrize("path", LISTS)
def test_every_list_pages_groups_and_counts(filled: Daemon, path: str) -> None:
    listing = LISTS[path].listing
    assert listing is not None
    eventually(lambda: filled.get("/v1/intents?analysis=pending").data == [])
    where = at(filled, path)
    whole = [row for reply in pages(filled, where, limit=500) for row in reply.data]
    assert whole
    assert [row for reply in pages(filled, where, limit=1) for row in reply.data] == whole
    assert set(filled.get(where).json()) == {"data", "next_cursor", "has_more"}
    total = filled.get(f"{where}aggregate=count").data
    assert [row["count"] for row in total] == [len(whole)]
    for name in listing.groups:
        groups = filled.get(f"{where}group_by={name}&limit=500").data
        assert sum(row["count"] for row in groups) == len(whole), name
        assert len({json.dumps(row["key"]) for row in groups}) == len(groups)
    for measure in listing.measures:
        assert filled.get(f"{where}aggregate=sum:{measure}").status == 200
    for order in ("asc", "desc"):
        turned = filled.get(f"{where}order={order}&limit=500").data
        assert len(turned) == min(len(whole), 500)


@pytest.mark.parametrize("path", LISTS)
def test_every_list_says_what_it_can_group_and_measure_by(filled: Daemon, path: str) -> None:
    where = at(filled, path)
    for query, name in (
        ("group_by=colour", "group_by"),
        ("aggregate=median", "aggregate"),
        ("aggregate=sum:colour", "aggregate"),
    ):
        reply = filled.get(f"{where}{query}")
        assert (reply.status, reply.error["details"]) == (400, {"path": f"$.{name}"})
        assert reply.error["hint"].startswith("Choose from ")


def test_every_route_that_answers_a_page_is_a_listing() -> None:
    pages = {o.path for o in OPERATIONS.values() if getattr(o.output, "__name__", "") == "Page"}
    assert pages == set(LISTS)


def test_entities_and_nodes_are_filtered_by_kind(filled: Daemon) -> None:
    assert {row["kind"] for row in filled.get("/v1/entities?kind=function").data} == {"function"}
    assert filled.get("/v1/entities?kind=class").data == []
    assert "function" in filled.get("/v1/entities?kind=gadget").error["hint"]
    assert {row["path"] for row in filled.get("/v1/entities?path=app.py").data} == {"app.py"}
    assert filled.get(at(filled, "/v1/intents/{id}/nodes") + "kind=class").data == []


COLUMNS = {"actor": "actor_id", "kind": "actor_kind", "action": "type"}
INDEXED = [
    *(("/v1/intents", name) for name in ("branch", "session", "worktree")),
    *(("/v1/events", name) for name in ("type", "actor", "session")),
    *(("/v1/audit", name) for name in ("action", "actor", "kind", "session")),
]


def asked(db: apsw.Connection, path: str, name: str) -> tuple[str, Any]:
    """Return the statement by which a page of a repository is read, and what is bound in it."""
    listing, told = LISTS[path].listing, []
    assert listing is not None
    place = Place(1, "", "wkt_1", "/w", "/w/.git", "/w/.git")
    choices = listing.filters[name].choices or ("x",)
    db.exec_trace = lambda _, sql, values: told.append((sql, values)) or True
    try:
        listing.page(db, Caller(actor=Actor("ada"), place=place), listing.query_type()(**{name: choices[0]}))
    finally:
        db.exec_trace = None
    sql, values = told[0]
    return sql, values


def test_documented_filters_are_answered_from_an_index(filled: Daemon) -> None:
    filled.stop()
    db = apsw.Connection(str(filled.home / "aura" / "aura.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        for path, name in INDEXED:
            sql, values = asked(db, path, name)
            plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values))
            column = COLUMNS.get(name, name)
            assert re.search(rf"SEARCH \w USING INDEX \w+ \(.*\b{column}=\?", plan), (path, name, plan)
            assert "TEMP B-TREE" not in plan, (path, name, plan)
    finally:
        db.close()
        filled.start()
