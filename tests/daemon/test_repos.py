"""Which repository a request is about: by path, by slug, or the only one."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from ..gitrepo import GitRepo
from ..running import Daemon, Frames, python_repo, running


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, GitRepo, GitRepo]]:
    """A daemon with two repositories."""
    folder = tmp_path_factory.mktemp("two")
    first, second = python_repo(folder / "first %41 é"), python_repo(folder / "second")
    first.git("remote", "add", "origin", "git@git.example.org:acme/first.git")
    with running() as daemon:
        for repo in (first, second):
            daemon.register(repo)
        yield daemon, first, second


Two = tuple[Daemon, GitRepo, GitRepo]


def repo_of(daemon: Daemon, headers: dict[str, str] | None = None, query: str = "") -> str:
    slug: str = daemon.get(f"/v1/status{query}", headers).json()["repo"]
    return slug


def test_a_path_names_the_work_tree_it_lies_in(two: Two) -> None:
    daemon, first, second = two
    (first.path / "deep" / "er").mkdir(parents=True, exist_ok=True)
    for path in (first.path, first.path / "deep" / "er", first.path / "app.py", first.path / "not" / "there"):
        assert repo_of(daemon, {"Aura-Repo": quote(str(path))}) == "acme/first", path
        assert repo_of(daemon, query=f"?repo={quote(str(path), safe='')}") == "acme/first", path
    assert repo_of(daemon, {"Aura-Repo": str(second.path)}) == "second"


def test_a_slug_names_a_repository(two: Two) -> None:
    daemon, *_ = two
    assert repo_of(daemon, {"Aura-Repo": "acme/first"}) == "acme/first"
    assert repo_of(daemon, {"Aura-Repo": "acme%2Ffirst"}) == "acme/first"
    assert repo_of(daemon, query="?repo=second") == "second"


def test_a_linked_work_tree_belongs_to_its_repository_without_being_told(two: Two, tmp_path: Path) -> None:
    daemon, first, _ = two
    first.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    status = daemon.get("/v1/status", repo=tmp_path / "linked").json()
    assert (status["repo"], status["branch"]) == ("acme/first", "side")
    assert status["worktree"] == str((tmp_path / "linked").resolve())
    paths = {row["worktree"] for row in daemon.get("/v1/worktrees").data}
    assert str((tmp_path / "linked").resolve()) in paths


def test_with_several_repositories_reads_span_all_and_writes_ask(two: Two) -> None:
    daemon, first, second = two
    one = daemon.log("In the first", repo=first.path)
    other = daemon.log("In the second", repo=second.path)
    found = {row["id"] for row in daemon.get("/v1/intents?source=log").data}
    assert {one["id"], other["id"]} <= found
    assert {row["id"] for row in daemon.get("/v1/intents?source=log", repo="second").data} == {other["id"]}
    refused = daemon.post("/v1/intents", {"summary": "Where?"})
    assert (refused.status, refused.error["code"]) == (400, "repo_required")
    assert refused.error["details"]["repos"] == ["acme/first", "second"]
    assert "Aura-Repo" in refused.error["hint"]
    assert daemon.get("/v1/status").json()["repo"] is None


def test_a_route_with_an_id_needs_no_repository(two: Two) -> None:
    daemon, first, second = two
    one = daemon.log("By its id", repo=first.path)
    assert daemon.get(f"/v1/intents/{one['id']}").json()["repo"] == "acme/first"
    assert daemon.get(f"/v1/intents/{one['id']}/nodes").status == 200
    assert daemon.get(f"/v1/intents/{one['id']}/nodes", repo=second.path).status == 200


def test_an_unknown_repository_is_named_with_what_registers_it(two: Two, fresh: GitRepo) -> None:
    daemon, *_ = two
    reply = daemon.get("/v1/intents", repo=fresh.path)
    assert (reply.status, reply.error["code"]) == (404, "repo_not_found")
    assert f"aura init in {fresh.path.resolve()}" in reply.error["hint"]
    reply = daemon.get("/v1/intents", repo="no/such")
    assert (reply.status, reply.error["code"]) == (404, "repo_not_found")
    assert "aura init" in reply.error["hint"]
    reply = daemon.get("/v1/intents", repo="/")
    assert reply.status == 404
    assert reply.error["hint"]


def test_without_any_repository_reads_are_empty_and_writes_say_what_to_do(empty_daemon: Daemon) -> None:
    assert empty_daemon.get("/v1/intents").data == []
    reply = empty_daemon.post("/v1/intents", {"summary": "Where?"})
    assert (reply.status, reply.error["code"]) == (404, "repo_not_found")
    assert "aura init" in reply.error["hint"]


def test_a_path_of_other_bytes_is_refused_clearly(empty_daemon: Daemon, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    python_repo(odd)
    named = quote(os.fsencode(odd))
    reply = empty_daemon.get("/v1/intents", {"Aura-Repo": named})
    assert (reply.status, reply.error["code"]) == (404, "repo_not_found")


def test_registering_twice_is_once_and_forgetting_takes_the_record_along(two: Two, fresh: GitRepo) -> None:
    daemon, *_ = two
    one = daemon.register(fresh)
    assert daemon.register(fresh)["id"] == one["id"]
    intent = daemon.log("Soon gone", repo=fresh.path)
    assert daemon.call("DELETE", f"/v1/worktrees/{one['id']}").status == 200
    assert daemon.get(f"/v1/intents/{intent['id']}").status == 404
    assert daemon.call("DELETE", f"/v1/worktrees/{one['id']}").error["code"] == "worktree_not_found"


def test_registering_needs_a_repository_and_an_absolute_path(two: Two, tmp_path: Path) -> None:
    daemon, *_ = two
    reply = daemon.post("/v1/worktrees", {"path": "somewhere"})
    assert (reply.status, reply.error["details"]) == (400, {"path": "$.path"})
    assert daemon.post("/v1/worktrees", {"path": str(tmp_path)}).error["code"] == "repo_not_found"


def test_the_session_of_a_request_is_kept_as_text(two: Two) -> None:
    daemon, first, _ = two
    logged = daemon.log("In a session", {"Aura-Session": quote("ses é 1")}, repo=first.path)
    assert logged["session"] == "ses é 1"
    found = daemon.get("/v1/intents?session=" + quote("ses é 1")).data
    assert [row["id"] for row in found] == [logged["id"]]


def test_a_message_sent_outside_of_any_repository_is_for_those_in_each(two: Two) -> None:
    daemon, first, second = two
    with Frames(
        daemon, f"/v1/events?subscribe=true&type=message.posted&repo={quote(str(first.path))}"
    ) as live:
        live.next()
        told = daemon.post("/v1/messages", {"body": "to all"}, {"Aura-Session": "elsewhere"}).json()
        assert told["repo"] is None
        assert live.event()["data"]["message"] == told["id"]
    for repo in (first, second):
        assert told in daemon.get("/v1/messages", repo=repo.path).data
        assert told in daemon.get("/v1/messages?unread_only=true&order=asc", repo=repo.path).data
        assert daemon.get("/v1/status", repo=repo.path).json()["unread_messages"] == 1
        [row] = daemon.get("/v1/messages?aggregate=count", repo=repo.path).data
        assert row["count"] == 1
