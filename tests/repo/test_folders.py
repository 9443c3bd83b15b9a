"""Which folders of a work tree are worth watching."""

import os
from pathlib import Path

from aura.repo.folders import beneath, folders, git_folders, ignored, linked
from aura.repo.worktrees import discover

from ..gitrepo import GitRepo

IGNORE = "node_modules/\n*.log\n"


def inside(repo: GitRepo, found: list[str]) -> set[str]:
    return {os.path.relpath(path, repo.path) for path in found}


def test_folders_hold_what_is_tracked_or_could_be(repo: GitRepo) -> None:
    repo.commit({".gitignore": IGNORE, "a/b/c/f.py": "1", "top.py": "1"})
    repo.write({"new/deep/g.py": "1", "node_modules/x/y.js": "1", "new/node_modules/z/y.js": "1"})
    (repo.path / "empty").mkdir()
    found = inside(repo, folders(discover(str(repo.path))))
    assert found == {".", "a", "a/b", "a/b/c", "new", "new/deep", "empty"}


def test_a_tracked_file_in_an_ignored_folder_is_worth_watching(repo: GitRepo) -> None:
    repo.write({".gitignore": "built/\n", "built/kept/f.py": "1", "built/other/g.py": "1"})
    repo.git("add", "-f", ".gitignore", "built/kept/f.py")
    repo.git("commit", "-qm", "begin")
    assert inside(repo, folders(discover(str(repo.path)))) == {".", "built", "built/kept"}


def test_other_repositories_and_links_are_left_out(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a/f.py": "1"})
    GitRepo(repo.path / "inner").commit({"g.py": "1"})
    repo.git("worktree", "add", "-q", "-b", "side", str(repo.path / "trees" / "side"))
    (repo.path / "link").symlink_to(repo.path / "a")
    here = discover(str(repo.path))
    assert inside(repo, folders(here)) == {".", "a", "trees"}
    assert inside(repo, beneath(here, ["inner", "link", "trees", "nowhere", ".git"])) == {"trees"}


def test_names_are_kept_byte_by_byte(repo: GitRepo) -> None:
    odd = ["a b", "q\nr", "[x]", "\udcff", '"', "-d"]
    repo.commit({f"{name}/f.py": "1" for name in odd[:3]})
    repo.write({f"{name}/f.py": "1" for name in odd[3:]})
    assert inside(repo, folders(discover(str(repo.path)))) == {".", *odd}


def test_ignored_paths_are_told_apart(repo: GitRepo) -> None:
    repo.commit({".gitignore": IGNORE, "a.py": "1"})
    repo.git("add", "-f", "--intent-to-add", ".gitignore")
    asked = ["a.py", "x.log", "node_modules/x", "q\nr.log", "../beyond"]
    assert ignored(discover(str(repo.path)), asked[:4]) == {"x.log", "node_modules/x", "q\nr.log"}
    assert ignored(discover(str(repo.path)), []) == frozenset()


def test_git_says_where_the_other_work_trees_are(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a.py": "1"})
    repo.git("branch", "feat/x/y")
    side, gone = tmp_path / "side", tmp_path / "gone"
    for path in (side, gone):
        repo.git("worktree", "add", "-q", "-b", path.name, str(path))
    gone.rename(tmp_path / "elsewhere")
    found, making = linked(repo.git_dir)
    assert (found.keys(), making) == ({str(side)}, False)
    locked = Path(repo.git_dir, "worktrees", "side", "locked")
    locked.write_text("initializing\n")
    assert linked(repo.git_dir) == ({}, True)
    assert {os.path.relpath(path, repo.git_dir) for path in git_folders(repo.git_dir, repo.git_dir)} >= {
        ".",
        "worktrees",
        "refs/heads",
        "refs/heads/feat/x",
    }
    assert linked(str(tmp_path)) == ({}, False)
