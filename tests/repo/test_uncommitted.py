import os
from pathlib import Path

import pytest

from aura.errors import AuraError
from aura.repo import uncommitted
from aura.repo.changes import FileChange
from aura.repo.files import blob_id
from aura.repo.uncommitted import Scan, staged_changes, worktree_changes
from aura.repo.worktrees import discover

from ..gitrepo import GitRepo


def changes(repo: GitRepo, base: str = "HEAD") -> dict[str, FileChange]:
    return {c.path: c for c in worktree_changes(discover(str(repo.path)), base)}


def only(repo: GitRepo, *paths: str) -> dict[str, FileChange]:
    return {c.path: c for c in worktree_changes(discover(str(repo.path)), paths=paths)}


def staged(repo: GitRepo) -> dict[str, FileChange]:
    return {c.path: c for c in staged_changes(discover(str(repo.path)))}


def sides(found: dict[str, FileChange]) -> dict[str, str]:
    def side(change: FileChange) -> str:
        return (
            ("D" if change.new_path is None else "A") if None in (change.old_path, change.new_path) else "M"
        )

    return {path: side(change) for path, change in found.items()}


def touch_all(repo: GitRepo) -> None:
    for file in repo.path.iterdir():
        if file.is_file():
            os.utime(file, (1, 1))


def test_staged_unstaged_and_untracked_files_are_all_changes(repo: GitRepo) -> None:
    repo.commit({".gitignore": "*.log\n", "same": "1", "staged": "1", "edited": "1", "gone": "1", "out": "1"})
    repo.write({"staged": "2", "added": "1"})
    repo.git("add", "staged", "added")
    repo.git("rm", "--quiet", "--cached", "out")
    repo.write({"edited": "two", "new/one": "1", "noise.log": "x", "staged": "three"})
    (repo.path / "gone").unlink()
    found = changes(repo)
    assert sides(found) == {"staged": "M", "added": "A", "edited": "M", "new/one": "A", "gone": "D"}
    assert found["edited"].old_blob == repo.rev("HEAD:edited")
    assert found["edited"].new_blob == blob_id(b"two", "sha1")
    assert found["staged"].new_blob == blob_id(b"three", "sha1")
    assert sides(staged(repo)) == {"staged": "M", "added": "A", "out": "D"}
    assert staged(repo)["staged"].new_blob == blob_id(b"2", "sha1")


def test_a_clean_work_tree_has_no_changes(repo: GitRepo) -> None:
    repo.commit({"a": "1", "b/c": "2"})
    assert changes(repo) == staged(repo) == {}
    touch_all(repo)
    assert changes(repo) == {}


def test_an_edit_taken_back_is_no_change(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.write({"a": "2"})
    repo.git("add", "a")
    repo.write({"a": "1"})
    assert changes(repo) == {}
    assert sides(staged(repo)) == {"a": "M"}


def test_an_edit_as_young_as_the_index_is_seen(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    for n in "23456789":
        repo.git("add", "a")
        repo.write({"a": n})
        assert sides(changes(repo)) == {"a": "M"}


def test_another_base_may_be_given(repo: GitRepo) -> None:
    first = repo.commit({"a": "1", "b": "1"})
    repo.commit({"a": "2", "c": "1", "b": None})
    repo.write({"d": "1"})
    for base in (first, "HEAD~1"):
        assert sides(changes(repo, base)) == {"a": "M", "b": "D", "c": "A", "d": "A"}
    repo.write({"a": "1"})
    assert "a" not in changes(repo, first)
    with pytest.raises(AuraError) as met:
        changes(repo, "nope")
    assert met.value.code == "unknown_revision"


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)])
def test_before_the_first_commit_all_is_added(tmp_path: Path, options: tuple[str, ...]) -> None:
    repo = GitRepo(tmp_path / "r", options=options)
    repo.write({"a": "1", "b": "1"})
    repo.git("add", "a")
    assert sides(changes(repo)) == {"a": "A", "b": "A"}
    assert sides(staged(repo)) == {"a": "A"}
    repo.commit()
    assert changes(repo) == {}
    repo.write({"a": "22"})
    assert len(changes(repo)["a"].new_blob or "") == (64 if options else 40)


