import os
import shutil
from pathlib import Path

import pytest

from aura.errors import AuraError
from aura.repo import git, worktrees
from aura.repo.worktrees import Head, discover, head, identity, slug_of

from ..gitrepo import GitRepo


def code_of(path: object) -> str:
    with pytest.raises(AuraError) as met:
        discover(str(path))
    assert met.value.message.startswith("cannot")
    return met.value.code


def test_a_work_tree_is_found_from_any_path_in_it(repo: GitRepo) -> None:
    sha = repo.commit({"a/b/c.py": "x"})
    for place in ("", "a", "a/b/c.py", "a/b/not/yet/there.py", ".git", ".git/refs/heads"):
        found = discover(str(repo.path / place))
        assert found.root == str(repo.path)
        assert found.git_dir == found.common_dir == str(repo.path / ".git")
        assert found.head == Head("refs/heads/main", sha)
        assert found.head.branch == "main"
        assert not found.bare
        assert found.slug == "repo"


def test_no_git_is_run_to_find_a_work_tree(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a": "x"})
    repo.git("remote", "add", "origin", "git@example.org:ada/engine.git")
    repo.git("pack-refs", "--all")
    sha = repo.rev("HEAD")
    monkeypatch.setattr(git, "run", None)
    found = discover(str(repo.path))
    assert (found.slug, found.head.sha) == ("ada/engine", sha)
    assert head(found) == found.head


def test_symlinks_lead_to_the_real_root(repo: GitRepo, tmp_path: Path) -> None:
    (repo.path / "sub").mkdir()
    (tmp_path / "link").symlink_to(repo.path / "sub")
    assert discover(str(tmp_path / "link")).root == str(repo.path)


@pytest.mark.parametrize("name", ["with space", "new\nline", "-dash", "quo'te\"", os.fsdecode(b"\xff\xfe")])
def test_odd_folder_names_are_kept(tmp_path: Path, name: str) -> None:
    repo = GitRepo(tmp_path / name)
    sha = repo.commit({"a": "x"})
    tree = tmp_path / f"{name} linked"
    repo.git("worktree", "add", "--quiet", "-b", "side", str(tree))
    for place in (repo.path, tree):
        found = discover(str(place))
        assert found.root == str(place)
        assert found.common_dir == str(repo.path / ".git")
        assert found.head.sha == sha
        assert found.slug == name
        identity(found)


def test_an_unborn_head_has_a_ref_but_no_commit(repo: GitRepo) -> None:
    assert discover(str(repo.path)).head == Head("refs/heads/main", None)


def test_a_detached_head_has_a_commit_but_no_ref(repo: GitRepo) -> None:
    sha = repo.commit({"a": "x"})
    repo.git("checkout", "--quiet", "--detach")
    assert discover(str(repo.path)).head == Head(None, sha)


def test_head_follows_every_commit_and_branch(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    found = discover(str(repo.path))
    sha = repo.commit({"a": "2"})
    assert head(found).sha == sha
    repo.git("checkout", "--quiet", "-b", "feature/x")
    repo.git("pack-refs", "--all", "--prune")
    assert head(found) == Head("refs/heads/feature/x", repo.rev("HEAD"))
    sha = repo.commit({"a": "3"})
    assert head(found).sha == sha


def test_a_packed_ref_is_not_taken_for_one_with_a_longer_name(repo: GitRepo) -> None:
    first = repo.commit({"a": "1"})
    repo.git("branch", "main2")
    repo.git("branch", "x/refs/heads/main")
    second = repo.commit({"a": "2"})
    repo.git("pack-refs", "--all", "--prune")
    assert first != second
    assert discover(str(repo.path)).head.sha == second


def test_symbolic_branches_are_followed(repo: GitRepo) -> None:
    sha = repo.commit({"a": "1"})
    repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    repo.git("symbolic-ref", "HEAD", "refs/heads/alias")
    assert discover(str(repo.path)).head == Head("refs/heads/alias", sha)


def test_linked_work_trees_belong_to_their_repository(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "x"})
    linked = GitRepo(tmp_path / "linked", init=False)
    repo.git("worktree", "add", "--quiet", "-b", "side", str(linked.path))
    sha = linked.commit({"b": "y"})
    found = discover(str(linked.path / "sub"))
    assert found.root == str(linked.path)
    assert found.git_dir == str(repo.path / ".git/worktrees/linked")
    assert found.common_dir == discover(str(repo.path)).common_dir
    assert (found.slug, found.head) == ("repo", Head("refs/heads/side", sha))
    assert discover(found.git_dir).root == found.root


def test_a_bare_repository_is_its_own_root(repo: GitRepo, tmp_path: Path) -> None:
    sha = repo.commit({"a": "x"})
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "store.git"))
    found = discover(str(tmp_path / "store.git" / "refs"))
    assert found.bare
    assert found.root == found.git_dir == str(tmp_path / "store.git")
    assert (found.slug, found.head.sha) == ("store", sha)


def test_work_trees_of_a_bare_repository_are_not_bare(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "x"})
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "project/.bare"))
    bare = GitRepo(tmp_path / "project/.bare", init=False)
    bare.git("worktree", "add", "--quiet", "../tree", "main")
    found = discover(str(tmp_path / "project/tree"))
    assert not found.bare
    assert found.root == str(tmp_path / "project/tree")
    assert found.slug == "project"


