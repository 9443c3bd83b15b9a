"""Proving over the socket and TCP: answers, streams, commands, rights, and the history."""

import hashlib
import http.client
import json
import os
import signal
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import apsw
import pytest

from aura.work import sandbox

from ..gitrepo import GitRepo
from ..running import Daemon, Reply, _Connection, eventually, free_port, python_repo, running

CODE = "def pay(amount):\n    return note(amount)\n\n\ndef note(x):\n    return x\n"
Place = tuple[Daemon, GitRepo]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    repo = python_repo(tmp_path_factory.mktemp("prove") / "repo")
    repo.commit({"pay.py": CODE}, "pay")
    with running("--http", f"127.0.0.1:{free_port()}") as daemon:
        daemon.register(repo)
        yield daemon, repo


def prove(daemon: Daemon, *goals: str, **more: Any) -> dict[str, Any]:
    reply = daemon.post("/v1/prove", {"goals": list(goals), **more})
    assert reply.status == 200, reply
    found: dict[str, Any] = reply.json()
    return found


def ran(answer: dict[str, Any], at: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = answer["proofs"][at]["evidence"]["command"]
    return found


def frames(daemon: Daemon, body: dict[str, Any]) -> Generator[tuple[str, Any], None, None]:
    """Yield the frames of an answer as they come; closing it hangs up."""
    connection = _Connection(daemon.path, 30)
    headers = {"Accept": "text/event-stream", "Content-Type": "application/json"}
    connection.request("POST", "/v1/prove", json.dumps(body), headers)
    response = connection.getresponse()
    assert response.headers["Content-Type"].startswith("text/event-stream"), response.read()
    try:
        event = ""
        for line in response:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                yield event, json.loads(value)
    finally:
        response.close()
        connection.close()


def running_with(mark: str) -> list[str]:
    """Return the processes of which an argument is this one."""

    def holds(pid: str) -> bool:
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return mark.encode() in file.read().split(b"\0")
        except OSError:
            return False

    return [pid for pid in os.listdir("/proc") if pid.isdigit() and holds(pid)]


# answers


def test_the_worst_result_is_that_of_all(place: Place) -> None:
    daemon, repo = place
    answer = prove(daemon, "exists pay", "calls pay -> note")
    assert answer["result"] == "pass"
    assert {p["commit_sha"] for p in answer["proofs"]} == {repo.rev("HEAD")}
    (step,) = answer["proofs"][1]["evidence"]["calls"]
    assert (step["path"], step["line"], step["confidence"]) == ("pay.py", 2, "exact")
    assert prove(daemon, "exists pay", "It works")["result"] == "unknown"
    assert prove(daemon, "It works", "exists gone")["result"] == "fail"
    assert prove(daemon, "exists gone", "run: no-such-program")["result"] == "error"


def test_a_goal_alone_and_a_command_in_words_are_taken_too(place: Place) -> None:
    daemon, _ = place
    odd = "$(id); echo 'x' > y"
    answer = daemon.post("/v1/prove", {"goal": "exists pay", "command": ["echo", odd]}).json()
    assert [p["kind"] for p in answer["proofs"]] == ["structural", "command"]
    assert ran(answer, 1)["output"] == f"{odd}\n"
    assert ran(answer, 1)["argv"] == ["echo", odd]


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, "invalid_request", "$.goal"),
        ({"goal": "calls pay"}, "invalid_goal", "$.goal"),
        ({"goals": ["exists pay", "run:"]}, "invalid_goal", "$.goals[1]"),
        ({"command": [""]}, "invalid_goal", "$.command"),
        ({"goal": "exists pay", "timeout_s": 0}, "invalid_request", "$.timeout_s"),
        ({"goal": "exists pay", "shell": True}, "invalid_request", "$.shell"),
    ],
)
def test_what_cannot_be_meant_is_refused(place: Place, body: dict[str, Any], code: str, path: str) -> None:
    reply = place[0].post("/v1/prove", body)
    assert (reply.status, reply.error["code"], reply.error["details"]["path"]) == (400, code, path)


