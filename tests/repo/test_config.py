import pytest

from aura.repo import config

from ..gitrepo import GitRepo

CONFIG = rb"""
; a comment
[core]
	bare = false ; after
	repositoryFormatVersion = 0
[remote "origin"] url = "https://example.org/a#b.git" # what
	fetch = +refs/heads/*:refs/remotes/origin/*
[Remote "o\"dd\\ one"]
	url = a\tb\
 c
	mirror
[alias]
	x = !echo \"hi\"   there  
"""


def test_values_are_read_as_git_reads_them(repo: GitRepo) -> None:
    (repo.path / ".git" / "config").write_bytes(CONFIG)
    listed = repo.git_raw("config", "--local", "--list", "-z").decode()
    wanted = {}
    for item in filter(None, listed.split("\0")):
        key, line, value = item.partition("\n")
        wanted[key] = value if line else "true"
    assert config.parse(CONFIG) == wanted


@pytest.mark.parametrize(("value", "meant"), [("true", True), ("Yes", True), ("0", False), (None, False)])
def test_truth_is_what_git_takes_for_it(value: str | None, meant: bool) -> None:
    assert config.is_true(value) is meant
