import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from aura.errors import AuraError
from aura.repo import analysis, tables
from aura.repo.analysis import Analyst
from aura.repo.cache import Cache
from aura.repo.listing import Choice
from aura.repo.objects import CatFile
from aura.repo.requests import SHARES, text_of
from aura.repo.tables import Tables, Want
from aura.syntax.types import Edit

from ..gitrepo import GitRepo

BEFORE = "def a():\n    return 1\n\n\ndef b():\n    return 2\n"
AFTER = "def a():\n    return 10\n\n\ndef b():\n    return 2\n"


def told(edits: list[Edit]) -> set[tuple[str, str, str]]:
    def line(edit: Edit) -> tuple[str, str, str]:
        side = edit.new or edit.old
        assert side is not None
        return "+".join(edit.changes), side.path, side.qualified_name

    return {line(edit) for edit in edits}


@pytest.fixture
def analyst(tmp_path: Path) -> Iterator[Analyst]:
    with Cache(str(tmp_path / "cache.db")) as cache, Analyst(cache) as found:
        yield found


def test_commits_trees_and_work_trees_tell_the_same(repo: GitRepo, analyst: Analyst) -> None:
    first = repo.commit({"m.py": BEFORE, "notes.txt": "1\n"})
    repo.write({"m.py": AFTER})
    pending = analyst.diff_worktree(str(repo.path), "HEAD")
    second = repo.commit()
    (diff,) = analyst.diff_commits(repo.git_dir, [second])
    assert diff.edits == pending.edits == analyst.diff_trees(repo.git_dir, first, second).edits
    assert told(diff.edits) == {("body_changed", "m.py", "a")}
    assert (diff.sha, diff.degraded, diff.failed, diff.shallow) == (second, [], None, False)


def test_a_root_commit_adds_all(repo: GitRepo, analyst: Analyst) -> None:
    sha = repo.commit({"m.py": BEFORE})
    (diff,) = analyst.diff_commits(repo.git_dir, [sha])
    assert told(diff.edits) == {("added", "m.py", "a"), ("added", "m.py", "b")}
    assert diff.edits == analyst.diff_trees(repo.git_dir, None, sha).edits


def test_many_commits_are_answered_in_order(repo: GitRepo, analyst: Analyst) -> None:
    shas = [repo.commit({"m.py": f"def a():\n    return {n}\n"}) for n in range(15)]
    found = list(analyst.diff_commits(repo.git_dir, shas[::-1]))
    assert [diff.sha for diff in found] == shas[::-1]
    assert all(told(diff.edits) == {("body_changed", "m.py", "a")} for diff in found[:-1])


def test_a_mode_change_is_no_edit(repo: GitRepo, analyst: Analyst) -> None:
    repo.commit({"m.py": BEFORE})
    (repo.path / "m.py").chmod(0o755)
    assert analyst.diff_worktree(str(repo.path), "HEAD").edits == []


def test_line_ends_of_a_checkout_are_no_edit(repo: GitRepo, analyst: Analyst) -> None:
    repo.commit({"m.py": BEFORE})
    repo.write({"m.py": AFTER.replace("\n", "\r\n")})
    diff = analyst.diff_worktree(str(repo.path), "HEAD")
    assert told(diff.edits) == {("body_changed", "m.py", "a")}


def test_links_and_submodules_are_compared_as_a_whole(
    repo: GitRepo, tmp_path: Path, analyst: Analyst
) -> None:
    repo.commit({"m.py": BEFORE})
    inner = GitRepo(tmp_path / "inner")
    inner.commit({"x.py": BEFORE})
    repo.git("submodule", "--quiet", "add", str(inner.path), "sub.py")
    (repo.path / "link.py").symlink_to("m.py")
    (diff,) = analyst.diff_commits(repo.git_dir, [repo.commit()])
    assert {row for row in told(diff.edits) if ".py" in row[1]} == {
        ("added", "link.py", "link.py"),
        ("added", "sub.py", "sub.py"),
    }
    (repo.path / "link.py").unlink()
    (repo.path / "link.py").symlink_to("other")
    (edit,) = analyst.diff_worktree(str(repo.path), "HEAD").edits
    assert edit.kind == "file"
    assert edit.new is not None
    assert edit.new.path == "link.py"


def test_a_file_beyond_the_cap_is_compared_as_a_whole(
    repo: GitRepo, analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_BYTES", 100)
    monkeypatch.setattr(analysis, "MAX_BYTES", 100)
    repo.commit({"m.py": BEFORE, "n.py": BEFORE})
    repo.write({"m.py": AFTER + "# " + "x" * 100, "n.py": AFTER})
    pending = analyst.diff_worktree(str(repo.path), "HEAD")
    sha = repo.commit()
    (diff,) = analyst.diff_commits(repo.git_dir, [sha])
    for found in (pending, diff):
        assert found.degraded == ["m.py"]
        assert {edit.kind for edit in found.edits if (edit.new or edit.old).path == "m.py"} == {"file"}
        assert ("body_changed", "n.py", "a") in told(found.edits)


def test_files_after_the_budget_are_compared_as_a_whole(
    repo: GitRepo, analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"m.py": BEFORE})
    sha = repo.commit({"m.py": AFTER})
    monkeypatch.setattr(analysis, "SECONDS", -1.0)
    (diff,) = analyst.diff_commits(repo.git_dir, [sha])
    assert diff.degraded == ["m.py"]
    assert [edit.kind for edit in diff.edits] == ["file"]
    monkeypatch.setattr(analysis, "SECONDS", 10.0)
    (diff,) = analyst.diff_commits(repo.git_dir, [sha])
    assert diff.degraded == []