def test_a_dirty_work_tree_is_said_to_be_one(place: Place) -> None:
    daemon, repo = place
    assert prove(daemon, "exists pay")["proofs"][0]["dirty"] is False
    repo.write({"more.py": "def more():\n    pass\n"})
    found = prove(daemon, "exists more")["proofs"][0]
    (repo.path / "more.py").unlink()
    assert (found["result"], found["dirty"]) == ("pass", True)


def test_a_repeated_request_proves_nothing_anew(place: Place) -> None:
    daemon, _ = place
    key = {"Idempotency-Key": "once"}
    first, again = (daemon.post("/v1/prove", {"goal": "exists pay"}, key) for _ in range(2))
    assert again.body == first.body
    assert again.headers["Idempotency-Replayed"] == "true"
    assert daemon.post("/v1/prove", {"goal": "exists note"}, key).error["code"] == "idempotency_mismatch"


def test_each_result_is_one_event(place: Place) -> None:
    daemon, _ = place
    start = daemon.get("/v1/events?limit=500&order=asc").json()["next_cursor"]
    proofs = prove(daemon, "exists pay", "exists gone", "It works", "run: no-such-program")["proofs"]
    told = daemon.get(f"/v1/events?cursor={start}&limit=500&order=asc").data
    types = ["prove.passed", "prove.failed", "prove.undecided", "prove.failed"]
    ids = [proof["id"] for proof in proofs]
    assert [(e["type"], e["data"]["proof"]) for e in told] == list(zip(types, ids, strict=True))
    assert [e["data"]["result"] for e in told] == ["pass", "fail", "unknown", "error"]


# commands


def test_the_level_of_the_sandbox_is_told_everywhere(place: Place) -> None:
    daemon, _ = place
    level = daemon.get("/v1/status").json()["sandbox"]
    assert level == sandbox.detect().level
    answer = prove(daemon, "run: true")
    assert answer["sandbox"] == ran(answer)["sandbox"] == level


def test_an_exit_status_decides(place: Place) -> None:
    daemon, _ = place
    answer = prove(daemon, "run: true", "run: sh -c 'exit 3'", "run: sh -c 'kill -11 $$'")
    passed, failed, killed = answer["proofs"]
    assert (passed["result"], ran(answer)["exit_code"]) == ("pass", 0)
    assert (failed["result"], failed["reason"]) == ("fail", "exit status 3")
    assert (killed["result"], ran(answer, 2)["signal"]) == ("fail", 11)


def test_a_command_that_takes_too_long_ends_with_all_that_it_started(place: Place) -> None:
    daemon, _ = place
    mark = f"41{os.getpid()}.5"
    begun = time.monotonic()
    answer = prove(daemon, f"run: sh -c 'setsid sleep {mark} & echo so far; sleep {mark}'", timeout_s=1)
    assert answer["result"] == "error"
    assert (ran(answer)["timed_out"], ran(answer)["output"]) == (True, "so far\n")
    assert time.monotonic() - begun < 10
    eventually(lambda: not running_with(mark))


def test_an_output_without_end_is_bounded(place: Place) -> None:
    daemon, _ = place
    code = "import sys; sys.stdout.write('x' * 20_000_000); print('the end')"
    found = ran(prove(daemon, f'run: python3 -c "{code}"'))
    assert found["output_bytes"] == 20_000_008
    assert len(found["output"]) == 16 << 10
    assert found["output"].endswith("xthe end\n")


def test_a_setting_says_which_programs_may_run(place: Place) -> None:
    daemon, repo = place
    setting = "/v1/settings/prove.commands"
    try:
        assert daemon.call("PUT", setting, {"value": "true, pytest"}, repo=repo.path).status == 200
        assert prove(daemon, "run: true")["result"] == "pass"
        refused = daemon.post("/v1/prove", {"goal": "run: sh -c true"})
        assert refused.error["code"] == "permission_denied"
    finally:
        daemon.call("PUT", setting, {"value": "any"}, repo=repo.path)


def test_two_commands_run_at_once_and_more_wait(place: Place) -> None:
    daemon, _ = place
    with ThreadPoolExecutor(4) as clients:
        answers = list(clients.map(lambda n: prove(daemon, f"run: sh -c 'echo {n}; exit {n}'"), range(4)))
    assert [ran(answer)["exit_code"] for answer in answers] == [0, 1, 2, 3]


# streams


