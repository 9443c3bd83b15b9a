"""Forgetting work trees: what was said by hand does not go without a question."""

from pathlib import Path

from ..gitrepo import GitRepo
from ..lifecycle.daemons import Aura


def test_the_last_work_tree_keeps_what_was_said(aura: Aura, repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a.py": "A = 1\n"}, "begin")
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    tree, side = aura.init(repo), aura.init(GitRepo(tmp_path / "side", init=False))
    aura.log(repo, "Keep this")
    aura.ok("worktree", "remove", side["id"], cwd=repo.path)
    refused = aura.cli("worktree", "remove", tree["id"], cwd=repo.path)
    assert refused.returncode == 4
    assert "1 intent would go" in refused.stderr
    assert "--force" in refused.stderr
    assert aura.summaries(repo, "source=log") == ["Keep this"]
    aura.ok("worktree", "remove", tree["id"], "--force", cwd=repo.path)
    assert tree["id"] not in aura.ok("worktree", "list", cwd=tmp_path)


def test_what_history_brings_back_goes_unasked(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "A = 1\n"}, "begin")
    tree = aura.init(repo)
    assert tree["id"] in aura.ok("worktree", "remove", str(repo.path), cwd=repo.path)
