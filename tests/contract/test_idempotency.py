"""Idempotency keys: one effect and one answer for a day, and what is not kept."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import apsw
import pytest

from aura.idempotency import DAY_US

from ..gitrepo import GitRepo
from ..impacted import collide, impacts
from ..running import Daemon, Reply, eventually, python_repo


def keyed(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key or uuid4().hex}


def same(first: Reply, second: Reply) -> None:
    assert (first.status, first.body) == (second.status, second.body)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


def count(daemon: Daemon, **query: str) -> int:
    total: int = daemon.get("/v1/intents?aggregate=count").data[0]["count"]
    return total


@pytest.mark.parametrize("wait_ms", [0, 5000])
def test_a_repeated_request_has_one_effect_and_the_same_bytes(
    daemon: Daemon, repo: GitRepo, wait_ms: int
) -> None:
    body, headers = {"summary": "Only once", "wait_ms": wait_ms}, keyed()
    first = daemon.post("/v1/intents", body, headers)
    assert first.status == 201
    before = count(daemon)
    same(first, daemon.post("/v1/intents", body, headers))
    assert count(daemon) == before


def test_an_answer_that_waited_for_the_analysis_is_the_one_that_is_kept(
    daemon: Daemon, repo: GitRepo
) -> None:
    repo.write({"app.py": "def one():\n    return 2\n\n\ndef two():\n    return 2\n"})
    body, headers = {"summary": "Counted", "wait_ms": 20_000}, keyed()
    first = daemon.post("/v1/intents", body, headers)
    assert (first.json()["analysis"], first.json()["nodes_added"], first.json()["nodes_changed"]) == (
        "done",
        1,
        1,
    )
    same(first, daemon.post("/v1/intents", body, headers))


def test_an_answer_that_did_not_wait_stays_as_it_was_given(daemon: Daemon, repo: GitRepo) -> None:
    body, headers = {"summary": "Not waited for", "wait_ms": 0}, keyed()
    first = daemon.post("/v1/intents", body, headers)
    id_ = first.json()["id"]
    eventually(lambda: daemon.get(f"/v1/intents/{id_}").json()["analysis"] == "done")
    same(first, daemon.post("/v1/intents", body, headers))
    assert first.json()["analysis"] == "pending"


def test_the_same_key_for_another_request_is_refused(daemon: Daemon, repo: GitRepo) -> None:
    headers = keyed()
    daemon.post("/v1/intents", {"summary": "one", "wait_ms": 0}, headers)
    reply = daemon.post("/v1/intents", {"summary": "two", "wait_ms": 0}, headers)
    assert (reply.status, reply.error["code"]) == (422, "idempotency_mismatch")


def test_of_many_at_once_one_takes_effect_and_all_hear_the_same(daemon: Daemon, repo: GitRepo) -> None:
    body, headers, replies = {"summary": "At once", "wait_ms": 3000}, keyed(), list[Reply]()
    before = count(daemon)
    callers = [
        threading.Thread(target=lambda: replies.append(daemon.post("/v1/intents", body, headers)))
        for _ in range(12)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len({reply.body for reply in replies}) == 1
    assert sorted("Idempotency-Replayed" in reply.headers for reply in replies) == [False] + [True] * 11
    assert count(daemon) == before + 1


def test_a_refusal_by_the_domain_is_kept(daemon: Daemon, repo: GitRepo) -> None:
    headers, body = keyed(), {"summary": "No ticket here", "wait_ms": 0}
    daemon.call("PUT", "/v1/settings/strict_mode", {"value": "on"})
    try:
        first = daemon.post("/v1/intents", body, headers)
        assert first.error["code"] == "intent_missing_ticket"
    finally:
        daemon.call("PUT", "/v1/settings/strict_mode", {"value": "off"})
    same(first, daemon.post("/v1/intents", body, headers))


@pytest.mark.parametrize(
    ("path", "refused", "code"),
    [
        ("/v1/intents", {"summary": "a", "files": ["nowhere.py"]}, "file_not_found"),
        ("/v1/intents", {"summary": "a", "commit": "nowhere"}, "unknown_revision"),
        ("/v1/snapshots", {"paths": ["nowhere.py"]}, "file_not_found"),
        ("/v1/snapshots/snp_01ARZ3NDEKTSV4RRFFQ69G5FAV:restore", {}, "snapshot_not_found"),
        ("/v1/snapshots:undo", {}, "nothing_to_undo"),
        ("/v1/zones", {"target": "nobody.knows"}, "entity_not_found"),
        ("/v1/prove", {"intent": "itn_01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "intent_not_found"),
    ],
)
def test_what_is_refused_before_anything_is_written_is_kept(
    daemon: Daemon, repo: GitRepo, path: str, refused: Any, code: str
) -> None:
    headers = keyed()
    first = daemon.post(path, refused, headers)
    assert first.error["code"] == code
    same(first, daemon.post(path, refused, headers))


def test_a_refusal_is_kept_when_it_could_be_carried_out_by_now(daemon: Daemon, repo: GitRepo) -> None:
    headers, body = keyed(), {"summary": "of a file", "files": ["soon.py"], "wait_ms": 0}
    first = daemon.post("/v1/intents", body, headers)
    assert first.status == 404
    repo.write({"soon.py": "X = 1\n"})
    same(first, daemon.post("/v1/intents", body, headers))
    reply = daemon.post("/v1/intents", body | {"summary": "another"}, headers)
    assert (reply.status, reply.error["code"]) == (422, "idempotency_mismatch")
    (repo.path / "soon.py").unlink()


@pytest.mark.parametrize(
    ("method", "path", "wrong", "right"),
    [
        ("POST", "/v1/intents", {"summary": ""}, {"summary": "Right", "wait_ms": 0}),
        ("PUT", "/v1/settings/strict_mode", {"value": "perhaps"}, {"value": "off"}),
        (
            "POST",
            "/v1/intents",
            {"summary": "a", "files": ["/etc/passwd"]},
            {"summary": "Right", "wait_ms": 0},
        ),
    ],
)
def test_what_was_wrong_with_the_request_itself_is_not_kept(
    daemon: Daemon, repo: GitRepo, method: str, path: str, wrong: Any, right: Any
) -> None:
    headers = keyed()
    assert daemon.call(method, path, wrong, headers).status == 400
    again = daemon.call(method, path, right, headers)
    assert again.status in (200, 201), again
    assert "Idempotency-Replayed" not in again.headers


def test_a_body_that_was_too_large_is_not_kept(daemon: Daemon, repo: GitRepo) -> None:
    headers = keyed()
    assert daemon.post("/v1/intents", b"x" * (1 << 20) + b"x", headers).status == 413
    assert daemon.post("/v1/intents", {"summary": "Small", "wait_ms": 0}, headers).status == 201


def test_every_kind_of_write_is_replayed(daemon: Daemon, repo: GitRepo, fresh: GitRepo) -> None:
    def twice(method: str, path: str, body: Any = None) -> Reply:
        headers = keyed()
        first = daemon.call(method, path, body, headers)
        assert first.status < 300, first
        same(first, daemon.call(method, path, body, headers))
        return first

    made = twice("POST", "/v1/worktrees", {"path": str(fresh.path)}).json()
    named = {"Aura-Repo": str(fresh.path), **keyed()}
    first = daemon.call("DELETE", f"/v1/worktrees/{made['id']}", None, named)
    same(first, daemon.call("DELETE", f"/v1/worktrees/{made['id']}", None, named))
    twice("PUT", "/v1/settings/tickets.system", {"value": "linear"})
    twice("POST", "/v1/intents:batch", {"intents": [{"summary": "In a batch"}]})


def test_a_repeated_request_is_answered_also_when_it_could_not_be_carried_out_again(
    daemon: Daemon, repo: GitRepo, tmp_path: Path
) -> None:
    repo.git("branch", "-f", "passing")
    body, headers = {"summary": "Of a branch", "commit": "passing", "wait_ms": 0}, keyed()
    first = daemon.post("/v1/intents", body, headers)
    assert first.status == 201, first
    repo.git("branch", "-D", "passing")
    same(first, daemon.post("/v1/intents", body, headers))
    assert daemon.post("/v1/intents", body).error["code"] == "unknown_revision"


def test_a_key_is_bound_to_its_route_and_repository(daemon: Daemon, repo: GitRepo, tmp_path: Path) -> None:
    other = python_repo(tmp_path / "other")
    registered = daemon.register(other)
    body, headers = {"summary": "Twice is right", "wait_ms": 0}, keyed()
    try:
        here = daemon.post("/v1/intents", body, headers, repo=repo.path)
        there = daemon.post("/v1/intents", body, headers, repo=other.path)
        assert here.json()["id"] != there.json()["id"]
        batch = daemon.post("/v1/intents:batch", {"intents": [body]}, headers, repo=repo.path)
        assert "Idempotency-Replayed" not in batch.headers
    finally:
        daemon.call("DELETE", f"/v1/worktrees/{registered['id']}")


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(daemon: Daemon, repo: GitRepo, key: str) -> None:
    reply = daemon.post("/v1/intents", {"summary": "a", "wait_ms": 0}, {"Idempotency-Key": key})
    assert (reply.status, reply.error["code"]) == (400, "invalid_request")


def with_database(daemon: Daemon, change: Callable[[apsw.Connection], Any]) -> Any:
    db = apsw.Connection(str(daemon.home / "aura" / "aura.db"))
    db.set_busy_timeout(5000)
    try:
        return change(db)
    finally:
        db.close()


def test_a_key_is_forgotten_after_a_day(daemon: Daemon, repo: GitRepo) -> None:
    body, headers = {"summary": "A day later", "wait_ms": 0}, keyed()
    first = daemon.post("/v1/intents", body, headers)
    with_database(
        daemon,
        lambda db: db.execute(
            "UPDATE idempotency SET expires_at = expires_at - ? WHERE key = ?",
            (DAY_US, headers["Idempotency-Key"]),
        ),
    )
    second = daemon.post("/v1/intents", body, headers)
    assert second.json()["id"] != first.json()["id"]
    same(second, daemon.post("/v1/intents", body, headers))


def test_a_key_holds_over_a_crash(daemon: Daemon, repo: GitRepo) -> None:
    body, headers = {"summary": "Before the crash", "wait_ms": 0}, keyed()
    first = daemon.post("/v1/intents", body, headers)
    daemon.restart(9)
    same(first, daemon.post("/v1/intents", body, headers))


def test_a_dry_run_keeps_nothing(daemon: Daemon, repo: GitRepo) -> None:
    eventually(lambda: daemon.get("/v1/intents?analysis=pending").data == [])
    before, events = count(daemon), daemon.get("/v1/events?aggregate=count").data
    body, headers = {"summary": "Try [ENG-7]", "dry_run": True}, keyed()
    tried = daemon.post("/v1/intents", body, headers)
    assert (tried.status, tried.json()["analysis"]) == (200, "done")
    assert [t["id"] for t in tried.json()["tickets"]] == ["ENG-7"]
    assert (count(daemon), daemon.get("/v1/events?aggregate=count").data) == (before, events)
    assert daemon.get(f"/v1/intents/{tried.json()['id']}").status == 404
    assert daemon.post("/v1/intents", {**body, "dry_run": False}, headers).status == 201


# batches


def test_a_batch_answers_each_item_and_goes_on_after_a_failure(daemon: Daemon, repo: GitRepo) -> None:
    items = [
        {"summary": "Fix null check in auth::login [ENG-1]"},
        {"summary": ""},
        {"summary": "A field too many", "colour": "red"},
        {"summary": "Of no commit", "commit": "no-such-branch"},
        {"summary": "Outside", "files": ["../../etc/passwd"]},
        "no object",
        {"summary": "Tried out", "dry_run": True},
        {"summary": "A bad key", "idempotency_key": "k" * 300},
        {"summary": "Update user docs [ENG-2]"},
    ]
    before = count(daemon)
    reply = daemon.post("/v1/intents:batch", {"intents": items})
    assert reply.status == 200, reply
    answers = reply.json()
    assert [next(iter(answer)) for answer in answers] == ["ok", *["err"] * 7, "ok"]
    codes = [answer["err"]["code"] for answer in answers[1:-1]]
    assert codes == ["invalid_request"] * 2 + ["unknown_revision"] + ["invalid_request"] * 4
    assert answers[1]["err"]["details"] == {"path": "$.intents[1].summary"}
    assert answers[2]["err"]["details"] == {"path": "$.intents[2].colour"}
    assert answers[5]["err"]["details"] == {"path": "$.intents[5]"}
    assert [answers[i]["ok"]["tickets"][0]["id"] for i in (0, -1)] == ["ENG-1", "ENG-2"]
    assert count(daemon) == before + 2


def test_what_is_wrong_with_the_batch_itself_refuses_it_whole(daemon: Daemon, repo: GitRepo) -> None:
    for body, path in (
        ({}, "$.intents"),
        ({"intents": {}}, "$.intents"),
        ({"intents": [], "colour": 1}, "$.colour"),
        ({"intents": [{"summary": ""}], "colour": 1}, "$.colour"),
        ({"intents": [{"summary": "a"}] * 501}, "$.intents"),
        ({"intents": [{"summary": "a"}] * 501 + [{}]}, "$.intents"),
    ):
        reply = daemon.post("/v1/intents:batch", body)
        assert (reply.status, reply.error["details"]) == (400, {"path": path}), body
    assert daemon.post("/v1/intents:batch", {"intents": []}).json() == []


def test_strict_mode_refuses_items_one_by_one(daemon: Daemon, repo: GitRepo) -> None:
    daemon.call("PUT", "/v1/settings/strict_mode", {"value": "on"})
    try:
        items = [{"summary": "Without"}, {"summary": "With [ENG-3]"}]
        answers = daemon.post("/v1/intents:batch", {"intents": items}).json()
    finally:
        daemon.call("PUT", "/v1/settings/strict_mode", {"value": "off"})
    assert answers[0]["err"]["code"] == "intent_missing_ticket"
    assert answers[1]["ok"]["tickets"] == [{"system": "linear", "id": "ENG-3"}]


def test_items_keep_their_own_keys_across_batches(daemon: Daemon, repo: GitRepo) -> None:
    one, two = ({"summary": f"Keyed {n}", "idempotency_key": uuid4().hex} for n in range(2))
    first = daemon.post("/v1/intents:batch", {"intents": [one, {"summary": "Plain"}]}).json()
    second = daemon.post("/v1/intents:batch", {"intents": [two, one, {**two, "summary": "Other"}]}).json()
    assert second[1] == first[0]
    assert second[0]["ok"]["id"] != first[0]["ok"]["id"]
    assert second[2]["err"]["code"] == "idempotency_mismatch"


def test_impacts_are_changed_once_for_each_key_and_each_for_itself(daemon: Daemon, repo: GitRepo) -> None:
    collide(repo)
    one, other = impacts(lambda *given: daemon.call(*given).json())
    headers, body = keyed(), {"status": "snoozed", "until": "2h"}
    first = daemon.call("PATCH", f"/v1/impacts/{one}", body, headers)
    same(first, daemon.call("PATCH", f"/v1/impacts/{one}", body, headers))
    items = [
        {"id": other, "status": "gone"},
        {"id": "imp_none", "status": "resolved"},
        {"id": other, "status": "resolved", "until": "2h"},
        {"id": other, "status": "resolved", "note": "callers updated"},
        {"id": other, "status": "dismissed"},
    ]
    headers = keyed()
    reply = daemon.post("/v1/impacts:batch", {"impacts": items}, headers)
    same(reply, daemon.post("/v1/impacts:batch", {"impacts": items}, headers))
    answers = reply.json()
    codes = [answer["err"]["code"] if "err" in answer else "ok" for answer in answers]
    assert codes == ["invalid_request", "impact_not_found", "invalid_request", "ok", "invalid_transition"]
    assert answers[0]["err"]["details"] == {"path": "$.impacts[0].status"}
    assert daemon.get(f"/v1/impacts/{other}").json() == answers[3]["ok"]


def test_items_that_follow_a_failed_one_are_analysed_as_they_said(daemon: Daemon, repo: GitRepo) -> None:
    repo.write({"one.py": "def one_of():\n    pass\n", "two.py": "def two_of():\n    pass\n"})
    items = [
        {"summary": ""},
        {"summary": "First", "files": ["one.py"]},
        {"summary": "Second", "files": ["two.py"]},
    ]
    answers = daemon.post("/v1/intents:batch", {"intents": items}).json()
    for answer, name in ((answers[1], "one_of"), (answers[2], "two_of")):
        path = f"/v1/intents/{answer['ok']['id']}"
        eventually(lambda path=path: daemon.get(path).json()["analysis"] == "done")
        assert [node["new"]["name"] for node in daemon.get(path).json()["nodes"]] == [name]
