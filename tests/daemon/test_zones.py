"""Zones over the socket: what is meant by a target, and that nobody ever shares what is exclusive."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from ..gitrepo import GitRepo
from ..running import Daemon, python_repo, running


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, GitRepo]]:
    repo = python_repo(tmp_path_factory.mktemp("zones") / "repo")
    repo.commit({"src/till.py": "class Till:\n    def pay(self):\n        return 1\n"}, "till")
    with running() as daemon:
        daemon.register(repo)
        yield daemon, repo


def claim(daemon: Daemon, repo: GitRepo, target: str, session: str = "one", **more: Any) -> Any:
    return daemon.post("/v1/zones", {"target": target, **more}, {"Aura-Session": session}, repo=repo.path)


@pytest.mark.parametrize(
    ("target", "kind", "path", "shown"),
    [
        ("src", "path", "src/", "src/"),
        (".", "path", "/", "."),
        ("src/till.py", "path", "src/till.py", "src/till.py"),
        ("ROOT/src/till.py", "path", "src/till.py", "src/till.py"),
        ("ROOT/src", "path", "src/", "src/"),
        ("src/../src/till.py", "path", "src/till.py", "src/till.py"),
        ("src/*.py", "glob", None, "src/*.py"),
        ("ROOT/src/*.py", "glob", None, "src/*.py"),
        ("Till.pay", "entity", "src/till.py", "Till.pay"),
        ("not/yet.py", "path", "not/yet.py", "not/yet.py"),
        ("ROOT/not/yet/", "path", "not/yet/", "not/yet/"),
    ],
)
def test_a_target_is_what_it_looks_like(
    place: tuple[Daemon, GitRepo], target: str, kind: str, path: str | None, shown: str
) -> None:
    daemon, repo = place
    zone = claim(daemon, repo, target.replace("ROOT", str(repo.path)), mode="shared").json()
    assert (zone["kind"], zone["path"], zone["target"]) == (kind, path, shown)
    assert daemon.call("DELETE", f"/v1/zones/{zone['id']}", headers={"Aura-Session": "one"}).status == 200


def test_a_refusal_names_what_is_claimed_within_the_work_tree(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    whole = str(repo.path / "src/till.py")
    zone = claim(daemon, repo, whole).json()
    assert claim(daemon, repo, whole, "two").error["message"].startswith("cannot claim src/till.py: ")
    told = daemon.get("/v1/messages?channel=sentinel", repo=repo.path).data[0]["body"]
    assert told.endswith("wants src/till.py, where you have the zone src/till.py")
    assert daemon.call("DELETE", f"/v1/zones/{zone['id']}", headers={"Aura-Session": "one"}).status == 200


def test_an_unknown_name_is_refused(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    assert claim(daemon, repo, "nothing").error["code"] == "entity_not_found"


def test_of_many_clients_one_has_an_exclusive_zone(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    for _ in range(10):
        with ThreadPoolExecutor(20) as clients:
            answers = list(clients.map(lambda n: claim(daemon, repo, "src/", f"racer{n}"), range(20)))
        won = [answer.json() for answer in answers if answer.status == 201]
        assert len(won) == 1
        assert {answer.error["code"] for answer in answers if answer.status != 201} == {"zone_conflict"}
        owner = {"Aura-Session": won[0]["session"]}
        assert daemon.call("DELETE", f"/v1/zones/{won[0]['id']}", headers=owner).status == 200


@pytest.mark.parametrize("rounds", [30, pytest.param(10_000, marks=pytest.mark.long)])
def test_a_hundred_clients_that_take_turns_never_own_a_zone_at_once(
    place: tuple[Daemon, GitRepo], rounds: int
) -> None:
    daemon, repo = place
    owned: list[tuple[float, float, int]] = []
    done = threading.Event()

    def contend(client: int) -> None:
        session = f"client{client}"
        while not done.is_set():
            answer = claim(daemon, repo, "src/", session)
            since = time.monotonic()
            if answer.status != 201:
                assert answer.error["code"] == "zone_conflict"
                continue
            until = time.monotonic()
            gone = daemon.call(
                "DELETE", f"/v1/zones/{answer.json()['id']}", headers={"Aura-Session": session}
            )
            assert gone.status == 200
            owned.append((since, until, client))
            if len(owned) >= rounds:
                done.set()

    with ThreadPoolExecutor(100) as clients:
        for ended in [clients.submit(contend, client) for client in range(100)]:
            ended.result()
    owned.sort()
    assert len(owned) >= rounds
    assert all(before[1] <= after[0] for before, after in pairwise(owned))


def test_a_claim_that_is_refused_is_told_of_with_a_key_as_without(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    owned = claim(daemon, repo, "src/owned.py", "owner").json()
    headers = {"Aura-Session": "other", "Idempotency-Key": "refused-once"}
    for _ in range(2):
        reply = daemon.post("/v1/zones", {"target": "src/owned.py"}, headers, repo=repo.path)
        assert reply.error["code"] == "zone_conflict"
    told = daemon.get(f"/v1/events?type=zone.contested&since={owned['claimed_at']}", repo=repo.path).data
    assert [event["data"]["zone"] for event in told] == [owned["id"]]