def test_a_submodule_is_a_repository_of_its_own(repo: GitRepo, tmp_path: Path) -> None:
    inner = GitRepo(tmp_path / "inner")
    sha = inner.commit({"a": "x"})
    repo.git("submodule", "--quiet", "add", str(inner.path), "libs/inner")
    found = discover(str(repo.path / "libs/inner/a"))
    assert found.root == str(repo.path / "libs/inner")
    assert found.git_dir == found.common_dir == str(repo.path / ".git/modules/libs/inner")
    assert (found.slug, found.head.sha) == ("inner", sha)
    assert discover(found.git_dir).root == found.root


def test_a_shallow_clone_knows_its_boundary(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    sha = repo.commit({"a": "2"})
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(tmp_path / "clone"))
    found = discover(str(tmp_path / "clone"))
    assert found.head.sha == sha
    assert worktrees.boundary(found.git_dir) == {sha}
    assert worktrees.boundary(repo.git_dir) == frozenset()


def test_a_separate_git_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    repo = GitRepo(tmp_path / "work", options=(f"--separate-git-dir={tmp_path}/store",))
    found = discover(str(repo.path))
    assert (found.root, found.git_dir) == (str(tmp_path / "work"), str(tmp_path / "store"))
    assert not found.bare


def test_outside_of_any_repository_is_said(tmp_path: Path) -> None:
    assert code_of(tmp_path) == "repo_not_found"
    assert code_of(tmp_path / "no" / "such") == "repo_not_found"
    assert code_of("a\0b") == "repo_not_found"


def test_a_dangling_git_file_is_said(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "x"})
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    shutil.rmtree(repo.path)
    assert code_of(tmp_path / "linked") == "not_a_repository"


def test_a_folder_that_only_looks_like_git_is_passed_by(repo: GitRepo) -> None:
    (repo.path / "sub" / ".git").mkdir(parents=True)
    assert discover(str(repo.path / "sub")).root == str(repo.path)


@pytest.mark.parametrize("content", ["ref: ../../../etc/passwd", "ref: refs/heads/../../config", "ref: x"])
def test_head_cannot_lead_out_of_the_repository(repo: GitRepo, content: str) -> None:
    (repo.path / ".git" / "HEAD").write_text(content)
    assert discover(str(repo.path)).head.sha is None


def test_garbage_in_head_is_said(repo: GitRepo) -> None:
    (repo.path / ".git" / "HEAD").write_text("garbage\n")
    assert code_of(repo.path) == "not_a_repository"


def test_a_fifo_in_the_git_folder_holds_nobody_up(repo: GitRepo) -> None:
    repo.commit({"a": "x"})
    for name in ("refs/heads/main", "config", "packed-refs"):
        file = repo.path / ".git" / name
        file.unlink(missing_ok=True)
        os.mkfifo(file)
    assert discover(str(repo.path)).head == Head("refs/heads/main", None)


def test_a_repository_of_somebody_else_is_refused_unless_declared_safe(
    repo: GitRepo, monkeypatch: pytest.MonkeyPatch, no_user_config: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(repo.path).st_uid + 1)
    with pytest.raises(AuraError) as met:
        discover(str(repo.path))
    assert met.value.code == "permission_denied"
    assert f"safe.directory {repo.path}" in met.value.hint
    (no_user_config / ".gitconfig").write_text(f"[safe]\n\tdirectory = {repo.path}\n")
    assert discover(str(repo.path)).root == str(repo.path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_said(repo: GitRepo) -> None:
    (repo.path / ".git").chmod(0)
    try:
        assert code_of(repo.path) == "permission_denied"
    finally:
        (repo.path / ".git").chmod(0o755)


def test_identity_is_what_git_would_commit_as(repo: GitRepo, no_user_config: Path) -> None:
    found = discover(str(repo.path))
    assert identity(found).id == identity(found).name != ""
    (no_user_config / ".gitconfig").write_text("[user]\n\tname = Grace Hopper\n")
    assert identity(found) == worktrees.Identity("Grace Hopper", "Grace Hopper")
    repo.git("config", "user.email", "grace@example.org")
    assert identity(found) == worktrees.Identity("grace@example.org", "Grace Hopper")


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("git@github.com:ada/engine.git", "ada/engine"),
        ("github.com:ada/engine", "ada/engine"),
        ("https://user:secret@github.com/ada/engine.git/", "ada/engine"),
        ("ssh://git@example.org:2222/ada/engine.git", "ada/engine"),
        ("https://gitlab.example.org/group/sub/engine", "sub/engine"),
        ("ssh://example.org/~ada/engine.git", "engine"),
        ("https://example.org/ada/engine.git?x=1#y", "ada/engine"),
        ("/srv/git/engine.git", None),
        ("../engine", None),
        ("file:///srv/git/engine.git", None),
        ("C:/work/engine", None),
        ("https://example.org/", None),
    ],
)
def test_the_slug_comes_from_the_remote(url: str, slug: str | None) -> None:
    assert slug_of(url) == slug


def test_an_origin_in_an_included_file_is_found(repo: GitRepo, tmp_path: Path) -> None:
    (tmp_path / "more").write_text('[remote "origin"]\n\turl = https://example.org/ada/engine\n')
    repo.git("config", "include.path", str(tmp_path / "more"))
    assert discover(str(repo.path)).slug == "ada/engine"