def test_modes_types_and_links_are_told(repo: GitRepo) -> None:
    repo.commit({"run": "1", "becomes": "target", "link": "x"})
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("/etc/passwd")
    repo.commit()
    (repo.path / "run").chmod(0o755)
    (repo.path / "becomes").unlink()
    (repo.path / "becomes").symlink_to("run")
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("/etc/shadow")
    (repo.path / "fresh").symlink_to("nowhere")
    found = changes(repo)
    assert (found["run"].old_mode, found["run"].new_mode) == (0o100644, 0o100755)
    assert found["run"].old_blob == found["run"].new_blob
    assert (found["becomes"].new_mode, found["becomes"].new_blob) == (0o120000, blob_id(b"run", "sha1"))
    assert found["link"].new_blob == blob_id(b"/etc/shadow", "sha1")
    assert (found["fresh"].old_path, found["fresh"].new_mode) == (None, 0o120000)


def test_a_linked_folder_is_not_walked_into(repo: GitRepo, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_text("secret")
    repo.commit({"d/f": "1"})
    (repo.path / "d/f").unlink()
    (repo.path / "d").rmdir()
    (repo.path / "d").symlink_to(tmp_path / "outside")
    found = changes(repo)
    assert sides(found) == {"d": "A", "d/f": "D"}
    assert found["d"].new_mode == 0o120000


def test_a_fifo_in_place_of_a_file_holds_nobody_up(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    (repo.path / "a").unlink()
    os.mkfifo(repo.path / "a")
    os.mkfifo(repo.path / "b")
    assert sides(changes(repo)) == {"a": "D"}


def test_a_folder_in_place_of_a_file_is_read(repo: GitRepo) -> None:
    repo.commit({"a": "1", "b/c": "1"})
    (repo.path / "a").unlink()
    (repo.path / "b/c").unlink()
    (repo.path / "b").rmdir()
    repo.write({"a/x": "1", "b": "1"})
    assert sides(changes(repo)) == {"a": "D", "a/x": "A", "b": "A", "b/c": "D"}


def test_an_intent_to_add_is_an_addition(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.write({"b": "new"})
    repo.git("add", "--intent-to-add", "b")
    assert changes(repo)["b"].new_blob == blob_id(b"new", "sha1")
    assert staged(repo) == {}


def test_conflicts_are_compared_as_they_lie_there(repo: GitRepo) -> None:
    repo.commit({"a": "1", "b": "1", "calm": "1"})
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit({"a": "side", "b": None, "both": "side"})
    repo.git("checkout", "--quiet", "main")
    repo.commit({"a": "main", "b": "main", "both": "main"})
    with pytest.raises(AssertionError):
        repo.git("merge", "side")
    found = changes(repo)
    assert sides(found) == {"a": "M", "both": "M"}
    assert found["a"].old_blob == repo.rev("HEAD:a")
    assert found["a"].new_blob == blob_id((repo.path / "a").read_bytes(), "sha1")
    assert staged(repo) == {}
    (repo.path / "both").unlink()
    assert sides(changes(repo)) == {"a": "M", "both": "D"}


def test_line_ends_of_a_checkout_are_no_change(repo: GitRepo) -> None:
    repo.commit({"a": "one\ntwo\n", "raw": "one\r\ntwo\r\n", "bin": b"\0\n"})
    repo.write({"a": "one\r\ntwo\r\n", "raw": "one\r\ntwo\r\nthree\r\n", "bin": b"\0\r\n"})
    found = changes(repo)
    assert sides(found) == {"raw": "M", "bin": "M"}
    assert found["raw"].new_blob == blob_id(b"one\r\ntwo\r\nthree\r\n", "sha1")
    repo.write({"a": "one\r\n2\r\n"})
    with Scan(discover(str(repo.path))) as scan:
        contents = {change.path: data for change, data in scan.changes()}
    assert contents["a"] == b"one\n2\n"


def test_new_files_are_converted_where_git_would(repo: GitRepo) -> None:
    repo.write({"a": "one\r\n"})
    assert changes(repo)["a"].new_blob == blob_id(b"one\r\n", "sha1")
    repo.git("config", "core.autocrlf", "true")
    assert changes(repo)["a"].new_blob == blob_id(b"one\n", "sha1")


def test_submodules_are_told_but_not_entered(repo: GitRepo, tmp_path: Path) -> None:
    inner = GitRepo(tmp_path / "inner")
    old = inner.commit({"x": "1"})
    repo.git("submodule", "--quiet", "add", str(inner.path), "sub")
    repo.commit()
    sub = GitRepo(repo.path / "sub", init=False)
    sub.write({"x": "edited", "y": "untracked"})
    assert changes(repo) == {}
    new = sub.commit()
    assert changes(repo)["sub"] == FileChange("sub", "sub", old, new, 0o160000, 0o160000)
    GitRepo(repo.path / "nested").write({"z": "1"})
    assert "nested" not in {path.split("/")[0] for path in changes(repo)}


@pytest.mark.parametrize("name", [b"new\nline", b"-x", b"\xff", b'quo"te', b":(glob)*", b" "])
def test_odd_names_are_kept(repo: GitRepo, name: bytes) -> None:
    repo.commit({"a": "1"})
    file = repo.path / os.fsdecode(name)
    file.write_text("1")
    assert [path.encode("utf-8", "surrogateescape") for path in changes(repo)] == [name]
    repo.commit()
    file.write_text("2")
    assert sides(changes(repo)) == {os.fsdecode(name): "M"}


def test_a_linked_work_tree_has_changes_of_its_own(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    linked = GitRepo(repo.path / "trees" / "x", init=False)
    repo.git("worktree", "add", "--quiet", str(linked.path))
    linked.write({"a": "2"})
    assert sides(changes(linked)) == {"a": "M"}
    assert changes(repo) == {}


def test_a_file_beyond_the_cap_has_an_id_but_no_content(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.write({"a": "x" * 1000})
    with Scan(discover(str(repo.path)), cap=999) as scan:
        ((change, data),) = scan.changes()
    assert (change.new_blob, data) == (blob_id(b"x" * 1000, "sha1"), None)


@pytest.mark.parametrize("size", [10, 5000])
def test_a_large_file_pointer_is_no_change_of_its_file(
    repo: GitRepo, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib

    content = b"x" * size
    sha = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha}\nsize {size}\n"
    repo.commit({"big": pointer})
    repo.write({"big": content})
    assert sides(changes(repo)) == {"big": "M"}
    repo.git("config", "filter.lfs.clean", "false")
    with Scan(discover(str(repo.path)), cap=1000) as scan:
        assert list(scan.changes()) == []


def test_a_flood_of_untracked_files_is_cut(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uncommitted, "UNTRACKED_LIMIT", 5)
    repo.write({f"f{n}": "x" for n in range(9)})
    assert len(changes(repo)) == 5


def test_a_bare_repository_and_a_lost_folder_are_said(tmp_path: Path, repo: GitRepo) -> None:
    bare = GitRepo(tmp_path / "bare.git", options=("--bare",))
    with pytest.raises(AuraError) as met:
        changes(bare)
    assert met.value.code == "not_a_repository"
    repo.commit({"a": "1"})
    repo.git("worktree", "add", "--quiet", str(tmp_path / "gone"))
    found = discover(str(tmp_path / "gone"))
    (tmp_path / "gone").rename(tmp_path / "moved")
    with pytest.raises(AuraError) as met:
        worktree_changes(found)
    assert met.value.code == "permission_denied"


def test_the_index_is_not_written(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    touch_all(repo)
    index = Path(repo.git_dir) / "index"
    before = (index.read_bytes(), index.stat().st_mtime_ns)
    changes(repo)
    staged(repo)
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before


ODD = ["a*", "[b]", ":(top)c", "-d", "e\nf", 'g"h', " i", "deep/er/j", "é"]


def test_only_the_paths_asked_for_are_looked_at(repo: GitRepo) -> None:
    repo.commit({".gitignore": "*.log\n", **dict.fromkeys(ODD, "1"), "ab": "1", "c": "1", "gone": "1"})
    repo.write({**dict.fromkeys([*ODD, "ab", "c"], "22"), "new": "1", "noise.log": "1"})
    (repo.path / "gone").unlink()
    whole = changes(repo)
    for path in [*ODD, "new", "gone"]:
        assert only(repo, path) == {path: whole[path]}
    assert only(repo, "new", "a*") == {path: whole[path] for path in ("new", "a*")}
    assert only(repo, "deep") == only(repo, "deep/er/") == {"deep/er/j": whole["deep/er/j"]}
    assert only(repo, "noise.log", "nowhere", ".git/config") == only(repo) == {}


def test_more_paths_than_fit_on_a_line_are_looked_at_all_the_same(
    repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(dict.fromkeys([*ODD, "left"], "1"))
    repo.write(dict.fromkeys([*ODD, "left", "new/k"], "22"))
    wanted = {path: found for path, found in changes(repo).items() if path != "left"}
    assert only(repo, *ODD, "new") == wanted
    monkeypatch.setattr(uncommitted, "ARGUMENTS", 10)
    assert only(repo, *ODD, "new") == wanted
