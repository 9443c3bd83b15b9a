import os
from pathlib import Path

import pytest

from aura.errors import AuraError
from aura.repo.changes import (
    EMPTY_TREE,
    CommitChanges,
    FileChange,
    commit_changes,
    parse_raw,
    tree_changes,
)
from aura.repo.objects import CatFile

from ..gitrepo import GitRepo


def of(repo: GitRepo, sha: str) -> list[FileChange]:
    ((found, changes),) = commit_changes(repo.git_dir, [sha])
    assert found == sha
    assert changes is not None
    return changes


def paths(changes: list[FileChange]) -> list[tuple[str | None, str | None]]:
    return [(c.old_path, c.new_path) for c in changes]


def test_a_commit_lists_what_it_added_changed_and_deleted(repo: GitRepo) -> None:
    root = repo.commit({"a": "1", "b": "1"})
    old = repo.rev("HEAD:b")
    sha = repo.commit({"a": None, "b": "2", "c/d": "3"})
    assert paths(of(repo, root)) == [(None, "a"), (None, "b")]
    assert paths(of(repo, sha)) == [("a", None), ("b", "b"), (None, "c/d")]
    assert of(repo, sha)[1] == FileChange("b", "b", old, repo.rev("HEAD:b"), 0o100644, 0o100644)


def test_a_rename_is_a_deletion_and_an_addition(repo: GitRepo) -> None:
    repo.commit({"a": "the same\n" * 10})
    repo.git("mv", "a", "b")
    repo.git("config", "diff.renames", "copies")
    assert paths(of(repo, repo.commit())) == [("a", None), (None, "b")]


def test_many_commits_come_in_the_order_asked(repo: GitRepo) -> None:
    shas = [repo.commit({f"f{n}": "x"}) for n in range(70)]
    shas.append(repo.commit(message="empty"))
    found = list(commit_changes(repo.git_dir, shas + shas[::-1]))
    assert [sha for sha, _ in found] == shas + shas[::-1]
    assert [changes and changes[0].path for _, changes in found[:70]] == [f"f{n}" for n in range(70)]
    assert found[70][1] == found[71][1] == []


def test_a_merge_is_compared_with_its_first_parent_only(repo: GitRepo) -> None:
    repo.commit({"a": "1", "both": "0"})
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit({"b": "1", "both": "side"})
    repo.git("checkout", "--quiet", "main")
    main = repo.commit({"c": "1"})
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    merge = repo.rev("HEAD")
    assert of(repo, merge) == tree_changes(repo.git_dir, main, merge)
    assert paths(of(repo, merge)) == [(None, "b"), ("both", "both")]
    repo.git("merge", "--quiet", "--no-edit", "--strategy=ours", "--allow-unrelated-histories", "side")
    after = repo.commit({"d": "1"})
    assert [changes for _, changes in commit_changes(repo.git_dir, [merge, after])] == [
        of(repo, merge),
        of(repo, after),
    ]