def test_a_flood_of_files_is_cut(repo: GitRepo, analyst: Analyst, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "FILES", 40)
    sha = repo.commit({f"m{n:03}.py": f"def f{n}():\n    return {n}\n" for n in range(60)})
    (diff,) = analyst.diff_commits(repo.git_dir, [sha])
    assert len(diff.edits) == 60
    assert len(diff.degraded) == 20


def test_a_blob_that_a_partial_clone_lacks_degrades_its_file(repo: GitRepo, analyst: Analyst) -> None:
    repo.commit({"m.py": BEFORE, "n.py": BEFORE})
    gone = repo.rev("HEAD:m.py")
    sha = repo.commit({"m.py": AFTER, "n.py": AFTER + "\n\ndef c(): pass\n"})
    repo.commit({"n.py": BEFORE + "\n"})
    Path(repo.git_dir, "objects", gone[:2], gone[2:]).unlink()
    repo.git("update-index", "--refresh")
    (diff,) = analyst.diff_commits(repo.git_dir, [sha])
    assert diff.degraded == sorted({"m.py", "n.py"})


def test_a_commit_without_its_tree_fails_alone(repo: GitRepo, analyst: Analyst) -> None:
    shas = [repo.commit({"d/m.py": f"def a():\n    return {n}\n"}) for n in range(4)]
    tree = repo.rev(f"{shas[3]}:d")
    Path(repo.git_dir, "objects", tree[:2], tree[2:]).unlink()
    found = {diff.sha: diff for diff in analyst.diff_commits(repo.git_dir, [*shas, "0" * 40])}
    assert [found[sha].failed for sha in shas] == [None, None, None, "unreadable_object"]
    assert found["0" * 40].failed == "unreadable_object"


def test_a_fault_of_ours_fails_one_commit(
    repo: GitRepo, analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = [repo.commit({f"m{n}.py": BEFORE}) for n in range(3)]
    real = analysis.diff_files

    def faulty(before, after):
        return real(before, after) if "m1.py" not in after else 1 // 0

    monkeypatch.setattr(analysis, "diff_files", faulty)
    assert [diff.failed for diff in analyst.diff_commits(repo.git_dir, shas)] == [
        None,
        "internal_error",
        None,
    ]


def test_a_file_that_cannot_be_extracted_degrades_alone(
    repo: GitRepo, analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repo.commit({"m.py": BEFORE, "n.py": AFTER})
    real = tables.read

    def faulty(source, path, like):
        return real(source, path, like) if path != "m.py" else 1 // 0

    monkeypatch.setattr(tables, "read", faulty)
    (diff,) = analyst.diff_commits(repo.git_dir, [sha])
    assert diff.degraded == ["m.py"]


def test_the_boundary_of_a_shallow_clone_says_so(repo: GitRepo, tmp_path: Path, analyst: Analyst) -> None:
    repo.commit({"m.py": BEFORE})
    sha = repo.commit({"m.py": AFTER})
    clone = GitRepo(tmp_path / "clone", init=False)
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(clone.path))
    (diff,) = analyst.diff_commits(clone.git_dir, [sha])
    assert diff.shallow
    assert diff.edits == []


def test_names_that_are_no_text_are_escaped(repo: GitRepo, analyst: Analyst) -> None:
    (repo.path / os.fsdecode(b"\xff.py")).write_text(BEFORE)
    assert {row[1] for row in told(analyst.diff_worktree(str(repo.path), "HEAD").edits)} == {"\\xff.py"}
    sha = repo.commit()
    (diff,) = analyst.diff_commits(repo.git_dir, [sha])
    assert {row[1] for row in told(diff.edits)} == {"\\xff.py"}
    assert [found.path for found in analyst.entities(str(repo.path), None, Choice(["\\xff.py"]))] == [
        "\\xff.py"
    ]
    assert text_of("é") == "é"


def test_entities_are_read_from_a_commit_or_the_work_tree(repo: GitRepo, analyst: Analyst) -> None:
    repo.commit({"pkg/m.py": BEFORE, "pkg/sub/n.py": BEFORE, "pkgs.py": BEFORE, ".gitignore": "x.py\n"})
    repo.write({"pkg/m.py": "def z(): pass\n", "new.py": BEFORE, "x.py": BEFORE})
    root = str(repo.path)

    def names(rev: str | None, *paths: str) -> dict[str, list[str]]:
        found = analyst.entities(root, rev, Choice(paths))
        return {one.path: [entity.name for entity in one.table.entities] for one in found}

    assert names("HEAD", "pkg") == {"pkg/m.py": ["a", "b"], "pkg/sub/n.py": ["a", "b"]}
    assert names(None, "pkg/m.py", "new.py") == {"new.py": ["a", "b"], "pkg/m.py": ["z"]}
    assert set(names("HEAD")) == {".gitignore", "pkg/m.py", "pkg/sub/n.py", "pkgs.py"}
    assert set(names(None)) == {".gitignore", "new.py", "pkg/m.py", "pkg/sub/n.py", "pkgs.py"}
    assert names(None, "nope", "../etc") == {}
    (found,) = analyst.entities(root, "HEAD", Choice(["pkgs.py"]))
    assert found.blob == repo.rev("HEAD:pkgs.py")
    with pytest.raises(AuraError) as met:
        names("nope")
    assert met.value.code == "unknown_revision"


def test_entities_of_a_bare_repository_are_read(repo: GitRepo, tmp_path: Path, analyst: Analyst) -> None:
    repo.commit({"m.py": BEFORE})
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "b.git"))
    (found,) = analyst.entities(str(tmp_path / "b.git"), "HEAD", Choice())
    assert [entity.name for entity in found.table.entities] == ["a", "b"]