def test_progress_and_output_come_before_the_end(place: Place) -> None:
    daemon, _ = place
    goals = ["exists pay", "run: sh -c 'echo one; sleep 0.3; echo two'"]
    met = list(frames(daemon, {"goals": goals}))
    assert [data["state"] for event, data in met if event == "progress"] == ["begun", "done"] * 2
    assert [data["text"] for event, data in met if event == "output"] == ["one\n", "two\n"]
    event, last = met[-1]
    assert (event, last["result"], [p["goal"] for p in last["proofs"]]) == ("result", "pass", goals)
    kept = daemon.get(f"/v1/prove/history/{last['proofs'][0]['id']}").json()
    assert kept == last["proofs"][0]


def test_a_stream_of_nothing_to_prove_is_a_plain_refusal(place: Place) -> None:
    reply = place[0].post("/v1/prove", {"goal": "calls x"}, {"Accept": "text/event-stream"})
    assert (reply.status, reply.error["code"]) == (400, "invalid_goal")


def test_who_hangs_up_breaks_the_command_off(place: Place) -> None:
    daemon, _ = place
    mark = f"42{os.getpid()}.5"
    stream = frames(daemon, {"goal": f"run: sleep {mark}"})
    assert next(stream)[0] == "progress"
    eventually(lambda: running_with(mark))
    stream.close()
    eventually(lambda: not running_with(mark))
    assert daemon.get(f"/v1/prove/history?goal=run:%20sleep%20{mark}").data == []


# rights


def token_with(daemon: Daemon, *scopes: str) -> dict[str, str]:
    token = "-".join(scopes)
    row = (hashlib.sha256(token.encode()).digest(), "short", " ".join(scopes), 0, 1 << 60)
    db = apsw.Connection(str(daemon.home / "aura" / "aura.db"))
    db.set_busy_timeout(5000)
    db.execute("INSERT OR REPLACE INTO tokens VALUES (?,?,?,?,?)", row)
    db.close()
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("route", ["/v1/prove", "/v1/prove/goals"])
def test_over_tcp_a_command_needs_every_right(place: Place, route: str) -> None:
    daemon, _ = place

    def ask(goal: str, *scopes: str) -> Reply:
        return daemon.tcp("POST", route, {"goal": goal}, token_with(daemon, *scopes))

    assert ask("exists pay", "write_prove").status in (200, 201)
    assert ask("run: true", "write_prove").error["code"] == "scope_missing"
    assert ask("run: true", "write_prove", "admin").status in (200, 201)
    assert ask("exists pay", "read_prove").error["code"] == "scope_missing"