def test_a_merge_that_takes_nothing_changes_nothing(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit({"b": "1"})
    repo.git("checkout", "--quiet", "main")
    last = repo.commit({"c": "1"})
    repo.git("merge", "--quiet", "--no-edit", "--strategy=ours", "side")
    found = list(commit_changes(repo.git_dir, [repo.rev("HEAD"), last]))
    assert found[0][1] == []
    assert paths(found[1][1] or []) == [(None, "c")]


@pytest.mark.parametrize(
    "name", [b"new\nline", b"tab\t", b'quo"te', b"-dash", b"\xff\xfe", b" ", b":colon", b"=\n", b"e\xcc\x81"]
)
def test_odd_names_keep_their_bytes(repo: GitRepo, name: bytes) -> None:
    (repo.path / os.fsdecode(name)).write_text("x")
    sha = repo.commit({})
    ((_, changes), again) = commit_changes(repo.git_dir, [sha, sha])
    assert changes == again[1] == tree_changes(repo.git_dir, None, sha)
    assert changes is not None
    assert changes[0].path.encode("utf-8", "surrogateescape") == name


def test_modes_links_and_submodules_are_told(repo: GitRepo, tmp_path: Path) -> None:
    inner = GitRepo(tmp_path / "inner")
    pinned = inner.commit({"x": "1"})
    repo.commit({"a": "1", "t": "1"})
    (repo.path / "a").chmod(0o755)
    (repo.path / "t").unlink()
    (repo.path / "t").symlink_to("a")
    repo.git("submodule", "--quiet", "add", str(inner.path), "sub")
    by_path = {c.path: c for c in of(repo, repo.commit())}
    assert (by_path["a"].old_mode, by_path["a"].new_mode) == (0o100644, 0o100755)
    assert by_path["a"].old_blob == by_path["a"].new_blob
    assert by_path["t"].new_mode == 0o120000
    assert (by_path["sub"].new_mode, by_path["sub"].new_blob) == (0o160000, pinned)


def test_a_large_commit_is_whole(repo: GitRepo) -> None:
    sha = repo.commit({f"dir{n % 7}/{n:05}-{'x' * 80}": "1" for n in range(3000)})
    assert len(of(repo, sha)) == 3000


def test_a_commit_with_missing_trees_is_none_and_the_others_are_whole(repo: GitRepo) -> None:
    shas = [repo.commit({f"d{n}/f": str(n)}) for n in range(9)]
    broken = repo.rev(f"{shas[4]}^{{tree}}")
    Path(repo.git_dir, "objects", broken[:2], broken[2:]).unlink()
    found = list(commit_changes(repo.git_dir, [*shas, "0" * 40]))
    assert [sha for sha, _ in found] == [*shas, "0" * 40]
    # The commit after the broken one has lost the side that it is compared with.
    assert [n for n, (_, changes) in enumerate(found) if changes is None] == [4, 5, 9]
    assert found[3][1] == of(repo, shas[3])
    assert found[8][1] == of(repo, shas[8])


def test_answers_left_unread_do_not_spoil_the_next(repo: GitRepo) -> None:
    shas = [repo.commit({f"f{n}": "x"}) for n in range(5)]
    for sha in shas:
        listing = commit_changes(repo.git_dir, [*shas, sha])
        assert next(listing)[0] == shas[0]
        listing.close()


def test_a_commit_whose_parents_were_left_out_adds_all(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    sha = repo.commit({"b": "1"})
    clone = GitRepo(tmp_path / "clone", init=False)
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(clone.path))
    assert paths(of(clone, sha)) == [(None, "a"), (None, "b")]


def test_a_tree_is_compared_with_nothing(repo: GitRepo) -> None:
    sha = repo.commit({"a": "1", "b/c": "2"})
    assert paths(tree_changes(repo.git_dir, None, sha)) == [(None, "a"), (None, "b/c")]
    assert paths(tree_changes(repo.git_dir, sha, None)) == [("a", None), ("b/c", None)]
    assert tree_changes(repo.git_dir, None, None) == tree_changes(repo.git_dir, sha, sha) == []


def test_sha256_repositories_are_compared(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r", options=("--object-format=sha256",))
    repo.commit({"a": "1"})
    sha = repo.commit({"a": "2"})
    assert paths(of(repo, sha)) == [("a", "a")]
    assert paths(tree_changes(repo.git_dir, None, sha)) == [(None, "a")]
    assert repo.git("hash-object", "-t", "tree", "--stdin") == EMPTY_TREE[64]


def test_missing_trees_are_said(repo: GitRepo) -> None:
    sha = repo.commit({"a": "1"})
    for wrong in ("0" * 40, "HEAD", "--output=canary"):
        with pytest.raises(AuraError) as met:
            tree_changes(repo.git_dir, wrong, sha)
        assert met.value.code == "unreadable_object"
    assert parse_raw(b"") == []


def test_a_commit_larger_than_the_cap_is_still_compared(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    sha = repo.commit({"a": "2"}, "x" * 5000)
    with CatFile(repo.git_dir, cap=1000) as cat, CommitChanges(cat) as listing:
        ((_, changes),) = listing.of([sha])
    assert changes == of(repo, sha)