def test_a_blob_is_extracted_once(repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shas = [repo.commit({"m.py": f"def a():\n    return {n}\n"}) for n in range(12)]
    extracted: list[bytes] = []
    real = tables.read

    def counting(source, path, like):
        extracted.append(source)
        return real(source, path, like)

    monkeypatch.setattr(tables, "read", counting)
    path = str(tmp_path / "cache.db")
    with Cache(path) as cache, Analyst(cache) as one:
        cold = list(one.diff_commits(repo.git_dir, shas))
    assert len(extracted) == len(set(extracted)) == 12
    with Cache(path) as cache, Analyst(cache) as other:
        assert list(other.diff_commits(repo.git_dir, shas)) == cold
    assert len(extracted) == 12


def test_files_are_kept_only_while_there_is_room(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "KEPT", 1000)
    repo.commit({f"m{n}.py": f"# {'x' * 300}\nx = {n}\n" for n in range(9)})
    with Cache(None) as cache, CatFile(repo.git_dir) as cat:
        it = Tables(cache)
        for n in range(9):
            it.load(cat, [Want(f"m{n}.py", repo.rev(f"HEAD:m{n}.py"), 0o100644)], float("inf"))
        assert len(it._kept) == 3
        assert it._weight == sum(len(file.source) for file in it._kept.values()) <= 1000


def test_a_table_cached_under_another_name_gets_its_own(repo: GitRepo, tmp_path: Path) -> None:
    deep = b"(" * 40_000
    repo.commit({"a.py": deep, "b.py": deep})
    blob = repo.rev("HEAD:a.py")
    for path in ("a.py", "b.py"):
        with Cache(str(tmp_path / "cache.db")) as cache, CatFile(repo.git_dir) as cat:
            (file,) = Tables(cache).load(cat, [Want(path, blob, 0o100644)], float("inf"))
            assert file is not None
            assert {entity.name for entity in file.table.entities if entity.kind == "file"} <= {path}


def test_more_repositories_than_are_kept_open_are_served(tmp_path: Path, analyst: Analyst) -> None:
    for n in range(6):
        repo = GitRepo(tmp_path / f"r{n}")
        sha = repo.commit({"m.py": BEFORE})
        (diff,) = analyst.diff_commits(repo.git_dir, [sha])
        assert len(diff.edits) == 2
    assert len(analyst._open) == 4


def test_a_plain_folder_is_read_without_git(tmp_path: Path, analyst: Analyst) -> None:
    folder = tmp_path / "plain"
    (folder / "sub" / ".git").mkdir(parents=True)
    (folder / "m.py").write_text(BEFORE)
    (folder / "sub" / "n.py").write_text(BEFORE)
    (folder / "sub" / ".git" / "config").write_text("x")
    os.mkfifo(folder / "pipe.py")
    (folder / "out.py").symlink_to("/etc/passwd")
    found = {one.path: one.table for one in analyst.folder_entities(str(folder), Choice())}
    assert set(found) == {"m.py", "sub/n.py", "out.py"}
    assert [entity.name for entity in found["sub/n.py"].entities] == ["a", "b"]
    assert [entity.kind for entity in found["out.py"].entities] == ["file"]


def test_shares_of_a_listing_make_up_the_whole() -> None:
    paths = [f"d{n % 3}/f{n}" for n in range(500)]
    bounds = (0, 48, 88, 124, SHARES)
    parts = [{path for path in paths if Choice((), *part).has(path)} for part in pairwise(bounds)]
    assert all(parts)
    assert sorted(path for part in parts for path in part) == sorted(paths)
    some = Choice(["d1/", "d2/f5"])
    assert {path for path in paths if some.has(path)} == {p for p in paths if p[:3] == "d1/"} | {"d2/f5"}
