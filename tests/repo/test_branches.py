from aura.repo.branches import unmerged

from ..gitrepo import GitRepo


def branch(repo: GitRepo, name: str | bytes, start: str = "main") -> None:
    repo.git("checkout", "-q", "-b", name, start)
    repo.commit(message="on a branch")


def test_branches_with_commits_of_their_own_are_at_work_the_newest_first(repo: GitRepo) -> None:
    first = repo.commit({"a": "1"})
    branch(repo, "one")
    branch(repo, "two")
    repo.git("branch", "merged", first)
    repo.git("checkout", "-q", "main")
    assert [*unmerged(repo.git_dir, [repo.rev("HEAD")])] == ["refs/heads/two", "refs/heads/one"]
    assert unmerged(repo.git_dir, [repo.rev("HEAD")], most=1) == {"refs/heads/two": repo.rev("two")}
    assert [*unmerged(repo.git_dir, [repo.rev("HEAD")], most=1)] == ["refs/heads/two"]
    assert [*unmerged(repo.git_dir, [repo.rev("HEAD")], without=["refs/heads/two"])] == ["refs/heads/one"]


def test_what_any_head_reaches_is_merged(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    branch(repo, "one")
    branch(repo, "two")
    heads = [repo.rev("main"), repo.rev("one")]
    assert [*unmerged(repo.git_dir, heads)] == ["refs/heads/two"]
    assert [*unmerged(repo.git_dir, [])] == ["refs/heads/two", "refs/heads/one", "refs/heads/main"]


def test_a_name_that_is_no_text_is_passed_over(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    branch(repo, b"\xff")
    branch(repo, "grün", "main")
    assert [*unmerged(repo.git_dir, [repo.rev("main")])] == ["refs/heads/grün"]
