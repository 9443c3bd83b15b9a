"""Snapshots over the socket: what is kept, in which form it is given out, and how it comes back."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..gitrepo import GitRepo
from ..running import Daemon, Reply, python_repo, running

SCRIPT = b"<script>alert('\xc3\xa9')</script>\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, GitRepo]]:
    repo = python_repo(tmp_path_factory.mktemp("snapshots") / "repo")
    repo.commit({"page.html": SCRIPT, "bytes.bin": bytes(range(256)), "src/a.py": "a = 1\n", "b.py": "b\n"})
    with running() as daemon:
        daemon.register(repo)
        yield daemon, repo


def made(daemon: Daemon, repo: GitRepo, *paths: str, **more: Any) -> Any:
    reply = daemon.post("/v1/snapshots", {"paths": list(paths), **more}, repo=repo.path)
    assert reply.status == 201, reply
    return reply.json()


def restore(daemon: Daemon, repo: GitRepo, id_: str, **more: Any) -> Any:
    reply = daemon.post(f"/v1/snapshots/{id_}:restore", more, repo=repo.path)
    assert reply.status == 200, reply
    return reply.json()


def lying(repo: GitRepo) -> dict[str, bytes]:
    return {
        str(path.relative_to(repo.path)): path.read_bytes()
        for path in repo.path.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(repo.path).parts
    }


class TestContent:
    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            (None, "application/octet-stream"),
            ("*/*", "application/octet-stream"),
            ("text/plain", "text/plain; charset=utf-8"),
            ("text/*;q=0.5, application/json;q=0.4", "text/plain; charset=utf-8"),
            ("application/json", "application/json"),
            ("text/html, application/json;q=0.1", "application/json"),
            ("application/octet-stream;q=0, */*", "application/json"),
        ],
    )
    def test_the_form_is_the_one_that_is_preferred(
        self, place: tuple[Daemon, GitRepo], accept: str | None, kind: str
    ) -> None:
        daemon, repo = place
        id_ = made(daemon, repo, "page.html")["id"]
        reply = daemon.get(f"/v1/snapshots/{id_}/content", {"Accept": accept} if accept else {})
        assert (reply.status, reply.headers["Content-Type"].split("; charset=utf-8")[0]) == (
            200, kind.split(";")[0],
        )  # fmt: skip
        if kind == "application/json":
            whole = reply.json()
            assert base64.b64decode(whole["content"]) == SCRIPT
            assert (whole["path"], whole["mode"], whole["size"]) == ("page.html", "100644", len(SCRIPT))
        else:
            assert reply.body == SCRIPT

    @pytest.mark.parametrize("accept", ["text/html", "image/*", "application/octet-stream;q=0"])
    def test_no_other_form_is_given(self, place: tuple[Daemon, GitRepo], accept: str) -> None:
        daemon, repo = place
        id_ = made(daemon, repo, "page.html")["id"]
        reply = daemon.get(f"/v1/snapshots/{id_}/content", {"Accept": accept})
        assert (reply.status, reply.error["code"]) == (406, "not_acceptable")

    def test_bytes_that_are_no_text_are_not_given_as_text(self, place: tuple[Daemon, GitRepo]) -> None:
        daemon, repo = place
        id_ = made(daemon, repo, "bytes.bin")["id"]
        assert daemon.get(f"/v1/snapshots/{id_}/content", {"Accept": "text/plain"}).status == 406

    def test_no_browser_runs_it(self, place: tuple[Daemon, GitRepo]) -> None:
        daemon, repo = place
        id_ = made(daemon, repo, "page.html")["id"]
        for accept in ("*/*", "text/plain", "application/json"):
            headers = daemon.get(f"/v1/snapshots/{id_}/content", {"Accept": accept}).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Content-Disposition"].startswith('attachment; filename="page.html"')
            assert "sandbox" in headers["Content-Security-Policy"]

    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [("0-9", 0, 10), ("250-", 250, 256), ("-6", 250, 256), ("255-999", 255, 256), ("-999", 0, 256)],
    )
    def test_a_range_is_given(self, place: tuple[Daemon, GitRepo], asked: str, start: int, end: int) -> None:
        daemon, repo = place
        id_ = made(daemon, repo, "bytes.bin")["id"]
        reply = daemon.get(f"/v1/snapshots/{id_}/content", {"Range": f"bytes={asked}"})
        assert (reply.status, reply.body) == (206, bytes(range(256))[start:end])
        assert reply.headers["Content-Range"] == f"bytes {start}-{end - 1}/256"

    @pytest.mark.parametrize("asked", ["256-", "999-1000", "-0"])
    def test_a_range_beyond_the_end_is_refused(self, place: tuple[Daemon, GitRepo], asked: str) -> None:
        daemon, repo = place
        id_ = made(daemon, repo, "bytes.bin")["id"]
        reply = daemon.get(f"/v1/snapshots/{id_}/content", {"Range": f"bytes={asked}"})
        assert (reply.status, reply.error["code"]) == (416, "range_not_satisfiable")
        assert reply.headers["Content-Range"] == "bytes */256"

    @pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "lines=1-2", "bytes=9-3", "bytes=-", "nonsense"])
    def test_what_is_no_single_range_is_answered_as_a_whole(
        self, place: tuple[Daemon, GitRepo], asked: str
    ) -> None:
        daemon, repo = place
        id_ = made(daemon, repo, "bytes.bin")["id"]
        reply = daemon.get(f"/v1/snapshots/{id_}/content", {"Range": asked})
        assert (reply.status, len(reply.body)) == (200, 256)

    def test_what_the_client_has_is_not_sent_again(self, place: tuple[Daemon, GitRepo]) -> None:
        daemon, repo = place
        path = f"/v1/snapshots/{made(daemon, repo, 'bytes.bin')['id']}/content"
        tag = daemon.get(path).headers["ETag"]
        again = f"/v1/snapshots/{made(daemon, repo, 'bytes.bin')['id']}/content"
        for said in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            reply = daemon.get(again, {"If-None-Match": said})
            assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", tag)
        assert daemon.get(again, {"If-None-Match": '"other"'}).status == 200
        assert daemon.get(again, {"If-Range": '"other"', "Range": "bytes=0-1"}).status == 200
        assert daemon.get(again, {"If-Range": tag, "Range": "bytes=0-1"}).status == 206
        assert daemon.get(again, {"Accept": "application/json"}).headers["ETag"] != tag

    def test_of_several_files_one_is_named(self, place: tuple[Daemon, GitRepo]) -> None:
        daemon, repo = place
        path = f"/v1/snapshots/{made(daemon, repo, 'src', 'b.py')['id']}/content"
        assert daemon.get(path).error["details"] == {"path": "$.path"}
        assert daemon.get(f"{path}?path=src/a.py").body == b"a = 1\n"
        assert daemon.get(f"{path}?path=page.html").error["code"] == "file_not_found"
        assert daemon.get("/v1/snapshots/snp_x/content").error["code"] == "snapshot_not_found"


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/etc/passwd",
        "/proc/self/environ",
        ".git/config",
        "sub/.GIT/x",
        "fifo",
        "folder-link/passwd",
        "a\0b",
    ],
)
def test_no_path_escapes(place: tuple[Daemon, GitRepo], path: str) -> None:
    daemon, repo = place
    if not (repo.path / "fifo").exists():
        os.mkfifo(repo.path / "fifo")
        (repo.path / "folder-link").symlink_to("/etc")
    for route, body in (
        ("/v1/snapshots", {}),
        ("/v1/snapshots:edit", {}),
        ("/v1/snapshots", {"content": ""}),
    ):
        if "content" in body and path in ("fifo", "folder-link/passwd"):
            continue
        daemon.post("/v1/snapshots:auto", {"state": "on"}, repo=repo.path)
        reply = daemon.post(route, {"paths": [path], **body}, repo=repo.path, timeout=10)
        assert (reply.status, reply.error["code"]) == (400, "invalid_request"), (route, reply)


def test_a_symlink_is_kept_as_a_link(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    link = repo.path / "secret"
    link.symlink_to("/etc/passwd")
    id_ = made(daemon, repo, "secret")["id"]
    assert daemon.get(f"/v1/snapshots/{id_}/content").body == b"/etc/passwd"
    link.unlink()
    link.write_text("mine")
    restore(daemon, repo, id_)
    assert os.readlink(link) == "/etc/passwd"
    link.unlink()


def test_a_file_that_is_not_there_is_refused_and_kept_as_gone_before_an_edit(
    place: tuple[Daemon, GitRepo],
) -> None:
    daemon, repo = place
    reply = daemon.post("/v1/snapshots", {"paths": ["nowhere.py"]}, repo=repo.path)
    assert (reply.status, reply.error["code"]) == (404, "file_not_found")
    daemon.post("/v1/snapshots:auto", {"state": "on"}, repo=repo.path)
    kept = daemon.post("/v1/snapshots:edit", {"paths": ["nowhere.py"]}, repo=repo.path).json()
    repo.write({"nowhere.py": "made by an agent\n"})
    assert restore(daemon, repo, kept["snapshot"]["id"])["paths"] == ["nowhere.py"]
    assert not (repo.path / "nowhere.py").exists()


def test_edits_are_kept_where_that_is_switched_on_and_once(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    daemon.post("/v1/snapshots:auto", {"state": "off"}, repo=repo.path)
    asked = {"paths": [str(repo.path / "b.py")]}
    assert daemon.post("/v1/snapshots:edit", asked, repo=repo.path).json() == {
        "auto": False,
        "snapshot": None,
    }
    daemon.post("/v1/snapshots:auto", {"state": "on"}, repo=repo.path)
    first = daemon.post("/v1/snapshots:edit", asked, repo=repo.path).json()["snapshot"]
    assert (first["path"], first["reason"]) == ("b.py", "edit")
    assert daemon.post("/v1/snapshots:edit", asked, repo=repo.path).json()["snapshot"] == first
    repo.write({"b.py": "b2\n"})
    assert daemon.post("/v1/snapshots:edit", asked, repo=repo.path).json()["snapshot"]["id"] != first["id"]


def test_an_edit_belongs_to_the_work_tree_of_its_path_and_elsewhere_it_is_no_error(
    place: tuple[Daemon, GitRepo], tmp_path: Path, fresh: GitRepo
) -> None:
    daemon, repo = place
    daemon.post("/v1/snapshots:auto", {"state": "on"}, repo=repo.path)
    repo.git("worktree", "add", "-q", "-b", f"edit-{tmp_path.name}", str(tmp_path / "side"))
    asked = {"paths": [str(tmp_path / "side" / "app.py")]}
    kept = daemon.post("/v1/snapshots:edit", asked, repo=repo.path).json()["snapshot"]
    assert (kept["worktree"], kept["path"]) == (str(tmp_path / "side"), "app.py")
    asked = {"paths": [str(fresh.path / "app.py")]}
    assert daemon.post("/v1/snapshots:edit", asked, repo=fresh.path).json() == {
        "auto": False,
        "snapshot": None,
    }


def test_a_content_may_be_given_up_to_sixteen_megabytes(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    data = os.urandom(1 << 20) * 16
    kept = made(daemon, repo, "buffer.py", content=base64.b64encode(data).decode())
    assert daemon.get(f"/v1/snapshots/{kept['id']}/content").body == data
    body = {"paths": ["buffer.py"], "content": base64.b64encode(data + b"x").decode()}
    assert daemon.post("/v1/snapshots", body, repo=repo.path).error["code"] == "invalid_request"
    body = {"paths": ["buffer.py"], "content": "A" * (24 << 20)}
    assert daemon.post("/v1/snapshots", body, repo=repo.path).status == 413
    assert daemon.post("/v1/intents", {"summary": "A" * (2 << 20)}, repo=repo.path).status == 413


def test_a_batch_tells_of_each_item_and_answers_a_key_once(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    items = [
        {"paths": ["b.py"], "idempotency_key": "one"},
        {"paths": ["../x"]},
        {"paths": ["src"], "message": "the sources"},
        {"colour": "red"},
    ]
    first = daemon.post("/v1/snapshots:batch", {"snapshots": items}, repo=repo.path).json()
    assert [next(iter(item)) for item in first] == ["ok", "err", "ok", "err"]
    assert first[2]["ok"]["message"] == "the sources"
    again = daemon.post("/v1/snapshots:batch", {"snapshots": items}, repo=repo.path).json()
    assert again[0] == first[0]
    assert again[2]["ok"]["id"] != first[2]["ok"]["id"]


def keyed(daemon: Daemon, repo: GitRepo, path: str, body: Any, key: str) -> Reply:
    return daemon.post(path, body, {"Idempotency-Key": key}, repo=repo.path)


def test_a_key_makes_each_change_once(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    repo.write({"b.py": "first\n"})
    replies = [keyed(daemon, repo, "/v1/snapshots", {"paths": ["b.py"]}, "create") for _ in range(2)]
    assert replies[0].body == replies[1].body
    assert replies[1].headers["Idempotency-Replayed"] == "true"
    id_ = replies[0].json()["id"]
    repo.write({"b.py": "second\n"})
    done = keyed(daemon, repo, f"/v1/snapshots/{id_}:restore", {}, "restore")
    repo.write({"b.py": "third\n"})
    assert keyed(daemon, repo, f"/v1/snapshots/{id_}:restore", {}, "restore").body == done.body
    assert (repo.path / "b.py").read_text() == "third\n"
    repo.write({"b.py": "first\n"})
    undone = keyed(daemon, repo, "/v1/snapshots:undo", {}, "undo")
    assert keyed(daemon, repo, "/v1/snapshots:undo", {}, "undo").body == undone.body


def test_lists_are_filtered_by_what_snapshots_hold(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    one = made(daemon, repo, "src/a.py")["id"]
    whole = made(daemon, repo)["id"]
    repo.write({"only-now.py": "x\n"})
    later = made(daemon, repo)["id"]

    def ids(query: str) -> set[str]:
        return {row["id"] for row in daemon.get(f"/v1/snapshots?{query}&limit=500", repo=repo.path).data}

    assert {one, whole, later} <= ids("file=src/a.py")
    assert {one, whole} & ids("file=only-now.py") == set()
    assert later in ids("file=only-now.py")
    (repo.path / "only-now.py").unlink()
    last = made(daemon, repo)["id"]
    assert last not in ids("file=only-now.py")
    assert {one} & ids("scope=tree") == set()
    assert {whole, last} <= ids("since=1h&scope=tree&reason=asked")
    assert daemon.get(f"/v1/snapshots/{last}").json()["scope"] == "tree"


def test_a_snapshot_outlives_what_git_has(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    repo.git("checkout", "-q", "-b", "doomed")
    repo.commit({"doomed.py": "rare = 'content'\n", "src/a.py": "a = 'doomed'\n"})
    before = lying(repo)
    id_ = made(daemon, repo)["id"]
    repo.git("checkout", "-q", "main")
    repo.git("branch", "-q", "-D", "doomed")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    restore(daemon, repo, id_)
    assert lying(repo) == before


def test_many_files_are_recorded_in_parts_and_seen_as_a_whole(
    place: tuple[Daemon, GitRepo], tmp_path: Path
) -> None:
    daemon, _ = place
    many = python_repo(tmp_path / "many")
    many.write({f"d{n % 7}/f{n}": f"{n}" for n in range(1_200)})
    daemon.register(many)
    before = lying(many)
    first, second = made(daemon, many), made(daemon, many)
    assert (first["files"], second["files"]) == (1_201, 1_201)
    assert len(daemon.get(f"/v1/snapshots/{first['id']}").json()["entries"]) == 1_000
    many.write({f"d{n % 7}/f{n}": "changed" for n in range(0, 1_200, 40)})
    third = made(daemon, many)["id"]
    assert restore(daemon, many, second["id"])["files"] == 30
    assert lying(many) == before
    assert restore(daemon, many, third)["files"] == 30


def test_a_restore_of_everything_leaves_what_git_ignores(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    repo.write({".gitignore": "*.log\n", "x.log": "precious", "deep/er/file": "x"})
    id_ = made(daemon, repo)["id"]
    repo.write({"new/er/file": "y", "x.log": "more precious"})
    (repo.path / "deep/er/file").unlink()
    done = restore(daemon, repo, id_)
    assert done["paths"] == ["deep/er/file", "new/er/file"]
    assert (repo.path / "x.log").read_text() == "more precious"
    assert not (repo.path / "new").exists()
    os.chmod(repo.path / "deep/er/file", 0o700)
    assert restore(daemon, repo, id_)["files"] == 1
    assert restore(daemon, repo, id_) | {"files": 0, "paths": [], "before": None} == restore(
        daemon, repo, id_
    )


def test_a_file_and_a_folder_change_places_and_back(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    repo.write({"turn": "a file"})
    id_ = made(daemon, repo)["id"]
    (repo.path / "turn").unlink()
    repo.write({"turn/inside": "a folder"})
    restore(daemon, repo, id_)
    assert (repo.path / "turn").read_text() == "a file"
    assert daemon.post("/v1/snapshots:undo", {}, repo=repo.path).status == 200
    assert (repo.path / "turn/inside").read_text() == "a folder"


def test_what_is_in_the_way_is_told_and_left(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    repo.write({"way/file": "x", "other": "1"})
    id_ = made(daemon, repo, "way/file", "other")["id"]
    (repo.path / "way/file").unlink()
    os.mkfifo(repo.path / "way/file")
    repo.write({"other": "2"})
    done = restore(daemon, repo, id_)
    assert (done["paths"], set(done["blocked"])) == (["other"], {"way/file"})
    os.unlink(repo.path / "way/file")


def test_what_changed_since_is_not_undone_without_force_and_never_lost(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    repo.write({"b.py": "one\n"})
    id_ = made(daemon, repo, "b.py")["id"]
    repo.write({"b.py": "two\n"})
    restore(daemon, repo, id_)
    repo.write({"b.py": "precious\n"})
    refused = daemon.post("/v1/snapshots:undo", {}, repo=repo.path)
    assert (refused.status, refused.error["code"]) == (409, "conflict")
    assert refused.error["details"] == {"paths": ["b.py"]}
    done = daemon.post("/v1/snapshots:undo", {"force": True}, repo=repo.path).json()
    assert (repo.path / "b.py").read_text() == "two\n"
    assert daemon.get(f"/v1/snapshots/{done['before']}/content").body == b"precious\n"
    daemon.post("/v1/snapshots:redo", {}, repo=repo.path)
    assert (repo.path / "b.py").read_text() == "precious\n"


def test_each_work_tree_has_its_own_restores(place: tuple[Daemon, GitRepo], tmp_path: Path) -> None:
    daemon, repo = place
    repo.commit({"shared.py": "x = 1\n"}, "share it")
    repo.git("worktree", "add", "-q", "-b", f"side-{tmp_path.name}", str(tmp_path / "side"))
    side = GitRepo(tmp_path / "side", init=False)
    id_ = made(daemon, repo, "shared.py")["id"]
    for tree in (repo, side):
        tree.write({"shared.py": "x = 2\n"})
    reply = daemon.post(f"/v1/snapshots/{id_}:restore", {}, repo=side.path).json()
    assert reply["worktree"] == str(repo.path)
    assert (side.path / "shared.py").read_text() == "x = 2\n"
    assert daemon.post("/v1/snapshots:undo", {}, repo=side.path).error["code"] == "nothing_to_undo"
    assert daemon.post("/v1/snapshots:redo", {}, repo=side.path).error["code"] == "nothing_to_redo"
    reply = daemon.post(f"/v1/snapshots/{id_}:restore", {"here": True}, repo=side.path).json()
    assert reply["worktree"] == str(side.path)
    assert (side.path / "shared.py").read_text() == "x = 1\n"


def test_gc_removes_what_is_too_old_and_nothing_that_is_needed(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    repo.write({"large": os.urandom(100_000), "other": os.urandom(100_000)})
    base = made(daemon, repo)["id"]
    before = lying(repo)
    repo.write({"other": os.urandom(100_000)})
    keep = made(daemon, repo)["id"]
    later = lying(repo)
    daemon.call("PUT", "/v1/settings/snapshots.keep", {"value": "0s"}, repo=repo.path)
    daemon.call("PUT", "/v1/settings/snapshots.keep_auto", {"value": "0s"}, repo=repo.path)
    told = daemon.post("/v1/snapshots:gc", {"dry_run": True}).json()
    assert daemon.get(f"/v1/snapshots/{base}").status == 200
    daemon.call("PUT", "/v1/settings/snapshots.keep", {"value": "1d"}, repo=repo.path)
    assert daemon.post("/v1/snapshots:gc", {}).json()["bytes"] < told["bytes"]
    restore(daemon, repo, base)
    assert lying(repo) == before
    restore(daemon, repo, keep)
    assert lying(repo) == later
    daemon.call("PUT", "/v1/settings/snapshots.keep", {"value": "0s"}, repo=repo.path)
    gone = daemon.post("/v1/snapshots:gc", {}).json()
    assert gone["snapshots"] > 1
    assert gone["bytes"] > 300_000
    assert daemon.get("/v1/snapshots?limit=1", repo=repo.path).data == []
    assert daemon.post("/v1/snapshots:undo", {}, repo=repo.path).error["code"] == "nothing_to_undo"
    for value in ("90 days", "soon", "-1d"):
        reply = daemon.call("PUT", "/v1/settings/snapshots.keep", {"value": value}, repo=repo.path)
        assert reply.error["details"] == {"path": "$.value"}
    daemon.call("PUT", "/v1/settings/snapshots.keep", {"value": "90d"}, repo=repo.path)
    daemon.call("PUT", "/v1/settings/snapshots.keep_auto", {"value": "14d"}, repo=repo.path)


def test_each_step_is_an_event(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    repo.write({"b.py": "one\n"})
    id_ = made(daemon, repo, "b.py")["id"]
    repo.write({"b.py": "two\n"})
    done = restore(daemon, repo, id_)
    daemon.post("/v1/snapshots:undo", {}, repo=repo.path)
    log = daemon.get("/v1/events?type=snapshot.created,snapshot.restored&limit=500", repo=repo.path).data[-4:]
    assert [(event["type"], event["data"].get("action")) for event in log] == [
        ("snapshot.created", None), ("snapshot.created", None), ("snapshot.restored", "restore"),
        ("snapshot.restored", "undo"),
    ]  # fmt: skip
    assert [event["data"]["snapshot_id"] for event in log[:3]] == [id_, done["before"], id_]
    assert json.dumps(log).count("b.py") == 4


SHOP = "def pay(order):\n    return order.sum()\n\n\ndef ship(order):\n    return order.address\n"


def test_an_entity_comes_back_into_the_file_of_today(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    repo.commit({"shop.py": SHOP}, "shop")
    id_ = made(daemon, repo)["id"]
    today = SHOP.replace("address", "street").replace("def pay(order)", "def charge(order, fee)")
    repo.write({"shop.py": today.replace("sum()", "sum() + fee")})
    done = restore(daemon, repo, id_, entity="charge")
    assert (done["entity"], done["paths"]) == ("shop.py:charge", ["shop.py"])
    assert (repo.path / "shop.py").read_text() == SHOP.replace("address", "street")
    daemon.post("/v1/snapshots:undo", {}, repo=repo.path)
    assert (repo.path / "shop.py").read_text() == today.replace("sum()", "sum() + fee")
    repo.write({"shop.py": SHOP.partition("\n\n\n")[2]})
    restore(daemon, repo, id_, entity="shop.py:pay")
    assert (repo.path / "shop.py").read_text() == SHOP
    reply = daemon.post(f"/v1/snapshots/{id_}:restore", {"entity": "nobody"}, repo=repo.path)
    assert reply.error["code"] == "entity_not_found"


def test_what_differs_is_told_as_entities_and_as_lines(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    repo.write({"shop.py": SHOP, "image": b"\0one"})
    id_ = made(daemon, repo)["id"]
    repo.write({"shop.py": SHOP.replace("sum()", "total()"), "image": b"\0two", "fresh": "x"})
    told = daemon.get(f"/v1/snapshots/{id_}/diff", repo=repo.path).json()
    assert {f["path"]: f["change"] for f in told["files"]} == {
        "fresh": "added", "image": "modified", "shop.py": "modified",
    }  # fmt: skip
    patches = {f["path"]: f["patch"] for f in told["files"]}
    assert patches["image"] is None
    assert "-    return order.sum()\n+    return order.total()\n" in patches["shop.py"]
    changed = [edit["new"]["qualified_name"] for edit in told["data"] if edit["kind"] == "function"]
    assert changed == ["pay"]
    other = made(daemon, repo)["id"]
    between = daemon.get(f"/v1/snapshots/{id_}/diff?to={other}&path=shop.py", repo=repo.path).json()
    assert [f["path"] for f in between["files"]] == ["shop.py"]