def test_without_a_token_nobody_runs_a_command_over_tcp(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running("--http", f"127.0.0.1:{free_port()}", "--http-auth", "none") as daemon:
        daemon.register(python_repo(tmp_path_factory.mktemp("open") / "repo"))
        assert daemon.tcp("POST", "/v1/prove", {"goal": "exists one"}).status == 200
        for route in ("/v1/prove", "/v1/prove/goals"):
            refused = daemon.tcp("POST", route, {"goal": "run: true"})
            assert (refused.status, refused.error["code"]) == (403, "permission_denied")


# the goals of intents


def test_the_goals_of_an_intent_get_their_results(place: Place) -> None:
    daemon, _ = place
    goals = ["exists pay", "calls pay  ->  gone", "It works", "calls it a day", "run: true"]
    intent = daemon.log("With goals", prove_goals=goals)
    assert {g["result"] for g in intent["prove_goals"]} == {"unknown"}
    answer = daemon.post("/v1/prove", {"intent": intent["id"]}).json()
    assert {p["intent"] for p in answer["proofs"]} == {intent["id"]}

    def results() -> list[str]:
        kept = daemon.get(f"/v1/intents/{intent['id']}").json()["prove_goals"]
        assert [g["goal"] for g in kept] == goals
        return [g["result"] for g in kept]

    assert results() == ["pass", "fail", "unknown", "error", "unknown"]
    # What was written into an intent runs only where that is asked for.
    daemon.post("/v1/prove", {"intent": intent["id"], "run_commands": True})
    assert results() == ["pass", "fail", "unknown", "error", "pass"]
    assert len(daemon.get(f"/v1/prove/history?intent={intent['id']}").data) == 10


def test_an_intent_without_goals_or_none_at_all_is_refused(place: Place) -> None:
    daemon, _ = place
    intent = daemon.log("Without goals")
    assert daemon.post("/v1/prove", {"intent": intent["id"]}).error["code"] == "goal_not_found"
    assert daemon.post("/v1/prove", {"intent": "itn_nothing"}).error["code"] == "intent_not_found"


# the history


def test_the_rate_of_failure_is_told_by_branch(tmp_path_factory: pytest.TempPathFactory) -> None:
    repo = python_repo(tmp_path_factory.mktemp("rate") / "repo")
    with running() as daemon:
        daemon.register(repo)
        prove(daemon, "exists one", "exists two", "It works", "run: no-such-program")
        repo.git("checkout", "-q", "-b", "feat/login")
        eventually(lambda: daemon.get("/v1/status").json()["branch"] == "feat/login")
        prove(daemon, "exists one")
        rates = daemon.get("/v1/prove/history?group_by=branch&aggregate=fail_rate").data
        assert {(r["key"]["branch"], r["count"], r["fail_rate"]) for r in rates} == {
            ("main", 4, 0.5),
            ("feat/login", 1, 0.0),
        }
        listed = daemon.get("/v1/prove/history?result=fail,error&since=1h").data
        assert [p["goal"] for p in listed] == ["run: no-such-program", "exists two"]
        assert len(daemon.get("/v1/prove/history?branch=main&goal=exists%20one").data) == 1
        assert len(daemon.get("/v1/prove/history?kind=words").data) == 1


# stopping


def asked(daemon: Daemon, goal: str) -> Reply | None:
    try:
        return daemon.post("/v1/prove", {"goal": goal})
    except (http.client.HTTPException, ConnectionError):
        return None


def test_a_stop_ends_commands_and_what_was_answered_is_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    mark = f"43{os.getpid()}.5"
    with running() as daemon, ThreadPoolExecutor(1) as client:
        daemon.register(python_repo(tmp_path_factory.mktemp("stop") / "repo"))
        answer = client.submit(asked, daemon, f"run: sleep {mark}")
        eventually(lambda: running_with(mark))
        begun = time.monotonic()
        assert daemon.kill(signal.SIGTERM) == 0
        assert time.monotonic() - begun < 6
        assert not running_with(mark)
        told = answer.result()
        daemon.start()
        kept = daemon.get("/v1/prove/history").data
        assert told is None or [p["id"] for p in told.json()["proofs"]] == [p["id"] for p in kept]
        assert [p["result"] for p in kept] in ([], ["error"])


def test_a_daemon_that_is_killed_takes_its_commands_along(tmp_path_factory: pytest.TempPathFactory) -> None:
    mark = f"44{os.getpid()}.5"
    with running() as daemon, ThreadPoolExecutor(1) as client:
        daemon.register(python_repo(tmp_path_factory.mktemp("kill") / "repo"))
        client.submit(asked, daemon, f"run: sh -c 'setsid sleep {mark} & sleep {mark}'")
        eventually(lambda: len(running_with(mark)) >= 2)
        daemon.kill(signal.SIGKILL)
        eventually(lambda: not running_with(mark))
        daemon.start()


def test_old_results_go_but_the_last_of_each_goal(place: Place) -> None:
    daemon, repo = place
    for _ in range(3):
        prove(daemon, "exists pay", "exists forty_two")
    history = "/v1/prove/history?limit=500&goal=exists%20pay"
    before = daemon.get(history, repo=repo.path).data
    assert daemon.post("/v1/snapshots:gc", {}).json()["proofs"] == 0
    daemon.call("PUT", "/v1/settings/prove.keep", {"value": "0s"}, repo=repo.path)
    told = daemon.post("/v1/snapshots:gc", {"dry_run": True}).json()["proofs"]
    assert told >= len(before) - 1 + 2
    assert daemon.get(history, repo=repo.path).data == before
    assert daemon.post("/v1/snapshots:gc", {}).json()["proofs"] == told
    assert daemon.get(history, repo=repo.path).data == before[:1]
    daemon.call("PUT", "/v1/settings/prove.keep", {"value": "365d"}, repo=repo.path)
