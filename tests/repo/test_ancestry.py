"""What a head reaches, kept from head to head, and asked of git where there is too much to keep."""

import pytest

from aura.repo import ancestry
from aura.repo.ancestry import Ancestry

from ..gitrepo import GitRepo

NOWHERE = "0" * 40


@pytest.fixture(params=[ancestry.KEPT_LIMIT, 2], ids=["kept", "asked of git"])
def known(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ancestry:
    monkeypatch.setattr(ancestry, "KEPT_LIMIT", request.param)
    return Ancestry()


def test_a_head_reaches_itself_and_what_lies_behind(repo: GitRepo, known: Ancestry) -> None:
    shas = [repo.commit({"a": str(n)}) for n in range(4)]
    assert known.reached(repo.git_dir, shas[2], [*shas, NOWHERE, "no id"]) == set(shas[:3])


def test_each_new_head_is_told_from_the_one_before(repo: GitRepo, known: Ancestry) -> None:
    base = [repo.commit({"a": str(n)}) for n in range(3)]
    assert known.reached(repo.git_dir, base[2], base) == set(base)
    repo.git("checkout", "-q", "-b", "side", base[1])
    side = repo.commit({"b": "1"})
    assert known.reached(repo.git_dir, side, [*base, side]) == {*base[:2], side}
    repo.git("merge", "-q", "--no-ff", "-m", "both", "main")
    merged = repo.rev("HEAD")
    assert known.reached(repo.git_dir, merged, [*base, side, merged]) == {*base, side, merged}
    assert known.reached(repo.git_dir, base[2], [*base, side, merged]) == set(base)


def test_a_head_that_is_gone_reaches_nothing(repo: GitRepo, known: Ancestry) -> None:
    sha = repo.commit({"a": "1"})
    assert known.reached(repo.git_dir, NOWHERE, [sha]) == set()
    assert known.reached(repo.git_dir, sha, []) == set()


def test_a_head_that_git_threw_away_is_no_ground_for_the_next(repo: GitRepo, known: Ancestry) -> None:
    base = repo.commit({"a": "1"})
    lost = repo.commit({"a": "2"})
    assert known.reached(repo.git_dir, lost, [base, lost]) == {base, lost}
    repo.git("reset", "-q", "--hard", base)
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    last = repo.commit({"a": "3"})
    assert known.reached(repo.git_dir, last, [base, lost, last]) == {base, last}
